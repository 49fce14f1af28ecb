//! The answer to one lookup: a fact, its absence, or why the fact is not known.

use crate::phrase;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};

/// The result of looking up one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    Found(T),
    /// The directory says that there is no such entity.
    Missing,
    /// Whether there is such an entity is not known.
    Unavailable(Unavailable),
}

/// Whose an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// An account of the own organization; without an organization, the own account.
    Member,
    /// AWS Organizations says that it is none of the own organization.
    Stranger,
    NotKnown,
}

/// Why a fact could not be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// The function lacks this IAM permission.
    Denied(&'static str),
    /// AWS throttled the lookup until the time was up.
    Throttled,
    /// No answer within the time budget.
    TimedOut,
    /// The fact was not looked up, and why.
    NotAsked(&'static str),
    /// AWS answered with this error code.
    Failed(Untrusted),
    Unreachable,
    /// The reader role of the account could not be assumed; AWS answered with this error code.
    NoReader(Untrusted),
    /// There are more than are read.
    TooMany,
    /// One replica of IAM already knows the user, another does not yet.
    NotVisible,
}

/// A lookup without an answer: what, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What was looked up: "groups".
    pub what: Phrase,
    pub reason: Unavailable,
}

impl Gap {
    /// Whether the lookup was tried and failed.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        self.reason.is_failure()
    }
}

impl Unavailable {
    /// Whether the lookup was tried and failed.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        !matches!(self, Self::NotAsked(_))
    }

    /// Whether there may be an answer a little later.
    #[must_use]
    pub const fn is_for_now(&self) -> bool {
        matches!(self, Self::Throttled | Self::TimedOut | Self::Unreachable)
    }

    /// The reason, as words in a sentence.
    #[must_use]
    pub fn words(&self) -> Phrase {
        match self {
            Self::Denied(action) => phrase!("access denied (", *action, ")"),
            Self::Throttled => "throttled by AWS".into(),
            Self::TimedOut => "no answer in time".into(),
            Self::NotAsked(why) => (*why).into(),
            Self::Failed(code) => phrase!("AWS answered ", code),
            Self::NoReader(code) => phrase!("AWS refused the reader role in that account: ", code),
            Self::Unreachable => "AWS could not be reached".into(),
            Self::TooMany => "there are too many".into(),
            Self::NotVisible => "IAM does not show it yet".into(),
        }
    }
}

impl<T> Lookup<T> {
    /// The fact, if there is one.
    #[must_use]
    pub const fn found(&self) -> Option<&T> {
        match self {
            Self::Found(fact) => Some(fact),
            Self::Missing | Self::Unavailable(_) => None,
        }
    }

    #[must_use]
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Found(fact) => Lookup::Found(make(fact)),
            Self::Missing => Lookup::Missing,
            Self::Unavailable(reason) => Lookup::Unavailable(reason),
        }
    }

    /// The reason, if the fact is unavailable.
    #[must_use]
    pub const fn unavailable(&self) -> Option<&Unavailable> {
        match self {
            Self::Unavailable(reason) => Some(reason),
            Self::Found(_) | Self::Missing => None,
        }
    }

    /// The gap, if the fact is unavailable. `what` was looked up.
    #[must_use]
    pub fn gap(&self, what: &'static str) -> Option<Gap> {
        self.unavailable().map(|reason| Gap { what: what.into(), reason: reason.clone() })
    }

    /// For a fact about an identity that exists: then `Missing` only means that the fact is not visible yet.
    pub(super) fn not_visible_if_missing(self) -> Self {
        match self {
            Self::Missing => Self::Unavailable(Unavailable::NotVisible),
            answer => answer,
        }
    }

    #[must_use]
    pub const fn not_asked(why: &'static str) -> Self {
        Self::Unavailable(Unavailable::NotAsked(why))
    }
}

/// A list from a directory, read up to a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// Whether the list has more items that were not read.
    pub more: bool,
}

impl<T> From<Vec<T>> for Listing<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, more: false }
    }
}

/// When and from where a fact was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// From AWS, at this time.
    Live(DateTime<Utc>),
    /// From a saved account. Its age is not known.
    Saved,
    /// From the baseline, since IAM did not answer; the account was last read at this time.
    Baseline(DateTime<Utc>),
    /// Nothing was read.
    Nowhere,
}
