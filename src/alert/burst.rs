//! What an alert says about the burst that it is part of.

use super::containment::ContainmentStep;
use super::facts::{Fact, SectionKind};
use super::model::Section;
use super::summary::list;
use crate::history::Entry;
use crate::history::burst::BurstPosition;
use crate::history::store::Table;
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use chrono::TimeDelta;

/// The burst that an alert is part of.
#[derive(Debug)]
pub struct BurstNote<'a> {
    /// The position of the event among those of its caller.
    pub position: BurstPosition,
    pub entry: &'a Entry,
    /// The table with the suppressed alerts.
    pub table: Table<'a>,
    /// The account of the table, if it is another one than the event's.
    pub elsewhere: Option<Untrusted>,
}

impl BurstNote<'_> {
    /// The position, and where the other alerts are.
    pub(super) fn sentence(&self) -> Phrase {
        let BurstPosition { position, since, .. } = self.position;
        let since = Phrase::ours(since.format("%H:%M UTC").to_string());
        phrase!(
            "Burst: the ",
            Phrase::ours(ordinal(position)),
            if self.entry.line.succeeded() { " successful call" } else { " failed or denied call" },
            " of this caller since ",
            since,
            ". Summaries list the alerts on the others."
        )
    }

    /// The alerts of a burst that are mailed, and where the suppressed ones are.
    pub(super) fn section(&self) -> Section {
        let mut section = Section::new(SectionKind::Burst, "PART OF A BURST");
        section.row(Fact::Position, Phrase::ours(ordinal(self.position.position)));
        section.row(
            Fact::StillMailed,
            "all that is more severe than before, all that is CRITICAL, and what comes from another session or address; a summary \
             lists the rest within two minutes",
        );
        section
    }

    /// The command that lists the suppressed alerts.
    pub(super) fn step(&self) -> ContainmentStep {
        let line = &self.entry.line;
        let from = line.time.min(self.position.since) - TimeDelta::hours(1);
        let text = match &self.elsewhere {
            None => "List the suppressed alerts:".into(),
            Some(account) => phrase!("List the suppressed alerts. In account ", account, ", which sends these alerts:"),
        };
        list(text, self.table, line.actor_key.raw(), from)
    }
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
