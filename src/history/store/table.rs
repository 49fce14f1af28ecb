//! The table and its client.

use super::keys::Table;
use crate::history::budget::Share;
use aws_sdk_dynamodb::Client;
use chrono::{DateTime, TimeDelta, Utc};
use std::cell::Cell;
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
}

impl History {
    /// The history in this table, with the time for which items are kept; `None` means for ever.
    #[must_use]
    pub fn new(client: Client, table: String, retention: Option<TimeDelta>) -> Self {
        Self { client, table, retention, begin: OnceLock::new(), used_up: Cell::new(None) }
    }

    #[must_use]
    pub fn table(&self) -> Table<'_> {
        Table { name: &self.table, region: self.client.config().region().map(AsRef::as_ref) }
    }
}
