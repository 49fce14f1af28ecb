//! What the journey of an event has to do with the [history](crate::history): nothing of it can cost an alert.

use super::{Draft, Handler, KEPT_FOR_PUBLISHING};
use crate::assessment::{Story, chains};
use crate::channel::email;
use crate::channel::sns::NotPublished;
use crate::directory::Directory;
use crate::handled::{Failure, Handled};
use crate::history::flood::{Ended, Place};
use crate::history::{Claim, Entry, History, Lately};
use crate::phrase;
use crate::report::closing;
use crate::severity::Severity;
use crate::telemetry::{Journey, Mail};
use crate::text::{Phrase, Untrusted};
use chrono::TimeDelta;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::Instant;

/// Why an event is not ours to tell.
pub(super) enum NotOurs {
    ToldBefore,
    InProgress,
}

impl<D: Directory> Handler<D> {
    /// Claims the event and asks what happened before it, side by side with the lookups. The story is asked for after
    /// the claim: of two events that are handled at the same time, one finds the other.
    pub(super) async fn story(&self, entry: Option<&Entry>, time_left: Duration) -> Result<Option<Story>, NotOurs> {
        let (Some(history), Some(entry)) = (&self.history, entry) else { return Ok(None) };
        let given_up = Instant::now() + time_left.saturating_sub(KEPT_FOR_PUBLISHING);
        // However long we wait for it: with the time of this invocation ends its claim.
        let until = entry.arrived + TimeDelta::from_std(time_left).unwrap_or(TimeDelta::seconds(30));
        match history.claim(entry, until, given_up, self.clock).await {
            Claim::Ours => {}
            Claim::ToldBefore => return Err(NotOurs::ToldBefore),
            Claim::Elsewhere => return Err(NotOurs::InProgress),
            Claim::Unknown(why) => {
                let unknown = Some(phrase!(why, "; this alert may come twice"));
                return Ok(Some(Story { lately: Lately { unknown, ..Lately::default() }, chains: Vec::new() }));
            }
        }
        let lately = Box::pin(history.lately(entry)).await;
        let mut chains = chains::completed(entry, &lately);
        join_all(chains.iter_mut().map(|completed| async {
            completed.told_before = !history.names(entry, completed.chain.name, completed.key()).await;
        }))
        .await;
        Ok(Some(Story { lately, chains }))
    }

    /// The place of the event among those like it. What is below the minimum is no mail, and makes no flood of them.
    pub(super) async fn place(&self, entry: &Entry, severity: Severity, journey: &mut Journey) -> Option<Place> {
        let history = self.history.as_ref().filter(|_| severity >= self.settings.minimum_severity)?;
        let place = Box::pin(history.count(entry, severity)).await;
        place.inspect_err(|why| journey.history_failed(why)).ok()
    }

    /// Whether the mail was left out, since it is one of a flood. What cannot be remembered is not left out.
    pub(super) async fn left_out(&self, draft: &Draft, journey: &mut Journey) -> bool {
        let (Some(history), Some(entry)) = (&self.history, &draft.entry) else { return false };
        if draft.place.is_none_or(|place| place.mailed) {
            return false;
        }
        let left_out = Box::pin(history.leave_out(entry, &draft.told(Mail::LeftOut))).await;
        left_out.inspect_err(|why| journey.history_failed(why)).is_ok()
    }

    /// Remembers what was told, and counts it where that was not done yet.
    pub(super) async fn remember(&self, draft: &Draft, journey: &mut Journey) {
        let (Some(history), Some(entry)) = (&self.history, &draft.entry) else { return };
        let told = draft.told(journey.mail);
        let counted = async {
            if journey.mail == Mail::Published && draft.place.is_none() {
                history.count(entry, draft.report.severity).await.map(|_| ())
            } else {
                Ok(())
            }
        };
        let (kept, counted) = Box::pin(async { tokio::join!(history.keep(entry, &told), counted) }).await;
        for why in [kept, counted].into_iter().filter_map(Result::err) {
            journey.history_failed(&why);
        }
    }

    /// Sums up the floods that have ended. It is called every few minutes, so that what the history does not answer is
    /// asked again soon, and no failure of the invocation.
    pub(super) async fn sum_up(&self, time_left: Duration, journey: &mut Journey) -> Result<Handled, Failure> {
        journey.mail = Mail::SummingUp;
        let mut subjects = Vec::new();
        let Some(history) = &self.history else { return Ok(Handled::SummedUp { subjects }) };
        let deadline = Instant::now() + time_left.saturating_sub(KEPT_FOR_PUBLISHING);
        let ended = history.ended((self.clock)()).await.inspect_err(|why| journey.history_failed(why));
        for ended in ended.into_iter().flatten() {
            match self.sum_up_one(history, &ended, deadline).await {
                Ok(subject) => subjects.extend(subject),
                Err(NotSummedUp::Unknown(why)) => journey.history_failed(&why),
                Err(NotSummedUp::NotPublished(cause)) => return Err(Failure::NotSummedUp { cause }),
            }
        }
        Ok(Handled::SummedUp { subjects })
    }

    /// Sums up one flood; returns the subject of the mail, and nothing where somebody else does it.
    async fn sum_up_one(
        &self,
        history: &History,
        ended: &Ended,
        deadline: Instant,
    ) -> Result<Option<String>, NotSummedUp> {
        if !history.take_on(ended, (self.clock)()).await? {
            return Ok(None);
        }
        let summary = history.left_out(ended, deadline).await?;
        let alias = self.directory.account_alias(deadline).await;
        let id = ended.account.as_ref().map_or("", Untrusted::raw);
        let name = self.settings.account_names.get(id).map(Untrusted::new).or_else(|| alias.found().cloned());
        let email = email::render(&closing::report(ended, &summary, history.table(), name.as_ref()));
        self.outbox.send(&email).await.map_err(NotSummedUp::NotPublished)?;
        history.summed_up(ended).await?;
        Ok(Some(email.subject))
    }
}

/// Why a flood was not summed up.
enum NotSummedUp {
    Unknown(Phrase),
    NotPublished(NotPublished),
}

impl From<Phrase> for NotSummedUp {
    fn from(why: Phrase) -> Self {
        Self::Unknown(why)
    }
}
