//! The history in a DynamoDB table: claims, related activity, chains, records of alerts.

use super::answers::{Earlier, claimed_before, collides, is_refused_by_condition, patient, unless_refused, why_not};
use super::items::handled;
use super::keys::{
    BEGIN, CHAIN, EVENT, HISTORY, Item, actor_list, at, chain_list, day_of, event_list, key, keys, lists, target_list,
};
use super::table::History;
use super::values::{bounded, millis, number, text, time};
use crate::history::{AlertRecord, Claim, Entry, HistoryError, Line, Lines, MailStatus, RelatedActivity};
use crate::limits::{HISTORY_TIMEOUT, KEPT, LINES_READ, LONGEST_INVOCATION, RELATED};
use crate::text::Untrusted;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use chrono::{DateTime, Utc};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The pauses before further claims on an event that another invocation works on.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long claims may conflict with other claims. After that, the event is alerted on without one.
const CONFLICTS: Duration = Duration::from_secs(5);
/// How often a write is tried if it conflicts with a concurrent write, and the pause before each retry.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(100);

impl History {
    // --- one alert an event ------------------------------------------------------------------------------------

    /// Claims the event for this invocation, until a time. During the claim, another invocation waits or gives up;
    /// after a crash, the next one takes over. The lines are written immediately, without what is not known yet, so
    /// that another event that is handled at the same time finds this one. If another invocation has a claim, this one
    /// waits until `given_up` at most.
    pub async fn claim(
        &self,
        entry: &Entry,
        until: DateTime<Utc>,
        given_up: Instant,
        clock: fn() -> DateTime<Utc>,
    ) -> Claim {
        let mut in_conflict: Option<Instant> = None;
        let (mut pause, mut waited) = (FIRST_PAUSE, self.has_witnessed(&entry.line.event_id));
        loop {
            let found = match self.claim_if(entry, until, None).await {
                // No invocation has longer than this; a claim that lasts longer is forged, and void.
                Err(Earlier::HeldUntil(left)) if left < clock() || left > clock() + LONGEST_INVOCATION => {
                    match self.claim_if(entry, until, Some(left)).await {
                        Ok(Claim::Ours { .. }) => Ok(Claim::Ours { retried: true }),
                        found => found,
                    }
                }
                found => found,
            };
            match found {
                Ok(Claim::AlreadyAlerted { .. }) => {
                    if waited {
                        self.witness(&entry.line.event_id);
                    }
                    return Claim::AlreadyAlerted { witnessed: waited };
                }
                Ok(claim) => return claim,
                Err(Earlier::HeldUntil(_)) => {
                    in_conflict = None;
                    waited = true;
                }
                Err(Earlier::Conflict) => {
                    // Another invocation writes the same items at this moment.
                    waited = true;
                    let since = in_conflict.get_or_insert_with(Instant::now);
                    if since.elapsed() >= CONFLICTS {
                        return Claim::Unknown(HistoryError::Contended);
                    }
                }
            }
            if Instant::now() + pause >= given_up {
                return Claim::InProgress;
            }
            // Those who wait must not collide with each other again and again.
            tokio::time::sleep(pause.mul_f32(0.5 + fastrand::f32())).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Ends the claim, because the alert was not published: then the next attempt need not wait. If the mail may have
    /// arrived all the same, the claim is only over, and the next attempt says that its mail may be the second one.
    ///
    /// # Errors
    /// If the claim could not be ended: it ends by itself.
    pub async fn give_back(
        &self,
        entry: &Entry,
        until: DateTime<Utc>,
        mail_may_have_arrived: bool,
    ) -> Result<(), HistoryError> {
        let call = self
            .update(keys(&event_list(&entry.line.event_id), EVENT))
            .condition_expression("#state = :claimed AND claimedUntil = :until")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":claimed", text("claimed"))
            .expression_attribute_values(":until", millis(until));
        let call = if mail_may_have_arrived {
            call.update_expression("SET claimedUntil = :over").expression_attribute_values(":over", number(0))
        } else {
            call.update_expression("SET #state = :back").expression_attribute_values(":back", text("released"))
        };
        unless_refused("give back", call.send()).await.map(|_| ())
    }

    /// Claims the event if it has no claim yet; or, with a time, if the earlier claim is the one that lasts until then.
    ///
    /// # Errors
    /// What another invocation did.
    async fn claim_if(
        &self,
        entry: &Entry,
        until: DateTime<Utc>,
        instead_of: Option<DateTime<Utc>>,
    ) -> Result<Claim, Earlier> {
        let mut event = self.event(entry);
        event.insert("state".into(), text("claimed"));
        event.insert("claimedUntil".into(), millis(until));
        let (condition, values) = match instead_of {
            None => (
                "attribute_not_exists(pk) OR #state = :untold OR #state = :back",
                vec![(":untold", text("untold")), (":back", text("released"))],
            ),
            Some(left) => (
                "#state = :claimed AND claimedUntil = :left",
                vec![(":claimed", text("claimed")), (":left", millis(left))],
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
        let Ok(first) = put else { return Ok(Claim::Unknown(HistoryError::NotBuilt)) };
        let writes = self.writes(first, entry, &self.lists(entry), &[]);
        let call = self.client.transact_write_items().set_transact_items(Some(writes)).send();
        match timeout_at(Instant::now() + HISTORY_TIMEOUT, call).await {
            Ok(Ok(_)) => Ok(Claim::Ours { retried: false }),
            Ok(Err(error)) => match claimed_before(&error) {
                Some(before) => before,
                None => Ok(Claim::Unknown(why_not("claim", &error))),
            },
            Err(_) => Ok(Claim::Unknown(HistoryError::TimedOut)),
        }
    }

    /// Records the alert, and that the event was alerted on. An entry that is suppressed arrives at the time at which it
    /// is suppressed. `withdrawn` is the entry that may have been recorded as suppressed, if it is mailed after all.
    ///
    /// # Errors
    /// If the alert could not be recorded: then a repeated delivery is alerted on again.
    pub async fn keep(
        &self,
        entry: &Entry,
        alert: &AlertRecord<'_>,
        withdrawn: Option<&Entry>,
    ) -> Result<(), HistoryError> {
        let reasons = alert.reasons.iter().map(|reason| text(reason)).collect();
        let mut judged = vec![("severity", text(alert.severity.word())), ("subject", text(alert.subject))];
        judged.extend(handled(&alert.handling));
        let mut event = self.event(entry);
        let facts = [
            ("state", text("done")),
            ("reasons", AttributeValue::L(reasons)),
            ("mailed", AttributeValue::Bool(alert.handling.mail == Some(MailStatus::Published))),
            ("alert", text(bounded(alert.alert))),
            ("record", text(bounded(alert.record))),
            ("cut", AttributeValue::Bool(alert.alert.len() > KEPT || alert.record.len() > KEPT)),
        ];
        event.extend(facts.into_iter().chain(judged.clone()).map(|(name, value)| (name.to_owned(), value)));
        let put = Put::builder().table_name(&self.table).set_item(Some(event)).build();
        let is_suppressed = alert.handling.mail == Some(MailStatus::Suppressed);
        let left_out = is_suppressed.then(|| ("leftOutAt", millis(entry.arrived)));
        let first = put.map_err(|_| HistoryError::NotBuilt)?;
        let of_lines: Vec<_> = judged.clone().into_iter().chain(left_out).collect();
        let mut writes = self.writes(first, entry, &self.lists(entry), &of_lines);
        if is_suppressed {
            // In one transaction: an alert that is recorded as suppressed is on the list, too.
            writes.push(self.suppressed(entry, &judged).ok_or(HistoryError::NotBuilt)?);
        }
        writes.extend(withdrawn.and_then(|entry| self.withdrawn(entry)));
        let (kept, ()) = tokio::join!(self.write(writes), self.note_begin(entry));
        kept
    }

    /// Records only that the event was alerted on, where the whole alert could not be recorded: then the event is not
    /// alerted on again.
    ///
    /// # Errors
    /// If this could not be recorded either.
    pub async fn keep_only_state(&self, entry: &Entry) -> Result<(), HistoryError> {
        let call = self
            .update(keys(&event_list(&entry.line.event_id), EVENT))
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":done", text("done"));
        // If the claim was not written either, this is the whole item, and it must expire, too.
        let call = match self.expiring(entry).remove("expiresAt") {
            Some(expires) => call
                .update_expression("SET #state = :done, expiresAt = :expires")
                .expression_attribute_values(":expires", expires),
            None => call.update_expression("SET #state = :done"),
        };
        let call = call.send();
        patient("state", call).await.map(|_| ())
    }

    /// Records an event that is not alerted on, and why. Events of other services are recorded under their day only.
    ///
    /// # Errors
    /// If the event could not be recorded.
    pub async fn keep_not_alerted(&self, entry: &Entry, why: &str, record: &str) -> Result<(), HistoryError> {
        let mut event = self.event(entry);
        let facts = [
            ("state", text("untold")),
            ("notTold", text(why)),
            ("mailed", AttributeValue::Bool(false)),
            ("record", text(bounded(record))),
            ("cut", AttributeValue::Bool(record.len() > KEPT)),
        ];
        event.extend(facts.map(|(name, value)| (name.to_owned(), value)));
        // An event that was alerted on before keeps its record, also if the settings have changed.
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(event))
            .condition_expression("attribute_not_exists(pk)")
            .build();
        let first = put.map_err(|_| HistoryError::NotBuilt)?;
        let of_iam = entry.line.call.raw().starts_with("iam:");
        let in_lists = if of_iam { self.lists(entry) } else { vec![day_of(entry)] };
        self.write(self.writes(first, entry, &in_lists, &[("notTold", text(why))])).await
    }

    /// Writes all items or none. A write that its condition refuses is not needed: the item exists already.
    async fn write(&self, writes: Vec<TransactWriteItem>) -> Result<(), HistoryError> {
        let deadline = Instant::now() + HISTORY_TIMEOUT;
        let mut tries = 1;
        loop {
            let call = self.client.transact_write_items().set_transact_items(Some(writes.clone())).send();
            match timeout_at(deadline, call).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(error)) if is_refused_by_condition(&error) => return Ok(()),
                Ok(Err(error)) if tries < TRIES && collides(&error) => tokio::time::sleep(PAUSE).await,
                Ok(Err(error)) => return Err(why_not("keep", &error)),
                Err(_) => return Err(HistoryError::TimedOut),
            }
            tries += 1;
        }
    }

    // --- related activity --------------------------------------------------------------------------------------------

    /// What the actor did and what happened to the target within a day before or after the event, as far as recorded;
    /// and whether the actor was seen before.
    pub async fn related(&self, entry: &Entry) -> RelatedActivity {
        let time = entry.line.time;
        // '~' sorts after everything that follows a time.
        let around = (at(time - RELATED), format!("{}~", at(time + RELATED)));
        let actor = actor_list(entry.line.actor_key.raw());
        let lines_of = async |key: Option<&str>| match key.map(target_list) {
            Some(list) => self.list(self.within(&list, &around).scan_index_forward(false).limit(LINES_READ)).await,
            None => Ok(Lines::default()),
        };
        // Also what is older than a day: then one answer says whether the actor was seen before.
        let all_by_actor = self
            .of(&actor)
            .key_condition_expression("pk = :pk AND sk <= :to")
            .expression_attribute_values(":to", text(&around.1));
        let elsewhere = async {
            match self.list_in_all_accounts(entry) {
                Some(list) => self.list(self.within(&list, &around).scan_index_forward(false).limit(LINES_READ)).await,
                None => Ok(Lines::default()),
            }
        };
        let (by_actor, elsewhere, to_target, to_object, begin) = tokio::join!(
            self.list(all_by_actor.scan_index_forward(false).limit(LINES_READ)),
            elsewhere,
            lines_of(entry.target_key.as_deref()),
            lines_of(entry.object_key.as_deref()),
            self.begin()
        );
        let never_seen = match &by_actor {
            Ok(lines) => self.is_first(entry, &actor, lines).await,
            Err(_) => Ok(false),
        };
        let lists = [&by_actor, &elsewhere, &to_target, &to_object].into_iter().find_map(|list| list.as_ref().err());
        let unknown = lists.or(begin.as_ref().err()).or(never_seen.as_ref().err()).cloned();
        let is_this = |line: &Line| line.event_id == entry.line.event_id;
        let others = |mut list: Lines| {
            let read = list.lines.len();
            list.lines.retain(|line| line.time >= time - RELATED);
            list.unread &= list.lines.len() == read;
            list.lines.retain(|line| !is_this(line));
            list
        };
        let since = begin.ok().map(|begin| {
            let begin = begin.unwrap_or(entry.arrived);
            self.retention.map_or(begin, |kept| begin.max(entry.arrived - kept))
        });
        RelatedActivity {
            by_actor: by_actor.map(others).unwrap_or_default(),
            elsewhere: elsewhere
                .map(|mut list| {
                    list.lines.retain(|line| line.account != entry.line.account);
                    list
                })
                .unwrap_or_default(),
            to_target: to_target.map(others).unwrap_or_default(),
            to_object: to_object.map(others).unwrap_or_default(),
            never_seen_since: since.filter(|_| never_seen == Ok(true)),
            unknown,
            may_repeat: false,
        }
    }

    /// Whether the event is the first of the actor. Of several events at the same time, the earliest one is. For a call that
    /// succeeded, only successful calls count as earlier ones: a call that fails costs an intruder nothing.
    async fn is_first(&self, entry: &Entry, actor: &str, newest: &Lines) -> Result<bool, HistoryError> {
        let place = |line: &Line| (line.time, line.event_id.raw().to_owned());
        let counts = |line: &Line| !entry.line.succeeded() || line.succeeded();
        let before = |lines: &Lines| lines.lines.iter().any(|line| counts(line) && place(line) < place(&entry.line));
        if before(newest) {
            return Ok(false);
        }
        if !newest.unread {
            return Ok(true);
        }
        self.list(self.of(actor).limit(LINES_READ)).await.map(|oldest| !before(&oldest))
    }

    /// Whether the alert of this event names the chain that began with the event `first`: the first alert does. If the
    /// history does not answer, the chain is named, at worst twice.
    pub async fn names(&self, entry: &Entry, chain: &str, first: &Untrusted) -> bool {
        let mut item = self.expiring(entry);
        item.extend(keys(&chain_list(chain, first), CHAIN));
        item.insert("eventId".into(), text(entry.line.event_id.raw()));
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            // A retry of the same event names the chain again.
            .condition_expression("attribute_not_exists(pk) OR eventId = :this")
            .expression_attribute_values(":this", text(entry.line.event_id.raw()))
            .send();
        unless_refused("name", call).await.unwrap_or(true)
    }

    /// All lists that contain the event.
    fn lists(&self, entry: &Entry) -> Vec<String> {
        lists(entry).into_iter().chain(self.list_in_all_accounts(entry)).collect()
    }

    /// When the history began; `None` if that is not recorded yet.
    async fn begin(&self) -> Result<Option<DateTime<Utc>>, HistoryError> {
        if let Some(begin) = self.begin.get() {
            return Ok(Some(*begin));
        }
        let items = patient("begin", self.of(HISTORY).send()).await?.items.ok_or(HistoryError::NotUnderstood)?;
        let begin = items.iter().find_map(|item| time(item, "time"));
        Ok(begin.map(|begin| *self.begin.get_or_init(|| begin)))
    }

    /// Records when the history began, if that is not recorded yet. A failed write is tried again with the next event.
    async fn note_begin(&self, entry: &Entry) {
        if self.begin.get().is_some() {
            return;
        }
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(keys(HISTORY, BEGIN)))
            .item("time", text(&at(entry.arrived)))
            .condition_expression("attribute_not_exists(pk)")
            .send();
        if unless_refused("begin", call).await == Ok(true) {
            self.begin.get_or_init(|| entry.arrived);
        }
    }

    pub(super) fn of(&self, list: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", key(list))
            .consistent_read(true)
    }

    /// An update of one item.
    pub(super) fn update(&self, key: Item) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).set_key(Some(key))
    }

    pub(super) fn within(&self, list: &str, (from, to): &(String, String)) -> QueryFluentBuilder {
        self.of(list)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text(to))
    }

    /// A query of one item.
    pub(super) fn one(&self, list: &str, place: &str) -> QueryFluentBuilder {
        self.of(list).key_condition_expression("pk = :pk AND sk = :sk").expression_attribute_values(":sk", key(place))
    }

    pub(super) async fn list(&self, query: QueryFluentBuilder) -> Result<Lines, HistoryError> {
        let answer = patient("related", query.send()).await?;
        let unread = answer.last_evaluated_key.is_some();
        let items = answer.items.ok_or(HistoryError::NotUnderstood)?;
        Ok(Lines { unread, lines: items.iter().filter_map(Line::read).collect() })
    }
}
