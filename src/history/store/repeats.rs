//! The changes that were made in one account and are being made in another one.

use super::answers::why_not;
use super::keys::{keys, same_change_list};
use super::table::History;
use super::values::{number, text};
use crate::history::{Entry, HistoryError, across_accounts, common_name};
use crate::limits::HISTORY_TIMEOUT;
use crate::severity::Severity;
use crate::text::{Untrusted, fingerprint};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use chrono::TimeDelta;
use tokio::time::{Instant, timeout_at};

/// A change in another account within this time of the first one is more of the same.
const SAME_FOR: TimeDelta = TimeDelta::hours(1);
/// How long a change is remembered.
const REMEMBERED: TimeDelta = TimeDelta::days(3);

/// Severities in order, as numbers. What could not be evaluated may be more severe.
fn severe(severity: Severity, incomplete: bool) -> usize {
    2 * Severity::ALL.iter().take_while(|other| **other < severity).count() + usize::from(incomplete)
}

impl History {
    /// Whether the same actor made the same change from the same place in another account shortly before, and that was no less
    /// severe and no less evaluated: the id of that account. Of several at the same time, one is the first. Always `None` where there is only one account.
    ///
    /// # Errors
    /// If that is not known: then the alert is mailed.
    pub async fn made_elsewhere(
        &self,
        entry: &Entry,
        severity: Severity,
        incomplete: bool,
    ) -> Result<Option<Untrusted>, HistoryError> {
        let change = same_change(entry).filter(|_| self.many_accounts);
        let (Some(change), Some(account)) = (change, &entry.line.account) else { return Ok(None) };
        let arrived = entry.arrived.timestamp();
        let call = self
            .update(keys(&same_change_list(&change), "FIRST"))
            .update_expression("SET since = :now, accountId = :account, severe = :severe, expiresAt = :expires")
            .condition_expression("attribute_not_exists(since) OR since < :ended OR severe < :severe")
            .expression_attribute_values(":now", number(arrived))
            .expression_attribute_values(":ended", number(arrived - SAME_FOR.num_seconds()))
            .expression_attribute_values(":account", text(account.raw()))
            .expression_attribute_values(":severe", number(severe(severity, incomplete)))
            .expression_attribute_values(":expires", number((entry.arrived + REMEMBERED).timestamp()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .customize()
            // A second attempt would not know which was the first.
            .config_override(aws_sdk_dynamodb::config::Builder::new().retry_config(RetryConfig::disabled()))
            .send();
        let error = match timeout_at(Instant::now() + HISTORY_TIMEOUT, Box::pin(call)).await {
            Ok(Ok(_)) => return Ok(None),
            Ok(Err(error)) => error,
            Err(_) => return Err(HistoryError::TimedOut),
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(refused)) = error.as_service_error() else {
            return Err(why_not("made elsewhere", &error));
        };
        let first = refused.item().and_then(|item| item.get("accountId")?.as_s().ok());
        let first = first.map(Untrusted::new).ok_or(HistoryError::NotUnderstood)?;
        Ok(Some(first).filter(|first| first != account))
    }
}

/// The change that an event made, without the account: who, from which address and program, which call with which
/// parameters, how it ended, on what. `None` if the event does not say it all.
fn same_change(entry: &Entry) -> Option<String> {
    let target = entry.target_key.as_deref()?;
    let line = &entry.line;
    let object = entry.object_key.as_deref().map(without_account);
    let object = object.or_else(|| line.object.as_ref().map(Untrusted::raw));
    let parts = [
        line.call.raw(),
        line.outcome.raw(),
        &entry.place,
        &entry.written,
        &common_name(without_account(target)),
        &object.map_or_else(String::new, common_name),
    ];
    let actor = across_accounts(line.actor_key.raw());
    Some(format!("{actor}#{}", fingerprint(&parts.join("\n"))))
}

/// A key that begins with the account, without it.
fn without_account(key: &str) -> &str {
    key.split_once(':').map_or(key, |(_, rest)| rest)
}
