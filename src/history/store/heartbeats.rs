//! When each account last proved that its events arrive.

use super::answers::{each_item, patient, unless_refused};
use super::keys::{HEARTBEAT, Item, at, keys};
use super::table::History;
use super::values::{number, text, time};
use crate::history::HistoryError;
use crate::history::heartbeat::{DIFFERENCES_AGAIN, FORGOTTEN_AFTER, Heartbeat};
use crate::text::Untrusted;
use chrono::{DateTime, Utc};

impl History {
    /// Records that the heartbeat of an account arrived.
    ///
    /// # Errors
    /// If it could not be recorded: the next one comes tomorrow.
    pub async fn note_heartbeat(&self, account: &Untrusted, now: DateTime<Utc>) -> Result<(), HistoryError> {
        let call = self
            .update(keys(HEARTBEAT, account.raw()))
            .update_expression("SET lastAt = :now, expiresAt = :expires")
            .expression_attribute_values(":now", text(&at(now)))
            .expression_attribute_values(":expires", number((now + FORGOTTEN_AFTER).timestamp()))
            .send();
        patient("heartbeat", call).await.map(|_| ())
    }

    /// Expects heartbeats of an account from now on, if none is recorded.
    ///
    /// # Errors
    /// If that could not be recorded.
    pub async fn expect_heartbeat(&self, account: &Untrusted, now: DateTime<Utc>) -> Result<(), HistoryError> {
        let call = self
            .update(keys(HEARTBEAT, account.raw()))
            .update_expression("SET lastAt = :now")
            .condition_expression("attribute_not_exists(pk)")
            .expression_attribute_values(":now", text(&at(now)))
            .send();
        unless_refused("expect heartbeat", call).await.map(|_| ())
    }

    /// Whether it may be mailed that the rules of an account differ: once in so many hours. Whoever is administrator there
    /// can send any number of heartbeats.
    ///
    /// # Errors
    /// If that is not known.
    pub async fn may_mail_differences(&self, account: &Untrusted, now: DateTime<Utc>) -> Result<bool, HistoryError> {
        let call = self
            .update(keys(HEARTBEAT, account.raw()))
            .update_expression("SET mailedAt = :now")
            .condition_expression("attribute_not_exists(mailedAt) OR mailedAt < :before")
            .expression_attribute_values(":now", text(&at(now)))
            .expression_attribute_values(":before", text(&at(now - DIFFERENCES_AGAIN)))
            .send();
        unless_refused("differences", call).await
    }

    /// Records that the differences were not mailed after all.
    ///
    /// # Errors
    /// If that could not be recorded.
    pub async fn release_differences(&self, account: &Untrusted) -> Result<(), HistoryError> {
        let call = self.update(keys(HEARTBEAT, account.raw())).update_expression("REMOVE mailedAt").send();
        patient("differences", call).await.map(|_| ())
    }

    /// Records that the silence of an account was alerted on.
    ///
    /// # Errors
    /// If it could not be recorded: then it is alerted on again.
    pub async fn note_silence(&self, heartbeat: &Heartbeat) -> Result<(), HistoryError> {
        let call = self
            .update(keys(HEARTBEAT, heartbeat.account.raw()))
            .update_expression("SET silentSince = :last")
            .condition_expression("lastAt = :last")
            .expression_attribute_values(":last", text(&at(heartbeat.last)))
            .send();
        unless_refused("silence", call).await.map(|_| ())
    }

    /// The last heartbeats of all accounts.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn heartbeats(&self) -> Result<Vec<Heartbeat>, HistoryError> {
        let mut all = Vec::new();
        each_item("heartbeats", &self.of(HEARTBEAT), |item| all.extend(Heartbeat::read(item))).await?;
        Ok(all)
    }
}

impl Heartbeat {
    fn read(item: &Item) -> Option<Self> {
        let last = time(item, "lastAt")?;
        let account = item.get("sk")?.as_s().ok()?.into();
        // One that is only expected does not expire.
        Some(Self {
            account,
            last,
            arrived: item.contains_key("expiresAt"),
            alerted: time(item, "silentSince") == Some(last),
        })
    }
}
