//! How bursts are counted, and how suppressed alerts are recorded and read.

use super::answers::{patient, unless_refused, why_not};
use super::keys::{Item, actor_list, actor_of_list, at, burst_key, burst_list, key, keys};
use super::table::History;
use super::values::{integer, millis, number, text, time};
use crate::history::burst::{self, BurstPosition, BurstSummary, Count, PendingBurst};
use crate::history::{AlertRecord, Entry, HistoryError, Line};
use crate::limits::RELATED;
use crate::severity::Severity;
use crate::text::Untrusted;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::ReturnValue;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use tokio::time::{Instant, timeout_at};

/// How long the count of a day is kept: until its bursts have ended.
const COUNTED: TimeDelta = TimeDelta::days(3);
/// After an invocation starts to summarize a burst, no other invocation summarizes it for this time.
const SUMMARIZING: TimeDelta = TimeDelta::minutes(2);

impl History {
    /// Counts the event, and returns its position among similar events.
    ///
    /// # Errors
    /// If the event could not be counted: then the alert is mailed.
    pub async fn count(&self, entry: &Entry, severity: Severity) -> Result<BurstPosition, HistoryError> {
        let minute = burst::minute(entry.arrived);
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(burst_key(entry)))
            .update_expression("ADD #minute :one SET #severity = :minute, expiresAt = :expires")
            .expression_attribute_names("#minute", format!("m{minute}"))
            .expression_attribute_names("#severity", severity.word())
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":minute", number(minute))
            .expression_attribute_values(":expires", number((entry.arrived + COUNTED).timestamp()))
            .return_values(ReturnValue::AllOld)
            // A second attempt would count the event twice.
            .customize()
            .config_override(aws_sdk_dynamodb::config::Builder::new().retry_config(RetryConfig::disabled()))
            .send();
        let before = patient("count", call).await?.attributes.unwrap_or_default();
        Ok(Count::read(&before).position(entry.arrived, severity))
    }

    /// Records an event whose mail is suppressed, and that its burst has to be summarized.
    ///
    /// # Errors
    /// If the event could not be recorded: then the alert is mailed.
    pub async fn suppress(&self, entry: &Entry, alert: &AlertRecord<'_>) -> Result<(), HistoryError> {
        let line = &entry.line;
        let mut values = Item::from([
            (":one".into(), number(1)),
            (":none".into(), number(0)),
            (":now".into(), millis(entry.arrived)),
            (":time".into(), text(&at(line.time))),
            (":list".into(), key(&actor_list(line.actor_key.raw()))),
            (":call".into(), text(line.call.raw())),
        ]);
        values.insert(":account".into(), text(entry.account.as_ref().map_or("", Untrusted::raw)));
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(burst_key(entry)))
            .update_expression(
                "ADD leftOut :one SET summedUp = if_not_exists(summedUp, :none), oldest = if_not_exists(oldest, :time), \
                 leftOutSince = if_not_exists(leftOutSince, :now), leftOutAt = :now, actorList = :list, \
                 #call = :call, accountId = :account",
            )
            .expression_attribute_names("#call", "call")
            .set_expression_attribute_values(Some(values))
            .send();
        // In this order: an event that is recorded but not counted as suppressed would never be summarized.
        patient("suppress", call).await?;
        Box::pin(self.keep(entry, alert)).await
    }

    /// The bursts with suppressed alerts that are to be summarized now: they have ended, or continue for too long.
    ///
    /// # Errors
    /// If the bursts could not be read.
    pub async fn pending(&self, now: DateTime<Utc>) -> Result<Vec<PendingBurst>, HistoryError> {
        let mut pending = Vec::new();
        for days_ago in 0..COUNTED.num_days() {
            let day = (now - TimeDelta::days(days_ago)).date_naive();
            let mut from = None;
            loop {
                let query = self
                    .of(&burst_list(day))
                    .filter_expression("leftOut > summedUp AND (leftOutAt < :quiet OR leftOutSince < :longest)")
                    .expression_attribute_values(":quiet", millis(now - burst::QUIET))
                    .expression_attribute_values(":longest", millis(now - burst::LONGEST))
                    .set_exclusive_start_key(from.take());
                let answer = patient("pending", query.send()).await?;
                pending.extend(answer.items.iter().flatten().filter_map(|item| PendingBurst::read(item, day, now)));
                from = answer.last_evaluated_key;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(pending)
    }

    /// Starts to summarize this burst; `false` if another invocation does that.
    ///
    /// # Errors
    /// If that is not known.
    pub async fn take_on(&self, pending: &PendingBurst, now: DateTime<Utc>) -> Result<bool, HistoryError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys(&pending.key.0, &pending.key.1)))
            .update_expression("SET summingUp = :until")
            .condition_expression("leftOut > summedUp AND (attribute_not_exists(summingUp) OR summingUp < :now)")
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":until", millis(now + SUMMARIZING))
            .send();
        unless_refused("take on", call).await
    }

    /// All suppressed alerts of a burst. The summary says so if not all were read by the deadline.
    ///
    /// # Errors
    /// If the alerts could not be read.
    pub async fn suppressed(&self, pending: &PendingBurst, deadline: Instant) -> Result<BurstSummary, HistoryError> {
        let mut summary = BurstSummary::default();
        let mut from = None;
        loop {
            let query = self
                .of(&actor_list(&pending.actor_key))
                .key_condition_expression("pk = :pk AND sk >= :from")
                // The first suppressed event need not be the first one that happened.
                .expression_attribute_values(":from", text(&at(pending.oldest - RELATED)))
                .filter_expression("#call = :call AND leftOutAt > :before AND leftOutAt <= :until")
                .expression_attribute_names("#call", "call")
                .expression_attribute_values(":call", text(pending.call.raw()))
                .expression_attribute_values(":before", millis(pending.summarized_to))
                .expression_attribute_values(":until", millis(pending.until))
                .set_exclusive_start_key(from.take());
            let answer = match timeout_at(deadline, query.send()).await {
                Ok(answer) => answer.map_err(|error| why_not("suppressed", &error))?,
                Err(_) if summary.count > 0 => {
                    summary.unread = true;
                    return Ok(summary);
                }
                Err(_) => return Err(HistoryError::TimedOut),
            };
            answer.items.unwrap_or_default().iter().filter_map(Line::read).for_each(|line| summary.add(line));
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok(summary);
            }
        }
    }

    /// Records how many alerts of a burst were summarized; if the burst has ended, all of them.
    ///
    /// # Errors
    /// If this could not be recorded: then the burst is summarized again.
    pub async fn summarized(
        &self,
        pending: &PendingBurst,
        count: usize,
        now: DateTime<Utc>,
    ) -> Result<(), HistoryError> {
        let call =
            self.client.update_item().table_name(&self.table).set_key(Some(keys(&pending.key.0, &pending.key.1)));
        let call = if pending.continues {
            call.update_expression("ADD summedUp :count SET summedUpTo = :until, leftOutSince = :now")
                .expression_attribute_values(":count", number(count))
                .expression_attribute_values(":now", millis(now))
        } else {
            call.update_expression("SET summedUp = :count, summedUpTo = :until REMOVE leftOutSince")
                .expression_attribute_values(":count", number(pending.suppressed))
        };
        let call = call.expression_attribute_values(":until", millis(pending.until)).send();
        patient("summarized", call).await.map(|_| ())
    }
}

impl Count {
    fn read(item: &Item) -> Self {
        let minutes = item.keys().filter_map(|name| {
            let minute = name.strip_prefix('m')?.parse().ok()?;
            Some((minute, integer(item, name)?.try_into().ok()?))
        });
        let severities = Severity::ALL
            .into_iter()
            .filter_map(|severity| Some((severity, integer(item, severity.word())?.try_into().ok()?)));
        let suppressed = integer(item, "leftOut").unwrap_or(0) - integer(item, "summedUp").unwrap_or(0);
        Self {
            minutes: minutes.collect(),
            severities: severities.collect(),
            suppressed: suppressed.try_into().unwrap_or(0),
        }
    }
}

impl PendingBurst {
    fn read(item: &Item, day: NaiveDate, now: DateTime<Utc>) -> Option<Self> {
        let field = |name: &str| item.get(name)?.as_s().ok().cloned();
        let moment = |name: &str| DateTime::from_timestamp_millis(integer(item, name)?);
        let continues = moment("leftOutAt")? >= now - burst::QUIET;
        let begin = day.and_time(NaiveTime::MIN).and_utc();
        // For each day, the events that arrived on it. The newest arrivals may not be written yet.
        let until = (now - burst::WRITTEN).min(begin + TimeDelta::days(1) - TimeDelta::milliseconds(1));
        Some(Self {
            key: (field("pk")?, field("sk")?),
            suppressed: integer(item, "leftOut")?.try_into().ok()?,
            day,
            continues,
            actor_key: actor_of_list(&field("actorList")?).to_owned(),
            call: field("call")?.into(),
            account: field("accountId").filter(|account| !account.is_empty()).map(Untrusted::new),
            oldest: time(item, "oldest")?,
            summarized_to: moment("summedUpTo").unwrap_or(begin - TimeDelta::milliseconds(1)),
            until,
        })
    }
}
