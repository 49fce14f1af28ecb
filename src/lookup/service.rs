//! Calls to a service in JSON 1.1, by [`JsonApi`], until there is an answer or the time is over.

use super::answer::Unavailable;
use crate::arn::Partition;
use crate::aws::json_api::{Call, CallError, JsonApi};
use aws_config::SdkConfig;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// The pause before a call that was one too many is made again.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(150);

/// A service in one region.
#[derive(Debug)]
pub(super) struct Service {
    api: JsonApi,
    /// What stands before the name of an operation in `X-Amz-Target`.
    prefix: &'static str,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The service refused the call, with this error code.
    Refused(String),
    /// The service had too many calls until the time was over.
    Throttled,
    TimedOut,
    /// The call could not be made, and why.
    NotMade(String),
}

impl Service {
    /// The service with this name in host names and signatures.
    ///
    /// # Errors
    /// What is missing for a connection.
    pub(super) fn new(
        config: &SdkConfig,
        name: &'static str,
        prefix: &'static str,
        partition: &Partition,
        region: &str,
    ) -> Result<Self, &'static str> {
        Ok(Self { api: JsonApi::new(config, name, partition, region)?, prefix })
    }

    /// Makes the call that this IAM action allows; again, while the service has too many calls: it says so with the status
    /// 400, which the API does not take for a reason to call again.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(super) async fn call(&self, action: &'static str, body: &Value, deadline: Instant) -> Result<Value, NoAnswer> {
        let operation = action.split_once(':').map_or(action, |(_, operation)| operation);
        let (target, content_type) = (format!("{}.{operation}", self.prefix), "application/x-amz-json-1.1");
        let (mut pause, mut before) = (FIRST_PAUSE, NoAnswer::TimedOut);
        loop {
            let body = body.to_string();
            let call = Call { method: "POST", path: "/", target: Some(&target), content_type, body };
            let Ok(answer) = timeout_at(deadline, Box::pin(self.api.call(call))).await else { return Err(before) };
            match answer {
                Ok(answer) => return Ok(answer),
                Err(CallError::Refused(refused)) if !TOO_MANY.contains(&refused.code.as_str()) => {
                    return Err(NoAnswer::Refused(refused.code));
                }
                Err(CallError::NotMade(cause)) => return Err(NoAnswer::NotMade(cause)),
                Err(CallError::Refused(_)) if Instant::now() + pause >= deadline => return Err(NoAnswer::Throttled),
                Err(CallError::Refused(_)) => {}
            }
            sleep(pause.mul_f32(0.5 + 0.5 * fastrand::f32())).await;
            pause *= 2;
            before = NoAnswer::Throttled;
        }
    }
}

impl NoAnswer {
    /// Why a fact is not known that this IAM action allows to read.
    pub(super) fn why(self, action: &'static str) -> Unavailable {
        let why = match &self {
            Self::Refused(code) if DENIED.contains(&code.as_str()) => Unavailable::Denied(action),
            Self::Refused(code) => Unavailable::Failed(code.into()),
            Self::Throttled => Unavailable::Throttled,
            Self::TimedOut => Unavailable::TimedOut,
            Self::NotMade(_) => Unavailable::Unreachable,
        };
        let cause = if let Self::NotMade(cause) = &self { cause } else { "" };
        tracing::warn!(action, reason = why.words().plain(), cause, "lookup failed");
        why
    }
}

/// The service said yes, and something that is not understood.
pub(super) fn not_understood() -> Unavailable {
    Unavailable::Failed("something that is not understood".into())
}

const TOO_MANY: [&str; 4] = ["TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded"];
const DENIED: [&str; 2] = ["AccessDeniedException", "AccessDenied"];
