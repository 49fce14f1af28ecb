//! Restores what was before the call, where that is known exactly.

use super::command::{Command, ContainmentStep, PUT_ROLE_POLICY, revoke_sessions};
use crate::baseline::{Aspect, Source, Was};
use crate::catalog::{ObjectKind, Operation, TargetKind};
use crate::detection::{Before, Case};
use crate::phrase;
use crate::text::Untrusted;
use serde_json::Value;

/// The steps that restore the former state; `None` if it is not known, or nothing has to be restored. A policy that only
/// granted access is not put back.
pub(super) fn restore(case: &Case<'_>, name: &Untrusted) -> Option<Vec<ContainmentStep>> {
    let (activity, action) = (case.activity, case.activity.action);
    let before = case.before.as_ref().filter(|before| before.unknown.is_none() && !case.adds_nothing())?;
    let policy = || Some(activity.object.name.as_ref()?.raw());
    // Whoever made two calls wrote what was there before the second one, too.
    let restored = |text: &'static str| match &before.since {
        Some((_, Source::Event(id))) => {
            phrase!("Look at the alert on the event ", id, " first: it wrote what was there before. ", text)
        }
        _ => text.into(),
    };
    match (action.operation, action.object) {
        (_, ObjectKind::TrustPolicy) => {
            let update = Command::new("aws iam update-assume-role-policy")
                .option("--role-name", name.raw())?
                .json("--policy-document", &document(before)?)?;
            let revoke = revoke_sessions(PUT_ROLE_POLICY, "--role-name", name.raw());
            Some(vec![
                ContainmentStep::new(restored("Restore the former trust policy:"), vec![Some(update)]),
                ContainmentStep::new(
                    phrase!(
                        "Revoke the sessions of the role ",
                        name,
                        ": those that the new trust policy let in go on. This stops everything that uses the role now:"
                    ),
                    vec![revoke],
                ),
            ])
        }
        (Operation::Put, ObjectKind::InlinePolicy) => {
            let (get, put, option) = of_inline(activity.target.kind);
            let read = Command::new(get).option(option, name.raw())?.option("--policy-name", policy()?)?;
            let write = Command::new(put).option(option, name.raw())?.option("--policy-name", policy()?)?;
            let write = write.json("--policy-document", &document(before)?)?;
            let text = restored("Save the inline policy as evidence, then restore the former one:");
            Some(vec![ContainmentStep::new(text, vec![Some(read.save_and_then(&write))])])
        }
        (Operation::Delete, ObjectKind::InlinePolicy) if before.denied() => {
            let (_, put, option) = of_inline(activity.target.kind);
            let write = Command::new(put).option(option, name.raw())?.option("--policy-name", policy()?)?;
            let write = write.json("--policy-document", &document(before)?)?;
            Some(vec![ContainmentStep::new(
                "The removed policy denied something. Restore it as it was:",
                vec![Some(write)],
            )])
        }
        (_, ObjectKind::NewDefaultVersion | ObjectKind::DefaultVersion) => {
            let Was::Is(version) = &before.was else { return None };
            let set = Command::new("aws iam set-default-policy-version")
                .option("--policy-arn", activity.target.arn.as_ref()?.raw())?
                .option("--version-id", version)?;
            let text = restored("Make the former version the default again. Keep the new version as evidence:");
            Some(vec![ContainmentStep::new(text, vec![Some(set)])])
        }
        (_, ObjectKind::PermissionsBoundary) => {
            let Was::Is(boundary) = &before.was else { return None };
            let (call, option) = match activity.target.kind {
                TargetKind::User => ("aws iam put-user-permissions-boundary", "--user-name"),
                TargetKind::Role => ("aws iam put-role-permissions-boundary", "--role-name"),
                _ => return None,
            };
            let set = Command::new(call).option(option, name.raw())?.option("--permissions-boundary", boundary)?;
            Some(vec![ContainmentStep::new(restored("Set the former permissions boundary again:"), vec![Some(set)])])
        }
        (_, ObjectKind::Thumbprints) => {
            let Was::Is(thumbprints) = &before.was else { return None };
            let set = Command::new("aws iam update-open-id-connect-provider-thumbprint")
                .option("--open-id-connect-provider-arn", activity.target.arn.as_ref()?.raw())?;
            let all: Vec<_> = thumbprints.split(',').filter(|one| !one.is_empty()).collect();
            (!all.is_empty()).then_some(())?;
            let set = set.json("--thumbprint-list", &Value::from(all))?;
            Some(vec![ContainmentStep::new("Restore the former thumbprints:", vec![Some(set)])])
        }
        _ => None,
    }
}

/// The command that restores the former password policy; `None` if it is not known.
pub(super) fn password_policy(case: &Case<'_>) -> Option<ContainmentStep> {
    let before = case.before.as_ref().filter(|before| before.unknown.is_none() && !before.settings.is_empty())?;
    let mut command = Command::new("aws iam update-account-password-policy");
    for (aspect, value) in &before.settings {
        let Aspect::Setting(name) = aspect else { continue };
        let on = value == "true";
        command = match name.as_str() {
            "MinimumPasswordLength" => command.option("--minimum-password-length", value)?,
            "PasswordReusePrevention" => command.option("--password-reuse-prevention", value)?,
            "MaxPasswordAge" if value != "0" => command.option("--max-password-age", value)?,
            "RequireSymbols" if on => command.flag("--require-symbols"),
            "RequireNumbers" if on => command.flag("--require-numbers"),
            "RequireUppercaseCharacters" if on => command.flag("--require-uppercase-characters"),
            "RequireLowercaseCharacters" if on => command.flag("--require-lowercase-characters"),
            "AllowUsersToChangePassword" if on => command.flag("--allow-users-to-change-password"),
            "HardExpiry" if on => command.flag("--hard-expiry"),
            _ => command,
        };
    }
    Some(ContainmentStep::new("Restore the former password policy:", vec![Some(command)]))
}

fn document(before: &Before) -> Option<Value> {
    serde_json::from_str(before.document()?).ok()
}

fn of_inline(kind: TargetKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        TargetKind::User => ("aws iam get-user-policy", "aws iam put-user-policy", "--user-name"),
        TargetKind::Group => ("aws iam get-group-policy", "aws iam put-group-policy", "--group-name"),
        _ => ("aws iam get-role-policy", "aws iam put-role-policy", "--role-name"),
    }
}
