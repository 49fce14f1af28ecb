//! Access to resources and workloads, not by IAM's own calls: policies of buckets, keys, functions, topics and queues, IAM
//! Roles Anywhere, Amazon EKS, instance profiles, identity pools.
//!
//! Pipelines make these calls all day. A row is LOW, and what the judge of policies finds raises it: somebody outside of
//! the account gets in. Calls on the stack's own resources have rows in [`self_protection`](super::self_protection).

use super::attack::{CLOUD_STORAGE, ROLES, TRUST};
use super::row::of;
use super::types::AccessEffect::{ChangesFederation, None as NoEffect, OpensResource, SharesResource};
use super::types::Containment::{Nothing, StopSharing};
use super::types::ObjectKind::{
    AccessControlList, AccessEntry, ClusterAccessPolicy, FunctionUrl, IdentityPoolRoles, InstanceProfile, Itself,
    KeyGrant, Permission, PublicAccessBlock, ResourcePolicy,
};
use super::types::Operation::{Add, Associate, Attach, Change, Create, Enable, Put, Remove, Replicate, Set};
use super::types::TargetKind::{
    Account, Bucket, Cluster, Function, IdentityPool, Instance, KmsKey, Layer, Queue, Repository, RolesAnywhereProfile,
    Secret, Topic, TrustAnchor,
};
use super::types::{Action, ObjectKind, Operation, Sharing, TargetKind, When};
use crate::severity::Severity::{self, High, Low, Medium};

const fn call(
    service: &'static str,
    event_name: &'static str,
    operation: Operation,
    object: ObjectKind,
    target: TargetKind,
) -> Action {
    of(service, event_name, operation, object, target)
}

impl Action {
    /// The call says who can use the resource.
    const fn shares(self, sharing: Sharing) -> Self {
        self.is(SharesResource, Low, "Nobody outside of the account gets in by this.")
            .contained_by(StopSharing(sharing))
            .technique(CLOUD_STORAGE)
            .watched()
    }

    const fn opens(self, sharing: Sharing, base: Severity, because: &'static str) -> Self {
        self.is(OpensResource, base, because).contained_by(StopSharing(sharing)).technique(CLOUD_STORAGE).watched()
    }

    const fn federates(self, sharing: Sharing, base: Severity, because: &'static str) -> Self {
        self.is(ChangesFederation, base, because).contained_by(StopSharing(sharing)).technique(TRUST).watched()
    }
}

const ANCHOR: &str = "Everybody with a certificate of this authority can use the roles of the Roles Anywhere profiles, from outside of AWS.";
const PROFILE: &str =
    "Holders of certificates of the trust anchors can use the roles of the profile, from outside of AWS.";
const BLOCK_OFF: &str =
    "A policy or an access control list can make the data public now. Whether one does is not looked up.";
const OTHER_POLICY: &str = "The access policy decides what the identity can do in Kubernetes.";
const CLUSTER_ADMIN: &str = "The identity is an administrator of the whole cluster, with all its secrets.";
const GUESTS: &str =
    "Anyone can get credentials of the role for guests: the id of the pool is in every app that uses it.";
const GUEST_POOL: &str =
    "Anyone can become a guest of the pool. What guests can do, the pool's role for guests decides.";

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    call("s3", "PutBucketPolicy", Put, ResourcePolicy, Bucket).document(&["bucketPolicy"]).shares(Sharing::Bucket),
    call("s3", "PutBucketAcl", Set, AccessControlList, Bucket).shares(Sharing::Bucket),
    call("s3", "DeleteBucketPublicAccessBlock", Remove, PublicAccessBlock, Bucket).opens(Sharing::PublicAccessOfBucket, Medium, BLOCK_OFF),
    call("s3", "PutBucketPublicAccessBlock", Set, PublicAccessBlock, Bucket).shares(Sharing::PublicAccessOfBucket),
    call("s3", "DeleteAccountPublicAccessBlock", Remove, PublicAccessBlock, Account).opens(Sharing::PublicAccessOfAccount, High, BLOCK_OFF),
    call("s3", "PutAccountPublicAccessBlock", Set, PublicAccessBlock, Account).shares(Sharing::PublicAccessOfAccount),
    call("kms", "PutKeyPolicy", Put, ResourcePolicy, KmsKey).document(&["policy"]).shares(Sharing::Key),
    call("kms", "ReplicateKey", Replicate, Itself, KmsKey).document(&["policy"]).shares(Sharing::Key),
    call("kms", "CreateGrant", Create, KeyGrant, KmsKey).named(&["grantId"]).shares(Sharing::KeyGrant),
    call("lambda", "AddPermission", Add, Permission, Function).named(&["statementId"]).shares(Sharing::FunctionPermission),
    call("lambda", "AddLayerVersionPermission", Add, Permission, Layer).named(&["statementId"]).shares(Sharing::LayerPermission),
    call("lambda", "CreateFunctionUrlConfig", Create, FunctionUrl, Function).when(When::Unread).opens(Sharing::FunctionUrl, Medium, UNREAD_URL),
    call("lambda", "CreateFunctionUrlConfig", Create, FunctionUrl, Function).when(When::Is("authType", "NONE")).opens(Sharing::FunctionUrl, Medium, OPEN_URL),
    call("lambda", "CreateFunctionUrlConfig", Create, FunctionUrl, Function).is(NoEffect, Low, SIGNED_URL),
    call("lambda", "UpdateFunctionUrlConfig", Change, FunctionUrl, Function).when(When::Unread).opens(Sharing::FunctionUrl, Medium, UNREAD_URL),
    call("lambda", "UpdateFunctionUrlConfig", Change, FunctionUrl, Function).when(When::Is("authType", "NONE")).opens(Sharing::FunctionUrl, Medium, OPEN_URL),
    call("lambda", "UpdateFunctionUrlConfig", Change, FunctionUrl, Function).is(NoEffect, Low, SIGNED_URL),
    call("sns", "SetTopicAttributes", Set, ObjectKind::TopicAttribute, Topic).when(When::Unread).shares(Sharing::TopicPolicy),
    call("sns", "SetTopicAttributes", Put, ResourcePolicy, Topic).when(When::Is("attributeName", "Policy"))
        .document(&["attributeValue"]).shares(Sharing::TopicPolicy),
    call("sns", "SetTopicAttributes", Set, ObjectKind::TopicAttribute, Topic).named(&["attributeName"]).is(NoEffect, Low, "The attribute grants nothing."),
    call("sns", "AddPermission", Add, Permission, Topic).named(&["label"]).shares(Sharing::TopicPermission),
    call("sqs", "SetQueueAttributes", Change, Itself, Queue).when(When::Unread).shares(Sharing::QueuePolicy),
    call("sqs", "SetQueueAttributes", Put, ResourcePolicy, Queue).when(When::Has("attributes.Policy"))
        .document(&["attributes.Policy"]).shares(Sharing::QueuePolicy),
    call("sqs", "SetQueueAttributes", Change, Itself, Queue).is(NoEffect, Low, "The attributes grant nothing."),
    call("sqs", "AddPermission", Add, Permission, Queue).named(&["label"]).shares(Sharing::QueuePermission),
    call("secretsmanager", "PutResourcePolicy", Put, ResourcePolicy, Secret).document(&["resourcePolicy"]).shares(Sharing::Secret),
    call("ecr", "SetRepositoryPolicy", Put, ResourcePolicy, Repository).document(&["policyText"]).shares(Sharing::Repository),
    call("rolesanywhere", "CreateTrustAnchor", Create, Itself, TrustAnchor).federates(Sharing::TrustAnchor, High, ANCHOR),
    call("rolesanywhere", "UpdateTrustAnchor", Change, Itself, TrustAnchor).federates(Sharing::TrustAnchor, High, ANCHOR),
    call("rolesanywhere", "EnableTrustAnchor", Enable, Itself, TrustAnchor).federates(Sharing::TrustAnchor, High, ANCHOR),
    call("rolesanywhere", "CreateProfile", Create, Itself, RolesAnywhereProfile).federates(Sharing::RolesAnywhereProfile, Medium, PROFILE),
    call("rolesanywhere", "UpdateProfile", Change, Itself, RolesAnywhereProfile).federates(Sharing::RolesAnywhereProfile, Medium, PROFILE),
    call("rolesanywhere", "EnableProfile", Enable, Itself, RolesAnywhereProfile).federates(Sharing::RolesAnywhereProfile, Medium, PROFILE),
    call("eks", "CreateAccessEntry", Create, AccessEntry, Cluster).named(&["principalArn"]).shares(Sharing::AccessEntry).technique(ROLES),
    call("eks", "UpdateAccessEntry", Change, AccessEntry, Cluster).named(&["principalArn"]).shares(Sharing::AccessEntry).technique(ROLES),
    call("eks", "AssociateAccessPolicy", Attach, ClusterAccessPolicy, Cluster).named(&["policyArn"]).when(When::Unread)
        .opens(Sharing::AccessPolicy, Medium, "Which access policy it was is not in the event. It can make the identity an administrator of the cluster.").technique(ROLES),
    call("eks", "AssociateAccessPolicy", Attach, ClusterAccessPolicy, Cluster).named(&["policyArn"])
        .when(When::Is("policyArn", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"))
        .opens(Sharing::AccessPolicy, Medium, CLUSTER_ADMIN).technique(ROLES),
    call("eks", "AssociateAccessPolicy", Attach, ClusterAccessPolicy, Cluster).named(&["policyArn"])
        .opens(Sharing::AccessPolicy, Low, OTHER_POLICY).technique(ROLES),
    call("ec2", "AssociateIamInstanceProfile", Associate, InstanceProfile, Instance).named(PROFILES).is(NoEffect, Medium, ON_INSTANCE)
        .contained_by(StopSharing(Sharing::InstanceProfile)).technique(ROLES),
    call("ec2", "ReplaceIamInstanceProfileAssociation", Associate, InstanceProfile, Instance).named(PROFILES).is(NoEffect, Medium, ON_INSTANCE)
        .contained_by(StopSharing(Sharing::InstanceProfile)).technique(ROLES),
    call("cognito-identity", "SetIdentityPoolRoles", Set, IdentityPoolRoles, IdentityPool).when(When::Unread)
        .opens(Sharing::IdentityPool, High, "Which roles are set is not in the event. A role for guests is open to anyone.").technique(ROLES),
    call("cognito-identity", "SetIdentityPoolRoles", Set, IdentityPoolRoles, IdentityPool).when(When::Has("roles.unauthenticated"))
        .opens(Sharing::IdentityPool, High, GUESTS).technique(ROLES),
    call("cognito-identity", "SetIdentityPoolRoles", Set, IdentityPoolRoles, IdentityPool)
        .opens(Sharing::IdentityPool, Low, "Users who signed in to the pool's providers can use the role.").technique(ROLES),
    call("cognito-identity", "CreateIdentityPool", Create, Itself, IdentityPool).when(When::Unread).opens(Sharing::IdentityPool, Medium, UNREAD_POOL).technique(ROLES),
    call("cognito-identity", "CreateIdentityPool", Create, Itself, IdentityPool).when(When::True("allowUnauthenticatedIdentities"))
        .opens(Sharing::IdentityPool, Medium, GUEST_POOL).technique(ROLES),
    call("cognito-identity", "CreateIdentityPool", Create, Itself, IdentityPool).is(NoEffect, Low, "The pool has no guests.").contained_by(Nothing),
    call("cognito-identity", "UpdateIdentityPool", Change, Itself, IdentityPool).when(When::Unread).opens(Sharing::IdentityPool, Medium, UNREAD_POOL).technique(ROLES),
    call("cognito-identity", "UpdateIdentityPool", Change, Itself, IdentityPool).when(When::True("allowUnauthenticatedIdentities"))
        .opens(Sharing::IdentityPool, Medium, GUEST_POOL).technique(ROLES),
    call("cognito-identity", "UpdateIdentityPool", Change, Itself, IdentityPool).is(NoEffect, Low, "The pool has no guests.").contained_by(Nothing),
];

const UNREAD_URL: &str = "Whether the URL answers without a signature is not in the event.";
const UNREAD_POOL: &str = "Whether anyone can become a guest of the pool is not in the event.";
const OPEN_URL: &str =
    "The URL answers without a signature everybody whom the function's policy lets in. The console adds such a policy.";
const SIGNED_URL: &str = "Only signed requests are answered, of principals whom policies allow it.";
const PROFILES: &[&str] = &[
    "AssociateIamInstanceProfileRequest.IamInstanceProfile.Name",
    "AssociateIamInstanceProfileRequest.IamInstanceProfile.Arn",
    "ReplaceIamInstanceProfileAssociationRequest.IamInstanceProfile.Name",
    "ReplaceIamInstanceProfileAssociationRequest.IamInstanceProfile.Arn",
];
const ON_INSTANCE: &str = "Everybody on the instance can act with the role of the instance profile.";
