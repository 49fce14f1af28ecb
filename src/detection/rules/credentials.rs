//! Rules about credentials and their owners.

use super::opinions::{at_least, context, target_name};
use crate::catalog::AccessEffect;
use crate::detection::{Case, Opinion};
use crate::lookup::{KnownTarget, Lookup};
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, counted};

/// A credential is the caller's own if the identities are equal. The name of a session is never compared.
pub(super) fn credential_for_other(case: &Case<'_>) -> Option<Opinion> {
    let (activity, action) = (case.activity, case.activity.action);
    if !activity.outcome.succeeded() || activity.is_self() {
        return None;
    }
    let (who, whom) = (activity.principal.short_name(), target_name(case));
    match action.effect {
        AccessEffect::GrantsCredential if action.object.is_for_one_service() => at_least(
            Severity::High,
            phrase!("The credential belongs to somebody else: ", who, " can use its service as ", whom, "."),
        ),
        AccessEffect::GrantsCredential => at_least(
            Severity::High,
            phrase!("The credential belongs to somebody else: ", who, " can act as ", whom, "."),
        ),
        AccessEffect::RegistersMfa => at_least(
            Severity::Medium,
            phrase!(who.capitalized(), " registered the device for ", whom, ", who may not know."),
        ),
        _ => None,
    }
}

/// A user that was just created cannot have created its first credential itself.
pub(super) fn target_has_credentials(case: &Case<'_>) -> Option<Opinion> {
    let KnownTarget::User(user) = &case.dossier.target else { return None };
    (case.activity.outcome.succeeded() && case.activity.action.effect == AccessEffect::Creates).then_some(())?;
    let keys = user.access_keys.found().map_or(0, |keys| keys.items.iter().filter(|key| key.active).count());
    let keys = (keys > 0).then(|| Phrase::ours(counted(keys, "active access key")));
    let password = matches!(user.password, Lookup::Found(_)).then_some("a console password".into());
    let has: Vec<_> = keys.into_iter().chain(password).collect();
    if has.is_empty() {
        return None;
    }
    let has = Phrase::joined(has, " and ");
    at_least(
        Severity::High,
        phrase!(target_name(case).capitalized(), " already has ", has, ", created by somebody else."),
    )
}

/// The caller changed its own credential; [`credential_for_other`] covers all others.
pub(super) fn own_credential(case: &Case<'_>) -> Option<Opinion> {
    let concerns = matches!(
        case.activity.action.effect,
        AccessEffect::GrantsCredential | AccessEffect::RegistersMfa | AccessEffect::WeakensMfa
    );
    if !concerns || !case.activity.is_self() || !case.activity.outcome.succeeded() {
        return None;
    }
    context(phrase!(case.activity.principal.short_name().capitalized(), " changed their own credential."))
}
