//! How the handling of an event uses the [history](crate::history). A failure of the history never prevents an alert.

use super::timetable::over_at;
use crate::alert::BurstNote;
use crate::baseline::Former;
use crate::detection::{PriorActivity, chains};
use crate::event::{Activity, Found, Principal};
use crate::history::budget::{self, Place, Share};
use crate::history::burst::BurstPosition;
use crate::history::review::Reviews;
use crate::history::{
    AlertRecord, Claim, Entry, History, HistoryError, Line, RelatedActivity, caused_by, is_provisioning,
};
use crate::limits::CAUSE_PAUSES;
use crate::severity::Severity;
use crate::telemetry::InvocationLog;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// The history, and the event that is being recorded.
#[derive(Debug)]
pub struct HistorySession<'a> {
    pub history: &'a History,
    pub entry: Entry,
    /// Until when this invocation claims the event: its time is over then, no matter how long the wait for the claim is.
    until: DateTime<Utc>,
    /// The `AssumeRoot` that opened the session of the call, if the history knows it.
    opened: Option<Line>,
    /// Of what IAM Identity Center writes: the key under which the cause is recorded.
    provisioned_by: Option<String>,
    /// If there was no event: how the change was found.
    found: Option<Found>,
    /// The CloudTrail record, as JSON.
    raw: String,
}

/// Why this invocation does not alert on an event.
pub(super) enum NotOurs {
    AlreadyAlerted,
    InProgress,
}

impl<'a> HistorySession<'a> {
    pub(super) fn new(
        history: &'a History,
        (activity, opened): (&Activity, Option<Line>),
        raw: &Value,
        now: DateTime<Utc>,
        time_left: Duration,
    ) -> Self {
        let entry = Entry::new(activity, chains::steps_of(activity), raw, now);
        let provisioned_by = if is_provisioning(activity) { caused_by(activity) } else { None };
        let (until, found) = (over_at(now, time_left), activity.found);
        Self { history, entry, until, opened, provisioned_by, found, raw: raw.to_string() }
    }

    /// Records an event that is not alerted on.
    pub(super) async fn keep_not_alerted(&self, why: &Phrase, log: &mut InvocationLog) {
        let kept = Box::pin(self.history.keep_not_alerted(&self.entry, &why.plain(), &self.raw)).await;
        kept.inspect_err(|why| log.history_failed(why)).ok();
    }

    /// Claims the event and asks what happened before, at the same time as the lookups. The related activity is read
    /// after the claim: of two events that are handled at the same time, one finds the other.
    pub(super) async fn claim(
        &self,
        deadline: Instant,
        clock: fn() -> DateTime<Utc>,
    ) -> Result<PriorActivity, NotOurs> {
        let (history, entry) = (self.history, &self.entry);
        let (retried, recorded) = match history.claim(entry, self.until, deadline, clock).await {
            Claim::Ours { retried } => (retried, false),
            Claim::AlreadyAlerted { witnessed: true } => return Err(NotOurs::AlreadyAlerted),
            // Nothing that only the history says keeps a CRITICAL alert back: somebody may have written that.
            Claim::AlreadyAlerted { witnessed: false } => (false, true),
            Claim::InProgress => return Err(NotOurs::InProgress),
            Claim::Unknown(why) => return Ok(unknown(why, true, false)),
        };
        let known = async {
            let (related, cause, reviews, former) = tokio::join!(
                Box::pin(history.related(entry)),
                Box::pin(self.cause(deadline)),
                Box::pin(history.reviews()),
                Box::pin(self.former())
            );
            let reviews = reviews.unwrap_or_else(|why| Reviews { unknown: Some(why), ..Reviews::default() });
            // When a change without an event was made is not known, nor after which other.
            let mut chains = if self.found.is_none() { chains::completed(entry, &related) } else { Vec::new() };
            join_all(chains.iter_mut().map(|completed| async {
                completed.alerted_before = !history.names(entry, completed.chain.name, &completed.key).await;
            }))
            .await;
            PriorActivity { related, chains, cause, reviews, former, retried, ..PriorActivity::default() }
        };
        let known = timeout_at(deadline, Box::pin(known)).await;
        let known = known.unwrap_or_else(|_| unknown(HistoryError::NoTimeLeft, false, retried));
        Ok(PriorActivity { recorded_as_alerted: recorded, ..known })
    }

    /// The call that the event follows from. That of a provisioning may arrive a moment later: the two come from different
    /// regions. What else the history says must not wait until the deadline for it.
    async fn cause(&self, deadline: Instant) -> Option<Line> {
        let Some(key) = &self.provisioned_by else { return self.opened.clone() };
        let mut pauses = CAUSE_PAUSES.into_iter();
        loop {
            match self.history.cause(key, self.entry.line.time).await {
                Ok(None) => {}
                // What is not known is not claimed.
                found => return found.ok().flatten(),
            }
            let pause = pauses.next().filter(|pause| Instant::now() + *pause + CAUSE_PAUSES[0] < deadline)?;
            sleep(pause).await;
        }
    }

    /// What the baseline and earlier events say about the target; `None` if the call changes nothing that a baseline has.
    async fn former(&self) -> Option<Result<Former, HistoryError>> {
        let change = self.entry.changes.first()?;
        let account = self.entry.line.account.as_ref()?;
        let until = self.entry.line.time;
        let trace = Box::pin(self.history.trace(account, &change.resource, until)).await;
        Some(trace.map(|trace| match &self.found {
            Some(found) => trace.before_found(found),
            None => trace.before(self.entry.line.time, &self.entry.line.event_id),
        }))
    }

    /// Ends the claim, because the alert was not published.
    pub(super) async fn give_back(&self, mail_may_have_arrived: bool, log: &mut InvocationLog) {
        let given = Box::pin(self.history.give_back(&self.entry, self.until, mail_may_have_arrived)).await;
        given.inspect_err(|why| log.history_failed(why)).ok();
    }

    /// The event's position among those of its actor; `None` if it is mailed in any case, or the count is not known.
    pub(super) async fn position(
        &self,
        prior: &PriorActivity,
        (severity, incomplete): (Severity, bool),
        deadline: Instant,
        log: &mut InvocationLog,
    ) -> Option<BurstPosition> {
        // Nobody is known to have made what was found: it is no burst of anybody.
        if prior.must_be_mailed() || self.found.is_some() {
            return None;
        }
        let (history, entry) = (self.history, &self.entry);
        let (count, elsewhere) =
            (Box::pin(history.count(entry, severity)), Box::pin(history.made_elsewhere(entry, severity, incomplete)));
        let counted = async { tokio::join!(count, elsewhere) };
        let (position, elsewhere) = timeout_at(deadline, counted).await.ok()?;
        // Of a roll-out to all accounts, the first alert is mailed.
        let repeats = elsewhere.inspect_err(|why| log.history_failed(why)).ok().flatten().is_some();
        let mut position = position.inspect_err(|why| log.history_failed(why)).ok()?;
        position.mailed &= !repeats;
        Some(position)
    }

    /// Whether the alert finds a place in the budget of the topic; `None` if that is not known. Waits for a place until a
    /// time: a few alerts that come together are mailed one after the other.
    pub(super) async fn takes_place(
        &self,
        severity: Severity,
        until: Instant,
        clock: fn() -> DateTime<Utc>,
        log: &mut InvocationLog,
    ) -> Option<bool> {
        let share = Share::of(severity);
        loop {
            let now = clock();
            match Box::pin(self.history.take_place(share, now)).await {
                Ok(Place::Taken) => return Some(true),
                Ok(Place::UsedUp) => return Some(false),
                Ok(Place::Later) => {
                    let next = budget::until_next_interval(now).to_std().unwrap_or_default();
                    // Those who wait for the same interval must not all ask at its first moment.
                    let next = next + Duration::from_millis(fastrand::u64(0..300));
                    if Instant::now() + next >= until {
                        // The others of this instance need not wait in vain, too.
                        self.history.used_up(share, now);
                        return Some(false);
                    }
                    sleep(next).await;
                }
                Err(why) => {
                    log.history_failed(&why);
                    return None;
                }
            }
        }
    }

    /// Records the alert as suppressed, until a time at most.
    ///
    /// # Errors
    /// If that is not known: the entry that may have been recorded.
    pub(super) async fn suppress(
        &self,
        alert: AlertRecord<'_>,
        now: DateTime<Utc>,
        until: Instant,
        log: &mut InvocationLog,
    ) -> Result<(), Entry> {
        let alert = AlertRecord { record: &self.raw, ..alert };
        let entry = Entry { arrived: now, ..self.entry.clone() };
        let attempts = async {
            // A second attempt writes the same items once more.
            match Box::pin(self.history.keep(&entry, &alert, None)).await {
                Err(_) => Box::pin(self.history.keep(&entry, &alert, None)).await,
                kept => kept,
            }
        };
        let kept = timeout_at(until, attempts).await.unwrap_or(Err(HistoryError::TimedOut));
        kept.map_err(|why| {
            log.history_failed(&why);
            entry
        })
    }

    /// What the alert says about its burst. `own` is the account of the function, and of the table.
    pub(super) fn burst_note(&self, position: BurstPosition, own: Option<&str>) -> BurstNote<'_> {
        BurstNote { position, entry: &self.entry, table: self.history.table(), elsewhere: self.elsewhere(own) }
    }

    /// The account of the function, and of the table, if it is another one than the event's.
    pub(super) fn elsewhere(&self, own: Option<&str>) -> Option<Untrusted> {
        own.map(Untrusted::new).filter(|own| self.entry.line.account.as_ref() != Some(own))
    }

    /// Counts an alert that a mute kept back, until a time at most.
    pub(super) async fn count_held(&self, mute: &Untrusted, until: Instant, log: &mut InvocationLog) {
        let counted = timeout_at(until, Box::pin(self.history.count_held(mute))).await;
        counted.unwrap_or(Err(HistoryError::TimedOut)).inspect_err(|why| log.history_failed(why)).ok();
    }

    /// Counts a mail that was not counted yet, or records its origin.
    pub(super) async fn count_mail(&self, position: Option<BurstPosition>, severity: Severity) -> Option<HistoryError> {
        let (history, entry) = (self.history, &self.entry);
        let new_origin = match position {
            Some(position) => position.new_origin,
            None => match Box::pin(history.count(entry, severity)).await {
                Ok(position) => position.new_origin,
                Err(why) => return Some(why),
            },
        };
        if new_origin { Box::pin(history.note_origin(entry)).await.err() } else { None }
    }

    /// Records the alert, until a time at most. `withdrawn` is the entry that may have been recorded as suppressed.
    pub(super) async fn record(
        &self,
        alert: AlertRecord<'_>,
        withdrawn: Option<&Entry>,
        until: Instant,
        log: &mut InvocationLog,
    ) {
        let alert = AlertRecord { record: &self.raw, ..alert };
        let recorded = timeout_at(until, async {
            let kept = match Box::pin(self.history.keep(&self.entry, &alert, withdrawn)).await {
                Err(_) if withdrawn.is_some() => Box::pin(self.history.keep(&self.entry, &alert, None)).await,
                kept => kept,
            };
            if let Err(why) = &kept {
                log.history_failed(why);
                Box::pin(self.history.keep_only_state(&self.entry)).await.ok();
            }
        });
        if recorded.await.is_err() {
            log.history_failed(&HistoryError::TimedOut);
        }
    }
}

/// The prior activity if the history did not answer, and why.
fn unknown(why: HistoryError, may_repeat: bool, retried: bool) -> PriorActivity {
    let related = RelatedActivity { unknown: Some(why), may_repeat, ..RelatedActivity::default() };
    PriorActivity { related, retried, ..PriorActivity::default() }
}

/// The activity, as a call in a session as root if the history knows its `AssumeRoot`, which is returned, too: records do
/// not always say so.
pub(super) async fn with_session(activity: Activity, history: Option<&History>) -> (Activity, Option<Line>) {
    let by_root = matches!(activity.principal, Principal::Root(_));
    let key = caused_by(&activity).filter(|_| by_root);
    let Some((history, key, time)) =
        history.zip(key).zip(activity.time).map(|((history, key), time)| (history, key, time))
    else {
        return (activity, None);
    };
    match Box::pin(history.cause(&key, time)).await {
        Ok(Some(opened)) => (activity.in_root_session(), Some(opened)),
        // What is not known is not claimed.
        Ok(None) | Err(_) => (activity, None),
    }
}
