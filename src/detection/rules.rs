//! The rules: a table with one function for each rule. A rule states an observation, not an instruction.
//!
//! No rule lowers a severity because of a user agent, or because CloudFormation made the call: an attacker can choose
//! both. Only what a person has written down as expected lowers a severity, see `expected`.

mod caller;
mod compared;
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

use super::chains::{Chain, steps_of};
use super::context::Case;
use super::model::{Opinion, Rule, Weight};
use crate::catalog::{AccessEffect, Action, ChainStep, FieldReading, TargetKind};
use crate::config::Limit;
use crate::event::{FailureKind, Outcome, Principal};
use crate::history::Line;
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted};
use chrono::TimeDelta;

/// All rules. The first rule has an opinion on every case.
pub const RULES: &[Rule] = &[
    Rule::new("action", action),
    Rule::new("root_user", caller::root_user).beyond(|_| Limit::Root),
    Rule::new("root_sign_in", sign_in::root_sign_in).beyond(|_| Limit::Root),
    Rule::new("sign_in_without_mfa", sign_in::sign_in_without_mfa).beyond(|_| Limit::SignIn),
    Rule::new("self_protection", self_protection::self_protection).beyond(|_| Limit::SelfProtection),
    Rule::new("grants_administrator", grants::grants_administrator).beyond(|_| Limit::Administrator),
    Rule::new("grants_escalation", grants::grants_escalation).beyond(|_| Limit::Escalation),
    Rule::new("target_is_administrator", grants::target_is_administrator).beyond(|_| Limit::Administrator),
    Rule::new("target_can_escalate", grants::target_can_escalate).beyond(|_| Limit::Escalation),
    Rule::new("target_may_escalate", grants::target_may_escalate).beyond(|_| Limit::Escalation),
    Rule::new("already_administrator", grants::already_administrator),
    Rule::new("grant_is_limited", grants::grant_is_limited),
    Rule::new("can_silence_alerts", grants::can_silence_alerts).beyond(|_| Limit::SelfProtection),
    Rule::new("deny_only", grants::deny_only),
    Rule::new("also_denies", grants::also_denies),
    Rule::new("may_replace_deny", grants::may_replace_deny).beyond(|_| Limit::Escalation),
    Rule::new("trusted_principals", trust::trusted_principals),
    Rule::new("as_before", compared::as_before),
    Rule::new("trust_not_evaluated", trust::trust_not_evaluated).beyond(|_| Limit::OutsideTrust),
    Rule::new("caller_quarantined", caller::caller_quarantined).beyond(|_| Limit::Quarantine),
    Rule::new("quarantined", quarantine::quarantined).beyond(|_| Limit::Quarantine),
    Rule::new("target_quarantined", quarantine::target_quarantined).beyond(|_| Limit::Quarantine),
    Rule::new("deny_lifted", grants::deny_lifted).beyond(|_| Limit::Escalation),
    Rule::new("containment_removed", protection::containment_removed).beyond(protection::limit_of_removal),
    Rule::new("locks_out", lockout::locks_out).beyond(|_| Limit::LockOut),
    Rule::new("credential_for_other", credentials::credential_for_other).beyond(|_| Limit::Credentials),
    Rule::new("bedrock_key", credentials::bedrock_key).beyond(|_| Limit::Credentials),
    Rule::new("target_has_credentials", credentials::target_has_credentials).beyond(|_| Limit::Credentials),
    Rule::new("protection_reduced", protection::protection_reduced).beyond(protection::limit_of_protection),
    Rule::new("identity_center_provider", protection::identity_center_provider).beyond(|_| Limit::Organization),
    Rule::new("weak_password_policy", protection::weak_password_policy).beyond(|_| Limit::Credentials),
    Rule::new("without_event", caller::without_event),
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
    Rule::new("root_session_opened_by", root_sessions::opened_by).beyond(|_| Limit::Root),
    Rule::new("own_credential", credentials::own_credential),
    Rule::new("deployment", self_protection::deployment),
    Rule::new("consequence", consequence::consequence),
];

/// The action by itself, successful or attempted.
#[allow(clippy::unnecessary_wraps, reason = "the first rule has an opinion on every case")]
fn action(case: &Case<'_>) -> Option<Opinion> {
    let (activity, action) = (case.activity, case.activity.action);
    let who = activity.principal.short_name();
    // A call that cannot succeed may be probing; but pipelines often delete what does not exist any more, or attach what
    // IAM does not show yet. What an error means that this version does not know is not known.
    let unfamiliar = if action.effect.is_maintenance() { Severity::Low } else { Severity::Medium };
    let attempt = if is_deployed(action) { Severity::Low } else { unfamiliar };
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
        Outcome::Failed { failure: FailureKind::Denied, .. } if is_denied_again(case) => (
            Severity::Low,
            phrase!("One more denied call of ", who, ", who was alerted on for another within the last hour."),
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
            unfamiliar,
            phrase!("The call failed with ", code, ", an error that this version does not know. Nothing changed."),
        ),
        Outcome::Failed { failure: FailureKind::Other, code: None, .. } => {
            (unfamiliar, "The call failed; the event has no error code. Nothing changed.".into())
        }
    };
    let weight = Weight::AtLeast(level);
    let restates = activity.outcome.succeeded() && action.fields.is_empty() && activity.principal.service().is_none();
    Some(Opinion { weight, reason, restates, incomplete: false })
}

/// Within this time, a caller who is denied again is the same story.
const SAME_STORY: TimeDelta = TimeDelta::hours(1);
/// In a series of denied calls, one in so many is alerted on.
const ONE_IN: usize = 5;

/// Whether another denied call of the same caller was alerted on a little while ago, and only a few came since: somebody
/// tries again. The alert of the first one says who that is; what then succeeds has an alert of its own. Of calls at the
/// same time, more than one in so many may be alerted on, and never fewer.
fn is_denied_again(case: &Case<'_>) -> bool {
    let (Some(prior), Some(time)) = (case.prior, case.activity.time) else { return false };
    let recent = |line: &&Line| (TimeDelta::zero()..=SAME_STORY).contains(&(time - line.time));
    let denied = prior.related.by_actor.lines.iter().filter(|line| line.outcome.raw() == "denied").filter(recent);
    // Newest first.
    let mut denied = denied.map(|line| line.severity >= Some(Severity::Medium) && line.was_sent());
    let since = denied.position(|alerted| alerted);
    prior.related.unknown.is_none() && since.is_some_and(|since| since + 1 < ONE_IN)
}

/// Whether pipelines repeat such a call until it succeeds: it writes a role or a managed policy. IAM checks the permission
/// first, so the caller may do this, and a success has an alert of its own. A call on a user, a group or a provider that
/// fails may be probing.
fn is_deployed(action: &Action) -> bool {
    let writes = matches!(
        action.effect,
        AccessEffect::AttachesPolicy
            | AccessEffect::PutsInlinePolicy
            | AccessEffect::RewritesPolicy
            | AccessEffect::DraftsPolicyVersion
            | AccessEffect::ChangesTrust
            | AccessEffect::SetsBoundary
            | AccessEffect::AddsRoleToInstanceProfile
            | AccessEffect::Creates
    );
    action.service == "iam" && writes && matches!(action.target, TargetKind::Role | TargetKind::Policy)
}

/// A successful call, by the fields of its request where they decide.
fn understood(case: &Case<'_>) -> (Severity, Phrase) {
    let action = case.activity.action;
    if case.adds_nothing() {
        let severity = if compared::is_kept_open(case) { Severity::Medium } else { Severity::Low };
        return (severity, compared::adds_nothing(case));
    }
    if action.fields.is_empty() {
        let harmless = grants::harmless(case).or_else(|| trust::harmless(case)).map(|reason| (Severity::Low, reason));
        let judged = guardrails::judged(case).or_else(|| sharing::judged(case)).or_else(|| root_sessions::judged(case));
        let of_user = credentials::replaced(case).or_else(|| protection::without_password(case));
        let harmless = harmless.or(of_user.map(|reason| (Severity::Low, reason)));
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

/// Whether a chain is complete because a new user got policies that were read and evaluated, and grant only limited
/// access: so do new colleagues. A credential is no policy, and a later policy that grants more is judged by itself.
pub(super) fn equips_with_little(case: &Case<'_>, chain: &Chain) -> bool {
    let by_this_event = steps_of(case.activity).contains(&chain.then);
    by_this_event && chain.then == ChainStep::UserEquipped && grants::harmless(case).is_some()
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
