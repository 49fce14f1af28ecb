//! One call to IAM, and what its answer or its error says about the fact.

use crate::limits::LISTED;
use crate::lookup::answer::{Listing, Lookup, Unavailable};
use crate::text::Untrusted;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::types::{AttachedPermissionsBoundary, AttachedPolicy, Tag};
use chrono::{DateTime, Utc};
use std::error::Error;
use tokio::time::{Instant, timeout_at};

/// Waits for one call, until the deadline at most.
pub(super) async fn ask<T, E, R>(
    deadline: Instant,
    action: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> Lookup<T>
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    match timeout_at(deadline, call).await {
        Ok(Ok(answer)) => Lookup::Found(answer),
        Ok(Err(error)) => refused(action, &error),
        Err(_) => Lookup::Unavailable(Unavailable::TimedOut),
    }
}

/// Reads a list until its end, its limit or the deadline.
pub(super) async fn list<I, T, E, R>(
    deadline: Instant,
    action: &'static str,
    mut next: impl AsyncFnMut() -> Option<Result<I, SdkError<E, R>>>,
    make: impl Fn(I) -> T,
) -> Lookup<Listing<T>>
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let mut list = Listing { items: Vec::new(), more: false };
    loop {
        match timeout_at(deadline, next()).await {
            Ok(None) => return Lookup::Found(list),
            Ok(Some(Ok(_))) if list.items.len() == LISTED => {
                list.more = true;
                return Lookup::Found(list);
            }
            Ok(Some(Ok(item))) => list.items.push(make(item)),
            Ok(Some(Err(error))) => return refused(action, &error),
            Err(_) => return Lookup::Unavailable(Unavailable::TimedOut),
        }
    }
}

/// What an error says about the fact.
fn refused<T, E, R>(action: &'static str, error: &SdkError<E, R>) -> Lookup<T>
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let reason = match error.code() {
        Some("NoSuchEntity" | "NoSuchEntityException") => return Lookup::Missing,
        Some("AccessDenied" | "AccessDeniedException") => Unavailable::Denied(action),
        Some("Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "TooManyRequestsException") => {
            Unavailable::Throttled
        }
        Some(code) => Unavailable::Failed(code.into()),
        None => match error {
            SdkError::TimeoutError(_) => Unavailable::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Unavailable::TimedOut,
            SdkError::DispatchFailure(_) => Unavailable::Unreachable,
            _ => Unavailable::Failed("something that is not understood".into()),
        },
    };
    // Only the code: the whole error contains the raw response, and a response can contain a policy.
    tracing::warn!(action, reason = reason.words().plain(), cause = cause(error), "lookup failed");
    Lookup::Unavailable(reason)
}

/// Why a call got no response at all, in a few words.
fn cause<E, R>(error: &SdkError<E, R>) -> String {
    let mut cause: Option<&dyn Error> = match error {
        SdkError::DispatchFailure(failure) => failure.as_connector_error().map(|error| error as &dyn Error),
        // Of a response, only the code is logged.
        _ => None,
    };
    let mut words = Vec::new();
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.join(": ")
}

/// The required part of an answer. IAM does not document that this part can be absent.
pub(super) fn and_then<T, U>(answer: Lookup<T>, part: impl FnOnce(T) -> Option<U>) -> Lookup<U> {
    match answer.map(part) {
        Lookup::Found(Some(part)) => Lookup::Found(part),
        Lookup::Found(None) => Lookup::Unavailable(Unavailable::Failed("without what was asked for".into())),
        Lookup::Missing => Lookup::Missing,
        Lookup::Unavailable(reason) => Lookup::Unavailable(reason),
    }
}

pub(super) fn time(time: Option<&aws_sdk_iam::primitives::DateTime>) -> Option<DateTime<Utc>> {
    time.and_then(|time| DateTime::from_timestamp(time.secs(), time.subsec_nanos()))
}

pub(super) fn boundary(boundary: Option<AttachedPermissionsBoundary>) -> Option<Untrusted> {
    boundary?.permissions_boundary_arn.map(Untrusted::new)
}

pub(super) fn tags(tags: Option<Vec<Tag>>) -> Vec<(Untrusted, Untrusted)> {
    tags.into_iter().flatten().map(|tag| (tag.key.into(), tag.value.into())).collect()
}

pub(super) fn name_and_arn(policy: AttachedPolicy) -> (Untrusted, Untrusted) {
    (policy.policy_name.unwrap_or_default().into(), policy.policy_arn.unwrap_or_default().into())
}
