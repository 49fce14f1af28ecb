//! Event in, alert out, with the lookups answered from memory: what the function itself costs an event. And the judge of
//! policies, with the documents that cost the most.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a benchmark that cannot run may panic")]

#[path = "../tests/common/mod.rs"]
mod common;

use criterion::{Criterion, criterion_group, criterion_main};
use iam_security_alert::app::{Channels, Decision, Expecting, Handler};
use iam_security_alert::channel::json::AlertJson;
use iam_security_alert::channel::sns::Publisher;
use iam_security_alert::config::Expectations;
use iam_security_alert::config::expectations::{self, Judgement, MAX_ROWS, Occasion, Verdict};
use iam_security_alert::event::{Activity, Delivery};
use iam_security_alert::history::MailStatus;
use iam_security_alert::policy::{Document, Holder, Named, PolicyInput, Question, Reading, Via, evaluate};
use iam_security_alert::severity::Severity;
use iam_security_alert::telemetry::InvocationLog;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::time::Duration;

fn event_to_alert(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let settings = common::settings(&[]);
    let handler = Handler {
        directory: common::account(),
        publisher: Publisher::Print,
        channels: Channels::default(),
        history: None,
        watchdog: None,
        expecting: Expecting::new(&settings, None),
        settings,
        clock: common::clock,
    };
    let alert = |event: &Value| -> AlertJson {
        let delivery = Delivery::from_eventbridge(black_box(event.clone())).unwrap();
        let mut log = InvocationLog::default();
        match runtime.block_on(handler.draft(&delivery, Duration::from_secs(30), &mut log)).unwrap() {
            Decision::Alert(draft) => draft.into_json(MailStatus::Printed, None),
            Decision::NotAlerted(why) => unreachable!("not alerted: {}", why.plain()),
        }
    };
    for name in ["create_user", "create_user_github_oidc", "create_user_denied", "create_user_hostile"] {
        let event = common::event(&format!("{name}.json"));
        criterion.bench_function(name, |bencher| bencher.iter(|| alert(&event)));
    }
    // By the same caller as create_user, so that the two can be compared: an event of each call, one after another.
    let by_carol = common::event("create_user.json");
    let calls = common::calls::calls();
    let catalogue: Vec<_> =
        calls.iter().map(|(name, call)| common::calls::with_call(by_carol.clone(), name, call)).collect();
    criterion.bench_function(&format!("the whole catalogue, {} events", catalogue.len()), |bencher| {
        bencher.iter(|| catalogue.iter().map(alert).count());
    });
}

/// Policy documents as long as a managed policy may be (6,144 characters), each of the kind that costs the most.
fn worst_documents() -> Vec<(&'static str, Value)> {
    let letters = |i: usize| format!("{}{}", char::from(b'a' + (i / 26 % 26) as u8), char::from(b'a' + (i % 26) as u8));
    let fill = |characters: usize, make: &dyn Fn(String) -> String| {
        let mut left = characters;
        let each = (0..676).map(|i| make(letters(i))).take_while(move |text| {
            let fits = left > text.len() + 3;
            left = left.saturating_sub(text.len() + 3);
            fits
        });
        each.collect::<Vec<_>>()
    };
    let document = |statements: Value| json!({"Version": "2012-10-17", "Statement": statements});
    let allow = |actions: Value, resources: Value| json!({"Effect": "Allow", "Action": actions, "Resource": resources});
    let deny = |resources: Value| json!({"Effect": "Deny", "NotAction": "s3:x", "Resource": resources});
    let star = || json!("*");
    let conditional = |i: usize| {
        let mut statement = allow(star(), json!(format!("arn:aws:iam::*:role/{}*", letters(i))));
        statement["Condition"] = json!({"StringLike": {"aws:PrincipalTag/a": format!("*{}*a*b*", letters(i))}});
        statement
    };
    vec![
        ("actions", document(allow(json!(fill(6_000, &|two| format!("*{two}*"))), star()))),
        ("stars", document(allow(json!(fill(6_000, &|two| format!("*a*a*a*a*a*{two}"))), star()))),
        ("question marks", document(allow(json!(fill(6_000, &|two| format!("*????????{two}*"))), star()))),
        ("resources", document(allow(star(), json!(fill(6_000, &|two| format!("*:role/*{two}*")))))),
        (
            "actions and resources",
            document(allow(
                json!(fill(3_000, &|two| format!("*{two}*"))),
                json!(fill(3_000, &|two| format!("arn:aws:iam::*:role/*{two}*"))),
            )),
        ),
        (
            "denies",
            document(json!([
                allow(star(), json!(fill(3_000, &|two| format!("arn:aws:*:*:*:*{two}*")))),
                deny(json!(fill(2_800, &|two| format!("*{two}*")))),
            ])),
        ),
        ("conditions", document(json!((0..40).map(conditional).collect::<Vec<_>>()))),
    ]
}

fn judgement(criterion: &mut Criterion) {
    let arn = "arn:aws:iam::123456789012:user/holder".into();
    let mut group = criterion.benchmark_group("judge");
    for (name, document) in worst_documents() {
        let text = document.to_string();
        assert!((4_500..6_144).contains(&text.len()), "{name}: {}", text.len());
        let document = Document::parse(&text).unwrap();
        let reading = Reading::Document(&document);
        let named = Named::default();
        // A user can have twenty managed policies, if AWS raised the quota.
        for count in [1, 20] {
            let policy = || PolicyInput { label: "policy".into(), arn: None, via: Via::Inline, reading };
            let policies: Vec<_> = (0..count).map(|_| policy()).collect();
            let question = Question {
                policies: &policies,
                cuts: &[],
                unread: false,
                holder: Holder { arn: Some(&arn), ..Holder::default() },
                boundary: None,
                named: &named,
            };
            group.bench_function(format!("{name}, {count}"), |bencher| {
                bencher.iter(|| evaluate(black_box(&question)));
            });
        }
    }
}

/// A file of a thousand rows: read, and compared with a call that only the last row is about.
fn a_thousand_expectations(criterion: &mut Criterion) {
    let row = |n: usize| {
        // All of the same length, so that none matches another one's.
        let n = 1_000 + n;
        let (who, target) = (format!("role/ci/*deploy*{n}"), format!("role/app-*{n}*"));
        format!(
            "  - who: arn:aws:iam::123456789012:{who}\n    why: OPS-{n}\n    what: [iam:Attach*, iam:Put*]\n    target: {target}"
        )
    };
    let rows: Vec<_> = (0..MAX_ROWS).map(row).collect();
    let text = format!("expectations:\n{}\n", rows.join("\n"));
    let read = |text: &str| Expectations(expectations::read(text, "main", &BTreeMap::new()).unwrap());
    let rows = read(&text);
    let (limits, arn) = (BTreeSet::new(), "arn:aws:iam::123456789012:role/ci/a-deploy-1999");
    let mut event = common::event("create_user_github_oidc.json");
    let record = &mut event["detail"];
    record["eventName"] = json!("AttachRolePolicy");
    record["requestParameters"] =
        json!({"roleName": "app-1999", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"});
    record["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] = json!(arn);
    let delivery = Delivery::from_eventbridge(event).unwrap();
    let activity = Activity::from_delivery(&delivery).unwrap().activity().unwrap();
    let occasion = Occasion { activity: &activity, units_of_principal: &[], units_of_event: &[] };
    let judgement = || Judgement { severity: Severity::Medium, limits: &limits, complete: true };
    assert!(matches!(rows.verdict(occasion, judgement()), Some(Verdict::Covered(row)) if row.why == "OPS-1999"));
    let mut group = criterion.benchmark_group(format!("{MAX_ROWS} expectations, {} KB", text.len() / 1_024));
    group.bench_function("read", |bencher| bencher.iter(|| read(black_box(&text))));
    group.bench_function("compare", |bencher| bencher.iter(|| rows.verdict(black_box(occasion), judgement())));
}

criterion_group!(benches, event_to_alert, judgement, a_thousand_expectations);
criterion_main!(benches);
