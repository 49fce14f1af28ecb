//! What is told in a channel of Slack or Microsoft Teams.
//!
//! It is read in a channel, so it is short: what happened, why it is grave, the facts that matter, what to do first.
//! The mail has the rest. That choice is made here, once; how it is dressed is another module's for each way into a
//! channel: Amazon Q Developer, or a webhook of either.

pub mod amazon_q;
mod markdown;
mod slack;
mod teams;

use crate::report::{Command, Link, Report, Row, Step};
use crate::text::Phrase;
use serde_json::Value;

/// The facts that are told, where there are any, by section and row; at most as many as a section of Slack can hold.
const FACTS: [(&str, &str); 11] = [
    ("who", "credential"),
    ("who", "mfa"),
    ("who", "power"),
    ("who", "from"),
    ("what", "amountsTo"),
    ("what", "says"),
    ("what", "trust"),
    ("what", "power"),
    ("what", "doubts"),
    ("what", "accessKeys"),
    ("what", "parameters"),
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

/// Whose webhook it is that messages are sent to, which decides their shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Webhook {
    /// An incoming webhook of Slack, which takes Block Kit.
    Slack,
    /// A webhook of a workflow in Microsoft Teams, which takes an Adaptive Card.
    Teams,
}

impl Webhook {
    /// Reads `slack` or `teams`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "slack" => Some(Self::Slack),
            "teams" => Some(Self::Teams),
            _ => None,
        }
    }

    /// Renders what the webhook is sent of a report; of others that are told with it, a line each.
    #[must_use]
    pub fn render(self, report: &Report, others: &[Report]) -> Value {
        match self {
            Self::Slack => slack::render(report, others),
            Self::Teams => teams::render(report, others),
        }
    }
}

/// The severity and the subject, as a line that a header of Slack can hold.
fn title(report: &Report) -> String {
    super::line(report, &format!("{}: ", report.severity), TITLE)
}

/// The facts that matter, each with whose it is.
fn facts(report: &Report) -> impl Iterator<Item = (String, Phrase)> {
    let facts = FACTS.into_iter().filter_map(|(key, row)| {
        let section = report.sections.iter().find(|section| section.key == key)?;
        let row: &Row = section.rows.iter().find(|it| it.key == row)?;
        let whose = if key == "who" { "Caller" } else { "Target" };
        Some((format!("{whose}, {}", row.label), Phrase::few(row.values.iter().cloned(), 2, "; ")))
    });
    facts.take(FACTS_SHOWN)
}

/// What to do first, each with its command if there is just one and that `fits`; else with a word on where it is.
fn steps(report: &Report, fits: impl Fn(&Step, &Command) -> bool) -> impl Iterator<Item = (Phrase, Option<&Command>)> {
    report.steps.iter().take(STEPS).map(move |step| match step.commands.as_slice() {
        [] => (step.text.clone(), None),
        [only] if fits(step, only) => (step.text.clone(), Some(only)),
        _ => (crate::phrase!(&step.text, " ", ELSEWHERE), None),
    })
}

fn links(report: &Report) -> impl Iterator<Item = &Link> {
    report.links.iter().filter(|link| link.url.len() <= URL)
}

/// The call, `iam:CreateUser`.
fn call(report: &Report) -> String {
    reference(report, "eventName").map(Phrase::plain).unwrap_or_default()
}

/// The event's id, if the event has one.
fn event_id(report: &Report) -> Option<String> {
    let mut stretches = reference(report, "eventId")?.stretches();
    // Our own words say that it has none.
    stretches.find_map(|(text, from_outside)| from_outside.then(|| text.into_owned()))
}

/// A fact that identifies the event.
fn reference<'a>(report: &'a Report, key: &str) -> Option<&'a Phrase> {
    report.reference.rows.iter().find(|row| row.key == key)?.values.first()
}

/// What is said of other reports: a line each, and how many more there are.
fn others(others: &[Report]) -> impl Iterator<Item = String> {
    let more = others.len().saturating_sub(OTHERS);
    let more = (more > 0).then(|| format!("and {more} more: see the e-mails"));
    others.iter().take(OTHERS).map(title).chain(more)
}
