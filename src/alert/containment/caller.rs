//! Contains the caller: its access keys, its sessions, its workload.

use super::command::{
    Command, ContainmentStep, PUT_ROLE_POLICY, PUT_USER_POLICY, deactivate, list_keys_of, revoke_sessions,
};
use crate::arn::Arn;
use crate::catalog::AccessEffect;
use crate::catalog::managed_by_aws::is_identity_centers;
use crate::event::principal::{Delegate, FederatedUser, IamUser, Operator, Principal, RoleSession, Root, Session};
use crate::event::{Activity, CallersAccount};
use crate::limits::LOOK_BACK;
use crate::lookup::{Dossier, KnownCaller};
use crate::phrase;
use crate::text::{Phrase, Untrusted};

/// `elsewhere`: the caller is of an account where nobody here can do anything.
pub(super) fn stop(activity: &Activity, dossier: &Dossier, elsewhere: bool, steps: &mut Vec<ContainmentStep>) {
    let by_hand = |text: &'static str| ContainmentStep::by_hand(text);
    match &activity.principal {
        Principal::IamUser(_) if activity.action.effect == AccessEffect::SignsIn && !activity.outcome.succeeded() => {
            steps.push(by_hand(
                "Nobody got in. If this goes on, somebody guesses the password: ask the user, and see that the user has MFA.",
            ));
        }
        _ if activity.action.effect == AccessEffect::WarnsOfSignIn => steps.push(by_hand(
            "Ask the person who is named whether they signed in. If not, or if nobody can be asked: deactivate the user's \
             keys, delete the console password, and revoke the user's sessions.",
        )),
        _ if activity.action.effect == AccessEffect::SignsIn && !activity.outcome.succeeded() => steps.push(by_hand(
            "Nobody got in. Check that the root user has MFA and a password that is used nowhere else: somebody knows the \
             e-mail address of the account.",
        )),
        _ if activity.action.effect == AccessEffect::ChangesRootSignIn => {
            steps.push(by_hand(
                "Find out who can read the mailbox of the root user, and change the password of the mailbox first: whoever reads it \
                 can recover the password of the root user again.",
            ));
            steps.push(stop_root());
        }
        Principal::Delegate(delegate) => stop_delegate(delegate, steps),
        _ if elsewhere => steps.push(by_hand(
            "Stop the caller in the caller's own account, which is another account. In this account, remove the caller from \
             the trust policies of the roles it used.",
        )),
        _ if matches!(activity.callers_account(), CallersAccount::NotReadable(_)) => steps.push(by_hand(
            "Find out which account the caller belongs to, in CloudTrail's event history: it cannot be read from the event. Stop \
             the caller there.",
        )),
        Principal::Root(Root { assumed: true, session, .. }) => steps.push(find_root_session(activity, session)),
        Principal::Root(_) => steps.push(stop_root()),
        Principal::IamUser(user) => stop_user(user, dossier, activity.action.effect == AccessEffect::SignsIn, steps),
        Principal::AssumedRole(session) => stop_session(session, steps),
        Principal::FederatedUser(user) if user.is_by_root() => steps.push(stop_root()),
        Principal::FederatedUser(user) => stop_federated(user, steps),
        Principal::IdentityCenterUser(_) => steps.push(end_in_identity_center(&activity.principal.short_name())),
        Principal::AwsService(_) => steps.push(ask_service()),
        Principal::SamlUser(_) | Principal::WebIdentityUser(_) => {
            steps.push(by_hand("Stop the person at the identity provider."));
        }
        Principal::AwsAccount(_) | Principal::Unrecognized(_) => {
            steps.push(by_hand("Find out who the caller was, in CloudTrail's event history around the event."));
        }
    }
}

/// The service acts for somebody, or for itself; its own role cannot be changed.
fn ask_service() -> ContainmentStep {
    ContainmentStep::by_hand(
        "An AWS service made the call. If somebody asked the service to do this, CloudTrail's event history shows a call to \
         the service shortly before this event. Contain that caller. The service itself cannot be stopped in IAM.",
    )
}

/// The session was opened in another account: only the events there name the person.
fn find_root_session(activity: &Activity, session: &Session) -> ContainmentStep {
    let key = session.access_key_id.as_ref();
    let key = key.map_or(Phrase::default(), |key| {
        phrase!(" The event with the access key ", key, " in its response is the one.")
    });
    let text = phrase!(
        "Find out who opened the root session. Run this command with credentials of the organization's management account, \
         and of each delegated administrator account for root access, in each region.",
        key,
        " Contain that principal:"
    );
    let since = session.created.or(activity.time).map(|time| time - LOOK_BACK);
    let since = since.map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    let attribute = serde_json::json!([{"AttributeKey": "EventName", "AttributeValue": "AssumeRoot"}]);
    let command = Command::new("aws cloudtrail lookup-events")
        .option_if_any("--start-time", since.as_deref())
        .and_then(|command| command.json("--lookup-attributes", &attribute));
    ContainmentStep::new(text, vec![command])
}

/// The credentials of a delegation are those of a session of the principal who approved it.
fn stop_delegate(delegate: &Delegate, steps: &mut Vec<ContainmentStep>) {
    steps.push(ContainmentStep::new(
        "List the delegation requests of this account. Each shows who asked, who approved, and what is delegated. Reject \
         those that are still open with reject-delegation-request:",
        vec![Some(Command::new("aws iam list-delegation-requests"))],
    ));
    match &delegate.approved_by {
        Principal::AssumedRole(session) => stop_session(session, steps),
        Principal::IamUser(user) => steps.extend(user.name.as_ref().map(|name| {
            ContainmentStep::new(
                phrase!("Revoke the sessions of ", name, ", whose access the account uses:"),
                vec![revoke_sessions(PUT_USER_POLICY, "--user-name", name.raw())],
            )
        })),
        _ => steps.push(ContainmentStep::by_hand("Revoke the sessions of the principal who approved the delegation.")),
    }
}

fn stop_root() -> ContainmentStep {
    ContainmentStep::by_hand(
        "Sign in as the root user, change its password, check its MFA devices, and deactivate its access keys: nobody else \
         can. If you cannot sign in, contact AWS Support at once.",
    )
}

/// `signs_in`: whoever it was has the password, and no access key is known to be involved.
fn stop_user(user: &IamUser, dossier: &Dossier, signs_in: bool, steps: &mut Vec<ContainmentStep>) {
    let Some(name) = &user.name else {
        return steps
            .push(ContainmentStep::by_hand("Find out which IAM user it was, by the access key, and stop that user."));
    };
    let known = match &dossier.caller {
        KnownCaller::User(user) => user.access_keys.found(),
        KnownCaller::Role(_) | KnownCaller::NotAsked(_) => None,
    };
    let in_use = user.session.access_key_id.as_ref().filter(|_| user.session.has_long_lived_key());
    let active = known.into_iter().flat_map(|keys| keys.items.iter().filter(|key| key.active)).map(|key| &key.id);
    let others = active.filter(|id| Some(*id) != in_use);
    let keys: Vec<_> = in_use.into_iter().chain(others).map(|key| deactivate(name.raw(), key.raw())).collect();
    if !keys.is_empty() && !signs_in {
        steps.push(ContainmentStep::new(
            if in_use.is_some() {
                phrase!("Stop ", name, ": deactivate the access key that signed the call, and all other active keys.")
            } else {
                phrase!("Deactivate the active access keys of ", name, ": whoever made the call may have them.")
            },
            keys,
        ));
    }
    steps.push(ContainmentStep::new(
        phrase!(
            "Revoke the sessions of ",
            name,
            if signs_in { ":" } else { ". A console password stays valid: change it." }
        ),
        vec![revoke_sessions(PUT_USER_POLICY, "--user-name", name.raw())],
    ));
    if known.is_none() && !signs_in {
        let text = "Check which other access keys the caller has, and deactivate them with update-access-key:";
        steps.push(list_keys_of(name, text));
    }
}

fn stop_session(session: &RoleSession, steps: &mut Vec<ContainmentStep>) {
    let Some(role) = &session.role else {
        return steps.push(ContainmentStep::by_hand("Find out which role it was, and revoke its sessions."));
    };
    // If the event has no session issuer, only the name identifies a role of IAM Identity Center. IAM cannot change the
    // policies of such a role.
    if matches!(session.operator, Operator::IdentityCenter { .. })
        || is_identity_centers(role.raw(), session.role_arn.as_ref().map(Untrusted::raw))
    {
        return steps.push(end_in_identity_center(&session.who()));
    }
    if matches!(session.operator, Operator::Service(_)) {
        return steps.push(ask_service());
    }
    steps.push(ContainmentStep::new(
        phrase!(
            "Revoke the sessions of the role ",
            role,
            ". This stops all open sessions of the role, not only this one; new ones can be opened:"
        ),
        vec![revoke_sessions(PUT_ROLE_POLICY, "--role-name", role.raw())],
    ));
    match &session.operator {
        Operator::Ec2Instance(Some(instance)) => {
            let region = Arn::parse(instance.raw()).map(|arn| Untrusted::new(arn.region));
            let place = region.map_or(Phrase::default(), |region| phrase!(" in ", &region));
            steps.push(ContainmentStep::by_hand(phrase!(
                "Isolate the ",
                session.who(),
                place,
                ", and keep its disks and memory as evidence."
            )));
        }
        Operator::LambdaFunction(Some(function)) => steps.push(ContainmentStep::new(
            "Stop the Lambda function (sets its reserved concurrency to 0):",
            vec![stop_function(function)],
        )),
        Operator::Ec2Instance(None)
        | Operator::LambdaFunction(None)
        | Operator::Service(_)
        | Operator::IdentityCenter { .. }
        | Operator::WebIdentity { .. }
        | Operator::Workload(..)
        | Operator::Unstated => {}
    }
}

fn stop_federated(user: &FederatedUser, steps: &mut Vec<ContainmentStep>) {
    match user.issuer_arn.as_ref().and_then(|arn| Arn::parse(arn.raw())) {
        Some(arn) if arn.resource.starts_with("user/") => {
            let name = Untrusted::new(arn.name());
            steps.push(ContainmentStep::new(
                phrase!("Revoke the sessions that ", &name, " opened, including this one:"),
                vec![revoke_sessions(PUT_USER_POLICY, "--user-name", name.raw())],
            ));
            let list = Command::new("aws iam list-access-keys").option("--user-name", name.raw());
            steps.push(ContainmentStep::new(
                phrase!(
                    "An access key of ",
                    &name,
                    " opened the session and stays valid. Deactivate its keys with update-access-key:"
                ),
                vec![list],
            ));
        }
        _ => steps.push(ContainmentStep::by_hand(
            "Find the IAM user whose access key opened this federated session, and stop that user.",
        )),
    }
}

/// The call accepts only a function of its own region, and no version or alias: `function:NAME:ALIAS`.
pub(super) fn stop_function(function: &Untrusted) -> Option<Command> {
    let arn = Arn::parse(function.raw())?;
    let name = arn.resource.strip_prefix("function:")?.split(':').next()?;
    Command::new("aws lambda put-function-concurrency --reserved-concurrent-executions 0")
        .option("--region", arn.region)?
        .option("--function-name", name)
}

fn end_in_identity_center(who: &Phrase) -> ContainmentStep {
    ContainmentStep::by_hand(phrase!(
        "Disable the user ",
        who,
        " in IAM Identity Center and end the user's sessions there. The role of a permission set cannot be changed in IAM; \
         open sessions last until they expire."
    ))
}
