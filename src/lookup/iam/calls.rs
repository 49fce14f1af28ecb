//! One call to IAM, and what its answer or its error says about the fact.

use crate::limits::LISTED;
use crate::lookup::answer::{Listing, Lookup, Unavailable};
use crate::text::Untrusted;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::types::{AttachedPermissionsBoundary, AttachedPolicy, Tag};
use aws_smithy_async::future::pagination_stream::PaginationStream;
use chrono::{DateTime, Utc};
use std::cell::Cell;
use std::error::Error;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// What IAM is asked. IAM has one budget of calls for the whole account, so calls are throttled in a storm of events.
///
/// Then what can raise a severity is asked before the rest. And one event of twelve goes first, and the others wait almost
/// until their time is over: if all asked at the same time, each event would get a part of its answers, and none all.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// How many calls are under way whose answers can raise a severity.
    important: Cell<usize>,
    /// When IAM last throttled a call of this instance.
    throttled: Cell<Option<Instant>>,
    /// When this instance last gave up a lookup because IAM throttled it.
    given_up: Cell<Option<Instant>>,
    /// The event, by its deadline, and its turn.
    turn: Cell<Option<(Instant, Turn)>>,
    /// Whether AWS does not accept the credentials any more.
    locked_out: Cell<bool>,
}

/// What AWS answers to credentials that it does not accept: their role may have been created again.
const LOCKED_OUT: [&str; 4] =
    ["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"];

/// The pauses before a call is repeated: the first one, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// When an event asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// IAM is not busy.
    AtOnce,
    /// IAM is busy, and this event asks again after short pauses.
    First,
    /// IAM is busy, and this event leaves IAM to others until its last second.
    Last,
}

/// One event of so many goes first.
const GO_FIRST: u8 = 12;
/// The part of the usual pauses after which an event that goes first asks again.
const SHORT: f32 = 0.3;
/// The time that is left to an event that goes last.
const LAST: Duration = Duration::from_secs(1);
/// IAM counts as busy for this time after a lookup was given up.
const BUSY: Duration = Duration::from_secs(30);
/// How often a throttled call looks whether the important ones have their answers.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Whether an alert needs the answer to say what somebody may do, or who that is.
fn is_important(action: &str) -> bool {
    !matches!(
        action,
        "iam:GenerateCredentialReport"
            | "iam:GetAccessKeyLastUsed"
            | "iam:GetAccountAuthorizationDetails"
            | "iam:GetAccountPasswordPolicy"
            | "iam:GetCredentialReport"
            | "iam:GetLoginProfile"
            | "iam:GetOpenIDConnectProvider"
            | "iam:GetSAMLProvider"
            | "iam:ListAccessKeys"
            | "iam:ListAccountAliases"
            | "iam:ListEntitiesForPolicy"
            | "iam:ListMFADevices"
            | "iam:ListOpenIDConnectProviders"
            | "iam:ListSAMLProviders"
    )
}

/// An important call that is under way.
struct UnderWay<'a>(&'a Cell<usize>);

impl<'a> UnderWay<'a> {
    fn begin(important: &'a Cell<usize>) -> Self {
        important.set(important.get() + 1);
        Self(important)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl Calls {
    /// Asks until there is an answer, or until the deadline. What IAM refuses only for the moment is asked again.
    pub(super) async fn ask<T, E, R, F>(
        &self,
        deadline: Instant,
        action: &'static str,
        call: impl Fn() -> F,
    ) -> Lookup<T>
    where
        F: Future<Output = Result<T, SdkError<E, R>>>,
        E: ProvideErrorMetadata + Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        self.persist(deadline, action, async || Box::pin(call()).await).await
    }

    /// Reads a list until its end, its limit or the deadline. A list that could not be read to its end is read again.
    pub(super) async fn list<I, T, E, R>(
        &self,
        deadline: Instant,
        action: &'static str,
        pages: impl Fn() -> PaginationStream<Result<I, SdkError<E, R>>>,
        make: impl Fn(I) -> T,
    ) -> Lookup<Listing<T>>
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        let read = async || {
            let (mut pages, mut list) = (pages(), Listing { items: Vec::new(), more: false });
            while let Some(item) = pages.next().await {
                if list.items.len() == LISTED {
                    list.more = true;
                    break;
                }
                list.items.push(make(item?));
            }
            Ok(list)
        };
        self.persist(deadline, action, read).await
    }

    /// Whether AWS does not accept the credentials any more.
    pub(super) fn is_locked_out(&self) -> bool {
        self.locked_out.get()
    }

    /// Takes note of why a lookup with the same credentials failed, if that is because of them.
    pub(super) fn heed(&self, reason: &Unavailable) {
        if matches!(reason, Unavailable::Failed(code) if LOCKED_OUT.contains(&code.raw())) {
            self.locked_out.set(true);
        }
    }

    /// Whether IAM throttled a call a moment ago.
    pub(super) fn were_throttled(&self) -> bool {
        self.throttled.get().is_some_and(|since| since.elapsed() < BUSY) || self.is_busy()
    }

    /// Whether a lookup was given up a moment ago because IAM throttled it.
    fn is_busy(&self) -> bool {
        self.given_up.get().is_some_and(|since| since.elapsed() < BUSY)
    }

    /// What was given up, and why.
    fn give_up<T>(&self, reason: Unavailable) -> Lookup<T> {
        if reason == Unavailable::Throttled {
            self.given_up.set(Some(Instant::now()));
        }
        self.heed(&reason);
        Lookup::Unavailable(reason)
    }

    /// Waits until the important calls have their answers.
    async fn important_ones(&self, deadline: Instant) {
        while self.important.get() > 0 && Instant::now() < deadline {
            sleep(LOOK_AGAIN).await;
        }
    }

    /// The turn of this event.
    fn turn(&self, deadline: Instant) -> Turn {
        match self.turn.get() {
            // A call that is given up earlier belongs to the same event.
            Some((event, turn)) if deadline <= event => turn,
            _ => {
                let turn = match fastrand::u8(..GO_FIRST) {
                    _ if !self.is_busy() => Turn::AtOnce,
                    0 => Turn::First,
                    _ => Turn::Last,
                };
                self.turn.set(Some((deadline, turn)));
                turn
            }
        }
    }

    async fn persist<T, E, R>(
        &self,
        deadline: Instant,
        action: &'static str,
        call: impl AsyncFn() -> Result<T, SdkError<E, R>>,
    ) -> Lookup<T>
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        let _under_way = is_important(action).then(|| UnderWay::begin(&self.important));
        let turn = self.turn(deadline);
        let part = if turn == Turn::First { SHORT } else { 1.0 };
        let (mut pause, mut before) = (FIRST_PAUSE.mul_f32(part), Unavailable::TimedOut);
        if turn == Turn::Last {
            // Not all calls at the same moment: if IAM is still busy, one of them is enough to know.
            let last = LAST.mul_f32(1.0 - 0.5 * fastrand::f32());
            sleep(deadline.saturating_duration_since(Instant::now()).saturating_sub(last)).await;
            if self.throttled.get().is_some_and(|since| since.elapsed() < LAST) {
                return self.give_up(Unavailable::Throttled);
            }
        }
        if !is_important(action) && self.is_busy() {
            self.important_ones(deadline).await;
        }
        loop {
            let error = match timeout_at(deadline, call()).await {
                Ok(Ok(answer)) => return Lookup::Found(answer),
                Ok(Err(error)) => error,
                Err(_) => return self.give_up(before),
            };
            let Some(refused) = refused(action, &error) else { return Lookup::Missing };
            if !refused.for_now || Instant::now() + pause >= deadline {
                // Only the code: the whole error contains the raw response, and a response can contain a policy.
                tracing::warn!(action, reason = refused.reason.words().plain(), cause = cause(&error), "lookup failed");
                return self.give_up(refused.reason);
            }
            // Calls that were throttled together must not come back together.
            sleep(pause.mul_f32(0.5 + 0.5 * fastrand::f32())).await;
            if refused.reason == Unavailable::Throttled {
                self.throttled.set(Some(Instant::now()));
                if !is_important(action) {
                    self.important_ones(deadline).await;
                }
            }
            pause = (pause * 2).min(LONGEST_PAUSE.mul_f32(part));
            before = refused.reason;
        }
    }
}

/// Why there is no answer.
struct Refused {
    reason: Unavailable,
    /// Whether there may be an answer in a moment.
    for_now: bool,
}

/// What an error says about the fact; `None` if there is no such entity.
fn refused<E, R>(action: &'static str, error: &SdkError<E, R>) -> Option<Refused>
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let (reason, for_now) = match error.code() {
        Some("NoSuchEntity" | "NoSuchEntityException") => return None,
        // The function's role has all that it asks for: an answer of this kind does not change within seconds.
        Some("AccessDenied" | "AccessDeniedException") => (Unavailable::Denied(action), false),
        Some("Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "TooManyRequestsException") => {
            (Unavailable::Throttled, true)
        }
        Some(code) => (
            Unavailable::Failed(code.into()),
            matches!(code, "ServiceFailure" | "ServiceUnavailable" | "InternalFailure" | "InternalError"),
        ),
        None => match error {
            SdkError::TimeoutError(_) => (Unavailable::TimedOut, true),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => (Unavailable::TimedOut, true),
            SdkError::DispatchFailure(_) => (Unavailable::Unreachable, true),
            _ => (Unavailable::Failed("something that is not understood".into()), false),
        },
    };
    Some(Refused { reason, for_now })
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
