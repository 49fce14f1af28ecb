//! IAM roles: the role, its trust policy, its policies, instance profiles.

use crate::catalog::attack::{CREATE_ACCOUNT, REMOVAL, ROLES, TRUST};
use crate::catalog::row::{DELETED, iam};
use crate::catalog::types::AccessEffect::{AddsRoleToInstanceProfile, ChangesTrust, Creates, None as NoEffect};
use crate::catalog::types::ObjectKind::{
    Description, DescriptionOrSessionLength, InlinePolicy, InstanceProfile as ProfileObject, Itself, LinkedService,
    ManagedPolicy, PermissionsBoundary, RoleTemplate, TrustPolicy,
};
use crate::catalog::types::Operation::{Add, Attach, Change, Create, Delete, Detach, Put, Remove, Set, Tag, Untag};
use crate::catalog::types::TargetKind::{InstanceProfile, Role};
use crate::catalog::types::{Action, ChainStep, Containment, TargetLookup};
use crate::severity::Severity::{Low, Medium};

const POLICY: &[ChainStep] = &[ChainStep::PolicyGranted];
const SERVICE_LINKED: &str =
    "AWS defines the policies of a service-linked role, and only its own service can assume the role.";

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    iam("CreateRole", Create, Itself, Role)
        .is(Creates, Low, "A new role has no access. Its trust policy and the policies that follow decide.")
        .looks_up(TargetLookup::Current).contained_by(Containment::BlockNewRole).technique(CREATE_ACCOUNT).watched(),
    iam("AcquireRole", Create, RoleTemplate, Role).named(&["templateArn"])
        .is(Creates, Medium, "The new role has the trust policy and the policies of a role template.")
        .looks_up(TargetLookup::Current).contained_by(Containment::BlockNewRole).technique(CREATE_ACCOUNT).watched(),
    iam("UpdateRole", Change, DescriptionOrSessionLength, Role)
        .is(NoEffect, Low, "Neither the role's access nor its trusted principals change."),
    iam("DeleteRole", Delete, Itself, Role).conceals(Low, DELETED).gone().technique(REMOVAL),
    iam("UpdateRoleDescription", Change, Description, Role).is(NoEffect, Low, "A description grants nothing."),
    iam("TagRole", Tag, Itself, Role).tags(),
    iam("UntagRole", Untag, Itself, Role).tags(),
    iam("UpdateAssumeRolePolicy", Change, TrustPolicy, Role)
        .is(ChangesTrust, Medium, "The trust policy decides who can assume the role.")
        .looks_up(TargetLookup::Current).contained_by(Containment::BlockRoleUntilTrustIsFixed)
        .steps(&[ChainStep::TrustWidened]).technique(TRUST).watched(),
    iam("AttachRolePolicy", Attach, ManagedPolicy, Role).attaches_policy(POLICY),
    iam("DetachRolePolicy", Detach, ManagedPolicy, Role).detaches_policy(),
    iam("PutRolePolicy", Put, InlinePolicy, Role).puts_inline_policy(POLICY),
    iam("DeleteRolePolicy", Delete, InlinePolicy, Role).deletes_inline_policy(),
    iam("PutRolePermissionsBoundary", Set, PermissionsBoundary, Role).sets_boundary(),
    iam("DeleteRolePermissionsBoundary", Remove, PermissionsBoundary, Role).removes_boundary(),
    iam("CreateServiceLinkedRole", Create, LinkedService, Role).named(&["aWSServiceName"])
        .is(NoEffect, Low, SERVICE_LINKED),
    iam("DeleteServiceLinkedRole", Delete, Itself, Role).is(NoEffect, Low, SERVICE_LINKED),
    iam("CreateInstanceProfile", Create, Itself, InstanceProfile)
        .is(NoEffect, Low, "A new instance profile contains no role."),
    iam("DeleteInstanceProfile", Delete, Itself, InstanceProfile).revokes(),
    iam("AddRoleToInstanceProfile", Add, ProfileObject, Role).named(&["instanceProfileName"])
        .is(AddsRoleToInstanceProfile, Low, "EC2 instances with this profile, and everybody on them, can act with the role.")
        .looks_up(TargetLookup::Current).contained_by(Containment::RemoveRoleFromInstanceProfile).technique(ROLES).watched(),
    iam("RemoveRoleFromInstanceProfile", Remove, ProfileObject, Role).named(&["instanceProfileName"])
        .revokes().looks_up(TargetLookup::Current),
    iam("TagInstanceProfile", Tag, Itself, InstanceProfile).tags(),
    iam("UntagInstanceProfile", Untag, Itself, InstanceProfile).tags(),
];
