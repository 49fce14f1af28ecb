//! What is shown in every chat.

use crate::alert::{Alert, Command, ContainmentStep, Digest, Fact, Link, SectionKind};
use crate::channel::subject::{line, line_of};
use crate::text::Phrase;

/// The facts that are shown, if the alert has them; at most as many as a section of Slack can contain.
const FACTS: [(SectionKind, Fact); 14] = [
    (SectionKind::Who, Fact::AccessOf),
    (SectionKind::Who, Fact::Credential),
    (SectionKind::Who, Fact::Mfa),
    (SectionKind::Who, Fact::Access),
    (SectionKind::Who, Fact::SourceIp),
    (SectionKind::What, Fact::Service),
    (SectionKind::What, Fact::Expires),
    (SectionKind::What, Fact::Grants),
    (SectionKind::What, Fact::Statements),
    (SectionKind::What, Fact::Trust),
    (SectionKind::What, Fact::Access),
    (SectionKind::What, Fact::NotEvaluated),
    (SectionKind::What, Fact::AccessKeys),
    (SectionKind::What, Fact::Parameters),
];
const FACTS_SHOWN: usize = 10;
/// A header of Slack has 150 characters ("Reference: blocks").
const TITLE: usize = 150;
/// How many steps are shown, and how many other alerts are named in the message.
const STEPS: usize = 6;
const OTHERS: usize = 10;
/// The limit of a link. A name in a link is percent-encoded, so a hostile name can make the link very long.
const URL: usize = 500;
/// The end of a text that was cut.
pub(super) const CUT: &str = " … (cut: the e-mail has all of it)";
/// Stands in place of a blank text.
pub(super) const NOTHING: &str = "(nothing)";
/// Stands in place of a command that has no room.
const ELSEWHERE: &str = "(The e-mail has the command.)";

/// The severity and the subject, as a line that fits into a header of Slack.
pub(super) fn title(alert: &Alert) -> String {
    line(alert, &format!("{}: ", alert.severity), TITLE)
}

/// The same of a digest.
pub(super) fn digest_title(digest: &Digest) -> String {
    line_of(&digest.subjects, "DIGEST: ", TITLE)
}

/// The most important facts, each with its section.
pub(super) fn facts(alert: &Alert) -> impl Iterator<Item = (String, Phrase)> {
    let facts = FACTS.into_iter().filter_map(|(section, fact)| {
        let row = alert.fact(section, fact)?;
        let whose = if section == SectionKind::Who { "Caller" } else { "Target" };
        Some((format!("{whose}, {}", row.label), Phrase::few(row.values.iter().cloned(), 2, "; ")))
    });
    facts.take(FACTS_SHOWN)
}

/// What to do first: each step with its command, if there is exactly one and it `fits`; otherwise with a note on where
/// the command is.
pub(super) fn steps(
    alert: &Alert,
    fits: impl Fn(&ContainmentStep, &Command) -> bool,
) -> impl Iterator<Item = (Phrase, Option<&Command>)> {
    alert.steps.iter().take(STEPS).map(move |step| match step.commands.as_slice() {
        [] => (step.text.clone(), None),
        [only] if fits(step, only) => (step.text.clone(), Some(only)),
        _ => (crate::phrase!(&step.text, " ", ELSEWHERE), None),
    })
}

pub(super) fn links(alert: &Alert) -> impl Iterator<Item = &Link> {
    alert.links.iter().filter(|link| link.url.len() <= URL)
}

/// The call, `iam:CreateUser`.
pub(super) fn call(alert: &Alert) -> String {
    reference(alert, Fact::EventName).map(Phrase::plain).unwrap_or_default()
}

/// The event's id, if it has one.
pub(super) fn event_id(alert: &Alert) -> Option<String> {
    let mut stretches = reference(alert, Fact::EventId)?.stretches();
    // If the event has no id, the phrase contains our own words only.
    stretches.find_map(|(text, from_outside)| from_outside.then(|| text.into_owned()))
}

/// A fact that identifies the event.
pub(super) fn reference(alert: &Alert, fact: Fact) -> Option<&Phrase> {
    alert.fact(SectionKind::Reference, fact)?.values.first()
}

/// The lines about other alerts, and how many more there are.
pub(super) fn others(others: &[Alert]) -> impl Iterator<Item = String> {
    let more = others.len().saturating_sub(OTHERS);
    let more = (more > 0).then(|| format!("and {more} more: see the e-mails"));
    others.iter().take(OTHERS).map(title).chain(more)
}
