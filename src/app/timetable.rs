//! How the time of one invocation is divided.

use crate::limits::{MARGIN, TIME_AFTER_THE_MAIL, TIME_TO_PUBLISH};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use lambda_runtime::Context;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Until when an invocation does what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timetable {
    /// After this time there is only time to publish the alert.
    pub lookups: Instant,
    /// After this time there is only time for what comes after the mail.
    pub publish: Instant,
    /// The function answers at this time at the latest.
    pub end: Instant,
}

/// The time that is left for the invocation. The deadline is in milliseconds since 1970.
pub(super) fn time_left(context: &Context) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(context.deadline).saturating_sub(now)
}

impl Timetable {
    /// The time that is left now.
    pub(super) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Divides the time that is left. A shorter invocation gets shorter parts.
    #[must_use]
    pub fn of(time_left: Duration) -> Self {
        let reserved = MARGIN + TIME_AFTER_THE_MAIL + TIME_TO_PUBLISH;
        let scale = (time_left.as_secs_f64() / (2.0 * reserved.as_secs_f64())).min(1.0);
        let now = Instant::now();
        let end = now + time_left.saturating_sub(MARGIN.mul_f64(scale));
        let publish = end - TIME_AFTER_THE_MAIL.mul_f64(scale).min(end - now);
        let lookups = publish - TIME_TO_PUBLISH.mul_f64(scale).min(publish - now);
        Self { lookups, publish, end }
    }
}

/// When an invocation that has this much time left is over: then a claim of it is void. In the milliseconds of the table.
pub(super) fn over_at(now: DateTime<Utc>, time_left: Duration) -> DateTime<Utc> {
    (now + TimeDelta::from_std(time_left).unwrap_or(TimeDelta::seconds(30))).trunc_subsecs(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn every_part_gets_its_time_and_a_short_invocation_keeps_the_order() {
        let begun = Instant::now();
        let parts = |left: u64| {
            let Timetable { lookups, publish, end } = Timetable::of(Duration::from_millis(left));
            [lookups, publish, end].map(|part| u64::try_from((part - begun).as_millis()).unwrap())
        };
        assert_eq!(parts(30_000), [16_500, 24_500, 29_000]);
        assert_eq!(parts(0), [0, 0, 0]);
        for left in [500, 2_000, 7_000, 13_500, 27_000, 900_000] {
            let [lookups, publish, end] = parts(left);
            assert!(lookups >= left / 2 && lookups < publish && publish < end && end < left, "{left}");
        }
    }
}
