//! How floods are counted, and what is left out of them.

use super::super::flood::{self, Count, Ended, Place, Summary};
use super::{
    History, Item, STORY, TOO_SLOW, Told, at, integer, key, keys, number, patient, text, time, unless_refused, why_not,
};
use crate::history::{Entry, Line};
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use chrono::{DateTime, TimeDelta, Utc};
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
            .expression_attribute_values(":minute", number(minute.into()))
            .expression_attribute_values(":expires", number((entry.arrived + COUNTED).timestamp()))
            .return_values(ReturnValue::AllOld)
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
            (":now".into(), number(entry.arrived.timestamp_millis())),
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
                 leftOutAt = :now, actorList = :list, #call = :call, accountId = :account",
            )
            .expression_attribute_names("#call", "call")
            .set_expression_attribute_values(Some(values))
            .send();
        tokio::try_join!(self.keep(entry, told), patient("leave out", call)).map(|_| ())
    }

    /// The floods that have ended by now, with something left out that nobody has summed up.
    ///
    /// # Errors
    /// Why they could not be read, in words.
    pub async fn ended(&self, now: DateTime<Utc>) -> Result<Vec<Ended>, Phrase> {
        let mut ended = Vec::new();
        for day in [now - TimeDelta::days(1), now] {
            let mut from = None;
            loop {
                let query = self
                    .of(&format!("FLOOD#{}", day.format("%Y-%m-%d")))
                    .filter_expression("leftOut > summedUp AND leftOutAt < :quiet")
                    .expression_attribute_values(":quiet", number((now - flood::QUIET).timestamp_millis()))
                    .set_exclusive_start_key(from.take());
                let answer = patient("ended", query.send()).await?;
                ended.extend(answer.items.unwrap_or_default().iter().filter_map(Ended::read));
                from = answer.last_evaluated_key;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(ended)
    }

    /// Takes it on to sum up this flood; `false` where somebody else does, or it has not ended after all.
    ///
    /// # Errors
    /// Why that is not known, in words.
    pub async fn take_on(&self, ended: &Ended, now: DateTime<Utc>) -> Result<bool, Phrase> {
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys(&ended.key.0, &ended.key.1)))
            .update_expression("SET summingUp = :until")
            .condition_expression("leftOut = :leftOut AND (attribute_not_exists(summingUp) OR summingUp < :now)")
            .expression_attribute_values(":leftOut", count_of(ended.left_out))
            .expression_attribute_values(":now", number(now.timestamp_millis()))
            .expression_attribute_values(":until", number((now + SUMMING_UP).timestamp_millis()))
            .send();
        unless_refused("take on", call).await
    }

    /// All that was left out of a flood. What is not read by the deadline is not in it, and it says so.
    ///
    /// # Errors
    /// Why it could not be read, in words.
    pub async fn left_out(&self, ended: &Ended, deadline: Instant) -> Result<Summary, Phrase> {
        let mut summary = Summary::default();
        let mut from = None;
        loop {
            let query = self
                .of(&ended.actor_list)
                .key_condition_expression("pk = :pk AND sk >= :from")
                // The first that was left out need not be the first that happened.
                .expression_attribute_values(":from", text(&at(ended.oldest - STORY)))
                .filter_expression("#call = :call AND leftOutAt > :before")
                .expression_attribute_names("#call", "call")
                .expression_attribute_values(":call", text(ended.call.raw()))
                .expression_attribute_values(":before", number(ended.summed_up_to.timestamp_millis()))
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

    /// Notes that a flood was summed up.
    ///
    /// # Errors
    /// Why it could not be, in words: then it is summed up again.
    pub async fn summed_up(&self, ended: &Ended) -> Result<(), Phrase> {
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys(&ended.key.0, &ended.key.1)))
            .update_expression("SET summedUp = :leftOut, summedUpTo = :last")
            .expression_attribute_values(":leftOut", count_of(ended.left_out))
            .expression_attribute_values(":last", number(ended.last.timestamp_millis()))
            .send();
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

impl Ended {
    fn read(item: &Item) -> Option<Self> {
        let field = |name: &str| item.get(name)?.as_s().ok().cloned();
        let moment = |name: &str| DateTime::from_timestamp_millis(integer(item, name)?);
        Some(Self {
            key: (field("pk")?, field("sk")?),
            left_out: integer(item, "leftOut")?.try_into().ok()?,
            actor_list: field("actorList")?,
            call: field("call")?.into(),
            account: field("accountId").filter(|account| !account.is_empty()).map(Untrusted::new),
            oldest: time(item, "oldest")?,
            summed_up_to: moment("summedUpTo").unwrap_or_default(),
            last: moment("leftOutAt")?,
        })
    }
}

/// Where the event is counted among those like it.
fn flood_key(entry: &Entry) -> Item {
    let day = format!("FLOOD#{}", entry.arrived.format("%Y-%m-%d"));
    keys(&day, &format!("{}#{}", entry.line.actor_key.raw(), entry.line.call.raw()))
}

fn count_of(count: u64) -> AttributeValue {
    AttributeValue::N(count.to_string())
}
