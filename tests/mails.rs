//! Every event in `events/` as a mail. Read the snapshots as mails: if you would not want to get a mail at three in the
//! morning, the mail is a bug.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use common::{
    account, as_snapshot, draft, event, every_event, hostile_event, runs_as_printed, settings, without_version,
};
use iam_security_alert::app::Draft;
use iam_security_alert::channel::email::{MAX_BODY, MAX_SUBJECT};
use iam_security_alert::config::Settings;
use iam_security_alert::config::expectations::{self, Expectations};
use iam_security_alert::history::MailStatus;
use iam_security_alert::lookup::snapshot::Snapshot;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn mail(draft: &Draft<'_>) -> String {
    as_snapshot(&draft.email.subject, &draft.email.body)
}

#[test]
fn every_event_is_a_mail_worth_getting() {
    let mut seen = 0;
    insta::glob!("../events", "*.json", |path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "account.json" {
            return;
        }
        seen += 1;
        insta::assert_snapshot!(mail(&draft(account(), event(name), settings(&[]))));
    });
    assert_eq!(seen, every_event().len(), "every file in events/ is an event, or the account");
}

#[test]
fn without_any_lookup_the_mail_says_what_is_not_known() {
    let nobody = Snapshot::unavailable("there are no AWS credentials here");
    insta::assert_snapshot!("without_lookups", mail(&draft(nobody, event("create_user.json"), settings(&[]))));
}

#[test]
fn what_is_expected_is_low_and_the_account_has_its_name() {
    let settings = settings(&[
        ("EXPECTED_PRINCIPALS", "arn:aws:iam::123456789012:role/*"),
        ("ACCOUNT_NAMES", "123456789012=Production"),
    ]);
    let draft = draft(account(), event("create_user_github_oidc.json"), settings);
    assert!(draft.email.subject.starts_with("[LOW] ") && draft.email.subject.ends_with(" in Production"));
    insta::assert_snapshot!("expected", mail(&draft));
}

#[test]
fn an_alert_that_exceeds_an_expectation_says_which() {
    let text =
        "expectations:\n  - who: arn:aws:iam::123456789012:user/ops-*\n    why: Operations create users (OPS-12)\n";
    let rows = expectations::read(text, "/iam-security-alerts/expectations/main", &BTreeMap::new()).unwrap();
    let settings = Settings { expectations: Expectations(rows), ..settings(&[]) };
    let draft = draft(account(), event("create_user.json"), settings);
    insta::assert_snapshot!("beyond_expected", mail(&draft));
}

#[test]
fn the_alert_as_json_keeps_its_shape() {
    let draft = draft(account(), event("create_user.json"), settings(&[]));
    let alert = serde_json::to_value(draft.into_json(MailStatus::Published, None)).unwrap();
    let alert = serde_json::to_string_pretty(&alert).unwrap();
    insta::assert_snapshot!("alert_json", without_version(&alert));
}

#[test]
fn links_lead_into_the_console_of_the_partition() {
    for (partition, region, console) in [
        ("aws", "us-east-1", "https://console.aws.amazon.com/"),
        ("aws-us-gov", "us-gov-west-1", "https://console.amazonaws-us-gov.com/"),
        ("aws-cn", "cn-north-1", "https://console.amazonaws.cn/"),
    ] {
        let text = event("create_user.json").to_string();
        let text = text.replace("arn:aws:", &format!("arn:{partition}:")).replace("us-east-1", region);
        let draft = draft(account(), serde_json::from_str(&text).unwrap(), settings(&[]));
        assert_eq!(draft.alert.links.len(), 4);
        for link in &draft.alert.links {
            assert!(link.url.starts_with(console), "{}", link.url);
            assert!(!link.url.contains("region=") || link.url.contains(&format!("region={region}")), "{}", link.url);
        }
    }
}

#[test]
fn a_rule_is_enabled_again_on_its_own_bus() {
    let command = |bus: &str| {
        let mut event = event("stop_logging.json");
        event["source"] = json!("aws.events");
        let record = &mut event["detail"];
        record["eventSource"] = json!("events.amazonaws.com");
        record["eventName"] = json!("DisableRule");
        record["requestParameters"] = json!({"name": "iam-security-alerts-iam", "eventBusName": bus});
        draft(account(), event, settings(&[])).alert.steps[0].commands[0].as_str().to_owned()
    };
    let enable = "aws events enable-rule --name iam-security-alerts-iam --region us-east-1";
    assert_eq!(command("default"), enable);
    assert_eq!(command("alerts"), format!("{enable} --event-bus-name alerts"));
}

/// Also the commands in alerts on hostile events.
#[test]
fn commands_run_as_printed() {
    for event in every_event() {
        let alert = draft(account(), event, settings(&[])).alert;
        alert
            .steps
            .iter()
            .chain(&alert.if_expected)
            .flat_map(|step| &step.commands)
            .for_each(|command| runs_as_printed(command.as_str()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Any text in every field that can contain any text: the subject follows the rules of SNS, the body keeps its
    /// limit and its lines.
    #[test]
    fn a_mail_of_any_text_is_safe(text in any::<String>(), long in 0_usize..3_000) {
        let hostile = format!("{text}\r\n\u{202e}{}", "A".repeat(long));
        let mut event = hostile_event(&hostile);
        // The caller stays the same: the snapshots contain a summary of an unknown caller.
        event["detail"]["userIdentity"]["arn"] = json!("arn:aws:iam::123456789012:user/ops-carol");
        let draft = draft(account(), event, settings(&[]));
        let subject = &draft.email.subject;
        prop_assert!(subject.len() <= MAX_SUBJECT && subject.starts_with('['), "{subject}");
        prop_assert!(subject.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{subject}");
        let body = &draft.email.body;
        prop_assert!(body.len() <= MAX_BODY);
        let hidden = body.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        prop_assert_eq!(hidden, None);
        // Every line begins with our own text: only the caller's name in the summary begins a line with text from
        // outside. Every title appears once.
        let severity = draft.alert.severity;
        let mut lines = body.lines();
        let verdict = format!("{severity} - IAM user created");
        prop_assert_eq!(lines.next(), Some(verdict.as_str()));
        prop_assert!(lines.next().is_some_and(|line| line.contains(" created the IAM user ")));
        let mut titles = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            if !["  ", "aws iam ", "aws cloudtrail ", "iam-security-alert-tool ", "on 2026-11-22 at ", "The event lacks: "].iter().any(|ours| line.starts_with(ours)) {
                titles.push(line);
            }
        }
        let why = format!("WHY {severity}");
        let titles_of_a_mail =
            ["IF THIS WAS NOT EXPECTED", "WHO DID IT", "WHAT WAS CREATED", "IF THIS WAS EXPECTED", "LINKS", "REFERENCE"];
        prop_assert_eq!(&titles[..1], [why.as_str()]);
        prop_assert_eq!(&titles[1..], titles_of_a_mail);
    }
}
