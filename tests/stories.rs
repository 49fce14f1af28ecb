//! What a mail tells of what happened before: the story, a chain, a flood, and the mail that sums a flood up. Read the
//! snapshots as mails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::{account, clock, event, runs_as_printed, settings};
use iam_security_alert::assessment::{Case, Story, assess, chains};
use iam_security_alert::channel::email;
use iam_security_alert::cloudtrail::{Activity, Delivery};
use iam_security_alert::directory::investigate;
use iam_security_alert::history::flood::{Place, Summary, Untold};
use iam_security_alert::history::{Entry, Lately, Line, List};
use iam_security_alert::report::closing::{self, Flood};
use iam_security_alert::report::{Report, compose};
use iam_security_alert::severity::Severity;
use iam_security_alert::text::Untrusted;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const TABLE: (&str, Option<&str>) = ("iam-security-alert-HistoryTable-AbC123", Some("us-east-1"));

fn read(event: Value) -> (Activity, Entry) {
    let delivery = Delivery::from_file(event).unwrap().remove(0).unwrap();
    let activity = Activity::from_delivery(&delivery).unwrap();
    let entry = Entry::new(&activity, &delivery.raw, clock());
    (activity, entry)
}

/// The line of an event that was told before.
fn line(name: &str, seconds_before: i64, severity: Severity) -> Line {
    let mut event = event(name);
    let time = "2026-11-22T05:59:57Z".parse::<DateTime<Utc>>().unwrap() - TimeDelta::seconds(seconds_before);
    event["detail"]["eventTime"] = json!(time.to_rfc3339());
    event["detail"]["eventID"] = json!(format!("0000-{seconds_before}"));
    Line { severity: Some(severity), ..read(event).1.line }
}

fn mail(report: &Report) -> String {
    let email = email::render(report);
    for command in report.steps.iter().flat_map(|step| &step.commands) {
        runs_as_printed(command.as_str());
    }
    format!("Subject: {}\n\n{}", email.subject, email.body)
}

/// The mail of an event with what was remembered when it arrived.
fn after(event: Value, lately: Lately, place: Option<Place>) -> String {
    let (activity, entry) = read(event);
    let settings = settings(&[]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let account = account();
    let dossier = runtime.block_on(investigate(&account, &activity, Instant::now() + Duration::from_secs(1)));
    let chains = chains::completed(&entry, &lately);
    let story = Story { lately, chains, again: false };
    let case = Case::new(&activity, &dossier, &settings).after(Some(&story));
    let flood = place.map(|place| Flood { place, entry: &entry, table: TABLE });
    mail(&compose(&case, assess(&case), flood.as_ref(), &settings.account_names, clock()))
}

#[test]
fn a_chain_is_told_with_its_times() {
    let lines =
        vec![line("create_user.json", 40, Severity::Critical), line("create_user_denied.json", 90, Severity::Medium)];
    let list = List { lines: lines.clone(), unread: false };
    let to_target = List { lines: vec![lines[0].clone()], unread: false };
    let lately = Lately { by_actor: list, to_target, ..Lately::default() };
    let mut event = event("create_access_key.json");
    event["detail"]["requestParameters"]["userName"] = json!("deploy-bot");
    event["detail"]["responseElements"]["accessKey"]["userName"] = json!("deploy-bot");
    event["detail"]["userIdentity"] = self::event("create_user.json")["detail"]["userIdentity"].clone();
    event["detail"]["eventTime"] = json!("2026-11-22T05:59:57Z");
    insta::assert_snapshot!("chain", after(event, lately, None));
}

#[test]
fn whom_nobody_has_seen_is_told_and_with_an_old_history_one_step_up() {
    let mail = |days| {
        let since = clock() - TimeDelta::days(days);
        after(event("create_user_saml.json"), Lately { first_sight_since: Some(since), ..Lately::default() }, None)
    };
    let reason = |days| mail(days).lines().find(|line| line.contains("the history ")).map(str::to_owned).unwrap();
    assert!(reason(13).contains("is remembered, but the history goes back only to 2026-11-09."), "{}", reason(13));
    assert!(reason(40).ends_with("in the 39 days that the history covers: one step up."), "{}", reason(40));
    assert_ne!(mail(13).lines().next(), mail(40).lines().next(), "the severity is another");
}

fn place(nth: u64, left_out: u64) -> Place {
    Place { nth, since: "2026-11-22T05:52:00Z".parse().unwrap(), left_out, mailed: true }
}

#[test]
fn one_of_a_flood_says_how_many_were_not_mailed_and_how_to_list_them() {
    let lines = (1..=12).map(|second| line("create_user_lambda_role.json", second, Severity::High)).collect();
    let lately = Lately { by_actor: List { lines, unread: true }, ..Lately::default() };
    insta::assert_snapshot!("flood", after(event("create_user_lambda_role.json"), lately, Some(place(20, 13))));
}

#[test]
fn a_flood_is_summed_up_when_it_has_ended() {
    let mut summary = Summary::default();
    for second in 0..973 {
        let severity = if second % 100 == 7 { Severity::High } else { Severity::Medium };
        summary.add(line("create_user_lambda_role.json", second, severity));
    }
    summary.add(line("create_user_denied.json", 50, Severity::Medium));
    let ended = Untold {
        key: ("FLOOD#2026-11-22".into(), "x".into()),
        left_out: 974,
        day: clock().date_naive(),
        goes_on: false,
        actor_list: "ACTOR#arn:aws:iam::123456789012:role/service-role/onboarding-lambda".into(),
        call: "iam:CreateUser".into(),
        account: Some("123456789012".into()),
        oldest: clock(),
        summed_up_to: DateTime::UNIX_EPOCH,
        until: clock(),
    };
    let name = Untrusted::new("acme-prod");
    insta::assert_snapshot!("flood_ended", mail(&closing::report(&ended, &summary, TABLE, Some(&name))));

    let mut some = Summary { unread: true, ..Summary::default() };
    some.add(line("create_user_lambda_role.json", 1, Severity::Low));
    let going_on = Untold { goes_on: true, ..ended };
    let unread = mail(&closing::report(&going_on, &some, TABLE, None));
    assert!(unread.starts_with("Subject: [LOW] at least 1 more: iam:CreateUser by onboarding-lambda"), "{unread}");
    assert!(unread.contains(". The flood goes on; the next such mail comes in an hour"), "{unread}");
}
