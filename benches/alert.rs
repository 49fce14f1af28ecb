//! Event in, alert out, with the lookups answered from memory: what the function itself costs an event.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run may panic")]

#[path = "../tests/common/mod.rs"]
mod common;

use criterion::{Criterion, criterion_group, criterion_main};
use iam_security_alert::channel::json::Alert;
use iam_security_alert::channel::sns::Outbox;
use iam_security_alert::cloudtrail::Delivery;
use iam_security_alert::handler::{Handler, Told};
use iam_security_alert::telemetry::Journey;
use serde_json::{Map, Value, json};
use std::hint::black_box;
use std::time::Duration;

fn event_to_alert(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let settings = common::settings(&[]);
    let handler = Handler {
        directory: common::account(),
        outbox: Outbox::Print,
        security_hub: None,
        history: None,
        settings,
        clock: common::clock,
    };
    let alert = |event: &Value| -> Alert {
        let delivery = Delivery::from_eventbridge(black_box(event.clone())).unwrap();
        let mut journey = Journey::default();
        match runtime.block_on(handler.draft(&delivery, Duration::from_secs(30), &mut journey)).unwrap() {
            Told::Draft(draft) => draft.into_alert(false, None),
            Told::Not(why) => unreachable!("not told: {}", why.plain()),
        }
    };
    for name in ["create_user", "create_user_github_oidc", "create_user_denied", "create_user_hostile"] {
        let event = common::event(&format!("{name}.json"));
        criterion.bench_function(name, |bencher| bencher.iter(|| alert(&event)));
    }
    // By the same caller as create_user, so that the two can be compared: an event of each call, one after another.
    let calls: Map<String, Value> = serde_json::from_str(include_str!("../tests/calls.json")).unwrap();
    let catalogue: Vec<_> = calls.iter().map(of_call).collect();
    criterion.bench_function(&format!("the whole catalogue, {} events", catalogue.len()), |bencher| {
        bencher.iter(|| catalogue.iter().map(alert).count());
    });
}

fn of_call((name, call): (&String, &Value)) -> Value {
    let service = call.get("source").and_then(Value::as_str).unwrap_or("iam");
    let mut event = common::event("create_user.json");
    event["source"] = json!(format!("aws.{service}"));
    let record = &mut event["detail"];
    record["eventSource"] = json!(format!("{service}.amazonaws.com"));
    record["eventName"] = name.split(' ').next().into();
    record["requestParameters"] = call["request"].clone();
    record["responseElements"] = call["response"].clone();
    event
}

criterion_group!(benches, event_to_alert);
criterion_main!(benches);
