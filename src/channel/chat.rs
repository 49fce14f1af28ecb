//! A message for a channel of Slack or Microsoft Teams: the custom notification of Amazon Q Developer in chat
//! applications ("Custom notifications" in its administrator guide), which AWS carries into either.
//!
//! It is read in a channel, so it is short: what happened, why it is grave, the facts that matter, what to do first.
//! The mail has the rest. One actor's story is one thread. Its `client-markdown` is each client's own, so only what
//! both understand is used: code spans, bold between asterisks, bare links.

use crate::report::{Report, Row, Step};
use crate::text::{Kind, Phrase, Untrusted, fingerprint};
use serde_json::{Value, json};

/// The bounds that are kept. A text block of Slack has 3,000 characters ("Section block" in its reference), and what
/// AWS adds has to fit besides; for the others AWS's guide gives none that we know, and these are what a channel bears.
const TITLE: usize = 200;
const DESCRIPTION: usize = 2_800;
const STEPS: usize = 6;
const STEP: usize = 300;
const RESOURCES: usize = 5;
const CUT: &str = " … (cut: the e-mail has all of it)";

/// The facts that are told, by section and row.
const FACTS: [(&str, &str); 6] = [
    ("who", "credential"),
    ("who", "mfa"),
    ("who", "power"),
    ("who", "from"),
    ("what", "power"),
    ("what", "accessKeys"),
];

/// Renders a report as the JSON of a custom notification.
#[must_use]
pub fn render(report: &Report) -> Value {
    let reference = |key| report.reference.rows.iter().find(|row| row.key == key).map(|row| row.values[0].plain());
    let event = reference("eventName").unwrap_or_default();
    let title = plain(&format!("{}: {}", report.severity, report.subject.ascii(64)), TITLE);
    let resources = report.resources.iter().take(RESOURCES).map(|arn| plain(&arn.shown(Kind::Arn), TITLE));
    let resources: Vec<_> = resources.collect();
    let mut notification = json!({
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": title,
            "description": bounded(&description(report), DESCRIPTION),
            "nextSteps": report.steps.iter().take(STEPS).map(step).collect::<Vec<_>>(),
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
    if let Some(id) = reference("eventId") {
        notification["id"] = plain(&id, 100).into();
    }
    notification
}

fn description(report: &Report) -> String {
    let mut lines = vec![dressed(&report.summary).replace('\n', " ")];
    lines.push(format!("\n*Why {}*", report.severity));
    lines.extend(report.reasons.iter().map(|reason| format!("• {}", dressed(&reason.text))));
    let row = |section: &str, key: &str| -> Option<&Row> {
        let section = report.sections.iter().find(|it| it.key == section)?;
        section.rows.iter().find(|row| row.key == key)
    };
    lines.push(String::new());
    for (section, key) in FACTS {
        let whose = if section == "who" { "Caller" } else { "Target" };
        lines.extend(row(section, key).map(|row| {
            let values = Phrase::few(row.values.iter().cloned(), 2, "; ");
            format!("*{whose}, {}*: {}", row.label, dressed(&values))
        }));
    }
    lines.extend(report.links.iter().map(|link| format!("{}: {}", link.label, link.url)));
    lines.join("\n")
}

/// A step with its first command, if that is short enough to be read in a channel.
fn step(step: &Step) -> String {
    let text = dressed(&step.text);
    // A command cannot be in a code span if it holds the span's own mark.
    let with = |command: &str| format!("{text} `{}`", escaped(command));
    match step.commands.as_slice() {
        [] => bounded(&text, STEP),
        [only] if with(only.as_str()).chars().count() <= STEP && !only.as_str().contains('`') => with(only.as_str()),
        _ => bounded(&format!("{text} (The e-mail has the command.)"), STEP),
    }
}

/// A phrase with what is from outside in code spans: there it is no markup, and nobody is mentioned by it.
fn dressed(phrase: &Phrase) -> String {
    phrase.rendered(code)
}

fn code(text: &Untrusted, kind: Kind) -> String {
    // A span cannot hold its own mark.
    let shown = text.shown(kind).replace('`', "'");
    if shown.trim().is_empty() { "(nothing)".to_owned() } else { format!("`{}`", escaped(&shown)) }
}

/// Text that stands outside of a code span, and may not open one.
fn plain(text: &str, limit: usize) -> String {
    bounded(&escaped(&text.replace('`', "'")), limit)
}

/// The three characters that Slack takes for its own ("Formatting text for app surfaces").
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// At most `limit` characters, with no half of an escape and no open code span.
fn bounded(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(limit - CUT.chars().count() - 1).collect();
    if let Some(open) = kept.rfind('&').filter(|open| !kept[*open..].contains(';')) {
        kept.truncate(open);
    }
    // A line with an odd number of marks has an open span.
    let line = kept.rfind('\n').map_or(0, |end| end + 1);
    if kept[line..].matches('`').count() % 2 == 1 {
        kept.push('`');
    }
    kept + CUT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrase;

    #[test]
    fn text_from_outside_is_no_markup_and_mentions_nobody() {
        let name = Untrusted::new("x` *bold* <!here> @channel <https://evil.example|here> &");
        assert_eq!(
            dressed(&phrase!("user ", &name)),
            "user `x' *bold* &lt;!here&gt; @channel &lt;hxxps://evil[.]example|here&gt; &amp;`"
        );
        assert_eq!(dressed(&phrase!(&Untrusted::new(""))), "(nothing)");
    }

    #[test]
    fn what_is_cut_is_whole_again() {
        let long = format!("`{}&amp;{}`", "a".repeat(58), "b".repeat(400));
        for limit in 90..110 {
            let cut = bounded(&long, limit);
            assert!(cut.chars().count() <= limit && cut.matches('`').count() == 2 && cut.ends_with(CUT), "{cut}");
            assert!(!cut.contains('&') || cut.contains("&amp;"), "{cut}");
        }
        assert_eq!(bounded("short", 5), "short");
    }
}
