//! Heartbeats: those that arrive are recorded; on schedule, accounts without one are alerted on.

use super::scheduled::Scheduled;
use super::watchdog::Watchdog;
use crate::alert::silent;
use crate::arn::Arn;
use crate::channel::email;
use crate::config::Settings;
use crate::event::{Activity, CallersAccount, Principal};
use crate::history::heartbeat::Heartbeat;
use crate::history::{History, HistoryError};
use crate::lookup::Directory;
use crate::telemetry::InvocationLog;
use crate::text::{Phrase, Untrusted};

/// The tag that a heartbeat sets. Nothing else may be in the call.
const TAG: &str = "last-heartbeat";

/// Whether an event is a heartbeat: the heartbeat's own role set its own tag on itself, and nothing else. That changes no
/// access. Whoever can make this call can do no more with it than to say that events arrive, and it arrived.
pub(super) fn is_heartbeat(activity: &Activity, settings: &Settings) -> bool {
    let Some(role) = settings.heartbeat_role.as_deref() else { return false };
    let of_role = |name: Option<&Untrusted>| name.is_some_and(|name| name.raw() == role);
    let by_itself = match &activity.principal {
        Principal::AssumedRole(session) => of_role(session.role.as_ref()),
        _ => false,
    };
    let tags = activity.request["tags"].as_array();
    activity.action.service == "iam"
        && activity.event_name.raw() == "TagRole"
        && activity.outcome.succeeded()
        && by_itself
        && activity.callers_account() == CallersAccount::Same
        && of_role(activity.target.name.as_ref())
        && tags.is_some_and(|tags| tags.len() == 1 && tags[0]["key"] == TAG)
}

impl<D: Directory> Scheduled<'_, D> {
    /// Records a heartbeat; returns why it is not alerted on. That of a member counts only if the rules that forward its
    /// events could be read: they are compared with what was deployed.
    pub(super) async fn receive_heartbeat(
        &self,
        activity: &Activity,
        history: Option<&History>,
        watchdog: Option<&Watchdog>,
        log: &mut InvocationLog,
    ) -> Phrase {
        let Some(account) = activity.account.as_ref() else { return "it is a heartbeat of an unknown account".into() };
        if let Some(watchdog) = watchdog.filter(|_| self.settings.watch.is_of_member(activity))
            && !Box::pin(watchdog.check_member(self, account, history, log)).await
        {
            return "it is the heartbeat of the account, but its rules could not be read".into();
        }
        if let Some(history) = history {
            let noted = Box::pin(history.note_heartbeat(account, (self.clock)())).await;
            noted.inspect_err(|why| log.history_failed(why)).ok();
        }
        "it is the heartbeat of the account: events arrive".into()
    }

    /// Alerts on accounts without a heartbeat, once for each silence.
    pub(super) async fn look_for_silence(&self, history: Option<&History>, log: &mut InvocationLog) {
        let Some((history, role)) = history.zip(self.settings.heartbeat_role.as_deref()) else { return };
        if !history.is_hour_over() {
            return;
        }
        if let Err(why) = Box::pin(self.alert_on_silence(history, role, log)).await {
            log.history_failed(&why);
        }
    }

    async fn alert_on_silence(
        &self,
        history: &History,
        role: &str,
        log: &mut InvocationLog,
    ) -> Result<(), HistoryError> {
        let now = (self.clock)();
        let own = self.settings.topic.account().map(Untrusted::new);
        let heartbeats = history.heartbeats().await?;
        if let Some(own) = own.as_ref().filter(|own| !heartbeats.iter().any(|known| known.account == **own)) {
            history.expect_heartbeat(own, now).await?;
        }
        log.silent_accounts = Some(heartbeats.iter().filter(|heartbeat| heartbeat.is_newly_silent(now)).count());
        let new = |heartbeat: &&Heartbeat| heartbeat.is_silent(now) && !heartbeat.alerted;
        let mut silent_ones: Vec<_> = heartbeats.iter().filter(new).collect();
        if silent_ones.is_empty() {
            return Ok(());
        }
        silent_ones.sort_by_key(|heartbeat| heartbeat.last);
        let names = self.account_names(silent_ones.iter().map(|heartbeat| &heartbeat.account)).await;
        let rules = role.strip_suffix("-heartbeat").unwrap_or(role);
        let region = self.settings.topic.arn().and_then(Arn::parse).map(|topic| topic.region);
        let alert = silent(&silent_ones, &names, own.as_ref(), (rules, region), now);
        if let Err(cause) = Box::pin(self.publisher.send(&email::render(&alert), self.timetable.publish)).await {
            log.summary_failure = Some(cause.to_string());
            return Ok(());
        }
        log.channel_failures.extend(self.channels.summary(&alert, now).await);
        for heartbeat in silent_ones {
            history.note_silence(heartbeat).await?;
        }
        Ok(())
    }
}
