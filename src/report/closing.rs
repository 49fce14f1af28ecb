//! What is told of a flood: in the mails that are still sent while it lasts, and in the one that sums it up.

use super::runbook::Command;
use super::{Report, Resource, Section, Step, compose, when};
use crate::assessment::Reason;
use crate::history::flood::{Place, Summary, Untold};
use crate::history::{Entry, Line};
use crate::phrase;
use crate::text::{Phrase, Untrusted, counted};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use std::cmp::Reverse;

/// A flood of which an alert is one.
#[derive(Debug)]
pub struct Flood<'a> {
    /// The place of the event among those like it.
    pub place: Place,
    /// The event.
    pub entry: &'a Entry,
    /// Where the others are to be found.
    pub table: Table<'a>,
}

/// The table of the history, by its name and, where that is known, its region.
pub type Table<'a> = (&'a str, Option<&'a str>);

impl Flood<'_> {
    /// The how manieth it is, and how many like it were not mailed.
    pub(super) fn sentence(&self) -> Phrase {
        let Place { nth, since, left_out, .. } = self.place;
        let nth = Phrase::ours(ordinal(nth));
        let since = Phrase::ours(since.format("%H:%M UTC").to_string());
        let before = match left_out {
            0 => "none like it waits to be summed up".into(),
            some => {
                Phrase::ours(format!("{some} like it were not mailed and not summed up yet; they are in the history"))
            }
        };
        phrase!("It is the ", nth, " ", &self.entry.line.call, " by this caller since ", since, "; ", before, ".")
    }

    /// What is mailed of a flood, and where the rest is.
    pub(super) fn section(&self) -> Section {
        let mut section = Section::new("flood", "ONE OF A FLOOD");
        section.row("place", "Place", Phrase::ours(ordinal(self.place.nth)));
        section.row("leftOut", "Not mailed", Phrase::ours(self.place.left_out.to_string()));
        let rest = "the 10th, 20th, 50th, 100th and so on, what is graver than all before, and all that is CRITICAL; \
                    the rest in one mail when the flood has ended";
        section.row("rest", "Still mailed", rest);
        section
    }

    /// The command that lists them.
    pub(super) fn step(&self) -> Step {
        let line = &self.entry.line;
        let from = line.time.min(self.place.since) - TimeDelta::hours(1);
        list("List those that were not mailed:", self.table, &self.entry.actor_list(), &line.call, from)
    }
}

/// The mail that sums a flood up.
#[must_use]
pub fn report(untold: &Untold, summary: &Summary, table: Table<'_>, account_name: Option<&Untrusted>) -> Report {
    let severity = summary.severity();
    let account = compose::account(untold.account.as_ref(), account_name);
    let place = account_name.or(untold.account.as_ref()).map_or_else(Phrase::default, |place| phrase!(" in ", place));
    let (number, at_least) = (summary.count, if summary.unread { "at least " } else { "" });
    let actor = actor(untold, summary);
    let calls = Phrase::ours(counted(number, "call"));
    let mut told =
        phrase!(at_least, calls, " of ", &untold.call, " by ", &actor, " in ", &account, " went without a mail");
    if let Some((first, last)) = summary.times {
        told.push(phrase!(",\nfrom ", when::at(first), " to ", when::at(last)));
    }
    told.push(if untold.goes_on {
        ". The flood goes on; the next such mail comes in an hour, or when it has ended."
    } else {
        ". The flood has ended, or another day (UTC) has begun, of which another mail tells."
    });
    let text = phrase!(
        "The gravest of them was ",
        severity,
        ". What was graver than all before it, and all that was CRITICAL, was mailed at once."
    );
    let from = summary.times.map_or(untold.oldest, |(first, _)| first);
    let mut steps = vec![list("List them all:", table, &untold.actor_list, &untold.call, from)];
    let first = summary.gravest.first();
    steps.extend(first.map(|line| show("Read one as it would have been mailed, the first of these:", table, line)));
    Report {
        severity,
        unless_expected: None,
        subject: phrase!(at_least, number, " more: ", &untold.call, " by ", &actor, &place),
        short_subject: phrase!(at_least, number, " more: ", &untold.call, &place),
        headline: phrase!(at_least, number, " like those that were mailed").capitalized(),
        summary: told.capitalized(),
        reasons: vec![Reason { rule: "flood", text }],
        sections: vec![left_out(untold, summary)],
        steps,
        links: Vec::new(),
        reference: reference(untold, table),
        actor: actor_key(untold).to_owned(),
        resources: vec![Resource::of_arn(Untrusted::new(actor_key(untold)))],
        account,
    }
}

/// Who it was: a session by its name if there was but one, and else whose sessions they were. A name of a session is
/// chosen by whoever opens it.
fn actor(untold: &Untold, summary: &Summary) -> Phrase {
    if let (Some(only), 1) = (summary.actors.keys().next(), summary.actors.len()) {
        return only.into();
    }
    let name = actor_key(untold).rsplit(['/', ':']).next().unwrap_or_default();
    phrase!(summary.actors.len(), " sessions of ", &Untrusted::new(name))
}

fn actor_key(untold: &Untold) -> &str {
    untold.actor_list.strip_prefix("ACTOR#").unwrap_or(&untold.actor_list)
}

fn left_out(untold: &Untold, summary: &Summary) -> Section {
    let mut section = Section::new("leftOut", "WHAT WAS NOT MAILED");
    let times = |count: usize, what: Phrase| phrase!(count, " ", what);
    let severities = summary.severities.iter().map(|(Reverse(severity), count)| times(*count, (*severity).into()));
    section.row("severities", "Severity", Phrase::joined(severities, ", "));
    let outcomes = summary.outcomes.iter().map(|(outcome, count)| times(*count, outcome.into()));
    section.row("outcomes", "Outcome", Phrase::joined(outcomes, ", "));
    section.row("actor", "Actor", Phrase::arn(&Untrusted::new(actor_key(untold))));
    if summary.actors.len() > 1 {
        let sessions = summary.actors.iter().map(|(actor, count)| times(*count, actor.into()));
        section.row("sessions", "Sessions", Phrase::few(sessions, 10, ", "));
    }
    let mut lines: Vec<_> = summary.gravest.iter().map(compose::timed).collect();
    let unread = summary.unread.then_some("not all could be read in time");
    lines.extend(compose::and_more(summary.count - lines.len(), unread));
    section.rows("gravest", "The gravest", lines);
    section
}

fn reference(untold: &Untold, (table, _): Table<'_>) -> Section {
    let mut section = Section::new("reference", "REFERENCE");
    section.row("eventName", "Action", &untold.call);
    section.row("day", "Day", Phrase::ours(untold.day.to_string()));
    section.row("table", "History", &Untrusted::new(table));
    section
}

/// Lists what was left out of the mails, a line each: time, severity, outcome, who, what, event id.
fn list(text: &'static str, table: Table<'_>, actor_list: &str, call: &Untrusted, from: DateTime<Utc>) -> Step {
    let from = from.to_rfc3339_opts(SecondsFormat::Secs, true);
    let values = serde_json::json!({":actor": {"S": actor_list}, ":from": {"S": from}, ":call": {"S": call.raw()}});
    let command = on_table("aws dynamodb query", table).and_then(|command| {
        command
            .option("--key-condition-expression", "pk = :actor AND sk >= :from")?
            .option("--filter-expression", "#call = :call AND attribute_exists(leftOutAt)")?
            .option("--expression-attribute-names", r##"{"#call":"call"}"##)?
            .json("--expression-attribute-values", &values)?
            .option("--query", "Items[].[time.S,severity.S,outcome.S,actor.S,target.S,eventId.S]")?
            .option("--output", "text")
    });
    super::runbook::step(text, vec![command])
}

/// Shows the alert of an event from the history.
fn show(text: &'static str, table: Table<'_>, line: &Line) -> Step {
    let key = serde_json::json!({"pk": {"S": format!("EVENT#{}", line.event_id.raw())}, "sk": {"S": "EVENT"}});
    let command = on_table("aws dynamodb get-item", table)
        .and_then(|command| command.json("--key", &key)?.option("--query", "Item.alert.S")?.option("--output", "text"));
    super::runbook::step(text, vec![command])
}

fn on_table(call: &'static str, (name, region): Table<'_>) -> Option<Command> {
    Command::new(call).option_if_any("--region", region)?.option("--table-name", name)
}

/// "21st", "112th".
fn ordinal(number: u64) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_as_people_do() {
        let words: Vec<_> = [1, 2, 3, 6, 10, 11, 12, 13, 21, 112, 1_000].map(ordinal).to_vec();
        assert_eq!(words, ["1st", "2nd", "3rd", "6th", "10th", "11th", "12th", "13th", "21st", "112th", "1000th"]);
    }
}
