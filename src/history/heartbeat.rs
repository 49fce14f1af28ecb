//! Heartbeats: once a day, every account makes one harmless call that must arrive here like any change of access. If it
//! does not arrive, nothing else may arrive either: the trail, a rule or the bus may be gone.

use crate::text::Untrusted;
use chrono::{DateTime, TimeDelta, Utc};

/// An account is silent if no heartbeat arrived for this time. One may be lost or late.
pub const SILENT_AFTER: TimeDelta = TimeDelta::days(2);
/// A silent account is forgotten after this time: it was closed, or left the organization.
pub const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(30);
/// After this time, it is mailed again that the rules of an account differ: with the next day's heartbeat.
pub const DIFFERENCES_AGAIN: TimeDelta = TimeDelta::hours(20);
/// A silence counts in the metric for this time, so that the alarm can ring again for the next one.
const COUNTED: TimeDelta = TimeDelta::days(1);

/// The last heartbeat of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// The id of the account.
    pub account: Untrusted,
    /// When it arrived; for an account without one, since when it is expected.
    pub last: DateTime<Utc>,
    /// Whether one ever arrived, as far as is recorded.
    pub arrived: bool,
    /// Whether the silence since then was alerted on.
    pub alerted: bool,
}

impl Heartbeat {
    #[must_use]
    pub fn is_silent(&self, now: DateTime<Utc>) -> bool {
        let silent = now - self.last;
        silent >= SILENT_AFTER && silent < FORGOTTEN_AFTER
    }

    /// Whether the silence began within the last day.
    #[must_use]
    pub fn is_newly_silent(&self, now: DateTime<Utc>) -> bool {
        self.is_silent(now) && now - self.last < SILENT_AFTER + COUNTED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_silent_after_two_days_and_forgotten_after_thirty() {
        let now: DateTime<Utc> = "2026-11-22T06:00:00Z".parse().unwrap();
        let after = |hours| Heartbeat {
            account: "1".into(),
            last: now - TimeDelta::hours(hours),
            arrived: true,
            alerted: false,
        };
        let silent = |hours| (after(hours).is_silent(now), after(hours).is_newly_silent(now));
        assert_eq!(silent(25), (false, false), "one is late");
        assert_eq!((silent(48), silent(71)), ((true, true), (true, true)));
        assert_eq!((silent(72), silent(719)), ((true, false), (true, false)));
        assert_eq!(silent(720), (false, false));
    }
}
