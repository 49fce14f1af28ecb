//! What CloudTrail said: from the JSON that arrives to an [`Activity`], who did what to whom, and did it work.
//!
//! Here belongs all that can be known from the event alone. What AWS knows besides is the business of
//! [`lookup`](crate::lookup). Nothing here reads a clock or the network.

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

/// A name from outside, for an error message.
fn shown(name: &str) -> String {
    Untrusted::new(name).shown(crate::text::TextKind::Name)
}

/// The same, where it may be absent.
fn label(name: Option<&str>) -> String {
    name.map_or_else(|| "(without an eventID)".to_owned(), shown)
}

/// A time as CloudTrail writes it, ISO 8601 in UTC.
pub(crate) fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|time| time.and_utc()))
        .ok()
}
