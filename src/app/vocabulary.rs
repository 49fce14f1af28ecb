//! No code depends on words. If every word of the vocabulary is replaced by another, these stay the same: severity,
//! rules, commands, links, the keys of facts, and what the history stores for chains.

#[path = "../../tests/common/calls.rs"]
mod calls;

use super::{Channels, Decision, Draft, Expecting, Handler};
use crate::alert::Command;
use crate::catalog::words::tests::OTHER_WORDS;
use crate::channel::sns::Publisher;
use crate::config::Settings;
use crate::detection::chains::steps_of;
use crate::event::Delivery;
use crate::lookup::snapshot::Snapshot;
use crate::telemetry::InvocationLog;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::time::Duration;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(format!("{ROOT}/{path}")).unwrap()).unwrap()
}

/// Every event of `events/`, and every action of `tests/calls.json`, both successful and denied.
fn events() -> Vec<(String, Value)> {
    let files = std::fs::read_dir(format!("{ROOT}/events")).unwrap();
    let names =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).filter(|name| name != "account.json");
    let mut events: Vec<_> = names.map(|name| (name.clone(), read(&format!("events/{name}")))).collect();
    for (name, call) in &calls::calls() {
        events.push((name.clone(), calls::event(name, call)));
        events.push((format!("{name}, denied"), calls::denied(name, call)));
    }
    events
}

/// Everything that must not depend on a word.
fn decided_by_data(draft: &Draft<'_>) -> Value {
    let alert = &draft.alert;
    let keys = alert
        .sections
        .iter()
        .chain([&alert.reference])
        .flat_map(|section| section.rows.iter().map(|row| format!("{}.{}", section.kind.key(), row.fact.key())));
    let commands = alert.steps.iter().map(|step| step.commands.iter().map(Command::as_str).collect::<Vec<_>>());
    json!({
        "severity": alert.severity,
        "rules": alert.reasons.iter().map(|reason| reason.rule).collect::<Vec<_>>(),
        "redundant": alert.reasons.iter().map(|reason| reason.redundant).collect::<Vec<_>>(),
        "commands": commands.collect::<Vec<_>>(),
        "links": alert.links.iter().map(|link| &link.url).collect::<Vec<_>>(),
        "facts": keys.collect::<Vec<_>>(),
        "access": [alert.caller_access, alert.target_access],
        "actor": alert.actor,
        "steps": steps_of(&draft.activity).iter().map(|step| step.stored()).collect::<Vec<_>>(),
    })
}

#[tokio::test]
async fn no_word_of_the_vocabulary_steers_anything() {
    let settings = Settings::read(|name| match name {
        "AWS_SAM_LOCAL" => Some("true".to_owned()),
        "WATCHED_EVENT_NAMES" => Some("*".to_owned()),
        _ => None,
    })
    .unwrap();
    let account = read("events/account.json").to_string();
    let handler = Handler {
        directory: Snapshot::from_json(&account).unwrap(),
        publisher: Publisher::Print,
        channels: Channels::default(),
        expecting: Expecting::new(&settings, None),
        settings,
        history: None,
        watchdog: None,
        clock: || "2026-11-22T06:00:11Z".parse::<DateTime<Utc>>().unwrap(),
    };
    let mut said_otherwise = 0;
    for (name, event) in events() {
        let delivery = Delivery::from_file(event).unwrap().remove(0).unwrap();
        let mut drafts = Vec::new();
        for other_words in [false, true] {
            OTHER_WORDS.set(other_words);
            let decision = handler.draft(&delivery, Duration::from_secs(30), &mut InvocationLog::default()).await;
            if let Decision::Alert(draft) = decision.unwrap() {
                drafts.push(draft);
            }
        }
        OTHER_WORDS.set(false);
        // Both drafts or none: whether there is an alert does not depend on words, either.
        let [usual, other] = drafts.as_slice() else {
            assert!(drafts.is_empty(), "{name}");
            continue;
        };
        assert_eq!(decided_by_data(usual), decided_by_data(other), "{name}");
        said_otherwise += usize::from(usual.email.body != other.email.body);
    }
    assert!(said_otherwise > 150, "the words were replaced: {said_otherwise} mails differ");
}
