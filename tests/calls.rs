//! Every call of the catalogue, once successful and once denied: the text and the severity of the alert. `calls.json`
//! contains what CloudTrail writes for each call. Read the snapshots like a responder on call.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use common::{account, decided, draft, runs_as_printed, settings};
use iam_security_alert::app::{Decision, Draft};
use iam_security_alert::catalog;
use iam_security_alert::channel::email::{MAX_BODY, MAX_SUBJECT};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

fn calls() -> Map<String, Value> {
    serde_json::from_str(include_str!("calls.json")).unwrap()
}

/// The event of a call by dana, a user with MFA in account.json.
fn event(name: &str, call: &Value) -> Value {
    let service = call.get("source").and_then(Value::as_str).unwrap_or("iam");
    json!({
        "version": "0", "detail-type": "AWS API Call via CloudTrail", "source": format!("aws.{service}"),
        "account": "123456789012", "time": "2026-11-22T06:00:00Z", "region": "us-east-1",
        "detail": {
            "eventVersion": "1.11", "eventTime": "2026-11-22T05:59:57Z", "awsRegion": "us-east-1",
            "eventSource": format!("{service}.amazonaws.com"), "eventName": name.split(' ').next(),
            "eventID": "0b0c1d1e-0000-4000-8000-000000000000", "recipientAccountId": "123456789012",
            "sourceIPAddress": "203.0.113.24", "readOnly": false,
            "userIdentity": {"type": "IAMUser", "userName": "dana", "principalId": "AIDAEXAMPLEDANA000001",
                "arn": "arn:aws:iam::123456789012:user/dana", "accountId": "123456789012",
                "accessKeyId": "ASIAEXAMPLEDANA00001",
                "sessionContext": {"attributes": {"mfaAuthenticated": "true", "creationDate": "2026-11-22T05:41:10Z"}}},
            "requestParameters": call["request"], "responseElements": call["response"],
        },
    })
}

fn denied(name: &str, call: &Value) -> Value {
    let mut event = event(name, call);
    let (service, action) =
        (call.get("source").and_then(Value::as_str).unwrap_or("iam"), name.split(' ').next().unwrap());
    let resource = call["denied"].as_str().unwrap();
    let record = &mut event["detail"];
    record["requestParameters"] = json!(null);
    record["responseElements"] = json!(null);
    record["errorCode"] = json!("AccessDenied");
    record["errorMessage"] = json!(format!(
        "User: arn:aws:iam::123456789012:user/dana is not authorized to perform: {service}:{action} on resource: \
         {resource} because no identity-based policy allows the {service}:{action} action"
    ));
    event
}

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
