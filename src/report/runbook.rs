//! What to do if it was not expected: contain first, and destroy nothing that is evidence.
//!
//! Every command is complete: it runs as printed, in a shell, with credentials of the account named above
//! it. Follows the containment part of the "AWS Security Incident Response Guide" and "Revoking IAM role
//! temporary security credentials" in the IAM user guide.

use super::links;
use crate::arn::Arn;
use crate::cloudtrail::Activity;
use crate::cloudtrail::identity::{IamUser, Operator, Principal, RoleSession};
use crate::directory::{Dossier, Lookup, Subject};
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, TimeDelta, Utc};
use std::borrow::Cow;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What to do, and what it will do.
    pub text: Phrase,
    /// The commands that do it.
    pub commands: Vec<Command>,
}

/// A command for a POSIX shell, with all that came from outside quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command(String);

impl Command {
    /// Begins a command with words of our own.
    fn new(words: &'static str) -> Self {
        Self(words.to_owned())
    }

    /// Adds an option of our own with a value that came from outside; `None` where the value cannot be put
    /// into a shell and the AWS CLI safely.
    ///
    /// Only printable ASCII can: anything else may look different from what it is, or be changed when it is
    /// copied. The CLI replaces a value that begins with `file://` and the like by what it points to. The
    /// form `--option=value` keeps a name that begins with a dash from being taken for an option.
    fn option(mut self, option: &'static str, value: &str) -> Option<Self> {
        let printable = !value.is_empty() && value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if !printable || value.contains("://") || value.len() > 1_024 {
            return None;
        }
        let argument = if value.starts_with('-') { format!("{option}={value}") } else { value.to_owned() };
        let quoted: Cow<'_, str> = shlex::try_quote(&argument).ok()?;
        if value.starts_with('-') {
            self.0.push(' ');
        } else {
            self.0.push(' ');
            self.0.push_str(option);
            self.0.push(' ');
        }
        self.0.push_str(&quoted);
        Some(self)
    }

    /// Adds an option with a JSON document of ours. What is from outside in it was escaped as JSON.
    fn json(mut self, option: &'static str, document: &serde_json::Value) -> Option<Self> {
        let document = document.to_string();
        let quoted = shlex::try_quote(&document).ok()?.into_owned();
        if document.bytes().any(|byte| !(0x20..0x7f).contains(&byte)) {
            return None;
        }
        self.0.push(' ');
        self.0.push_str(option);
        self.0.push(' ');
        self.0.push_str(&quoted);
        Some(self)
    }

    /// The command, to be run as it is.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const UNQUOTABLE: &str = " (No command is offered: the name has characters that cannot be quoted safely.)";

/// The steps that contain what happened.
#[must_use]
pub fn steps(activity: &Activity, dossier: &Dossier, now: DateTime<Utc>) -> Vec<Step> {
    let mut steps = Vec::new();
    if activity.outcome.succeeded() {
        stop_new_user(activity, dossier, &mut steps);
    }
    stop_caller(activity, now, &mut steps);
    steps.push(look_around(activity, now));
    steps
}

fn step(text: impl Into<Phrase>, commands: Vec<Option<Command>>) -> Step {
    let text = text.into();
    match commands.into_iter().collect::<Option<Vec<_>>>() {
        Some(commands) => Step { text, commands },
        None => Step { text: phrase!(text, UNQUOTABLE), commands: Vec::new() },
    }
}

fn deactivate(user: &str, key: &str) -> Option<Command> {
    Command::new("aws iam update-access-key")
        .option("--user-name", user)?
        .option("--access-key-id", key)
        .map(|command| Command(format!("{} --status Inactive", command.0)))
}

fn deny(option: &'static str, call: &'static str, name: &str, statement: &serde_json::Value) -> Option<Command> {
    let document = serde_json::json!({"Version": "2012-10-17", "Statement": [statement]});
    Command::new(call)
        .option(option, name)?
        .option("--policy-name", "incident-containment")?
        .json("--policy-document", &document)
}

fn stop_new_user(activity: &Activity, dossier: &Dossier, steps: &mut Vec<Step>) {
    let Some(name) = &activity.target.name else {
        return;
    };
    let everything = serde_json::json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
    steps.push(step(
        "Forbid the new user everything, whatever it holds or is given:",
        vec![deny("--user-name", "aws iam put-user-policy", name.raw(), &everything)],
    ));
    let Subject::User(user) = &dossier.target else {
        return steps.push(list_keys(name));
    };
    match &user.access_keys {
        Lookup::Found(keys) => {
            let active: Vec<_> =
                keys.items.iter().filter(|key| key.active).map(|key| deactivate(name.raw(), key.id.raw())).collect();
            if !active.is_empty() {
                steps.push(step("Deactivate its access keys. Do not delete them: they are evidence.", active));
            }
        }
        Lookup::Missing | Lookup::Unavailable(_) => steps.push(list_keys(name)),
    }
    if matches!(user.password, Lookup::Found(_)) {
        let remove = Command::new("aws iam delete-login-profile").option("--user-name", name.raw());
        steps.push(step("Take its console password away:", vec![remove]));
    }
}

fn list_keys(name: &Untrusted) -> Step {
    let list = Command::new("aws iam list-access-keys").option("--user-name", name.raw());
    step("See whether it has access keys, and deactivate them with update-access-key:", vec![list])
}

fn stop_caller(activity: &Activity, now: DateTime<Utc>, steps: &mut Vec<Step>) {
    let elsewhere = activity.principal.account().is_some() && activity.principal.account() != activity.account.as_ref();
    match &activity.principal {
        _ if elsewhere => steps.push(step(
            "Stop the caller in its own account, which is another one. In this account, remove it from the trust of the roles it came by.",
            vec![],
        )),
        Principal::Root(root) => {
            steps.push(step(
                "Sign in as the root user, change its password, look at its MFA devices, and deactivate its access keys. \
                 If you cannot sign in, contact AWS Support at once.",
                vec![],
            ));
            if root.session.has_long_lived_key() {
                steps.push(step(
                    "A root access key was used. It cannot be deactivated by anybody but the root user, in the console under Security credentials.",
                    vec![],
                ));
            }
        }
        Principal::IamUser(user) => stop_user(user, now, steps),
        Principal::AssumedRole(session) => stop_session(session, now, steps),
        Principal::FederatedUser(user) => {
            let issuer = user.issuer_arn.as_ref().and_then(|arn| Arn::parse(arn.raw()));
            match issuer.filter(|arn| arn.resource.starts_with("user/")) {
                Some(arn) => steps.push(step(
                    "Revoke the sessions that the IAM user behind this one opened until now. Its long-lived access keys \
                     stay valid: deactivate them too.",
                    vec![deny("--user-name", "aws iam put-user-policy", arn.name(), &older_than(now))],
                )),
                None => steps.push(step("Find the IAM user whose key made this federated session, and stop that user.", vec![])),
            }
        }
        Principal::IdentityCenterUser(_) => steps.push(end_in_identity_center()),
        Principal::AwsService(_) => {
            steps.push(step("Find out who asked the service to do this, in the event history around it.", vec![]));
        }
        Principal::SamlUser(_) | Principal::WebIdentityUser(_) => {
            steps.push(step("Stop the person at the identity provider.", vec![]));
        }
        Principal::AwsAccount(_) | Principal::Unrecognized(_) => {
            steps.push(step("Find out who it was, in the event history around it.", vec![]));
        }
    }
}

/// Denies every session that was opened before now.
fn older_than(now: DateTime<Utc>) -> serde_json::Value {
    let now = now.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    serde_json::json!({
        "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": now}},
    })
}

fn stop_user(user: &IamUser, now: DateTime<Utc>, steps: &mut Vec<Step>) {
    let Some(name) = &user.name else {
        return steps.push(step("Find out which IAM user it was, by its access key, and stop that user.", vec![]));
    };
    match &user.session.access_key_id {
        Some(key) if user.session.has_long_lived_key() => steps.push(step(
            phrase!("Stop ", name, ", whose access key signed the call:"),
            vec![deactivate(name.raw(), key.raw())],
        )),
        _ => steps.push(step(
            phrase!(
                "Revoke the sessions that ",
                name,
                " opened until now. Then change the password, and deactivate the access keys: both stay valid."
            ),
            vec![deny("--user-name", "aws iam put-user-policy", name.raw(), &older_than(now))],
        )),
    }
}

fn stop_session(session: &RoleSession, now: DateTime<Utc>, steps: &mut Vec<Step>) {
    if matches!(session.operator, Operator::IdentityCenter { .. }) {
        return steps.push(end_in_identity_center());
    }
    let Some(role) = &session.role else {
        return steps.push(step("Find out which role it was, and revoke its sessions.", vec![]));
    };
    let managed_by_aws = session.role_arn.as_ref().is_some_and(|arn| arn.raw().contains(":role/aws-service-role/"));
    if managed_by_aws {
        return steps.push(step(
            "The role belongs to an AWS service and cannot be changed: find out who asked the service to do this.",
            vec![],
        ));
    }
    steps.push(step(
        phrase!(
            "Revoke the sessions of the role ",
            role,
            ". This stops every session of it that was opened until now, not only this one; new ones can be opened:"
        ),
        vec![deny("--role-name", "aws iam put-role-policy", role.raw(), &older_than(now))],
    ));
    match &session.operator {
        Operator::Ec2Instance(Some(instance)) => {
            steps.push(step(
                phrase!("Isolate the EC2 instance ", instance, ", and keep its disks and memory as evidence."),
                vec![],
            ));
        }
        Operator::LambdaFunction(function) => {
            let stop = Command::new("aws lambda put-function-concurrency --reserved-concurrent-executions 0")
                .option("--function-name", function.raw());
            steps.push(step("Stop the Lambda function from running:", vec![stop]));
        }
        _ => {}
    }
}

fn end_in_identity_center() -> Step {
    step(
        "Disable the user in IAM Identity Center and end the user's sessions there. \
         A permission set's role cannot be changed in IAM; sessions that are open already last until they expire.",
        vec![],
    )
}

fn look_around(activity: &Activity, now: DateTime<Utc>) -> Step {
    let home = activity.partition.console().map_or("us-east-1", |(_, region)| region);
    let region = activity.region.as_ref().map_or(home, |region| region.raw());
    let around = activity.time.unwrap_or(now);
    let time = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let by_caller = "Look at what else the caller did, from an hour before the event on, in each region that you use:";
    let by_action = "Look at who else made this call, from an hour before the event on:";
    // The event history knows an access key better than a name, which others may share.
    let key = activity.principal.session().and_then(|session| session.access_key_id.as_ref());
    let (text, name, value) = match (key, links::username(&activity.principal)) {
        (Some(key), _) => (by_caller, "AccessKeyId", key.raw()),
        (None, Some(name)) => (by_caller, "Username", name),
        (None, None) => (by_action, "EventName", activity.action.event_name),
    };
    let attribute = serde_json::json!([{"AttributeKey": name, "AttributeValue": value}]);
    let lookup = || {
        Command::new("aws cloudtrail lookup-events")
            .option("--region", region)?
            .option("--start-time", &time(around - TimeDelta::hours(1)))?
            .json("--lookup-attributes", &attribute)
    };
    step(text, vec![lookup()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_quoted_so_that_a_shell_gives_them_back() {
        let command = |name| deactivate(name, "AKIAEXAMPLE").map(|command| command.0);
        assert_eq!(
            command("deploy-bot").unwrap(),
            "aws iam update-access-key --user-name deploy-bot --access-key-id AKIAEXAMPLE --status Inactive"
        );
        assert_eq!(
            command("-rf").unwrap(),
            "aws iam update-access-key '--user-name=-rf' --access-key-id AKIAEXAMPLE --status Inactive"
        );
        let words = shlex::split(&command("a'b $(id)").unwrap()).unwrap();
        assert_eq!(words[4], "a'b $(id)");
    }

    #[test]
    fn what_cannot_be_quoted_safely_is_not_offered() {
        for name in ["", "a\nb", "a\u{202e}b", "é", "file:///etc/passwd", "https://evil.example"] {
            assert_eq!(deactivate(name, "AKIAEXAMPLE"), None, "{name:?}");
        }
        let step = step("Stop it:", vec![deactivate("a\nb", "AKIAEXAMPLE")]);
        assert!(step.commands.is_empty() && step.text.plain().ends_with("cannot be quoted safely.)"));
    }

    proptest! {
        #[test]
        fn a_quoted_command_is_parsed_back_by_a_shell_lexer(name in any::<String>(), key in "[ -~]{0,40}") {
            let Some(command) = deactivate(&name, &key) else { return Ok(()) };
            let words = shlex::split(command.as_str()).unwrap();
            let option = |option: &str, value: &str| if value.starts_with('-') {
                vec![format!("{option}={value}")]
            } else {
                vec![option.to_owned(), value.to_owned()]
            };
            let mut expected: Vec<_> = ["aws", "iam", "update-access-key"].map(String::from).to_vec();
            expected.extend(option("--user-name", &name));
            expected.extend(option("--access-key-id", &key));
            expected.extend(["--status", "Inactive"].map(String::from));
            prop_assert_eq!(words, expected);
        }
    }
}
