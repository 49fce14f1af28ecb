//! Single values of a record: times, and names for error messages.

use crate::text::{TextKind, Untrusted};
use chrono::{DateTime, NaiveDateTime, Utc};

/// A name from outside, made safe for an error message.
pub(super) fn shown(name: &str) -> String {
    Untrusted::new(name).shown(TextKind::Name)
}

/// The eventID for an error message.
pub(super) fn label(name: Option<&str>) -> String {
    name.map_or_else(|| "(without an eventID)".to_owned(), shown)
}

/// A time in CloudTrail's format, ISO 8601 in UTC.
pub(crate) fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|time| time.and_utc()))
        .ok()
}
