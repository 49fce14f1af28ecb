//! Whether events arrive and are processed: the queues, the runs of the function, the history, the heartbeats.

use super::report::Finding;
use super::{Deployed, Runs};
use crate::alert::Command;
use crate::alert::time::{at, between};
use crate::history::heartbeat::{FORGOTTEN_AFTER, Heartbeat};
use crate::phrase;
use crate::text::{Phrase, Untrusted, counted};
use chrono::{DateTime, TimeDelta, Utc};

/// The heartbeat comes every day; CloudTrail may need some minutes.
const OVERDUE_AFTER: TimeDelta = TimeDelta::hours(26);
/// A new stack needs this time until its first runs are visible as metrics.
const NEW: TimeDelta = TimeDelta::minutes(20);
/// The most accounts that are named.
const NAMED: usize = 5;

/// A kind of queue.
struct Kind {
    check: &'static str,
    /// What its messages mean.
    means: &'static str,
    /// The output of the stack that replays a message, and the same of Terraform.
    replay: Option<(&'static str, &'static str)>,
}

/// The queues that every stack has.
const UNDELIVERED: Kind = Kind {
    check: "undelivered",
    means: "EventBridge could not deliver them to the function, so nobody was alerted",
    replay: Some(("ReplayUndelivered", "terraform output -raw replay_undelivered")),
};
const FAILED: Kind = Kind {
    check: "failed",
    means: "the function failed on them three times, so nobody was alerted",
    replay: Some(("ReplayFailed", "terraform output -raw replay_failed")),
};
const WEBHOOK: Kind =
    Kind { check: "webhook queue", means: "the webhook did not accept them; the mails were sent", replay: None };

fn kind_of_queue(name: &str) -> Option<&'static Kind> {
    let name = name.to_ascii_lowercase();
    [("undelivered", &UNDELIVERED), ("failed", &FAILED), ("webhook", &WEBHOOK)]
        .into_iter()
        .find_map(|(word, kind)| name.contains(word).then_some(kind))
}

pub(super) fn queues(deployed: &Deployed<'_>, queues: &[(String, Result<u64, String>)]) -> Vec<Finding> {
    let of_queue = |(name, read): &(String, Result<u64, String>)| {
        let kind = kind_of_queue(name)?;
        let (check, shown) = (kind.check, Untrusted::new(name));
        let waiting = match read {
            Err(why) => {
                return Some(Finding::unread(check, phrase!("The queue ", &shown), why, "sqs:GetQueueAttributes"));
            }
            Ok(0) => return Some(Finding::ok(check, phrase!("the queue ", &shown, " is empty"))),
            Ok(waiting) => usize::try_from(*waiting).unwrap_or(usize::MAX),
        };
        let number = Phrase::ours(counted(waiting, "message"));
        let finding = Finding::broken(
            check,
            phrase!(number, " in the queue ", &shown, ": ", kind.means, ". It keeps them for 14 days."),
        );
        let Some((output, of_terraform)) = kind.replay else {
            return Some(finding.say("Check the address of the webhook, ChatWebhookUrl."));
        };
        let finding = finding.say(phrase!(
            "Find out why in the log of the function, then send them again. The output ",
            output,
            " of the stack is the command for one event:"
        ));
        let Some(stack) = deployed.place.stack.as_deref() else {
            return Some(finding.run(Some(Command::new(of_terraform))));
        };
        let command = || {
            let command =
                Command::new("aws cloudformation describe-stacks").option("--region", &deployed.place.region)?;
            let query = format!("Stacks[0].Outputs[?OutputKey=='{output}'].OutputValue");
            command.option("--stack-name", stack)?.option("--query", &query)?.option("--output", "text")
        };
        Some(finding.run(command()))
    };
    let is_there =
        |kind: &Kind| queues.iter().any(|(name, _)| kind_of_queue(name).is_some_and(|it| it.check == kind.check));
    let missing = |kind: &&Kind| !is_there(kind);
    let missing = [&UNDELIVERED, &FAILED].into_iter().filter(missing);
    let missing = missing.map(|kind| {
        Finding::unknown(kind.check, "The settings of the function do not name this queue (OWN_RESOURCES).")
    });
    queues.iter().filter_map(of_queue).chain(missing).collect()
}

/// Whether the stack is too new for this to have happened.
fn is_new(deployed: &Deployed<'_>, than: TimeDelta) -> bool {
    deployed.created.is_some_and(|created| deployed.now - created < than)
}

fn ago(time: DateTime<Utc>, now: DateTime<Utc>) -> Phrase {
    between(time, now).map_or_else(|| "just now".into(), |age| phrase!(age, " ago"))
}

pub(super) fn runs(deployed: &Deployed<'_>, read: &Result<Runs, String>) -> Vec<Finding> {
    const CHECK: &str = "runs";
    let runs = match read {
        Err(why) => return vec![Finding::unread(CHECK, "The runs of the function", why, "cloudwatch:GetMetricData")],
        Ok(runs) => runs,
    };
    let log = || {
        let log = deployed.settings.watch.own.arns().find_map(|arn| arn.split_once(":log-group:"))?.1;
        let tail = Command::new("aws logs tail").argument(log)?.option("--region", &deployed.place.region)?;
        Some(tail.flag("--since 1h"))
    };
    let Some(last) = runs.last else {
        if is_new(deployed, NEW) {
            return vec![
                Finding::unknown(CHECK, "The stack is new: its first runs are not visible yet.")
                    .say("Look again in 20 minutes."),
            ];
        }
        return vec![
            Finding::broken(CHECK, "The function did not run within an hour. The schedule starts it at least every five minutes.")
                .say("See the lines about the function, its concurrency and the rules. Otherwise somebody may have removed the permission that lets the schedule invoke it."),
        ];
    };
    let ran = phrase!("the function ran ", ago(last, deployed.now));
    if runs.failed == 0 {
        return vec![Finding::ok(CHECK, phrase!(ran, "; no run failed within an hour"))];
    }
    let failed = Phrase::ours(format!("{} of {}", runs.failed, counted(runs.number, "run")));
    vec![if runs.failed >= runs.number {
        Finding::broken(CHECK, phrase!(failed, " failed within an hour. The log says why:")).run(log())
    } else {
        // Lambda tries an event three times; then it waits in the queue, which has a line of its own.
        Finding::note(CHECK, phrase!(ran, "; ", failed, " failed within an hour. The log says why:")).run(log())
    }]
}

/// How to cause an event.
fn try_it(finding: Finding) -> Finding {
    finding
        .say("Cause one, wait some minutes, and look again. The alert should arrive, too:")
        .run(Command::new("aws iam create-user").option("--user-name", "alert-test"))
        .run(Command::new("aws iam delete-user").option("--user-name", "alert-test"))
}

pub(super) fn events(deployed: &Deployed<'_>, read: &Result<Option<DateTime<Utc>>, String>) -> Vec<Finding> {
    const CHECK: &str = "events";
    match read {
        Err(why) => vec![Finding::unread(CHECK, "When the last event of IAM came", why, "cloudwatch:GetMetricData")],
        Ok(Some(last)) => {
            vec![Finding::ok(
                CHECK,
                phrase!("the last call of IAM that changes something came in the hour from ", at(*last)),
            )]
        }
        Ok(None) if is_new(deployed, OVERDUE_AFTER) => {
            vec![try_it(Finding::unknown(CHECK, "No event of IAM has come yet. The stack is less than a day old."))]
        }
        Ok(None) if deployed.settings.history_table.is_some() => vec![try_it(Finding::broken(
            CHECK,
            "No event of IAM came within 14 days, not even the daily heartbeat. See the lines about the trail and the rules.",
        ))],
        Ok(None) => {
            vec![try_it(Finding::unknown(CHECK, "No event of IAM came within 14 days. Perhaps there was none."))]
        }
    }
}

pub(super) fn history(deployed: &Deployed<'_>, table: Option<&Result<String, String>>) -> Vec<Finding> {
    const CHECK: &str = "history";
    let Some(name) = deployed.settings.history_table.as_deref().map(Untrusted::new) else {
        return vec![Finding::note(
            CHECK,
            "off (EnableHistory=false): there is no heartbeat, and what arrived last is known from metrics only",
        )];
    };
    match table {
        Some(Ok(state)) if matches!(state.as_str(), "ACTIVE" | "UPDATING") => {
            vec![Finding::ok(CHECK, phrase!("the table ", &name, " is ", &Untrusted::new(state)))]
        }
        Some(Ok(state)) => vec![
            Finding::broken(CHECK, phrase!("The table ", &name, " is ", &Untrusted::new(state), "."))
                .say("Alerts go on, without related activity. Restore the table from its point-in-time recovery or a backup."),
        ],
        Some(Err(why)) if why.contains("ResourceNotFound") => vec![
            Finding::broken(CHECK, phrase!("The table ", &name, " does not exist: alerts have no history, and may come twice."))
                .say("Restore it from a backup under the same name (DynamoDB console, Backups).")
                .say("Or deploy with EnableHistory=false and then with EnableHistory=true, which makes a new table."),
        ],
        other => {
            let why = other.and_then(|read| read.as_ref().err()).map_or("it was not read", String::as_str);
            vec![Finding::unread(CHECK, phrase!("The table ", &name), why, "dynamodb:DescribeTable")]
        }
    }
}

pub(super) fn heartbeat(deployed: &Deployed<'_>, read: Option<&Result<Vec<Heartbeat>, String>>) -> Vec<Finding> {
    const CHECK: &str = "heartbeat";
    let heartbeats = match read {
        // The line of the history says that there is none.
        None => return Vec::new(),
        Some(Err(why)) => return vec![Finding::unread(CHECK, "The heartbeats", why, "dynamodb:Query on the table")],
        Some(Ok(heartbeats)) => heartbeats,
    };
    let own = deployed.settings.topic.account().unwrap_or_default();
    let Some(heartbeat) = heartbeats.iter().find(|heartbeat| heartbeat.account.raw() == own) else {
        if is_new(deployed, TimeDelta::hours(2)) {
            return vec![
                Finding::unknown(CHECK, "The stack is new: no heartbeat has come yet.").say("Look again tomorrow."),
            ];
        }
        return vec![missing(deployed, Finding::broken(CHECK, "No heartbeat of this account is recorded."))];
    };
    let (since, overdue) = (heartbeat.last, deployed.now - heartbeat.last >= OVERDUE_AFTER);
    let age = || phrase!(ago(since, deployed.now), " (", at(since), ")");
    vec![match (heartbeat.arrived, overdue) {
        (true, false) => Finding::ok(CHECK, phrase!("the last one came ", age(), ": events of IAM arrive")),
        (false, false) => Finding::unknown(CHECK, phrase!("None has come yet. They are expected since ", age(), "."))
            .say("The first one comes within a day. Look again tomorrow, or cause an event and see the line about events."),
        (true, true) => missing(
            deployed,
            Finding::broken(CHECK, phrase!("The last one came ", age(), ", and they come every day: events of IAM may not arrive.")),
        ),
        (false, true) => missing(
            deployed,
            Finding::broken(CHECK, phrase!("None has come since they are expected, ", age(), ": events of IAM may not arrive.")),
        ),
    }]
}

/// Where a heartbeat can have got lost.
fn missing(deployed: &Deployed<'_>, finding: Finding) -> Finding {
    let role = deployed.settings.heartbeat_role.as_deref().unwrap_or_default();
    let tags = Command::new("aws iam list-role-tags").option("--role-name", role);
    let schedule = Command::new("aws scheduler get-schedule").option("--region", &deployed.place.region);
    finding
        .say("See the lines about the trail and the rules first. Then: when was it last sent (the tag last-heartbeat)? If not lately, see the schedule:")
        .run(tags)
        .run(schedule.and_then(|schedule| schedule.option("--name", role)))
}

pub(super) fn members(deployed: &Deployed<'_>, read: Option<&Result<Vec<Heartbeat>, String>>) -> Vec<Finding> {
    const CHECK: &str = "members";
    if deployed.settings.reader_role.is_none() {
        return Vec::new();
    }
    let heartbeats = match read {
        None => {
            return vec![Finding::note(
                CHECK,
                "The heartbeats of the member accounts are not recorded without a history: silent accounts are not known",
            )];
        }
        // The line of the heartbeat says why.
        Some(Err(_)) => {
            return vec![Finding::unknown(CHECK, "The heartbeats of the member accounts could not be read.")];
        }
        Some(Ok(heartbeats)) => heartbeats,
    };
    let own = deployed.settings.topic.account().unwrap_or_default();
    // An account that was closed, or left the organization, is forgotten.
    let known =
        |heartbeat: &&Heartbeat| heartbeat.account.raw() != own && deployed.now - heartbeat.last < FORGOTTEN_AFTER;
    let members: Vec<_> = heartbeats.iter().filter(known).collect();
    let mut silent: Vec<_> =
        members.iter().filter(|heartbeat| deployed.now - heartbeat.last >= OVERDUE_AFTER).collect();
    if !silent.is_empty() {
        silent.sort_by_key(|heartbeat| heartbeat.last);
        let number = Phrase::ours(counted(silent.len(), "member account"));
        let who = silent.iter().map(|heartbeat| {
            let name = deployed.settings.account_names.get(heartbeat.account.raw());
            let name = name.map_or_else(Phrase::default, |name| phrase!(" ", &Untrusted::new(name)));
            phrase!(&heartbeat.account, name, " (", ago(heartbeat.last, deployed.now), ")")
        });
        let region = &deployed.place.region;
        let rule = Command::new("aws events describe-rule").option("--region", region);
        return vec![
            Finding::broken(
                CHECK,
                phrase!(number, " sent no heartbeat for more than a day: ", Phrase::few(who, NAMED, ", "), "."),
            )
            .say("With credentials of each account: does its rule exist, and does a trail log management events?")
            .run(rule.and_then(|command| command.option("--name", &format!("{}-forward", deployed.topic()))))
            .run(Command::new("aws cloudtrail describe-trails").option("--region", region)),
        ];
    }
    if members.is_empty() {
        return vec![
            Finding::note(CHECK, "No member account has ever sent a heartbeat.")
                .say("To watch other accounts, deploy organization/member.yaml there: see docs/organization.md."),
        ];
    }
    let number = Phrase::ours(counted(members.len(), "member account"));
    vec![Finding::ok(
        CHECK,
        phrase!(number, " sent a heartbeat within a day. Accounts that never sent one are not known here"),
    )]
}
