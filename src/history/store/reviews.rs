//! What people said about alerts. They write these items themselves, with `examples/history`; the function reads them,
//! and counts what a mute kept back.

use super::answers::{patient, unless_refused};
use super::keys::{Item, MUTE, REVIEW, acknowledgement_key, at, event_list, mute_key};
use super::table::History;
use super::values::{flag, integer, number, text, time, untrusted};
use crate::history::review::{Acknowledgement, Mute, Reviewer, Reviews, Verdict};
use crate::history::{HistoryError, Line};
use crate::severity::Severity;
use crate::text::Untrusted;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, TimeDelta, Utc};

/// How long an item is kept after it ended: a digest counts it.
const KEPT_FOR: TimeDelta = TimeDelta::days(90);

impl History {
    /// All reviews. Of very many, the mutes and the latest acknowledgements.
    ///
    /// # Errors
    /// If they could not be read: then nothing is muted.
    pub async fn reviews(&self) -> Result<Reviews, HistoryError> {
        let answer = patient("reviews", Reviews::query(&self.client, &self.table).send()).await?;
        Ok(Reviews::read(&answer.items.ok_or(HistoryError::NotUnderstood)?))
    }

    /// Counts an alert that a mute kept back.
    ///
    /// # Errors
    /// If it could not be counted.
    pub async fn count_held(&self, mute: &Untrusted) -> Result<(), HistoryError> {
        let call = self
            .update(mute_key(mute.raw()))
            .update_expression("ADD held :one")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":one", number(1))
            .send();
        unless_refused("held", call).await.map(|_| ())
    }
}

impl Reviews {
    /// The query for all reviews, mutes first.
    #[must_use]
    pub fn query(client: &Client, table: &str) -> QueryFluentBuilder {
        client
            .query()
            .table_name(table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(REVIEW))
            .consistent_read(true)
            // The other way round, mutes come before acknowledgements.
            .scan_index_forward(false)
    }

    /// Reads the items. What is no review is counted.
    #[must_use]
    pub fn read(items: &[Item]) -> Self {
        let mut reviews = Self::default();
        for item in items {
            let is_mute = item.get("sk").and_then(|key| key.as_s().ok()).is_some_and(|key| key.starts_with(MUTE));
            if is_mute && let Some(mute) = Mute::read(item).filter(Mute::is_valid) {
                reviews.mutes.push(mute);
            } else if !is_mute && let Some(acknowledgement) = Acknowledgement::read(item) {
                reviews.acknowledgements.push(acknowledgement);
            } else {
                reviews.malformed += 1;
            }
        }
        reviews
    }
}

impl Mute {
    fn read(item: &Item) -> Option<Self> {
        let field = |name: &str| untrusted(item, name);
        let id = field("sk")?.raw().strip_prefix(MUTE).map(Untrusted::new)?;
        Some(Self {
            id,
            actor: field("actor"),
            action: field("action"),
            target: field("target"),
            chain: field("chain"),
            account: field("accountId"),
            outcome: field("outcome"),
            up_to: Severity::from_word(field("upTo")?.raw())?,
            incomplete: flag(item, "incomplete"),
            from: time(item, "from")?,
            until: time(item, "until")?,
            reason: field("reason")?,
            by: Reviewer::read(item)?,
            held: integer(item, "held").and_then(|held| held.try_into().ok()).unwrap_or_default(),
            ended_by: field("endedBy"),
        })
    }

    /// The item of the mute.
    #[must_use]
    pub fn item(&self) -> Item {
        let mut item = mute_key(self.id.raw());
        let parts = [
            ("actor", &self.actor),
            ("action", &self.action),
            ("target", &self.target),
            ("chain", &self.chain),
            ("accountId", &self.account),
            ("outcome", &self.outcome),
            ("endedBy", &self.ended_by),
        ];
        item.extend(parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), text(part.as_ref()?.raw())))));
        let facts = [
            ("upTo", text(self.up_to.word())),
            ("incomplete", AttributeValue::Bool(self.incomplete)),
            ("from", text(&at(self.from))),
            ("until", text(&at(self.until))),
            ("reason", text(self.reason.raw())),
            ("expiresAt", expiring(self.until)),
            ("held", number(self.held)),
        ];
        item.extend(facts.map(|(name, fact)| (name.to_owned(), fact)));
        item.extend(self.by.attributes());
        item
    }

    /// The call that ends a mute now, if it is there and has not ended.
    #[must_use]
    pub fn ending(
        client: &Client,
        table: &str,
        id: &str,
        by: &Reviewer,
        now: DateTime<Utc>,
    ) -> UpdateItemFluentBuilder {
        client
            .update_item()
            .table_name(table)
            .set_key(Some(mute_key(id)))
            .update_expression("SET #until = :now, endedBy = :by, expiresAt = :expires")
            .condition_expression("#until > :now")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":now", text(&at(now)))
            .expression_attribute_values(":by", text(by.arn.raw()))
            .expression_attribute_values(":expires", expiring(now))
    }
}

impl Acknowledgement {
    fn read(item: &Item) -> Option<Self> {
        let field = |name: &str| untrusted(item, name);
        Some(Self {
            event_id: field("eventId")?,
            at: time(item, "time")?,
            by: Reviewer::read(item)?,
            verdict: Verdict::from_word(field("verdict")?.raw())?,
            note: field("note"),
            actor: field("actor")?,
            target: field("target"),
        })
    }

    /// The item of the acknowledgement.
    #[must_use]
    pub fn item(&self) -> Item {
        let mut item = acknowledgement_key(self.at, self.event_id.raw());
        let facts = [
            ("eventId", Some(self.event_id.raw())),
            ("time", Some(&*at(self.at))),
            ("verdict", Some(self.verdict.word())),
            ("actor", Some(self.actor.raw())),
            ("target", self.target.as_ref().map(Untrusted::raw)),
            ("note", self.note.as_ref().map(Untrusted::raw)),
        ];
        item.extend(facts.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), text(fact?)))));
        item.insert("expiresAt".to_owned(), expiring(self.at));
        item.extend(self.by.attributes());
        item
    }
}

impl Reviewer {
    fn read(item: &Item) -> Option<Self> {
        Some(Self { arn: untrusted(item, "by")?, name: untrusted(item, "name") })
    }

    fn attributes(&self) -> impl Iterator<Item = (String, AttributeValue)> {
        let name = self.name.as_ref().map(|name| ("name", name));
        [("by", &self.arn)].into_iter().chain(name).map(|(name, fact)| (name.to_owned(), text(fact.raw())))
    }
}

/// An alert of the history, to review it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    pub line: Line,
    /// By [`target_key`](crate::history::target_key).
    pub target: Option<Untrusted>,
}

impl Reviewed {
    /// The query for the item of an event.
    #[must_use]
    pub fn query(client: &Client, table: &str, event_id: &Untrusted) -> QueryFluentBuilder {
        client
            .query()
            .table_name(table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(&event_list(event_id)))
    }

    /// Reads the item of an event; `None` if it is none.
    #[must_use]
    pub fn read(item: &Item) -> Option<Self> {
        Some(Self { line: Line::read(item)?, target: untrusted(item, "targetKey") })
    }
}

fn expiring(ended: DateTime<Utc>) -> AttributeValue {
    number((ended + KEPT_FOR).timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::review::tests::{acknowledgement, mute};
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mute = Mute { held: 3, ended_by: Some("arn:x".into()), ..mute() };
        let read = Reviews::read(&[mute.item(), acknowledgement().item()]);
        assert_eq!((read.mutes, read.acknowledgements, read.malformed), (vec![mute], vec![acknowledgement()], 0));
    }

    #[test]
    fn what_is_no_review_is_counted_and_mutes_nothing() {
        let without = |name: &str| {
            let mut item = mute().item();
            item.remove(name);
            item
        };
        let with = |name: &str, value: AttributeValue| {
            let mut item = mute().item();
            item.insert(name.to_owned(), value);
            item
        };
        let malformed = [
            without("upTo"),
            without("until"),
            without("reason"),
            without("by"),
            with("upTo", text("CRITICAL")),
            with("upTo", text("high")),
            with("reason", text(" ")),
            with("until", text("2099-01-01T00:00:00Z")),
            with("until", text("tomorrow")),
            with("actor", text("")),
            with("sk", text("other")),
            Item::new(),
        ];
        let read = Reviews::read(&malformed);
        assert_eq!((read.mutes.len(), read.malformed), (0, malformed.len()));
    }

    proptest! {
        #[test]
        fn any_item_is_read_without_a_panic(fields in prop::collection::hash_map(
            prop::sample::select(vec!["sk", "actor", "upTo", "from", "until", "reason", "by", "time", "verdict"]),
            prop_oneof![
                any::<String>().prop_map(AttributeValue::S),
                any::<i64>().prop_map(|n| AttributeValue::N(n.to_string())),
                Just(AttributeValue::S("MUTE#x".into())),
                Just(AttributeValue::S("2026-11-22T06:00:00Z".into())),
            ], 0..9)) {
            let item: Item = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let read = Reviews::read(&[item]);
            prop_assert_eq!(read.mutes.len() + read.acknowledgements.len() + read.malformed, 1);
        }
    }
}
