//! What to do if it was not expected: contain first, and destroy nothing that is evidence.
//!
//! Every command is complete: it runs as printed, in a shell, with credentials of the account named above
//! it. Follows the containment part of the "AWS Security Incident Response Guide" and "Revoking IAM role
//! temporary security credentials" in the IAM user guide.

use super::links;
use crate::arn::Arn;
use crate::cloudtrail::Activity;
use crate::cloudtrail::identity::{IamUser, Operator, Principal, RoleSession};
use crate::directory::{AccessKey, Caller, Dossier, List, Lookup, Subject};
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

    /// Adds an option with a JSON document of ours in which [`NOW`] stands for the time at which the command
    /// is run: a session that was opened between the alert and the command must not slip through.
    fn json_at_run_time(self, option: &'static str, document: &serde_json::Value) -> Option<Self> {
        let mut command = self.json(option, document)?;
        // The document is within single quotes: end them, let the shell put the time in, begin them again.
        command.0 = command.0.replace(NOW, "'\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"'");
        Some(command)
    }

    /// The command, to be run as it is.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Stands for the time in a document, see [`Command::json_at_run_time`].
const NOW: &str = "@NOW@";

const UNQUOTABLE: &str = " (No command is offered: the name has characters that cannot be quoted safely.)";

/// The steps that contain what happened.
#[must_use]
pub fn steps(activity: &Activity, dossier: &Dossier, now: DateTime<Utc>) -> Vec<Step> {
    let mut steps = Vec::new();
    if activity.outcome.succeeded() {
        stop_new_user(activity, dossier, &mut steps);
    }
    stop_caller(activity, dossier, &mut steps);
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

/// Denies everything. The two policies have names of their own: one alert's containment must not undo
/// another's.
fn deny_all(call: &'static str, option: &'static str, name: &str) -> Option<Command> {
    let document = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    });
    Command::new(call)
        .option(option, name)?
        .option("--policy-name", "incident-deny-all")?
        .json("--policy-document", &document)
}

/// Denies every session that was opened before the command is run.
fn revoke_sessions(call: &'static str, option: &'static str, name: &str) -> Option<Command> {
    let document = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"DateLessThan": {"aws:TokenIssueTime": NOW}}}],
    });
    Command::new(call)
        .option(option, name)?
        .option("--policy-name", "incident-revoke-sessions")?
        .json_at_run_time("--policy-document", &document)
}

const PUT_USER_POLICY: &str = "aws iam put-user-policy";
const PUT_ROLE_POLICY: &str = "aws iam put-role-policy";

fn stop_new_user(activity: &Activity, dossier: &Dossier, steps: &mut Vec<Step>) {
    let Some(name) = &activity.target.name else {
        return;
    };
    let replaced = dossier.target_is_replaced(activity);
    let whom = if replaced { "the user that has this name now, which is another one," } else { "the new user" };
    steps.push(step(
        phrase!("Forbid ", whom, " everything, whatever it holds or is given:"),
        vec![deny_all(PUT_USER_POLICY, "--user-name", name.raw())],
    ));
    let Subject::User(user) = &dossier.target else {
        return steps.push(list_keys(name));
    };
    match &user.access_keys {
        Lookup::Found(keys) => {
            let active: Vec<_> = active_keys(keys).map(|key| deactivate(name.raw(), key.id.raw())).collect();
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

fn active_keys(keys: &List<AccessKey>) -> impl Iterator<Item = &AccessKey> {
    keys.items.iter().filter(|key| key.active)
}

fn list_keys(name: &Untrusted) -> Step {
    list_keys_of(name, "See whether it has access keys, and deactivate them with update-access-key:")
}

fn list_keys_of(name: &Untrusted, text: &'static str) -> Step {
    step(text, vec![Command::new("aws iam list-access-keys").option("--user-name", name.raw())])
}

fn stop_caller(activity: &Activity, dossier: &Dossier, steps: &mut Vec<Step>) {
    let elsewhere = activity.principal.account().is_some() && activity.principal.account() != activity.account.as_ref();
    match &activity.principal {
        _ if elsewhere => steps.push(step(
            "Stop the caller in its own account, which is another one. In this account, remove it from the trust of the roles it came by.",
            vec![],
        )),
        Principal::Root(_) => steps.push(stop_root()),
        Principal::IamUser(user) => stop_user(user, dossier, steps),
        Principal::AssumedRole(session) => stop_session(session, steps),
        Principal::FederatedUser(user) if user.is_by_root() => steps.push(stop_root()),
        Principal::FederatedUser(user) => match user.issuer_arn.as_ref().and_then(|arn| Arn::parse(arn.raw())) {
            Some(arn) if arn.resource.starts_with("user/") => {
                let name = Untrusted::new(arn.name());
                steps.push(step(
                    phrase!("Revoke the sessions that ", &name, " opened, this one among them:"),
                    vec![revoke_sessions(PUT_USER_POLICY, "--user-name", name.raw())],
                ));
                let list = Command::new("aws iam list-access-keys").option("--user-name", name.raw());
                steps.push(step(
                    phrase!("One of the access keys of ", &name, " opened it and stays valid. Deactivate them with update-access-key:"),
                    vec![list],
                ));
            }
            _ => steps.push(step("Find the IAM user whose key opened this federated session, and stop that user.", vec![])),
        },
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

fn stop_root() -> Step {
    step(
        "Sign in as the root user, change its password, look at its MFA devices, and deactivate its access keys: nobody \
         else can. If you cannot sign in, contact AWS Support at once.",
        vec![],
    )
}

fn stop_user(user: &IamUser, dossier: &Dossier, steps: &mut Vec<Step>) {
    let Some(name) = &user.name else {
        return steps.push(step("Find out which IAM user it was, by its access key, and stop that user.", vec![]));
    };
    let known = match &dossier.caller {
        Caller::User(user) => user.access_keys.found(),
        Caller::Role(_) | Caller::NotAsked(_) => None,
    };
    let in_use = user.session.access_key_id.as_ref().filter(|_| user.session.has_long_lived_key());
    let others = known.into_iter().flat_map(active_keys).map(|key| &key.id).filter(|id| Some(*id) != in_use);
    let keys: Vec<_> = in_use.into_iter().chain(others).map(|key| deactivate(name.raw(), key.raw())).collect();
    if !keys.is_empty() {
        steps.push(step(
            phrase!("Stop ", name, ": deactivate the access key that signed the call, and any other that is active."),
            keys,
        ));
    }
    steps.push(step(
        phrase!("Revoke the sessions that ", name, " opened. A password, if there is one, stays valid: change it."),
        vec![revoke_sessions(PUT_USER_POLICY, "--user-name", name.raw())],
    ));
    if known.is_none() {
        steps.push(list_keys_of(
            name,
            "See which other access keys it has, and deactivate them with update-access-key:",
        ));
    }
}

fn stop_session(session: &RoleSession, steps: &mut Vec<Step>) {
    let Some(role) = &session.role else {
        return steps.push(step("Find out which role it was, and revoke its sessions.", vec![]));
    };
    // Without a session issuer only its name tells such a role, whose policies cannot be changed in IAM.
    if matches!(session.operator, Operator::IdentityCenter { .. }) || role.raw().starts_with("AWSReservedSSO_") {
        return steps.push(end_in_identity_center());
    }
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
            ". This stops every session of it that is open, not only this one; new ones can be opened:"
        ),
        vec![revoke_sessions(PUT_ROLE_POLICY, "--role-name", role.raw())],
    ));
    match &session.operator {
        Operator::Ec2Instance(Some(instance)) => {
            steps.push(step(
                phrase!("Isolate the EC2 instance ", instance, ", and keep its disks and memory as evidence."),
                vec![],
            ));
        }
        Operator::LambdaFunction(Some(function)) => {
            steps.push(step("Stop the Lambda function from running:", vec![stop_function(function)]));
        }
        _ => {}
    }
}

/// The call takes a function of its own region only, and no version or alias: `function:NAME:ALIAS`.
fn stop_function(function: &Untrusted) -> Option<Command> {
    let arn = Arn::parse(function.raw())?;
    let name = arn.resource.strip_prefix("function:")?.split(':').next()?;
    Command::new("aws lambda put-function-concurrency --reserved-concurrent-executions 0")
        .option("--region", arn.region)?
        .option("--function-name", name)
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
    fn sessions_are_revoked_as_of_the_time_the_command_is_run() {
        let revoke = revoke_sessions(PUT_ROLE_POLICY, "--role-name", "deploy").unwrap();
        let script = format!("aws() {{ printf %s \"$8\"; }}; {}", revoke.as_str());
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        let policy: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let time = policy.pointer("/Statement/0/Condition/DateLessThan/aws:TokenIssueTime").unwrap();
        let time: DateTime<Utc> = time.as_str().unwrap().parse().unwrap();
        assert!((Utc::now() - time).num_seconds().abs() < 60);
        let deny = deny_all(PUT_ROLE_POLICY, "--role-name", "deploy").unwrap();
        assert!(deny.as_str().contains("incident-deny-all") && !revoke.as_str().contains("incident-deny-all"));
    }

    #[test]
    fn a_function_is_stopped_in_its_region_whatever_version_ran() {
        let stop = stop_function(&"arn:aws:lambda:eu-west-1:111122223333:function:sync:live".into()).unwrap();
        assert!(stop.as_str().ends_with("--region eu-west-1 --function-name sync"), "{}", stop.as_str());
        assert_eq!(stop_function(&"sync".into()), None);
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
