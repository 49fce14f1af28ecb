//! Block Kit for an incoming webhook of Slack ("Reference: blocks").

use super::content::{digest_title, event_id, facts, links, others, steps, title};
use super::markdown::{self as mrkdwn, bounded, dressed, plain, summary, why};
use crate::alert::{Alert, Command, Digest};
use crate::text::{Phrase, escaped};
use serde_json::{Value, json};

/// The limits of "Reference: blocks": the text of a section has 3,000 characters, a field of a section 2,000. There are
/// at most fifty blocks, ten fields, and ten elements of a context; this module makes fewer.
const SECTION: usize = 3_000;
/// The length of the number of a step: "1. ".
const NUMBER: usize = 3;
/// Our own limit for a field, so that a message stays readable.
const FIELD: usize = 500;

/// Renders an alert, and one line for each of the other alerts.
pub(super) fn render(alert: &Alert, more: &[Alert]) -> Value {
    let title = title(alert);
    let mut blocks = vec![
        json!({"type": "header", "text": {"type": "plain_text", "text": title, "emoji": false}}),
        section(&summary(alert)),
        section(&why(alert)),
    ];
    let facts: Vec<_> = facts(alert)
        .map(|(label, value)| markdown(&bounded(&format!("*{label}*\n{}", dressed(&value)), FIELD)))
        .collect();
    if !facts.is_empty() {
        blocks.push(json!({"type": "section", "fields": facts}));
    }
    let steps = steps(alert, |step, command| {
        // Three backticks would end a block of code.
        !command.as_str().contains('`') && with(&step.text, command).chars().count() + NUMBER <= SECTION
    });
    for (i, (text, command)) in steps.enumerate() {
        let text = command.map_or_else(|| dressed(&text), |command| with(&text, command));
        blocks.push(section(&format!("{}. {text}", i + 1)));
    }
    let links: Vec<_> = links(alert).map(|link| format!("<{}|{}>", escaped(&link.url), link.label)).collect();
    if !links.is_empty() {
        blocks.push(section(&links.join("  ·  ")));
    }
    blocks.extend(others(more).map(|line| section(&format!("*{}*", plain(&line, 300)))));
    if let Some(id) = event_id(alert) {
        blocks.push(json!({"type": "context", "elements": [markdown(&format!("Event {}", plain(&id, 100)))]}));
    }
    // Where blocks are not shown (on a watch, by a screen reader), this text is used instead.
    json!({"text": plain(&title, 300), "unfurl_links": false, "unfurl_media": false, "blocks": blocks})
}

/// Renders a digest.
pub(super) fn digest(digest: &Digest) -> Value {
    let title = digest_title(digest);
    let header = json!({"type": "header", "text": {"type": "plain_text", "text": title, "emoji": false}});
    let summary = section(&dressed(&digest.summary).replace('\n', " "));
    let blocks: Vec<_> = [header, summary]
        .into_iter()
        .chain(digest.sections.iter().map(|part| section(&mrkdwn::section(part))))
        .collect();
    json!({"text": plain(&title, 300), "unfurl_links": false, "unfurl_media": false, "blocks": blocks})
}

fn with(text: &Phrase, command: &Command) -> String {
    format!("{}\n```{}```", dressed(text), escaped(command.as_str()))
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": markdown(&bounded(text, SECTION))})
}

/// Text in which Slack does not create links or mentions automatically.
fn markdown(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}
