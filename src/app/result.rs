//! The result of an invocation: what the function returns, and why it fails.

use crate::channel::json::AlertJson;
use crate::channel::sns::NotPublished;
use crate::event::Refusal;
use lambda_runtime::Diagnostic;
use serde::Serialize;
use serde_json::Value;

/// The result of an invocation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum InvocationResult {
    /// There is an alert.
    Alert(Box<AlertJson>),
    /// The event is not alerted on: it is not watched, does not concern the stack's own resources, or was alerted on
    /// before.
    NotAlerted {
        #[serde(rename = "eventId")]
        event_id: Option<String>,
        /// The reason.
        #[serde(rename = "notAlerted")]
        why: String,
    },
    /// A scheduled invocation: the function summarized suppressed alerts.
    Summaries {
        /// The subjects of the mails that summarize them.
        #[serde(rename = "summaries")]
        subjects: Vec<String>,
        /// Whether there are summaries; absent if not.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        published: bool,
        /// The webhook's message about the summaries, if there is a webhook.
        #[serde(skip_serializing_if = "Option::is_none")]
        webhook: Option<Value>,
    },
}

/// Why there is no alert.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The event cannot be understood, or is not for this function.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another invocation works on the event, and did not finish in time.
    #[error("event {event_id}: another invocation works on it; Lambda tries again")]
    InProgress { event_id: String },
    #[error("event {event_id}: {cause}")]
    NotPublished { event_id: String, cause: NotPublished },
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match &error {
            InvocationError::Refused(refusal) => refusal.kind(),
            InvocationError::InProgress { .. } => "InProgress",
            InvocationError::NotPublished { .. } => "NotPublished",
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}
