//! What the parts of a scheduled run share.

use super::deliver::Channels;
use super::timetable::Timetable;
use crate::alert::account_name;
use crate::channel::sns::{NotPublished, Publisher};
use crate::config::Settings;
use crate::history::HistoryError;
use crate::limits::ACCOUNTS_NAMED_AT_ONCE;
use crate::lookup::Directory;
use crate::telemetry::InvocationLog;
use crate::text::Untrusted;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
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

/// Why a summary or a digest was not sent. It is left for the next scheduled run.
pub(super) enum NotSent {
    Unknown(HistoryError),
    NotPublished(NotPublished),
}

impl NotSent {
    pub(super) fn log(&self, log: &mut InvocationLog) {
        match self {
            Self::Unknown(why) => log.history_failed(why),
            Self::NotPublished(cause) => log.summary_failure = Some(cause.to_string()),
        }
    }
}

impl From<HistoryError> for NotSent {
    fn from(why: HistoryError) -> Self {
        Self::Unknown(why)
    }
}
