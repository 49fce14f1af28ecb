//! The template and the code agree on what is watched and what is set.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use iam_security_alert::cloudtrail::{DETAIL_TYPE, EVENT_SOURCE, SOURCE, activity::CATALOGUE};

fn template() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml")).unwrap()
}

/// What stands behind `key: [` … `]` in the template, at its only place.
fn list(template: &str, key: &str) -> Vec<String> {
    let opening = format!(" {key}: [");
    let mut found = template.match_indices(&opening).map(|(at, opening)| at + opening.len());
    let (begin, another) = (found.next().unwrap(), found.next());
    assert_eq!(another, None, "{key} stands in the template more than once");
    let end = begin + template[begin..].find(']').unwrap();
    template[begin..end].split(',').map(|item| item.trim().to_owned()).collect()
}

#[test]
fn the_rule_asks_for_what_the_code_takes() {
    let template = template();
    let mut watched: Vec<_> = CATALOGUE.iter().map(|action| action.event_name).collect();
    let mut pattern = list(&template, "eventName");
    watched.sort_unstable();
    pattern.sort_unstable();
    assert_eq!(pattern, watched);
    assert_eq!(list(&template, "source"), [SOURCE]);
    assert_eq!(list(&template, "detail-type"), [DETAIL_TYPE]);
    assert_eq!(list(&template, "eventSource"), [EVENT_SOURCE]);
}

#[test]
fn every_lookup_is_allowed_and_nothing_else_of_iam() {
    let code = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/directory/iam.rs")).unwrap();
    let names = |text: &str, before: &str| -> Vec<String> {
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
    assert_eq!(names(&template(), "- iam:"), names(&code, "\"iam:"));
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
    assert_eq!(names.len(), 5, "{names:?}");
    for name in names {
        assert!(code.contains(&format!("set(\"{name}\")")), "{name}");
    }
}
