//! The directory that asks AWS: IAM's read calls, by the SDK.
//!
//! Every call has the same deadline, and its failure is an answer like any other. Calls that do not need
//! each other's answers run side by side. The longest chain is three calls (groups, a group's policies, a
//! policy), four where a customer managed policy of a group is read (its default version comes in between). Two more
//! follow where IAM does not show yet what was given: that policy is then read by itself.

use super::memory::Memory;
use super::power::is_aws_managed;
use super::{
    AccessKey, Directory, Group, Holdings, KeyUse, List, Lookup, ManagedPolicy, Members, Policy, PolicyProfile,
    PolicyQuestion, Provenance, Role, RoleProfile, RoleQuestion, Unavailable, User, UserProfile, UserQuestion, Via,
    decoded,
};
use crate::cloudtrail::Thing;
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use aws_sdk_iam::Client;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::types::{AttachedPermissionsBoundary, AttachedPolicy, StatusType, Tag};
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use std::error::Error;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout_at};

/// How long callers and policy documents are remembered.
const REMEMBERED_FOR: Duration = Duration::from_mins(5);
/// How many of each are remembered.
const REMEMBERED: usize = 200;
/// How much of a list is read. IAM's own quotas are lower for all but inline policies.
const LISTED: usize = 100;
/// The same, where one call reads the list.
const LISTED_AT_ONCE: i32 = 100;
/// How many documents of one list are read.
const READ: usize = 25;

/// How often a user that was just created, and is not there yet, is asked for, and the pause before each
/// further time. IAM is eventually consistent; within seconds as a rule.
const PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1_200)];

/// Asks IAM.
#[derive(Debug)]
pub struct IamDirectory {
    client: Client,
    account: Option<String>,
    alias: OnceCell<Option<Untrusted>>,
    users: Memory<UserQuestion, Rc<User>>,
    roles: Memory<RoleQuestion, Rc<Role>>,
    documents: Memory<String, Rc<str>>,
}

impl IamDirectory {
    /// A directory of the account with this id, which the client's credentials belong to.
    #[must_use]
    pub fn new(client: Client, account: Option<String>) -> Self {
        Self {
            client,
            account,
            alias: OnceCell::new(),
            users: Memory::new(REMEMBERED_FOR, REMEMBERED),
            roles: Memory::new(REMEMBERED_FOR, REMEMBERED),
            documents: Memory::new(REMEMBERED_FOR, REMEMBERED),
        }
    }

    async fn user(&self, question: &UserQuestion, age: Age, deadline: Instant) -> User {
        let name = question.name.as_str();
        let asked = Utc::now();
        let groups = async {
            let groups = self.groups(name, deadline).await;
            let of_groups = match &groups {
                Lookup::Found(list) => {
                    join_all(list.items.iter().take(READ).map(|group| self.of_group(group, age, deadline))).await
                }
                Lookup::Missing => vec![Holdings::gap(&"groups".into(), &Unavailable::NotVisible)],
                Lookup::Unavailable(reason) => vec![Holdings::gap(&"groups".into(), reason)],
            };
            (groups, of_groups)
        };
        // What further calls wait for is sent before the rest is even written: a dozen requests take a moment.
        let rest = async {
            yield_now().await;
            tokio::join!(
                self.user_profile(name, deadline),
                self.mfa_devices(name, deadline),
                self.access_keys(name, deadline),
                self.password(question, deadline),
                self.key_last_used(question, deadline),
            )
        };
        let ((groups, of_groups), attached, inline, (profile, mfa_devices, access_keys, password, key_last_used)) = tokio::join!(
            biased;
            groups,
            self.attached_to_user(name, age, deadline),
            self.inline_of_user(name, deadline),
            rest,
        );
        let mut holdings = attached;
        holdings.extend(inline);
        for of_group in of_groups {
            holdings.extend(of_group);
        }
        if let Lookup::Found(list) = &groups {
            let read = List { items: vec![(); list.items.len().min(READ)], more: list.more || list.items.len() > READ };
            holdings = holdings.told_if_cut(&"groups".into(), &read);
        }
        User {
            profile,
            groups,
            holdings,
            mfa_devices,
            access_keys,
            password,
            key_last_used,
            provenance: Provenance::Live(asked),
        }
        .reconciled()
    }

    async fn user_profile(&self, name: &str, deadline: Instant) -> Lookup<UserProfile> {
        let answer = ask(deadline, "iam:GetUser", self.client.get_user().user_name(name).send()).await;
        and_then(answer, |answer| answer.user).map(|user| UserProfile {
            created: time(Some(&user.create_date)),
            password_last_used: time(user.password_last_used.as_ref()),
            boundary: boundary(user.permissions_boundary),
            tags: tags(user.tags),
            name: user.user_name.into(),
            id: user.user_id.into(),
            arn: user.arn.into(),
        })
    }

    async fn groups(&self, user: &str, deadline: Instant) -> Lookup<List<Untrusted>> {
        let mut pages = self.client.list_groups_for_user().user_name(user).into_paginator().items().send();
        list(deadline, "iam:ListGroupsForUser", async || pages.next().await, |group| group.group_name.into()).await
    }

    async fn mfa_devices(&self, user: &str, deadline: Instant) -> Lookup<List<Untrusted>> {
        let mut pages = self.client.list_mfa_devices().user_name(user).into_paginator().items().send();
        list(deadline, "iam:ListMFADevices", async || pages.next().await, |device| device.serial_number.into()).await
    }

    async fn access_keys(&self, user: &str, deadline: Instant) -> Lookup<List<AccessKey>> {
        let mut pages = self.client.list_access_keys().user_name(user).into_paginator().items().send();
        list(
            deadline,
            "iam:ListAccessKeys",
            async || pages.next().await,
            |key| AccessKey {
                id: key.access_key_id.unwrap_or_default().into(),
                active: key.status == Some(StatusType::Active),
                created: time(key.create_date.as_ref()),
            },
        )
        .await
    }

    async fn password(&self, question: &UserQuestion, deadline: Instant) -> Lookup<DateTime<Utc>> {
        if !question.password {
            return Lookup::not_asked("not needed of the caller");
        }
        let call = self.client.get_login_profile().user_name(&question.name).send();
        let answer = ask(deadline, "iam:GetLoginProfile", call).await;
        and_then(answer, |answer| answer.login_profile.and_then(|profile| time(Some(&profile.create_date))))
    }

    async fn key_last_used(&self, question: &UserQuestion, deadline: Instant) -> Lookup<KeyUse> {
        let Some(key) = &question.key_in_use else {
            return Lookup::not_asked("not signed with a long-lived key");
        };
        let call = self.client.get_access_key_last_used().access_key_id(key).send();
        let answer = ask(deadline, "iam:GetAccessKeyLastUsed", call).await;
        // IAM writes "N/A" for a service and a region that there are none of.
        let told = |text: String| (!text.is_empty() && text != "N/A").then(|| text.into());
        and_then(answer, |answer| answer.access_key_last_used).map(|last| KeyUse {
            at: time(last.last_used_date.as_ref()),
            service: told(last.service_name),
            region: told(last.region),
        })
    }

    async fn attached_to_user(&self, name: &str, age: Age, deadline: Instant) -> Holdings {
        let mut pages = self.client.list_attached_user_policies().user_name(name).into_paginator().items().send();
        let found = list(deadline, "iam:ListAttachedUserPolicies", async || pages.next().await, name_and_arn).await;
        self.attached(found, &"attached policies".into(), || Via::Attached, age, deadline).await
    }

    async fn inline_of_user(&self, name: &str, deadline: Instant) -> Holdings {
        let mut pages = self.client.list_user_policies().user_name(name).into_paginator().items().send();
        let found = list(deadline, "iam:ListUserPolicies", async || pages.next().await, Untrusted::new).await;
        let read = async |policy: &str| {
            let call = self.client.get_user_policy().user_name(name).policy_name(policy).send();
            ask(deadline, "iam:GetUserPolicy", call).await.map(|answer| answer.policy_document)
        };
        inline(found, &"inline policies".into(), || Via::Inline, read).await
    }

    async fn of_group(&self, group: &Untrusted, age: Age, deadline: Instant) -> Holdings {
        let name = group.raw();
        let via = || Via::Group(group.clone());
        let attached = async {
            let mut pages = self.client.list_attached_group_policies().group_name(name).into_paginator().items().send();
            let found =
                list(deadline, "iam:ListAttachedGroupPolicies", async || pages.next().await, name_and_arn).await;
            self.attached(found, &phrase!("policies of the group ", group), via, age, deadline).await
        };
        let inlined = async {
            let mut pages = self.client.list_group_policies().group_name(name).into_paginator().items().send();
            let found = list(deadline, "iam:ListGroupPolicies", async || pages.next().await, Untrusted::new).await;
            let read = async |policy: &str| {
                let call = self.client.get_group_policy().group_name(name).policy_name(policy).send();
                ask(deadline, "iam:GetGroupPolicy", call).await.map(|answer| answer.policy_document)
            };
            inline(found, &phrase!("inline policies of the group ", group), via, read).await
        };
        let (mut holdings, inlined) = tokio::join!(attached, inlined);
        holdings.extend(inlined);
        holdings
    }

    async fn role(&self, name: &str, age: Age, deadline: Instant) -> Role {
        let asked = Utc::now();
        let attached = async {
            let mut pages = self.client.list_attached_role_policies().role_name(name).into_paginator().items().send();
            let found = list(deadline, "iam:ListAttachedRolePolicies", async || pages.next().await, name_and_arn).await;
            self.attached(found, &"attached policies".into(), || Via::Attached, age, deadline).await
        };
        let inlined = async {
            let mut pages = self.client.list_role_policies().role_name(name).into_paginator().items().send();
            let found = list(deadline, "iam:ListRolePolicies", async || pages.next().await, Untrusted::new).await;
            let read = async |policy: &str| {
                let call = self.client.get_role_policy().role_name(name).policy_name(policy).send();
                ask(deadline, "iam:GetRolePolicy", call).await.map(|answer| answer.policy_document)
            };
            inline(found, &"inline policies".into(), || Via::Inline, read).await
        };
        let (mut holdings, inlined, profile) = tokio::join!(attached, inlined, self.role_profile(name, deadline));
        holdings.extend(inlined);
        if profile == Lookup::Missing {
            holdings = Holdings::default();
        }
        Role { profile, holdings, provenance: Provenance::Live(asked) }
    }

    async fn role_profile(&self, name: &str, deadline: Instant) -> Lookup<RoleProfile> {
        let answer = ask(deadline, "iam:GetRole", self.client.get_role().role_name(name).send()).await;
        and_then(answer, |answer| answer.role).map(|role| RoleProfile {
            created: time(Some(&role.create_date)),
            description: role.description.filter(|text| !text.is_empty()).map(Untrusted::new),
            last_used: role
                .role_last_used
                .and_then(|last| Some((time(last.last_used_date.as_ref())?, last.region.map(Untrusted::new)))),
            boundary: boundary(role.permissions_boundary),
            tags: tags(role.tags),
            trust: role.assume_role_policy_document.as_deref().map(decoded),
            name: role.role_name.into(),
            id: role.role_id.into(),
            arn: role.arn.into(),
        })
    }

    /// Managed policies with their documents, but for those of AWS, which are known by name.
    async fn attached(
        &self,
        found: Lookup<List<(Untrusted, Untrusted)>>,
        what: &Phrase,
        via: impl Fn() -> Via,
        age: Age,
        deadline: Instant,
    ) -> Holdings {
        let list = match found {
            Lookup::Found(list) => list,
            Lookup::Missing => return Holdings::gap(what, &Unavailable::NotVisible),
            Lookup::Unavailable(reason) => return Holdings::gap(what, &reason),
        };
        let read = list.items.iter().enumerate().map(async |(i, (_, arn))| {
            if is_aws_managed(arn.raw()) {
                Lookup::not_asked("AWS manages it")
            } else if i >= READ {
                Lookup::not_asked(TOO_MANY)
            } else {
                self.managed_document(arn.raw(), age, deadline).await
            }
        });
        let documents = join_all(read).await;
        let policies = list
            .items
            .iter()
            .zip(documents)
            .map(|((name, arn), document)| Policy { name: name.clone(), via: via(), arn: Some(arn.clone()), document })
            .collect();
        Holdings { policies, ..Holdings::default() }.told_if_cut(what, &list)
    }

    async fn members(&self, group: &str, deadline: Instant) -> Lookup<Members> {
        let call = self.client.get_group().group_name(group).max_items(LISTED_AT_ONCE).send();
        let answer = ask(deadline, "iam:GetGroup", call).await;
        and_then(answer, |answer| {
            let users = answer.users.into_iter().map(|user| user.user_name.into()).collect();
            Some(Members { arn: answer.group?.arn.into(), users: List { items: users, more: answer.is_truncated } })
        })
    }

    async fn holders(&self, policy: &str, deadline: Instant) -> Lookup<List<(Thing, Untrusted)>> {
        let call = self.client.list_entities_for_policy().policy_arn(policy).max_items(LISTED_AT_ONCE).send();
        ask(deadline, "iam:ListEntitiesForPolicy", call).await.map(|answer| {
            let users = answer.policy_users.into_iter().flatten().map(|user| (Thing::User, user.user_name));
            let roles = answer.policy_roles.into_iter().flatten().map(|role| (Thing::Role, role.role_name));
            let groups = answer.policy_groups.into_iter().flatten().map(|group| (Thing::Group, group.group_name));
            let all = users.chain(roles).chain(groups);
            let items = all.map(|(thing, name)| (thing, name.unwrap_or_default().into())).collect();
            List { items, more: answer.is_truncated }
        })
    }

    async fn policy_profile(&self, arn: &str, deadline: Instant) -> Lookup<PolicyProfile> {
        let answer = ask(deadline, "iam:GetPolicy", self.client.get_policy().policy_arn(arn).send()).await;
        and_then(answer, |answer| answer.policy).map(|policy| PolicyProfile {
            name: policy.policy_name.unwrap_or_default().into(),
            arn: policy.arn.unwrap_or_else(|| arn.to_owned()).into(),
            created: time(policy.create_date.as_ref()),
            default_version: policy.default_version_id.map(Untrusted::new),
        })
    }

    async fn managed_document(&self, arn: &str, age: Age, deadline: Instant) -> Lookup<Rc<str>> {
        if let (Age::SomeMinutes, Some(document)) = (age, self.documents.get(&arn.to_owned())) {
            return Lookup::Found(document);
        }
        let profile = self.policy_profile(arn, deadline).await;
        let document = self.default_document(arn, &profile, deadline).await;
        if let Lookup::Found(document) = &document {
            self.documents.put(arn.to_owned(), document.clone());
        }
        document
    }

    /// The document of a policy's default version.
    async fn default_document(&self, arn: &str, profile: &Lookup<PolicyProfile>, deadline: Instant) -> Lookup<Rc<str>> {
        let version = match profile.clone() {
            Lookup::Found(PolicyProfile { default_version: Some(version), .. }) => version.raw().to_owned(),
            Lookup::Found(_) => return Lookup::Unavailable(Unavailable::Failed("without a default version".into())),
            Lookup::Missing => return Lookup::Missing,
            Lookup::Unavailable(reason) => return Lookup::Unavailable(reason),
        };
        self.document_of(arn, version, deadline).await
    }

    async fn document_of(&self, arn: &str, version: String, deadline: Instant) -> Lookup<Rc<str>> {
        let call = self.client.get_policy_version().policy_arn(arn).version_id(version).send();
        let answer = ask(deadline, "iam:GetPolicyVersion", call).await;
        and_then(answer, |answer| answer.policy_version?.document).map(|document| decoded(&document))
    }
}

/// How old what is told may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// As it is now: of what was just changed, nothing older is true.
    Now,
    /// Remembered, if it is: who calls seldom changes from one call to the next.
    SomeMinutes,
}

impl Directory for IamDirectory {
    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    async fn known_user(&self, question: &UserQuestion, deadline: Instant) -> Rc<User> {
        if let Some(user) = self.users.get(question) {
            return user;
        }
        let user = Rc::new(Box::pin(self.user(question, Age::SomeMinutes, deadline)).await);
        if user.unanswered() == 0 && user.profile.found().is_some() {
            self.users.put(question.clone(), user.clone());
        }
        user
    }

    async fn fresh_user(&self, question: &UserQuestion, just_created: bool, deadline: Instant) -> Rc<User> {
        let mut user = Box::pin(self.user(question, Age::Now, deadline)).await;
        for pause in PAUSES.into_iter().take_while(|_| just_created) {
            if user.is_settled() || Instant::now() + pause >= deadline {
                break;
            }
            tokio::time::sleep(pause).await;
            // One call tells whether the others are worth making: IAM's rate limit is the account's.
            if user.profile == Lookup::Missing && self.user_profile(&question.name, deadline).await == Lookup::Missing {
                continue;
            }
            user = Box::pin(self.user(question, Age::Now, deadline)).await;
        }
        Rc::new(user)
    }

    async fn known_role(&self, question: &RoleQuestion, deadline: Instant) -> Rc<Role> {
        if let Some(role) = self.roles.get(question) {
            return role;
        }
        let role = Rc::new(Box::pin(self.role(&question.name, Age::SomeMinutes, deadline)).await);
        if role.unanswered() == 0 && role.profile.found().is_some() {
            self.roles.put(question.clone(), role.clone());
        }
        role
    }

    async fn fresh_role(&self, name: &str, deadline: Instant) -> Rc<Role> {
        Rc::new(Box::pin(self.role(name, Age::Now, deadline)).await)
    }

    async fn group(&self, name: &str, deadline: Instant) -> Rc<Group> {
        let asked = Utc::now();
        let group = Untrusted::new(name);
        let (members, mut holdings) =
            Box::pin(async { tokio::join!(self.members(name, deadline), self.of_group(&group, Age::Now, deadline)) })
                .await;
        if members == Lookup::Missing {
            holdings = Holdings::default();
        }
        // In a group's own section it goes without saying which group they are of.
        for policy in &mut holdings.policies {
            policy.via = if policy.arn.is_some() { Via::Attached } else { Via::Inline };
        }
        Rc::new(Group { members, holdings, provenance: Provenance::Live(asked) })
    }

    async fn managed_policy(&self, question: &PolicyQuestion, deadline: Instant) -> Rc<ManagedPolicy> {
        let (asked, arn) = (Utc::now(), question.arn.as_str());
        let read = async {
            let Some(version) = &question.version else {
                let profile = self.policy_profile(arn, deadline).await;
                let document = self.default_document(arn, &profile, deadline).await;
                return (profile, document);
            };
            tokio::join!(self.policy_profile(arn, deadline), self.document_of(arn, version.clone(), deadline))
        };
        let ((profile, document), holders) = Box::pin(async { tokio::join!(read, self.holders(arn, deadline)) }).await;
        Rc::new(ManagedPolicy { profile, document, holders, provenance: Provenance::Live(asked) })
    }

    async fn policy_document(&self, arn: &str, deadline: Instant) -> Lookup<Rc<str>> {
        Box::pin(self.managed_document(arn, Age::Now, deadline)).await
    }

    async fn account_alias(&self, deadline: Instant) -> Lookup<Untrusted> {
        let fetched = self.alias.get_or_try_init(async || {
            let call = Box::pin(self.client.list_account_aliases().send());
            match ask(deadline, "iam:ListAccountAliases", call).await {
                Lookup::Found(answer) => Ok(answer.account_aliases.into_iter().next().map(Untrusted::new)),
                Lookup::Missing => Ok(None),
                Lookup::Unavailable(reason) => Err(reason),
            }
        });
        // The one who fetches it may have a later deadline than the one who waits for it.
        let Ok(fetched) = timeout_at(deadline, fetched).await else {
            return Lookup::Unavailable(Unavailable::TimedOut);
        };
        match fetched {
            Ok(Some(alias)) => Lookup::Found(alias.clone()),
            Ok(None) => Lookup::Missing,
            Err(reason) => Lookup::Unavailable(reason),
        }
    }
}

const TOO_MANY: &str = "more policies than are read for one alert";

/// Inline policies with their documents.
async fn inline(
    found: Lookup<List<Untrusted>>,
    what: &Phrase,
    via: impl Fn() -> Via,
    read: impl AsyncFn(&str) -> Lookup<String>,
) -> Holdings {
    let list = match found {
        Lookup::Found(list) => list,
        Lookup::Missing => return Holdings::gap(what, &Unavailable::NotVisible),
        Lookup::Unavailable(reason) => return Holdings::gap(what, &reason),
    };
    let documents = join_all(
        list.items.iter().enumerate().map(
            async |(i, name)| {
                if i < READ { read(name.raw()).await } else { Lookup::not_asked(TOO_MANY) }
            },
        ),
    )
    .await;
    let policies = list
        .items
        .iter()
        .zip(documents)
        .map(|(name, document)| Policy {
            name: name.clone(),
            via: via(),
            arn: None,
            document: document.map(|document| decoded(&document)),
        })
        .collect();
    Holdings { policies, ..Holdings::default() }.told_if_cut(what, &list)
}

/// Waits for one call, until the deadline at most.
async fn ask<T, E, R>(
    deadline: Instant,
    action: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> Lookup<T>
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    match timeout_at(deadline, call).await {
        Ok(Ok(answer)) => Lookup::Found(answer),
        Ok(Err(error)) => refused(action, &error),
        Err(_) => Lookup::Unavailable(Unavailable::TimedOut),
    }
}

/// Reads a list until its end, its bound or the deadline.
async fn list<I, T, E, R>(
    deadline: Instant,
    action: &'static str,
    mut next: impl AsyncFnMut() -> Option<Result<I, SdkError<E, R>>>,
    make: impl Fn(I) -> T,
) -> Lookup<List<T>>
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let mut list = List { items: Vec::new(), more: false };
    loop {
        match timeout_at(deadline, next()).await {
            Ok(None) => return Lookup::Found(list),
            Ok(Some(Ok(_))) if list.items.len() == LISTED => {
                list.more = true;
                return Lookup::Found(list);
            }
            Ok(Some(Ok(item))) => list.items.push(make(item)),
            Ok(Some(Err(error))) => return refused(action, &error),
            Err(_) => return Lookup::Unavailable(Unavailable::TimedOut),
        }
    }
}

/// What an error says about the fact that was asked for.
fn refused<T, E, R>(action: &'static str, error: &SdkError<E, R>) -> Lookup<T>
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let reason = match error.code() {
        Some("NoSuchEntity" | "NoSuchEntityException") => return Lookup::Missing,
        Some("AccessDenied" | "AccessDeniedException") => Unavailable::Denied(action),
        Some("Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "TooManyRequestsException") => {
            Unavailable::Throttled
        }
        Some(code) => Unavailable::Failed(code.into()),
        None => match error {
            SdkError::TimeoutError(_) => Unavailable::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Unavailable::TimedOut,
            SdkError::DispatchFailure(_) => Unavailable::Unreachable,
            _ => Unavailable::Failed("something that is not understood".into()),
        },
    };
    // The code and no more: the whole error holds the raw answer, and that may hold a policy.
    tracing::warn!(action, reason = reason.words().plain(), cause = cause(error), "lookup failed");
    Lookup::Unavailable(reason)
}

/// What kept a call from being answered at all, in a few words.
fn cause<E, R>(error: &SdkError<E, R>) -> String {
    let mut cause: Option<&dyn Error> = match error {
        SdkError::DispatchFailure(failure) => failure.as_connector_error().map(|error| error as &dyn Error),
        // Of an answer nothing is repeated but its code.
        _ => None,
    };
    let mut words = Vec::new();
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.join(": ")
}

/// The part of an answer that is wanted. That it is absent is not among what IAM documents.
fn and_then<T, U>(answer: Lookup<T>, part: impl FnOnce(T) -> Option<U>) -> Lookup<U> {
    match answer.map(part) {
        Lookup::Found(Some(part)) => Lookup::Found(part),
        Lookup::Found(None) => Lookup::Unavailable(Unavailable::Failed("without what was asked for".into())),
        Lookup::Missing => Lookup::Missing,
        Lookup::Unavailable(reason) => Lookup::Unavailable(reason),
    }
}

fn time(time: Option<&aws_sdk_iam::primitives::DateTime>) -> Option<DateTime<Utc>> {
    time.and_then(|time| DateTime::from_timestamp(time.secs(), time.subsec_nanos()))
}

fn boundary(boundary: Option<AttachedPermissionsBoundary>) -> Option<Untrusted> {
    boundary?.permissions_boundary_arn.map(Untrusted::new)
}

fn tags(tags: Option<Vec<Tag>>) -> Vec<(Untrusted, Untrusted)> {
    tags.into_iter().flatten().map(|tag| (tag.key.into(), tag.value.into())).collect()
}

/// Name and ARN.
fn name_and_arn(policy: AttachedPolicy) -> (Untrusted, Untrusted) {
    (policy.policy_name.unwrap_or_default().into(), policy.policy_arn.unwrap_or_default().into())
}
