//! Plain text for an e-mail that is read on a phone: SNS sends no other.

use crate::report::{Report, Row, Section};
use crate::severity::Severity;
use crate::text::Phrase;
use std::fmt::Write as _;

/// A mail, within the limits of SNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// At most 99 characters of printable ASCII that begin with a bracket.
    pub subject: String,
    /// At most [`MAX_BODY`] bytes of UTF-8.
    pub body: String,
    /// For subscription filter policies.
    pub severity: Severity,
}

/// A subject is "less than 100 characters" (SNS API reference, `Publish`).
pub const MAX_SUBJECT: usize = 99;
/// SNS takes 262,144 bytes of message; this leaves room for what SNS adds.
pub const MAX_BODY: usize = 240_000;

/// Renders a report.
#[must_use]
pub fn render(report: &Report) -> Email {
    // The bound is kept a second time, over all: it is the one that SNS insists on.
    let body = bounded(body(report), MAX_BODY);
    Email { subject: subject(report), body, severity: report.severity }
}

/// The subject that is used where SNS refuses the other: nothing from outside is in it.
#[must_use]
pub fn plain_subject(severity: Severity) -> String {
    format!("[{severity}] IAM security alert")
}

/// The subject: names are cut further and further until the whole fits; before they become unreadable, the shorter line
/// is taken.
#[must_use]
pub fn subject(report: &Report) -> String {
    let with = |subject: &Phrase, each| format!("[{}] {}", report.severity, subject.ascii(each));
    let whole = (16..=64).rev().map(|each| with(&report.subject, each));
    let short = (8..=64).rev().map(|each| with(&report.short_subject, each));
    let mut subject = whole.chain(short).find(|subject| subject.len() <= MAX_SUBJECT);
    subject.get_or_insert_with(|| with(&report.short_subject, 8)).truncate(MAX_SUBJECT);
    subject.unwrap_or_default().trim_end().to_owned()
}

fn body(report: &Report) -> String {
    let mut text = verdict(report);
    let response = response(report);
    // If something has to be cut, it is evidence, and neither the verdict nor the commands.
    let room = MAX_BODY.saturating_sub(text.len() + response.len());
    text.push_str(&bounded(evidence(report), room));
    text.push_str(&response);
    text
}

/// Writes lines. Writing to a String cannot fail.
macro_rules! line {
    ($text:expr, $($arguments:tt)*) => {{ let _ = writeln!($text, $($arguments)*); }};
}

fn verdict(report: &Report) -> String {
    let mut text = String::with_capacity(4_096);
    line!(text, "{} - {}", report.severity, report.headline.plain());
    line!(text, "{}", report.summary.plain());
    line!(text, "\nWHY {}", report.severity);
    for reason in &report.reasons {
        line!(text, "  * {}", reason.text.plain());
    }
    text
}

fn evidence(report: &Report) -> String {
    let mut text = String::new();
    for section in &report.sections {
        line!(text, "");
        lines(section, &mut text);
    }
    text
}

fn response(report: &Report) -> String {
    let mut text = String::new();
    line!(text, "\nIF THIS WAS NOT EXPECTED");
    line!(text, "  The commands are for {}.", report.account.plain());
    for (i, step) in report.steps.iter().enumerate() {
        line!(text, "  {}. {}", i + 1, step.text.plain());
        // A command stands alone at the edge, so that it can be copied whole.
        for command in &step.commands {
            line!(text, "\n{}", command.as_str());
        }
        if !step.commands.is_empty() && i + 1 < report.steps.len() {
            line!(text, "");
        }
    }
    if !report.links.is_empty() {
        line!(text, "\nLINKS");
        for link in &report.links {
            line!(text, "  {}:\n  {}", link.label, link.url);
        }
    }
    line!(text, "");
    lines(&report.reference, &mut text);
    text
}

fn lines(section: &Section, text: &mut String) {
    line!(text, "{}", section.title.plain());
    for Row { label, values, .. } in &section.rows {
        for (i, value) in values.iter().map(Phrase::plain).enumerate() {
            let label = if i == 0 { label } else { "" };
            line!(text, "  {label:<15} {value}");
        }
    }
}

/// Cuts a text to so many bytes, and says how much was cut.
fn bounded(text: String, limit: usize) -> String {
    const ROOM: usize = 80;
    if text.len() <= limit {
        return text;
    }
    let kept = text.floor_char_boundary(limit.saturating_sub(ROOM));
    let cut = text.len() - kept;
    let mut text = text;
    text.truncate(kept);
    // Writing to a String cannot fail.
    let _ = write!(text, "\n\n[... {cut} bytes were cut here: the alert was too long]\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_body_is_cut_between_characters_with_a_mark() {
        let text = bounded("é".repeat(200), 201);
        assert!(text.len() <= 201 && text.contains("bytes were cut here"), "{text}");
        assert_eq!(bounded("short".into(), 201), "short");
    }

    proptest! {
        #[test]
        fn a_body_of_any_text_keeps_its_bound(text in any::<String>(), limit in 100_usize..200) {
            prop_assert!(bounded(text, limit).len() <= limit);
        }
    }
}
