//! Start-up: settings, clients, and the runtime that delivers events.

use aws_config::SdkConfig;
use chrono::Utc;
use iam_security_alert::app::{Channels, Expecting, Handler, Watchdog};
use iam_security_alert::arn::{Arn, Partition};
use iam_security_alert::channel::beside_the_mail;
use iam_security_alert::channel::sns::Publisher;
use iam_security_alert::config::{Settings, Topic};
use iam_security_alert::history::History;
use iam_security_alert::lookup::Directory;
use iam_security_alert::lookup::iam::{IamDirectory, Members};
use iam_security_alert::lookup::organization::Organization;
use iam_security_alert::lookup::parameters::Parameters;
use iam_security_alert::lookup::snapshot::Snapshot;
use iam_security_alert::verification::aws::Stack;
use iam_security_alert::{aws, telemetry};
use lambda_runtime::{Error, service_fn};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // Lambda gives no arguments: whoever has a zip from somewhere can ask what is in it.
    if std::env::args().nth(1).is_some_and(|argument| argument == "--version") {
        println!("iam-security-alert {}", iam_security_alert::VERSION);
        return Ok(());
    }
    telemetry::start();
    let settings = Settings::from_env()?;
    // SAM sets this key if its user has no credentials. All calls to AWS with this key fail.
    if settings.local && std::env::var("AWS_ACCESS_KEY_ID").is_ok_and(|key| key == "defaultkey") {
        let directory = Snapshot::unavailable("there are no AWS credentials here");
        let (publisher, channels) = (Publisher::Print, Channels::default());
        let handler = Handler {
            directory,
            publisher,
            channels,
            expecting: Expecting::new(&settings, None),
            settings,
            history: None,
            watchdog: None,
            clock: Utc::now,
        };
        return Box::pin(serve(handler)).await;
    }
    let config = aws::of_function(settings.endpoint.as_deref());
    let members = members(&settings, &config);
    let of_path = |path| Parameters::new(&config, &partition(&settings), path);
    let parameters = settings.expectations_path.clone().map(of_path).transpose()?;
    let expecting = Expecting::new(&settings, parameters);
    let directory = directory(&settings, &config, members.clone(), &expecting)?;
    let history = settings
        .history_table
        .clone()
        .map(|table| History::new(aws::dynamodb(&config), table, settings.history_retention))
        .map(|history| if settings.reader_role.is_some() { history.of_many_accounts() } else { history });
    let (publisher, channels, watchdog) = match &settings.topic {
        Topic::Arn(arn) => (
            Publisher::topic(aws::sns(&config), arn.clone()),
            Channels(beside_the_mail(&settings, &config)),
            Some(Watchdog::new(Stack::new(config, arn.clone()), members)),
        ),
        Topic::Print => (Publisher::Print, Channels::default(), None),
    };
    Box::pin(serve(Handler { directory, publisher, channels, expecting, settings, history, watchdog, clock: Utc::now }))
        .await
}

/// How the organization's other accounts are read, if their events come here.
fn members(settings: &Settings, config: &SdkConfig) -> Option<Rc<Members>> {
    let role = settings.reader_role.clone()?;
    Some(Rc::new(Members::new(config.clone(), partition(settings).name(), role)))
}

fn partition(settings: &Settings) -> Partition {
    let topic = settings.topic.arn().and_then(Arn::parse);
    Partition::from_name(topic.map_or("aws", |topic| topic.partition))
}

/// The directory of the own account, and of the organization's other accounts.
fn directory(
    settings: &Settings,
    config: &SdkConfig,
    members: Option<Rc<Members>>,
    expecting: &Expecting,
) -> Result<IamDirectory, Error> {
    let account = settings.topic.account().map(str::to_owned);
    let organization = settings.organization.clone().filter(|_| members.is_some());
    let ask = |id| Organization::new(config, &partition(settings), id, expecting.needs_units());
    Ok(IamDirectory::of_organization(config, account, members, organization.map(ask).transpose()?))
}

async fn serve<D: Directory>(handler: Handler<D>) -> Result<(), Error> {
    // The first connection opens while the runtime waits for the first event. A failure does not matter here: each
    // event looks up again what it needs.
    let account = handler.settings.topic.account().map(str::to_owned);
    let soon = Instant::now() + Duration::from_secs(5);
    let warm_up = async {
        tokio::join!(handler.directory.account(&account, soon), Box::pin(handler.expecting.warm_up(soon)));
    };
    let run = lambda_runtime::run(service_fn(|event| handler.invoke(event)));
    let (ended, ()) = tokio::join!(run, warm_up);
    ended
}
