//! Checks a file of expectations, and writes rows for it.

use super::command::{self, Called};
use super::principals::Principals;
use chrono::{DateTime, Utc};
use iam_security_alert::config::Settings;
use iam_security_alert::config::expectations::{Expectation, findings, read};
use lexopt::prelude::*;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::process::ExitCode;

const HELP: &str = "\
Checks a file of expectations, or writes a row for it.

Usage: {command} check [OPTIONS] FILE
       {command} row --who ARN --why REASON [OPTIONS]

check names every problem with its line: what cannot be read, rows that contradict each other, rows without effect, rows
that have ended. FILE is YAML or JSON; - is standard input.

  --account FILE   also name principals that do not exist in this saved account, the output of
                   `aws iam get-account-authorization-details`
  --live           the same with the account of the credentials at hand
  --at TIME        the time to compare with, as 2026-11-22T06:00:11Z (default: now)

row prints a row, after it was checked. Options that may be given several times: --who, --what, --target, --where and
--including.

  --who ARN          the principal: a user or a role, with * and ? in its path and name
  --what ACTION      iam:AttachRolePolicy, iam:Attach*, or an effect: creates, grants, trust, shares, credentials, removes,
                     maintenance
  --target PATTERN   role/app-*, user/NAME, an ARN
  --where ACCOUNT    the account in which it happens, if it is not the principal's own
  --up-to SEVERITY   MEDIUM (default), HIGH or CRITICAL
  --including WORD   what is beyond an expectation that does not name it: administrator, escalation, outside-trust …
  --until DAY        2027-03-01: the row has no effect afterwards
  --why REASON       who decided this, and where it is written down

ACCOUNT_NAMES is read from the environment, as the function does.
Exits with 0 if all is well, 1 if there is a problem, 2 if the command line is wrong.
";

struct Options {
    command: Command,
    names: BTreeMap<String, String>,
}

enum Command {
    Check { file: String, account: Option<String>, live: bool, at: DateTime<Utc> },
    Row(Vec<(&'static str, Vec<String>)>),
}

pub async fn main(called: Called) -> ExitCode {
    Box::pin(command::run(&called, HELP, options(called.arguments()), run)).await
}

fn options(mut arguments: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let command = match arguments.next()? {
        Some(Value(name)) if name == "check" => check_options(&mut arguments)?,
        Some(Value(name)) if name == "row" => row_options(&mut arguments)?,
        Some(Short('h') | Long("help")) => return Ok(None),
        Some(other) => return Err(other.unexpected()),
        None => return Err("check a file, or write a row?".into()),
    };
    let Some(command) = command else { return Ok(None) };
    let settings = Settings::read(|name| match name {
        "AWS_SAM_LOCAL" => Some("true".to_owned()),
        "ACCOUNT_NAMES" => std::env::var(name).ok(),
        _ => None,
    });
    Ok(Some(Options { command, names: settings.map_err(|error| error.to_string())?.account_names }))
}

fn check_options(arguments: &mut lexopt::Parser) -> Result<Option<Command>, lexopt::Error> {
    let (mut file, mut account, mut live, mut at) = (None, None, false, Utc::now());
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(name) if file.is_none() => file = Some(name.string()?),
            Long("account") => account = Some(arguments.value()?.string()?),
            Long("live") => live = true,
            Long("at") => {
                at = arguments.value()?.parse_with(|time| {
                    let time = DateTime::parse_from_rfc3339(time).map_err(|_| "a time looks like 2026-11-22T06:00:11Z");
                    time.map(|time| time.to_utc())
                })?;
            }
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    let file = file.ok_or("which file? Name one, or - for standard input")?;
    if live && account.is_some() {
        return Err("--live and --account exclude each other".into());
    }
    Ok(Some(Command::Check { file, account, live, at }))
}

/// The options of a row, and the fields they become.
const FIELDS: [(&str, &str); 8] = [
    ("who", "who"),
    ("what", "what"),
    ("target", "target"),
    ("where", "where"),
    ("up-to", "up_to"),
    ("including", "including"),
    ("until", "until"),
    ("why", "why"),
];

fn row_options(arguments: &mut lexopt::Parser) -> Result<Option<Command>, lexopt::Error> {
    let mut fields: Vec<(&str, Vec<String>)> = FIELDS.iter().map(|(_, field)| (*field, Vec::new())).collect();
    while let Some(argument) = arguments.next()? {
        let at = match argument {
            Short('h') | Long("help") => return Ok(None),
            Long(name) => FIELDS.iter().position(|(option, _)| *option == name),
            _ => None,
        };
        let Some(at) = at else { return Err(argument.unexpected()) };
        fields[at].1.push(arguments.value()?.string()?);
    }
    fields.retain(|(_, values)| !values.is_empty());
    Ok(Some(Command::Row(fields)))
}

async fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    match &options.command {
        Command::Check { file, account, live, at } => {
            let text = command::text_of(file).map_err(|error| format!("{file}: {error}"))?;
            let principals = match account {
                Some(account) => Some(Principals::saved(account)?),
                None if *live => Some(Box::pin(Principals::live()).await?),
                None => None,
            };
            Ok(check(&text, file, &options.names, principals.as_ref(), *at))
        }
        Command::Row(fields) => row(fields, &options.names),
    }
}

/// Prints what is wrong; returns whether nothing is.
fn check(
    text: &str,
    file: &str,
    names: &BTreeMap<String, String>,
    principals: Option<&Principals>,
    now: DateTime<Utc>,
) -> bool {
    let rows = match read(text, file, names) {
        Ok(rows) => rows,
        Err(problems) => {
            for problem in &problems {
                println!("{file}:{}: {}", problem.line, problem.text);
            }
            println!("The function would not use this file.");
            return false;
        }
    };
    let mut found: Vec<_> = findings(&rows, now).into_iter().map(|found| (found.line, found.text)).collect();
    found.extend(rows.iter().flat_map(|row| missing(row, principals)));
    found.sort();
    for (line, text) in &found {
        println!("{file}:{line}: the expectation {text}");
    }
    println!("{}", size(text, rows.len()));
    found.is_empty()
}

/// The principals of a row that do not exist.
fn missing(row: &Expectation, principals: Option<&Principals>) -> Vec<(usize, String)> {
    let Some(principals) = principals else { return Vec::new() };
    let is_missing = |who: &&iam_security_alert::config::expectations::Who| principals.has(who) == Some(false);
    let missing = row.who.iter().filter(is_missing);
    missing.map(|who| (row.line, format!("names {}, but there is no such principal", who.pattern))).collect()
}

/// How many rows there are, and whether a parameter has room for them ("Managing parameter tiers", Systems Manager user
/// guide).
fn size(text: &str, rows: usize) -> String {
    let rows = if rows == 1 { "1 expectation".to_owned() } else { format!("{rows} expectations") };
    let room = match text.len() {
        0..=4_096 => "fit into a standard parameter",
        4_097..=8_192 => "need an advanced parameter, or two standard ones",
        _ => "must be divided: a parameter has at most 8192 bytes, and all parameters under the path are read",
    };
    format!("{rows}, {} bytes: they {room}.", text.len())
}

/// Prints a row, if it can be read.
fn row(fields: &[(&str, Vec<String>)], names: &BTreeMap<String, String>) -> Result<bool, Box<dyn Error>> {
    let mut text = String::new();
    for (i, (field, values)) in fields.iter().enumerate() {
        // A text in JSON is one in YAML, too.
        let quoted: Vec<_> = values.iter().map(|value| serde_json::Value::from(value.as_str()).to_string()).collect();
        let value = if let [one] = quoted.as_slice() { one.clone() } else { format!("[{}]", quoted.join(", ")) };
        writeln!(text, "  {} {field}: {value}", if i == 0 { "-" } else { " " })?;
    }
    if let Err(problems) = read(&format!("expectations:\n{text}"), "row", names) {
        let all: Vec<_> = problems.into_iter().map(|problem| problem.text).collect();
        return Err(all.join("; ").into());
    }
    print!("{text}");
    Ok(true)
}
