//! An organization: the own account reads members with the reader role, told apart from strangers, against a function in
//! place of AWS. Read the snapshots as mails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use aws_config::SdkConfig;
use aws_smithy_http_client::test_util::infallible_client_fn;
use chrono::{TimeDelta, Utc};
use common::aws::Asked;
use common::{as_snapshot, clock, event};
use http::Response;
use iam_security_alert::app::{Channels, Decision, Draft, Expecting, Handler};
use iam_security_alert::arn::Partition;
use iam_security_alert::channel::sns::Publisher;
use iam_security_alert::config::Settings;
use iam_security_alert::event::Delivery;
use iam_security_alert::lookup::iam::{IamDirectory, Members};
use iam_security_alert::lookup::organization::Organization;
use iam_security_alert::lookup::{Directory, Lookup, Membership, Unavailable, UserQuestion};
use iam_security_alert::severity::Severity;
use iam_security_alert::telemetry::InvocationLog;
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, advance};

const OWN: &str = "999900001111";
const PROD: &str = "111122223333";
const BUILD: &str = "222233334444";
const STRANGER: &str = "666677778888";
const KEY: &str = "AKIAEXAMPLEDANA00001";
const READER: &str = "iam-security-alerts-reader";

/// AWS: what can be changed of it, and what it was asked for.
#[derive(Debug, Default)]
struct World {
    /// The accounts whose reader role may not be assumed.
    closed: HashSet<String>,
    /// Whether AWS Organizations answers.
    organizations: bool,
    /// How many calls AWS Organizations refuses for the moment.
    throttled: usize,
    /// How long sessions last, in seconds.
    session: i64,
    /// Sessions that AWS does not accept any more.
    ended: HashSet<String>,
    /// The calls, as `account:Action`.
    asked: Vec<String>,
    /// How many sessions were opened.
    opened: usize,
}

type Aws = Arc<Mutex<World>>;

fn world() -> Aws {
    Arc::new(Mutex::new(World { organizations: true, session: 3_600, ..World::default() }))
}

/// How often a call was made.
fn times(aws: &Aws, call: &str) -> usize {
    aws.lock().unwrap().asked.iter().filter(|asked| *asked == call).count()
}

type Answer = (u16, String);

fn parameters(body: &str) -> HashMap<String, String> {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
    body.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (decoded(key), decoded(value))).collect()
}

fn error(code: &str) -> Answer {
    (403, format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"))
}

fn sts(world: &mut World, parameters: &HashMap<String, String>) -> Answer {
    let role = &parameters["RoleArn"];
    let account = role.split(':').nth(4).unwrap();
    if world.closed.contains(account) || *role != format!("arn:aws:iam::{account}:role/{READER}") {
        return error("AccessDenied");
    }
    world.opened += 1;
    let expires = (Utc::now() + TimeDelta::seconds(world.session)).format("%Y-%m-%dT%H:%M:%SZ");
    (
        200,
        format!(
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA{account}N{}</AccessKeyId>\
             <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{expires}</Expiration>\
             </Credentials></AssumeRoleResult></AssumeRoleResponse>",
            world.opened
        ),
    )
}

/// IAM of an account with the users dana and alice, who have no policies.
fn iam(account: &str, action: &str, parameters: &HashMap<String, String>) -> Answer {
    let user = parameters.get("UserName").map_or("", String::as_str);
    let empty = |list: &str| format!("<{list}/><IsTruncated>false</IsTruncated>");
    let result = match action {
        "GetUser" => format!(
            "<User><Path>/</Path><UserName>{user}</UserName><UserId>AIDA{account}</UserId>\
             <Arn>arn:aws:iam::{account}:user/{user}</Arn><CreateDate>2025-02-14T09:12:44Z</CreateDate></User>"
        ),
        "ListGroupsForUser" => empty("Groups"),
        "ListAttachedUserPolicies" => empty("AttachedPolicies"),
        "ListUserPolicies" => empty("PolicyNames"),
        "ListMFADevices" => empty("MFADevices"),
        "ListAccessKeys" if user == "dana" => format!(
            "<AccessKeyMetadata><member><UserName>dana</UserName><AccessKeyId>{KEY}</AccessKeyId><Status>Active</Status>\
             <CreateDate>2025-10-06T08:00:00Z</CreateDate></member></AccessKeyMetadata><IsTruncated>false</IsTruncated>"
        ),
        "ListAccessKeys" => empty("AccessKeyMetadata"),
        "ListAccountAliases" => {
            format!("<AccountAliases><member>alias-{}</member></AccountAliases>", &account[..4])
        }
        _ => return error("NoSuchEntity"),
    };
    (200, format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"))
}

fn organizations(world: &mut World, target: &str, body: &Value) -> Answer {
    let failed = |code: &str| (400, json!({"__type": code, "Message": "no"}).to_string());
    if !world.organizations {
        return failed("AccessDeniedException");
    }
    if world.throttled > 0 {
        world.throttled -= 1;
        return failed("TooManyRequestsException");
    }
    let name = |account: &str| match account {
        OWN => Some("acme-security"),
        PROD => Some("acme-prod"),
        BUILD => Some("acme-build"),
        _ => None,
    };
    if target.ends_with(".ListParents") {
        let parent = match body["ChildId"].as_str().unwrap() {
            "ou-ab12-11111111" => json!({"Id": "r-ab12", "Type": "ROOT"}),
            _ => json!({"Id": "ou-ab12-11111111", "Type": "ORGANIZATIONAL_UNIT"}),
        };
        return (200, json!({"Parents": [parent]}).to_string());
    }
    let account = body["AccountId"].as_str().unwrap();
    let Some(name) = name(account) else { return failed("AccountNotFoundException") };
    let arn = format!("arn:aws:organizations::{OWN}:account/o-own1234567/{account}");
    (200, json!({"Account": {"Id": account, "Arn": arn, "Name": name, "Status": "ACTIVE"}}).to_string())
}

fn config(aws: &Aws) -> SdkConfig {
    let aws = aws.clone();
    common::aws::config(infallible_client_fn(move |request| {
        let mut world = aws.lock().unwrap();
        let Asked { key, account, target, body, .. } = Asked::of(&request, OWN);
        if let Some(target) = target {
            world.asked.push(format!("{account}:{}", target.rsplit('.').next().unwrap()));
            let (status, body) = organizations(&mut world, &target, &serde_json::from_str(&body).unwrap());
            return Response::builder().status(status).body(body).unwrap();
        }
        let parameters = parameters(&body);
        let action = parameters["Action"].clone();
        world.asked.push(format!("{account}:{action}"));
        let (status, body) = match action.as_str() {
            "AssumeRole" => sts(&mut world, &parameters),
            _ if world.ended.contains(&key) => error("InvalidClientTokenId"),
            _ => iam(&account, &action, &parameters),
        };
        Response::builder().status(status).body(body).unwrap()
    }))
}

fn directory(aws: &Aws, asks_units: bool) -> IamDirectory {
    let config = config(aws);
    let organization =
        Organization::new(&config, &Partition::Aws, "o-own1234567".to_owned(), Rc::new(Cell::new(asks_units))).unwrap();
    let members = Members::new(config.clone(), "aws", READER.to_owned());
    IamDirectory::of_organization(&config, Some(OWN.to_owned()), Some(Rc::new(members)), Some(organization))
}

fn settings(more: &[(&str, &str)]) -> Settings {
    Settings::read(|name| {
        let given = more.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        given.or_else(|| match name {
            "ALERT_TOPIC_ARN" => Some(format!("arn:aws:sns:us-east-1:{OWN}:iam-security-alerts")),
            "ORGANIZATION_ID" => Some("o-own1234567".to_owned()),
            "READER_ROLE" => Some(READER.to_owned()),
            "HEARTBEAT_ROLE" => Some("iam-security-alerts-heartbeat".to_owned()),
            _ => None,
        })
    })
    .unwrap()
}

/// The event that a user of `caller` created alice in `account`.
fn created(account: &str, caller: &str) -> Value {
    let mut event = event("create_user.json");
    event["account"] = json!(account);
    let detail = &mut event["detail"];
    detail["recipientAccountId"] = json!(account);
    detail["requestParameters"] = json!({"userName": "alice"});
    detail["responseElements"] = json!({"user": {"userName": "alice", "userId": format!("AIDA{account}"),
        "arn": format!("arn:aws:iam::{account}:user/alice"), "path": "/", "createDate": "Nov 22, 2026 5:59:57 AM"}});
    let identity = &mut detail["userIdentity"];
    identity["accountId"] = json!(caller);
    identity["userName"] = json!("dana");
    identity["accessKeyId"] = json!(KEY);
    identity["principalId"] = json!(format!("AIDA{caller}"));
    identity["arn"] = json!(format!("arn:aws:iam::{caller}:user/dana"));
    event
}

async fn decide(directory: IamDirectory, event: Value, settings: Settings) -> (IamDirectory, Option<Draft<'static>>) {
    let (publisher, channels) = (Publisher::Print, Channels::default());
    let handler = Box::leak(Box::new(Handler {
        directory,
        publisher,
        channels,
        expecting: Expecting::new(&settings, None),
        settings,
        history: None,
        watchdog: None,
        clock,
    }));
    let delivery = Delivery::from_eventbridge(event).unwrap();
    let decision = handler.draft(&delivery, Duration::from_secs(25), &mut InvocationLog::default()).await.unwrap();
    let draft = match decision {
        Decision::Alert(draft) => Some(*draft),
        Decision::NotAlerted(_) => None,
    };
    (self::directory(&world(), false), draft)
}

async fn alert(aws: &Aws, event: Value, more: &[(&str, &str)]) -> Draft<'static> {
    decide(directory(aws, false), event, settings(more)).await.1.unwrap()
}

fn mail(draft: &Draft<'_>) -> String {
    // The directory reads the clock of the machine.
    let body = draft
        .email
        .body
        .lines()
        .map(|line| if line.contains("Looked up") { "  Looked up          (now)" } else { line });
    as_snapshot(&draft.email.subject, &(body.collect::<Vec<_>>().join("\n") + "\n"))
}

fn rule(draft: &Draft<'_>, rule: &str) -> String {
    let reason = draft.alert.reasons.iter().find(|reason| reason.rule == rule);
    reason.unwrap_or_else(|| panic!("{:#?}", draft.alert.reasons)).text.plain()
}

#[tokio::test(start_paused = true)]
async fn a_caller_of_another_member_is_looked_up_at_home_and_named() {
    let aws = world();
    let draft = alert(&aws, created(PROD, BUILD), &[]).await;
    insta::assert_snapshot!("member_and_caller_of_another_member", mail(&draft));
    assert_eq!(
        rule(&draft, "external_principal"),
        "dana belongs to acme-build (222233334444), an account of your organization."
    );
    assert_eq!(times(&aws, &format!("{OWN}:AssumeRole")), 2, "once for each account");
    assert_eq!((times(&aws, "111122223333:ListAccessKeys"), times(&aws, "222233334444:ListAccessKeys")), (1, 1));
    assert_eq!(times(&aws, &format!("{OWN}:GetUser")), 0, "the own account was not asked");
}

#[tokio::test(start_paused = true)]
async fn a_stranger_weighs_more_than_a_member() {
    let aws = world();
    aws.lock().unwrap().closed.insert(STRANGER.to_owned());
    let stranger = alert(&aws, created(PROD, STRANGER), &[]).await;
    let said = "dana belongs to 666677778888, which is no account of your organization.";
    assert_eq!(rule(&stranger, "external_principal"), said);
    assert!(stranger.alert.severity >= Severity::High);
    // Where AWS Organizations does not answer, a refused role says nothing.
    aws.lock().unwrap().organizations = false;
    let unknown = alert(&aws, created(PROD, STRANGER), &[]).await;
    assert_eq!(rule(&unknown, "external_principal"), "dana belongs to another account, 666677778888.");
    assert!(unknown.alert.severity >= Severity::High);
    assert_eq!(unknown.alert.steps.len(), stranger.alert.steps.len(), "no reader role is missing");
    // But an accepted one does, and the alias is the name then.
    let member = alert(&aws, created(PROD, BUILD), &[]).await;
    let said = "dana belongs to alias-2222 (222233334444), an account of your organization.";
    assert_eq!(rule(&member, "external_principal"), said);
    let removed = async |caller: &str| {
        let mut event = created(PROD, caller);
        event["detail"]["eventName"] = json!("DeleteUser");
        alert(&aws, event, &[]).await.alert.severity
    };
    assert!(removed(BUILD).await < removed(STRANGER).await);
}

#[tokio::test(start_paused = true)]
async fn without_the_reader_role_the_alert_says_what_to_deploy() {
    let aws = world();
    aws.lock().unwrap().closed.insert(PROD.to_owned());
    let mut event = created(PROD, PROD);
    event["detail"]["eventName"] = json!("CreateAccessKey");
    event["detail"]["responseElements"] =
        json!({"accessKey": {"userName": "alice", "accessKeyId": "AKIAEXAMPLEALICE0001", "status": "Active"}});
    let draft = alert(&aws, event, &[]).await;
    insta::assert_snapshot!("member_without_a_reader_role", mail(&draft));
    assert!(draft.kept_back.is_none() && draft.alert.incomplete && draft.alert.severity >= Severity::High);
    assert_eq!(times(&aws, &format!("{OWN}:AssumeRole")), 1, "a refusal is not asked for again at once");
}

#[tokio::test(start_paused = true)]
async fn an_account_costs_one_call_more_the_first_time() {
    let (aws, soon) = (world(), || Instant::now() + Duration::from_secs(5));
    let directory = directory(&aws, false);
    let question = |name: &str| UserQuestion {
        account: Some(PROD.to_owned()),
        name: name.to_owned(),
        id: None,
        key_in_use: None,
        password: false,
    };
    let calls = || aws.lock().unwrap().asked.len();
    let first = directory.fresh_user(&question("alice"), false, soon()).await;
    assert!(first.profile.found().is_some());
    let of_first = calls();
    directory.fresh_user(&question("bob"), false, soon()).await;
    assert_eq!(calls() - of_first, of_first - 1, "{:?}", aws.lock().unwrap().asked);
    // The session is renewed before it ends.
    advance(Duration::from_mins(54)).await;
    directory.fresh_user(&question("alice"), false, soon()).await;
    assert_eq!(aws.lock().unwrap().opened, 1);
    advance(Duration::from_mins(2)).await;
    directory.fresh_user(&question("alice"), false, soon()).await;
    assert_eq!(aws.lock().unwrap().opened, 2);
    // The role was deleted and created again: its sessions are not accepted any more.
    aws.lock().unwrap().ended.insert(format!("ASIA{PROD}N2"));
    let lost = directory.fresh_user(&question("alice"), false, soon()).await;
    assert!(lost.profile.unavailable().is_some());
    let again = directory.fresh_user(&question("alice"), false, soon()).await;
    assert!(again.profile.found().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_refused_reader_role_is_asked_for_again_after_a_minute() {
    let (aws, account) = (world(), Some(PROD.to_owned()));
    aws.lock().unwrap().closed.insert(PROD.to_owned());
    let directory = directory(&aws, false);
    let closed = async || directory.closed(&account, Instant::now() + Duration::from_secs(5)).await;
    assert_eq!(closed().await, Some(Unavailable::NoReader("AccessDenied".into())));
    aws.lock().unwrap().closed.clear();
    advance(Duration::from_secs(59)).await;
    assert!(closed().await.is_some());
    advance(Duration::from_secs(2)).await;
    assert_eq!(closed().await, None);
    assert_eq!(times(&aws, &format!("{OWN}:AssumeRole")), 2);
}

#[tokio::test(start_paused = true)]
async fn accounts_that_were_not_heard_of_are_dropped() {
    let aws = world();
    let directory = directory(&aws, false);
    let read = async |number: u32| {
        let account = Some(format!("{:012}", 100_000_000_000_u64 + u64::from(number)));
        directory.closed(&account, Instant::now() + Duration::from_secs(5)).await
    };
    for number in 0..5_000 {
        assert_eq!(read(number).await, None);
    }
    assert_eq!(aws.lock().unwrap().opened, 5_000);
    read(4_999).await;
    read(4_940).await;
    assert_eq!(aws.lock().unwrap().opened, 5_000, "the last ones are kept");
    read(0).await;
    assert_eq!(aws.lock().unwrap().opened, 5_001, "the first ones are not");
}

#[tokio::test(start_paused = true)]
async fn organizations_is_asked_once_an_hour_and_not_again_if_it_may_not_be() {
    let aws = world();
    let directory = directory(&aws, true);
    let known = async |account: &str| {
        directory.account(&Some(account.to_owned()), Instant::now() + Duration::from_secs(5)).await
    };
    let prod = known(PROD).await;
    assert_eq!((prod.name, prod.membership), (Lookup::Found("acme-prod".into()), Membership::Member));
    assert_eq!(prod.units, Lookup::Found(vec!["ou-ab12-11111111".into(), "r-ab12".into()]));
    assert_eq!(known(STRANGER).await.membership, Membership::Stranger);
    assert_eq!(known(OWN).await.name, Lookup::Found("acme-security".into()));
    let asked = || times(&aws, &format!("{OWN}:DescribeAccount"));
    known(PROD).await;
    assert_eq!(asked(), 3);
    advance(Duration::from_mins(61)).await;
    aws.lock().unwrap().organizations = false;
    let prod = known(PROD).await;
    assert_eq!((prod.name, prod.membership), (Lookup::Found("alias-1111".into()), Membership::NotKnown));
    known(BUILD).await;
    assert_eq!(asked(), 4, "a refusal holds for all accounts");
}

#[tokio::test(start_paused = true)]
async fn settings_can_be_those_of_an_account_or_a_unit() {
    let aws = world();
    let mailed = async |minimum: &str| {
        let more = [("MINIMUM_SEVERITY", minimum), ("ACCOUNT_NAMES", "111122223333=prod")];
        let directory = directory(&aws, true);
        decide(directory, created(PROD, PROD), settings(&more)).await.1.unwrap().kept_back.is_none()
    };
    assert!(mailed("MEDIUM").await && !mailed("CRITICAL").await);
    assert!(mailed("CRITICAL,prod=MEDIUM").await && !mailed("MEDIUM,prod=CRITICAL").await);
    assert!(mailed("CRITICAL,r-ab12=LOW").await && !mailed("LOW,ou-ab12-11111111=CRITICAL,r-ab12=LOW").await);
    aws.lock().unwrap().organizations = false;
    assert!(mailed("LOW,ou-ab12-11111111=CRITICAL").await, "what is not known silences nothing");
}

/// A call of another service in a member.
fn call(service: &str, name: &str, request: &Value) -> Value {
    let mut event = created(PROD, PROD);
    event["source"] = json!(format!("aws.{service}"));
    let detail = &mut event["detail"];
    detail["eventSource"] = json!(format!("{service}.amazonaws.com"));
    detail["eventName"] = json!(name);
    detail["requestParameters"] = request.clone();
    detail["responseElements"] = Value::Null;
    event
}

#[tokio::test(start_paused = true)]
async fn what_forwards_the_events_in_a_member_is_the_alertings_own() {
    let aws = world();
    for (service, name, request) in [
        ("events", "DisableRule", json!({"name": "iam-security-alerts-forward"})),
        ("events", "RemoveTargets", json!({"rule": "iam-security-alerts-forward", "ids": ["CentralBus"]})),
        ("events", "DisableRule", json!({"name": "iam-security-alerts-forward-doors"})),
        ("iam", "DeleteRolePolicy", json!({"roleName": "iam-security-alerts-forward-region", "policyName": "forward"})),
        ("iam", "DeleteRolePolicy", json!({"roleName": "iam-security-alerts-reader", "policyName": "read"})),
        (
            "sqs",
            "DeleteQueue",
            json!({"queueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/iam-security-alerts-undelivered"}),
        ),
        ("cloudformation", "DeleteStack", json!({"stackName": "StackSet-iam-security-alerts-members-0a1b2c3d"})),
        ("cloudtrail", "StopLogging", json!({"name": "organization-trail"})),
        ("scheduler", "DeleteSchedule", json!({"name": "iam-security-alerts-heartbeat"})),
        ("scheduler", "UpdateSchedule", json!({"name": "iam-security-alerts-heartbeat", "state": "DISABLED"})),
    ] {
        let draft = alert(&aws, call(service, name, &request), &[]).await;
        assert_eq!(draft.alert.severity, Severity::Critical, "{service}:{name}");
    }
    for (service, name, request) in [
        ("events", "DisableRule", json!({"name": "backup"})),
        ("scheduler", "DeleteSchedule", json!({"name": "nightly"})),
        // The central stack's own rule has this name, but in another account.
        ("events", "DisableRule", json!({"name": "iam-security-alerts-iam"})),
        ("sqs", "DeleteQueue", json!({"queueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/orders"})),
    ] {
        let (_, draft) = decide(directory(&aws, false), call(service, name, &request), settings(&[])).await;
        assert!(draft.is_none(), "{service}:{name}");
    }
}

/// Those calls come from the other region, to the same bus.
#[tokio::test(start_paused = true)]
async fn what_forwards_the_events_of_another_region_is_the_alertings_own() {
    let aws = world();
    let queue = "https://sqs.eu-west-1.amazonaws.com/111122223333/iam-security-alerts-undelivered";
    let there = |service: &str, name: &str, request: &Value| {
        let mut event = call(service, name, request);
        event["region"] = json!("eu-west-1");
        event["detail"]["awsRegion"] = json!("eu-west-1");
        event
    };
    for (service, name, request) in [
        ("events", "DisableRule", json!({"name": "iam-security-alerts-forward-region"})),
        ("events", "RemoveTargets", json!({"rule": "iam-security-alerts-forward-region-doors", "ids": ["Bus"]})),
        ("events", "DeleteRule", json!({"name": "iam-security-alerts-forward-region-watch"})),
        ("sqs", "DeleteQueue", json!({"queueUrl": queue})),
        ("cloudformation", "DeleteStack", json!({"stackName": "iam-security-alerts-region"})),
        ("cloudtrail", "StopLogging", json!({"name": "regional-trail"})),
    ] {
        let draft = alert(&aws, there(service, name, &request), &[]).await;
        assert_eq!(draft.alert.severity, Severity::Critical, "{service}:{name}");
    }
    let other = there("events", "DisableRule", &json!({"name": "backup"}));
    assert!(decide(directory(&aws, false), other, settings(&[])).await.1.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_makes_no_mail_and_nothing_else_passes_for_one() {
    let role = "iam-security-alerts-heartbeat";
    let heartbeat = |change: &dyn Fn(&mut Value)| {
        let tags = json!([{"key": "last-heartbeat", "value": "2026-11-22T05:00:00Z"}]);
        let mut event = call("iam", "TagRole", &json!({"roleName": role, "tags": tags}));
        event["detail"]["userIdentity"] = json!({"type": "AssumedRole", "principalId": "AROAEXAMPLE:beat",
            "arn": format!("arn:aws:sts::{PROD}:assumed-role/{role}/beat"), "accountId": PROD,
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::{PROD}:role/{role}"),
                "accountId": PROD, "userName": role}}});
        change(&mut event["detail"]);
        event
    };
    let aws = world();
    let alerted = async |change: &dyn Fn(&mut Value)| {
        decide(directory(&aws, false), heartbeat(change), settings(&[])).await.1.is_some()
    };
    assert!(!alerted(&|_| {}).await);
    assert!(alerted(&|detail| detail["requestParameters"]["tags"][0]["key"] = json!("team")).await);
    let more = json!([{"key": "last-heartbeat", "value": "x"}, {"key": "team", "value": "x"}]);
    assert!(alerted(&|detail| detail["requestParameters"]["tags"] = more.clone()).await);
    assert!(alerted(&|detail| detail["eventName"] = json!("UntagRole")).await);
    assert!(alerted(&|detail| detail["errorCode"] = json!("AccessDenied")).await);
    let other = json!("arn:aws:iam::111122223333:role/admin");
    assert!(
        alerted(&|detail| {
            detail["userIdentity"]["sessionContext"]["sessionIssuer"] =
                json!({"type": "Role", "arn": other, "userName": "admin", "accountId": PROD});
            detail["userIdentity"]["arn"] = json!("arn:aws:sts::111122223333:assumed-role/admin/x");
        })
        .await
    );
}

#[tokio::test(start_paused = true)]
async fn a_trusted_account_of_the_organization_weighs_less_than_a_stranger() {
    let aws = world();
    let severity = async |trusted: &str| {
        let trust = json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": format!("arn:aws:iam::{trusted}:root")}}]});
        let request = json!({"roleName": "auditor", "assumeRolePolicyDocument": trust.to_string()});
        let draft = alert(&aws, call("iam", "CreateRole", &request), &[]).await;
        (draft.alert.severity, rule(&draft, "trusted_principals"))
    };
    let said = "The role can be assumed by any principal that account 222233334444 of this organization authorizes.";
    assert_eq!(severity(BUILD).await, (Severity::Medium, said.to_owned()));
    assert!(severity(STRANGER).await.0 >= Severity::High);
    assert!(!aws.lock().unwrap().asked.iter().any(|asked| asked.starts_with(BUILD)), "nothing is read there");
    aws.lock().unwrap().organizations = false;
    assert!(severity(BUILD).await.0 >= Severity::High, "what is not known is a stranger");
}

#[tokio::test(start_paused = true)]
async fn organizations_is_asked_again_while_it_has_too_many_calls() {
    let aws = world();
    aws.lock().unwrap().throttled = 3;
    let directory = directory(&aws, false);
    let soon = Instant::now() + Duration::from_secs(5);
    assert_eq!(directory.membership(BUILD, soon).await, Membership::Member);
    // Whoever has no time for that gets no answer, and spoils it for nobody.
    aws.lock().unwrap().throttled = 3;
    let short = directory.membership(PROD, Instant::now() + Duration::from_millis(100));
    let patient = directory.membership(PROD, Instant::now() + Duration::from_secs(5));
    assert_eq!(tokio::join!(short, patient), (Membership::NotKnown, Membership::Member));
}
