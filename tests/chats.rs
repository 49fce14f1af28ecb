//! Every event as the messages for a channel of Slack or Teams, in each of their formats. Read the snapshots as
//! messages.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use common::{account, draft, event, every_event, hostile_event, settings};
use iam_security_alert::alert::Alert;
use iam_security_alert::channel::chat::{self, amazon_q};
use iam_security_alert::config::WebhookFormat;
use proptest::prelude::*;
use serde_json::{Value, json};

fn alert(event: Value) -> Alert {
    draft(account(), event, settings(&[])).alert
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn length(text: &Value) -> usize {
    text.as_str().unwrap().chars().count()
}

/// No markup from outside, no partial escape, no open code span. Links are our own: to a console, with a label.
fn assert_whole_markdown(text: &str) {
    let mut parts = text.split('<');
    assert!(!parts.next().unwrap().contains('>'), "Slack's own marks: {text}");
    for part in parts {
        let (link, rest) = part.split_once('>').unwrap();
        let (url, label) = link.split_once('|').unwrap();
        assert!(url.starts_with("https://console.") && !label.contains('|') && !rest.contains('>'), "{text}");
    }
    assert!(text.matches("```").count().is_multiple_of(2), "open code: {text}");
    assert!(text.split('&').skip(1).all(|rest| ["amp;", "lt;", "gt;"].iter().any(|escape| rest.starts_with(escape))));
    for line in text.lines() {
        assert_eq!(line.matches('`').count() % 2, 0, "an open code span: {line}");
    }
}

/// AWS's schema, and the limits of a chat client.
fn assert_notification(chat: &Value) {
    assert_eq!((&chat["version"], &chat["source"]), (&json!("1.0"), &json!("custom")));
    let (content, metadata) = (&chat["content"], &chat["metadata"]);
    assert_eq!(content["textType"], "client-markdown");
    assert!((1..=200).contains(&length(&content["title"])), "{content}");
    assert!((1..=2_800).contains(&length(&content["description"])));
    let steps = content["nextSteps"].as_array().unwrap();
    assert!(
        steps.len() <= 6
            && steps.iter().map(length).sum::<usize>() <= 3_000
            && steps.iter().all(|step| (1..=500).contains(&length(step))),
        "{steps:?}"
    );
    assert!(content["keywords"].as_array().unwrap().iter().all(|word| (1..=60).contains(&length(word))));
    assert!(length(&metadata["threadId"]) == 32 && length(&metadata["summary"]) <= 200);
    assert!(metadata["relatedResources"].as_array().unwrap().len() <= 5);
    for text in texts(chat) {
        assert_whole_markdown(text);
        assert!(!text.contains('<'));
    }
    assert!(chat.to_string().len() < 20_000);
}

/// The limits of "Reference: blocks" in Slack's documentation.
fn assert_block_kit(message: &Value) {
    let blocks = message["blocks"].as_array().unwrap();
    assert!((3..=50).contains(&blocks.len()) && length(&message["text"]) <= 300);
    for block in blocks {
        match block["type"].as_str().unwrap() {
            "header" => {
                assert_eq!(block["text"]["type"], "plain_text");
                assert!((1..=150).contains(&length(&block["text"]["text"])));
            }
            "section" => match block["fields"].as_array() {
                Some(fields) => {
                    assert!((1..=10).contains(&fields.len()));
                    assert!(fields.iter().all(|field| (1..=2_000).contains(&length(&field["text"]))));
                }
                None => assert!((1..=3_000).contains(&length(&block["text"]["text"])), "{block}"),
            },
            "context" => assert!((1..=10).contains(&block["elements"].as_array().unwrap().len())),
            other => panic!("{other}"),
        }
        texts(block).into_iter().filter(|_| block["type"] != "header").for_each(assert_whole_markdown);
    }
    assert_whole_markdown(message["text"].as_str().unwrap());
}

/// All text is in runs, which support no markdown, and the whole message is within the limit of Teams.
fn assert_adaptive_card(message: &Value) {
    assert!(message.to_string().len() <= 28_000, "{}", message.to_string().len());
    assert_eq!(message["type"], "message");
    let [attachment] = message["attachments"].as_array().unwrap().as_slice() else { panic!("{message}") };
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    let card = &attachment["content"];
    assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.4")));
    let body = card["body"].as_array().unwrap();
    assert!(body.len() >= 4);
    for block in body {
        // A command is in its own container.
        let block = if block["type"] == "Container" { &block["items"][0] } else { block };
        assert_eq!(block["type"], "RichTextBlock");
        let runs = block["inlines"].as_array().unwrap();
        assert!(!runs.is_empty() && runs.iter().all(|run| run["type"] == "TextRun" && length(&run["text"]) > 0));
    }
    assert!(
        card["fallbackText"]
            .as_str()
            .unwrap()
            .ends_with(": IAM security alert. This cannot be shown here; the e-mail has it.")
    );
    let actions = card["actions"].as_array().unwrap();
    assert!(actions.len() <= 6 && actions.iter().all(|action| action["type"] == "Action.OpenUrl"));
}

#[test]
fn a_message_is_short_and_says_what_matters() {
    for name in ["create_user", "create_user_hostile", "update_assume_role_policy", "root_sign_in_without_mfa"] {
        let chat = amazon_q::render(&alert(event(&format!("{name}.json"))));
        insta::assert_snapshot!(name, serde_json::to_string_pretty(&chat).unwrap());
    }
}

#[test]
fn a_webhook_s_message_is_short_and_says_what_matters() {
    for name in ["create_user", "create_user_hostile"] {
        let alert = alert(event(&format!("{name}.json")));
        for (word, format) in [("slack", WebhookFormat::Slack), ("teams", WebhookFormat::Teams)] {
            let message = serde_json::to_string_pretty(&chat::render(format, &alert, &[])).unwrap();
            insta::assert_snapshot!(format!("{word}_{name}"), message);
        }
    }
}

#[test]
fn every_event_makes_messages_within_bounds() {
    for event in every_event() {
        let alert = alert(event);
        assert_notification(&amazon_q::render(&alert));
        assert_block_kit(&chat::render(WebhookFormat::Slack, &alert, &[]));
        assert_adaptive_card(&chat::render(WebhookFormat::Teams, &alert, &[]));
    }
}

#[test]
fn several_alerts_are_one_message() {
    let (first, other) = (alert(event("create_user.json")), alert(event("stop_logging.json")));
    let many = vec![other; 30];
    let slack = chat::render(WebhookFormat::Slack, &first, &many);
    let teams = chat::render(WebhookFormat::Teams, &first, &many);
    assert_block_kit(&slack);
    assert_adaptive_card(&teams);
    for message in [slack, teams] {
        let texts = texts(&message).join("\n");
        assert_eq!(texts.matches("Logging stopped on trail \"management\" by").count(), 10, "{texts}");
        assert!(texts.contains("and 20 more: see the e-mails"));
    }
}

#[test]
fn one_actor_s_alerts_are_one_thread() {
    let thread = |event: Value| amazon_q::render(&alert(event))["metadata"]["threadId"].clone();
    let mut key = event("create_access_key.json");
    key["detail"]["userIdentity"] = event("create_user.json")["detail"]["userIdentity"].clone();
    assert_eq!(thread(event("create_user.json")), thread(key));
    assert_ne!(thread(event("create_user.json")), thread(event("create_user_root.json")));
}

/// A responder on call may have only the chat. A command is in the mail alone only if it is too long, or if its step
/// has two.
#[test]
fn every_message_has_the_commands() {
    for event in every_event() {
        let alert = alert(event);
        let amazon_q = amazon_q::render(&alert);
        let sent: Vec<_> = amazon_q["content"]["nextSteps"].as_array().unwrap().iter().map(Value::to_string).collect();
        for (step, sent) in alert.steps.iter().zip(sent).filter(|(step, _)| step.commands.len() == 1) {
            let long = step.commands[0].as_str().chars().count() > 420;
            assert_eq!(sent.contains("(The e-mail has the command.)"), long, "{sent}");
        }
    }
}

/// A command is complete or absent, at any length.
#[test]
fn no_command_is_cut_in_half() {
    let mut longest = 0;
    for length in 290..330 {
        let mut event = event("attach_user_policy.json");
        // Each of the first 510 characters becomes five characters in Slack.
        let policy = format!("arn:aws:iam::aws:policy/{}/{}", "&".repeat(510), "P".repeat(length));
        event["detail"]["requestParameters"]["policyArn"] = json!(policy);
        let message = chat::render(WebhookFormat::Slack, &alert(event), &[]);
        assert_block_kit(&message);
        longest = texts(&message).iter().map(|text| text.chars().count()).max().max(Some(longest)).unwrap();
    }
    assert!((2_990..=3_000).contains(&longest), "{longest}: no command came near the limit");
}

/// A hostile name can fill a text. The rest is cut, and the message says so instead of "(nothing)".
#[test]
fn text_without_room_is_not_shown_as_nothing() {
    for length in 250..420 {
        let mut event = event("update_assume_role_policy.json");
        let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": [format!("arn:aws:iam::999988887777:role/{}", "p".repeat(length)),
                                  "arn:aws:iam::999988887777:role/second"]}}]});
        event["detail"]["requestParameters"]["policyDocument"] = json!(document.to_string());
        let message = chat::render(WebhookFormat::Teams, &alert(event), &[]);
        assert_adaptive_card(&message);
        assert!(!message.to_string().contains("(nothing)"));
    }
}

#[test]
fn an_event_without_an_id_is_shown_without_an_id() {
    let alert = alert(event("create_user_nothing_but_the_name.json"));
    assert_eq!(amazon_q::render(&alert)["id"], Value::Null);
    for format in [WebhookFormat::Slack, WebhookFormat::Teams] {
        assert!(!chat::render(format, &alert, &[]).to_string().contains("Event not"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn messages_of_any_text_are_within_bounds(text in any::<String>(), long in 0_usize..3_000) {
        let alert = alert(hostile_event(&format!("{text}`<!here>&\u{202e}{}", "`&<\u{1f600}".repeat(long))));
        assert_notification(&amazon_q::render(&alert));
        assert_block_kit(&chat::render(WebhookFormat::Slack, &alert, &[]));
        assert_adaptive_card(&chat::render(WebhookFormat::Teams, &alert, &[]));
    }
}
