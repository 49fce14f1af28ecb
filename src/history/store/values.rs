//! Attribute values of DynamoDB.

use super::keys::Item;
use crate::limits::KEPT;
use crate::text::Untrusted;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use std::fmt::Display;

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn millis(time: DateTime<Utc>) -> AttributeValue {
    number(time.timestamp_millis())
}

pub(super) fn number(number: impl Display + Copy) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(super) fn integer(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

pub(super) fn time(item: &Item, name: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(item.get(name)?.as_s().ok()?).ok()?.to_utc())
}

pub(super) fn untrusted(item: &Item, name: &str) -> Option<Untrusted> {
    item.get(name)?.as_s().ok().map(Untrusted::new)
}

pub(super) fn flag(item: &Item, name: &str) -> bool {
    item.get(name).and_then(|value| value.as_bool().ok()).copied().unwrap_or_default()
}

pub(super) fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(KEPT.min(text.len()))]
}
