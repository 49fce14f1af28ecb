//! How bursts are counted, and how mails take their places.

use super::answers::{patient, why_not};
use super::keys::{Item, at, burst_key, keys, places};
use super::table::History;
use super::values::{integer, number};
use crate::history::budget::{self, Place, Share};
use crate::history::burst::{self, BurstPosition, Count};
use crate::history::{Entry, HistoryError};
use crate::limits::HISTORY_TIMEOUT;
use crate::severity::Severity;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, timeout_at};

/// How long the counts of a day or a minute are kept.
const COUNTED: TimeDelta = TimeDelta::days(3);

impl History {
    /// Counts the event, and returns its position among those of the same actor.
    ///
    /// # Errors
    /// If the event could not be counted: then the alert is mailed.
    pub async fn count(&self, entry: &Entry, severity: Severity) -> Result<BurstPosition, HistoryError> {
        let minute = burst::minute(entry.arrived);
        let call = self
            .update(burst_key(entry))
            .update_expression("ADD #minute :one SET #severity = :minute, expiresAt = :expires")
            .expression_attribute_names("#minute", format!("m{minute}"))
            .expression_attribute_names("#severity", severity.word())
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":minute", number(minute))
            .expression_attribute_values(":expires", number((entry.arrived + COUNTED).timestamp()))
            .return_values(ReturnValue::AllOld)
            // A second attempt would count the event twice.
            .customize()
            .config_override(aws_sdk_dynamodb::config::Builder::new().retry_config(RetryConfig::disabled()))
            .send();
        let before = patient("count", call).await?.attributes.unwrap_or_default();
        Ok(Count::read(&before).position(entry.arrived, severity, &entry.line, &entry.origin))
    }

    /// Records the origin of a call, so that the next one from there is more of the same.
    ///
    /// # Errors
    /// If it could not be recorded: then the next one is mailed, too.
    pub async fn note_origin(&self, entry: &Entry) -> Result<(), HistoryError> {
        let call = self
            .update(burst_key(entry))
            .update_expression("SET #origin = :minute")
            .expression_attribute_names("#origin", format!("o{}", entry.origin))
            .expression_attribute_values(":minute", number(burst::minute(entry.arrived)))
            .send();
        patient("origin", call).await.map(|_| ())
    }

    /// Takes a place for one mail, if there is one at this moment.
    ///
    /// # Errors
    /// If that is not known: a place may be taken all the same.
    pub async fn take_place(&self, share: Share, now: DateTime<Utc>) -> Result<Place, HistoryError> {
        let minute = budget::minute(now);
        if self.used_up.get() == Some((share, minute)) {
            return Ok(Place::UsedUp);
        }
        let (a_minute, an_interval) = share.limits();
        let of_share = match share {
            Share::Critical => "critical",
            Share::Others => "others",
        };
        let interval = format!("i{}", budget::interval(now));
        let call = self
            .update(keys(&places(), &at(minute)))
            .update_expression("ADD #share :one, #interval :one SET expiresAt = :expires")
            .condition_expression(
                "(attribute_not_exists(#share) OR #share < :minute) AND \
                 (attribute_not_exists(#interval) OR #interval < :interval)",
            )
            .expression_attribute_names("#share", of_share)
            .expression_attribute_names("#interval", &interval)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":minute", number(a_minute))
            .expression_attribute_values(":interval", number(an_interval))
            .expression_attribute_values(":expires", number((now + COUNTED).timestamp()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send();
        let error = match timeout_at(Instant::now() + HISTORY_TIMEOUT, call).await {
            Ok(Ok(_)) => return Ok(Place::Taken),
            Ok(Err(error)) => error,
            Err(_) => return Err(HistoryError::TimedOut),
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(refused)) = error.as_service_error() else {
            return Err(why_not("place", &error));
        };
        let taken = refused.item().and_then(|item| integer(item, of_share));
        if taken.and_then(|taken| u64::try_from(taken).ok()) >= Some(a_minute) {
            self.used_up(share, now);
            return Ok(Place::UsedUp);
        }
        Ok(Place::Later)
    }

    /// Remembers that there are no more places in this minute: then this instance does not ask again.
    pub fn used_up(&self, share: Share, now: DateTime<Utc>) {
        self.used_up.set(Some((share, budget::minute(now))));
    }
}

impl Count {
    fn read(item: &Item) -> Self {
        let minutes = item.keys().filter_map(|name| {
            let minute = name.strip_prefix('m')?.parse().ok()?;
            Some((minute, integer(item, name)?.try_into().ok()?))
        });
        let severities = Severity::ALL
            .into_iter()
            .filter_map(|severity| Some((severity, integer(item, severity.word())?.try_into().ok()?)));
        let origins = item
            .keys()
            .filter_map(|name| Some((name.strip_prefix('o')?.to_owned(), integer(item, name)?.try_into().ok()?)));
        Self { minutes: minutes.collect(), severities: severities.collect(), origins: origins.collect() }
    }
}
