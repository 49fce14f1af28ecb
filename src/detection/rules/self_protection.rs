//! Rules about the stack's own resources.

use super::opinions::{at_least, context, target_name};
use crate::catalog::AccessEffect;
use crate::detection::{Case, Opinion};
use crate::phrase;
use crate::severity::Severity;
use crate::text::Untrusted;

/// IAM actions on the stack's own roles. A role that is created takes nothing away from another one. Actions of other services are alerted on only if they concern the stack's
/// own resources; their base severity covers that.
pub(super) fn self_protection(case: &Case<'_>) -> Option<Opinion> {
    let (activity, effect) = (case.activity, case.activity.action.effect);
    let harmless = matches!(effect, AccessEffect::None | AccessEffect::Creates);
    if effect.concerns_alerting() || harmless || !case.is_self_protected() {
        return None;
    }
    let severity = if activity.outcome.succeeded() { Severity::Critical } else { Severity::High };
    at_least(
        severity,
        phrase!(
            target_name(case).capitalized(),
            " belongs to this alerting stack. Without its permissions, alerts are incomplete or stop."
        ),
    )
}

/// A deployment of the stack changes the stack's own resources. The alert says so, but the severity is not lowered: an
/// attacker can use CloudFormation, too.
pub(super) fn deployment(case: &Case<'_>) -> Option<Opinion> {
    const CLOUDFORMATION: &str = "cloudformation.amazonaws.com";
    let by = |name: &Option<Untrusted>| name.as_ref().is_some_and(|name| name.raw() == CLOUDFORMATION);
    let origin = &case.activity.origin;
    if !(by(&origin.address) || by(&origin.invoked_by)) || !case.is_self_protected() {
        return None;
    }
    context(
        "AWS CloudFormation made the call. A deployment of this stack makes such calls: check whether one was under way."
            .into(),
    )
}
