//! One answer of a directory: a fact, its absence, or why it is not known.

use crate::phrase;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};

/// The outcome of asking for one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The fact.
    Found(T),
    /// There is no such kind: the directory said so.
    Missing,
    /// It is not known whether there is.
    Unavailable(Unavailable),
}

/// Why a fact could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// The function may not ask: the IAM action that it lacks.
    Denied(&'static str),
    /// AWS answered with throttling until the time was up.
    Throttled,
    /// No answer within the time budget.
    TimedOut,
    /// It was not asked, and why not.
    NotAsked(&'static str),
    /// AWS refused with this error code.
    Failed(Untrusted),
    /// AWS could not be reached.
    Unreachable,
    /// IAM knows the user, but another of its replicas does not yet.
    NotVisible,
}

impl Unavailable {
    /// Whether it was asked for and could not be had, rather than not asked for.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        !matches!(self, Self::NotAsked(_))
    }

    /// The reason as words in a sentence.
    #[must_use]
    pub fn words(&self) -> Phrase {
        match self {
            Self::Denied(action) => phrase!("access denied (", *action, ")"),
            Self::Throttled => "throttled by AWS".into(),
            Self::TimedOut => "no answer in time".into(),
            Self::NotAsked(why) => (*why).into(),
            Self::Failed(code) => phrase!("AWS answered ", code),
            Self::Unreachable => "AWS could not be reached".into(),
            Self::NotVisible => "IAM does not show it yet".into(),
        }
    }
}

impl<T> Lookup<T> {
    /// The fact, where there is one.
    #[must_use]
    pub const fn found(&self) -> Option<&T> {
        match self {
            Self::Found(fact) => Some(fact),
            Self::Missing | Self::Unavailable(_) => None,
        }
    }

    /// Something made of the fact.
    #[must_use]
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Found(fact) => Lookup::Found(make(fact)),
            Self::Missing => Lookup::Missing,
            Self::Unavailable(reason) => Lookup::Unavailable(reason),
        }
    }

    /// Why it could not be had, if that is so.
    #[must_use]
    pub const fn unavailable(&self) -> Option<&Unavailable> {
        match self {
            Self::Unavailable(reason) => Some(reason),
            Self::Found(_) | Self::Missing => None,
        }
    }

    /// For a fact about somebody who exists: then "missing" only means that it cannot be seen yet.
    pub(super) fn not_visible_if_missing(self) -> Self {
        match self {
            Self::Missing => Self::Unavailable(Unavailable::NotVisible),
            told => told,
        }
    }

    /// Not asked, and why.
    #[must_use]
    pub const fn not_asked(why: &'static str) -> Self {
        Self::Unavailable(Unavailable::NotAsked(why))
    }
}

/// A list from a directory, which is read up to a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// What was read.
    pub items: Vec<T>,
    /// Whether there is more that was not read.
    pub more: bool,
}

impl<T> From<Vec<T>> for Listing<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, more: false }
    }
}

/// When and from where something was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// From AWS, at this time.
    Live(DateTime<Utc>),
    /// From a saved account, whose age is not known.
    Saved,
    /// Nothing was read.
    Nowhere,
}
