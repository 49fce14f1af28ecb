//! The table and its client.

use super::keys::{Table, actor_list};
use crate::history::budget::Share;
use crate::history::{Entry, across_accounts};
use crate::text::Untrusted;
use aws_sdk_dynamodb::Client;
use chrono::{DateTime, TimeDelta, Utc};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::time::Instant;

/// The history in a table.
#[derive(Debug)]
pub struct History {
    pub(super) client: Client,
    pub(super) table: String,
    /// How long an item is kept; `None` means for ever.
    pub(super) retention: Option<TimeDelta>,
    /// Whether it is the history of an organization's accounts: then an actor has one list for all of them.
    pub(super) many_accounts: bool,
    /// When the history began, if that was read before.
    pub(super) begin: OnceLock<DateTime<Utc>>,
    /// The share and the minute whose places are used up, if that was read before.
    pub(super) used_up: Cell<Option<(Share, DateTime<Utc>)>>,
    /// The end of the last digest's period, if that was read before.
    pub(super) digests_sent_to: Cell<Option<DateTime<Utc>>>,
    /// Until when no baseline needs anything, as far as this instance knows.
    nothing_due: Cell<DateTime<Utc>>,
    /// When this instance last read the heartbeats.
    heartbeats_read: Cell<Option<Instant>>,
    /// The last events of which this instance knows that they were alerted on, the newest last.
    witnessed: RefCell<VecDeque<Untrusted>>,
}

/// How often an instance reads the heartbeats.
const EACH_HOUR: Duration = Duration::from_hours(1);
/// How many events are remembered.
const REMEMBERED: usize = 500;

impl History {
    /// The history in this table, with the time for which items are kept; `None` means for ever.
    #[must_use]
    pub fn new(client: Client, table: String, retention: Option<TimeDelta>) -> Self {
        Self {
            client,
            table,
            retention,
            many_accounts: false,
            begin: OnceLock::new(),
            used_up: Cell::new(None),
            digests_sent_to: Cell::new(None),
            nothing_due: Cell::new(DateTime::UNIX_EPOCH),
            heartbeats_read: Cell::new(None),
            witnessed: RefCell::default(),
        }
    }

    /// The history of all accounts of an organization.
    #[must_use]
    pub fn of_many_accounts(self) -> Self {
        Self { many_accounts: true, ..self }
    }

    /// The list of what the actor of an event did in all accounts, where there are many and the actor has a key in each.
    pub(super) fn list_in_all_accounts(&self, entry: &Entry) -> Option<String> {
        let key = entry.line.actor_key.raw();
        let same = across_accounts(key);
        (self.many_accounts && same != key).then(|| actor_list(&same))
    }

    /// Whether this instance has not read the heartbeats within an hour; from now on it has.
    pub fn is_hour_over(&self) -> bool {
        let over = self.heartbeats_read.get().is_none_or(|read| read.elapsed() >= EACH_HOUR);
        if over {
            self.heartbeats_read.set(Some(Instant::now()));
        }
        over
    }

    /// Until when no baseline needs anything, as far as this instance knows.
    #[must_use]
    pub fn nothing_due_until(&self) -> DateTime<Utc> {
        self.nothing_due.get()
    }

    /// Notes that no baseline needs anything before a time.
    pub fn nothing_due_before(&self, time: DateTime<Utc>) {
        self.nothing_due.set(time);
    }

    /// Remembers that an event was alerted on.
    pub fn witness(&self, event: &Untrusted) {
        let mut witnessed = self.witnessed.borrow_mut();
        if witnessed.len() == REMEMBERED {
            witnessed.pop_front();
        }
        witnessed.push_back(event.clone());
    }

    pub(super) fn has_witnessed(&self, event: &Untrusted) -> bool {
        self.witnessed.borrow().contains(event)
    }

    #[must_use]
    pub fn table(&self) -> Table<'_> {
        Table { name: &self.table, region: self.client.config().region().map(AsRef::as_ref) }
    }
}
