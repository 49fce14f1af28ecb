//! The questions that a directory answers. The account is part of each.

use super::answer::Lookup;
use super::model::{Group, ManagedPolicy, Role, User};
use crate::policy::Parsed;
use crate::text::Untrusted;
use std::rc::Rc;
use tokio::time::Instant;

/// An account, by its id; `None` where the event does not name one: then the directory's own is meant.
pub type AccountId = Option<String>;

/// What to ask about a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserQuestion {
    pub account: AccountId,
    pub name: String,
    /// The id that the event gives the user: what is cached of an earlier user of that name must not answer.
    pub id: Option<String>,
    /// The access key whose last use is wanted.
    pub key_in_use: Option<String>,
    /// Whether the console password is wanted.
    pub password: bool,
}

/// What to ask about a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoleQuestion {
    pub account: AccountId,
    pub name: String,
    /// The id that the event gives the role.
    pub id: Option<String>,
}

/// What to ask about a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupQuestion {
    pub account: AccountId,
    pub name: String,
}

/// What to ask about a customer managed policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyQuestion {
    pub account: AccountId,
    pub arn: String,
    /// The version whose document is wanted, `v2`: the one that the event names, whichever is the default by now.
    /// `None` for the default.
    pub version: Option<String>,
}

/// Answers questions about accounts, each within its own time or not at all.
#[allow(async_fn_in_trait, reason = "used only within this crate's single-threaded runtime")]
pub trait Directory {
    /// Whether the account can be asked about.
    fn knows(&self, account: Option<&str>) -> bool;
    /// A user that may be cached for some minutes.
    async fn known_user(&self, question: &UserQuestion, deadline: Instant) -> Rc<User>;
    /// A user as it is now. One that was just created may take a while to be visible.
    async fn fresh_user(&self, question: &UserQuestion, just_created: bool, deadline: Instant) -> Rc<User>;
    /// A role that may be cached for some minutes.
    async fn known_role(&self, question: &RoleQuestion, deadline: Instant) -> Rc<Role>;
    /// A role as it is now.
    async fn fresh_role(&self, question: &RoleQuestion, deadline: Instant) -> Rc<Role>;
    /// A group as it is now.
    async fn group(&self, question: &GroupQuestion, deadline: Instant) -> Rc<Group>;
    /// A customer managed policy as it is now.
    async fn managed_policy(&self, question: &PolicyQuestion, deadline: Instant) -> Rc<ManagedPolicy>;
    /// The document of a customer managed policy as it is now.
    async fn policy_document(&self, question: &PolicyQuestion, deadline: Instant) -> Lookup<Parsed>;
    /// The account's alias.
    async fn account_alias(&self, account: &AccountId, deadline: Instant) -> Lookup<Untrusted>;
}
