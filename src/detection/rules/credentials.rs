//! Rules about credentials and their owners.

use super::opinions::{at_least, context, target_name};
use crate::catalog::{AccessEffect, ChainStep, ObjectKind, Operation};
use crate::detection::{Case, Opinion};
use crate::event::{Expiry, ServiceCredential};
use crate::history::actor_key;
use crate::lookup::{KnownTarget, Lookup};
use crate::phrase;
use crate::policy::Access;
use crate::severity::Severity;
use crate::text::{Phrase, counted};
use chrono::TimeDelta;

/// A credential is the caller's own if the identities are equal. The name of a session is never compared.
pub(super) fn credential_for_other(case: &Case<'_>) -> Option<Opinion> {
    let (activity, action) = (case.activity, case.activity.action);
    if !activity.outcome.succeeded() || activity.is_self() {
        return None;
    }
    let (who, whom) = (activity.principal.short_name(), target_name(case));
    match action.effect {
        AccessEffect::GrantsCredential if action.object.is_for_one_service() => {
            let service = ServiceCredential::of(activity).and_then(|credential| credential.service);
            let service = service.map_or("its service".into(), |service| Phrase::from(&service));
            at_least(
                Severity::High,
                phrase!("The credential belongs to somebody else: ", who, " can use ", service, " as ", whom, "."),
            )
        }
        AccessEffect::GrantsCredential if activity.found.is_some() => {
            at_least(Severity::High, phrase!("Whoever has the credential can act as ", whom, "."))
        }
        AccessEffect::GrantsCredential => at_least(
            Severity::High,
            phrase!("The credential belongs to somebody else: ", who, " can act as ", whom, "."),
        ),
        AccessEffect::RegistersMfa if is_replacement(case) => context(phrase!(
            who.capitalized(),
            " registered the device for ",
            whom,
            ", whose former device the same caller deactivated within the last hour: that had an alert of its own."
        )),
        AccessEffect::RegistersMfa => at_least(
            Severity::Medium,
            phrase!(who.capitalized(), " registered the device for ", whom, ", who may not know."),
        ),
        _ => None,
    }
}

/// Whether the caller deactivated a device of the same user before, and that was alerted on at least as severely: the alert
/// named both. Nobody avoids a mail by that.
fn is_replacement(case: &Case<'_>) -> bool {
    let (Some(prior), Some(time)) = (case.prior, case.activity.time) else { return false };
    let caller = actor_key(&case.activity.principal);
    prior.related.to_target.lines.iter().any(|line| {
        line.steps.contains(&ChainStep::MfaRemoved)
            && line.actor_key.raw() == caller
            && line.severity >= Some(Severity::High)
            && line.was_sent()
            && (TimeDelta::zero()..=TimeDelta::hours(1)).contains(&(time - line.time))
    })
}

/// In days. A key that lives longer is as good as one that never expires.
const YEAR: u64 = 366;

/// A key for Amazon Bedrock works from everywhere, for everybody who has it.
pub(super) fn bedrock_key(case: &Case<'_>) -> Option<Opinion> {
    let activity = case.activity;
    let grants = activity.outcome.succeeded() && activity.action.effect == AccessEffect::GrantsCredential;
    let credential = ServiceCredential::of(activity).filter(|key| grants && key.is_bedrock_key())?;
    if let Some(days) = credential.days.filter(|days| *days > YEAR) {
        let after = Phrase::ours(format!(" that expires only after {days} days."));
        return at_least(Severity::High, phrase!("The credential is a key for Amazon Bedrock", after));
    }
    let expires: Phrase = match credential.expiry {
        Expiry::Never => {
            return at_least(Severity::High, "The credential is a key for Amazon Bedrock that never expires.".into());
        }
        Expiry::Days(days) => phrase!(" that expires ", &days, " days after its creation"),
        Expiry::At(date) => phrase!(" that expires on ", Phrase::free(&date)),
        Expiry::NotStated => ". When it expires is not in the event".into(),
    };
    context(phrase!("The credential is a key for Amazon Bedrock", expires, "."))
}

/// A user that was just created cannot have created its first credential itself.
pub(super) fn target_has_credentials(case: &Case<'_>) -> Option<Opinion> {
    let KnownTarget::User(user) = &case.dossier.target else { return None };
    (case.activity.outcome.succeeded() && case.activity.action.effect == AccessEffect::Creates).then_some(())?;
    // What was found at the same time has alerts of its own.
    case.activity.found.is_none().then_some(())?;
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

/// A user with limited access made a second key of its own, in a session with MFA: that is how keys are rotated. Nobody
/// gains access by it. The key of a user with more access is worth a mail, and so is a first key.
pub(super) fn replaced(case: &Case<'_>) -> Option<Phrase> {
    let activity = case.activity;
    let session = activity.principal.session()?;
    let new_key = activity.action.object == ObjectKind::AccessKey && activity.action.operation == Operation::Create;
    let own = activity.is_self() && !case.target_is_replaced();
    let with_mfa = session.mfa == Some(true) && !session.has_long_lived_key();
    let KnownTarget::User(user) = &case.dossier.target else { return None };
    let new = activity.object.name.as_ref()?;
    let former = user.access_keys.found()?.items.iter().any(|key| key.active && &key.id != new);
    let limited = case.target_access.as_ref().is_some_and(Access::is_limited);
    (new_key && own && with_mfa && former && limited).then(|| {
        phrase!(
            "A second key of their own: ",
            activity.principal.short_name(),
            " signed in with MFA, and the policies of the user were read and evaluated: limited access."
        )
    })
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
