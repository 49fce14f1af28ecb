//! The judge of policies, case by case: every escalation path, and every operator of a condition, both ways.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use iam_security_alert::policy::escalation::escalation_paths;
use iam_security_alert::policy::{
    Access, AccessLevel, Document, Holder, Named, PolicyInput, Question, Reading, Via, evaluate,
};
use iam_security_alert::text::Untrusted;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct PathCase {
    id: String,
    source: String,
    allows: Vec<String>,
    holder: String,
}

#[derive(Deserialize)]
struct ConditionCase {
    id: String,
    source: String,
    holder: CaseHolder,
    statement: Option<Value>,
    statements: Option<Vec<Value>>,
    #[serde(default = "version")]
    version: Option<String>,
    expected: String,
}

#[derive(Deserialize)]
struct CaseHolder {
    arn: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[allow(clippy::unnecessary_wraps, reason = "the default of a field that can be null")]
fn version() -> Option<String> {
    Some("2012-10-17".to_owned())
}

fn cases<T: for<'de> Deserialize<'de>>(file: &str) -> Vec<T> {
    let path = format!("{}/tests/access/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn judged(document: &Value, holder: &CaseHolder) -> Access {
    let document = Document::parse(&document.to_string()).unwrap();
    let policy =
        PolicyInput { label: "policy".into(), arn: None, via: Via::Inline, reading: Reading::Document(&document) };
    let (arn, tags): (Untrusted, Vec<_>) =
        (Untrusted::new(&holder.arn), holder.tags.iter().map(|(key, value)| (key.into(), value.into())).collect());
    let now = Some("2026-11-22T06:00:00Z".parse().unwrap());
    let holder = Holder { arn: Some(&arn), tags: Some(&tags), now, ..Holder::default() };
    evaluate(&Question {
        policies: &[policy],
        cuts: &[],
        unread: false,
        holder,
        boundary: None,
        named: &Named::default(),
    })
}

#[test]
fn every_path_is_open_with_its_actions_and_closed_without_one_of_them() {
    let cases: Vec<PathCase> = cases("paths.json");
    let ids: Vec<_> = cases.iter().map(|case| case.id.as_str()).collect();
    let missing: Vec<_> = escalation_paths().map(|path| path.id).filter(|id| !ids.contains(id)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
    for case in &cases {
        assert!(!case.source.is_empty(), "{}", case.id);
        let holder =
            CaseHolder { arn: format!("arn:aws:iam::111122223333:{}/holder", case.holder), tags: BTreeMap::new() };
        let opens = |actions: &[&String]| {
            let spread: Vec<_> =
                actions.iter().map(|action| json!({"Effect": "Allow", "Action": action, "Resource": "*"})).collect();
            let access = judged(&json!({"Version": "2012-10-17", "Statement": spread}), &holder);
            access.paths.iter().any(|open| open.path.id == case.id)
        };
        let all: Vec<_> = case.allows.iter().collect();
        assert!(opens(&all), "{} is not open", case.id);
        for (i, without) in all.iter().enumerate() {
            let fewer: Vec<_> = all.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, action)| *action).collect();
            assert!(!opens(&fewer), "{} is open without {without}", case.id);
        }
    }
}

#[test]
fn every_condition_grants_or_does_not() {
    let cases: Vec<ConditionCase> = cases("conditions.json");
    assert!(cases.len() >= 120, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        assert!(!case.source.is_empty(), "{}", case.id);
        let statements = case.statement.clone().map(|statement| vec![statement]).or(case.statements.clone()).unwrap();
        let mut document = json!({"Statement": statements});
        if let Some(version) = &case.version {
            document["Version"] = json!(version);
        }
        let access = judged(&document, &case.holder);
        let found = match access.level {
            AccessLevel::Administrator | AccessLevel::Escalation | AccessLevel::RoleEscalation => "grants",
            _ if access.is_complete() => "none",
            _ => "not evaluated",
        };
        if found != case.expected {
            wrong.push(format!("{}: {found}, and not {}: {document}", case.id, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
