//! Plain text for an e-mail that is read on a phone. SNS sends plain text only.

use super::subject::{line, line_of};
use crate::alert::{Alert, ContainmentStep, Digest, Fact, Row, Section};
use crate::severity::Severity;
use crate::text::Phrase;
use std::fmt::Write as _;

/// A mail, within the limits of SNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// At most 99 characters of printable ASCII; the first is a bracket.
    pub subject: String,
    /// At most [`MAX_BODY`] bytes of UTF-8.
    pub body: String,
    /// For subscription filter policies.
    pub severity: Severity,
    /// The ids of the accounts that the mail is about, for the same.
    pub accounts: Vec<String>,
}

/// A subject is "less than 100 characters" (SNS API reference, `Publish`).
pub const MAX_SUBJECT: usize = 99;
/// SNS accepts messages of 262,144 bytes; the rest is for what SNS adds.
pub const MAX_BODY: usize = 240_000;

impl Email {
    /// The mail, with the note that it may be the second one.
    #[must_use]
    pub fn repeated(&self) -> Self {
        const NOTE: &str = "SNS did not confirm an earlier attempt to send this mail: this mail may have come before.";
        // After the first paragraph, which says what happened.
        let body = match self.body.split_once("\n\n") {
            Some((first, rest)) => format!("{first}\n{NOTE}\n\n{rest}"),
            None => format!("{}\n{NOTE}\n", self.body),
        };
        Self { body, ..self.clone() }
    }
}

/// Renders an alert.
#[must_use]
pub fn render(alert: &Alert) -> Email {
    // The limit is checked a second time, on the whole body: SNS refuses a longer one.
    let body = bounded(body(alert), MAX_BODY);
    let accounts = alert.account_ids();
    Email { subject: subject(alert), body, severity: alert.severity, accounts }
}

/// Renders a digest.
#[must_use]
pub fn digest(digest: &Digest) -> Email {
    let mut text = format!("DIGEST - {}\n{}\n", digest.headline.plain(), digest.summary.plain());
    for section in &digest.sections {
        text.push('\n');
        lines(section, &mut text);
    }
    Email {
        subject: digest_subject(digest),
        body: bounded(text, MAX_BODY),
        severity: Digest::SEVERITY,
        accounts: digest.account_ids(),
    }
}

#[must_use]
pub fn digest_subject(digest: &Digest) -> String {
    line_of(&digest.subjects, "[DIGEST] ", MAX_SUBJECT)
}

/// The subject that is used if SNS refuses the first one. It contains nothing from outside.
#[must_use]
pub fn plain_subject(severity: Severity) -> String {
    format!("[{severity}] IAM security alert")
}

#[must_use]
pub fn subject(alert: &Alert) -> String {
    line(alert, &format!("[{}] ", alert.severity), MAX_SUBJECT)
}

fn body(alert: &Alert) -> String {
    let mut text = verdict(alert);
    text.push_str(&response(alert));
    let reference = reference(alert);
    // If the mail is too long, evidence is cut, but not the verdict and not the commands.
    let room = MAX_BODY.saturating_sub(text.len() + reference.len());
    text.push_str(&bounded(evidence(alert), room));
    text.push_str(&reference);
    text
}

/// Writes lines. Writing to a String cannot fail.
macro_rules! write_line {
    ($text:expr, $($arguments:tt)*) => {{ let _ = writeln!($text, $($arguments)*); }};
}

fn verdict(alert: &Alert) -> String {
    let mut text = String::with_capacity(4_096);
    write_line!(text, "{} - {}", alert.severity, alert.headline.plain());
    write_line!(text, "{}", alert.summary.plain());
    write_line!(text, "\nWHY {}", alert.severity);
    for reason in alert.reasons_to_read() {
        write_line!(text, "  * {}", reason.text.plain());
    }
    text
}

/// What to do first.
fn response(alert: &Alert) -> String {
    let mut text = String::new();
    write_line!(text, "\nIF THIS WAS NOT EXPECTED");
    write_line!(text, "  Run the commands in {}:", alert.account.plain());
    list(&alert.steps, &mut text);
    text
}

fn list(steps: &[ContainmentStep], text: &mut String) {
    for (i, step) in steps.iter().enumerate() {
        write_line!(text, "  {}. {}", i + 1, step.text.plain());
        // A command stands alone on its lines without indentation, so that it can be copied.
        for command in &step.commands {
            write_line!(text, "{}", command.as_str());
        }
    }
}

fn evidence(alert: &Alert) -> String {
    let mut text = String::new();
    for section in &alert.sections {
        write_line!(text, "");
        lines(section, &mut text);
    }
    text
}

fn reference(alert: &Alert) -> String {
    let mut text = String::new();
    if !alert.if_expected.is_empty() {
        write_line!(text, "\nIF THIS WAS EXPECTED");
        list(&alert.if_expected, &mut text);
    }
    if !alert.links.is_empty() {
        write_line!(text, "\nLINKS");
        for link in &alert.links {
            write_line!(text, "  {}: {}", link.label, link.url);
        }
    }
    write_line!(text, "");
    lines(&alert.reference, &mut text);
    text
}

fn lines(section: &Section, text: &mut String) {
    write_line!(text, "{}", section.title.plain());
    let kind = section.rows.iter().find(|row| row.fact == Fact::Kind).and_then(|row| row.values.first());
    for Row { fact, label, values } in &section.rows {
        // The kind stands after the name, unless the name says it: "the root user".
        let says_kind = |kind: &Phrase| values.first().is_some_and(|name| name.plain().ends_with(&kind.plain()));
        let kind = match (fact, kind) {
            (Fact::Kind, _) => continue,
            (Fact::Name, Some(kind)) if !says_kind(kind) => format!(", {}", kind.plain()),
            _ => String::new(),
        };
        for (i, value) in values.iter().map(Phrase::plain).enumerate() {
            let label = if i == 0 { label } else { "" };
            write_line!(text, "  {label:<18} {value}{kind}");
        }
    }
}

/// Cuts a text to a number of bytes, and says how much was cut.
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
