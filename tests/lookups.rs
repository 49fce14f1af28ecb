//! The directory and the publisher with AWS's wire protocol, against a function in place of AWS: every outcome of a
//! lookup, and every outcome of a mail.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::{BehaviorVersion, Region};
use aws_smithy_http_client::test_util::{NeverClient, infallible_client_fn};
use chrono::Utc;
use http::Response;
use iam_security_alert::app::{Channels, Expecting, Handler, InvocationResult};
use iam_security_alert::catalog;
use iam_security_alert::channel::email::Email;
use iam_security_alert::channel::sns::Publisher;
use iam_security_alert::config::Settings;
use iam_security_alert::event::{Activity, Delivery};
use iam_security_alert::lookup::iam::{IamDirectory, READ_ACTIONS};
use iam_security_alert::lookup::{
    AttachedPolicies, Directory, Dossier, KnownCaller, KnownTarget, Lookup, RoleQuestion, Unavailable, UserQuestion,
    enrich,
};
use iam_security_alert::policy::{Access, AccessLevel, Holder, Named, Parsed};
use iam_security_alert::severity::Severity;
use iam_security_alert::telemetry::InvocationLog;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const ACCOUNT: &str = "123456789012";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:alerts";

/// The requests to AWS: the action and its parameters, in order.
type Asked = Arc<Mutex<Vec<(String, HashMap<String, String>)>>>;

/// An answer of AWS: status and body.
type Answer = (u16, String);

fn parameters(body: &str) -> HashMap<String, String> {
    let decoded =
        |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned();
    body.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (decoded(key), decoded(value))).collect()
}

/// AWS as a function from action and parameters to an answer.
fn aws(
    answer: impl Fn(&str, &HashMap<String, String>) -> Answer + Send + Sync + 'static,
) -> (aws_sdk_iam::config::SharedHttpClient, Asked) {
    let asked = Asked::default();
    let log = asked.clone();
    let http = infallible_client_fn(move |request| {
        let parameters = parameters(std::str::from_utf8(request.body().bytes().unwrap()).unwrap());
        let action = parameters["Action"].clone();
        let (status, body) = answer(&action, &parameters);
        log.lock().unwrap().push((action, parameters));
        Response::builder().status(status).body(body).unwrap()
    });
    (http, asked)
}

fn result(action: &str, body: &str) -> Answer {
    (200, format!("<{action}Response><{action}Result>{body}</{action}Result></{action}Response>"))
}

fn error(status: u16, code: &str) -> Answer {
    (
        status,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
        ),
    )
}

/// An account with one user: ops-carol, a member of the group Admins.
fn account(action: &str, parameters: &HashMap<String, String>) -> Answer {
    let carol = parameters.get("UserName").is_none_or(|name| name == "ops-carol");
    match action {
        "GetUser" if carol => result(
            action,
            "<User><Path>/</Path><UserName>ops-carol</UserName><UserId>AIDAEXAMPLEOPSCAROL1</UserId>\
             <Arn>arn:aws:iam::123456789012:user/ops-carol</Arn><CreateDate>2023-02-14T09:12:44Z</CreateDate>\
             <Tags><member><Key>team</Key><Value>platform</Value></member></Tags></User>",
        ),
        "ListGroupsForUser" if carol => result(
            action,
            &list(
                "Groups",
                "<Path>/</Path><GroupName>Admins</GroupName><GroupId>AGPA1</GroupId><Arn>a</Arn><CreateDate>2023-02-14T09:12:44Z</CreateDate>",
                1,
            ),
        ),
        "ListAttachedGroupPolicies" => result(
            action,
            &list(
                "AttachedPolicies",
                "<PolicyName>all</PolicyName><PolicyArn>arn:aws:iam::123456789012:policy/all</PolicyArn>",
                1,
            ),
        ),
        "GetPolicy" => {
            result(action, "<Policy><PolicyName>all</PolicyName><DefaultVersionId>v3</DefaultVersionId></Policy>")
        }
        "GetPolicyVersion" => result(
            action,
            "<PolicyVersion><Document>%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D</Document><VersionId>v3</VersionId></PolicyVersion>",
        ),
        "ListAttachedUserPolicies" if carol => result(action, &list("AttachedPolicies", "", 0)),
        "ListUserPolicies" if carol => result(action, "<PolicyNames></PolicyNames>"),
        "ListGroupPolicies" => result(action, "<PolicyNames></PolicyNames>"),
        "ListMFADevices" if carol => result(action, &list("MFADevices", "", 0)),
        "ListAccessKeys" if carol => result(
            action,
            &list(
                "AccessKeyMetadata",
                "<UserName>ops-carol</UserName><AccessKeyId>AKIAEXAMPLECAROL0001</AccessKeyId><Status>Active</Status><CreateDate>2025-10-06T08:00:00Z</CreateDate>",
                1,
            ),
        ),
        "GetAccessKeyLastUsed" => result(
            action,
            "<UserName>ops-carol</UserName><AccessKeyLastUsed><Region>N/A</Region><ServiceName>N/A</ServiceName></AccessKeyLastUsed>",
        ),
        "ListAccountAliases" => result(action, "<AccountAliases><member>acme-prod</member></AccountAliases>"),
        _ => error(404, "NoSuchEntity"),
    }
}

fn list(name: &str, member: &str, times: usize) -> String {
    format!("<{name}>{}</{name}><IsTruncated>false</IsTruncated>", format!("<member>{member}</member>").repeat(times))
}

fn directory(http: impl aws_sdk_iam::config::HttpClient + 'static) -> IamDirectory {
    let config = aws_sdk_iam::Config::builder()
        .with_test_defaults()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::disabled())
        .http_client(http)
        .build();
    IamDirectory::new(aws_sdk_iam::Client::from_conf(config), Some(ACCOUNT.to_owned()))
}

fn event() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/events/create_user.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn activity() -> Activity {
    read(event())
}

fn read(event: Value) -> Activity {
    Activity::from_delivery(&Delivery::from_eventbridge(event).unwrap()).unwrap().activity().unwrap()
}

/// What policies grant to an identity whose ARN is not known.
fn access(attached: &AttachedPolicies) -> Access {
    attached.access(Holder::default(), &Named::default())
}

/// Whether the document allows all actions on all resources.
fn allows_everything(document: &Parsed) -> bool {
    document.policy().is_some_and(|policy| policy.describe()[0].plain() == "allows * on *")
}

async fn dossier(directory: &IamDirectory) -> Dossier {
    enrich(directory, &activity(), Instant::now() + Duration::from_secs(5)).await
}

fn target(dossier: &Dossier) -> &iam_security_alert::lookup::User {
    let KnownTarget::User(user) = &dossier.target else { panic!("{dossier:?}") };
    user
}

fn caller(dossier: &Dossier) -> &iam_security_alert::lookup::User {
    let KnownCaller::User(user) = &dossier.caller else { panic!("{dossier:?}") };
    user
}

#[tokio::test(start_paused = true)]
async fn found_a_caller_is_read_through_its_groups_to_the_encoded_document() {
    let (http, _) = aws(account);
    let dossier = dossier(&directory(http)).await;
    let carol = caller(&dossier);
    assert_eq!(carol.profile.found().unwrap().id, "AIDAEXAMPLEOPSCAROL1".into());
    assert_eq!(carol.groups.found().unwrap().items, ["Admins".into()]);
    assert_eq!(access(&carol.attached).words().plain(), "administrator: all (through the group Admins)");
    assert_eq!(carol.key_last_used.found().unwrap().service, None, "N/A is no service");
    assert_eq!(dossier.account.name, Lookup::Found("acme-prod".into()));
    assert_eq!(dossier.unanswered(), 0);
}

#[tokio::test(start_paused = true)]
async fn missing_a_new_user_is_looked_up_again_and_then_missing() {
    let (http, asked) = aws(account);
    let directory = directory(http);
    let begun = Instant::now();
    let dossier = dossier(&directory).await;
    assert_eq!(target(&dossier).profile, Lookup::Missing);
    assert_eq!(target(&dossier).password, Lookup::Missing);
    let times =
        asked.lock().unwrap().iter().filter(|(action, p)| action == "GetUser" && p["UserName"] == "deploy-bot").count();
    assert_eq!(times, 3);
    assert!(begun.elapsed() < Duration::from_secs(2));
}

/// The account with a second user, deploy-bot, who has the same data as ops-carol.
fn with_deploy_bot(action: &str, parameters: &HashMap<String, String>) -> Answer {
    if parameters.get("UserName").is_some_and(|name| name == "deploy-bot") {
        let (status, body) = account(action, &HashMap::new());
        return (status, body.replace("ops-carol", "deploy-bot"));
    }
    account(action, parameters)
}

#[tokio::test(start_paused = true)]
async fn a_user_that_appears_late_is_found_by_the_second_lookup() {
    let times = Mutex::new(0);
    let (http, asked) = aws(move |action, parameters| {
        let mut times = times.lock().unwrap();
        *times += u32::from(action == "GetUser" && parameters["UserName"] == "deploy-bot");
        if *times >= 3 { with_deploy_bot(action, parameters) } else { account(action, parameters) }
    });
    let dossier = dossier(&directory(http)).await;
    assert!(target(&dossier).profile.found().is_some());
    assert_eq!(target(&dossier).groups.found().unwrap().items.len(), 1);
    let lists = asked
        .lock()
        .unwrap()
        .iter()
        .filter(|(action, p)| action == "ListAccessKeys" && p["UserName"] == "deploy-bot")
        .count();
    assert_eq!(lists, 2, "while the user is missing, nothing but the user is asked for");
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_does_not_know_the_user_yet_says_nothing_of_its_keys() {
    let (http, asked) = aws(|action, parameters| match action {
        "ListAccessKeys" | "ListAttachedUserPolicies" if parameters["UserName"] == "deploy-bot" => {
            error(404, "NoSuchEntity")
        }
        _ => with_deploy_bot(action, parameters),
    });
    let dossier = dossier(&directory(http)).await;
    let bot = target(&dossier);
    assert_eq!(bot.access_keys, Lookup::Unavailable(Unavailable::NotVisible));
    assert_eq!(bot.password, Lookup::Unavailable(Unavailable::NotVisible), "no such entity may mean no such user");
    assert_eq!(bot.attached.gaps[0].reason, Unavailable::NotVisible);
    assert!(asked.lock().unwrap().iter().filter(|(action, _)| action == "ListMFADevices").count() > 2, "asked again");
}

#[tokio::test(start_paused = true)]
async fn cached_data_of_another_user_with_the_same_name_is_not_used() {
    let (http, asked) = aws(account);
    let directory = directory(http);
    let question = |id: &str| UserQuestion {
        account: None,
        name: "ops-carol".into(),
        id: Some(id.into()),
        key_in_use: None,
        password: false,
    };
    let soon = Instant::now() + Duration::from_secs(5);
    for (id, calls) in [("AIDA1", 1), ("AIDA1", 1), ("AIDA2", 2)] {
        directory.known_user(&question(id), soon).await;
        assert_eq!(asked.lock().unwrap().iter().filter(|(action, _)| action == "GetUser").count(), calls, "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_for_another_lookup_of_the_alias_ends_at_the_own_deadline() {
    let directory = directory(NeverClient::new());
    let begun = Instant::now();
    let (_, mine) = tokio::join!(directory.account(&None, begun + Duration::from_secs(5)), async {
        let alias = directory.account(&None, begun + Duration::from_secs(1)).await.name;
        (alias, begun.elapsed())
    });
    assert_eq!(mine, (Lookup::Unavailable(Unavailable::TimedOut), Duration::from_secs(1)));
}

#[tokio::test(start_paused = true)]
async fn denied_throttled_and_failed_are_reasons_not_absences() {
    for (status, code, reason) in [
        (403, "AccessDenied", Unavailable::Denied("iam:GetUser")),
        (400, "Throttling", Unavailable::Throttled),
        (403, "InvalidClientTokenId", Unavailable::Failed("InvalidClientTokenId".into())),
    ] {
        let (http, _) = aws(move |_, _| error(status, code));
        let dossier = dossier(&directory(http)).await;
        assert_eq!(caller(&dossier).profile, Lookup::Unavailable(reason.clone()));
        assert_eq!(target(&dossier).profile, Lookup::Unavailable(reason));
        let access = access(&caller(&dossier).attached);
        assert_eq!((access.level_word(), access.words().plain().as_str()), ("unknown", "not known"));
        // For each user: the login profile, keys, MFA devices, groups, attached and inline policies. For the caller
        // also the last use of the key, for the target also the password; and the account alias.
        assert_eq!(dossier.unanswered(), 15);
    }
}

#[tokio::test(start_paused = true)]
async fn timed_out_lookups_end_at_the_deadline() {
    let directory = directory(NeverClient::new());
    let begun = Instant::now();
    let dossier = enrich(&directory, &activity(), begun + Duration::from_millis(700)).await;
    assert_eq!(begun.elapsed(), Duration::from_millis(700));
    assert_eq!(caller(&dossier).profile, Lookup::Unavailable(Unavailable::TimedOut));
    assert_eq!(dossier.account.name, Lookup::Unavailable(Unavailable::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn pages_are_followed_up_to_a_bound_that_is_noted() {
    let (http, _) = aws(|action, parameters| match action {
        "ListUserPolicies" => {
            let page: usize = parameters.get("Marker").map_or(0, |marker| marker.parse().unwrap());
            let names = (0..40).map(|i| format!("<member>p{page}-{i}</member>")).collect::<Vec<_>>().concat();
            result(
                action,
                &format!(
                    "<PolicyNames>{names}</PolicyNames><IsTruncated>true</IsTruncated><Marker>{}</Marker>",
                    page + 1
                ),
            )
        }
        "GetUserPolicy" => result(
            action,
            "<UserName>u</UserName><PolicyName>p</PolicyName><PolicyDocument>%7B%22Statement%22%3A%5B%5D%7D</PolicyDocument>",
        ),
        _ => account(action, parameters),
    });
    let dossier = dossier(&directory(http)).await;
    let attached = &caller(&dossier).attached;
    let inline = attached.policies.iter().filter(|policy| policy.arn.is_none());
    let (read, unread): (Vec<_>, Vec<_>) = inline.partition(|policy| policy.document.found().is_some());
    assert_eq!((read.len(), unread.len()), (25, 75));
    let access = access(&caller(&dossier).attached);
    assert!(
        access.not_evaluated.iter().any(|limit| limit.plain() == "only the first 100 inline policies were read"),
        "{access:?}"
    );
    assert_eq!(dossier.unanswered(), 0, "what is not asked for did not fail");
}

#[tokio::test(start_paused = true)]
async fn the_caller_and_the_alias_are_cached_and_the_target_is_not() {
    let (http, asked) = aws(account);
    let directory = directory(http);
    dossier(&directory).await;
    let first = std::mem::take(&mut *asked.lock().unwrap());
    assert!(first.iter().any(|(action, _)| action == "ListAccountAliases"));
    dossier(&directory).await;
    let second = std::mem::take(&mut *asked.lock().unwrap());
    assert!(
        !second.is_empty() && second.iter().all(|(_, p)| p.get("UserName").map(String::as_str) == Some("deploy-bot")),
        "{second:?}"
    );
    tokio::time::advance(Duration::from_secs(301)).await;
    dossier(&directory).await;
    assert!(asked.lock().unwrap().iter().any(|(_, p)| p.get("UserName").map(String::as_str) == Some("ops-carol")));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_is_not_cached() {
    let broken = Arc::new(Mutex::new(true));
    let switch = broken.clone();
    let (http, _) = aws(
        move |action, parameters| {
            if *switch.lock().unwrap() { error(400, "Throttling") } else { account(action, parameters) }
        },
    );
    let directory = directory(http);
    assert!(dossier(&directory).await.unanswered() > 0);
    *broken.lock().unwrap() = false;
    // By then, IAM does not count as busy any more.
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(dossier(&directory).await.unanswered(), 0);
}

#[tokio::test]
async fn users_of_another_account_are_not_looked_up_in_this_account() {
    let (http, asked) = aws(account);
    let mut event = event();
    event["detail"]["recipientAccountId"] = json!("999900001111");
    event["detail"]["userIdentity"]["accountId"] = json!("999900001111");
    let activity = read(event);
    let dossier = enrich(&directory(http), &activity, Instant::now() + Duration::from_secs(1)).await;
    assert!(matches!((dossier.caller, dossier.target), (KnownCaller::NotAsked(_), KnownTarget::NotAsked(_))));
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_role_is_read_with_its_description_and_policies() {
    let (http, _) = aws(|action, _| match action {
        "GetRole" => result(
            action,
            "<Role><Path>/</Path><RoleName>deploy</RoleName><RoleId>AROA1</RoleId><Arn>arn:aws:iam::123456789012:role/deploy</Arn><CreateDate>2023-02-14T09:12:44Z</CreateDate><Description>Deploys</Description><RoleLastUsed><LastUsedDate>2026-11-21T00:00:00Z</LastUsedDate><Region>eu-west-1</Region></RoleLastUsed><PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>arn:b</PermissionsBoundaryArn></PermissionsBoundary></Role>",
        ),
        "ListAttachedRolePolicies" => result(
            action,
            &list(
                "AttachedPolicies",
                "<PolicyName>IAMFullAccess</PolicyName><PolicyArn>arn:aws:iam::aws:policy/IAMFullAccess</PolicyArn>",
                1,
            ),
        ),
        "ListRolePolicies" => result(action, "<PolicyNames><member>x</member></PolicyNames>"),
        "GetRolePolicy" => result(
            action,
            "<RoleName>deploy</RoleName><PolicyName>x</PolicyName><PolicyDocument>{\"Statement\":[]}</PolicyDocument>",
        ),
        _ => error(404, "NoSuchEntity"),
    });
    let role = directory(http)
        .known_role(
            &RoleQuestion { account: None, name: "deploy".into(), id: None },
            Instant::now() + Duration::from_secs(1),
        )
        .await;
    let profile = role.profile.found().unwrap();
    assert_eq!((profile.description.clone(), profile.boundary.clone()), (Some("Deploys".into()), Some("arn:b".into())));
    assert!(profile.last_used.is_some());
    assert_eq!(access(&role.attached).level, AccessLevel::Administrator);
    assert_eq!(role.attached.policies.len(), 2);
}

#[tokio::test]
async fn a_password_is_found() {
    let (http, _) = aws(|action, parameters| match action {
        "GetLoginProfile" => result(
            action,
            "<LoginProfile><UserName>ops-carol</UserName><CreateDate>2026-11-22T06:00:00Z</CreateDate></LoginProfile>",
        ),
        _ => account(action, parameters),
    });
    let question = UserQuestion { account: None, name: "ops-carol".into(), id: None, key_in_use: None, password: true };
    let user = directory(http).fresh_user(&question, false, Instant::now() + Duration::from_secs(1)).await;
    assert!(user.password.found().is_some());
}

fn publisher(http: aws_sdk_sns::config::SharedHttpClient) -> Publisher {
    let config = aws_sdk_sns::Config::builder()
        .with_test_defaults()
        .behavior_version(aws_sdk_sns::config::BehaviorVersion::v2026_01_12())
        .region(aws_sdk_sns::config::Region::new("us-east-1"))
        .retry_config(aws_sdk_sns::config::retry::RetryConfig::disabled())
        .http_client(http)
        .build();
    Publisher::topic(aws_sdk_sns::Client::from_conf(config), TOPIC.to_owned())
}

fn email() -> Email {
    Email { subject: "[HIGH] x".into(), body: "body".into(), severity: Severity::High, accounts: Vec::new() }
}

#[tokio::test]
async fn a_refused_subject_is_replaced_by_a_plain_one() {
    let (http, asked) = aws(|action, parameters| {
        if parameters["Subject"] == "[HIGH] x" {
            error(400, "InvalidParameter")
        } else {
            result(action, "<MessageId>m</MessageId>")
        }
    });
    assert!(publisher(http).send(&email(), Instant::now() + Duration::from_secs(5)).await.unwrap());
    let subjects: Vec<_> = asked.lock().unwrap().iter().map(|(_, p)| p["Subject"].clone()).collect();
    assert_eq!(subjects, ["[HIGH] x", "[HIGH] IAM security alert"]);
    assert_eq!(asked.lock().unwrap()[1].1["MessageAttributes.entry.1.Value.StringValue"], "HIGH");
}

#[tokio::test]
async fn a_mail_that_sns_does_not_accept_is_an_error_with_the_reason() {
    let (http, asked) = aws(|_, _| error(404, "NotFound"));
    let error = publisher(http).send(&email(), Instant::now() + Duration::from_secs(5)).await.unwrap_err().to_string();
    assert!(error.contains(TOPIC) && error.contains("NotFound"), "{error}");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn lookups_leave_time_to_publish_even_if_little_time_is_left() {
    for (left, budget) in [(30_000, 5_000), (7_000, 3_500), (2_000, 1_000)] {
        let (http, asked) = aws(|action, _| result(action, "<MessageId>m</MessageId>"));
        let settings = Settings::read(|name| (name == "ALERT_TOPIC_ARN").then(|| TOPIC.to_owned())).unwrap();
        let handler = Handler {
            directory: directory(NeverClient::new()),
            publisher: publisher(http),
            channels: Channels::default(),
            history: None,
            watchdog: None,
            expecting: Expecting::new(&settings, None),
            settings,
            clock: Utc::now,
        };
        let begun = Instant::now();
        let mut log = InvocationLog::default();
        let answer = handler.handle(event(), Duration::from_millis(left), &mut log).await.unwrap();
        let InvocationResult::Alert(alert) = answer else { panic!("{answer:?}") };
        assert_eq!(begun.elapsed(), Duration::from_millis(budget));
        assert!(alert.published && alert.text.contains("no answer in time"));
        assert_eq!(log.lookup_failures, 15);
        assert_eq!(asked.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_alert_that_was_not_published_fails_the_invocation_with_its_event_id() {
    let (http, _) = aws(|_, _| error(404, "NotFound"));
    let (iam, _) = aws(account);
    let settings = Settings::read(|name| (name == "ALERT_TOPIC_ARN").then(|| TOPIC.to_owned())).unwrap();
    let handler = Handler {
        directory: directory(iam),
        publisher: publisher(http),
        channels: Channels::default(),
        history: None,
        watchdog: None,
        expecting: Expecting::new(&settings, None),
        settings,
        clock: Utc::now,
    };
    let failure = handler.handle(event(), Duration::from_secs(30), &mut InvocationLog::default()).await.unwrap_err();
    let diagnostic = lambda_runtime::Diagnostic::from(failure);
    assert_eq!(diagnostic.error_type, "NotPublished");
    assert!(diagnostic.error_message.starts_with("event dad98c61-"), "{}", diagnostic.error_message);
}

/// The dossier of another call by ops-carol.
async fn dossier_of(directory: &IamDirectory, name: &str, request: Value) -> Dossier {
    let mut event = event();
    event["detail"]["eventName"] = json!(name);
    event["detail"]["requestParameters"] = request;
    event["detail"]["responseElements"] = json!(null);
    let activity = read(event);
    enrich(directory, &activity, Instant::now() + Duration::from_secs(5)).await
}

#[tokio::test(start_paused = true)]
async fn members_and_policies_of_a_group_are_read() {
    let (http, asked) = aws(|action, parameters| match action {
        "GetGroup" => result(
            action,
            &format!(
                "<Group><Path>/</Path><GroupName>Admins</GroupName><GroupId>AGPA1</GroupId>\
                 <Arn>arn:aws:iam::123456789012:group/Admins</Arn><CreateDate>2023-02-14T09:12:44Z</CreateDate></Group>{}",
                list(
                    "Users",
                    "<Path>/</Path><UserName>bob</UserName><UserId>AIDAB</UserId><Arn>b</Arn><CreateDate>2023-02-14T09:12:44Z</CreateDate>",
                    2,
                )
            ),
        ),
        _ => account(action, parameters),
    });
    let attach = json!({"groupName": "Admins", "policyArn": "arn:aws:iam::123456789012:policy/all"});
    let dossier = dossier_of(&directory(http), "AttachGroupPolicy", attach).await;
    let KnownTarget::Group(group) = &dossier.target else { panic!("{dossier:?}") };
    assert_eq!(group.members.found().unwrap().users.items.len(), 2);
    assert_eq!(access(&group.attached).words().plain(), "administrator: all (attached)");
    assert!(dossier.given.policies.is_empty(), "the group's own policies show it");
    assert_eq!(dossier.unanswered(), 0);
    let members = asked.lock().unwrap().iter().filter(|(action, _)| action == "GetGroup").count();
    assert_eq!(members, 1);
}

#[tokio::test(start_paused = true)]
async fn document_and_attachments_of_a_managed_policy_are_never_cached() {
    let (http, asked) = aws(|action, parameters| match action {
        "ListEntitiesForPolicy" => result(
            action,
            &format!(
                "{}{}{}",
                list("PolicyUsers", "<UserName>bob</UserName><UserId>AIDAB</UserId>", 1),
                list("PolicyRoles", "<RoleName>ci</RoleName><RoleId>AROAC</RoleId>", 1),
                list("PolicyGroups", "", 0),
            ),
        ),
        _ => account(action, parameters),
    });
    let directory = directory(http);
    let set = json!({"policyArn": "arn:aws:iam::123456789012:policy/all", "versionId": "v3"});
    for times in 1..=2 {
        let dossier = dossier_of(&directory, "SetDefaultPolicyVersion", set.clone()).await;
        let KnownTarget::Policy(policy) = &dossier.target else { panic!("{dossier:?}") };
        let holders: Vec<_> = policy.holders.found().unwrap().items.iter().map(|(_, name)| name.raw()).collect();
        assert_eq!(holders, ["bob", "ci"]);
        assert!(allows_everything(policy.document.found().unwrap()));
        assert_eq!(dossier.unanswered(), 0);
        let read = asked.lock().unwrap().iter().filter(|(action, _)| action == "GetPolicyVersion").count();
        // Cached data from before the change would be wrong.
        assert_eq!(read, times + 1, "once for the caller's group, and each time for the target");
    }
}

#[tokio::test(start_paused = true)]
async fn the_trust_policy_of_a_role_is_read() {
    let (http, _) = aws(|action, parameters| match action {
        "GetRole" => result(
            action,
            "<Role><Path>/</Path><RoleName>ci</RoleName><RoleId>AROAC</RoleId><Arn>arn:aws:iam::123456789012:role/ci</Arn>\
             <CreateDate>2023-02-14T09:12:44Z</CreateDate><AssumeRolePolicyDocument>%7B%22Statement%22%3A%5B%5D%7D</AssumeRolePolicyDocument></Role>",
        ),
        "ListAttachedRolePolicies" => result(action, &list("AttachedPolicies", "", 0)),
        "ListRolePolicies" => result(action, "<PolicyNames></PolicyNames>"),
        _ => account(action, parameters),
    });
    let omitted = json!({"omitted": true, "reason": "requestParameters too large", "roleName": "ci"});
    let dossier = dossier_of(&directory(http), "UpdateAssumeRolePolicy", omitted).await;
    let KnownTarget::Role(role) = &dossier.target else { panic!("{dossier:?}") };
    assert_eq!(role.profile.found().unwrap().trust, Some(Parsed::of(r#"{"Statement":[]}"#)));
    assert_eq!(dossier.unanswered(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_the_target_does_not_show_yet_is_read_by_its_arn() {
    let (http, _) = aws(account);
    let attach = json!({"userName": "ops-carol", "policyArn": "arn:aws:iam::123456789012:policy/other"});
    let dossier = dossier_of(&directory(http), "AttachUserPolicy", attach).await;
    let policy = &dossier.given.policies[0];
    assert!(allows_everything(policy.document.found().unwrap()));
}

/// The IAM actions of all lookups, recorded from the requests, are exactly those that the function's role allows.
#[tokio::test(start_paused = true)]
async fn the_actions_that_are_called_are_those_that_the_role_allows() {
    let calls: serde_json::Map<String, Value> = serde_json::from_str(include_str!("calls.json")).unwrap();
    // An account in which every entity exists and has every property.
    let (http, asked) = aws(|action, _| match action {
        "ListUserPolicies" | "ListRolePolicies" | "ListGroupPolicies" => {
            result(action, "<PolicyNames><member>p</member></PolicyNames>")
        }
        "GetRole" => result(
            action,
            "<Role><Path>/</Path><RoleName>r</RoleName><RoleId>AROA1</RoleId><Arn>arn:aws:iam::123456789012:role/r</Arn>\
             <CreateDate>2023-02-14T09:12:44Z</CreateDate></Role>",
        ),
        "ListAttachedUserPolicies" | "ListAttachedRolePolicies" => {
            account("ListAttachedGroupPolicies", &HashMap::new())
        }
        _ => account(action, &HashMap::new()),
    });
    let directory = directory(http);
    for (name, call) in calls.iter().filter(|(_, call)| call.get("source").is_none()) {
        dossier_of(&directory, name.split(' ').next().unwrap(), call["request"].clone()).await;
    }
    let mut by_role = event();
    by_role["detail"]["userIdentity"] = json!({"type": "AssumedRole", "principalId": "AROA1:s",
        "arn": "arn:aws:sts::123456789012:assumed-role/r/s", "accountId": "123456789012"});
    enrich(&directory, &read(by_role), Instant::now() + Duration::from_secs(5)).await;
    let called: std::collections::BTreeSet<_> =
        asked.lock().unwrap().iter().map(|(action, _)| format!("iam:{action}")).collect();
    assert_eq!(called, READ_ACTIONS.map(str::to_owned).into(), "{} rows", catalog::rows().count());
}
