//! Whether everything that an alert passes through is as it was deployed: the rules, the function, the topic, the trail,
//! the alarms. The scheduled run looks with its own eyes, since an event about a change can be lost, and a change can be
//! older than the stack.
//!
//! [`aws`] reads; the comparison is here, and pure. What could not be read is no difference: it is counted, and an alarm
//! reports it.

pub mod aws;

use crate::arn::Arn;
use crate::catalog::patterns::{self, sorted};
use crate::config::Settings;
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use serde_json::Value;
use std::collections::BTreeMap;

/// What was read; for each part, why it could not be read.
#[derive(Debug)]
pub struct Observed {
    /// The stack's rules, by name, with the bus if it is not the default one.
    pub rules: Vec<(String, Result<Option<Rule>, String>)>,
    pub subscriptions: Result<Vec<Subscription>, String>,
    pub trails: Result<Vec<Trail>, String>,
    /// The alarms whose names begin as those of the stack do.
    pub alarms: Result<Vec<Alarm>, String>,
    /// The reserved concurrency of the function, if it has one.
    pub concurrency: Result<Option<u64>, String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub enabled: bool,
    pub pattern: Option<Value>,
    pub targets: Vec<Target>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub arn: String,
    /// Whether the target gets something else than the event.
    pub transformed: bool,
    /// What the target gets instead, if that is a fixed text.
    pub input: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub endpoint: String,
    pub confirmed: bool,
    pub filtered: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    pub arn: String,
    pub logging: bool,
    /// Whether it has the events of global services, such as IAM.
    pub global: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    pub name: String,
    pub actions_enabled: bool,
    pub actions: Vec<String>,
    pub ringing: bool,
    /// What it means, and what to do.
    pub description: Untrusted,
}

/// The address that was deployed gets all alerts. Further readers may have a filter policy, for the alerts of one account.
pub(crate) fn of_subscriptions(subscriptions: &[Subscription], deployed: &Value, all: &mut Vec<Phrase>) {
    if !subscriptions.iter().any(|subscription| subscription.confirmed) {
        all.push("The alert topic has no confirmed subscription: nobody gets the alerts.".into());
        return;
    }
    let gets_all = |subscription: &&Subscription| subscription.confirmed && !subscription.filtered;
    let Some(address) = deployed["ALERT_EMAIL"].as_str() else {
        if !subscriptions.iter().any(|subscription| gets_all(&subscription)) {
            all.push("Every subscription of the alert topic has a filter policy: nobody may get all alerts.".into());
        }
        return;
    };
    let shown = Phrase::free(&Untrusted::new(address));
    // SNS shows an address as it was typed.
    let of_address = |subscription: &&Subscription| subscription.endpoint.eq_ignore_ascii_case(address);
    let mut theirs = subscriptions.iter().filter(of_address).peekable();
    if theirs.peek().is_none() {
        all.push(phrase!("The address that was deployed, ", shown, ", is not subscribed to the alert topic any more."));
    } else if !theirs.clone().any(|subscription| subscription.confirmed) {
        all.push(phrase!("The subscription of ", shown, " is not confirmed: it gets no alerts."));
    } else if !theirs.any(|subscription| gets_all(&subscription)) {
        all.push(phrase!("The subscription of ", shown, " has a filter policy: it may not get all alerts."));
    }
}

/// What is expected, from the settings.
#[derive(Debug)]
pub struct Expected<'a> {
    /// The names of the stack's rules on the default event bus, and `bus/rule` on another.
    pub rules: Vec<String>,
    pub function: Option<String>,
    /// The ARN of the health topic.
    pub health_topic: Option<String>,
    /// The beginning of the names of the stack's alarms.
    pub alarms: Option<String>,
    settings: &'a Settings,
}

/// The names of the rules in the members, for an alert topic of this name.
#[must_use]
pub fn member_rules(topic: &str) -> Vec<String> {
    let rules = patterns::MEMBER_RESOURCES.into_iter().filter_map(|(_, resource)| resource.strip_prefix("rule/"));
    rules.map(|rule| rule.replace("{}", topic)).collect()
}

/// What differs in a member account from what its template has: its rules, by name. `bus` is the ARN of the central bus.
#[must_use]
pub fn member_differences(rules: &[(String, Option<Rule>)], account: &str, bus: &str) -> Vec<Phrase> {
    let mut all = Vec::new();
    for (name, rule) in rules {
        let Some(the_rule) = of_existence(name, rule.as_ref(), account, &mut all) else { continue };
        let forwards = |target: &Target| target.arn == bus && !target.transformed;
        if !rule.as_ref().is_some_and(|rule| rule.targets.iter().any(forwards)) {
            all.push(phrase!(the_rule, " does not give its events to the central bus."));
        }
    }
    all
}

/// Whether a rule exists, is enabled and has its pattern; returns how it is called, if it exists.
fn of_existence(name: &str, rule: Option<&Rule>, account: &str, all: &mut Vec<Phrase>) -> Option<Phrase> {
    let the_rule = phrase!("The EventBridge rule ", &Untrusted::new(name));
    let Some(rule) = rule else {
        all.push(phrase!(the_rule, " does not exist."));
        return None;
    };
    if !rule.enabled {
        all.push(phrase!(&the_rule, " is disabled."));
    }
    if let Some(mut pattern) = patterns::of_rule(name) {
        pattern["account"] = patterns::accounts_of_rule(name, account);
        if rule.pattern.as_ref().is_none_or(|found| sorted(found) != sorted(&pattern)) {
            all.push(phrase!(&the_rule, " does not have the event pattern of this version: events can be missing."));
        }
    }
    Some(the_rule)
}

impl<'a> Expected<'a> {
    #[must_use]
    pub fn of(settings: &'a Settings) -> Self {
        // What the members and the other regions have is not read: they are many.
        let here = |arn: &Arn<'_>| arn.account != "*" && arn.region != "*";
        let own = || settings.watch.own.arns().filter_map(|arn| Some((arn, Arn::parse(arn).filter(here)?)));
        let rule =
            |arn: Arn<'_>| arn.resource.strip_prefix("rule/").filter(|name| !name.contains('/')).map(str::to_owned);
        // The rule that gives the members' events to the function is on a bus of its own.
        let topic = settings.topic.arn().and_then(Arn::parse).filter(|_| settings.reader_role.is_some());
        let of_members = topic.into_iter().flat_map(|topic| {
            ["organization", "org-health", "org-tampering"]
                .map(|rule| format!("{0}-organization/{0}-{rule}", topic.resource))
        });
        let of_service = |service: &'static str| own().filter(move |(_, arn)| arn.service == service);
        let alarms = of_service("cloudwatch").find_map(|(_, arn)| {
            arn.resource.strip_prefix("alarm:").and_then(|name| name.strip_suffix('*')).map(str::to_owned)
        });
        Self {
            rules: of_service("events").filter_map(|(_, arn)| rule(arn)).chain(of_members).collect(),
            function: of_service("lambda").map(|(arn, _)| arn.to_owned()).next(),
            health_topic: of_service("sns").map(|(arn, _)| arn.to_owned()).find(|arn| arn.ends_with("-health")),
            alarms,
            settings,
        }
    }

    /// What differs from what is expected; `deployed` is the copy of the settings that the schedule carries.
    #[must_use]
    pub fn differences(&self, observed: &Observed, deployed: &Value) -> Vec<Phrase> {
        let mut all = Vec::new();
        for (name, rule) in &observed.rules {
            if let Ok(rule) = rule {
                self.of_rule(name, rule.as_ref(), &mut all);
            }
        }
        if let Ok(subscriptions) = &observed.subscriptions {
            of_subscriptions(subscriptions, deployed, &mut all);
        }
        if let Ok(trails) = &observed.trails {
            self.of_trails(trails, &mut all);
        }
        if let Ok(alarms) = &observed.alarms {
            self.of_alarms(alarms, &mut all);
        }
        if let Ok(concurrency) = observed.concurrency {
            Self::of_concurrency(concurrency, deployed, &mut all);
        }
        self.of_settings(deployed, &mut all);
        all
    }

    pub(crate) fn of_rule(&self, name: &str, rule: Option<&Rule>, all: &mut Vec<Phrase>) {
        let account = self.settings.topic.account().unwrap_or_default();
        let Some((the_rule, rule)) = of_existence(name, rule, account, all).zip(rule) else { return };
        let past_the_function = name.ends_with("-tampering");
        // These write to a log.
        if name.ends_with("-org-health") || name.ends_with("-org-tampering") {
            return;
        }
        let wanted = if past_the_function { self.health_topic.as_ref() } else { self.function.as_ref() };
        let Some(wanted) = wanted else { return };
        // The schedule carries a copy of the settings, and the mails of the tampering rule are written by the rule.
        let transforms = past_the_function || name.ends_with("-schedule");
        if !rule.targets.iter().any(|target| target.arn == *wanted && (transforms || !target.transformed)) {
            let whom = if past_the_function { "the health topic" } else { "the function" };
            all.push(phrase!(&the_rule, " does not give its events to ", whom, "."));
        }
    }

    pub(crate) fn of_trails(&self, trails: &[Trail], all: &mut Vec<Phrase>) {
        let feeding: Vec<_> = self.settings.watch.feeding_trails.arns().collect();
        if feeding.is_empty() {
            if !trails.iter().any(|trail| trail.logging) {
                all.push("No trail of this account logs events: there are no alerts.".into());
            }
            return;
        }
        for arn in feeding {
            if !trails.iter().any(|trail| trail.arn == arn && trail.logging) {
                all.push(phrase!("The trail ", Phrase::arn(&Untrusted::new(arn)), " does not log events."));
            }
        }
    }

    fn of_alarms(&self, alarms: &[Alarm], all: &mut Vec<Phrase>) {
        self.of_missing_alarms(alarms, all);
        if self.alarms.is_some() {
            for alarm in alarms {
                self.of_alarm(alarm, all);
            }
        }
    }

    pub(crate) fn of_missing_alarms(&self, alarms: &[Alarm], all: &mut Vec<Phrase>) {
        let Some(beginning) = &self.alarms else { return };
        for name in ALARMS {
            let of_alarm = format!("{beginning}{name}");
            if !alarms.iter().any(|alarm| alarm.name.starts_with(&of_alarm)) {
                all.push(phrase!("The alarm ", &Untrusted::new(of_alarm), " does not exist."));
            }
        }
    }

    pub(crate) fn of_alarm(&self, alarm: &Alarm, all: &mut Vec<Phrase>) {
        let the_alarm = phrase!("The alarm ", &Untrusted::new(&alarm.name));
        if !alarm.actions_enabled {
            all.push(phrase!(&the_alarm, " has its actions disabled."));
        }
        if self.health_topic.as_ref().is_some_and(|topic| !alarm.actions.contains(topic)) {
            all.push(phrase!(&the_alarm, " does not notify the health topic."));
        }
    }

    pub(crate) fn of_concurrency(found: Option<u64>, deployed: &Value, all: &mut Vec<Phrase>) {
        let wanted = number(&deployed["RESERVED_CONCURRENCY"]).filter(|wanted| *wanted > 0);
        if found != wanted {
            let shown =
                |value: Option<u64>| value.map_or_else(|| "none".into(), |value| Phrase::ours(value.to_string()));
            all.push(phrase!(
                "The reserved concurrency of the function is ",
                shown(found),
                "; deployed was ",
                shown(wanted),
                "."
            ));
        }
    }

    /// The function's own environment, against the copy.
    pub(crate) fn of_settings(&self, deployed: &Value, all: &mut Vec<Phrase>) {
        let copy: BTreeMap<&str, String> = deployed
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !["RESERVED_CONCURRENCY", "ALERT_EMAIL"].contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect();
        for (name, wanted) in copy {
            let found = self.settings.variables.get(name).map(String::as_str).unwrap_or_default();
            if found != wanted.trim() {
                let shown = |text: &str| {
                    if text.is_empty() { "empty".into() } else { Phrase::free(&Untrusted::new(text)) }
                };
                all.push(phrase!(
                    "The variable ",
                    &Untrusted::new(name),
                    " of the function is ",
                    shown(found),
                    "; deployed was ",
                    shown(&wanted),
                    "."
                ));
            }
        }
    }
}

/// The alarms that every stack has, by their logical ids. A test compares them with the template.
pub const ALARMS: [&str; 10] = [
    "ErrorsAlarm",
    "FailedAlarm",
    "FailedInvocationsAlarm",
    "LookupAlarm",
    "LostAlarm",
    "ReadersAlarm",
    "ScheduleAlarm",
    "ThrottlesAlarm",
    "UndeliveredAlarm",
    "VerificationAlarm",
];

impl Default for Observed {
    fn default() -> Self {
        let not_read = || "it was not read".to_owned();
        Self {
            rules: Vec::new(),
            subscriptions: Err(not_read()),
            trails: Err(not_read()),
            alarms: Err(not_read()),
            concurrency: Err(not_read()),
        }
    }
}

impl Observed {
    /// What could not be read, and why.
    #[must_use]
    pub fn not_read(&self) -> Vec<String> {
        let rules = self.rules.iter().filter_map(|(name, rule)| Some(format!("rule {name}: {}", rule.as_ref().err()?)));
        let parts = [
            ("subscriptions", self.subscriptions.as_ref().err()),
            ("trails", self.trails.as_ref().err()),
            ("alarms", self.alarms.as_ref().err()),
            ("reserved concurrency", self.concurrency.as_ref().err()),
        ];
        let parts = parts.into_iter().filter_map(|(part, why)| Some(format!("{part}: {}", why?)));
        rules.chain(parts).collect()
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alerts";
    const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:alerter";

    fn settings(more: &[(&str, &str)]) -> Settings {
        let own = "arn:aws:sns:us-east-1:111122223333:alerts-health,\
                   arn:aws:events:us-east-1:111122223333:rule/alerts-iam,\
                   arn:aws:events:us-east-1:111122223333:rule/alerts-tampering,\
                   arn:aws:events:us-east-1:111122223333:rule/alerts-schedule,\
                   arn:aws:events:us-east-1:111122223333:rule/alerts/alerts-webhook,\
                   arn:aws:cloudwatch:us-east-1:111122223333:alarm:stack-*";
        let set = [
            ("ALERT_TOPIC_ARN", TOPIC),
            ("OWN_RESOURCES", own),
            ("AWS_LAMBDA_FUNCTION_NAME", "alerter"),
            ("AWS_REGION", "us-east-1"),
            ("MINIMUM_SEVERITY", "MEDIUM"),
        ];
        let all: Vec<_> = more.iter().chain(&set).copied().collect();
        Settings::read(|name| all.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())).unwrap()
    }

    fn target(arn: &str, transformed: bool) -> Target {
        Target { arn: arn.to_owned(), transformed, input: None }
    }

    /// Everything as it was deployed.
    fn intact() -> Observed {
        let mut pattern = patterns::of_rule("alerts-iam").unwrap();
        pattern["account"] = json!(["111122223333"]);
        let rule = |pattern, target| Ok(Some(Rule { enabled: true, pattern, targets: vec![target] }));
        let health = "arn:aws:sns:us-east-1:111122223333:alerts-health";
        let alarm = |id: &&str| Alarm {
            name: format!("stack-{id}-0A1B"),
            actions_enabled: true,
            actions: vec![health.to_owned()],
            ringing: false,
            description: "".into(),
        };
        Observed {
            rules: vec![
                ("alerts-iam".to_owned(), rule(Some(pattern), target(FUNCTION, false))),
                ("alerts-tampering".to_owned(), rule(Some(json!({})), target(health, true))),
                ("alerts-schedule".to_owned(), rule(None, target(FUNCTION, true))),
            ],
            subscriptions: Ok(vec![Subscription {
                endpoint: "soc@acme.example".into(),
                confirmed: true,
                filtered: false,
            }]),
            trails: Ok(vec![Trail {
                arn: "arn:aws:cloudtrail:us-east-1:111122223333:trail/all".into(),
                logging: true,
                global: true,
            }]),
            alarms: Ok(ALARMS.iter().map(alarm).collect()),
            concurrency: Ok(None),
        }
    }

    fn found(change: impl Fn(&mut Observed), more: &[(&str, &str)], deployed: &Value) -> Vec<String> {
        let (settings, mut observed) = (settings(more), intact());
        change(&mut observed);
        Expected::of(&settings).differences(&observed, deployed).iter().map(Phrase::plain).collect()
    }

    fn rule(observed: &mut Observed, i: usize) -> &mut Rule {
        observed.rules[i].1.as_mut().unwrap().as_mut().unwrap()
    }

    #[test]
    fn what_is_as_it_was_deployed_is_no_difference() {
        let deployed = json!({"MINIMUM_SEVERITY": "MEDIUM", "EXPECTED_PRINCIPALS": "", "RESERVED_CONCURRENCY": "0"});
        assert_eq!(found(|_| (), &[], &deployed), [""; 0]);
        let expected = Expected::of(&settings(&[])).rules.join(" ");
        assert_eq!(expected, "alerts-iam alerts-tampering alerts-schedule", "the rule of another bus is not asked for");
    }

    #[test]
    fn each_change_that_silences_the_alerts_is_a_difference() {
        let only = |change: &dyn Fn(&mut Observed), part: &str| {
            let found = found(change, &[], &json!({}));
            assert!(found.len() == 1 && found[0].contains(part), "{part}: {found:?}");
        };
        only(&|all| rule(all, 0).enabled = false, "alerts-iam is disabled");
        only(&|all| all.rules[0].1 = Ok(None), "alerts-iam does not exist");
        only(&|all| rule(all, 0).targets.clear(), "does not give its events to the function");
        only(&|all| rule(all, 0).targets[0].transformed = true, "does not give its events to the function");
        only(&|all| rule(all, 1).targets.clear(), "does not give its events to the health topic");
        only(
            &|all| rule(all, 0).pattern = Some(json!({"source": ["aws.iam"], "account": ["999988887777"]})),
            "event pattern",
        );
        only(&|all| all.subscriptions = Ok(Vec::new()), "no confirmed subscription");
        only(&|all| all.subscriptions.as_mut().unwrap()[0].filtered = true, "filter policy");
        only(&|all| all.trails.as_mut().unwrap()[0].logging = false, "No trail of this account logs");
        only(&|all| drop(all.alarms.as_mut().unwrap().remove(0)), "stack-ErrorsAlarm does not exist");
        only(&|all| all.alarms.as_mut().unwrap()[1].actions_enabled = false, "has its actions disabled");
        only(&|all| all.alarms.as_mut().unwrap()[1].actions.clear(), "does not notify the health topic");
        only(&|all| all.concurrency = Ok(Some(0)), "reserved concurrency of the function is 0; deployed was none");
    }

    #[test]
    fn the_address_that_was_deployed_gets_all_alerts_and_others_may_get_some() {
        let reader =
            |endpoint: &str, confirmed, filtered| Subscription { endpoint: endpoint.into(), confirmed, filtered };
        let found = |readers: &[Subscription]| {
            let deployed = json!({"ALERT_EMAIL": "soc@acme.example"});
            found(|all| all.subscriptions = Ok(readers.to_vec()), &[], &deployed).join("|")
        };
        let team = reader("team@acme.example", true, true);
        assert_eq!(found(&[reader("SOC@acme.example", true, false), team.clone()]), "");
        let gone = found(&[reader("evil@acme.example", true, false), team.clone()]);
        assert_eq!(
            gone,
            "The address that was deployed, soc@acme.example, is not subscribed to the alert topic any more."
        );
        assert!(found(&[reader("soc@acme.example", false, false), team.clone()]).contains("is not confirmed"));
        assert!(found(&[reader("soc@acme.example", true, true), team]).contains("has a filter policy"));
    }

    #[test]
    fn the_environment_is_compared_with_the_copy_that_the_schedule_carries() {
        let observing = found(|_| (), &[("MODE", "observe")], &json!({"MODE": "alert", "RESERVED_CONCURRENCY": "0"}));
        assert_eq!(observing, ["The variable MODE of the function is observe; deployed was alert."]);
        let deployed = json!({"MINIMUM_SEVERITY": "MEDIUM", "EXPECTED_PRINCIPALS": ""});
        let quiet = [("MINIMUM_SEVERITY", "CRITICAL"), ("EXPECTED_PRINCIPALS", "arn:aws:iam::111122223333:user/*")];
        assert_eq!(
            found(|_| (), &quiet, &deployed),
            [
                "The variable EXPECTED_PRINCIPALS of the function is arn:aws:iam::111122223333:user/*; deployed was empty.",
                "The variable MINIMUM_SEVERITY of the function is CRITICAL; deployed was MEDIUM.",
            ]
        );
    }

    #[test]
    fn what_could_not_be_read_is_no_difference_and_is_said() {
        let unread = Observed { rules: vec![("alerts-iam".into(), Err("AccessDenied".into()))], ..Observed::default() };
        assert_eq!(Expected::of(&settings(&[])).differences(&unread, &json!({})), []);
        assert_eq!(unread.not_read().len(), 5);
        assert_eq!(unread.not_read()[0], "rule alerts-iam: AccessDenied");
    }

    #[test]
    fn the_template_has_every_alarm_that_is_looked_for() {
        let template = include_str!("../../template.yaml");
        for alarm in ALARMS {
            assert!(template.contains(&format!("\n  {alarm}:\n    Type: AWS::CloudWatch::Alarm\n")), "{alarm}");
        }
    }
}
