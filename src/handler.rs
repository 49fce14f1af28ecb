//! The journey of one event, from what EventBridge hands over to the alert that goes out.

use crate::assessment::{Case, assess};
use crate::channel::email::Email;
use crate::channel::json::Alert;
use crate::channel::sns::{NotPublished, Outbox};
use crate::channel::{email, json};
use crate::cloudtrail::{Activity, Delivery, Refusal};
use crate::directory::{Directory, investigate};
use crate::history::{self, Claim, History, Lately};
use crate::phrase;
use crate::report::{Report, compose};
use crate::settings::Settings;
use crate::telemetry::Journey;
use crate::text::{Kind, Phrase, Untrusted};
use chrono::{DateTime, TimeDelta, Utc};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde::Serialize;
use serde_json::Value;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// What of an invocation's time is kept for publishing, whatever the lookups do.
const KEPT_FOR_PUBLISHING: Duration = Duration::from_secs(6);
/// The pause before an event is claimed again that another invocation is telling.
const BETWEEN_CLAIMS: Duration = Duration::from_millis(500);

/// Handles events, one after another.
#[derive(Debug)]
pub struct Handler<D> {
    /// Who is asked about people and things.
    pub directory: D,
    /// Where alerts go.
    pub outbox: Outbox,
    /// What was set from outside.
    pub settings: Settings,
    /// What happened before, where it is remembered.
    pub history: Option<History>,
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
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let error_type = match &failure {
            Failure::Refused(refusal) => refusal.kind(),
            Failure::InProgress { .. } => "InProgress",
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
        if let (Some(history), Some(claimed)) = (&self.history, draft.claimed)
            && let Err(why) = Box::pin(history.keep(&draft.activity, &draft.told(published), claimed)).await
        {
            journey.history_failure.get_or_insert(why.plain());
        }
        Ok(Handled::Alert(Box::new(draft.into_alert(published))))
    }

    /// All but the sending: what happened, what IAM knows of it, how bad it is, and what to tell.
    ///
    /// # Errors
    /// Where the record is none that we take, or another invocation is busy with it.
    pub async fn draft(
        &self,
        delivery: &Delivery,
        time_left: Duration,
        journey: &mut Journey,
    ) -> Result<Told, Failure> {
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
        let lookups = async { Ok(investigate(&self.directory, &activity, begun + budget).await) };
        let (dossier, remembered) = match tokio::try_join!(lookups, self.remembered(&activity, time_left)) {
            Ok(known) => known,
            Err(NotOurs::ToldBefore) => return Ok(Told::Not("it was told before".into())),
            Err(NotOurs::InProgress) => {
                let event_id = journey.event_id.clone().unwrap_or_default();
                return Err(Failure::InProgress { event_id });
            }
        };
        let (lately, claimed) = remembered.unzip();
        journey.history_failure = lately.as_ref().and_then(|lately| Some(lately.unknown.as_ref()?.plain()));
        journey.lookups = begun.elapsed();
        journey.lookup_failures = dossier.unanswered();

        let case = Case::new(&activity, &dossier, &self.settings);
        let assessment = assess(&case);
        journey.severity = Some(assessment.severity);
        let now = (self.clock)();
        let report = compose(&case, assessment, lately.as_ref(), &self.settings.account_names, now);
        let email = email::render(&report);
        let record = self.history.as_ref().map_or_else(String::new, |_| delivery.raw.to_string());
        Ok(Told::Draft(Box::new(Draft { activity, report, email, claimed, record })))
    }

    /// Claims the event and asks what happened before it, side by side with the lookups. The story is asked for
    /// after the claim: of two events that are handled at the same time, one finds the other. Also returns when it was
    /// claimed: an event without a time of its own stands in the lists under this one.
    async fn remembered(
        &self,
        activity: &Activity,
        time_left: Duration,
    ) -> Result<Option<(Lately, DateTime<Utc>)>, NotOurs> {
        let Some(history) = &self.history else { return Ok(None) };
        let given_up = Instant::now() + time_left.saturating_sub(KEPT_FOR_PUBLISHING);
        // However long we wait for it: with the time of this invocation ends its claim.
        let until = (self.clock)() + TimeDelta::from_std(time_left).unwrap_or(TimeDelta::seconds(30));
        loop {
            let now = (self.clock)();
            match Box::pin(history.claim(activity, until, now)).await {
                Claim::Ours => return Ok(Some((Box::pin(history.lately(activity, now)).await, now))),
                Claim::ToldBefore => return Err(NotOurs::ToldBefore),
                Claim::Unknown(why) => {
                    let unknown = Some(phrase!(why, "; this alert may come twice"));
                    return Ok(Some((Lately { unknown, ..Lately::default() }, now)));
                }
                Claim::Elsewhere(_) if Instant::now() + BETWEEN_CLAIMS >= given_up => return Err(NotOurs::InProgress),
                Claim::Elsewhere(_) => tokio::time::sleep(BETWEEN_CLAIMS).await,
            }
        }
    }
}

/// Why an event is not ours to tell.
enum NotOurs {
    ToldBefore,
    InProgress,
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
    /// When it was claimed, where that is remembered.
    pub claimed: Option<DateTime<Utc>>,
    /// The record, as JSON, where it is to be remembered.
    pub record: String,
}

impl Draft {
    /// What is remembered of it.
    fn told(&self, mailed: bool) -> history::dynamodb::Told<'_> {
        history::dynamodb::Told {
            severity: self.report.severity,
            subject: &self.email.subject,
            reasons: self.report.reasons.iter().map(|reason| reason.text.plain()).collect(),
            alert: &self.email.body,
            mailed,
            record: &self.record,
        }
    }
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
