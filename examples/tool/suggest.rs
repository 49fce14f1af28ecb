//! `history --suggest`: proposals of expectations from what happens every week.

use chrono::{TimeDelta, Utc};
use iam_security_alert::aws;
use iam_security_alert::history::History;
use iam_security_alert::history::digest::Span;
use iam_security_alert::history::suggestion::{FEWEST_WEEKS, Habits};
use lexopt::prelude::*;
use std::error::Error;
use std::time::Duration;
use tokio::time::Instant;

pub const HELP: &str = "\
Proposes expectations for what users and roles did in each of the last weeks, as YAML for a person to review. Nothing is
changed, and nothing is learned by itself.

Usage: {command} --table TABLE --suggest [--weeks N] [--account ID]...

  --table TABLE        the table: the stack's output HistoryTableName
  --weeks N            of how many weeks until now; 4 if it is not given, 3 at least
  --account ID         only this account; several are possible. If none is given: all accounts that sent a heartbeat
  --help               this

Reads with the AWS credentials at hand; needs dynamodb:Query on the table.
";

/// How long reading may take.
const PATIENCE: Duration = Duration::from_mins(30);

pub struct Options {
    table: String,
    weeks: usize,
    accounts: Vec<String>,
}

pub fn options(mut arguments: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let (mut table, mut weeks, mut accounts) = (None, 4, Vec::new());
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("suggest") => {}
            Long("table") => table = Some(arguments.value()?.string()?),
            Long("weeks") => weeks = arguments.value()?.parse()?,
            Long("account") => accounts.push(arguments.value()?.string()?),
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    if !(FEWEST_WEEKS..=52).contains(&weeks) {
        return Err("--weeks is a number from 3 to 52".into());
    }
    Ok(Some(Options { table: table.ok_or("which table? Give --table")?, weeks, accounts }))
}

pub async fn suggest(options: &Options) -> Result<bool, Box<dyn Error>> {
    let client = aws::dynamodb(&aws::of_person().load().await);
    let history = History::new(client, options.table.clone(), None);
    let mut accounts = options.accounts.clone();
    if accounts.is_empty() {
        accounts.extend(history.heartbeats().await?.iter().map(|heartbeat| heartbeat.account.raw().to_owned()));
    }
    if accounts.is_empty() {
        return Err("no account has sent a heartbeat: give --account".into());
    }
    let now = Utc::now();
    let mut habits = Habits::new(options.weeks, now);
    let span = Span { from: habits.since(), to: now + TimeDelta::seconds(1) };
    for account in &accounts {
        for day in span.days() {
            let read =
                history.read_day((account, day), span, Instant::now() + PATIENCE, |line| habits.add(line)).await?;
            if !read {
                return Err(format!("the lines of {account} on {day} could not be read in time").into());
            }
        }
    }
    print!("{}", habits.proposals());
    Ok(true)
}
