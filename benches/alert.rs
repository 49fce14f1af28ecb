//! Event in, alert out, with the lookups answered from memory: what the function itself costs an event.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run may panic")]

use criterion::{Criterion, criterion_group, criterion_main};
use iam_security_alert::channel::sns::Outbox;
use iam_security_alert::cloudtrail::Delivery;
use iam_security_alert::directory::snapshot::Snapshot;
use iam_security_alert::handler::{Handler, Told};
use iam_security_alert::settings::Settings;
use iam_security_alert::telemetry::Journey;
use serde_json::Value;
use std::hint::black_box;
use std::time::Duration;

fn file(name: &str) -> String {
    std::fs::read_to_string(format!("{}/events/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn event_to_alert(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let settings = Settings::read(|name| match name {
        "AWS_SAM_LOCAL" => Some("true".to_owned()),
        "WATCHED_EVENT_NAMES" => Some("*".to_owned()),
        _ => None,
    });
    let directory = Snapshot::from_json(&file("account.json")).unwrap();
    let clock = || "2026-11-22T06:00:11Z".parse().unwrap();
    let handler = Handler { directory, outbox: Outbox::Print, settings: settings.unwrap(), clock };
    let alert = |event: &Value| {
        let delivery = Delivery::from_eventbridge(black_box(event.clone())).unwrap();
        let mut journey = Journey::default();
        match runtime.block_on(handler.draft(&delivery, Duration::from_secs(30), &mut journey)).unwrap() {
            Told::Draft(draft) => Some(draft.into_alert(false)),
            Told::Not(_) => None,
        }
    };
    for name in ["create_user", "create_user_github_oidc", "create_user_denied", "create_user_hostile"] {
        let event: Value = serde_json::from_str(&file(&format!("{name}.json"))).unwrap();
        criterion.bench_function(name, |bencher| bencher.iter(|| alert(&event)));
    }
    // By the same caller as create_user, so that the two can be compared: an event of each call, one after another.
    let calls: serde_json::Map<String, Value> = serde_json::from_str(include_str!("../tests/calls.json")).unwrap();
    let create_user: Value = serde_json::from_str(&file("create_user.json")).unwrap();
    let catalogue: Vec<_> = calls
        .iter()
        .filter_map(|(name, call)| {
            let mut event = create_user.clone();
            let record = &mut event["detail"];
            record["eventName"] = name.split(' ').next().into();
            record["requestParameters"] = call["request"].clone();
            record["responseElements"] = call["response"].clone();
            call.get("source").is_none().then_some(event)
        })
        .collect();
    criterion.bench_function(&format!("the whole catalogue, {} events", catalogue.len()), |bencher| {
        bencher.iter(|| catalogue.iter().filter_map(alert).count());
    });
}

criterion_group!(benches, event_to_alert);
criterion_main!(benches);
