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

/// Times in UTC without a zone, as CloudTrail, tools and the responses of IAM write them.
const ZONELESS: [&str; 5] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%MZ",
    "%b %d, %Y, %I:%M:%S %p",
    "%b %d, %Y %I:%M:%S %p",
];

/// A time. CloudTrail writes ISO 8601 in UTC; tools that pass records on also write a blank for the `T`, the seconds or
/// milliseconds since 1970, or the form that IAM uses for dates in responses.
pub(crate) fn time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return of_epoch(number);
    }
    // Java writes a narrow blank before AM and PM.
    let text = text.strip_suffix(" UTC").unwrap_or(text).replace('\u{202f}', " ");
    let text = text.as_str();
    let zoneless = |format: &&str| NaiveDateTime::parse_from_str(text, format).ok().map(|time| time.and_utc());
    let with_zone = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    with_zone.or_else(|| ZONELESS.iter().find_map(zoneless))
}

/// The seconds or milliseconds since 1970. CloudTrail began in 2013, so the two cannot be confused.
fn of_epoch(number: f64) -> Option<DateTime<Utc>> {
    const SECONDS: std::ops::Range<f64> = 1.0e9..1.0e11;
    let milliseconds = if SECONDS.contains(&number) { number * 1_000.0 } else { number };
    #[allow(clippy::cast_possible_truncation, reason = "the range is checked")]
    (1.0e12..1.0e14).contains(&milliseconds).then(|| DateTime::from_timestamp_millis(milliseconds as i64)).flatten()
}
