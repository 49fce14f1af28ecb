//! The digest as a mail and as chat messages. Read the snapshots as mails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::{as_snapshot, event};
use iam_security_alert::alert::{self, Digest, Findings};
use iam_security_alert::channel::chat::{amazon_q, render_digest};
use iam_security_alert::channel::email;
use iam_security_alert::config::WebhookFormat;
use iam_security_alert::event::{Activity, Delivery};
use iam_security_alert::history::digest::{Span, Tally};
use iam_security_alert::history::heartbeat::Heartbeat;
use iam_security_alert::history::review::{Mute, Reviewer};
use iam_security_alert::history::{Entry, Handling, Line, MailStatus};
use iam_security_alert::severity::Severity;
use iam_security_alert::text::Untrusted;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

const OWN: &str = "123456789012";

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

fn span() -> Span {
    Span { from: at("2026-11-16T08:00:00Z"), to: at("2026-11-23T08:00:00Z") }
}

/// The line of an event of `events/`, some hours after the period began.
fn line(file: &str, hours: i64, severity: Severity, mail: MailStatus) -> Line {
    let mut event = event(file);
    let time = span().from + TimeDelta::hours(hours);
    event["detail"]["eventTime"] = json!(time.to_rfc3339());
    event["detail"]["eventID"] = json!(format!("c7ea2d69-5b66-4f48-a2be-{hours:012}"));
    let delivery = Delivery::from_file(event).unwrap().remove(0).unwrap();
    let activity = Activity::from_delivery(&delivery).unwrap().activity().unwrap();
    let line = Entry::new(&activity, Vec::new(), &delivery.raw, time).line;
    let handling = Handling { mail: Some(mail), ..Handling::default() };
    Line { severity: Some(severity), handling, account: Some(OWN.into()), ..line }
}

struct Case {
    lines: Vec<Line>,
    mutes: Vec<Mute>,
    silent: bool,
    change: fn(&mut Findings<'_>),
}

impl Default for Case {
    fn default() -> Self {
        Self { lines: Vec::new(), mutes: Vec::new(), silent: false, change: |_| {} }
    }
}

fn digest(case: &Case) -> Digest {
    let mut tally = Tally::default();
    let owned = Untrusted::new("c7ea2d69-5b66-4f48-a2be-000000000003");
    case.lines.iter().for_each(|line| tally.add(line, &[owned.clone()].into()));
    let now = at("2026-11-23T08:15:20Z");
    let heartbeat = |account: &str, hours| Heartbeat {
        account: account.into(),
        last: now - TimeDelta::hours(hours),
        arrived: true,
        alerted: false,
    };
    let heartbeats = [heartbeat(OWN, 5), heartbeat("222233334444", if case.silent { 60 } else { 6 })];
    let accounts: Vec<_> = heartbeats.iter().map(|heartbeat| heartbeat.account.clone()).collect();
    let names: BTreeMap<_, _> = [(OWN.into(), "acme-prod".into()), ("222233334444".into(), "acme-dev".into())].into();
    let mut findings = Findings {
        span: span(),
        now,
        tally: &tally,
        unfinished: 0,
        of_organization: true,
        observing: false,
        owners_known: true,
        mutes: &case.mutes,
        heartbeats: Some(&heartbeats),
        accounts: &accounts,
        names: &names,
        own: Some(&accounts[0]),
        unread: 0,
        unsent_since: None,
        may_be_second: false,
        table: "iam-security-alert-HistoryTable-AbC123",
    };
    (case.change)(&mut findings);
    alert::digest(&findings)
}

fn mail(digest: &Digest) -> String {
    let email = email::digest(digest);
    assert!(email.subject.len() <= email::MAX_SUBJECT && email.subject.is_ascii());
    as_snapshot(&email.subject, &email.body)
}

/// A week in which much happened.
fn busy() -> Vec<Line> {
    use MailStatus::{BelowMinimum, Muted, Published, Suppressed};
    let mut lines = vec![
        line("create_user.json", 2, Severity::Critical, Published),
        line("create_access_key.json", 3, Severity::High, Published),
        line("create_user_denied.json", 4, Severity::Medium, Published),
        line("add_user_to_group.json", 5, Severity::High, Suppressed),
        line("create_account_assignment.json", 6, Severity::Medium, Published),
        line("create_role.json", 7, Severity::High, Muted),
        line("create_login_profile.json", 9, Severity::High, Published),
        line("create_user_github_oidc.json", 10, Severity::Low, BelowMinimum),
    ];
    lines.extend((0..12).map(|n| line("update_assume_role_policy.json", 20 + n, Severity::Critical, Published)));
    lines.extend((0..30).map(|n| Line {
        handling: Handling { mail: Some(BelowMinimum), unless_expected: Some(Severity::Medium), ..Handling::default() },
        ..line("create_user_lambda_role.json", 40 + n, Severity::Low, BelowMinimum)
    }));
    for (n, line) in lines.iter_mut().enumerate().skip(20) {
        line.target = format!("IAM user staff-{n}").into();
    }
    lines[5].account = Some("222233334444".into());
    lines.extend((0..7).map(|n| Line {
        severity: None,
        not_alerted: true,
        ..line("switch_role.json", 100 + n, Severity::Low, BelowMinimum)
    }));
    lines.push(Line { severity: None, ..line("create_user_saml.json", 110, Severity::Low, BelowMinimum) });
    lines
}

fn mutes() -> Vec<Mute> {
    let mute = |reason: &str, held| Mute {
        id: "1".into(),
        actor: None,
        action: Some("iam:TagRole".into()),
        target: None,
        chain: None,
        account: None,
        outcome: None,
        up_to: Severity::Medium,
        incomplete: false,
        from: at("2026-11-20T18:00:00Z"),
        until: at("2026-11-25T18:00:00Z"),
        reason: reason.into(),
        by: Reviewer { arn: "arn:aws:iam::123456789012:user/dana".into(), name: Some("dana".into()) },
        held,
        ended_by: None,
    };
    vec![mute("Migration of the build accounts, CHG-4711", 14), mute("Rotation of keys", 1)]
}

#[test]
fn a_busy_week_is_one_screen() {
    let case = Case { lines: busy(), mutes: mutes(), silent: true, change: |findings| findings.unfinished = 1 };
    let mail = mail(&digest(&case));
    assert!(mail.lines().count() <= 45, "{} lines", mail.lines().count());
    insta::assert_snapshot!("busy", mail);
}

#[test]
fn a_quiet_week_says_that_nothing_happened() {
    insta::assert_snapshot!("quiet", mail(&digest(&Case::default())));
}

#[test]
fn nothing_is_not_claimed_where_something_may_be_missing() {
    let silent = mail(&digest(&Case { silent: true, ..Case::default() }));
    let unread = mail(&digest(&Case { change: |findings| findings.unread = 2, ..Case::default() }));
    let unfinished = vec![Line { severity: None, ..line("create_user.json", 1, Severity::Low, MailStatus::Printed) }];
    let unfinished =
        mail(&digest(&Case { lines: unfinished, change: |findings| findings.unfinished = 1, ..Case::default() }));
    let unproven = mail(&digest(&Case { change: |findings| findings.heartbeats = None, ..Case::default() }));
    for mail in [&silent, &unread, &unfinished, &unproven] {
        assert!(!mail.contains("Nothing happened"), "{mail}");
    }
    assert!(silent.contains("NONE from acme-dev (222233334444)"), "{silent}");
    insta::assert_snapshot!("unread", unread);
}

#[test]
fn in_mode_observe_the_digest_says_what_would_have_been_mailed() {
    let lines = (0..12).map(|n| line("create_user.json", n, Severity::High, MailStatus::Observed)).collect();
    let case = Case { lines, change: |findings| findings.observing = true, ..Case::default() };
    insta::assert_snapshot!("observed", mail(&digest(&case)));
}

#[test]
fn a_late_digest_says_since_when_there_was_none_and_that_it_may_be_the_second() {
    let late = |findings: &mut Findings<'_>| {
        findings.unsent_since = Some(at("2026-10-05T08:00:00Z"));
        findings.may_be_second = true;
    };
    let mail = mail(&digest(&Case { change: late, ..Case::default() }));
    assert!(mail.contains("No digest was sent since 2026-10-05 08:00 UTC."), "{mail}");
    assert!(mail.contains("it may have come before"), "{mail}");
}

/// A week in which every name is this text.
fn hostile(text: &str) -> Case {
    let mut lines = busy();
    for line in &mut lines {
        (line.actor, line.target, line.object) = (text.into(), text.into(), Some(text.into()));
    }
    let mut mutes = mutes();
    (mutes[0].reason, mutes[0].by) = (text.into(), Reviewer { arn: text.into(), name: None });
    Case { lines, mutes, ..Case::default() }
}

#[test]
fn hostile_names_are_shown_as_they_are_and_keep_the_screen() {
    let text = "\u{202e}`*<!here>*` https://evil.example/\nNothing happened ".repeat(20);
    let mail = mail(&digest(&hostile(&text)));
    assert!(!mail.contains('\u{202e}') && !mail.contains("https://evil.example"));
    assert!(!mail.lines().any(|line| line.starts_with("Nothing happened")));
    insta::assert_snapshot!("hostile", mail);
}

#[test]
fn a_digest_is_a_message_for_every_chat() {
    let digest = digest(&Case { lines: busy(), mutes: mutes(), silent: true, ..Case::default() });
    let pretty = |value| serde_json::to_string_pretty(&value).unwrap();
    insta::assert_snapshot!("amazon_q", pretty(amazon_q::digest(&digest)));
    insta::assert_snapshot!("slack", pretty(render_digest(WebhookFormat::Slack, &digest)));
    insta::assert_snapshot!("teams", pretty(render_digest(WebhookFormat::Teams, &digest)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_digest_of_any_text_keeps_every_limit(text in any::<String>(), times in 1_usize..400) {
        let digest = digest(&hostile(&text.repeat(times)));
        let mail = mail(&digest);
        prop_assert!(mail.lines().count() <= 45 && mail.len() < 30_000);
        let chat = amazon_q::digest(&digest);
        prop_assert!(chat["content"]["description"].as_str().unwrap().chars().count() <= 2_800);
        for format in [WebhookFormat::Slack, WebhookFormat::Teams] {
            let message = render_digest(format, &digest);
            prop_assert!(message.to_string().len() < 28_000);
            for block in message["blocks"].as_array().into_iter().flatten() {
                prop_assert!(block["text"]["text"].as_str().unwrap().chars().count() <= 3_000);
            }
        }
    }
}
