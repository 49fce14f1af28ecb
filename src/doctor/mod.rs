//! The doctor: whether a deployed stack works, for a person at a terminal or a script. It looks with the credentials of
//! that person, from outside, and changes nothing.
//!
//! [`aws`] reads. What was read is judged in `start` (is there a stack?), `parts` (is it as it was deployed?) and `flow`
//! (does anything arrive?), which are pure. "OK" is said only of what was read and evaluated.

pub mod aws;
mod flow;
mod parts;
mod report;
mod start;
pub mod trail;

pub use report::{Finding, Report, Status, Todo};
pub use start::{Caller, FunctionState, StackState};

use crate::arn::Arn;
use crate::config::Settings;
use crate::config::expectations::Problem;
use crate::history::heartbeat::Heartbeat;
use crate::verification::{Expected, Observed, Rule, Subscription};
use chrono::{DateTime, Utc};
use serde_json::Value;
use trail::Management;

/// Which stack is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The name of the stack of `CloudFormation`; `None` if the function is named instead.
    pub stack: Option<String>,
    pub function: Option<String>,
    pub region: String,
}

/// What is known of the stack when its parts are judged.
#[derive(Debug)]
pub struct Deployed<'a> {
    pub place: &'a Place,
    pub settings: &'a Settings,
    pub expected: Expected<'a>,
    /// When the stack was created, if that is known.
    pub created: Option<DateTime<Utc>>,
    pub now: DateTime<Utc>,
}

/// What was read; for each part, why it could not be read. `None` where the stack has no such part.
#[derive(Debug)]
pub struct Readings {
    pub observed: Observed,
    /// What each trail logs of management events, by its ARN.
    pub management: Vec<(String, Result<Management, String>)>,
    pub health: Option<Result<Vec<Subscription>, String>>,
    pub chat: Option<Result<Vec<Subscription>, String>>,
    /// The rule of the webhook, by its name with its bus.
    pub webhook: Option<(String, Result<Option<Rule>, String>)>,
    /// Whether Security Hub is enabled.
    pub security_hub: Option<Result<bool, String>>,
    /// How many messages wait in each queue, by its name.
    pub queues: Vec<(String, Result<u64, String>)>,
    pub runs: Result<Runs, String>,
    /// The begin of the hour in which a call of IAM last matched its rule, within fourteen days.
    pub last_event: Result<Option<DateTime<Utc>>, String>,
    /// The state of the table.
    pub table: Option<Result<String, String>>,
    pub heartbeats: Option<Result<Vec<Heartbeat>, String>>,
    /// The parameters with expectations.
    pub expectations: Option<Result<Vec<Parameter>, String>>,
}

/// A parameter with expectations, by its name: how many rows it has, or what is wrong.
pub type Parameter = (String, Result<usize, Vec<Problem>>);

/// The runs of the function within an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Runs {
    pub last: Option<DateTime<Utc>>,
    pub number: usize,
    /// How many of them failed.
    pub failed: usize,
}

impl Deployed<'_> {
    /// The name of the alert topic, with which the names of the rules begin.
    fn topic(&self) -> &str {
        self.settings.topic.arn().and_then(Arn::parse).map_or("", |topic| topic.resource)
    }
}

impl Readings {
    /// The copy of the settings that the schedule carries; `None` if it carries none.
    fn copy(&self) -> Result<Option<Value>, &str> {
        let schedule = self.observed.rules.iter().find(|(name, _)| name.ends_with("-schedule"));
        let Some((_, rule)) = schedule else { return Ok(None) };
        let rule = rule.as_ref().map_err(String::as_str)?;
        let inputs = rule.iter().flat_map(|rule| &rule.targets).filter_map(|target| target.input.as_deref());
        let mut copies = inputs.filter_map(|input| serde_json::from_str::<Value>(input).ok()?.get("settings").cloned());
        Ok(copies.find(Value::is_object))
    }
}

/// Judges what was read of a stack.
#[must_use]
pub fn judge(deployed: &Deployed<'_>, read: &Readings) -> Vec<Finding> {
    let copy = read.copy();
    let known = copy.as_ref().ok().and_then(Option::as_ref);
    let checks = [
        parts::settings(deployed, copy.as_ref().map(Option::as_ref).map_err(|why| *why)),
        parts::concurrency(deployed, &read.observed.concurrency, known),
        parts::rules(deployed, &read.observed.rules),
        trail::judge(deployed, &read.observed.trails, &read.management),
        parts::mails(deployed, &read.observed.subscriptions, known),
        parts::health(deployed, read.health.as_ref()),
        parts::alarms(deployed, &read.observed.alarms),
        flow::queues(deployed, &read.queues),
        flow::runs(deployed, &read.runs),
        flow::events(deployed, &read.last_event),
        flow::history(deployed, read.table.as_ref()),
        flow::heartbeat(deployed, read.heartbeats.as_ref()),
        flow::members(deployed, read.heartbeats.as_ref()),
        parts::expectations(deployed, read.expectations.as_ref()),
        parts::chat(deployed, read.chat.as_ref()),
        parts::webhook(deployed, read.webhook.as_ref()),
        parts::security_hub(deployed, read.security_hub.as_ref()),
    ];
    checks.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
