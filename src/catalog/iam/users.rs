//! IAM users: the user, its boundary and its policies.

use crate::catalog::attack::{CREATE_ACCOUNT, MANIPULATION, REMOVAL};
use crate::catalog::row::{DELETED, MOVED, RENAMED, iam};
use crate::catalog::types::AccessEffect::Creates;
use crate::catalog::types::ObjectKind::{
    InlinePolicy, Itself, ManagedPolicy, NameOrPath, NewName, PermissionsBoundary,
};
use crate::catalog::types::Operation::{Attach, Change, Create, Delete, Detach, Put, Remove, Rename, Set, Tag, Untag};
use crate::catalog::types::TargetKind::User;
use crate::catalog::types::{Action, ChainStep, Containment, TargetLookup, When};
use crate::severity::Severity::{Low, Medium};

const POLICY: &[ChainStep] = &[ChainStep::UserEquipped, ChainStep::PolicyGranted];

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    iam("CreateUser", Create, Itself, User)
        .is(Creates, Medium, "A new IAM user is long-term access to the account.")
        .looks_up(TargetLookup::JustCreated).contained_by(Containment::BlockNewUser)
        .steps(&[ChainStep::UserCreated]).technique(CREATE_ACCOUNT).watched(),
    iam("DeleteUser", Delete, Itself, User).conceals(Low, DELETED).gone().technique(REMOVAL),
    iam("UpdateUser", Rename, NewName, User).named(&["newUserName"]).when(When::Has("newUserName"))
        .conceals(Medium, RENAMED).looks_up(TargetLookup::Current).technique(MANIPULATION),
    iam("UpdateUser", Change, NameOrPath, User)
        .conceals(Low, MOVED).looks_up(TargetLookup::Current).technique(MANIPULATION),
    iam("TagUser", Tag, Itself, User).tags(),
    iam("UntagUser", Untag, Itself, User).tags(),
    iam("PutUserPermissionsBoundary", Set, PermissionsBoundary, User).sets_boundary(),
    iam("DeleteUserPermissionsBoundary", Remove, PermissionsBoundary, User).removes_boundary(),
    iam("AttachUserPolicy", Attach, ManagedPolicy, User).attaches_policy(POLICY),
    iam("DetachUserPolicy", Detach, ManagedPolicy, User).detaches_policy(),
    iam("PutUserPolicy", Put, InlinePolicy, User).puts_inline_policy(POLICY),
    iam("DeleteUserPolicy", Delete, InlinePolicy, User).deletes_inline_policy(),
];
