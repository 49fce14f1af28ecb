//! The budget of the topic: how many mails may go out at a time, over all instances of the function.
//!
//! SNS sends ten e-mails a second to one address; above that it puts the subscription back to pending, and deletes it two
//! days later ("Amazon SNS endpoints and quotas"). Then nobody is alerted any more, so a storm of events must not cause a
//! storm of mails. And no reader reads more than some mails a minute.
//!
//! Each mail takes a place in one item for each minute, by one conditional write. Alerts that find no place are
//! suppressed, and listed in a [`summary`](super::summary). CRITICAL alerts have places of their own, so no noise can use
//! them up.

use crate::severity::Severity;
use chrono::{DateTime, DurationRound, TimeDelta, Timelike, Utc};

/// The mails of one minute that are not CRITICAL.
pub const OTHERS_A_MINUTE: u64 = 20;
/// The CRITICAL mails of one minute.
pub const CRITICAL_A_MINUTE: u64 = 20;
/// Mails are spread over the minute by intervals of this length.
pub const INTERVAL: TimeDelta = TimeDelta::seconds(2);
/// The mails of one interval. Within any second there are at most twice as many, with the last mails of one interval
/// and the first of the next, and one mail of a summary: nine.
pub const AN_INTERVAL: u64 = 4;
/// The mails of one interval that are not CRITICAL.
pub const OTHERS_AN_INTERVAL: u64 = 3;

/// Whose places a mail takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Critical,
    Others,
}

/// The answer for one mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Taken,
    /// The interval is full; there are places in a later one.
    Later,
    /// The minute is full.
    UsedUp,
}

impl Share {
    #[must_use]
    pub fn of(severity: Severity) -> Self {
        if severity == Severity::Critical { Self::Critical } else { Self::Others }
    }

    /// The most mails in a minute, and in an interval together with the mails of the other share.
    #[must_use]
    pub const fn limits(self) -> (u64, u64) {
        match self {
            Self::Critical => (CRITICAL_A_MINUTE, AN_INTERVAL),
            Self::Others => (OTHERS_A_MINUTE, OTHERS_AN_INTERVAL),
        }
    }
}

/// The minute of a time.
#[must_use]
pub fn minute(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now)
}

/// The number of the interval within its minute.
#[must_use]
pub fn interval(now: DateTime<Utc>) -> i64 {
    i64::from(now.second()) / INTERVAL.num_seconds()
}

/// How long the next interval is away.
#[must_use]
pub fn until_next_interval(now: DateTime<Utc>) -> TimeDelta {
    let next = now.duration_trunc(INTERVAL).map(|begin| begin + INTERVAL);
    next.map_or(INTERVAL, |next| next - now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_minute_has_thirty_intervals() {
        let numbers = ["06:00:00.000Z", "06:00:01.999Z", "06:00:02.000Z", "06:00:59.999Z"]
            .map(|time| interval(at(&format!("2026-11-22T{time}"))));
        assert_eq!(numbers, [0, 0, 1, 29]);
        assert_eq!(minute(at("2026-11-22T06:00:59.999Z")), at("2026-11-22T06:00:00Z"));
        assert_eq!(until_next_interval(at("2026-11-22T06:00:01.500Z")), TimeDelta::milliseconds(500));
        assert_eq!(until_next_interval(at("2026-11-22T06:00:02Z")), TimeDelta::seconds(2));
    }

    #[test]
    fn the_most_mails_of_any_second_are_fewer_than_ten() {
        const OF_A_SUMMARY: u64 = 1;
        const { assert!(2 * AN_INTERVAL + OF_A_SUMMARY < 10 && OTHERS_AN_INTERVAL < AN_INTERVAL) };
    }
}
