//! The questions that a directory answers. Each question contains the account.

use super::answer::{Lookup, Unavailable};
use super::model::{Group, KnownAccount, ManagedPolicy, Membership, Role, User};
use crate::policy::Parsed;
use std::rc::Rc;
use tokio::time::Instant;

/// An account id. `None` if the event does not name the account: then the directory's own account is meant.
pub type AccountId = Option<String>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserQuestion {
    pub account: AccountId,
    pub name: String,
    /// The id of the user in the event: a cached answer about an earlier user of the same name must not be used.
    pub id: Option<String>,
    /// The access key whose last use is looked up.
    pub key_in_use: Option<String>,
    /// Whether the console password is looked up.
    pub password: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoleQuestion {
    pub account: AccountId,
    pub name: String,
    /// The id of the role in the event.
    pub id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupQuestion {
    pub account: AccountId,
    pub name: String,
}

/// A question about a customer managed policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyQuestion {
    pub account: AccountId,
    pub arn: String,
    /// The version whose document is looked up, `v2`: the version in the event, even if another one is the default by
    /// now. `None` for the default version.
    pub version: Option<String>,
}

/// Answers questions about accounts. An answer that is not there at the deadline is unavailable.
#[allow(async_fn_in_trait, reason = "used only within this crate's single-threaded runtime")]
pub trait Directory {
    /// Whether the directory can be asked about this account.
    fn knows(&self, account: Option<&str>) -> bool;
    /// The account itself: no more than its names and its place in the organization.
    async fn account(&self, account: &AccountId, deadline: Instant) -> KnownAccount;
    /// Whether an account is one of the own organization, without a call to that account.
    async fn membership(&self, account: &str, deadline: Instant) -> Membership;
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
}
