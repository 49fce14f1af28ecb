//! Prints what the templates must agree with: event patterns, names of resources, IAM actions, the actions that are watched
//! by default. The output is JSON, for tests and for other implementations of the same rules.

use iam_security_alert::catalog::{self, patterns};
use iam_security_alert::lookup::iam::{INVENTORY_ACTIONS, READ_ACTIONS};
use iam_security_alert::lookup::{identity_center, organization, parameters};
use iam_security_alert::verification::aws::{ACTIONS, MEMBER_ACTIONS};
use serde_json::{Map, Value, json};

/// The name of the alert topic, as the template of a member writes it.
const NAME: &str = "${Name}";

fn main() {
    let by_rule = |all: Vec<(&str, Value)>| -> Map<String, Value> {
        all.into_iter().map(|(rule, pattern)| (rule.to_owned(), pattern)).collect()
    };
    let watched: Vec<_> =
        catalog::watched_by_default().into_iter().map(|(service, name)| format!("{service}:{name}")).collect();
    let member_resources: Vec<_> = patterns::member_resources("${AWS::Partition}", "${AWS::Region}", NAME).collect();
    let region_resources: Vec<_> = patterns::region_resources("${AWS::Partition}", "*", NAME).collect();
    let exports = json!({
        "eventPatterns": by_rule(patterns::event_patterns()),
        "memberEventPatterns": by_rule(patterns::member_event_patterns(NAME)),
        "regionEventPatterns": by_rule(patterns::region_event_patterns(NAME)),
        "memberResources": member_resources,
        "regionResources": region_resources,
        "iamReadActions": READ_ACTIONS,
        "iamInventoryActions": INVENTORY_ACTIONS,
        "organizationActions": organization::ACTIONS,
        "identityCenterActions": identity_center::ACTIONS,
        "parameterActions": parameters::ACTIONS,
        "verificationActions": ACTIONS, "memberVerificationActions": MEMBER_ACTIONS,
        "watchedByDefault": watched,
    });
    println!("{exports:#}");
}
