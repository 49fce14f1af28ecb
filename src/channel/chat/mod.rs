//! The message for a channel of Slack or Microsoft Teams.
//!
//! A chat message is short: what happened, why it is severe, the most important facts, what to do first. The mail has
//! the rest. The module `content` selects the content once. One module per way into a channel formats the content: Amazon Q
//! Developer, a webhook of Slack, a webhook of Teams.

pub mod amazon_q;
mod content;
mod markdown;
mod slack;
mod teams;
pub mod topic;

use crate::alert::{Alert, Digest};
use crate::config::WebhookFormat;
use serde_json::Value;

/// Renders the webhook's message about an alert, with one line for each of the other alerts that are sent with it.
#[must_use]
pub fn render(format: WebhookFormat, alert: &Alert, others: &[Alert]) -> Value {
    match format {
        WebhookFormat::Slack => slack::render(alert, others),
        WebhookFormat::Teams => teams::render(alert, others),
    }
}

/// Renders the webhook's message about a digest.
#[must_use]
pub fn render_digest(format: WebhookFormat, digest: &Digest) -> Value {
    match format {
        WebhookFormat::Slack => slack::digest(digest),
        WebhookFormat::Teams => teams::digest(digest),
    }
}
