//! Contains a call to AWS Organizations or to the account itself. The commands need credentials of the management account.

use super::command::{Command, ContainmentStep};
use super::requested;
use crate::catalog::OrganizationContainment;
use crate::detection::Case;
use crate::event::Activity;
use crate::text::Untrusted;

/// A command with parameters of the request.
fn call(activity: &Activity, words: &'static str, options: &[(&'static str, &str)]) -> Option<Command> {
    options
        .iter()
        .try_fold(Command::new(words), |command, (option, field)| command.option(option, requested(activity, field)?))
}

pub(super) fn contain(what: OrganizationContainment, case: &Case<'_>, steps: &mut Vec<ContainmentStep>) {
    use OrganizationContainment as Contain;
    let activity = case.activity;
    let mut step = |text: &'static str, command: Option<Command>| steps.push(ContainmentStep::new(text, vec![command]));
    let policy = [("--policy-id", "policyId"), ("--target-id", "targetId")];
    let service = [("--account-id", "accountId"), ("--service-principal", "servicePrincipal")];
    match what {
        Contain::AttachPolicy => {
            step("Attach the policy again:", call(activity, "aws organizations attach-policy", &policy));
        }
        Contain::DetachPolicy => {
            step("Detach the policy, if it is not containment:", call(activity, "aws organizations detach-policy", &policy));
        }
        Contain::ReviewPolicy => step(
            "Look at the policy as it is now, and write it back with update-policy. CloudTrail has its former content in the \
             last event CreatePolicy or UpdatePolicy before this one:",
            call(activity, "aws organizations describe-policy", &[("--policy-id", "policyId")]),
        ),
        Contain::EnablePolicyType => {
            let options = [("--root-id", "rootId"), ("--policy-type", "policyType")];
            step(
                "Enable the policy type again. Then attach each of its policies again: CloudTrail's events AttachPolicy show \
                 where they were attached:",
                call(activity, "aws organizations enable-policy-type", &options),
            );
        }
        Contain::DeregisterAdministrator => step(
            "Remove the account as delegated administrator:",
            call(activity, "aws organizations deregister-delegated-administrator", &service),
        ),
        Contain::DisableServiceAccess => step(
            "Disable the trusted access again, if nobody uses the service:",
            call(activity, "aws organizations disable-aws-service-access", &service[1..]),
        ),
        Contain::EnableServiceAccess => step(
            "Enable the trusted access again, then check the service in each account:",
            call(activity, "aws organizations enable-aws-service-access", &service[1..]),
        ),
        Contain::InviteAgain => {
            let account = requested(activity, "accountId").or(activity.account.as_ref().map(Untrusted::raw));
            let target = account.map(|account| serde_json::json!({"Type": "ACCOUNT", "Id": account}));
            let invite = Command::new("aws organizations invite-account-to-organization");
            let invite = invite.json("--target", &target.unwrap_or_default()).filter(|_| account.is_some());
            step(
                "Invite the account again, with credentials of the organization's management account. Somebody in the account must accept; until then, treat what happens in the account as not \
                 controlled:",
                invite,
            );
        }
        Contain::MoveBack => {
            let options = [
                ("--account-id", "accountId"),
                ("--source-parent-id", "destinationParentId"),
                ("--destination-parent-id", "sourceParentId"),
            ];
            step("Move the account back:", call(activity, "aws organizations move-account", &options));
        }
        Contain::CancelInvitation => {
            let id = activity.response.pointer("/handshake/id").and_then(serde_json::Value::as_str);
            let cancel = Command::new("aws organizations cancel-handshake").option("--handshake-id", id.unwrap_or_default());
            step("Cancel the invitation, while it is not accepted:", cancel);
        }
        Contain::LeaveAgain => step(
            "If nobody wanted to join, leave the organization. Run this with credentials of the account itself. Its management \
             account may deny it; then ask AWS Support:",
            Some(Command::new("aws organizations leave-organization")),
        ),
        Contain::ReviewDelegation => step(
            "Look at the policy as it is now: it says which accounts can do what:",
            Some(Command::new("aws organizations describe-resource-policy")),
        ),
        Contain::ReviewRootSession | Contain::ReviewContact | Contain::ReviewEmail | Contain::DisableRegion => {
            of_account(what, activity, steps);
        }
        Contain::AskSupport => steps.push(ContainmentStep::by_hand(
            "There is no command that undoes this. Ask AWS Support at once: a closed account can be reopened within 90 days.",
        )),
    }
}

/// What concerns one account: its root user, its contacts, its regions.
fn of_account(what: OrganizationContainment, activity: &Activity, steps: &mut Vec<ContainmentStep>) {
    let mut step = |text: &'static str, command: Option<Command>| steps.push(ContainmentStep::new(text, vec![command]));
    match what {
        OrganizationContainment::ReviewRootSession => {
            let account = activity.target.name.as_ref().map(Untrusted::raw).unwrap_or_default();
            let region = activity.region.as_ref().map_or("us-east-1", |region| region.raw());
            let attribute = serde_json::json!([{"AttributeKey": "Username", "AttributeValue": "root"}]);
            let look = Command::new("aws cloudtrail lookup-events")
                .option("--region", region)
                .and_then(|command| {
                    let since = activity.time.map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string());
                    command.option_if_any("--start-time", since.as_deref())
                })
                .and_then(|command| command.json("--lookup-attributes", &attribute))
                .filter(|_| !account.is_empty());
            step(
                "Look at what the session did in the member account: run this with credentials of that account, in each region. \
                 The session ends by itself after 15 minutes:",
                look,
            );
        }
        OrganizationContainment::ReviewContact => {
            let account = requested(activity, "accountId");
            let kind = requested(activity, "alternateContactType");
            let get = match kind {
                Some(kind) => Command::new("aws account get-alternate-contact")
                    .option("--alternate-contact-type", kind)
                    .and_then(|command| command.option_if_any("--account-id", account)),
                None => Command::new("aws account get-contact-information").option_if_any("--account-id", account),
            };
            step("Look at the contact as it is now, and correct it:", get);
        }
        OrganizationContainment::ReviewEmail => {
            let get = Command::new("aws account get-primary-email")
                .option("--account-id", requested(activity, "accountId").unwrap_or_default());
            step("Look at the e-mail address of the root user. If nobody knows it, change it back at once:", get);
        }
        OrganizationContainment::DisableRegion => {
            let disable = call(activity, "aws account disable-region", &[("--region-name", "regionName")]);
            let disable =
                disable.and_then(|command| command.option_if_any("--account-id", requested(activity, "accountId")));
            step("Disable the region again, if nobody needs it:", disable);
        }
        _ => {}
    }
}
