//! The channels: how each of them shows an alert. Every renderer is pure, and shows the same
//! [`Alert`](crate::alert::Alert). Only senders use the SDK.
//!
//! The mail is the one channel that must not fail: [`sns::Publisher`] sends it. Each channel beside the mail is a
//! [`Channel`]; [`beside_the_mail`] lists them.

pub mod chat;
pub mod email;
pub mod json;
pub mod security_hub;
pub mod sns;

use crate::alert::Alert;
use crate::config::Settings;
use crate::event::Activity;
use crate::history::MailStatus;
use crate::text::{Phrase, Untrusted};
use aws_config::SdkConfig;
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

/// The channels beside the mail that are configured: one row each.
#[must_use]
pub fn beside_the_mail(settings: &Settings, config: &SdkConfig) -> Vec<Box<dyn Channel>> {
    [chat::topic::AmazonQ::channel(settings, config), security_hub::import::SecurityHub::channel(settings, config)]
        .into_iter()
        .flatten()
        .collect()
}

/// The subject of an alert as a line of at most `limit` characters of printable ASCII which begins with `begin`. Names
/// are cut more and more until the line fits; before they become unreadable, the short subject is used.
fn line(alert: &Alert, begin: &str, limit: usize) -> String {
    let with = |subject: &Phrase, each| format!("{begin}{}", subject.ascii(each));
    let whole = (16..=64).rev().map(|each| with(&alert.subject, each));
    let short = (8..=64).rev().map(|each| with(&alert.short_subject, each));
    let mut line = whole.chain(short).find(|line| line.len() <= limit);
    line.get_or_insert_with(|| with(&alert.short_subject, 8)).truncate(limit);
    line.unwrap_or_default().trim_end().to_owned()
}
