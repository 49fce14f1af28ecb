//! What the function does on schedule: it sends the summaries of suppressed alerts, and checks that the topic has
//! readers.

use super::result::InvocationResult;
use super::scheduled::{NotSent, Scheduled};
use super::timetable::over_at;
use crate::alert::{Alert, RunOfSummaries, summary_of};
use crate::channel::{chat, email};
use crate::history::History;
use crate::history::summary::{Group, Progress, groups};
use crate::limits::{BETWEEN_SUMMARIES, WORTH_AN_ATTEMPT};
use crate::lookup::Directory;
use crate::telemetry::InvocationLog;
use crate::text::Untrusted;
use chrono::{DateTime, Utc};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// One run. Only one invocation at a time has one.
struct Run<'a> {
    history: &'a History,
    /// Until when the run is ours.
    until: DateTime<Utc>,
    progress: Progress,
}

impl<D: Directory> Scheduled<'_, D> {
    /// Sends the summaries that are due. What there is no time for is left for the next scheduled invocation, and so is
    /// what could not be sent: this is no failure of the invocation, since Lambda would only repeat the same.
    pub(super) async fn summarize_all(
        &self,
        history: Option<&History>,
        time_left: Duration,
        log: &mut InvocationLog,
    ) -> InvocationResult {
        log.summarizing = true;
        let (readers, alerts) = tokio::join!(
            Box::pin(self.publisher.readers(self.timetable.lookups)),
            Box::pin(self.send_all(history, time_left, log)),
        );
        log.readers = readers;
        let webhook = alerts.split_first().zip(self.settings.webhook);
        InvocationResult::Summaries {
            subjects: alerts.iter().map(email::subject).collect(),
            digest: None,
            found: Vec::new(),
            published: !alerts.is_empty(),
            webhook: webhook.map(|((first, others), format)| chat::render(format, first, others)),
        }
    }

    /// Returns the summaries that were mailed.
    async fn send_all(&self, history: Option<&History>, time_left: Duration, log: &mut InvocationLog) -> Vec<Alert> {
        let mut sent = Vec::new();
        let Some(history) = history else { return sent };
        let now = (self.clock)();
        let until = over_at(now, time_left);
        let ended = match history.begin_summaries(now, until).await {
            Ok(Some(progress)) => {
                let mut run = Run { history, until, progress };
                Box::pin(self.send(&mut run, &mut sent, log)).await.inspect_err(|why| why.log(log)).ok();
                // Then the next run need not wait until this one would be over.
                history.note_summaries(&run.progress, until, true).await
            }
            Ok(None) => Ok(()),
            Err(why) => Err(why),
        };
        ended.inspect_err(|why| log.history_failed(why)).ok();
        sent
    }

    /// Sends summaries until there is nothing to list, or no time. Before each mail it is noted that the mail is sent:
    /// after a crash, the next run says that its mail may be the second one.
    async fn send(&self, run: &mut Run<'_>, sent: &mut Vec<Alert>, log: &mut InvocationLog) -> Result<(), NotSent> {
        // Only what is there by now: while alerts keep coming, the rest of them is for the next run.
        let begun = (self.clock)();
        loop {
            let unlisted = run.history.unlisted(&run.progress, begun).await?;
            match unlisted.last() {
                Some(last) if run.progress.mailing.is_empty() => run.progress.mailing.clone_from(&last.place),
                None if run.progress.mailing.is_empty() => return Ok(()),
                // What was being mailed may be withdrawn by now; then the rest of the list comes next.
                _ => {}
            }
            let groups = groups(unlisted);
            for group in groups.iter().skip(run.progress.done) {
                if !sent.is_empty() {
                    sleep(BETWEEN_SUMMARIES).await;
                }
                if Instant::now() + 2 * WORTH_AN_ATTEMPT > self.timetable.publish {
                    return Ok(());
                }
                let may_be_second = std::mem::replace(&mut run.progress.begun, true);
                run.history.note_summaries(&run.progress, run.until, false).await.inspect_err(|_| {
                    run.progress.begun = may_be_second;
                })?;
                let alert = self.compose(run, group, may_be_second).await;
                if let Err(cause) = self.publisher.send(&email::render(&alert), self.timetable.publish).await {
                    run.progress.begun = may_be_second || cause.may_have_arrived;
                    return Err(NotSent::NotPublished(cause));
                }
                run.progress.done += 1;
                run.progress.begun = false;
                log.listed += group.alerts.len();
                log.channel_failures.extend(self.channels.summary(&alert, (self.clock)()).await);
                sent.push(alert);
            }
            run.progress = Progress { listed: std::mem::take(&mut run.progress.mailing), ..Progress::default() };
            run.history.note_summaries(&run.progress, run.until, false).await?;
        }
    }

    async fn compose(&self, run: &Run<'_>, group: &Group, may_be_second: bool) -> Alert {
        let own = self.settings.topic.account().map(Untrusted::new);
        let about = group.alerts.iter().filter_map(|alert| alert.line.account.as_ref()).chain(&own);
        let names = self.account_names(about).await;
        let run = RunOfSummaries { table: run.history.table(), names: &names, own: own.as_ref(), may_be_second };
        summary_of(group, &run)
    }
}
