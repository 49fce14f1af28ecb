//! Block Kit for an incoming webhook of Slack ("Reference: blocks").

use super::markdown::{bounded, dressed, escaped, plain, summary, why};
use super::{event_id, facts, links, others, steps, title};
use crate::alert::{Alert, Command};
use crate::text::Phrase;
use serde_json::{Value, json};

/// The bounds of "Reference: blocks": the text of a section has 3,000 characters, a field of one 2,000. There are at most
/// fifty blocks, ten fields, and ten elements of a context; fewer are made here.
const SECTION: usize = 3_000;
/// What the number of a step takes: "1. ".
const NUMBER: usize = 3;
/// What a channel bears of a field.
const FIELD: usize = 500;

/// Renders a alert, and a line of each of the others.
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
        // The end of a block of code is three of these marks.
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
    // Where no blocks are shown, on a watch and to a screen reader, the text stands for them.
    json!({"text": plain(&title, 300), "unfurl_links": false, "unfurl_media": false, "blocks": blocks})
}

fn with(text: &Phrase, command: &Command) -> String {
    format!("{}\n```{}```", dressed(text), escaped(command.as_str()))
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": markdown(&bounded(text, SECTION))})
}

/// Text in which Slack makes no links and mentions of its own accord.
fn markdown(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}
