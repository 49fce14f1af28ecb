//! How severe it is what happens at the other doors: guardrails, sharing, root sessions, sign-ins, assignments.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use common::calls::{calls, event};
use common::{decided, draft, drafted, events, settings};
use iam_security_alert::lookup::snapshot::Snapshot;
use iam_security_alert::severity::Severity::{self, Critical, High, Low, Medium};
use serde_json::{Value, json};

/// The saved account, changed.
fn account(change: impl Fn(&mut Value)) -> Snapshot {
    let mut saved = serde_json::from_str(&std::fs::read_to_string(events().join("account.json")).unwrap()).unwrap();
    change(&mut saved);
    Snapshot::from_json(&saved.to_string()).unwrap()
}

fn unchanged() -> Snapshot {
    account(|_| {})
}

/// A call of `calls.json` with another request.
fn call(name: &str, change: impl Fn(&mut Value)) -> Value {
    let mut event = event(name, &calls()[name]);
    change(&mut event["detail"]);
    event
}

fn severity(account: Snapshot, event: Value) -> Severity {
    draft(account, event, settings(&[])).alert.severity
}

/// The reasons as one text.
fn reasons(account: Snapshot, event: Value) -> String {
    let alert = draft(account, event, settings(&[])).alert;
    alert.reasons.iter().map(|reason| reason.text.plain()).collect::<Vec<_>>().join("\n")
}

fn policy(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

#[test]
fn a_guardrail_is_judged_by_what_it_denies() {
    let deny = |actions: Value| policy(&json!({"Effect": "Deny", "Action": actions, "Resource": "*"}));
    let full = policy(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let saved = |content: &str| account(|saved| saved["OrganizationsPolicies"][0]["Content"] = json!(content));
    let on_saved = |name: &str| call(name, |record| record["requestParameters"]["policyId"] = json!("p-g1h2i3j4"));
    let trails = deny(json!(["cloudtrail:*"]));
    for (name, content, expected, says) in [
        ("DetachPolicy root", &trails, High, "protected the trails of CloudTrail"),
        ("DetachPolicy root", &deny(json!("ec2:RunInstances")), High, "What the policy denied is allowed now"),
        ("DetachPolicy root", &full, Medium, "The policy only allows"),
        ("AttachPolicy ou", &deny(json!("*")), High, "denies everything"),
        ("AttachPolicy ou", &full, Medium, "denies nothing"),
        ("AttachPolicy ou", &trails, Medium, "can lock people and pipelines out"),
    ] {
        let (event, account) = (on_saved(name), saved(content));
        let alert = draft(account, event, settings(&[])).alert;
        let why = alert.reasons[0].text.plain();
        assert!(alert.severity == expected && why.contains(says), "{name} {content}: {} {why}", alert.severity);
    }
    let written =
        |content: String| call("UpdatePolicy", move |record| record["requestParameters"]["content"] = json!(content));
    assert!(reasons(unchanged(), written(full)).contains("In its new form, the policy denies nothing"));
    assert!(reasons(unchanged(), written(trails)).contains("What else it denied before is not known"));
    // What was not read is no assurance.
    let unread = Snapshot::unavailable("there are no AWS credentials here");
    assert_eq!(severity(unread, on_saved("DetachPolicy root")), High);
}

#[test]
fn a_resource_is_judged_by_who_can_use_it() {
    let bucket = |principal: Value, condition: Value| {
        call("PutBucketPolicy", move |record| {
            let statement = json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::acme-reports/*", "Condition": condition});
            record["requestParameters"]["bucketPolicy"] = json!({"Version": "2012-10-17", "Statement": [statement]});
        })
    };
    let root = |account: &str| json!({"AWS": format!("arn:aws:iam::{account}:root")});
    for (principal, condition, expected) in [
        (json!("*"), json!({}), High),
        (json!("*"), json!({"Bool": {"aws:SecureTransport": "true"}}), High),
        (root("444455556666"), json!({}), Medium),
        (root("123456789012"), json!({}), Low),
        (json!({"Service": "cloudtrail.amazonaws.com"}), json!({}), Low),
        (json!({"AWS": 7}), json!({}), Medium),
    ] {
        let event = bucket(principal.clone(), condition.clone());
        assert_eq!(severity(unchanged(), event), expected, "{principal} {condition}");
    }
    let absent = call("PutBucketPolicy", |record| record["requestParameters"] = json!({"bucketName": "acme-reports"}));
    assert!(severity(unchanged(), absent) >= Medium, "a policy that is not in the event is not harmless");
    let permission = |more: Value| {
        call("AddPermission20150331v2", move |record| {
            let mut request = json!({"functionName": "orders", "statementId": "s", "action": "lambda:InvokeFunction",
                "principal": "s3.amazonaws.com"});
            for (field, value) in more.as_object().unwrap() {
                request[field] = value.clone();
            }
            record["requestParameters"] = request;
        })
    };
    assert_eq!(severity(unchanged(), permission(json!({"sourceAccount": "123456789012"}))), Low);
    assert_eq!(severity(unchanged(), permission(json!({"sourceAccount": "444455556666"}))), Medium);
    assert_eq!(
        severity(unchanged(), permission(json!({"sourceArn": "arn:aws:sns:us-east-1:444455556666:topic"}))),
        Medium
    );
}

#[test]
fn a_root_session_is_judged_by_its_task() {
    for (task, expected) in [
        ("root-task/IAMAuditRootUserCredentials", Low),
        ("root-task/IAMDeleteRootUserCredentials", Medium),
        ("root-task/S3UnlockBucketPolicy", High),
        ("root-task/SQSUnlockQueuePolicy", High),
        ("root-task/IAMCreateRootUserPassword", Critical),
        ("root-task/InventedLastYear", High),
        ("IAMAuditRootUserCredentials", High),
    ] {
        let event = call("AssumeRoot", |record| {
            record["requestParameters"]["taskPolicyArn"] = json!({"arn": format!("arn:aws:iam::aws:policy/{task}")});
        });
        assert_eq!(severity(unchanged(), event), expected, "{task}");
    }
    // A policy of the account with the name of a harmless task.
    let own = call("AssumeRoot", |record| {
        let arn = "arn:aws:iam::123456789012:policy/root-task/IAMAuditRootUserCredentials";
        record["requestParameters"]["taskPolicyArn"] = json!({"arn": arn});
    });
    assert_eq!(severity(unchanged(), own), High);
}

#[test]
fn a_sign_in_is_judged_by_mfa_and_by_what_the_user_can_do() {
    let sign_in = |user: &str, mfa: Value, answer: &str| {
        let mut event = common::event("sign_in_without_mfa.json");
        let record = &mut event["detail"];
        record["userIdentity"]["userName"] = json!(user);
        record["userIdentity"]["arn"] = json!(format!("arn:aws:iam::123456789012:user/{user}"));
        record["additionalEventData"]["MFAUsed"] = mfa;
        record["responseElements"]["ConsoleLogin"] = json!(answer);
        severity(unchanged(), event)
    };
    assert_eq!(sign_in("ops-carol", json!("No"), "Success"), High);
    assert_eq!(sign_in("reporting", json!("No"), "Success"), Medium);
    assert_eq!(sign_in("ops-carol", json!("Yes"), "Success"), Low);
    assert_eq!(sign_in("ops-carol", json!(null), "Success"), High, "what the event does not say is no MFA");
    assert_eq!(sign_in("ops-carol", json!("No"), "Failure"), Low);
}

#[test]
fn a_group_that_is_assigned_to_nothing_gives_nothing_and_an_unread_one_is_no_such_group() {
    let member = || call("CreateGroupMembership", |_| {});
    let unassigned = || account(|saved| saved["IdentityCenter"]["Assignments"] = json!([]));
    assert_eq!(severity(unassigned(), member()), Medium);
    assert!(reasons(unassigned(), member()).contains("The group is assigned to no account"));
    assert_eq!(severity(unchanged(), member()), Critical);
    let unread = account(|saved| {
        saved["IdentityCenter"].as_object_mut().unwrap().remove("Assignments");
    });
    assert!(!reasons(unread, member()).contains("assigned to no account"));
}

#[test]
fn a_permission_set_that_nobody_has_waits_for_the_assignment() {
    let attach = || call("AttachManagedPolicyToPermissionSet", |_| {});
    let nobody = || account(|saved| saved["IdentityCenter"]["PermissionSets"][0]["Accounts"] = json!([]));
    assert_eq!(severity(nobody(), attach()), Medium);
    assert_eq!(severity(unchanged(), attach()), Critical);
    let unread = account(|saved| {
        saved["IdentityCenter"]["PermissionSets"][0].as_object_mut().unwrap().remove("Accounts");
    });
    assert_eq!(severity(unread, attach()), Critical, "what is not known is not nobody");
}

#[test]
fn a_call_of_the_root_user_is_alerted_on_for_every_service_and_a_read_is_not() {
    let by_root = |name: &str, service: &str, read_only: bool| {
        let mut event = common::event("root_deletes_bucket.json");
        event["source"] = json!(format!("aws.{service}"));
        event["detail"]["eventSource"] = json!(format!("{service}.amazonaws.com"));
        event["detail"]["eventName"] = json!(name);
        event["detail"]["readOnly"] = json!(read_only);
        drafted(decided(unchanged(), event, settings(&[]))).map(|draft| draft.alert.severity)
    };
    for service in ["ec2", "s3", "inventedlastyear", "organizations", "sso", "iam", "cloudtrail"] {
        assert_eq!(by_root("CreateSomething", service, false), Some(Critical), "{service}");
        assert_eq!(by_root("DescribeSomething", service, true), None, "{service}");
    }
}
