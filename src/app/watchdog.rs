//! The check of the scheduled run that everything an alert passes through is as it was deployed.

use super::scheduled::Scheduled;
use crate::alert::impaired;
use crate::arn::Arn;
use crate::channel::email;
use crate::history::History;
use crate::history::heartbeat::DIFFERENCES_AGAIN;
use crate::lookup::Directory;
use crate::lookup::iam::Members;
use crate::telemetry::InvocationLog;
use crate::text::{Phrase, Untrusted};
use crate::verification::aws::Stack;
use crate::verification::{Expected, member_differences, member_rules};
use chrono::{DateTime, Timelike, Utc};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// Beside a history, the schedule is one minute: then only every fifth run checks.
const MINUTES: u32 = 5;
/// The same differences are mailed again after this time. The metric goes on.
const AGAIN: Duration = Duration::from_hours(24);

/// Looks after the stack.
#[derive(Debug)]
pub struct Watchdog {
    stack: Stack,
    /// How the other accounts of the organization are read.
    members: Option<Rc<Members>>,
    /// When this instance last mailed what differs in a member.
    mailed_of_members: RefCell<BTreeMap<Untrusted, DateTime<Utc>>>,
    /// What this instance mailed last, and when. Not in the history: nothing that is read there may keep this silent.
    mailed: RefCell<Option<(Vec<Phrase>, Instant)>>,
}

impl Watchdog {
    #[must_use]
    pub const fn new(stack: Stack, members: Option<Rc<Members>>) -> Self {
        Self { stack, members, mailed_of_members: RefCell::new(BTreeMap::new()), mailed: RefCell::new(None) }
    }

    /// Checks the forwarding of a member account, and mails the differences. Returns whether it could be checked: a
    /// heartbeat arrives also where everything else is filtered out.
    pub(super) async fn check_member<D: Directory>(
        &self,
        run: &Scheduled<'_, D>,
        account: &Untrusted,
        history: Option<&History>,
        log: &mut InvocationLog,
    ) -> bool {
        let Some((members, topic)) = self.members.as_ref().zip(run.settings.topic.arn().and_then(Arn::parse)) else {
            return true;
        };
        let names = member_rules(topic.resource);
        let read = async {
            let config = Box::pin(members.config(account.raw(), run.timetable.lookups)).await;
            let config = config.map_err(|why| why.words().plain())?;
            Box::pin(self.stack.rules_of_member(&config, &names)).await
        };
        let rules = match read.await {
            Ok(rules) => names.clone().into_iter().zip(rules).collect::<Vec<_>>(),
            Err(why) => {
                log.not_verified = vec![format!("account {}: {why}", account.raw())];
                return false;
            }
        };
        let Arn { partition, region, account: own, resource, .. } = topic;
        let bus = format!("arn:{partition}:events:{region}:{own}:event-bus/{resource}-organization");
        let differences = member_differences(&rules, account.raw(), &bus);
        if differences.is_empty() {
            return true;
        }
        log.differences = Some(differences.iter().map(Phrase::plain).collect());
        let now = (run.clock)();
        if !self.may_mail(account, history, now, log).await {
            return true;
        }
        let name = run.account_name(Some(account)).await;
        let alert = impaired(&differences, Some(account), name.as_ref(), true, now);
        match Box::pin(run.publisher.send(&email::render(&alert), run.timetable.publish)).await {
            Ok(_) => log.channel_failures.extend(run.channels.summary(&alert, now).await),
            Err(cause) => {
                log.summary_failure = Some(cause.to_string());
                self.not_mailed(account, history, log).await;
            }
        }
        true
    }

    /// Whether the differences in a member may be mailed: nobody may fill the mailbox with heartbeats. The metric goes on.
    async fn may_mail(
        &self,
        account: &Untrusted,
        history: Option<&History>,
        now: DateTime<Utc>,
        log: &mut InvocationLog,
    ) -> bool {
        let before = self.mailed_of_members.borrow().get(account).copied();
        if before.is_some_and(|before| now - before < DIFFERENCES_AGAIN) {
            return false;
        }
        self.mailed_of_members.borrow_mut().insert(account.clone(), now);
        let Some(history) = history else { return true };
        let may = Box::pin(history.may_mail_differences(account, now)).await;
        may.inspect_err(|why| log.history_failed(why)).unwrap_or(true)
    }

    /// The mail could not be sent: the next heartbeat tries again.
    async fn not_mailed(&self, account: &Untrusted, history: Option<&History>, log: &mut InvocationLog) {
        self.mailed_of_members.borrow_mut().remove(account);
        if let Some(history) = history {
            let released = Box::pin(history.release_differences(account)).await;
            released.inspect_err(|why| log.history_failed(why)).ok();
        }
    }

    /// Checks, and mails the differences. `deployed` is the copy of the settings that the schedule carries.
    pub(super) async fn check<D: Directory>(
        &self,
        run: &Scheduled<'_, D>,
        deployed: Option<&Value>,
        log: &mut InvocationLog,
    ) {
        let Scheduled { publisher, channels, settings, timetable, .. } = *run;
        let now = (run.clock)();
        // The schedule of the template carries the copy: without it, somebody changed the schedule. The alarm follows by the
        // metric; the change itself was an event.
        let Some(deployed) = deployed else {
            log.differences = Some(vec!["The schedule does not carry the settings that were deployed.".to_owned()]);
            return;
        };
        if settings.history_table.is_some() && !now.minute().is_multiple_of(MINUTES) {
            return;
        }
        let expected = Expected::of(settings);
        let observed = Box::pin(self.stack.observe(&expected)).await;
        log.not_verified = observed.not_read();
        let differences = expected.differences(&observed, deployed);
        log.differences = Some(differences.iter().map(Phrase::plain).collect());
        if differences.is_empty() || self.was_mailed(&differences) {
            return;
        }
        let account = settings.topic.account().map(Untrusted::new);
        let name = run.account_name(account.as_ref()).await;
        let alert = impaired(&differences, account.as_ref(), name.as_ref(), false, now);
        match Box::pin(publisher.send(&email::render(&alert), timetable.publish)).await {
            Ok(_) => {
                self.mailed.replace(Some((differences, Instant::now())));
                log.channel_failures.extend(channels.summary(&alert, now).await);
            }
            Err(cause) => log.summary_failure = Some(cause.to_string()),
        }
    }

    fn was_mailed(&self, differences: &[Phrase]) -> bool {
        self.mailed.borrow().as_ref().is_some_and(|(mailed, at)| at.elapsed() < AGAIN && mailed == differences)
    }
}
