//! Prints what the template must agree with: event patterns, IAM actions, the actions that are watched by default. The
//! output is JSON, for tests and for other implementations of the same rules.

use iam_security_alert::catalog;
use iam_security_alert::lookup::iam::READ_ACTIONS;
use iam_security_alert::verification::aws::ACTIONS;
use serde_json::{Map, Value, json};

fn main() {
    let patterns: Map<String, Value> =
        catalog::patterns::event_patterns().into_iter().map(|(rule, pattern)| (rule.to_owned(), pattern)).collect();
    let watched: Vec<_> =
        catalog::watched_by_default().into_iter().map(|(service, name)| format!("{service}:{name}")).collect();
    let exports = json!({"eventPatterns": patterns, "iamReadActions": READ_ACTIONS, "verificationActions": ACTIONS,
        "watchedByDefault": watched});
    println!("{exports:#}");
}
