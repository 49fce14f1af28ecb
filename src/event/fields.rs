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
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .or_else(|_| {
            let zoneless = |format| NaiveDateTime::parse_from_str(text, format).map(|time| time.and_utc());
            zoneless("%Y-%m-%dT%H:%M:%S%.f")
                .or_else(|_| zoneless("%Y-%m-%d %H:%M:%S%.f"))
                .or_else(|_| zoneless("%Y-%m-%dT%H:%MZ"))
                .or_else(|_| zoneless("%b %d, %Y, %I:%M:%S %p"))
                .or_else(|_| zoneless("%b %d, %Y %I:%M:%S %p"))
        })
        .ok()
}

/// The seconds or milliseconds since 1970. CloudTrail began in 2013, so the two cannot be confused.
fn of_epoch(number: f64) -> Option<DateTime<Utc>> {
    const SECONDS: std::ops::Range<f64> = 1.0e9..1.0e11;
    let milliseconds = if SECONDS.contains(&number) { number * 1_000.0 } else { number };
    #[allow(clippy::cast_possible_truncation, reason = "the range is checked")]
    (1.0e12..1.0e14).contains(&milliseconds).then(|| DateTime::from_timestamp_millis(milliseconds as i64)).flatten()
}
