use super::*;
use proptest::prelude::*;
use serde_json::json;

fn document(statement: &Value) -> Document {
    Document::parse(&json!({"Version": "2012-10-17", "Statement": statement}).to_string()).unwrap()
}

fn deny_all(condition: &Value) -> Value {
    json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition})
}

#[test]
fn a_document_is_read_with_its_conditions() {
    let document = document(&json!({
        "Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*", "Principal": {"Service": ["a", "b"], "AWS": "1"},
        "Condition": {"StringLike": {"aws:userid": ["x", "y"]}, "Bool": {}},
    }));
    let condition = |operator: &str, key: &str, value| Condition { operator: operator.into(), key: key.into(), value };
    let principal = |kind: &str, name: &str| (kind.to_owned(), name.to_owned());
    assert_eq!(document.version.as_deref(), Some("2012-10-17"));
    assert_eq!(
        document.statements,
        [Statement {
            effect: Some(Effect::Allow),
            actions: Some(Patterns::AllBut(vec!["iam:*".into()])),
            resources: Some(Patterns::AnyOf(vec!["*".into()])),
            principals: Some(Principals::AnyOf(vec![
                principal("AWS", "1"),
                principal("Service", "a"),
                principal("Service", "b"),
            ])),
            conditions: vec![
                condition("StringLike", "aws:userid", json!(["x", "y"])),
                condition("Bool", "", Value::Null),
            ],
        }]
    );
    assert_eq!(document.statements[0].conditions[0].values().len(), 2);
}

#[test]
fn percent_encoded_text_is_the_same_document() {
    let text = r#"{"Statement":[]}"#;
    let encoded = "%7B%22Statement%22%3A%5B%5D%7D";
    assert_eq!(&*decoded(encoded), text);
    assert_eq!(&*decoded(text), text);
    assert_eq!(Document::parse(encoded), Document::parse(text));
    assert!(Document::parse(text).is_some());
}

#[test]
fn text_that_is_no_policy_document_is_not_read() {
    for text in ["", "no json", "[]", "{}", r#"{"Statement": 1}"#, r#"{"Statement": {"Action": "*"}}"#] {
        assert_eq!(Document::parse(text), None, "{text}");
    }
}

#[test]
fn a_statement_that_is_invalid_in_one_type_of_policy_is_kept_for_the_other() {
    for odd in [
        json!({"Effect": "Perhaps", "Action": "*", "Resource": "*"}),
        json!({"Effect": "Deny", "Action": "*", "NotAction": "*", "Resource": "*"}),
        json!({"Effect": "Deny", "Resource": "*"}),
        json!({"Effect": "Deny", "Action": "*", "Resource": 1}),
        json!({"Effect": "Deny", "Action": "*"}),
    ] {
        let document = document(&odd);
        assert!(document.identity_statements().is_none() && document.describe().is_empty(), "{odd}");
        assert!(!document.is_deny_only() && !document.denies_anything() && !document.denies_everything(None), "{odd}");
    }
    assert_eq!(
        document(&json!({"Effect": "Allow", "Principal": 1})).statements[0].principals,
        Some(Principals::Invalid)
    );
}

#[test]
fn a_statement_is_described_in_one_line() {
    let document = document(&json!([
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"a": "b"}}},
        {"Effect": "Deny", "NotAction": ["a:1", "a:2", "a:3", "a:4", "a:5"], "NotResource": "x${y}"},
    ]));
    let lines: Vec<_> = document.describe().iter().map(Phrase::plain).collect();
    assert_eq!(
        lines,
        ["allows s3:GetObject on *, if a is b", "denies all but a:1, a:2, a:3, a:4 and 1 more on all but x${y}",]
    );
}

#[test]
fn denying_everything_means_all_actions_in_all_older_sessions() {
    let time = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    let since = Some(time("2026-01-02T00:00:00Z"));
    let revoked = |at: &str| deny_all(&json!({"DateLessThan": {"aws:TokenIssueTime": at}}));
    assert!(document(&deny_all(&json!({}))).denies_everything(None));
    assert!(document(&revoked("2026-01-02T00:00:01Z")).denies_everything(since));
    for not_all in [
        json!([]),
        revoked("2026-01-01T00:00:00Z"),
        deny_all(&json!({"Bool": {"aws:MultiFactorAuthPresent": "false"}})),
        deny_all(&json!({"DateLessThan": {"aws:TokenIssueTime": "2026-01-03T00:00:00Z"}, "Bool": {"a": "b"}})),
        // Both keys must match, so the deny does not cover every older session.
        deny_all(
            &json!({"DateLessThan": {"aws:TokenIssueTime": "2026-01-03T00:00:00Z", "aws:CurrentTime": "2020-01-01T00:00:00Z"}}),
        ),
        json!({"Effect": "Deny", "Action": "iam:*", "Resource": "*"}),
        json!([deny_all(&json!({})), {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]),
    ] {
        assert!(!document(&not_all).denies_everything(since), "{not_all}");
    }
    assert!(!document(&revoked("2026-01-02T00:00:01Z")).denies_everything(None));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = Document::parse(&text);
    }
}
