//! What the parts of a scheduled run share.

use super::deliver::Channels;
use super::timetable::Timetable;
use crate::alert::account_name;
use crate::channel::sns::Publisher;
use crate::config::Settings;
use crate::lookup::Directory;
use crate::text::Untrusted;
use chrono::{DateTime, Utc};
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
    /// The name of an account, if it has one. No mail waits long for it.
    pub(super) async fn account_name(&self, account: Option<&Untrusted>) -> Option<Untrusted> {
        let id = account.map(|account| account.raw().to_owned());
        let soon = self.timetable.publish.min(Instant::now() + Duration::from_secs(1));
        let alias = self.directory.account_alias(&id, soon).await;
        account_name(account, &self.settings.account_names, &alias)
    }
}
