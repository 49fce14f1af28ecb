//! Whether the parts of the stack are as they were deployed, by the same comparison that the function makes, and what
//! to do where they are not.

use super::report::Finding;
use super::{Deployed, Parameter, Place};
use crate::VERSION;
use crate::alert::Command;
use crate::arn::Arn;
use crate::config::Mode;
use crate::phrase;
use crate::text::{Phrase, TextKind, Untrusted, counted};
use crate::verification::{Alarm, Expected, Rule, Subscription, of_subscriptions};
use serde_json::Value;

/// How what is missing or changed comes back. `CloudFormation` does not see changes that were made outside of it, so another
/// deployment would change nothing.
fn restore(place: &Place) -> &'static str {
    match place.stack {
        Some(_) => {
            "CloudFormation does not see this. Deploy a second stack under another name, with another AlertTopicName: it alerts at \
             once. CloudTrail's event history shows who changed the first one."
        }
        None => {
            "terraform apply restores this, if Terraform deployed it. First see in CloudTrail's event history who changed it."
        }
    }
}

/// The rules that every stack has, by what stands behind the name of the alert topic. A test compares them with the template.
pub(super) const RULES: [&str; 7] =
    ["iam", "self-protection", "sign-in", "other-doors", "root", "schedule", "tampering"];

fn command(place: &Place, call: &'static str) -> Option<Command> {
    Command::new(call).option("--region", &place.region)
}

/// How many lines of an alarm's description are shown. Those of the template have fewer.
const DESCRIPTION_LINES: usize = 12;

pub(super) fn settings(deployed: &Deployed<'_>, copy: Result<Option<&Value>, &str>) -> Vec<Finding> {
    const CHECK: &str = "settings";
    let copy = match copy {
        Ok(Some(copy)) => copy,
        Ok(None) => {
            let broken =
                "The schedule does not carry the settings that were deployed: nobody sees if they are changed.";
            return vec![Finding::broken(CHECK, broken).say(restore(deployed.place))];
        }
        Err(why) => {
            let actions = "events:DescribeRule and events:ListTargetsByRule";
            return vec![Finding::unread(CHECK, "The copy of the settings in the schedule", why, actions)];
        }
    };
    let mut differences = Vec::new();
    deployed.expected.of_settings(copy, &mut differences);
    if !differences.is_empty() {
        let broken = |difference| {
            Finding::broken(CHECK, difference).say(
                "If nobody of yours changed it, somebody may be silencing the alerts: see CloudTrail's event history. Then \
                 deploy the stack again with another value, and with the right one after that.",
            )
        };
        return differences.into_iter().map(broken).collect();
    }
    if deployed.settings.mode == Mode::Observe {
        return vec![
            Finding::note(CHECK, "as deployed; Mode is observe, so only CRITICAL alerts are mailed")
                .say("To mail all of them, deploy the stack again with Mode=alert."),
        ];
    }
    vec![Finding::ok(CHECK, "the variables of the function are as deployed")]
}

pub(super) fn concurrency(
    deployed: &Deployed<'_>,
    found: &Result<Option<u64>, String>,
    copy: Option<&Value>,
) -> Vec<Finding> {
    const CHECK: &str = "concurrency";
    match (found, copy) {
        (Err(why), _) => {
            vec![Finding::unread(CHECK, "The reserved concurrency", why, "lambda:GetFunctionConcurrency")]
        }
        // Without the copy, it is not known what was deployed; 0 stops the function in any case.
        (Ok(found), copy) => {
            let mut differences = Vec::new();
            match copy {
                Some(copy) => Expected::of_concurrency(*found, copy, &mut differences),
                None if *found == Some(0) => {
                    differences.push("The reserved concurrency of the function is 0: it does not run.".into());
                }
                None => {}
            }
            let function = deployed.expected.function.as_deref().unwrap_or_default();
            let remove = || {
                command(deployed.place, "aws lambda delete-function-concurrency")?.option("--function-name", function)
            };
            let broken =
                |difference| Finding::broken(CHECK, difference).say("Without a limit, as by default:").run(remove());
            differences.into_iter().map(broken).collect()
        }
    }
}

pub(super) fn rules(deployed: &Deployed<'_>, rules: &[(String, Result<Option<Rule>, String>)]) -> Vec<Finding> {
    const CHECK: &str = "rules";
    let mut all = Vec::new();
    for (name, rule) in rules {
        match rule {
            Ok(rule) => all.extend(of_rule(deployed, CHECK, name, rule.as_ref())),
            Err(why) => {
                let what = phrase!("The rule ", &Untrusted::new(name));
                all.push(Finding::unread(CHECK, what, why, "events:DescribeRule or events:ListTargetsByRule"));
            }
        }
    }
    for suffix in RULES {
        if !rules.iter().any(|(name, _)| *name == format!("{}-{suffix}", deployed.topic())) {
            let missing = phrase!("The settings of the function do not name the rule ", suffix, " (OWN_RESOURCES).");
            all.push(Finding::broken(CHECK, missing).say(restore(deployed.place)));
        }
    }
    if all.is_empty() {
        let number = Phrase::ours(counted(rules.len(), "rule"));
        all.push(Finding::ok(CHECK, phrase!(number, ": enabled, with the event patterns and targets of this version")));
    }
    all
}

fn of_rule(deployed: &Deployed<'_>, check: &'static str, name: &str, rule: Option<&Rule>) -> Vec<Finding> {
    let mut differences = Vec::new();
    deployed.expected.of_rule(name, rule, &mut differences);
    let disabled = rule.is_some_and(|rule| !rule.enabled);
    let broken = |(i, difference)| {
        let finding = Finding::broken(check, difference);
        // The first difference of a rule that is disabled says so.
        if disabled && i == 0 {
            return finding.run(enable(deployed.place, name));
        }
        match rule {
            Some(_) => finding
                .say(phrase!(
                    "If the stack is of another version than this doctor (",
                    VERSION,
                    "), use the doctor of that version, or upgrade the stack."
                ))
                .say(restore(deployed.place)),
            None => finding.say(restore(deployed.place)),
        }
    };
    differences.into_iter().enumerate().map(broken).collect()
}

fn enable(place: &Place, name: &str) -> Option<Command> {
    let (bus, name) = name.split_once('/').map_or((None, name), |(bus, name)| (Some(bus), name));
    let command = command(place, "aws events enable-rule")?.option("--name", name)?;
    match bus {
        Some(bus) => command.option("--event-bus-name", bus),
        None => Some(command),
    }
}

const READ_SUBSCRIPTIONS: &str = "sns:ListSubscriptionsByTopic or sns:GetSubscriptionAttributes";

/// How somebody gets the mails of a topic.
fn subscribe(finding: Finding, place: &Place, topic: &str, address: Option<&str>) -> Finding {
    let again = || {
        let command = command(place, "aws sns subscribe")?.option("--topic-arn", topic)?.flag("--protocol email");
        command.option("--notification-endpoint", address.unwrap_or("NAME@EXAMPLE.COM"))
    };
    finding
        .say(
            "Open the mail \"AWS Notification - Subscription Confirmation\" (look among the junk, too) and confirm. Without \
             that mail, ask for another one:",
        )
        .run(again())
}

pub(super) fn mails(
    deployed: &Deployed<'_>,
    subscriptions: &Result<Vec<Subscription>, String>,
    copy: Option<&Value>,
) -> Vec<Finding> {
    const CHECK: &str = "mails";
    let subscriptions = match subscriptions {
        Ok(subscriptions) => subscriptions,
        Err(why) => {
            return vec![Finding::unread(CHECK, "The subscriptions of the alert topic", why, READ_SUBSCRIPTIONS)];
        }
    };
    let topic = deployed.settings.topic.arn().unwrap_or_default();
    let address = copy.and_then(|copy| copy["ALERT_EMAIL"].as_str());
    let mut differences = Vec::new();
    of_subscriptions(subscriptions, copy.unwrap_or(&Value::Null), &mut differences);
    if let Some(difference) = differences.pop() {
        let filtered = subscriptions.iter().any(|subscription| subscription.confirmed && subscription.filtered);
        let finding = Finding::broken(CHECK, difference);
        let theirs = || {
            subscriptions.iter().find(|subscription| !subscription.confirmed).map(|pending| pending.endpoint.as_str())
        };
        if filtered {
            let list = command(deployed.place, "aws sns list-subscriptions-by-topic");
            return vec![
                finding
                    .say("Remove the filter policy of that subscription, or confirm one without a filter:")
                    .run(list.and_then(|list| list.option("--topic-arn", topic))),
            ];
        }
        return vec![subscribe(finding, deployed.place, topic, address.or_else(theirs))];
    }
    let (confirmed, pending): (Vec<_>, Vec<_>) = subscriptions.iter().partition(|subscription| subscription.confirmed);
    let who = address.map_or_else(|| "a subscription".into(), |address| Phrase::from(&Untrusted::new(address)));
    let number = Phrase::ours(counted(confirmed.len(), "confirmed subscription"));
    let mut all = vec![Finding::ok(CHECK, phrase!(who, " is confirmed and gets all alerts; ", number))];
    if !pending.is_empty() {
        let who = pending.iter().map(|pending| Phrase::from(&Untrusted::new(&pending.endpoint)));
        all.push(Finding::note(
            CHECK,
            phrase!("Not confirmed: ", Phrase::few(who, 5, ", "), ". They get nothing yet."),
        ));
    }
    all
}

pub(super) fn health(
    deployed: &Deployed<'_>,
    subscriptions: Option<&Result<Vec<Subscription>, String>>,
) -> Vec<Finding> {
    const CHECK: &str = "health mails";
    let Some(topic) = deployed.expected.health_topic.as_deref() else {
        return vec![
            Finding::broken(CHECK, "The settings of the function name no health topic (OWN_RESOURCES).")
                .say(restore(deployed.place)),
        ];
    };
    match subscriptions {
        Some(Ok(subscriptions)) => {
            let confirmed = subscriptions.iter().filter(|subscription| subscription.confirmed).count();
            if confirmed > 0 {
                let number = Phrase::ours(counted(confirmed, "confirmed subscription"));
                return vec![Finding::ok(CHECK, phrase!(number, " of the health topic"))];
            }
            let pending = subscriptions.first().map(|pending| pending.endpoint.as_str());
            let broken = "The health topic has no confirmed subscription: nobody gets the alarms about the alerting.";
            vec![subscribe(Finding::broken(CHECK, broken), deployed.place, topic, pending)]
        }
        other => {
            let why = other.and_then(|read| read.as_ref().err()).map_or("it was not read", String::as_str);
            vec![Finding::unread(CHECK, "The subscriptions of the health topic", why, READ_SUBSCRIPTIONS)]
        }
    }
}

pub(super) fn alarms(deployed: &Deployed<'_>, alarms: &Result<Vec<Alarm>, String>) -> Vec<Finding> {
    const CHECK: &str = "alarms";
    let alarms = match alarms {
        Ok(alarms) => alarms,
        Err(why) => return vec![Finding::unread(CHECK, "The alarms", why, "cloudwatch:DescribeAlarms")],
    };
    let mut missing = Vec::new();
    deployed.expected.of_missing_alarms(alarms, &mut missing);
    let mut all: Vec<_> =
        missing.into_iter().map(|difference| Finding::broken(CHECK, difference).say(restore(deployed.place))).collect();
    for alarm in alarms {
        let mut differences = Vec::new();
        deployed.expected.of_alarm(alarm, &mut differences);
        for (i, difference) in differences.into_iter().enumerate() {
            let finding = Finding::broken(CHECK, difference);
            all.push(if i == 0 && !alarm.actions_enabled {
                let enable = command(deployed.place, "aws cloudwatch enable-alarm-actions");
                finding.run(enable.and_then(|enable| enable.option("--alarm-names", &alarm.name)))
            } else {
                finding.say(restore(deployed.place))
            });
        }
        if alarm.ringing {
            all.push(of_ringing(CHECK, alarm));
        }
    }
    if all.is_empty() {
        let number = Phrase::ours(counted(alarms.len(), "alarm"));
        all.push(Finding::ok(CHECK, phrase!(number, " notify the health topic; none is in the state ALARM")));
    }
    all
}

/// An alarm in the state ALARM, with its own description, each line by itself: it says what to do.
fn of_ringing(check: &'static str, alarm: &Alarm) -> Finding {
    let finding = Finding::broken(
        check,
        phrase!("The alarm ", &Untrusted::new(&alarm.name), " is in the state ALARM. Its description:"),
    );
    let lines = alarm.description.raw().lines().filter(|line| !line.trim().is_empty()).take(DESCRIPTION_LINES);
    lines.fold(finding, |finding, line| finding.say(Phrase::theirs(&Untrusted::new(line), TextKind::Message)))
}

pub(super) fn expectations(deployed: &Deployed<'_>, read: Option<&Result<Vec<Parameter>, String>>) -> Vec<Finding> {
    const CHECK: &str = "expectations";
    let parameters = match read {
        None => return Vec::new(),
        Some(Err(why)) => {
            return vec![Finding::unread(CHECK, "The parameters with expectations", why, "ssm:GetParametersByPath")];
        }
        Some(Ok(parameters)) => parameters,
    };
    let mut all = Vec::new();
    let mut rows = 0;
    for (name, read) in parameters {
        match read {
            Ok(number) => rows += number,
            Err(problems) => {
                let problem = problems.first().map_or_else(String::new, ToString::to_string);
                let problem = Phrase::free(&Untrusted::new(problem));
                all.push(
                    Finding::broken(CHECK, phrase!("The parameter ", &Untrusted::new(name), " is not valid: ", problem, "."))
                        .say("Until that is corrected, its last valid version counts. Before you write it again: expectations check FILE"),
                );
            }
        }
    }
    if all.is_empty() && !parameters.is_empty() {
        let path = deployed.settings.expectations_path.as_deref().unwrap_or_default();
        let numbers =
            phrase!(Phrase::ours(counted(rows, "row")), " in ", Phrase::ours(counted(parameters.len(), "parameter")));
        all.push(Finding::ok(CHECK, phrase!(numbers, " under ", &Untrusted::new(path))));
    }
    all
}

pub(super) fn chat(deployed: &Deployed<'_>, read: Option<&Result<Vec<Subscription>, String>>) -> Vec<Finding> {
    const CHECK: &str = "chat";
    match read {
        None => Vec::new(),
        Some(Err(why)) => vec![Finding::unread(CHECK, "The subscriptions of the chat topic", why, READ_SUBSCRIPTIONS)],
        Some(Ok(subscriptions)) if subscriptions.iter().any(|subscription| subscription.confirmed) => {
            vec![Finding::ok(CHECK, "Amazon Q Developer gets the messages")]
        }
        Some(Ok(_)) => {
            let topic = deployed.settings.chat_topic.as_deref().and_then(Arn::parse).map_or("", |arn| arn.resource);
            vec![
                Finding::broken(CHECK, phrase!("Nobody is subscribed to the chat topic ", &Untrusted::new(topic), "."))
                    .say("In the console of Amazon Q Developer in chat applications, check that the channel has this topic."),
            ]
        }
    }
}

pub(super) fn webhook(deployed: &Deployed<'_>, read: Option<&(String, Result<Option<Rule>, String>)>) -> Vec<Finding> {
    const CHECK: &str = "webhook";
    let Some((name, rule)) = read else { return Vec::new() };
    let the_rule = phrase!("The rule ", &Untrusted::new(name));
    match rule {
        Err(why) => vec![Finding::unread(CHECK, the_rule, why, "events:DescribeRule or events:ListTargetsByRule")],
        Ok(Some(rule)) if rule.enabled && !rule.targets.is_empty() => {
            vec![Finding::ok(CHECK, "the rule that sends to the webhook is enabled")]
        }
        Ok(Some(rule)) if !rule.enabled => vec![
            Finding::broken(CHECK, phrase!(the_rule, " is disabled: the chat gets nothing."))
                .run(enable(deployed.place, name)),
        ],
        Ok(_) => {
            vec![
                Finding::broken(CHECK, phrase!(the_rule, " does not exist or has no target: the chat gets nothing."))
                    .say(restore(deployed.place)),
            ]
        }
    }
}

pub(super) fn security_hub(deployed: &Deployed<'_>, read: Option<&Result<bool, String>>) -> Vec<Finding> {
    const CHECK: &str = "security hub";
    match read {
        None => Vec::new(),
        Some(Err(why)) => vec![Finding::unread(CHECK, "Security Hub", why, "securityhub:DescribeHub")],
        Some(Ok(true)) => vec![Finding::ok(CHECK, "is enabled in this region")],
        Some(Ok(false)) => vec![
            Finding::broken(CHECK, "Security Hub CSPM is not enabled in this region: no finding arrives.")
                .run(command(deployed.place, "aws securityhub enable-security-hub")),
        ],
    }
}
