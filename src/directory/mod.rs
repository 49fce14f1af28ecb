//! What IAM knows about the people and things of an event.
//!
//! A [`Directory`] answers questions about one account: [`iam`] asks AWS, [`snapshot`] a saved account.
//! [`investigate`] decides what to ask for an activity, asks it all side by side, and puts the answers in a
//! [`Dossier`]. No question can fail the alert: a fact that could not be had is [`Lookup::Unavailable`],
//! with the reason, and never looks like a fact that is not there.

pub mod iam;
mod memory;
pub mod power;
pub mod snapshot;
pub mod trust;

pub use power::{Gap, Holdings, Policy, Power, Via};
pub use trust::{Reach, Trust};

use crate::arn::Arn;
use crate::cloudtrail::activity::Object;
use crate::cloudtrail::identity::{Principal, Session};
use crate::cloudtrail::{Activity, Change, Failure, Outcome, Thing};
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use std::rc::Rc;
use tokio::time::Instant;

/// The outcome of asking for one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The fact.
    Found(T),
    /// There is no such thing: the directory said so.
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
    fn not_visible_if_missing(self) -> Self {
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
pub struct List<T> {
    /// What was read.
    pub items: Vec<T>,
    /// Whether there is more that was not read.
    pub more: bool,
}

impl<T> From<Vec<T>> for List<T> {
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
    pub groups: Lookup<List<Untrusted>>,
    /// Its policies: attached, inline, and through its groups.
    pub holdings: Holdings,
    /// Its MFA devices, by serial number.
    pub mfa_devices: Lookup<List<Untrusted>>,
    /// Its access keys.
    pub access_keys: Lookup<List<AccessKey>>,
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
    pub holdings: Holdings,
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
    /// Its trust policy, as JSON.
    pub trust: Option<Rc<str>>,
}

/// An IAM group, each fact by itself.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its ARN and its members. IAM tells both in one answer.
    pub members: Lookup<Members>,
    /// Its policies: attached and inline.
    pub holdings: Holdings,
    /// When and from where this was read.
    pub provenance: Provenance,
}

/// Who is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// The group's ARN.
    pub arn: Untrusted,
    /// The names of its users.
    pub users: List<Untrusted>,
}

/// A managed policy of the account, each fact by itself.
#[derive(Debug, Clone)]
pub struct ManagedPolicy {
    /// What it is.
    pub profile: Lookup<PolicyProfile>,
    /// The document of the version that was asked for, as JSON.
    pub document: Lookup<Rc<str>>,
    /// Who holds it: users, roles and groups.
    pub holders: Lookup<List<(Thing, Untrusted)>>,
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

/// What to ask of a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserQuestion {
    /// Its name.
    pub name: String,
    /// The id that the event gives it: what is remembered of an earlier user of that name must not answer.
    pub id: Option<String>,
    /// The access key whose last use is wanted.
    pub key_in_use: Option<String>,
    /// Whether its console password is wanted.
    pub password: bool,
}

/// What to ask of a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoleQuestion {
    /// Its name.
    pub name: String,
    /// The id that the event gives it.
    pub id: Option<String>,
}

/// What to ask of a managed policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyQuestion {
    /// Its ARN.
    pub arn: String,
    /// The version whose document is wanted, `v2`: the one that the event tells, whichever is the default by now.
    /// `None` for the default.
    pub version: Option<String>,
}

/// Answers questions about one account, each within its own time or not at all.
#[allow(async_fn_in_trait, reason = "used only within this crate's single-threaded runtime")]
pub trait Directory {
    /// The account that it answers for; `None` if it cannot know.
    fn account(&self) -> Option<&str>;
    /// A user that may be remembered from some minutes ago.
    async fn known_user(&self, question: &UserQuestion, deadline: Instant) -> Rc<User>;
    /// A user as it is now. One that was just created may take a while to be seen.
    async fn fresh_user(&self, question: &UserQuestion, just_created: bool, deadline: Instant) -> Rc<User>;
    /// A role that may be remembered from some minutes ago.
    async fn known_role(&self, question: &RoleQuestion, deadline: Instant) -> Rc<Role>;
    /// A role as it is now.
    async fn fresh_role(&self, name: &str, deadline: Instant) -> Rc<Role>;
    /// A group as it is now.
    async fn group(&self, name: &str, deadline: Instant) -> Rc<Group>;
    /// A managed policy of the account as it is now.
    async fn managed_policy(&self, question: &PolicyQuestion, deadline: Instant) -> Rc<ManagedPolicy>;
    /// The document of a managed policy of the account as it is now, by its ARN.
    async fn policy_document(&self, arn: &str, deadline: Instant) -> Lookup<Rc<str>>;
    /// The account's alias.
    async fn account_alias(&self, deadline: Instant) -> Lookup<Untrusted>;
}

/// What is known of the principal of an activity.
#[derive(Debug, Clone)]
pub enum Caller {
    /// It is an IAM user.
    User(Rc<User>),
    /// It acts by a role.
    Role(Rc<Role>),
    /// Nothing was asked, and why.
    NotAsked(&'static str),
}

impl Caller {
    /// The policies it holds, where they were asked for.
    #[must_use]
    pub fn holdings(&self) -> Option<&Holdings> {
        match self {
            Self::User(user) => Some(&user.holdings),
            Self::Role(role) => Some(&role.holdings),
            Self::NotAsked(_) => None,
        }
    }

    /// What its policies amount to, where they were asked for. Its ARN is that of the event, for the case
    /// that IAM does not tell it.
    #[must_use]
    pub fn power(&self, arn: Option<&Untrusted>) -> Option<Power> {
        match self {
            Self::User(user) => Some(user.power(arn)),
            Self::Role(role) => Some(role.power(arn)),
            Self::NotAsked(_) => None,
        }
    }
}

impl User {
    /// With `Missing` understood. IAM's replicas do not all know a new user at once: where one told us the
    /// user, another's "no such user" says nothing of its groups, keys or policies. Where none did, there is
    /// nothing to be told of any.
    fn reconciled(mut self) -> Self {
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
            Lookup::Missing => self.holdings = Holdings::default(),
            Lookup::Unavailable(_) => {}
        }
        self
    }

    /// Whether IAM's replicas agree that there is such a user.
    fn is_settled(&self) -> bool {
        let torn = |reason: Option<&Unavailable>| reason == Some(&Unavailable::NotVisible);
        self.profile != Lookup::Missing
            && !torn(self.groups.unavailable())
            && !torn(self.mfa_devices.unavailable())
            && !torn(self.access_keys.unavailable())
            && !self.holdings.gaps.iter().any(|gap| gap.reason == Unavailable::NotVisible)
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
        failures(facts) + self.holdings.unanswered()
    }

    /// What its policies amount to. Its ARN is that of the event, for the case that IAM does not tell it.
    #[must_use]
    pub fn power(&self, arn: Option<&Untrusted>) -> Power {
        let arn = self.profile.found().map(|profile| &profile.arn).or(arn);
        power::weigh(&self.holdings, arn)
    }
}

impl Group {
    /// How many questions about it went without an answer.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        failures([self.members.unavailable()]) + self.holdings.unanswered()
    }

    /// What its policies amount to for its members.
    #[must_use]
    pub fn power(&self, arn: Option<&Untrusted>) -> Power {
        let arn = self.members.found().map(|members| &members.arn).or(arn);
        power::weigh(&self.holdings, arn)
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
        failures([self.profile.unavailable()]) + self.holdings.unanswered()
    }

    /// What its policies amount to. Its ARN is that of the event, for the case that IAM does not tell it.
    #[must_use]
    pub fn power(&self, arn: Option<&Untrusted>) -> Power {
        let arn = self.profile.found().map(|profile| &profile.arn).or(arn);
        power::weigh(&self.holdings, arn)
    }
}

/// All that was found out about an activity.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// Who made the call.
    pub caller: Caller,
    /// What the call changed, or who gains or loses by it.
    pub target: Subject,
    /// A managed policy or the policies of a group: what the call took away, or gave where the target's own
    /// policies do not tell it.
    pub given: Holdings,
    /// The alias of the account in which it happened.
    pub account_alias: Lookup<Untrusted>,
}

/// What is known of the thing that was changed.
#[derive(Debug, Clone)]
pub enum Subject {
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

impl Subject {
    /// The policies it holds, where they were asked for.
    #[must_use]
    pub fn holdings(&self) -> Option<&Holdings> {
        match self {
            Self::User(user) => Some(&user.holdings),
            Self::Role(role) => Some(&role.holdings),
            Self::Group(group) => Some(&group.holdings),
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
            Subject::User(user) => user.profile.found().map(|found| &found.id),
            Subject::Role(role) => role.profile.found().map(|found| &found.id),
            Subject::Group(_) | Subject::Policy(_) | Subject::NotAsked(_) => None,
        };
        found.zip(activity.target.id.as_ref()).is_some_and(|(found, of_event)| found != of_event)
    }

    /// How many questions went without an answer.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        let caller = match &self.caller {
            Caller::User(user) => user.unanswered(),
            Caller::Role(role) => role.unanswered(),
            Caller::NotAsked(_) => 0,
        };
        caller + self.target.unanswered() + self.given.unanswered() + failures([self.account_alias.unavailable()])
    }
}

/// Policy documents arrive percent-encoded (RFC 3986), from some emulators of AWS as they are.
#[must_use]
pub fn decoded(document: &str) -> Rc<str> {
    if document.trim_start().starts_with('{') {
        return document.into();
    }
    percent_decode_str(document).decode_utf8_lossy().into()
}

/// How many of these facts were asked for and could not be had.
fn failures<const N: usize>(facts: [Option<&Unavailable>; N]) -> usize {
    facts.into_iter().flatten().filter(|reason| reason.is_failure()).count()
}

const OTHER_ACCOUNT: &str = "it belongs to another account";

/// Asks all that is worth knowing about an activity, side by side, until the deadline at most.
pub async fn investigate<D: Directory>(directory: &D, activity: &Activity, deadline: Instant) -> Dossier {
    let here = |account: Option<&Untrusted>| match (account, directory.account()) {
        (Some(account), Some(own)) => account.raw() == own,
        _ => true,
    };
    let alias = async {
        if here(activity.account.as_ref()) {
            directory.account_alias(deadline).await
        } else {
            Lookup::not_asked(OTHER_ACCOUNT)
        }
    };
    let in_account = here(activity.account.as_ref());
    let (caller, (target, given), account_alias) = tokio::join!(
        ask_for_caller(directory, &activity.principal, here(activity.principal.account()), deadline),
        async {
            let target = ask_for_target(directory, activity, in_account, deadline);
            if activity.action.change == Change::Frees {
                // What was taken away is not to be looked for where it was.
                let given = ask_for_given(directory, activity, None, in_account, deadline);
                return tokio::join!(target, given);
            }
            let target = target.await;
            let given = ask_for_given(directory, activity, Some(&target), in_account, deadline).await;
            (target, given)
        },
        alias,
    );
    Dossier { caller, target, given, account_alias }
}

async fn ask_for_caller<D: Directory>(directory: &D, principal: &Principal, here: bool, deadline: Instant) -> Caller {
    match principal {
        _ if !here => Caller::NotAsked(OTHER_ACCOUNT),
        Principal::IamUser(user) => match &user.name {
            Some(name) => {
                let question = UserQuestion {
                    name: name.raw().to_owned(),
                    id: user.id.as_ref().map(|id| id.raw().to_owned()),
                    key_in_use: long_lived_key(&user.session),
                    password: false,
                };
                Caller::User(directory.known_user(&question, deadline).await)
            }
            None => Caller::NotAsked("the event does not name the user"),
        },
        Principal::AssumedRole(session) => match &session.role {
            Some(role) => {
                let id = session.role_id.as_ref().map(|id| id.raw().to_owned());
                let question = RoleQuestion { name: role.raw().to_owned(), id };
                Caller::Role(directory.known_role(&question, deadline).await)
            }
            None => Caller::NotAsked("the event does not name the role"),
        },
        Principal::FederatedUser(_) => {
            Caller::NotAsked("its rights are those of its issuer, cut down by a policy that IAM does not keep")
        }
        Principal::Root(_) => Caller::NotAsked("the root user may do everything"),
        Principal::AwsService(_) => Caller::NotAsked("an AWS service acts by its own rights"),
        Principal::SamlUser(_)
        | Principal::WebIdentityUser(_)
        | Principal::IdentityCenterUser(_)
        | Principal::AwsAccount(_)
        | Principal::Unrecognized(_) => Caller::NotAsked("IAM keeps no entry for this kind of principal"),
    }
}

/// Only a long-lived key has an entry in IAM: of temporary credentials no last use is kept.
fn long_lived_key(session: &Session) -> Option<String> {
    session.has_long_lived_key().then(|| session.access_key_id.as_ref().map(|key| key.raw().to_owned())).flatten()
}

async fn ask_for_target<D: Directory>(directory: &D, activity: &Activity, here: bool, deadline: Instant) -> Subject {
    let (action, target) = (activity.action, &activity.target);
    if !here {
        return Subject::NotAsked(OTHER_ACCOUNT);
    }
    if target.thing == Thing::RootUser {
        return Subject::NotAsked("IAM keeps no entry for the root user");
    }
    let Some(name) = activity.name_now() else {
        return Subject::NotAsked("the event does not name it");
    };
    let at_quota = matches!(activity.outcome, Outcome::Failed { failure: Failure::LimitExceeded, .. });
    if at_quota && action.change == Change::Creates {
        return Subject::NotAsked("it was not created");
    }
    match action.change {
        Change::Routine => return Subject::NotAsked("nothing about it decides how grave this is"),
        Change::Hides | Change::Removes if activity.outcome.succeeded() && action.tail.is_none() => {
            return Subject::NotAsked("it is gone");
        }
        _ => {}
    }
    match target.thing {
        Thing::User => {
            let question = UserQuestion { name: name.raw().to_owned(), id: None, key_in_use: None, password: true };
            let just_created = activity.outcome.succeeded() && action.change == Change::Creates;
            Subject::User(directory.fresh_user(&question, just_created, deadline).await)
        }
        Thing::Role => Subject::Role(directory.fresh_role(name.raw(), deadline).await),
        Thing::Group => Subject::Group(directory.group(name.raw(), deadline).await),
        Thing::Policy => match target.arn.as_ref().filter(|arn| !power::is_aws_managed(arn.raw())) {
            Some(arn) => {
                let version = activity.object.name.as_ref().map(|version| version.raw().to_owned());
                let question = PolicyQuestion { arn: arn.raw().to_owned(), version };
                Subject::Policy(directory.managed_policy(&question, deadline).await)
            }
            None => Subject::NotAsked("the event does not tell its ARN"),
        },
        _ => Subject::NotAsked("all that matters stands in the event"),
    }
}

/// What the call took away; or what it gave, if the target's own policies do not tell it: because IAM does not show it
/// yet or any more, because the call failed, or because it is a boundary.
async fn ask_for_given<D: Directory>(
    directory: &D,
    activity: &Activity,
    target: Option<&Subject>,
    here: bool,
    deadline: Instant,
) -> Holdings {
    let holdings = target.and_then(Subject::holdings);
    let held = |is: &dyn Fn(&Policy) -> bool| holdings.is_some_and(|held| held.policies.iter().any(is));
    match (activity.action.change, &activity.object) {
        (Change::Attaches | Change::Bounds | Change::Frees, Object { arn: Some(arn), name: Some(name) })
            if !held(&|policy| policy.via == Via::Attached && policy.arn.as_ref() == Some(arn)) =>
        {
            let document = match Arn::parse(arn.raw()) {
                _ if power::is_aws_managed(arn.raw()) => Lookup::not_asked("AWS manages it"),
                Some(parsed) if here && parsed.service == "iam" => directory.policy_document(arn.raw(), deadline).await,
                _ => Lookup::not_asked(OTHER_ACCOUNT),
            };
            Holdings::of(Policy { name: name.clone(), via: Via::Attached, arn: Some(arn.clone()), document })
        }
        (Change::Joins | Change::Frees, Object { name: Some(name), .. })
            if here
                && activity.action.is_about_membership()
                && !held(&|policy| policy.via == Via::Group(name.clone())) =>
        {
            let mut given = directory.group(name.raw(), deadline).await.holdings.clone();
            for policy in &mut given.policies {
                policy.via = Via::Group(name.clone());
            }
            given
        }
        _ => Holdings::default(),
    }
}
