//! Tables of IAM actions: those that lead to administrator access, and those that remove restrictions.
//!
//! Only tables: [`access`](super::access) compares policies with them. A new path never lowers an access level, because
//! [`ADMINISTRATOR_ACTIONS`] is a separate list.

/// The type of an IAM resource, as in an ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceType {
    User,
    Role,
    Group,
    Policy,
}

impl ResourceType {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Role => "role",
            Self::Group => "group",
            Self::Policy => "policy",
        }
    }
}

/// An action, and the resources on which the action must be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    pub action: &'static str,
    /// Any resource of this type.
    pub resource: ResourceType,
    /// Whether it is enough that the action is allowed on the identity itself. This is not so for the identity's own
    /// access keys and password: the IAM user guide recommends allowing users to manage these.
    pub on_self: bool,
}

impl Permission {
    const fn on_any(action: &'static str, resource: ResourceType) -> Self {
        Self { action, resource, on_self: false }
    }

    const fn on_any_or_self(action: &'static str, resource: ResourceType) -> Self {
        Self { action, resource, on_self: true }
    }
}

/// A path to administrator access. All its permissions are required together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscalationPath {
    /// The id in <https://pathfinding.cloud>, or `own-` and a number for a path that is not listed there.
    pub id: &'static str,
    pub requires: &'static [Permission],
}

const fn path(id: &'static str, requires: &'static [Permission]) -> EscalationPath {
    EscalationPath { id, requires }
}

use ResourceType::{Group, Policy, Role, User};

pub const ESCALATION_PATHS: [EscalationPath; 13] = [
    path("iam-008", &[Permission::on_any_or_self("iam:AttachUserPolicy", User)]),
    path("iam-007", &[Permission::on_any_or_self("iam:PutUserPolicy", User)]),
    path("iam-009", &[Permission::on_any_or_self("iam:AttachRolePolicy", Role)]),
    path("iam-005", &[Permission::on_any_or_self("iam:PutRolePolicy", Role)]),
    path("iam-010", &[Permission::on_any_or_self("iam:AttachGroupPolicy", Group)]),
    path("iam-011", &[Permission::on_any_or_self("iam:PutGroupPolicy", Group)]),
    path("iam-013", &[Permission::on_any("iam:AddUserToGroup", Group)]),
    path("iam-012", &[Permission::on_any("iam:UpdateAssumeRolePolicy", Role)]),
    path("iam-001", &[Permission::on_any_or_self("iam:CreatePolicyVersion", Policy)]),
    path("own-001", &[Permission::on_any_or_self("iam:SetDefaultPolicyVersion", Policy)]),
    path("iam-002", &[Permission::on_any("iam:CreateAccessKey", User)]),
    path("iam-004", &[Permission::on_any("iam:CreateLoginProfile", User)]),
    path("iam-006", &[Permission::on_any("iam:UpdateLoginProfile", User)]),
];

/// A principal that is allowed all of these actions is an administrator, regardless of other denies. This list is
/// fixed: a new entry would lower the level of a principal that lacks the new action.
pub const ADMINISTRATOR_ACTIONS: [Permission; 13] = [
    Permission::on_any_or_self("iam:AttachUserPolicy", User),
    Permission::on_any_or_self("iam:PutUserPolicy", User),
    Permission::on_any_or_self("iam:AttachRolePolicy", Role),
    Permission::on_any_or_self("iam:PutRolePolicy", Role),
    Permission::on_any_or_self("iam:AttachGroupPolicy", Group),
    Permission::on_any_or_self("iam:PutGroupPolicy", Group),
    Permission::on_any("iam:AddUserToGroup", Group),
    Permission::on_any("iam:UpdateAssumeRolePolicy", Role),
    Permission::on_any_or_self("iam:CreatePolicyVersion", Policy),
    Permission::on_any_or_self("iam:SetDefaultPolicyVersion", Policy),
    Permission::on_any("iam:CreateAccessKey", User),
    Permission::on_any("iam:CreateLoginProfile", User),
    Permission::on_any("iam:UpdateLoginProfile", User),
];

/// The actions that remove denies and permissions boundaries. They grant nothing, but existing grants take effect.
pub const RESTRICTION_REMOVALS: [Permission; 8] = [
    Permission::on_any_or_self("iam:DetachUserPolicy", User),
    Permission::on_any_or_self("iam:DeleteUserPolicy", User),
    Permission::on_any_or_self("iam:DeleteUserPermissionsBoundary", User),
    Permission::on_any("iam:RemoveUserFromGroup", Group),
    Permission::on_any_or_self("iam:DetachRolePolicy", Role),
    Permission::on_any_or_self("iam:DeleteRolePolicy", Role),
    Permission::on_any_or_self("iam:DeleteRolePermissionsBoundary", Role),
    Permission::on_any("iam:DeleteGroupPolicy", Group),
];

/// Leads to the access of any role that can be passed to a service.
pub const PASS_ROLE: Permission = Permission::on_any("iam:PassRole", Role);
