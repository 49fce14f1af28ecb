//! The mail about what happened before: related activity, a chain, a burst, and the summary of a burst. Read the
//! snapshots as mails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::{account, clock, event, runs_as_printed, settings};
use iam_security_alert::alert::{Alert, BurstNote, burst_summary, compose};
use iam_security_alert::channel::email;
use iam_security_alert::detection::{Case, PriorActivity, assess, chains};
use iam_security_alert::event::{Activity, Delivery};
use iam_security_alert::history::burst::{BurstPosition, BurstSummary, PendingBurst};
use iam_security_alert::history::store::Table;
use iam_security_alert::history::{Entry, Line, Lines, RelatedActivity};
use iam_security_alert::lookup::enrich;
use iam_security_alert::severity::Severity;
use iam_security_alert::text::Untrusted;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const TABLE: Table<'_> = Table { name: "iam-security-alert-HistoryTable-AbC123", region: Some("us-east-1") };

fn read(event: Value) -> (Activity, Entry) {
    let delivery = Delivery::from_file(event).unwrap().remove(0).unwrap();
    let activity = Activity::from_delivery(&delivery).unwrap().activity().unwrap();
    let entry = Entry::new(&activity, chains::steps_of(&activity), &delivery.raw, clock());
    (activity, entry)
}

/// The history line of an event that was alerted on before.
fn line(name: &str, seconds_before: i64, severity: Severity) -> Line {
    let mut event = event(name);
    let time = "2026-11-22T05:59:57Z".parse::<DateTime<Utc>>().unwrap() - TimeDelta::seconds(seconds_before);
    event["detail"]["eventTime"] = json!(time.to_rfc3339());
    event["detail"]["eventID"] = json!(format!("0000-{seconds_before}"));
    Line { severity: Some(severity), ..read(event).1.line }
}

fn mail(report: &Alert) -> String {
    let email = email::render(report);
    for command in report.steps.iter().flat_map(|step| &step.commands) {
        runs_as_printed(command.as_str());
    }
    format!("Subject: {}\n\n{}", email.subject, email.body)
}

/// The mail about an event, with the related activity that was recorded when the event arrived.
fn after(event: Value, related: RelatedActivity, position: Option<BurstPosition>) -> String {
    let (activity, entry) = read(event);
    let settings = settings(&[]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let account = account();
    let dossier = runtime.block_on(enrich(&account, &activity, Instant::now() + Duration::from_secs(1)));
    let chains = chains::completed(&entry, &related);
    let prior = PriorActivity { related, chains, retried: false };
    let case = Case::new(&activity, &dossier, &settings).after(Some(&prior));
    let burst = position.map(|position| BurstNote { position, entry: &entry, table: TABLE });
    mail(&compose(&case, assess(&case), burst.as_ref(), &settings.account_names, clock()))
}

#[test]
fn a_chain_is_reported_with_its_times() {
    let lines =
        vec![line("create_user.json", 40, Severity::Critical), line("create_user_denied.json", 90, Severity::Medium)];
    let list = Lines { lines: lines.clone(), unread: false };
    let to_target = Lines { lines: vec![lines[0].clone()], unread: false };
    let related = RelatedActivity { by_actor: list, to_target, ..RelatedActivity::default() };
    let mut event = event("create_access_key.json");
    event["detail"]["requestParameters"]["userName"] = json!("deploy-bot");
    event["detail"]["responseElements"]["accessKey"]["userName"] = json!("deploy-bot");
    event["detail"]["userIdentity"] = self::event("create_user.json")["detail"]["userIdentity"].clone();
    event["detail"]["eventTime"] = json!("2026-11-22T05:59:57Z");
    insta::assert_snapshot!("chain", after(event, related, None));
}

#[test]
fn an_actor_never_seen_is_noted_and_with_an_old_history_raises_the_severity() {
    let mail = |days| {
        let since = clock() - TimeDelta::days(days);
        after(
            event("create_user_saml.json"),
            RelatedActivity { never_seen_since: Some(since), ..RelatedActivity::default() },
            None,
        )
    };
    let reason = |days| {
        mail(days)
            .lines()
            .find(|line| line.contains("the history starts") || line.contains("the history covers"))
            .map(str::to_owned)
            .unwrap()
    };
    assert!(reason(13).ends_with("is recorded, but the history starts only on 2026-11-09."), "{}", reason(13));
    assert!(
        reason(40).ends_with("in the 39 days that the history covers (severity raised one level)."),
        "{}",
        reason(40)
    );
    assert_ne!(mail(13).lines().next(), mail(40).lines().next(), "the severity is another");
}

fn position(position: u64, suppressed: u64) -> BurstPosition {
    BurstPosition { position, since: "2026-11-22T05:52:00Z".parse().unwrap(), suppressed, mailed: true }
}

#[test]
fn one_of_a_burst_says_how_many_are_suppressed_and_how_to_list_them() {
    let lines = (1..=12).map(|second| line("create_user_lambda_role.json", second, Severity::High)).collect();
    let related = RelatedActivity { by_actor: Lines { lines, unread: true }, ..RelatedActivity::default() };
    insta::assert_snapshot!("burst", after(event("create_user_lambda_role.json"), related, Some(position(20, 13))));
}

#[test]
fn a_burst_is_summarized_when_it_has_ended() {
    let mut summary = BurstSummary::default();
    for second in 0..973 {
        let severity = if second % 100 == 7 { Severity::High } else { Severity::Medium };
        summary.add(line("create_user_lambda_role.json", second, severity));
    }
    summary.add(line("create_user_denied.json", 50, Severity::Medium));
    let ended = PendingBurst {
        key: ("FLOOD#2026-11-22".into(), "x".into()),
        suppressed: 974,
        day: clock().date_naive(),
        continues: false,
        actor_key: "arn:aws:iam::123456789012:role/service-role/onboarding-lambda".into(),
        call: "iam:CreateUser".into(),
        account: Some("123456789012".into()),
        oldest: clock(),
        summarized_to: DateTime::UNIX_EPOCH,
        until: clock(),
    };
    let name = Untrusted::new("acme-prod");
    insta::assert_snapshot!("burst_ended", mail(&burst_summary(&ended, &summary, TABLE, Some(&name))));

    let mut some = BurstSummary { unread: true, ..BurstSummary::default() };
    some.add(line("create_user_lambda_role.json", 1, Severity::Low));
    let continuing = PendingBurst { continues: true, ..ended };
    let unread = mail(&burst_summary(&continuing, &some, TABLE, None));
    assert!(
        unread.starts_with("Subject: [LOW] at least 1 suppressed: iam:CreateUser by onboarding-lambda"),
        "{unread}"
    );
    assert!(unread.contains(". The burst continues; the next summary comes in an hour"), "{unread}");
}
