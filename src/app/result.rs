//! The result of an invocation: what the function returns, and why it fails.

use crate::alert::{Alert, Digest};
use crate::channel::json::AlertJson;
use crate::channel::sns::NotPublished;
use crate::channel::{chat, email};
use crate::config::WebhookFormat;
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
        /// The subject of the digest, if one was sent.
        #[serde(skip_serializing_if = "Option::is_none")]
        digest: Option<String>,
        /// The subjects of the mails about changes without an event.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        found: Vec<String>,
        /// Whether there are summaries, a digest or such mails; absent if not.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        published: bool,
        /// The webhook's message about the summaries, if there is a webhook.
        #[serde(skip_serializing_if = "Option::is_none")]
        webhook: Option<Value>,
    },
}

impl InvocationResult {
    /// Whether something was mailed on schedule.
    pub(super) const fn is_published(&self) -> bool {
        matches!(self, Self::Summaries { published: true, .. })
    }

    /// Adds the alerts on changes without an event. The webhook gets one message a run.
    pub(super) fn add_alerts(&mut self, first: &Alert, others: &[Alert], format: Option<WebhookFormat>) {
        if let Self::Summaries { found, published, webhook, .. } = self {
            found.extend([first].into_iter().chain(others).map(email::subject));
            *published = true;
            *webhook = webhook.take().or_else(|| format.map(|format| chat::render(format, first, others)));
        }
    }

    /// Adds the digest that was sent. The webhook gets one message a run: if there were summaries, that is theirs.
    pub(super) fn add_digest(&mut self, sent: &Digest, format: Option<WebhookFormat>) {
        if let Self::Summaries { digest, published, webhook, .. } = self {
            *digest = Some(email::digest_subject(sent));
            *published = true;
            *webhook = webhook.take().or_else(|| format.map(|format| chat::render_digest(format, sent)));
        }
    }
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
