//! Rules about the caller and its credentials.

use super::opinions::{at_least, context, opinion};
use crate::catalog::{AccessEffect, TargetKind};
use crate::detection::{Case, Opinion, Weight};
use crate::event::principal::{Operator, RoleSession};
use crate::event::{CallersAccount, Principal};
use crate::lookup::Membership;
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted};
use chrono::TimeDelta;

/// Only a few tasks require the root user, and changes of access do not ("Root user best practices", IAM user guide).
pub(super) fn root_user(case: &Case<'_>) -> Option<Opinion> {
    match &case.activity.principal {
        _ if case.activity.action.effect.concerns_sign_in() => None,
        Principal::Root(_) if case.is_in_root_session() => root_session(case),
        Principal::Root(_) if concerns_root(case) => at_least(
            Severity::Critical,
            "The root user was used for this. Nobody else can change the root user's own credentials: check that the owner \
             of the account did it."
                .into(),
        ),
        Principal::Root(_) => at_least(
            Severity::Critical,
            "The root user made the call. The root user should not be used for this.".into(),
        ),
        Principal::FederatedUser(user) if user.is_by_root() => at_least(
            Severity::Critical,
            "The call was made in a session that the root user's access key opened.".into(),
        ),
        _ => None,
    }
}

/// Whether the call is about the root user, or about the virtual MFA device that only the root user can have.
fn concerns_root(case: &Case<'_>) -> bool {
    let target = &case.activity.target;
    let device = target.kind == TargetKind::MfaDevice
        && target.name.as_ref().is_some_and(|name| name.raw().ends_with("root-account-mfa-device"));
    target.kind == TargetKind::RootUser || device
}

/// A root session has only the access of its task policy: to read or remove the root user's credentials, to allow the
/// recovery of its password, or to unlock a queue or a bucket ("Perform a privileged task on a member account", IAM user
/// guide).
fn root_session(case: &Case<'_>) -> Option<Opinion> {
    const OPENED: &str = "Somebody in the organization's management account, or in a delegated administrator account, \
                          opened a root session (AssumeRoot) in this account.";
    let activity = case.activity;
    let action = activity.action;
    if !activity.outcome.succeeded() {
        return at_least(Severity::Medium, OPENED.into());
    }
    match action.effect {
        AccessEffect::GrantsCredential => at_least(
            Severity::Critical,
            phrase!(OPENED, " The root user can get a password again, and with it full access."),
        ),
        AccessEffect::WeakensMfa => at_least(
            Severity::High,
            phrase!(OPENED, " If the root user still has a password, the password alone is enough to sign in."),
        ),
        AccessEffect::Conceals | AccessEffect::Revokes => at_least(
            Severity::Medium,
            phrase!(OPENED, " Removing the root user's credentials is the usual purpose of such a session."),
        ),
        _ => at_least(Severity::High, phrase!(OPENED, " Such a session is not meant for this call.")),
    }
}

/// AWS attaches this policy when it finds an access key in a public place.
pub(super) fn caller_quarantined(case: &Case<'_>) -> Option<Opinion> {
    let policy = case.dossier.caller.attached()?.quarantine()?;
    at_least(
        Severity::Critical,
        phrase!(
            "AWS has quarantined ",
            case.activity.principal.short_name(),
            " (",
            &policy.name,
            "): AWS found one of its access keys in public."
        ),
    )
}

/// The daily reading found the change.
pub(super) fn without_event(case: &Case<'_>) -> Option<Opinion> {
    case.activity.found?;
    at_least(
        Severity::Medium,
        "No event of this change arrived, so nobody was alerted when it was made. Who made it is not known.".into(),
    )
}

pub(super) fn external_principal(case: &Case<'_>) -> Option<Opinion> {
    let principal = &case.activity.principal;
    let who = principal.short_name();
    let anonymous = |id: Option<&Untrusted>| id.is_some_and(|id| id.raw().to_ascii_lowercase().contains("anonymous"));
    if !principal.is_identified() && case.activity.found.is_none() {
        return at_least(Severity::High, "The event does not identify the caller.".into());
    }
    match principal {
        Principal::Delegate(delegate) => {
            return at_least(
                Severity::High,
                phrase!(
                    who.capitalized(),
                    " made the call with the access of ",
                    delegate.approved_by.short_name(),
                    ", who approved a delegation request."
                ),
            );
        }
        Principal::AwsAccount(other) if anonymous(other.principal_id.as_ref()) => {
            return at_least(Severity::High, "The call was anonymous.".into());
        }
        Principal::AwsAccount(_) if case.activity.callers_account() == CallersAccount::Same => {
            return at_least(
                Severity::High,
                "The event names only the caller's account, which is this account, and not the caller.".into(),
            );
        }
        Principal::AwsAccount(_) if matches!(case.activity.callers_account(), CallersAccount::NotReadable(_)) => {
            return at_least(
                Severity::High,
                "The event names only the caller's account, which cannot be read, and not the caller.".into(),
            );
        }
        Principal::AwsAccount(_) => {
            return at_least(
                Severity::High,
                phrase!("The call came from another account. Only ", who, " is known of the caller."),
            );
        }
        _ => {}
    }
    match case.activity.callers_account() {
        CallersAccount::Same | CallersAccount::NotStated => None,
        CallersAccount::Other(theirs) => {
            let (belongs, account) = (phrase!(who.capitalized(), " belongs to "), case.callers_account(theirs));
            match case.dossier.account_of_caller().membership {
                Membership::Member if case.dossier.callers_account.is_some() => {
                    at_least(Severity::Medium, phrase!(belongs, account, ", an account of your organization."))
                }
                Membership::Stranger => {
                    at_least(Severity::High, phrase!(belongs, account, ", which is no account of your organization."))
                }
                Membership::Member | Membership::NotKnown => {
                    at_least(Severity::High, phrase!(belongs, "another account, ", account, "."))
                }
            }
        }
        CallersAccount::NotReadable(_) | CallersAccount::OfUnreadableEvent => at_least(
            Severity::Medium,
            "Whether the caller belongs to this account cannot be read from the event.".into(),
        ),
    }
}

fn role_session<'a>(case: &Case<'a>) -> Option<&'a RoleSession> {
    match &case.activity.principal {
        Principal::AssumedRole(session) => Some(session),
        _ => None,
    }
}

/// Whether the user agent names this environment. Used only to raise a severity: callers can write any user agent.
fn runs_in(case: &Case<'_>, environment: &str) -> bool {
    case.activity.origin.user_agent.as_ref().is_some_and(|agent| agent.raw().contains(environment))
}

/// `i-` and 8 or 17 hexadecimal digits, so that a user named i-am-carol is no instance.
fn is_instance_id(name: &Untrusted) -> bool {
    let digits = name.raw().strip_prefix("i-").unwrap_or_default();
    matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn workload_credentials(case: &Case<'_>) -> Option<Opinion> {
    let session = role_session(case).filter(|_| !case.activity.action.effect.is_maintenance())?;
    let what = match &session.operator {
        Operator::Ec2Instance(_) => "an EC2 instance",
        Operator::LambdaFunction(_) => "a Lambda function",
        // A principal that assumes a role can choose the session name of an instance. That does not lower the severity.
        Operator::Unstated if session.session_name.as_ref().is_some_and(is_instance_id) => {
            "an EC2 instance, by the session name"
        }
        Operator::Unstated if runs_in(case, "exec-env/AWS_Lambda") => "a Lambda function, by the user agent",
        _ => return None,
    };
    at_least(
        Severity::High,
        phrase!("The credentials belong to ", what, ". Workloads do not normally make such calls."),
    )
}

pub(super) fn cloudshell(case: &Case<'_>) -> Option<Opinion> {
    (runs_in(case, "exec-env/CloudShell") && !case.activity.action.effect.is_maintenance()).then_some(())?;
    at_least(Severity::High, "The call came from CloudShell, by the user agent.".into())
}

pub(super) fn long_lived_key_without_mfa(case: &Case<'_>) -> Option<Opinion> {
    let session = case.activity.principal.session()?;
    (session.has_long_lived_key() && session.mfa != Some(true)).then(|| {
        // Pipelines sign with such keys all day. If a key was stolen, what matters is the access that somebody gains by it.
        if super::grants::gains_access(case) {
            opinion(Weight::RaiseOneLevel, "Long-lived access key used without MFA (severity raised one level).".into())
        } else {
            opinion(Weight::Context, "Long-lived access key used without MFA.".into())
        }
    })
}

/// The history must cover this time before the absence of an actor has a meaning.
const MEANINGFUL: TimeDelta = TimeDelta::days(14);

/// An actor who never changed access before may be new, or may use a stolen credential. A call that failed is no change.
pub(super) fn first_activity(case: &Case<'_>) -> Option<Opinion> {
    let since = case.prior?.related.never_seen_since?;
    let principal = &case.activity.principal;
    if principal.service().is_some() || !principal.is_identified() {
        return None;
    }
    let (who, succeeded) = (principal.short_name(), case.activity.outcome.succeeded());
    let covered = case.activity.time? - since;
    if covered < MEANINGFUL {
        let day = Phrase::ours(since.format("%Y-%m-%d").to_string());
        return context(phrase!(
            "No earlier ",
            if succeeded { "successful change" } else { "attempt" },
            " by ",
            who,
            " is recorded, but the history starts only on ",
            day,
            "."
        ));
    }
    let days = Phrase::ours(covered.num_days().to_string());
    let reason = phrase!(
        if succeeded { "First successful change by " } else { "First attempt to change access by " },
        who,
        " in the ",
        days,
        " days that the history covers (severity raised one level)."
    );
    Some(opinion(Weight::RaiseOneLevel, reason))
}
