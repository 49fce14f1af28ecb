//! The SNS topic of the chat. Amazon Q Developer in chat applications forwards its messages.

use super::amazon_q;
use crate::alert::Digest;
use crate::aws;
use crate::channel::sns::{Attempt, Message, NotPublished, attempt_until, publish};
use crate::channel::{Channel, FailureNames, Outgoing};
use crate::config::Settings;
use crate::history::MailStatus;
use crate::limits::CHAT_TIMEOUT;
use crate::severity::Severity;
use aws_config::SdkConfig;
use aws_sdk_sns::Client;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The pause before a message that SNS refused is sent again.
const PAUSE: Duration = Duration::from_millis(300);

/// The chat, through Amazon Q Developer.
#[derive(Debug)]
pub struct AmazonQ {
    client: Client,
    topic: String,
}

impl AmazonQ {
    /// The chat through this topic.
    #[must_use]
    pub const fn new(client: Client, topic: String) -> Self {
        Self { client, topic }
    }

    /// The channel, if the setting is set.
    #[must_use]
    pub fn channel(settings: &Settings, config: &SdkConfig) -> Option<Box<dyn Channel>> {
        let topic = settings.chat_topic.clone()?;
        Some(Box::new(Self::new(aws::sns(config), topic)))
    }

    async fn send(&self, notification: &Value, severity: Severity, accounts: &[String]) -> Result<(), NotPublished> {
        let body = notification.to_string();
        let message = Message { subject: None, body: &body, severity, accounts };
        let until = Instant::now() + CHAT_TIMEOUT;
        // Only what SNS definitely refused is repeated: two equal messages in a chat look like two events.
        let cause = loop {
            let sent = publish(&self.client, &self.topic, &message);
            match attempt_until(until, sent).await {
                Attempt::Published => return Ok(()),
                Attempt::RefusedForNow(_) if Instant::now() + PAUSE < until => sleep(PAUSE).await,
                Attempt::ContentRefused(cause)
                | Attempt::RefusedForNow(cause)
                | Attempt::Refused(cause)
                | Attempt::Unclear(cause) => break cause,
            }
        };
        Err(NotPublished { topic: self.topic.clone(), cause, may_have_arrived: false })
    }
}

impl Channel for AmazonQ {
    fn names(&self) -> FailureNames {
        FailureNames { field: "chatFailure", metric: "ChatFailures" }
    }

    /// The chat gets every alert that was mailed.
    fn wants(&self, outgoing: &Outgoing<'_>) -> bool {
        outgoing.mail == MailStatus::Published
    }

    fn deliver<'a>(&'a self, outgoing: &'a Outgoing<'_>) -> LocalBoxFuture<'a, Result<(), String>> {
        let alert = outgoing.alert;
        Box::pin(async {
            let (notification, accounts) = (amazon_q::render(alert), alert.account_ids());
            self.send(&notification, alert.severity, &accounts).await.map_err(|why| why.to_string())
        })
    }

    fn deliver_digest<'a>(&'a self, digest: &'a Digest) -> LocalBoxFuture<'a, Result<(), String>> {
        Box::pin(async {
            let (notification, accounts) = (amazon_q::digest(digest), digest.account_ids());
            self.send(&notification, Digest::SEVERITY, &accounts).await.map_err(|why| why.to_string())
        })
    }
}
