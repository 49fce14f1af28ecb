//! Reads CloudTrail events: from JSON to an [`Activity`], which says who did what, to which target, and whether the
//! call succeeded.
//!
//! Only facts from the event itself belong here. Other facts from AWS belong in [`lookup`](crate::lookup). Nothing here
//! reads a clock or the network.

pub mod activity;
mod denied_message;
mod envelope;
pub mod outcome;
mod parameters;
pub mod principal;
pub mod record;

pub use activity::Activity;
pub use envelope::{Delivery, Refusal, is_schedule};
pub use outcome::{FailureKind, Outcome};
pub use principal::Principal;
pub use record::Record;

use crate::text::Untrusted;
use chrono::{DateTime, NaiveDateTime, Utc};

/// A name from outside, made safe for an error message.
fn shown(name: &str) -> String {
    Untrusted::new(name).shown(crate::text::TextKind::Name)
}

/// The eventID for an error message.
fn label(name: Option<&str>) -> String {
    name.map_or_else(|| "(without an eventID)".to_owned(), shown)
}

/// A time in CloudTrail's format, ISO 8601 in UTC.
pub(crate) fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|time| time.and_utc()))
        .ok()
}
