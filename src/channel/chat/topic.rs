//! The SNS topic of the chat. Amazon Q Developer in chat applications forwards its messages.

use super::amazon_q;
use crate::channel::sns::{NotPublished, cause, publish};
use crate::channel::{Channel, FailureNames, Outgoing};
use crate::config::Settings;
use crate::history::MailStatus;
use crate::limits::CHAT_TIMEOUT;
use aws_config::SdkConfig;
use aws_sdk_sns::Client;
use futures_util::future::LocalBoxFuture;

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
        Some(Box::new(Self::new(Client::new(config), topic)))
    }

    async fn send(&self, outgoing: &Outgoing<'_>) -> Result<(), NotPublished> {
        let message = amazon_q::render(outgoing.alert).to_string();
        let sent = publish(&self.client, &self.topic, None, &message, outgoing.alert.severity);
        let cause = match tokio::time::timeout(CHAT_TIMEOUT, sent).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => cause(&error),
            Err(_) => "SNS did not answer in time".to_owned(),
        };
        Err(NotPublished { topic: self.topic.clone(), cause })
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
        Box::pin(async { self.send(outgoing).await.map_err(|why| why.to_string()) })
    }
}
