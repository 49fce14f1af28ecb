//! The summaries of bursts. The schedule calls the function for them every few minutes.

use super::deliver::Channels;
use super::result::{InvocationError, InvocationResult};
use super::timetable::Timetable;
use crate::alert::{Alert, account_name, burst_summary};
use crate::channel::sns::{NotPublished, Publisher};
use crate::channel::{chat, email};
use crate::config::Settings;
use crate::history::burst::PendingBurst;
use crate::history::{History, HistoryError};
use crate::lookup::Directory;
use crate::telemetry::InvocationLog;
use chrono::{DateTime, Utc};
use std::time::Duration;
use tokio::time::Instant;

/// What is needed to summarize bursts.
pub(super) struct Summarizer<'a, D> {
    pub directory: &'a D,
    pub publisher: &'a Publisher,
    pub channels: &'a Channels,
    pub settings: &'a Settings,
    pub clock: fn() -> DateTime<Utc>,
}

impl<D: Directory> Summarizer<'_, D> {
    /// Summarizes the suppressed alerts. If the history does not answer, the next scheduled invocation asks again: this
    /// is no failure of the invocation.
    pub(super) async fn summarize_all(
        &self,
        history: Option<&History>,
        time_left: Duration,
        log: &mut InvocationLog,
    ) -> Result<InvocationResult, InvocationError> {
        log.summarizing = true;
        let mut alerts = Vec::new();
        let Some(history) = history else { return Ok(self.summaries(&alerts)) };
        let deadline = Timetable::of(time_left).lookups;
        let pending = history.pending((self.clock)()).await.inspect_err(|why| log.history_failed(why));
        for burst in pending.into_iter().flatten() {
            match self.summarize(history, &burst, deadline, log).await {
                Ok(alert) => alerts.extend(alert),
                Err(NotSummarized::Unknown(why)) => log.history_failed(&why),
                Err(NotSummarized::NotPublished(cause)) if alerts.is_empty() => {
                    return Err(InvocationError::NotSummarized { cause });
                }
                // Summaries that were mailed already are returned for the webhook; this one is tried again within
                // minutes.
                Err(NotSummarized::NotPublished(cause)) => {
                    tracing::warn!(%cause, "a burst was not summarized; it is tried again within minutes");
                    break;
                }
            }
        }
        Ok(self.summaries(&alerts))
    }

    /// The result of the invocation for the mails that were sent.
    fn summaries(&self, alerts: &[Alert]) -> InvocationResult {
        let webhook = alerts.split_first().zip(self.settings.webhook);
        InvocationResult::Summaries {
            subjects: alerts.iter().map(email::subject).collect(),
            published: !alerts.is_empty(),
            webhook: webhook.map(|((first, others), format)| chat::render(format, first, others)),
        }
    }

    /// Summarizes one burst. Returns the alert that was mailed; `None` if another invocation sends the summary, or if
    /// every event of the burst was mailed after all.
    async fn summarize(
        &self,
        history: &History,
        pending: &PendingBurst,
        deadline: Instant,
        log: &mut InvocationLog,
    ) -> Result<Option<Alert>, NotSummarized> {
        let now = (self.clock)();
        if !history.take_on(pending, now).await? {
            return Ok(None);
        }
        let summary = history.suppressed(pending, deadline).await?;
        let mut mailed = None;
        if summary.count > 0 {
            let account = pending.account.as_ref().map(|account| account.raw().to_owned());
            let alias = self.directory.account_alias(&account, deadline).await;
            let name = account_name(pending.account.as_ref(), &self.settings.account_names, &alias);
            let alert = burst_summary(pending, &summary, history.table(), name.as_ref());
            Box::pin(self.publisher.send(&email::render(&alert), deadline))
                .await
                .map_err(NotSummarized::NotPublished)?;
            log.channel_failures.extend(self.channels.summary(&alert, now).await);
            mailed = Some(alert);
        }
        let noted = history.summarized(pending, summary.count, now).await;
        noted.inspect_err(|why| log.history_failed(why)).ok();
        Ok(mailed)
    }
}

/// Why a burst was not summarized.
enum NotSummarized {
    Unknown(HistoryError),
    NotPublished(NotPublished),
}

impl From<HistoryError> for NotSummarized {
    fn from(why: HistoryError) -> Self {
        Self::Unknown(why)
    }
}
