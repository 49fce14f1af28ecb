//! Shows the alert for an event. Publishes nothing, and needs no AWS account.

use super::command::{self, Called};
use chrono::{DateTime, Utc};
use iam_security_alert::app::{Channels, Decision, Draft, Expecting, Handler};
use iam_security_alert::aws;
use iam_security_alert::channel::chat::{self, amazon_q};
use iam_security_alert::channel::security_hub::{self, Product};
use iam_security_alert::channel::sns::Publisher;
use iam_security_alert::config::{Settings, WebhookFormat};
use iam_security_alert::event::{Activity, Delivery};
use iam_security_alert::history::MailStatus;
use iam_security_alert::lookup::Directory;
use iam_security_alert::lookup::iam::IamDirectory;
use iam_security_alert::lookup::snapshot::Snapshot;
use iam_security_alert::severity::Severity;
use iam_security_alert::telemetry::InvocationLog;
use iam_security_alert::text::{Untrusted, escaped};
use lexopt::prelude::*;
use std::error::Error;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

const HELP: &str = "\
Shows the alert that an event would make. Publishes nothing.

Usage: {command} [OPTIONS] FILE...

  FILE             an EventBridge event, a CloudTrail record, or {\"Records\": [...]}; - is standard input

Options:
  --account FILE   look identities up in this saved account, the output of
                   `aws iam get-account-authorization-details` (default: events/account.json, if it is here)
  --live           look identities up in AWS, with the credentials at hand
  --format FORMAT  text (default), or JSON, one line for each alert: json as the function returns it; amazon-q, slack
                   and teams as a channel gets it; security-hub as a finding; html as one page with all mails
  --expectations FILE
                   what the expectations in this file would do; says for each event whether it would be mailed
  --at TIME        the time to show ages for, as 2026-11-22T06:00:11Z (default: now)
  --help           this

EXPECTED_PRINCIPALS, ACCOUNT_NAMES, ORGANIZATION_ID, WATCHED_EVENT_NAMES, OWN_RESOURCES, FEEDING_TRAILS and
LOOKUP_BUDGET_SECONDS are read from the environment, as the function does; but all actions are watched, unless WATCHED_EVENT_NAMES is set.
Exits with 0 if every event made an alert or is not alerted on, 1 if one failed, 2 if the command line is wrong.
";

/// The account of the events in `events/`. Outside of a clone there are none of both.
const ACCOUNT: &str = "events/account.json";

/// The time that ages are computed for, unless it is now. A static, since the handler's clock is a plain function.
static AT: OnceLock<DateTime<Utc>> = OnceLock::new();

struct Options {
    files: Vec<String>,
    account: Option<String>,
    live: bool,
    expectations: Option<String>,
    format: Format,
}

/// The part of an alert that is shown.
#[derive(Clone, Copy, PartialEq)]
enum Format {
    Text,
    Json,
    AmazonQ,
    Webhook(WebhookFormat),
    SecurityHub,
    /// One page with all mails, without scripts and without anything from elsewhere.
    Html,
}

/// Nothing that an event says can load or run something, even if it were not escaped.
const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>iam-security-alert: mails</title>
<style>
body { margin: 2em auto; max-width: 70em; padding: 0 1em; font: 16px/1.5 sans-serif; color: #16191f; background: #f2f3f3 }
article { margin: 2em 0; border-left: 8px solid; background: #fff; box-shadow: 0 1px 3px #0004 }
h2 { margin: 0; padding: 1em; font-size: 1em; border-bottom: 1px solid #ddd; overflow-wrap: anywhere }
pre { margin: 0; padding: 1em; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.5 monospace }
.low { border-color: #1d8102 } .medium { border-color: #b8860b } .high { border-color: #d13212 } .critical { border-color: #7d0022 }
</style>
</head>
<body>
<h1>Mails of iam-security-alert</h1>
"#;
const END_OF_PAGE: &str = "</body>\n</html>\n";

pub async fn main(called: Called) -> ExitCode {
    Box::pin(command::run(&called, HELP, options(called.arguments()), preview)).await
}

fn options(mut arguments: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options =
        Options { files: Vec::new(), account: None, live: false, expectations: None, format: Format::Text };
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(file) => options.files.push(file.string()?),
            Long("account") => options.account = Some(arguments.value()?.string()?),
            Long("live") => options.live = true,
            Long("expectations") => options.expectations = Some(arguments.value()?.string()?),
            Long("format") => {
                options.format = arguments.value()?.parse_with(|format| match format {
                    "text" => Ok(Format::Text),
                    "json" => Ok(Format::Json),
                    "amazon-q" => Ok(Format::AmazonQ),
                    "security-hub" => Ok(Format::SecurityHub),
                    "html" => Ok(Format::Html),
                    other => WebhookFormat::from_word(other)
                        .map(Format::Webhook)
                        .ok_or("a format is text, json, amazon-q, slack, teams, security-hub or html"),
                })?;
            }
            Long("at") => {
                let at = arguments.value()?.parse_with(|time| {
                    DateTime::parse_from_rfc3339(time).map_err(|_| "a time looks like 2026-11-22T06:00:11Z")
                })?;
                AT.get_or_init(|| at.to_utc());
            }
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    if options.files.is_empty() {
        return Err("which event? Name a file, or - for standard input".into());
    }
    if options.live && options.account.is_some() {
        return Err("--live and --account exclude each other".into());
    }
    Ok(Some(options))
}

/// Shows all alerts; returns whether every event had one.
async fn preview(options: &Options) -> Result<bool, Box<dyn Error>> {
    // The function's own code reads the settings, but no topic is required.
    let mut settings = Settings::read(|name| match name {
        "AWS_SAM_LOCAL" => Some("true".to_owned()),
        "ALERT_TOPIC_ARN" => None,
        "WATCHED_EVENT_NAMES" => Some(std::env::var(name).unwrap_or_else(|_| "*".to_owned())),
        other => std::env::var(other).ok(),
    })?;
    if let Some(file) = &options.expectations {
        settings.expectations.0.extend(command::expectations_of(file, &settings.account_names)?);
    }
    if options.live {
        let config = aws::of_person().load().await;
        let caller = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await;
        let caller = caller.map_err(|error| {
            format!("--live needs AWS credentials that work: {}", aws_sdk_sts::error::DisplayErrorContext(error))
        })?;
        let directory = IamDirectory::of_organization(&config, caller.account, None, None);
        return Box::pin(show_all(options, directory, settings)).await;
    }
    let directory = match &options.account {
        Some(file) => read_account(file)?,
        None if std::path::Path::new(ACCOUNT).exists() => read_account(ACCOUNT)?,
        None => {
            eprintln!("preview: no {ACCOUNT} here, so nobody is looked up. Give --account FILE or --live.");
            Snapshot::unavailable("there is no saved account")
        }
    };
    Box::pin(show_all(options, directory, settings)).await
}

fn read_account(file: &str) -> Result<Snapshot, Box<dyn Error>> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    Snapshot::from_json(&text).map_err(|error| format!("{file}: this is no saved account: {error}").into())
}

async fn show_all(options: &Options, directory: impl Directory, settings: Settings) -> Result<bool, Box<dyn Error>> {
    let clock = || AT.get().copied().unwrap_or_else(Utc::now);
    let (publisher, channels) = (Publisher::Print, Channels::default());
    let expecting = Expecting::new(&settings, None);
    let handler = Handler { directory, publisher, channels, expecting, history: None, watchdog: None, settings, clock };
    let (mut all_well, mut shown) = (true, 0);
    if options.format == Format::Html {
        print!("{PAGE}");
    }
    for file in &options.files {
        let deliveries = match read_events(file) {
            Ok(deliveries) => deliveries,
            Err(error) => {
                eprintln!("preview: {file}: {error}");
                all_well = false;
                continue;
            }
        };
        if deliveries.is_empty() {
            eprintln!("preview: {file}: there are no records in it");
            all_well = false;
        }
        let many = deliveries.len() > 1;
        for (i, delivery) in deliveries.into_iter().enumerate() {
            let place = || if many { format!("{file}: record {}", i + 1) } else { file.clone() };
            let draft = match delivery {
                Ok(delivery) => handler.draft(&delivery, Duration::from_mins(1), &mut InvocationLog::default()).await,
                Err(refusal) => Err(refusal.into()),
            };
            match draft {
                Ok(Decision::Alert(draft)) => {
                    if options.expectations.is_some() {
                        eprintln!("preview: {}: {}", place(), fate(&draft));
                    }
                    show(*draft, options.format, clock(), shown > 0)?;
                    shown += 1;
                }
                Ok(Decision::NotAlerted(why)) => eprintln!("preview: {}: not alerted: {}", place(), why.plain()),
                Err(refusal) => {
                    eprintln!("preview: {}: {refusal}", place());
                    all_well = false;
                }
            }
        }
    }
    if options.format == Format::Html {
        print!("{END_OF_PAGE}");
    }
    Ok(all_well)
}

/// Whether an alert would be mailed, and what the expectations have to do with that.
fn fate(draft: &Draft<'_>) -> String {
    let severity = draft.alert.severity;
    let mailed = if draft.kept_back.is_none() { "mailed" } else { "not mailed" };
    match draft.alert.unless_expected {
        Some(otherwise) => format!("{mailed}: expected, otherwise {otherwise}"),
        None => format!("{mailed}: {severity}"),
    }
}

fn read_events(file: &str) -> Result<Vec<Result<Delivery, iam_security_alert::event::Refusal>>, Box<dyn Error>> {
    let text = command::text_of(file)?;
    let json = serde_json::from_str(&text).map_err(|error| format!("this is not JSON: {error}"))?;
    Ok(Delivery::from_file(json)?)
}

fn show(draft: Draft<'_>, format: Format, now: DateTime<Utc>, another: bool) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let json = match format {
        Format::Text => return write_mail(&mut out, &draft, another),
        Format::Html => return write_article(&mut out, &draft),
        Format::Json => serde_json::to_value(draft.into_json(MailStatus::Printed, None))?,
        Format::AmazonQ => amazon_q::render(&draft.alert),
        Format::Webhook(format) => chat::render(format, &draft.alert, &[]),
        Format::SecurityHub => finding(&draft, now),
    };
    writeln!(out, "{json}")?;
    Ok(())
}

fn write_mail(out: &mut impl Write, draft: &Draft<'_>, another: bool) -> Result<(), Box<dyn Error>> {
    if another {
        writeln!(out, "\n{}\n", "=".repeat(72))?;
    }
    let severity = draft.alert.severity;
    // Subject and mail both begin with the severity; only the severity is coloured.
    let subject = draft.email.subject.replacen(severity.word(), &coloured(severity), 1);
    let body = draft.email.body.replacen(severity.word(), &coloured(severity), 1);
    write!(out, "Subject: {subject}\n\n{body}")?;
    Ok(())
}

fn write_article(out: &mut impl Write, draft: &Draft<'_>) -> Result<(), Box<dyn Error>> {
    let (class, mail) = (draft.alert.severity.word().to_ascii_lowercase(), &draft.email);
    let (subject, body) = (escaped(&mail.subject), escaped(&mail.body));
    // The first line feed in a <pre> is not shown.
    writeln!(out, "<article class=\"{class}\">\n<h2>{subject}</h2>\n<pre>\n{body}</pre>\n</article>")?;
    Ok(())
}

/// The finding as the function would import it in the account and region of the event.
fn finding(draft: &Draft<'_>, now: DateTime<Utc>) -> serde_json::Value {
    let Activity { account, region, partition, .. } = &draft.activity;
    let raw = |text: &Option<Untrusted>| text.as_ref().map_or_else(String::new, |text| text.raw().to_owned());
    let product = Product { partition: partition.clone(), region: raw(region), account: raw(account) };
    security_hub::render(&draft.activity, &draft.alert, &draft.event_key, &product, now)
}

fn coloured(severity: Severity) -> String {
    let wanted = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let colour = match severity {
        _ if !wanted => return severity.word().to_owned(),
        Severity::Low => "32",
        Severity::Medium => "33",
        Severity::High => "31",
        Severity::Critical => "1;97;41",
    };
    format!("\x1b[{colour}m{severity}\x1b[0m")
}
