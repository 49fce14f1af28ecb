//! The event patterns for the actions of the catalogue: every write action of IAM and of the other doors to access, every
//! call of a root user, and the actions of other services on the stack's own resources. And what the stacks of a member
//! account and of another region are made of, by name. A test compares the templates with both.

use super::rows;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The `detail-type` of API calls.
pub const API_CALL: &str = "AWS API Call via CloudTrail";
/// The `detail-type` of sign-ins. AWS writes it in both ways.
pub const SIGN_IN: [&str; 2] = ["AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail"];
/// The `detail-type` of a warning of AWS about sign-ins. It does not come from CloudTrail.
pub const SIGN_IN_ANOMALY: &str = "Sign-in Anomaly Alert";
/// The `detail-type` of alarms.
const ALARM_STATE: &str = "CloudWatch Alarm State Change";

/// Calls that many services make all day and that can hide nothing: a new log stream, a grant of a KMS key.
pub const BUSY: [&str; 3] = ["CreateLogStream", "CreateGrant", "RetireGrant"];

/// The services that the stack is made of, without IAM.
pub(super) const OWN_SERVICES: [&str; 12] = [
    "cloudformation",
    "cloudtrail",
    "dynamodb",
    "events",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "s3",
    "scheduler",
    "sns",
    "sqs",
];

/// The services that matter in a member account: those of its trails, and those that its stack is made of. IAM and its
/// sign-ins come besides. Each forwarded event is charged, so this list is short.
const MEMBER_SERVICES: [&str; 6] = ["cloudformation", "cloudtrail", "events", "monitoring", "scheduler", "sqs"];

/// The services of which every call that changes something is of interest, besides IAM: IAM Identity Center with its
/// directory, AWS Organizations, and the account itself.
const DOORS: [&str; 5] = ["account", "identitystore", "organizations", "sso", "sso-directory"];

/// What the stack of a member account is made of: the service and the resource part of each ARN, with `{}` for the name of
/// the alert topic. The last two are the stack itself, deployed by a stack set or by hand.
pub const MEMBER_RESOURCES: [(&str, &str); 13] = [
    ("events", "rule/{}-forward"),
    ("events", "rule/{}-forward-doors"),
    ("events", "rule/{}-forward-watch"),
    ("iam", "role/{}-forward"),
    ("iam", "role/{}-forward-region"),
    ("iam", "role/{}-forward-watch"),
    ("iam", "role/{}-heartbeat"),
    ("iam", "role/{}-reader"),
    ("scheduler", "schedule/default/{}-heartbeat"),
    ("sqs", "{}-undelivered"),
    ("cloudwatch", "alarm:{}-undelivered"),
    ("cloudformation", "stack/StackSet-{}-members-*"),
    ("cloudformation", "stack/{}-member/*"),
];

/// What the stack of another region is made of, and the role that it uses. The last two are the stack itself, as in a
/// member account.
pub const REGION_RESOURCES: [(&str, &str); 8] = [
    ("events", "rule/{}-forward-region"),
    ("events", "rule/{}-forward-region-doors"),
    ("events", "rule/{}-forward-region-watch"),
    ("iam", "role/{}-forward-region"),
    ("sqs", "{}-undelivered"),
    ("cloudwatch", "alarm:{}-undelivered"),
    ("cloudformation", "stack/StackSet-{}-regions-*"),
    ("cloudformation", "stack/{}-region/*"),
];

/// The ARNs of what the stacks of other regions have, with `*` for the region. `account` is `*` for all accounts.
pub fn region_resources(partition: &str, account: &str, name: &str) -> impl Iterator<Item = String> {
    REGION_RESOURCES.into_iter().map(move |(service, resource)| {
        let region = if service == "iam" { "" } else { "*" };
        format!("arn:{partition}:{service}:{region}:{account}:{}", resource.replace("{}", name))
    })
}

/// The ARNs of what the members have, with `*` for the account. `name` is the name of the alert topic.
pub fn member_resources(partition: &str, region: &str, name: &str) -> impl Iterator<Item = String> {
    MEMBER_RESOURCES.into_iter().map(move |(service, resource)| {
        let region = if service == "iam" { "" } else { region };
        format!("arn:{partition}:{service}:{region}:*:{}", resource.replace("{}", name))
    })
}

/// The event pattern of each rule, without the accounts, by the rule's logical id in the template.
#[must_use]
pub fn event_patterns() -> Vec<(&'static str, Value)> {
    let of_members = || {
        let types: Vec<_> = [API_CALL].into_iter().chain(SIGN_IN).chain([SIGN_IN_ANOMALY]).collect();
        json!({"source": [{"prefix": "aws."}], "detail-type": types})
    };
    let covered = ["iam"].into_iter().chain(DOORS).chain(OWN_SERVICES);
    vec![
        ("IamRule", iam()),
        ("SelfProtectionRule", self_protection()),
        ("SignInRule", sign_in()),
        ("DoorsRule", doors(&OWN_SERVICES)),
        ("RootRule", by_root(covered)),
        // The rules of the members have chosen the events.
        ("OrganizationRule", of_members()),
    ]
}

/// The event pattern of each rule of a member account, without the account, by the rule's logical id in the template.
/// `name` is the name of the alert topic, with which the names of all resources begin.
#[must_use]
pub fn member_event_patterns(name: &str) -> Vec<(&'static str, Value)> {
    let forward = json!({"$or": [iam(), sign_in(), changes(MEMBER_SERVICES)]});
    let covered = ["iam"].into_iter().chain(DOORS).chain(MEMBER_SERVICES);
    let doors = json!({"$or": [doors(&MEMBER_SERVICES), by_root(covered)]});
    let beginning = format!("{name}-forward");
    let call = |service: &str, parameter: &str, matches: Value| {
        json!({
            "source": [source(service)],
            "detail-type": [API_CALL],
            "detail": {"requestParameters": {parameter: [{"prefix": matches}]}},
        })
    };
    let rule_as = |parameter: &str| call("events", parameter, json!(beginning));
    // Names in IAM are not case-sensitive.
    let role = call("iam", "roleName", json!({"equals-ignore-case": beginning}));
    let alarm = alarm_of(&format!("{name}-undelivered"));
    let watch = json!({"$or": [rule_as("name"), rule_as("rule"), role, alarm]});
    vec![("ForwardRule", forward), ("ForwardDoorsRule", doors), ("ForwardWatchRule", watch)]
}

/// The event pattern of each rule of another region, without the account, by the rule's logical id in the template. All
/// events of IAM are in the main region. `name` is the name of the alert topic. Each rule watches the other one.
#[must_use]
pub fn region_event_patterns(name: &str) -> Vec<(&'static str, Value)> {
    let forward = json!([format!("{name}-forward-region"), format!("{name}-forward-region-doors")]);
    let watch = json!([format!("{name}-forward-region-watch")]);
    let of_request = |service: &str, parameter: &str, values: Value| {
        json!({
            "source": [source(service)],
            "detail-type": [API_CALL],
            "detail": {"requestParameters": {parameter: values}},
        })
    };
    let (by_name, by_rule) = (of_request("events", "name", watch.clone()), of_request("events", "rule", watch));
    let regional = json!({"$or": [sign_in(), by_name, by_rule]});
    // A call on what the forwarding depends on may come twice, as in a member account.
    let doors = json!({"$or": [doors(&[]), by_root(["cloudtrail", "iam"].into_iter().chain(DOORS))]});
    let alarm = format!("{name}-undelivered");
    let stack = json!([
        format!("{name}-region"),
        {"prefix": format!("StackSet-{name}-regions-")},
        {"wildcard": format!("*:stack/{name}-region/*")},
        {"wildcard": format!("*:stack/StackSet-{name}-regions-*")},
    ]);
    let watching = json!({"$or": [
        of_request("events", "name", forward.clone()),
        of_request("events", "rule", forward),
        of_request("sqs", "queueUrl", json!([{"suffix": format!("/{alarm}")}])),
        of_request("monitoring", "alarmName", json!([alarm])),
        of_request("monitoring", "alarmNames", json!([alarm])),
        of_request("cloudformation", "stackName", stack),
        // A trail is stopped in its home region.
        {"source": ["aws.cloudtrail"], "detail-type": [API_CALL]},
        alarm_of(&alarm),
    ]});
    vec![("ForwardRegionRule", regional), ("ForwardRegionDoorsRule", doors), ("ForwardRegionWatchRule", watching)]
}

/// That an alarm of this name went off.
fn alarm_of(name: &str) -> Value {
    json!({
        "source": ["aws.cloudwatch"],
        "detail-type": [ALARM_STATE],
        "detail": {"alarmName": [name], "state": {"value": ["ALARM"]}},
    })
}

fn iam() -> Value {
    json!({
        "source": ["aws.iam"],
        "detail-type": [API_CALL],
        "detail": {"eventSource": ["iam.amazonaws.com"]},
    })
}

/// Sign-ins of root users and of IAM users, and what AWS itself warns of. A sign-in through an identity provider shows
/// nothing that IAM could have prevented, and there are many.
fn sign_in() -> Value {
    let names = rows().filter(|action| action.service == "signin" && action.event_name != SIGN_IN_ANOMALY);
    let names = names.map(|action| action.event_name);
    let (sign_ins, others): (BTreeSet<_>, BTreeSet<_>) = names.partition(|name| *name == "ConsoleLogin");
    let detail = |more: Value| {
        let mut detail = json!({"eventSource": ["signin.amazonaws.com"]});
        for (field, value) in more.as_object().into_iter().flatten() {
            detail[field] = value.clone();
        }
        detail
    };
    json!({
        "source": ["aws.signin"],
        "$or": [
            {"detail-type": SIGN_IN, "detail": detail(json!({"eventName": others}))},
            {"detail-type": SIGN_IN, "detail": detail(json!({"eventName": sign_ins, "userIdentity": {"type": ["IAMUser", "Root"]}}))},
            {"detail-type": [SIGN_IN_ANOMALY]},
        ],
    })
}

/// The doors to access besides IAM. Of services of which few calls matter, only those calls; not of the services whose
/// calls come by another rule anyway.
fn doors(elsewhere: &[&str]) -> Value {
    let all: BTreeSet<_> = DOORS.into_iter().map(source).collect();
    let by_name = rows().filter(|action| !elsewhere.contains(&action.service) && !DOORS.contains(&action.service));
    let by_name: Vec<_> = by_name.filter(|action| is_by_name(action)).collect();
    let sources: BTreeSet<_> = by_name.iter().map(|action| source(action.service)).collect();
    // The name of an action of Lambda is followed by a version.
    let names: BTreeSet<_> = by_name.iter().map(|action| action.event_name).collect();
    let names: Vec<_> = names.into_iter().map(|name| json!({"prefix": name})).collect();
    json!({
        "detail-type": [API_CALL],
        "$or": [
            {"source": all},
            // Those of a root user come by the rule for root users.
            {"source": sources, "detail": {"eventName": names, "userIdentity": {"type": [{"anything-but": ["Root"]}]}}},
            // Services create grants all day.
            {"source": ["aws.kms"], "detail": {"eventName": ["CreateGrant"], "userIdentity": {"invokedBy": [{"exists": false}]}}},
        ],
    })
}

/// Whether only this call of its service comes by the rule for the doors.
fn is_by_name(action: &super::Action) -> bool {
    (action.concerns_sharing() && action.watched_by_default && action.event_name != "CreateGrant")
        || action.service == "sts"
}

/// Every call of a root user that changes something, of the services that no other rule covers.
fn by_root(covered: impl IntoIterator<Item = &'static str>) -> Value {
    let covered: BTreeSet<_> = covered.into_iter().map(|service| format!("{service}.amazonaws.com")).collect();
    json!({
        "source": [{"prefix": "aws."}],
        "detail-type": [API_CALL],
        "detail": {
            "eventSource": [{"anything-but": covered}],
            "eventCategory": ["Management", {"exists": false}],
            "userIdentity": {"type": ["Root"]},
        },
    })
}

/// The calls on what the stack is made of; of Systems Manager, whose agents call all day, only those on parameters.
fn self_protection() -> Value {
    let mut pattern = changes(OWN_SERVICES);
    let source = pattern["source"].take();
    let detail = pattern["detail"].take();
    let names: Vec<_> = rows().filter(|row| row.service == "ssm").map(|row| row.event_name).collect();
    // Those of a root user come by the rule for root users.
    let of_parameters = json!({"eventName": names, "userIdentity": {"type": [{"anything-but": ["Root"]}]}});
    json!({
        "detail-type": [API_CALL],
        "$or": [{"source": source, "detail": detail}, {"source": ["aws.ssm"], "detail": of_parameters}],
    })
}

/// The calls of services that change something.
fn changes(services: impl IntoIterator<Item = &'static str>) -> Value {
    let sources: BTreeSet<_> = services.into_iter().map(source).collect();
    json!({
        "source": sources,
        "detail-type": [API_CALL],
        "detail": {
            // Not the data events that a trail may log: there are very many.
            "eventCategory": ["Management", {"exists": false}],
            "eventName": [{"anything-but": BUSY}],
        },
    })
}

fn source(service: &str) -> String {
    format!("aws.{service}")
}

/// A pattern in which the order of alternatives does not matter.
#[must_use]
pub fn sorted(pattern: &Value) -> Value {
    match pattern {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), sorted(value))).collect(),
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(sorted).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        leaf => leaf.clone(),
    }
}

/// The event pattern of a rule of the stack or of a member's stack, by the rule's name, without the accounts.
#[must_use]
pub fn of_rule(name: &str) -> Option<Value> {
    let (rule, beginning) = known(name)?;
    let mut all =
        event_patterns().into_iter().chain(member_event_patterns(beginning)).chain(region_event_patterns(beginning));
    all.find(|(id, _)| *id == rule).map(|(_, pattern)| pattern)
}

/// The accounts in the event pattern of a rule of this name that is in this account: for events of members all others,
/// else its own.
#[must_use]
pub fn accounts_of_rule(name: &str, account: &str) -> Value {
    match known(name) {
        Some(("OrganizationRule", _)) => json!([{"anything-but": [account]}]),
        _ => json!([account]),
    }
}

/// The logical id of a rule in its template, by its name, and what stands before the ending of the name.
fn known(name: &str) -> Option<(&'static str, &str)> {
    RULE_NAME_ENDINGS.into_iter().find_map(|(rule, ending)| Some((rule, name.strip_suffix(ending)?)))
}

/// The end of the name of each rule that has a pattern here, by the rule's logical id. No ending is the end of another.
const RULE_NAME_ENDINGS: [(&str, &str); 12] = [
    ("IamRule", "-iam"),
    ("SelfProtectionRule", "-self-protection"),
    ("SignInRule", "-sign-in"),
    ("DoorsRule", "-other-doors"),
    ("RootRule", "-root"),
    ("OrganizationRule", "-organization"),
    ("ForwardRule", "-forward"),
    ("ForwardDoorsRule", "-forward-doors"),
    ("ForwardWatchRule", "-forward-watch"),
    ("ForwardRegionRule", "-forward-region"),
    ("ForwardRegionDoorsRule", "-forward-region-doors"),
    ("ForwardRegionWatchRule", "-forward-region-watch"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest name that the template accepts.
    const LONGEST: &str = "iam-security-alerts-of-a-company-with-long-names";

    #[test]
    fn a_pattern_fits_into_a_rule() {
        assert_eq!(LONGEST.len(), 48);
        let room = "\"account\":[{\"anything-but\":[\"111122223333\"]}],".len();
        let all =
            event_patterns().into_iter().chain(member_event_patterns(LONGEST)).chain(region_event_patterns(LONGEST));
        for (rule, pattern) in all {
            let length = pattern.to_string().len() + room;
            assert!(length <= 2_048, "{rule}: {length} characters (\"Amazon EventBridge quotas\")");
        }
    }

    #[test]
    fn a_rule_has_its_pattern_by_its_name() {
        let all = event_patterns().into_iter().chain(member_event_patterns("alerts"));
        let all: Vec<_> = all.chain(region_event_patterns("alerts")).collect();
        for (rule, pattern) in &all {
            let (_, ending) = RULE_NAME_ENDINGS.iter().find(|(id, _)| id == rule).unwrap();
            assert_eq!(of_rule(&format!("alerts{ending}")).as_ref(), Some(pattern), "{rule}");
        }
        assert_eq!(all.len(), RULE_NAME_ENDINGS.len());
        for unknown in
            ["alerts-tampering", "alerts-org-tampering", "alerts-org-health", "alerts-webhook", "organization"]
        {
            assert_eq!(of_rule(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_rule_names_its_own_account_and_that_of_the_organization_all_others() {
        assert_eq!(accounts_of_rule("alerts-iam", "111122223333"), json!(["111122223333"]));
        assert_eq!(accounts_of_rule("alerts-forward", "111122223333"), json!(["111122223333"]));
        let others = json!([{"anything-but": ["111122223333"]}]);
        assert_eq!(accounts_of_rule("alerts-organization", "111122223333"), others);
    }

    #[test]
    fn what_the_members_have_is_named_for_every_account() {
        let all: Vec<_> = member_resources("aws-us-gov", "us-gov-west-1", "alerts").collect();
        assert_eq!(all[0], "arn:aws-us-gov:events:us-gov-west-1:*:rule/alerts-forward");
        assert_eq!(all[3], "arn:aws-us-gov:iam::*:role/alerts-forward");
        assert_eq!(all[11], "arn:aws-us-gov:cloudformation:us-gov-west-1:*:stack/StackSet-alerts-members-*");
        let all: Vec<_> = region_resources("aws", "111122223333", "alerts").collect();
        assert_eq!(all[0], "arn:aws:events:*:111122223333:rule/alerts-forward-region");
    }
}
