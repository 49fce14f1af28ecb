//! The event patterns for the actions of the catalogue: every write action of IAM, and the actions of other services on
//! the stack's own resources. And what the stack of a member account is made of, by name. A test compares the templates
//! with both.

use super::rows;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The `detail-type` of API calls.
pub const API_CALL: &str = "AWS API Call via CloudTrail";
/// The `detail-type` of sign-ins. AWS writes it in both ways.
pub const SIGN_IN: [&str; 2] = ["AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail"];
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

/// What the stack of a member account is made of: the service and the resource part of each ARN, with `{}` for the name of
/// the alert topic. The last two are the stack itself, deployed by a stack set or by hand.
pub const MEMBER_RESOURCES: [(&str, &str); 11] = [
    ("events", "rule/{}-forward"),
    ("events", "rule/{}-forward-watch"),
    ("iam", "role/{}-forward"),
    ("iam", "role/{}-forward-watch"),
    ("iam", "role/{}-heartbeat"),
    ("iam", "role/{}-reader"),
    ("scheduler", "schedule/default/{}-heartbeat"),
    ("sqs", "{}-undelivered"),
    ("cloudwatch", "alarm:{}-undelivered"),
    ("cloudformation", "stack/StackSet-{}-members-*"),
    ("cloudformation", "stack/{}-member/*"),
];

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
    let forwarded: BTreeSet<_> = MEMBER_SERVICES.into_iter().chain(["iam", "signin"]).map(source).collect();
    let types: Vec<_> = [API_CALL].into_iter().chain(SIGN_IN).collect();
    vec![
        ("IamRule", iam()),
        ("SelfProtectionRule", changes(OWN_SERVICES)),
        ("RootSignInRule", root_sign_in()),
        // The rules of the members have chosen the events.
        ("OrganizationRule", json!({"source": forwarded, "detail-type": types})),
    ]
}

/// The event pattern of each rule of a member account, without the account, by the rule's logical id in the template.
/// `name` is the name of the alert topic, with which the names of all resources begin.
#[must_use]
pub fn member_event_patterns(name: &str) -> Vec<(&'static str, Value)> {
    let forward = json!({"$or": [iam(), root_sign_in(), changes(MEMBER_SERVICES)]});
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
    let alarm = json!({
        "source": ["aws.cloudwatch"],
        "detail-type": [ALARM_STATE],
        "detail": {"alarmName": [format!("{name}-undelivered")], "state": {"value": ["ALARM"]}},
    });
    let watch = json!({"$or": [rule_as("name"), rule_as("rule"), role, alarm]});
    vec![("ForwardRule", forward), ("ForwardWatchRule", watch)]
}

fn iam() -> Value {
    json!({
        "source": ["aws.iam"],
        "detail-type": [API_CALL],
        "detail": {"eventSource": ["iam.amazonaws.com"]},
    })
}

fn root_sign_in() -> Value {
    json!({
        "source": ["aws.signin"],
        "detail-type": SIGN_IN,
        "detail": {
            "eventSource": ["signin.amazonaws.com"],
            "eventName": rows().filter(|action| action.service == "signin").map(|action| action.event_name).collect::<Vec<_>>(),
            "userIdentity": {"type": ["Root"]},
        },
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
    let mut all = event_patterns().into_iter().chain(member_event_patterns(beginning));
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
const RULE_NAME_ENDINGS: [(&str, &str); 6] = [
    ("IamRule", "-iam"),
    ("SelfProtectionRule", "-self-protection"),
    ("RootSignInRule", "-root-sign-in"),
    ("OrganizationRule", "-organization"),
    ("ForwardRule", "-forward"),
    ("ForwardWatchRule", "-forward-watch"),
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
        for (rule, pattern) in event_patterns().into_iter().chain(member_event_patterns(LONGEST)) {
            let length = pattern.to_string().len() + room;
            assert!(length <= 2_048, "{rule}: {length} characters (\"Amazon EventBridge quotas\")");
        }
    }

    #[test]
    fn a_rule_has_its_pattern_by_its_name() {
        let all: Vec<_> = event_patterns().into_iter().chain(member_event_patterns("alerts")).collect();
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
        assert_eq!(all[2], "arn:aws-us-gov:iam::*:role/alerts-forward");
        assert_eq!(all[9], "arn:aws-us-gov:cloudformation:us-gov-west-1:*:stack/StackSet-alerts-members-*");
    }
}
