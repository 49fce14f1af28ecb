//! What IAM knows about the people and things of an event, each fact by itself.

use super::answer::{Listing, Lookup, Provenance, Unavailable};
use super::attached::AttachedPolicies;
use crate::catalog::TargetKind;
use crate::event::Activity;
use crate::policy::Parsed;
use crate::text::Untrusted;
use chrono::{DateTime, Utc};
use std::rc::Rc;

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
