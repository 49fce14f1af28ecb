//! The custom notification of Amazon Q Developer in chat applications ("Custom notifications" in its administrator
//! guide), which AWS carries into Slack or Microsoft Teams. One actor's story is one thread.
//!
//! Its `client-markdown` is each client's own, so only what both understand is used: code spans, bold between
//! asterisks, bare links.

use super::markdown::{bounded, dressed, escaped, plain, summary, why};
use super::{call, event_id, facts, links, steps, title};
use crate::alert::{Alert, Command};
use crate::text::{TextKind, fingerprint};
use serde_json::{Value, json};
use std::cell::Cell;

/// The bounds that are kept. A text block of Slack has 3,000 characters ("Section block" in its reference), and what
/// AWS adds has to fit besides; for the others AWS's guide gives none that we know, and these are what a channel bears.
const TITLE: usize = 200;
const DESCRIPTION: usize = 2_800;
const STEP: usize = 500;
const ALL_STEPS: usize = 2_800;
const RESOURCES: usize = 5;

/// Renders a alert as the JSON of a custom notification.
#[must_use]
pub fn render(alert: &Alert) -> Value {
    let event = call(alert);
    let resources = alert.resources.iter().filter_map(|resource| resource.arn.as_ref()).take(RESOURCES);
    let resources: Vec<_> = resources.map(|arn| plain(&arn.shown(TextKind::Arn), TITLE)).collect();
    let mut notification = json!({
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": plain(&title(alert), TITLE),
            "description": bounded(&description(alert), DESCRIPTION),
            "nextSteps": next_steps(alert),
            "keywords": [alert.severity.word(), plain(&event, 60)],
        },
        "metadata": {
            "threadId": fingerprint(&alert.actor),
            "summary": plain(&alert.headline.plain(), TITLE),
            "eventType": plain(&event, 60),
            "relatedResources": resources,
            "additionalContext": {"severity": alert.severity.word()},
        },
    });
    if let Some(id) = event_id(alert) {
        notification["id"] = plain(&id, 100).into();
    }
    notification
}

fn description(alert: &Alert) -> String {
    let mut lines = vec![summary(alert), String::new(), why(alert), String::new()];
    lines.extend(facts(alert).map(|(label, value)| format!("*{label}*: {}", dressed(&value))));
    lines.extend(links(alert).map(|link| format!("{}: {}", link.label, link.url)));
    lines.join("\n")
}

/// Steps with their commands in code spans, which cannot hold a span's own mark. All of them may stand in one block.
fn next_steps(alert: &Alert) -> Vec<String> {
    let with = |text: &str, command: &str| format!("{text} `{}`", escaped(command));
    let room = Cell::new(ALL_STEPS);
    let steps = steps(alert, |step, command| {
        let length = with(&dressed(&step.text), command.as_str()).chars().count();
        // What is left has to do for the texts of the steps that follow.
        let fits = !command.as_str().contains('`') && length <= STEP && length + STEP <= room.get();
        room.set(room.get().saturating_sub(if fits { length } else { STEP / 2 }));
        fits
    });
    let line = |(text, command): (_, Option<&Command>)| {
        let text = dressed(&text);
        command.map_or_else(|| bounded(&text, STEP), |command| with(&text, command.as_str()))
    };
    steps.map(line).collect()
}
