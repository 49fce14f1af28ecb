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
    Rule { name: "target_may_be_more", judge: target_may_be_more },
    Rule { name: "quarantined", judge: quarantined },
    Rule { name: "target_has_credentials", judge: target_has_credentials },
    Rule { name: "outside_principal", judge: outside_principal },
    Rule { name: "workload", judge: workload },
    Rule { name: "cloud_shell", judge: cloud_shell },
    Rule { name: "parameters_omitted", judge: parameters_omitted },
    Rule { name: "long_lived_key_without_mfa", judge: long_lived_key_without_mfa },
    Rule { name: "expected_principal", judge: expected_principal },
];

#[allow(clippy::unnecessary_wraps, reason = "every rule ends with it")]
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
            (Severity::Low, "It failed, because the name is taken. Nothing was changed.".into())
        }
        Outcome::Failed { failure: Failure::LimitExceeded, .. } => {
            (Severity::Low, "It failed, because a quota of the account is used up. Nothing was changed.".into())
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
            at_least(Severity::Critical, "It was done by the root user, which should not be used for this.".into())
        }
        Principal::FederatedUser(user) if user.is_by_root() => {
            at_least(Severity::Critical, "It was done in a session that the root user's access key opened.".into())
        }
        _ => None,
    }
}

/// Whom IAM told us of: the user of the event, or one who has its name now.
fn target_name(case: &Case<'_>) -> Phrase {
    let name = case.activity.target.name.as_ref().map_or("the user".into(), Phrase::from);
    if case.target_is_replaced() { phrase!("Another user, who has the name ", name, " now,") } else { name }
}

fn target_is_administrator(case: &Case<'_>) -> Option<Opinion> {
    let power = case.target_power.as_ref().filter(|power| power.level == Level::Administrator)?;
    case.activity.outcome.succeeded().then_some(())?;
    at_least(Severity::Critical, phrase!(target_name(case), " already is an administrator: ", power.why(), "."))
}

fn target_can_change_iam(case: &Case<'_>) -> Option<Opinion> {
    let power = case.target_power.as_ref().filter(|power| power.level == Level::IamCapable)?;
    case.activity.outcome.succeeded().then_some(())?;
    at_least(
        Severity::High,
        phrase!(target_name(case), " already can change IAM, and so grant itself the rest: ", power.why(), "."),
    )
}

/// What cannot be told for sure must not look harmless: anybody can write a condition that always holds.
fn target_may_be_more(case: &Case<'_>) -> Option<Opinion> {
    let power = case.target_power.as_ref()?;
    if !case.activity.outcome.succeeded() || power.level >= Level::IamCapable || power.at_most < Level::IamCapable {
        return None;
    }
    at_least(
        Severity::High,
        phrase!(target_name(case), " can change IAM under a condition, which we cannot judge. See \"Not certain\"."),
    )
}

/// AWS attaches this policy when it finds an access key where everybody can read it.
fn quarantined(case: &Case<'_>) -> Option<Opinion> {
    let policy = case.dossier.caller.holdings()?.quarantine()?;
    at_least(
        Severity::Critical,
        phrase!(
            "AWS has put ",
            case.activity.principal.short_name(),
            " under quarantine (",
            &policy.name,
            "): it found one of its access keys in public."
        ),
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
    if !principal.is_identified() {
        return at_least(Severity::High, "The event does not say who did it in a way that we know.".into());
    }
    match principal {
        Principal::AwsAccount(other) if anonymous(other.principal_id.as_ref()) => {
            return at_least(Severity::High, "It was done anonymously.".into());
        }
        Principal::AwsAccount(other) if other.account.is_some() && other.account == case.activity.account => {
            return at_least(
                Severity::High,
                "The event tells only the account that did it, which is this one, and not who in it.".into(),
            );
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
    at_least(Severity::High, phrase!(who.capitalized(), " belongs to another account, ", theirs, "."))
}

fn role_session<'a>(case: &Case<'a>) -> Option<&'a RoleSession> {
    match &case.activity.principal {
        Principal::AssumedRole(session) => Some(session),
        _ => None,
    }
}

/// Whether the program says that it runs there. Only to raise a severity: whoever calls can say anything.
fn runs_in(case: &Case<'_>, environment: &str) -> bool {
    case.activity.origin.user_agent.as_ref().is_some_and(|agent| agent.raw().contains(environment))
}

/// `i-` and 8 or 17 hexadecimal digits: somebody called i-am-carol is none.
fn is_instance_id(name: &Untrusted) -> bool {
    let digits = name.raw().strip_prefix("i-").unwrap_or_default();
    matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn workload(case: &Case<'_>) -> Option<Opinion> {
    let session = role_session(case)?;
    let what = match &session.operator {
        Operator::Ec2Instance(_) => "an EC2 instance",
        Operator::LambdaFunction(_) => "a Lambda function",
        // Whoever assumes a role may name the session like an instance: no reason to be easier on it.
        Operator::Unstated if session.session_name.as_ref().is_some_and(is_instance_id) => {
            "an EC2 instance, by the name of the session"
        }
        Operator::Unstated if runs_in(case, "exec-env/AWS_Lambda") => "a Lambda function, by the program's own word",
        _ => return None,
    };
    at_least(Severity::High, phrase!("The credentials are those of ", what, "; workloads do not do this."))
}

fn cloud_shell(case: &Case<'_>) -> Option<Opinion> {
    runs_in(case, "exec-env/CloudShell").then_some(())?;
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
            case.activity.principal.short_name().capitalized(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assessment::assess;
    use crate::cloudtrail::{Activity, Delivery};
    use crate::directory::investigate;
    use crate::directory::snapshot::Snapshot;
    use crate::settings::ExpectedPrincipals;
    use serde_json::{Value, json};
    use std::time::Duration;
    use tokio::time::Instant;

    const ROLE: &str = "arn:aws:iam::111122223333:role/ci/deploy";

    /// A call and an account about which no rule but the first has anything to say.
    fn quiet() -> (Value, Value) {
        let record = json!({
            "eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "recipientAccountId": "111122223333",
            "userAgent": "aws-cli/2.31", "userIdentity": {
                "type": "AssumedRole", "accountId": "111122223333", "accessKeyId": "ASIAEXAMPLE",
                "principalId": "AROAEXAMPLE:alice", "sessionContext": {
                    "sessionIssuer": {"type": "Role", "arn": ROLE, "userName": "deploy"}}},
            "requestParameters": {"userName": "new"},
            "responseElements": {"user": {"userName": "new", "arn": "arn:aws:iam::111122223333:user/new"}},
        });
        let account = json!({"UserDetailList": [{
            "UserName": "new", "UserId": "AIDANEW", "Arn": "arn:aws:iam::111122223333:user/new",
            "LoginProfile": null, "AccessKeyMetadata": [], "MFADevices": []}]});
        (record, account)
    }

    async fn judged(change: impl Fn(&mut Value, &mut Value), expected: &str) -> crate::assessment::Assessment {
        let (mut record, mut account) = quiet();
        change(&mut record, &mut account);
        let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
        let activity = Activity::from_delivery(&delivery).unwrap();
        let directory = Snapshot::from_json(&account.to_string()).unwrap();
        let dossier = investigate(&directory, &activity, Instant::now() + Duration::from_secs(1)).await;
        let expected = ExpectedPrincipals::parse(expected).unwrap();
        assess(&Case::new(&activity, &dossier, &expected))
    }

    /// The severity, and the rules that gave it, gravest first.
    async fn verdict(change: impl Fn(&mut Value, &mut Value)) -> (Severity, Vec<&'static str>) {
        let assessment = judged(change, "").await;
        (assessment.severity, assessment.reasons.iter().map(|reason| reason.rule).collect())
    }

    fn failed(record: &mut Value, code: &str) {
        record["errorCode"] = json!(code);
        record["responseElements"] = json!(null);
    }

    fn user(record: &mut Value, key: &str, mfa: &str) {
        record["userIdentity"] = json!({"type": "IAMUser", "userName": "carol", "accountId": "111122223333",
            "accessKeyId": key, "sessionContext": {"attributes": {"mfaAuthenticated": mfa}}});
    }

    fn policy(account: &mut Value, action: &str) {
        account["UserDetailList"][0]["UserPolicyList"] = json!([{"PolicyName": "p", "PolicyDocument":
            {"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}}]);
    }

    #[tokio::test]
    async fn nothing_else_known_is_medium() {
        assert_eq!(verdict(|_, _| ()).await, (Severity::Medium, vec!["action"]));
    }

    #[tokio::test]
    async fn an_attempt_is_medium_and_one_that_could_not_have_worked_is_low() {
        for (code, severity) in [
            ("AccessDenied", Severity::Medium),
            ("InvalidInputException", Severity::Medium),
            ("EntityAlreadyExistsException", Severity::Low),
            ("LimitExceeded", Severity::Low),
        ] {
            assert_eq!(verdict(|record, _| failed(record, code)).await, (severity, vec!["action"]), "{code}");
        }
    }

    #[tokio::test]
    async fn the_root_user_is_critical_even_when_it_fails() {
        let root = |record: &mut Value| {
            record["userIdentity"] = json!({"type": "Root", "accountId": "111122223333"});
        };
        let federated = |record: &mut Value, _: &mut Value| {
            record["userIdentity"] = json!({"type": "FederatedUser", "principalId": "111122223333:ciso",
                "sessionContext": {"sessionIssuer": {"type": "Root", "arn": "arn:aws:iam::111122223333:root"}}});
        };
        assert_eq!(verdict(federated).await.0, Severity::Critical);
        let (severity, rules) = verdict(|record, _| root(record)).await;
        assert_eq!((severity, rules[0]), (Severity::Critical, "root_user"));
        let attempt = |record: &mut Value, _: &mut Value| {
            root(record);
            failed(record, "AccessDenied");
        };
        assert_eq!(verdict(attempt).await.0, Severity::Critical);
    }

    #[tokio::test]
    async fn a_target_that_is_an_administrator_is_critical_if_the_call_made_it() {
        let (severity, rules) = verdict(|_, account| policy(account, "*")).await;
        assert_eq!((severity, rules[0]), (Severity::Critical, "target_is_administrator"));
        let exists = |record: &mut Value, account: &mut Value| {
            policy(account, "*");
            failed(record, "EntityAlreadyExists");
        };
        assert_eq!(verdict(exists).await, (Severity::Low, vec!["action"]));
        assert_eq!(verdict(|_, account| policy(account, "s3:*")).await, (Severity::Medium, vec!["action"]));
    }

    #[tokio::test]
    async fn a_target_that_can_grant_itself_the_rest_is_high() {
        let (severity, rules) = verdict(|_, account| policy(account, "iam:PutUserPolicy")).await;
        assert_eq!((severity, rules), (Severity::High, vec!["target_can_change_iam", "action"]));
    }

    #[tokio::test]
    async fn a_target_that_could_be_more_under_a_condition_is_high() {
        let condition = |condition: Value| {
            move |_: &mut Value, account: &mut Value| {
                policy(account, "*");
                account["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"]["Statement"]["Condition"] =
                    condition.clone();
            }
        };
        let conditional = verdict(condition(json!({"Bool": {"aws:SecureTransport": "true"}}))).await;
        assert_eq!(conditional, (Severity::High, vec!["target_may_be_more", "action"]));
        assert_eq!(verdict(condition(json!({}))).await.0, Severity::Critical);
    }

    #[tokio::test]
    async fn a_caller_under_quarantine_is_critical() {
        let holding = |name: &'static str| {
            move |_: &mut Value, account: &mut Value| {
                account["RoleDetailList"] = json!([{"RoleName": "deploy", "RoleId": "AROAEXAMPLE", "Arn": ROLE,
                    "AttachedManagedPolicies": [
                        {"PolicyName": name, "PolicyArn": format!("arn:aws:iam::aws:policy/{name}")}]}]);
            }
        };
        let (severity, rules) = verdict(holding("AWSCompromisedKeyQuarantineV3")).await;
        assert_eq!((severity, rules[0]), (Severity::Critical, "quarantined"));
        assert_eq!(verdict(holding("ReadOnlyAccess")).await.0, Severity::Medium);
    }

    #[tokio::test]
    async fn a_target_with_credentials_is_high_but_not_with_inactive_ones() {
        let key = |status: &'static str| {
            move |_: &mut Value, account: &mut Value| {
                account["UserDetailList"][0]["AccessKeyMetadata"] =
                    json!([{"AccessKeyId": "AKIANEW", "Status": status}]);
            }
        };
        assert_eq!(verdict(key("Active")).await, (Severity::High, vec!["target_has_credentials", "action"]));
        assert_eq!(verdict(key("Inactive")).await, (Severity::Medium, vec!["action"]));
        let password = |_: &mut Value, account: &mut Value| {
            account["UserDetailList"][0]["LoginProfile"] = json!({"CreateDate": "2026-11-22T06:00:00Z"});
        };
        assert_eq!(verdict(password).await.0, Severity::High);
    }

    #[tokio::test]
    async fn principals_from_outside_or_unknown_are_high() {
        for identity in [
            json!({"type": "AssumedRole", "accountId": "999900001111", "arn": "arn:aws:sts::999900001111:assumed-role/a/b"}),
            json!({"type": "AWSAccount", "accountId": "999900001111"}),
            json!({"type": "AWSAccount", "accountId": "111122223333", "invokedBy": "x.amazonaws.com"}),
            json!({"type": "AWSAccount", "principalId": "ANONYMOUS_PRINCIPAL", "accountId": "anonymous"}),
            json!({"type": "Unknown"}),
            json!({"type": "AssumedRole", "sessionContext": {"sessionIssuer": {}}}),
            json!(null),
        ] {
            let (severity, rules) = verdict(|record, _| record["userIdentity"] = identity.clone()).await;
            assert_eq!((severity, rules[0]), (Severity::High, "outside_principal"), "{identity}");
        }
    }

    #[tokio::test]
    async fn workloads_are_high_also_by_the_name_of_their_session() {
        let lambda = json!({"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": "arn:aws:lambda:us-east-1:1:function:f"});
        let by_lambda = verdict(|record, _| record["userIdentity"]["inScopeOf"] = lambda.clone()).await;
        assert_eq!(by_lambda, (Severity::High, vec!["workload", "action"]));
        let by_name =
            verdict(|record, _| record["userIdentity"]["principalId"] = json!("AROAEXAMPLE:i-0abc1234")).await;
        assert_eq!(by_name, (Severity::High, vec!["workload", "action"]));
        let person = verdict(|record, _| record["userIdentity"]["principalId"] = json!("AROAEXAMPLE:i-am-carol")).await;
        assert_eq!(person.0, Severity::Medium);
        let by_agent = verdict(|record, _| record["userAgent"] = json!("x exec-env/AWS_Lambda_python3.13")).await;
        assert_eq!(by_agent, (Severity::High, vec!["workload", "action"]));
        let ec2 = |record: &mut Value, _: &mut Value| {
            record["userIdentity"]["sessionContext"]["ec2RoleDelivery"] = json!("2.0");
        };
        assert_eq!(verdict(ec2).await.0, Severity::High);
    }

    #[tokio::test]
    async fn cloud_shell_is_high() {
        let from = |agent: &'static str| move |record: &mut Value, _: &mut Value| record["userAgent"] = json!(agent);
        let shell = verdict(from("aws-cli/2.31 exec-env/CloudShell")).await;
        assert_eq!(shell, (Severity::High, vec!["cloud_shell", "action"]));
        assert_eq!(verdict(from("aws-cli/2.31 exec-env/AWS_ECS_EC2")).await.0, Severity::Medium);
    }

    #[tokio::test]
    async fn omitted_parameters_make_it_at_least_medium() {
        let omitted = |record: &mut Value, _: &mut Value| {
            failed(record, "LimitExceeded");
            record["requestParameters"] = json!({"omitted": true});
        };
        assert_eq!(verdict(omitted).await, (Severity::Medium, vec!["parameters_omitted", "action"]));
    }

    #[tokio::test]
    async fn a_long_lived_key_without_mfa_is_one_step_up() {
        let long_lived = verdict(|record, _| user(record, "AKIAEXAMPLE", "")).await;
        assert_eq!(long_lived, (Severity::High, vec!["long_lived_key_without_mfa", "action"]));
        assert_eq!(verdict(|record, _| user(record, "AKIAEXAMPLE", "true")).await.0, Severity::Medium);
        assert_eq!(verdict(|record, _| user(record, "ASIAEXAMPLE", "false")).await.0, Severity::Medium);
    }

    #[tokio::test]
    async fn an_expected_principal_is_low_and_all_reasons_are_told() {
        let grave = |_: &mut Value, account: &mut Value| policy(account, "*");
        let expected = judged(grave, "arn:aws:iam::111122223333:role/ci/*").await;
        assert_eq!((expected.severity, expected.unless_expected), (Severity::Low, Some(Severity::Critical)));
        assert_eq!(expected.reasons[0].rule, "expected_principal");
        assert!(expected.reasons[0].text.plain().ends_with("Otherwise it would be CRITICAL."));
        assert_eq!(expected.reasons[1].rule, "target_is_administrator");
        // Neither the session's ARN, whose name anybody chooses, nor another role is the role's ARN.
        let other = judged(grave, "arn:aws:iam::111122223333:role/deploy").await;
        assert_eq!((other.severity, other.unless_expected), (Severity::Critical, None));
    }
}
