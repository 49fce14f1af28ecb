//! Lookups in IAM Identity Center, in its identity store and of policies of AWS Organizations, against a function in place
//! of AWS.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use aws_config::SdkConfig;
use aws_smithy_http_client::test_util::{NeverClient, infallible_client_fn};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use http::Response;
use iam_security_alert::lookup::iam::{IamDirectory, Members};
use iam_security_alert::lookup::identity_center::{
    ACTIONS, Assignment, Identity, IdentityKind, IdentityQuestion, InstanceQuestion, PermissionSet,
    PermissionSetQuestion,
};
use iam_security_alert::lookup::organization::{OrganizationsPolicy, OrganizationsPolicyQuestion};
use iam_security_alert::lookup::snapshot::Snapshot;
use iam_security_alert::lookup::{Attachment, Directory, Listing, Lookup, Provenance, Unavailable};
use iam_security_alert::policy::Parsed;
use iam_security_alert::text::Phrase;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const OWN: &str = "999900001111";
const MANAGEMENT: &str = "111122223333";
const INSTANCE: &str = "arn:aws:sso:::instance/ssoins-aaaaaaaaaaaaaaaa";
const SET: &str = "arn:aws:sso:::permissionSet/ssoins-aaaaaaaaaaaaaaaa/ps-1111111111111111";
const STORE: &str = "d-1234567890";
const USER: &str = "11111111-2222-3333-4444-555555555555";
const JOB: &str = "arn:aws:iam::aws:policy/job-function/NetworkAdministrator";
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// AWS: its answers, and what it was asked.
#[derive(Debug, Default)]
struct World {
    /// What an operation answers, page by page.
    answers: HashMap<String, Vec<Value>>,
    /// What operations are refused with.
    refused: HashMap<String, String>,
    /// How many calls of an operation are throttled.
    throttled: HashMap<String, usize>,
    /// Sessions that AWS does not accept any more.
    ended: HashSet<String>,
    sessions: usize,
    asked: Vec<Asked>,
}

#[derive(Debug, Clone)]
struct Asked {
    account: String,
    host: String,
    target: String,
    body: Value,
}

impl Asked {
    fn operation(&self) -> &str {
        self.target.rsplit('.').next().unwrap()
    }
}

type Aws = Arc<Mutex<World>>;

fn world() -> Aws {
    let instances = json!({"Instances": [
        {"InstanceArn": INSTANCE, "IdentityStoreId": STORE, "OwnerAccountId": MANAGEMENT, "Status": "ACTIVE"}]});
    let set = json!({"PermissionSet": {"Name": "Operators", "PermissionSetArn": SET}});
    let managed = json!({"AttachedManagedPolicies": [
        {"Name": "AdministratorAccess", "Arn": ADMINISTRATOR}, {"Name": "NetworkAdministrator", "Arn": JOB}]});
    let references = json!({"CustomerManagedPolicyReferences": [{"Name": "team-baseline", "Path": "/"}]});
    let inline = json!({"InlinePolicy": json!({"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}]}).to_string()});
    let assignments = json!({"AccountAssignments": [
        {"AccountId": OWN, "PermissionSetArn": SET, "PrincipalId": USER, "PrincipalType": "USER"},
        {"AccountId": MANAGEMENT, "PermissionSetArn": SET, "PrincipalId": "g", "PrincipalType": "GROUP"}]});
    let answers = [
        ("ListInstances", instances),
        ("DescribePermissionSet", set),
        ("ListManagedPoliciesInPermissionSet", managed),
        ("ListCustomerManagedPolicyReferencesInPermissionSet", references),
        ("GetInlinePolicyForPermissionSet", inline),
        ("GetPermissionsBoundaryForPermissionSet", json!({"PermissionsBoundary": {"ManagedPolicyArn": JOB}})),
        ("ListAccountsForProvisionedPermissionSet", json!({"AccountIds": [OWN, MANAGEMENT]})),
        ("ListAccountAssignmentsForPrincipal", assignments),
        ("DescribeUser", json!({"IdentityStoreId": STORE, "UserId": USER, "UserName": "dana@example.com"})),
        ("DescribeGroup", json!({"IdentityStoreId": STORE, "GroupId": USER, "DisplayName": "operators"})),
        ("DescribePolicy", policy("SERVICE_CONTROL_POLICY", r#"{"Statement": []}"#)),
    ];
    let answers = answers.into_iter().map(|(operation, answer)| (operation.to_owned(), vec![answer])).collect();
    Arc::new(Mutex::new(World { answers, ..World::default() }))
}

fn policy(kind: &str, content: &str) -> Value {
    json!({"Policy": {"Content": content, "PolicySummary": {"Id": "p-12345678", "Name": "guard", "Type": kind,
        "AwsManaged": false}}})
}

fn answers(aws: &Aws, operation: &str, pages: &[Value]) {
    aws.lock().unwrap().answers.insert(operation.to_owned(), pages.to_vec());
}

fn refuses(aws: &Aws, operation: &str, code: &str) {
    aws.lock().unwrap().refused.insert(operation.to_owned(), code.to_owned());
}

fn asked(aws: &Aws, operation: &str) -> Vec<Asked> {
    aws.lock().unwrap().asked.iter().filter(|asked| asked.operation() == operation).cloned().collect()
}

impl World {
    fn json(&mut self, operation: &str, body: &Value) -> (u16, String) {
        let failed =
            |code: &str| (400, json!({"__type": format!("com.amazonaws#{code}"), "message": "no"}).to_string());
        if let Some(left) = self.throttled.get_mut(operation).filter(|left| **left > 0) {
            *left -= 1;
            return failed("ThrottlingException");
        }
        if let Some(code) = self.refused.get(operation) {
            return failed(code);
        }
        let page = body["NextToken"].as_str().map_or(0, |page| page.parse().unwrap());
        let pages = &self.answers[operation];
        let mut answer = pages[page].clone();
        if page + 1 < pages.len() {
            answer["NextToken"] = json!((page + 1).to_string());
        }
        (200, answer.to_string())
    }

    /// IAM and STS: reader roles can be assumed everywhere, and AWS managed policies allow to describe.
    fn xml(&mut self, body: &str) -> String {
        let action = body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap();
        let result = match action {
            "AssumeRole" => {
                self.sessions += 1;
                let account = body.split("iam%3A%3A").nth(1).unwrap().split("%3A").next().unwrap();
                format!(
                    "<Credentials><AccessKeyId>ASIA{account}N{}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                     <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>",
                    self.sessions
                )
            }
            "GetPolicy" => "<Policy><DefaultVersionId>v1</DefaultVersionId></Policy>".to_owned(),
            "GetPolicyVersion" => {
                let document = "%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22ec2%3A*%22%2C\
                                %22Resource%22%3A%22*%22%7D%5D%7D";
                format!("<PolicyVersion><Document>{document}</Document><VersionId>v1</VersionId></PolicyVersion>")
            }
            other => panic!("{other}"),
        };
        format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>")
    }
}

fn config(aws: &Aws) -> SdkConfig {
    let aws = aws.clone();
    common::aws::config(infallible_client_fn(move |request| {
        let mut world = aws.lock().unwrap();
        let common::aws::Asked { key, account, region, service, target, host, body } =
            common::aws::Asked::of(&request, OWN);
        let Some(target) = target else {
            let action = body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap().to_owned();
            world.asked.push(Asked { account, host, target: format!("xml.{action}"), body: Value::Null });
            return Response::builder().status(200).body(world.xml(&body)).unwrap();
        };
        // The service and the region of the signature are those of the host.
        assert_eq!(host, format!("{service}.{region}.amazonaws.com"), "{target}");
        let body: Value = serde_json::from_str(&body).unwrap();
        world.asked.push(Asked { account, host, target: target.clone(), body: body.clone() });
        let (status, body) = if world.ended.contains(&key) {
            (400, json!({"__type": "UnrecognizedClientException"}).to_string())
        } else {
            world.json(target.rsplit('.').next().unwrap(), &body)
        };
        Response::builder().status(status).body(body).unwrap()
    }))
}

fn directory(aws: &Aws) -> IamDirectory {
    of(&config(aws))
}

fn of(config: &SdkConfig) -> IamDirectory {
    let members = Members::new(config.clone(), "aws", "reader".to_owned());
    IamDirectory::of_organization(config, Some(OWN.to_owned()), Some(Rc::new(members)), None)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

/// The instance as an event in the management account has it.
fn at() -> InstanceQuestion {
    InstanceQuestion {
        account: Some(MANAGEMENT.to_owned()),
        region: Some("eu-west-1".to_owned()),
        ..InstanceQuestion::default()
    }
}

async fn set(directory: &impl Directory) -> Rc<PermissionSet> {
    directory.permission_set(&PermissionSetQuestion { of: at(), arn: SET.to_owned() }, soon()).await
}

fn user(of: InstanceQuestion) -> IdentityQuestion {
    IdentityQuestion { of, kind: IdentityKind::User, id: USER.to_owned(), assignments: true }
}

async fn identity(directory: &impl Directory, question: &IdentityQuestion) -> Rc<Identity> {
    directory.identity(question, soon()).await
}

async fn organizations_policy(directory: &impl Directory) -> Rc<OrganizationsPolicy> {
    let question = OrganizationsPolicyQuestion { account: Some(MANAGEMENT.to_owned()), id: "p-12345678".to_owned() };
    directory.organizations_policy(&question, soon()).await
}

fn not_understood<T>() -> Lookup<T> {
    Lookup::Unavailable(Unavailable::Failed("something that is not understood".into()))
}

#[tokio::test(start_paused = true)]
async fn a_permission_set_is_read_with_everything_that_its_roles_have() {
    let aws = world();
    let set = set(&directory(&aws)).await;
    assert_eq!(set.name, Lookup::Found("Operators".into()));
    assert_eq!(set.accounts, Lookup::Found(vec![OWN.into(), MANAGEMENT.into()].into()));
    assert!(matches!(set.provenance, Provenance::Live(_)));
    let attached = &set.attached;
    let labels: Vec<_> = attached.policies.iter().map(|policy| policy.label().plain()).collect();
    let expected = [
        "AdministratorAccess (attached)",
        "NetworkAdministrator (attached)",
        "team-baseline (attached)",
        "inline policy (inline)",
    ];
    assert_eq!(labels, expected);
    let documents: Vec<_> = attached.policies.iter().map(|policy| policy.document.found().is_some()).collect();
    assert_eq!(documents, [false, true, false, true], "one is known by name, one is each account's own");
    let boundary = attached.boundary.as_ref().unwrap();
    assert_eq!((boundary.name.raw(), &boundary.via), ("NetworkAdministrator", &Attachment::Itself));
    assert!(boundary.document.found().is_some());
    let unread: Vec<_> = attached.unread().iter().map(|gap| gap.reason.words().plain()).collect();
    assert_eq!(unread, ["each account has its own policy of this name"]);
    assert_eq!(set.unanswered(), 0);

    let world = aws.lock().unwrap();
    let calls: Vec<_> = world.asked.iter().filter(|asked| asked.target.starts_with("SWBExternalService.")).collect();
    assert_eq!(calls.len(), 6, "the ARN names the instance");
    for call in calls {
        assert_eq!((call.account.as_str(), call.host.as_str()), (MANAGEMENT, "sso.eu-west-1.amazonaws.com"));
        assert_eq!((&call.body["InstanceArn"], &call.body["PermissionSetArn"]), (&json!(INSTANCE), &json!(SET)));
        assert!(ACTIONS.contains(&format!("sso:{}", call.operation()).as_str()), "{}", call.operation());
    }
    let of_own = world.asked.iter().filter(|asked| asked.account == OWN).map(Asked::operation).collect::<Vec<_>>();
    assert_eq!(of_own, ["AssumeRole", "GetPolicy", "GetPolicyVersion"], "each document is read once, at home");
}

#[tokio::test(start_paused = true)]
async fn what_a_permission_set_does_not_have_is_no_gap_and_what_was_not_read_is_one() {
    let aws = world();
    answers(&aws, "GetInlinePolicyForPermissionSet", &[json!({"InlinePolicy": ""})]);
    answers(
        &aws,
        "ListCustomerManagedPolicyReferencesInPermissionSet",
        &[json!({"CustomerManagedPolicyReferences": []})],
    );
    answers(&aws, "ListManagedPoliciesInPermissionSet", &[json!({"AttachedManagedPolicies": []})]);
    refuses(&aws, "GetPermissionsBoundaryForPermissionSet", "ResourceNotFoundException");
    let empty = set(&directory(&aws)).await;
    assert_eq!(empty.attached, iam_security_alert::lookup::AttachedPolicies::default());

    for operation in [
        "GetInlinePolicyForPermissionSet",
        "ListCustomerManagedPolicyReferencesInPermissionSet",
        "ListManagedPoliciesInPermissionSet",
        "GetPermissionsBoundaryForPermissionSet",
    ] {
        let aws = world();
        refuses(&aws, operation, "AccessDeniedException");
        let set = set(&directory(&aws)).await;
        let denied: Vec<_> = set.attached.gaps.iter().map(|gap| gap.reason.words().plain()).collect();
        assert_eq!(denied, [format!("access denied (sso:{operation})")]);
        assert_eq!(set.unanswered(), 1, "{operation}");
        // An answer without the list is not an empty list.
        let aws = world();
        let odd = json!({"InlinePolicy": 7, "PermissionsBoundary": {}});
        answers(&aws, operation, &[odd]);
        assert_eq!(self::set(&directory(&aws)).await.unanswered(), 1, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_boundary_can_be_a_policy_of_each_account() {
    let aws = world();
    let boundary = json!({"PermissionsBoundary": {"CustomerManagedPolicyReference": {"Name": "fence", "Path": "/"}}});
    answers(&aws, "GetPermissionsBoundaryForPermissionSet", &[boundary]);
    let set = set(&directory(&aws)).await;
    let boundary = set.attached.boundary.as_ref().unwrap();
    assert_eq!((boundary.label().plain().as_str(), &boundary.arn), ("fence", &None));
    assert!(matches!(boundary.document, Lookup::Unavailable(Unavailable::NotAsked(_))));
}

#[tokio::test(start_paused = true)]
async fn a_customer_managed_policy_is_never_the_quarantine_of_aws() {
    let aws = world();
    let references =
        json!({"CustomerManagedPolicyReferences": [{"Name": "AWSCompromisedKeyQuarantineV3", "Path": "/"}]});
    answers(&aws, "ListCustomerManagedPolicyReferencesInPermissionSet", &[references]);
    assert_eq!(set(&directory(&aws)).await.attached.quarantine(), None);
}

#[tokio::test(start_paused = true)]
async fn a_permission_set_that_is_gone_is_missing() {
    let aws = world();
    for operation in ["DescribePermissionSet", "ListAccountsForProvisionedPermissionSet"] {
        refuses(&aws, operation, "ResourceNotFoundException");
    }
    let gone = set(&directory(&aws)).await;
    assert_eq!((&gone.name, &gone.accounts), (&Lookup::Missing, &Lookup::Missing));
    assert_eq!((gone.attached.policies.len(), gone.unanswered()), (0, 0));
    // Deleted between two calls: then nothing says that no account has it.
    aws.lock().unwrap().refused.remove("DescribePermissionSet");
    let going = set(&directory(&aws)).await;
    assert!(going.accounts.unavailable().is_some_and(Unavailable::is_failure));
}

#[tokio::test(start_paused = true)]
async fn lists_are_read_page_by_page_up_to_a_limit() {
    let aws = world();
    let accounts = |first: usize| {
        let accounts: Vec<_> = (first..first + 100).map(|number| format!("{number:012}")).collect();
        json!({"AccountIds": accounts})
    };
    let read = async |pages: &[Value]| {
        answers(&aws, "ListAccountsForProvisionedPermissionSet", pages);
        aws.lock().unwrap().asked.clear();
        let list = set(&directory(&aws)).await.accounts.found().unwrap().clone();
        (list.items.len(), list.more, asked(&aws, "ListAccountsForProvisionedPermissionSet").len())
    };
    assert_eq!(read(&[accounts(0), json!({"AccountIds": []}), accounts(100)]).await, (200, false, 3));
    let pages: Vec<_> = (0..10).map(|page| accounts(page * 100)).collect();
    assert_eq!(read(&pages).await, (1_000, false, 10));
    let pages: Vec<_> = (0..40).map(|page| accounts(page * 100)).collect();
    assert_eq!(read(&pages).await, (1_000, true, 10));
    assert_eq!(read(&vec![json!({"AccountIds": []}); 40]).await, (0, true, 12), "an end was not seen");
    assert_eq!(asked(&aws, "ListAccountsForProvisionedPermissionSet")[1].body["MaxResults"], json!(100));
    // A later page that fails: the list was not read.
    answers(&aws, "ListAccountsForProvisionedPermissionSet", &[accounts(0), json!({})]);
    assert_eq!(set(&directory(&aws)).await.accounts, not_understood());

    let references: Vec<_> = (0..101).map(|number| json!({"Name": format!("p{number}")})).collect();
    let references = json!({"CustomerManagedPolicyReferences": references});
    answers(&aws, "ListCustomerManagedPolicyReferencesInPermissionSet", &[references]);
    let cuts = &set(&directory(&aws)).await.attached.cuts;
    let cuts: Vec<_> = cuts.iter().map(Phrase::plain).collect();
    assert_eq!(cuts, ["only the first 100 customer managed policies were read"]);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_made_again_until_the_deadline() {
    let aws = world();
    aws.lock().unwrap().throttled.extend([("DescribeUser".to_owned(), 3), ("ListInstances".to_owned(), 2)]);
    let directory = directory(&aws);
    assert_eq!(identity(&directory, &user(at())).await.name, Lookup::Found("dana@example.com".into()));
    assert_eq!((asked(&aws, "DescribeUser").len(), asked(&aws, "ListInstances").len()), (4, 3));
    aws.lock().unwrap().throttled.insert("DescribeUser".to_owned(), usize::MAX);
    let begin = Instant::now();
    let throttled = identity(&directory, &user(at())).await;
    assert_eq!(throttled.name, Lookup::Unavailable(Unavailable::Throttled));
    assert!(throttled.assignments.found().is_some(), "each fact is looked up separately");
    assert!(begin.elapsed() <= Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_waited_for_longer_than_the_deadline() {
    let never = of(&common::aws::config(NeverClient::new()));
    let own = || InstanceQuestion { account: Some(OWN.to_owned()), ..at() };
    let begin = Instant::now();
    let question = PermissionSetQuestion { of: own(), arn: SET.to_owned() };
    let set = never.permission_set(&question, soon()).await;
    let timed_out = Unavailable::TimedOut;
    assert_eq!(set.name.unavailable(), Some(&timed_out));
    assert_eq!(set.accounts.unavailable(), Some(&timed_out));
    assert_eq!(set.attached.gaps.len(), 4);
    assert_eq!(begin.elapsed().as_secs(), 5);
    let identity = never.identity(&user(own()), soon()).await;
    assert_eq!((identity.name.unavailable(), identity.unanswered()), (Some(&timed_out), 2));
    let question = OrganizationsPolicyQuestion { account: None, id: "p-12345678".to_owned() };
    assert_eq!(never.organizations_policy(&question, soon()).await.name.unavailable(), Some(&timed_out));
}

/// A network without AWS.
#[derive(Debug)]
struct NoRoute;

impl HttpConnector for NoRoute {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Err(ConnectorError::io("no route".into())))
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_network_aws_could_not_be_reached() {
    let cut_off = of(&common::aws::config(http_client_fn(|_, _| SharedHttpConnector::new(NoRoute))));
    let own = InstanceQuestion { account: None, ..at() };
    let set = cut_off.permission_set(&PermissionSetQuestion { of: own.clone(), arn: SET.to_owned() }, soon()).await;
    assert_eq!(set.name, Lookup::Unavailable(Unavailable::Unreachable));
    assert_eq!(set.unanswered(), 6);
    assert_eq!(identity(&cut_off, &user(own)).await.name, Lookup::Unavailable(Unavailable::Unreachable));
}

#[tokio::test(start_paused = true)]
async fn users_and_groups_are_named_and_their_assignments_listed() {
    let aws = world();
    let directory = directory(&aws);
    let user = user(at());
    let dana = identity(&directory, &user).await;
    assert_eq!(dana.name, Lookup::Found("dana@example.com".into()));
    let assignment = |account: &str| Assignment { account: account.into(), permission_set: SET.into() };
    assert_eq!(dana.assignments, Lookup::Found(vec![assignment(OWN), assignment(MANAGEMENT)].into()));
    let described = &asked(&aws, "DescribeUser")[0];
    assert_eq!(described.target, "AWSIdentityStore.DescribeUser");
    assert_eq!(described.host, "identitystore.eu-west-1.amazonaws.com");
    assert_eq!(described.body, json!({"IdentityStoreId": STORE, "UserId": USER}));
    let listed = asked(&aws, "ListAccountAssignmentsForPrincipal")[0].body.clone();
    let expected = json!({"InstanceArn": INSTANCE, "PrincipalId": USER, "PrincipalType": "USER", "MaxResults": 100});
    assert_eq!(listed, expected);

    let group = IdentityQuestion { kind: IdentityKind::Group, assignments: false, ..user.clone() };
    let operators = identity(&directory, &group).await;
    assert_eq!(operators.name, Lookup::Found("operators".into()));
    assert!(operators.assignments.unavailable().is_some_and(|why| !why.is_failure()));
    assert_eq!(asked(&aws, "ListAccountAssignmentsForPrincipal").len(), 1);

    refuses(&aws, "DescribeUser", "ResourceNotFoundException");
    refuses(&aws, "ListAccountAssignmentsForPrincipal", "AccessDeniedException");
    let gone = identity(&directory, &user).await;
    assert_eq!(gone.name, Lookup::Missing);
    let denied = Unavailable::Denied("sso:ListAccountAssignmentsForPrincipal");
    assert_eq!(gone.assignments, Lookup::Unavailable(denied));
    // A user without a name, and an id that CloudTrail hides.
    answers(&aws, "DescribeGroup", &[json!({"GroupId": USER, "DisplayName": "HIDDEN_DUE_TO_SECURITY_REASONS"})]);
    assert!(identity(&directory, &group).await.name.unavailable().is_some());
    let calls = aws.lock().unwrap().asked.len();
    let hidden = IdentityQuestion { id: "HIDDEN_DUE_TO_SECURITY_REASONS".to_owned(), ..user };
    assert_eq!(identity(&directory, &hidden).await.name, Lookup::not_asked("CloudTrail hides its id"));
    assert_eq!(aws.lock().unwrap().asked.len(), calls);
}

#[tokio::test(start_paused = true)]
async fn instances_are_listed_once_for_an_account_and_region() {
    let aws = world();
    let directory = directory(&aws);
    let question = user(at());
    let _ = tokio::join!(identity(&directory, &question), identity(&directory, &question));
    for _ in 0..5 {
        identity(&directory, &question).await;
    }
    assert_eq!(asked(&aws, "ListInstances").len(), 1);
    let elsewhere = user(InstanceQuestion { region: None, ..at() });
    identity(&directory, &elsewhere).await;
    assert_eq!(asked(&aws, "ListInstances")[1].host, "sso.us-east-1.amazonaws.com", "the function's own region");
    // An event that names both needs no list.
    let instance = Some(INSTANCE.to_owned());
    let named = InstanceQuestion { account: None, instance, identity_store: Some(STORE.to_owned()), ..at() };
    assert!(identity(&directory, &user(named)).await.name.found().is_some());
    assert_eq!(asked(&aws, "ListInstances").len(), 2);
    assert_eq!(asked(&aws, "DescribeUser").last().unwrap().account, OWN, "the account of the function");
}

#[tokio::test(start_paused = true)]
async fn a_failed_list_of_instances_is_asked_for_again() {
    let aws = world();
    let directory = directory(&aws);
    refuses(&aws, "ListInstances", "AccessDeniedException");
    let denied = identity(&directory, &user(at())).await;
    assert_eq!(denied.name, Lookup::Unavailable(Unavailable::Denied("sso:ListInstances")));
    aws.lock().unwrap().refused.clear();
    answers(&aws, "ListInstances", &[json!({"Instances": []})]);
    let none = identity(&directory, &user(at())).await;
    assert!(none.name.unavailable().is_some_and(|why| why.words().plain().contains("does not show the instance")));
    let world = world();
    let listed = world.lock().unwrap().answers["ListInstances"].clone();
    answers(&aws, "ListInstances", &listed);
    assert!(identity(&directory, &user(at())).await.name.found().is_some());
}

#[tokio::test(start_paused = true)]
async fn of_several_instances_the_one_that_the_event_names_is_asked() {
    let aws = world();
    let other = "arn:aws:sso:::instance/ssoins-bbbbbbbbbbbbbbbb";
    let instance =
        |arn: &str, store: &str, status: &str| json!({"InstanceArn": arn, "IdentityStoreId": store, "Status": status});
    let instances =
        json!({"Instances": [instance(INSTANCE, STORE, "ACTIVE"), instance(other, "d-0000000000", "ACTIVE")]});
    answers(&aws, "ListInstances", &[instances]);
    let directory = directory(&aws);
    let by_instance = InstanceQuestion { instance: Some(other.to_owned()), ..at() };
    identity(&directory, &user(by_instance)).await;
    assert_eq!(asked(&aws, "DescribeUser")[0].body["IdentityStoreId"], json!("d-0000000000"));
    let by_store = InstanceQuestion { identity_store: Some(STORE.to_owned()), ..at() };
    identity(&directory, &user(by_store)).await;
    assert_eq!(asked(&aws, "ListAccountAssignmentsForPrincipal")[1].body["InstanceArn"], json!(INSTANCE));
    let neither = identity(&directory, &user(at())).await;
    let why = "the event does not say which instance of IAM Identity Center";
    assert_eq!(neither.name, Lookup::not_asked(why));
    assert_eq!(neither.assignments, Lookup::not_asked(why));
    assert_eq!(asked(&aws, "ListInstances").len(), 1);
    // One that is being deleted is not one of two.
    let instances = [instance(INSTANCE, STORE, "ACTIVE"), instance(other, "d-0000000000", "DELETE_IN_PROGRESS")];
    answers(&aws, "ListInstances", &[json!({"Instances": instances})]);
    assert!(identity(&self::directory(&aws), &user(at())).await.name.found().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_aws_does_not_accept_any_more_is_not_used_again() {
    let aws = world();
    let directory = directory(&aws);
    assert!(set(&directory).await.name.found().is_some());
    aws.lock().unwrap().ended.insert(format!("ASIA{MANAGEMENT}N1"));
    let refused = Unavailable::Failed("UnrecognizedClientException".into());
    assert_eq!(set(&directory).await.name, Lookup::Unavailable(refused));
    assert!(set(&directory).await.name.found().is_some());
    assert_eq!(aws.lock().unwrap().sessions, 2);
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_aws_organizations_is_read_if_it_limits_access() {
    let aws = world();
    let directory = directory(&aws);
    for kind in ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"] {
        answers(
            &aws,
            "DescribePolicy",
            &[policy(kind, r#"{"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}"#)],
        );
        let read = organizations_policy(&directory).await;
        assert_eq!((&read.name, &read.kind), (&Lookup::Found("guard".into()), &Lookup::Found(kind.into())));
        assert!(matches!(read.document, Lookup::Found(Parsed::Policy(_))));
    }
    let asked = asked(&aws, "DescribePolicy")[0].clone();
    assert_eq!(asked.target, "AWSOrganizationsV20161128.DescribePolicy");
    assert_eq!((asked.account.as_str(), asked.host.as_str()), (MANAGEMENT, "organizations.us-east-1.amazonaws.com"));
    assert_eq!(asked.body, json!({"PolicyId": "p-12345678"}));
    answers(&aws, "DescribePolicy", &[policy("TAG_POLICY", r#"{"tags": {}}"#)]);
    let tags = organizations_policy(&directory).await;
    assert_eq!(tags.document, Lookup::not_asked("it is no policy that limits access"));
    assert_eq!(tags.unanswered(), 0);
    answers(&aws, "DescribePolicy", &[json!({})]);
    let odd = organizations_policy(&directory).await;
    assert_eq!((&odd.name, &odd.document), (&not_understood(), &not_understood()));
    for (code, expected) in [
        ("PolicyNotFoundException", Lookup::Missing),
        ("AccessDeniedException", Lookup::Unavailable(Unavailable::Denied("organizations:DescribePolicy"))),
        ("ServiceException", Lookup::Unavailable(Unavailable::Failed("ServiceException".into()))),
    ] {
        refuses(&aws, "DescribePolicy", code);
        let refused = organizations_policy(&directory).await;
        assert_eq!((&refused.name, &refused.document), (&expected, &expected.clone().map(|_| unreachable!())));
    }
}

#[tokio::test(start_paused = true)]
async fn a_directory_of_iam_alone_and_strangers_are_not_asked() {
    let aws = world();
    let alone = IamDirectory::new(iam_security_alert::aws::iam(&config(&aws)), Some(OWN.to_owned()));
    let own = PermissionSetQuestion { of: InstanceQuestion::default(), arn: SET.to_owned() };
    for set in [alone.permission_set(&own, soon()).await, set(&alone).await] {
        assert!(set.name.unavailable().is_some_and(|why| !why.is_failure()));
        assert_eq!((set.unanswered(), &set.provenance), (0, &Provenance::Nowhere));
    }
    assert_eq!(identity(&alone, &user(at())).await.unanswered(), 0);
    assert_eq!(organizations_policy(&alone).await.unanswered(), 0);
    assert!(aws.lock().unwrap().asked.is_empty());
}

#[tokio::test]
async fn a_saved_account_answers_from_the_file() {
    let text = json!({"UserDetailList": [], "IdentityCenter": {
        "PermissionSets": [
            {"PermissionSetArn": SET, "Name": "Operators", "ManagedPolicies": [{"Name": "NetworkAdministrator", "Arn": JOB}],
             "CustomerManagedPolicyReferences": [{"Name": "team-baseline", "Path": "/"}],
             "InlinePolicy": {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]},
             "PermissionsBoundary": {"CustomerManagedPolicyReference": {"Name": "fence"}}, "Accounts": [OWN]},
            {"PermissionSetArn": "bare", "Name": "Bare"},
            {"PermissionSetArn": "none", "Name": "None", "ManagedPolicies": [], "CustomerManagedPolicyReferences": [],
             "InlinePolicy": null, "PermissionsBoundary": null, "Accounts": []}],
        "Users": [{"UserId": USER, "UserName": "dana", "DisplayName": "Dana"}],
        "Groups": [{"GroupId": "g", "DisplayName": "operators"}],
        "Assignments": [
            {"AccountId": OWN, "PermissionSetArn": SET, "PrincipalType": "USER", "PrincipalId": USER},
            {"AccountId": MANAGEMENT, "PermissionSetArn": SET, "PrincipalType": "GROUP", "PrincipalId": "g"},
            {"AccountId": "222222222222", "PermissionSetArn": SET, "PrincipalType": "GROUP", "PrincipalId": "other"}],
        "Memberships": [{"GroupId": "g", "UserId": USER}]},
        "OrganizationsPolicies": [{"Id": "p-12345678", "Name": "guard", "Type": "SERVICE_CONTROL_POLICY",
            "AwsManaged": false, "Content": {"Statement": []}}]});
    let saved = Snapshot::from_json(&text.to_string()).unwrap();
    let read = set(&saved).await;
    assert_eq!(read.accounts, Lookup::Found(vec![OWN.into()].into()));
    assert_eq!((read.attached.policies.len(), read.attached.boundary.as_ref().unwrap().name.raw()), (3, "fence"));
    let of =
        async |arn: &str| saved.permission_set(&PermissionSetQuestion { of: at(), arn: arn.to_owned() }, soon()).await;
    let bare = of("bare").await;
    assert_eq!((bare.attached.gaps.len(), bare.accounts.found()), (4, None), "what is absent was not saved");
    assert_eq!(of("none").await.attached, iam_security_alert::lookup::AttachedPolicies::default());
    assert_eq!(of("other").await.name, Lookup::Missing);

    let dana = identity(&saved, &user(at())).await;
    let accounts = |list: &Listing<Assignment>| -> Vec<_> {
        list.items.iter().map(|assignment| assignment.account.raw().to_owned()).collect()
    };
    assert_eq!(dana.name, Lookup::Found("dana".into()));
    assert_eq!(dana.assignments.found().map(accounts).unwrap(), [OWN, MANAGEMENT]);
    let group = |id: &str| IdentityQuestion { kind: IdentityKind::Group, id: id.to_owned(), ..user(at()) };
    let operators = identity(&saved, &group("g")).await;
    assert_eq!(operators.assignments.found().map(accounts).unwrap(), [MANAGEMENT]);
    assert_eq!(identity(&saved, &group("h")).await.name, Lookup::Missing);
    assert!(organizations_policy(&saved).await.document.found().is_some());

    let without = Snapshot::from_json(r#"{"UserDetailList": []}"#).unwrap();
    for directory in [without, Snapshot::unavailable("there are no AWS credentials here")] {
        assert!(matches!(set(&directory).await.name, Lookup::Unavailable(Unavailable::NotAsked(_))));
        assert_eq!(identity(&directory, &user(at())).await.unanswered(), 0);
        assert_eq!(organizations_policy(&directory).await.unanswered(), 0);
    }
}
