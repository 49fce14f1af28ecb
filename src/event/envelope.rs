//! The EventBridge event around a CloudTrail record.

use super::fields::{label, shown, time};
use super::record::Record;
use crate::catalog;
use crate::catalog::patterns::{API_CALL, SIGN_IN, SIGN_IN_ANOMALY};
use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

/// Whether the catalogue has actions of this service. Events of a service have the source `aws.SERVICE`, which only AWS
/// can use, and its records have the eventSource `SERVICE.amazonaws.com`. Other services have a `CreateUser`, too.
pub(super) fn is_service(service: &str) -> bool {
    catalog::services().contains(service)
}

/// A CloudTrail record, and the fields of the EventBridge event around the record.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    pub record: Record,
    /// The unchanged JSON of the record.
    pub raw: Value,
    /// The account in the envelope.
    pub account: Option<String>,
    /// The time in the envelope; the record's own time is preferred.
    pub time: Option<DateTime<Utc>>,
    /// The region in the envelope.
    pub region: Option<String>,
    /// The name of the EventBridge replay, if the event was replayed from an archive.
    pub replay: Option<String>,
    /// If there was no event: how the change was found.
    pub found: Option<Found>,
}

/// A change of which no event arrived: the daily reading of IAM found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// When IAM was last read without the change.
    pub not_since: DateTime<Utc>,
    /// When the change was made at the earliest: the credential report is up to four hours old.
    pub possible_since: DateTime<Utc>,
    /// When IAM was read with the change.
    pub read: DateTime<Utc>,
}

/// Why an event was refused. A refusal is an error of the invocation, so that no event is lost silently.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// Neither the JSON of an EventBridge event nor that of a record.
    #[error("event {event_id}: this is not a valid event: {why}")]
    NotAnEvent {
        /// The record's eventID, if there is one.
        event_id: String,
        /// What is wrong with the event.
        why: String,
    },
    /// The source of the event is not accepted.
    #[error(
        "event {event_id}: its source is \"{found}\", not \"aws.iam\" or that of another service in the catalogue; only AWS can send events as aws.*, so another source may be forged"
    )]
    Source { event_id: String, found: String },
    /// The detail-type of the event is not accepted.
    #[error("event {event_id}: its detail-type is \"{found}\", not \"{API_CALL}\" or \"{}\"", SIGN_IN[0])]
    DetailType { event_id: String, found: String },
    /// The record is of another service.
    #[error(
        "event {event_id}: its eventSource is {found}, not \"iam.amazonaws.com\" or that of the event's own service"
    )]
    EventSource { event_id: String, found: String },
}

impl Refusal {
    /// A stable name for each kind of refusal: the `errorType` of the invocation.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotAnEvent { .. } => "NotAnEvent",
            Self::Source { .. } => "ForeignSource",
            Self::DetailType { .. } => "ForeignDetailType",
            Self::EventSource { .. } => "ForeignEventSource",
        }
    }
}

/// Whether the event is from the schedule, not from CloudTrail. Only EventBridge can send events as `aws.events`.
#[must_use]
pub fn is_schedule(event: &Value) -> bool {
    event["source"] == "aws.events" && event["detail-type"] == "Scheduled Event"
}

impl Delivery {
    /// Reads the EventBridge event that the function receives.
    ///
    /// # Errors
    /// If this is no EventBridge event, or no CloudTrail event of a service in the catalogue.
    pub fn from_eventbridge(event: Value) -> Result<Self, Refusal> {
        let replay = event.get("replay-name").and_then(Value::as_str).map(str::to_owned);
        let id = event.pointer("/detail/eventID").and_then(Value::as_str).map(str::to_owned);
        let not_an_event = |why: &str| Refusal::NotAnEvent { event_id: label(id.as_deref()), why: why.to_owned() };
        let event: EventBridgeEvent =
            serde_json::from_value(tolerated(event)).map_err(|error| not_an_event(&error.to_string()))?;
        if !event.detail.is_object() {
            return Err(not_an_event("its detail is no CloudTrail record"));
        }
        let anomaly = event.detail_type == SIGN_IN_ANOMALY && event.source == "aws.signin";
        let raw = if anomaly { warning(&event, id.as_deref()) } else { event.detail };
        let record = Record::deserialize(&raw).map_err(|error| not_an_event(&error.to_string()))?;
        let event_id = || label(record.event_id.as_deref());
        let by_root = is_by_root(&record);
        let of_aws = event.source.strip_prefix("aws.").filter(|service| !service.contains('/'));
        let Some(service) = of_aws.filter(|service| by_root || is_service(service)) else {
            return Err(Refusal::Source { event_id: event_id(), found: shown(&event.source) });
        };
        if !anomaly && event.detail_type != API_CALL && !SIGN_IN.contains(&event.detail_type.as_str()) {
            return Err(Refusal::DetailType { event_id: event_id(), found: shown(&event.detail_type) });
        }
        let of_record = record.event_source.as_deref();
        // The source of some services is another word than their eventSource: only of a root user's calls are there such.
        let same = |source: &str| source.strip_suffix(".amazonaws.com").is_some_and(|of| by_root || of == service);
        if of_record.is_some_and(|source| !same(source)) {
            let found = format!("\"{}\"", of_record.map_or_else(String::new, shown));
            return Err(Refusal::EventSource { event_id: event_id(), found });
        }
        Ok(Self { record, raw, account: event.account, time: event.time, region: event.region, replay, found: None })
    }

    /// The record that a change without an event would have had.
    ///
    /// # Errors
    /// If this is no record.
    pub fn without_event(raw: Value, found: Found) -> Result<Self, Refusal> {
        let not_an_event = |error: serde_json::Error| Refusal::NotAnEvent {
            event_id: label(raw.get("eventID").and_then(Value::as_str)),
            why: error.to_string(),
        };
        let record = Record::deserialize(&raw).map_err(not_an_event)?;
        Ok(Self { record, raw, found: Some(found), ..Self::default() })
    }

    /// Reads a file: an EventBridge event, a bare CloudTrail record, or a CloudTrail log file `{"Records": […]}`.
    ///
    /// # Errors
    /// If the file is none of these.
    pub fn from_file(json: Value) -> Result<Vec<Result<Self, Refusal>>, Refusal> {
        match json {
            Value::Object(mut fields) if fields.get("Records").is_some_and(Value::is_array) => {
                let records = fields.remove("Records").and_then(|records| match records {
                    Value::Array(records) => Some(records),
                    _ => None,
                });
                Ok(records.into_iter().flatten().map(Self::from_record).collect())
            }
            Value::Object(fields) if fields.contains_key("detail") || fields.contains_key("detail-type") => {
                Ok(vec![Self::from_eventbridge(Value::Object(fields))])
            }
            Value::Object(fields)
                if ["eventName", "eventSource", "eventVersion"].iter().any(|name| fields.contains_key(*name)) =>
            {
                Ok(vec![Self::from_record(Value::Object(fields))])
            }
            _ => Err(no_record("expected an EventBridge event, a CloudTrail record or {\"Records\": [...]}")),
        }
    }

    fn from_record(record: Value) -> Result<Self, Refusal> {
        if !record.is_object() {
            return Err(no_record("a record is not a JSON object"));
        }
        let raw = record;
        let record = Record::deserialize(&raw).map_err(|error| no_record(&error.to_string()))?;
        Ok(Self { record, raw, ..Self::default() })
    }
}

/// Whether the record says that a root user made the call. Only AWS writes records.
pub(super) fn is_by_root(record: &Record) -> bool {
    let kind = record.user_identity.as_ref().and_then(|identity| identity.kind.as_deref());
    kind == Some("Root")
}

/// A warning of AWS about sign-ins, as a record. AWS does not document what it says: all of it is shown.
fn warning(event: &EventBridgeEvent, id: Option<&str>) -> Value {
    json!({
        "eventSource": "signin.amazonaws.com",
        "eventName": SIGN_IN_ANOMALY,
        "eventID": id.or(event.id.as_deref()),
        "eventTime": event.time.map(|time| time.to_rfc3339()),
        "awsRegion": event.region,
        "recipientAccountId": event.account,
        "sourceIPAddress": "signin.amazonaws.com",
        "userIdentity": {"type": "AWSService", "invokedBy": "signin.amazonaws.com"},
        "requestParameters": event.detail,
        "readOnly": false,
    })
}

fn no_record(why: &str) -> Refusal {
    Refusal::NotAnEvent { event_id: label(None), why: why.to_owned() }
}

/// The envelope without fields that EventBridge itself would not write. An alert needs none of these fields, and an
/// unreadable time must not lose an alert.
fn tolerated(mut event: Value) -> Value {
    if let Value::Object(fields) = &mut event {
        fields.retain(|name, value| match name.as_str() {
            "version" | "id" | "account" | "region" => value.is_string(),
            "time" => value.as_str().and_then(time).is_some(),
            "resources" => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
            _ => true,
        });
        // The time is read leniently here, but the type needs the strict form.
        if let Some(time) = fields.get("time").and_then(Value::as_str).and_then(time) {
            fields.insert("time".to_owned(), time.to_rfc3339().into());
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn envelope() -> Value {
        json!({"detail-type": API_CALL, "source": "aws.iam", "detail": {"eventID": "e-1", "eventName": "CreateUser"}})
    }

    fn refusal(change: impl Fn(&mut Value)) -> Refusal {
        let mut event = envelope();
        change(&mut event);
        Delivery::from_eventbridge(event).unwrap_err()
    }

    #[test]
    fn an_envelope_is_read() {
        let delivery = Delivery::from_eventbridge(envelope()).unwrap();
        assert_eq!(delivery.record.event_id.as_deref(), Some("e-1"));
    }

    #[test]
    fn a_forged_source_or_another_detail_type_is_refused_by_name_and_event_id() {
        let forged = refusal(|event| event["source"] = json!("my.app"));
        assert_eq!(forged.kind(), "ForeignSource");
        assert!(forged.to_string().contains("event e-1: its source is \"my[.]app\""), "{forged}");
        let other = refusal(|event| event["detail-type"] = json!("AWS Service Event via CloudTrail"));
        assert_eq!(other.kind(), "ForeignDetailType");
    }

    #[test]
    fn an_invalid_field_of_the_envelope_loses_no_record() {
        let mut event = envelope();
        for (name, odd) in [("time", json!("")), ("account", json!(7)), ("resources", json!([{}])), ("id", json!(null))]
        {
            event[name] = odd;
        }
        let delivery = Delivery::from_eventbridge(event).unwrap();
        assert_eq!((delivery.time, delivery.account), (None, None));
    }

    #[test]
    fn other_json_is_refused_with_the_reason() {
        let error = Delivery::from_eventbridge(json!({"source": "aws.iam"})).unwrap_err().to_string();
        assert!(error.contains("missing field `detail-type`"), "{error}");
        assert_eq!(refusal(|event| event["detail"] = json!("x")).kind(), "NotAnEvent");
        let nameless = refusal(|event| {
            event.as_object_mut().unwrap().remove("source");
        });
        assert!(nameless.to_string().starts_with("event e-1: "), "{nameless}");
        for odd in [json!(1), json!([]), json!({}), json!(null), json!({"a": 1})] {
            assert!(Delivery::from_file(odd).is_err());
        }
    }

    #[test]
    fn a_file_can_contain_an_envelope_a_record_or_many_records() {
        let record = json!({"eventName": "CreateUser"});
        assert_eq!(Delivery::from_file(envelope()).unwrap().len(), 1);
        assert_eq!(Delivery::from_file(record.clone()).unwrap().len(), 1);
        let many = Delivery::from_file(json!({"Records": [record, 7]})).unwrap();
        assert!(many[0].is_ok() && many[1].is_err());
    }

    #[test]
    fn times_are_read_in_the_shapes_that_tools_write() {
        let expected = "2026-11-22T05:59:57+00:00";
        for text in [
            "2026-11-22T05:59:57Z",
            "2026-11-22T05:59:57",
            "2026-11-22T06:59:57+01:00",
            "2026-11-22 05:59:57",
            "2026-11-22 05:59:57Z",
            "2026-11-22 05:59:57 UTC",
            "1795327197",
            "1795327197000",
            "1795327197.0",
        ] {
            assert_eq!(time(text).unwrap().to_rfc3339(), expected);
        }
        assert_eq!(time("2026-11-22T05:59:57.250Z").unwrap().timestamp_subsec_millis(), 250);
        for odd in ["Nov 22, 2026", "7", "-1795327197", "NaN", "1e300", ""] {
            assert_eq!(time(odd), None, "{odd}");
        }
    }
}
