//! What the digest reads: how far the digests have come, the days of an account, what people decided. Nothing here holds
//! more than one page of lines.

use super::answers::{if_accepted, patient, unless_refused, why_not};
use super::keys::{DIGEST, Item, REVIEW, at, day_list, event_list, keys};
use super::table::History;
use super::values::{millis, number, text, time, untrusted};
use crate::history::digest::{Progress, Span};
use crate::history::review::Mute;
use crate::history::{HistoryError, Line};
use crate::limits::LONGEST_INVOCATION;
use crate::text::Untrusted;
use aws_sdk_dynamodb::types::ReturnValue;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;
use tokio::time::{Instant, timeout_at};

const PROGRESS: &str = "PROGRESS";
/// The most lines of one answer. Several answers are in memory at the same time.
const LINES_AT_ONCE: i32 = 500;
/// The most acknowledgements that are kept in memory.
const ACKNOWLEDGED: usize = 10_000;

impl History {
    /// The end of the last digest's period. The first time, the digests begin now.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn digests_sent_to(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, HistoryError> {
        if let Some(sent_to) = self.digests_sent_to.get() {
            return Ok(sent_to);
        }
        let answer = patient("digest", self.of(DIGEST).send()).await?;
        let items = answer.items.ok_or(HistoryError::NotUnderstood)?;
        let sent_to = match items.first() {
            Some(item) => progress(item)?.sent_to,
            None => self.begin_digests(now).await?,
        };
        self.digests_sent_to.set(Some(sent_to));
        Ok(sent_to)
    }

    async fn begin_digests(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, HistoryError> {
        let call = self
            .update(keys(DIGEST, PROGRESS))
            .update_expression("SET sentTo = :now")
            .condition_expression("attribute_not_exists(pk)")
            .expression_attribute_values(":now", text(&at(now)))
            .send();
        // If another instance was first, it began a moment ago.
        unless_refused("begin digests", call).await.map(|_| now)
    }

    /// Takes the digest for this invocation, until a time; `None` if another invocation has it.
    ///
    /// # Errors
    /// If that is not known.
    pub async fn take_digest(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<Progress>, HistoryError> {
        let call = self
            .update(keys(DIGEST, PROGRESS))
            .update_expression("SET claimedUntil = :until")
            .condition_expression(
                "attribute_exists(sentTo) AND \
                 (attribute_not_exists(claimedUntil) OR claimedUntil < :now OR claimedUntil > :forged)",
            )
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":until", millis(until))
            .expression_attribute_values(":forged", millis(now + LONGEST_INVOCATION))
            .return_values(ReturnValue::AllOld)
            .send();
        let Some(answer) = if_accepted("take digest", call).await? else {
            // Another instance has it, or somebody removed the item: the next run reads it again.
            self.digests_sent_to.set(None);
            return Ok(None);
        };
        let taken = progress(&answer.attributes.ok_or(HistoryError::NotUnderstood)?)?;
        self.digests_sent_to.set(Some(taken.sent_to));
        Ok(Some(taken))
    }

    /// Notes how far the digests have come. `run` is the time until which this invocation has the digest; if the run is
    /// over, the next invocation need not wait so long.
    ///
    /// # Errors
    /// If that could not be noted, or another invocation has the digest by now: then no mail may be sent.
    pub async fn note_digest(&self, progress: &Progress, run: DateTime<Utc>, over: bool) -> Result<(), HistoryError> {
        let begun = progress.begun.map_or_else(String::new, at);
        let call = self
            .update(keys(DIGEST, PROGRESS))
            .update_expression("SET claimedUntil = :next, sentTo = :sent, begunTo = :begun")
            .condition_expression("claimedUntil = :run")
            .expression_attribute_values(":run", millis(run))
            .expression_attribute_values(":next", if over { number(0) } else { millis(run) })
            .expression_attribute_values(":sent", text(&at(progress.sent_to)))
            .expression_attribute_values(":begun", text(&begun))
            .send();
        if !unless_refused("note digest", call).await? {
            return Err(HistoryError::Contended);
        }
        self.digests_sent_to.set(Some(progress.sent_to));
        Ok(())
    }

    /// Reads the lines of an account on a day, within a period, until a time; returns whether all were read.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn read_day(
        &self,
        (account, day): (&str, NaiveDate),
        span: Span,
        until: Instant,
        mut found: impl FnMut(&Line),
    ) -> Result<bool, HistoryError> {
        let mut from = None;
        loop {
            // What was written a quarter of an hour ago need not be read consistently, at twice the price. A line of the
            // last moment has an event ID behind its time, and sorts after it.
            let query = self
                .within(&day_list(&format!("{account}#{day}")), &(at(span.from), at(span.to)))
                .consistent_read(false)
                .limit(LINES_AT_ONCE)
                .set_exclusive_start_key(from.take());
            let Ok(answer) = timeout_at(until, Box::pin(query.send())).await else { return Ok(false) };
            let answer = answer.map_err(|error| why_not("day", &error))?;
            answer.items().iter().filter_map(Line::read).for_each(|line| found(&line));
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok(true);
            }
        }
    }

    /// The events whose alerts were acknowledged since a time, and whether these are all.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn acknowledged(&self, since: DateTime<Utc>) -> Result<(BTreeSet<Untrusted>, bool), HistoryError> {
        let (mut all, mut from) = (BTreeSet::new(), None);
        loop {
            let query = self
                .within(REVIEW, &(format!("ACK#{}", at(since)), "ACK#~".to_owned()))
                .set_exclusive_start_key(from.take());
            let page = patient("acknowledgements", query.send()).await?;
            all.extend(page.items().iter().filter_map(|item| untrusted(item, "eventId")));
            from = page.last_evaluated_key;
            if from.is_none() || all.len() > ACKNOWLEDGED {
                return Ok((all, from.is_none()));
            }
        }
    }

    /// The mutes in effect that kept a mail back, those that kept most first.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn mutes(&self, now: DateTime<Utc>) -> Result<Vec<Mute>, HistoryError> {
        let mut mutes = self.reviews().await?.mutes;
        mutes.retain(|mute| mute.is_in_effect(now) && mute.held > 0);
        mutes.sort_by_key(|mute| std::cmp::Reverse(mute.held));
        Ok(mutes)
    }

    /// Whether the handling of an event began and did not come to an end.
    ///
    /// # Errors
    /// If that could not be read.
    pub async fn is_unfinished(&self, event: &Untrusted) -> Result<bool, HistoryError> {
        let answer = patient("event", self.of(&event_list(event)).send()).await?;
        let state = answer.items().iter().find_map(|item| item.get("state")?.as_s().ok());
        Ok(state.is_some_and(|state| state == "claimed" || state == "released"))
    }
}

fn progress(item: &Item) -> Result<Progress, HistoryError> {
    let sent_to = time(item, "sentTo").ok_or(HistoryError::NotUnderstood)?;
    Ok(Progress { sent_to, begun: time(item, "begunTo") })
}
