//! Rules about AWS's quarantine: AWS attaches this policy when it finds an access key in public.

use super::opinions::{at_least, context, target_name};
use crate::catalog::TargetKind;
use crate::detection::{Case, Opinion};
use crate::lookup::{KnownTarget, Lookup};
use crate::phrase;
use crate::severity::Severity;
use crate::text::Phrase;

/// The quarantine was attached, or written as an inline policy, by whichever principal AWS used.
pub(super) fn quarantined(case: &Case<'_>) -> Option<Opinion> {
    let activity = case.activity;
    case.attaches_quarantine().then_some(())?;
    let what = if activity.target.kind == TargetKind::User { "an access key" } else { "a credential" };
    let whose = phrase!("AWS found ", what, " of ", target_name(case), " in public");
    let policy = activity.object.name.as_ref().map_or(Phrase::default(), |name| phrase!(" (", name, ")"));
    if !activity.outcome.succeeded() {
        let reason =
            phrase!(whose, ". The quarantine policy", policy, " could not be attached: nothing restricts the key.");
        return at_least(Severity::Critical, reason);
    }
    at_least(Severity::Critical, phrase!(whose, ", and its quarantine policy", policy, " is in effect. ", keys(case)))
}

/// Which access keys the user has.
fn keys(case: &Case<'_>) -> Phrase {
    let KnownTarget::User(user) = &case.dossier.target else {
        return "Which credential it was is not known.".into();
    };
    match &user.access_keys {
        Lookup::Found(keys) => {
            let active: Vec<_> = keys.items.iter().filter(|key| key.active).map(|key| Phrase::from(&key.id)).collect();
            match active.as_slice() {
                [] => "No access key of the user is active now.".into(),
                [one] => phrase!("The only active access key is ", one, "."),
                _ => phrase!("The active access keys are ", Phrase::joined(active, " and "), "."),
            }
        }
        Lookup::Missing => "The user does not exist any more.".into(),
        Lookup::Unavailable(_) => "Which access keys the user has is not known.".into(),
    }
}

/// Something was done to a user with a quarantined key.
pub(super) fn target_quarantined(case: &Case<'_>) -> Option<Opinion> {
    let (activity, effect) = (case.activity, case.activity.action.effect);
    let policy = case.dossier.target.attached()?.quarantine()?;
    // The policy itself was attached or removed: other rules speak of that.
    let other = activity.outcome.succeeded() && !case.concerns_quarantine();
    other.then_some(())?;
    let reason = phrase!(
        "AWS has quarantined ",
        target_name(case),
        " (",
        &policy.name,
        "): AWS found one of its access keys in public."
    );
    let grants = effect.grants_policy() || effect.passes_on_access();
    if grants { at_least(Severity::Critical, reason) } else { context(reason) }
}
