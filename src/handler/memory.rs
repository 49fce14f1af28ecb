//! What the journey of an event has to do with the [history](crate::history): nothing of it can cost an alert.

use super::{Draft, Handler, KEPT_FOR_PUBLISHING};
use crate::assessment::{Story, chains};
use crate::channel::email;
use crate::channel::sns::NotPublished;
use crate::directory::Directory;
use crate::handled::{Failure, Handled};
use crate::history::flood::{self, Place, Untold};
use crate::history::{Claim, Entry, History, Lately};
use crate::phrase;
use crate::report::compose::account_name;
use crate::report::{Report, closing};
use crate::severity::Severity;
use crate::telemetry::{Journey, Mail};
use crate::text::Phrase;
use chrono::TimeDelta;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Why an event is not ours to tell.
pub(super) enum NotOurs {
    ToldBefore,
    InProgress,
}

impl<D: Directory> Handler<D> {
    /// Claims the event and asks what happened before it, side by side with the lookups. The story is asked for after
    /// the claim: of two events that are handled at the same time, one finds the other.
    pub(super) async fn story(
        &self,
        entry: Option<&Entry>,
        time_left: Duration,
        deadline: Instant,
    ) -> Result<Option<Story>, NotOurs> {
        let (Some(history), Some(entry)) = (&self.history, entry) else { return Ok(None) };
        // However long we wait for it: with the time of this invocation ends its claim.
        let until = entry.arrived + TimeDelta::from_std(time_left).unwrap_or(TimeDelta::seconds(30));
        let again = match history.claim(entry, until, deadline, self.clock).await {
            Claim::Ours { again } => again,
            Claim::ToldBefore => return Err(NotOurs::ToldBefore),
            Claim::Elsewhere => return Err(NotOurs::InProgress),
            Claim::Unknown(why) => return Ok(Some(unknown(phrase!(why, "; this alert may come twice"), false))),
        };
        let told = async {
            let lately = Box::pin(history.lately(entry)).await;
            let mut chains = chains::completed(entry, &lately);
            join_all(chains.iter_mut().map(|completed| async {
                completed.told_before = !history.names(entry, completed.chain.name, &completed.key).await;
            }))
            .await;
            Story { lately, chains, again }
        };
        let told = timeout_at(deadline, Box::pin(told)).await;
        Ok(Some(told.unwrap_or_else(|_| unknown("there was no time left to ask the history".into(), again))))
    }

    /// The place of the event among those like it, where it may belong to a flood. What is below the minimum is no mail,
    /// and makes no flood of them.
    pub(super) async fn place(
        &self,
        entry: &Entry,
        story: &Story,
        severity: Severity,
        deadline: Instant,
        journey: &mut Journey,
    ) -> Option<Place> {
        let history = self.history.as_ref().filter(|_| severity >= self.settings.minimum_severity)?;
        if story.has_to_be_mailed() || !flood::may_be_one(entry, &story.lately) {
            return None;
        }
        let place = timeout_at(deadline, Box::pin(history.count(entry, severity))).await.ok()?;
        place.inspect_err(|why| journey.history_failed(why)).ok()
    }

    /// Whether the mail was left out, since it is one of a flood. What cannot be remembered in time is not left out.
    pub(super) async fn left_out(&self, draft: &Draft, journey: &mut Journey) -> bool {
        let (Some(history), Some(entry)) = (&self.history, &draft.entry) else { return false };
        if draft.place.is_none_or(|place| place.mailed) {
            return false;
        }
        let told = draft.told(Mail::LeftOut);
        let left_out = timeout_at(draft.deadline, Box::pin(history.leave_out(entry, &told))).await;
        left_out.is_ok_and(|left_out| left_out.inspect_err(|why| journey.history_failed(why)).is_ok())
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

    /// Sums up what was left out of floods. It is called every few minutes, so that what the history does not answer is
    /// asked again soon, and no failure of the invocation.
    pub(super) async fn sum_up(&self, time_left: Duration, journey: &mut Journey) -> Result<Handled, Failure> {
        journey.mail = Mail::SummingUp;
        let mut reports = Vec::new();
        let Some(history) = &self.history else { return Ok(self.summed_up(&reports)) };
        let deadline = Instant::now() + time_left.saturating_sub(KEPT_FOR_PUBLISHING);
        let untold = history.untold((self.clock)()).await.inspect_err(|why| journey.history_failed(why));
        for flood in untold.into_iter().flatten() {
            match self.sum_up_one(history, &flood, deadline, journey).await {
                Ok(report) => reports.extend(report),
                Err(NotSummedUp::Unknown(why)) => journey.history_failed(&why),
                Err(NotSummedUp::NotPublished(cause)) if reports.is_empty() => {
                    return Err(Failure::NotSummedUp { cause });
                }
                // What was mailed already is returned, and told to the webhook; this one is tried again within minutes.
                Err(NotSummedUp::NotPublished(cause)) => {
                    tracing::warn!(%cause, "a flood was not summed up; it is tried again within minutes");
                    break;
                }
            }
        }
        Ok(self.summed_up(&reports))
    }

    /// What is returned of the mails that were sent.
    fn summed_up(&self, reports: &[Report]) -> Handled {
        let webhook = reports.split_first().zip(self.settings.webhook);
        Handled::SummedUp {
            subjects: reports.iter().map(email::subject).collect(),
            published: !reports.is_empty(),
            webhook: webhook.map(|((first, others), webhook)| webhook.render(first, others)),
        }
    }

    /// Sums up one flood; returns what was mailed, and nothing where nothing was: somebody else sends it, or
    /// all was mailed after all.
    async fn sum_up_one(
        &self,
        history: &History,
        untold: &Untold,
        deadline: Instant,
        journey: &mut Journey,
    ) -> Result<Option<Report>, NotSummedUp> {
        let now = (self.clock)();
        if !history.take_on(untold, now).await? {
            return Ok(None);
        }
        let summary = history.left_out(untold, deadline).await?;
        let mut mailed = None;
        if summary.count > 0 {
            let alias = self.directory.account_alias(deadline).await;
            let name = account_name(untold.account.as_ref(), &self.settings.account_names, &alias);
            let report = closing::report(untold, &summary, history.table(), name.as_ref());
            self.outbox.send(&email::render(&report)).await.map_err(NotSummedUp::NotPublished)?;
            journey.chat_failure = self.tell(&report).await.or(journey.chat_failure.take());
            mailed = Some(report);
        }
        let noted = history.summed_up(untold, summary.count, now).await;
        noted.inspect_err(|why| journey.history_failed(why)).ok();
        Ok(mailed)
    }
}

/// A story of which nothing is known, and why.
fn unknown(why: Phrase, again: bool) -> Story {
    Story { lately: Lately { unknown: Some(why), ..Lately::default() }, chains: Vec::new(), again }
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
