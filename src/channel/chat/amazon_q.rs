//! The custom notification of Amazon Q Developer in chat applications ("Custom notifications" in its administrator
//! guide), which AWS delivers to Slack or Microsoft Teams. The alerts on one actor are one thread.
//!
//! Each chat client has its own `client-markdown`, so only what both clients understand is used: code spans, bold
//! between asterisks, bare links.

use super::content::{call, digest_title, event_id, facts, links, steps, title};
use super::markdown::{bounded, dressed, plain, section, summary, why};
use crate::alert::{Alert, Command, Digest};
use crate::text::{TextKind, escaped, fingerprint};
use serde_json::{Value, json};
use std::cell::Cell;

/// The limits of a notification. A text block of Slack has 3,000 characters ("Section block" in its reference), and
/// what AWS adds has to fit as well. AWS's guide gives no other limits that we know; the others keep a message
/// readable.
const TITLE: usize = 200;
const DESCRIPTION: usize = 2_800;
const STEP: usize = 500;
const ALL_STEPS: usize = 2_800;
const RESOURCES: usize = 5;

/// Renders an alert as the JSON of a custom notification.
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

/// Renders a digest, as a thread of its own.
#[must_use]
pub fn digest(digest: &Digest) -> Value {
    let title = digest_title(digest);
    let parts = digest.sections.iter().map(section).collect::<Vec<_>>().join("\n\n");
    let description = format!("{}\n\n{parts}", dressed(&digest.summary).replace('\n', " "));
    json!({
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": plain(&title, TITLE),
            "description": bounded(&description, DESCRIPTION),
            "keywords": ["DIGEST"],
        },
        "metadata": {
            "threadId": fingerprint(&title),
            "summary": plain(&digest.headline.plain(), TITLE),
            "eventType": "digest",
            "additionalContext": {"severity": Digest::SEVERITY.word()},
        },
    })
}

fn description(alert: &Alert) -> String {
    let mut lines = vec![summary(alert), String::new(), why(alert), String::new()];
    lines.extend(facts(alert).map(|(label, value)| format!("*{label}*: {}", dressed(&value))));
    lines.extend(links(alert).map(|link| format!("{}: {}", link.label, link.url)));
    lines.join("\n")
}

/// Steps with their commands in code spans. A code span cannot contain a backtick. All steps may stand in one block.
fn next_steps(alert: &Alert) -> Vec<String> {
    let with = |text: &str, command: &str| format!("{text} `{}`", escaped(command));
    let room = Cell::new(ALL_STEPS);
    let steps = steps(alert, |step, command| {
        let length = with(&dressed(&step.text), command.as_str()).chars().count();
        // The room that is left has to be enough for the texts of the steps that follow.
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
