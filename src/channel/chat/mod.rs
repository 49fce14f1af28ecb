//! What is told in a channel of Slack or Microsoft Teams.
//!
//! It is read in a channel, so it is short: what happened, why it is grave, the facts that matter, what to do first.
//! The mail has the rest. That choice is made here, once; how it is dressed is another module's for each way into a
//! channel: Amazon Q Developer, or a webhook of either.

pub mod amazon_q;
mod markdown;
mod slack;
mod teams;
pub mod topic;

use crate::alert::{Alert, Command, ContainmentStep, Fact, Link, SectionKind};
use crate::config::WebhookFormat;
use crate::text::Phrase;
use serde_json::Value;

/// The facts that are shown, where there are any; at most as many as a section of Slack can contain.
const FACTS: [(SectionKind, Fact); 11] = [
    (SectionKind::Who, Fact::Credential),
    (SectionKind::Who, Fact::Mfa),
    (SectionKind::Who, Fact::Access),
    (SectionKind::Who, Fact::SourceIp),
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
/// How many steps are told, and how many other reports in the message of one.
const STEPS: usize = 6;
const OTHERS: usize = 10;
/// A name in an address is percent-encoded: a hostile one makes it as long as it likes.
const URL: usize = 500;
/// How a text ends that was cut.
const CUT: &str = " … (cut: the e-mail has all of it)";
/// What stands for a text that is there and blank.
const NOTHING: &str = "(nothing)";
/// What is told instead of a command that has no room.
const ELSEWHERE: &str = "(The e-mail has the command.)";

/// Renders the webhook's message about an alert; of others that are sent with it, a line each.
#[must_use]
pub fn render(format: WebhookFormat, alert: &Alert, others: &[Alert]) -> Value {
    match format {
        WebhookFormat::Slack => slack::render(alert, others),
        WebhookFormat::Teams => teams::render(alert, others),
    }
}

/// The severity and the subject, as a line that a header of Slack can hold.
fn title(alert: &Alert) -> String {
    super::line(alert, &format!("{}: ", alert.severity), TITLE)
}

/// The facts that matter, each with whose it is.
fn facts(alert: &Alert) -> impl Iterator<Item = (String, Phrase)> {
    let facts = FACTS.into_iter().filter_map(|(section, fact)| {
        let row = alert.fact(section, fact)?;
        let whose = if section == SectionKind::Who { "Caller" } else { "Target" };
        Some((format!("{whose}, {}", row.label), Phrase::few(row.values.iter().cloned(), 2, "; ")))
    });
    facts.take(FACTS_SHOWN)
}

/// What to do first, each with its command if there is just one and that `fits`; else with a word on where it is.
fn steps(
    alert: &Alert,
    fits: impl Fn(&ContainmentStep, &Command) -> bool,
) -> impl Iterator<Item = (Phrase, Option<&Command>)> {
    alert.steps.iter().take(STEPS).map(move |step| match step.commands.as_slice() {
        [] => (step.text.clone(), None),
        [only] if fits(step, only) => (step.text.clone(), Some(only)),
        _ => (crate::phrase!(&step.text, " ", ELSEWHERE), None),
    })
}

fn links(alert: &Alert) -> impl Iterator<Item = &Link> {
    alert.links.iter().filter(|link| link.url.len() <= URL)
}

/// The call, `iam:CreateUser`.
fn call(alert: &Alert) -> String {
    reference(alert, Fact::EventName).map(Phrase::plain).unwrap_or_default()
}

/// The event's id, if the event has one.
fn event_id(alert: &Alert) -> Option<String> {
    let mut stretches = reference(alert, Fact::EventId)?.stretches();
    // Our own words say that it has none.
    stretches.find_map(|(text, from_outside)| from_outside.then(|| text.into_owned()))
}

/// A fact that identifies the event.
fn reference(alert: &Alert, fact: Fact) -> Option<&Phrase> {
    alert.fact(SectionKind::Reference, fact)?.values.first()
}

/// What is said of other reports: a line each, and how many more there are.
fn others(others: &[Alert]) -> impl Iterator<Item = String> {
    let more = others.len().saturating_sub(OTHERS);
    let more = (more > 0).then(|| format!("and {more} more: see the e-mails"));
    others.iter().take(OTHERS).map(title).chain(more)
}
