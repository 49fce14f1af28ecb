//! What a record says is in the alert, and what a record lacks leaves no hole in a sentence.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use common::calls::{calls, denied, event};
use common::{account, draft, every_event, settings};
use iam_security_alert::app::Draft;
use iam_security_alert::catalog::{ObjectKind, TargetKind};
use iam_security_alert::channel::email::MAX_SUBJECT;
use iam_security_alert::lookup::snapshot::Snapshot;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Every event of `events/` that is not hostile, and every call of the catalogue, successful and denied.
static RECORDS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let of_calls = calls().into_iter().flat_map(|(name, call)| [event(&name, &call), denied(&name, &call)]);
    every_event().into_iter().chain(of_calls).filter(|event| !is_hostile(event)).collect()
});

/// Whether the text of an event is from an attacker: then it may contain anything.
fn is_hostile(event: &Value) -> bool {
    event.to_string().contains("evil.example")
}

/// The mail with links as they were.
fn text(draft: &Draft<'_>) -> String {
    let mail = format!("{}\n{}", draft.email.subject, draft.email.body);
    mail.replace("hxxp", "http").replace("[.]", ".")
}

/// All texts and numbers in a value.
fn leaves(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            // A policy in a parameter is JSON of its own.
            match serde_json::from_str::<Value>(text) {
                Ok(document @ Value::Object(_)) => leaves_of_policy(&document, found),
                _ => {
                    found.insert(text.clone());
                }
            }
        }
        Value::Number(number) => {
            found.insert(number.to_string());
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| leaves(field, found)),
        Value::Bool(_) | Value::Null => {}
    }
}

/// What decides in a policy: principals, actions, resources, and the keys and values of conditions.
fn leaves_of_policy(document: &Value, found: &mut BTreeSet<String>) {
    let statements = match &document["Statement"] {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    for statement in statements {
        // The action of a trust policy is the subject of the sentence: "can be assumed by".
        let of_trust = statement.get("Principal").is_some();
        for part in ["Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"] {
            if !(of_trust && part == "Action") {
                leaves(&statement[part], found);
            }
        }
        for operator in statement["Condition"].as_object().into_iter().flatten() {
            found.extend(operator.1.as_object().into_iter().flatten().map(|(key, _)| key.clone()));
        }
    }
}

/// The facts of a record that an alert must not leave out.
fn decisive(event: &Value) -> BTreeSet<String> {
    const OF_RECORD: [&str; 9] = [
        "/recipientAccountId",
        "/sourceIPAddress",
        "/errorCode",
        "/errorMessage",
        "/eventID",
        "/requestID",
        "/eventName",
        "/vpcEndpointId",
        "/requestParameters",
    ];
    const OF_CALLER: [&str; 12] = [
        "/arn",
        "/accountId",
        "/userName",
        "/accessKeyId",
        "/identityProvider",
        "/sessionContext/sessionIssuer/arn",
        "/sessionContext/sessionIssuer/userName",
        "/sessionContext/sourceIdentity",
        "/sessionContext/webIdFederationData/federatedProvider",
        "/onBehalfOf/userId",
        "/invokedByDelegate/accountId",
        "/inScopeOf/credentialsIssuedTo",
    ];
    // Documents of certificates and keys, which nobody can read; and what the response says better, with a date.
    // The address of a bucket is its name.
    const LEFT_OUT: [&str; 6] = [
        "certificateBody",
        "certificateChain",
        "sSHPublicKeyBody",
        "sAMLMetadataDocument",
        "credentialAgeDays",
        "Host",
    ];
    let mut record = event["detail"].clone();
    // Amazon S3 writes a policy as an object.
    if let Some(policy) = record.pointer_mut("/requestParameters/bucketPolicy") {
        *policy = policy.to_string().into();
    }
    // The session that began; the alert names the role and the person.
    if record["eventName"] == json!("SwitchRole") {
        record["userIdentity"]["arn"] = json!(null);
    }
    let omitted = record["requestParameters"]["omitted"] == json!(true);
    if let Some(request) = record["requestParameters"].as_object_mut() {
        request.retain(|name, _| !omitted && !LEFT_OUT.contains(&name.as_str()));
    }
    // The ARN of a permission set contains its instance, and the name says whether it is a user's or a group's.
    if let Some(request) = record["requestParameters"].as_object_mut().filter(|of| of.contains_key("permissionSetArn"))
    {
        request.remove("instanceArn");
        request
            .retain(|_, value| *value != json!("AWS_ACCOUNT") && *value != json!("USER") && *value != json!("GROUP"));
    }
    let mut found = BTreeSet::new();
    OF_RECORD.iter().filter_map(|path| record.pointer(path)).for_each(|value| leaves(value, &mut found));
    let caller = &record["userIdentity"];
    OF_CALLER.iter().filter_map(|path| caller.pointer(path)).for_each(|value| leaves(value, &mut found));
    let hidden = ["HIDDEN_DUE_TO_SECURITY_REASONS", "****"];
    found.retain(|fact| !fact.is_empty() && fact != "/" && !hidden.contains(&fact.as_str()));
    found
}

/// The part of a fact that an alert shows: the account of "the account 111122223333", the name in a URL.
fn shown(fact: &str) -> &str {
    let account = fact.strip_suffix(":root").and_then(|arn| arn.rsplit(':').next());
    let url = fact
        .strip_prefix("https://")
        .map(|url| if url.starts_with("sqs.") { url.rsplit('/').next().unwrap() } else { url });
    account.or(url).unwrap_or(fact)
}

#[test]
fn no_fact_that_decides_is_left_out() {
    let mut left_out = Vec::new();
    for event in RECORDS.iter() {
        let mail = text(&draft(account(), event.clone(), settings(&[])));
        // What is part of the address of a call is percent-encoded.
        let decoded = |fact: &String| shown(fact).replace("%3A", ":").replace("%2F", "/");
        let missing = decisive(event).into_iter().filter(|fact| !mail.contains(&decoded(fact)));
        left_out.extend(missing.map(|fact| format!("{}: {fact}", event["detail"]["eventName"])));
    }
    assert!(left_out.is_empty(), "{}", left_out.join("\n"));
}

/// The places of all values in a record.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                found.push(at.clone());
                places(field, &at, found);
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{i}"), found);
            }
        }
        _ => {}
    }
}

/// Sentences with a part missing.
fn holes(mail: &str) -> Vec<&str> {
    let broken = |line: &&str| {
        // A command and a link are no sentences, and a row has its label in a column.
        let sentence = if line.starts_with("  ") && line.len() > 21 { &line[21..] } else { line.trim_start() };
        let command = ["aws ", "iam-security-alert-tool "].iter().any(|begin| line.starts_with(begin));
        let ours = !command && !sentence.contains("http");
        ours && [",.", " ,", " .", "  ", "()", "( ", " )", "..", ":.", ";.", ",,", "\"\""]
            .iter()
            .any(|hole| sentence.contains(hole))
    };
    mail.lines().filter(|line| line.is_char_boundary(21.min(line.len()))).filter(broken).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Every field of a record is optional, so every sentence must do without any of them.
    #[test]
    fn a_field_that_is_absent_leaves_no_hole(
        which in any::<Index>(),
        drop in prop::collection::vec(any::<Index>(), 0..8),
        known in any::<bool>(),
    ) {
        let mut event = which.get(&RECORDS).clone();
        for place in drop {
            let mut all = Vec::new();
            places(&event["detail"], "", &mut all);
            all.retain(|place| !["/eventName", "/eventSource"].contains(&place.as_str()));
            if all.is_empty() {
                break;
            }
            let (parent, name) = place.get(&all).rsplit_once('/').unwrap();
            if let Some(fields) = event["detail"].pointer_mut(parent).and_then(Value::as_object_mut) {
                fields.remove(&name.replace("~1", "/").replace("~0", "~"));
            }
        }
        let directory = if known { account() } else { Snapshot::unavailable("there are no AWS credentials here") };
        let decision = common::decided(directory, event, settings(&[]));
        let Some(draft) = common::drafted(decision) else { return Ok(()) };
        let (subject, body) = (&draft.email.subject, &draft.email.body);
        prop_assert!(holes(body).is_empty(), "{:?}\n{body}", holes(body));
        prop_assert!(!["  ", "()", ",."].iter().any(|hole| subject.contains(hole)), "{subject}");
    }
}

/// In a list of alerts the reader sees who did it and to whom; the names of policies and accounts yield first.
#[test]
fn a_subject_keeps_the_caller_and_the_target() {
    let mut cut = 0;
    for event in RECORDS.iter() {
        let draft = draft(account(), event.clone(), settings(&[]));
        let subject = &draft.email.subject;
        let who = draft.activity.principal.brief_name().plain();
        let whom = draft.activity.target.name.as_ref().map_or(String::new(), |name| name.raw().to_owned());
        // There is one root of an organization.
        let only_one = draft.activity.target.kind == TargetKind::OrganizationRoot;
        let signs_in = event["detail"]["eventSource"] == json!("signin.amazonaws.com") || only_one;
        let by_aws = subject.contains("AWS found");
        for (name, both) in [(&who, who.len() + whom.len()), (&whom, who.len() + whom.len())] {
            if signs_in || (by_aws && *name == who) || both > 36 {
                continue;
            }
            assert!(subject.replace("[.]", ".").contains(&name.replace("[.]", ".")), "{name:?} is not in {subject:?}");
        }
        assert!(subject.len() <= MAX_SUBJECT);
        // The names of calls on the stack's own resources are long: they yield first.
        cut += usize::from(subject.contains("..") && draft.activity.action.object != ObjectKind::StackAction);
    }
    assert!(cut * 20 < RECORDS.len(), "{cut} subjects are cut");
}
