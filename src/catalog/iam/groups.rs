//! IAM groups: the group, its members and its policies.

use crate::catalog::attack::ROLES;
use crate::catalog::row::{MOVED, RENAMED, iam};
use crate::catalog::types::AccessEffect::{AddsToGroup, Creates, DetachesPolicy};
use crate::catalog::types::ObjectKind::{
    Group as GroupObject, InlinePolicy, Itself, ManagedPolicy, NameOrPath, NewName,
};
use crate::catalog::types::Operation::{Add, Attach, Change, Create, Delete, Detach, Put, Remove, Rename};
use crate::catalog::types::TargetKind::{Group, User};
use crate::catalog::types::{Action, ChainStep, Containment, PolicyLookup, TargetLookup, When};
use crate::severity::Severity::{Low, Medium};

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    iam("CreateGroup", Create, Itself, Group)
        .is(Creates, Low, "A new group has no members and no policies.").looks_up(TargetLookup::Current).watched(),
    iam("UpdateGroup", Rename, NewName, Group).named(&["newGroupName"]).when(When::Has("newGroupName"))
        .conceals(Low, RENAMED).looks_up(TargetLookup::Current),
    iam("UpdateGroup", Change, NameOrPath, Group).conceals(Low, MOVED).looks_up(TargetLookup::Current),
    iam("DeleteGroup", Delete, Itself, Group).revokes().gone(),
    iam("AddUserToGroup", Add, GroupObject, User).named(&["groupName"])
        .is(AddsToGroup, Medium, "The user has the group's policies now.")
        .looks_up(TargetLookup::Current).reads_policy(PolicyLookup::GivenGroup).contained_by(Containment::RemoveFromGroup)
        .steps(&[ChainStep::UserEquipped]).technique(ROLES).watched(),
    iam("RemoveUserFromGroup", Remove, GroupObject, User).named(&["groupName"])
        .is(DetachesPolicy, Low, "The user loses the group's policies. That grants nothing, unless one of them denied something.")
        .looks_up(TargetLookup::Current).reads_policy(PolicyLookup::RemovedGroup)
        .contained_by(Containment::BlockIfUnrestricted).watched(),
    iam("AttachGroupPolicy", Attach, ManagedPolicy, Group).attaches_policy(&[]),
    iam("DetachGroupPolicy", Detach, ManagedPolicy, Group).detaches_policy(),
    iam("PutGroupPolicy", Put, InlinePolicy, Group).puts_inline_policy(&[]),
    iam("DeleteGroupPolicy", Delete, InlinePolicy, Group).deletes_inline_policy(),
];
