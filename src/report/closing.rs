//! What is told of a flood: in the mails that are still sent while it lasts, and in the one that sums it up.

use super::runbook::Command;
use super::{Report, Section, Step, compose, when};
use crate::assessment::Reason;
use crate::history::flood::{Ended, Place, Summary};
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
            0 => "so far each was mailed".into(),
            some => Phrase::ours(format!("{some} of those before it were not mailed, but are in the history")),
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
pub fn report(ended: &Ended, summary: &Summary, table: Table<'_>, account_name: Option<&Untrusted>) -> Report {
    let severity = summary.severity();
    let account = compose::account(ended.account.as_ref(), account_name);
    let place = account_name.or(ended.account.as_ref()).map_or_else(Phrase::default, |place| phrase!(" in ", place));
    let unknown = Untrusted::new("somebody");
    let actor = summary.gravest.first().map_or(&unknown, |line| &line.actor);
    let (more, at_least) = (summary.count, if summary.unread { "at least " } else { "" });
    let subject = |who: &Untrusted| phrase!(at_least, more, " more: ", &ended.call, " by ", who, &place);
    let calls = Phrase::ours(counted(more, "call"));
    let mut told =
        phrase!(at_least, calls, " of ", &ended.call, " by ", actor, " in ", &account, " went without a mail");
    if let Some((first, last)) = summary.times {
        told.push(phrase!(",\nfrom ", when::at(first), " to ", when::at(last)));
    }
    told.push(". The flood has ended.");
    let text = phrase!(
        "The gravest of them was ",
        severity,
        ". What was graver than all before it, and all that was CRITICAL, was mailed at once."
    );
    let mut steps = vec![list(
        "List them all:",
        table,
        &ended.actor_list,
        &ended.call,
        summary.times.map_or(ended.oldest, |(first, _)| first),
    )];
    steps.extend(
        summary
            .gravest
            .first()
            .map(|line| show("Read one as it would have been mailed, the first of these:", table, line)),
    );
    Report {
        severity,
        unless_expected: None,
        subject: subject(actor),
        short_subject: phrase!(at_least, more, " more: ", &ended.call, &place),
        headline: phrase!(at_least, more, " like those that were mailed").capitalized(),
        summary: told.capitalized(),
        reasons: vec![Reason { rule: "flood_ended", text }],
        sections: vec![left_out(ended, summary)],
        steps,
        links: Vec::new(),
        reference: reference(ended, table),
        account,
    }
}

fn left_out(ended: &Ended, summary: &Summary) -> Section {
    let mut section = Section::new("leftOut", "WHAT WAS NOT MAILED");
    let number = |count: usize| Phrase::ours(count.to_string());
    let severities =
        summary.severities.iter().map(|(Reverse(severity), count)| phrase!(number(*count), " ", *severity));
    section.row("severities", "Severity", Phrase::joined(severities, ", "));
    let outcomes = summary.outcomes.iter().map(|(outcome, count)| phrase!(number(*count), " ", outcome));
    section.row("outcomes", "Outcome", Phrase::joined(outcomes, ", "));
    let actor = ended.actor_list.strip_prefix("ACTOR#").unwrap_or(&ended.actor_list);
    section.row("actor", "Actor", Phrase::arn(&Untrusted::new(actor)));
    let mut lines: Vec<_> = summary.gravest.iter().map(compose::timed).collect();
    match (summary.count - lines.len(), summary.unread) {
        (0, false) => {}
        (more, false) => lines.push(phrase!("and ", more, " more")),
        (more, true) => lines.push(phrase!("and ", more, " more at least: not all could be read in time")),
    }
    section.rows("gravest", "The gravest", lines);
    section
}

fn reference(ended: &Ended, (table, _): Table<'_>) -> Section {
    let mut section = Section::new("reference", "REFERENCE");
    section.row("eventName", "Action", &ended.call);
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
    let command = Command::new(call);
    let command = match region {
        Some(region) => command.option("--region", region)?,
        None => command,
    };
    command.option("--table-name", name)
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
