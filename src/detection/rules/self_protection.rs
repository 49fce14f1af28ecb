//! Rules about what these alerts depend on.

use super::{always, context, target_name};
use crate::catalog::AccessEffect;
use crate::detection::{Case, Opinion};
use crate::phrase;
use crate::severity::Severity;
use crate::text::Untrusted;

/// IAM's actions on the function's own role. Actions of other services are alerted on only if they concern the stack's own
/// resources, and say so by themselves.
pub(super) fn self_protection(case: &Case<'_>) -> Option<Opinion> {
    let (activity, effect) = (case.activity, case.activity.action.effect);
    if matches!(effect, AccessEffect::ImpairsAlerting | AccessEffect::None) || !case.is_self_protected() {
        return None;
    }
    let severity = if activity.outcome.succeeded() { Severity::Critical } else { Severity::High };
    always(
        severity,
        phrase!(
            target_name(case).capitalized(),
            " belongs to this alerting stack. Without its permissions, alerts are incomplete or stop."
        ),
    )
}

/// A deployment of the stack changes what the alerts depend on. That is said, and lowers nothing: an attacker can have
/// CloudFormation do it, too.
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
