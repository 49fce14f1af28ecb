//! Publishes mails to an SNS topic, or prints them if there is no topic.

use super::email::{Email, plain_subject};
use crate::severity::Severity;
use crate::text::{TextKind, Untrusted};
use aws_sdk_sns::Client;
use aws_sdk_sns::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;

/// Where mails go.
#[derive(Debug)]
pub enum Publisher {
    /// To an SNS topic.
    Topic {
        /// The client that publishes.
        client: Client,
        /// The topic.
        arn: String,
    },
    /// To standard output, if the function runs locally.
    Print,
}

/// A mail could not be published. Then the invocation fails, so that Lambda tries again and then sends the event to the
/// failure queue.
#[derive(Debug, thiserror::Error)]
#[error("the alert was not published to {topic}: {cause}")]
pub struct NotPublished {
    pub(super) topic: String,
    pub(super) cause: String,
}

impl Publisher {
    /// Sends a mail; returns `true` if the mail was published, `false` if it was printed.
    ///
    /// # Errors
    /// If SNS did not accept the mail after the retries of the SDK. If SNS refuses the subject, the mail is sent once
    /// more with a plain subject; that is no error.
    pub async fn send(&self, email: &Email) -> Result<bool, NotPublished> {
        let (client, arn) = match self {
            Self::Topic { client, arn } => (client, arn),
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
}

/// Code and message of AWS, or why there was no answer. The whole answer is not included.
pub(super) fn cause<R: std::fmt::Debug + 'static>(error: &SdkError<PublishError, R>) -> String {
    match error.code() {
        Some(code) => format!("{code}: {}", Untrusted::new(error.message().unwrap_or_default()).shown(TextKind::Free)),
        None => Untrusted::new(DisplayErrorContext(error).to_string()).shown(TextKind::Free),
    }
}

fn is_refusal_of_content<R>(error: &SdkError<PublishError, R>) -> bool {
    error
        .as_service_error()
        .is_some_and(|error| error.is_invalid_parameter_exception() || error.is_invalid_parameter_value_exception())
}

pub(super) async fn publish(
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
