//! Checks a deployed stack, and says what to do.

use super::command::{self, Called};
use aws_config::{Region, SdkConfig};
use chrono::Utc;
use iam_security_alert::arn::Partition;
use iam_security_alert::aws;
use iam_security_alert::doctor::Place;
use iam_security_alert::doctor::aws::{examine, policy};
use lexopt::prelude::*;
use std::error::Error;
use std::process::ExitCode;

const HELP: &str = "\
Checks a deployed stack with the AWS credentials at hand, and says what to do. Changes nothing.

Usage: {command} [OPTIONS]

  --stack NAME     the stack of CloudFormation (default: iam-security-alert)
  --function NAME  the function, instead of a stack: for a stack that was deployed by something else, such as Terraform
  --region REGION  where the stack is (default: the region in which the events of IAM arrive: us-east-1, us-gov-west-1 if
                   your region is in GovCloud, cn-north-1 if it is in China)
  --profile NAME   a profile of the AWS CLI
  --format FORMAT  text (default), or json: one list with an object for each line (name, status, text, action)
  --policy         prints a policy with the IAM actions that the doctor needs, and ends
  --help           this

In front of each line:
  OK   read, evaluated, and works
  --   works, and you should know this
  ??   could not be checked
  !!   broken: alerts may be missing. Below it is what to do

Exits with 0 if everything that was checked works, 1 if something is broken, 2 if the command line is wrong, 3 if nothing
is broken, but something could not be checked.

Credentials come from the environment or from a profile, also one of IAM Identity Center, after aws sso login. From other
sources, such as aws login:  eval \"$(aws configure export-credentials --format env)\"
";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Json,
}

struct Options {
    stack: Option<String>,
    function: Option<String>,
    region: Option<String>,
    profile: Option<String>,
    format: Format,
    policy: bool,
}

pub async fn main(called: Called) -> ExitCode {
    Box::pin(command::run_for_status(&called, HELP, options(called.arguments()), run)).await
}

fn options(mut arguments: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options =
        Options { stack: None, function: None, region: None, profile: None, format: Format::Text, policy: false };
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("stack") => options.stack = Some(arguments.value()?.string()?),
            Long("function") => options.function = Some(arguments.value()?.string()?),
            Long("region") => options.region = Some(arguments.value()?.string()?),
            Long("profile") => options.profile = Some(arguments.value()?.string()?),
            Long("policy") => options.policy = true,
            Long("format") => {
                options.format = arguments.value()?.parse_with(|format| match format {
                    "text" => Ok(Format::Text),
                    "json" => Ok(Format::Json),
                    _ => Err("a format is text or json"),
                })?;
            }
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    // It becomes a part of a host name.
    let named =
        |region: &String| region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if options.region.as_ref().is_some_and(|region| region.is_empty() || !named(region)) {
        return Err("a region looks like us-east-1".into());
    }
    if options.stack.is_some() && options.function.is_some() {
        return Err("--stack and --function exclude each other".into());
    }
    Ok(Some(options))
}

async fn run(options: &Options) -> Result<u8, Box<dyn Error>> {
    if options.policy {
        println!("{:#}", policy());
        return Ok(0);
    }
    let loader = aws::of_person();
    let loader = match &options.profile {
        Some(profile) => loader.profile_name(profile),
        None => loader,
    };
    let config = loader.load().await;
    let region = options.region.clone().unwrap_or_else(|| region_of_iam(&config).to_owned());
    let config = config.to_builder().region(Region::new(region.clone())).build();
    let stack = match &options.function {
        Some(_) => None,
        None => Some(options.stack.clone().unwrap_or_else(|| "iam-security-alert".to_owned())),
    };
    let place = Place { stack, function: options.function.clone(), region };
    let report = Box::pin(examine(&config, &place, Utc::now())).await;
    match options.format {
        Format::Text => print!("{}", report.text()),
        Format::Json => println!("{:#}", report.json()),
    }
    Ok(report.exit_status())
}

/// The only region in which a stack can be, in the partition of the reader's own region.
fn region_of_iam(config: &SdkConfig) -> &'static str {
    let partition = config.region().map_or(Partition::Aws, |region| Partition::of_region(region.as_ref()));
    partition.console().map_or("us-east-1", |(_, region)| region)
}
