//! Suppressed alerts, until a summary lists them. They are written in the transaction that records the alert, and read
//! in the order in which they were suppressed. Nothing is deleted: how far the summaries have come is one item.

use super::answers::{if_accepted, patient, unless_refused};
use super::former::ADOPTED;
use super::keys::{Item, at_millis, keys, progress_key, suppressed_list};
use super::table::History;
use super::values::{integer, millis, number, text};
use crate::history::summary::{GROUPING, Progress, SETTLED, Suppressed};
use crate::history::{Entry, HistoryError, Line};
use crate::limits::SUPPRESSED_READ;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, TransactWriteItem};
use chrono::{DateTime, TimeDelta, Utc};

/// How long a suppressed alert stays in the list. Summaries that cannot be sent for so long are a greater problem.
pub(super) const LISTED_FOR: TimeDelta = TimeDelta::days(14);
/// No mail is being sent.
const NONE: i64 = -1;

impl History {
    /// The write that puts an alert on the list of suppressed alerts.
    pub(super) fn suppressed(&self, entry: &Entry, judged: &[(&str, AttributeValue)]) -> Option<TransactWriteItem> {
        let mut item = self.line(entry);
        item.extend(judged.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        item.insert("leftOutAt".into(), millis(entry.arrived));
        self.on_the_list(entry, item)
    }

    /// The write that takes an alert off the list again, if it is there.
    pub(super) fn withdrawn(&self, entry: &Entry) -> Option<TransactWriteItem> {
        self.on_the_list(entry, Item::new())
    }

    fn on_the_list(&self, entry: &Entry, mut item: Item) -> Option<TransactWriteItem> {
        let place = format!("{}#{}", at_millis(entry.arrived), entry.line.event_id.raw());
        item.extend(keys(&suppressed_list(), &place));
        item.insert("expiresAt".into(), number((entry.arrived + LISTED_FOR).timestamp()));
        self.put(item).ok()
    }

    /// Begins to send summaries, until a time; `None` if another invocation does that.
    ///
    /// # Errors
    /// If that is not known.
    pub async fn begin_summaries(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<Progress>, HistoryError> {
        let call = self
            .update(progress_key())
            .update_expression("SET summingUp = :until")
            .condition_expression("attribute_not_exists(summingUp) OR summingUp < :now")
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":until", millis(until))
            .return_values(ReturnValue::AllOld)
            .send();
        let Some(ours) = if_accepted("begin summaries", call).await? else { return Ok(None) };
        let before = ours.attributes.unwrap_or_default();
        if !before.contains_key(ADOPTED) {
            Box::pin(self.adopt_what_was_left_out(now)).await?;
        }
        Ok(Some(read(&before)))
    }

    /// The suppressed alerts that the next summaries list, in the order in which they were suppressed; and the place of
    /// the last one.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn unlisted(&self, progress: &Progress, now: DateTime<Utc>) -> Result<Vec<Suppressed>, HistoryError> {
        let settled = now - SETTLED;
        let (mut unlisted, mut from) = (Vec::new(), None);
        loop {
            let query = self
                .of(&suppressed_list())
                .key_condition_expression("pk = :pk AND sk > :listed")
                // A key is never empty.
                .expression_attribute_values(
                    ":listed",
                    text(if progress.listed.is_empty() { "0" } else { &progress.listed }),
                )
                .set_exclusive_start_key(from.take());
            let answer = patient("suppressed", query.send()).await?;
            let items = answer.items.ok_or(HistoryError::NotUnderstood)?;
            for alert in items.iter().filter_map(Suppressed::read) {
                let in_time =
                    if progress.mailing.is_empty() { alert.at <= settled } else { alert.place <= progress.mailing };
                if !in_time || unlisted.len() == SUPPRESSED_READ {
                    return Ok(unlisted);
                }
                unlisted.push(alert);
            }
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok(unlisted);
            }
        }
    }

    /// Notes how far the summaries have come. `until` is the time of this run; or, if the run is over, `None`.
    ///
    /// # Errors
    /// If that could not be noted, or another invocation goes on by now: then no mail may be sent.
    pub async fn note_summaries(
        &self,
        progress: &Progress,
        run: DateTime<Utc>,
        over: bool,
    ) -> Result<(), HistoryError> {
        let done = i64::try_from(progress.done).unwrap_or(i64::MAX);
        let call = self
            .update(progress_key())
            .update_expression(
                "SET summingUp = :next, listedTo = :listed, mailingTo = :mailing, mailed = :mailed, begun = :begun, \
                 groupsBy = :grouping",
            )
            .condition_expression("summingUp = :run")
            .expression_attribute_values(":run", millis(run))
            .expression_attribute_values(":next", if over { number(0) } else { millis(run) })
            .expression_attribute_values(":listed", text(&progress.listed))
            .expression_attribute_values(":mailing", text(&progress.mailing))
            .expression_attribute_values(":mailed", number(done))
            .expression_attribute_values(":begun", number(if progress.begun { done } else { NONE }))
            .expression_attribute_values(":grouping", number(GROUPING))
            .send();
        if unless_refused("note summaries", call).await? { Ok(()) } else { Err(HistoryError::Contended) }
    }
}

/// How far the summaries had come. What another version began is begun again, since its groups may be others.
fn read(item: &Item) -> Progress {
    let field = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    let (listed, mailing) = (field("listedTo"), field("mailingTo"));
    let (done, begun) = (integer(item, "mailed").unwrap_or(0), integer(item, "begun").unwrap_or(NONE));
    let same = integer(item, "groupsBy") == Some(GROUPING);
    let done_then = usize::try_from(done).unwrap_or(0);
    Progress {
        listed,
        done: if same { done_then } else { 0 },
        begun: begun != NONE || (!same && done_then > 0),
        mailing,
    }
}

impl Suppressed {
    fn read(item: &Item) -> Option<Self> {
        let field = |name: &str| item.get(name)?.as_s().ok().cloned();
        Some(Self {
            line: Line::read(item)?,
            at: DateTime::from_timestamp_millis(integer(item, "leftOutAt")?)?,
            place: field("sk")?,
        })
    }
}
