//! The answers and errors of DynamoDB.

use super::keys::Item;
use super::values::integer;
use crate::history::{Claim, HistoryError};
use crate::limits::HISTORY_TIMEOUT;
use crate::text::Untrusted;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use chrono::{DateTime, Utc};
use tokio::time::{Instant, timeout_at};

/// Why the writes of a transaction were refused, in their order; empty if the transaction failed for another reason.
fn cancellation_reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}

/// Whether a write was refused because of a concurrent write of the same item. The SDK does not try such a write again.
pub(super) fn collides<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    cancellation_reasons(error).iter().any(|reason| reason.code() == Some("TransactionConflict"))
}

/// Whether the first write was refused by its condition.
pub(super) fn is_refused_by_condition<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    cancellation_reasons(error).first().and_then(CancellationReason::code) == Some("ConditionalCheckFailed")
}

/// What another invocation did with the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Earlier {
    /// It has a claim until this time.
    HeldUntil(DateTime<Utc>),
    /// It claimed the event, or another event of the same lists, at the same moment: neither claim was accepted.
    Conflict,
}

/// What a refused claim says about the earlier claim.
pub(super) fn claimed_before<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Result<Claim, Earlier>> {
    if collides(error) {
        return Some(Err(Earlier::Conflict));
    }
    let reason = cancellation_reasons(error).first().filter(|_| is_refused_by_condition(error))?;
    let item = reason.item()?;
    match item.get("state")?.as_s().ok()?.as_str() {
        "done" => Some(Ok(Claim::AlreadyAlerted { witnessed: false })),
        "claimed" => {
            DateTime::from_timestamp_millis(integer(item, "claimedUntil")?).map(|until| Err(Earlier::HeldUntil(until)))
        }
        _ => None,
    }
}

/// The answer to a call, if it arrives in time. The call is boxed: futures of the SDK are large.
pub(super) fn patient<T, E: ProvideErrorMetadata, R>(
    what: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> impl Future<Output = Result<T, HistoryError>> {
    let call = Box::pin(call);
    async move {
        match timeout_at(Instant::now() + HISTORY_TIMEOUT, call).await {
            Ok(answer) => answer.map_err(|error| why_not(what, &error)),
            Err(_) => Err(HistoryError::TimedOut),
        }
    }
}

/// Calls a function with each item of a query, over all its pages.
pub(super) async fn each_item(
    what: &'static str,
    query: &QueryFluentBuilder,
    mut found: impl FnMut(&Item),
) -> Result<(), HistoryError> {
    let mut from = None;
    loop {
        let page = patient(what, query.clone().set_exclusive_start_key(from.take()).send()).await?;
        page.items.ok_or(HistoryError::NotUnderstood)?.iter().for_each(&mut found);
        from = page.last_evaluated_key;
        if from.is_none() {
            return Ok(());
        }
    }
}

/// Whether a write was made. `false` if its condition refused it.
pub(super) fn unless_refused<T, E: ProvideErrorMetadata, R>(
    what: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> impl Future<Output = Result<bool, HistoryError>> {
    let answer = if_accepted(what, call);
    async move { answer.await.map(|answer| answer.is_some()) }
}

/// The answer to a write; `None` if its condition refused it.
pub(super) fn if_accepted<T, E: ProvideErrorMetadata, R>(
    what: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> impl Future<Output = Result<Option<T>, HistoryError>> {
    let call = Box::pin(call);
    async move {
        match timeout_at(Instant::now() + HISTORY_TIMEOUT, call).await {
            Ok(Ok(answer)) => Ok(Some(answer)),
            Ok(Err(error)) if error.code() == Some("ConditionalCheckFailedException") => Ok(None),
            Ok(Err(error)) => Err(why_not(what, &error)),
            Err(_) => Err(HistoryError::TimedOut),
        }
    }
}

pub(super) fn why_not<E: ProvideErrorMetadata, R>(what: &'static str, error: &SdkError<E, R>) -> HistoryError {
    // Only the code: the whole error contains the request, and the request contains the alert.
    let reason = match (error.code(), error) {
        (Some(code), _) => HistoryError::Refused(Untrusted::new(code)),
        (None, SdkError::TimeoutError(_)) => HistoryError::TimedOut,
        (None, SdkError::ResponseError(_) | SdkError::ServiceError(_)) => HistoryError::NotUnderstood,
        (None, _) => HistoryError::Unreachable,
    };
    tracing::warn!(what, %reason, "history failed");
    reason
}
