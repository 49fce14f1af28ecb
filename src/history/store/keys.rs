//! The keys of the table, and the queries that a person can run on it.

use crate::history::Entry;
use crate::limits::KEY;
use crate::text::Untrusted;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::collections::HashMap;

pub(super) type Item = HashMap<String, AttributeValue>;

/// A table: its name and, if known, its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table<'a> {
    pub name: &'a str,
    pub region: Option<&'a str>,
}

/// A query of the table, in the syntax of `aws dynamodb query`.
#[derive(Debug, Clone, PartialEq)]
pub struct TableQuery {
    pub key_condition: &'static str,
    pub filter: &'static str,
    pub values: Value,
    /// What is shown of each item, as a JMESPath expression.
    pub shown: &'static str,
}

impl TableQuery {
    /// The suppressed alerts of an actor since a time: time, severity, call, outcome, who, what, event id.
    #[must_use]
    pub fn suppressed(actor_key: &str, from: DateTime<Utc>) -> Self {
        let list = actor_list(actor_key);
        Self {
            key_condition: "pk = :actor AND sk >= :from",
            filter: "attribute_exists(leftOutAt)",
            values: json!({":actor": {"S": list}, ":from": {"S": at(from)}}),
            shown: "Items[].[time.S,severity.S,call.S,outcome.S,actor.S,target.S,eventId.S]",
        }
    }
}

/// The key of an event's item, as JSON for `aws dynamodb get-item`.
#[must_use]
pub fn event_item_key(event_id: &Untrusted) -> Value {
    json!({"pk": {"S": event_list(event_id)}, "sk": {"S": EVENT}})
}

/// What is shown of an event's item to read its alert, as a JMESPath expression.
pub const ALERT_SHOWN: &str = "Item.alert.S";

pub(super) const EVENT: &str = "EVENT";
pub(super) const CHAIN: &str = "CHAIN";
pub(super) const HISTORY: &str = "HISTORY";
pub(super) const BEGIN: &str = "BEGIN";
pub(super) const HEARTBEAT: &str = "HEARTBEAT";
pub(super) const DIGEST: &str = "DIGEST";
/// The list of mutes and acknowledgements.
pub(super) const REVIEW: &str = "REVIEW";
pub(super) const MUTE: &str = "MUTE#";
/// How far the baselines of the accounts have come.
pub(super) const BASELINES: &str = "BASELINES";
/// Which entities a reading has seen, by account.
pub(super) const SEEN: &str = "SEEN#";
/// The place of the newest reading of an entity in its trace, and the end of the places of the others.
pub(super) const NOW: &str = "NOW";
pub(super) const READ: &str = "BASELINE";
const ACTOR: &str = "ACTOR#";

pub(super) fn event_list(event_id: &Untrusted) -> String {
    format!("EVENT#{}", event_id.raw())
}

/// The list of what an actor did, by [`actor_key`](crate::history::actor_key).
#[must_use]
pub fn actor_list(actor_key: &str) -> String {
    format!("{ACTOR}{actor_key}")
}

/// The list of what happened to a target, by [`target_key`](crate::history::target_key).
#[must_use]
pub fn target_list(target_key: &str) -> String {
    format!("TARGET#{target_key}")
}

/// The list of what happened in an account on a day, `<account>#<date>`.
#[must_use]
pub fn day_list(account_and_date: &str) -> String {
    format!("DAY#{account_and_date}")
}

/// The trace of an entity, by account and resource.
pub(super) fn entity_list(key: &str) -> String {
    format!("ENTITY#{key}")
}

/// The index of an account's baseline.
pub(super) fn index_list(account: &str) -> String {
    format!("BASELINE#{account}")
}

/// The entities of an account that are to be compared.
pub(super) fn check_list(account: &str) -> String {
    format!("CHECK#{account}")
}

pub(super) fn chain_list(chain: &str, first: &Untrusted) -> String {
    format!("CHAIN#{chain}#{}", first.raw())
}

/// The list of the calls that an event may follow from, by [`caused_by`](crate::history::caused_by).
pub(super) fn cause_list(key: &str) -> String {
    format!("CAUSE#{key}")
}

/// The item of a change that may be made in another account, too.
pub(super) fn same_change_list(change: &str) -> String {
    format!("SAME#{change}")
}

/// The list of all counts of a day.
pub(super) fn burst_list(day: NaiveDate) -> String {
    format!("FLOOD#{day}")
}

/// The list of the minutes, with the places that mails took.
pub(super) fn places() -> String {
    "FLOOD#mails".to_owned()
}

/// The list of the suppressed alerts.
pub(super) fn suppressed_list() -> String {
    "FLOOD#suppressed".to_owned()
}

/// The key of the progress of the summaries.
pub(super) fn progress_key() -> Item {
    keys("FLOOD#summaries", "PROGRESS")
}

/// The key of a mute.
pub(super) fn mute_key(id: &str) -> Item {
    keys(REVIEW, &format!("{MUTE}{id}"))
}

/// The key of an acknowledgement.
pub(super) fn acknowledgement_key(time: DateTime<Utc>, event_id: &str) -> Item {
    keys(REVIEW, &format!("ACK#{}#{event_id}", at(time)))
}

/// The key of the count for the event.
pub(super) fn burst_key(entry: &Entry) -> Item {
    let list = burst_list(entry.arrived.date_naive());
    let kind = if entry.line.succeeded() { "succeeded" } else { "failed" };
    keys(&list, &format!("{}#{kind}", entry.counted_actor))
}

/// All lists that contain the event in any case.
pub(super) fn lists(entry: &Entry) -> Vec<String> {
    let target = entry.target_key.as_deref().map(target_list);
    let object = entry.object_key.as_deref().filter(|key| entry.target_key.as_deref() != Some(key)).map(target_list);
    let causes = entry.causes.as_deref().map(cause_list);
    let all = [Some(actor_list(entry.line.actor_key.raw())), target, object, Some(day_of(entry)), causes];
    all.into_iter().flatten().collect()
}

pub(super) fn day_of(entry: &Entry) -> String {
    let account = entry.line.account.as_ref().map_or("unknown", Untrusted::raw);
    day_list(&format!("{account}#{}", entry.line.time.format("%Y-%m-%d")))
}

pub(super) fn keys(pk: &str, sk: &str) -> Item {
    Item::from([("pk".into(), key(pk)), ("sk".into(), key(sk))])
}

/// A key, cut to at most [`KEY`] bytes.
pub(super) fn key(key: &str) -> AttributeValue {
    AttributeValue::S(key[..key.floor_char_boundary(key.len().min(KEY))].to_owned())
}

/// A time that sorts as text, with milliseconds.
pub(super) fn at_millis(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time that sorts as text.
pub(super) fn at(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
