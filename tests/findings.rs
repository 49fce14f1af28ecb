//! Every event as the finding that Security Hub gets. That the service would take it is tested end to end, against the
//! model that its SDKs are made of.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod common;

use common::{account, clock, draft, event, every_event, hostile_event, settings};
use iam_security_alert::channel::security_hub::{Product, render};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn finding(event: Value) -> Value {
    let draft = draft(account(), event, settings(&[]));
    let product = Product::of_topic("arn:aws:sns:us-east-1:123456789012:iam-security-alerts").unwrap();
    render(&draft.activity, &draft.report, &draft.event_key, &product, clock())
}

/// The bounds of `AwsSecurityFinding` in Security Hub's API reference, and that no text is blank.
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
        assert!(parts.len() <= 3 && ["TTPs", "Unusual Behaviors"].contains(&parts[0]), "{kind}");
    }
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
        insta::assert_snapshot!(name, serde_json::to_string_pretty(&finding).unwrap());
    }
}

#[test]
fn every_event_makes_a_finding_within_bounds() {
    every_event().into_iter().map(finding).for_each(|finding| assert_within_bounds(&finding));
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
fn things_have_the_details_that_iam_tells_of_them() {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_finding_of_any_text_is_within_bounds(text in any::<String>(), long in 0_usize..3_000) {
        assert_within_bounds(&finding(hostile_event(&format!("{text}\r\n\u{202e}{}", "A".repeat(long)))));
    }
}
