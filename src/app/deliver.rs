//! The channels beside the mail. They get the alert after the mail, so none of them can delay or prevent the mail.

use crate::alert::{Alert, Digest};
use crate::channel::{Channel, FailureNames, Outgoing};
use crate::history::MailStatus;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;

/// The channels beside the mail.
#[derive(Debug, Default)]
pub struct Channels(pub Vec<Box<dyn Channel>>);

impl Channels {
    /// Informs every channel that wants this alert, all at the same time; returns which failed, and why.
    pub(super) async fn deliver(&self, outgoing: &Outgoing<'_>) -> Vec<(FailureNames, String)> {
        let wanted = self.0.iter().filter(|channel| channel.wants(outgoing));
        failures(wanted.map(async |channel| (channel.names(), channel.deliver(outgoing).await))).await
    }

    /// Delivers a digest through every channel that people read; returns which failed, and why.
    pub(super) async fn digest(&self, digest: &Digest) -> Vec<(FailureNames, String)> {
        failures(self.0.iter().map(async |channel| (channel.names(), channel.deliver_digest(digest).await))).await
    }

    /// Informs the channels of the summary of a burst.
    pub(super) async fn summary(&self, alert: &Alert, now: DateTime<Utc>) -> Vec<(FailureNames, String)> {
        Box::pin(self.deliver(&Outgoing { alert, event: None, mail: MailStatus::Published, now })).await
    }
}

/// Awaits deliveries, all at the same time; returns which failed.
async fn failures<D>(deliveries: impl Iterator<Item = D>) -> Vec<(FailureNames, String)>
where
    D: Future<Output = (FailureNames, Result<(), String>)>,
{
    let delivered = join_all(deliveries).await;
    delivered.into_iter().filter_map(|(names, result)| Some((names, result.err()?))).collect()
}
