//! Whom the lookups ask.

use super::answer::{Lookup, Membership, Unavailable};
use super::identity_center::{Identity, IdentityQuestion, PermissionSet, PermissionSetQuestion};
use super::inventory::{Page, Place};
use super::model::{Group, KnownAccount, ManagedPolicy, Role, User};
use super::organization::{OrganizationsPolicy, OrganizationsPolicyQuestion};
use super::question::{AccountId, GroupQuestion, PolicyQuestion, RoleQuestion, UserQuestion};
use crate::policy::Parsed;
use std::rc::Rc;
use tokio::time::Instant;

/// Answers questions about accounts. An answer that is not there at the deadline is unavailable.
#[allow(async_fn_in_trait, reason = "used only within this crate's single-threaded runtime")]
pub trait Directory {
    /// Whether the directory can be asked about this account.
    fn knows(&self, account: Option<&str>) -> bool;
    /// Whether IAM of the account throttled a moment ago: then fewer questions are better.
    fn is_busy(&self, account: Option<&str>) -> bool;
    /// The account itself: no more than its names and its place in the organization.
    async fn account(&self, account: &AccountId, deadline: Instant) -> KnownAccount;
    /// Whether an account is one of the own organization, without a call to that account.
    async fn membership(&self, account: &str, deadline: Instant) -> Membership;
    /// One page of a whole account.
    async fn inventory(&self, account: &AccountId, place: &Place, deadline: Instant) -> Result<Page, Unavailable>;
    /// Why nothing can be read in an account that the directory knows.
    async fn closed(&self, account: &AccountId, deadline: Instant) -> Option<Unavailable>;
    /// A user. The answer can be some minutes old.
    async fn known_user(&self, question: &UserQuestion, deadline: Instant) -> Rc<User>;
    /// The current state of a user. IAM can take some seconds to show a user that was just created.
    async fn fresh_user(&self, question: &UserQuestion, just_created: bool, deadline: Instant) -> Rc<User>;
    /// A role. The answer can be some minutes old.
    async fn known_role(&self, question: &RoleQuestion, deadline: Instant) -> Rc<Role>;
    /// The current state of a role.
    async fn fresh_role(&self, question: &RoleQuestion, deadline: Instant) -> Rc<Role>;
    /// The current state of a group.
    async fn group(&self, question: &GroupQuestion, deadline: Instant) -> Rc<Group>;
    /// The current state of a customer managed policy.
    async fn managed_policy(&self, question: &PolicyQuestion, deadline: Instant) -> Rc<ManagedPolicy>;
    /// The current document of a customer managed policy.
    async fn policy_document(&self, question: &PolicyQuestion, deadline: Instant) -> Lookup<Parsed>;
    /// The current state of a permission set of IAM Identity Center.
    async fn permission_set(&self, question: &PermissionSetQuestion, deadline: Instant) -> Rc<PermissionSet>;
    /// The current state of a user or group of IAM Identity Center.
    async fn identity(&self, question: &IdentityQuestion, deadline: Instant) -> Rc<Identity>;
    /// The current state of a policy of AWS Organizations.
    async fn organizations_policy(
        &self,
        question: &OrganizationsPolicyQuestion,
        deadline: Instant,
    ) -> Rc<OrganizationsPolicy>;
}
