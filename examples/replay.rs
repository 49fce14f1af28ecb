//! Replays a recorded or an invented day through the function, with a clock of its own. See `tests/noise`.

#[path = "tool/command.rs"]
mod command;

use chrono::{DateTime, TimeDelta, Utc};
use iam_security_alert::app::{Channels, Expecting, Handler, InvocationResult};
use iam_security_alert::aws;
use iam_security_alert::channel::sns::Publisher;
use iam_security_alert::config::{Settings, Topic};
use iam_security_alert::history::History;
use iam_security_alert::lookup::iam::IamDirectory;
use iam_security_alert::telemetry::InvocationLog;
use lexopt::prelude::*;
use serde_json::{Value as Json, json};
use std::error::Error;
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

const HELP: &str = "\
Replays events through the function, at the times that their lines say.

Usage: cargo run --example replay -- [OPTIONS] < LINES

Each line of standard input is one of
  {\"at\": \"2026-11-22T06:00:11Z\", \"event\": EVENT}    an EventBridge event, and when it arrives
  {\"at\": \"2026-11-22T06:01:00Z\", \"schedule\": true}  the scheduled run: summaries of suppressed alerts

Each line is answered by one line of JSON, before the next line is read: so a program can change the account between two
events. Lookups, history and topic are real: set AWS_ENDPOINT_URL to an emulator, unless you want to use AWS.

All settings are read from the environment, as the function does: ALERT_TOPIC_ARN, HISTORY_TABLE, MINIMUM_SEVERITY …

Options:
  --expectations FILE  these expectations, instead of those in parameters of Systems Manager
  --help               this
";

/// A warm function remembers what it read for five minutes. The time of a day that is replayed passes faster.
const REMEMBERED_FOR: TimeDelta = TimeDelta::minutes(5);
/// As in the template.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The time that it is now. A static, since the handler's clock is a plain function.
static NOW: Mutex<DateTime<Utc>> = Mutex::new(DateTime::UNIX_EPOCH);

fn clock() -> DateTime<Utc> {
    *NOW.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn set_clock(now: DateTime<Utc>) {
    *NOW.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = now;
}

struct Options {
    expectations: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    command::run(&command::Called::as_example("replay"), HELP, options(), replay).await
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let (mut arguments, mut expectations) = (lexopt::Parser::from_env(), None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("expectations") => expectations = Some(arguments.value()?.string()?),
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(Options { expectations }))
}

/// Replays all lines; returns whether every event was handled.
async fn replay(options: &Options) -> Result<bool, Box<dyn Error>> {
    let mut settings = Settings::from_env()?;
    if let Some(file) = &options.expectations {
        settings.expectations.0.extend(command::expectations_of(file, &settings.account_names)?);
    }
    let Topic::Arn(topic) = settings.topic.clone() else { return Err("ALERT_TOPIC_ARN is not set".into()) };
    let config = aws::of_function(settings.endpoint.as_deref());
    let table = settings.history_table.clone();
    let history = table.map(|table| History::new(aws::dynamodb(&config), table, settings.history_retention));
    let account = settings.topic.account().map(str::to_owned);
    let directory = || IamDirectory::of_organization(&config, account.clone(), None, None);
    let publisher = Publisher::topic(aws::sns(&config), topic);
    let channels = Channels::default();
    let expecting = Expecting::new(&settings, None);
    let mut handler =
        Handler { directory: directory(), publisher, channels, expecting, settings, history, watchdog: None, clock };
    let (mut all_well, mut fresh_until) = (true, DateTime::UNIX_EPOCH);
    for line in std::io::stdin().lock().lines() {
        let line: Json = serde_json::from_str(&line?)?;
        let at = line["at"].as_str().ok_or("a line has no \"at\"")?;
        set_clock(DateTime::parse_from_rfc3339(at).map_err(|error| format!("{at}: {error}"))?.to_utc());
        if clock() >= fresh_until {
            handler.directory = directory();
            fresh_until = clock() + REMEMBERED_FOR;
        }
        let mut log = InvocationLog::default();
        let event = if line["schedule"] == true {
            json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}})
        } else {
            line["event"].clone()
        };
        let result = Box::pin(handler.handle(event, TIME_LIMIT, &mut log)).await;
        all_well &= result.is_ok();
        let answer = match result {
            Ok(result) => answer(&line, result, &log),
            Err(error) => json!({"eventId": log.event_id, "error": error.to_string()}),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(all_well)
}

/// What the function made of one line.
fn answer(line: &Json, result: InvocationResult, log: &InvocationLog) -> Json {
    let failures =
        json!({"history": log.history_failure, "summary": log.summary_failure, "lookups": log.lookup_failures});
    match result {
        InvocationResult::Summaries { subjects, .. } => {
            json!({"summaries": subjects, "listed": log.listed, "failures": failures})
        }
        InvocationResult::NotAlerted { event_id, why } => json!({
            "eventId": event_id,
            "eventName": line.pointer("/event/detail/eventName"),
            "notAlerted": why,
            "failures": failures,
        }),
        InvocationResult::Alert(alert) => json!({
            "eventId": alert.event_id,
            "eventName": alert.event_name,
            "outcome": alert.outcome,
            "severity": alert.severity,
            "mail": log.mail.word(),
            "reasons": alert.reasons,
            "subject": alert.subject,
            "failures": failures,
        }),
    }
}
