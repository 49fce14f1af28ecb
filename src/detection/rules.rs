//! The rules: a table with one function for each rule. A rule states an observation, not an instruction.
//!
//! No rule lowers a severity because of a user agent, or because CloudFormation made the call: an attacker can choose
//! both. Only what a person has written down as expected lowers a severity, see `expected`.

mod caller;
mod consequence;
mod credentials;
mod grants;
mod guardrails;
mod lockout;
mod not_evaluated;
mod opinions;
mod protection;
mod quarantine;
mod root_sessions;
mod self_protection;
mod sharing;
mod sign_in;
mod trust;

use super::context::Case;
use super::model::{Opinion, Rule, Weight};
use crate::catalog::{AccessEffect, FieldReading};
use crate::config::Limit;
use crate::event::{FailureKind, Outcome, Principal};
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted};

/// All rules. The first rule has an opinion on every case.
pub const RULES: &[Rule] = &[
    Rule::new("action", action),
    Rule::new("root_user", caller::root_user).beyond(Limit::Root, Severity::Medium),
    Rule::new("root_sign_in", sign_in::root_sign_in).beyond(Limit::Root, Severity::Medium),
    Rule::new("sign_in_without_mfa", sign_in::sign_in_without_mfa).beyond(Limit::SignIn, Severity::Medium),
    Rule::new("self_protection", self_protection::self_protection).beyond(Limit::SelfProtection, Severity::Medium),
    Rule::new("grants_administrator", grants::grants_administrator).beyond(Limit::Administrator, Severity::Medium),
    Rule::new("grants_escalation", grants::grants_escalation).beyond(Limit::Escalation, Severity::Medium),
    Rule::new("target_is_administrator", grants::target_is_administrator)
        .beyond(Limit::Administrator, Severity::Medium),
    Rule::new("target_can_escalate", grants::target_can_escalate).beyond(Limit::Escalation, Severity::Medium),
    Rule::new("target_may_escalate", grants::target_may_escalate).beyond(Limit::Escalation, Severity::Medium),
    Rule::new("already_administrator", grants::already_administrator),
    Rule::new("grant_is_limited", grants::grant_is_limited),
    Rule::new("can_silence_alerts", grants::can_silence_alerts).beyond(Limit::SelfProtection, Severity::Medium),
    Rule::new("deny_only", grants::deny_only),
    Rule::new("also_denies", grants::also_denies),
    Rule::new("may_replace_deny", grants::may_replace_deny).beyond(Limit::Escalation, Severity::Medium),
    Rule::new("trusted_principals", trust::trusted_principals).beyond(Limit::OutsideTrust, Severity::High),
    Rule::new("trust_not_evaluated", trust::trust_not_evaluated).beyond(Limit::OutsideTrust, Severity::Medium),
    Rule::new("caller_quarantined", caller::caller_quarantined).beyond(Limit::Quarantine, Severity::Medium),
    Rule::new("quarantined", quarantine::quarantined).beyond(Limit::Quarantine, Severity::Medium),
    Rule::new("target_quarantined", quarantine::target_quarantined).beyond(Limit::Quarantine, Severity::Medium),
    Rule::new("deny_lifted", grants::deny_lifted).beyond(Limit::Escalation, Severity::Medium),
    Rule::new("containment_removed", protection::containment_removed).beyond(Limit::Quarantine, Severity::Medium),
    Rule::new("locks_out", lockout::locks_out),
    Rule::new("credential_for_other", credentials::credential_for_other).beyond(Limit::Credentials, Severity::Medium),
    Rule::new("bedrock_key", credentials::bedrock_key).beyond(Limit::Credentials, Severity::Medium),
    Rule::new("target_has_credentials", credentials::target_has_credentials)
        .beyond(Limit::Credentials, Severity::Medium),
    Rule::new("protection_reduced", protection::protection_reduced).beyond(Limit::Credentials, Severity::Medium),
    Rule::new("identity_center_provider", protection::identity_center_provider)
        .beyond(Limit::Organization, Severity::Medium),
    Rule::new("weak_password_policy", protection::weak_password_policy).beyond(Limit::Credentials, Severity::Medium),
    Rule::new("external_principal", caller::external_principal),
    Rule::new("workload_credentials", caller::workload_credentials),
    Rule::new("cloudshell", caller::cloudshell),
    Rule::new("parameters_omitted", grants::parameters_omitted),
    Rule::new("long_lived_key_without_mfa", caller::long_lived_key_without_mfa),
    Rule::new("first_activity", caller::first_activity),
    Rule::new("caller_not_evaluated", not_evaluated::caller_not_evaluated),
    Rule::new("target_not_evaluated", not_evaluated::target_not_evaluated),
    Rule::new("history_not_evaluated", not_evaluated::history_not_evaluated),
    Rule::new("assigned_to_nothing", grants::assigned_to_nothing),
    Rule::new("root_session_opened_by", root_sessions::opened_by).beyond(Limit::Root, Severity::Medium),
    Rule::new("own_credential", credentials::own_credential),
    Rule::new("deployment", self_protection::deployment),
    Rule::new("consequence", consequence::consequence),
];

/// The action by itself, successful or attempted.
#[allow(clippy::unnecessary_wraps, reason = "the first rule has an opinion on every case")]
fn action(case: &Case<'_>) -> Option<Opinion> {
    let (activity, action) = (case.activity, case.activity.action);
    let who = activity.principal.short_name();
    // A call that cannot succeed may be probing; but pipelines often delete what does not exist any more.
    let attempt = if action.effect.is_maintenance() { Severity::Low } else { Severity::Medium };
    let (level, reason) = match &activity.outcome {
        Outcome::Succeeded if activity.principal.service().is_some() && action.service == "iam" => {
            (Severity::Low, service_acted(&activity.principal))
        }
        Outcome::Succeeded => understood(case),
        Outcome::Failed { .. } if action.effect == AccessEffect::ChangesRootSignIn => {
            (Severity::High, "Somebody tried to change how the root user signs in. The attempt failed.".into())
        }
        Outcome::Failed { .. } if action.effect == AccessEffect::SignsIn && !sign_in::is_of_root(case) => {
            (Severity::Low, "The sign-in failed: the user name, the password or the MFA code was wrong.".into())
        }
        Outcome::Failed { .. } if action.effect == AccessEffect::SignsIn => {
            (Severity::High, "A sign-in as the root user failed. Daily work does not need the root user.".into())
        }
        Outcome::Failed { failure: FailureKind::NotFound, .. } if action.effect == AccessEffect::ImpairsAlerting => (
            Severity::Medium,
            phrase!("There is no such ", action.target.noun(), ". Nothing changed. Somebody may be guessing names."),
        ),
        Outcome::Failed { .. } if action.effect == AccessEffect::ImpairsAlerting => {
            (Severity::High, "Somebody tried to change what these alerts depend on. The call failed.".into())
        }
        Outcome::Failed { failure: FailureKind::BadCredentials, .. } => (
            Severity::Medium,
            "The credentials are not valid, or not valid any more. Somebody may be trying old or stolen credentials."
                .into(),
        ),
        Outcome::Failed { failure: FailureKind::Temporary, code, .. } => (
            Severity::Low,
            phrase!(
                "AWS refused the call for the moment",
                in_brackets(code.as_ref()),
                ". Tools repeat such a call by themselves; a repetition that succeeds causes an alert of its own."
            ),
        ),
        Outcome::Failed { failure: FailureKind::InUse, .. } => {
            (attempt, "The call failed: the entity is still in use. Nothing changed.".into())
        }
        Outcome::Failed { failure: FailureKind::Invalid, code, .. } => (
            attempt,
            phrase!("The call failed: a parameter is not valid", in_brackets(code.as_ref()), ". Nothing changed."),
        ),
        Outcome::Failed { failure: FailureKind::NotPossible, code, .. } => (
            attempt,
            phrase!(
                "The call failed: AWS does not allow this change",
                in_brackets(code.as_ref()),
                ". Nothing changed."
            ),
        ),
        Outcome::Failed { failure: FailureKind::Denied, .. } => {
            (Severity::Medium, phrase!("A denied call can mean that somebody is probing what ", who, " can do."))
        }
        Outcome::Failed { failure: FailureKind::AlreadyExists, .. } => {
            (Severity::Low, "The call failed: an entity of this name already exists. Nothing changed.".into())
        }
        Outcome::Failed { failure: FailureKind::NotFound, .. } => {
            (attempt, "The call failed: there is no such entity. Nothing changed.".into())
        }
        Outcome::Failed { failure: FailureKind::LimitExceeded, .. } => {
            let quota = activity.outcome.quota().map_or("a quota".into(), |quota| {
                let value = quota.value.map_or(Phrase::default(), |value| Phrase::ours(format!(" ({value})")));
                phrase!("the quota ", &Untrusted::new(quota.name), value, quota.of_whom())
            });
            (Severity::Low, phrase!("The call failed: ", quota, " is used up. Nothing changed."))
        }
        Outcome::Failed { failure: FailureKind::Other, code: Some(code), .. } => (
            attempt,
            phrase!("The call failed with ", code, ", an error that this version does not know. Nothing changed."),
        ),
        Outcome::Failed { failure: FailureKind::Other, code: None, .. } => {
            (attempt, "The call failed; the event has no error code. Nothing changed.".into())
        }
    };
    let weight = Weight::AtLeast(level);
    let restates = activity.outcome.succeeded() && action.fields.is_empty() && activity.principal.service().is_none();
    Some(Opinion { weight, reason, restates, incomplete: false })
}

/// A successful call, by the fields of its request where they decide.
fn understood(case: &Case<'_>) -> (Severity, Phrase) {
    let action = case.activity.action;
    if action.fields.is_empty() {
        let harmless = grants::harmless(case).or_else(|| trust::harmless(case)).map(|reason| (Severity::Low, reason));
        let judged = guardrails::judged(case).or_else(|| sharing::judged(case)).or_else(|| root_sessions::judged(case));
        return harmless.or(judged).unwrap_or((action.base, action.because.into()));
    }
    let reading = case.activity.reading();
    let reason = match &reading {
        FieldReading::Unread => action.because.into(),
        FieldReading::Read { meanings, others: false } if meanings.is_empty() => "The call changes no setting.".into(),
        FieldReading::Read { meanings, others } => {
            let unknown = others.then_some(action.because);
            let all = meanings.iter().map(|meaning| meaning.because).chain(unknown);
            Phrase::joined(all.map(Phrase::from), " ")
        }
    };
    let severity = reading.severity(action.base);
    let goes_on = action.effect == AccessEffect::ImpairsAlerting && severity < Severity::Critical;
    let reason = if goes_on { phrase!(reason, " These alerts go on.") } else { reason };
    (severity, reason)
}

/// The code of an error, in brackets.
fn in_brackets(code: Option<&Untrusted>) -> Phrase {
    code.map_or(Phrase::default(), |code| phrase!(" (", code, ")"))
}

/// That a service acted for itself.
fn service_acted(principal: &Principal) -> Phrase {
    match (principal.service().flatten(), principal) {
        (Some(service), Principal::AssumedRole(_)) => phrase!(
            "The AWS service ",
            service,
            " acted through its service-linked role. Nobody else can assume this role."
        ),
        (Some(service), _) => phrase!("The AWS service ", service, " acted for itself. Only AWS can act as a service."),
        (None, _) => {
            "An AWS service acted for itself; the event does not name the service. Only AWS can act as a service."
                .into()
        }
    }
}

#[cfg(test)]
mod tests;
