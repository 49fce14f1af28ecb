//! The items of the table, and how they are read.

use super::keys::{EVENT, Item, at, event_list, key, keys};
use super::table::History;
use super::values::{flag, number, text, time, untrusted};
use crate::catalog::ChainStep;
use crate::history::{Entry, Handling, HistoryError, Line, MailStatus};
use crate::severity::Severity;
use crate::text::Untrusted;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use chrono::{DateTime, Utc};

impl History {
    /// The event's own item, as far as it is known at the beginning.
    pub(super) fn event(&self, entry: &Entry) -> Item {
        let mut item = self.line(entry);
        item.extend(keys(&event_list(&entry.line.event_id), EVENT));
        let facts = [
            ("targetKey", entry.target_key.as_deref()),
            ("sourceAddress", entry.source_address.as_ref().map(Untrusted::raw)),
        ];
        item.extend(facts.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), text(fact?)))));
        item
    }

    /// A write, with the writes of the event's lines in these lists, and with attributes that are known by now.
    pub(super) fn writes(
        &self,
        first: Put,
        entry: &Entry,
        lists: &[String],
        more: &[(&str, AttributeValue)],
    ) -> Vec<TransactWriteItem> {
        let mut line = self.line(entry);
        line.insert("sk".into(), key(&format!("{}#{}", at(entry.line.time), entry.line.event_id.raw())));
        line.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let lines = lists.iter().filter_map(|list| {
            let mut item = line.clone();
            item.insert("pk".into(), key(list));
            self.put(item).ok()
        });
        let first = TransactWriteItem::builder().put(first).build();
        std::iter::once(first).chain(lines).chain(self.changes_of(entry)).collect()
    }

    /// The write of an item, whatever is in its place.
    pub(super) fn put(&self, item: Item) -> Result<TransactWriteItem, HistoryError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).build();
        put.map(|put| TransactWriteItem::builder().put(put).build()).map_err(|_| HistoryError::NotBuilt)
    }

    pub(super) fn line(&self, entry: &Entry) -> Item {
        let line = &entry.line;
        let mut item = self.expiring(entry);
        let facts = [
            ("eventId", line.event_id.raw()),
            ("time", &at(line.time)),
            ("call", line.call.raw()),
            ("outcome", line.outcome.raw()),
            ("actor", line.actor.raw()),
            ("actorKey", line.actor_key.raw()),
            ("target", line.target.raw()),
        ];
        item.extend(facts.map(|(name, fact)| (name.to_owned(), text(fact))));
        if let Some(account) = &line.account {
            item.insert("accountId".into(), text(account.raw()));
        }
        if let Some(object) = &line.object {
            item.insert("object".into(), text(object.raw()));
        }
        let steps: Vec<_> = line.steps.iter().map(|step| text(step.stored())).collect();
        item.insert("steps".into(), AttributeValue::L(steps));
        item
    }

    /// An item that contains only its expiry time.
    pub(super) fn expiring(&self, entry: &Entry) -> Item {
        self.expiring_after(entry.arrived)
    }

    /// The same for an item that is kept from this time on.
    pub(super) fn expiring_after(&self, time: DateTime<Utc>) -> Item {
        let expires = self.retention.map(|retention| number((time + retention).timestamp()));
        expires.map(|expires| ("expiresAt".to_owned(), expires)).into_iter().collect()
    }
}

impl Line {
    /// Reads a line; `None` if the item is no line.
    #[must_use]
    pub fn read(item: &Item) -> Option<Self> {
        let field = |name: &str| untrusted(item, name);
        let severity = field("severity");
        let steps = item.get("steps").and_then(|steps| steps.as_l().ok());
        Some(Self {
            time: time(item, "time")?,
            event_id: field("eventId")?,
            call: field("call")?,
            outcome: field("outcome")?,
            actor: field("actor")?,
            actor_key: field("actorKey")?,
            target: field("target")?,
            account: field("accountId"),
            object: field("object"),
            steps: steps.into_iter().flatten().filter_map(|step| ChainStep::from_stored(step.as_s().ok()?)).collect(),
            severity: severity.and_then(|word| Severity::from_word(word.raw())),
            subject: field("subject"),
            handling: handling(item),
            not_alerted: item.contains_key("notTold"),
        })
    }
}

/// What became of the alert, as attributes of an item. What says nothing is left out.
pub(super) fn handled(handling: &Handling) -> Vec<(&'static str, AttributeValue)> {
    let limits: Vec<_> = handling.limits.iter().map(|limit| text(limit.raw())).collect();
    let all = [
        ("mail", handling.mail.map(|mail| text(mail.word()))),
        ("unlessExpected", handling.unless_expected.map(|severity| text(severity.word()))),
        ("incomplete", handling.incomplete.then_some(AttributeValue::Bool(true))),
        ("limits", (!limits.is_empty()).then_some(AttributeValue::L(limits))),
        ("mute", handling.mute.as_ref().map(|mute| text(mute.raw()))),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn handling(item: &Item) -> Handling {
    let field = |name: &str| untrusted(item, name);
    let limits = item.get("limits").and_then(|limits| limits.as_l().ok());
    Handling {
        mail: field("mail").and_then(|word| MailStatus::from_word(word.raw())),
        unless_expected: field("unlessExpected").and_then(|word| Severity::from_word(word.raw())),
        incomplete: flag(item, "incomplete"),
        limits: limits.into_iter().flatten().filter_map(|limit| limit.as_s().ok().map(Untrusted::new)).collect(),
        mute: field("mute"),
    }
}
