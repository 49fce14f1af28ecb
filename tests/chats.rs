//! Every event as the message that a channel of Slack or Teams gets. Read the snapshots as messages.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use common::{account, draft, event, events, settings};
use iam_security_alert::channel::chat;
use proptest::prelude::*;
use serde_json::{Value, json};

fn chat(event: Value) -> Value {
    chat::render(&draft(account(), event, settings(&[])).report)
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// What AWS's schema asks for, and what a channel bears.
fn assert_within_bounds(chat: &Value) {
    assert_eq!((&chat["version"], &chat["source"]), (&json!("1.0"), &json!("custom")));
    let (content, metadata) = (&chat["content"], &chat["metadata"]);
    assert_eq!(content["textType"], "client-markdown");
    let length = |text: &Value| text.as_str().unwrap().chars().count();
    assert!((1..=200).contains(&length(&content["title"])), "{content}");
    assert!((1..=2_800).contains(&length(&content["description"])));
    let steps = content["nextSteps"].as_array().unwrap();
    assert!(steps.len() <= 6 && steps.iter().all(|step| (1..=300).contains(&length(step))), "{steps:?}");
    assert!(content["keywords"].as_array().unwrap().iter().all(|word| (1..=60).contains(&length(word))));
    assert!(length(&metadata["threadId"]) == 32 && length(&metadata["summary"]) <= 200);
    assert!(metadata["relatedResources"].as_array().unwrap().len() <= 5);
    for text in texts(chat) {
        assert!(!text.contains(['<', '>']), "Slack's own marks: {text}");
        assert!(
            text.split('&').skip(1).all(|rest| ["amp;", "lt;", "gt;"].iter().any(|escape| rest.starts_with(escape)))
        );
        for line in text.lines() {
            assert_eq!(line.matches('`').count() % 2, 0, "an open code span: {line}");
        }
    }
    assert!(chat.to_string().len() < 20_000);
}

#[test]
fn a_message_is_short_and_says_what_matters() {
    for name in ["create_user", "create_user_hostile", "update_assume_role_policy", "root_sign_in_without_mfa"] {
        let chat = chat(event(&format!("{name}.json")));
        insta::assert_snapshot!(name, serde_json::to_string_pretty(&chat).unwrap());
    }
}

#[test]
fn every_event_makes_a_message_within_bounds() {
    for file in std::fs::read_dir(events()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if name != "account.json" {
            assert_within_bounds(&chat(event(&name)));
        }
    }
}

#[test]
fn one_actor_s_alerts_are_one_thread() {
    let thread = |event: Value| chat(event)["metadata"]["threadId"].clone();
    let mut key = event("create_access_key.json");
    key["detail"]["userIdentity"] = event("create_user.json")["detail"]["userIdentity"].clone();
    assert_eq!(thread(event("create_user.json")), thread(key));
    assert_ne!(thread(event("create_user.json")), thread(event("create_user_root.json")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_message_of_any_text_is_within_bounds(text in any::<String>(), long in 0_usize..3_000) {
        let hostile = format!("{text}`<!here>&\u{202e}{}", "`&<".repeat(long));
        let mut event = event("create_user.json");
        let record = &mut event["detail"];
        record["requestParameters"]["userName"] = json!(hostile);
        record["userIdentity"]["userName"] = json!(hostile);
        record["userIdentity"]["arn"] = json!(hostile);
        record["sourceIPAddress"] = json!(hostile);
        record["eventID"] = json!(hostile);
        record["recipientAccountId"] = json!(hostile);
        assert_within_bounds(&chat(event));
    }
}
