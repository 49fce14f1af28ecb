//! What the comparison with the state before the call says.

use super::opinions::context;
use crate::baseline::Source;
use crate::catalog::ObjectKind;
use crate::detection::{Before, Case, Opinion};
use crate::phrase;
use crate::policy::{Trust, TrustedPrincipal};
use crate::text::Phrase;

/// That the call lets nobody do anything that was not possible before, if that is known.
pub(super) fn adds_nothing(case: &Case<'_>) -> Phrase {
    let same = case.before.as_ref().is_some_and(|before| before.lines.is_empty());
    match (case.activity.action.object, same) {
        (ObjectKind::TrustPolicy, true) => "The trust policy says the same as before.".into(),
        (ObjectKind::TrustPolicy, false) => "The trust policy lets nobody in whom it did not let in before.".into(),
        (ObjectKind::PasswordPolicy, true) => "The password policy is the same as before.".into(),
        (ObjectKind::PasswordPolicy, false) => "The password policy is no weaker than before.".into(),
        (ObjectKind::InlinePolicy | ObjectKind::NewDefaultVersion | ObjectKind::DefaultVersion, false) => {
            "The policy allows nothing that it did not allow before.".into()
        }
        (ObjectKind::InlinePolicy | ObjectKind::NewDefaultVersion | ObjectKind::DefaultVersion, true) => {
            "The policy says the same as before.".into()
        }
        (ObjectKind::PermissionsBoundary, false) => {
            "There was no permissions boundary before: this one only restricts.".into()
        }
        (_, true) => "The new value is the same as the one before.".into(),
        (_, false) => "The change only takes something away.".into(),
    }
}

/// Whether what was there before was severe, and only an event says that it was there: an event that took it away may be late.
pub(super) fn is_kept_open(case: &Case<'_>) -> bool {
    let by_event = |before: &Before| matches!(before.since, Some((_, Source::Event(_))));
    case.before.as_ref().is_some_and(by_event) && as_before(case).is_some()
}

/// Who is trusted, or what the policy grants, where the call did not change that.
pub(super) fn as_before(case: &Case<'_>) -> Option<Opinion> {
    if !case.adds_nothing() || !case.activity.outcome.succeeded() {
        return None;
    }
    if let Some(trust) = &case.trust {
        let reach = Trust::reach(trust).filter(|reach| *reach > crate::policy::Reach::Own)?;
        let widest = trust.trusted.iter().filter(|trusted| trusted.reach == reach).map(TrustedPrincipal::words);
        return context(phrase!("The role can be assumed by ", Phrase::few(widest, 2, "; and "), "."));
    }
    let access = &case.granted.as_ref()?.access;
    (access.level >= crate::policy::AccessLevel::RoleEscalation).then_some(())?;
    context(phrase!("The policy grants: ", access.words(), "."))
}
