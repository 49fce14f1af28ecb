//! Bursts: many calls of one kind by one actor within minutes. No reader wants two hundred mails, and SNS suspends an
//! address that gets too many ("Amazon SNS endpoints and quotas": ten e-mails a second for each subscription).
//!
//! These are mailed: the first five, then the 10th, 20th, 50th, 100th and so on, every alert that is more severe than
//! all before it, and every alert that is CRITICAL. The other alerts are suppressed: they are recorded in the history.
//! One mail summarizes them when the burst has ended; if a burst does not end, there is one mail an hour.
//!
//! Events are counted by their minute of arrival, in one item for each actor, call and day. Each count is one atomic
//! write, so no two events have the same position. A burst ends when there was no event for [`WITHIN`]; at midnight a
//! new burst begins. Only the count is exact: the list of the actor's activity decides whether an event is counted at
//! all.

use super::{Entry, Line, RelatedActivity};
use crate::limits::SUPPRESSED_SHOWN;
use crate::severity::Severity;
use crate::text::Untrusted;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many alerts are mailed before a burst begins.
pub const FREE: u64 = 5;
/// The time within which so many alerts make a burst.
pub const WITHIN: TimeDelta = TimeDelta::minutes(10);
/// A burst has ended if no alert was suppressed for this time: [`WITHIN`] plus the minute in which events are counted
/// together.
pub const QUIET: TimeDelta = TimeDelta::minutes(11);

/// Suppressed alerts are summarized after this time, also if the burst continues.
pub const LONGEST: TimeDelta = TimeDelta::hours(1);
/// An event that arrived this long ago is recorded, or will be tried again with a later arrival.
pub const WRITTEN: TimeDelta = TimeDelta::minutes(2);

/// The count for one actor and one call on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// How many events arrived in each minute of the day.
    pub minutes: BTreeMap<u32, u64>,
    /// For each severity, the minute of the day of the latest event.
    pub severities: Vec<(Severity, u32)>,
    /// How many alerts were suppressed on this day and not summarized yet.
    pub suppressed: u64,
}

/// The position of an event among similar events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurstPosition {
    /// 1 for the first.
    pub position: u64,
    /// When the burst began, to the minute.
    pub since: DateTime<Utc>,
    /// How many similar alerts were suppressed and not summarized yet.
    pub suppressed: u64,
    /// Whether it is mailed.
    pub mailed: bool,
}

impl Count {
    /// The position of the event that arrives next.
    #[must_use]
    pub fn position(&self, arrived: DateTime<Utc>, severity: Severity) -> BurstPosition {
        let now = minute(arrived);
        let apart = u32::try_from(WITHIN.num_minutes()).unwrap_or(u32::MAX);
        let (mut start, mut before) = (now, 0);
        // The clock of another instance may be ahead of ours.
        for (&minute, count) in self.minutes.iter().rev() {
            if start.saturating_sub(minute) > apart {
                break;
            }
            start = start.min(minute);
            before += count;
        }
        let most_severe =
            self.severities.iter().filter(|(_, last)| *last >= start).map(|(severity, _)| *severity).max();
        let position = before + 1;
        let mailed = severity == Severity::Critical
            || is_mailed(position)
            || most_severe.is_some_and(|before| severity > before);
        let since = NaiveTime::from_hms_opt(start / 60, start % 60, 0).unwrap_or_default();
        BurstPosition {
            position,
            since: arrived.date_naive().and_time(since).and_utc(),
            suppressed: self.suppressed,
            mailed,
        }
    }
}

/// Whether the event in this position is mailed: the first five, then the 10th, 20th, 50th, 100th, 200th, 500th …
#[must_use]
pub fn is_mailed(position: u64) -> bool {
    let mut leading = position;
    while leading >= 10 && leading.is_multiple_of(10) {
        leading /= 10;
    }
    position <= FREE || (position >= 10 && matches!(leading, 1 | 2 | 5))
}

/// The minute of the day.
#[must_use]
pub fn minute(time: DateTime<Utc>) -> u32 {
    time.hour() * 60 + time.minute()
}

/// Whether the event may belong to a burst: within ten minutes of the event, the actor made the same call so often that
/// the position has to be read.
#[must_use]
pub fn may_be_burst(entry: &Entry, related: &RelatedActivity) -> bool {
    let like = |line: &&Line| line.call == entry.line.call && (line.time - entry.line.time).abs() <= WITHIN;
    related.by_actor.lines.iter().filter(like).count() as u64 >= FREE
}

/// A burst with suppressed alerts that are to be summarized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingBurst {
    /// The key of the count, as the store writes it.
    pub key: (String, String),
    /// How many alerts were suppressed on that day, including those that were summarized before.
    pub suppressed: u64,
    /// The day of the count: the events arrived on this day.
    pub day: NaiveDate,
    /// Whether the burst continues: then the newest arrivals are summarized the next time.
    pub continues: bool,
    /// The actor, by [`actor_key`](super::actor_key).
    pub actor_key: String,
    /// The call, `iam:CreateUser`.
    pub call: Untrusted,
    pub account: Option<Untrusted>,
    /// The time of the first suppressed event, as far as known.
    pub oldest: DateTime<Utc>,
    /// Events that arrived up to this time were summarized before.
    pub summarized_to: DateTime<Utc>,
    /// Events that arrived up to this time are summarized now.
    pub until: DateTime<Utc>,
}

/// The suppressed alerts of a burst, in short.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BurstSummary {
    /// How many alerts.
    pub count: usize,
    /// How many alerts of each severity, the most severe first.
    pub severities: BTreeMap<Reverse<Severity>, usize>,
    /// How many alerts of each outcome.
    pub outcomes: BTreeMap<Untrusted, usize>,
    /// How many alerts of each session of the actor.
    pub actors: BTreeMap<Untrusted, usize>,
    /// The times of the first and the last event.
    pub times: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The most severe alerts, of equal severity the earliest; at most [`SUPPRESSED_SHOWN`].
    pub most_severe: Vec<Line>,
    /// Whether there are more alerts that were not read.
    pub unread: bool,
}

impl BurstSummary {
    /// Adds a suppressed alert.
    pub fn add(&mut self, line: Line) {
        self.count += 1;
        *self.severities.entry(Reverse(line.severity.unwrap_or(Severity::Low))).or_default() += 1;
        *self.outcomes.entry(line.outcome.clone()).or_default() += 1;
        *self.actors.entry(line.actor.clone()).or_default() += 1;
        let (first, last) = self.times.unwrap_or((line.time, line.time));
        self.times = Some((first.min(line.time), last.max(line.time)));
        self.most_severe.push(line);
        self.most_severe.sort_by_key(|line| (Reverse(line.severity), line.time));
        self.most_severe.truncate(SUPPRESSED_SHOWN);
    }

    /// The highest severity.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severities.keys().next().map_or(Severity::Low, |Reverse(severity)| *severity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u32) -> DateTime<Utc> {
        let day: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().unwrap();
        day + TimeDelta::minutes(minutes.into())
    }

    fn count(minutes: &[(u32, u64)], severities: &[(Severity, u32)]) -> Count {
        Count { minutes: minutes.iter().copied().collect(), severities: severities.to_vec(), suppressed: 0 }
    }

    #[test]
    fn mails_thin_out() {
        let mailed: Vec<_> = (1..=10_000).filter(|position| is_mailed(*position)).collect();
        assert_eq!(mailed, [1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000]);
    }

    #[test]
    fn a_position_counts_from_the_beginning_of_the_burst() {
        let place = |minutes: &[(u32, u64)]| {
            let place = count(minutes, &[(Severity::Medium, 0)]).position(at(600), Severity::Medium);
            (place.position, place.since)
        };
        assert_eq!(place(&[]), (1, at(600)));
        assert_eq!(place(&[(600, 3)]), (4, at(600)));
        assert_eq!(place(&[(580, 7), (590, 1), (600, 3)]), (12, at(580)));
        assert_eq!(place(&[(588, 7), (589, 1)]), (1, at(600)), "eleven minutes of nothing end it");
        assert_eq!(place(&[(600, 3), (601, 2)]), (6, at(600)), "the clock of another instance is ahead");
    }

    #[test]
    fn what_is_more_severe_than_all_before_and_what_is_critical_is_always_mailed() {
        let mailed =
            |before: &[(Severity, u32)], severity| count(&[(590, 8)], before).position(at(591), severity).mailed;
        assert!(!mailed(&[(Severity::Medium, 590)], Severity::Medium));
        assert!(mailed(&[(Severity::Medium, 590)], Severity::High));
        assert!(!mailed(&[(Severity::Medium, 590), (Severity::High, 590)], Severity::High));
        assert!(mailed(&[(Severity::Critical, 590)], Severity::Critical));
        assert!(mailed(&[(Severity::High, 100), (Severity::Medium, 590)], Severity::High), "another burst had one");
    }
}
