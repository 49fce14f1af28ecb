//! What rules share: how an opinion is made, and what the target is called.

use crate::catalog::TargetKind;
use crate::detection::{Case, Opinion, Weight};
use crate::phrase;
use crate::severity::Severity;
use crate::text::Phrase;

pub(super) const fn opinion(weight: Weight, reason: Phrase) -> Opinion {
    Opinion { weight, reason, restates: false, incomplete: false }
}

#[allow(clippy::unnecessary_wraps, reason = "every rule ends with it")]
pub(super) const fn at_least(level: Severity, reason: Phrase) -> Option<Opinion> {
    Some(opinion(Weight::AtLeast(level), reason))
}

/// Something could not be read: the severity may be too low.
#[allow(clippy::unnecessary_wraps, reason = "every rule ends with it")]
pub(super) const fn not_known(level: Severity, reason: Phrase) -> Option<Opinion> {
    Some(Opinion { weight: Weight::AtLeast(level), reason, restates: false, incomplete: true })
}

#[allow(clippy::unnecessary_wraps, reason = "every rule ends with it")]
pub(super) const fn context(reason: Phrase) -> Option<Opinion> {
    Some(opinion(Weight::Context, reason))
}

/// The entity that IAM returned: the target of the event, or another entity that has this name now.
pub(super) fn target_name(case: &Case<'_>) -> Phrase {
    let target = &case.activity.target;
    if target.kind == TargetKind::RootUser {
        return "the root user".into();
    }
    let name = case.activity.name_now().map_or_else(|| phrase!("the ", target.kind.noun()), Phrase::from);
    if case.target_is_replaced() { phrase!("a different ", target.kind.noun(), " now named ", name) } else { name }
}
