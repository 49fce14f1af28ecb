//! The journey of one event, from what EventBridge hands over to the alert that goes out.

use crate::assessment::{Case, assess};
use crate::channel::email::Email;
use crate::channel::json::Alert;
use crate::channel::sns::{NotPublished, Outbox};
use crate::channel::{email, json};
use crate::cloudtrail::{Activity, Delivery, Refusal};
use crate::directory::{Directory, investigate};
use crate::report::{Report, compose};
use crate::settings::Settings;
use crate::telemetry::Journey;
use crate::text::{Kind, Phrase, Untrusted};
use chrono::{DateTime, Utc};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde::Serialize;
use serde_json::Value;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// What of an invocation's time is kept for publishing, whatever the lookups do.
const KEPT_FOR_PUBLISHING: Duration = Duration::from_secs(6);

/// Handles events, one after another.
#[derive(Debug)]
pub struct Handler<D> {
    /// Who is asked about people and things.
    pub directory: D,
    /// Where alerts go.
    pub outbox: Outbox,
    /// What was set from outside.
    pub settings: Settings,
    /// The clock on the wall.
    pub clock: fn() -> DateTime<Utc>,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Handled {
    /// There is an alert.
    Alert(Box<Alert>),
    /// It is not told: not watched, or not the alerter's own ground.
    NotTold {
        /// CloudTrail's id of the event.
        #[serde(rename = "eventId")]
        event_id: Option<String>,
        /// Why not.
        #[serde(rename = "notTold")]
        why: String,
    },
}

/// Why there is no alert.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The event is none that we take.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The alert could not be published.
    #[error("event {event_id}: {cause}")]
    NotPublished {
        /// The record's eventID.
        event_id: String,
        /// Why.
        cause: NotPublished,
    },
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let error_type = match &failure {
            Failure::Refused(refusal) => refusal.kind(),
            Failure::NotPublished { .. } => "NotPublished",
        };
        Self { error_type: error_type.to_owned(), error_message: failure.to_string() }
    }
}

impl<D: Directory> Handler<D> {
    /// One invocation: handles the event, and says in one line of log how it went.
    ///
    /// # Errors
    /// As [`handle`](Self::handle).
    pub async fn invoke(&self, event: LambdaEvent<Value>) -> Result<Handled, Failure> {
        let mut journey = Journey::default();
        let result = self.handle(event.payload, time_left(&event.context), &mut journey).await;
        journey.error = result.as_ref().err().map(ToString::to_string);
        println!("{}", journey.line(&event.context.env_config.function_name, (self.clock)()));
        result
    }

    /// From the event to the alert that was sent.
    ///
    /// # Errors
    /// Where the event is none that we take, or the alert could not be published. A lookup that fails is no
    /// error: the alert goes out and says what is missing.
    pub async fn handle(&self, event: Value, time_left: Duration, journey: &mut Journey) -> Result<Handled, Failure> {
        let event_id = event.pointer("/detail/eventID").and_then(Value::as_str).map(Untrusted::new);
        journey.event_id = event_id.map(|id| id.shown(Kind::Name));
        let delivery = Delivery::from_eventbridge(event)?;
        let draft = match self.draft(&delivery, time_left, journey).await? {
            Told::Draft(draft) => draft,
            Told::Not(why) => {
                let why = why.plain();
                journey.not_told = Some(why.clone());
                return Ok(Handled::NotTold { event_id: journey.event_id.clone(), why });
            }
        };
        let mut published = false;
        if draft.report.severity >= self.settings.minimum_severity {
            let begun = Instant::now();
            published = self.outbox.send(&draft.email).await.map_err(|cause| Failure::NotPublished {
                event_id: journey.event_id.clone().unwrap_or_else(|| "(without an eventID)".to_owned()),
                cause,
            })?;
            journey.publish = begun.elapsed();
        } else {
            journey.below_minimum = true;
        }
        journey.published = published;
        Ok(Handled::Alert(Box::new(draft.into_alert(published))))
    }

    /// All but the sending: what happened, what IAM knows of it, how bad it is, and what to tell.
    ///
    /// # Errors
    /// Where the record is none that we take.
    pub async fn draft(
        &self,
        delivery: &Delivery,
        time_left: Duration,
        journey: &mut Journey,
    ) -> Result<Told, Refusal> {
        journey.event_id = delivery.record.event_id.as_ref().map(|id| Untrusted::new(id).shown(Kind::Name));
        let activity = match Activity::from_delivery(delivery) {
            // A pattern may bring more than is ever told, and that is nobody's failure.
            Err(refusal @ Refusal::NotTold { .. }) => return Ok(Told::Not(Phrase::ours(refusal.to_string()))),
            read => read?,
        };
        journey.action = Some(activity.event_name.shown(Kind::Name));
        journey.outcome = Some(activity.outcome.word());
        if let Some(why) = self.settings.watch.why_not(&activity) {
            return Ok(Told::Not(why));
        }
        journey.event_time = activity.time;

        let begun = Instant::now();
        let budget = self.settings.lookup_budget.min(time_left.saturating_sub(KEPT_FOR_PUBLISHING));
        let dossier = investigate(&self.directory, &activity, begun + budget).await;
        journey.lookups = begun.elapsed();
        journey.lookup_failures = dossier.unanswered();

        let case = Case::new(&activity, &dossier, &self.settings);
        let assessment = assess(&case);
        journey.severity = Some(assessment.severity);
        let report = compose(&case, assessment, &self.settings.account_names, (self.clock)());
        let email = email::render(&report);
        Ok(Told::Draft(Box::new(Draft { activity, report, email })))
    }
}

/// Whether an event is told.
#[derive(Debug)]
pub enum Told {
    /// It is.
    Draft(Box<Draft>),
    /// It is not, and why.
    Not(Phrase),
}

/// An alert that was not sent yet.
#[derive(Debug)]
pub struct Draft {
    /// What happened.
    pub activity: Activity,
    /// What to tell.
    pub report: Report,
    /// The mail that tells it.
    pub email: Email,
}

impl Draft {
    /// The alert as JSON.
    #[must_use]
    pub fn into_alert(self, published: bool) -> Alert {
        json::render(&self.activity, &self.report, self.email, published)
    }
}

/// How long the invocation may still take. The deadline is in milliseconds since 1970.
fn time_left(context: &Context) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(context.deadline).saturating_sub(now)
}
