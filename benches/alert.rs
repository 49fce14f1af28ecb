//! Event in, alert out, with the lookups answered from memory: what the function itself costs an event.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run may panic")]

#[path = "../tests/common/mod.rs"]
mod common;

use criterion::{Criterion, criterion_group, criterion_main};
use iam_security_alert::app::{Channels, Decision, Handler};
use iam_security_alert::channel::json::AlertJson;
use iam_security_alert::channel::sns::Publisher;
use iam_security_alert::event::Delivery;
use iam_security_alert::telemetry::InvocationLog;
use serde_json::Value;
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
        settings,
        clock: common::clock,
    };
    let alert = |event: &Value| -> AlertJson {
        let delivery = Delivery::from_eventbridge(black_box(event.clone())).unwrap();
        let mut log = InvocationLog::default();
        match runtime.block_on(handler.draft(&delivery, Duration::from_secs(30), &mut log)).unwrap() {
            Decision::Alert(draft) => draft.into_json(false, None),
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

criterion_group!(benches, event_to_alert);
criterion_main!(benches);
