//! The reading of an account with IAM's wire protocol, against a function in place of IAM.

use super::*;
use crate::lookup::snapshot::Snapshot;
use crate::lookup::{Directory, Gap, GroupQuestion, PolicyQuestion, RoleQuestion, UserQuestion};
use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::{BehaviorVersion, Region};
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::base64;
use http::Response;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Parameters = HashMap<String, String>;
type Answer = (u16, String);
type Asked = Arc<Mutex<Vec<(String, Parameters)>>>;

const ACCOUNT: &str = "123456789012";

/// A directory of an account of which IAM is this function.
fn played(answer: impl Fn(&str, &Parameters) -> Answer + Send + Sync + 'static) -> (IamDirectory, Asked) {
    let asked = Asked::default();
    let log = asked.clone();
    let http = infallible_client_fn(move |request| {
        let body = std::str::from_utf8(request.body().bytes().unwrap()).unwrap();
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned()
        };
        let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        let parameters: Parameters = pairs.map(|(key, value)| (decoded(key), decoded(value))).collect();
        let action = parameters["Action"].clone();
        let (status, body) = answer(&action, &parameters);
        log.lock().unwrap().push((action, parameters));
        Response::builder().status(status).body(body).unwrap()
    });
    let config = aws_sdk_iam::Config::builder()
        .with_test_defaults()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::disabled())
        .http_client(http)
        .build();
    (IamDirectory::new(aws_sdk_iam::Client::from_conf(config), Some(ACCOUNT.to_owned())), asked)
}

fn result(action: &str, body: &str) -> Answer {
    (200, format!("<{action}Response><{action}Result>{body}</{action}Result></{action}Response>"))
}

fn error(status: u16, code: &str) -> Answer {
    (status, format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"))
}

const ALL: &str = "{\n  \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}\n}";
const TRUST: &str = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"+%"}}}"#;
const DATE: &str = "<CreateDate>2023-02-14T09:12:44Z</CreateDate>";

fn encoded(document: &str) -> String {
    percent_encoding::utf8_percent_encode(document, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn members(name: &str, members: &[String]) -> String {
    let members = members.iter().map(|member| format!("<member>{member}</member>")).collect::<Vec<_>>().concat();
    format!("<{name}>{members}</{name}>")
}

fn inline(list: &str, names: &[&str]) -> String {
    let policy =
        |name: &&str| format!("<PolicyName>{name}</PolicyName><PolicyDocument>{}</PolicyDocument>", encoded(ALL));
    members(list, &names.iter().map(policy).collect::<Vec<_>>())
}

fn attached(names: &[&str]) -> String {
    let policy = |name: &&str| {
        format!("<PolicyName>{name}</PolicyName><PolicyArn>arn:aws:iam::123456789012:policy/{name}</PolicyArn>")
    };
    members("AttachedManagedPolicies", &names.iter().map(policy).collect::<Vec<_>>())
}

fn policy() -> String {
    let version = |number: usize, document: &str| {
        format!(
            "<Document>{}</Document><VersionId>v{number}</VersionId><IsDefaultVersion>{}</IsDefaultVersion>{DATE}",
            encoded(document),
            number == 10
        )
    };
    let versions = members("PolicyVersionList", &[version(10, ALL), version(9, "{}")]);
    let policy = format!(
        "<PolicyName>All</PolicyName><PolicyId>ANPA1</PolicyId><Arn>arn:aws:iam::123456789012:policy/All</Arn>\
         <Path>/</Path><DefaultVersionId>v10</DefaultVersionId><AttachmentCount>2</AttachmentCount>\
         <IsAttachable>true</IsAttachable>{DATE}<UpdateDate>2024-02-14T09:12:44Z</UpdateDate>{versions}"
    );
    members("Policies", &[policy])
}

fn group() -> String {
    let group = format!(
        "<Path>/</Path><GroupName>Admins</GroupName><GroupId>AGPA1</GroupId>\
         <Arn>arn:aws:iam::123456789012:group/Admins</Arn>{DATE}{}{}",
        inline("GroupPolicyList", &["z", "a"]),
        attached(&["All"])
    );
    members("GroupDetailList", &[group])
}

fn user(name: &str) -> String {
    let groups = members("GroupList", &["Zeta".into(), "Admins".into()]);
    let tag = |key: &str| format!("<Key>{key}</Key><Value>x</Value>");
    format!(
        "<Path>/team/</Path><UserName>{name}</UserName><UserId>AIDA1</UserId>\
         <Arn>arn:aws:iam::123456789012:user/team/{name}</Arn>{DATE}{}{groups}{}\
         <PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>\
         <PermissionsBoundaryArn>arn:aws:iam::123456789012:policy/All</PermissionsBoundaryArn></PermissionsBoundary>{}",
        inline("UserPolicyList", &["own"]),
        attached(&["B", "All"]),
        members("Tags", &[tag("team"), tag("cost")])
    )
}

fn role() -> String {
    let role = format!(
        "<Path>/</Path><RoleName>Deploy</RoleName><RoleId>AROA1</RoleId><Arn>arn:aws:iam::123456789012:role/Deploy</Arn>\
         {DATE}<AssumeRolePolicyDocument>{}</AssumeRolePolicyDocument><InstanceProfileList/>\
         <RolePolicyList/><AttachedManagedPolicies/>\
         <RoleLastUsed><LastUsedDate>2025-01-01T00:00:00Z</LastUsedDate></RoleLastUsed>",
        encoded(TRUST)
    );
    members("RoleDetailList", &[role])
}

fn provider(list: &str, arns: &[&str]) -> String {
    let arn = |arn: &&str| format!("<Arn>arn:aws:iam::123456789012:{arn}</Arn>");
    members(list, &arns.iter().map(arn).collect::<Vec<_>>())
}

/// An account with one entity of each kind.
fn account(action: &str, parameters: &Parameters) -> Answer {
    let body = match (action, parameters.get("Filter.member.1").map(String::as_str)) {
        (_, Some("LocalManagedPolicy")) => policy(),
        (_, Some("Group")) => group(),
        (_, Some("User")) => members("UserDetailList", &[user("Ops-Carol")]),
        (_, Some("Role")) => role(),
        ("GenerateCredentialReport", _) => "<State>COMPLETE</State>".into(),
        ("GetCredentialReport", _) => {
            let report = "user,arn,password_enabled\nOps-Carol,arn:aws:iam::1:user/team/Ops-Carol,true\n";
            format!("<Content>{}</Content><ReportFormat>text/csv</ReportFormat>", base64::encode(report))
        }
        ("ListSAMLProviders", _) => provider("SAMLProviderList", &["saml-provider/Okta"]),
        ("GetSAMLProvider", _) => "<SAMLMetadataDocument>&lt;x/&gt;</SAMLMetadataDocument>".into(),
        ("ListOpenIDConnectProviders", _) => {
            provider("OpenIDConnectProviderList", &["oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A"])
        }
        ("GetOpenIDConnectProvider", _) => {
            let ids = members("ClientIDList", &["z".into(), "a".into()]);
            format!(
                "<Url>oidc.eks.eu-west-1.amazonaws.com/id/A</Url>{ids}{}",
                members("ThumbprintList", &["ff".into()])
            )
        }
        ("GetAccountPasswordPolicy", _) => "<PasswordPolicy><MinimumPasswordLength>14</MinimumPasswordLength>\
             <RequireSymbols>true</RequireSymbols><RequireNumbers>true</RequireNumbers>\
             <RequireUppercaseCharacters>false</RequireUppercaseCharacters>\
             <RequireLowercaseCharacters>false</RequireLowercaseCharacters>\
             <AllowUsersToChangePassword>true</AllowUsersToChangePassword><ExpirePasswords>true</ExpirePasswords>\
             <MaxPasswordAge>90</MaxPasswordAge></PasswordPolicy>"
            .into(),
        _ => panic!("{action}"),
    };
    result(action, &body)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

async fn page(directory: &IamDirectory, place: &str) -> Page {
    directory.page(&None, &Place::parse(place), soon()).await.unwrap()
}

/// All pages from this place on. Every page is read by an invocation of its own.
async fn all(directory: &IamDirectory, place: &str) -> (Vec<Entity>, Vec<Gap>) {
    let (mut entities, mut gaps, mut next) = (Vec::new(), Vec::new(), Some(place.to_owned()));
    while let Some(place) = next {
        let page = page(directory, &place).await;
        next = page.next.map(|next| next.word());
        entities.extend(page.entities);
        gaps.extend(page.gaps);
    }
    (entities, gaps)
}

/// Where the next page begins, and what could not be read.
fn gist(page: &Page) -> (String, Vec<(String, Unavailable)>) {
    let gaps = page.gaps.iter().map(|gap| (gap.what.plain(), gap.reason.clone())).collect();
    (page.next.as_ref().map_or_else(String::new, Place::word), gaps)
}

fn of<'a>(entities: &'a [Entity], resource: &str) -> &'a Value {
    &entities.iter().find(|entity| entity.resource == resource).unwrap().content
}

#[tokio::test(start_paused = true)]
async fn an_account_is_read_in_order_with_the_actions_that_the_role_allows() {
    let (directory, asked) = played(account);
    let (entities, gaps) = all(&directory, "").await;
    let resources: Vec<_> = entities.iter().map(|entity| entity.resource.as_str()).collect();
    let expected = [
        "policy/all",
        "group/admins",
        "user/ops-carol",
        "role/deploy",
        "credentials/ops-carol",
        "saml-provider/okta",
        "oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A",
        "password-policy",
    ];
    assert_eq!((resources, gaps), (expected.to_vec(), Vec::new()));
    let asked = asked.lock().unwrap();
    let called: BTreeSet<_> = asked.iter().map(|(action, _)| format!("iam:{action}")).collect();
    assert_eq!(called, INVENTORY_ACTIONS.map(str::to_owned).into());
    let sizes: Vec<_> = asked.iter().filter_map(|(_, it)| it.get("MaxItems").map(String::as_str)).collect();
    assert_eq!(sizes, ["50", "100", "100", "100"]);
}

#[tokio::test(start_paused = true)]
async fn the_contents_are_sorted_and_without_what_changes_all_the_time() {
    let (entities, _) = all(&played(account).0, "").await;
    let created = "2023-02-14T09:12:44Z";
    let arn = |name: &str| format!("arn:aws:iam::123456789012:{name}");
    let attached = |name: &str| json!({"PolicyName": name, "PolicyArn": arn(&format!("policy/{name}"))});
    let inline = |name: &str| json!({"PolicyName": name, "PolicyDocument": ALL});
    let user = json!({
        "UserName": "Ops-Carol", "UserId": "AIDA1", "Arn": arn("user/team/Ops-Carol"), "CreateDate": created,
        "UserPolicyList": [inline("own")], "GroupList": ["Admins", "Zeta"],
        "AttachedManagedPolicies": [attached("All"), attached("B")],
        "PermissionsBoundary": {"PermissionsBoundaryArn": arn("policy/All")},
        "Tags": [{"Key": "cost", "Value": "x"}, {"Key": "team", "Value": "x"}],
    });
    assert_eq!(of(&entities, "user/ops-carol"), &user);
    let group = json!({
        "GroupName": "Admins", "GroupId": "AGPA1", "Arn": arn("group/Admins"), "CreateDate": created,
        "GroupPolicyList": [inline("a"), inline("z")], "AttachedManagedPolicies": [attached("All")],
    });
    assert_eq!(of(&entities, "group/admins"), &group);
    let role = json!({
        "RoleName": "Deploy", "RoleId": "AROA1", "Arn": arn("role/Deploy"), "CreateDate": created,
        "AssumeRolePolicyDocument": TRUST, "RolePolicyList": [], "AttachedManagedPolicies": [], "Tags": [],
    });
    assert_eq!(of(&entities, "role/deploy"), &role);
    let version = |id: &str, document: &str| json!({"VersionId": id, "Document": document, "IsDefaultVersion": id == "v10", "CreateDate": created});
    let policy = json!({
        "PolicyName": "All", "PolicyId": "ANPA1", "Arn": arn("policy/All"), "CreateDate": created,
        "DefaultVersionId": "v10", "PolicyVersionList": [version("v9", "{}"), version("v10", ALL)],
    });
    assert_eq!(of(&entities, "policy/all"), &policy);
    let credentials = json!({"UserName": "Ops-Carol", "Password": true, "Mfa": null, "Keys": []});
    assert_eq!(of(&entities, "credentials/ops-carol"), &credentials);
    let okta = json!({"Arn": arn("saml-provider/Okta"), "SAMLMetadataDocument": "<x/>"});
    assert_eq!(of(&entities, "saml-provider/okta"), &okta);
    let host = "oidc.eks.eu-west-1.amazonaws.com/id/A";
    let eks = json!({"Arn": arn(&format!("oidc-provider/{host}")), "Url": host, "ClientIDList": ["a", "z"],
        "ThumbprintList": ["ff"]});
    assert_eq!(of(&entities, "oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A"), &eks);
    let passwords = json!({"MinimumPasswordLength": 14, "RequireSymbols": true, "RequireNumbers": true,
        "RequireUppercaseCharacters": false, "RequireLowercaseCharacters": false, "AllowUsersToChangePassword": true,
        "ExpirePasswords": true, "MaxPasswordAge": 90});
    assert_eq!(of(&entities, "password-policy"), &passwords);
}

#[tokio::test(start_paused = true)]
async fn a_saved_account_of_these_contents_answers_like_the_account() {
    let (entities, _) = all(&played(account).0, "").await;
    let list = |kind: &str| -> Vec<_> {
        entities.iter().filter(|it| it.resource.starts_with(kind)).map(|it| it.content.clone()).collect()
    };
    let saved = json!({"UserDetailList": list("user/"), "GroupDetailList": list("group/"),
        "RoleDetailList": list("role/"), "Policies": list("policy/")});
    let saved = Snapshot::from_json(&saved.to_string()).unwrap();
    let question =
        UserQuestion { account: None, name: "Ops-Carol".into(), id: None, key_in_use: None, password: false };
    let user = saved.fresh_user(&question, false, soon()).await;
    let profile = user.profile.found().unwrap();
    assert_eq!((profile.created.unwrap().timestamp(), profile.tags.len()), (1_676_365_964, 2));
    assert_eq!(user.groups.found().unwrap().items, ["Admins".into(), "Zeta".into()]);
    let access = user.attached.access(crate::policy::Holder::default(), &crate::policy::Named::default());
    assert!(access.words().plain().starts_with("administrator: "), "{}", access.words().plain());
    let role = saved.fresh_role(&RoleQuestion { account: None, name: "Deploy".into(), id: None }, soon()).await;
    assert_eq!(role.profile.found().unwrap().trust, Some(crate::policy::Parsed::of(TRUST)));
    let group = saved.group(&GroupQuestion { account: None, name: "Admins".into() }, soon()).await;
    assert_eq!(group.members.found().unwrap().users.items, ["Ops-Carol".into()]);
    let arn = "arn:aws:iam::123456789012:policy/All".to_owned();
    let policy = saved.managed_policy(&PolicyQuestion { account: None, arn, version: None }, soon()).await;
    assert_eq!(policy.profile.found().unwrap().default_version, Some("v10".into()));
    assert_eq!(policy.document, Lookup::Found(crate::policy::Parsed::of(ALL)));
}

/// Users page by page: of each page, what it contains, and the marker of the next one.
fn paged(pages: &'static [(&str, Option<&str>, &str)]) -> impl Fn(&str, &Parameters) -> Answer + Send + Sync {
    move |action, parameters| {
        if parameters.get("Filter.member.1").is_none_or(|filter| filter != "User") {
            return account(action, parameters);
        }
        let marker = parameters.get("Marker").map_or("", String::as_str);
        let (_, next, name) = pages.iter().find(|(at, _, _)| *at == marker).unwrap();
        let users = if name.is_empty() { Vec::new() } else { vec![user(name)] };
        let truncated = format!("<IsTruncated>{}</IsTruncated>", next.is_some());
        let next = next.map_or_else(String::new, |next| format!("<Marker>{next}</Marker>"));
        result(action, &format!("{}{truncated}{next}", members("UserDetailList", &users)))
    }
}

#[tokio::test(start_paused = true)]
async fn pages_are_read_to_the_end_and_an_empty_one_is_not_the_end() {
    const PAGES: &[(&str, Option<&str>, &str)] =
        &[("", Some("a#1"), "a"), ("a#1", Some("b+/="), ""), ("b+/=", None, "b")];
    let (directory, _) = played(paged(PAGES));
    assert_eq!(gist(&page(&directory, "user").await), ("user#a#1".into(), Vec::new()));
    let empty = page(&directory, "user#a#1").await;
    assert_eq!((empty.entities.len(), gist(&empty)), (0, ("user#b+/=".into(), Vec::new())));
    let (entities, gaps) = all(&directory, "user").await;
    let users: Vec<_> = entities.iter().filter(|it| it.resource.starts_with("user/")).collect();
    assert_eq!((users[0].resource.as_str(), users[1].resource.as_str()), ("user/a", "user/b"));
    assert_eq!((users.len(), gaps), (2, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_marker_that_does_not_change_ends_the_list_with_a_gap() {
    const SAME: &[(&str, Option<&str>, &str)] = &[("", Some("m"), "a"), ("m", Some("m"), "b")];
    let stuck = vec![("users".to_owned(), Unavailable::Failed("without a new marker".into()))];
    let (directory, _) = played(paged(SAME));
    let second = page(&directory, "user#m").await;
    assert_eq!((second.entities.len(), gist(&second)), (1, ("role".into(), stuck.clone())));
    assert_eq!(all(&directory, "user").await.1.len(), 1);
    let (directory, _) = played(|action, _| result(action, "<IsTruncated>true</IsTruncated>"));
    assert_eq!(gist(&page(&directory, "user").await), ("role".into(), stuck));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_throttled_is_asked_for_again_and_then_given_up() {
    let times = Mutex::new(0);
    let (directory, asked) = played(move |action, parameters| {
        let mut times = times.lock().unwrap();
        *times += 1;
        if *times < 3 { error(400, "Throttling") } else { account(action, parameters) }
    });
    assert_eq!(page(&directory, "role").await.entities.len(), 1);
    assert_eq!(asked.lock().unwrap().len(), 3);
    for (status, code, reason) in [
        (400, "Throttling", Unavailable::Throttled),
        (403, "AccessDenied", Unavailable::Denied("iam:GetAccountAuthorizationDetails")),
        (400, "ValidationError", Unavailable::Failed("ValidationError".into())),
    ] {
        let (directory, _) = played(move |_, _| error(status, code));
        let begun = Instant::now();
        assert_eq!(directory.page(&None, &Place::start(), soon()).await, Err(reason));
        assert!(begun.elapsed() <= Duration::from_secs(5));
    }
    let elsewhere = directory.page(&Some("999988887777".into()), &Place::start(), soon()).await;
    assert_eq!(elsewhere, Err(Unavailable::NotAsked("it belongs to another account")));
}

#[tokio::test(start_paused = true)]
async fn an_entity_without_a_name_is_a_gap() {
    let (directory, _) = played(|action, _| {
        let nameless = "<UserId>AIDA2</UserId><Arn>a</Arn>".to_owned();
        result(action, &members("UserDetailList", &[nameless, user("a")]))
    });
    let page = page(&directory, "user").await;
    assert_eq!((page.entities.len(), gist(&page)), (1, ("role".into(), vec![("users".into(), incomplete())])));
}

#[tokio::test(start_paused = true)]
async fn what_is_denied_is_a_gap_and_the_reading_goes_on() {
    for (place, action, what, next) in [
        ("credentials", "iam:GenerateCredentialReport", "credential report", "saml-provider"),
        ("credentials", "iam:GetCredentialReport", "credential report", "saml-provider"),
        ("saml-provider", "iam:ListSAMLProviders", "SAML providers", "oidc-provider"),
        ("saml-provider", "iam:GetSAMLProvider", "SAML providers", "oidc-provider"),
        ("oidc-provider", "iam:ListOpenIDConnectProviders", "OpenID Connect providers", "password-policy"),
        ("oidc-provider", "iam:GetOpenIDConnectProvider", "OpenID Connect providers", "password-policy"),
        ("password-policy", "iam:GetAccountPasswordPolicy", "password policy", ""),
    ] {
        let (directory, _) = played(move |asked, parameters| {
            if action == format!("iam:{asked}") { error(403, "AccessDenied") } else { account(asked, parameters) }
        });
        let page = page(&directory, place).await;
        assert_eq!(
            (page.entities.len(), gist(&page)),
            (0, (next.into(), vec![(what.into(), Unavailable::Denied(action))]))
        );
        assert_eq!(all(&directory, "").await.0.len(), 7, "{action}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_not_ready_is_asked_for_later() {
    let begun = Instant::now();
    for state in ["STARTED", "INPROGRESS", "SOMETHING"] {
        let (directory, asked) = played(move |action, _| result(action, &format!("<State>{state}</State>")));
        let page = page(&directory, "credentials").await;
        assert_eq!((page.entities.len(), gist(&page)), (0, ("credentials".into(), Vec::new())));
        assert_eq!(asked.lock().unwrap().len(), 1, "{state}");
    }
    for code in NO_REPORT_YET {
        let (directory, _) = played(move |action, parameters| match action {
            "GetCredentialReport" => error(410, code),
            _ => account(action, parameters),
        });
        assert_eq!(gist(&page(&directory, "credentials").await), ("credentials".into(), Vec::new()));
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_not_understood_is_a_gap() {
    let row = Unavailable::Failed("a row that is not understood".into());
    for (text, entities, reason) in
        [("x,y\n1,2\n", 0, incomplete()), ("user,arn\n\"a\nb,arn:aws:iam::1:user/b\n", 1, row)]
    {
        let (directory, _) = played(move |action, parameters| match action {
            "GetCredentialReport" => result(action, &format!("<Content>{}</Content>", base64::encode(text))),
            _ => account(action, parameters),
        });
        let page = page(&directory, "credentials").await;
        let gaps = vec![("credential report".to_owned(), reason)];
        assert_eq!((page.entities.len(), gist(&page)), (entities, ("saml-provider".into(), gaps)));
    }
}

#[tokio::test(start_paused = true)]
async fn providers_are_read_page_by_page_and_a_deleted_one_is_passed_over() {
    let (directory, asked) = played(|action, parameters| match action {
        "ListSAMLProviders" => {
            let names = ["f", "b", "c", "d", "e", "a"].map(|name| format!("saml-provider/{name}"));
            result(action, &provider("SAMLProviderList", &names.each_ref().map(String::as_str)))
        }
        "GetSAMLProvider" if parameters["SAMLProviderArn"].ends_with("/b") => error(404, "NoSuchEntity"),
        _ => account(action, parameters),
    });
    let first = page(&directory, "saml-provider").await;
    assert_eq!(gist(&first), ("saml-provider#arn:aws:iam::123456789012:saml-provider/d".into(), Vec::new()));
    let (entities, gaps) = all(&directory, "saml-provider").await;
    let names: Vec<_> = entities.iter().map(|it| it.resource.as_str()).filter(|it| it.starts_with("saml")).collect();
    assert_eq!(names, ["a", "c", "d", "e", "f"].map(|name| format!("saml-provider/{name}")));
    assert_eq!(gaps, Vec::new());
    let reads = asked.lock().unwrap().iter().filter(|(action, _)| action == "GetSAMLProvider").count();
    assert_eq!(reads, 4 + 6);
}

#[tokio::test(start_paused = true)]
async fn an_account_without_a_password_policy_has_no_entity_of_it() {
    let (directory, _) = played(|_, _| error(404, "NoSuchEntity"));
    let page = page(&directory, "password-policy").await;
    assert_eq!(page, Page { entities: Vec::new(), next: None, gaps: Vec::new() });
}

#[test]
fn a_place_is_a_text_and_another_text_is_the_start() {
    for part in Part::ALL {
        for marker in [None, Some("a#b c".to_owned())] {
            let place = Place { part, marker, halved: 0 };
            assert_eq!(Place::parse(&place.word()), place);
        }
    }
    for word in ["", "policy", "users", "user#", "#", "USER", "policy#", "\u{202e}"] {
        assert_eq!(Place::parse(word), Place::start(), "{word}");
    }
    assert_eq!((Place::start().kind(), Place::parse("role#x").kind()), ("policy", "role"));
}
