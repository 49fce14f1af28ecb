//! Closes a resource again. What is deleted is saved first.

use super::command::{Command, ContainmentStep};
use super::{regional, requested};
use crate::catalog::{Sharing, at};
use crate::detection::Case;
use crate::event::Activity;
use crate::policy::{Reach, Trust};
use crate::text::Untrusted;

/// A command in the region of the event, with the target's name.
fn call(activity: &Activity, words: &'static str, option: &'static str) -> Option<Command> {
    let target = activity.target.arn.as_ref().or(activity.target.name.as_ref())?;
    regional(activity, words)?.option(option, target.raw())
}

/// Saves something, then removes it.
fn both(get: Option<Command>, remove: Option<Command>) -> Option<Command> {
    get.zip(remove).map(|(get, remove)| get.save_and_then(&remove))
}

const SAVE: &str = "Save the policy as evidence, then delete it. Whatever used it legitimately stops, too:";

pub(super) fn contain(what: Sharing, case: &Case<'_>, steps: &mut Vec<ContainmentStep>) {
    let activity = case.activity;
    // Nothing is open that could be closed.
    let closed = |shared: &Trust| {
        shared.not_evaluated.is_empty() && shared.reach().is_none_or(|reach| reach <= Reach::Organization)
    };
    if case.shared.as_ref().is_some_and(closed) {
        return;
    }
    let name = activity.target.name.as_ref().map(Untrusted::raw);
    let bucket = |words| Command::new(words).option("--bucket", name?);
    let function = |words| {
        let statement = activity.object.name.as_ref()?;
        regional(activity, words)?.option("--function-name", name?)?.option("--statement-id", statement.raw())
    };
    let labelled = |words, option, value: Option<&str>| {
        regional(activity, words)?.option(option, value?)?.option("--label", activity.object.name.as_ref()?.raw())
    };
    let mut step = |text: &'static str, command: Option<Command>| steps.push(ContainmentStep::new(text, vec![command]));
    match what {
        Sharing::Bucket => {
            let (get, delete) = (bucket("aws s3api get-bucket-policy"), bucket("aws s3api delete-bucket-policy"));
            if activity.resource_document.is_some() && activity.event_name.raw() == "PutBucketPolicy" {
                step(SAVE, both(get, delete));
            } else {
                step("Make the access control list private:", bucket("aws s3api put-bucket-acl --acl private"));
            }
        }
        Sharing::PublicAccessOfBucket => {
            let words = "aws s3api put-public-access-block --public-access-block-configuration \
                         BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true";
            step("Block public access to the bucket again:", bucket(words));
        }
        Sharing::PublicAccessOfAccount => {
            let words = "aws s3control put-public-access-block --public-access-block-configuration \
                         BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true";
            let account = activity.account.as_ref().map_or("", |account| account.raw());
            step(
                "Block public access for the whole account again:",
                Command::new(words).option("--account-id", account),
            );
        }
        Sharing::Key => step(
            "Look at the key policy, and write it back with put-key-policy. Deleting it is not possible:",
            call(activity, "aws kms get-key-policy --policy-name default", "--key-id"),
        ),
        Sharing::KeyGrant => {
            let grant = activity.object.name.as_ref();
            let revoke = call(activity, "aws kms revoke-grant", "--key-id");
            step("Revoke the grant:", revoke.and_then(|command| command.option("--grant-id", grant?.raw())));
        }
        Sharing::FunctionPermission => step("Remove the permission:", function("aws lambda remove-permission")),
        Sharing::LayerPermission => {
            let layer = regional(activity, "aws lambda remove-layer-version-permission")
                .and_then(|command| command.option("--layer-name", requested(activity, "layerName")?))
                .and_then(|command| command.option("--statement-id", activity.object.name.as_ref()?.raw()))
                .and_then(|command| {
                    let version = at(&activity.request, "versionNumber")?.to_string();
                    command.option("--version-number", version.trim_matches('"'))
                });
            step("Remove the permission:", layer);
        }
        Sharing::FunctionUrl => step(
            "Delete the URL of the function:",
            call(activity, "aws lambda delete-function-url-config", "--function-name"),
        ),
        Sharing::TopicPolicy => step(
            "Look at the topic's policy, and write it back with set-topic-attributes:",
            call(activity, "aws sns get-topic-attributes", "--topic-arn"),
        ),
        Sharing::TopicPermission => {
            let topic = requested(activity, "topicArn");
            step("Remove the permission:", labelled("aws sns remove-permission", "--topic-arn", topic));
        }
        // The CLI would take an address for a file.
        Sharing::QueuePolicy | Sharing::QueuePermission => {
            steps.push(ContainmentStep::by_hand(
                "Look at the access policy of the queue in the console of Amazon SQS, and remove the statement.",
            ));
        }
        Sharing::Secret => {
            let get = call(activity, "aws secretsmanager get-resource-policy", "--secret-id");
            let delete = call(activity, "aws secretsmanager delete-resource-policy", "--secret-id");
            step(SAVE, both(get, delete));
            steps.push(ContainmentStep::by_hand("If somebody outside could read the secret, replace it."));
        }
        Sharing::Repository => {
            let on = |words| regional(activity, words)?.option("--repository-name", name?);
            step(SAVE, both(on("aws ecr get-repository-policy"), on("aws ecr delete-repository-policy")));
        }
        Sharing::TrustAnchor
        | Sharing::RolesAnywhereProfile
        | Sharing::AccessEntry
        | Sharing::AccessPolicy
        | Sharing::InstanceProfile
        | Sharing::IdentityPool => of_workload(what, activity, steps),
    }
}

/// Access of workloads and devices.
fn of_workload(what: Sharing, activity: &Activity, steps: &mut Vec<ContainmentStep>) {
    let name = activity.target.name.as_ref().map(Untrusted::raw);
    let on_cluster = |words| {
        regional(activity, words)?
            .option("--cluster-name", name?)?
            .option("--principal-arn", principal(activity)?.raw())
    };
    let mut step = |text: &'static str, command: Option<Command>| steps.push(ContainmentStep::new(text, vec![command]));
    match what {
        Sharing::TrustAnchor => step(
            "Disable the trust anchor. Certificates of its authority are not accepted any more:",
            id_of(activity, "aws rolesanywhere disable-trust-anchor", "--trust-anchor-id", "trustAnchorId"),
        ),
        Sharing::RolesAnywhereProfile => step(
            "Disable the profile:",
            id_of(activity, "aws rolesanywhere disable-profile", "--profile-id", "profileId"),
        ),
        Sharing::AccessEntry => step(
            "Delete the access entry. The identity has no access to the cluster then:",
            on_cluster("aws eks delete-access-entry"),
        ),
        Sharing::AccessPolicy => {
            let remove = on_cluster("aws eks disassociate-access-policy");
            let policy = activity.object.arn.as_ref().or(activity.object.name.as_ref());
            step("Take the policy away:", remove.and_then(|command| command.option("--policy-arn", policy?.raw())));
        }
        Sharing::InstanceProfile => step(
            "Find the association, and remove it with disassociate-iam-instance-profile:",
            regional(activity, "aws ec2 describe-iam-instance-profile-associations"),
        ),
        Sharing::IdentityPool => step(
            "Look at the roles of the pool, and at whether it has guests:",
            id_of(activity, "aws cognito-identity get-identity-pool-roles", "--identity-pool-id", "identityPoolId"),
        ),
        _ => {}
    }
}

/// Some records have it percent-encoded, since it is part of the address of the call.
fn principal(activity: &Activity) -> Option<Untrusted> {
    let principal = requested(activity, "principalArn")?;
    Some(percent_encoding::percent_decode_str(principal).decode_utf8_lossy().as_ref().into())
}

/// The id in the request, or of what was created.
fn id_of(activity: &Activity, words: &'static str, option: &'static str, field: &str) -> Option<Command> {
    let of_answer = || {
        let created = activity.response.as_object()?.values().find(|value| value.is_object());
        created.unwrap_or(&activity.response).get(field)?.as_str()
    };
    regional(activity, words)?.option(option, requested(activity, field).or_else(of_answer)?)
}
