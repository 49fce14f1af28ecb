//! Event in, alert out, with the lookups answered from memory: what the function itself costs an event.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run may panic")]

use criterion::{Criterion, criterion_group, criterion_main};
use iam_security_alert::channel::sns::Outbox;
use iam_security_alert::cloudtrail::Delivery;
use iam_security_alert::directory::snapshot::Snapshot;
use iam_security_alert::handler::Handler;
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
    let settings = Settings::read(|name| (name == "AWS_SAM_LOCAL").then(|| "true".to_owned())).unwrap();
    let directory = Snapshot::from_json(&file("account.json")).unwrap();
    let clock = || "2026-11-22T06:00:11Z".parse().unwrap();
    let handler = Handler { directory, outbox: Outbox::Print, settings, clock };
    for name in ["create_user", "create_user_github_oidc", "create_user_denied", "create_user_hostile"] {
        let event: Value = serde_json::from_str(&file(&format!("{name}.json"))).unwrap();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let delivery = Delivery::from_eventbridge(black_box(event.clone())).unwrap();
                let mut journey = Journey::default();
                let draft = runtime.block_on(handler.draft(&delivery, Duration::from_secs(30), &mut journey));
                draft.unwrap().into_alert(false)
            });
        });
    }
}

criterion_group!(benches, event_to_alert);
criterion_main!(benches);
