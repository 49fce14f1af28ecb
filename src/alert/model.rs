//! The model of an alert.

use super::containment::ContainmentStep;
use super::facts::{Fact, SectionKind};
use super::links::Link;
use super::resource::Resource;
use crate::arn::is_account_id;
use crate::detection::Reason;
use crate::limits::ACCOUNTS_IN_AN_ATTRIBUTE;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    pub severity: Severity,
    /// The severity if the principal were not expected.
    pub unless_expected: Option<Severity>,
    /// Whether something could not be read that could make the severity higher.
    pub incomplete: bool,
    /// One line for a list of alerts, without the severity: the best first, then shorter ones. Never empty.
    pub subjects: Vec<Phrase>,
    /// What happened, in a few words without names.
    pub headline: Phrase,
    /// What happened, in a sentence.
    pub summary: Phrase,
    /// The reasons for the severity, the most severe first; never empty.
    pub reasons: Vec<Reason>,
    /// The steps if the activity was not expected, the most urgent first.
    pub steps: Vec<ContainmentStep>,
    /// The account that the commands are for, and how they reach it.
    pub account: Phrase,
    /// The ids of the accounts that the alert is about, and the name, if it is one account.
    pub accounts: Vec<Untrusted>,
    pub account_name: Option<Untrusted>,
    /// The facts, as evidence.
    pub sections: Vec<Section>,
    /// The caller's access level, in one word for machines; see the JSON alert.
    pub caller_access: Option<&'static str>,
    /// The target's access level, or that of the policy.
    pub target_access: Option<&'static str>,
    /// The actor, by the key of the history. Channels use it to group the alerts on one actor.
    pub actor: String,
    /// The resources that the alert is about.
    pub resources: Vec<Resource>,
    /// What to do if the activity was expected: mute it, acknowledge it, expect it.
    pub if_expected: Vec<ContainmentStep>,
    pub links: Vec<Link>,
    /// The facts that identify the event.
    pub reference: Section,
}

/// Facts that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub kind: SectionKind,
    pub title: Phrase,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub fact: Fact,
    pub label: &'static str,
    /// The values of the fact; never empty.
    pub values: Vec<Phrase>,
}

impl Alert {
    /// The reasons that are shown. A reason that only repeats the headline is not shown if there is a stronger one.
    pub fn reasons_to_read(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(|reason| !reason.redundant)
    }

    /// The ids of the accounts that the alert is about, for the filter policies of subscriptions.
    #[must_use]
    pub fn account_ids(&self) -> Vec<String> {
        account_ids(&self.accounts)
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

/// The ids among these, as many as an attribute of a message may have.
pub(super) fn account_ids(accounts: &[Untrusted]) -> Vec<String> {
    let ids = accounts.iter().map(Untrusted::raw).filter(|id| is_account_id(id));
    ids.take(ACCOUNTS_IN_AN_ATTRIBUTE).map(str::to_owned).collect()
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
        self.rows_labelled(fact, fact.label(), values);
    }

    /// The same, under a label of its own.
    pub(super) fn rows_labelled(&mut self, fact: Fact, label: &'static str, values: Vec<Phrase>) {
        if !values.is_empty() {
            self.rows.push(Row { fact, label, values });
        }
    }
}
