//! The comparison of two readings of an account with its events: what no event explains is alerted on.

use super::baseline::{Halted, Work};
use super::draft::Decision;
use super::handler::Handler;
use super::result::InvocationError;
use super::scheduled::NotSent;
use crate::alert::Alert;
use crate::arn::{Arn, Partition};
use crate::baseline::{Aspect, Unexplained, Window, records, renamed, unexplained};
use crate::event::{Delivery, Found};
use crate::history::{HistoryError, MailStatus};
use crate::limits::{COMPARED_BEFORE, TIME_FOR_AN_ALERT};
use crate::lookup::Directory;
use crate::telemetry::InvocationLog;
use chrono::TimeDelta;
use serde_json::Value;
use tokio::time::Instant;

/// A user comes before the user's credentials, and what grants access before who has it.
fn rank(resource: &str) -> u8 {
    match resource.split('/').next() {
        Some("policy") => 1,
        Some("group") => 2,
        Some("user") => 3,
        Some("credentials") => 4,
        Some("role") => 5,
        _ => 6,
    }
}

/// Takes out the groups that only got another name: a user who left one of them is in another one now.
async fn without_renames(
    work: &Work<'_>,
    window: &Window,
    differences: &mut Vec<Unexplained>,
) -> Result<(), HistoryError> {
    let (mut left, mut joined) = (Vec::new(), Vec::new());
    for (index, difference) in differences.iter().enumerate() {
        let Unexplained::Part { aspect: Aspect::Group(name), is, .. } = difference else { continue };
        let resource = format!("group/{}", name.as_str().to_lowercase());
        let group = Box::pin(work.history.trace_since(&work.account, &resource, window.former.0)).await?;
        if renamed(&group, window) {
            if is.is_none() { &mut left } else { &mut joined }.push(index);
        }
    }
    let pairs = left.len().min(joined.len());
    let explained: Vec<_> = left.into_iter().take(pairs).chain(joined.into_iter().take(pairs)).collect();
    let mut index = 0..;
    differences.retain(|_| index.next().is_none_or(|index| !explained.contains(&index)));
    Ok(())
}

impl<D: Directory> Handler<D> {
    /// Compares what changed, as far as there is time; the next run goes on.
    pub(super) async fn compare(
        &self,
        work: &mut Work<'_>,
        window: &Window,
        alerts: &mut Vec<Alert>,
        log: &mut InvocationLog,
    ) -> Result<(), Halted> {
        let partition = self.settings.topic.arn().and_then(Arn::parse).map_or("aws", |arn| arn.partition);
        let partition = Partition::from_name(partition);
        let span = (window.former.0 - COMPARED_BEFORE, window.run.1 + TimeDelta::minutes(5));
        let resources = work.history.to_compare(&work.account, span).await?;
        let mut resources: Vec<_> = resources.into_iter().map(|resource| (rank(&resource), resource)).collect();
        resources.sort();
        for (rank, resource) in resources {
            let place = format!("{rank}{resource}");
            if work.progress.compared.as_ref().is_some_and(|compared| place <= *compared) {
                continue;
            }
            if Instant::now() + TIME_FOR_AN_ALERT > work.timetable.lookups {
                return Ok(());
            }
            let since = window.former.0 - COMPARED_BEFORE;
            let trace = Box::pin(work.history.trace_since(&work.account, &resource, since)).await?;
            let mut differences = unexplained(&trace, window);
            Box::pin(without_renames(work, window, &mut differences)).await?;
            let found = Found { not_since: window.former.1, read: window.run.1 };
            let records = records((&partition, work.account.raw()), &trace, window, &differences);
            for record in records {
                // A webhook gets one message a run.
                if self.settings.webhook.is_some() && !alerts.is_empty() {
                    return Ok(());
                }
                if Instant::now() + TIME_FOR_AN_ALERT > work.timetable.lookups {
                    return Ok(());
                }
                alerts.extend(Box::pin(self.alert_on_found(work, record, found, log)).await?);
            }
            work.progress.compared = Some(place);
        }
        work.progress.compare_with = None;
        work.progress.compared = None;
        Ok(())
    }

    /// Alerts on a change without an event, as the event would have been alerted on.
    async fn alert_on_found(
        &self,
        work: &Work<'_>,
        record: Value,
        found: Found,
        log: &mut InvocationLog,
    ) -> Result<Option<Alert>, Halted> {
        let mut own = InvocationLog::default();
        let left = work.timetable.end.saturating_duration_since(Instant::now());
        let sent = async {
            let delivery = Delivery::without_event(record, found)?;
            match Box::pin(self.draft(&delivery, left, &mut own)).await? {
                Decision::Alert(draft) => {
                    Box::pin(self.send(&draft, &mut own)).await?;
                    Ok(Some(draft.alert))
                }
                Decision::NotAlerted(why) => {
                    own.not_alerted = Some(why.plain());
                    Ok(None)
                }
            }
        };
        let sent: Result<_, InvocationError> = Box::pin(sent).await;
        own.error = sent.as_ref().err().map(ToString::to_string);
        let mailed = matches!(own.mail, MailStatus::Published | MailStatus::Printed) && own.not_alerted.is_none();
        log.found.push(own);
        match sent {
            Ok(alert) => Ok(alert.filter(|_| mailed)),
            Err(InvocationError::NotPublished { cause, .. }) => Err(Halted::NotSent(NotSent::NotPublished(cause))),
            // The next run tries again: another invocation has it.
            Err(InvocationError::InProgress { .. }) => Err(Halted::History(HistoryError::Contended)),
            // This version made the record itself. What it cannot read must not keep back the rest.
            Err(InvocationError::Refused(_)) => Ok(None),
        }
    }
}
