//! How far the reading of an account has come. It is read once a day, in as many invocations as it takes.

use super::compare::Window;
use super::findings::FirstFindings;
use crate::limits::LONGEST_PAUSE_OF_A_READING;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
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
    /// The events without an event that were alerted on, of the entity that comes next.
    pub alerted: Vec<String>,
    /// Of which kinds not all could be read, and why.
    pub gaps: Vec<(String, String)>,
    /// The same of the reading before.
    pub former_gaps: Vec<(String, String)>,
    /// Whether all was read, and only what is gone is still to be noted.
    pub leaving: bool,
    /// When a run last worked on the account, and before when none does again.
    pub worked: Option<DateTime<Utc>>,
    pub not_before: Option<DateTime<Utc>>,
    /// How often the reading asked for the credential report.
    pub asked: u32,
    /// How many runs in a row could not read on.
    pub failed: u32,
    /// What the first reading found so far, until it is mailed.
    pub findings: Option<FirstFindings>,
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
        if self.not_before.is_some_and(|time| now < time) {
            return None;
        }
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
            (None, _) if self.not_before.is_some_and(|time| now < time) => self.not_before.unwrap_or(now),
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
        (self.begun, self.place, self.asked, self.failed) = (Some(now.trunc_subsecs(0)), None, 0, 0);
        self.leaving = false;
        self.former_gaps = std::mem::take(&mut self.gaps);
        self.findings = self.is_first().then(FirstFindings::default);
    }

    /// Notes that not all of a kind could be read.
    pub fn gap(&mut self, kind: &str, why: &str) {
        if !self.has_gap(kind) {
            self.gaps.push((kind.to_owned(), why.to_owned()));
        }
    }

    /// Whether not all of a kind could be read.
    #[must_use]
    pub fn has_gap(&self, kind: &str) -> bool {
        names(&self.gaps, kind)
    }

    /// Whether not all of a kind could be read, now or in the reading before: then it cannot be compared.
    #[must_use]
    pub fn cannot_compare(&self, kind: &str) -> bool {
        self.has_gap(kind) || names(&self.former_gaps, kind)
    }

    /// A run could not read on: the next ones wait longer and longer.
    pub fn failed(&mut self, now: DateTime<Utc>) {
        self.failed += 1;
        let pause = TimeDelta::minutes(1 << self.failed.saturating_sub(3).min(8)).min(LONGEST_PAUSE_OF_A_READING);
        self.not_before = Some(now + pause - TimeDelta::seconds(30));
    }

    /// The reading is over. In the seconds of the table.
    pub fn end(&mut self, now: DateTime<Utc>) {
        let now = now.trunc_subsecs(0);
        let begun = self.begun.take().unwrap_or(now);
        (self.place, self.leaving) = (None, false);
        self.compare_with = self.last.replace((begun, now));
        self.compared = None;
    }
}

fn names(gaps: &[(String, String)], kind: &str) -> bool {
    gaps.iter().any(|(known, _)| known == kind)
}
