//! Shows the audit history as a timeline: the activity of an actor, the activity on a target, or a day of an account.

mod command;
#[path = "command/suggest.rs"]
mod suggest;

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
Shows the audit history as a timeline, oldest first.

Usage: cargo run --example history -- --table TABLE (--actor KEY | --target KEY | --day ACCOUNT#DATE) [--format FORMAT]

  --table TABLE        the table: the stack's output HistoryTableName
  --actor KEY          an ARN: of a user, of a role (with #SOURCE-IDENTITY behind it, if there is one), of root
  --target KEY         what was changed, as 123456789012:iam:user/NAME, or role/NAME, group/NAME, policy/NAME;
                       names of IAM in any case
  --day ACCOUNT#DATE   123456789012#2026-11-22
  --since TIME         from this time on, as 2026-11-22 or 2026-11-22T06:00:00Z (not with --day)
  --format FORMAT      text (default), json, one object a line, or csv
  --suggest            proposals of expectations instead, see --suggest --help
  --help               this

Reads with the AWS credentials at hand; needs dynamodb:Query on the table.
";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Json,
    Csv,
}

struct Options {
    table: String,
    key: String,
    since: String,
    format: Format,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if suggest::is_asked() {
        return command::run("history", suggest::HELP, suggest::options(), suggest::suggest).await;
    }
    command::run("history", HELP, options(), timeline).await
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let (mut table, mut keys, mut since, mut format) = (None, Vec::new(), String::new(), Format::Text);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("table") => table = Some(arguments.value()?.string()?),
            Long("actor") => keys.push(actor_list(&arguments.value()?.string()?)),
            Long("target") => {
                let target = arguments.value()?.string()?;
                let of_iam = target.contains(":iam:");
                keys.push(target_list(&if of_iam { target.to_lowercase() } else { target }));
            }
            Long("day") => keys.push(day_list(&arguments.value()?.string()?)),
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
            other => return Err(other.unexpected()),
        }
    }
    let [key] = <[String; 1]>::try_from(keys).map_err(|_| "give one of --actor, --target and --day")?;
    Ok(Some(Options { table: table.ok_or("which table? Give --table")?, key, since, format }))
}

/// An empty list is no error.
async fn timeline(options: &Options) -> Result<bool, Box<dyn Error>> {
    let client = aws::dynamodb(&aws::of_person().load().await);
    let since = (!options.since.is_empty()).then_some((":since", &options.since));
    let values = [(":pk", &options.key)].into_iter().chain(since);
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
        writeln!(out, "Nothing is recorded under {}.", options.key)?;
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
