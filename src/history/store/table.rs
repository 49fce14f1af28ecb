//! The table, and how it is reached.

use super::keys::Table;
use aws_sdk_dynamodb::Client;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::OnceLock;

/// What happened before.
#[derive(Debug)]
pub struct History {
    pub(super) client: Client,
    pub(super) table: String,
    /// How long an item is kept; `None` for ever.
    pub(super) retention: Option<TimeDelta>,
    /// Since when there is a history, once that was read.
    pub(super) begin: OnceLock<DateTime<Utc>>,
}

impl History {
    /// The history in this table, whose items are kept so long; `None` for ever.
    #[must_use]
    pub fn new(client: Client, table: String, retention: Option<TimeDelta>) -> Self {
        Self { client, table, retention, begin: OnceLock::new() }
    }

    #[must_use]
    pub fn table(&self) -> Table<'_> {
        Table { name: &self.table, region: self.client.config().region().map(AsRef::as_ref) }
    }
}
