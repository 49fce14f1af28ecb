//! The custom notification of Amazon Q Developer in chat applications ("Custom notifications" in its administrator
//! guide), which AWS carries into Slack or Microsoft Teams. One actor's story is one thread.
//!
//! Its `client-markdown` is each client's own, so only what both understand is used: code spans, bold between
//! asterisks, bare links.

use super::markdown::{bounded, dressed, escaped, plain, summary, why};
use super::{call, event_id, facts, links, steps, title};
use crate::report::{Command, Report};
use crate::text::{Kind, fingerprint};
use serde_json::{Value, json};
use std::cell::Cell;

/// The bounds that are kept. A text block of Slack has 3,000 characters ("Section block" in its reference), and what
/// AWS adds has to fit besides; for the others AWS's guide gives none that we know, and these are what a channel bears.
const TITLE: usize = 200;
const DESCRIPTION: usize = 2_800;
const STEP: usize = 500;
const ALL_STEPS: usize = 2_800;
const RESOURCES: usize = 5;

/// Renders a report as the JSON of a custom notification.
#[must_use]
pub fn render(report: &Report) -> Value {
    let event = call(report);
    let resources = report.resources.iter().filter_map(|resource| resource.arn.as_ref()).take(RESOURCES);
    let resources: Vec<_> = resources.map(|arn| plain(&arn.shown(Kind::Arn), TITLE)).collect();
    let mut notification = json!({
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": plain(&title(report), TITLE),
            "description": bounded(&description(report), DESCRIPTION),
            "nextSteps": next_steps(report),
            "keywords": [report.severity.word(), plain(&event, 60)],
        },
        "metadata": {
            "threadId": fingerprint(&report.actor),
            "summary": plain(&report.headline.plain(), TITLE),
            "eventType": plain(&event, 60),
            "relatedResources": resources,
            "additionalContext": {"severity": report.severity.word()},
        },
    });
    if let Some(id) = event_id(report) {
        notification["id"] = plain(&id, 100).into();
    }
    notification
}

fn description(report: &Report) -> String {
    let mut lines = vec![summary(report), String::new(), why(report), String::new()];
    lines.extend(facts(report).map(|(label, value)| format!("*{label}*: {}", dressed(&value))));
    lines.extend(links(report).map(|link| format!("{}: {}", link.label, link.url)));
    lines.join("\n")
}

/// Steps with their commands in code spans, which cannot hold a span's own mark. All of them may stand in one block.
fn next_steps(report: &Report) -> Vec<String> {
    let with = |text: &str, command: &str| format!("{text} `{}`", escaped(command));
    let room = Cell::new(ALL_STEPS);
    let steps = steps(report, |step, command| {
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
