//! Times and ages, in words.

use crate::phrase;
use crate::text::{Phrase, counted};
use chrono::{DateTime, Utc};

/// A time to the second: `2026-11-22 05:59:57 UTC`.
#[must_use]
pub fn at(time: DateTime<Utc>) -> Phrase {
    Phrase::ours(time.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// A day: `2026-11-22`.
#[must_use]
pub fn day(time: DateTime<Utc>) -> Phrase {
    Phrase::ours(time.format("%Y-%m-%d").to_string())
}

/// The time from one time to another, in the unit that people would use, rounded down; `None` if the second is before
/// the first.
#[must_use]
pub fn between(earlier: DateTime<Utc>, later: DateTime<Utc>) -> Option<Phrase> {
    const DAY: u64 = 86_400;
    /// Seconds per unit, its noun, and the minimum number of units. A month is a twelfth of a year of 365.2425 days.
    const UNITS: [(u64, &str, u64); 6] = [
        (31_556_952, "year", 2),
        (2_629_746, "month", 2),
        (DAY, "day", 2),
        (3_600, "hour", 2),
        (60, "minute", 2),
        (1, "second", 0),
    ];
    let seconds = u64::try_from((later - earlier).num_seconds()).ok()?;
    UNITS
        .iter()
        .find(|(unit, _, least)| seconds / unit >= *least)
        .map(|(unit, noun, _)| Phrase::ours(counted(usize::try_from(seconds / unit).unwrap_or(usize::MAX), noun)))
}

/// How long ago a time was, with the day unless it was just now: `13 months ago (2025-10-06)`.
#[must_use]
pub fn ago(time: DateTime<Utc>, now: DateTime<Utc>) -> Option<Phrase> {
    let age = between(time, now)?;
    let exact = if (now - time).num_days() > 0 { phrase!(" (", day(time), ")") } else { Phrase::default() };
    Some(phrase!(age, " ago", exact))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn ages_have_the_unit_that_people_would_use() {
        let start = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let after = |seconds| between(start, start + TimeDelta::seconds(seconds)).map(|age| age.plain());
        let table = [
            (0, "0 seconds"),
            (1, "1 second"),
            (14, "14 seconds"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7_199, "119 minutes"),
            (7_200, "2 hours"),
            (172_799, "47 hours"),
            (172_800, "2 days"),
            (5_000_000, "57 days"),
            (35_600_000, "13 months"),
            (70_000_000, "2 years"),
        ];
        for (seconds, words) in table {
            assert_eq!(after(seconds).as_deref(), Some(words));
        }
        assert_eq!(after(-1), None);
        let ago = |seconds| super::ago(start, start + TimeDelta::seconds(seconds)).unwrap().plain();
        assert_eq!((ago(14).as_str(), ago(35_600_000).as_str()), ("14 seconds ago", "13 months ago (2026-09-21)"));
    }
}
