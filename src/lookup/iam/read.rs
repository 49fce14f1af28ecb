//! Reads users, roles, groups and policies, each with its related facts, in parallel.

use super::calls::{Calls, and_then, boundary, name_and_arn, tags, time};
use crate::catalog::TargetKind;
use crate::limits::{CACHED, CACHED_FOR, DOCUMENTS_READ, LISTED_AT_ONCE};
use crate::lookup::cache::Cache;
use crate::lookup::{
    AccessKey, AttachedPolicies, AttachedPolicy, Attachment, KeyUse, Listing, Lookup, Members, PolicyProfile,
    Provenance, Role, RoleProfile, Unavailable, User, UserProfile, UserQuestion,
};
use crate::phrase;
use crate::policy::{Parsed, is_aws_managed, never_changes};
use crate::text::{Phrase, Untrusted};
use aws_sdk_iam::Client;
use aws_sdk_iam::types::StatusType;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use tokio::sync::OnceCell;
use tokio::task::yield_now;
use tokio::time::Instant;

/// Reads from IAM in one account. Policy documents are cached.
#[derive(Debug)]
pub(super) struct IamReader {
    pub(super) client: Client,
    pub(super) calls: Calls,
    documents: Rc<Documents>,
}

/// The documents of managed policies, for all accounts: an ARN contains the account, and AWS's own policies are the same
/// everywhere.
#[derive(Debug)]
pub(super) struct Documents {
    known: Cache<String, Parsed>,
    /// The documents that are being asked for: caller and target often have the same policies.
    asked: RefCell<HashMap<String, Rc<OnceCell<Lookup<Parsed>>>>>,
}

impl Default for Documents {
    fn default() -> Self {
        Self { known: Cache::new(CACHED_FOR, CACHED), asked: RefCell::default() }
    }
}

impl IamReader {
    pub(super) fn new(client: Client, documents: Rc<Documents>) -> Self {
        Self { client, calls: Calls::default(), documents }
    }

    pub(super) async fn user(&self, question: &UserQuestion, age: Age, deadline: Instant) -> User {
        let name = question.name.as_str();
        let asked = Utc::now();
        let groups = async {
            let groups = self.groups(name, deadline).await;
            let of_groups = match &groups {
                Lookup::Found(list) => {
                    join_all(list.items.iter().take(DOCUMENTS_READ).map(|group| self.of_group(group, age, deadline)))
                        .await
                }
                Lookup::Missing => vec![AttachedPolicies::gap(&"groups".into(), &Unavailable::NotVisible)],
                Lookup::Unavailable(reason) => vec![AttachedPolicies::gap(&"groups".into(), reason)],
            };
            (groups, of_groups)
        };
        // The calls that other calls depend on are sent first: writing a dozen requests takes a moment.
        let rest = async {
            yield_now().await;
            tokio::join!(
                async {
                    let profile = self.user_profile(name, deadline).await;
                    let boundary = profile.found().and_then(|profile| profile.boundary.clone());
                    let boundary = self.boundary(boundary, age, deadline).await;
                    (profile, boundary)
                },
                self.mfa_devices(name, deadline),
                self.access_keys(name, deadline),
                self.password(question, deadline),
                self.key_last_used(question, deadline),
            )
        };
        let (
            (groups, of_groups),
            attached,
            inline,
            ((profile, boundary), mfa_devices, access_keys, password, key_last_used),
        ) = tokio::join!(
            biased;
            groups,
            self.attached_to_user(name, age, deadline),
            self.inline_of_user(name, deadline),
            rest,
        );
        let mut attached = AttachedPolicies { boundary, ..attached };
        attached.extend(inline);
        for of_group in of_groups {
            attached.extend(of_group);
        }
        if let Lookup::Found(list) = &groups {
            let read = Listing {
                items: vec![(); list.items.len().min(DOCUMENTS_READ)],
                more: list.more || list.items.len() > DOCUMENTS_READ,
            };
            attached = attached.noting_cut(&"groups".into(), &read);
        }
        User {
            profile,
            groups,
            attached,
            mfa_devices,
            access_keys,
            password,
            key_last_used,
            provenance: Provenance::Live(asked),
        }
        .reconciled()
    }

    pub(super) async fn user_profile(&self, name: &str, deadline: Instant) -> Lookup<UserProfile> {
        let answer = self.calls.ask(deadline, "iam:GetUser", || self.client.get_user().user_name(name).send()).await;
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

    pub(super) async fn groups(&self, user: &str, deadline: Instant) -> Lookup<Listing<Untrusted>> {
        let pages = || self.client.list_groups_for_user().user_name(user).into_paginator().items().send();
        self.calls.list(deadline, "iam:ListGroupsForUser", pages, |group| group.group_name.into()).await
    }

    pub(super) async fn mfa_devices(&self, user: &str, deadline: Instant) -> Lookup<Listing<Untrusted>> {
        let pages = || self.client.list_mfa_devices().user_name(user).into_paginator().items().send();
        self.calls.list(deadline, "iam:ListMFADevices", pages, |device| device.serial_number.into()).await
    }

    pub(super) async fn access_keys(&self, user: &str, deadline: Instant) -> Lookup<Listing<AccessKey>> {
        let pages = || self.client.list_access_keys().user_name(user).into_paginator().items().send();
        self.calls
            .list(deadline, "iam:ListAccessKeys", pages, |key| AccessKey {
                id: key.access_key_id.unwrap_or_default().into(),
                active: key.status == Some(StatusType::Active),
                created: time(key.create_date.as_ref()),
            })
            .await
    }

    pub(super) async fn password(&self, question: &UserQuestion, deadline: Instant) -> Lookup<DateTime<Utc>> {
        if !question.password {
            return Lookup::not_asked("not needed of the caller");
        }
        let call = || self.client.get_login_profile().user_name(&question.name).send();
        let answer = self.calls.ask(deadline, "iam:GetLoginProfile", call).await;
        and_then(answer, |answer| answer.login_profile.and_then(|profile| time(Some(&profile.create_date))))
    }

    pub(super) async fn key_last_used(&self, question: &UserQuestion, deadline: Instant) -> Lookup<KeyUse> {
        let Some(key) = &question.key_in_use else {
            return Lookup::not_asked("not signed with a long-lived key");
        };
        let call = || self.client.get_access_key_last_used().access_key_id(key).send();
        let answer = self.calls.ask(deadline, "iam:GetAccessKeyLastUsed", call).await;
        // IAM writes "N/A" if there is no service or no region.
        let stated = |text: String| (!text.is_empty() && text != "N/A").then(|| text.into());
        and_then(answer, |answer| answer.access_key_last_used).map(|last| KeyUse {
            at: time(last.last_used_date.as_ref()),
            service: stated(last.service_name),
            region: stated(last.region),
        })
    }

    pub(super) async fn attached_to_user(&self, name: &str, age: Age, deadline: Instant) -> AttachedPolicies {
        let pages = || self.client.list_attached_user_policies().user_name(name).into_paginator().items().send();
        let found = self.calls.list(deadline, "iam:ListAttachedUserPolicies", pages, name_and_arn).await;
        self.attached(found, &"attached policies".into(), || Attachment::Attached, age, deadline).await
    }

    pub(super) async fn inline_of_user(&self, name: &str, deadline: Instant) -> AttachedPolicies {
        let pages = || self.client.list_user_policies().user_name(name).into_paginator().items().send();
        let found = self.calls.list(deadline, "iam:ListUserPolicies", pages, Untrusted::new).await;
        let read = async |policy: &str| {
            let call = || self.client.get_user_policy().user_name(name).policy_name(policy).send();
            self.calls.ask(deadline, "iam:GetUserPolicy", call).await.map(|answer| answer.policy_document)
        };
        inline(found, &"inline policies".into(), || Attachment::Inline, read).await
    }

    pub(super) async fn of_group(&self, group: &Untrusted, age: Age, deadline: Instant) -> AttachedPolicies {
        let name = group.raw();
        let via = || Attachment::Group(group.clone());
        let attached = async {
            let pages = || self.client.list_attached_group_policies().group_name(name).into_paginator().items().send();
            let found = self.calls.list(deadline, "iam:ListAttachedGroupPolicies", pages, name_and_arn).await;
            self.attached(found, &phrase!("policies of the group ", group), via, age, deadline).await
        };
        let inlined = async {
            let pages = || self.client.list_group_policies().group_name(name).into_paginator().items().send();
            let found = self.calls.list(deadline, "iam:ListGroupPolicies", pages, Untrusted::new).await;
            let read = async |policy: &str| {
                let call = || self.client.get_group_policy().group_name(name).policy_name(policy).send();
                self.calls.ask(deadline, "iam:GetGroupPolicy", call).await.map(|answer| answer.policy_document)
            };
            inline(found, &phrase!("inline policies of the group ", group), via, read).await
        };
        let (mut attached, inlined) = tokio::join!(attached, inlined);
        attached.extend(inlined);
        attached
    }

    pub(super) async fn role(&self, name: &str, age: Age, deadline: Instant) -> Role {
        let asked = Utc::now();
        let attached = async {
            let pages = || self.client.list_attached_role_policies().role_name(name).into_paginator().items().send();
            let found = self.calls.list(deadline, "iam:ListAttachedRolePolicies", pages, name_and_arn).await;
            self.attached(found, &"attached policies".into(), || Attachment::Attached, age, deadline).await
        };
        let inlined = async {
            let pages = || self.client.list_role_policies().role_name(name).into_paginator().items().send();
            let found = self.calls.list(deadline, "iam:ListRolePolicies", pages, Untrusted::new).await;
            let read = async |policy: &str| {
                let call = || self.client.get_role_policy().role_name(name).policy_name(policy).send();
                self.calls.ask(deadline, "iam:GetRolePolicy", call).await.map(|answer| answer.policy_document)
            };
            inline(found, &"inline policies".into(), || Attachment::Inline, read).await
        };
        let profile = async {
            let profile = self.role_profile(name, deadline).await;
            let boundary = profile.found().and_then(|profile| profile.boundary.clone());
            let boundary = self.boundary(boundary, age, deadline).await;
            (profile, boundary)
        };
        let (mut attached, inlined, (profile, boundary)) = tokio::join!(attached, inlined, profile);
        attached.extend(inlined);
        attached.boundary = boundary;
        if profile == Lookup::Missing {
            attached = AttachedPolicies::default();
        }
        Role { profile, attached, provenance: Provenance::Live(asked) }
    }

    /// The permissions boundary with this ARN.
    async fn boundary(&self, arn: Option<Untrusted>, age: Age, deadline: Instant) -> Option<AttachedPolicy> {
        let arn = arn?;
        let document = self.managed_document(arn.raw(), age, deadline).await;
        Some(AttachedPolicy::boundary(arn, document))
    }

    pub(super) async fn role_profile(&self, name: &str, deadline: Instant) -> Lookup<RoleProfile> {
        let answer = self.calls.ask(deadline, "iam:GetRole", || self.client.get_role().role_name(name).send()).await;
        and_then(answer, |answer| answer.role).map(|role| RoleProfile {
            created: time(Some(&role.create_date)),
            description: role.description.filter(|text| !text.is_empty()).map(Untrusted::new),
            last_used: role
                .role_last_used
                .and_then(|last| Some((time(last.last_used_date.as_ref())?, last.region.map(Untrusted::new)))),
            boundary: boundary(role.permissions_boundary),
            tags: tags(role.tags),
            trust: role.assume_role_policy_document.as_deref().map(Parsed::of),
            name: role.role_name.into(),
            id: role.role_id.into(),
            arn: role.arn.into(),
        })
    }

    /// Managed policies with their documents.
    pub(super) async fn attached(
        &self,
        found: Lookup<Listing<(Untrusted, Untrusted)>>,
        what: &Phrase,
        via: impl Fn() -> Attachment,
        age: Age,
        deadline: Instant,
    ) -> AttachedPolicies {
        let list = match found {
            Lookup::Found(list) => list,
            Lookup::Missing => return AttachedPolicies::gap(what, &Unavailable::NotVisible),
            Lookup::Unavailable(reason) => return AttachedPolicies::gap(what, &reason),
        };
        let read = list.items.iter().enumerate().map(async |(i, (_, arn))| {
            if never_changes(arn.raw()) {
                Lookup::not_asked("its content is known")
            } else if i >= DOCUMENTS_READ {
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
            .map(|((name, arn), document)| AttachedPolicy {
                name: name.clone(),
                via: via(),
                arn: Some(arn.clone()),
                document,
            })
            .collect();
        AttachedPolicies { policies, ..AttachedPolicies::default() }.noting_cut(what, &list)
    }

    pub(super) async fn members(&self, group: &str, deadline: Instant) -> Lookup<Members> {
        let call = || self.client.get_group().group_name(group).max_items(LISTED_AT_ONCE).send();
        let answer = self.calls.ask(deadline, "iam:GetGroup", call).await;
        and_then(answer, |answer| {
            let users = answer.users.into_iter().map(|user| user.user_name.into()).collect();
            Some(Members { arn: answer.group?.arn.into(), users: Listing { items: users, more: answer.is_truncated } })
        })
    }

    pub(super) async fn holders(&self, policy: &str, deadline: Instant) -> Lookup<Listing<(TargetKind, Untrusted)>> {
        let call = || self.client.list_entities_for_policy().policy_arn(policy).max_items(LISTED_AT_ONCE).send();
        self.calls.ask(deadline, "iam:ListEntitiesForPolicy", call).await.map(|answer| {
            let users = answer.policy_users.into_iter().flatten().map(|user| (TargetKind::User, user.user_name));
            let roles = answer.policy_roles.into_iter().flatten().map(|role| (TargetKind::Role, role.role_name));
            let groups = answer.policy_groups.into_iter().flatten().map(|group| (TargetKind::Group, group.group_name));
            let all = users.chain(roles).chain(groups);
            let items = all.map(|(kind, name)| (kind, name.unwrap_or_default().into())).collect();
            Listing { items, more: answer.is_truncated }
        })
    }

    pub(super) async fn policy_profile(&self, arn: &str, deadline: Instant) -> Lookup<PolicyProfile> {
        let answer =
            self.calls.ask(deadline, "iam:GetPolicy", || self.client.get_policy().policy_arn(arn).send()).await;
        and_then(answer, |answer| answer.policy).map(|policy| PolicyProfile {
            name: policy.policy_name.unwrap_or_default().into(),
            arn: policy.arn.unwrap_or_else(|| arn.to_owned()).into(),
            created: time(policy.create_date.as_ref()),
            default_version: policy.default_version_id.map(Untrusted::new),
        })
    }

    pub(super) async fn managed_document(&self, arn: &str, age: Age, deadline: Instant) -> Lookup<Parsed> {
        // AWS changes its policies seldom, and nobody else can.
        let cached = age == Age::SomeMinutes || is_aws_managed(arn);
        if let (true, Some(document)) = (cached, self.documents.known.get(&arn.to_owned())) {
            return Lookup::Found(document);
        }
        let once = self.documents.asked.borrow_mut().entry(arn.to_owned()).or_default().clone();
        let document = once.get_or_init(async || {
            let profile = self.policy_profile(arn, deadline).await;
            self.default_document(arn, &profile, deadline).await
        });
        let document = Box::pin(document).await.clone();
        self.documents.asked.borrow_mut().remove(arn);
        if let Lookup::Found(document) = &document {
            self.documents.known.put(arn.to_owned(), document.clone());
        }
        document
    }

    /// The document of a policy's default version.
    pub(super) async fn default_document(
        &self,
        arn: &str,
        profile: &Lookup<PolicyProfile>,
        deadline: Instant,
    ) -> Lookup<Parsed> {
        let version = match profile.clone() {
            Lookup::Found(PolicyProfile { default_version: Some(version), .. }) => version.raw().to_owned(),
            Lookup::Found(_) => return Lookup::Unavailable(Unavailable::Failed("without a default version".into())),
            Lookup::Missing => return Lookup::Missing,
            Lookup::Unavailable(reason) => return Lookup::Unavailable(reason),
        };
        self.document_of(arn, version, deadline).await
    }

    pub(super) async fn document_of(&self, arn: &str, version: String, deadline: Instant) -> Lookup<Parsed> {
        let call = || self.client.get_policy_version().policy_arn(arn).version_id(&version).send();
        let answer = self.calls.ask(deadline, "iam:GetPolicyVersion", call).await;
        and_then(answer, |answer| answer.policy_version?.document).map(|document| Parsed::of(&document))
    }
}

/// How old an answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// The current state: after a change, an older answer is wrong.
    Now,
    /// From the cache, if possible: callers seldom change between two calls.
    SomeMinutes,
}

const TOO_MANY: &str = "more policies than are read for one alert";

/// Inline policies with their documents.
async fn inline(
    found: Lookup<Listing<Untrusted>>,
    what: &Phrase,
    via: impl Fn() -> Attachment,
    read: impl AsyncFn(&str) -> Lookup<String>,
) -> AttachedPolicies {
    let list = match found {
        Lookup::Found(list) => list,
        Lookup::Missing => return AttachedPolicies::gap(what, &Unavailable::NotVisible),
        Lookup::Unavailable(reason) => return AttachedPolicies::gap(what, &reason),
    };
    let documents =
        join_all(list.items.iter().enumerate().map(async |(i, name)| {
            if i < DOCUMENTS_READ { read(name.raw()).await } else { Lookup::not_asked(TOO_MANY) }
        }))
        .await;
    let policies = list
        .items
        .iter()
        .zip(documents)
        .map(|(name, document)| AttachedPolicy {
            name: name.clone(),
            via: via(),
            arn: None,
            document: document.map(|document| Parsed::of(&document)),
        })
        .collect();
    AttachedPolicies { policies, ..AttachedPolicies::default() }.noting_cut(what, &list)
}
