//! An alert, to be shown by a channel.

use super::containment::ContainmentStep;
use super::facts::{Fact, SectionKind};
use super::links::Link;
use super::resource::Resource;
use crate::detection::Reason;
use crate::severity::Severity;
use crate::text::Phrase;

/// An alert, to be shown by a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    pub severity: Severity,
    /// What the severity would be if it were not expected.
    pub unless_expected: Option<Severity>,
    /// One line for a list of alerts, without the severity.
    pub subject: Phrase,
    /// The same, for where the line has to be short.
    pub short_subject: Phrase,
    /// What happened, in a few words without names.
    pub headline: Phrase,
    /// What happened, in a sentence.
    pub summary: Phrase,
    /// Why it is that severe, the most severe reason first; never empty.
    pub reasons: Vec<Reason>,
    /// What to do if it was not expected, the most urgent first.
    pub steps: Vec<ContainmentStep>,
    /// For which account the commands are.
    pub account: Phrase,
    /// The evidence.
    pub sections: Vec<Section>,
    /// What the caller can do, in one word for machines; see the JSON alert.
    pub caller_access: Option<&'static str>,
    /// What the target can do, or what a policy grants.
    pub target_access: Option<&'static str>,
    /// Who did it, by the key of the history: one actor's alerts belong together.
    pub actor: String,
    /// What it is about.
    pub resources: Vec<Resource>,
    pub links: Vec<Link>,
    /// What identifies the event.
    pub reference: Section,
}

/// Facts that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub kind: SectionKind,
    pub title: Phrase,
    pub rows: Vec<Row>,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub fact: Fact,
    pub label: &'static str,
    /// The fact itself; more than one value where there are several. Never empty.
    pub values: Vec<Phrase>,
}

impl Alert {
    /// The reasons that a person needs: those that only restate the headline are left out where a stronger one stands.
    pub fn reasons_to_read(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(|reason| !reason.redundant)
    }

    /// A fact of a section, if the alert has it.
    #[must_use]
    pub fn fact(&self, section: SectionKind, fact: Fact) -> Option<&Row> {
        self.sections
            .iter()
            .chain([&self.reference])
            .filter(|candidate| candidate.kind == section)
            .find_map(|section| section.rows.iter().find(|row| row.fact == fact))
    }
}

impl Section {
    pub(super) fn new(kind: SectionKind, title: impl Into<Phrase>) -> Self {
        Self { kind, title: title.into(), rows: Vec::new() }
    }

    /// Adds a fact.
    pub(super) fn row(&mut self, fact: Fact, value: impl Into<Phrase>) {
        self.labelled(fact, fact.label(), value);
    }

    /// Adds a fact under a label of its own.
    pub(super) fn labelled(&mut self, fact: Fact, label: &'static str, value: impl Into<Phrase>) {
        self.rows.push(Row { fact, label, values: vec![value.into()] });
    }

    /// Adds a fact with several values, if there are any.
    pub(super) fn rows(&mut self, fact: Fact, values: Vec<Phrase>) {
        if !values.is_empty() {
            self.rows.push(Row { fact, label: fact.label(), values });
        }
    }
}
