//! An Adaptive Card for a webhook of a workflow in Microsoft Teams ("Adaptive Card explorer", version 1.4; "Post to a
//! channel when a webhook request is received").
//!
//! All text is in text runs, which support no markdown: text from outside cannot be markup and needs no escape.

use super::content::{CUT, NOTHING, digest_title, event_id, facts, links, others, steps, title};
use crate::alert::{Alert, Digest};
use crate::severity::Severity;
use crate::text::Phrase;
use serde_json::{Value, json};

/// A message of a webhook has at most 28 KB ("Size and rate limit" in Teams' guide). The rest is for the message around
/// the card.
const CARD: usize = 26_000;
/// Our own limits for a text and for a command, so that a message stays readable.
const TEXT: usize = 400;
const COMMAND: usize = 1_000;
/// How many actions a card shows side by side.
const ACTIONS: usize = 4;

/// Renders an alert, and one line for each of the other alerts.
pub(super) fn render(alert: &Alert, more: &[Alert]) -> Value {
    let title_run = json!({"type": "TextRun", "text": title(alert), "weight": "Bolder", "size": "Large",
        "color": colour(alert.severity)});
    let mut body = vec![rich(vec![title_run]), rich(runs(&alert.summary, 2 * TEXT))];
    body.push(apart(rich(vec![bold(&format!("Why {}", alert.severity))])));
    body.extend(alert.reasons_to_read().map(|reason| labelled(run("• "), &reason.text)));
    for (i, (label, value)) in facts(alert).enumerate() {
        let fact = labelled(bold(&format!("{label}: ")), &value);
        body.push(if i == 0 { apart(fact) } else { fact });
    }
    let steps = steps(alert, |_, command| command.as_str().len() <= COMMAND);
    for (i, (text, command)) in steps.enumerate() {
        let step = labelled(run(&format!("{}. ", i + 1)), &text);
        body.push(if i == 0 { apart(step) } else { step });
        body.extend(command.map(
            |command| json!({"type": "Container", "style": "emphasis", "items": [rich(vec![code(command.as_str())])]}),
        ));
    }
    body.extend(others(more).map(|line| apart(rich(vec![bold(&line)]))));
    let event = event_id(alert).map(|id| {
        let id: String = id.chars().take(100).collect();
        rich(vec![json!({"type": "TextRun", "text": format!("Event {id}"), "isSubtle": true, "size": "Small"})])
    });
    let actions: Vec<_> = links(alert)
        .take(ACTIONS)
        .map(|link| json!({"type": "Action.OpenUrl", "title": link.label, "url": link.url}))
        .collect();
    let room = CARD - size(&actions) - size(&event);
    cut(&mut body, room);
    body.extend(event);
    let fallback = format!("{}: IAM security alert. This cannot be shown here; the e-mail has it.", alert.severity);
    message(&fallback, &body, &actions)
}

/// Renders a digest.
pub(super) fn digest(digest: &Digest) -> Value {
    let title = json!({"type": "TextRun", "text": digest_title(digest), "weight": "Bolder", "size": "Large", "color": "Default"});
    let mut body = vec![rich(vec![title]), rich(runs(&digest.summary, 2 * TEXT))];
    for section in &digest.sections {
        body.push(apart(rich(runs(&section.title, TEXT))));
        for row in &section.rows {
            let (label, none) = (format!("{}: ", row.label), String::from("• "));
            let labels = std::iter::once(bold(&label)).chain(std::iter::repeat_with(|| run(&none)));
            body.extend(labels.zip(&row.values).map(|(label, value)| labelled(label, value)));
        }
    }
    cut(&mut body, CARD);
    message("Digest of IAM security alerts. This cannot be shown here; the e-mail has it.", &body, &[])
}

/// A message with a card. A client may show the fallback as markdown, so it contains nothing from outside.
fn message(fallback: &str, body: &[Value], actions: &[Value]) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "fallbackText": fallback,
                "msteams": {"width": "Full"},
                "body": body,
                "actions": actions,
            },
        }],
    })
}

/// Removes elements from the end that have no room, and adds a note about that.
fn cut(body: &mut Vec<Value>, room: usize) {
    let mut used = size(body);
    if used <= room {
        return;
    }
    while let Some(last) = body.pop_if(|_| used > room - 200) {
        used -= size(&last);
    }
    body.push(rich(vec![run(CUT.trim_start())]));
}

fn size(json: &impl serde::Serialize) -> usize {
    serde_json::to_string(json).map_or(0, |text| text.len() + 1)
}

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "Attention",
        Severity::Medium => "Warning",
        Severity::Low => "Default",
    }
}

fn rich(inlines: Vec<Value>) -> Value {
    let mut block = json!({"type": "RichTextBlock"});
    block["inlines"] = inlines.into();
    block
}

/// The element with space above it.
fn apart(mut element: Value) -> Value {
    element["spacing"] = "Large".into();
    element
}

fn labelled(label: Value, text: &Phrase) -> Value {
    let mut inlines = vec![label];
    inlines.extend(runs(text, TEXT));
    rich(inlines)
}

fn run(text: &str) -> Value {
    json!({"type": "TextRun", "text": text})
}

fn bold(text: &str) -> Value {
    json!({"type": "TextRun", "text": text, "weight": "Bolder"})
}

fn code(text: &str) -> Value {
    json!({"type": "TextRun", "text": text, "fontType": "Monospace"})
}

/// A phrase of at most `limit` characters, with text from outside in a monospace font.
fn runs(phrase: &Phrase, limit: usize) -> Vec<Value> {
    let (mut runs, mut ours, mut room) = (Vec::new(), String::new(), limit);
    for (text, from_outside) in phrase.stretches() {
        let kept: String = text.chars().take(room).collect();
        room -= kept.chars().count();
        let cut = kept.len() < text.len();
        if !from_outside {
            ours.push_str(&kept.replace('\n', " "));
        } else if text.trim().is_empty() {
            ours.push_str(NOTHING);
        } else if !kept.trim().is_empty() {
            runs.extend((!ours.is_empty()).then(|| run(&std::mem::take(&mut ours))));
            runs.push(code(&kept));
        }
        if cut {
            ours.push_str(CUT);
            break;
        }
    }
    runs.extend((!ours.is_empty()).then(|| run(&ours)));
    runs
}
