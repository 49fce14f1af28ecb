//! What was before a call, in the mail: what is different, how severe that is, and how it is restored; changes without an
//! event; the first reading. Read the snapshots as mails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use chrono::{DateTime, Utc};
use common::{account, as_snapshot, event, runs_as_printed, settings};
use iam_security_alert::alert::{Alert, compose, first_reading};
use iam_security_alert::baseline::{
    Aspect, FirstFindings, Read, Recorded, Sets, Trace, Was, Window, changes, records, unexplained,
};
use iam_security_alert::channel::email;
use iam_security_alert::detection::{Case, PriorActivity, assess};
use iam_security_alert::event::{Activity, Delivery, Found};
use iam_security_alert::history::HistoryError;
use iam_security_alert::lookup::enrich;
use iam_security_alert::severity::Severity;
use iam_security_alert::text::Untrusted;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::time::Instant;

const TRUST: &str = "arn:aws:iam::123456789012:root";
const OUTSIDE: &str = "arn:aws:iam::210987654321:root";

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// A policy with one statement.
fn policy(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

fn allow(actions: &Value) -> String {
    policy(&json!([{"Effect": "Allow", "Action": actions, "Resource": "*"}]))
}

fn trust(principals: &Value, condition: &Value) -> String {
    let mut statement = json!({"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "sts:AssumeRole"});
    if !condition.is_null() {
        statement["Condition"] = condition.clone();
    }
    policy(&json!([statement]))
}

/// The record of a call by a person who did nothing else.
fn call(name: &str, request: &Value, response: &Value) -> Delivery {
    let mut event = event("update_assume_role_policy.json");
    let record = &mut event["detail"];
    record["eventName"] = json!(name);
    record["requestParameters"] = request.clone();
    record["responseElements"] = response.clone();
    Delivery::from_file(event).unwrap().remove(0).unwrap()
}

/// The alert of a call, with what the baseline read of its target five days before.
fn alert(delivery: &Delivery, content: Option<Value>) -> Alert {
    let activity = Activity::from_delivery(delivery).unwrap().activity().unwrap();
    let change = changes(&activity).remove(0);
    let read = Read { since: at("2026-11-17T03:12:40Z"), content, too_large: false };
    let trace = Trace { resource: change.resource, reads: vec![read], ..Trace::default() };
    let event_id = activity.event_id.clone().unwrap();
    let former = match activity.found {
        Some(found) => trace.before_found(&found),
        None => trace.before(activity.time.unwrap(), &event_id),
    };
    let prior = PriorActivity { former: Some(Ok(former)), ..PriorActivity::default() };
    composed(&activity, &prior)
}

fn composed(activity: &Activity, prior: &PriorActivity) -> Alert {
    let (settings, directory) = (settings(&[]), account());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let dossier = runtime.block_on(async { enrich(&directory, activity, Instant::now()).await });
    let case = Case::new(activity, &dossier, &settings).after(Some(prior));
    let alert = compose(&case, assess(&case), None, &BTreeMap::new(), at("2026-11-22T06:00:11Z"));
    for step in &alert.steps {
        step.commands.iter().for_each(|command| runs_as_printed(command.as_str()));
    }
    alert
}

fn mail(alert: &Alert) -> String {
    let mail = email::render(alert);
    as_snapshot(&mail.subject, &mail.body)
}

fn role(trust: &str) -> Value {
    json!({"RoleName": "prod-admin", "RoleId": "AROAEXAMPLEPRODADMIN", "AssumeRolePolicyDocument": trust})
}

fn edit(document: &str) -> Delivery {
    call("UpdateAssumeRolePolicy", &json!({"roleName": "prod-admin", "policyDocument": document}), &Value::Null)
}

#[test]
fn a_trust_policy_that_lets_somebody_else_in_shows_who_and_is_restored() {
    let before = trust(&json!(TRUST), &Value::Null);
    let alert = alert(&edit(&trust(&json!([TRUST, OUTSIDE]), &Value::Null)), Some(role(&before)));
    assert_eq!(alert.severity, Severity::Critical);
    insta::assert_snapshot!("trust_widened", mail(&alert));
}

#[test]
fn a_condition_that_was_removed_is_as_severe_as_a_new_principal() {
    let mfa = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
    let before = role(&trust(&json!(OUTSIDE), &mfa));
    let removed = alert(&edit(&trust(&json!(OUTSIDE), &Value::Null)), Some(before.clone()));
    assert!(removed.severity >= Severity::High);
    insta::assert_snapshot!("condition_removed", mail(&removed));
    // The other way round, nobody gets in who did not before.
    let added = alert(&edit(&trust(&json!(OUTSIDE), &mfa)), Some(role(&trust(&json!(OUTSIDE), &Value::Null))));
    assert_eq!(added.severity, Severity::Low);
    insta::assert_snapshot!("condition_added", mail(&added));
}

#[test]
fn a_trust_policy_that_is_only_written_differently_is_low_unless_anyone_is_let_in() {
    let written = |principals: &Value| {
        let statement =
            json!({"Sid": "Again", "Effect": "Allow", "Principal": {"AWS": principals}, "Action": ["sts:assumeRole"]});
        edit(&policy(&statement))
    };
    let same = alert(&written(&json!(["210987654321"])), Some(role(&trust(&json!(OUTSIDE), &Value::Null))));
    assert_eq!(same.severity, Severity::Low, "{}", mail(&same));
    let open = alert(&written(&json!("*")), Some(role(&trust(&json!("*"), &Value::Null))));
    assert_eq!(open.severity, Severity::Critical, "only the history says that it was open before");
}

#[test]
fn a_policy_that_is_written_again_is_compared_with_the_former_one() {
    let request = json!({"roleName": "web-server", "policyName": "app", "policyDocument": allow(&json!(["s3:GetObject", "iam:*"]))});
    let web = |document: &str| {
        json!({"RoleName": "web-server", "RoleId": "AROAEXAMPLEWEBSERVER",
            "RolePolicyList": [{"PolicyName": "app", "PolicyDocument": document}]})
    };
    let widened = alert(
        &call("PutRolePolicy", &request, &Value::Null),
        Some(web(&allow(&json!(["s3:GetObject", "s3:PutObject"])))),
    );
    assert!(widened.severity >= Severity::High);
    insta::assert_snapshot!("policy_rewritten", mail(&widened));
    let narrowed = alert(&call("PutRolePolicy", &request, &Value::Null), Some(web(&allow(&json!("*")))));
    assert_eq!(narrowed.severity, Severity::Low, "{}", mail(&narrowed));
    // A deny that is gone is a way to more access.
    let deny = json!([{"Effect": "Allow", "Action": ["s3:GetObject", "iam:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}]);
    let lifted = alert(&call("PutRolePolicy", &request, &Value::Null), Some(web(&policy(&deny))));
    assert!(lifted.severity >= Severity::High, "{}", mail(&lifted));
    let absent = alert(
        &call("PutRolePolicy", &request, &Value::Null),
        Some(json!({"RoleName": "web-server", "RoleId": "AROAEXAMPLEWEBSERVER"})),
    );
    assert!(mail(&absent).contains("Before             none since at least"), "{}", mail(&absent));
}

#[test]
fn a_new_default_version_is_compared_with_the_former_one_which_is_made_the_default_again() {
    let arn = "arn:aws:iam::123456789012:policy/s3-reader";
    let request = json!({"policyArn": arn, "policyDocument": allow(&json!("*")), "setAsDefault": true});
    let response = json!({"policyVersion": {"versionId": "v2", "isDefaultVersion": true}});
    let version = json!({"VersionId": "v1", "Document": allow(&json!("s3:Get*")), "IsDefaultVersion": true});
    let content = json!({"PolicyName": "s3-reader", "Arn": arn, "PolicyVersionList": [version]});
    let alert = alert(&call("CreatePolicyVersion", &request, &response), Some(content));
    insta::assert_snapshot!("new_default_version", mail(&alert));
}

#[test]
fn a_password_policy_is_compared_setting_by_setting() {
    let before = json!({"MinimumPasswordLength": 14, "RequireSymbols": true, "RequireNumbers": true,
        "RequireUppercaseCharacters": true, "RequireLowercaseCharacters": true, "AllowUsersToChangePassword": true,
        "ExpirePasswords": false, "PasswordReusePrevention": 24});
    let request = json!({"minimumPasswordLength": 8, "requireNumbers": true, "requireSymbols": true,
        "requireUppercaseCharacters": true, "requireLowercaseCharacters": true, "allowUsersToChangePassword": true});
    let weaker = alert(&call("UpdateAccountPasswordPolicy", &request, &Value::Null), Some(before.clone()));
    insta::assert_snapshot!("password_policy", mail(&weaker));
    let mut stronger = request.clone();
    stronger["minimumPasswordLength"] = json!(16);
    stronger["passwordReusePrevention"] = json!(24);
    let stronger = alert(&call("UpdateAccountPasswordPolicy", &stronger, &Value::Null), Some(before));
    assert_eq!(stronger.severity, Severity::Low, "{}", mail(&stronger));
}

#[test]
fn a_removed_boundary_and_other_metadata_show_what_was_there() {
    let boundary = json!({"UserName": "build-agent", "UserId": "AIDAEXAMPLEBUILDAGEN",
        "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/Boundary"}});
    let request = json!({"userName": "build-agent"});
    let removed = alert(&call("DeleteUserPermissionsBoundary", &request, &Value::Null), Some(boundary));
    insta::assert_snapshot!("boundary_removed", mail(&removed));

    let metadata = |certificate: &str| {
        format!(
            "<EntityDescriptor entityID=\"https://idp.example.com\"><X509Certificate>{certificate}</X509Certificate></EntityDescriptor>"
        )
    };
    let arn = "arn:aws:iam::123456789012:saml-provider/Corp";
    let request = json!({"sAMLProviderArn": arn, "sAMLMetadataDocument": metadata("MIICother")});
    let provider = json!({"Arn": arn, "SAMLMetadataDocument": metadata("MIICours")});
    let changed = alert(&call("UpdateSAMLProvider", &request, &Value::Null), Some(provider));
    assert!(
        mail(&changed).contains("+ certificate ") && mail(&changed).contains("- certificate "),
        "{}",
        mail(&changed)
    );
    let same = json!({"Arn": arn, "SAMLMetadataDocument": metadata("MIICother")});
    assert_eq!(alert(&call("UpdateSAMLProvider", &request, &Value::Null), Some(same)).severity, Severity::Low);
}

#[test]
fn what_was_deleted_is_in_the_alert() {
    let role = json!({"RoleName": "old-ci", "RoleId": "AROAEXAMPLEOLDCI0001",
        "AssumeRolePolicyDocument": trust(&json!(OUTSIDE), &json!({"StringEquals": {"sts:ExternalId": "x-1"}})),
        "RolePolicyList": [{"PolicyName": "deploy", "PolicyDocument": allow(&json!(["ecs:*", "iam:PassRole"]))}],
        "AttachedManagedPolicies": [{"PolicyName": "ReadOnlyAccess", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]});
    let alert = alert(&call("DeleteRole", &json!({"roleName": "old-ci"}), &Value::Null), Some(role));
    insta::assert_snapshot!("role_deleted", mail(&alert));
}

#[test]
fn a_change_without_an_event_is_judged_as_its_event_and_nobody_is_accused() {
    let window = Window {
        former: (at("2026-11-21T03:12:00Z"), at("2026-11-21T03:13:00Z")),
        run: (at("2026-11-22T03:12:00Z"), at("2026-11-22T03:13:00Z")),
    };
    let read = |since: &str, content: Value| Read { since: at(since), content: Some(content), too_large: false };
    let (before, after) = (role(&trust(&json!(TRUST), &Value::Null)), role(&trust(&json!(OUTSIDE), &Value::Null)));
    let reads = vec![read("2026-11-01T03:12:30Z", before.clone()), read("2026-11-22T03:12:30Z", after)];
    let trace = Trace { resource: "role/prod-admin".to_owned(), reads, ..Trace::default() };
    let differences = unexplained(&trace, &window);
    let mut all = records((&iam_security_alert::arn::Partition::Aws, "123456789012"), &trace, &window, &differences);
    let found = Found { not_since: window.former.1, possible_since: window.former.1, read: window.run.1 };
    let delivery = Delivery::without_event(all.remove(0), found).unwrap();
    assert!(all.is_empty());
    let alert = alert(&delivery, Some(before));
    assert!(alert.severity >= Severity::High);
    insta::assert_snapshot!("without_event", mail(&alert));
}

#[test]
fn what_was_found_is_not_compared_with_itself() {
    let (before, after) = (trust(&json!(TRUST), &Value::Null), trust(&json!(OUTSIDE), &Value::Null));
    let run = at("2026-11-22T03:13:00.482913Z");
    let found = Found { not_since: at("2026-11-21T03:13:00Z"), possible_since: at("2026-11-21T03:13:00Z"), read: run };
    let read = Read { since: at("2026-11-17T03:12:40Z"), content: Some(role(&before)), too_large: false };
    let sets = json!({"changed": {"trust": after}});
    // The claim has written it before the trace is read, in whole seconds.
    let own =
        Recorded { time: at("2026-11-22T03:13:00Z"), event_id: "without-event-1".into(), sets: Sets::from_json(&sets) };
    let trace =
        Trace { resource: "role/prod-admin".to_owned(), reads: vec![read], changes: vec![own], known_since: None };
    assert_eq!(trace.before_found(&found).was(&Aspect::Trust), Was::Is(before));
}

#[test]
fn a_trace_that_is_not_whole_is_no_knowledge() {
    let read = Read { since: at("2026-11-17T03:12:40Z"), content: Some(role("{}")), too_large: false };
    let trace = |known: Option<&str>| Trace {
        resource: "role/prod-admin".to_owned(),
        reads: vec![read.clone()],
        known_since: known.map(at),
        ..Trace::default()
    };
    let before = |known| trace(known).before(at("2026-11-22T05:59:57Z"), &"e".into());
    assert!(before(None).is_known() && before(Some("2026-11-17T02:00:00Z")).is_known());
    assert!(!before(Some("2026-11-18T00:00:00Z")).is_known());
}

#[test]
fn where_the_state_before_is_not_known_the_mail_says_why() {
    let activity = Activity::from_delivery(&edit(&trust(&json!(OUTSIDE), &Value::Null))).unwrap().activity().unwrap();
    let mail_of = |former| mail(&composed(&activity, &PriorActivity { former, ..PriorActivity::default() }));
    let nothing = Trace::default().before(at("2026-11-22T05:59:57Z"), &"e".into());
    assert!(
        mail_of(Some(Ok(nothing)))
            .contains("Before             not known: neither the baseline nor an earlier event has it")
    );
    let failed = mail_of(Some(Err(HistoryError::TimedOut)));
    assert!(failed.contains("Before             not known: the history did not answer in time"), "{failed}");
    assert!(mail_of(None).contains("Before             not known: there was no time left to ask the history"));
}

#[test]
fn the_first_reading_is_one_mail_about_what_to_look_at() {
    let mut findings =
        FirstFindings { users: 214, roles: 388, groups: 12, policies: 1, providers: 2, ..FirstFindings::default() };
    findings.credentials_known = true;
    findings.root_without_mfa = true;
    for number in 0..31 {
        findings.administrators.add(format!("role platform-{number:02}"));
    }
    findings.trusts_outside.add("monitoring-vendor");
    findings.old_keys.add("svc-backup2");
    findings.without_mfa.add("<b>intern\u{202e}</b> http://evil.example");
    findings.not_evaluated.add("user padded");
    let account = Untrusted::new("123456789012");
    let times = (at("2026-11-22T03:12:00Z"), at("2026-11-22T03:13:40Z"));
    let gaps = ["credential report: access denied (iam:GetCredentialReport)".to_owned()];
    let report = first_reading(&findings, &account, Some(&"acme-prod".into()), times, &gaps);
    let mail = email::digest(&report);
    insta::assert_snapshot!("first_reading", as_snapshot(&mail.subject, &mail.body));
}
