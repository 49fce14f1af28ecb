//! Bursts: many calls of one kind by one actor within minutes. No reader wants two hundred mails.
//!
//! The first five alerts are mailed, then every alert that is more severe than all before it, and every alert that is
//! CRITICAL. The other alerts are suppressed: a [`summary`](super::summary) lists each of them within two minutes.
//!
//! Events are counted by their minute of arrival, in one item for each actor, call and day. Each count is one atomic
//! write, so no two events have the same position. A burst ends when there was no event for [`WITHIN`]; at midnight a
//! new burst begins. Only the count is exact: the list of the actor's activity decides whether an event is counted at
//! all.

use super::{Entry, Line, RelatedActivity};
use crate::severity::Severity;
use chrono::{DateTime, NaiveTime, TimeDelta, Timelike, Utc};
use std::collections::BTreeMap;

/// How many alerts are mailed before a burst begins.
pub const FREE: u64 = 5;
/// The time within which so many alerts make a burst.
pub const WITHIN: TimeDelta = TimeDelta::minutes(10);

/// The count for one actor and one call on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// How many events arrived in each minute of the day.
    pub minutes: BTreeMap<u32, u64>,
    /// For each severity, the minute of the day of the latest event.
    pub severities: Vec<(Severity, u32)>,
}

/// The position of an event among similar events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurstPosition {
    /// 1 for the first.
    pub position: u64,
    /// When the burst began, to the minute.
    pub since: DateTime<Utc>,
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
        let mailed =
            severity == Severity::Critical || position <= FREE || most_severe.is_some_and(|before| severity > before);
        let since = NaiveTime::from_hms_opt(start / 60, start % 60, 0).unwrap_or_default();
        BurstPosition { position, since: arrived.date_naive().and_time(since).and_utc(), mailed }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u32) -> DateTime<Utc> {
        let day: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().unwrap();
        day + TimeDelta::minutes(minutes.into())
    }

    fn count(minutes: &[(u32, u64)], severities: &[(Severity, u32)]) -> Count {
        Count { minutes: minutes.iter().copied().collect(), severities: severities.to_vec() }
    }

    #[test]
    fn five_are_mailed_and_the_rest_of_the_burst_is_suppressed() {
        let mailed: Vec<_> = (0..100)
            .filter(|before| {
                count(&[(600, *before)], &[(Severity::Medium, 600)]).position(at(600), Severity::Medium).mailed
            })
            .collect();
        assert_eq!(mailed, [0, 1, 2, 3, 4]);
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
