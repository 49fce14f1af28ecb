//! Every call of the catalogue, once successful and once denied: the text and the severity of the alert. `calls.json`
//! contains what CloudTrail writes for each call. Read the snapshots like a responder on call.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use common::calls::{calls, denied, event};
use common::{account, decided, draft, runs_as_printed, settings};
use iam_security_alert::app::{Decision, Draft};
use iam_security_alert::catalog;
use iam_security_alert::channel::email::{MAX_BODY, MAX_SUBJECT};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The first lines of an alert, and what to do first.
fn gist(draft: &Draft<'_>) -> String {
    let mut gist = format!("{}\n{}\n", draft.email.subject, draft.alert.summary.plain().lines().next().unwrap());
    for reason in draft.alert.reasons_to_read() {
        writeln!(gist, "  * {}", reason.text.plain()).unwrap();
    }
    for row in &draft.alert.sections[1].rows {
        for (i, value) in row.values.iter().enumerate() {
            writeln!(gist, "  {:<18} {}", if i == 0 { row.label } else { "" }, value.plain()).unwrap();
        }
    }
    for step in &draft.alert.steps {
        // The steps about dana are the same in every alert.
        if step.text.plain().contains("dana") || step.text.plain().starts_with("List what else") {
            continue;
        }
        writeln!(gist, "  > {}", step.text.plain()).unwrap();
        for command in &step.commands {
            runs_as_printed(command.as_str());
            writeln!(gist, "    {}", command.as_str()).unwrap();
        }
    }
    gist
}

/// One snapshot for each call: the alert if the call succeeded, and the alert if it was denied.
#[test]
fn every_call_is_alerted_on_rightly() {
    let all = calls();
    for (name, call) in &all {
        let succeeded = draft(account(), event(name, call), settings(&[]));
        assert!(
            succeeded.activity.lacking.iter().all(|field| *field == "responseElements"),
            "{name}: {:?}",
            succeeded.activity.lacking
        );
        let mut shown = gist(&succeeded);
        // A denied request does not contain what distinguishes the meanings of an action.
        if !name.contains(' ') || !all.contains_key(name.split(' ').next().unwrap()) {
            let denied = draft(account(), denied(name, call), settings(&[]));
            let summary = denied.alert.summary.plain().replace('\n', " ");
            writeln!(shown, "\nDENIED\n{}\n{summary}", denied.email.subject).unwrap();
        }
        insta::with_settings!({snapshot_path => "snapshots/calls", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(name.replace(' ', "_"), shown);
        });
    }
}

#[test]
fn every_row_of_the_catalogue_has_its_example() {
    let mut seen: Vec<&catalog::Action> = Vec::new();
    for (name, call) in calls() {
        for event in [event(&name, &call), denied(&name, &call)] {
            seen.push(draft(account(), event, settings(&[])).activity.action);
        }
    }
    for action in catalog::rows().filter(|action| action.service != "signin") {
        assert!(seen.contains(&action), "{action:?}");
    }
}

/// Puts a text into every text field of a request or an answer.
fn fill(value: &mut Value, text: &str) {
    match value {
        Value::String(place) => text.clone_into(place),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, text)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill(field, text)),
        _ => {}
    }
}

/// Any text, also after the prefixes of texts that the code parses: ARNs, URLs, documents, encodings.
fn hostile() -> impl Strategy<Value = String> {
    let begun = prop::sample::select(vec![
        "arn:aws:sns:us-east-1:1:",
        "arn:aws:iam::123456789012:oidc-provider/",
        "arn:::::",
        "https://sqs/",
        "function:",
        "{\"Statement\":",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Principal\":\"",
        "%7B%22",
        "%e2%80%ae",
        "entityID=\"",
        "",
        "",
    ]);
    (begun, any::<String>(), 0_usize..400)
        .prop_map(|(begun, text, long)| format!("{begun}{text}\r\n\u{202e}WHY LOW{}", "é".repeat(long)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Any text in every field of any call, successful or denied: no panic, a subject that SNS accepts, no hidden
    /// character, no forged line, and commands that a shell parses as intended.
    #[test]
    fn a_call_of_any_text_is_shown_safely(which in any::<prop::sample::Index>(), text in hostile(), denies in any::<bool>()) {
        let calls = calls();
        let (name, call) = calls.iter().nth(which.index(calls.len())).unwrap();
        let mut event = if denies { denied(name, call) } else { event(name, call) };
        for field in ["requestParameters", "responseElements", "errorMessage"] {
            fill(&mut event["detail"][field], &text);
        }
        if denies {
            event["detail"]["errorMessage"] = json!(format!("x on resource: {text}"));
        }
        // A hostile name is not one of the stack's own resources.
        let Decision::Alert(draft) = decided(account(), event, settings(&[])) else { return Ok(()) };
        let (subject, body) = (&draft.email.subject, &draft.email.body);
        prop_assert!(subject.len() <= MAX_SUBJECT && subject.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{subject}");
        prop_assert!(body.len() <= MAX_BODY);
        let hidden = body.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        prop_assert_eq!(hidden, None);
        let severity = draft.alert.severity.word();
        let why: Vec<_> = body.lines().filter(|line| line.starts_with("WHY")).collect();
        prop_assert_eq!(why, [format!("WHY {severity}")]);
        for command in draft.alert.steps.iter().flat_map(|step| &step.commands) {
            let words = shlex::split(command.as_str());
            prop_assert!(words.is_some_and(|words| words[0] == "aws"), "{}", command.as_str());
        }
    }
}
