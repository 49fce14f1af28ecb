//! Each chain from both sides: steps that complete it, in any order of arrival, and steps that do not.

use super::*;
use crate::event::{Activity, Delivery};
use crate::history::Lines;
use serde_json::{Value, json};

const CAROL: &str = "carol";
const MALLORY: &str = "mallory";

/// A call by a user, with its time in seconds after 10 o'clock.
fn entry(seconds: i64, who: &str, call: &str, request: &Value) -> Entry {
    let time = DateTime::from_timestamp(1_795_341_600 + seconds, 0).unwrap();
    let denied = request.get("denied").is_some();
    // Whoever signs in is the target, too.
    let (service, who) =
        if call == "ConsoleLogin" { ("signin", request["userName"].as_str().unwrap()) } else { ("iam", who) };
    let record = json!({
        "eventSource": format!("{service}.amazonaws.com"), "eventName": call, "recipientAccountId": "111122223333",
        "eventID": format!("{who}-{call}-{seconds}"), "eventTime": time.to_rfc3339(), "requestParameters": request,
        "errorCode": if denied { json!("AccessDenied") } else { json!(null) },
        "userIdentity": {"type": "IAMUser", "userName": who, "arn": format!("arn:aws:iam::111122223333:user/{who}")},
    });
    let delivery = Delivery::from_file(record.clone()).unwrap().remove(0).unwrap();
    let activity = Activity::from_delivery(&delivery).unwrap().activity().unwrap();
    Entry::new(&activity, steps_of(&activity), &record, time)
}

/// Whether the history has an event in the list of a target.
fn is_about(entry: &Entry, key: Option<&String>) -> bool {
    [&entry.target_key, &entry.object_key].into_iter().any(|of| of.as_ref() == key)
}

/// The related activity of an event, from the events that arrived before it.
fn related(this: &Entry, before: &[Entry]) -> RelatedActivity {
    let list = |keep: &dyn Fn(&&Entry) -> bool| {
        let mut lines: Vec<_> = before.iter().filter(keep).map(|entry| entry.line.clone()).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.time));
        Lines { lines, unread: false }
    };
    RelatedActivity {
        by_actor: list(&|other| other.line.actor_key == this.line.actor_key),
        to_target: list(&|other| this.target_key.is_some() && is_about(other, this.target_key.as_ref())),
        to_object: list(&|other| this.object_key.is_some() && is_about(other, this.object_key.as_ref())),
        ..RelatedActivity::default()
    }
}

/// The names of the chains that each event completes, in this order of arrival.
fn played(arriving: &[Entry]) -> Vec<Vec<&'static str>> {
    let of = |i: usize| completed(&arriving[i], &related(&arriving[i], &arriving[..i]));
    (0..arriving.len()).map(|i| of(i).iter().map(|completed| completed.chain.name).collect()).collect()
}

fn policy(effect: &str) -> String {
    json!({"Statement": [{"Effect": effect, "Action": "*", "Resource": "*"}]}).to_string()
}

fn trust(principal: &str) -> Value {
    let statement = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal}});
    json!({"roleName": "r", "policyDocument": json!({"Statement": [statement]}).to_string()})
}

/// The steps of each chain as calls: the first step, and the possible last steps.
fn steps(chain: &Chain) -> ((&'static str, Value), Vec<(&'static str, Value)>) {
    let user = json!({"userName": "x"});
    let managed = json!({"policyArn": "arn:aws:iam::111122223333:policy/p", "versionId": "v2"});
    let inline = |kind: &str| json!({kind: "x", "policyName": "p", "policyDocument": policy("Allow")});
    match chain.name {
        "new_user_with_access" => (
            ("CreateUser", user.clone()),
            vec![
                ("CreateAccessKey", user.clone()),
                ("CreateLoginProfile", user.clone()),
                ("AttachUserPolicy", json!({"userName": "x", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})),
                ("PutUserPolicy", inline("userName")),
                ("AddUserToGroup", json!({"userName": "x", "groupName": "g"})),
            ],
        ),
        "policy_version_written_and_set" => {
            (("CreatePolicyVersion", managed.clone()), vec![("SetDefaultPolicyVersion", managed)])
        }
        "mfa_removed_and_password_set" => (
            ("DeactivateMFADevice", user.clone()),
            vec![("UpdateLoginProfile", user.clone()), ("CreateLoginProfile", user.clone()), ("ChangePassword", user)],
        ),
        "boundary_removed_and_policy_granted" => {
            (("DeleteUserPermissionsBoundary", user), vec![("PutUserPolicy", inline("userName"))])
        }
        "trust_widened_and_policy_granted" => (
            ("UpdateAssumeRolePolicy", trust("arn:aws:iam::999988887777:root")),
            vec![("PutRolePolicy", json!({"roleName": "r", "policyName": "p", "policyDocument": policy("Allow")}))],
        ),
        "policy_attached_and_version_set" => (
            ("AttachUserPolicy", json!({"userName": "x", "policyArn": "arn:aws:iam::111122223333:policy/p"})),
            vec![("SetDefaultPolicyVersion", managed)],
        ),
        "provider_changed_and_trusted" => {
            let provider = "arn:aws:iam::111122223333:oidc-provider/idp.example";
            let statement = json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {"Federated": provider}, "Condition": {"StringEquals": {"idp.example:sub": "carol"}}});
            let policy = json!({"Statement": [statement]}).to_string();
            (
                ("CreateOpenIDConnectProvider", json!({"url": "https://idp.example"})),
                vec![
                    ("CreateRole", json!({"roleName": "r", "assumeRolePolicyDocument": policy})),
                    ("UpdateAssumeRolePolicy", json!({"roleName": "r", "policyDocument": policy})),
                ],
            )
        }
        "denied_then_succeeded" => {
            (("PutUserPolicy", json!({"userName": "a", "denied": true})), vec![("CreateUser", user)])
        }
        "sign_ins_failed_then_succeeded" => (
            ("ConsoleLogin", json!({"userName": "x", "denied": true})),
            vec![("ConsoleLogin", json!({"userName": "x"}))],
        ),
        other => panic!("{other} has no example"),
    }
}

fn named(name: &str) -> &'static Chain {
    CHAINS.iter().find(|chain| chain.name == name).unwrap()
}

/// The first steps of a chain; `last` is the time of the last of them.
fn firsts(chain: &Chain, last: i64, who: &str) -> Vec<Entry> {
    let ((call, request), _) = steps(chain);
    let times = i64::try_from(chain.times).unwrap();
    (1..=times).map(|i| entry(last - times + i, who, call, &request)).collect()
}

#[test]
fn every_chain_is_completed_by_its_last_step_and_by_nothing_before() {
    for chain in CHAINS {
        for (call, request) in steps(chain).1 {
            let mut arriving = firsts(chain, 0, CAROL);
            arriving.push(entry(40, CAROL, call, &request));
            let mut played = played(&arriving);
            assert_eq!(played.pop().unwrap(), [chain.name], "{call}");
            assert!(played.iter().all(Vec::is_empty), "{call}");
        }
    }
}

#[test]
fn every_chain_is_completed_by_a_first_step_that_arrives_late() {
    for chain in CHAINS {
        let (call, request) = steps(chain).1.remove(0);
        let mut arriving = firsts(chain, 0, CAROL);
        let late = arriving.pop().unwrap();
        arriving.extend([entry(40, CAROL, call, &request), late]);
        let mut played = played(&arriving);
        assert_eq!(played.pop().unwrap(), [chain.name]);
        assert!(played.iter().all(Vec::is_empty));
    }
}

#[test]
fn steps_too_far_apart_or_in_the_wrong_order_are_no_chain() {
    for chain in CHAINS {
        let (call, request) = steps(chain).1.remove(0);
        for (seconds, is_chain) in
            [(chain.within.num_seconds(), true), (chain.within.num_seconds() + 10, false), (-90, false)]
        {
            let mut arriving = firsts(chain, 0, CAROL);
            // Of several first steps, the earliest must be within the time.
            let seconds = if chain.times > 1 && is_chain { seconds - 10 } else { seconds };
            arriving.push(entry(seconds, CAROL, call, &request));
            assert_eq!(played(&arriving).pop().unwrap() == [chain.name], is_chain, "{} {seconds}", chain.name);
        }
    }
}

#[test]
fn another_actor_or_target_completes_only_chains_that_do_not_depend_on_it() {
    for chain in CHAINS {
        let (call, mut request) = steps(chain).1.remove(0);
        let mut by_another = firsts(chain, 0, CAROL);
        by_another.push(entry(40, MALLORY, call, &request));
        assert_eq!(
            played(&by_another).pop().unwrap() == [chain.name],
            matches!(chain.shared, Shared::Target | Shared::Policy),
            "{}",
            chain.name
        );
        for name in ["userName", "roleName", "policyArn"] {
            if request.get(name).is_some() {
                request[name] = json!("somebody-else");
            }
        }
        let mut to_another = firsts(chain, 0, CAROL);
        to_another.push(entry(40, CAROL, call, &request));
        assert_eq!(played(&to_another).pop().unwrap() == [chain.name], chain.shared == Shared::Actor, "{}", chain.name);
    }
}

#[test]
fn containing_an_intruder_completes_no_chain() {
    let deny = json!({"userName": "x", "policyName": "incident-deny-all", "policyDocument": policy("Deny")});
    let user = json!({"userName": "x"});
    for first in ["CreateUser", "DeleteUserPermissionsBoundary"] {
        let arriving = [entry(0, CAROL, first, &user), entry(60, CAROL, "PutUserPolicy", &deny)];
        assert_eq!(played(&arriving), [[""; 0]; 2]);
    }
}

#[test]
fn four_denied_calls_are_not_many() {
    let chain = named("denied_then_succeeded");
    let mut arriving = firsts(chain, 0, CAROL);
    arriving.remove(0);
    arriving.push(entry(40, CAROL, "CreateUser", &json!({"userName": "x"})));
    assert_eq!(played(&arriving).pop().unwrap(), [""; 0]);
}

#[test]
fn a_reason_is_a_sentence_with_times() {
    let user = json!({"userName": "deploy-bot"});
    let reason = |arriving: &[Entry]| {
        let (this, before) = arriving.split_last().unwrap();
        completed(this, &related(this, before)).remove(0).reason().plain()
    };
    let (created, key) = (entry(10, CAROL, "CreateUser", &user), entry(50, CAROL, "CreateAccessKey", &user));
    let sentence = "The IAM user deploy-bot was created at 10:00:10 UTC and got a credential, a policy or a group \
                    at 10:00:50 UTC (iam:CreateAccessKey), 40 seconds later, both by carol. A new user with \
                    access is a common way to stay in an account.";
    assert_eq!(reason(&[created.clone(), key.clone()]), sentence);
    assert_eq!(reason(&[key.clone(), created.clone()]), sentence, "in whichever order they arrive");

    let policy = json!({"roleName": "r", "policyName": "p", "policyDocument": policy("Allow")});
    let opened = entry(0, CAROL, "UpdateAssumeRolePolicy", &trust("*"));
    assert_eq!(
        reason(&[opened, entry(120, MALLORY, "PutRolePolicy", &policy)]),
        "The IAM role r got a trust policy that admits principals outside of the account, or could not be read, at \
         10:00:00 UTC and got a policy at 10:02:00 UTC (iam:PutRolePolicy), 2 minutes later, by carol and by \
         mallory. This is external access with permissions attached."
    );

    let mut arriving = firsts(named("denied_then_succeeded"), 4, CAROL);
    arriving.push(entry(50, CAROL, "CreateUser", &user));
    let denied = "5 calls by carol were denied from 10:00:00 UTC; at 10:00:50 UTC iam:CreateUser succeeded, 50 seconds \
                  later. This looks like somebody probing what a stolen credential can do.";
    assert_eq!(reason(&arriving), denied);
    let (this, before) = arriving.split_last().unwrap();
    let mut unread = related(this, before);
    unread.by_actor.unread = true;
    assert_eq!(completed(this, &unread).remove(0).reason().plain(), format!("At least {denied}"));

    let mut guessed = firsts(named("sign_ins_failed_then_succeeded"), 4, CAROL);
    guessed.push(entry(65, CAROL, "ConsoleLogin", &json!({"userName": "x"})));
    assert_eq!(
        reason(&guessed),
        "5 sign-ins as the IAM user x failed from 10:00:00 UTC; at 10:01:05 UTC one succeeded, 65 seconds later. This looks \
         like somebody guessing the password."
    );

    let mut continued = completed(&key, &related(&key, &[created])).remove(0);
    continued.alerted_before = true;
    assert_eq!(continued.rule(), "chain_continued");
    assert_eq!(continued.reason().plain(), format!("{sentence} Another alert reports this chain."));
}

#[test]
fn a_success_after_many_denied_calls_is_one_chain_until_more_calls_are_denied() {
    let chain = named("denied_then_succeeded");
    let mut arriving = firsts(chain, 60, CAROL);
    arriving.extend(firsts(chain, 300, CAROL));
    let works = |seconds, user| entry(seconds, CAROL, "CreateUser", &json!({"userName": user}));
    let key = |arriving: &[Entry]| {
        let (this, before) = arriving.split_last().unwrap();
        completed(this, &related(this, before)).remove(0).key
    };
    arriving.push(works(310, "a"));
    let first = key(&arriving);
    // By now, the earliest denied calls are too old.
    arriving.push(works(700, "b"));
    assert_eq!(key(&arriving), first);
    arriving.extend(firsts(chain, 720, CAROL));
    arriving.push(works(730, "c"));
    assert_ne!(key(&arriving), first);
}

#[test]
fn another_version_that_is_set_as_default_is_no_chain() {
    let version = |id: &str| json!({"policyArn": "arn:aws:iam::111122223333:policy/p", "versionId": id});
    let rolled_back = [
        entry(0, CAROL, "CreatePolicyVersion", &version("v3")),
        entry(60, CAROL, "SetDefaultPolicyVersion", &version("v1")),
    ];
    assert_eq!(played(&rolled_back), [[""; 0]; 2]);
}

fn steps_of_call(name: &str, request: &Value, error: &Value) -> Vec<ChainStep> {
    let record = json!({"eventSource": "iam.amazonaws.com", "eventName": name, "recipientAccountId": "111122223333",
        "requestParameters": request, "errorCode": error});
    let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
    steps_of(&Activity::from_delivery(&delivery).unwrap().activity().unwrap())
}

#[test]
fn each_call_has_its_chain_steps() {
    let user = json!({"userName": "x"});
    for (name, request, expected) in [
        ("CreateUser", user.clone(), vec![ChainStep::UserCreated, ChainStep::Succeeded]),
        ("CreateAccessKey", user.clone(), vec![ChainStep::UserEquipped, ChainStep::Succeeded]),
        (
            "CreateLoginProfile",
            user.clone(),
            vec![ChainStep::UserEquipped, ChainStep::PasswordSet, ChainStep::Succeeded],
        ),
        (
            "AddUserToGroup",
            json!({"userName": "x", "groupName": "g"}),
            vec![ChainStep::UserEquipped, ChainStep::Succeeded],
        ),
        ("DeactivateMFADevice", user.clone(), vec![ChainStep::MfaRemoved, ChainStep::Succeeded]),
        ("DeleteUserPermissionsBoundary", user.clone(), vec![ChainStep::BoundaryRemoved, ChainStep::Succeeded]),
        (
            "SetDefaultPolicyVersion",
            json!({"policyArn": "p"}),
            vec![ChainStep::DefaultVersionSet, ChainStep::Succeeded],
        ),
        ("CreatePolicyVersion", json!({"policyArn": "p"}), vec![ChainStep::VersionWritten, ChainStep::Succeeded]),
        ("TagUser", user.clone(), vec![]),
        ("DeleteUser", user.clone(), vec![]),
    ] {
        assert_eq!(steps_of_call(name, &request, &json!(null)), expected, "{name}");
    }
    assert_eq!(steps_of_call("CreateUser", &user, &json!("AccessDenied")), [ChainStep::Denied]);
}

#[test]
fn containing_a_user_grants_nothing() {
    let put = |effect: &str| {
        let request = json!({"userName": "x", "policyName": "p", "policyDocument": policy(effect)});
        steps_of_call("PutUserPolicy", &request, &json!(null))
    };
    assert!(put("Allow").contains(&ChainStep::PolicyGranted) && put("Allow").contains(&ChainStep::UserEquipped));
    assert_eq!(put("Deny"), [ChainStep::Succeeded]);
    let attach =
        |arn: &str| steps_of_call("AttachRolePolicy", &json!({"roleName": "x", "policyArn": arn}), &json!(null));
    assert_eq!(attach("arn:aws:iam::aws:policy/ReadOnlyAccess"), [ChainStep::PolicyGranted, ChainStep::Succeeded]);
    assert_eq!(attach("arn:aws:iam::aws:policy/AWSDenyAll"), [ChainStep::Succeeded]);
    assert_eq!(attach("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"), [ChainStep::Succeeded]);
    // A customer managed policy can have the same name.
    assert_eq!(attach("arn:aws:iam::1:policy/AWSDenyAll"), [ChainStep::PolicyGranted, ChainStep::Succeeded]);
}

#[test]
fn trust_is_widened_by_outside_principals_and_by_an_unreadable_policy() {
    let widened = |principal: Value| {
        let document = json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}]});
        let request = json!({"roleName": "x", "policyDocument": document.to_string()});
        steps_of_call("UpdateAssumeRolePolicy", &request, &json!(null)).contains(&ChainStep::TrustWidened)
    };
    assert!(widened(json!({"AWS": "arn:aws:iam::999988887777:root"})) && widened(json!("*")));
    assert!(!widened(json!({"AWS": "arn:aws:iam::111122223333:root"})));
    assert!(!widened(json!({"Service": "ec2.amazonaws.com"})));
    let bare = steps_of_call("UpdateAssumeRolePolicy", &json!({"roleName": "x"}), &json!(null));
    assert!(bare.contains(&ChainStep::TrustWidened));
}
