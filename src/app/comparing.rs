//! The comparison of two readings of an account with its events: what no event explains is alerted on.

use super::baseline::{Halted, Work};
use super::draft::Decision;
use super::handler::Handler;
use super::result::InvocationError;
use super::scheduled::NotSent;
use crate::alert::Alert;
use crate::arn::{Arn, Partition};
use crate::baseline::{Aspect, Trace, Unexplained, Window, late, records, renamed_from, unexplained};
use crate::event::{Delivery, Found};
use crate::history::{HistoryError, MailStatus};
use crate::limits::{COMPARED_BEFORE, TIME_FOR_AN_ALERT};
use crate::lookup::Directory;
use crate::telemetry::InvocationLog;
use crate::text::{TextKind, Untrusted};
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

/// Why an entity cannot be compared, if it cannot.
fn not_comparable(trace: &Trace, window: &Window) -> Option<&'static str> {
    if trace.known_since.is_some() {
        return Some("was changed so often that not all of its changes could be read: look at its events yourself");
    }
    let read = trace.reads.iter().rev().find(|read| read.since <= window.run.1)?;
    let is_new = read.since >= window.run.0 && read.too_large;
    let has_event = trace.changes.iter().any(|change| change.time >= window.former.0 - late(&trace.resource));
    (is_new && !has_event)
        .then_some("changed, no event arrived, and it is too large to be compared: look at it yourself")
}

/// The trace of an entity that got another name within the window: what it was before stands under the former name.
async fn with_former_name(work: &Work<'_>, window: &Window, trace: Trace) -> Result<Trace, HistoryError> {
    let Some(former) = renamed_from(&trace, window) else { return Ok(trace) };
    let since = window.former.0 - COMPARED_BEFORE;
    let former = Box::pin(work.history.trace_since(&work.account, &former, since)).await?;
    Ok(trace.continuing(&former, window))
}

/// Takes out the groups that only got another name: a user who left one of them is in another one now.
async fn without_renames(
    work: &Work<'_>,
    window: &Window,
    differences: &mut Vec<Unexplained>,
) -> Result<(), HistoryError> {
    let names = |differences: &[Unexplained], joined: bool| -> Vec<(usize, String)> {
        let groups = differences.iter().enumerate().filter_map(|(index, difference)| match difference {
            Unexplained::Part { aspect: Aspect::Group(name), is, .. } if is.is_some() == joined => {
                Some((index, format!("group/{}", name.as_str().to_lowercase())))
            }
            _ => None,
        });
        groups.collect()
    };
    let (left, mut explained) = (names(differences, false), Vec::new());
    for (joined, resource) in names(differences, true) {
        let group = Box::pin(work.history.trace_since(&work.account, &resource, window.former.0)).await?;
        let former = renamed_from(&group, window);
        let same = left.iter().find(|(_, name)| former.as_ref() == Some(name));
        explained.extend(same.into_iter().flat_map(|(left, _)| [*left, joined]));
    }
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
            let kind = resource.split('/').next().unwrap_or_default();
            if work.progress.cannot_compare(kind) {
                work.progress.compared = Some(place);
                continue;
            }
            let trace = Box::pin(work.history.trace_since(&work.account, &resource, since)).await?;
            if let Some(why) = not_comparable(&trace, window) {
                let (account, resource) = (&work.account, Untrusted::new(&resource));
                let (account, resource) = (account.shown(TextKind::Name), resource.shown(TextKind::Arn));
                log.baseline_failed(&format!("account {account}: {resource} {why}"));
                work.progress.compared = Some(place);
                continue;
            }
            let trace = Box::pin(with_former_name(work, window, trace)).await?;
            let mut differences = unexplained(&trace, window);
            Box::pin(without_renames(work, window, &mut differences)).await?;
            let not_since = window.former.1;
            let found = Found { not_since, possible_since: not_since - late(&resource), read: window.run.1 };
            let records = records((&partition, work.account.raw()), &trace, window, &differences);
            for record in records {
                // An entity with many differences may need several runs.
                let id = record.get("eventID").and_then(Value::as_str).unwrap_or_default().to_owned();
                if work.progress.alerted.contains(&id) {
                    continue;
                }
                if Instant::now() + TIME_FOR_AN_ALERT > work.timetable.lookups {
                    return Ok(());
                }
                alerts.extend(Box::pin(self.alert_on_found(work, record, found, log)).await?);
                work.progress.alerted.push(id);
            }
            work.progress.alerted.clear();
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
