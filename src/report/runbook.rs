//! What to do if it was not expected: contain first, and destroy nothing that is evidence.
//!
//! Every command is complete: it runs as printed, in a shell, with credentials of the account named above
//! it. Follows the containment part of the "AWS Security Incident Response Guide" and "Revoking IAM role
//! temporary security credentials" in the IAM user guide.

use super::links;
use crate::arn::Arn;
use crate::assessment::Case;
use crate::cloudtrail::Activity;
use crate::cloudtrail::catalogue::{Change, Noun, Thing};
use crate::cloudtrail::identity::{IamUser, Operator, Principal, RoleSession};
use crate::directory::{AccessKey, Caller, Dossier, List, Lookup, Policy, Subject, power};
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
    pub(super) fn new(words: &'static str) -> Self {
        Self(words.to_owned())
    }

    /// Adds an option of our own with a value that came from outside; `None` where the value cannot be put
    /// into a shell and the AWS CLI safely.
    ///
    /// Only printable ASCII can: anything else may look different from what it is, or be changed when it is
    /// copied. The CLI replaces a value that begins with `file://` and the like by what it points to. The
    /// form `--option=value` keeps a name that begins with a dash from being taken for an option.
    pub(super) fn option(mut self, option: &'static str, value: &str) -> Option<Self> {
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

    /// Adds an option of our own if there is a value for it; `None` where there is one that cannot be put in safely.
    pub(super) fn option_if_any(self, option: &'static str, value: Option<&str>) -> Option<Self> {
        match value {
            Some(value) => self.option(option, value),
            None => Some(self),
        }
    }

    /// Adds an option with a JSON document of ours. What is from outside in it was escaped as JSON.
    pub(super) fn json(mut self, option: &'static str, document: &serde_json::Value) -> Option<Self> {
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

const UNQUOTABLE: &str =
    " (No command is offered: the name holds what a shell or the AWS CLI might not take as it stands.)";

/// The steps that contain what happened: first what was changed, then whoever did it.
#[must_use]
pub fn steps(case: &Case<'_>, now: DateTime<Utc>) -> Vec<Step> {
    let (activity, dossier) = (case.activity, case.dossier);
    let mut steps = Vec::new();
    if activity.outcome.succeeded() {
        contain(case, &mut steps);
    }
    stop_caller(activity, dossier, &mut steps);
    steps.push(look_around(activity, now));
    steps
}

pub(super) fn step(text: impl Into<Phrase>, commands: Vec<Option<Command>>) -> Step {
    let text = text.into();
    match commands.into_iter().collect::<Option<Vec<_>>>() {
        Some(commands) => Step { text, commands },
        None => Step { text: phrase!(text, UNQUOTABLE), commands: Vec::new() },
    }
}

fn deactivate(user: &str, key: &str) -> Option<Command> {
    inactive("aws iam update-access-key", user, "--access-key-id", key)
}

/// Makes a credential of a user inactive; it can be made active again.
fn inactive(call: &'static str, user: &str, option: &'static str, id: &str) -> Option<Command> {
    let command = Command::new(call).option("--user-name", user)?.option(option, id)?;
    Some(Command(format!("{} --status Inactive", command.0)))
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
/// Added to what other alerts have saved.
const SAVED: &str = " --output json >> evidence.json && ";

/// Undoes what was given, or takes its effect, so that nothing is lost that somebody will want to look at.
fn contain(case: &Case<'_>, steps: &mut Vec<Step>) {
    let (activity, action) = (case.activity, case.activity.action);
    if activity.target.thing == Thing::RootUser {
        return;
    }
    let Some(name) = activity.name_now() else {
        return account_wide(activity, steps);
    };
    let object = activity.object.name.as_ref();
    if action.service == "iam" && case.settings.is_own(activity) {
        // What contains anybody else would silence the alerter.
        return steps.push(second_stack());
    }
    if is_protected(case) && !action.is_chore() {
        return steps.push(step(
            "AWS manages this role: it can be changed in IAM Identity Center, or by the service that it belongs to, and not here.",
            vec![],
        ));
    }
    // What only denies is containment, or will be looked into; to undo it would free somebody.
    if case.granted.as_ref().is_some_and(|granted| granted.only_denies) && action.grants_by_policy() {
        return;
    }
    match action.change {
        Change::Creates if activity.target.thing == Thing::User => stop_new_user(activity, case.dossier, steps),
        Change::Creates if activity.target.thing == Thing::Role => steps.push(step(
            "Forbid the new role everything, whatever it holds or is given:",
            vec![deny_all(PUT_ROLE_POLICY, "--role-name", name.raw())],
        )),
        Change::Credential => take_credential(activity, name, steps),
        Change::AddsMfa => steps.push(step(
            "Deactivate the device, if it is not the user's own:",
            vec![object.and_then(|_| {
                Command::new("aws iam deactivate-mfa-device")
                    .option("--user-name", name.raw())?
                    .option("--serial-number", activity.object.arn.as_ref().or(object)?.raw())
            })],
        )),
        Change::Attaches => steps.push(step("Detach the policy again:", vec![managed("detach", activity, name)])),
        Change::Embeds => steps.push(step("Save the inline policy as evidence, and delete it:", vec![save_and_delete(activity, name)])),
        Change::Joins => steps.push(step(
            phrase!("Take ", name, " out of the group again:"),
            vec![object.and_then(|group| {
                Command::new("aws iam remove-user-from-group")
                    .option("--user-name", name.raw())?
                    .option("--group-name", group.raw())
            })],
        )),
        Change::Rewrites | Change::Drafts => rewind(activity, steps),
        Change::Trusts => steps.push(step(
            "Forbid the role everything, until its trust policy is right again. This stops all that act by it. (What the trust \
             policy was before, IAM does not keep; an earlier event in CloudTrail may tell.)",
            vec![deny_all(PUT_ROLE_POLICY, "--role-name", name.raw())],
        )),
        Change::Carries => steps.push(step(
            "Take the role out of the instance profile again:",
            vec![object.and_then(|profile| {
                Command::new("aws iam remove-role-from-instance-profile")
                    .option("--instance-profile-name", profile.raw())?
                    .option("--role-name", name.raw())
            })],
        )),
        Change::Unbounds | Change::Bounds => steps.push(step(
            phrase!("Forbid ", name, " everything, until it has the right permissions boundary again:"),
            vec![forbid(activity, name)],
        )),
        Change::WeakensMfa => steps.push(step(
            phrase!("Forbid ", name, " everything, until it has MFA again:"),
            vec![forbid(activity, name)],
        )),
        Change::Frees if activity.object.arn.is_some() => {
            // To give back what only granted would be no containment.
            if held_back(case) {
                let attach = managed("attach", activity, name);
                steps.push(step("If the policy held something back, attach it again:", vec![attach]));
            }
        }
        Change::Frees => steps.extend(forbid(activity, name).map(|command| {
            step(phrase!("If what was taken away held ", name, " back, forbid it everything:"), vec![Some(command)])
        })),
        Change::Federates => undo_federation(activity, steps),
        Change::Silences => restore(activity, name, steps),
        _ => account_wide(activity, steps),
    }
}

/// Whether the policy that was taken away may have denied something.
fn held_back(case: &Case<'_>) -> bool {
    let Some(Policy { arn: Some(arn), name, document, .. }) = case.dossier.given.policies.first() else { return true };
    match document.found() {
        Some(document) => power::denies(document),
        // Those of AWS that deny say so in their names.
        None if power::is_aws_managed(arn.raw()) => ["Deny", "Quarantine"].iter().any(|word| name.raw().contains(word)),
        None => true,
    }
}

/// Whether the target is a role whose policies only AWS may change.
fn is_protected(case: &Case<'_>) -> bool {
    let target = &case.activity.target;
    let arn = target.arn.as_ref().or_else(|| case.dossier.target.arn());
    let name = target.name.as_ref().map_or("", |name| name.raw());
    target.thing == Thing::Role && (is_identity_centers(name) || arn.is_some_and(|arn| is_service_linked(arn.raw())))
}

fn is_identity_centers(role: &str) -> bool {
    role.starts_with("AWSReservedSSO_")
}

fn is_service_linked(role_arn: &str) -> bool {
    role_arn.contains(":role/aws-service-role/")
}

fn second_stack() -> Step {
    // CloudFormation does not see what was changed behind its back: to deploy once more would do nothing.
    step(
        "Deploy a second stack, under another name and with another AlertTopicName: it alerts at once, and leaves the first \
         one as evidence.",
        vec![],
    )
}

fn forbid(activity: &Activity, name: &Untrusted) -> Option<Command> {
    match activity.target.thing {
        Thing::User => deny_all(PUT_USER_POLICY, "--user-name", name.raw()),
        Thing::Role => deny_all(PUT_ROLE_POLICY, "--role-name", name.raw()),
        _ => None,
    }
}

/// Attaches a managed policy, or detaches it.
fn managed(verb: &'static str, activity: &Activity, name: &Untrusted) -> Option<Command> {
    let (call, option) = match (activity.target.thing, verb) {
        (Thing::User, "attach") => ("aws iam attach-user-policy", "--user-name"),
        (Thing::User, _) => ("aws iam detach-user-policy", "--user-name"),
        (Thing::Group, "attach") => ("aws iam attach-group-policy", "--group-name"),
        (Thing::Group, _) => ("aws iam detach-group-policy", "--group-name"),
        (_, "attach") => ("aws iam attach-role-policy", "--role-name"),
        _ => ("aws iam detach-role-policy", "--role-name"),
    };
    Command::new(call).option(option, name.raw())?.option("--policy-arn", activity.object.arn.as_ref()?.raw())
}

/// An inline policy is gone when it is deleted: it is saved first, and deleted only if that worked.
fn save_and_delete(activity: &Activity, name: &Untrusted) -> Option<Command> {
    let (get, delete, option) = match activity.target.thing {
        Thing::User => ("aws iam get-user-policy", "aws iam delete-user-policy", "--user-name"),
        Thing::Group => ("aws iam get-group-policy", "aws iam delete-group-policy", "--group-name"),
        _ => ("aws iam get-role-policy", "aws iam delete-role-policy", "--role-name"),
    };
    let policy = activity.object.name.as_ref()?;
    let complete = |call| Command::new(call).option(option, name.raw())?.option("--policy-name", policy.raw());
    Some(Command(format!("{}{SAVED}{}", complete(get)?.0, complete(delete)?.0)))
}

fn take_credential(activity: &Activity, name: &Untrusted, steps: &mut Vec<Step>) {
    let object = activity.object.name.as_ref();
    let words = match activity.action.what {
        Noun::An(words) | Noun::The(words) => words,
        _ => "",
    };
    let inactive = |call, option| inactive(call, name.raw(), option, object?.raw());
    let command = match words {
        "access key" => inactive("aws iam update-access-key", "--access-key-id"),
        "SSH public key" => inactive("aws iam update-ssh-public-key", "--ssh-public-key-id"),
        "signing certificate" => inactive("aws iam update-signing-certificate", "--certificate-id"),
        "service-specific credential" => {
            inactive("aws iam update-service-specific-credential", "--service-specific-credential-id")
        }
        _ => None,
    };
    match (words, object) {
        ("console password", _) => steps.push(step(
            phrase!("Take the console password of ", name, " away; who should have one can be given another:"),
            vec![Command::new("aws iam delete-login-profile").option("--user-name", name.raw())],
        )),
        (_, Some(_)) => steps.push(step("Deactivate it. Do not delete it: it is evidence.", vec![command])),
        (_, None) => steps.push(list_keys(name)),
    }
    // Those of the caller are revoked further down; and what is good for one service opens none.
    if !activity.is_own() && !activity.action.is_narrow() {
        steps.push(step(
            phrase!("Revoke the sessions that were opened with it, and all others of ", name, ":"),
            vec![revoke_sessions(PUT_USER_POLICY, "--user-name", name.raw())],
        ));
    }
}

/// Which version counted before, the event does not tell; the list does.
fn rewind(activity: &Activity, steps: &mut Vec<Step>) {
    let Some(arn) = &activity.target.arn else { return };
    let list = Command::new("aws iam list-policy-versions").option("--policy-arn", arn.raw());
    let text = if activity.action.change == Change::Rewrites {
        "See which version counted before, and make it the default again with set-default-policy-version. Keep the new one: \
         it is evidence."
    } else {
        "See that no version is the default that should not be:"
    };
    steps.push(step(text, vec![list]));
}

fn undo_federation(activity: &Activity, steps: &mut Vec<Step>) {
    let Some(arn) = &activity.target.arn else { return };
    let saml = activity.target.thing == Thing::SamlProvider;
    let (get, delete, option) = if saml {
        ("aws iam get-saml-provider", "aws iam delete-saml-provider", "--saml-provider-arn")
    } else {
        (
            "aws iam get-open-id-connect-provider",
            "aws iam delete-open-id-connect-provider",
            "--open-id-connect-provider-arn",
        )
    };
    let complete = |call| Command::new(call).option(option, arn.raw());
    if activity.action.done == "created" {
        let both =
            complete(get).zip(complete(delete)).map(|(get, delete)| Command(format!("{}{SAVED}{}", get.0, delete.0)));
        steps.push(step("Save the provider as evidence, and delete it: then nobody can sign in by it.", vec![both]));
    } else if let ("added", Some(client)) = (activity.action.done, &activity.object.name) {
        let remove = Command::new("aws iam remove-client-id-from-open-id-connect-provider")
            .option(option, arn.raw())
            .and_then(|command| command.option("--client-id", client.raw()));
        steps.push(step("Remove the client id again:", vec![remove]));
    } else {
        steps.push(step(
            "Look at the provider as it is now, and put back what your identity provider publishes. Until then, revoke the \
             sessions of the roles that trust it.",
            vec![complete(get)],
        ));
    }
}

/// What concerns the account as a whole.
fn account_wide(activity: &Activity, steps: &mut Vec<Step>) {
    match (activity.action.change, activity.action.event_name) {
        (Change::PasswordPolicy, _) => steps.push(step(
            "Ask for good passwords again. These are the demands of the CIS AWS Foundations Benchmark; yours may be others:",
            vec![Some(Command::new(
                "aws iam update-account-password-policy --minimum-password-length 14 --password-reuse-prevention 24 \
                 --require-symbols --require-numbers --require-uppercase-characters --require-lowercase-characters \
                 --allow-users-to-change-password",
            ))],
        )),
        (_, "EnableOrganizationsRootSessions") => steps.push(step(
            "Take it back, with credentials of the organization's management account:",
            vec![Some(Command::new("aws iam disable-organizations-root-sessions"))],
        )),
        (_, "EnableOrganizationsRootCredentialsManagement") => steps.push(step(
            "Take it back, with credentials of the organization's management account:",
            vec![Some(Command::new("aws iam disable-organizations-root-credentials-management"))],
        )),
        _ => {}
    }
}

/// Puts back what the alerts are made with.
fn restore(activity: &Activity, name: &Untrusted, steps: &mut Vec<Step>) {
    let whole = activity.target.arn.as_ref().unwrap_or(name);
    let of = |call, option, value: &Untrusted| {
        let region = activity.region.as_ref().map(Untrusted::raw);
        Command::new(call).option(option, value.raw())?.option_if_any("--region", region)
    };
    let (text, commands) = match activity.action.event_name {
        "StopLogging" => ("Let the trail log again:", vec![of("aws cloudtrail start-logging", "--name", whole)]),
        "UpdateTrail" | "DeleteTrail" => (
            "See which trails this account has now. Without one that logs management events, nothing is told any more:",
            vec![Some(Command::new("aws cloudtrail describe-trails"))],
        ),
        "PutEventSelectors" => (
            "See what the trail still logs. Management events that are written must be among it:",
            vec![of("aws cloudtrail get-event-selectors", "--trail-name", whole)],
        ),
        "DisableRule" => {
            let bus = activity.parameters.iter().find(|(name, _)| name.raw() == "eventBusName");
            let bus = bus.map(|(_, bus)| bus.raw()).filter(|bus| *bus != "default");
            let enable = of("aws events enable-rule", "--name", name);
            let enable = enable.and_then(|command| command.option_if_any("--event-bus-name", bus));
            ("Enable the rule again:", vec![enable])
        }
        "PutFunctionConcurrency" => (
            "Let the function run again as often as it needs to:",
            vec![of("aws lambda delete-function-concurrency", "--function-name", name)],
        ),
        "DisableKey" => ("Enable the key again:", vec![of("aws kms enable-key", "--key-id", whole)]),
        "ScheduleKeyDeletion" => (
            "Keep the key, and enable it again:",
            vec![of("aws kms cancel-key-deletion", "--key-id", whole), of("aws kms enable-key", "--key-id", whole)],
        ),
        _ => ("", vec![]),
    };
    steps.push(if text.is_empty() { second_stack() } else { step(text, commands) });
    steps.push(step(
        "As long as it is not put back, alerts may be missing: look at CloudTrail's event history itself for what was done since.",
        vec![],
    ));
}

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
        _ if activity.action.change == Change::SignsIn && !activity.outcome.succeeded() => steps.push(step(
            "Nobody got in. See that the root user has MFA and a password that is used nowhere else; whoever tried knows the \
             e-mail address of the account.",
            vec![],
        )),
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
    if matches!(session.operator, Operator::IdentityCenter { .. }) || is_identity_centers(role.raw()) {
        return steps.push(end_in_identity_center());
    }
    let managed_by_aws = session.role_arn.as_ref().is_some_and(|arn| is_service_linked(arn.raw()));
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
        (None, None) => (by_action, "EventName", activity.event_name.raw()),
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
        assert!(step.commands.is_empty() && step.text.plain().ends_with("as it stands.)"));
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
