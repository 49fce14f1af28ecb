//! What to tell a person, with no channel in it: every channel shows the same [`Report`] in its own dress.

pub mod closing;
pub mod compose;
pub mod links;
pub mod resource;
pub mod runbook;
mod what;
pub mod when;
mod who;
mod wording;

pub use compose::compose;
pub use links::Link;
pub use resource::Resource;
pub use runbook::{Command, Step};

use crate::assessment::Reason;
use crate::severity::Severity;
use crate::text::Phrase;

/// An alert, to be shown by a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How grave it is.
    pub severity: Severity,
    /// What it would be unless it were expected.
    pub unless_expected: Option<Severity>,
    /// One line for a list of alerts, without the severity.
    pub subject: Phrase,
    /// The same, for where the line has to be short.
    pub short_subject: Phrase,
    /// What happened, in three words.
    pub headline: Phrase,
    /// What happened, in a sentence.
    pub summary: Phrase,
    /// Why it is as grave as it is; never empty.
    pub reasons: Vec<Reason>,
    /// The evidence.
    pub sections: Vec<Section>,
    /// Who did it, by the key of the history: what belongs to one actor is one story.
    pub actor: String,
    /// What it is about.
    pub resources: Vec<Resource>,
    /// For which account the commands are.
    pub account: Phrase,
    /// What to do if it was not expected.
    pub steps: Vec<Step>,
    /// Where to look.
    pub links: Vec<Link>,
    /// What identifies it.
    pub reference: Section,
}

/// Facts that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// A stable name, for machines.
    pub key: &'static str,
    /// Its title.
    pub title: Phrase,
    /// The facts.
    pub rows: Vec<Row>,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// A stable name, for machines.
    pub key: &'static str,
    /// What it is.
    pub label: &'static str,
    /// The fact itself; more than one where there are several. Never empty.
    pub values: Vec<Phrase>,
}

impl Section {
    fn new(key: &'static str, title: impl Into<Phrase>) -> Self {
        Self { key, title: title.into(), rows: Vec::new() }
    }

    /// Adds a fact.
    fn row(&mut self, key: &'static str, label: &'static str, value: impl Into<Phrase>) {
        self.rows.push(Row { key, label, values: vec![value.into()] });
    }

    /// Adds a fact with several values, if there are any.
    fn rows(&mut self, key: &'static str, label: &'static str, values: Vec<Phrase>) {
        if !values.is_empty() {
            self.rows.push(Row { key, label, values });
        }
    }
}
