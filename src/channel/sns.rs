//! Sends mails by way of an SNS topic, or prints them where there is none; and tells the chat by way of another.

use super::chat::amazon_q;
use super::email::{Email, plain_subject};
use crate::report::Report;
use crate::severity::Severity;
use crate::text::{Kind, Untrusted};
use aws_sdk_sns::Client;
use aws_sdk_sns::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use std::time::Duration;

/// How long the chat may keep us.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where mails go.
#[derive(Debug)]
pub enum Outbox {
    /// To an SNS topic.
    Topic {
        /// The client that publishes.
        client: Client,
        /// The topic.
        arn: String,
        /// The topic of the chat, if there is one.
        chat: Option<String>,
    },
    /// To standard output: on somebody's own machine.
    Print,
}

/// A mail could not be published. The invocation fails with it, so that Lambda tries again and then keeps
/// the event in the failure queue.
#[derive(Debug, thiserror::Error)]
#[error("the alert was not published to {topic}: {cause}")]
pub struct NotPublished {
    topic: String,
    cause: String,
}

impl Outbox {
    /// Sends a mail; returns whether it was published rather than printed.
    ///
    /// # Errors
    /// Where SNS did not take it, after the retries of the SDK. A refused subject is no error yet: the mail
    /// is sent once more under a plain one.
    pub async fn send(&self, email: &Email) -> Result<bool, NotPublished> {
        let (client, arn) = match self {
            Self::Topic { client, arn, .. } => (client, arn),
            Self::Print => {
                println!("Subject: {}\n\n{}", email.subject, email.body);
                return Ok(false);
            }
        };
        let publish = |subject| publish(client, arn, Some(subject), &email.body, email.severity);
        let mut sent = publish(&email.subject).await;
        if sent.as_ref().is_err_and(is_refusal_of_content) {
            tracing::warn!(subject = email.subject, "SNS refused the alert; trying with a plain subject");
            sent = publish(&plain_subject(email.severity)).await;
        }
        sent.map(|()| true).map_err(|error| NotPublished { topic: arn.clone(), cause: cause(&error) })
    }

    /// Tells it to the chat, where there is one. For no longer than two seconds: the mail is out, and says it all.
    ///
    /// # Errors
    /// Where SNS did not take it in time.
    pub async fn tell(&self, report: &Report) -> Result<(), NotPublished> {
        let Self::Topic { client, chat: Some(arn), .. } = self else { return Ok(()) };
        let message = amazon_q::render(report).to_string();
        let told = tokio::time::timeout(PATIENCE, publish(client, arn, None, &message, report.severity)).await;
        let cause = match told {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => cause(&error),
            Err(_) => "SNS did not answer in time".to_owned(),
        };
        Err(NotPublished { topic: arn.clone(), cause })
    }
}

/// Code and message of AWS, or what kept the call from being answered: not the whole raw answer.
fn cause<R: std::fmt::Debug + 'static>(error: &SdkError<PublishError, R>) -> String {
    match error.code() {
        Some(code) => format!("{code}: {}", Untrusted::new(error.message().unwrap_or_default()).shown(Kind::Free)),
        None => Untrusted::new(DisplayErrorContext(error).to_string()).shown(Kind::Free),
    }
}

fn is_refusal_of_content<R>(error: &SdkError<PublishError, R>) -> bool {
    error
        .as_service_error()
        .is_some_and(|error| error.is_invalid_parameter_exception() || error.is_invalid_parameter_value_exception())
}

async fn publish(
    client: &Client,
    topic: &str,
    subject: Option<&str>,
    message: &str,
    severity: Severity,
) -> Result<(), SdkError<PublishError, aws_sdk_sns::config::http::HttpResponse>> {
    let mut call = client.publish().topic_arn(topic).set_subject(subject.map(str::to_owned)).message(message);
    let severity = MessageAttributeValue::builder().data_type("String").string_value(severity.word()).build();
    if let Ok(severity) = severity {
        call = call.message_attributes("severity", severity);
    }
    call.send().await.map(|_| ())
}
