//! Reverses the change, or stops its effect. Evidence that an investigation needs is not deleted.

use super::account::of_account;
use super::alerting::{deploy_again, restore};
use super::command::{
    Command, ContainmentStep, PUT_ROLE_POLICY, PUT_USER_POLICY, deactivate, deny_all, inactive, list_keys,
    revoke_sessions,
};
use super::{former, identity_center, organization, sharing};
use crate::catalog::managed_by_aws::{is_identity_centers, is_identity_centers_provider, is_service_linked};
use crate::catalog::{AccessEffect, Containment, CredentialKind, Operation, Restore, TargetKind};
use crate::detection::Case;
use crate::event::principal::Operator;
use crate::event::{Activity, Principal};
use crate::lookup::{AttachedPolicy, KnownTarget, Lookup};
use crate::phrase;
use crate::policy::{Document, is_aws_managed};
use crate::text::Untrusted;

pub(super) fn contain(case: &Case<'_>, steps: &mut Vec<ContainmentStep>) {
    let (activity, action) = (case.activity, case.activity.action);
    if activity.target.kind == TargetKind::RootUser {
        return;
    }
    if case.adds_nothing() {
        return;
    }
    if let Containment::OfAccount(what) = action.containment {
        if let Some(step) = former::password_policy(case) {
            return steps.push(step);
        }
        return of_account(what, activity, steps);
    }
    match action.containment {
        Containment::InIdentityCenter(what) => return identity_center::contain(what, case, steps),
        Containment::InOrganization(what) => return organization::contain(what, case, steps),
        Containment::StopSharing(what) => return sharing::contain(what, case, steps),
        _ => {}
    }
    let Some(name) = activity.name_now() else {
        if activity.target.kind == TargetKind::Trail {
            restore(Restore::ListTrails, action.base, case, &"".into(), steps);
        }
        return;
    };
    if action.service == "iam" && case.is_self_protected() {
        // Containment of this role would stop the alerts.
        return steps.push(deploy_again(case.is_of_member()));
    }
    if is_protected_by_aws(case) && !action.effect.is_maintenance() {
        return steps.push(ContainmentStep::by_hand(
            "AWS manages this role. Change it in IAM Identity Center or in the service that the role belongs to, not in IAM.",
        ));
    }
    let by_linked_role = matches!(&activity.principal, Principal::AssumedRole(session)
        if matches!(session.operator, Operator::Service(_)));
    // What a service grants to others is no property of its own.
    if by_linked_role && !action.effect.grants_policy() && action.effect != AccessEffect::GrantsCredential {
        return steps.push(ContainmentStep::by_hand(
            "The AWS service owns what it changed here. Change it in the service, not in IAM.",
        ));
    }
    if activity.target.kind == TargetKind::SamlProvider && is_identity_centers_provider(name.raw()) {
        let arn = activity.target.arn.as_ref().unwrap_or(name);
        if action.operation == Operation::Delete {
            return steps.push(ContainmentStep::by_hand(
                "If the provider was that of IAM Identity Center, nobody can sign in to this account through it. Use another way \
                 into the account, and ask AWS Support how to restore the provider.",
            ));
        }
        return steps.push(ContainmentStep::new(
            "Check whether the provider is that of IAM Identity Center. If it is, do not delete it: nobody could sign in through \
             IAM Identity Center any more. Have IAM Identity Center restore it. If it is not, nobody needs it. Until this is \
             clear, revoke the sessions of the roles that trust the provider:",
            vec![Command::new("aws iam get-saml-provider").option("--saml-provider-arn", arn.raw())],
        ));
    }
    if case.attaches_quarantine() {
        return quarantine(case, name, steps);
    }
    if case.concerns_quarantine() && action.effect == AccessEffect::DetachesPolicy {
        if activity.object.arn.is_some() {
            let attach = managed(Verb::Attach, activity, name);
            steps.push(ContainmentStep::new("Attach the quarantine policy again:", vec![attach]));
        }
        return quarantine(case, name, steps);
    }
    // A policy that only denies is containment, or will be investigated; reversing the change would end the
    // containment.
    if case.granted.as_ref().is_some_and(|granted| granted.deny_only) && action.effect.grants_policy() {
        return;
    }
    if let Some(restored) = former::restore(case, name) {
        return steps.extend(restored);
    }
    match action.containment {
        Containment::BlockNewUser => block_new_user(case, name, steps),
        Containment::DeletePassword => steps.push(ContainmentStep::new(
            phrase!("Delete the console password of ", name, ". A new one can be set later:"),
            vec![Command::new("aws iam delete-login-profile").option("--user-name", name.raw())],
        )),
        Containment::DeactivateCredential(kind) => deactivate_credential(kind, activity, name, steps),
        Containment::AttachPolicyAgain => steps.extend(attach_again(case, name)),
        Containment::BlockIfUnrestricted => steps.extend(block_if_unrestricted(activity, name)),
        Containment::Restore(what) => {
            let severity = activity.reading().severity(action.base);
            restore(what, severity, case, name, steps);
        }
        containment => steps.extend(one_step(containment, activity, name)),
    }
    if matches!(
        action.containment,
        Containment::DeletePassword | Containment::DeactivateCredential(CredentialKind::AccessKey)
    ) && !activity.is_self()
    {
        // The caller's own sessions are revoked in a later step.
        steps.push(ContainmentStep::new(
            phrase!("Revoke the sessions that the credential opened, and all others of ", name, ":"),
            vec![revoke_sessions(PUT_USER_POLICY, "--user-name", name.raw())],
        ));
    }
}

/// The containment if it is one step; `None` if it is more steps or none.
fn one_step(containment: Containment, activity: &Activity, name: &Untrusted) -> Option<ContainmentStep> {
    let object = activity.object.name.as_ref();
    Some(match containment {
        Containment::BlockNewRole => ContainmentStep::new(
            "Block the new role (attaches a deny-all policy):",
            vec![deny_all(PUT_ROLE_POLICY, "--role-name", name.raw())],
        ),
        Containment::DeactivateMfaDevice => ContainmentStep::new(
            "Deactivate the device, if it does not belong to the user:",
            vec![object.and_then(|_| {
                Command::new("aws iam deactivate-mfa-device")
                    .option("--user-name", name.raw())?
                    .option("--serial-number", activity.object.arn.as_ref().or(object)?.raw())
            })],
        ),
        Containment::DetachPolicy => {
            ContainmentStep::new("Detach the policy:", vec![managed(Verb::Detach, activity, name)])
        }
        Containment::DeleteInlinePolicy => ContainmentStep::new(
            "Save the inline policy as evidence, then delete it:",
            vec![save_and_delete(activity, name)],
        ),
        Containment::RemoveFromGroup => ContainmentStep::new(
            phrase!("Remove ", name, " from the group:"),
            vec![object.and_then(|group| {
                Command::new("aws iam remove-user-from-group")
                    .option("--user-name", name.raw())?
                    .option("--group-name", group.raw())
            })],
        ),
        Containment::RestoreDefaultVersion => list_versions(
            activity,
            "List the versions, and make the former default the default again with set-default-policy-version. Keep the new \
             version as evidence:",
        )?,
        Containment::CheckDefaultVersion => list_versions(activity, "Check which version is the default:")?,
        Containment::BlockRoleUntilTrustIsFixed => ContainmentStep::new(
            "Block the role until its trust policy is fixed (attaches a deny-all policy). This stops everything that uses the \
             role. IAM does not keep the former trust policy; an earlier event in CloudTrail may have it:",
            vec![deny_all(PUT_ROLE_POLICY, "--role-name", name.raw())],
        ),
        Containment::RemoveRoleFromInstanceProfile => ContainmentStep::new(
            "Remove the role from the instance profile:",
            vec![object.and_then(|profile| {
                Command::new("aws iam remove-role-from-instance-profile")
                    .option("--instance-profile-name", profile.raw())?
                    .option("--role-name", name.raw())
            })],
        ),
        Containment::BlockUntilBoundary => ContainmentStep::new(
            phrase!("Block ", name, " until the right permissions boundary is set (attaches a deny-all policy):"),
            vec![block(activity, name)],
        ),
        Containment::BlockUntilMfa => ContainmentStep::new(
            phrase!("Block ", name, " until MFA is registered again (attaches a deny-all policy):"),
            vec![block(activity, name)],
        ),
        Containment::DeleteProvider | Containment::RemoveClientId | Containment::ReviewProvider => {
            fix_federation(containment, activity)?
        }
        Containment::Nothing
        | Containment::BlockNewUser
        | Containment::DeletePassword
        | Containment::DeactivateCredential(_)
        | Containment::AttachPolicyAgain
        | Containment::BlockIfUnrestricted
        | Containment::Restore(_)
        | Containment::OfAccount(_)
        | Containment::InIdentityCenter(_)
        | Containment::InOrganization(_)
        | Containment::StopSharing(_) => return None,
    })
}

/// Whether only AWS can change the policies of the target.
fn is_protected_by_aws(case: &Case<'_>) -> bool {
    let target = &case.activity.target;
    let arn = target.arn.as_ref().or_else(|| case.dossier.target.arn());
    let name = target.name.as_ref().map_or("", |name| name.raw());
    target.kind == TargetKind::Role
        && (is_identity_centers(name, arn.map(Untrusted::raw)) || arn.is_some_and(|arn| is_service_linked(arn.raw())))
}

fn block(activity: &Activity, name: &Untrusted) -> Option<Command> {
    match activity.target.kind {
        TargetKind::User => deny_all(PUT_USER_POLICY, "--user-name", name.raw()),
        TargetKind::Role => deny_all(PUT_ROLE_POLICY, "--role-name", name.raw()),
        _ => None,
    }
}

fn block_if_unrestricted(activity: &Activity, name: &Untrusted) -> Option<ContainmentStep> {
    block(activity, name).map(|command| {
        let text =
            phrase!("If the removed policy restricted ", name, ", block ", name, " (attaches a deny-all policy):");
        ContainmentStep::new(text, vec![Some(command)])
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Attach,
    Detach,
}

/// Attaches or detaches a managed policy.
fn managed(verb: Verb, activity: &Activity, name: &Untrusted) -> Option<Command> {
    let (call, option) = match (activity.target.kind, verb) {
        (TargetKind::User, Verb::Attach) => ("aws iam attach-user-policy", "--user-name"),
        (TargetKind::User, Verb::Detach) => ("aws iam detach-user-policy", "--user-name"),
        (TargetKind::Group, Verb::Attach) => ("aws iam attach-group-policy", "--group-name"),
        (TargetKind::Group, Verb::Detach) => ("aws iam detach-group-policy", "--group-name"),
        (_, Verb::Attach) => ("aws iam attach-role-policy", "--role-name"),
        (_, Verb::Detach) => ("aws iam detach-role-policy", "--role-name"),
    };
    Command::new(call).option(option, name.raw())?.option("--policy-arn", activity.object.arn.as_ref()?.raw())
}

/// Attaches a policy again if it may have denied something. A policy that only granted access is not attached again.
fn attach_again(case: &Case<'_>, name: &Untrusted) -> Option<ContainmentStep> {
    let activity = case.activity;
    if activity.object.arn.is_none() {
        // An inline policy has no ARN.
        return block_if_unrestricted(activity, name);
    }
    may_have_denied(case).then(|| {
        let attach = managed(Verb::Attach, activity, name);
        ContainmentStep::new("If the policy denied something, attach it again:", vec![attach])
    })
}

/// Whether the removed policy may have denied something.
fn may_have_denied(case: &Case<'_>) -> bool {
    let Some(AttachedPolicy { arn: Some(arn), name, document, .. }) = case.dossier.given.policies.first() else {
        return true;
    };
    match document.found() {
        Some(document) => document.policy().is_some_and(Document::denies_anything),
        // The names of AWS managed policies that deny contain one of these words.
        None if is_aws_managed(arn.raw()) => ["Deny", "Quarantine"].iter().any(|word| name.raw().contains(word)),
        None => true,
    }
}

/// A deleted inline policy cannot be restored: it is saved first, and deleted only if that succeeded.
fn save_and_delete(activity: &Activity, name: &Untrusted) -> Option<Command> {
    let (get, delete, option) = match activity.target.kind {
        TargetKind::User => ("aws iam get-user-policy", "aws iam delete-user-policy", "--user-name"),
        TargetKind::Group => ("aws iam get-group-policy", "aws iam delete-group-policy", "--group-name"),
        _ => ("aws iam get-role-policy", "aws iam delete-role-policy", "--role-name"),
    };
    let policy = activity.object.name.as_ref()?;
    let complete = |call| Command::new(call).option(option, name.raw())?.option("--policy-name", policy.raw());
    Some(complete(get)?.save_and_then(&complete(delete)?))
}

fn deactivate_credential(
    kind: CredentialKind,
    activity: &Activity,
    name: &Untrusted,
    steps: &mut Vec<ContainmentStep>,
) {
    let Some(id) = activity.object.name.as_ref() else { return steps.push(list_keys(name)) };
    let (call, option) = match kind {
        CredentialKind::AccessKey => ("aws iam update-access-key", "--access-key-id"),
        CredentialKind::SshPublicKey => ("aws iam update-ssh-public-key", "--ssh-public-key-id"),
        CredentialKind::SigningCertificate => ("aws iam update-signing-certificate", "--certificate-id"),
        CredentialKind::ServiceSpecific => {
            ("aws iam update-service-specific-credential", "--service-specific-credential-id")
        }
    };
    let command = inactive(call, name.raw(), option, id.raw());
    steps.push(ContainmentStep::new("Deactivate the credential. Do not delete it: it is evidence.", vec![command]));
}

fn list_versions(activity: &Activity, text: &'static str) -> Option<ContainmentStep> {
    let arn = activity.target.arn.as_ref()?;
    let list = Command::new("aws iam list-policy-versions").option("--policy-arn", arn.raw());
    Some(ContainmentStep::new(text, vec![list]))
}

fn fix_federation(containment: Containment, activity: &Activity) -> Option<ContainmentStep> {
    let arn = activity.target.arn.as_ref()?;
    let (get, delete, option) = if activity.target.kind == TargetKind::SamlProvider {
        ("aws iam get-saml-provider", "aws iam delete-saml-provider", "--saml-provider-arn")
    } else {
        (
            "aws iam get-open-id-connect-provider",
            "aws iam delete-open-id-connect-provider",
            "--open-id-connect-provider-arn",
        )
    };
    let complete = |call| Command::new(call).option(option, arn.raw());
    Some(match (containment, &activity.object.name) {
        (Containment::DeleteProvider, _) => {
            let both = complete(get).zip(complete(delete)).map(|(get, delete)| get.save_and_then(&delete));
            ContainmentStep::new(
                "Save the provider as evidence, then delete it. Nobody can sign in through it after that:",
                vec![both],
            )
        }
        (Containment::RemoveClientId, Some(client)) => {
            let remove = Command::new("aws iam remove-client-id-from-open-id-connect-provider")
                .option(option, arn.raw())
                .and_then(|command| command.option("--client-id", client.raw()));
            ContainmentStep::new("Remove the client ID:", vec![remove])
        }
        _ if activity.target.kind == TargetKind::SamlProvider
            && activity.request.is_object()
            && activity.request.get("sAMLMetadataDocument").is_none() =>
        {
            ContainmentStep::new("Review the provider as it is now:", vec![complete(get)])
        }
        _ => ContainmentStep::new(
            "Review the provider as it is now, and restore what your identity provider publishes. Until then, revoke the \
             sessions of the roles that trust it.",
            vec![complete(get)],
        ),
    })
}

/// The quarantine stays: it is what still restricts the key.
fn quarantine(case: &Case<'_>, name: &Untrusted, steps: &mut Vec<ContainmentStep>) {
    let known = match &case.dossier.target {
        KnownTarget::User(user) => user.access_keys.found(),
        _ => None,
    };
    let active = known.into_iter().flat_map(|keys| keys.items.iter().filter(|key| key.active));
    let active: Vec<_> = active.map(|key| deactivate(name.raw(), key.id.raw())).collect();
    if case.activity.target.kind == TargetKind::User {
        if active.is_empty() {
            steps.push(list_keys(name));
        } else {
            let text = "Deactivate the access keys of the user. Do not delete them: they are evidence.";
            steps.push(ContainmentStep::new(text, active));
        }
        steps.push(ContainmentStep::new(
            phrase!("Revoke the sessions that the keys of ", name, " opened:"),
            vec![revoke_sessions(PUT_USER_POLICY, "--user-name", name.raw())],
        ));
    }
    if case.activity.target.kind == TargetKind::Role {
        steps.push(ContainmentStep::new(
            phrase!("Revoke the sessions of the role ", name, ". This stops everything that uses the role now:"),
            vec![revoke_sessions(PUT_ROLE_POLICY, "--role-name", name.raw())],
        ));
    }
    if !case.activity.outcome.succeeded() {
        return steps.push(ContainmentStep::by_hand(
            "Nothing restricts the keys until they are deactivated. Search CloudTrail for what they did, since the day when they \
             became public.",
        ));
    }
    steps.push(ContainmentStep::by_hand(
        "Leave the quarantine policy where it is until the keys are replaced: it does not deny everything, but what it denies \
         is what intruders do first. Search CloudTrail for what the keys did, since the day when they became public.",
    ));
}

fn block_new_user(case: &Case<'_>, name: &Untrusted, steps: &mut Vec<ContainmentStep>) {
    let text = if case.target_is_replaced() {
        phrase!("Block the user that has the name ", name, " now, a different user (attaches a deny-all policy):")
    } else {
        "Block the new user (attaches a deny-all policy):".into()
    };
    steps.push(ContainmentStep::new(text, vec![deny_all(PUT_USER_POLICY, "--user-name", name.raw())]));
    let KnownTarget::User(user) = &case.dossier.target else {
        return steps.push(list_keys(name));
    };
    match &user.access_keys {
        Lookup::Found(keys) => {
            let active = keys.items.iter().filter(|key| key.active);
            let active: Vec<_> = active.map(|key| deactivate(name.raw(), key.id.raw())).collect();
            if !active.is_empty() {
                let text = "Deactivate the access keys of the user. Do not delete them: they are evidence.";
                steps.push(ContainmentStep::new(text, active));
            }
        }
        Lookup::Missing | Lookup::Unavailable(_) => steps.push(list_keys(name)),
    }
    if matches!(user.password, Lookup::Found(_)) {
        let remove = Command::new("aws iam delete-login-profile").option("--user-name", name.raw());
        steps.push(ContainmentStep::new("Delete the console password of the user:", vec![remove]));
    }
}
