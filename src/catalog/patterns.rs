//! The event patterns for the actions of the catalogue: every write action of IAM, and the actions of other services on
//! the stack's own resources. A test compares the template's rules with these patterns.

use super::rows;
use super::self_protection::UNFAMILIAR;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The `detail-type` of API calls.
pub const API_CALL: &str = "AWS API Call via CloudTrail";
/// The `detail-type` of sign-ins. AWS writes it in both ways.
pub const SIGN_IN: [&str; 2] = ["AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail"];

/// Calls that many services make all day and that can hide nothing: a new log stream, a grant of a KMS key.
pub const BUSY: [&str; 3] = ["CreateLogStream", "CreateGrant", "RetireGrant"];

/// The event pattern of each rule, without the account of the stack, by the rule's logical id in the template.
#[must_use]
pub fn event_patterns() -> Vec<(&'static str, Value)> {
    let iam = json!({
        "source": ["aws.iam"],
        "detail-type": [API_CALL],
        "detail": {"eventSource": ["iam.amazonaws.com"]},
    });
    let sources: BTreeSet<_> = UNFAMILIAR.iter().map(|action| format!("aws.{}", action.service)).collect();
    let self_protection = json!({
        "source": sources,
        "detail-type": [API_CALL],
        "detail": {
            // Not the data events that a trail may log: there are very many.
            "eventCategory": ["Management", {"exists": false}],
            "eventName": [{"anything-but": BUSY}],
        },
    });
    let root_sign_in = json!({
        "source": ["aws.signin"],
        "detail-type": SIGN_IN,
        "detail": {
            "eventSource": ["signin.amazonaws.com"],
            "eventName": rows().filter(|action| action.service == "signin").map(|action| action.event_name).collect::<Vec<_>>(),
            "userIdentity": {"type": ["Root"]},
        },
    });
    vec![("IamRule", iam), ("SelfProtectionRule", self_protection), ("RootSignInRule", root_sign_in)]
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

/// The event pattern of a rule of the stack, by the rule's name.
#[must_use]
pub fn of_rule(name: &str) -> Option<Value> {
    let is_this = |id: &str| rule_name_ending(id).is_some_and(|ending| name.ends_with(ending));
    event_patterns().into_iter().find(|(id, _)| is_this(id)).map(|(_, pattern)| pattern)
}

/// The end of the name of a rule in the template, by the rule's logical id.
fn rule_name_ending(rule: &str) -> Option<&'static str> {
    Some(match rule {
        "IamRule" => "-iam",
        "SelfProtectionRule" => "-self-protection",
        "RootSignInRule" => "-root-sign-in",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_into_a_rule() {
        for (rule, pattern) in event_patterns() {
            let length = pattern.to_string().len();
            assert!(length <= 2_048, "{rule}: {length} characters (\"Amazon EventBridge quotas\")");
        }
    }
}
