//! What becomes of an invocation: what the function returns, and why it fails.

use crate::channel::json::Alert;
use crate::channel::sns::NotPublished;
use crate::cloudtrail::Refusal;
use lambda_runtime::Diagnostic;
use serde::Serialize;
use serde_json::Value;

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Handled {
    /// There is an alert.
    Alert(Box<Alert>),
    /// It is not told: not watched, not the alerter's own ground, or told before.
    NotTold {
        /// CloudTrail's id of the event.
        #[serde(rename = "eventId")]
        event_id: Option<String>,
        /// Why not.
        #[serde(rename = "notTold")]
        why: String,
    },
    /// It was time to look for floods that have ended.
    SummedUp {
        /// The subjects of the mails that sum them up.
        #[serde(rename = "summedUp")]
        subjects: Vec<String>,
        /// Whether there are any; absent if not.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        published: bool,
        /// What the webhook of the chat is sent of them, where there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        webhook: Option<Value>,
    },
}

/// Why there is no alert.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The event is none that we take.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another invocation is telling the event, and did not come to an end in time.
    #[error("event {event_id}: another invocation is telling it; Lambda tries again")]
    InProgress {
        /// The record's eventID.
        event_id: String,
    },
    /// The alert could not be published.
    #[error("event {event_id}: {cause}")]
    NotPublished {
        /// The record's eventID.
        event_id: String,
        /// Why.
        cause: NotPublished,
    },
    /// The mail that sums a flood up could not be published. It is tried again every few minutes.
    #[error("what was left out of a flood was not summed up: {cause}")]
    NotSummedUp {
        /// Why.
        cause: NotPublished,
    },
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let error_type = match &failure {
            Failure::Refused(refusal) => refusal.kind(),
            Failure::InProgress { .. } => "InProgress",
            Failure::NotPublished { .. } => "NotPublished",
            Failure::NotSummedUp { .. } => "NotSummedUp",
        };
        Self { error_type: error_type.to_owned(), error_message: failure.to_string() }
    }
}
