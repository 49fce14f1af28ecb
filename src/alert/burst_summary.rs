//! Text about a burst: in the alerts that are mailed while it continues, and in the summary.

use super::containment::{Command, ContainmentStep};
use super::facts::{Fact, SectionKind};
use super::model::{Alert, Section};
use super::resource::Resource;
use super::rows::{account, and_more, timed};
use super::time;
use crate::detection::Reason;
use crate::history::burst::{BurstPosition, BurstSummary, PendingBurst};
use crate::history::store::keys::{ALERT_SHOWN, event_item_key};
use crate::history::store::{Table, TableQuery};
use crate::history::{Entry, Line};
use crate::phrase;
use crate::text::{Phrase, Untrusted, counted};
use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Reverse;

/// The burst that an alert is part of.
#[derive(Debug)]
pub struct BurstNote<'a> {
    /// The position of the event among similar events.
    pub position: BurstPosition,
    pub entry: &'a Entry,
    /// The table with the suppressed alerts.
    pub table: Table<'a>,
}

impl BurstNote<'_> {
    /// The position, and how many similar alerts were suppressed.
    pub(super) fn sentence(&self) -> Phrase {
        let BurstPosition { position, since, suppressed, .. } = self.position;
        let position = Phrase::ours(ordinal(position));
        let since = Phrase::ours(since.format("%H:%M UTC").to_string());
        let others = match suppressed {
            0 => "no similar alert is suppressed".to_owned(),
            1 => "1 similar alert suppressed; a summary follows".to_owned(),
            some => format!("{some} similar alerts suppressed; a summary follows"),
        };
        phrase!(
            "Burst: the ",
            position,
            " ",
            &self.entry.line.call,
            " by this caller since ",
            since,
            "; ",
            Phrase::ours(others),
            "."
        )
    }

    /// The alerts of a burst that are mailed, and where the suppressed ones are.
    pub(super) fn section(&self) -> Section {
        let mut section = Section::new(SectionKind::Burst, "PART OF A BURST");
        section.row(Fact::Position, Phrase::ours(ordinal(self.position.position)));
        section.row(Fact::SuppressedCount, Phrase::ours(self.position.suppressed.to_string()));
        section.row(
            Fact::StillMailed,
            "the 10th, 20th, 50th, 100th and so on, all that is more severe than before, and all that is CRITICAL; a \
             summary of the rest when the burst has ended",
        );
        section
    }

    /// The command that lists the suppressed alerts.
    pub(super) fn step(&self) -> ContainmentStep {
        let line = &self.entry.line;
        let from = line.time.min(self.position.since) - TimeDelta::hours(1);
        list("List the suppressed alerts:", self.table, line.actor_key.raw(), &line.call, from)
    }
}

/// The alert that summarizes a burst.
#[must_use]
pub fn burst_summary(
    pending: &PendingBurst,
    summary: &BurstSummary,
    table: Table<'_>,
    account_name: Option<&Untrusted>,
) -> Alert {
    let severity = summary.severity();
    let account = account(pending.account.as_ref(), account_name);
    let place = account_name.or(pending.account.as_ref()).map_or_else(Phrase::default, |place| phrase!(" in ", place));
    let (number, at_least) = (summary.count, if summary.unread { "at least " } else { "" });
    let actor = actor(pending, summary);
    let alerts = Phrase::ours(counted(number, "alert"));
    let mut what =
        phrase!(at_least, &alerts, " on ", &pending.call, " by ", &actor, " in ", &account, " were suppressed");
    if let Some((first, last)) = summary.times {
        what.push(phrase!(",\nfrom ", time::at(first), " to ", time::at(last)));
    }
    what.push(if pending.continues {
        ". The burst continues; the next summary comes in an hour, or when the burst has ended."
    } else {
        ". The burst has ended, or another day (UTC) has begun, which has a summary of its own."
    });
    let text = phrase!(
        "The most severe of them was ",
        severity,
        ". All that was more severe than before, and all that was CRITICAL, was mailed at once."
    );
    let from = summary.times.map_or(pending.oldest, |(first, _)| first);
    let mut steps = vec![list("List all of them:", table, &pending.actor_key, &pending.call, from)];
    let first = summary.most_severe.first();
    steps.extend(first.map(|line| show("Read one of them as it would have been mailed:", table, line)));
    Alert {
        severity,
        unless_expected: None,
        incomplete: false,
        subjects: vec![
            phrase!(at_least, number, " suppressed: ", &pending.call, " by ", &actor, &place),
            phrase!(at_least, number, " suppressed: ", &pending.call, " by ", &actor),
        ],
        headline: phrase!("Summary of a burst: ", at_least, alerts, " suppressed"),
        summary: what.capitalized(),
        reasons: vec![Reason::new("burst", text)],
        steps,
        account,
        sections: vec![suppressed(pending, summary)],
        caller_access: None,
        target_access: None,
        actor: pending.actor_key.clone(),
        resources: vec![Resource::of_arn(Untrusted::new(&pending.actor_key))],
        links: Vec::new(),
        reference: reference(pending, table),
    }
}

/// The actor: the name of the session if there was only one, otherwise the identity of the sessions. The principal that
/// opens a session chooses its name.
fn actor(pending: &PendingBurst, summary: &BurstSummary) -> Phrase {
    if let (Some(only), 1) = (summary.actors.keys().next(), summary.actors.len()) {
        return only.into();
    }
    let name = pending.actor_key.rsplit(['/', ':']).next().unwrap_or_default();
    phrase!(summary.actors.len(), " sessions of ", &Untrusted::new(name))
}

fn suppressed(pending: &PendingBurst, summary: &BurstSummary) -> Section {
    let mut section = Section::new(SectionKind::Suppressed, "WHAT WAS SUPPRESSED");
    let times = |count: usize, what: Phrase| phrase!(count, " ", what);
    let severities = summary.severities.iter().map(|(Reverse(severity), count)| times(*count, (*severity).into()));
    section.row(Fact::Severities, Phrase::joined(severities, ", "));
    let outcomes = summary.outcomes.iter().map(|(outcome, count)| times(*count, outcome.into()));
    section.row(Fact::Outcomes, Phrase::joined(outcomes, ", "));
    section.row(Fact::Actor, Phrase::arn(&Untrusted::new(&pending.actor_key)));
    if summary.actors.len() > 1 {
        let sessions = summary.actors.iter().map(|(actor, count)| times(*count, actor.into()));
        section.row(Fact::Sessions, Phrase::few(sessions, 10, ", "));
    }
    let mut lines: Vec<_> = summary.most_severe.iter().map(timed).collect();
    let unread = summary.unread.then_some("not all could be read in time");
    lines.extend(and_more(summary.count - lines.len(), unread));
    section.rows(Fact::MostSevere, lines);
    section
}

fn reference(pending: &PendingBurst, table: Table<'_>) -> Section {
    let mut section = Section::new(SectionKind::Reference, "REFERENCE");
    section.row(Fact::EventName, &pending.call);
    section.row(Fact::Day, Phrase::ours(pending.day.to_string()));
    section.row(Fact::Table, &Untrusted::new(table.name));
    section
}

/// Lists suppressed alerts, one line each: time, severity, outcome, who, what, event id.
fn list(
    text: &'static str,
    table: Table<'_>,
    actor_key: &str,
    call: &Untrusted,
    from: DateTime<Utc>,
) -> ContainmentStep {
    let query = TableQuery::suppressed(actor_key, call, from);
    let command = on_table("aws dynamodb query", table).and_then(|command| {
        command
            .option("--key-condition-expression", query.key_condition)?
            .option("--filter-expression", query.filter)?
            .option("--expression-attribute-names", query.names)?
            .json("--expression-attribute-values", &query.values)?
            .option("--query", query.shown)?
            .option("--output", "text")
    });
    ContainmentStep::new(text, vec![command])
}

/// Shows an alert from the history.
fn show(text: &'static str, table: Table<'_>, line: &Line) -> ContainmentStep {
    let key = event_item_key(&line.event_id);
    let command = on_table("aws dynamodb get-item", table)
        .and_then(|command| command.json("--key", &key)?.option("--query", ALERT_SHOWN)?.option("--output", "text"));
    ContainmentStep::new(text, vec![command])
}

fn on_table(call: &'static str, table: Table<'_>) -> Option<Command> {
    Command::new(call).option_if_any("--region", table.region)?.option("--table-name", table.name)
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
    fn positions_are_counted_as_people_do() {
        let words: Vec<_> = [1, 2, 3, 6, 10, 11, 12, 13, 21, 112, 1_000].map(ordinal).to_vec();
        assert_eq!(words, ["1st", "2nd", "3rd", "6th", "10th", "11th", "12th", "13th", "21st", "112th", "1000th"]);
    }
}
