//! How floods are counted, and what is left out of them.

use super::super::flood::{self, Count, Place, Summary, Untold};
use super::{
    History, Item, STORY, TOO_SLOW, Told, at, integer, key, keys, millis, number, patient, text, time, unless_refused,
    why_not,
};
use crate::history::{Entry, Line};
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::ReturnValue;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use tokio::time::{Instant, timeout_at};

/// How long what was counted of a day is kept: until its floods have ended.
const COUNTED: TimeDelta = TimeDelta::days(3);
/// How long nobody else sums a flood up that somebody has begun with.
const SUMMING_UP: TimeDelta = TimeDelta::minutes(2);

impl History {
    /// Counts the event, and tells its place among those like it.
    ///
    /// # Errors
    /// Why it could not be counted, in words: then it is mailed.
    pub async fn count(&self, entry: &Entry, severity: Severity) -> Result<Place, Phrase> {
        let minute = flood::minute(entry.arrived);
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(flood_key(entry)))
            .update_expression("ADD #minute :one SET #severity = :minute, expiresAt = :expires")
            .expression_attribute_names("#minute", format!("m{minute}"))
            .expression_attribute_names("#severity", severity.word())
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":minute", number(minute))
            .expression_attribute_values(":expires", number((entry.arrived + COUNTED).timestamp()))
            .return_values(ReturnValue::AllOld)
            // A second attempt would find what the first one has counted.
            .customize()
            .config_override(aws_sdk_dynamodb::config::Builder::new().retry_config(RetryConfig::disabled()))
            .send();
        let before = patient("count", call).await?.attributes.unwrap_or_default();
        Ok(Count::read(&before).place(entry.arrived, severity))
    }

    /// Remembers an event whose mail is left out, and that there is something to sum up.
    ///
    /// # Errors
    /// Why it could not be, in words: then it is mailed.
    pub async fn leave_out(&self, entry: &Entry, told: &Told<'_>) -> Result<(), Phrase> {
        let line = &entry.line;
        let mut values = Item::from([
            (":one".into(), number(1)),
            (":none".into(), number(0)),
            (":now".into(), millis(entry.arrived)),
            (":time".into(), text(&at(line.time))),
            (":list".into(), key(&entry.actor_list())),
            (":call".into(), text(line.call.raw())),
        ]);
        values.insert(":account".into(), text(entry.account.as_ref().map_or("", Untrusted::raw)));
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(flood_key(entry)))
            .update_expression(
                "ADD leftOut :one SET summedUp = if_not_exists(summedUp, :none), oldest = if_not_exists(oldest, :time), \
                 leftOutSince = if_not_exists(leftOutSince, :now), leftOutAt = :now, actorList = :list, \
                 #call = :call, accountId = :account",
            )
            .expression_attribute_names("#call", "call")
            .set_expression_attribute_values(Some(values))
            .send();
        // One after the other: what is done, and not counted as left out, would never be summed up.
        patient("leave out", call).await?;
        Box::pin(self.keep(entry, told)).await
    }

    /// The floods of which something was left out that is to be summed up now: they have ended, or last too long.
    ///
    /// # Errors
    /// Why they could not be read, in words.
    pub async fn untold(&self, now: DateTime<Utc>) -> Result<Vec<Untold>, Phrase> {
        let mut untold = Vec::new();
        for days_ago in 0..COUNTED.num_days() {
            let day = (now - TimeDelta::days(days_ago)).date_naive();
            let mut from = None;
            loop {
                let query = self
                    .of(&flood_list(day))
                    .filter_expression("leftOut > summedUp AND (leftOutAt < :quiet OR leftOutSince < :longest)")
                    .expression_attribute_values(":quiet", millis(now - flood::QUIET))
                    .expression_attribute_values(":longest", millis(now - flood::LONGEST))
                    .set_exclusive_start_key(from.take());
                let answer = patient("untold", query.send()).await?;
                untold.extend(answer.items.iter().flatten().filter_map(|item| Untold::read(item, day, now)));
                from = answer.last_evaluated_key;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(untold)
    }

    /// Takes it on to sum up this flood; `false` where somebody else does.
    ///
    /// # Errors
    /// Why that is not known, in words.
    pub async fn take_on(&self, untold: &Untold, now: DateTime<Utc>) -> Result<bool, Phrase> {
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys(&untold.key.0, &untold.key.1)))
            .update_expression("SET summingUp = :until")
            .condition_expression("leftOut > summedUp AND (attribute_not_exists(summingUp) OR summingUp < :now)")
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":until", millis(now + SUMMING_UP))
            .send();
        unless_refused("take on", call).await
    }

    /// All that was left out of a flood. What is not read by the deadline is not in it, and it says so.
    ///
    /// # Errors
    /// Why it could not be read, in words.
    pub async fn left_out(&self, untold: &Untold, deadline: Instant) -> Result<Summary, Phrase> {
        let mut summary = Summary::default();
        let mut from = None;
        loop {
            let query = self
                .of(&untold.actor_list)
                .key_condition_expression("pk = :pk AND sk >= :from")
                // The first that was left out need not be the first that happened.
                .expression_attribute_values(":from", text(&at(untold.oldest - STORY)))
                .filter_expression("#call = :call AND leftOutAt > :before AND leftOutAt <= :until")
                .expression_attribute_names("#call", "call")
                .expression_attribute_values(":call", text(untold.call.raw()))
                .expression_attribute_values(":before", millis(untold.summed_up_to))
                .expression_attribute_values(":until", millis(untold.until))
                .set_exclusive_start_key(from.take());
            let answer = match timeout_at(deadline, query.send()).await {
                Ok(answer) => answer.map_err(|error| why_not("left out", &error))?,
                Err(_) if summary.count > 0 => {
                    summary.unread = true;
                    return Ok(summary);
                }
                Err(_) => return Err(TOO_SLOW.into()),
            };
            answer.items.unwrap_or_default().iter().filter_map(Line::read).for_each(|line| summary.add(line));
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok(summary);
            }
        }
    }

    /// Notes that so many of a flood were summed up; if it has ended, all.
    ///
    /// # Errors
    /// Why it could not be, in words: then it is summed up again.
    pub async fn summed_up(&self, untold: &Untold, count: usize, now: DateTime<Utc>) -> Result<(), Phrase> {
        let call = self.client.update_item().table_name(&self.table).set_key(Some(keys(&untold.key.0, &untold.key.1)));
        let call = if untold.goes_on {
            call.update_expression("ADD summedUp :count SET summedUpTo = :until, leftOutSince = :now")
                .expression_attribute_values(":count", number(count))
                .expression_attribute_values(":now", millis(now))
        } else {
            call.update_expression("SET summedUp = :count, summedUpTo = :until REMOVE leftOutSince")
                .expression_attribute_values(":count", number(untold.left_out))
        };
        let call = call.expression_attribute_values(":until", millis(untold.until)).send();
        patient("summed up", call).await.map(|_| ())
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
        let left_out = integer(item, "leftOut").unwrap_or(0) - integer(item, "summedUp").unwrap_or(0);
        Self {
            minutes: minutes.collect(),
            severities: severities.collect(),
            left_out: left_out.try_into().unwrap_or(0),
        }
    }
}

impl Untold {
    fn read(item: &Item, day: NaiveDate, now: DateTime<Utc>) -> Option<Self> {
        let field = |name: &str| item.get(name)?.as_s().ok().cloned();
        let moment = |name: &str| DateTime::from_timestamp_millis(integer(item, name)?);
        let goes_on = moment("leftOutAt")? >= now - flood::QUIET;
        let begin = day.and_time(NaiveTime::MIN).and_utc();
        // Of each day, what arrived on it; and of what arrives just now, some may not be written yet.
        let until = (now - flood::WRITTEN).min(begin + TimeDelta::days(1) - TimeDelta::milliseconds(1));
        Some(Self {
            key: (field("pk")?, field("sk")?),
            left_out: integer(item, "leftOut")?.try_into().ok()?,
            day,
            goes_on,
            actor_list: field("actorList")?,
            call: field("call")?.into(),
            account: field("accountId").filter(|account| !account.is_empty()).map(Untrusted::new),
            oldest: time(item, "oldest")?,
            summed_up_to: moment("summedUpTo").unwrap_or(begin - TimeDelta::milliseconds(1)),
            until,
        })
    }
}

/// The list of all that was counted on a day.
fn flood_list(day: NaiveDate) -> String {
    format!("FLOOD#{day}")
}

/// Where the event is counted among those like it.
fn flood_key(entry: &Entry) -> Item {
    let list = flood_list(entry.arrived.date_naive());
    keys(&list, &format!("{}#{}", entry.line.actor_key.raw(), entry.line.call.raw()))
}
