//! Start-up: settings, clients, and the runtime that hands over events.

use chrono::Utc;
use iam_security_alert::channel::security_hub::Product;
use iam_security_alert::channel::security_hub::import::SecurityHub;
use iam_security_alert::channel::sns::Outbox;
use iam_security_alert::directory::Directory;
use iam_security_alert::directory::iam::IamDirectory;
use iam_security_alert::directory::snapshot::Snapshot;
use iam_security_alert::handler::Handler;
use iam_security_alert::history::History;
use iam_security_alert::settings::{Settings, Topic};
use iam_security_alert::{aws, telemetry};
use lambda_runtime::{Error, service_fn};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let settings = Settings::from_env()?;
    // What SAM puts into the environment where its user has no credentials: asking AWS with them is in vain.
    if settings.local && std::env::var("AWS_ACCESS_KEY_ID").is_ok_and(|key| key == "defaultkey") {
        let directory = Snapshot::unavailable("there are no AWS credentials here");
        let outbox = Outbox::Print;
        return serve(Handler { directory, outbox, security_hub: None, history: None, settings, clock: Utc::now })
            .await;
    }
    let config = aws::of_function(settings.emulator.as_deref());
    let directory = IamDirectory::new(aws_sdk_iam::Client::new(&config), settings.topic.account().map(str::to_owned));
    let history = settings
        .history_table
        .clone()
        .map(|table| History::new(aws_sdk_dynamodb::Client::new(&config), table, settings.history_retention));
    let outbox = match &settings.topic {
        Topic::Arn(arn) => Outbox::Topic {
            client: aws_sdk_sns::Client::new(&config),
            arn: arn.clone(),
            chat: settings.chat_topic.clone(),
        },
        Topic::Print => Outbox::Print,
    };
    let product = settings.topic.arn().and_then(Product::of_topic);
    let security_hub =
        product.zip(settings.security_hub).map(|(product, minimum)| SecurityHub::new(&config, product, minimum));
    Box::pin(serve(Handler { directory, outbox, security_hub, history, settings, clock: Utc::now })).await
}

async fn serve<D: Directory>(handler: Handler<D>) -> Result<(), Error> {
    // The first connection is made while the runtime waits for the first event. Whether it succeeds does
    // not matter here: each event asks again for what it needs.
    let warm_up = handler.directory.account_alias(Instant::now() + Duration::from_secs(5));
    let run = lambda_runtime::run(service_fn(|event| handler.invoke(event)));
    let (ended, _) = tokio::join!(run, warm_up);
    ended
}
