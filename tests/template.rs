//! The function reads every variable that the template sets. The template's own tests in `tests/test_template.py`
//! compare event patterns and IAM actions.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

use iam_security_alert::catalog::patterns;
use iam_security_alert::config::Settings;
use iam_security_alert::verification::Expected;

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
    assert_eq!(names.len(), 19, "{names:?}");
    for name in names {
        assert!(code.contains(&format!("set(\"{name}\")")), "{name}");
    }
}

/// The template does not list it: the function has it already.
#[test]
fn the_alert_topic_is_protected_whatever_the_template_lists() {
    let topic = "arn:aws:sns:us-east-1:111122223333:alerts";
    for own in ["", "arn:aws:sns:us-east-1:111122223333:alerts-health"] {
        let set = [("ALERT_TOPIC_ARN", topic), ("OWN_RESOURCES", own)];
        let variable = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        assert!(Settings::read(variable).unwrap().watch.own.arns().any(|own| own == topic));
    }
}

/// The template does not list them: they would take a large part of the 4 KB that an environment has.
#[test]
fn what_the_members_have_is_protected_in_every_account() {
    let protected = |reader_role: &str| {
        let set = [("ALERT_TOPIC_ARN", "arn:aws:sns:us-east-1:111122223333:alerts"), ("READER_ROLE", reader_role)];
        let variable = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        let own = Settings::read(variable).unwrap().watch.own;
        patterns::member_resources("aws", "us-east-1", "alerts").filter(|arn| own.arns().any(|own| own == arn)).count()
    };
    assert_eq!(protected("alerts-reader"), patterns::MEMBER_RESOURCES.len());
    assert_eq!(protected(""), 0, "an account alone has no members");
}

/// The template does not know in which regions there are stacks.
#[test]
fn what_other_regions_have_is_protected_and_not_looked_for_here() {
    let of = |reader_role: &str, account: &str| {
        let set = [("ALERT_TOPIC_ARN", "arn:aws:sns:us-east-1:111122223333:alerts"), ("READER_ROLE", reader_role)];
        let variable = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        let settings = Settings::read(variable).unwrap();
        let protected = patterns::region_resources("aws", account, "alerts");
        let protected = protected.filter(|arn| settings.watch.own.arns().any(|own| own == arn)).count();
        let rules = Expected::of(&settings).rules;
        assert!(!rules.iter().any(|rule| rule.contains("forward")), "{rules:?}");
        protected
    };
    assert_eq!(of("", "111122223333"), patterns::REGION_RESOURCES.len());
    assert_eq!(of("alerts-reader", "*"), patterns::REGION_RESOURCES.len(), "those of the members, too");
}
