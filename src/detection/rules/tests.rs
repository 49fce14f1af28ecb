//! Each rule from both sides: a case that the rule applies to, and one that it does not apply to.

use super::*;
use crate::config::Settings;
use crate::detection::chains::completed;
use crate::detection::{PriorActivity, assess};
use crate::event::{Activity, Delivery};
use crate::history::{Entry, Handling, Line, Lines, MailStatus, RelatedActivity};
use crate::lookup::enrich;
use crate::lookup::snapshot::Snapshot;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const ROLE: &str = "arn:aws:iam::111122223333:role/ci/deploy";

/// A call and an account on which only the first rule has an opinion.
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

async fn judged(change: impl Fn(&mut Value, &mut Value), expected: &str) -> crate::detection::Assessment {
    judged_after(change, expected, &[], 0).await
}

/// The assessment after this, of which the newest was so many seconds ago: calls of the same caller on the same target.
async fn judged_after(
    change: impl Fn(&mut Value, &mut Value),
    expected: &str,
    before: &[Before],
    seconds: i64,
) -> crate::detection::Assessment {
    let (mut record, mut account) = quiet();
    change(&mut record, &mut account);
    let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
    let activity = Activity::from_delivery(&delivery).unwrap().activity().unwrap();
    let directory = Snapshot::from_json(&account.to_string()).unwrap();
    let dossier = enrich(&directory, &activity, Instant::now() + Duration::from_secs(1)).await;
    let settings = Settings::read(|name| match name {
        "AWS_SAM_LOCAL" => Some("true".to_owned()),
        "EXPECTED_PRINCIPALS" => Some(expected.to_owned()),
        "OWN_RESOURCES" => Some("arn:aws:iam::111122223333:role/alerts-AlertRole".to_owned()),
        _ => None,
    });
    let entry = Entry::new(&activity, steps_of(&activity), &json!({}), activity.time.unwrap_or_default());
    let lines = before.iter().enumerate().map(|(i, before)| Line {
        time: entry.line.time - TimeDelta::seconds(seconds + i64::try_from(i).unwrap()),
        event_id: format!("before-{i}").as_str().into(),
        call: before.call.into(),
        outcome: before.outcome.into(),
        steps: before.steps.to_vec(),
        severity: before.severity,
        handling: Handling { mail: Some(MailStatus::Published), ..Handling::default() },
        ..entry.line.clone()
    });
    let lines = Lines { lines: lines.collect(), unread: false };
    let related = RelatedActivity { by_actor: lines.clone(), to_target: lines, ..RelatedActivity::default() };
    let chains = completed(&entry, &related);
    let prior = PriorActivity { related, chains, ..PriorActivity::default() };
    let settings = settings.unwrap();
    assess(&Case::new(&activity, &dossier, &settings).after((!before.is_empty()).then_some(&prior)))
}

/// What happened before.
#[derive(Clone, Copy)]
struct Before {
    call: &'static str,
    outcome: &'static str,
    severity: Option<Severity>,
    steps: &'static [ChainStep],
}

/// The severity, and the rules of the reasons, the most severe first.
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
async fn an_attempt_is_medium_and_one_that_cannot_succeed_is_low() {
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
    assert_eq!((severity, rules), (Severity::High, vec!["target_can_escalate", "action"]));
}

#[tokio::test]
async fn a_target_that_could_be_an_administrator_under_a_condition_is_high() {
    let condition = |condition: Value| {
        move |_: &mut Value, account: &mut Value| {
            policy(account, "*");
            account["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"]["Statement"]["Condition"] =
                condition.clone();
        }
    };
    let conditional = verdict(condition(json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}))).await;
    assert_eq!(conditional, (Severity::High, vec!["target_may_escalate", "action"]));
    let by_tag = verdict(condition(json!({"StringEquals": {"aws:ResourceTag/team": "ops"}}))).await;
    assert_eq!(by_tag, (Severity::Medium, vec!["action", "target_may_escalate"]));
    let always = verdict(condition(json!({"Bool": {"aws:SecureTransport": "true"}}))).await;
    assert_eq!(always, (Severity::Critical, vec!["target_is_administrator", "action"]));
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
    assert_eq!((severity, rules[0]), (Severity::Critical, "caller_quarantined"));
    assert_eq!(verdict(holding("ReadOnlyAccess")).await.0, Severity::Medium);
}

#[tokio::test]
async fn a_target_with_credentials_is_high_but_not_with_inactive_ones() {
    let key = |status: &'static str| {
        move |_: &mut Value, account: &mut Value| {
            account["UserDetailList"][0]["AccessKeyMetadata"] = json!([{"AccessKeyId": "AKIANEW", "Status": status}]);
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
        assert_eq!((severity, rules[0]), (Severity::High, "external_principal"), "{identity}");
    }
}

#[tokio::test]
async fn workloads_are_high_also_if_only_their_session_name_shows_them() {
    let lambda =
        json!({"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": "arn:aws:lambda:us-east-1:1:function:f"});
    let by_lambda = verdict(|record, _| record["userIdentity"]["inScopeOf"] = lambda.clone()).await;
    assert_eq!(by_lambda, (Severity::High, vec!["workload_credentials", "action"]));
    let by_name = verdict(|record, _| record["userIdentity"]["principalId"] = json!("AROAEXAMPLE:i-0abc1234")).await;
    assert_eq!(by_name, (Severity::High, vec!["workload_credentials", "action"]));
    let person = verdict(|record, _| record["userIdentity"]["principalId"] = json!("AROAEXAMPLE:i-am-carol")).await;
    assert_eq!(person.0, Severity::Medium);
    let by_agent = verdict(|record, _| record["userAgent"] = json!("x exec-env/AWS_Lambda_python3.13")).await;
    assert_eq!(by_agent, (Severity::High, vec!["workload_credentials", "action"]));
    let ec2 = |record: &mut Value, _: &mut Value| {
        record["userIdentity"]["sessionContext"]["ec2RoleDelivery"] = json!("2.0");
    };
    assert_eq!(verdict(ec2).await.0, Severity::High);
}

#[tokio::test]
async fn cloud_shell_is_high() {
    let from = |agent: &'static str| move |record: &mut Value, _: &mut Value| record["userAgent"] = json!(agent);
    let shell = verdict(from("aws-cli/2.31 exec-env/CloudShell")).await;
    assert_eq!(shell, (Severity::High, vec!["cloudshell", "action"]));
    assert_eq!(verdict(from("aws-cli/2.31 exec-env/AWS_ECS_EC2")).await.0, Severity::Medium);
}

#[tokio::test]
async fn omitted_parameters_make_an_alert_at_least_medium() {
    let omitted = |record: &mut Value, _: &mut Value| {
        failed(record, "LimitExceeded");
        record["requestParameters"] = json!({"omitted": true});
    };
    assert_eq!(verdict(omitted).await, (Severity::Medium, vec!["parameters_omitted", "action"]));
}

#[tokio::test]
async fn a_long_lived_key_without_mfa_raises_the_severity_one_level() {
    let long_lived = verdict(|record, _| user(record, "AKIAEXAMPLE", "")).await;
    assert_eq!(long_lived, (Severity::High, vec!["long_lived_key_without_mfa", "action"]));
    assert_eq!(verdict(|record, _| user(record, "AKIAEXAMPLE", "true")).await.0, Severity::Medium);
    assert_eq!(verdict(|record, _| user(record, "ASIAEXAMPLE", "false")).await.0, Severity::Medium);
}

#[tokio::test]
async fn what_is_expected_is_low_and_all_reasons_are_given() {
    let expected = judged(|_, _| {}, "arn:aws:iam::111122223333:role/ci/*").await;
    assert_eq!((expected.severity, expected.unless_expected), (Severity::Low, Some(Severity::Medium)));
    assert_eq!(expected.reasons[0].rule, "expected");
    assert!(expected.reasons[0].text.plain().ends_with("Otherwise the severity would be MEDIUM."));
    // Callers can choose the session name in the session's ARN, so that ARN does not match; another role does not
    // match, either.
    let other = judged(|_, _| {}, "arn:aws:iam::111122223333:role/deploy").await;
    assert_eq!((other.severity, other.unless_expected), (Severity::Medium, None));
}

#[tokio::test]
async fn an_administrator_is_beyond_what_is_expected() {
    let administrator = |_: &mut Value, account: &mut Value| policy(account, "*");
    let expected = judged(administrator, "arn:aws:iam::111122223333:role/ci/*").await;
    assert_eq!((expected.severity, expected.unless_expected), (Severity::Critical, None));
    let said = expected.reasons.last().unwrap().text.plain();
    assert_eq!(
        said,
        "An expectation is about this (the setting ExpectedPrincipals has arn:aws:iam::111122223333:role/ci/*), but it does \
         not cover: administrator access; the severity CRITICAL."
    );
}

/// A call other than `CreateUser`, by alice of the quiet case unless changed.
fn call(record: &mut Value, name: &str, request: Value) {
    record["eventName"] = json!(name);
    record["requestParameters"] = request;
    record["responseElements"] = json!(null);
}

fn document(action: &str) -> String {
    json!({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}).to_string()
}

fn put(action: &'static str) -> impl Fn(&mut Value, &mut Value) {
    move |record, _| {
        let request = json!({"userName": "new", "policyName": "q", "policyDocument": document(action)});
        call(record, "PutUserPolicy", request);
    }
}

#[tokio::test]
async fn a_policy_is_judged_by_what_it_grants() {
    let (severity, rules) = verdict(put("iam:*")).await;
    assert_eq!((severity, rules), (Severity::Critical, vec!["grants_administrator", "action"]));
    let (severity, rules) = verdict(put("iam:PutUserPolicy")).await;
    assert_eq!((severity, rules), (Severity::High, vec!["grants_escalation", "action"]));
    assert_eq!(verdict(put("s3:GetObject")).await, (Severity::Low, vec!["action"]), "harmless, and read as a whole");
    let denied = |record: &mut Value, account: &mut Value| {
        put("iam:*")(record, account);
        failed(record, "AccessDenied");
    };
    assert_eq!(verdict(denied).await, (Severity::Medium, vec!["action"]));
}

#[tokio::test]
async fn two_policies_attached_one_after_the_other_do_not_hide_each_other() {
    let before = |record: &mut Value, account: &mut Value| {
        policy(account, "*");
        put("iam:*")(record, account);
    };
    let rules = vec!["grants_administrator", "action", "already_administrator"];
    assert_eq!(verdict(before).await, (Severity::Critical, rules));
    // When IAM shows the same policy later, the policy does not count as access from before.
    let shown = |record: &mut Value, account: &mut Value| {
        before(record, account);
        record["requestParameters"]["policyName"] = json!("p");
    };
    assert_eq!(verdict(shown).await.0, Severity::Critical);
}

#[tokio::test]
async fn an_attached_policy_is_judged_by_its_document_in_iam() {
    let attach = |arn: &'static str| {
        move |record: &mut Value, account: &mut Value| {
            call(record, "AttachUserPolicy", json!({"userName": "new", "policyArn": arn}));
            account["Policies"] = json!([{"Arn": "arn:aws:iam::111122223333:policy/wide", "PolicyVersionList": [
                {"VersionId": "v1", "IsDefaultVersion": true, "Document": serde_json::from_str::<Value>(&document("*")).unwrap()}]}]);
        }
    };
    for (arn, severity) in [
        ("arn:aws:iam::aws:policy/AdministratorAccess", Severity::Critical),
        ("arn:aws:iam::aws:policy/IAMFullAccess", Severity::Critical),
        ("arn:aws:iam::111122223333:policy/wide", Severity::Critical),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", Severity::Medium),
        // A policy that cannot be read must not look harmless.
        ("arn:aws:iam::111122223333:policy/gone", Severity::High),
    ] {
        assert_eq!(verdict(attach(arn)).await.0, severity, "{arn}");
    }
}

#[tokio::test]
async fn a_policy_without_attachments_and_a_version_not_in_effect_are_less_severe() {
    let version = |default: bool, held: bool| {
        move |record: &mut Value, account: &mut Value| {
            let arn = "arn:aws:iam::111122223333:policy/tools";
            let request = json!({"policyArn": arn, "policyDocument": document("*"), "setAsDefault": default});
            call(record, "CreatePolicyVersion", request);
            account["Policies"] = json!([{"Arn": arn, "PolicyVersionList": []}]);
            if held {
                account["UserDetailList"][0]["AttachedManagedPolicies"] =
                    json!([{"PolicyName": "tools", "PolicyArn": arn}]);
            }
        }
    };
    assert_eq!(verdict(version(true, true)).await.0, Severity::Critical);
    assert_eq!(verdict(version(true, false)).await.0, Severity::High);
    assert_eq!(verdict(version(false, true)).await.0, Severity::High);
    let create = |record: &mut Value, _: &mut Value| {
        call(record, "CreatePolicy", json!({"policyName": "tools", "policyDocument": document("*")}));
    };
    assert_eq!(verdict(create).await.0, Severity::Medium);
}

#[tokio::test]
async fn a_role_is_as_severe_as_its_trusted_principals() {
    let trust = |principal: Value| {
        move |record: &mut Value, _: &mut Value| {
            let document =
                json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}});
            let request = json!({"roleName": "r", "policyDocument": document.to_string()});
            call(record, "UpdateAssumeRolePolicy", request);
        }
    };
    for (principal, severity) in [
        (json!("*"), Severity::Critical),
        (json!({"AWS": "arn:aws:iam::999900001111:root"}), Severity::High),
        (json!({"AWS": "arn:aws:iam::111122223333:root"}), Severity::Medium),
        (json!({"Service": "ec2.amazonaws.com"}), Severity::Medium),
    ] {
        assert_eq!(verdict(trust(principal.clone())).await.0, severity, "{principal}");
    }
    // Within the account, a role with limited access is nothing to gain.
    let limited = |principal: Value, action: &'static str| {
        move |record: &mut Value, account: &mut Value| {
            trust(principal.clone())(record, account);
            account["RoleDetailList"] = json!([{"RoleName": "r", "RoleId": "AROAR", "Arn": "arn:aws:iam::111122223333:role/r",
                "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": serde_json::from_str::<Value>(&document(action)).unwrap()}]}]);
        }
    };
    let own = || json!({"AWS": "arn:aws:iam::111122223333:root"});
    assert_eq!(verdict(limited(own(), "logs:*")).await, (Severity::Low, vec!["action"]));
    assert_eq!(verdict(limited(own(), "*")).await.0, Severity::Critical);
    assert_eq!(verdict(limited(json!("*"), "logs:*")).await.0, Severity::Critical);
    let create = |principal: &'static str| {
        move |record: &mut Value, _: &mut Value| {
            let document = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"Service": principal}}});
            call(record, "CreateRole", json!({"roleName": "r", "assumeRolePolicyDocument": document.to_string()}));
        }
    };
    assert_eq!(verdict(create("ec2.amazonaws.com")).await, (Severity::Low, vec!["action"]));
}

#[tokio::test]
async fn a_credential_for_oneself_is_recognized_by_exact_identity() {
    let key = |identity: Value| {
        move |record: &mut Value, account: &mut Value| {
            call(record, "CreateAccessKey", json!({"userName": "carol"}));
            record["userIdentity"] = identity.clone();
            account["UserDetailList"][0]["UserName"] = json!("carol");
        }
    };
    let carol = |account: &str| {
        json!({"type": "IAMUser", "userName": "carol", "accountId": account, "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {"attributes": {"mfaAuthenticated": "true"}}})
    };
    let own = verdict(key(carol("111122223333"))).await;
    assert_eq!(own, (Severity::Medium, vec!["action", "own_credential"]));
    for other in [
        carol("999900001111"),
        json!({"type": "IAMUser", "userName": "mallory", "accountId": "111122223333"}),
        // A session name can be the name of any user.
        json!({"type": "AssumedRole", "accountId": "111122223333", "principalId": "AROAEXAMPLE:carol",
            "sessionContext": {"sessionIssuer": {"userName": "carol", "arn": "arn:aws:iam::111122223333:role/carol"}}}),
    ] {
        let (severity, rules) = verdict(key(other.clone())).await;
        assert_eq!((severity, rules.contains(&"credential_for_other")), (Severity::High, true), "{other}");
    }
}

#[tokio::test]
async fn a_change_to_an_administrator_is_as_severe_as_its_access() {
    for (name, request, severity) in [
        ("CreateAccessKey", json!({"userName": "new"}), Severity::Critical),
        ("UpdateLoginProfile", json!({"userName": "new"}), Severity::Critical),
        ("DeleteUserPermissionsBoundary", json!({"userName": "new"}), Severity::Critical),
        ("DeactivateMFADevice", json!({"userName": "new", "serialNumber": "x"}), Severity::Critical),
        ("EnableMFADevice", json!({"userName": "new", "serialNumber": "x"}), Severity::Medium),
        (
            "DetachUserPolicy",
            json!({"userName": "new", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
            Severity::Low,
        ),
        ("DeleteAccessKey", json!({"userName": "new", "accessKeyId": "x"}), Severity::Medium),
        ("DeleteLoginProfile", json!({"userName": "new"}), Severity::Medium),
    ] {
        let change = |record: &mut Value, account: &mut Value| {
            policy(account, "*");
            call(record, name, request.clone());
        };
        assert_eq!(verdict(change).await.0, severity, "{name}");
    }
}

#[tokio::test]
async fn removed_mfa_is_high_if_a_password_remains() {
    let deactivated = |devices: Value, password: Value| {
        move |record: &mut Value, account: &mut Value| {
            call(record, "DeactivateMFADevice", json!({"userName": "new", "serialNumber": "x"}));
            account["UserDetailList"][0]["MFADevices"] = devices.clone();
            account["UserDetailList"][0]["LoginProfile"] = password.clone();
        }
    };
    let password = json!({"CreateDate": "2026-01-01T00:00:00Z"});
    let alone = verdict(deactivated(json!([]), password.clone())).await;
    assert_eq!(alone, (Severity::High, vec!["protection_reduced", "action"]));
    let another = verdict(deactivated(json!([{"SerialNumber": "y"}]), password)).await;
    assert_eq!(another, (Severity::Medium, vec!["action", "protection_reduced"]));
    assert_eq!(verdict(deactivated(json!([]), json!(null))).await.0, Severity::Low, "there is no password");
    let of_root = |record: &mut Value, _: &mut Value| {
        let serial = "arn:aws:iam::111122223333:mfa/root-account-mfa-device";
        call(record, "DeactivateMFADevice", json!({"userName": "AWS ROOT USER", "serialNumber": serial}));
    };
    assert_eq!(verdict(of_root).await.0, Severity::Critical);
}

#[tokio::test]
async fn a_boundary_that_allows_everything_is_high() {
    let bound = |arn: &'static str| {
        move |record: &mut Value, _: &mut Value| {
            call(record, "PutUserPermissionsBoundary", json!({"userName": "new", "permissionsBoundary": arn}));
        }
    };
    assert_eq!(verdict(bound("arn:aws:iam::aws:policy/AdministratorAccess")).await.0, Severity::High);
    assert_eq!(verdict(bound("arn:aws:iam::aws:policy/PowerUserAccess")).await.0, Severity::Medium);
    assert_eq!(verdict(bound("arn:aws:iam::aws:policy/ReadOnlyAccess")).await.0, Severity::Medium, "nobody read it");
    let read = |record: &mut Value, account: &mut Value| {
        bound("arn:aws:iam::111122223333:policy/tight")(record, account);
        account["Policies"] = json!([{"Arn": "arn:aws:iam::111122223333:policy/tight", "PolicyVersionList": [
            {"IsDefaultVersion": true, "Document": {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}]}]);
    };
    assert_eq!(verdict(read).await, (Severity::Low, vec!["action"]));
}

#[tokio::test]
async fn weak_passwords_are_high() {
    let passwords = |length: u64, required: bool| {
        move |record: &mut Value, _: &mut Value| {
            let request = json!({"minimumPasswordLength": length, "requireSymbols": required, "requireNumbers": required,
                "requireUppercaseCharacters": required});
            call(record, "UpdateAccountPasswordPolicy", request);
        }
    };
    assert_eq!(verdict(passwords(6, true)).await, (Severity::High, vec!["weak_password_policy", "action"]));
    assert_eq!(verdict(passwords(14, false)).await.0, Severity::High);
    assert_eq!(verdict(passwords(14, true)).await, (Severity::Medium, vec!["action", "weak_password_policy"]));
    let deleted = |record: &mut Value, _: &mut Value| call(record, "DeleteAccountPasswordPolicy", json!(null));
    assert_eq!(verdict(deleted).await.0, Severity::Medium);
}

#[tokio::test]
async fn a_deny_that_is_removed_is_as_severe_as_the_access_that_it_held_back() {
    let detach = |policy: &'static str, action: &'static str| {
        move |record: &mut Value, account: &mut Value| {
            self::policy(account, action);
            let arn = format!("arn:aws:iam::aws:policy/{policy}");
            call(record, "DetachUserPolicy", json!({"userName": "new", "policyArn": arn}));
        }
    };
    let (severity, rules) = verdict(detach("AWSDenyAll", "*")).await;
    assert_eq!((severity, rules[0]), (Severity::Critical, "deny_lifted"));
    assert_eq!(verdict(detach("AWSDenyAll", "iam:PutUserPolicy")).await.1[0], "deny_lifted");
    assert!(!verdict(detach("AWSDenyAll", "s3:*")).await.1.contains(&"deny_lifted"));
    assert!(!verdict(detach("PowerUserAccess", "*")).await.1.contains(&"deny_lifted"), "it denied nothing");
    let delete = |action: &'static str| {
        move |record: &mut Value, account: &mut Value| {
            self::policy(account, action);
            call(record, "DeleteUserPolicy", json!({"userName": "new", "policyName": "gone"}));
        }
    };
    assert_eq!(verdict(delete("*")).await, (Severity::High, vec!["deny_lifted", "containment_removed", "action"]));
    assert!(!verdict(delete("s3:*")).await.1.contains(&"deny_lifted"));
}

#[tokio::test]
async fn the_whole_holder_is_judged() {
    let attach = |also: Value| {
        move |record: &mut Value, account: &mut Value| {
            account["UserDetailList"][0]["UserPolicyList"] = json!([{"PolicyName": "also", "PolicyDocument":
                {"Version": "2012-10-17", "Statement": also}}]);
            let arn = "arn:aws:iam::aws:policy/AdministratorAccess";
            account["UserDetailList"][0]["AttachedManagedPolicies"] =
                json!([{"PolicyName": "AdministratorAccess", "PolicyArn": arn}]);
            call(record, "AttachUserPolicy", json!({"userName": "new", "policyArn": arn}));
        }
    };
    let denied = verdict(attach(json!({"Effect": "Deny", "Action": "*", "Resource": "*"}))).await;
    assert_eq!(denied, (Severity::Medium, vec!["action", "grant_is_limited"]));
    let some = json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"});
    assert_eq!(verdict(attach(some)).await.0, Severity::Critical);
}

#[tokio::test]
async fn removing_containment_is_severe() {
    let detach = |policy: &'static str| {
        move |record: &mut Value, _: &mut Value| {
            let arn = format!("arn:aws:iam::aws:policy/{policy}");
            call(record, "DetachUserPolicy", json!({"userName": "new", "policyArn": arn}));
        }
    };
    assert_eq!(verdict(detach("AWSCompromisedKeyQuarantineV2")).await.0, Severity::Critical);
    assert_eq!(verdict(detach("AWSDenyAll")).await.0, Severity::High);
    assert_eq!(verdict(detach("ReadOnlyAccess")).await, (Severity::Low, vec!["action"]));
    let delete = |policy: &'static str| {
        move |record: &mut Value, _: &mut Value| {
            call(record, "DeleteUserPolicy", json!({"userName": "new", "policyName": policy}));
        }
    };
    assert_eq!(verdict(delete("incident-deny-all")).await.0, Severity::High);
    let unknown = verdict(delete("notes")).await;
    assert_eq!(unknown, (Severity::Low, vec!["action", "containment_removed"]), "what is left is limited");
    let of_administrator = |record: &mut Value, account: &mut Value| {
        delete("notes")(record, account);
        policy(account, "*");
    };
    assert_eq!(verdict(of_administrator).await.0, Severity::High, "what it denied is not known");
    let overwritten = |action: &'static str| {
        move |record: &mut Value, account: &mut Value| {
            put(action)(record, account);
            record["requestParameters"]["policyName"] = json!("incident-deny-all");
        }
    };
    let (severity, rules) = verdict(overwritten("s3:GetObject")).await;
    assert_eq!((severity, rules[0]), (Severity::High, "containment_removed"));
    let forbidding = |document: Value| {
        move |record: &mut Value, _: &mut Value| {
            let request = json!({"userName": "new", "policyName": "incident-revoke-sessions", "policyDocument": document.to_string()});
            call(record, "PutUserPolicy", request);
            record["eventTime"] = json!("2026-11-22T06:00:00Z");
        }
    };
    let revoke = |time: &str| {
        json!({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"DateLessThan": {"aws:TokenIssueTime": time}}}]})
    };
    let again = verdict(forbidding(revoke("2026-11-22T05:59:50Z"))).await;
    assert_eq!(again, (Severity::Medium, vec!["action", "deny_only"]));
    assert_eq!(verdict(forbidding(revoke("1970-01-01T00:00:00Z"))).await.0, Severity::High);
    let little = json!({"Statement": {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}});
    assert_eq!(verdict(forbidding(little)).await.0, Severity::High);
    let left = |policies: Value| {
        move |record: &mut Value, account: &mut Value| {
            call(record, "RemoveUserFromGroup", json!({"userName": "new", "groupName": "g"}));
            account["GroupDetailList"] = json!([{"GroupName": "g", "Arn": "arn:aws:iam::111122223333:group/g",
                "GroupPolicyList": policies}]);
        }
    };
    let deny = json!([{"PolicyName": "d", "PolicyDocument": {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}}]);
    assert_eq!(verdict(left(deny)).await.0, Severity::Medium);
    assert_eq!(verdict(left(json!([]))).await, (Severity::Low, vec!["action"]));
}

#[tokio::test]
async fn the_functions_own_role_is_critical_and_a_deployment_is_reported() {
    let on = |role: &'static str| {
        move |record: &mut Value, _: &mut Value| {
            call(record, "DeleteRolePolicy", json!({"roleName": role, "policyName": "alert"}));
        }
    };
    let (severity, rules) = verdict(on("alerts-AlertRole")).await;
    assert_eq!((severity, rules[0]), (Severity::Critical, "self_protection"));
    assert_eq!(verdict(on("other")).await.0, Severity::Low);
    let deployed = |record: &mut Value, account: &mut Value| {
        on("alerts-AlertRole")(record, account);
        record["sourceIPAddress"] = json!("cloudformation.amazonaws.com");
    };
    let (severity, rules) = verdict(deployed).await;
    assert_eq!((severity, rules.last()), (Severity::Critical, Some(&"deployment")));
    // An expected principal does not lower the severity here.
    let expected = judged(on("alerts-AlertRole"), "arn:aws:iam::111122223333:role/ci/*").await;
    assert_eq!((expected.severity, expected.unless_expected), (Severity::Critical, None));
}

#[tokio::test]
async fn routine_is_low_by_action_and_not_by_user_agent() {
    let tag = |record: &mut Value, _: &mut Value| {
        call(record, "TagRole", json!({"roleName": "r"}));
        user(record, "AKIAEXAMPLE", "");
    };
    let context = vec!["action", "long_lived_key_without_mfa"];
    assert_eq!(verdict(tag).await, (Severity::Low, context), "a key without MFA makes nothing of it");
    let service = |record: &mut Value, _: &mut Value| {
        record["userIdentity"] = json!({"type": "AWSService", "invokedBy": "ses.amazonaws.com"});
    };
    assert_eq!(verdict(service).await, (Severity::Low, vec!["action"]));
    // Callers can write any user agent, and can use CloudFormation for the call.
    let pretender = |record: &mut Value, _: &mut Value| {
        record["userAgent"] = json!("ses.amazonaws.com");
        record["sourceIPAddress"] = json!("cloudformation.amazonaws.com");
    };
    assert_eq!(verdict(pretender).await.0, Severity::Medium);
    let powerful = |record: &mut Value, account: &mut Value| {
        service(record, account);
        policy(account, "*");
    };
    assert_eq!(verdict(powerful).await.0, Severity::Critical);
}

#[tokio::test]
async fn root_at_the_console_is_critical_and_a_failed_attempt_is_high() {
    let sign_in = |mfa: &'static str, answer: &'static str| {
        move |record: &mut Value, _: &mut Value| {
            call(record, "ConsoleLogin", json!(null));
            record["eventSource"] = json!("signin.amazonaws.com");
            record["userIdentity"] = json!({"type": "Root", "accountId": "111122223333"});
            record["responseElements"] = json!({"ConsoleLogin": answer});
            record["additionalEventData"] = json!({"MFAUsed": mfa});
        }
    };
    assert_eq!(verdict(sign_in("Yes", "Success")).await, (Severity::Critical, vec!["action", "root_sign_in"]));
    assert_eq!(verdict(sign_in("No", "Success")).await, (Severity::Critical, vec!["action", "root_sign_in"]));
    assert_eq!(verdict(sign_in("No", "Failure")).await, (Severity::High, vec!["action"]));
}

#[tokio::test]
async fn an_unfamiliar_change_is_medium() {
    let invented = |record: &mut Value, _: &mut Value| call(record, "InventedLastYear", json!({"a": 1}));
    assert_eq!(verdict(invented).await, (Severity::Medium, vec!["action"]));
}

#[tokio::test]
async fn a_policy_that_cannot_be_parsed_is_high() {
    let odd = |document: &'static str| {
        move |record: &mut Value, _: &mut Value| {
            let request = json!({"userName": "new", "policyName": "q", "policyDocument": document});
            call(record, "PutUserPolicy", request);
        }
    };
    let both = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "NotResource": "x"}}"#;
    for document in ["not json", both] {
        assert_eq!(verdict(odd(document)).await, (Severity::High, vec!["grants_escalation", "action"]), "{document}");
    }
}

#[tokio::test]
async fn access_from_a_group_is_not_access_from_the_call() {
    let attach = |record: &mut Value, account: &mut Value| {
        call(
            record,
            "AttachUserPolicy",
            json!({"userName": "new", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        );
        account["UserDetailList"][0]["GroupList"] = json!(["g"]);
        account["GroupDetailList"] = json!([{"GroupName": "g", "AttachedManagedPolicies": [
            {"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]}]);
    };
    let (severity, rules) = verdict(attach).await;
    assert_eq!(
        (severity, rules),
        (Severity::Critical, vec!["grants_administrator", "action", "already_administrator"])
    );
}

#[tokio::test]
async fn a_delegate_is_an_outsider_whom_no_expectation_covers() {
    let delegated = |record: &mut Value, _: &mut Value| {
        record["userIdentity"]["invokedByDelegate"] = json!({"accountId": "999900001111"});
    };
    let (severity, rules) = verdict(delegated).await;
    assert_eq!((severity, rules[0]), (Severity::High, "external_principal"));
    let expected = judged(delegated, "arn:aws:iam::111122223333:role/ci/*").await;
    assert_eq!((expected.severity, expected.unless_expected), (Severity::High, None));
}

#[tokio::test]
async fn a_root_session_is_judged_by_what_it_does() {
    let session = |name: &'static str| {
        move |record: &mut Value, _: &mut Value| {
            call(record, name, json!(null));
            record["userIdentity"] = json!({"type": "Root", "accountId": "111122223333", "accessKeyId": "ASIAEXAMPLE",
                "arn": "arn:aws:iam::111122223333:root", "sessionContext": {"assumedRoot": "true"}});
        }
    };
    for (name, severity) in [
        ("DeleteLoginProfile", Severity::Medium),
        ("DeleteAccessKey", Severity::Medium),
        ("DeactivateMFADevice", Severity::High),
        ("CreateLoginProfile", Severity::Critical),
        ("CreateUser", Severity::High),
    ] {
        assert_eq!(verdict(session(name)).await.0, severity, "{name}");
    }
}

#[tokio::test]
async fn the_quarantine_is_critical_on_attach_and_on_whoever_has_it() {
    const ARN: &str = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3";
    let attach = |record: &mut Value, _: &mut Value| {
        call(record, "AttachUserPolicy", json!({"userName": "new", "policyArn": ARN}));
    };
    let (severity, rules) = verdict(attach).await;
    assert_eq!((severity, rules[0]), (Severity::Critical, "quarantined"));
    // Neither the caller nor an expectation makes an exposed key less severe.
    let by_aws = |record: &mut Value, account: &mut Value| {
        attach(record, account);
        record["userIdentity"] = json!({"type": "AWSService", "invokedBy": "AWS Internal"});
    };
    assert_eq!(verdict(by_aws).await.0, Severity::Critical);
    assert_eq!(judged(attach, "arn:aws:iam::111122223333:role/ci/*").await.severity, Severity::Critical);
    let inline = |document: Value| {
        move |record: &mut Value, _: &mut Value| {
            let request = json!({"userName": "new", "policyName": "AWSCompromisedKeyQuarantine",
                "policyDocument": document.to_string()});
            call(record, "PutUserPolicy", request);
        }
    };
    let denies = json!({"Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}});
    assert_eq!(verdict(inline(denies)).await.1[0], "quarantined");
    // An intruder's policy of this name does not pass as AWS's.
    let grants = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let (severity, rules) = verdict(inline(grants)).await;
    assert!(severity == Severity::Critical && !rules.contains(&"quarantined"), "{rules:?}");
    let has = |name: &'static str, request: Value| {
        move |record: &mut Value, account: &mut Value| {
            call(record, name, request.clone());
            account["UserDetailList"][0]["AttachedManagedPolicies"] =
                json!([{"PolicyName": "AWSCompromisedKeyQuarantineV3", "PolicyArn": ARN}]);
        }
    };
    let (severity, rules) = verdict(has("CreateAccessKey", json!({"userName": "new"}))).await;
    assert_eq!((severity, rules[0]), (Severity::Critical, "target_quarantined"));
    let deletes = verdict(has("DeleteAccessKey", json!({"userName": "new", "accessKeyId": "AKIAEXAMPLE"}))).await;
    assert_eq!(deletes, (Severity::Low, vec!["action", "target_quarantined"]), "the responder cleans up");
}

#[tokio::test]
async fn what_aws_refuses_for_the_moment_is_low() {
    for code in [
        "ThrottlingException",
        "ConcurrentModificationException",
        "EntityTemporarilyUnmodifiableException",
        "ServiceFailureException",
    ] {
        let refused = |record: &mut Value, account: &mut Value| {
            put("iam:*")(record, account);
            failed(record, code);
        };
        assert_eq!(verdict(refused).await, (Severity::Low, vec!["action"]), "{code}");
    }
    let unknown = judged(|record, _| failed(record, "InventedLastYear"), "").await;
    assert!(unknown.reasons[0].text.plain().contains("InventedLastYear"));
    let quota = |record: &mut Value, _: &mut Value| {
        failed(record, "LimitExceededException");
        record["errorMessage"] = json!("Cannot exceed quota for UsersPerAccount: 5000");
    };
    let reason = judged(quota, "").await.reasons[0].text.plain();
    assert!(reason.contains("the quota UsersPerAccount (5000) of the account is used up"), "{reason}");
}

#[tokio::test]
async fn a_policy_that_is_not_in_the_event_is_high_and_nothing_is_claimed() {
    let absent = |record: &mut Value, _: &mut Value| {
        call(record, "PutUserPolicy", json!({"userName": "new", "policyName": "q"}));
    };
    let (severity, rules) = verdict(absent).await;
    assert_eq!((severity, rules[0]), (Severity::High, "parameters_omitted"));
    for name in ["UpdateAssumeRolePolicy", "CreateRole"] {
        let absent = |record: &mut Value, _: &mut Value| call(record, name, json!({"roleName": "r"}));
        assert_eq!(verdict(absent).await.0, Severity::High, "{name}");
    }
    let denied = |record: &mut Value, account: &mut Value| {
        absent(record, account);
        failed(record, "AccessDenied");
    };
    assert_eq!(verdict(denied).await.0, Severity::Medium);
}

#[tokio::test]
async fn a_key_without_mfa_raises_only_a_gain_of_access() {
    let by_key = |change: &dyn Fn(&mut Value, &mut Value)| {
        let (mut record, mut account) = quiet();
        change(&mut record, &mut account);
        user(&mut record, "AKIAEXAMPLE", "");
        (record, account)
    };
    let level = async |change: &dyn Fn(&mut Value, &mut Value)| {
        let (record, account) = by_key(change);
        verdict(|of_record, of_account| (*of_record, *of_account) = (record.clone(), account.clone())).await.0
    };
    assert_eq!(level(&|_, _| {}).await, Severity::High, "a new user");
    assert_eq!(level(&put("iam:PutUserPolicy")).await, Severity::Critical);
    assert_eq!(level(&put("logs:*")).await, Severity::Low);
    let named = |record: &mut Value, _: &mut Value| {
        let arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
        call(record, "AttachUserPolicy", json!({"userName": "new", "policyArn": arn}));
    };
    assert_eq!(level(&named).await, Severity::Medium);
    let denied = |record: &mut Value, _: &mut Value| failed(record, "AccessDenied");
    assert_eq!(level(&denied).await, Severity::Medium, "nobody gained anything");
}

#[tokio::test]
async fn a_change_of_a_saml_provider_is_judged_by_what_it_carries() {
    let update = |request: Value| {
        move |record: &mut Value, _: &mut Value| {
            let mut request = request.clone();
            request["sAMLProviderArn"] = json!("arn:aws:iam::111122223333:saml-provider/corp");
            call(record, "UpdateSAMLProvider", request);
        }
    };
    let level = async |request: Value| verdict(update(request)).await.0;
    assert_eq!(level(json!({"sAMLMetadataDocument": "<x/>"})).await, Severity::High);
    assert_eq!(level(json!({"assertionEncryptionMode": "Required"})).await, Severity::Low);
    assert_eq!(level(json!({"assertionEncryptionMode": "Allowed"})).await, Severity::Medium);
    assert_eq!(
        level(json!({"assertionEncryptionMode": "Required", "sAMLMetadataDocument": "<x/>"})).await,
        Severity::High
    );
    let reason = judged(update(json!({"addPrivateKey": "x"})), "").await.reasons[0].text.plain();
    assert_eq!(reason, "AWS can decrypt assertions with one more private key now.");
    let unread = |record: &mut Value, _: &mut Value| call(record, "UpdateSAMLProvider", json!(null));
    assert_eq!(verdict(unread).await.0, Severity::High);
}

#[tokio::test]
async fn a_masked_account_is_unknown_and_not_another() {
    let masked = |record: &mut Value, _: &mut Value| record["userIdentity"]["accountId"] = json!("xxxxxxxxxxxx");
    let judged = judged(masked, "").await;
    assert_eq!(judged.severity, Severity::Medium);
    assert!(judged.reasons.iter().all(|reason| !reason.text.plain().contains("another account")));
}

#[tokio::test]
async fn a_service_without_a_name_is_said_once_and_without_contradiction() {
    let unnamed = |record: &mut Value, _: &mut Value| record["userIdentity"] = json!({"type": "AWSService"});
    let (severity, rules) = verdict(unnamed).await;
    assert_eq!((severity, rules), (Severity::Low, vec!["action"]));
}

#[tokio::test]
async fn the_provider_of_identity_center_belongs_to_identity_center() {
    const ARN: &str = "arn:aws:iam::111122223333:saml-provider/AWSSSO_0a1b_DO_NOT_DELETE";
    let deleted = |record: &mut Value, _: &mut Value| {
        call(record, "DeleteSAMLProvider", json!({"sAMLProviderArn": ARN}));
    };
    let (severity, rules) = verdict(deleted).await;
    assert_eq!((severity, rules[0]), (Severity::High, "identity_center_provider"));
    let by_service = |record: &mut Value, account: &mut Value| {
        deleted(record, account);
        let arn = "arn:aws:iam::111122223333:role/aws-service-role/sso.amazonaws.com/AWSServiceRoleForSSO";
        record["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] = json!(arn);
    };
    assert_eq!(verdict(by_service).await, (Severity::Low, vec!["action"]));
    let another = |record: &mut Value, _: &mut Value| {
        call(record, "DeleteSAMLProvider", json!({"sAMLProviderArn": "arn:aws:iam::111122223333:saml-provider/corp"}));
    };
    assert_eq!(verdict(another).await, (Severity::Medium, vec!["locks_out", "action"]));
}

#[tokio::test]
async fn what_only_the_root_user_can_do_is_not_called_misuse() {
    let by_root = |name: &'static str, request: Value| {
        move |record: &mut Value, _: &mut Value| {
            call(record, name, request.clone());
            record["userIdentity"] = json!({"type": "Root", "accountId": "111122223333",
                "arn": "arn:aws:iam::111122223333:root"});
        }
    };
    let reason = async |name: &'static str, request: Value| {
        let judged = judged(by_root(name, request), "").await;
        judged.reasons.iter().find(|reason| reason.rule == "root_user").unwrap().text.plain()
    };
    let serial = "arn:aws:iam::111122223333:mfa/root-account-mfa-device";
    for (name, request) in [
        ("EnableMFADevice", json!({"serialNumber": serial})),
        ("EnableMFADevice", json!({"userName": "root", "serialNumber": serial})),
        ("CreateVirtualMFADevice", json!({"virtualMFADeviceName": "root-account-mfa-device"})),
        ("CreateAccessKey", json!(null)),
    ] {
        assert!(reason(name, request).await.contains("Nobody else can change"), "{name}");
    }
    assert!(reason("CreateUser", json!({"userName": "x"})).await.contains("should not be used for this"));
}

#[tokio::test]
async fn what_is_not_known_is_high_and_a_key_does_not_raise_it() {
    let by_key = async |name: &'static str, request: Value| {
        verdict(|record, _| {
            call(record, name, request.clone());
            user(record, "AKIAEXAMPLE", "");
        })
        .await
        .0
    };
    assert_eq!(by_key("PutUserPolicy", json!({"userName": "new", "policyName": "q"})).await, Severity::High);
    assert_eq!(
        by_key("AttachUserPolicy", json!({"userName": "new"})).await,
        Severity::High,
        "which policy is not known"
    );
    assert_eq!(by_key("AddUserToGroup", json!({"userName": "new"})).await, Severity::High);
}

#[tokio::test]
async fn a_key_for_bedrock_is_severe_if_it_lives_long() {
    let own = |days: Value| {
        move |record: &mut Value, _: &mut Value| {
            let mut request = json!({"userName": "carol", "serviceName": "bedrock.amazonaws.com"});
            request["credentialAgeDays"] = days.clone();
            call(record, "CreateServiceSpecificCredential", request);
            user(record, "ASIAEXAMPLE", "true");
        }
    };
    for (days, severity) in [
        (json!(null), Severity::High),
        (json!(30), Severity::Medium),
        (json!(366), Severity::Medium),
        (json!(36_500), Severity::High),
        (json!("36500"), Severity::High),
    ] {
        assert_eq!(verdict(own(days.clone())).await.0, severity, "{days}");
    }
}

/// The verdict on an inline policy with these statements, for a target that may do this in any case.
async fn put_statements(statements: Value, may: &str) -> (Severity, Vec<&'static str>) {
    let request = json!({"userName": "new", "policyName": "q",
        "policyDocument": json!({"Statement": statements}).to_string()});
    verdict(|record, account| {
        call(record, "PutUserPolicy", request.clone());
        if !may.is_empty() {
            policy(account, may);
        }
    })
    .await
}

#[tokio::test]
async fn only_what_neither_denies_nor_silences_nor_hides_a_deny_is_harmless() {
    let allow = |actions: Value| json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    assert_eq!(put_statements(json!([allow(json!("logs:*"))]), "").await.0, Severity::Low);
    let deny = json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
    let lockout = json!([deny, allow(json!("logs:Get*"))]);
    assert_eq!(put_statements(lockout, "").await.0, Severity::Medium, "an allow hides no lockout");
    assert_eq!(
        put_statements(json!([allow(json!("logs:*"))]), "*").await.0,
        Severity::Medium,
        "a guardrail may be gone"
    );
    for action in ["cloudtrail:*", "events:DisableRule", "sns:Unsubscribe"] {
        assert_eq!(put_statements(json!([allow(json!(action))]), "").await.0, Severity::Medium, "{action}");
    }
    let elsewhere =
        json!([{"Effect": "Allow", "Action": "sns:*", "Resource": "arn:aws:sns:eu-west-1:111122223333:shop"}]);
    assert_eq!(put_statements(elsewhere, "").await.0, Severity::Low);
}

#[tokio::test]
async fn a_deny_is_not_lost_with_its_group() {
    let leaves = |record: &mut Value, account: &mut Value| {
        call(record, "RemoveUserFromGroup", json!({"userName": "new", "groupName": "gone"}));
        policy(account, "*");
    };
    let (severity, rules) = verdict(leaves).await;
    assert!(severity >= Severity::Medium && rules.contains(&"containment_removed"), "{severity} {rules:?}");
}

#[tokio::test]
async fn a_hollow_policy_or_one_of_the_customer_is_no_quarantine() {
    let hollow = |record: &mut Value, _: &mut Value| {
        let document = json!({"Statement": {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}});
        let request = json!({"userName": "new", "policyName": "AWSCompromisedKeyQuarantineV3",
            "policyDocument": document.to_string()});
        call(record, "PutUserPolicy", request);
    };
    let (severity, rules) = verdict(hollow).await;
    assert_eq!((severity, rules[0]), (Severity::High, "containment_removed"), "the real one may be overwritten");
    let of_customer = |record: &mut Value, _: &mut Value| {
        let arn = "arn:aws:iam::111122223333:policy/AWSCompromisedKeyQuarantineV3";
        call(record, "AttachUserPolicy", json!({"userName": "new", "policyArn": arn}));
    };
    assert!(!verdict(of_customer).await.1.contains(&"quarantined"));
}

#[tokio::test]
async fn a_lockout_and_a_possible_overwrite_are_said() {
    let rules = async |statements: Value, may: &'static str| put_statements(statements, may).await.1;
    let allow = json!({"Effect": "Allow", "Action": "logs:*", "Resource": "*"});
    let deny = json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
    assert!(rules(json!([allow, deny]), "").await.contains(&"also_denies"));
    assert!(rules(json!([allow]), "*").await.contains(&"may_replace_deny"));
    assert_eq!(rules(json!([allow]), "").await, ["action"]);
}

#[tokio::test]
async fn a_new_user_with_limited_policies_is_a_new_colleague() {
    let created = Before {
        call: "iam:CreateUser",
        outcome: "succeeded",
        severity: Some(Severity::Medium),
        steps: &[ChainStep::UserCreated],
    };
    let equipped = async |name: &'static str, action: &'static str| {
        let change = |record: &mut Value, _: &mut Value| {
            let document = json!({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}).to_string();
            call(record, name, json!({"userName": "new", "policyName": "q", "policyDocument": document}));
            record["eventTime"] = json!("2026-11-22T05:59:57Z");
        };
        let assessment = judged_after(change, "", &[created], 30).await;
        assert!(assessment.reasons.iter().any(|reason| reason.rule == "new_user_with_access"), "it is said");
        assessment.severity
    };
    assert_eq!(equipped("PutUserPolicy", "s3:GetObject").await, Severity::Low);
    assert_eq!(equipped("PutUserPolicy", "iam:*").await, Severity::Critical);
    assert_eq!(equipped("CreateAccessKey", "s3:GetObject").await, Severity::Critical, "a credential is access");
}

#[tokio::test]
async fn a_pipeline_that_is_too_fast_for_iam_is_low_and_a_guess_is_not() {
    for (name, code, severity) in [
        ("AttachRolePolicy", "NoSuchEntityException", Severity::Low),
        ("UpdateAssumeRolePolicy", "MalformedPolicyDocumentException", Severity::Low),
        ("CreatePolicyVersion", "NoSuchEntityException", Severity::Low),
        ("AttachRolePolicy", "AccessDenied", Severity::Medium),
        ("AttachRolePolicy", "InventedLastYear", Severity::Medium),
        ("AttachUserPolicy", "NoSuchEntityException", Severity::Medium),
        ("UpdateLoginProfile", "NoSuchEntityException", Severity::Medium),
        ("DeactivateMFADevice", "NoSuchEntityException", Severity::Medium),
    ] {
        let change = |record: &mut Value, _: &mut Value| {
            call(
                record,
                name,
                json!({"roleName": "deploy", "userName": "new", "policyArn": "arn:aws:iam::aws:policy/x"}),
            );
            failed(record, code);
        };
        assert_eq!(verdict(change).await.0, severity, "{name} {code}");
    }
}

#[tokio::test]
async fn a_rotation_with_mfa_by_somebody_with_limited_access_is_low() {
    let made = async |key: &'static str, mfa: &'static str, former: bool, action: &'static str| {
        let change = |record: &mut Value, account: &mut Value| {
            user(record, key, mfa);
            call(record, "CreateAccessKey", json!({"userName": "carol"}));
            record["responseElements"] = json!({"accessKey": {"accessKeyId": "AKIANEW", "userName": "carol"}});
            policy(account, action);
            let all = &mut account["UserDetailList"][0];
            all["UserName"] = json!("carol");
            all["Arn"] = json!("arn:aws:iam::111122223333:user/carol");
            let keys = ["AKIANEW", "AKIAFORMER"].map(|id| json!({"AccessKeyId": id, "Status": "Active"}));
            all["AccessKeyMetadata"] = json!(keys[..if former { 2 } else { 1 }]);
        };
        verdict(change).await.0
    };
    assert_eq!(made("ASIAEXAMPLE", "true", true, "s3:GetObject").await, Severity::Low);
    assert_eq!(made("ASIAEXAMPLE", "true", false, "s3:GetObject").await, Severity::Medium, "a first key");
    assert_eq!(made("ASIAEXAMPLE", "false", true, "s3:GetObject").await, Severity::Medium, "no MFA");
    assert_eq!(made("AKIAEXAMPLE", "true", true, "s3:GetObject").await, Severity::Medium, "no session");
    assert_eq!(made("ASIAEXAMPLE", "true", true, "iam:*").await, Severity::Medium, "an administrator");
}

#[tokio::test]
async fn a_device_of_somebody_without_a_password_is_low() {
    let with = async |password: Value, action: &'static str, keys: bool| {
        let change = |record: &mut Value, account: &mut Value| {
            call(
                record,
                "DeactivateMFADevice",
                json!({"userName": "new", "serialNumber": "arn:aws:iam::111122223333:mfa/new"}),
            );
            policy(account, action);
            account["UserDetailList"][0]["LoginProfile"] = password.clone();
            if keys {
                account["UserDetailList"][0]["AccessKeyMetadata"] =
                    json!([{"AccessKeyId": "AKIA", "Status": "Active"}]);
            }
        };
        verdict(change).await.0
    };
    let deactivated = async |password: Value, action: &'static str| with(password, action, false).await;
    assert_eq!(deactivated(json!(null), "s3:GetObject").await, Severity::Low);
    assert_eq!(with(json!(null), "s3:GetObject", true).await, Severity::Medium, "a key may need the device");
    let password = json!({"CreateDate": "2026-01-01T00:00:00Z"});
    assert_eq!(deactivated(password, "s3:GetObject").await, Severity::High);
    assert_eq!(deactivated(json!(null), "*").await, Severity::Critical, "an administrator");
}

#[tokio::test]
async fn a_new_device_after_the_lost_one_is_part_of_its_alert() {
    let removed = |severity| Before {
        call: "iam:DeactivateMFADevice",
        outcome: "succeeded",
        severity: Some(severity),
        steps: &[ChainStep::MfaRemoved],
    };
    let registered = async |before: &[Before], seconds| {
        let change = |record: &mut Value, _: &mut Value| {
            call(
                record,
                "EnableMFADevice",
                json!({"userName": "new", "serialNumber": "arn:aws:iam::111122223333:mfa/2"}),
            );
            record["eventTime"] = json!("2026-11-22T05:59:57Z");
        };
        judged_after(change, "", before, seconds).await.severity
    };
    assert_eq!(registered(&[removed(Severity::High)], 90).await, Severity::Low);
    assert_eq!(registered(&[removed(Severity::High)], 2 * 3600).await, Severity::Medium, "long ago");
    assert_eq!(registered(&[removed(Severity::Low)], 90).await, Severity::Medium, "not mailed");
    assert_eq!(registered(&[], 0).await, Severity::Medium);
}

#[tokio::test]
async fn somebody_who_is_denied_again_is_low_until_it_is_a_series() {
    let denied = |severity| Before {
        call: "iam:CreateUser",
        outcome: "denied",
        severity: Some(severity),
        steps: &[ChainStep::Denied],
    };
    let again = async |before: &[Before], seconds| {
        let change = |record: &mut Value, _: &mut Value| {
            failed(record, "AccessDenied");
            record["eventTime"] = json!("2026-11-22T05:59:57Z");
        };
        judged_after(change, "", before, seconds).await.severity
    };
    let (first, more) = (denied(Severity::Medium), denied(Severity::Low));
    assert_eq!(again(&[first], 20).await, Severity::Low);
    assert_eq!(again(&[more, more, first], 20).await, Severity::Low);
    assert_eq!(again(&[more, more, more, more, first], 20).await, Severity::Medium, "one in five");
    assert_eq!(again(&[first, more, more, more, more, first], 20).await, Severity::Low, "and the next four are not");
    assert_eq!(again(&[first], 2 * 3600).await, Severity::Medium, "long ago");
    assert_eq!(again(&[more], 20).await, Severity::Medium, "nobody was alerted");
    assert_eq!(again(&[], 0).await, Severity::Medium);
}

/// A row that covers everything that rows can name.
async fn with_everything_expected(name: &str, source: &str, request: Value) -> crate::detection::Assessment {
    let (mut record, account) = quiet();
    record["eventSource"] = json!(format!("{source}.amazonaws.com"));
    call(&mut record, name, request);
    let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
    let activity = Activity::from_delivery(&delivery).unwrap().activity().unwrap();
    let directory = Snapshot::from_json(&account.to_string()).unwrap();
    let dossier = enrich(&directory, &activity, Instant::now() + Duration::from_secs(1)).await;
    let settings = Settings::read(|name| (name == "AWS_SAM_LOCAL").then(|| "true".to_owned())).unwrap();
    let all: Vec<_> = crate::config::Limit::ALL.into_iter().map(crate::config::Limit::word).collect();
    let text = format!(
        "expectations:\n  - who: arn:aws:iam::111122223333:role/ci/*\n    why: x\n    up_to: CRITICAL\n    including: [{}]\n",
        all.join(", ")
    );
    let rows = crate::config::expectations::read(&text, "main", &std::collections::BTreeMap::new()).unwrap();
    let expectations = crate::config::Expectations(rows);
    assess(&Case::new(&activity, &dossier, &settings).expecting(&expectations))
}

#[tokio::test]
async fn nobody_can_expect_that_expectations_are_written() {
    let written = with_everything_expected("PutParameter", "ssm", json!({"name": "/x/expectations/main"})).await;
    assert_eq!((written.severity, written.unless_expected), (Severity::High, None));
    let other = with_everything_expected("CreateGroup", "iam", json!({"groupName": "readers"})).await;
    assert_eq!((other.severity, other.reasons[0].rule), (Severity::Low, "expected"));
}

#[tokio::test]
async fn what_locks_others_out_or_lets_the_organization_in_is_beyond_what_is_expected() {
    let expected = "arn:aws:iam::111122223333:role/ci/*";
    let deleted =
        judged(|record, _| call(record, "DeleteRole", json!({"roleName": "break-glass-admin"})), expected).await;
    assert!(deleted.severity >= Severity::Medium && deleted.limits.contains(&crate::config::Limit::LockOut));
    let trust = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ssm.amazonaws.com"}}});
    let request = json!({"roleName": "x", "assumeRolePolicyDocument": trust.to_string()});
    let served = judged(|record, _| call(record, "CreateRole", request.clone()), expected).await;
    assert!(served.limits.contains(&crate::config::Limit::OutsideTrust), "{served:?}");
}
