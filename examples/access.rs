//! Shows the access that policies grant: the level, the escalation paths, and what was not evaluated. Asks nobody.

#[path = "tool/command.rs"]
mod command;

use chrono::{DateTime, Utc};
use iam_security_alert::policy::{
    Access, Document, Holder, Named, PolicyInput, Question, Reading, Via, decide, evaluate, is_aws_managed,
};
use iam_security_alert::text::{Phrase, Untrusted};
use lexopt::prelude::*;
use serde_json::json;
use std::error::Error;
use std::io::Read;
use std::process::ExitCode;

const HELP: &str = "\
Shows the access that policies grant together: the level, the escalation paths, and what was not evaluated.
Asks nobody: roles and users that a policy names are not looked up.

Usage: cargo run --example access -- [OPTIONS] POLICY...

  POLICY           a file with a policy document, as JSON or percent-encoded; - is standard input;
                   or the ARN of an AWS managed policy, whose content is known for some

Options:
  --holder ARN     the user, role or group that has the policies (default: any user)
  --tag KEY=VALUE  a tag of the holder and its session; all tags are given, or none is known
  --group NAME     a group that the holder is in
  --boundary FILE  the document of the holder's permissions boundary
  --boundary-arn ARN  the ARN of the boundary
  --organization ID   the id of the holder's organization
  --at TIME        the time for conditions on times, as 2026-11-22T06:00:11Z (default: now)
  --ask ACTION RESOURCE  only whether this call is allowed: yes, no, or that it depends; can be given again
  --json           as JSON, one line
  --help           this

Exits with 0 if there is an answer, 2 if the command line is wrong, 1 if a file cannot be read.
";

#[derive(Default)]
struct Options {
    policies: Vec<String>,
    holder: Option<String>,
    tags: Vec<(Untrusted, Untrusted)>,
    groups: Vec<Untrusted>,
    boundary: Option<String>,
    boundary_arn: Option<String>,
    organization: Option<String>,
    at: Option<DateTime<Utc>>,
    asked: Vec<(String, String)>,
    json: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    command::run(&command::Called::as_example("access"), HELP, options(), show).await
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options::default();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(file) => options.policies.push(file.string()?),
            Long("holder") => options.holder = Some(arguments.value()?.string()?),
            Long("group") => options.groups.push(arguments.value()?.string()?.into()),
            Long("tag") => {
                let tag = arguments.value()?.string()?;
                let (key, value) = tag.split_once('=').ok_or("--tag needs KEY=VALUE")?;
                options.tags.push((key.into(), value.into()));
            }
            Long("boundary") => options.boundary = Some(arguments.value()?.string()?),
            Long("boundary-arn") => options.boundary_arn = Some(arguments.value()?.string()?),
            Long("organization") => options.organization = Some(arguments.value()?.string()?),
            Long("at") => options.at = Some(arguments.value()?.parse()?),
            Long("ask") => options.asked.push((arguments.value()?.string()?, arguments.value()?.string()?)),
            Long("json") => options.json = true,
            Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    if options.policies.is_empty() {
        return Err("no policy is given".into());
    }
    Ok(Some(options))
}

/// A policy as given: its name and its document. An AWS managed policy has no document.
struct Given {
    name: String,
    document: Option<Document>,
}

fn read(given: &str) -> Result<Given, Box<dyn Error>> {
    if is_aws_managed(given) {
        return Ok(Given { name: given.to_owned(), document: None });
    }
    let mut text = String::new();
    if given == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(given).map_err(|error| format!("{given}: {error}"))?;
    }
    let document = Document::parse(&text).ok_or_else(|| format!("{given} is not a policy document"))?;
    Ok(Given { name: given.to_owned(), document: Some(document) })
}

fn input(given: &Given) -> PolicyInput<'_> {
    let name = given.name.rsplit('/').next().unwrap_or_default();
    PolicyInput {
        label: Phrase::from(&Untrusted::new(name)),
        arn: given.document.is_none().then_some(given.name.as_str()),
        via: Via::Attached,
        reading: given.document.as_ref().map_or(Reading::AwsManaged(name), Reading::Document),
    }
}

async fn show(options: &Options) -> Result<bool, Box<dyn Error>> {
    let policies = options.policies.iter().map(|given| read(given)).collect::<Result<Vec<_>, _>>()?;
    let boundary = options.boundary.as_deref().map(read).transpose()?;
    let inputs: Vec<_> = policies.iter().map(input).collect();
    let boundary =
        boundary.as_ref().map(|boundary| PolicyInput { arn: options.boundary_arn.as_deref(), ..input(boundary) });
    let arn = options.holder.as_ref().map(Untrusted::new);
    let holder = Holder {
        arn: arn.as_ref(),
        id: None,
        tags: (!options.tags.is_empty()).then_some(options.tags.as_slice()),
        tags_are_fixed: !options.tags.is_empty(),
        groups: &options.groups,
        organization: options.organization.as_deref(),
        now: Some(options.at.unwrap_or_else(Utc::now)),
    };
    let named = Named::default();
    let question =
        Question { policies: &inputs, cuts: &[], unread: false, holder, boundary: boundary.as_ref(), named: &named };
    if !options.asked.is_empty() {
        for (action, resource) in &options.asked {
            println!("{}  {action} on {resource}", decide(&question, action, resource).word());
        }
        return Ok(true);
    }
    let access = evaluate(&question);
    if options.json {
        print_json(&access);
    } else {
        print_text(&access);
    }
    Ok(true)
}

fn print_text(access: &Access) {
    println!("{}", access.words().plain());
    for path in &access.paths {
        println!("  escalation     {}", path.words().plain());
    }
    for open in &access.not_evaluated {
        println!("  not evaluated  {}", open.plain());
    }
}

fn print_json(access: &Access) {
    let lines = |all: &[Phrase]| all.iter().map(Phrase::plain).collect::<Vec<_>>();
    let paths = access.paths.iter().map(|open| {
        json!({"id": open.path.id, "actions": open.path.all_actions().collect::<Vec<_>>(),
            "leadsTo": open.path.leads_to, "limitedTo": open.limited_to})
    });
    println!(
        "{}",
        json!({"accessLevel": access.level_word(), "atMost": access.at_most.word(), "perhaps": access.perhaps.word(),
            "complete": access.is_complete(), "words": access.words().plain(), "grantedBy": lines(&access.granted_by),
            "paths": paths.collect::<Vec<_>>(), "notEvaluated": lines(&access.not_evaluated)})
    );
}
