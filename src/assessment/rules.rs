//! The rules: a table, one function each. A rule says what it sees, not what somebody should do.
//!
//! None lowers a severity because of a user agent, or because "it came from CloudFormation": whoever
//! attacks chooses both. Only an explicit list of principals does.

use super::{Case, Effect, Opinion, Rule};
use crate::cloudtrail::identity::{Operator, Principal, RoleSession};
use crate::cloudtrail::{Failure, Outcome};
use crate::directory::power::Level;
use crate::directory::{Lookup, Subject};
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted, counted};

/// Every rule. The first has an opinion on every case.
pub const RULES: &[Rule] = &[
    Rule { name: "action", judge: action },
    Rule { name: "root_user", judge: root_user },
    Rule { name: "target_is_administrator", judge: target_is_administrator },
    Rule { name: "target_can_change_iam", judge: target_can_change_iam },
    Rule { name: "target_has_credentials", judge: target_has_credentials },
    Rule { name: "outside_principal", judge: outside_principal },
    Rule { name: "workload", judge: workload },
    Rule { name: "cloud_shell", judge: cloud_shell },
    Rule { name: "parameters_omitted", judge: parameters_omitted },
    Rule { name: "long_lived_key_without_mfa", judge: long_lived_key_without_mfa },
    Rule { name: "expected_principal", judge: expected_principal },
];

fn at_least(level: Severity, reason: Phrase) -> Option<Opinion> {
    Some(Opinion { effect: Effect::AtLeast(level), reason })
}

/// What the action is by itself, done or attempted.
fn action(case: &Case<'_>) -> Option<Opinion> {
    let who = case.activity.principal.short_name();
    let (level, reason) = match &case.activity.outcome {
        Outcome::Succeeded => (case.activity.action.base, case.activity.action.because.into()),
        Outcome::Failed { failure: Failure::Denied, .. } => (
            Severity::Medium,
            phrase!("It was denied. An attempt may mean that somebody is finding out what ", who, " may do."),
        ),
        Outcome::Failed { failure: Failure::AlreadyExists, .. } => {
            (Severity::Low, "It failed: one of that name exists already. Nothing was changed.".into())
        }
        Outcome::Failed { failure: Failure::LimitExceeded, .. } => {
            (Severity::Low, "It failed at a quota of the account. Nothing was changed.".into())
        }
        Outcome::Failed { failure: Failure::Other, .. } => {
            (Severity::Medium, "It failed, but it was attempted. Nothing was changed.".into())
        }
    };
    at_least(level, reason)
}

/// The root user is for the few tasks that nobody else can do, and this is none of them
/// ("Root user best practices", IAM user guide).
fn root_user(case: &Case<'_>) -> Option<Opinion> {
    match &case.activity.principal {
        Principal::Root(root) if root.assumed => at_least(
            Severity::Critical,
            "It was done as the root user, in a privileged session opened by AWS Organizations.".into(),
        ),
        Principal::Root(_) => {
            at_least(Severity::Critical, "It was done by the root user, who is not for such work.".into())
        }
        _ => None,
    }
}

fn target_name(case: &Case<'_>) -> Phrase {
    case.activity.target.name.as_ref().map_or("the user".into(), Phrase::from)
}

fn target_is_administrator(case: &Case<'_>) -> Option<Opinion> {
    let power = case.target_power.as_ref().filter(|power| power.level == Level::Administrator)?;
    let grounds = Phrase::joined(power.grounds.iter().map(Phrase::from), "; ");
    case.activity.outcome.succeeded().then_some(())?;
    at_least(Severity::Critical, phrase!(target_name(case), " already is an administrator: ", grounds, "."))
}

fn target_can_change_iam(case: &Case<'_>) -> Option<Opinion> {
    let power = case.target_power.as_ref().filter(|power| power.level == Level::IamCapable)?;
    let grounds = Phrase::joined(power.grounds.iter().map(Phrase::from), "; ");
    case.activity.outcome.succeeded().then_some(())?;
    at_least(
        Severity::High,
        phrase!(target_name(case), " already can change IAM, and so grant itself the rest: ", grounds, "."),
    )
}

/// A user that was just created cannot have made its first credential itself.
fn target_has_credentials(case: &Case<'_>) -> Option<Opinion> {
    let Subject::User(user) = &case.dossier.target else { return None };
    case.activity.outcome.succeeded().then_some(())?;
    let keys = user.access_keys.found().map_or(0, |keys| keys.items.iter().filter(|key| key.active).count());
    let keys = (keys > 0).then(|| Phrase::ours(counted(keys, "active access key")));
    let password = matches!(user.password, Lookup::Found(_)).then_some("a console password".into());
    let has: Vec<_> = keys.into_iter().chain(password).collect();
    if has.is_empty() {
        return None;
    }
    let has = Phrase::joined(has, " and ");
    at_least(Severity::High, phrase!(target_name(case), " already has ", has, ", made by somebody else for it."))
}

fn outside_principal(case: &Case<'_>) -> Option<Opinion> {
    let principal = &case.activity.principal;
    let who = principal.short_name();
    let anonymous = |id: Option<&Untrusted>| id.is_some_and(|id| id.raw().to_ascii_lowercase().contains("anonymous"));
    match principal {
        Principal::Unrecognized(_) => {
            return at_least(Severity::High, "The event does not say who did it in a way that we know.".into());
        }
        Principal::AwsAccount(other) if anonymous(other.principal_id.as_ref()) => {
            return at_least(Severity::High, "It was done anonymously.".into());
        }
        Principal::AwsAccount(_) => {
            return at_least(
                Severity::High,
                phrase!("It was done from another account, and only by ", who, " is known."),
            );
        }
        _ => {}
    }
    let (theirs, here) = (principal.account()?, case.activity.account.as_ref()?);
    if theirs == here {
        return None;
    }
    at_least(Severity::High, phrase!(who, " belongs to another account, ", theirs, "."))
}

fn role_session<'a>(case: &Case<'a>) -> Option<&'a RoleSession> {
    match &case.activity.principal {
        Principal::AssumedRole(session) => Some(session),
        _ => None,
    }
}

fn workload(case: &Case<'_>) -> Option<Opinion> {
    let session = role_session(case)?;
    let what = match &session.operator {
        Operator::Ec2Instance(_) => "an EC2 instance",
        Operator::LambdaFunction(_) => "a Lambda function",
        // Whoever assumes a role may name the session like an instance: no reason to be easier on it.
        Operator::Unstated if session.session_name.as_ref().is_some_and(|name| name.raw().starts_with("i-")) => {
            "an EC2 instance, by the name of the session"
        }
        _ => return None,
    };
    at_least(Severity::High, phrase!("The credentials are those of ", what, "; workloads do not do this."))
}

fn cloud_shell(case: &Case<'_>) -> Option<Opinion> {
    let agent = case.activity.origin.user_agent.as_ref()?;
    agent.raw().contains("exec-env/CloudShell").then_some(())?;
    at_least(Severity::High, "It was done from CloudShell, by the program's own word.".into())
}

fn parameters_omitted(case: &Case<'_>) -> Option<Opinion> {
    case.activity.omitted.then_some(())?;
    at_least(
        Severity::Medium,
        "The request was too large for CloudTrail, which left its parameters out; padding can hide a policy.".into(),
    )
}

fn long_lived_key_without_mfa(case: &Case<'_>) -> Option<Opinion> {
    let session = case.activity.principal.session()?;
    (session.has_long_lived_key() && session.mfa != Some(true)).then(|| Opinion {
        effect: Effect::OneStepUp,
        reason: phrase!(
            case.activity.principal.short_name(),
            " signed with a long-lived access key and without MFA: one step up."
        ),
    })
}

fn expected_principal(case: &Case<'_>) -> Option<Opinion> {
    let arn = case.activity.principal.lasting_arn()?;
    let pattern = case.expected.covering(arn.raw())?;
    Some(Opinion {
        effect: Effect::Expected,
        reason: phrase!(
            "This principal is expected to do this: the setting ExpectedPrincipals has ",
            &Untrusted::new(pattern),
            "."
        ),
    })
}
