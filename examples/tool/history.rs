//! Shows the audit history as a timeline: the activity of an actor, the activity on a target, or a day of an account.
//! Mutes and acknowledges alerts.

use super::command::{self, Called};
use super::{asked, reviews, suggest};
use aws_config::Region;
use aws_sdk_dynamodb::types::AttributeValue;
use iam_security_alert::aws;
use iam_security_alert::history::Line;
use iam_security_alert::history::store::keys::{actor_list, day_list, target_list};
use iam_security_alert::text::{Phrase, TextKind};
use lexopt::prelude::*;
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

const HELP: &str = "\
Shows the audit history as a timeline, oldest first; mutes and acknowledges alerts.

Usage: {command} --table TABLE (--actor KEY | --target KEY | --day ACCOUNT#DATE) [--format FORMAT]
       … --table TABLE --mute EVENT_ID [--hours N | --days N] --reason TEXT [--by NAME]
       … --table TABLE --mute (--actor KEY | --action ACTION | --target KEY | --chain NAME)… --up-to SEVERITY
                       [--account ID] [--hours N | --days N] --reason TEXT [--by NAME]
       … --table TABLE (--mutes | --unmute ID | --acknowledgements)
       … --table TABLE --acknowledge EVENT_ID --verdict VERDICT [--note TEXT] [--by NAME]

  --table TABLE        the table: the stack's output HistoryTableName
  --region REGION      the region of the table, if it is not that of your profile
  --actor KEY          an ARN: of a user, of a role (with #SOURCE-IDENTITY behind it, if there is one), of root
  --target KEY         what was changed, as 123456789012:iam:user/NAME, or role/NAME, group/NAME, policy/NAME;
                       names of IAM in any case
  --day ACCOUNT#DATE   123456789012#2026-11-22
  --since TIME         from this time on, as 2026-11-22 or 2026-11-22T06:00:00Z (not with --day)
  --format FORMAT      text (default), json, one object a line, or, for a timeline, csv

  --mute EVENT_ID      keep back alerts like that on this event: same actor, action, target and account, up to its severity
  --mute               the same of all alerts that have what is given; all that is given must match
    --action ACTION    iam:CreateUser
    --chain NAME       also alerts that complete this chain, and no other; without it, no alert that completes a chain
    --account ID       only in this account
    --up-to SEVERITY   the highest severity that is kept back: LOW, MEDIUM or HIGH
    --hours N, --days N  for how long: 24 hours if not given, 30 days at most
    --reason TEXT      why; later readers see it
  --mutes              the mutes in effect, and those that ended within seven days, with how much they kept back
  --unmute ID          end a mute now

  --acknowledge EVENT_ID  record that you looked at the alert; mails about the same actor or target say so for a day
    --verdict VERDICT  what you found: expected, suspicious, malicious, or false-positive, if what the alert says is wrong
    --note TEXT        more about it
  --acknowledgements   those of the last seven days

  --by NAME            your name; the ARN of your credentials is recorded in any case

  --suggest            proposals of expectations instead, see --suggest --help
  --help               this

Reads with the AWS credentials at hand; needs dynamodb:Query on the table. To mute and to acknowledge needs dynamodb:PutItem
and dynamodb:UpdateItem on it, too, and the parameter Reviewers of the stack must have your ARN.
";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
    Csv,
}

struct Options {
    table: String,
    region: Option<String>,
    asked: Asked,
    format: Format,
}

enum Asked {
    Timeline { key: String, since: String },
    Review(asked::Verb),
}

pub async fn main(called: Called) -> ExitCode {
    let arguments = called.arguments();
    if called.has("--suggest") {
        return Box::pin(command::run(&called, suggest::HELP, suggest::options(arguments), suggest::suggest)).await;
    }
    Box::pin(command::run(&called, HELP, options(arguments), run)).await
}

fn options(mut arguments: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let (mut table, mut region, mut since, mut format) = (None, None, String::new(), Format::Text);
    let (mut actor, mut target, mut day, mut given) = (None, None, None, asked::Given::default());
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("table") => table = Some(arguments.value()?.string()?),
            Long("region") => region = Some(arguments.value()?.string()?),
            Long("actor") => actor = Some(arguments.value()?.string()?),
            Long("target") => {
                let key = arguments.value()?.string()?;
                target = Some(if key.contains(":iam:") { key.to_lowercase() } else { key });
            }
            Long("day") => day = Some(day_list(&arguments.value()?.string()?)),
            Long("since") => since = arguments.value()?.string()?,
            Long("format") => {
                format = arguments.value()?.parse_with(|format| match format {
                    "text" => Ok(Format::Text),
                    "json" => Ok(Format::Json),
                    "csv" => Ok(Format::Csv),
                    _ => Err("a format is text, json or csv"),
                })?;
            }
            Short('h') | Long("help") => return Ok(None),
            Long(other) => {
                let other = other.to_owned();
                if !given.take(&other, &mut arguments)? {
                    return Err(Long(&other).unexpected());
                }
            }
            other => return Err(other.unexpected()),
        }
    }
    let asked = match given.verb(actor.clone(), target.clone())? {
        Some(_) if day.is_some() || !since.is_empty() || format == Format::Csv => {
            return Err("--day, --since and csv are for a timeline".into());
        }
        Some(verb) => Asked::Review(verb),
        None => {
            let keys = [actor.map(|key| actor_list(&key)), target.map(|key| target_list(&key)), day];
            let keys: Vec<_> = keys.into_iter().flatten().collect();
            let [key] = <[String; 1]>::try_from(keys).map_err(|_| "give one of --actor, --target and --day")?;
            Asked::Timeline { key, since }
        }
    };
    Ok(Some(Options { table: table.ok_or("which table? Give --table")?, region, asked, format }))
}

async fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let loader = aws::of_person();
    let config = match &options.region {
        Some(region) => loader.region(Region::new(region.clone())),
        None => loader,
    };
    let config = config.load().await;
    match &options.asked {
        Asked::Timeline { key, since } => timeline(options, (key, since), &aws::dynamodb(&config)).await,
        Asked::Review(verb) => reviews::run(verb, &options.table, options.format, &config).await,
    }
}

/// An empty list is no error.
async fn timeline(
    options: &Options,
    (key, since): (&String, &String),
    client: &aws_sdk_dynamodb::Client,
) -> Result<bool, Box<dyn Error>> {
    let since = (!since.is_empty()).then_some((":since", since));
    let values = [(":pk", key)].into_iter().chain(since);
    let values = values.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.clone())));
    let mut items = client
        .query()
        .table_name(&options.table)
        .key_condition_expression(if since.is_some() { "pk = :pk AND sk >= :since" } else { "pk = :pk" })
        .set_expression_attribute_values(Some(values.collect()))
        .into_paginator()
        .items()
        .send();
    let mut out = std::io::stdout().lock();
    if options.format == Format::Csv {
        writeln!(out, "time,severity,actor,call,outcome,target,eventId")?;
    }
    let mut found = 0;
    while let Some(item) = items.next().await {
        let item = item.map_err(|error| aws_sdk_dynamodb::error::DisplayErrorContext(error).to_string())?;
        let Some(line) = Line::read(&item) else { continue };
        found += 1;
        show(&mut out, &line, options.format)?;
    }
    if found == 0 && options.format == Format::Text {
        writeln!(out, "Nothing is recorded under {key}.")?;
    }
    Ok(true)
}

fn show(out: &mut impl Write, line: &Line, format: Format) -> std::io::Result<()> {
    let time = line.time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let severity = line.severity.map_or("", iam_security_alert::severity::Severity::word);
    let shown =
        [&line.actor, &line.call, &line.outcome, &line.target, &line.event_id].map(|text| text.shown(TextKind::Name));
    let [actor, call, outcome, target, event_id] = &shown;
    match format {
        Format::Text => writeln!(out, "{time:<20}  {}", Phrase::from(line).plain()),
        Format::Json => writeln!(
            out,
            "{}",
            serde_json::json!({"time": time, "severity": severity, "actor": actor, "call": call, "outcome": outcome,
                "target": target, "eventId": event_id, "subject": line.subject.as_ref().map(|text| text.shown(TextKind::Free))})
        ),
        Format::Csv => {
            let fields = [time.as_str(), severity, actor, call, outcome, target, event_id].map(field);
            writeln!(out, "{}", fields.join(","))
        }
    }
}

/// A field of CSV (RFC 4180) that no spreadsheet reads as a formula.
fn field(text: &str) -> String {
    let begins_formula = text.starts_with(['=', '+', '-', '@']);
    let text = if begins_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
