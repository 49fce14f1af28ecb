//! The function reads every variable that the template sets. The template's own tests in `tests/test_template.py`
//! compare event patterns and IAM actions.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

fn template() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml")).unwrap()
}

#[test]
fn every_variable_that_the_template_sets_is_read() {
    let template = template();
    let code = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/settings.rs")).unwrap();
    let begin = template.find("Variables:\n").unwrap();
    let block = &template[begin..begin + template[begin..].find("EventInvokeConfig").unwrap()];
    let names: Vec<_> = block
        .lines()
        .skip(1)
        .filter_map(|line| line.trim().split_once(':'))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .collect();
    assert_eq!(names.len(), 15, "{names:?}");
    for name in names {
        assert!(code.contains(&format!("set(\"{name}\")")), "{name}");
    }
}
