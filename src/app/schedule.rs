//! The scheduled invocation: what it does, one after the other.

use super::handler::Handler;
use super::result::InvocationResult;
use super::scheduled::Scheduled;
use super::timetable::Timetable;
use crate::lookup::Directory;
use crate::telemetry::InvocationLog;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout_at;

impl<D: Directory> Handler<D> {
    /// The scheduled run: the summaries of suppressed alerts first, then the accounts without a heartbeat, then the check of
    /// the stack, then the digest. `deployed` is the copy of the settings that the schedule carries.
    pub(super) async fn on_schedule(
        &self,
        deployed: Option<&Value>,
        time_left: Duration,
        log: &mut InvocationLog,
    ) -> InvocationResult {
        let (run, history) = (self.scheduled(time_left), self.history.as_ref());
        let mut done = Box::pin(run.summarize_all(history, time_left, log)).await;
        Box::pin(run.look_for_silence(history, log)).await;
        self.expecting.now(run.timetable.lookups, log).await;
        if let Some(watchdog) = &self.watchdog {
            Box::pin(watchdog.check(&run, deployed, log)).await;
        }
        // Last: a digest can wait, and what was to be alerted on cannot.
        if let Some(digest) = Box::pin(run.send_digest(history, done.is_published(), log)).await {
            done.add_digest(&digest, self.settings.webhook);
        }
        // After it: IAM is read once a day, whenever there is time.
        let mut found = Vec::new();
        let kept = Box::pin(self.keep_baseline(run.timetable.left(), &mut found, log));
        if timeout_at(run.timetable.publish, kept).await.is_err() {
            log.baseline_failed("it took longer than there was time; the next run goes on");
        }
        if let Some((first, others)) = found.split_first() {
            done.add_alerts(first, others, self.settings.webhook);
        }
        done
    }

    pub(super) fn scheduled(&self, time_left: Duration) -> Scheduled<'_, D> {
        let Self { directory, publisher, channels, settings, clock, .. } = self;
        Scheduled { directory, publisher, channels, settings, clock: *clock, timetable: Timetable::of(time_left) }
    }
}
