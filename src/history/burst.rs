//! Bursts: many alerts on one actor within minutes. No reader wants two hundred mails.
//!
//! Of calls that succeeded, the first five alerts are mailed; of calls that failed or were denied, the first. Then every
//! alert that is more severe than all before it, and every alert that is CRITICAL. The other alerts are suppressed: a
//! [`summary`](super::summary) lists each of them within two minutes.
//!
//! The calls of an actor are counted together, whatever they are called, and whatever session or source identity they
//! name: a caller chooses these. But a successful call from another place than the burst (another session, address or
//! user agent) is mailed too: somebody else may use the same role while a pipeline is busy. Of these there are a few at
//! most, since the place can be changed at will.
//!
//! Events are counted by their minute of arrival, in one item for each actor, kind of outcome and day. Each count is one
//! atomic write, so no two events have the same position. A burst ends when there was no event for [`WITHIN`]; at
//! midnight a new burst begins.

use super::Line;
use crate::severity::Severity;
use chrono::{DateTime, NaiveTime, TimeDelta, Timelike, Utc};
use std::collections::BTreeMap;

/// How many alerts on successful calls are mailed before a burst begins.
pub const FREE: u64 = 5;
/// The same for calls that failed or were denied: they cost the caller nothing, not even a permission.
pub const FREE_OF_FAILED: u64 = 1;
/// From how many origins a burst can come until further ones are suppressed, too.
pub const ORIGINS: usize = 8;
/// The most origins that are remembered of one actor on one day.
const REMEMBERED: usize = 40;
/// The time within which so many alerts make a burst.
pub const WITHIN: TimeDelta = TimeDelta::minutes(10);

/// The count for one actor and one kind of outcome on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// How many events arrived in each minute of the day.
    pub minutes: BTreeMap<u32, u64>,
    /// For each severity, the minute of the day of the latest event.
    pub severities: Vec<(Severity, u32)>,
    /// For each origin of the calls, the minute of the day of the first event; see [`Entry::origin`](super::Entry).
    pub origins: Vec<(String, u32)>,
}

/// The position of an event among those of the same actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurstPosition {
    /// 1 for the first.
    pub position: u64,
    /// When the burst began, to the minute.
    pub since: DateTime<Utc>,
    /// Whether the burst has begun: more alerts than are mailed in any case.
    pub in_burst: bool,
    /// Whether it is mailed.
    pub mailed: bool,
    /// Whether it is the first from its origin, and the origin is to be remembered.
    pub new_origin: bool,
}

impl Count {
    /// The position of the event that arrives next.
    #[must_use]
    pub fn position(&self, arrived: DateTime<Utc>, severity: Severity, line: &Line, origin: &str) -> BurstPosition {
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
        let of_burst = || self.origins.iter().filter(|(_, first)| *first >= start);
        let new_origin = !of_burst().any(|(known, _)| known == origin);
        let free = if line.succeeded() { FREE } else { FREE_OF_FAILED };
        // The item must not grow with every origin that a caller invents.
        let remembered = new_origin && self.origins.len() < REMEMBERED;
        let mailed = severity == Severity::Critical
            || position <= free
            || most_severe.is_some_and(|before| severity > before)
            || (line.succeeded() && new_origin && of_burst().count() < ORIGINS);
        let since = NaiveTime::from_hms_opt(start / 60, start % 60, 0).unwrap_or_default();
        let since = arrived.date_naive().and_time(since).and_utc();
        BurstPosition { position, since, in_burst: position > free, mailed, new_origin: remembered }
    }
}

/// The minute of the day.
#[must_use]
pub fn minute(time: DateTime<Utc>) -> u32 {
    time.hour() * 60 + time.minute()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Handling;

    fn at(minutes: u32) -> DateTime<Utc> {
        let day: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().unwrap();
        day + TimeDelta::minutes(minutes.into())
    }

    fn line(outcome: &str) -> Line {
        Line {
            time: at(600),
            event_id: "e".into(),
            call: "iam:CreateUser".into(),
            outcome: outcome.into(),
            actor: "ci".into(),
            actor_key: "role/ci".into(),
            target: "x".into(),
            account: None,
            object: None,
            steps: Vec::new(),
            severity: None,
            subject: None,
            handling: Handling::default(),
            not_alerted: false,
        }
    }

    fn count(minutes: &[(u32, u64)], severities: &[(Severity, u32)], origins: &[(&str, u32)]) -> Count {
        Count {
            minutes: minutes.iter().copied().collect(),
            severities: severities.to_vec(),
            origins: origins.iter().map(|(origin, first)| ((*origin).to_owned(), *first)).collect(),
        }
    }

    fn mailed(before: u64, outcome: &str) -> bool {
        count(&[(600, before)], &[(Severity::Medium, 600)], &[("here", 600)])
            .position(at(600), Severity::Medium, &line(outcome), "here")
            .mailed
    }

    #[test]
    fn five_are_mailed_and_the_rest_of_the_burst_is_suppressed() {
        let mailed = |outcome| (0..100).filter(|before| mailed(*before, outcome)).collect::<Vec<_>>();
        assert_eq!(mailed("succeeded"), [0, 1, 2, 3, 4]);
        assert_eq!((mailed("denied"), mailed("failed")), (vec![0], vec![0]), "noise costs the caller nothing");
    }

    #[test]
    fn somebody_else_is_not_more_of_the_same() {
        let burst = |places: usize| {
            let origins: Vec<_> = (0..places).map(|i| (format!("place {i}"), 600)).collect();
            Count { origins, ..count(&[(600, 200)], &[(Severity::Medium, 600)], &[]) }
        };
        let mailed = |count: &Count, outcome, origin: &str| {
            count.position(at(601), Severity::Medium, &line(outcome), origin).mailed
        };
        assert!(!mailed(&burst(1), "succeeded", "place 0") && mailed(&burst(1), "succeeded", "elsewhere"));
        assert!(mailed(&burst(ORIGINS - 1), "succeeded", "elsewhere"));
        assert!(!mailed(&burst(ORIGINS), "succeeded", "elsewhere"), "whoever changes the place at will is one burst");
        assert!(!mailed(&burst(1), "denied", "elsewhere"), "and noise makes no mails from anywhere");
    }

    #[test]
    fn a_position_counts_from_the_beginning_of_the_burst() {
        let place = |minutes: &[(u32, u64)]| {
            let count = count(minutes, &[(Severity::Medium, 0)], &[]);
            let place = count.position(at(600), Severity::Medium, &line("succeeded"), "here");
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
        let mailed = |before: &[(Severity, u32)], severity| {
            count(&[(590, 8)], before, &[("here", 590)]).position(at(591), severity, &line("denied"), "here").mailed
        };
        assert!(!mailed(&[(Severity::Medium, 590)], Severity::Medium));
        assert!(mailed(&[(Severity::Medium, 590)], Severity::High));
        assert!(!mailed(&[(Severity::Medium, 590), (Severity::High, 590)], Severity::High));
        assert!(mailed(&[(Severity::Critical, 590)], Severity::Critical));
        assert!(mailed(&[(Severity::High, 100), (Severity::Medium, 590)], Severity::High), "another burst had one");
    }
}
