//! The call that an event follows from.

use super::keys::{at, cause_list};
use super::table::History;
use crate::history::{CAUSED_WITHIN, HistoryError, Line};
use crate::limits::LINES_READ;
use crate::severity::Severity;
use chrono::{DateTime, TimeDelta, Utc};

impl History {
    /// The most severe call recorded under a key that an event of this time may follow from; of several, the latest.
    ///
    /// # Errors
    /// If the history did not answer.
    pub async fn cause(&self, key: &str, time: DateTime<Utc>) -> Result<Option<Line>, HistoryError> {
        // Events of two regions do not agree to the second.
        let around = (at(time - CAUSED_WITHIN), format!("{}~", at(time + TimeDelta::minutes(1))));
        let query = self.within(&cause_list(key), &around).scan_index_forward(false).limit(LINES_READ);
        let lines = self.list(query).await?.lines;
        Ok(lines.into_iter().max_by_key(|line| (line.severity.unwrap_or(Severity::Low), line.time)))
    }
}
