//! Every event as a finding for Security Hub. An end-to-end test checks that Security Hub accepts the findings: it uses
//! the service model that the SDKs are built from.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod common;

use common::{account, clock, draft, event, every_event, hostile_event, settings, without_version};
use iam_security_alert::alert::{Fact, Row};
use iam_security_alert::catalog::Action;
use iam_security_alert::catalog::attack::{
    CLOUD_ACCOUNTS, REMOVAL, TRANSFER, TRUST, Tactic, Technique, UNUSED_REGIONS,
};
use iam_security_alert::channel::security_hub::{Product, render};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn finding(event: Value) -> Value {
    let draft = draft(account(), event, settings(&[]));
    let product = Product::of_topic("arn:aws:sns:us-east-1:123456789012:iam-security-alerts").unwrap();
    render(&draft.activity, &draft.alert, &draft.event_key, &product, clock())
}

/// Namespaces and categories of AWS's "Types taxonomy for ASFF", without those that have nothing to do with ATT&CK.
const TAXONOMY: [(&str, &str); 12] = [
    ("TTPs", "Initial Access"),
    ("TTPs", "Execution"),
    ("TTPs", "Persistence"),
    ("TTPs", "Privilege Escalation"),
    ("TTPs", "Defense Evasion"),
    ("TTPs", "Credential Access"),
    ("TTPs", "Discovery"),
    ("TTPs", "Lateral Movement"),
    ("TTPs", "Collection"),
    ("TTPs", "Command and Control"),
    ("Effects", "Data Exfiltration"),
    ("Unusual Behaviors", "User"),
];

/// The limits of `AwsSecurityFinding` in Security Hub's API reference; and no text is blank.
fn assert_within_bounds(finding: &Value) {
    let length = |text: &Value| text.as_str().unwrap().chars().count();
    for (field, limit) in [("Id", 512), ("GeneratorId", 512), ("Title", 256), ("Description", 1_024)] {
        assert!((1..=limit).contains(&length(&finding[field])), "{field}: {}", finding[field]);
    }
    assert!((1..=512).contains(&length(&finding["Remediation"]["Recommendation"]["Text"])));
    let types = finding["Types"].as_array().unwrap();
    assert!((1..=50).contains(&types.len()));
    for kind in types {
        let parts: Vec<_> = kind.as_str().unwrap().split('/').collect();
        assert!(parts.len() <= 3 && TAXONOMY.contains(&(parts[0], parts[1])), "{kind}");
    }
    let call = &finding["Action"]["AwsApiCallAction"];
    assert!(call.is_null() || length(&call["Api"]) <= 128);
    let fields = finding["ProductFields"].as_object().unwrap();
    assert!(fields.len() <= 50 && fields.keys().all(|key| key.len() <= 128));
    assert!(fields.values().all(|value| (1..=2_048).contains(&length(value))));
    let resources = finding["Resources"].as_array().unwrap();
    assert!((1..=32).contains(&resources.len()) && resources.iter().all(|it| (1..=512).contains(&length(&it["Id"]))));
    let ids: BTreeSet<_> = resources.iter().map(|it| it["Id"].as_str()).collect();
    assert_eq!(ids.len(), resources.len());
    assert!(finding.to_string().len() < 240_000);
}

fn resource<'a>(finding: &'a Value, kind: &str) -> Vec<&'a Value> {
    finding["Resources"].as_array().unwrap().iter().filter(|it| it["Type"] == kind).collect()
}

#[test]
fn a_finding_says_what_the_alert_says() {
    for name in ["create_access_key", "create_user_hostile", "stop_logging"] {
        let finding = finding(event(&format!("{name}.json")));
        insta::assert_snapshot!(name, without_version(&serde_json::to_string_pretty(&finding).unwrap()));
    }
}

#[test]
fn every_event_makes_a_finding_within_bounds() {
    every_event().into_iter().map(finding).for_each(|finding| assert_within_bounds(&finding));
}

#[test]
fn the_types_are_those_of_aws_whatever_the_tactics_of_the_technique() {
    let types = |technique: Technique| {
        let mut draft = draft(account(), event("create_user.json"), settings(&[]));
        let action = Action { technique: Some(technique), ..*draft.activity.action };
        draft.activity.action = Box::leak(Box::new(action));
        let product = Product::of_topic("arn:aws:sns:us-east-1:123456789012:iam-security-alerts").unwrap();
        let finding = render(&draft.activity, &draft.alert, &draft.event_key, &product, clock());
        assert_within_bounds(&finding);
        assert_eq!(finding["Types"], finding["FindingProviderFields"]["Types"]);
        finding["Types"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let categories = |technique| {
        let category = |kind: &String| kind.rsplit_once('/').unwrap().0.to_owned();
        types(technique).iter().map(category).collect::<Vec<_>>()
    };
    assert_eq!(categories(TRUST), ["TTPs/Privilege Escalation", "TTPs/Defense Evasion"]);
    assert_eq!(categories(REMOVAL), ["Unusual Behaviors/User"]);
    assert_eq!(categories(TRANSFER), ["Effects/Data Exfiltration"]);
    assert_eq!(types(UNUSED_REGIONS), ["TTPs/Defense Evasion/T1535 Unused-Unsupported Cloud Regions"]);
    assert_eq!(categories(CLOUD_ACCOUNTS).last().unwrap(), "TTPs/Defense Evasion");

    let with_all = types(Technique { id: "T0", name: "All tactics", tactics: Tactic::ALL });
    assert_eq!(with_all.iter().collect::<BTreeSet<_>>().len(), with_all.len(), "{with_all:?}");
    assert_eq!(with_all.len(), TAXONOMY.len());
}

#[test]
fn an_event_is_one_finding_with_and_without_an_id() {
    let id = |event: Value| finding(event)["Id"].clone();
    let with = event("create_user.json");
    assert_eq!(id(with.clone()), "iam-security-alert/dad98c61-254b-505f-6f52-625b81c1197a");
    let mut without = with;
    without["detail"].as_object_mut().unwrap().remove("eventID");
    let mut another = without.clone();
    another["detail"]["requestID"] = json!("another");
    assert_eq!(id(without.clone()), id(without.clone()));
    assert_ne!(id(without), id(another));
}

#[test]
fn resources_have_the_details_that_iam_returns() {
    let key = finding(event("create_access_key.json"));
    let keys = resource(&key, "AwsIamAccessKey");
    assert_eq!(keys[0]["Details"]["AwsIamAccessKey"]["PrincipalName"], "deploy-bot");
    assert_eq!(keys[0]["Details"]["AwsIamAccessKey"]["Status"], "Active");
    assert_eq!(keys[1]["Details"]["AwsIamAccessKey"]["PrincipalName"], "ops-carol");

    let attached = finding(event("attach_user_policy.json"));
    assert_eq!(resource(&attached, "AwsIamPolicy")[0]["Id"], "arn:aws:iam::aws:policy/AdministratorAccess");

    let role = finding(event("update_assume_role_policy.json"));
    assert!(role["Resources"][0]["Details"]["AwsIamRole"]["RoleName"].is_string(), "{}", role["Resources"][0]);

    for finding in [key, attached, role] {
        assert_eq!(resource(&finding, "AwsAccount")[0]["Id"], "AWS::::Account:123456789012");
    }
}

fn denied(mut event: Value) -> Value {
    event["detail"]["errorCode"] = json!("AccessDenied");
    event["detail"]["responseElements"] = json!(null);
    event
}

#[test]
fn a_request_for_a_key_does_not_prove_its_owner() {
    let mut event = denied(event("create_access_key.json"));
    event["detail"]["eventName"] = json!("UpdateAccessKey");
    let owner = |event: &Value, key: &str| {
        let mut event = event.clone();
        event["detail"]["requestParameters"] =
            json!({"userName": "deploy-bot", "accessKeyId": key, "status": "Inactive"});
        let finding = finding(event);
        let keys = resource(&finding, "AwsIamAccessKey");
        let of: Vec<_> = keys.iter().filter(|it| it["Id"] == key).map(|it| &it["Details"]["AwsIamAccessKey"]).collect();
        assert_eq!(of.len(), 1);
        (of[0]["PrincipalName"].as_str().map(str::to_owned), of[0]["AccountId"].as_str().map(str::to_owned))
    };
    let in_account = |name: &str| (Some(name.to_owned()), Some("123456789012".to_owned()));
    assert_eq!(owner(&event, "AKIAEXAMPLECAROL0001"), in_account("ops-carol"), "it signed the call");
    assert_eq!(owner(&event, "AKIAEXAMPLEDEPLOY001"), in_account("deploy-bot"), "IAM says so");
    assert_eq!(owner(&event, "AKIAEXAMPLEOFNOBODY1"), (None, None));
}

#[test]
fn resources_of_another_account_and_of_root_are_shown_as_such() {
    let foreign = finding(event("create_user_cross_account.json"));
    let key = resource(&foreign, "AwsIamAccessKey")[0];
    assert_eq!(key["Details"]["AwsIamAccessKey"]["AccountId"], "210987654321", "{key}");

    let mut by_root = event("create_user.json");
    by_root["detail"]["userIdentity"] = json!({"type": "Root", "principalId": "123456789012",
        "arn": "arn:aws:iam::123456789012:root", "accountId": "123456789012", "accessKeyId": "AKIAEXAMPLEROOT00001"});
    let by_root = finding(by_root);
    let key = &resource(&by_root, "AwsIamAccessKey")[0]["Details"]["AwsIamAccessKey"];
    assert_eq!((&key["PrincipalType"], &key["PrincipalName"]), (&json!("Root"), &Value::Null));

    let mut elsewhere = event("create_user.json");
    elsewhere["detail"]["recipientAccountId"] = json!("210987654321");
    let elsewhere = finding(elsewhere);
    assert_eq!(resource(&elsewhere, "AwsAccount")[0]["Id"], "AWS::::Account:210987654321");
    assert_eq!(elsewhere["AwsAccountId"], "123456789012", "whose product it is");
}

#[test]
fn facts_of_two_users_are_not_mixed_and_a_failed_request_is_no_fact() {
    let mut replaced = event("create_user.json");
    replaced["detail"]["responseElements"]["user"]["userId"] = json!("AIDAEXAMPLEANOTHER01");
    let user = &finding(replaced)["Resources"][0]["Details"]["AwsIamUser"];
    assert_eq!((&user["UserId"], &user["CreateDate"]), (&json!("AIDAEXAMPLEANOTHER01"), &Value::Null));

    let mut exists = event("create_user_already_exists.json");
    exists["detail"]["requestParameters"]["path"] = json!("/evil/");
    let user = &finding(exists)["Resources"][0]["Details"]["AwsIamUser"];
    assert_eq!((&user["UserName"], &user["Path"]), (&json!("deploy-bot"), &Value::Null));
}

#[test]
fn resources_have_the_ids_and_types_of_other_findings() {
    let mut web = event("create_user.json");
    web["detail"]["requestParameters"]["userName"] = json!("www.example.com");
    web["detail"]["responseElements"]["user"] =
        json!({"userName": "www.example.com", "arn": "arn:aws:iam::123456789012:user/www.example.com"});
    assert_eq!(finding(web)["Resources"][0]["Id"], "arn:aws:iam::123456789012:user/www.example.com");

    let joined = finding(event("add_user_to_group.json"));
    let group = event("add_user_to_group.json")["detail"]["requestParameters"]["groupName"].clone();
    assert_eq!(resource(&joined, "AwsIamGroup")[0]["Id"], group);
    let federated = finding(event("create_user_federated.json"));
    assert_eq!(resource(&federated, "AwsIamUser")[1]["Details"]["AwsIamUser"]["UserName"], "ops-carol");
}

#[test]
fn the_changed_resource_is_first() {
    let account = finding(event("update_account_password_policy.json"));
    assert_eq!(account["Resources"][0]["Type"], "AwsAccount");

    let mut mfa = event("deactivate_mfa_device.json");
    mfa["detail"]["requestParameters"] =
        json!({"userName": "AWS ROOT USER", "serialNumber": "arn:aws:iam::123456789012:mfa/root-account-mfa-device"});
    mfa["detail"]["userIdentity"] = json!({"type": "Root", "principalId": "123456789012",
        "arn": "arn:aws:iam::123456789012:root", "accountId": "123456789012"});
    let mfa = finding(mfa);
    let ids: Vec<_> = mfa["Resources"].as_array().unwrap().iter().map(|it| it["Id"].as_str().unwrap()).collect();
    let (root, device) = ("arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:mfa/root-account-mfa-device");
    assert_eq!(ids, [root, device, "AWS::::Account:123456789012"]);
}

#[test]
fn a_finding_with_too_many_facts_says_how_many_more() {
    let mut draft = draft(account(), event("create_user.json"), settings(&[]));
    let row = draft.alert.sections[0].rows[0].clone();
    draft.alert.sections[1].rows = Fact::ALL.iter().map(|fact| Row { fact: *fact, ..row.clone() }).collect();
    let product = Product::of_topic("arn:aws:sns:us-east-1:123456789012:iam-security-alerts").unwrap();
    let finding = render(&draft.activity, &draft.alert, &draft.event_key, &product, clock());
    assert_within_bounds(&finding);
    let fields = finding["ProductFields"].as_object().unwrap();
    let (last, more) = fields.iter().next_back().unwrap();
    assert!(fields.len() == 50 && last == "more" && more.as_str().unwrap().ends_with(" more facts: see the e-mail"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_finding_of_any_text_is_within_bounds(text in any::<String>(), long in 0_usize..3_000) {
        assert_within_bounds(&finding(hostile_event(&format!("{text}\r\n\u{202e}{}", "A".repeat(long)))));
    }
}
