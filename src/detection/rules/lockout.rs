//! A rule about access that somebody else loses: intruders lock out those who could stop them.

use super::opinions::{at_least, target_name};
use crate::catalog::{AccessEffect, ObjectKind, Operation, TargetKind};
use crate::detection::{Case, Opinion};
use crate::phrase;
use crate::policy::{Access, AccessLevel};
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted};

/// Parts of the names of identities for administrators and emergencies. Names can only make a removal more severe: the
/// victim has chosen the name, not the attacker.
const NAMES: [&str; 8] = [
    "admin",
    "break-glass",
    "breakglass",
    "break_glass",
    "emergency",
    "incident",
    "organizationaccountaccess",
    "controltowerexecution",
];

/// Access was taken from somebody else who had much.
pub(super) fn locks_out(case: &Case<'_>) -> Option<Opinion> {
    let activity = case.activity;
    if !activity.outcome.succeeded() || activity.is_self() || activity.principal.service().is_some() {
        return None;
    }
    let name = target_name(case);
    let reason = match activity.action.effect {
        AccessEffect::DetachesPolicy if !case.concerns_quarantine() => policy_taken(case, &name)?,
        AccessEffect::AttachesPolicy | AccessEffect::PutsInlinePolicy if !case.attaches_quarantine() => {
            policy_denies(case, &name)?
        }
        AccessEffect::Conceals | AccessEffect::Revokes | AccessEffect::WeakensMfa => entity_or_credential(case, &name)?,
        _ => return None,
    };
    at_least(Severity::Medium, phrase!(reason, " Somebody may be locked out."))
}

fn is_much(access: &Access) -> bool {
    access.level >= AccessLevel::Broad
}

/// A policy or a group that granted much, or of whose content nothing is known.
fn policy_taken(case: &Case<'_>, name: &Phrase) -> Option<Phrase> {
    let activity = case.activity;
    let lifted = case.lifted.as_ref();
    let still =
        lifted.is_some_and(|lifted| lifted.after.level >= lifted.before.level) && !case.dossier.target.is_gone();
    if still && lifted.is_some_and(|lifted| lifted.known) {
        return None;
    }
    let of_policy = case.granted.as_ref().map(|granted| &granted.access);
    let taken = of_policy.or(lifted.map(|lifted| &lifted.before)).filter(|access| !still && is_much(access));
    if let Some(access) = taken {
        return Some(phrase!(name.clone().capitalized(), " loses much access: ", access.words(), "."));
    }
    let inline = activity.action.object == ObjectKind::InlinePolicy;
    by_name(activity.target.name.as_ref()).filter(|_| inline).map(|word| {
        phrase!(
            name.clone().capitalized(),
            " loses an inline policy, and what it granted is not known. The name contains ",
            word,
            "."
        )
    })
}

/// A policy that denies something to somebody who has much.
fn policy_denies(case: &Case<'_>, name: &Phrase) -> Option<Phrase> {
    let granted = case.granted.as_ref().filter(|granted| granted.denies)?;
    granted.before.as_ref().filter(|before| is_much(before))?;
    Some(phrase!("The policy denies something to ", name, ", who had much access."))
}

/// An identity, a provider or a credential is deleted or deactivated.
fn entity_or_credential(case: &Case<'_>, name: &Phrase) -> Option<Phrase> {
    let activity = case.activity;
    let action = activity.action;
    let provider = matches!(action.target, TargetKind::SamlProvider | TargetKind::OidcProvider);
    if provider && action.operation == Operation::Delete {
        return Some("Nobody can sign in through the provider any more.".into());
    }
    let identity = matches!(action.target, TargetKind::User | TargetKind::Role | TargetKind::Group);
    if !identity {
        return None;
    }
    if is_credential(action.object) {
        let access = case.target_access.as_ref().filter(|access| is_much(access))?;
        return Some(phrase!("The credential belonged to ", name, ", with much access: ", access.words(), "."));
    }
    let deleted = action.object == ObjectKind::Itself && action.operation == Operation::Delete;
    let word = by_name(activity.target.name.as_ref()).filter(|_| deleted)?;
    Some(phrase!("What ", name, " could do is not known any more. The name contains ", word, "."))
}

const fn is_credential(object: ObjectKind) -> bool {
    matches!(
        object,
        ObjectKind::AccessKey
            | ObjectKind::ConsolePassword
            | ObjectKind::MfaDevice
            | ObjectKind::ServiceSpecificCredential
            | ObjectKind::SigningCertificate
            | ObjectKind::SshPublicKey
    )
}

/// The part of the name that says that the identity is for administrators or emergencies.
fn by_name(name: Option<&Untrusted>) -> Option<Phrase> {
    let name = name?.raw().to_lowercase();
    NAMES.into_iter().find(|part| name.contains(part)).map(|part| phrase!("\"", part, "\""))
}
