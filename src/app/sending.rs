//! How an alert is sent: whether it gets a mail of its own, the mail, the channels, and the record.

use super::draft::Draft;
use super::draft::KeptBack;
use super::handler::Handler;
use super::result::InvocationError;
use crate::channel::Outgoing;
use crate::detection::Assessment;
use crate::event::Activity;
use crate::history::MailStatus;
use crate::limits::{WAIT_FOR_A_PLACE, WORTH_AN_ATTEMPT};
use crate::lookup::{Directory, KnownAccount};
use crate::telemetry::InvocationLog;
use crate::text::Untrusted;
use tokio::time::Instant;

impl<D: Directory> Handler<D> {
    /// Sends an alert: by a mail of its own or not, and through the channels beside the mail; then records it.
    ///
    /// # Errors
    /// If the mail could not be published.
    pub(super) async fn send(&self, draft: &Draft<'_>, log: &mut InvocationLog) -> Result<(), InvocationError> {
        log.unless_expected = draft.alert.unless_expected;
        if let Some(kept_back) = &draft.kept_back {
            log.mail = kept_back.status();
        } else if self.admits(draft, log).await {
            self.publish(draft, log).await?;
        } else {
            log.mail = MailStatus::Suppressed;
        }
        self.after_the_mail(draft, log).await
    }

    /// Whether an alert is severe enough for a mail. An incomplete one is: what could not be read must not look harmless.
    pub(super) fn is_mailed(&self, activity: &Activity, account: &KnownAccount, assessment: &Assessment) -> bool {
        let id = activity.account.as_ref().map(Untrusted::raw);
        let minimum = self.settings.minimum_severity.of(id, account.known_units());
        assessment.incomplete || assessment.severity >= minimum
    }

    /// Whether the alert gets a mail of its own; otherwise a summary lists it. Without a history, or if the history does
    /// not answer, every alert gets one, and the instance waits between its mails.
    async fn admits(&self, draft: &Draft<'_>, log: &mut InvocationLog) -> bool {
        let admitted = match &draft.session {
            Some(_) if draft.position.is_some_and(|position| !position.mailed) => Some(false),
            // If it could not be claimed, it is of no use to ask again.
            Some(_) if draft.may_repeat => None,
            Some(session) => {
                let until = (draft.timetable.publish - 4 * WORTH_AN_ATTEMPT).min(Instant::now() + WAIT_FOR_A_PLACE);
                Box::pin(session.takes_place(draft.alert.severity, until, self.clock, log)).await
            }
            None => None,
        };
        if admitted.is_none() {
            self.publisher.pace(draft.timetable.publish).await;
        }
        admitted.unwrap_or(true)
    }

    /// Publishes the mail. If that fails, the claim on the event ends, so that the next attempt need not wait.
    async fn publish(&self, draft: &Draft<'_>, log: &mut InvocationLog) -> Result<(), InvocationError> {
        let begun = Instant::now();
        match Box::pin(self.publisher.send(&draft.email, draft.timetable.publish)).await {
            Ok(published) => {
                log.mail = if published { MailStatus::Published } else { MailStatus::Printed };
                log.publish = begun.elapsed();
                if let Some(session) = &draft.session {
                    session.history.witness(&session.entry.line.event_id);
                }
                Ok(())
            }
            Err(cause) => {
                if let Some(session) = &draft.session {
                    Box::pin(session.give_back(cause.may_have_arrived, log)).await;
                }
                let event_id = log.event_id.clone().unwrap_or_else(|| "(without an eventID)".to_owned());
                Err(InvocationError::NotPublished { event_id, cause })
            }
        }
    }

    /// Informs the channels, then records the alert: after a crash in between, the next attempt informs them again. An
    /// alert that cannot be recorded as suppressed is mailed.
    async fn after_the_mail(&self, draft: &Draft<'_>, log: &mut InvocationLog) -> Result<(), InvocationError> {
        self.inform_channels(draft, log).await;
        let Some(session) = &draft.session else { return Ok(()) };
        let mut withdrawn = None;
        if log.mail == MailStatus::Suppressed {
            let record = draft.record(MailStatus::Suppressed);
            // If that is not possible, there must be time for the mail.
            let until = draft.timetable.publish - 2 * WORTH_AN_ATTEMPT;
            let Err(entry) = Box::pin(session.suppress(record, (self.clock)(), until, log)).await else {
                session.history.witness(&session.entry.line.event_id);
                return Ok(());
            };
            withdrawn = Some(entry);
            self.publisher.pace(draft.timetable.publish).await;
            self.publish(draft, log).await?;
            self.inform_channels(draft, log).await;
        }
        Box::pin(session.record(draft.record(log.mail), withdrawn.as_ref(), draft.timetable.end, log)).await;
        if let Some(mute) = draft.kept_back.as_ref().and_then(KeptBack::mute) {
            Box::pin(session.count_held(mute, draft.timetable.end, log)).await;
        }
        Ok(())
    }

    /// Informs the channels. At the same time, counts the mail if it was not counted yet.
    async fn inform_channels(&self, draft: &Draft<'_>, log: &mut InvocationLog) {
        let event = Some((&draft.activity, &draft.event_key));
        let outgoing = Outgoing { alert: &draft.alert, event, mail: log.mail, now: (self.clock)() };
        let mailed = draft.session.as_ref().filter(|_| log.mail == MailStatus::Published);
        let count = async {
            match mailed {
                Some(session) => Box::pin(session.count_mail(draft.position, draft.alert.severity)).await,
                None => None,
            }
        };
        let (failures, not_counted) = tokio::join!(Box::pin(self.channels.deliver(&outgoing)), count);
        log.channel_failures.extend(failures);
        if let Some(why) = not_counted {
            log.history_failed(&why);
        }
    }
}
