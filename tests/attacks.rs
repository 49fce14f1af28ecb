//! What an attacker who has read this code would try first, to look harmless or to stay unseen. Each test is one attempt.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use common::{account, draft, event, settings};
use iam_security_alert::app::Draft;
use iam_security_alert::lookup::snapshot::Snapshot;
use iam_security_alert::severity::Severity;
use serde_json::{Value, json};

const ACCOUNT: &str = "123456789012";

/// A call by ops-carol, with her access key, in the account of the fixtures.
fn call(name: &str, request: &Value) -> Value {
    let mut event = event("create_user.json");
    event["detail"]["eventName"] = json!(name);
    event["detail"]["requestParameters"] = request.clone();
    event["detail"]["responseElements"] = json!(null);
    event
}

fn alert(name: &str, request: &Value) -> Draft<'static> {
    draft(account(), call(name, request), settings(&[]))
}

fn reasons(draft: &Draft<'_>) -> Vec<String> {
    draft.alert.reasons.iter().map(|reason| format!("{}: {}", reason.rule, reason.text.plain())).collect()
}

fn put(statement: &Value) -> Value {
    let document = json!({"Version": "2012-10-17", "Statement": statement});
    json!({"userName": "deploy-bot", "policyName": "p", "policyDocument": document.to_string()})
}

/// A name that is read out of a pattern, one letter at a time.
fn each_letter(prefix: &str) -> Vec<String> {
    ('a'..='z').chain('A'..='Z').map(|letter| format!("{prefix}{letter}*")).collect()
}

#[test]
fn a_pattern_that_only_leaves_out_short_names_covers_all() {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/");
    let many = |text: &str| json!(format!("{role}{text}"));
    for resource in [
        many("*"),
        many("??*"),
        many("*??"),
        many(&format!("{}*", "?".repeat(24))),
        json!(each_letter(&role)),
        json!(["a", "e", "i", "o", "u"].map(|vowel| format!("{role}*{vowel}*"))),
        json!("*:role/*"),
        json!("arn:aws:iam::*:*"),
    ] {
        for (action, more) in [("sts:AssumeRole", None), ("iam:PassRole", Some("lambda:*"))] {
            let mut statements = vec![json!({"Effect": "Allow", "Action": action, "Resource": resource})];
            statements.extend(more.map(|more| json!({"Effect": "Allow", "Action": more, "Resource": "*"})));
            let alert = alert("PutUserPolicy", &put(&json!(statements)));
            assert!(alert.alert.severity >= Severity::High, "{action} {resource}: {:?}", reasons(&alert));
        }
    }
}

#[test]
fn all_actions_written_in_another_way_are_all_actions() {
    let letters = |service: &str| json!(each_letter(service));
    for action in [json!("??*"), json!("iam:???*"), json!("*:???*"), letters("iam:"), letters("")] {
        let alert =
            alert("PutUserPolicy", &put(&json!({"Effect": "Allow", "Action": action.clone(), "Resource": "?*"})));
        assert_eq!(alert.alert.severity, Severity::Critical, "{action}: {:?}", reasons(&alert));
    }
}

#[test]
fn a_condition_that_is_always_true_is_no_condition() {
    for condition in [
        json!({"StringLike": {"aws:UserAgent": "*"}}),
        json!({"Bool": {"aws:SecureTransport": ["true", "false"]}}),
        json!({"Null": {"aws:TokenIssueTime": ["true", "false"]}}),
        json!({"DateGreaterThan": {"aws:CurrentTime": "2000-01-01T00:00:00Z"}}),
        json!({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}),
        json!({"StringNotEquals": {"aws:PrincipalTag/none": "x"}}),
        json!({"StringLike": {"aws:RequestedRegion": "??*"}}),
        json!({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:*::*:*"}}),
        json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["none"]}}),
    ] {
        let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition});
        let alert = alert("PutUserPolicy", &put(&statement));
        assert_eq!(alert.alert.severity, Severity::Critical, "{statement}: {:?}", reasons(&alert));
    }
    let unknown = json!({"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"StringEquals": {"invented:Key": "x"}}});
    assert!(alert("PutUserPolicy", &put(&unknown)).alert.severity >= Severity::High);
}

/// More patterns than can be compared while the function has time, within the lengths that IAM allows.
#[test]
fn a_policy_that_costs_too_much_to_read_is_not_harmless_and_takes_no_time() {
    let mut saved: Value =
        serde_json::from_str(&std::fs::read_to_string(common::events().join("account.json")).unwrap()).unwrap();
    let user = saved["UserDetailList"].as_array_mut().unwrap().iter_mut().find(|user| user["UserName"] == "deploy-bot");
    let user = user.unwrap();
    user["AttachedManagedPolicies"] = json!([]);
    user["GroupList"] = json!([]);
    user["UserPolicyList"] = (0..20)
        .map(|policy| {
            let actions: Vec<_> =
                (0..300).map(|i| format!("*{}z{}*", "?".repeat(3 + (i + policy) % 14), i % 7)).collect();
            let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
            json!({"PolicyName": format!("p{policy}"),
                "PolicyDocument": {"Version": "2012-10-17", "Statement": statement}})
        })
        .collect();
    let account = Snapshot::from_json(&saved.to_string()).unwrap();
    let begun = std::time::Instant::now();
    let request = json!({"userName": "deploy-bot"});
    let alert = draft(account, call("CreateAccessKey", &request), settings(&[]));
    assert!(begun.elapsed().as_secs() < 20, "without optimization: {:?}", begun.elapsed());
    assert!(alert.alert.severity >= Severity::High);
    assert!(alert.email.body.contains("more patterns and conditions than are compared"), "{}", alert.email.body);
}

#[test]
fn a_name_that_looks_like_a_placeholder_does_not_change_a_command() {
    let mut event = event("create_user.json");
    event["detail"]["userIdentity"]["userName"] = json!("@NOW@");
    event["detail"]["userIdentity"]["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:user/@NOW@"));
    let body = draft(account(), event, settings(&[])).email.body;
    assert!(body.contains("put-user-policy --user-name '@NOW@'") || body.contains("--user-name @NOW@"), "{body}");
    assert_eq!(body.matches("$(date").count(), body.matches("aws:TokenIssueTime").count());
}

#[test]
fn an_expected_principal_that_makes_an_administrator_is_mailed() {
    let expected = settings(&[("EXPECTED_PRINCIPALS", "arn:aws:iam::123456789012:user/*")]);
    let trust = json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}});
    for (name, request) in [
        (
            "AttachUserPolicy",
            json!({"userName": "deploy-bot", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ),
        ("UpdateAssumeRolePolicy", json!({"roleName": "web-server", "policyDocument": trust.to_string()})),
    ] {
        let alert = draft(account(), call(name, &request), expected.clone());
        assert_eq!(alert.alert.severity, Severity::Critical, "{:?}", reasons(&alert));
        assert!(alert.kept_back.is_none() && alert.email.body.contains("An expectation is about this"));
    }
}

#[test]
fn a_trust_policy_of_which_a_part_is_not_understood_is_high() {
    let allow = |principal: Value| json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal});
    let own = allow(json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}));
    for strange in [allow(json!({"Invented": "x"})), json!({"Effect": "Perhaps", "Action": "sts:AssumeRole"})] {
        let document = json!({"Version": "2012-10-17", "Statement": [own, strange]}).to_string();
        let alert = alert("CreateRole", &json!({"roleName": "new", "assumeRolePolicyDocument": document}));
        assert!(alert.alert.severity >= Severity::High, "{:?}", reasons(&alert));
    }
}

#[test]
fn a_service_that_serves_outsiders_is_no_harmless_trust() {
    for (service, severity) in [
        ("lambda", Severity::Low),
        ("ssm", Severity::Medium),
        ("transfer", Severity::Medium),
        ("cognito-idp", Severity::Medium),
        ("apigateway", Severity::Medium),
    ] {
        let statement = json!({"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": format!("{service}.amazonaws.com")}});
        let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        let alert = alert("UpdateAssumeRolePolicy", &json!({"roleName": "ci-deploy", "policyDocument": document}));
        assert!(alert.alert.severity >= severity, "{service}: {:?}", reasons(&alert));
        let says = reasons(&alert)
            .iter()
            .any(|reason| reason.contains("acts with the role") || reason.contains("gives sessions"));
        assert_eq!(says, severity == Severity::Medium, "{service}: {:?}", reasons(&alert));
    }
}

#[test]
fn those_who_could_stop_an_intruder_are_not_locked_out_silently() {
    let administrators = "arn:aws:iam::aws:policy/AdministratorAccess";
    let deny = json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
    let mut deny_all = put(&deny);
    deny_all["userName"] = json!("build-agent");
    for (name, request) in [
        ("DetachUserPolicy", json!({"userName": "build-agent", "policyArn": administrators})),
        ("DetachRolePolicy", json!({"roleName": "deleted-since", "policyArn": administrators})),
        ("RemoveUserFromGroup", json!({"userName": "reporting", "groupName": "Admins"})),
        ("DeleteAccessKey", json!({"userName": "build-agent", "accessKeyId": "AKIAEXAMPLEBUILD0001"})),
        ("DeleteLoginProfile", json!({"userName": "team-lead"})),
        ("DeactivateMFADevice", json!({"userName": "team-lead", "serialNumber": "arn:aws:iam::123456789012:mfa/lead"})),
        ("DeleteUser", json!({"userName": "break-glass"})),
        ("DeleteRole", json!({"roleName": "Emergency-Access"})),
        ("DeleteRolePolicy", json!({"roleName": "prod-admin", "policyName": "all"})),
        ("DeleteSAMLProvider", json!({"sAMLProviderArn": "arn:aws:iam::123456789012:saml-provider/corp"})),
        ("PutUserPolicy", deny_all),
    ] {
        let alert = alert(name, &request);
        let reasons = reasons(&alert);
        assert!(alert.alert.severity >= Severity::Medium, "{name}: {reasons:?}");
        assert!(reasons.iter().any(|reason| reason.starts_with("locks_out: ")), "{name}: {reasons:?}");
    }
}
