//! The judgement, by values: a healthy stack, and one change at a time.

use super::start::{credentials, function, region, stack};
use super::*;
use crate::alert::Command;
use crate::catalog::patterns;
use crate::verification::{ALARMS, Alarm, Target, Trail};
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeMap;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:alerter";
const HEALTH: &str = "arn:aws:sns:us-east-1:111122223333:alerts-health";
const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";

fn now() -> DateTime<Utc> {
    "2026-11-22T06:00:00Z".parse().unwrap()
}

fn place(stack: Option<&str>) -> Place {
    Place { stack: stack.map(str::to_owned), function: None, region: "us-east-1".to_owned() }
}

/// The variables of a deployed function.
fn variables(more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let rules = parts::RULES.map(|rule| format!("arn:aws:events:us-east-1:111122223333:rule/alerts-{rule}"));
    let own = [
        HEALTH,
        "arn:aws:sqs:us-east-1:111122223333:stack-UndeliveredQueue-1A",
        "arn:aws:sqs:us-east-1:111122223333:stack-FailedQueue-2B",
        "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/stack",
        "arn:aws:cloudwatch:us-east-1:111122223333:alarm:stack-*",
    ];
    let own = [own.join(","), rules.join(",")].join(",");
    let set = [
        ("ALERT_TOPIC_ARN", "arn:aws:sns:us-east-1:111122223333:alerts"),
        ("OWN_RESOURCES", own.as_str()),
        ("MINIMUM_SEVERITY", "MEDIUM"),
        ("HISTORY_TABLE", "stack-HistoryTable-3C"),
        ("HEARTBEAT_ROLE", "alerts-heartbeat"),
    ];
    set.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn heartbeat(account: &str, hours: i64, arrived: bool) -> Heartbeat {
    Heartbeat { account: account.into(), last: now() - TimeDelta::hours(hours), arrived, alerted: false }
}

fn reader(endpoint: &str, confirmed: bool) -> Subscription {
    Subscription { endpoint: endpoint.to_owned(), confirmed, filtered: false }
}

/// Everything as it was deployed, and at work.
fn healthy() -> Readings {
    let copy = json!({"settings": {"MINIMUM_SEVERITY": "MEDIUM", "ALERT_EMAIL": "soc@acme.example"}});
    let rule = |suffix: &&str| {
        let name = format!("alerts-{suffix}");
        let pattern = patterns::of_rule(&name).map(|mut pattern| {
            pattern["account"] = patterns::accounts_of_rule(&name, "111122223333");
            pattern
        });
        let arn = if *suffix == "tampering" { HEALTH } else { FUNCTION };
        let input = (*suffix == "schedule").then(|| copy.to_string());
        let target = Target { arn: arn.to_owned(), transformed: input.is_some(), input };
        (name, Ok(Some(Rule { enabled: true, pattern, targets: vec![target] })))
    };
    let alarm = |id: &&str| Alarm {
        name: format!("stack-{id}-0A1B"),
        actions_enabled: true,
        actions: vec![HEALTH.to_owned()],
        ringing: false,
        description: "".into(),
    };
    Readings {
        observed: Observed {
            rules: parts::RULES.iter().map(rule).collect(),
            subscriptions: Ok(vec![reader("soc@acme.example", true)]),
            trails: Ok(vec![Trail { arn: TRAIL.to_owned(), logging: true, global: true }]),
            alarms: Ok(ALARMS.iter().map(alarm).collect()),
            concurrency: Ok(None),
        },
        management: vec![(TRAIL.to_owned(), Ok(Management::All))],
        health: Some(Ok(vec![reader("ops@acme.example", true)])),
        chat: None,
        webhook: None,
        security_hub: None,
        queues: vec![("stack-UndeliveredQueue-1A".to_owned(), Ok(0)), ("stack-FailedQueue-2B".to_owned(), Ok(0))],
        runs: Ok(Runs { last: Some(now() - TimeDelta::minutes(1)), number: 60, failed: 0 }),
        last_event: Ok(Some(now() - TimeDelta::hours(5))),
        table: Some(Ok("ACTIVE".to_owned())),
        heartbeats: Some(Ok(vec![heartbeat("111122223333", 5, true)])),
        expectations: Some(Ok(Vec::new())),
    }
}

/// The report on a stack of this age with these settings.
fn report_of(change: impl Fn(&mut Readings), more: &[(&str, &str)], hours: i64, stack: Option<&str>) -> Report {
    let place = place(stack);
    let state = FunctionState {
        name: "alerter".to_owned(),
        state: "Active".to_owned(),
        last_update: "Successful".to_owned(),
        reason: None,
        variables: variables(more),
    };
    let settings = start::settings(&place, &state).unwrap();
    let created = Some(now() - TimeDelta::hours(hours));
    let deployed =
        Deployed { place: &place, settings: &settings, expected: Expected::of(&settings), created, now: now() };
    let mut readings = healthy();
    change(&mut readings);
    Report(judge(&deployed, &readings))
}

fn report(change: impl Fn(&mut Readings)) -> Report {
    report_of(change, &[], 1_000, Some("stack"))
}

/// All that is not OK.
fn wrong(report: &Report) -> String {
    let text = report.text();
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("OK")).collect();
    lines.join("\n").trim().to_owned()
}

#[test]
fn a_healthy_stack_has_one_ok_for_each_check() {
    let report = report(|_| ());
    assert_eq!(wrong(&report), "Everything that was checked works.");
    assert_eq!(report.exit_status(), 0);
    let checks: Vec<_> = report.0.iter().map(|finding| finding.check).collect();
    let expected = ["settings", "rules", "trail", "mails", "health mails", "alarms", "undelivered", "failed", "runs"];
    assert_eq!(checks[..9], expected);
    assert_eq!(checks[9..], ["events", "history", "heartbeat"]);
}

fn rule(readings: &mut Readings, i: usize) -> &mut Rule {
    readings.observed.rules[i].1.as_mut().unwrap().as_mut().unwrap()
}

fn alarm(readings: &mut Readings) -> &mut Alarm {
    &mut readings.observed.alarms.as_mut().unwrap()[1]
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn each_fault_has_a_line_and_what_to_do() {
    let broken = |change: &dyn Fn(&mut Readings), line: &str, todo: &str| {
        let report = report(change);
        let wrong = wrong(&report);
        assert_eq!(report.exit_status(), 1, "{wrong}");
        assert!(wrong.starts_with("!!") && wrong.contains(line) && wrong.contains(todo), "{line}: {wrong}");
        assert_eq!(wrong.matches("!!").count(), 1, "{wrong}");
    };
    broken(
        &|all| rule(all, 0).enabled = false,
        "rules         The EventBridge rule alerts-iam is disabled.",
        "\n                  aws events enable-rule --region us-east-1 --name alerts-iam\n",
    );
    broken(&|all| all.observed.rules[0].1 = Ok(None), "alerts-iam does not exist", "Deploy a second stack");
    broken(&|all| rule(all, 4).targets.clear(), "alerts-root does not give its events", "Deploy a second stack");
    broken(&|all| rule(all, 2).pattern = Some(json!({})), "event pattern of this version", crate::VERSION);
    broken(&|all| drop(all.observed.rules.remove(1)), "do not name the rule self-protection", "Deploy a second");
    let stop = |all: &mut Readings| all.observed.trails.as_mut().unwrap()[0].logging = false;
    let start = format!("aws cloudtrail start-logging --region us-east-1 --name {TRAIL}");
    broken(&stop, &format!("The trail {TRAIL} is stopped"), &start);
    let local = |all: &mut Readings| all.observed.trails.as_mut().unwrap()[0].global = false;
    broken(&local, "leaves out the events of global services", "--include-global-service-events");
    broken(
        &|all| all.management[0].1 = Ok(Management::Reads),
        "only management events that read",
        "select Read and Write",
    );
    broken(&|all| all.management[0].1 = Ok(Management::None), "logs no management events", "select Read and Write");
    broken(&|all| all.observed.trails = Ok(Vec::new()), "The account has no trail", "CreateTrail=true");
    let subscribe = "--topic-arn arn:aws:sns:us-east-1:111122223333:alerts --protocol email --notification-endpoint soc@acme.example";
    broken(
        &|all| all.observed.subscriptions = Ok(vec![reader("soc@acme.example", false)]),
        "no confirmed subscription",
        subscribe,
    );
    broken(
        &|all| all.observed.subscriptions = Ok(vec![reader("dana@acme.example", true)]),
        "soc@acme.example, is not subscribed",
        subscribe,
    );
    broken(
        &|all| all.observed.subscriptions.as_mut().unwrap()[0].filtered = true,
        "has a filter policy",
        "Remove the filter policy",
    );
    broken(
        &|all| all.health = Some(Ok(vec![reader("ops@acme.example", false)])),
        "The health topic has no confirmed subscription",
        "alerts-health --protocol email --notification-endpoint ops@acme.example",
    );
    broken(
        &|all| alarm(all).actions_enabled = false,
        "stack-FailedAlarm-0A1B has its actions disabled",
        "aws cloudwatch enable-alarm-actions --region us-east-1 --alarm-names stack-FailedAlarm-0A1B",
    );
    broken(&|all| alarm(all).actions.clear(), "does not notify the health topic", "Deploy a second stack");
    broken(&|all| drop(all.observed.alarms.as_mut().unwrap().remove(0)), "does not exist", "Deploy a second");
    broken(
        &|all| all.observed.concurrency = Ok(Some(0)),
        "concurrency   The reserved concurrency of the function is 0",
        "aws lambda delete-function-concurrency --region us-east-1 --function-name arn:aws:lambda",
    );
    broken(
        &|all| all.queues[0].1 = Ok(3),
        "undelivered   3 messages in the queue stack-UndeliveredQueue-1A: EventBridge could not deliver",
        "--stack-name stack --query \"Stacks[0].Outputs[?OutputKey=='ReplayUndelivered'].OutputValue\" --output text",
    );
    broken(&|all| all.queues[1].1 = Ok(1), "failed        1 message in", "ReplayFailed");
    broken(&|all| all.runs = Ok(Runs::default()), "The function did not run within an hour", "permission");
    let failing = Runs { last: Some(now()), number: 2, failed: 2 };
    broken(&|all| all.runs = Ok(failing), "2 of 2 runs failed", "aws logs tail /aws/lambda/stack --region us-east-1");
    broken(&|all| all.last_event = Ok(None), "No event of IAM came within 14 days", "aws iam create-user");
    broken(&|all| all.table = Some(Ok("ARCHIVED".to_owned())), "stack-HistoryTable-3C is ARCHIVED", "Restore");
    let gone = "ResourceNotFoundException: Requested resource not found";
    broken(&|all| all.table = Some(Err(gone.to_owned())), "stack-HistoryTable-3C does not exist", "Restore it");
    broken(
        &|all| all.heartbeats = Some(Ok(vec![heartbeat("111122223333", 27, true)])),
        "heartbeat     The last one came 27 hours ago (2026-11-21 03:00:00 UTC), and they come every day",
        "aws iam list-role-tags --role-name alerts-heartbeat",
    );
    broken(
        &|all| all.heartbeats = Some(Ok(vec![heartbeat("111122223333", 27, false)])),
        "None has come since they are expected",
        "aws scheduler get-schedule --region us-east-1 --name alerts-heartbeat",
    );
    broken(&|all| all.heartbeats = Some(Ok(Vec::new())), "No heartbeat of this account", "the schedule");
    let problem = Problem { line: 5, text: "\"upto\" is no field of an expectation".to_owned() };
    let invalid = ("/alerts/expectations/main".to_owned(), Err(vec![problem]));
    broken(
        &|all| all.expectations = Some(Ok(vec![invalid.clone()])),
        "/alerts/expectations/main is not valid: line 5: \"upto\"",
        "last valid version counts",
    );
    broken(&|all| all.chat = Some(Ok(Vec::new())), "Nobody is subscribed to the chat topic", "Amazon Q Developer");
    broken(&|all| all.webhook = Some(("alerts/alerts-webhook".into(), Ok(None))), "alerts-webhook does not exist", "");
    broken(&|all| all.security_hub = Some(Ok(false)), "not enabled", "aws securityhub enable-security-hub");
}

#[test]
fn settings_that_differ_are_broken_and_observing_is_a_note() {
    let quiet = report_of(|_| (), &[("MINIMUM_SEVERITY", "CRITICAL")], 1_000, Some("stack"));
    assert!(
        wrong(&quiet).contains(
            "!!  settings      The variable MINIMUM_SEVERITY of the function is CRITICAL; deployed was MEDIUM."
        )
    );
    let observing = report_of(|_| (), &[("MODE", "observe")], 1_000, Some("stack"));
    assert!(wrong(&observing).starts_with("--  settings      as deployed; Mode is observe"));
    assert_eq!(observing.exit_status(), 0);
}

#[test]
fn a_schedule_without_the_copy_of_the_settings_is_broken() {
    for input in [None, Some("[]"), Some("\"x\""), Some("{"), Some("{\"settings\": 1}")] {
        let report = report(|all| rule(all, 5).targets[0].input = input.map(str::to_owned));
        assert!(wrong(&report).starts_with("!!  settings      The schedule does not carry the settings"));
        assert_eq!(report.exit_status(), 1);
    }
}

#[test]
fn a_run_that_failed_among_others_is_a_note_since_lambda_tries_again() {
    let report = report(|all| all.runs = Ok(Runs { last: Some(now()), number: 60, failed: 1 }));
    assert!(
        wrong(&report)
            .starts_with("--  runs          the function ran 0 seconds ago; 1 of 60 runs failed within an hour")
    );
    assert_eq!(report.exit_status(), 0);
}

#[test]
fn an_alarm_in_the_state_alarm_says_what_its_description_says_and_nothing_hidden() {
    let report = report(|all| {
        alarm(all).ringing = true;
        alarm(all).description = "Events wait.\n\nRun this:\naws sqs list-queues\x1b[2J\u{202e}".into();
    });
    let wrong = wrong(&report);
    let lines =
        "is in the state ALARM. Its description:\n                  Events wait.\n                  Run this:\n";
    assert!(wrong.contains(lines), "{wrong}");
    assert!(wrong.contains("aws sqs list-queues\\u{1b}[2J\\u{202e}"), "{wrong}");
    assert!(!report.text().contains(['\x1b', '\u{202e}']) && !report.json().to_string().contains("\\u001b"));
}

#[test]
fn names_from_outside_reach_no_terminal_and_no_shell() {
    let report = report(|all| {
        alarm(all).actions_enabled = false;
        alarm(all).name = "stack-FailedAlarm-x\x1b]0;owned\x07 $(id)".to_owned();
        rule(all, 0).enabled = false;
        all.observed.rules[0].0 = "alerts-iam;id".to_owned();
    });
    let text = report.text();
    assert!(!text.contains(['\x1b', '\x07']), "{text:?}");
    assert!(!text.contains("--alarm-names"), "no command: {text}");
    assert!(text.contains("--name 'alerts-iam;id'"), "{text}");
}

#[test]
fn what_could_not_be_read_is_unknown_and_names_the_permission() {
    let denied = || Err::<(), _>("AccessDeniedException: User: dana is not authorized".to_owned());
    let report = report(|all| {
        all.observed = Observed::default();
        all.observed.rules = vec![("alerts-iam".to_owned(), denied().map(|()| None))];
        all.queues.iter_mut().for_each(|(_, read)| *read = denied().map(|()| 0));
        all.health = Some(denied().map(|()| Vec::new()));
        all.runs = denied().map(|()| Runs::default());
        all.last_event = denied().map(|()| None);
        all.table = Some(denied().map(|()| String::new()));
        all.heartbeats = Some(denied().map(|()| Vec::new()));
        all.expectations = Some(Err("access denied (ssm:GetParametersByPath)".to_owned()));
    });
    let text = report.text();
    for action in super::aws::actions() {
        // These are read before, or of a stack that has what they are for.
        let not_here =
            ["cloudformation:", "lambda:GetFunctionConfiguration", "securityhub:", "cloudtrail:GetEventSelectors"];
        let not_read = ["cloudtrail:", "lambda:GetFunctionConcurrency", "cloudwatch:DescribeAlarms"];
        if !not_here.iter().chain(&not_read).any(|beginning| action.starts_with(beginning)) {
            assert!(
                text.contains(&format!("Your credentials lack {action}")) || text.contains(&format!("or {action}")),
                "{action}: {text}"
            );
        }
    }
    assert!(report.0.iter().all(|finding| finding.status != Status::Ok), "{text}");
    // The rules that are not named are broken; without that, nothing is.
    let unread = self::report(|all| all.queues[0].1 = Err("no answer in time".to_owned()));
    assert_eq!(unread.exit_status(), 3);
    assert!(unread.text().ends_with("Nothing is broken as far as it could be checked; 1 could not.\n"));
}

#[test]
fn a_trail_that_works_is_enough_and_one_that_cannot_be_read_may_be_the_one() {
    let second = "arn:aws:cloudtrail:eu-west-1:444455556666:trail/organization";
    let with = |first: Result<Management, String>, other: Result<Management, String>| {
        report(|all| {
            all.observed.trails.as_mut().unwrap().push(Trail { arn: second.to_owned(), logging: true, global: true });
            all.management = vec![(TRAIL.to_owned(), first.clone()), (second.to_owned(), other.clone())];
        })
    };
    assert_eq!(wrong(&with(Ok(Management::None), Ok(Management::Writes))), "Everything that was checked works.");
    let denied = || Err("AccessDeniedException: not yours".to_owned());
    let unknown = with(Ok(Management::None), denied());
    assert!(wrong(&unknown).starts_with(&format!("??  trail         What the trail {second} logs could not be read")));
    assert_eq!(with(Ok(Management::None), Ok(Management::Reads)).exit_status(), 1);
    // The settings can name the trails that feed the alerts: then another one does not help.
    let feeding = report_of(|_| (), &[("FEEDING_TRAILS", second)], 1_000, Some("stack"));
    assert!(wrong(&feeding).contains("of FeedingTrails does not exist"), "{}", wrong(&feeding));
}

#[test]
fn selectors_say_which_management_events_are_logged() {
    let basic = |kind: &str, management: bool| {
        Management::read(&json!({"EventSelectors": [{"ReadWriteType": kind, "IncludeManagementEvents": management}]}))
    };
    assert_eq!(basic("All", true), Some(Management::All));
    assert_eq!(basic("WriteOnly", true), Some(Management::Writes));
    assert_eq!(basic("ReadOnly", true), Some(Management::Reads));
    assert_eq!(basic("All", false), Some(Management::None));
    let field = |name: &str, operator: &str, values: &[&str]| json!({"Field": name, operator: values});
    let advanced = |selectors: &[&[Value]]| {
        let selectors: Vec<_> = selectors.iter().map(|fields| json!({"FieldSelectors": fields})).collect();
        Management::read(&json!({"AdvancedEventSelectors": selectors, "EventSelectors": []}))
    };
    let management = || field("eventCategory", "Equals", &["Management"]);
    let reads = |only: &str| [management(), field("readOnly", "Equals", &[only])];
    assert_eq!(advanced(&[&[management()]]), Some(Management::All));
    assert_eq!(advanced(&[&reads("true")]), Some(Management::Reads));
    assert_eq!(advanced(&[&reads("false")]), Some(Management::Writes));
    assert_eq!(advanced(&[&reads("true"), &reads("false")]), Some(Management::All));
    assert_eq!(advanced(&[&[field("eventCategory", "Equals", &["Data"])]]), Some(Management::None));
    let without = |source: &str| advanced(&[&[management(), field("eventSource", "NotEquals", &[source])]]);
    assert_eq!(without("kms.amazonaws.com"), Some(Management::All));
    assert_eq!(without("iam.amazonaws.com"), Some(Management::Some), "not evaluated");
    let only_s3 = [management(), field("eventSource", "Equals", &["s3.amazonaws.com"])];
    assert_eq!(advanced(&[&only_s3]), Some(Management::Some));
    assert_eq!(Management::read(&json!({})), None);
}

#[test]
fn a_new_stack_is_not_broken_because_nothing_has_come_yet() {
    let new = |change: fn(&mut Readings)| report_of(change, &[], 0, Some("stack"));
    for change in [
        (|all: &mut Readings| all.runs = Ok(Runs::default())) as fn(&mut Readings),
        |all| all.last_event = Ok(None),
        |all| all.heartbeats = Some(Ok(Vec::new())),
        |all| all.heartbeats = Some(Ok(vec![heartbeat("111122223333", 0, false)])),
    ] {
        assert_eq!(new(change).exit_status(), 3, "{}", wrong(&new(change)));
    }
}

#[test]
fn without_a_history_there_is_no_heartbeat_and_the_doctor_says_so() {
    let off = |all: &mut Readings| (all.table, all.heartbeats) = (None, None);
    let report = report_of(off, &[("HISTORY_TABLE", ""), ("HEARTBEAT_ROLE", "")], 1_000, Some("stack"));
    assert!(wrong(&report).starts_with("--  history       off (EnableHistory=false): there is no heartbeat"));
    assert!(!report.0.iter().any(|finding| finding.check == "heartbeat"));
}

#[test]
fn a_member_that_is_silent_is_named() {
    let organization = [("READER_ROLE", "alerts-reader"), ("ACCOUNT_NAMES", "222233334444=acme-dev")];
    let with = |members: &[Heartbeat]| {
        let all: Vec<_> = [heartbeat("111122223333", 5, true)].iter().chain(members).cloned().collect();
        let report = report_of(|readings| readings.heartbeats = Some(Ok(all.clone())), &organization, 1_000, None);
        let members = report.0.into_iter().filter(|finding| finding.check == "members").collect();
        Report(members).text()
    };
    let late = [heartbeat("222233334444", 60, true), heartbeat("333344445555", 6, true)];
    let text = with(&late);
    assert!(text.starts_with("!!  members       1 member account sent no heartbeat for more than a day: 222233334444 acme-dev (2 days ago)."), "{text}");
    assert!(text.contains("aws events describe-rule --region us-east-1 --name alerts-forward"), "{text}");
    assert!(with(&late[1..]).starts_with("OK  members       1 member account sent"));
    let closed = heartbeat("444455556666", 24 * 40, true);
    assert!(with(&[closed]).starts_with("--  members       No member account has ever"));
}

#[test]
fn a_stack_that_terraform_deployed_is_restored_and_replayed_by_terraform() {
    let of_terraform = |change: fn(&mut Readings)| wrong(&report_of(change, &[], 1_000, None));
    assert!(of_terraform(|all| all.observed.rules[0].1 = Ok(None)).contains("terraform apply restores this"));
    assert!(of_terraform(|all| all.queues[1].1 = Ok(1)).contains("terraform output -raw replay_failed"));
}

#[test]
fn where_the_doctor_looked_is_said_if_there_is_no_stack() {
    let elsewhere = Place { region: "eu-west-1".to_owned(), ..place(Some("stack")) };
    assert!(
        Report(vec![region(&elsewhere)]).text().contains("!!  region        In eu-west-1, no events of IAM arrive")
    );
    let text = Report(stack(&elsewhere, "stack", &Ok(None), Some("111122223333"))).text();
    assert!(text.contains("There is no stack stack in eu-west-1.") && text.contains("account 111122223333"), "{text}");
    assert!(text.contains("--region REGION") && text.contains("--stack NAME") && text.contains("--function NAME"));
    assert!(Report(vec![function(&elsewhere, &Ok(None), None)]).text().contains("does not exist in eu-west-1"));
    let failed = Report(vec![credentials(&Err("ExpiredToken: The security token is expired".to_owned()))]);
    assert!(failed.text().contains("aws configure export-credentials --format env") && failed.exit_status() == 3);
    assert!(failed.text().ends_with("\nNothing could be checked.\n"));
}

#[test]
fn the_state_of_a_stack_and_of_a_function_is_judged() {
    let text = |status: &str, protected| {
        let state = StackState {
            status: status.to_owned(),
            reason: Some("No export named x".to_owned()),
            protected,
            created: None,
            outputs: BTreeMap::new(),
        };
        Report(stack(&place(Some("stack")), "stack", &Ok(Some(state)), None)).text()
    };
    assert!(text("UPDATE_COMPLETE", true).starts_with("OK  stack         stack in us-east-1 is UPDATE_COMPLETE\n\n"));
    assert!(text("CREATE_COMPLETE", false).contains("--enable-termination-protection"));
    assert!(
        text("ROLLBACK_COMPLETE", true)
            .starts_with("!!  stack         stack in us-east-1 is ROLLBACK_COMPLETE: No export")
    );
    assert!(text("DELETE_IN_PROGRESS", true).starts_with("!!"));
    assert!(text("UPDATE_IN_PROGRESS", true).starts_with("??"));
    assert!(text("REVIEW_IN_PROGRESS", true).contains("the change set was not executed"));
    assert!(text("UPDATE_ROLLBACK_COMPLETE", true).starts_with("--"));
    let of = |state: &str, update: &str| {
        let (state, last_update) = (state.to_owned(), update.to_owned());
        let (reason, variables) = (Some("The KMS key is disabled".to_owned()), BTreeMap::new());
        let state = FunctionState { name: "alerter".to_owned(), state, last_update, reason, variables };
        function(&place(None), &Ok(Some(state)), None)
    };
    assert_eq!(of("Active", "Successful").status, Status::Ok);
    assert_eq!(of("Inactive", "Successful").status, Status::Ok);
    assert_eq!(of("Active", "InProgress").status, Status::Unknown);
    assert_eq!(of("Failed", "Successful").status, Status::Broken);
    assert!(Report(vec![of("Active", "Failed")]).text().contains("its last update Failed: The KMS key is disabled."));
}

#[test]
fn for_scripts_there_is_one_object_a_finding() {
    let json = report(|all| rule(all, 0).enabled = false).json();
    assert_eq!(
        json[0],
        json!({"name": "settings", "status": "ok", "text": "the variables of the function are as deployed", "action": ""})
    );
    assert_eq!(json[1]["status"], "broken");
    assert_eq!(json[1]["action"], "aws events enable-rule --region us-east-1 --name alerts-iam");
}

#[test]
fn a_value_that_could_be_an_option_is_no_argument() {
    assert_eq!(Command::new("aws logs tail").argument("--profile"), None);
}

#[test]
fn the_template_has_every_rule_that_is_looked_for() {
    let template = include_str!("../../template.yaml");
    for rule in parts::RULES {
        assert!(template.contains(&format!("\n      Name: !Sub ${{AlertTopicName}}-{rule}\n")), "{rule}");
    }
}
