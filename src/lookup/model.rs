//! What IAM knows about the people and things of an event, each fact by itself.

use super::attached::AttachedPolicies;
use crate::catalog::TargetKind;
use crate::event::Activity;
use crate::phrase;
use crate::policy::Parsed;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use std::rc::Rc;
use tokio::time::Instant;

/// The outcome of asking for one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The fact.
    Found(T),
    /// There is no such kind: the directory said so.
    Missing,
    /// It is not known whether there is.
    Unavailable(Unavailable),
}

/// Why a fact could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// The function may not ask: the IAM action that it lacks.
    Denied(&'static str),
    /// AWS answered with throttling until the time was up.
    Throttled,
    /// No answer within the time budget.
    TimedOut,
    /// It was not asked, and why not.
    NotAsked(&'static str),
    /// AWS refused with this error code.
    Failed(Untrusted),
    /// AWS could not be reached.
    Unreachable,
    /// IAM knows the user, but another of its replicas does not yet.
    NotVisible,
}

impl Unavailable {
    /// Whether it was asked for and could not be had, rather than not asked for.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        !matches!(self, Self::NotAsked(_))
    }

    /// The reason as words in a sentence.
    #[must_use]
    pub fn words(&self) -> Phrase {
        match self {
            Self::Denied(action) => phrase!("access denied (", *action, ")"),
            Self::Throttled => "throttled by AWS".into(),
            Self::TimedOut => "no answer in time".into(),
            Self::NotAsked(why) => (*why).into(),
            Self::Failed(code) => phrase!("AWS answered ", code),
            Self::Unreachable => "AWS could not be reached".into(),
            Self::NotVisible => "IAM does not show it yet".into(),
        }
    }
}

impl<T> Lookup<T> {
    /// The fact, where there is one.
    #[must_use]
    pub const fn found(&self) -> Option<&T> {
        match self {
            Self::Found(fact) => Some(fact),
            Self::Missing | Self::Unavailable(_) => None,
        }
    }

    /// Something made of the fact.
    #[must_use]
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Found(fact) => Lookup::Found(make(fact)),
            Self::Missing => Lookup::Missing,
            Self::Unavailable(reason) => Lookup::Unavailable(reason),
        }
    }

    /// Why it could not be had, if that is so.
    #[must_use]
    pub const fn unavailable(&self) -> Option<&Unavailable> {
        match self {
            Self::Unavailable(reason) => Some(reason),
            Self::Found(_) | Self::Missing => None,
        }
    }

    /// For a fact about somebody who exists: then "missing" only means that it cannot be seen yet.
    pub(super) fn not_visible_if_missing(self) -> Self {
        match self {
            Self::Missing => Self::Unavailable(Unavailable::NotVisible),
            told => told,
        }
    }

    /// Not asked, and why.
    #[must_use]
    pub const fn not_asked(why: &'static str) -> Self {
        Self::Unavailable(Unavailable::NotAsked(why))
    }
}

/// A list from a directory, which is read up to a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// What was read.
    pub items: Vec<T>,
    /// Whether there is more that was not read.
    pub more: bool,
}

impl<T> From<Vec<T>> for Listing<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, more: false }
    }
}

/// When and from where something was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// From AWS, at this time.
    Live(DateTime<Utc>),
    /// From a saved account, whose age is not known.
    Saved,
    /// Nothing was read.
    Nowhere,
}

/// An IAM user, each fact by itself.
#[derive(Debug, Clone)]
pub struct User {
    /// Who it is.
    pub profile: Lookup<UserProfile>,
    /// The groups that it is in.
    pub groups: Lookup<Listing<Untrusted>>,
    /// Its policies: attached, inline, and through its groups.
    pub attached: AttachedPolicies,
    /// Its MFA devices, by serial number.
    pub mfa_devices: Lookup<Listing<Untrusted>>,
    /// Its access keys.
    pub access_keys: Lookup<Listing<AccessKey>>,
    /// Its console password: when it was made.
    pub password: Lookup<DateTime<Utc>>,
    /// When the access key of the call was used before the call.
    pub key_last_used: Lookup<KeyUse>,
    /// When and from where this was read.
    pub provenance: Provenance,
}

/// Who a user is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserProfile {
    /// Its name.
    pub name: Untrusted,
    /// Its unique id, `AIDA…`.
    pub id: Untrusted,
    /// Its ARN.
    pub arn: Untrusted,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// When its password was last used.
    pub password_last_used: Option<DateTime<Utc>>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<Untrusted>,
    /// Its tags.
    pub tags: Vec<(Untrusted, Untrusted)>,
}

/// An IAM role, each fact by itself.
#[derive(Debug, Clone)]
pub struct Role {
    /// What it is.
    pub profile: Lookup<RoleProfile>,
    /// Its policies: attached and inline.
    pub attached: AttachedPolicies,
    /// When and from where this was read.
    pub provenance: Provenance,
}

/// What a role is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleProfile {
    /// Its name.
    pub name: Untrusted,
    /// Its unique id, `AROA…`.
    pub id: Untrusted,
    /// Its ARN.
    pub arn: Untrusted,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// What somebody wrote of it.
    pub description: Option<Untrusted>,
    /// When and where it was last used.
    pub last_used: Option<(DateTime<Utc>, Option<Untrusted>)>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<Untrusted>,
    /// Its tags.
    pub tags: Vec<(Untrusted, Untrusted)>,
    pub trust: Option<Parsed>,
}

/// An IAM group, each fact by itself.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its ARN and its members. IAM tells both in one answer.
    pub members: Lookup<Members>,
    /// Its policies: attached and inline.
    pub attached: AttachedPolicies,
    /// When and from where this was read.
    pub provenance: Provenance,
}

/// Who is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// The group's ARN.
    pub arn: Untrusted,
    /// The names of its users.
    pub users: Listing<Untrusted>,
}

/// A managed policy of the account, each fact by itself.
#[derive(Debug, Clone)]
pub struct ManagedPolicy {
    /// What it is.
    pub profile: Lookup<PolicyProfile>,
    /// The document of the version that was asked for, as JSON.
    pub document: Lookup<Parsed>,
    /// Who holds it: users, roles and groups.
    pub holders: Lookup<Listing<(TargetKind, Untrusted)>>,
    /// When and from where this was read.
    pub provenance: Provenance,
}

/// What a managed policy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyProfile {
    /// Its name.
    pub name: Untrusted,
    /// Its ARN.
    pub arn: Untrusted,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// The version that counts, `v2`.
    pub default_version: Option<Untrusted>,
}

/// An access key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id, `AKIA…`.
    pub id: Untrusted,
    /// Whether it can be used.
    pub active: bool,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
}

/// The last use of an access key that IAM has noted; it runs behind by some minutes to hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// When; `None` if never.
    pub at: Option<DateTime<Utc>>,
    /// With which service.
    pub service: Option<Untrusted>,
    /// In which region.
    pub region: Option<Untrusted>,
}

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

/// What is known of the principal of an activity.
#[derive(Debug, Clone)]
pub enum KnownCaller {
    /// It is an IAM user.
    User(Rc<User>),
    /// It acts by a role.
    Role(Rc<Role>),
    /// Nothing was asked, and why.
    NotAsked(&'static str),
}

impl KnownCaller {
    /// The policies it holds, where they were asked for.
    #[must_use]
    pub fn attached(&self) -> Option<&AttachedPolicies> {
        match self {
            Self::User(user) => Some(&user.attached),
            Self::Role(role) => Some(&role.attached),
            Self::NotAsked(_) => None,
        }
    }
}

impl User {
    /// With `Missing` understood. IAM's replicas do not all know a new user at once: where one told us the
    /// user, another's "no such user" says nothing of its groups, keys or policies. Where none did, there is
    /// nothing to be told of any.
    pub(super) fn reconciled(mut self) -> Self {
        match self.profile {
            Lookup::Found(_) => {
                self.groups = self.groups.not_visible_if_missing();
                self.mfa_devices = self.mfa_devices.not_visible_if_missing();
                self.access_keys = self.access_keys.not_visible_if_missing();
                // For a password, "no such entity" may mean either; it is believed if the replicas agree.
                if !self.is_settled() {
                    self.password = self.password.not_visible_if_missing();
                }
            }
            Lookup::Missing => self.attached = AttachedPolicies::default(),
            Lookup::Unavailable(_) => {}
        }
        self
    }

    /// Whether IAM's replicas agree that there is such a user.
    pub(super) fn is_settled(&self) -> bool {
        let torn = |reason: Option<&Unavailable>| reason == Some(&Unavailable::NotVisible);
        self.profile != Lookup::Missing
            && !torn(self.groups.unavailable())
            && !torn(self.mfa_devices.unavailable())
            && !torn(self.access_keys.unavailable())
            && !self.attached.gaps.iter().any(|gap| gap.reason == Unavailable::NotVisible)
    }

    /// How many questions about it went without an answer.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        let facts = [
            self.profile.unavailable(),
            self.mfa_devices.unavailable(),
            self.access_keys.unavailable(),
            self.password.unavailable(),
            self.key_last_used.unavailable(),
        ];
        failures(facts) + self.attached.unanswered()
    }
}

impl Group {
    /// How many questions about it went without an answer.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        failures([self.members.unavailable()]) + self.attached.unanswered()
    }
}

impl ManagedPolicy {
    /// How many questions about it went without an answer.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        failures([self.profile.unavailable(), self.document.unavailable(), self.holders.unavailable()])
    }
}

impl Role {
    /// How many questions about it went without an answer.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        failures([self.profile.unavailable()]) + self.attached.unanswered()
    }
}

/// All that was found out about an activity.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// Who made the call.
    pub caller: KnownCaller,
    /// What the call changed, or who gains or loses by it.
    pub target: KnownTarget,
    /// A managed policy or the policies of a group: what the call took away, or gave where the target's own
    /// policies do not tell it.
    pub given: AttachedPolicies,
    /// The alias of the account in which it happened.
    pub account_alias: Lookup<Untrusted>,
}

/// What is known of the kind that was changed.
#[derive(Debug, Clone)]
pub enum KnownTarget {
    /// An IAM user.
    User(Rc<User>),
    /// A role.
    Role(Rc<Role>),
    /// A group.
    Group(Rc<Group>),
    /// A managed policy.
    Policy(Rc<ManagedPolicy>),
    /// Nothing was asked, and why.
    NotAsked(&'static str),
}

impl KnownTarget {
    /// The policies it holds, where they were asked for.
    #[must_use]
    pub fn attached(&self) -> Option<&AttachedPolicies> {
        match self {
            Self::User(user) => Some(&user.attached),
            Self::Role(role) => Some(&role.attached),
            Self::Group(group) => Some(&group.attached),
            Self::Policy(_) | Self::NotAsked(_) => None,
        }
    }

    /// Its ARN, where IAM told it.
    #[must_use]
    pub fn arn(&self) -> Option<&Untrusted> {
        match self {
            Self::User(user) => user.profile.found().map(|profile| &profile.arn),
            Self::Role(role) => role.profile.found().map(|profile| &profile.arn),
            Self::Group(group) => group.members.found().map(|members| &members.arn),
            Self::Policy(policy) => policy.profile.found().map(|profile| &profile.arn),
            Self::NotAsked(_) => None,
        }
    }

    fn unanswered(&self) -> usize {
        match self {
            Self::User(user) => user.unanswered(),
            Self::Role(role) => role.unanswered(),
            Self::Group(group) => group.unanswered(),
            Self::Policy(policy) => policy.unanswered(),
            Self::NotAsked(_) => 0,
        }
    }
}

impl Dossier {
    /// Whether who has the target's name now is not the one of the event: then it was deleted and made again.
    #[must_use]
    pub fn target_is_replaced(&self, activity: &Activity) -> bool {
        let found = match &self.target {
            KnownTarget::User(user) => user.profile.found().map(|found| &found.id),
            KnownTarget::Role(role) => role.profile.found().map(|found| &found.id),
            KnownTarget::Group(_) | KnownTarget::Policy(_) | KnownTarget::NotAsked(_) => None,
        };
        found.zip(activity.target.id.as_ref()).is_some_and(|(found, of_event)| found != of_event)
    }

    /// How many questions went without an answer.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        let caller = match &self.caller {
            KnownCaller::User(user) => user.unanswered(),
            KnownCaller::Role(role) => role.unanswered(),
            KnownCaller::NotAsked(_) => 0,
        };
        caller + self.target.unanswered() + self.given.unanswered() + failures([self.account_alias.unavailable()])
    }
}

/// How many of these facts were asked for and could not be had.
fn failures<const N: usize>(facts: [Option<&Unavailable>; N]) -> usize {
    facts.into_iter().flatten().filter(|reason| reason.is_failure()).count()
}
