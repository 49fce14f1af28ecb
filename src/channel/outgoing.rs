//! What a channel beside the mail is, and what it gets.

use crate::alert::{Alert, Digest};
use crate::event::Activity;
use crate::history::MailStatus;
use crate::text::Untrusted;
use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;

/// A channel beside the mail. It is informed after the mail, and only for a short time.
pub trait Channel: std::fmt::Debug {
    /// The names of the channel's failures in the log and in the metrics.
    fn names(&self) -> FailureNames;
    /// Whether the channel gets this alert.
    fn wants(&self, outgoing: &Outgoing<'_>) -> bool;
    /// Delivers the alert.
    ///
    /// # Errors
    /// Why the alert could not be delivered, in words.
    fn deliver<'a>(&'a self, outgoing: &'a Outgoing<'_>) -> LocalBoxFuture<'a, Result<(), String>>;
    /// Delivers a digest, if the channel is read by people.
    ///
    /// # Errors
    /// Why the digest could not be delivered, in words.
    fn deliver_digest<'a>(&'a self, _digest: &'a Digest) -> LocalBoxFuture<'a, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

/// The names of a channel's failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureNames {
    /// The field in the log: `chatFailure`.
    pub field: &'static str,
    /// The metric: `ChatFailures`.
    pub metric: &'static str,
}

/// An alert on its way to a channel.
#[derive(Debug)]
pub struct Outgoing<'a> {
    pub alert: &'a Alert,
    /// What happened, and the id of the event; `None` for the summary of a burst.
    pub event: Option<(&'a Activity, &'a Untrusted)>,
    /// The status of the mail.
    pub mail: MailStatus,
    pub now: DateTime<Utc>,
}
