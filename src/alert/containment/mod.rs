//! What to do if the activity was not expected: contain first, and keep all evidence.
//!
//! Every command is complete: it runs as printed, in a shell, with credentials of the account that the alert names. The
//! commands follow the containment part of the "AWS Security Incident Response Guide" and "Revoking IAM role temporary
//! security credentials" in the IAM user guide.

mod account;
mod alerting;
mod caller;
mod command;
mod former;
mod identity_center;
mod organization;
mod sharing;
mod target;

pub(super) use alerting::{deploy_again, open_accounts};
pub use command::{Command, ContainmentStep};

use super::links;
use crate::catalog::{AccessEffect, at};
use crate::detection::Case;
use crate::event::{Activity, CallersAccount, FailureKind};
use crate::limits::LOOK_BACK;
use crate::lookup::Membership;
use crate::phrase;
use crate::text::Untrusted;
use chrono::{DateTime, Utc};

/// The containment steps: first for the target, then for the caller.
#[must_use]
pub fn steps(case: &Case<'_>, now: DateTime<Utc>) -> Vec<ContainmentStep> {
    let mut steps = Vec::new();
    // A key that AWS found in public must be deactivated also if it could not be quarantined.
    if case.activity.outcome.succeeded() || case.attaches_quarantine() {
        target::contain(case, &mut steps);
    }
    // To revoke the sessions of a pipeline because AWS throttled it would only do harm.
    // Whoever attached AWS's quarantine contained an intruder.
    let impairs = case.activity.action.effect == AccessEffect::ImpairsAlerting;
    let routine = !impairs && case.activity.outcome.failure().is_some_and(FailureKind::is_routine);
    if let Some(found) = case.activity.found {
        steps.push(look_for_event(case.activity, found.possible_since));
        return steps;
    }
    if !case.attaches_quarantine() && !routine {
        steps.extend(stop_caller(case));
    }
    steps.push(look_around(case.activity, now));
    steps
}

/// The steps against the caller. A caller of another account of the organization is stopped there.
fn stop_caller(case: &Case<'_>) -> Vec<ContainmentStep> {
    let (activity, dossier) = (case.activity, case.dossier);
    let mut steps = Vec::new();
    let opened = case.prior.and_then(|prior| prior.cause.as_ref()).filter(|_| case.is_in_root_session());
    if let Some(opened) = opened {
        let who = phrase!(
            "Contain ",
            &opened.actor,
            ", who opened the root session: the alert on the event ",
            &opened.event_id,
            " says how."
        );
        return vec![ContainmentStep::by_hand(who)];
    }
    let member = dossier.callers_account.as_ref().is_some_and(|account| account.membership == Membership::Member);
    match activity.callers_account() {
        CallersAccount::Other(theirs) if member => {
            caller::stop(activity, dossier, false, &mut steps);
            for step in &mut steps {
                step.text = phrase!("In ", case.callers_account(theirs), ": ", &step.text);
            }
        }
        account => caller::stop(activity, dossier, matches!(account, CallersAccount::Other(_)), &mut steps),
    }
    steps
}

/// For a change without an event: nobody knows who it was.
fn look_for_event(activity: &Activity, since: DateTime<Utc>) -> ContainmentStep {
    let home = activity.partition.console().map_or("us-east-1", |(_, region)| region);
    let name = activity.event_name.raw();
    let attribute = serde_json::json!([{"AttributeKey": "EventName", "AttributeValue": name}]);
    let lookup = || {
        Command::new("aws cloudtrail lookup-events")
            .option("--region", home)?
            .option("--start-time", &since.format("%Y-%m-%dT%H:%M:%SZ").to_string())?
            .json("--lookup-attributes", &attribute)
    };
    let text = "List who made this call since IAM was last read without the change. CloudTrail keeps the event for 90 days, even \
                if it never arrived here:";
    ContainmentStep::new(text, vec![lookup()])
}

fn look_around(activity: &Activity, now: DateTime<Utc>) -> ContainmentStep {
    let home = activity.partition.console().map_or("us-east-1", |(_, region)| region);
    let region = activity.region.as_ref().map_or(home, |region| region.raw());
    let around = activity.time.unwrap_or(now);
    let time = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let by_caller = "List what else the caller did, from one hour before the event, in each region that you use:";
    let by_action = "List who else made this call, from one hour before the event:";
    // In the event history, an access key is more precise than a user name, which several principals may share.
    let key = activity.principal.session().and_then(|session| session.access_key_id.as_ref());
    let (text, name, value) = match (key, links::username(&activity.principal)) {
        (Some(key), _) => (by_caller, "AccessKeyId", key.raw()),
        (None, Some(name)) => (by_caller, "Username", name),
        (None, None) if activity.action.effect == AccessEffect::WarnsOfSignIn => {
            ("List who signed in, from one hour before the warning:", "EventName", "ConsoleLogin")
        }
        (None, None) => (by_action, "EventName", activity.event_name.raw()),
    };
    let attribute = serde_json::json!([{"AttributeKey": name, "AttributeValue": value}]);
    let lookup = || {
        Command::new("aws cloudtrail lookup-events")
            .option("--region", region)?
            .option("--start-time", &time(around - LOOK_BACK))?
            .json("--lookup-attributes", &attribute)
    };
    ContainmentStep::new(text, vec![lookup()])
}

/// A text of the request, by its path.
fn requested<'a>(activity: &'a Activity, field: &str) -> Option<&'a str> {
    at(&activity.request, field)?.as_str()
}

/// A command in the region of the event.
fn regional(activity: &Activity, words: &'static str) -> Option<Command> {
    Command::new(words).option_if_any("--region", activity.region.as_ref().map(Untrusted::raw))
}

#[cfg(test)]
mod tests;
