//! Whose credentials these are, and whether there is a stack with a function whose settings can be read.

use super::Place;
use super::report::Finding;
use crate::alert::Command;
use crate::arn::Partition;
use crate::config::{BadSetting, Settings};
use crate::phrase;
use crate::text::{Phrase, TextKind, Untrusted};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Whose credentials are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub arn: String,
    pub account: String,
}

/// A stack of `CloudFormation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackState {
    pub status: String,
    pub reason: Option<String>,
    /// Whether termination protection is on.
    pub protected: bool,
    pub created: Option<DateTime<Utc>>,
    pub outputs: BTreeMap<String, String>,
}

/// The function and its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionState {
    pub name: String,
    pub state: String,
    pub last_update: String,
    /// Why the state or the update is as it is.
    pub reason: Option<String>,
    pub variables: BTreeMap<String, String>,
}

pub(super) fn credentials(caller: &Result<Caller, String>) -> Finding {
    const CHECK: &str = "credentials";
    match caller {
        Ok(Caller { arn, account }) => {
            let (arn, account) = (Untrusted::new(arn), Untrusted::new(account));
            Finding::ok(CHECK, phrase!("account ", &account, ", as ", Phrase::arn(&arn)))
        }
        // The SDK lists all sources that it tried.
        Err(why) if why.contains("no credentials found") => {
            let none = "There are no AWS credentials, neither in the environment nor in the profile.";
            Finding::unknown(CHECK, none).say(NO_CREDENTIALS)
        }
        Err(why) => Finding::unknown(
            CHECK,
            phrase!("There are no AWS credentials that work: ", Phrase::free(&Untrusted::new(why))),
        )
        .say(NO_CREDENTIALS),
    }
}

/// What to do without credentials that work.
const NO_CREDENTIALS: &str = "Name a profile: --profile NAME. If it is one of IAM Identity Center, first: aws sso login. Or put \
                              into the environment what the AWS CLI uses: eval \"$(aws configure export-credentials --format env)\"";

pub(super) fn region(place: &Place) -> Finding {
    const CHECK: &str = "region";
    let shown = Untrusted::new(&place.region);
    match Partition::of_region(&place.region).console() {
        Some((_, region)) if region == place.region => {
            Finding::ok(CHECK, phrase!(&shown, " is where the events of IAM arrive"))
        }
        Some((_, region)) => Finding::broken(
            CHECK,
            phrase!(
                "In ",
                &shown,
                ", no events of IAM arrive: they arrive in ",
                Phrase::ours(region.to_owned()),
                " only."
            ),
        )
        .say(phrase!("Look there: --region ", Phrase::ours(region.to_owned()))),
        None => Finding::unknown(CHECK, phrase!("It is not known whether the events of IAM arrive in ", &shown, ".")),
    }
}

/// What helps if a stack or function is not found.
fn elsewhere(finding: Finding, account: Option<&str>) -> Finding {
    let account = account.map_or_else(|| "the account".into(), |account| phrase!("account ", &Untrusted::new(account)));
    finding
        .say(phrase!("Looked in ", account, ". Another account: AWS_PROFILE. Another region: --region REGION."))
        .say("Another name: --stack NAME. A stack that was not deployed by CloudFormation: --function NAME.")
}

pub(super) fn stack(
    place: &Place,
    name: &str,
    stack: &Result<Option<StackState>, String>,
    account: Option<&str>,
) -> Vec<Finding> {
    const CHECK: &str = "stack";
    let shown = Untrusted::new(name);
    let (the_stack, region) = (phrase!("the stack ", &shown), Untrusted::new(&place.region));
    let stack = match stack {
        Err(why) => {
            return vec![
                Finding::unread(CHECK, the_stack.capitalized(), why, "cloudformation:DescribeStacks")
                    .say("Without that permission: --function NAME"),
            ];
        }
        Ok(None) => {
            return vec![elsewhere(
                Finding::broken(CHECK, phrase!("There is no stack ", &shown, " in ", &region, ".")),
                account,
            )];
        }
        Ok(Some(stack)) => stack,
    };
    let status = phrase!(&shown, " in ", &region, " is ", &Untrusted::new(&stack.status));
    let why =
        stack.reason.as_deref().map_or_else(Phrase::default, |why| phrase!(": ", Phrase::free(&Untrusted::new(why))));
    let command = |call| Command::new(call).option("--region", &place.region)?.option("--stack-name", name);
    let state = match stack.status.as_str() {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => Finding::ok(CHECK, status),
        // The update failed, and the stack is as it was before.
        "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => {
            Finding::note(CHECK, phrase!(status, why, ". The last update failed; the stack is as it was before."))
        }
        "REVIEW_IN_PROGRESS" => {
            Finding::broken(CHECK, phrase!(status, ": nothing is deployed, the change set was not executed."))
                .say("Deploy the stack.")
        }
        state if state.ends_with("_IN_PROGRESS") && !state.starts_with("DELETE") && !state.contains("ROLLBACK") => {
            Finding::unknown(CHECK, phrase!(status, ": it is being deployed.")).say("Look again when that is done.")
        }
        _ => {
            let failed = "StackEvents[?contains(ResourceStatus,'FAILED')].[LogicalResourceId,ResourceStatusReason]";
            let events = command("aws cloudformation describe-stack-events");
            let events = events.and_then(|events| events.option("--query", failed)?.option("--output", "text"));
            Finding::broken(CHECK, phrase!(status, why, "."))
                .say("What failed, the newest first. A stack whose first deployment failed must be deleted before the next one.")
                .run(events)
        }
    };
    let protection = (!stack.protected).then(|| {
        Finding::note(CHECK, "Termination protection is off: one call deletes the stack.").run(
            command("aws cloudformation update-termination-protection")
                .map(|command| command.flag("--enable-termination-protection")),
        )
    });
    [Some(state), protection].into_iter().flatten().collect()
}

/// A stack without the output that names the function.
pub(super) fn no_function() -> Finding {
    Finding::broken("function", "The stack has no output AlertFunctionName, so it is another stack.")
        .say("The right one: --stack NAME, or --function NAME.")
}

pub(super) fn function(
    place: &Place,
    function: &Result<Option<FunctionState>, String>,
    account: Option<&str>,
) -> Finding {
    const CHECK: &str = "function";
    match function {
        Err(why) => Finding::unread(CHECK, "The function", why, "lambda:GetFunctionConfiguration"),
        Ok(None) => elsewhere(
            Finding::broken(CHECK, phrase!("The function does not exist in ", &Untrusted::new(&place.region), ".")),
            account,
        ),
        Ok(Some(function)) => {
            let name = Untrusted::new(&function.name);
            let state = phrase!(&name, " is ", &Untrusted::new(&function.state));
            let why = function.reason.as_deref();
            let why = why.map_or_else(Phrase::default, |why| phrase!(": ", Phrase::free(&Untrusted::new(why))));
            match (function.state.as_str(), function.last_update.as_str()) {
                // Lambda says Inactive of a function that was idle; the next event starts it.
                ("Active" | "Inactive", "Successful") => Finding::ok(CHECK, state),
                ("Active" | "Inactive" | "Pending", "InProgress") | ("Pending", _) => {
                    Finding::unknown(CHECK, phrase!(state, ", and is being updated.")).say("Look again in a minute.")
                }
                (_, update) => {
                    Finding::broken(CHECK, phrase!(state, ", its last update ", &Untrusted::new(update), why, "."))
                        .say("Deploy the stack again.")
                }
            }
        }
    }
}

/// The settings of a function, if the function can start with them.
pub(super) fn settings(place: &Place, function: &FunctionState) -> Result<Settings, BadSetting> {
    Settings::read(|name| match name {
        "AWS_LAMBDA_FUNCTION_NAME" => Some(function.name.clone()),
        "AWS_REGION" => Some(place.region.clone()),
        name => function.variables.get(name).cloned(),
    })
}

pub(super) fn bad_setting(error: &BadSetting) -> Finding {
    let error = Phrase::theirs(&Untrusted::new(error.to_string()), TextKind::Message);
    Finding::broken("settings", phrase!("The function cannot start: ", error)).say(
        "Deploy the stack again with another value. If this is another function, name the right one: --function NAME.",
    )
}
