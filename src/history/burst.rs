//! Bursts: many calls of one kind by one actor within minutes. Nobody reads two hundred mails, and SNS suspends an
//! address that gets too many ("Amazon SNS endpoints and quotas": ten e-mails a second for each subscription).
//!
//! The first five are mailed, then the 10th, 20th, 50th, 100th and so on, all that is more severe than everything before
//! it, and all that is CRITICAL. The rest is suppressed: it stands in the history, and one mail summarizes it when the
//! burst has ended; of a burst that does not end, one mail an hour.
//!
//! Events are counted by minutes of arrival, in an item for each actor, call and day: one atomic write, so that no two
//! events have the same position. A burst continues until there was nothing for [`WITHIN`]; at midnight it begins anew.
//! Only the count is exact: whether it is asked at all is decided by the list of what the actor did.

use super::{Entry, Line, RelatedActivity};
use crate::limits::SUPPRESSED_SHOWN;
use crate::severity::Severity;
use crate::text::Untrusted;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many are mailed before it is a burst.
pub const FREE: u64 = 5;
/// Within what time that many make one.
pub const WITHIN: TimeDelta = TimeDelta::minutes(10);
/// After what time with nothing suppressed a burst has ended: longer than [`WITHIN`] by the minute in which events are
/// counted together.
pub const QUIET: TimeDelta = TimeDelta::minutes(11);

/// After what time what was suppressed is summarized though the burst continues.
pub const LONGEST: TimeDelta = TimeDelta::hours(1);
/// What arrived so long ago is written, or will be tried again under another arrival.
pub const WRITTEN: TimeDelta = TimeDelta::minutes(2);

/// What was counted of an actor and a call on a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// How many arrived in each minute of the day.
    pub minutes: BTreeMap<u32, u64>,
    /// In which minute of the day there was last one of a severity.
    pub severities: Vec<(Severity, u32)>,
    /// How many were suppressed on this day and not summarized yet.
    pub suppressed: u64,
}

/// The position of an event among those like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurstPosition {
    /// 1 for the first.
    pub position: u64,
    /// Since when, to the minute.
    pub since: DateTime<Utc>,
    /// How many like it were suppressed and not summarized yet.
    pub suppressed: u64,
    /// Whether it is mailed.
    pub mailed: bool,
}

impl Count {
    /// The position of an event that arrives after all that was counted.
    #[must_use]
    pub fn position(&self, arrived: DateTime<Utc>, severity: Severity) -> BurstPosition {
        let now = minute(arrived);
        let apart = u32::try_from(WITHIN.num_minutes()).unwrap_or(u32::MAX);
        let (mut start, mut before) = (now, 0);
        // Another instance's clock may be ahead of ours.
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

/// Whether the event may belong to a burst: within ten minutes of it, the actor made the same call so often that its
/// position has to be asked for.
#[must_use]
pub fn may_be_burst(entry: &Entry, related: &RelatedActivity) -> bool {
    let like = |line: &&Line| line.call == entry.line.call && (line.time - entry.line.time).abs() <= WITHIN;
    related.by_actor.lines.iter().filter(like).count() as u64 >= FREE
}

/// A burst of which something was suppressed that is to be summarized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingBurst {
    /// Where it is counted, as the store writes it.
    pub key: (String, String),
    /// How many were suppressed on that day, with those that were summarized before.
    pub suppressed: u64,
    /// The day on which it was counted: they arrived on it.
    pub day: NaiveDate,
    /// Whether it continues: then what arrives just now is left for the next time.
    pub continues: bool,
    /// Who did it, by [`actor_key`](super::actor_key).
    pub actor_key: String,
    /// The call, `iam:CreateUser`.
    pub call: Untrusted,
    /// The account.
    pub account: Option<Untrusted>,
    /// When the first one happened that was suppressed, as far as is known.
    pub oldest: DateTime<Utc>,
    /// What arrived by then was summarized before.
    pub summarized_to: DateTime<Utc>,
    /// What arrived by then is summarized now.
    pub until: DateTime<Utc>,
}

/// What was suppressed of a burst, in short.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BurstSummary {
    /// How many.
    pub count: usize,
    /// How many of each severity, the most severe first.
    pub severities: BTreeMap<Reverse<Severity>, usize>,
    /// How many of each outcome.
    pub outcomes: BTreeMap<Untrusted, usize>,
    /// How many by each session of the actor.
    pub actors: BTreeMap<Untrusted, usize>,
    /// When the first and the last one happened.
    pub times: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The most severe, and of those of one severity the earliest; at most [`SUPPRESSED_SHOWN`].
    pub most_severe: Vec<Line>,
    /// Whether there are more that were not read.
    pub unread: bool,
}

impl BurstSummary {
    /// Adds what was suppressed.
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

    /// The severity of the most severe.
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
