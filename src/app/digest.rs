//! The digest on schedule: it is sent once for each period, by whichever run is first.

use super::scheduled::{NotSent, Scheduled};
use super::timetable::over_at;
use crate::alert::{Digest, Findings, digest};
use crate::channel::email;
use crate::config::{Mode, Period};
use crate::history::digest::{Progress, Span, Tally, due};
use crate::history::heartbeat::Heartbeat;
use crate::history::{History, HistoryError};
use crate::limits::{DAYS_READ_AT_ONCE, WORTH_AN_ATTEMPT};
use crate::lookup::Directory;
use crate::telemetry::InvocationLog;
use crate::text::Untrusted;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use futures_util::stream::{self, TryStreamExt};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use tokio::time::Instant;

/// How long a digest waits for a run without summaries: a webhook gets one message a run.
const WAITS: TimeDelta = TimeDelta::hours(1);
/// Where the events without an account are listed.
const UNKNOWN: &str = "unknown";

/// What was read for a digest.
struct Read {
    tally: Tally,
    accounts: Vec<Untrusted>,
    heartbeats: Vec<Heartbeat>,
    owners_known: bool,
    unread: usize,
}

impl<D: Directory> Scheduled<'_, D> {
    /// Sends the digest that is due, if there is one and it need not wait; returns what was mailed. What fails is left for
    /// the next scheduled run.
    pub(super) async fn send_digest(
        &self,
        history: Option<&History>,
        after_summaries: bool,
        log: &mut InvocationLog,
    ) -> Option<Digest> {
        let (history, period) = history.zip(self.settings.digest)?;
        let sent = Box::pin(self.send_if_due(history, period, after_summaries, log)).await;
        sent.inspect_err(|why| why.log(log)).ok().flatten()
    }

    async fn send_if_due(
        &self,
        history: &History,
        period: Period,
        after_summaries: bool,
        log: &mut InvocationLog,
    ) -> Result<Option<Digest>, NotSent> {
        let now = (self.clock)();
        let Some(span) = due(period, history.digests_sent_to(now).await?, now) else { return Ok(None) };
        let waits = after_summaries && self.settings.webhook.is_some() && now < span.to + WAITS;
        if waits || Instant::now() + 4 * WORTH_AN_ATTEMPT > self.timetable.publish {
            return Ok(None);
        }
        let until = over_at(now, self.timetable.end.saturating_duration_since(Instant::now()));
        let Some(mut progress) = history.take_digest(now, until).await? else { return Ok(None) };
        let sent = match due(period, progress.sent_to, now) {
            Some(span) => Box::pin(self.send_of(history, &mut progress, (span, until), log)).await.map(Some),
            None => Ok(None),
        };
        // Then the next run need not wait until this one would be over.
        let noted = history.note_digest(&progress, until, true).await;
        noted.inspect_err(|why| log.history_failed(why)).ok();
        sent
    }

    /// Before the mail it is noted that the mail is sent: after a crash, the next run says that its mail may be the second
    /// one.
    async fn send_of(
        &self,
        history: &History,
        progress: &mut Progress,
        (span, until): (Span, DateTime<Utc>),
        log: &mut InvocationLog,
    ) -> Result<Digest, NotSent> {
        let may_be_second = progress.begun == Some(span.to);
        let unsent_since = Some(progress.sent_to).filter(|sent_to| *sent_to < span.from);
        let digest = Box::pin(self.compose_digest(history, span, unsent_since, may_be_second)).await?;
        let begun = Progress { begun: Some(span.to), ..*progress };
        history.note_digest(&begun, until, false).await?;
        if let Err(cause) = self.publisher.send(&email::digest(&digest), self.timetable.publish).await {
            progress.begun = Some(span.to).filter(|_| may_be_second || cause.may_have_arrived);
            return Err(NotSent::NotPublished(cause));
        }
        log.channel_failures.extend(self.channels.digest(&digest).await);
        *progress = Progress { sent_to: span.to, begun: None };
        Ok(digest)
    }

    async fn compose_digest(
        &self,
        history: &History,
        span: Span,
        unsent_since: Option<DateTime<Utc>>,
        may_be_second: bool,
    ) -> Result<Digest, HistoryError> {
        let now = (self.clock)();
        let own = self.settings.topic.account().map(Untrusted::new);
        let Read { tally, accounts, heartbeats, owners_known, unread } =
            Box::pin(self.read(history, span, own.as_ref())).await?;
        let checked = join_all(tally.first_unfinished.iter().map(|event| history.is_unfinished(event)));
        let unfinished = checked.await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mutes = history.mutes(now).await?;
        let silent = heartbeats.iter().filter(|heartbeat| heartbeat.is_silent(now)).map(|heartbeat| &heartbeat.account);
        let names = self.account_names(own.iter().chain(tally.accounts_named()).chain(silent)).await;
        Ok(digest(&Findings {
            span,
            now,
            tally: &tally,
            unfinished: unfinished.into_iter().filter(|unfinished| *unfinished).count(),
            of_organization: self.settings.reader_role.is_some(),
            observing: self.settings.mode == Mode::Observe,
            owners_known,
            mutes: &mutes,
            heartbeats: self.settings.heartbeat_role.is_some().then_some(&heartbeats),
            accounts: &accounts,
            names: &names,
            own: own.as_ref(),
            unread,
            unsent_since,
            may_be_second,
            table: history.table().name,
        }))
    }

    /// Counts the lines of all accounts, some days at the same time, as far as there is time.
    async fn read(&self, history: &History, span: Span, own: Option<&Untrusted>) -> Result<Read, HistoryError> {
        let heartbeats = history.heartbeats().await?;
        let (acknowledged, owners_known) = history.acknowledged(span.from).await?;
        let accounts: BTreeSet<_> = heartbeats.iter().map(|heartbeat| &heartbeat.account).chain(own).cloned().collect();
        let ids = accounts.iter().map(Untrusted::raw).chain([UNKNOWN]);
        let days = ids.flat_map(|account| span.days().map(move |day| (account, day)));
        let (tally, unread) = (RefCell::new(Tally::default()), Cell::new(0));
        let count = |line: &_| tally.borrow_mut().add(line, &acknowledged);
        let lists = stream::iter(days.map(Ok)).try_for_each_concurrent(DAYS_READ_AT_ONCE, async |day| {
            if !history.read_day(day, span, self.timetable.lookups, count).await? {
                unread.set(unread.get() + 1);
            }
            Ok::<_, HistoryError>(())
        });
        lists.await?;
        let (tally, accounts) = (tally.into_inner(), accounts.into_iter().collect());
        Ok(Read { tally, accounts, heartbeats, owners_known, unread: unread.get() })
    }
}
