//! How far the reading of an account has come. It is read once a day, in as many invocations as it takes.

use super::compare::Window;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How often an account is read.
pub const EVERY: TimeDelta = TimeDelta::hours(24);
/// How long after a reading its differences are compared with the events: `CloudTrail` delivers late.
pub const EVENTS_ARRIVE_WITHIN: TimeDelta = TimeDelta::hours(1);

/// What the baseline has of an entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// "user/bob"
    pub resource: String,
    pub since: DateTime<Utc>,
    pub content: Value,
}

/// How far it has come. Nothing for an account that was never read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Progress {
    /// When the reading began that is not over yet, and where it goes on.
    pub begun: Option<DateTime<Utc>>,
    pub place: Option<String>,
    /// The last reading that came to its end: when it began and ended.
    pub last: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The one before that, with which the last one is not compared yet, and the last entity that was compared.
    pub compare_with: Option<(DateTime<Utc>, DateTime<Utc>)>,
    pub compared: Option<String>,
    /// Of which kinds not all could be read, and why.
    pub gaps: Vec<(String, String)>,
    /// How often the reading asked for the credential report.
    pub asked: u32,
    /// How many runs in a row could not read on.
    pub failed: u32,
    /// What the first reading found so far, until it is mailed.
    pub findings: Option<super::findings::FirstFindings>,
}

/// What is to be done for an account now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Read the account, or go on with it.
    Read,
    /// Mail what the first reading found.
    Report,
    /// Compare the last reading with the one before, and with the events.
    Compare(Window),
}

impl Progress {
    /// What is to be done now, if anything is.
    #[must_use]
    pub fn due(&self, now: DateTime<Utc>) -> Option<Due> {
        if self.begun.is_some() {
            return Some(Due::Read);
        }
        let Some(last) = self.last else { return Some(Due::Read) };
        if self.findings.is_some() {
            return Some(Due::Report);
        }
        if let Some(former) = self.compare_with.filter(|_| last.1 + EVENTS_ARRIVE_WITHIN <= now) {
            return Some(Due::Compare(Window { former, run: last }));
        }
        // A comparison comes first: it needs the reading before.
        (self.compare_with.is_none() && last.0 + EVERY <= now).then_some(Due::Read)
    }

    /// When something is to be done next.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match (self.due(now), self.last) {
            (Some(_), _) | (None, None) => now,
            (None, Some(last)) if self.compare_with.is_some() => last.1 + EVENTS_ARRIVE_WITHIN,
            (None, Some(last)) => last.0 + EVERY,
        }
    }

    /// Whether the account was never read to the end.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.last.is_none()
    }

    /// A reading begins.
    pub fn begin(&mut self, now: DateTime<Utc>) {
        (self.begun, self.place, self.asked, self.failed) = (Some(now), None, 0, 0);
        self.gaps.clear();
        self.findings = self.is_first().then(super::findings::FirstFindings::default);
    }

    /// Notes that not all of a kind could be read.
    pub fn gap(&mut self, kind: &str, why: &str) {
        if !self.gaps.iter().any(|(known, _)| known == kind) {
            self.gaps.push((kind.to_owned(), why.to_owned()));
        }
    }

    /// Whether not all of a kind could be read.
    #[must_use]
    pub fn has_gap(&self, kind: &str) -> bool {
        self.gaps.iter().any(|(known, _)| known == kind)
    }

    /// The reading is over.
    pub fn end(&mut self, now: DateTime<Utc>) {
        let begun = self.begun.take().unwrap_or(now);
        self.place = None;
        self.compare_with = self.last.replace((begun, now));
        self.compared = None;
    }
}
