//! The root user: sessions of the organization's management account as root in a member ("Perform a privileged task on a
//! member account", IAM user guide), and every call of a root user that has no row of its own.

use super::attack::{CLOUD_ACCOUNTS, ELEVATED};
use super::row::of;
use super::types::AccessEffect::{ByRoot, OpensRootSession};
use super::types::Action;
use super::types::Containment::InOrganization;
use super::types::ObjectKind::{RootCall, RootSession};
use super::types::Operation::{Call, Open};
use super::types::OrganizationContainment::ReviewRootSession;
use super::types::TargetKind::{Account, MemberAccount};
use crate::severity::Severity::High;

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    of("sts", "AssumeRoot", Open, RootSession, MemberAccount).named(&["taskPolicyArn.arn", "taskPolicyArn"])
        .is(OpensRootSession, High, "The session can do one task as root in the member account, for 15 minutes at most.")
        .contained_by(InOrganization(ReviewRootSession)).technique(ELEVATED).watched(),
];

pub const ANY_CALL: Action = of("", "", Call, RootCall, Account)
    .is(
        ByRoot,
        High,
        "Only a few tasks need the root user (\"Tasks that require root user credentials\", IAM user guide).",
    )
    .technique(CLOUD_ACCOUNTS)
    .watched();
