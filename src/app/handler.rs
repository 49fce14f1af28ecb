//! The path of one event, from EventBridge to the alert.

use super::deliver::Channels;
use super::draft::{Decision, Draft};
use super::expecting::Expecting;
use super::heartbeats::is_heartbeat;
use super::history_session::{HistorySession, NotOurs, with_session};
use super::result::{InvocationError, InvocationResult};
use super::timetable::{Timetable, time_left};
use super::watchdog::Watchdog;
use crate::alert::compose;
use crate::channel::email;
use crate::channel::sns::Publisher;
use crate::config::Settings;
use crate::detection::{Case, assess};
use crate::event::activity::Reading;
use crate::event::{Activity, Delivery, is_schedule};
use crate::history::{History, event_key};
use crate::lookup::Directory;
use crate::severity::Severity;
use crate::telemetry::InvocationLog;
use crate::text::{TextKind, Untrusted};
use chrono::{DateTime, Utc};
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// Handles events, one after another.
#[derive(Debug)]
pub struct Handler<D> {
    /// Answers questions about identities and resources.
    pub directory: D,
    /// Where the mails go. The mail is the one channel that must not fail.
    pub publisher: Publisher,
    /// The channels that are informed beside the mail.
    pub channels: Channels,
    pub settings: Settings,
    /// Who is expected to change which access.
    pub expecting: Expecting,
    pub history: Option<History>,
    /// Looks after the stack, if it is deployed.
    pub watchdog: Option<Watchdog>,
    pub clock: fn() -> DateTime<Utc>,
}

impl<D: Directory> Handler<D> {
    /// One invocation: handles the event, and writes one line of log about the result.
    ///
    /// # Errors
    /// As [`handle`](Self::handle).
    pub async fn invoke(&self, event: LambdaEvent<Value>) -> Result<InvocationResult, InvocationError> {
        let mut log = InvocationLog::default();
        let result = self.handle(event.payload, time_left(&event.context), &mut log).await;
        log.error = result.as_ref().err().map(ToString::to_string);
        for log in log.found.iter().chain([&log]) {
            println!("{}", log.line(&event.context.env_config.function_name, (self.clock)()));
        }
        result
    }

    /// Handles one event, up to the alert that was sent.
    ///
    /// # Errors
    /// If the event cannot be understood, or the alert could not be published. A failed lookup is no error: the alert
    /// goes out and says what is missing.
    pub async fn handle(
        &self,
        event: Value,
        time_left: Duration,
        log: &mut InvocationLog,
    ) -> Result<InvocationResult, InvocationError> {
        if is_schedule(&event) {
            return Ok(Box::pin(self.on_schedule(event.get("settings"), time_left, log)).await);
        }
        let event_id = event.pointer("/detail/eventID").and_then(Value::as_str).map(Untrusted::new);
        log.event_id = event_id.map(|id| id.shown(TextKind::Name));
        let delivery = Delivery::from_eventbridge(event)?;
        let draft = match self.draft(&delivery, time_left, log).await? {
            Decision::Alert(draft) => draft,
            Decision::NotAlerted(why) => {
                let why = why.plain();
                log.not_alerted = Some(why.clone());
                return Ok(InvocationResult::NotAlerted { event_id: log.event_id.clone(), why });
            }
        };
        self.send(&draft, log).await?;
        Ok(InvocationResult::Alert(Box::new(draft.into_json(log.mail, self.settings.webhook))))
    }

    /// Everything except the delivery: what happened, what AWS knows about it, how severe it is, and the alert.
    ///
    /// # Errors
    /// If the record cannot be understood, or another invocation works on the event.
    pub async fn draft<'a>(
        &'a self,
        delivery: &Delivery,
        time_left: Duration,
        log: &mut InvocationLog,
    ) -> Result<Decision<'a>, InvocationError> {
        log.event_id = delivery.record.event_id.as_ref().map(|id| Untrusted::new(id).shown(TextKind::Name));
        let activity = match Activity::from_delivery(delivery)? {
            Reading::Activity(activity) => self.settings.watch.as_concerned(*activity, delivery),
            Reading::Ignored(why) => return Ok(Decision::NotAlerted(why)),
        };
        log.action = Some(activity.event_name.shown(TextKind::Name));
        log.outcome = Some(activity.outcome.word());
        let history = self.history.as_ref();
        let (activity, opened) = with_session(activity, history).await;
        if is_heartbeat(&activity, &self.settings) {
            let run = self.scheduled(time_left);
            let why = Box::pin(run.receive_heartbeat(&activity, history, self.watchdog.as_ref(), log)).await;
            return Ok(Decision::NotAlerted(why));
        }
        let mut session = history
            .map(|history| HistorySession::new(history, (&activity, opened), &delivery.raw, (self.clock)(), time_left));
        if let Some(why) = self.settings.watch.why_not(&activity) {
            // Calls of other services on other resources are no access changes, and there are many.
            if let Some(session) = session.as_ref().filter(|_| !activity.action.effect.concerns_alerting()) {
                Box::pin(session.keep_not_alerted(&why, log)).await;
            }
            return Ok(Decision::NotAlerted(why));
        }
        log.event_time = activity.time;

        let (begun, timetable) = (Instant::now(), Timetable::of(time_left));
        let deadline = timetable.lookups;
        let until = deadline.min(begun + self.settings.lookup_budget);
        let lookups = async { Ok(Box::pin(self.look_up(&activity, until, deadline)).await) };
        let claimed = async {
            match &session {
                Some(session) => Box::pin(session.claim(deadline, self.clock)).await.map(Some),
                None => Ok(None),
            }
        };
        let expected = async { Ok(Box::pin(self.expecting.now(until, log)).await) };
        let (dossier, prior, expectations) = match tokio::try_join!(lookups, claimed, expected) {
            Ok(known) => known,
            Err(NotOurs::AlreadyAlerted) => return Ok(Decision::NotAlerted("it was alerted on before".into())),
            Err(NotOurs::InProgress) => {
                return Err(InvocationError::InProgress { event_id: log.event_id.clone().unwrap_or_default() });
            }
        };
        if let Some(why) = prior.as_ref().and_then(|prior| prior.related.unknown.as_ref()) {
            log.history_failed(why);
        }
        if let Some(prior) = &prior {
            log.reviews_read(&prior.reviews);
            if let Some(Err(why)) = &prior.former {
                log.history_failed(why);
            }
        }
        log.lookups = begun.elapsed();
        log.lookup_failures = dossier.unanswered();

        let (target, object) = dossier.names();
        let activity = activity.with_names(target, object);
        if let Some(session) = &mut session {
            session.entry.complete(&activity);
        }
        let case = Case::new(&activity, &dossier, &self.settings).expecting(&expectations).after(prior.as_ref());
        let assessment = assess(&case);
        if prior.as_ref().is_some_and(|prior| prior.recorded_as_alerted) && assessment.severity < Severity::Critical {
            return Ok(Decision::NotAlerted("it was alerted on before".into()));
        }
        log.severity = Some(assessment.severity);
        let chains: Vec<_> =
            prior.iter().flat_map(|prior| &prior.chains).map(|completed| completed.chain.name).collect();
        let reviewed = session.as_ref().zip(prior.as_ref());
        let review = reviewed.map(|(session, prior)| self.review(session, prior, (&case, &assessment, &chains)));
        let kept_back = self.kept_back(&case, &assessment, review.as_ref());
        let position = match (&session, &prior) {
            // An alert that is not mailed cannot be part of a burst of mails.
            (Some(session), Some(prior)) if kept_back.is_none() => {
                let judged = (assessment.severity, assessment.incomplete);
                session.position(prior, judged, deadline, log).await
            }
            _ => None,
        };
        let burst = position.filter(|position| position.in_burst).zip(session.as_ref());
        let burst = burst.map(|(position, session)| session.burst_note(position, self.settings.topic.account()));
        let limits = assessment.limits.clone();
        let alert = compose(&case, assessment, burst.as_ref(), &self.settings.account_names, (self.clock)());
        let alert = match &review {
            Some(review) => review.note(alert),
            None => alert,
        };
        let email = email::render(&alert);
        let event_key = event_key(&activity, &delivery.raw);
        let may_repeat = prior.as_ref().is_some_and(|prior| prior.related.may_repeat);
        Ok(Decision::Alert(Box::new(Draft {
            activity,
            alert,
            email,
            event_key,
            session,
            position,
            limits,
            kept_back,
            may_repeat,
            timetable,
        })))
    }
}
