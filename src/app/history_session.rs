//! What the journey of an event has to do with the [history](crate::history): nothing of it can cost an alert.

use super::{Draft, Handler, InvocationError, InvocationResult};
use crate::alert::{Alert, account_name, burst_summary};
use crate::channel::email;
use crate::channel::sns::NotPublished;
use crate::detection::{PriorActivity, chains};
use crate::event::Activity;
use crate::history::burst::{self, BurstPosition, PendingBurst};
use crate::history::{Claim, Entry, History, HistoryError, MailStatus, RelatedActivity};
use crate::limits::TIME_TO_PUBLISH;
use crate::lookup::Directory;
use crate::severity::Severity;
use crate::telemetry::InvocationLog;
use crate::text::Phrase;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The history, and the event that is on its way into it.
#[derive(Debug)]
pub struct HistorySession<'a> {
    pub history: &'a History,
    pub entry: Entry,
    /// The record, as JSON.
    raw: String,
}

/// Why an event is not ours to alert on.
pub(super) enum NotOurs {
    AlreadyAlerted,
    InProgress,
}

impl<'a> HistorySession<'a> {
    pub(super) fn new(history: &'a History, activity: &Activity, raw: &Value, now: DateTime<Utc>) -> Self {
        let entry = Entry::new(activity, chains::steps_of(activity), raw, now);
        Self { history, entry, raw: raw.to_string() }
    }

    /// Records an event that is not alerted on.
    pub(super) async fn keep_not_alerted(&self, why: &Phrase, log: &mut InvocationLog) {
        let kept = Box::pin(self.history.keep_not_alerted(&self.entry, &why.plain(), &self.raw)).await;
        kept.inspect_err(|why| log.history_failed(why)).ok();
    }

    /// Claims the event and asks what happened before it, side by side with the lookups. The related activity is asked for
    /// after the claim: of two events that are handled at the same time, one finds the other.
    pub(super) async fn claim(
        &self,
        time_left: Duration,
        deadline: Instant,
        clock: fn() -> DateTime<Utc>,
    ) -> Result<PriorActivity, NotOurs> {
        let (history, entry) = (self.history, &self.entry);
        // However long we wait for it: the claim ends with the time of this invocation.
        let until = entry.arrived + TimeDelta::from_std(time_left).unwrap_or(TimeDelta::seconds(30));
        let retried = match history.claim(entry, until, deadline, clock).await {
            Claim::Ours { retried } => retried,
            Claim::AlreadyAlerted => return Err(NotOurs::AlreadyAlerted),
            Claim::InProgress => return Err(NotOurs::InProgress),
            Claim::Unknown(why) => return Ok(unknown(why, true, false)),
        };
        let known = async {
            let related = Box::pin(history.related(entry)).await;
            let mut chains = chains::completed(entry, &related);
            join_all(chains.iter_mut().map(|completed| async {
                completed.alerted_before = !history.names(entry, completed.chain.name, &completed.key).await;
            }))
            .await;
            PriorActivity { related, chains, retried }
        };
        let known = timeout_at(deadline, Box::pin(known)).await;
        Ok(known.unwrap_or_else(|_| unknown(HistoryError::NoTimeLeft, false, retried)))
    }

    /// The position of the event among those like it, where it may belong to a burst.
    pub(super) async fn position(
        &self,
        prior: &PriorActivity,
        severity: Severity,
        deadline: Instant,
        log: &mut InvocationLog,
    ) -> Option<BurstPosition> {
        if prior.must_be_mailed() || !burst::may_be_burst(&self.entry, &prior.related) {
            return None;
        }
        let position = timeout_at(deadline, Box::pin(self.history.count(&self.entry, severity))).await.ok()?;
        position.inspect_err(|why| log.history_failed(why)).ok()
    }
}

impl<D: Directory> Handler<D> {
    /// Whether the mail was suppressed, as one of a burst. What cannot be recorded in time is not suppressed.
    pub(super) async fn suppressed(&self, draft: &Draft<'_>, log: &mut InvocationLog) -> bool {
        let Some(session) = &draft.session else { return false };
        if draft.position.is_none_or(|position| position.mailed) {
            return false;
        }
        let record = draft.record(MailStatus::Suppressed, &session.raw);
        let suppressed = Box::pin(session.history.suppress(&session.entry, &record));
        let suppressed = timeout_at(draft.deadline, suppressed).await;
        suppressed.is_ok_and(|suppressed| suppressed.inspect_err(|why| log.history_failed(why)).is_ok())
    }

    /// Records what was alerted, and counts it where that was not done yet.
    pub(super) async fn record(&self, draft: &Draft<'_>, log: &mut InvocationLog) {
        let Some(session) = &draft.session else { return };
        let record = draft.record(log.mail, &session.raw);
        let counted = async {
            if log.mail == MailStatus::Published && draft.position.is_none() {
                session.history.count(&session.entry, draft.alert.severity).await.map(|_| ())
            } else {
                Ok(())
            }
        };
        let kept = session.history.keep(&session.entry, &record);
        let (kept, counted) = Box::pin(async { tokio::join!(kept, counted) }).await;
        for why in [kept, counted].into_iter().filter_map(Result::err) {
            log.history_failed(&why);
        }
    }

    /// Summarizes what was suppressed. This runs every few minutes, so what the history does not answer is asked again
    /// soon, and is no failure of the invocation.
    pub(super) async fn summarize_bursts(
        &self,
        time_left: Duration,
        log: &mut InvocationLog,
    ) -> Result<InvocationResult, InvocationError> {
        log.summarizing = true;
        let mut alerts = Vec::new();
        let Some(history) = &self.history else { return Ok(self.summaries(&alerts)) };
        let deadline = Instant::now() + time_left.saturating_sub(TIME_TO_PUBLISH);
        let pending = history.pending((self.clock)()).await.inspect_err(|why| log.history_failed(why));
        for burst in pending.into_iter().flatten() {
            match self.summarize(history, &burst, deadline, log).await {
                Ok(alert) => alerts.extend(alert),
                Err(NotSummarized::Unknown(why)) => log.history_failed(&why),
                Err(NotSummarized::NotPublished(cause)) if alerts.is_empty() => {
                    return Err(InvocationError::NotSummarized { cause });
                }
                // What was mailed already is returned, for the webhook; this one is tried again within minutes.
                Err(NotSummarized::NotPublished(cause)) => {
                    tracing::warn!(%cause, "a burst was not summarized; it is tried again within minutes");
                    break;
                }
            }
        }
        Ok(self.summaries(&alerts))
    }

    /// What is returned of the mails that were sent.
    fn summaries(&self, alerts: &[Alert]) -> InvocationResult {
        let webhook = alerts.split_first().zip(self.settings.webhook);
        InvocationResult::Summaries {
            subjects: alerts.iter().map(email::subject).collect(),
            published: !alerts.is_empty(),
            webhook: webhook.map(|((first, others), format)| crate::channel::chat::render(format, first, others)),
        }
    }

    /// Summarizes one burst; returns what was mailed, and nothing where nothing was: another invocation sends it, or all
    /// was mailed after all.
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
            self.publisher.send(&email::render(&alert)).await.map_err(NotSummarized::NotPublished)?;
            self.channels.summary(&alert, log).await;
            mailed = Some(alert);
        }
        let noted = history.summarized(pending, summary.count, now).await;
        noted.inspect_err(|why| log.history_failed(why)).ok();
        Ok(mailed)
    }
}

/// Prior activity of which nothing is known, and why.
fn unknown(why: HistoryError, may_repeat: bool, retried: bool) -> PriorActivity {
    let related = RelatedActivity { unknown: Some(why), may_repeat, ..RelatedActivity::default() };
    PriorActivity { related, chains: Vec::new(), retried }
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
