//! The history in a table of `DynamoDB`.

use super::{Claim, Lately, Line, Lines, actor_key, target_key, target_label};
use crate::cloudtrail::Activity;
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Kind, Phrase, Untrusted};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long one call to the table may take. It is quick, or not there.
const PATIENCE: Duration = Duration::from_secs(2);
/// How far back a story goes.
const STORY: TimeDelta = TimeDelta::days(1);
/// How many lines are shown, and how many are read to count the rest.
const SHOWN: usize = 10;
const READ: i32 = 60;
/// How often a write is tried that collides with another one, and the pause before each further time.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(100);
const TOO_SLOW: &str = "the history did not answer in time";
/// How much of a record or an alert is kept: an item may have 400 KB ("Quotas" in its developer guide).
const KEPT: usize = 120_000;

type Item = HashMap<String, AttributeValue>;

/// What happened before.
#[derive(Debug)]
pub struct History {
    /// The client.
    pub client: Client,
    /// The table.
    pub table: String,
    /// How long an item is kept; `None` for ever.
    pub retention: Option<TimeDelta>,
}

/// What is remembered of an event once it was told.
#[derive(Debug)]
pub struct Told<'a> {
    /// How grave it was.
    pub severity: Severity,
    /// The subject of the alert.
    pub subject: &'a str,
    /// Why it was that grave.
    pub reasons: Vec<String>,
    /// The alert as it was sent.
    pub alert: &'a str,
    /// Whether a mail was sent.
    pub mailed: bool,
    /// The record, as JSON.
    pub record: &'a str,
}

impl History {
    /// Claims the event, until then: whoever comes in between waits or goes, and whoever comes after a crash takes
    /// over. The lines are written at once, without what is not known yet, so that another event that is handled at
    /// the same time finds this one.
    pub async fn claim(&self, activity: &Activity, until: DateTime<Utc>, now: DateTime<Utc>) -> Claim {
        let Some(id) = &activity.event_id else {
            return Claim::Unknown("the event has no id".into());
        };
        let mut event = self.event(activity, id, now);
        event.insert("state".into(), text("claimed"));
        event.insert("claimedUntil".into(), number(until.timestamp_millis()));
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(event))
            .condition_expression("attribute_not_exists(pk) OR (#state = :claimed AND claimedUntil < :now)")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":claimed", text("claimed"))
            .expression_attribute_values(":now", number(now.timestamp_millis()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        let items = self.lines(activity, id, now, None);
        let Ok(first) = put else { return Claim::Unknown("the item could not be built".into()) };
        let writes = std::iter::once(first).chain(items).map(|put| TransactWriteItem::builder().put(put).build());
        let call = self.client.transact_write_items().set_transact_items(Some(writes.collect())).send();
        match timeout_at(Instant::now() + PATIENCE, call).await {
            Ok(Ok(_)) => Claim::Ours,
            Ok(Err(error)) => claimed_before(&error).unwrap_or_else(|| Claim::Unknown(why_not("claim", &error))),
            Err(_) => Claim::Unknown(TOO_SLOW.into()),
        }
    }

    /// Remembers what was told, and that it was.
    ///
    /// # Errors
    /// Why it could not be, in words: then a repeated delivery tells it again.
    pub async fn keep(&self, activity: &Activity, told: &Told<'_>, now: DateTime<Utc>) -> Result<(), Phrase> {
        let Some(id) = &activity.event_id else { return Ok(()) };
        let mut event = self.event(activity, id, now);
        let reasons = told.reasons.iter().map(|reason| text(reason)).collect();
        let told_of = [
            ("state", text("done")),
            ("severity", text(told.severity.word())),
            ("subject", text(told.subject)),
            ("reasons", AttributeValue::L(reasons)),
            ("mailed", AttributeValue::Bool(told.mailed)),
            ("alert", text(bounded(told.alert))),
            ("record", text(bounded(told.record))),
            ("cut", AttributeValue::Bool(told.alert.len() > KEPT || told.record.len() > KEPT)),
        ];
        event.extend(told_of.map(|(name, value)| (name.to_owned(), value)));
        let put = Put::builder().table_name(&self.table).set_item(Some(event)).build();
        let first = put.map_err(|_| Phrase::from("the item could not be built"))?;
        let lines = self.lines(activity, id, now, Some((told.severity, told.subject)));
        let writes = std::iter::once(first).chain(lines).map(|put| TransactWriteItem::builder().put(put).build());
        let writes: Vec<_> = writes.collect();
        let deadline = Instant::now() + PATIENCE;
        let mut tries = 1;
        loop {
            let call = self.client.transact_write_items().set_transact_items(Some(writes.clone())).send();
            match timeout_at(deadline, call).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(error)) if tries < TRIES && collides(&error) => tokio::time::sleep(PAUSE).await,
                Ok(Err(error)) => return Err(why_not("keep", &error)),
                Err(_) => return Err(TOO_SLOW.into()),
            }
            tries += 1;
        }
    }

    /// What the actor did and what happened to the target within a day before the event, and after it so far.
    pub async fn lately(&self, activity: &Activity, now: DateTime<Utc>) -> Lately {
        let since = at(activity.time.unwrap_or(now) - STORY);
        let actor = format!("ACTOR#{}", actor_key(&activity.principal));
        let target = target_key(activity).map(|target| format!("TARGET#{target}"));
        let (by_actor, to_target) = tokio::join!(self.query(&actor, &since), async {
            match &target {
                Some(target) => self.query(target, &since).await,
                None => Ok(Lines::default()),
            }
        });
        let unknown = [&by_actor, &to_target].into_iter().find_map(|lines| lines.as_ref().err().cloned());
        let this = |line: &Line| Some(&line.event_id) == activity.event_id.as_ref();
        let actor = Untrusted::new(actor_key(&activity.principal));
        // What the actor did to the target stands among what it did.
        let by_others = |line: &Line| line.actor_key.as_ref() != Some(&actor);
        Lately {
            by_actor: by_actor.unwrap_or_default().only(|line| !this(line)),
            to_target: to_target.unwrap_or_default().only(|line| !this(line) && by_others(line)),
            unknown,
        }
    }

    async fn query(&self, key: &str, since: &str) -> Result<Lines, Phrase> {
        let call = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk >= :since")
            .expression_attribute_values(":pk", self::key(key))
            .expression_attribute_values(":since", text(since))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(READ)
            .send();
        match timeout_at(Instant::now() + PATIENCE, call).await {
            Ok(Ok(answer)) => Ok(Lines {
                unread: answer.last_evaluated_key.is_some(),
                lines: answer.items.unwrap_or_default().iter().filter_map(Line::read).collect(),
                more: 0,
            }),
            Ok(Err(error)) => Err(why_not("lately", &error)),
            Err(_) => Err(TOO_SLOW.into()),
        }
    }

    /// The event's own item, as far as it is known at once.
    fn event(&self, activity: &Activity, id: &Untrusted, now: DateTime<Utc>) -> Item {
        let mut item = self.line(activity, id, now);
        item.insert("pk".into(), key(&format!("EVENT#{}", id.raw())));
        item.insert("sk".into(), text("EVENT"));
        let facts = [
            ("targetKey", target_key(activity)),
            ("accountId", activity.account.as_ref().map(|account| account.raw().to_owned())),
            ("sourceAddress", activity.origin.address.as_ref().map(|address| address.raw().to_owned())),
        ];
        item.extend(facts.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), text(&fact?)))));
        item
    }

    /// The lines of an event in the lists that it stands in.
    fn lines(
        &self,
        activity: &Activity,
        id: &Untrusted,
        now: DateTime<Utc>,
        told: Option<(Severity, &str)>,
    ) -> Vec<Put> {
        let time = activity.time.unwrap_or(now);
        let account = activity.account.as_ref().map_or("unknown", |account| account.raw());
        let keys = [
            Some(format!("ACTOR#{}", actor_key(&activity.principal))),
            target_key(activity).map(|target| format!("TARGET#{target}")),
            Some(format!("DAY#{account}#{}", time.format("%Y-%m-%d"))),
        ];
        let mut line = self.line(activity, id, now);
        line.insert("sk".into(), key(&format!("{}#{}", at(time), id.raw())));
        if let Some((severity, subject)) = told {
            line.insert("severity".into(), text(severity.word()));
            line.insert("subject".into(), text(subject));
        }
        let put = |key: String| {
            let mut item = line.clone();
            item.insert("pk".into(), self::key(&key));
            Put::builder().table_name(&self.table).set_item(Some(item)).build().ok()
        };
        keys.into_iter().flatten().filter_map(put).collect()
    }

    fn line(&self, activity: &Activity, id: &Untrusted, now: DateTime<Utc>) -> Item {
        let call = format!("{}:{}", activity.action.service, activity.event_name.raw());
        let mut item = Item::from([
            ("eventId".into(), text(id.raw())),
            ("time".into(), text(&at(activity.time.unwrap_or(now)))),
            ("call".into(), text(&call)),
            ("outcome".into(), text(activity.outcome.word())),
            ("actor".into(), text(&activity.principal.short_name().plain())),
            ("actorKey".into(), text(&actor_key(&activity.principal))),
            ("target".into(), text(&target_label(activity).plain())),
        ]);
        if let Some(retention) = self.retention {
            item.insert("expiresAt".into(), number((now + retention).timestamp()));
        }
        item
    }
}

impl Lines {
    /// The newest of those for which `keep` holds.
    fn only(mut self, keep: impl Fn(&Line) -> bool) -> Self {
        self.lines.retain(keep);
        self.more = self.lines.len().saturating_sub(SHOWN);
        self.lines.truncate(SHOWN);
        self
    }
}

impl Line {
    /// Reads a line; `None` where it is none.
    #[must_use]
    pub fn read(item: &Item) -> Option<Self> {
        let field = |name: &str| item.get(name)?.as_s().ok().map(Untrusted::new);
        let severity = field("severity");
        Some(Self {
            time: field("time")
                .and_then(|time| DateTime::parse_from_rfc3339(time.raw()).ok())
                .map(|time| time.to_utc()),
            event_id: field("eventId")?,
            call: field("call")?,
            outcome: field("outcome")?,
            actor: field("actor")?,
            actor_key: field("actorKey"),
            target: field("target")?,
            severity: Severity::ALL
                .into_iter()
                .find(|level| severity.as_ref().is_some_and(|word| word.raw() == level.word())),
            subject: field("subject"),
        })
    }
}

/// Why the writes of a transaction were refused, in their order; none where it failed otherwise.
fn cancellation_reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}

/// Whether a write was refused because of another one of the same item at the same moment. The SDK does not try it again.
fn collides<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    cancellation_reasons(error).iter().any(|reason| reason.code() == Some("TransactionConflict"))
}

/// What a refused claim tells of the one before it.
fn claimed_before<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Claim> {
    // Two at the same moment: neither was taken, and one may be tried again.
    if collides(error) {
        return Some(Claim::Elsewhere(DateTime::UNIX_EPOCH));
    }
    let reason =
        cancellation_reasons(error).first().filter(|reason| reason.code() == Some("ConditionalCheckFailed"))?;
    let item = reason.item()?;
    if item.get("state")?.as_s().ok()? == "done" {
        return Some(Claim::ToldBefore);
    }
    let until: i64 = item.get("claimedUntil")?.as_n().ok()?.parse().ok()?;
    DateTime::from_timestamp_millis(until).map(Claim::Elsewhere)
}

fn why_not<E: ProvideErrorMetadata, R>(what: &'static str, error: &SdkError<E, R>) -> Phrase {
    // The code and no more: the whole error holds the request, and that holds the alert.
    let reason = match (error.code(), error) {
        (Some(code), _) => phrase!("the history answered ", &Untrusted::new(code)),
        (None, SdkError::TimeoutError(_)) => TOO_SLOW.into(),
        (None, _) => "the history could not be reached".into(),
    };
    tracing::warn!(what, reason = reason.plain(), "history failed");
    reason
}

/// A partition key may have 2,048 bytes, a sort key 1,024. Names of IAM are far shorter; what is longer is cut.
fn key(key: &str) -> AttributeValue {
    text(&key[..key.floor_char_boundary(key.len().min(900))])
}

/// A time that sorts as text.
fn at(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(KEPT.min(text.len()))]
}

impl From<&Line> for Phrase {
    /// The line as it stands in a list, but for its time: "HIGH  ops-carol  iam:CreateUser  IAM user x".
    fn from(line: &Line) -> Self {
        let severity = line.severity.map_or("", Severity::word);
        let outcome =
            if line.outcome.raw() == "succeeded" { Self::default() } else { phrase!(" (", &line.outcome, ")") };
        phrase!(
            Self::ours(format!("{severity:<8}  ")),
            &line.actor,
            "  ",
            Self::theirs(&line.call, Kind::Name),
            outcome,
            "  ",
            &line.target
        )
    }
}
