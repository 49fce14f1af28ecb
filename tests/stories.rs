//! The mail about what happened before: related activity, a chain, a burst, and the summary of a burst. Read the
//! snapshots as mails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::{account, as_snapshot, clock, event, runs_as_printed, settings};
use iam_security_alert::alert::{Alert, BurstNote, Review, RunOfSummaries, compose, silent, summary_of};
use iam_security_alert::channel::email;
use iam_security_alert::detection::{Case, PriorActivity, assess, chains};
use iam_security_alert::event::{Activity, Delivery};
use iam_security_alert::history::burst::BurstPosition;
use iam_security_alert::history::heartbeat::Heartbeat;
use iam_security_alert::history::review::{Acknowledgement, Candidate, Mute, Reviewer, Reviews, Verdict};
use iam_security_alert::history::store::Table;
use iam_security_alert::history::summary::{self, Suppressed};
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
    for command in report.steps.iter().chain(&report.if_expected).flat_map(|step| &step.commands) {
        runs_as_printed(command.as_str());
    }
    as_snapshot(&email.subject, &email.body)
}

/// The mail about an event, with the related activity that was recorded when the event arrived.
fn after(event: Value, related: RelatedActivity, position: Option<BurstPosition>) -> String {
    told(event, PriorActivity { related, ..PriorActivity::default() }, position)
}

/// The mail about what follows from another call.
fn caused(event: Value, cause: Option<Line>) -> String {
    told(event, PriorActivity { cause, ..PriorActivity::default() }, None)
}

fn told(event: Value, prior: PriorActivity, position: Option<BurstPosition>) -> String {
    let (activity, entry) = read(event);
    let activity = if prior.cause.is_some() { activity.in_root_session() } else { activity };
    let settings = settings(&[]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let account = account();
    let dossier = runtime.block_on(enrich(&account, &activity, Instant::now() + Duration::from_secs(1)));
    let prior = PriorActivity { chains: chains::completed(&entry, &prior.related), ..prior };
    let case = Case::new(&activity, &dossier, &settings).after(Some(&prior));
    let burst = position.map(|position| BurstNote { position, entry: &entry, table: TABLE, elsewhere: None });
    let assessment = assess(&case);
    let chains: Vec<_> = prior.chains.iter().map(|completed| completed.chain.name).collect();
    let candidate = Candidate {
        entry: &entry,
        severity: assessment.severity,
        unless_expected: assessment.unless_expected,
        incomplete: assessment.incomplete,
        chains: &chains,
        always_watched: activity.action.effect.is_always_watched(),
        retried: false,
    };
    let review = Review { alert: candidate, reviews: &prior.reviews, table: TABLE, elsewhere: None, now: clock() };
    mail(&review.note(compose(&case, assessment, burst.as_ref(), &settings.account_names, clock())))
}

fn reviewer() -> Reviewer {
    Reviewer { arn: "arn:aws:sts::123456789012:assumed-role/Soc/dana".into(), name: Some("dana".into()) }
}

/// A mute of what carol does.
fn mute_of_carol(up_to: Severity) -> Mute {
    Mute {
        id: "0a1b2c3d".into(),
        actor: Some("arn:aws:iam::123456789012:user/ops-carol".into()),
        action: None,
        target: None,
        chain: None,
        account: None,
        outcome: None,
        up_to,
        incomplete: false,
        from: clock() - TimeDelta::hours(2),
        until: clock() + TimeDelta::hours(22),
        reason: "the new team\nWHY LOW, OPS-12".into(),
        by: reviewer(),
        held: 3,
        ended_by: None,
    }
}

/// That dana looked at two alerts on carol.
fn acknowledged() -> Vec<Acknowledgement> {
    let at = |hours| Acknowledgement {
        event_id: format!("0000-{hours}").into(),
        at: clock() - TimeDelta::hours(hours),
        by: reviewer(),
        verdict: Verdict::Expected,
        note: Some("OPS-12".into()),
        actor: "arn:aws:iam::123456789012:user/ops-carol".into(),
        target: None,
    };
    vec![at(9), at(1)]
}

#[test]
fn a_mute_that_lapses_and_an_acknowledgement_are_mentioned() {
    let reviews =
        Reviews { mutes: vec![mute_of_carol(Severity::Low)], acknowledgements: acknowledged(), ..Reviews::default() };
    let mut event = event("create_user.json");
    event["detail"]["requestParameters"]["userName"] = json!("idle-bot");
    event["detail"]["responseElements"] = json!(null);
    insta::assert_snapshot!("mute_lapsed", told(event, PriorActivity { reviews, ..PriorActivity::default() }, None));
}

#[test]
fn an_alert_that_is_muted_says_so() {
    let reviews = Reviews { mutes: vec![mute_of_carol(Severity::High)], ..Reviews::default() };
    let mut event = event("create_user.json");
    event["detail"]["requestParameters"]["userName"] = json!("idle-bot");
    event["detail"]["responseElements"] = json!(null);
    let mail = told(event, PriorActivity { reviews, ..PriorActivity::default() }, None);
    assert!(
        mail.contains("\nNot mailed: a mute by dana (arn:aws:sts::123456789012:assumed-role/Soc/dana), until "),
        "{mail}"
    );
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

#[test]
fn what_identity_center_writes_for_a_person_is_one_story_with_the_call_of_that_person() {
    let provisioned = || event("attach_role_policy_by_identity_center.json");
    let assigned = |severity| Some(line("create_account_assignment.json", 12, severity));
    let mail = caused(provisioned(), assigned(Severity::Critical));
    assert!(mail.starts_with("Subject: [LOW] "), "{mail}");
    insta::assert_snapshot!("provisioned", mail);
    // Somebody who only looked like the cause does not make a severe change a LOW one.
    let less = caused(provisioned(), assigned(Severity::Medium));
    assert!(less.starts_with("Subject: [CRITICAL] ") && less.contains("alice"), "{less}");
    assert!(caused(provisioned(), None).starts_with("Subject: [CRITICAL] "));
}

#[test]
fn only_identity_center_itself_can_follow_from_an_assignment() {
    let mut event = event("attach_role_policy_by_identity_center.json");
    let cause = line("create_account_assignment.json", 12, Severity::Critical);
    event["detail"]["requestParameters"]["roleName"] = json!("prod-admin");
    assert!(caused(event.clone(), Some(cause.clone())).starts_with("Subject: [CRITICAL] "), "another role");
    event["detail"]["requestParameters"]["roleName"] = json!("AWSReservedSSO_PlatformAdmin_0a1b2c3d4e5f6a7b");
    event["detail"]["userIdentity"] = self::event("create_user_identity_center.json")["detail"]["userIdentity"].clone();
    assert!(caused(event.clone(), Some(cause.clone())).starts_with("Subject: [CRITICAL] "), "another caller");
    // In the management account, IAM Identity Center acts as the person.
    event["detail"]["userIdentity"]["invokedBy"] = json!("sso.amazonaws.com");
    assert!(caused(event, Some(cause)).starts_with("Subject: [LOW] "), "for the person");
}

#[test]
fn a_root_session_that_the_record_does_not_show_is_known_by_its_key() {
    let mut event = event("delete_login_profile_root_session.json");
    event["detail"]["userIdentity"]["sessionContext"].as_object_mut().unwrap().remove("assumedRoot");
    assert!(caused(event.clone(), None).contains("The root user"));
    let opened = line("assume_root.json", 30, Severity::Critical);
    let mail = caused(event, Some(opened));
    assert!(!mail.contains("Sign in as the root user"), "{mail}");
    insta::assert_snapshot!("root_session_opened_by", mail);
}

#[test]
fn one_of_a_burst_says_where_the_others_are() {
    let lines = (1..=12).map(|second| line("create_user_lambda_role.json", second, Severity::High)).collect();
    let related = RelatedActivity { by_actor: Lines { lines, unread: true }, ..RelatedActivity::default() };
    let since = "2026-11-22T05:52:00Z".parse().unwrap();
    let position = BurstPosition { position: 20, since, in_burst: true, mailed: true, new_origin: false };
    insta::assert_snapshot!("burst", after(event("create_user_lambda_role.json"), related, Some(position)));
}

/// A suppressed alert on an event, `number` seconds after six.
fn suppressed(name: &str, number: u32, severity: Severity, subject: &str) -> Suppressed {
    let mut line = line(name, i64::from(number), severity);
    line.time = clock() + TimeDelta::seconds(number.into());
    line.event_id = format!("c7ea2d69-5b66-4f48-a2be-{number:012}").into();
    line.subject = Some(format!("[{severity}] {subject}").into());
    Suppressed { line, at: clock(), place: format!("{number:06}") }
}

fn summaries(alerts: Vec<Suppressed>, may_be_second: bool) -> Vec<String> {
    let own = Untrusted::new("123456789012");
    let names = [(own.clone(), Untrusted::new("acme-prod"))].into();
    let run = RunOfSummaries { table: TABLE, names: &names, own: Some(&own), may_be_second };
    summary::groups(alerts).iter().map(|group| mail(&summary_of(group, &run))).collect()
}

#[test]
fn a_summary_lists_the_suppressed_alerts_of_one_caller() {
    let created = |number: u32| {
        let severity = if number == 13 { Severity::High } else { Severity::Medium };
        let subject = format!("onboarding-lambda (Lambda function) created IAM user staff-{number} in acme-prod");
        suppressed("create_user_lambda_role.json", number, severity, &subject)
    };
    let mails = summaries((6..18).map(created).collect(), false);
    insta::assert_snapshot!("summary_of_a_caller", mails.join("\n---\n"));
    let one = summaries(vec![created(6)], true).join("");
    assert!(one.contains("1 alert on iam:CreateUser by onboarding-lambda"), "{one}");
    assert!(one.contains("it may have come before"), "{one}");
}

#[test]
fn a_storm_is_a_few_mails_that_list_every_alert() {
    let events =
        ["create_user.json", "create_user_lambda_role.json", "create_user_saml.json", "create_user_denied.json"];
    let storm = (0..3_000_u32).map(|number| {
        let severity = Severity::ALL[if number % 97 == 0 { 3 } else { 1 }];
        let mut alert =
            suppressed(events[number as usize % 4], number, severity, &format!("x created IAM user n{number}"));
        alert.line.actor_key = format!("arn:aws:iam::123456789012:role/r{}", number % 40).into();
        alert.line.actor = format!("r{}", number % 40).into();
        alert
    });
    let mails = summaries(storm.collect(), false);
    assert!(mails.len() < 12, "{} mails", mails.len());
    let all = mails.join("\n");
    assert!(!all.contains("bytes were cut"));
    for number in 0..3_000 {
        // In the list, not in the command that shows the most severe one.
        let listed = all.matches(&format!("  c7ea2d69-5b66-4f48-a2be-{number:012}")).count();
        assert_eq!(listed, 1, "{number}");
    }
    let by_severity = mails.iter().find(|mail| mail.contains("callers")).unwrap();
    // The first lines are enough to read.
    let few: Vec<_> = by_severity.lines().take(30).collect();
    insta::assert_snapshot!("summary_of_a_storm", few.join("\n"));
}

#[test]
fn a_summary_of_hostile_names_is_not_cut() {
    let hostile = "\u{202e}".repeat(99);
    let alerts = (0..4_000).map(|number| suppressed("create_user.json", number, Severity::Medium, &hostile)).collect();
    for mail in summaries(alerts, false) {
        assert!(!mail.contains("bytes were cut"), "{} bytes", mail.len());
    }
}

/// One person of IAM Identity Center, in forty accounts.
#[test]
fn a_roll_out_to_all_accounts_is_one_summary() {
    let account = |number: u32| format!("3000000000{number:02}");
    let alerts = (1..40_u32).map(|number| {
        let account = account(number);
        let name = format!("acme-team-{number:02}");
        let subject = format!("IAM role auditor created by dana@acme.example in {name}");
        let mut alert = suppressed("create_user_identity_center.json", number, Severity::Critical, &subject);
        alert.line.call = "iam:CreateRole".into();
        alert.line.actor = "dana@acme.example".into();
        alert.line.actor_key = format!(
            "arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_{number:016x}#dana@acme.example"
        )
        .into();
        alert.line.account = Some(account.into());
        alert
    });
    let own = Untrusted::new("999900001111");
    let entry = |number| (Untrusted::new(account(number)), Untrusted::new(format!("acme-team-{number:02}")));
    let names = (1..40).map(entry).chain([(own.clone(), "acme-security".into())]).collect();
    let run = RunOfSummaries { table: TABLE, names: &names, own: Some(&own), may_be_second: false };
    let groups = summary::groups(alerts.collect());
    assert_eq!(groups.len(), 1);
    insta::assert_snapshot!("summary_of_forty_accounts", mail(&summary_of(&groups[0], &run)));
}

#[test]
fn accounts_without_a_heartbeat_are_named() {
    let heartbeat = |account: &str, hours| Heartbeat {
        account: account.into(),
        last: clock() - TimeDelta::hours(hours),
        arrived: true,
        alerted: false,
    };
    let (prod, dev) = (heartbeat("111122223333", 49), heartbeat("222233334444", 61));
    let own = Untrusted::new("999900001111");
    let names = [(prod.account.clone(), Untrusted::new("acme-prod"))].into();
    let mail = |silent_ones: &[&Heartbeat]| {
        self::mail(&silent(silent_ones, &names, Some(&own), ("iam-security-alerts", Some("us-east-1")), clock()))
    };
    insta::assert_snapshot!("no_heartbeat", mail(&[&prod]));
    let several = mail(&[&dev, &prod]);
    assert!(several.starts_with("Subject: [HIGH] No heartbeat from 2 accounts for two days"), "{several}");
    assert!(several.contains("account 222233334444: the last one arrived 2 days ago"), "{several}");
    let ours = heartbeat("999900001111", 49);
    assert!(mail(&[&ours]).contains("describe-rule --region us-east-1 --name iam-security-alerts-iam"));
}
