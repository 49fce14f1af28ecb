//! The rules: a table with one function for each rule. A rule states an observation, not an instruction.
//!
//! No rule lowers a severity because of a user agent, or because CloudFormation made the call: an attacker can choose
//! both. Only an explicit list of principals lowers a severity.

mod caller;
mod credentials;
mod grants;
mod opinions;
mod protection;
mod self_protection;
mod trust;

use super::context::Case;
use super::model::{Opinion, Rule, Weight};
use crate::catalog::AccessEffect;
use crate::event::{FailureKind, Outcome, Principal};
use crate::phrase;
use crate::severity::Severity;

/// All rules. The first rule has an opinion on every case.
pub const RULES: &[Rule] = &[
    Rule { name: "action", judge: action },
    Rule { name: "root_user", judge: caller::root_user },
    Rule { name: "root_sign_in", judge: caller::root_sign_in },
    Rule { name: "self_protection", judge: self_protection::self_protection },
    Rule { name: "grants_administrator", judge: grants::grants_administrator },
    Rule { name: "grants_escalation", judge: grants::grants_escalation },
    Rule { name: "target_is_administrator", judge: grants::target_is_administrator },
    Rule { name: "target_can_escalate", judge: grants::target_can_escalate },
    Rule { name: "target_may_escalate", judge: grants::target_may_escalate },
    Rule { name: "already_administrator", judge: grants::already_administrator },
    Rule { name: "grant_is_limited", judge: grants::grant_is_limited },
    Rule { name: "deny_only", judge: grants::deny_only },
    Rule { name: "trusted_principals", judge: trust::trusted_principals },
    Rule { name: "caller_quarantined", judge: caller::caller_quarantined },
    Rule { name: "deny_lifted", judge: grants::deny_lifted },
    Rule { name: "containment_removed", judge: protection::containment_removed },
    Rule { name: "credential_for_other", judge: credentials::credential_for_other },
    Rule { name: "target_has_credentials", judge: credentials::target_has_credentials },
    Rule { name: "protection_reduced", judge: protection::protection_reduced },
    Rule { name: "weak_password_policy", judge: protection::weak_password_policy },
    Rule { name: "external_principal", judge: caller::external_principal },
    Rule { name: "workload_credentials", judge: caller::workload_credentials },
    Rule { name: "cloudshell", judge: caller::cloudshell },
    Rule { name: "parameters_omitted", judge: grants::parameters_omitted },
    Rule { name: "long_lived_key_without_mfa", judge: caller::long_lived_key_without_mfa },
    Rule { name: "first_activity", judge: caller::first_activity },
    Rule { name: "own_credential", judge: credentials::own_credential },
    Rule { name: "deployment", judge: self_protection::deployment },
    Rule { name: "expected_principal", judge: caller::expected_principal },
];

/// The action by itself, successful or attempted.
#[allow(clippy::unnecessary_wraps, reason = "the first rule has an opinion on every case")]
fn action(case: &Case<'_>) -> Option<Opinion> {
    let (activity, action) = (case.activity, case.activity.action);
    let who = activity.principal.short_name();
    // A call that cannot succeed may be probing; but pipelines often delete what does not exist any more.
    let attempt = if action.effect.is_maintenance() { Severity::Low } else { Severity::Medium };
    let (level, reason) = match &activity.outcome {
        Outcome::Succeeded if matches!(activity.principal, Principal::AwsService(_)) && action.service == "iam" => {
            (Severity::Low, phrase!("The AWS service ", who, " acted for itself. Only AWS can act as a service."))
        }
        Outcome::Succeeded => (action.base, action.because.into()),
        Outcome::Failed { .. } if action.effect == AccessEffect::SignsIn => {
            (Severity::High, "A sign-in as the root user failed. Daily work does not need the root user.".into())
        }
        Outcome::Failed { .. } if action.effect == AccessEffect::ImpairsAlerting => {
            (Severity::High, "Somebody tried to change what these alerts depend on. The call failed.".into())
        }
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
            (Severity::Low, "The call failed: a quota is used up. Nothing changed.".into())
        }
        Outcome::Failed { failure: FailureKind::Other, .. } => (attempt, "The call failed. Nothing changed.".into()),
    };
    // An expected principal does not lower these: changes to the stack's own resources, and root at the console.
    let weight = if matches!(action.effect, AccessEffect::ImpairsAlerting | AccessEffect::SignsIn) {
        Weight::Always(level)
    } else {
        Weight::AtLeast(level)
    };
    Some(Opinion { weight, reason, restates: activity.outcome.succeeded() })
}

#[cfg(test)]
mod tests;
