//! Contains the caller: its access keys, its sessions, its workload.

use super::command::{
    Command, ContainmentStep, PUT_ROLE_POLICY, PUT_USER_POLICY, deactivate, list_keys_of, revoke_sessions,
};
use super::managed_role::{is_identity_centers, is_service_linked};
use crate::arn::Arn;
use crate::catalog::AccessEffect;
use crate::event::Activity;
use crate::event::principal::{FederatedUser, IamUser, Operator, Principal, RoleSession};
use crate::lookup::{Dossier, KnownCaller};
use crate::phrase;
use crate::text::Untrusted;

pub(super) fn stop(activity: &Activity, dossier: &Dossier, steps: &mut Vec<ContainmentStep>) {
    let elsewhere = activity.principal.account().is_some() && activity.principal.account() != activity.account.as_ref();
    let by_hand = |text: &'static str| ContainmentStep::by_hand(text);
    match &activity.principal {
        _ if activity.action.effect == AccessEffect::SignsIn && !activity.outcome.succeeded() => steps.push(by_hand(
            "Nobody got in. Check that the root user has MFA and a password that is used nowhere else: somebody knows the \
             e-mail address of the account.",
        )),
        _ if elsewhere => steps.push(by_hand(
            "Stop the caller in the caller's own account, which is another account. In this account, remove the caller from \
             the trust policies of the roles it used.",
        )),
        Principal::Root(_) => steps.push(stop_root()),
        Principal::IamUser(user) => stop_user(user, dossier, steps),
        Principal::AssumedRole(session) => stop_session(session, steps),
        Principal::FederatedUser(user) if user.is_by_root() => steps.push(stop_root()),
        Principal::FederatedUser(user) => stop_federated(user, steps),
        Principal::IdentityCenterUser(_) => steps.push(end_in_identity_center()),
        Principal::AwsService(_) => {
            steps.push(by_hand("Find out who asked the service to do this, in CloudTrail's event history around the event."));
        }
        Principal::SamlUser(_) | Principal::WebIdentityUser(_) => {
            steps.push(by_hand("Stop the person at the identity provider."));
        }
        Principal::AwsAccount(_) | Principal::Unrecognized(_) => {
            steps.push(by_hand("Find out who the caller was, in CloudTrail's event history around the event."));
        }
    }
}

fn stop_root() -> ContainmentStep {
    ContainmentStep::by_hand(
        "Sign in as the root user, change its password, check its MFA devices, and deactivate its access keys: nobody else \
         can. If you cannot sign in, contact AWS Support at once.",
    )
}

fn stop_user(user: &IamUser, dossier: &Dossier, steps: &mut Vec<ContainmentStep>) {
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
    if !keys.is_empty() {
        steps.push(ContainmentStep::new(
            phrase!("Stop ", name, ": deactivate the access key that signed the call, and all other active keys."),
            keys,
        ));
    }
    steps.push(ContainmentStep::new(
        phrase!("Revoke the sessions of ", name, ". A console password stays valid: change it."),
        vec![revoke_sessions(PUT_USER_POLICY, "--user-name", name.raw())],
    ));
    if known.is_none() {
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
    if matches!(session.operator, Operator::IdentityCenter { .. }) || is_identity_centers(role.raw()) {
        return steps.push(end_in_identity_center());
    }
    if session.role_arn.as_ref().is_some_and(|arn| is_service_linked(arn.raw())) {
        return steps.push(ContainmentStep::by_hand(
            "The role belongs to an AWS service and cannot be changed. Find out who asked the service to do this.",
        ));
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
        Operator::Ec2Instance(Some(instance)) => steps.push(ContainmentStep::by_hand(phrase!(
            "Isolate the EC2 instance ",
            instance,
            ", and keep its disks and memory as evidence."
        ))),
        Operator::LambdaFunction(Some(function)) => steps.push(ContainmentStep::new(
            "Stop the Lambda function (sets its reserved concurrency to 0):",
            vec![stop_function(function)],
        )),
        Operator::Ec2Instance(None)
        | Operator::LambdaFunction(None)
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

fn end_in_identity_center() -> ContainmentStep {
    ContainmentStep::by_hand(
        "Disable the user in IAM Identity Center and end the user's sessions there. The role of a permission set cannot be \
         changed in IAM; open sessions last until they expire.",
    )
}
