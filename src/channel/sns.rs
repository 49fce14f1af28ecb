//! Publishes messages to SNS topics, or prints mails if there is no topic.
//!
//! An SNS topic has no idempotency key that e-mail honours, so a repetition is a second mail. Only an attempt that SNS
//! definitely refused is repeated silently. If it is not clear whether SNS took a mail, the repetition says so.

use super::email::{Email, plain_subject};
use crate::limits::{ATTEMPTS_TO_PUBLISH, BETWEEN_MAILS, PATIENCE_WITH_SNS, WORTH_AN_ATTEMPT};
use crate::severity::Severity;
use crate::text::{TextKind, Untrusted};
use aws_sdk_sns::Client;
use aws_sdk_sns::config::http::HttpResponse;
use aws_sdk_sns::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use std::borrow::Cow;
use std::cell::Cell;
use std::error::Error;
use std::io;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

/// How long the topic may take to say how many subscriptions it has.
const PATIENCE_FOR_READERS: Duration = Duration::from_secs(3);

/// Where mails go.
#[derive(Debug)]
pub enum Publisher {
    /// To an SNS topic.
    Topic {
        /// The client that publishes. It must not retry by itself.
        client: Client,
        /// The topic.
        arn: String,
        /// When this instance sent its last mail.
        last: Cell<Option<Instant>>,
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
    /// Whether SNS may have taken the mail all the same.
    pub may_have_arrived: bool,
}

/// What an attempt to publish came to.
#[derive(Debug)]
pub(super) enum Attempt {
    Published,
    /// SNS does not take this subject or text.
    ContentRefused(String),
    /// SNS did not take the message, and may take it in a moment.
    RefusedForNow(String),
    /// SNS does not take the message.
    Refused(String),
    /// SNS may have taken the message.
    Unclear(String),
}

/// The subscriptions of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readers {
    pub confirmed: u64,
    /// Not confirmed yet; or fallen back, since SNS had too many mails for the address.
    pub pending: u64,
}

impl Publisher {
    /// Mails to this topic. The client must not retry by itself.
    #[must_use]
    pub const fn topic(client: Client, arn: String) -> Self {
        Self::Topic { client, arn, last: Cell::new(None) }
    }

    /// Waits, so that this instance sends at most one mail in [`BETWEEN_MAILS`]. Without knowledge of the other
    /// instances, this is all that can be done for the topic.
    pub async fn pace(&self, deadline: Instant) {
        let Self::Topic { last, .. } = self else { return };
        if let Some(last) = last.get() {
            sleep_until(deadline.min(last + BETWEEN_MAILS)).await;
        }
    }

    /// How many subscriptions the topic has; `None` if there is no topic.
    ///
    /// # Errors
    /// Why that is not known.
    pub async fn readers(&self, deadline: Instant) -> Option<Result<Readers, String>> {
        let Self::Topic { client, arn, .. } = self else { return None };
        let call = client.get_topic_attributes().topic_arn(arn).send();
        Some(match timeout_at(deadline.min(Instant::now() + PATIENCE_FOR_READERS), call).await {
            Ok(Ok(answer)) => {
                let count = |name: &str| answer.attributes()?.get(name)?.parse().ok();
                let readers = count("SubscriptionsConfirmed").zip(count("SubscriptionsPending"));
                readers
                    .map(|(confirmed, pending)| Readers { confirmed, pending })
                    .ok_or_else(|| "SNS did not say how many subscriptions there are".to_owned())
            }
            Ok(Err(error)) => Err(cause(&error)),
            Err(_) => Err("SNS did not answer in time".to_owned()),
        })
    }

    /// Sends a mail, until the deadline at most; returns `true` if the mail was published, `false` if it was printed.
    ///
    /// # Errors
    /// If SNS did not accept the mail. If SNS refuses the subject, the mail is sent once more with a plain subject; that
    /// is no error.
    pub async fn send(&self, email: &Email, deadline: Instant) -> Result<bool, NotPublished> {
        let (client, arn) = match self {
            Self::Topic { client, arn, last } => {
                last.set(Some(Instant::now()));
                (client, arn)
            }
            Self::Print => {
                println!("Subject: {}\n\n{}", email.subject, email.body);
                return Ok(false);
            }
        };
        let mut email = Cow::Borrowed(email);
        let (mut unclear, mut subject_is_plain) = (0, false);
        let mut pause = Duration::from_millis(100);
        loop {
            let until = deadline.min(Instant::now() + PATIENCE_WITH_SNS);
            let message = Message::of(&email);
            let attempt = publish(client, arn, &message);
            let cause = match attempt_until(until, attempt).await {
                Attempt::Published => return Ok(true),
                Attempt::ContentRefused(_) if !subject_is_plain => {
                    tracing::warn!(subject = email.subject, "SNS refused the alert; trying with a plain subject");
                    subject_is_plain = true;
                    email.to_mut().subject = plain_subject(email.severity);
                    continue;
                }
                Attempt::ContentRefused(cause) | Attempt::Refused(cause) => {
                    return Err(NotPublished { topic: arn.clone(), cause, may_have_arrived: unclear > 0 });
                }
                Attempt::RefusedForNow(cause) => cause,
                Attempt::Unclear(cause) => {
                    if unclear == 0 {
                        email = Cow::Owned(email.repeated());
                    }
                    unclear += 1;
                    cause
                }
            };
            if unclear == ATTEMPTS_TO_PUBLISH || Instant::now() + pause + WORTH_AN_ATTEMPT > deadline {
                return Err(NotPublished { topic: arn.clone(), cause, may_have_arrived: unclear > 0 });
            }
            tracing::warn!(cause, "SNS did not take the alert; trying again");
            // Instances that were refused together must not come back together.
            sleep(pause.mul_f32(0.5 + 0.5 * fastrand::f32())).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }
}

/// One attempt, which is given up at a time.
pub(super) async fn attempt_until(
    until: Instant,
    publish: impl Future<Output = Result<(), SdkError<PublishError, HttpResponse>>>,
) -> Attempt {
    let Ok(answer) = timeout_at(until, publish).await else {
        return Attempt::Unclear("SNS did not answer in time".to_owned());
    };
    let Err(error) = answer else { return Attempt::Published };
    let cause = cause(&error);
    match (&error, error.code()) {
        (_, Some("Throttling" | "ThrottlingException" | "Throttled" | "ThrottledException" | "KMSThrottling")) => {
            Attempt::RefusedForNow(cause)
        }
        (_, Some("InvalidParameter" | "ParameterValueInvalid")) => Attempt::ContentRefused(cause),
        // A server can fail after it took the message, and an answer can be something else than the one of SNS.
        (SdkError::ServiceError(answer), _) if !answer.raw().status().is_client_error() => Attempt::Unclear(cause),
        (SdkError::ServiceError(_) | SdkError::ConstructionFailure(_), _) => Attempt::Refused(cause),
        (SdkError::DispatchFailure(failure), _) => {
            let not_connected = failure.as_connector_error().is_some_and(|error| is_not_connected(error));
            // There is no read timeout: what the connector waited for in vain is the connection.
            if not_connected || failure.is_timeout() { Attempt::RefusedForNow(cause) } else { Attempt::Unclear(cause) }
        }
        _ => Attempt::Unclear(cause),
    }
}

/// Whether there was no connection, so that nothing was sent.
fn is_not_connected(error: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |&error: &&(dyn Error + 'static)| error.source());
    causes.any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    })
}

/// Code and message of AWS, or why there was no answer. The whole answer is not included.
fn cause<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error.code() {
        Some(code) => format!("{code}: {}", Untrusted::new(error.message().unwrap_or_default()).shown(TextKind::Free)),
        None => Untrusted::new(DisplayErrorContext(error).to_string()).shown(TextKind::Free),
    }
}

/// A message of a topic.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub subject: Option<&'a str>,
    pub body: &'a str,
    /// For subscription filter policies, like the accounts.
    pub severity: Severity,
    pub accounts: &'a [String],
}

impl<'a> Message<'a> {
    fn of(email: &'a Email) -> Self {
        Self { subject: Some(&email.subject), body: &email.body, severity: email.severity, accounts: &email.accounts }
    }
}

pub(super) async fn publish(
    client: &Client,
    topic: &str,
    message: &Message<'_>,
) -> Result<(), SdkError<PublishError, HttpResponse>> {
    let mut call =
        client.publish().topic_arn(topic).set_subject(message.subject.map(str::to_owned)).message(message.body);
    let severity = ("severity", "String", Some(message.severity.word().to_owned()));
    // A filter policy matches a list if one of its values does.
    let accounts = match message.accounts {
        [only] => ("account", "String", Some(only.clone())),
        several => ("account", "String.Array", serde_json::to_string(several).ok().filter(|_| !several.is_empty())),
    };
    for (name, kind, value) in [severity, accounts] {
        let value = value.map(|value| MessageAttributeValue::builder().data_type(kind).string_value(value).build());
        if let Some(Ok(value)) = value {
            call = call.message_attributes(name, value);
        }
    }
    call.send().await.map(|_| ())
}
