//! The journey of one event, from what EventBridge hands over to the alert that goes out.

mod draft;
mod memory;
mod others;

pub use draft::{Draft, Told};

use crate::assessment::{Case, assess};
use crate::channel::email;
use crate::channel::security_hub::import::SecurityHub;
use crate::channel::sns::Outbox;
use crate::cloudtrail::{Activity, Delivery, Refusal};
use crate::directory::{Directory, investigate};
use crate::handled::{Failure, Handled};
use crate::history::entry::event_key;
use crate::history::flood;
use crate::history::{Entry, History};
use crate::report::{closing, compose};
use crate::settings::Settings;
use crate::telemetry::{Journey, Mail};
use crate::text::{Kind, Phrase, Untrusted};
use chrono::{DateTime, Utc};
use lambda_runtime::{Context, LambdaEvent};
use memory::NotOurs;
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
    /// What gets findings, if anything does.
    pub security_hub: Option<SecurityHub>,
    /// What was set from outside.
    pub settings: Settings,
    /// What happened before, where it is remembered.
    pub history: Option<History>,
    /// The clock on the wall.
    pub clock: fn() -> DateTime<Utc>,
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
        if is_schedule(&event) {
            return Box::pin(self.sum_up(time_left, journey)).await;
        }
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
        if draft.report.severity < self.settings.minimum_severity {
            journey.mail = Mail::BelowMinimum;
        } else if self.left_out(&draft, journey).await {
            journey.mail = Mail::LeftOut;
        } else {
            let begun = Instant::now();
            let published = self.outbox.send(&draft.email).await.map_err(|cause| Failure::NotPublished {
                event_id: journey.event_id.clone().unwrap_or_else(|| "(without an eventID)".to_owned()),
                cause,
            })?;
            journey.mail = if published { Mail::Published } else { Mail::Printed };
            journey.publish = begun.elapsed();
        }
        self.after_the_mail(&draft, journey).await;
        let published = journey.mail == Mail::Published;
        Ok(Handled::Alert(Box::new(draft.into_alert(published, self.settings.webhook))))
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
        let entry = self.history.as_ref().map(|_| Entry::new(&activity, &delivery.raw, (self.clock)()));
        if let Some(why) = self.settings.watch.why_not(&activity) {
            if let (Some(history), Some(entry)) = (&self.history, &entry) {
                let kept = Box::pin(history.keep_untold(entry, &why.plain(), &delivery.raw.to_string())).await;
                journey.history_failure = kept.err().map(|why| why.plain());
            }
            return Ok(Told::Not(why));
        }
        journey.event_time = activity.time;

        let begun = Instant::now();
        let deadline = begun + time_left.saturating_sub(KEPT_FOR_PUBLISHING);
        let until = deadline.min(begun + self.settings.lookup_budget);
        let lookups = async { Ok(investigate(&self.directory, &activity, until).await) };
        let (dossier, story) =
            match tokio::try_join!(lookups, Box::pin(self.story(entry.as_ref(), time_left, deadline))) {
                Ok(known) => known,
                Err(NotOurs::ToldBefore) => return Ok(Told::Not("it was told before".into())),
                Err(NotOurs::InProgress) => {
                    let event_id = journey.event_id.clone().unwrap_or_default();
                    return Err(Failure::InProgress { event_id });
                }
            };
        journey.history_failure = story.as_ref().and_then(|story| Some(story.lately.unknown.as_ref()?.plain()));
        journey.lookups = begun.elapsed();
        journey.lookup_failures = dossier.unanswered();

        let case = Case::new(&activity, &dossier, &self.settings).after(story.as_ref());
        let assessment = assess(&case);
        journey.severity = Some(assessment.severity);
        let place = match (&entry, &story) {
            (Some(entry), Some(story)) => self.place(entry, story, assessment.severity, deadline, journey).await,
            _ => None,
        };
        let flood = place.filter(|place| place.nth > flood::FREE).zip(entry.as_ref()).zip(self.history.as_ref());
        let flood = flood.map(|((place, entry), history)| closing::Flood { place, entry, table: history.table() });
        let report = compose(&case, assessment, flood.as_ref(), &self.settings.account_names, (self.clock)());
        let email = email::render(&report);
        let record = entry.as_ref().map_or_else(String::new, |_| delivery.raw.to_string());
        let event_key = event_key(&activity, &delivery.raw);
        Ok(Told::Draft(Box::new(Draft { activity, report, email, event_key, entry, place, record, deadline })))
    }
}

/// Whether it is the schedule that calls, and not an event of CloudTrail. Only EventBridge can send as `aws.events`.
fn is_schedule(event: &Value) -> bool {
    event["source"] == "aws.events" && event["detail-type"] == "Scheduled Event"
}

/// How long the invocation may still take. The deadline is in milliseconds since 1970.
fn time_left(context: &Context) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(context.deadline).saturating_sub(now)
}
