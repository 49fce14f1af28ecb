//! A scheduled run, and what its parts share.

use super::deliver::Channels;
use super::handler::Handler;
use super::result::InvocationResult;
use super::timetable::Timetable;
use crate::alert::account_name;
use crate::channel::sns::Publisher;
use crate::config::Settings;
use crate::limits::ACCOUNTS_NAMED_AT_ONCE;
use crate::lookup::Directory;
use crate::telemetry::InvocationLog;
use crate::text::Untrusted;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// A scheduled run.
pub(super) struct Scheduled<'a, D> {
    pub directory: &'a D,
    pub publisher: &'a Publisher,
    pub channels: &'a Channels,
    pub settings: &'a Settings,
    pub clock: fn() -> DateTime<Utc>,
    pub timetable: Timetable,
}

/// One scheduled run: the summaries of suppressed alerts first, then the accounts without a heartbeat, then the check of
/// the stack. `deployed` is the copy of the settings that the schedule carries.
pub(super) async fn run<D: Directory>(
    handler: &Handler<D>,
    deployed: Option<&Value>,
    time_left: Duration,
    log: &mut InvocationLog,
) -> InvocationResult {
    let Handler { directory, publisher, channels, settings, clock, .. } = handler;
    let timetable = Timetable::of(time_left);
    let run = Scheduled { directory, publisher, channels, settings, clock: *clock, timetable };
    let summaries = Box::pin(run.summarize_all(handler.history.as_ref(), time_left, log)).await;
    Box::pin(run.look_for_silence(handler.history.as_ref(), log)).await;
    if let Some(watchdog) = &handler.watchdog {
        Box::pin(watchdog.check(&run, deployed, log)).await;
    }
    summaries
}

impl<D: Directory> Scheduled<'_, D> {
    /// The names of accounts, by id, as far as they have some; of a few accounts at most.
    pub(super) async fn account_names<'a>(
        &self,
        accounts: impl Iterator<Item = &'a Untrusted>,
    ) -> BTreeMap<Untrusted, Untrusted> {
        let mut accounts: Vec<_> = accounts.cloned().collect::<BTreeSet<_>>().into_iter().collect();
        accounts.truncate(ACCOUNTS_NAMED_AT_ONCE);
        let names = join_all(accounts.iter().map(|account| self.account_name(Some(account)))).await;
        accounts.into_iter().zip(names).filter_map(|(account, name)| Some((account, name?))).collect()
    }

    /// The name of an account, if it has one. No mail waits long for it.
    pub(super) async fn account_name(&self, account: Option<&Untrusted>) -> Option<Untrusted> {
        let id = account.map(|account| account.raw().to_owned());
        let soon = self.timetable.publish.min(Instant::now() + Duration::from_secs(1));
        let known = self.directory.account(&id, soon).await;
        account_name(account, &self.settings.account_names, &known.name)
    }
}
