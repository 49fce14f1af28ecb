//! The trace of each entity of IAM: what the baseline read of it, and what the events say since.

use super::answers::{patient, why_not};
use super::keys::{Item, NOW, READ, at, check_list, entity_list, key, keys};
use super::table::History;
use super::values::{flag, text, time, untrusted};
use crate::baseline::{Change, Read, Recorded, Sets, Trace};
use crate::history::{Entry, HistoryError};
use crate::limits::{KEPT, TRACE_PAGES, TRACE_READ};
use crate::text::Untrusted;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use chrono::{DateTime, Utc};

impl History {
    /// The writes that record what the event changed, for the traces and for the next comparison.
    pub(super) fn changes_of(&self, entry: &Entry) -> Vec<TransactWriteItem> {
        let Some(account) = entry.line.account.as_ref() else { return Vec::new() };
        let place = format!("{}#{}", at(entry.line.time), entry.line.event_id.raw());
        let items = entry.changes.iter().flat_map(|change| {
            let mut item = self.expiring(entry);
            item.extend(keys(&entity_list(&entity_key(account, &change.resource)), &place));
            item.insert("time".into(), text(&at(entry.line.time)));
            item.insert("eventId".into(), text(entry.line.event_id.raw()));
            item.insert("sets".into(), text(&stored(change)));
            let mut check = self.expiring(entry);
            check.extend(keys(
                &check_list(account.raw()),
                &format!("{}#{}#{}", at(entry.line.time), change.resource, entry.line.event_id.raw()),
            ));
            check.insert("resource".into(), text(&change.resource));
            [item, check]
        });
        items.filter_map(|item| self.put(item).ok()).collect()
    }

    /// The trace of an entity up to a time: the last reading, and the newest part of what came before the time.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn trace(
        &self,
        account: &Untrusted,
        resource: &str,
        until: DateTime<Utc>,
    ) -> Result<Trace, HistoryError> {
        let list = entity_list(&entity_key(account, resource));
        // '~' sorts after everything that follows a time, and "NOW" after everything that begins with one.
        let query = self.within(&list, &("0".to_owned(), format!("{}~", at(until))));
        let query = query.scan_index_forward(false).limit(TRACE_READ).send();
        let (earlier, newest) = tokio::join!(patient("trace", query), Box::pin(self.newest(account, resource)));
        let earlier = earlier?;
        let cut = earlier.last_evaluated_key.is_some();
        let mut trace = trace_of(resource, &earlier.items.ok_or(HistoryError::NotUnderstood)?, cut);
        trace.reads.extend(newest?);
        Ok(trace)
    }

    /// The trace of an entity, back to a reading before a time.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn trace_since(
        &self,
        account: &Untrusted,
        resource: &str,
        since: DateTime<Utc>,
    ) -> Result<Trace, HistoryError> {
        let list = entity_list(&entity_key(account, resource));
        let (mut items, mut from, mut pages) = (Vec::new(), None, 0);
        loop {
            let query = self.of(&list).scan_index_forward(false);
            let answer = Box::pin(query.set_exclusive_start_key(from.take()).send()).await;
            let answer = answer.map_err(|error| why_not("trace", &error))?;
            items.extend(answer.items.unwrap_or_default());
            let is_before = |item: &Item| time(item, "since").is_some_and(|read| read < since);
            from = answer.last_evaluated_key.filter(|_| !items.iter().any(is_before));
            // A page has a megabyte at most.
            pages += 1;
            if from.is_none() || pages == TRACE_PAGES {
                return Ok(trace_of(resource, &items, from.is_some()));
            }
        }
    }
}

/// The key of an entity: its account and its resource.
pub(super) fn entity_key(account: &Untrusted, resource: &str) -> String {
    format!("{}:iam:{resource}", account.raw())
}

/// What a call changed. What is too large for an item may be anything.
fn stored(change: &Change) -> String {
    let sets = change.sets.to_json().to_string();
    if sets.len() <= KEPT { sets } else { Sets::Anything.to_json().to_string() }
}

/// A trace from its items, the newest first; `cut`: whether there are older ones.
fn trace_of(resource: &str, items: &[Item], cut: bool) -> Trace {
    let mut trace = Trace { resource: resource.to_owned(), ..Trace::default() };
    for item in items.iter().rev() {
        if let Some(since) = time(item, "since") {
            trace.reads.push(read_of(item, since));
        } else if let Some((time, event_id)) = time(item, "time").zip(untrusted(item, "eventId")) {
            let sets = item.get("sets").and_then(|sets| serde_json::from_str(sets.as_s().ok()?).ok());
            let sets = sets.as_ref().map_or(Sets::Anything, Sets::from_json);
            trace.changes.push(Recorded { time, event_id, sets });
        }
    }
    trace.reads.sort_by_key(|read| read.since);
    let oldest = items.last().filter(|_| cut).and_then(|item| time(item, "time").or_else(|| time(item, "since")));
    trace.known_since = oldest;
    trace
}

pub(super) fn read_of(item: &Item, since: DateTime<Utc>) -> Read {
    let content = item.get("content").and_then(|content| serde_json::from_str(content.as_s().ok()?).ok());
    Read { since, too_large: flag(item, "cut"), content }
}

/// What was read of an entity: its attributes.
pub(super) fn read_item(read: &Read, hash: &str) -> Item {
    let mut item = Item::from([("since".to_owned(), text(&at(read.since))), ("hash".to_owned(), text(hash))]);
    match &read.content {
        Some(content) => {
            let content = content.to_string();
            if content.len() <= KEPT {
                item.insert("content".into(), text(&content));
            } else {
                item.insert("cut".into(), AttributeValue::Bool(true));
            }
        }
        None if read.too_large => {
            item.insert("cut".into(), AttributeValue::Bool(true));
        }
        None => {}
    }
    item
}

/// The place of a reading in the trace: the newest one has a place of its own, the others stand where they began.
pub(super) fn read_place(list: &str, read: &Read, is_newest: bool) -> Item {
    let place = if is_newest { NOW.to_owned() } else { format!("{}#{READ}", at(read.since)) };
    Item::from([("pk".to_owned(), key(list)), ("sk".to_owned(), key(&place))])
}
