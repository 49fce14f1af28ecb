//! What a rule is, and what rules say: opinions, and the assessment that they add up to.

use super::context::Case;
use crate::config::Limit;
use crate::severity::Severity;
use crate::text::Phrase;
use std::collections::BTreeSet;

/// One rule. It is applied to every case.
#[derive(Debug)]
pub struct Rule {
    /// A stable name, for machines.
    pub name: &'static str,
    /// The opinion of the rule on a case; `None` if the rule does not apply.
    pub judge: fn(&Case<'_>) -> Option<Opinion>,
    /// What the case is if the opinion makes it MEDIUM or more: beyond every expectation that does not name this.
    pub beyond: Option<fn(&Case<'_>) -> Limit>,
}

impl Rule {
    pub(super) const fn new(name: &'static str, judge: fn(&Case<'_>) -> Option<Opinion>) -> Self {
        Self { name, judge, beyond: None }
    }

    pub(super) const fn beyond(self, limit: fn(&Case<'_>) -> Limit) -> Self {
        Self { beyond: Some(limit), ..self }
    }
}

/// The opinion of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    pub weight: Weight,
    /// The reason, as a sentence.
    pub reason: Phrase,
    /// Whether the reason only repeats the headline. Then it is shown only if there is no stronger reason.
    pub restates: bool,
    /// Whether the reason is that something could not be read: then the severity may be too low.
    pub incomplete: bool,
}

/// The effect of an opinion on the severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The severity is at least this level.
    AtLeast(Severity),
    /// The severity is raised one level. LOW stays LOW: such an activity is not severe.
    RaiseOneLevel,
    /// Useful information; does not change the severity.
    Context,
    /// The activity follows from a call of this severity, which was alerted on: LOW, unless the activity is more severe.
    Consequence(Severity),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    pub severity: Severity,
    /// The reasons, the most severe first; never empty.
    pub reasons: Vec<Reason>,
    /// The severity if the activity were not expected.
    pub unless_expected: Option<Severity>,
    /// What no expectation covers unless it says so by name.
    pub limits: BTreeSet<Limit>,
    /// Whether something could not be read that could make the severity higher: then the alert is mailed whatever the
    /// minimum severity is.
    pub incomplete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The rule of the reason.
    pub rule: &'static str,
    /// The reason, as a sentence.
    pub text: Phrase,
    /// [`Opinion::restates`], and there is a stronger reason.
    pub redundant: bool,
}

impl Reason {
    /// A reason that is not redundant.
    #[must_use]
    pub const fn new(rule: &'static str, text: Phrase) -> Self {
        Self { rule, text, redundant: false }
    }
}
