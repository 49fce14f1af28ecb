//! Facts from IAM about the identities and resources of an event. Each fact is looked up separately.

use super::answer::{Listing, Lookup, Membership, Provenance, Unavailable};
use super::attached::AttachedPolicies;
use super::identity_center::{Identity, PermissionSet};
use super::organization::OrganizationsPolicy;
use crate::catalog::TargetKind;
use crate::event::Activity;
use crate::policy::Parsed;
use crate::text::Untrusted;
use chrono::{DateTime, Utc};
use std::rc::Rc;

/// An IAM user.
#[derive(Debug, Clone)]
pub struct User {
    pub profile: Lookup<UserProfile>,
    pub groups: Lookup<Listing<Untrusted>>,
    /// Attached and inline policies, and those of the user's groups.
    pub attached: AttachedPolicies,
    /// By serial number.
    pub mfa_devices: Lookup<Listing<Untrusted>>,
    pub access_keys: Lookup<Listing<AccessKey>>,
    /// When the console password was created.
    pub password: Lookup<DateTime<Utc>>,
    /// The last use of the call's access key before the call.
    pub key_last_used: Lookup<KeyUse>,
    pub provenance: Provenance,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserProfile {
    pub name: Untrusted,
    /// The unique id, `AIDA…`.
    pub id: Untrusted,
    pub arn: Untrusted,
    pub created: Option<DateTime<Utc>>,
    pub password_last_used: Option<DateTime<Utc>>,
    /// The ARN of the permissions boundary.
    pub boundary: Option<Untrusted>,
    pub tags: Vec<(Untrusted, Untrusted)>,
}

/// An IAM role.
#[derive(Debug, Clone)]
pub struct Role {
    pub profile: Lookup<RoleProfile>,
    /// Attached and inline policies.
    pub attached: AttachedPolicies,
    pub provenance: Provenance,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleProfile {
    pub name: Untrusted,
    /// The unique id, `AROA…`.
    pub id: Untrusted,
    pub arn: Untrusted,
    pub created: Option<DateTime<Utc>>,
    pub description: Option<Untrusted>,
    /// The time and the region.
    pub last_used: Option<(DateTime<Utc>, Option<Untrusted>)>,
    /// The ARN of the permissions boundary.
    pub boundary: Option<Untrusted>,
    pub tags: Vec<(Untrusted, Untrusted)>,
    pub trust: Option<Parsed>,
}

/// An IAM group.
#[derive(Debug, Clone)]
pub struct Group {
    /// The ARN and the members: IAM returns both in one answer.
    pub members: Lookup<Members>,
    /// Attached and inline policies.
    pub attached: AttachedPolicies,
    pub provenance: Provenance,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// The group's ARN.
    pub arn: Untrusted,
    /// User names.
    pub users: Listing<Untrusted>,
}

/// A customer managed policy.
#[derive(Debug, Clone)]
pub struct ManagedPolicy {
    pub profile: Lookup<PolicyProfile>,
    /// The document of the version in the question.
    pub document: Lookup<Parsed>,
    /// The users, roles and groups that have the policy.
    pub holders: Lookup<Listing<(TargetKind, Untrusted)>>,
    pub provenance: Provenance,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyProfile {
    pub name: Untrusted,
    pub arn: Untrusted,
    pub created: Option<DateTime<Utc>>,
    /// The version that is in effect, `v2`.
    pub default_version: Option<Untrusted>,
}

/// An access key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The id, `AKIA…`.
    pub id: Untrusted,
    pub active: bool,
    pub created: Option<DateTime<Utc>>,
}

/// The last use of an access key, as IAM records it: some minutes to hours late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// `None` if the key was never used.
    pub at: Option<DateTime<Utc>>,
    pub service: Option<Untrusted>,
    pub region: Option<Untrusted>,
}

/// What is known about the caller.
#[derive(Debug, Clone)]
pub enum KnownCaller {
    User(Rc<User>),
    /// The role of a role session.
    Role(Rc<Role>),
    /// Nothing was looked up, and why.
    NotAsked(&'static str),
}

impl KnownCaller {
    /// The caller's policies, if they were looked up.
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
    /// A user of whom nothing could be read, and why.
    pub(super) fn unread(why: &Unavailable, provenance: Provenance) -> Self {
        fn none<T>(why: &Unavailable) -> Lookup<T> {
            Lookup::Unavailable(why.clone())
        }
        Self {
            profile: none(why),
            groups: none(why),
            attached: AttachedPolicies::gap(&"policies".into(), why),
            mfa_devices: none(why),
            access_keys: none(why),
            password: none(why),
            key_last_used: none(why),
            provenance,
        }
    }

    /// Interprets `Missing`. IAM's replicas do not all know a new user at the same time. If one replica knows the user,
    /// "no such user" from another says nothing about groups, keys or policies. If no replica knows the user, there are
    /// no such facts.
    pub(super) fn reconciled(mut self) -> Self {
        match self.profile {
            Lookup::Found(_) => {
                self.groups = self.groups.not_visible_if_missing();
                self.mfa_devices = self.mfa_devices.not_visible_if_missing();
                self.access_keys = self.access_keys.not_visible_if_missing();
                // For a password, "no such entity" can mean either; the answer is accepted if the replicas agree.
                if !self.is_settled() {
                    self.password = self.password.not_visible_if_missing();
                }
            }
            Lookup::Missing => self.attached = AttachedPolicies::default(),
            Lookup::Unavailable(_) => {}
        }
        self
    }

    /// Whether IAM's replicas agree that the user exists.
    pub(super) fn is_settled(&self) -> bool {
        let torn = |reason: Option<&Unavailable>| reason == Some(&Unavailable::NotVisible);
        self.profile != Lookup::Missing
            && !torn(self.groups.unavailable())
            && !torn(self.mfa_devices.unavailable())
            && !torn(self.access_keys.unavailable())
            && !self.attached.gaps.iter().any(|gap| gap.reason == Unavailable::NotVisible)
    }

    /// The number of failed lookups.
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
    /// A group of which nothing could be read, and why.
    pub(super) fn unread(why: &Unavailable, provenance: Provenance) -> Self {
        let attached = AttachedPolicies::gap(&"policies".into(), why);
        Self { members: Lookup::Unavailable(why.clone()), attached, provenance }
    }

    /// The number of failed lookups.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        failures([self.members.unavailable()]) + self.attached.unanswered()
    }
}

impl ManagedPolicy {
    /// A policy of which nothing could be read, and why.
    pub(super) fn unread(why: &Unavailable, provenance: Provenance) -> Self {
        let (document, holders) = (Lookup::Unavailable(why.clone()), Lookup::Unavailable(why.clone()));
        Self { profile: Lookup::Unavailable(why.clone()), document, holders, provenance }
    }

    /// The number of failed lookups.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        failures([self.profile.unavailable(), self.document.unavailable(), self.holders.unavailable()])
    }
}

impl Role {
    /// A role of which nothing could be read, and why.
    pub(super) fn unread(why: &Unavailable, provenance: Provenance) -> Self {
        let attached = AttachedPolicies::gap(&"policies".into(), why);
        Self { profile: Lookup::Unavailable(why.clone()), attached, provenance }
    }

    /// The number of failed lookups.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        failures([self.profile.unavailable()]) + self.attached.unanswered()
    }
}

/// What is known about an account itself.
#[derive(Debug, Clone)]
pub struct KnownAccount {
    /// Its name in AWS Organizations, otherwise its alias.
    pub name: Lookup<Untrusted>,
    pub membership: Membership,
    /// The ids of its organizational units and of the root, the nearest first.
    pub units: Lookup<Vec<Untrusted>>,
    /// Why nothing can be read in it.
    pub closed: Option<Unavailable>,
}

impl KnownAccount {
    /// An account of which nothing is known, and why.
    #[must_use]
    pub const fn not_asked(why: &'static str) -> Self {
        let membership = Membership::NotKnown;
        Self { name: Lookup::not_asked(why), membership, units: Lookup::not_asked(why), closed: None }
    }

    /// Its organizational units, if they are known.
    #[must_use]
    pub fn known_units(&self) -> Option<&[Untrusted]> {
        self.units.found().map(Vec::as_slice)
    }
}

/// What IAM Identity Center and AWS Organizations say about a call to them.
#[derive(Debug, Clone, Default)]
pub struct Central {
    /// The permission set that the call assigns.
    pub permission_set: Option<Rc<PermissionSet>>,
    /// The group that the call changes.
    pub group: Option<Rc<Identity>>,
    /// The permission sets that the target or the group is assigned to, by ARN, as far as they were read.
    pub assigned: Vec<(Untrusted, Rc<PermissionSet>)>,
    /// The policy of AWS Organizations that the call names.
    pub policy: Option<Rc<OrganizationsPolicy>>,
    /// The account that the call is about, if it is another one.
    pub about_account: Option<KnownAccount>,
}

/// All facts that were looked up for an activity.
#[derive(Debug, Clone)]
pub struct Dossier {
    pub caller: KnownCaller,
    /// The changed resource, or the principal that gains or loses access.
    pub target: KnownTarget,
    /// What the call removed; or what the call attached, if the target's own policies do not show it: a managed policy,
    /// or the policies of a group.
    pub given: AttachedPolicies,
    pub central: Central,
    /// The entities that the target's policies name, and that decide what they amount to.
    pub named: Vec<(Untrusted, NamedKnown)>,
    /// The event's account.
    pub account: KnownAccount,
    /// The caller's account, if it is another one.
    pub callers_account: Option<KnownAccount>,
    /// The ids of those accounts named in a trust policy that are known to be of the own organization.
    pub members: Vec<Untrusted>,
}

/// What is known about an entity that a policy names.
#[derive(Debug, Clone)]
pub enum NamedKnown {
    User(Rc<User>),
    Role(Rc<Role>),
    Group(Rc<Group>),
    /// The document of a managed policy.
    Policy(Lookup<Parsed>),
}

impl NamedKnown {
    /// The number of failed lookups.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        match self {
            Self::User(user) => user.unanswered(),
            Self::Role(role) => role.unanswered(),
            Self::Group(group) => group.unanswered(),
            Self::Policy(document) => failures([document.unavailable()]),
        }
    }
}

/// What is known about the target.
#[derive(Debug, Clone)]
pub enum KnownTarget {
    User(Rc<User>),
    Role(Rc<Role>),
    Group(Rc<Group>),
    Policy(Rc<ManagedPolicy>),
    PermissionSet(Rc<PermissionSet>),
    /// A user or group of IAM Identity Center, and the policies of all that it is assigned to, if that was looked up.
    Identity(Rc<Identity>, Option<AttachedPolicies>),
    /// Nothing was looked up, and why.
    NotAsked(&'static str),
}

impl KnownTarget {
    /// The target's policies, if they were looked up.
    #[must_use]
    pub fn attached(&self) -> Option<&AttachedPolicies> {
        match self {
            Self::User(user) => Some(&user.attached),
            Self::Role(role) => Some(&role.attached),
            Self::Group(group) => Some(&group.attached),
            Self::PermissionSet(set) => Some(&set.attached),
            Self::Identity(_, attached) => attached.as_ref(),
            Self::Policy(_) | Self::NotAsked(_) => None,
        }
    }

    /// Whether IAM does not have the target any more, or not yet.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match self {
            Self::User(user) => user.profile == Lookup::Missing,
            Self::Role(role) => role.profile == Lookup::Missing,
            Self::Group(group) => group.members == Lookup::Missing,
            Self::PermissionSet(set) => set.name == Lookup::Missing,
            Self::Identity(identity, _) => identity.name == Lookup::Missing,
            Self::Policy(_) | Self::NotAsked(_) => false,
        }
    }

    /// The target's ARN, if IAM returned it.
    #[must_use]
    pub fn arn(&self) -> Option<&Untrusted> {
        match self {
            Self::User(user) => user.profile.found().map(|profile| &profile.arn),
            Self::Role(role) => role.profile.found().map(|profile| &profile.arn),
            Self::Group(group) => group.members.found().map(|members| &members.arn),
            Self::Policy(policy) => policy.profile.found().map(|profile| &profile.arn),
            Self::PermissionSet(_) | Self::Identity(..) | Self::NotAsked(_) => None,
        }
    }

    fn unanswered(&self) -> usize {
        match self {
            Self::User(user) => user.unanswered(),
            Self::Role(role) => role.unanswered(),
            Self::Group(group) => group.unanswered(),
            Self::Policy(policy) => policy.unanswered(),
            Self::PermissionSet(set) => set.unanswered(),
            Self::Identity(identity, _) => identity.unanswered(),
            Self::NotAsked(_) => 0,
        }
    }
}

impl Central {
    /// The number of failed lookups that nothing else counts.
    fn unanswered(&self) -> usize {
        let set = self.permission_set.as_ref().map_or(0, |set| failures([set.name.unavailable()]));
        let group = self.group.as_ref().map_or(0, |group| group.unanswered());
        let policy = self.policy.as_ref().map_or(0, |policy| failures([policy.document.unavailable()]));
        set + group + policy
    }
}

impl Dossier {
    /// The names of target and object that belong to ids in the event.
    #[must_use]
    pub fn names(&self) -> (Option<Untrusted>, Option<Untrusted>) {
        let policy = self.central.policy.as_ref().and_then(|policy| policy.name.found());
        let target = match &self.target {
            KnownTarget::PermissionSet(set) => set.name.found(),
            KnownTarget::Identity(identity, _) => identity.name.found(),
            _ => None,
        };
        let set = self.central.permission_set.as_ref().and_then(|set| set.name.found());
        let group = self.central.group.as_ref().and_then(|group| group.name.found());
        (target.cloned(), set.or(group).or(policy).cloned())
    }

    /// What is known about the caller's account.
    #[must_use]
    pub fn account_of_caller(&self) -> &KnownAccount {
        self.callers_account.as_ref().unwrap_or(&self.account)
    }

    /// Whether another entity has the target's name now: then the target was deleted and created again.
    #[must_use]
    pub fn target_is_replaced(&self, activity: &Activity) -> bool {
        let found = match &self.target {
            KnownTarget::User(user) => user.profile.found().map(|found| &found.id),
            KnownTarget::Role(role) => role.profile.found().map(|found| &found.id),
            KnownTarget::Group(_)
            | KnownTarget::Policy(_)
            | KnownTarget::PermissionSet(_)
            | KnownTarget::Identity(..)
            | KnownTarget::NotAsked(_) => None,
        };
        found.zip(activity.target.id.as_ref()).is_some_and(|(found, of_event)| found != of_event)
    }

    /// The number of failed lookups.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        let caller = match &self.caller {
            KnownCaller::User(user) => user.unanswered(),
            KnownCaller::Role(role) => role.unanswered(),
            KnownCaller::NotAsked(_) => 0,
        };
        let named = self.named.iter().map(|(_, known)| known.unanswered());
        caller
            + self.target.unanswered()
            + self.given.unanswered()
            + self.central.unanswered()
            + named.sum::<usize>()
            + failures([self.account.name.unavailable()])
    }
}

/// The number of facts whose lookup failed.
fn failures<const N: usize>(facts: [Option<&Unavailable>; N]) -> usize {
    facts.into_iter().flatten().filter(|reason| reason.is_failure()).count()
}
