//! Prints what the template has to agree with: event patterns, IAM actions, what is watched by default. As JSON, for tests
//! and for whoever writes the same rules elsewhere.

use iam_security_alert::catalog;
use iam_security_alert::lookup::iam::READ_ACTIONS;
use serde_json::{Map, Value, json};

fn main() {
    let patterns: Map<String, Value> =
        catalog::event_patterns().into_iter().map(|(rule, pattern)| (rule.to_owned(), pattern)).collect();
    let watched: Vec<_> =
        catalog::watched_by_default().into_iter().map(|(service, name)| format!("{service}:{name}")).collect();
    let exports = json!({"eventPatterns": patterns, "iamReadActions": READ_ACTIONS, "watchedByDefault": watched});
    println!("{exports:#}");
}
