//! What a version with schema 1.1 left out of bursts, and had not summed up when it was replaced. It counted that beside
//! the bursts of each day; the alerts themselves are lines of their actors. They are put on the list of suppressed alerts,
//! once, so that the next summary has them.

use super::answers::{each_item, patient};
use super::keys::{Item, at_millis, burst_list, keys, progress_key, suppressed_list};
use super::suppressed::LISTED_FOR;
use super::table::History;
use super::values::{integer, millis, number, text};
use crate::history::HistoryError;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use futures_util::future::try_join_all;

/// For so many days that version kept its counts.
const COUNTED: i64 = 3;
/// So many alerts are written at a time.
const AT_A_TIME: usize = 16;
/// The attribute of the progress of the summaries that says that this was done.
pub(super) const ADOPTED: &str = "adopted";

impl History {
    /// Puts it on the list. What is there already is written once more: a run that is interrupted begins again.
    ///
    /// # Errors
    /// If it could not be read or written as a whole.
    pub(super) async fn adopt_what_was_left_out(&self, now: DateTime<Utc>) -> Result<(), HistoryError> {
        for days_ago in 0..COUNTED {
            let day = (now - TimeDelta::days(days_ago)).date_naive();
            let begin = day.and_time(NaiveTime::MIN).and_utc();
            let counts = self.of(&burst_list(day)).filter_expression("leftOut > summedUp");
            let mut open = Vec::new();
            each_item("left out", &counts, |count| open.push(count.clone())).await?;
            for count in open {
                let field = |name: &str| count.get(name)?.as_s().ok();
                let Some((list, call)) = field("actorList").zip(field("call")) else { continue };
                // Each day has a count of its own.
                let after = integer(&count, "summedUpTo").map_or_else(|| number(begin.timestamp_millis() - 1), number);
                let lines = self
                    .of(list)
                    .filter_expression("#call = :call AND leftOutAt > :after AND leftOutAt < :end")
                    .expression_attribute_names("#call", "call")
                    .expression_attribute_values(":call", text(call))
                    .expression_attribute_values(":after", after)
                    .expression_attribute_values(":end", millis(begin + TimeDelta::days(1)));
                let mut suppressed = Vec::new();
                each_item("left out", &lines, |line| suppressed.extend(as_suppressed(line.clone()))).await?;
                for some in suppressed.chunks(AT_A_TIME) {
                    let write = |item: &Item| {
                        let put = self.client.put_item().table_name(&self.table).set_item(Some(item.clone()));
                        patient("adopt", put.send())
                    };
                    try_join_all(some.iter().map(write)).await?;
                }
            }
        }
        let done = self.update(progress_key()).update_expression("SET #done = :done");
        let done = done.expression_attribute_names("#done", ADOPTED);
        let done = done.expression_attribute_values(":done", AttributeValue::Bool(true)).send();
        patient("adopted", done).await.map(|_| ())
    }
}

/// The line of an actor, as it stands on the list of suppressed alerts.
fn as_suppressed(mut line: Item) -> Option<Item> {
    let at = DateTime::from_timestamp_millis(integer(&line, "leftOutAt")?)?;
    let place = format!("{}#{}", at_millis(at), line.get("eventId")?.as_s().ok()?);
    line.extend(keys(&suppressed_list(), &place));
    line.insert("expiresAt".into(), number((at + LISTED_FOR).timestamp()));
    Some(line)
}
