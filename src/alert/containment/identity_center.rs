//! Contains a call to IAM Identity Center. Its roles and providers in the accounts are never touched: IAM Identity Center
//! writes and removes them itself.

use super::command::{Command, ContainmentStep};
use super::{regional, requested};
use crate::catalog::CenterContainment;
use crate::detection::Case;
use crate::event::Activity;
use crate::phrase;
use crate::text::Phrase;

/// With the instance and the permission set of the request.
fn on_set(activity: &Activity, words: &'static str) -> Option<Command> {
    regional(activity, words)?
        .option("--instance-arn", requested(activity, "instanceArn")?)?
        .option("--permission-set-arn", requested(activity, "permissionSetArn")?)
}

fn assignment(activity: &Activity, words: &'static str) -> Option<Command> {
    on_set(activity, words)?
        .option("--target-id", requested(activity, "targetId")?)?
        .option("--target-type", requested(activity, "targetType")?)?
        .option("--principal-type", requested(activity, "principalType")?)?
        .option("--principal-id", requested(activity, "principalId")?)
}

const PROVISION: &str = "Then write the roles in the accounts again, so that this is in effect there:";

pub(super) fn contain(what: CenterContainment, case: &Case<'_>, steps: &mut Vec<ContainmentStep>) {
    let activity = case.activity;
    let step = ContainmentStep::new;
    let provision = || {
        let command = on_set(activity, "aws sso-admin provision-permission-set --target-type ALL_PROVISIONED_ACCOUNTS");
        step(PROVISION, vec![command])
    };
    match what {
        CenterContainment::RemoveAssignment => {
            let remove = assignment(activity, "aws sso-admin delete-account-assignment");
            steps.push(step("Remove the assignment. IAM Identity Center then removes the role in the account, if nobody else uses it:", vec![remove]));
            steps.push(ContainmentStep::by_hand(open_sessions(case)));
        }
        CenterContainment::AssignAgain => {
            let assign = assignment(activity, "aws sso-admin create-account-assignment");
            steps.push(step("If somebody is locked out, assign the permission set again:", vec![assign]));
        }
        CenterContainment::RemoveMember => {
            steps.push(remove_member(activity));
            steps.push(ContainmentStep::by_hand(open_sessions(case)));
        }
        CenterContainment::DisableUser => steps.push(ContainmentStep::by_hand(phrase!(
            "If nobody knows about this, disable the user ",
            activity.target.name.as_ref().map_or("in the event".into(), Phrase::from),
            " in the console of IAM Identity Center, and end the user's sessions there. There is no command for this. Open \
             sessions in accounts last until they expire.",
        ))),
        CenterContainment::DetachManagedPolicy => {
            let detach = on_set(activity, "aws sso-admin detach-managed-policy-from-permission-set");
            let policy = activity.object.arn.as_ref();
            let detach = detach.and_then(|command| command.option("--managed-policy-arn", policy?.raw()));
            steps.push(step("Detach the policy from the permission set:", vec![detach]));
            steps.push(provision());
        }
        CenterContainment::DetachCustomerManagedPolicy => {
            let name = requested(activity, "customerManagedPolicyReference.name");
            let path = requested(activity, "customerManagedPolicyReference.path").unwrap_or("/");
            let reference = name.map(|name| serde_json::json!({"Name": name, "Path": path}));
            let words = "aws sso-admin detach-customer-managed-policy-reference-from-permission-set";
            let detach = on_set(activity, words)
                .and_then(|command| command.json("--customer-managed-policy-reference", &reference?));
            steps.push(step("Detach the reference from the permission set:", vec![detach]));
            steps.push(provision());
        }
        CenterContainment::DeleteInlinePolicy => {
            let get = on_set(activity, "aws sso-admin get-inline-policy-for-permission-set");
            let delete = on_set(activity, "aws sso-admin delete-inline-policy-from-permission-set");
            let both = get.zip(delete).map(|(get, delete)| get.save_and_then(&delete));
            steps.push(step("Save the inline policy as evidence, then delete it:", vec![both]));
            steps.push(provision());
        }
        CenterContainment::ReviewPermissionSet => {
            let arn = activity.target.arn.as_ref();
            let review = regional(activity, "aws sso-admin describe-permission-set")
                .and_then(|command| command.option("--instance-arn", requested(activity, "instanceArn")?))
                .and_then(|command| command.option("--permission-set-arn", arn?.raw()));
            steps.push(step("Look at the permission set as it is now, and restore what it should have:", vec![review]));
        }
        CenterContainment::ReviewTokenIssuer => {
            let instance = requested(activity, "instanceArn");
            let words = "aws sso-admin list-trusted-token-issuers";
            let list = regional(activity, words).and_then(|command| command.option_if_any("--instance-arn", instance));
            let text = "List the trusted token issuers. Delete one that nobody knows with delete-trusted-token-issuer:";
            steps.push(step(text, vec![list]));
        }
        CenterContainment::ReviewSettings => steps.push(ContainmentStep::by_hand(
            "Open the settings of IAM Identity Center in its console, and check the identity source, the external identity \
             provider with its certificates, automatic provisioning and MFA. Keep another way into the accounts at hand: an IAM \
             user or role for emergencies.",
        )),
    }
}

/// A membership is deleted by its id, which the answer to its creation has.
fn remove_member(activity: &Activity) -> ContainmentStep {
    let store = requested(activity, "identityStoreId");
    let user = activity.target.id.as_ref().or(activity.target.name.as_ref());
    let id = activity.response.get("membershipId").and_then(serde_json::Value::as_str);
    let Some(id) = id else {
        let find = regional(activity, "aws identitystore get-group-membership-id")
            .and_then(|command| command.option("--identity-store-id", store?))
            .and_then(|command| command.option("--group-id", requested(activity, "groupId")?))
            .and_then(|command| command.json("--member-id", &serde_json::json!({"UserId": user?.raw()})));
        let text = "Find the membership, and delete it with delete-group-membership:";
        return ContainmentStep::new(text, vec![find]);
    };
    let delete = regional(activity, "aws identitystore delete-group-membership")
        .and_then(|command| command.option("--identity-store-id", store?))
        .and_then(|command| command.option("--membership-id", id));
    ContainmentStep::new("Remove the user from the group:", vec![delete])
}

fn open_sessions(case: &Case<'_>) -> Phrase {
    let who = case.activity.target.name.as_ref().map_or("the user".into(), Phrase::from);
    phrase!(
        "End the sessions of ",
        who,
        " in the console of IAM Identity Center, or wait until they expire. The role that it writes in the account cannot be \
         changed in IAM, and must not be deleted there.",
    )
}
