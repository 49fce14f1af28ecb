//! The history in a table of `DynamoDB`.

mod floods;

use super::{Claim, Entry, Lately, Line, List, Step};
use crate::phrase;
use crate::severity::Severity;
use crate::telemetry::Mail;
use crate::text::{Phrase, Untrusted};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use std::collections::HashMap;
use std::fmt::Display;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long one call to the table may take. It is quick, or not there.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pause before an event is claimed again that another invocation is telling.
const BETWEEN_CLAIMS: Duration = Duration::from_millis(500);
/// How far a story goes back, and on: events arrive in any order.
const STORY: TimeDelta = TimeDelta::days(1);
/// How many lines of a list are read.
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
    client: Client,
    table: String,
    /// How long an item is kept; `None` for ever.
    retention: Option<TimeDelta>,
    /// Since when there is a history, once that was read.
    begin: OnceLock<DateTime<Utc>>,
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
    /// What became of the mail.
    pub mail: Mail,
    /// The record, as JSON.
    pub record: &'a str,
}

impl History {
    /// The history in this table, whose items are kept so long; `None` for ever.
    #[must_use]
    pub fn new(client: Client, table: String, retention: Option<TimeDelta>) -> Self {
        Self { client, table, retention, begin: OnceLock::new() }
    }

    /// The table's name and region.
    #[must_use]
    pub fn table(&self) -> (&str, Option<&str>) {
        (&self.table, self.client.config().region().map(AsRef::as_ref))
    }

    // --- one alert an event ------------------------------------------------------------------------------------

    /// Claims the event, until then: whoever comes in between waits or goes, and whoever comes after a crash takes
    /// over. The lines are written at once, without what is not known yet, so that another event that is handled at
    /// the same time finds this one. Waits for another one's claim, but not longer than until `given_up`.
    pub async fn claim(
        &self,
        entry: &Entry,
        until: DateTime<Utc>,
        given_up: Instant,
        clock: fn() -> DateTime<Utc>,
    ) -> Claim {
        loop {
            match self.try_to_claim(entry, until, clock()).await {
                Claim::Elsewhere if Instant::now() + BETWEEN_CLAIMS < given_up => {
                    tokio::time::sleep(BETWEEN_CLAIMS).await;
                }
                claim => return claim,
            }
        }
    }

    async fn try_to_claim(&self, entry: &Entry, until: DateTime<Utc>, now: DateTime<Utc>) -> Claim {
        match self.claim_if(entry, until, None).await {
            Err(left) if left < now => match self.claim_if(entry, until, Some(now)).await {
                Ok(Claim::Ours { .. }) => Claim::Ours { again: true },
                Ok(claim) => claim,
                Err(_) => Claim::Elsewhere,
            },
            Err(_) => Claim::Elsewhere,
            Ok(claim) => claim,
        }
    }

    /// Claims the event if nobody has yet; or, given the time, if somebody's claim on it ended before.
    ///
    /// # Errors
    /// Until when somebody else has claimed it.
    async fn claim_if(
        &self,
        entry: &Entry,
        until: DateTime<Utc>,
        ended_before: Option<DateTime<Utc>>,
    ) -> Result<Claim, DateTime<Utc>> {
        let mut event = self.event(entry);
        event.insert("state".into(), text("claimed"));
        event.insert("claimedUntil".into(), millis(until));
        let (condition, values) = match ended_before {
            None => ("attribute_not_exists(pk) OR #state = :untold", vec![(":untold", text("untold"))]),
            Some(now) => (
                "#state = :claimed AND claimedUntil < :now",
                vec![(":claimed", text("claimed")), (":now", millis(now))],
            ),
        };
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(event))
            .condition_expression(condition)
            .expression_attribute_names("#state", "state")
            .set_expression_attribute_values(Some(
                values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        let Ok(first) = put else { return Ok(Claim::Unknown(UNBUILT.into())) };
        let writes = self.writes(first, entry, &entry.lists(), &[]);
        let call = self.client.transact_write_items().set_transact_items(Some(writes)).send();
        match timeout_at(Instant::now() + PATIENCE, call).await {
            Ok(Ok(_)) => Ok(Claim::Ours { again: false }),
            Ok(Err(error)) => match claimed_before(&error) {
                Some(before) => before,
                None => Ok(Claim::Unknown(why_not("claim", &error))),
            },
            Err(_) => Ok(Claim::Unknown(TOO_SLOW.into())),
        }
    }

    /// Remembers what was told, and that it was.
    ///
    /// # Errors
    /// Why it could not be, in words: then a repeated delivery tells it again.
    pub async fn keep(&self, entry: &Entry, told: &Told<'_>) -> Result<(), Phrase> {
        let reasons = told.reasons.iter().map(|reason| text(reason)).collect();
        let judged = [("severity", text(told.severity.word())), ("subject", text(told.subject))];
        let mut event = self.event(entry);
        let told_of = [
            ("state", text("done")),
            ("reasons", AttributeValue::L(reasons)),
            ("mailed", AttributeValue::Bool(told.mail == Mail::Published)),
            ("alert", text(bounded(told.alert))),
            ("record", text(bounded(told.record))),
            ("cut", AttributeValue::Bool(told.alert.len() > KEPT || told.record.len() > KEPT)),
        ];
        event.extend(told_of.into_iter().chain(judged.clone()).map(|(name, value)| (name.to_owned(), value)));
        let put = Put::builder().table_name(&self.table).set_item(Some(event)).build();
        let left_out = (told.mail == Mail::LeftOut).then(|| ("leftOutAt", millis(entry.arrived)));
        let of_lines: Vec<_> = judged.into_iter().chain(left_out).collect();
        let first = put.map_err(|_| Phrase::from(UNBUILT))?;
        let writes = self.writes(first, entry, &entry.lists(), &of_lines);
        let (kept, ()) = tokio::join!(self.write(writes), self.note_begin(entry));
        kept
    }

    /// Remembers an event that is not told, and why. What is no call of IAM stands under its day only.
    ///
    /// # Errors
    /// Why it could not be, in words.
    pub async fn keep_untold(&self, entry: &Entry, why: &str, record: &str) -> Result<(), Phrase> {
        let mut event = self.event(entry);
        let facts = [
            ("state", text("untold")),
            ("notTold", text(why)),
            ("mailed", AttributeValue::Bool(false)),
            ("record", text(bounded(record))),
            ("cut", AttributeValue::Bool(record.len() > KEPT)),
        ];
        event.extend(facts.map(|(name, value)| (name.to_owned(), value)));
        // What was told once stays what it is, whatever is set now.
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(event))
            .condition_expression("attribute_not_exists(pk)")
            .build();
        let first = put.map_err(|_| Phrase::from(UNBUILT))?;
        let of_iam = entry.line.call.raw().starts_with("iam:");
        let lists = if of_iam { entry.lists() } else { vec![entry.day_list()] };
        self.write(self.writes(first, entry, &lists, &[])).await
    }

    /// Writes all of it or nothing. What a condition refuses need not be written: it stands there already.
    async fn write(&self, writes: Vec<TransactWriteItem>) -> Result<(), Phrase> {
        let deadline = Instant::now() + PATIENCE;
        let mut tries = 1;
        loop {
            let call = self.client.transact_write_items().set_transact_items(Some(writes.clone())).send();
            match timeout_at(deadline, call).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(error)) if is_refused_by_condition(&error) => return Ok(()),
                Ok(Err(error)) if tries < TRIES && collides(&error) => tokio::time::sleep(PAUSE).await,
                Ok(Err(error)) => return Err(why_not("keep", &error)),
                Err(_) => return Err(TOO_SLOW.into()),
            }
            tries += 1;
        }
    }

    // --- the story ---------------------------------------------------------------------------------------------

    /// What the actor did and what happened to the target within a day before the event, and after it so far; and
    /// whether the actor was seen before at all.
    pub async fn lately(&self, entry: &Entry) -> Lately {
        let time = entry.line.time;
        // A '~' stands behind all that follows a time.
        let around = (at(time - STORY), format!("{}~", at(time + STORY)));
        let (actor_list, target_list) = (entry.actor_list(), entry.target_list());
        let (by_actor, to_target, oldest, begin) = tokio::join!(
            self.list(self.within(&actor_list, &around).scan_index_forward(false).limit(READ)),
            async {
                match &target_list {
                    Some(list) => self.list(self.within(list, &around).scan_index_forward(false).limit(READ)).await,
                    None => Ok(List::default()),
                }
            },
            // Of several at once, the earliest is the one that was never seen before.
            self.list(self.of(&actor_list).limit(1)),
            self.begin()
        );
        let unknown = [&by_actor, &to_target].into_iter().find_map(|list| list.as_ref().err()).cloned();
        let is_this = |line: &Line| line.event_id == entry.line.event_id;
        let others = |mut list: List| {
            list.lines.retain(|line| !is_this(line));
            list
        };
        let never_seen = oldest.is_ok_and(|list| list.lines.iter().all(is_this));
        let since = begin.ok().map(|begin| {
            let begin = begin.unwrap_or(entry.arrived);
            self.retention.map_or(begin, |kept| begin.max(entry.arrived - kept))
        });
        Lately {
            by_actor: by_actor.map(others).unwrap_or_default(),
            to_target: to_target.map(others).unwrap_or_default(),
            first_sight_since: since.filter(|_| never_seen),
            unknown,
        }
    }

    /// Whether the alert of this event is the one that names the chain which began with that event: whoever comes
    /// first names it. What is not known is named, at worst twice.
    pub async fn names(&self, entry: &Entry, chain: &str, first: &Untrusted) -> bool {
        let mut item = self.expiring(entry);
        item.insert("pk".into(), key(&format!("CHAIN#{chain}#{}", first.raw())));
        item.insert("sk".into(), text("CHAIN"));
        item.insert("eventId".into(), text(entry.line.event_id.raw()));
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            // A retry of the same event names it again.
            .condition_expression("attribute_not_exists(pk) OR eventId = :this")
            .expression_attribute_values(":this", text(entry.line.event_id.raw()))
            .send();
        unless_refused("name", call).await.unwrap_or(true)
    }

    /// Since when there is a history; `None` where that was not noted yet.
    async fn begin(&self) -> Result<Option<DateTime<Utc>>, Phrase> {
        if let Some(begin) = self.begin.get() {
            return Ok(Some(*begin));
        }
        let answer = patient("begin", self.of(BEGIN).send()).await?;
        let begin = answer.items.iter().flatten().find_map(|item| time(item, "time"));
        Ok(begin.map(|begin| *self.begin.get_or_init(|| begin)))
    }

    /// Notes when the history began, if nobody has yet. What fails is tried again with the next event.
    async fn note_begin(&self, entry: &Entry) {
        if self.begin.get().is_some() {
            return;
        }
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", text(BEGIN))
            .item("sk", text("BEGIN"))
            .item("time", text(&at(entry.arrived)))
            .condition_expression("attribute_not_exists(pk)")
            .send();
        if unless_refused("begin", call).await == Ok(true) {
            self.begin.get_or_init(|| entry.arrived);
        }
    }

    fn of(&self, list: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", key(list))
            .consistent_read(true)
    }

    fn within(&self, list: &str, (from, to): &(String, String)) -> QueryFluentBuilder {
        self.of(list)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text(to))
    }

    async fn list(&self, query: QueryFluentBuilder) -> Result<List, Phrase> {
        let answer = patient("lately", query.send()).await?;
        let unread = answer.last_evaluated_key.is_some();
        Ok(List { unread, lines: answer.items.unwrap_or_default().iter().filter_map(Line::read).collect() })
    }

    // --- items -------------------------------------------------------------------------------------------------

    /// The event's own item, as far as it is known at once.
    fn event(&self, entry: &Entry) -> Item {
        let mut item = self.line(entry);
        item.insert("pk".into(), key(&format!("EVENT#{}", entry.line.event_id.raw())));
        item.insert("sk".into(), text("EVENT"));
        let facts = [
            ("targetKey", entry.target_key.as_deref()),
            ("accountId", entry.account.as_ref().map(Untrusted::raw)),
            ("sourceAddress", entry.source_address.as_ref().map(Untrusted::raw)),
        ];
        item.extend(facts.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), text(fact?)))));
        item
    }

    /// A write, and with it those of the event's lines in these lists, with what else is known.
    fn writes(
        &self,
        first: Put,
        entry: &Entry,
        lists: &[String],
        more: &[(&str, AttributeValue)],
    ) -> Vec<TransactWriteItem> {
        let mut line = self.line(entry);
        line.insert("sk".into(), key(&format!("{}#{}", at(entry.line.time), entry.line.event_id.raw())));
        line.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let put = |list: &String| {
            let mut item = line.clone();
            item.insert("pk".into(), key(list));
            Put::builder().table_name(&self.table).set_item(Some(item)).build().ok()
        };
        let lines = lists.iter().filter_map(put);
        std::iter::once(first).chain(lines).map(|put| TransactWriteItem::builder().put(put).build()).collect()
    }

    fn line(&self, entry: &Entry) -> Item {
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
        if let Some(object) = &line.object {
            item.insert("object".into(), text(object.raw()));
        }
        let steps: Vec<_> = line.steps.iter().map(|step| text(step.word())).collect();
        item.insert("steps".into(), AttributeValue::L(steps));
        item
    }

    /// An item with nothing but when it expires.
    fn expiring(&self, entry: &Entry) -> Item {
        let expires = self.retention.map(|retention| number((entry.arrived + retention).timestamp()));
        expires.map(|expires| ("expiresAt".to_owned(), expires)).into_iter().collect()
    }
}

const BEGIN: &str = "HISTORY";
const UNBUILT: &str = "the item could not be built";

impl Line {
    /// Reads a line; `None` where it is none.
    #[must_use]
    pub fn read(item: &Item) -> Option<Self> {
        let field = |name: &str| item.get(name)?.as_s().ok().map(Untrusted::new);
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
            object: field("object"),
            steps: steps.into_iter().flatten().filter_map(|step| Step::from_word(step.as_s().ok()?)).collect(),
            severity: severity.and_then(|word| Severity::from_word(word.raw())),
            subject: field("subject"),
        })
    }
}

fn keys(pk: &str, sk: &str) -> Item {
    Item::from([("pk".into(), key(pk)), ("sk".into(), key(sk))])
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

/// Whether the first write was refused by its condition.
fn is_refused_by_condition<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    cancellation_reasons(error).first().and_then(CancellationReason::code) == Some("ConditionalCheckFailed")
}

/// What a refused claim tells of the one before it: that the event was told, or until when it is claimed.
fn claimed_before<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Result<Claim, DateTime<Utc>>> {
    // Two at the same moment: neither was taken, and one may be tried again.
    if collides(error) {
        return Some(Ok(Claim::Elsewhere));
    }
    let reason = cancellation_reasons(error).first().filter(|_| is_refused_by_condition(error))?;
    let item = reason.item()?;
    match item.get("state")?.as_s().ok()?.as_str() {
        "done" => Some(Ok(Claim::ToldBefore)),
        "claimed" => DateTime::from_timestamp_millis(integer(item, "claimedUntil")?).map(Err),
        _ => None,
    }
}

/// The answer to a call, if it comes in time.
async fn patient<T, E: ProvideErrorMetadata, R>(
    what: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> Result<T, Phrase> {
    match timeout_at(Instant::now() + PATIENCE, call).await {
        Ok(answer) => answer.map_err(|error| why_not(what, &error)),
        Err(_) => Err(TOO_SLOW.into()),
    }
}

/// Whether a write was made, and not refused by its condition.
async fn unless_refused<T, E: ProvideErrorMetadata, R>(
    what: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> Result<bool, Phrase> {
    match timeout_at(Instant::now() + PATIENCE, call).await {
        Ok(Ok(_)) => Ok(true),
        Ok(Err(error)) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
        Ok(Err(error)) => Err(why_not(what, &error)),
        Err(_) => Err(TOO_SLOW.into()),
    }
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

fn millis(time: DateTime<Utc>) -> AttributeValue {
    number(time.timestamp_millis())
}

fn number(number: impl Display + Copy) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn integer(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn time(item: &Item, name: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(item.get(name)?.as_s().ok()?).ok()?.to_utc())
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(KEPT.min(text.len()))]
}
