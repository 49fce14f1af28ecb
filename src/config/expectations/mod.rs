//! Who is expected to change which access: an alert about that is LOW.
//!
//! An expectation covers what a principal usually does. What would hurt most if somebody stole its credentials is beyond
//! every expectation, unless it says so by name: see [`Limit`]. Rows are read from a small file in YAML by [`read`].
//!
//! Pure: which activity is compared, and what was judged of it, comes from outside.

mod check;
mod limit;
mod nodes;
mod problem;
mod read;
mod subject;

pub use check::{Finding, contradictions, findings};
pub use limit::{Beyond, Limit};
pub use problem::Problem;
pub(crate) use read::who;
pub use read::{MAX_ROWS, read};
pub use subject::{EFFECTS, action_of, effect_of, target_of};

use super::places::Place;
use crate::arn::{Arn, arn_like, wildcard, wildcard_ignoring_case};
use crate::event::Activity;
use crate::severity::Severity;
use crate::text::Untrusted;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// All rows, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations(pub Vec<Expectation>);

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Where the row stands: the name of a parameter or file.
    pub source: String,
    /// The line in it, from 1; 0 if it has no lines.
    pub line: usize,
    /// The principals.
    pub who: Vec<Who>,
    /// The actions; empty for all.
    pub what: Vec<What>,
    /// Patterns of [`target_of`] or of ARNs; empty for all.
    pub target: Vec<String>,
    /// The accounts in which it happens; empty for the principal's own.
    pub accounts: Vec<Place>,
    /// The highest severity that is expected.
    pub up_to: Severity,
    /// What is expected although it is beyond other expectations.
    pub including: BTreeSet<Limit>,
    /// The row has no effect on what happens from this time on.
    pub until: Option<DateTime<Utc>>,
    pub why: String,
}

/// A pattern of the ARNs of users and roles; of a session it is the role that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// As it is written, with the account.
    pub pattern: String,
    /// The accounts that stand in it. A role of the same name in another account is not expected.
    pub place: Place,
}

/// Actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A pattern, `iam:Attach*`.
    Action(String),
    /// An effect on access, by the word that [`effect_of`] has for it.
    Effect(&'static str),
}

/// What an expectation is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    pub activity: &'a Activity,
    /// The organizational units of the principal's account and of the event's account; empty if they are not known.
    pub units_of_principal: &'a [Untrusted],
    pub units_of_event: &'a [Untrusted],
}

/// What was judged without expectations.
#[derive(Debug, Clone, Copy)]
pub struct Judgement<'a> {
    pub severity: Severity,
    pub limits: &'a BTreeSet<Limit>,
    /// Whether everything that could make the severity higher was read and evaluated.
    pub complete: bool,
}

/// What the expectations say about an activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<'a> {
    Covered(&'a Expectation),
    /// The row is about this principal, action and target, but not about that.
    Exceeded(&'a Expectation, Vec<Beyond>),
    /// The row would be about it if it had not ended.
    Ended(&'a Expectation),
}

impl Expectations {
    /// What the rows say: the first one that covers the activity; else the one that it exceeds least; else one that has
    /// ended. `None` if no row is about the activity.
    #[must_use]
    pub fn verdict(&self, occasion: Occasion<'_>, judged: Judgement<'_>) -> Option<Verdict<'_>> {
        let about = About::of(occasion)?;
        let (mut exceeded, mut ended) = (None::<(&Expectation, Vec<Beyond>)>, None);
        for row in self.0.iter().filter(|row| row.is_about(&about)) {
            if row.has_ended(occasion.activity.time) {
                ended = ended.or(Some(row));
                continue;
            }
            let beyond = row.beyond(judged);
            if beyond.is_empty() {
                return Some(Verdict::Covered(row));
            }
            if exceeded.as_ref().is_none_or(|(_, least)| beyond.len() < least.len()) {
                exceeded = Some((row, beyond));
            }
        }
        exceeded.map(|(row, beyond)| Verdict::Exceeded(row, beyond)).or(ended.map(Verdict::Ended))
    }

    /// Whether organizational units matter.
    #[must_use]
    pub fn names_units(&self) -> bool {
        let places =
            |row: &Expectation| row.accounts.iter().chain(row.who.iter().map(|who| &who.place)).any(Place::is_unit);
        self.0.iter().any(places)
    }
}

impl Expectation {
    /// Whether the row is about the principal, the action, the target and the account of an activity.
    fn is_about(&self, about: &About<'_>) -> bool {
        self.who.iter().any(|who| who.matches(&about.principal, about.occasion.units_of_principal))
            && self.is_where(about)
            && (self.what.is_empty() || self.what.iter().any(|what| what.matches(about)))
            && (self.target.is_empty() || self.target.iter().any(|pattern| about.has_target(pattern)))
    }

    /// What happens in another account than the principal's must be expected there.
    fn is_where(&self, about: &About<'_>) -> bool {
        let account = about.occasion.activity.account.as_ref().map(Untrusted::raw);
        if self.accounts.is_empty() {
            return account == Some(about.principal.account);
        }
        let units = about.occasion.units_of_event;
        account.is_some_and(|account| self.accounts.iter().any(|place| place.contains(account, units)))
    }

    /// An event without a time may be of any time.
    fn has_ended(&self, time: Option<DateTime<Utc>>) -> bool {
        self.until.is_some_and(|until| time.is_none_or(|time| time >= until))
    }

    fn beyond(&self, judged: Judgement<'_>) -> Vec<Beyond> {
        let limits = judged.limits.difference(&self.including).copied().map(Beyond::Limit);
        let severity = (judged.severity > self.up_to).then_some(Beyond::Severity(judged.severity));
        let gap = (!judged.complete).then_some(Beyond::NotEvaluated);
        limits.chain(severity).chain(gap).collect()
    }
}

/// What the rows compare, made once for all of them.
struct About<'a> {
    occasion: Occasion<'a>,
    principal: Arn<'a>,
    action: String,
    target: Option<String>,
}

impl<'a> About<'a> {
    /// `None` if the principal has no ARN that lasts: no row is about it.
    fn of(occasion: Occasion<'a>) -> Option<Self> {
        let activity = occasion.activity;
        let principal = activity.principal.lasting_arn().map(Untrusted::raw).and_then(Arn::parse)?;
        Some(Self { occasion, principal, action: action_of(activity), target: target_of(activity) })
    }

    /// Whether a pattern matches the target, by its ARN or by its kind and name. Names in IAM are not case-sensitive.
    fn has_target(&self, pattern: &str) -> bool {
        if pattern.starts_with("arn:") {
            return self.occasion.activity.target.arn.as_ref().is_some_and(|arn| arn_like(pattern, arn.raw()));
        }
        let matches = if pattern.contains(':') { wildcard } else { wildcard_ignoring_case };
        self.target.as_ref().is_some_and(|target| matches(pattern, target))
    }
}

impl Who {
    /// Whether the pattern matches a principal, whose account is in these organizational units.
    #[must_use]
    pub fn matches(&self, principal: &Arn<'_>, units: &[Untrusted]) -> bool {
        // In the pattern, the account may be a name or an organizational unit.
        self.place.contains(principal.account, units)
            && Arn::parse(&self.pattern)
                .is_some_and(|pattern| principal.is_like(&Arn { account: principal.account, ..pattern }))
    }
}

impl What {
    /// The pattern, or the word.
    fn text(&self) -> &str {
        match self {
            Self::Action(pattern) => pattern,
            Self::Effect(word) => word,
        }
    }

    fn matches(&self, about: &About<'_>) -> bool {
        match self {
            Self::Action(pattern) => wildcard(pattern, &about.action),
            Self::Effect(word) => effect_of(about.occasion.activity.action.effect) == Some(*word),
        }
    }
}

#[cfg(test)]
mod tests;
