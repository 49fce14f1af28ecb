//! Shared code of the mail tests: an event goes through the whole function, with the account, settings and clock of the
//! fixtures.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test binary uses its part; a test that fails may panic"
)]

pub mod aws;
pub mod calls;

use chrono::{DateTime, Utc};
use iam_security_alert::app::{Channels, Decision, Draft, Expecting, Handler};
use iam_security_alert::channel::sns::Publisher;
use iam_security_alert::config::Settings;
use iam_security_alert::event::Delivery;
use iam_security_alert::lookup::Directory;
use iam_security_alert::lookup::snapshot::Snapshot;
use iam_security_alert::telemetry::InvocationLog;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A mail as a snapshot has it.
pub fn as_snapshot(subject: &str, body: &str) -> String {
    without_version(&format!("Subject: {subject}\n\n{body}"))
}

/// A new version must not change all snapshots.
pub fn without_version(text: &str) -> String {
    text.replace(&format!("iam-security-alert {}", iam_security_alert::VERSION), "iam-security-alert (version)")
}

/// The stack's own resources in the fixtures.
pub const OWN: &str = "arn:aws:sns:us-east-1:123456789012:iam-security-alerts,\
    arn:aws:events:us-east-1:123456789012:rule/iam-security-alerts-iam,\
    arn:aws:events:us-east-1:123456789012:event-bus/iam-security-alerts,\
    arn:aws:lambda:us-east-1:123456789012:function:iam-security-alert-AlertFunction-AbC123,\
    arn:aws:sqs:us-east-1:123456789012:iam-security-alert-FailedQueue-AbC123,\
    arn:aws:dynamodb:us-east-1:123456789012:table/iam-security-alert-History,\
    arn:aws:kms:us-east-1:123456789012:key/11112222-3333-4444-5555-666677778888,\
    arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/iam-security-alert,\
    arn:aws:ssm:us-east-1:123456789012:parameter/iam-security-alerts/expectations*,\
    arn:aws:cloudwatch:us-east-1:123456789012:alarm:iam-security-alert-*,\
    arn:aws:cloudformation:us-east-1:123456789012:stack/iam-security-alert/*,\
    arn:aws:s3:::iam-security-alert-trailbucket-abc123,\
    arn:aws:iam::123456789012:role/iam-security-alert-AlertRole-AbC123";

pub fn settings(variables: &[(&str, &str)]) -> Settings {
    let set = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
    Settings::read(|name| {
        set(name).or_else(|| match name {
            "AWS_SAM_LOCAL" => Some("true".to_owned()),
            "WATCHED_EVENT_NAMES" => Some("*".to_owned()),
            "OWN_RESOURCES" => Some(OWN.to_owned()),
            _ => None,
        })
    })
    .unwrap()
}

pub fn clock() -> DateTime<Utc> {
    "2026-11-22T06:00:11Z".parse().unwrap()
}

/// The decision about an event.
pub fn decided(directory: impl Directory + 'static, event: Value, settings: Settings) -> Decision<'static> {
    let (publisher, channels) = (Publisher::Print, Channels::default());
    // A draft borrows its handler, and must live longer than this function.
    let handler = Box::leak(Box::new(Handler {
        directory,
        publisher,
        channels,
        history: None,
        watchdog: None,
        expecting: Expecting::new(&settings, None),
        settings,
        clock,
    }));
    let delivery = Delivery::from_file(event).unwrap().remove(0).unwrap();
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(handler.draft(&delivery, Duration::from_secs(30), &mut InvocationLog::default()))
        .unwrap()
}

/// The alert of a decision, if there is one.
pub fn drafted(decision: Decision<'static>) -> Option<Draft<'static>> {
    match decision {
        Decision::Alert(draft) => Some(*draft),
        Decision::NotAlerted(_) => None,
    }
}

/// The alert of an event that is alerted on.
pub fn draft(directory: impl Directory + 'static, event: Value, settings: Settings) -> Draft<'static> {
    match decided(directory, event, settings) {
        Decision::Alert(draft) => *draft,
        Decision::NotAlerted(why) => panic!("not alerted: {}", why.plain()),
    }
}

pub fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("events")
}

pub fn account() -> Snapshot {
    Snapshot::from_json(&std::fs::read_to_string(events().join("account.json")).unwrap()).unwrap()
}

pub fn event(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(events().join(name)).unwrap()).unwrap()
}

/// All events of `events/`.
pub fn every_event() -> Vec<Value> {
    let files = std::fs::read_dir(events()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let events: Vec<_> = files.filter(|name| name != "account.json").map(|name| event(&name)).collect();
    assert!(!events.is_empty(), "there are no events");
    events
}

/// An event with this text in every field that can contain any text.
pub fn hostile_event(text: &str) -> Value {
    let mut event = event("create_user.json");
    let record = &mut event["detail"];
    record["requestParameters"]["userName"] = json!(text);
    record["requestParameters"]["tags"] = json!([{"key": text, "value": text}]);
    record["userIdentity"]["userName"] = json!(text);
    record["userIdentity"]["arn"] = json!(text);
    record["userIdentity"]["accessKeyId"] = json!(text);
    for field in ["userAgent", "sourceIPAddress", "eventID", "awsRegion", "recipientAccountId"] {
        record[field] = json!(text);
    }
    event
}

/// The binary with the commands of this project that mails name.
const TOOL: &str = "iam-security-alert-tool";

/// A real shell parses the command: the command must be one command, or one that saves evidence and a second one that
/// runs only if the first succeeded, with no other words.
pub fn runs_as_printed(command: &str) {
    for command in command.split(" >> evidence.json && ") {
        // A function of a shell cannot have such a name. An alias counts from the next line on.
        let script = format!("aws() {{ printf '%s\\n' \"$@\"; }}; alias {TOOL}=aws\n{command}");
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{command}");
        // The shell inserts the time, and nothing else.
        let words = String::from_utf8(output.stdout).unwrap();
        let lexed = shlex::split(command).unwrap();
        assert!(["aws", TOOL].contains(&&*lexed[0]), "{command}");
        let lexed = lexed[1..].join("\n");
        let (begin, end) = lexed.split_once("$(date -u +%Y-%m-%dT%H:%M:%SZ)").unwrap_or((lexed.trim_end(), ""));
        assert!(words.starts_with(begin) && words.trim_end().ends_with(end), "{words}");
        assert_eq!(words.lines().count(), lexed.lines().count());
    }
}
