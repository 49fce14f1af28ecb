//! The table and its client.

use super::keys::Table;
use crate::history::budget::Share;
use crate::text::Untrusted;
use aws_sdk_dynamodb::Client;
use chrono::{DateTime, TimeDelta, Utc};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::OnceLock;

/// The history in a table.
#[derive(Debug)]
pub struct History {
    pub(super) client: Client,
    pub(super) table: String,
    /// How long an item is kept; `None` means for ever.
    pub(super) retention: Option<TimeDelta>,
    /// When the history began, if that was read before.
    pub(super) begin: OnceLock<DateTime<Utc>>,
    /// The share and the minute whose places are used up, if that was read before.
    pub(super) used_up: Cell<Option<(Share, DateTime<Utc>)>>,
    /// The last events of which this instance knows that they were alerted on, the newest last.
    witnessed: RefCell<VecDeque<Untrusted>>,
}

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
            begin: OnceLock::new(),
            used_up: Cell::new(None),
            witnessed: RefCell::default(),
        }
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
