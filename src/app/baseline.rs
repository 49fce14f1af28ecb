//! The baseline on schedule: each account is read once a day, in as many runs as it takes. One run works on one account.

use super::handler::Handler;
use super::scheduled::NotSent;
use super::timetable::{Timetable, over_at};
use crate::alert::Alert;
use crate::baseline::{Due, Progress, Read};
use crate::history::store::{Index, Renewed, short};
use crate::history::{History, HistoryError};
use crate::limits::{
    ACCOUNTS_LOOKED_FOR_AGAIN, GIVES_UP_A_KIND, PAGE_PATIENCE, REPORT_ASKED_FOR, RUNS_WITHOUT_A_PAGE, WORTH_AN_ATTEMPT,
};
use crate::lookup::inventory::{Page, Place};
use crate::lookup::{Directory, Unavailable};
use crate::telemetry::InvocationLog;
use crate::text::Untrusted;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// Why the baseline did not come further. The next run tries again.
pub(super) enum Halted {
    History(HistoryError),
    /// IAM did not answer.
    NotRead(Unavailable),
    NotSent(NotSent),
}

impl From<HistoryError> for Halted {
    fn from(why: HistoryError) -> Self {
        Self::History(why)
    }
}

/// So many entities that are gone are noted at once.
const GONE_AT_ONCE: usize = 20;

/// The work of this run on the baseline of one account.
pub(super) struct Work<'a> {
    pub(super) history: &'a History,
    pub(super) account: Untrusted,
    pub(super) progress: Progress,
    pub(super) timetable: Timetable,
}

impl<D: Directory> Handler<D> {
    /// Goes on with the baseline of the account that needs it most, if one does. Adds the alerts that were sent.
    pub(super) async fn keep_baseline(&self, time_left: Duration, alerts: &mut Vec<Alert>, log: &mut InvocationLog) {
        let Some(history) = &self.history else { return };
        let now = (self.clock)();
        if history.nothing_due_until() > now {
            return;
        }
        let done = Box::pin(self.work_on_baseline(history, time_left, alerts, log)).await;
        match done {
            Ok(()) => {}
            Err(Halted::History(why)) => log.history_failed(&why),
            Err(Halted::NotRead(why)) => log.baseline_failed(&why.words().plain()),
            Err(Halted::NotSent(why)) => why.log(log),
        }
    }

    async fn work_on_baseline(
        &self,
        history: &History,
        time_left: Duration,
        alerts: &mut Vec<Alert>,
        log: &mut InvocationLog,
    ) -> Result<(), Halted> {
        let now = (self.clock)();
        let Some((account, next)) = self.account_due(history, now).await? else { return Ok(()) };
        if next > now {
            history.nothing_due_before(next.min(now + ACCOUNTS_LOOKED_FOR_AGAIN));
            return Ok(());
        }
        let until = over_at(now, time_left);
        let Some(progress) = history.take_baseline(&account, now, until).await? else { return Ok(()) };
        let due = progress.due(now);
        let timetable = Timetable::of(time_left);
        let mut work = Work { history, account, progress, timetable };
        let done = match due {
            Some(Due::Read) => Box::pin(self.read_account(&mut work, now)).await,
            Some(Due::Report) => Box::pin(self.report_first_reading(&mut work, log)).await,
            Some(Due::Compare(window)) => Box::pin(self.compare(&mut work, &window, alerts, log)).await,
            None => Ok(()),
        };
        work.progress.worked = Some(now);
        // What could not be sent does not wait; what cannot be read or written must not hold up the other accounts.
        if matches!(done, Err(Halted::NotRead(_) | Halted::History(_))) {
            work.progress.failed(now);
        } else {
            (work.progress.failed, work.progress.not_before) = (0, None);
        }
        log.baseline_gaps(&work.account, &work.progress);
        history.note_baseline(&work.account, &work.progress, until).await?;
        match done {
            // IAM is busy, or has a bad minute: the next run reads on.
            Err(Halted::NotRead(why)) if why.is_for_now() && work.progress.failed < RUNS_WITHOUT_A_PAGE => Ok(()),
            done => done,
        }
    }

    /// The account that is due first, and when.
    async fn account_due(
        &self,
        history: &History,
        now: DateTime<Utc>,
    ) -> Result<Option<(Untrusted, DateTime<Utc>)>, HistoryError> {
        let known = history.baselines().await?;
        let mut accounts: BTreeSet<_> = self.settings.topic.account().map(Untrusted::new).into_iter().collect();
        if self.settings.reader_role.is_some() {
            let heartbeats = history.heartbeats().await?;
            let speaking = heartbeats.into_iter().filter(|heartbeat| !heartbeat.is_silent(now));
            accounts.extend(speaking.map(|heartbeat| heartbeat.account));
        }
        let never = Progress::default();
        let due = accounts.into_iter().map(|account| {
            let progress = known.get(&account).unwrap_or(&never);
            // What was begun is brought to its end first; then whoever waits longest.
            let begun = progress.begun.is_none();
            ((progress.next(now), begun, progress.worked, account.clone()), account)
        });
        Ok(due.min_by(|(one, _), (other, _)| one.cmp(other)).map(|((next, ..), account)| (account, next)))
    }

    /// Reads the account, as far as there is time.
    async fn read_account(&self, work: &mut Work<'_>, now: DateTime<Utc>) -> Result<(), Halted> {
        if work.progress.begun.is_none() {
            work.progress.begin(now);
        }
        let before = work.progress.clone();
        let read = Box::pin(self.read_pages(work, now)).await;
        if matches!(read, Err(Halted::History(_))) {
            // It goes on where it went on before: whom it has seen since is not noted, and would count as gone.
            work.progress = before;
        }
        read
    }

    async fn read_pages(&self, work: &mut Work<'_>, now: DateTime<Utc>) -> Result<(), Halted> {
        let run = work.progress.begun.unwrap_or(now);
        let mut index = work.history.index(&work.account).await?;
        let seen = work.history.seen(&work.account, run).await?;
        if seen.is_none() {
            // Without what was seen, what is left would look like all that there is.
            (work.progress.place, work.progress.leaving) = (None, false);
        }
        let mut seen = seen.unwrap_or_default();
        if work.progress.leaving {
            return Box::pin(self.leave(work, &seen)).await;
        }
        let mut place = work.progress.place.as_deref().map_or_else(Place::start, Place::parse);
        let read = loop {
            let left = work.timetable.lookups.saturating_duration_since(Instant::now());
            if left < WORTH_AN_ATTEMPT {
                break Ok(());
            }
            let deadline = Instant::now() + left.min(PAGE_PATIENCE);
            let account = Some(work.account.raw().to_owned());
            // What cannot be read may be readable in smaller pages.
            let smaller = place.clone().smaller(work.progress.failed);
            let page = match Box::pin(self.directory.inventory(&account, &smaller, deadline)).await {
                Ok(page) => page,
                Err(why) => {
                    // IAM does not accept its own marker for ever.
                    if matches!(why, Unavailable::Failed(_)) {
                        place = Place::parse(place.kind());
                    }
                    if work.progress.failed >= GIVES_UP_A_KIND
                        && let Some(next) = place.next_part()
                    {
                        work.progress.gap(place.kind(), &format!("{}: {}", place.kind(), why.words().plain()));
                        place = next;
                    }
                    break Err(why);
                }
            };
            let next = page.next.clone();
            // What happened while IAM answered may be in the page, or not.
            let read = (self.clock)();
            Box::pin(self.take_page(work, (place.kind(), page), read, (&mut index, &mut seen))).await?;
            match next {
                None => {
                    work.history.note_seen(&work.account, run, &seen).await?;
                    work.progress.leaving = true;
                    return Box::pin(self.leave(work, &seen)).await;
                }
                // The report is not ready.
                Some(same) if same == place => {
                    work.progress.asked += 1;
                    if work.progress.asked < REPORT_ASKED_FOR {
                        break Ok(());
                    }
                    work.progress.gap(place.kind(), "IAM did not finish the credential report");
                    place = Place::parse("saml-provider");
                }
                Some(next) => place = next,
            }
        };
        work.history.note_seen(&work.account, run, &seen).await?;
        work.progress.place = Some(place.word());
        read.map_err(Halted::NotRead)
    }

    /// Takes over what a page says: writes what is not as it was.
    async fn take_page(
        &self,
        work: &mut Work<'_>,
        (kind, page): (&'static str, Page),
        answered: DateTime<Utc>,
        (index, seen): (&mut Index, &mut BTreeSet<u64>),
    ) -> Result<(), Halted> {
        for gap in &page.gaps {
            work.progress.gap(kind, &format!("{}: {}", gap.what.plain(), gap.reason.words().plain()));
        }
        let mut renewed = Vec::new();
        for entity in &page.entities {
            // One key twice in one transaction would be refused, each time.
            let again = renewed.iter().any(|one: &Renewed| one.resource == entity.resource);
            seen.insert(short(&entity.resource));
            if again || index.has(&entity.resource, &entity.content.to_string()) {
                continue;
            }
            let former = if index.knows(&entity.resource) {
                work.history.newest(&work.account, &entity.resource).await?
            } else {
                None
            };
            let read = Read { since: answered, content: Some(entity.content.clone()), too_large: false };
            renewed.push(Renewed { resource: entity.resource.clone(), read, former });
        }
        let compare = !work.progress.is_first();
        Box::pin(work.history.renew(&work.account, &renewed, compare)).await?;
        for one in &renewed {
            index.note(&one.resource, &one.read.content.as_ref().map(ToString::to_string).unwrap_or_default());
        }
        if work.progress.findings.is_some() {
            Box::pin(self.look_at(work, kind, &page.entities)).await?;
        }
        Ok(())
    }

    /// Notes which entities are gone, as far as there is time; then the reading is over. Of a kind that could not be read to
    /// its end, nothing is known to be gone.
    async fn leave(&self, work: &mut Work<'_>, seen: &BTreeSet<u64>) -> Result<(), Halted> {
        let mut gone = Vec::new();
        let found = |resource: &str, _: &str| {
            let kind = resource.split('/').next().unwrap_or_default();
            if !seen.contains(&short(resource)) && !work.progress.has_gap(kind) {
                gone.push(resource.to_owned());
            }
        };
        work.history.each_entity(&work.account, found).await?;
        for some in gone.chunks(GONE_AT_ONCE) {
            if Instant::now() + 2 * WORTH_AN_ATTEMPT > work.timetable.lookups {
                return Ok(());
            }
            let since = (self.clock)();
            let former = join_all(some.iter().map(|resource| work.history.newest(&work.account, resource))).await;
            let former = former.into_iter().collect::<Result<Vec<_>, _>>()?;
            let renewed = some.iter().zip(former).map(|(resource, former)| Renewed {
                resource: resource.clone(),
                read: Read { since, content: None, too_large: false },
                former,
            });
            let renewed: Vec<_> = renewed.collect();
            Box::pin(work.history.renew(&work.account, &renewed, !work.progress.is_first())).await?;
        }
        work.progress.end((self.clock)());
        Ok(())
    }
}
