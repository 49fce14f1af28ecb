//! The template and the code agree on what is watched and what is set.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

use iam_security_alert::cloudtrail::catalogue::{self, CATALOGUE};
use iam_security_alert::cloudtrail::{API_CALL, SIGN_IN};
use std::collections::BTreeSet;

fn template() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml")).unwrap()
}

/// What stands in the template from the line of this key to where something of the same depth begins.
fn block(template: &str, key: &str) -> String {
    let opening = template.find(&format!("\n  {key}:\n")).unwrap_or_else(|| panic!("{key} is not in the template")) + 1;
    let deeper = |line: &&str| line.is_empty() || line.starts_with("   ");
    template[opening..].lines().skip(1).take_while(deeper).collect::<Vec<_>>().join("\n")
}

/// The names between these two, whatever quotes, commas, hyphens and line ends stand between them.
fn names<'a>(block: &'a str, from: &str, to: &str) -> BTreeSet<&'a str> {
    let begin = block.find(from).unwrap() + from.len();
    let end = begin + block[begin..].find(to).unwrap();
    let no_name = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '*' | '.'));
    block[begin..end].split(no_name).filter(|name| !name.is_empty()).collect()
}

#[test]
fn what_is_watched_where_nothing_is_set_is_what_the_catalogue_watches() {
    let template = template();
    let parameter = block(&template, "WatchedEventNames");
    let watched: BTreeSet<_> = catalogue::iam_calls(true).collect();
    assert_eq!(names(&parameter, "Default: \"", "\"\n"), watched);
    let rule = block(&template, "IamRule");
    assert!(rule.contains("eventSource: [iam.amazonaws.com]") && rule.contains(&format!("detail-type: [{API_CALL}]")));
}

/// Each call that the catalogue knows comes by one rule; what it does not know, by the other.
#[test]
fn the_rule_for_unfamiliar_calls_leaves_out_all_that_are_known_and_no_other() {
    let template = template();
    let rule = block(&template, "UnfamiliarIamRule");
    let left_out = names(&rule, "wildcard: [", "]");
    let known: BTreeSet<_> = catalogue::iam_calls(false).collect();
    let covers = |pattern: &str, name: &str| iam_security_alert::arn::wildcard(pattern, name);
    for name in &known {
        assert!(left_out.iter().any(|pattern| covers(pattern, name)), "{name} would come twice");
    }
    for pattern in &left_out {
        assert!(known.iter().any(|name| covers(pattern, name)), "{pattern} leaves out what nobody knows");
    }
}

#[test]
fn the_rule_for_the_own_ground_asks_for_what_the_code_tells_of_it() {
    let template = template();
    let rule = block(&template, "OwnGroundRule");
    let own = || CATALOGUE.iter().filter(|action| !matches!(action.service, "iam" | "signin"));
    let services: BTreeSet<_> = own().map(|action| format!("aws.{}", action.service)).collect();
    assert_eq!(names(&rule, " source: [", "]"), services.iter().map(String::as_str).collect());
    let listed: BTreeSet<_> = rule
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "))
        .filter(|item| !item.starts_with("Id:"))
        .map(|item| item.strip_prefix("prefix: ").unwrap_or(item))
        .collect();
    // Lambda writes a date behind its calls; it begins with a 2.
    let year = |service| if service == "lambda" { "2" } else { "" };
    let known: BTreeSet<_> = own().map(|action| format!("{}{}", action.event_name, year(action.service))).collect();
    assert_eq!(listed, known.iter().map(String::as_str).collect());
    let sign_in = block(&template, "RootSignInRule");
    assert!(sign_in.contains("source: [aws.signin]") && sign_in.contains(&format!("detail-type: [{SIGN_IN}]")));
}

#[test]
fn every_lookup_is_allowed_and_nothing_else_of_iam() {
    let code = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/directory/iam.rs")).unwrap();
    let actions = |text: &str, before: &str| -> Vec<String> {
        let mut names: Vec<_> = text
            .match_indices(before)
            .map(|(at, before)| {
                let name = &text[at + before.len() - "iam:".len()..];
                name[..name.find(|c: char| !(c.is_alphanumeric() || c == ':')).unwrap()].to_owned()
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    assert_eq!(actions(&template(), "- iam:"), actions(&code, "\"iam:"));
}

#[test]
fn every_variable_that_the_template_sets_is_read() {
    let template = template();
    let code = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/settings.rs")).unwrap();
    let begin = template.find("Variables:\n").unwrap();
    let block = &template[begin..begin + template[begin..].find("EventInvokeConfig").unwrap()];
    let names: Vec<_> = block
        .lines()
        .skip(1)
        .filter_map(|line| line.trim().split_once(':'))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .collect();
    assert_eq!(names.len(), 14, "{names:?}");
    for name in names {
        assert!(code.contains(&format!("set(\"{name}\")")), "{name}");
    }
}
