//! The directory that reads a saved account, for the preview and for tests.
//!
//! The format is the output of `aws iam get-account-authorization-details`. This output contains no alias, keys,
//! passwords or MFA devices. A file can contain them too, in the format of the calls that return them: `AccountAliases`
//! at the top, `AccessKeyMetadata`, `LoginProfile` (`null` for none) and `MFADevices` in a user, `AccessKeyLastUsed` in
//! a key. [`beyond_iam`] has what a file can contain of IAM Identity Center and AWS Organizations. A fact that is not in the
//! file is unavailable, not missing.

mod beyond_iam;
mod saved;

use super::answer::Membership;
use super::answer::{Listing, Lookup, Provenance, Unavailable};
use super::attached::{AttachedPolicies, AttachedPolicy, Attachment};
use super::directory::Directory;
use super::identity_center::{Identity, IdentityQuestion, PermissionSet, PermissionSetQuestion};
use super::inventory::{Page, Place};
use super::model::{
    AccessKey, Group, KeyUse, KnownAccount, ManagedPolicy, Members, PolicyProfile, Role, RoleProfile, User, UserProfile,
};
use super::organization::{OrganizationsPolicy, OrganizationsPolicyQuestion};
use super::question::{AccountId, GroupQuestion, PolicyQuestion, RoleQuestion, UserQuestion};
use crate::arn::Arn;
use crate::catalog::TargetKind;
use crate::policy::{Parsed, is_aws_managed};
use crate::text::Untrusted;
use beyond_iam::{SavedIdentityCenter, SavedOrganizationsPolicy};
use saved::{
    NOT_SAVED, SavedAttached, SavedBoundary, SavedGroup, SavedInline, SavedPolicy, SavedRole, SavedTag, SavedUser,
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::time::Instant;

/// A saved account.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Snapshot {
    user_detail_list: Vec<SavedUser>,
    group_detail_list: Vec<SavedGroup>,
    role_detail_list: Vec<SavedRole>,
    policies: Vec<SavedPolicy>,
    account_aliases: Option<Vec<String>>,
    identity_center: Option<SavedIdentityCenter>,
    organizations_policies: Option<Vec<SavedOrganizationsPolicy>>,
    #[serde(skip)]
    account: Option<String>,
    #[serde(skip)]
    unavailable: Option<&'static str>,
}

impl Snapshot {
    /// Reads a saved account.
    ///
    /// # Errors
    /// If the text is not JSON of the expected format; the error names the line and the field.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let saved: Value = serde_json::from_str(text)?;
        // Every list is optional, but a file with none of them is another kind of file, not an empty account.
        if ["UserDetailList", "RoleDetailList"].iter().all(|list| saved.get(list).is_none()) {
            return Err(serde::de::Error::custom("it has neither a UserDetailList nor a RoleDetailList"));
        }
        let mut snapshot: Self = serde_json::from_str(text)?;
        let arns = snapshot.user_detail_list.iter().map(|user| &user.arn);
        let arns = arns.chain(snapshot.role_detail_list.iter().map(|role| &role.arn));
        snapshot.account = arns.filter_map(|arn| Arn::parse(arn)).map(|arn| arn.account.to_owned()).next();
        Ok(snapshot)
    }

    /// A directory of a few entities of a baseline, by their keys; `None` if one of them cannot be read.
    pub fn of_entities<'a>(entities: impl Iterator<Item = (&'a str, &'a Value)>) -> Option<Self> {
        let mut lists: BTreeMap<&str, Vec<&Value>> =
            ["UserDetailList", "RoleDetailList", "GroupDetailList", "Policies"].map(|list| (list, Vec::new())).into();
        for (resource, content) in entities {
            let list = match resource.split('/').next() {
                Some("user") => "UserDetailList",
                Some("role") => "RoleDetailList",
                Some("group") => "GroupDetailList",
                Some("policy") => "Policies",
                _ => continue,
            };
            lists.entry(list).or_default().push(content);
        }
        Self::from_json(&serde_json::to_string(&lists).ok()?).ok()
    }

    /// A directory without answers, and why.
    #[must_use]
    pub fn unavailable(why: &'static str) -> Self {
        Self { unavailable: Some(why), ..Self::default() }
    }

    fn user(&self, question: &UserQuestion) -> User {
        if let Some(why) = self.unavailable {
            return User::unread(&Unavailable::NotAsked(why), Provenance::Nowhere);
        }
        let Some(user) = self.user_detail_list.iter().find(|user| user.user_name == question.name) else {
            return User {
                profile: Lookup::Missing,
                groups: Lookup::Missing,
                attached: AttachedPolicies::default(),
                mfa_devices: Lookup::Missing,
                access_keys: Lookup::Missing,
                password: Lookup::Missing,
                key_last_used: Lookup::Missing,
                provenance: Provenance::Saved,
            };
        };
        let mut attached = self.held(&user.attached_managed_policies, &user.user_policy_list, None);
        attached.boundary = self.boundary(user.permissions_boundary.as_ref());
        for name in &user.group_list {
            if let Some(group) = self.group_detail_list.iter().find(|group| group.group_name == *name) {
                let via = Some(Untrusted::new(name));
                attached.extend(self.held(&group.attached_managed_policies, &group.group_policy_list, via.as_ref()));
            }
        }
        let key_in_use = question.key_in_use.as_ref();
        User {
            profile: Lookup::Found(UserProfile {
                name: user.user_name.as_str().into(),
                id: user.user_id.as_str().into(),
                arn: user.arn.as_str().into(),
                created: user.create_date,
                password_last_used: user.password_last_used,
                boundary: boundary(user.permissions_boundary.as_ref()),
                tags: tags(&user.tags),
            }),
            groups: Lookup::Found(user.group_list.iter().map(Untrusted::new).collect::<Vec<_>>().into()),
            attached,
            mfa_devices: listed(user.mfa_devices.as_deref(), |device| device.serial_number.as_str().into()),
            access_keys: listed(user.access_key_metadata.as_deref(), |key| AccessKey {
                id: key.access_key_id.as_str().into(),
                active: key.status == "Active",
                created: key.create_date,
            }),
            password: user.login_profile.clone().map(|login| login.create_date),
            key_last_used: user
                .access_key_metadata
                .iter()
                .flatten()
                .find(|key| Some(&key.access_key_id) == key_in_use)
                .and_then(|key| key.access_key_last_used.as_ref())
                .map_or(Lookup::not_asked(NOT_SAVED), |last| {
                    Lookup::Found(KeyUse {
                        at: last.last_used_date,
                        service: last.service_name.as_ref().map(Untrusted::new),
                        region: last.region.as_ref().map(Untrusted::new),
                    })
                }),
            provenance: Provenance::Saved,
        }
    }

    fn role(&self, name: &str) -> Role {
        let found = self.role_detail_list.iter().find(|role| role.role_name == name);
        let (profile, attached) = match (self.unavailable, found) {
            (Some(why), _) => {
                let gap = AttachedPolicies::gap(&"policies".into(), &Unavailable::NotAsked(why));
                (Lookup::not_asked(why), gap)
            }
            (None, None) => (Lookup::Missing, AttachedPolicies::default()),
            (None, Some(role)) => {
                let profile = RoleProfile {
                    name: role.role_name.as_str().into(),
                    id: role.role_id.as_str().into(),
                    arn: role.arn.as_str().into(),
                    created: role.create_date,
                    description: role.description.as_ref().map(Untrusted::new),
                    last_used: role
                        .role_last_used
                        .as_ref()
                        .and_then(|last| Some((last.last_used_date?, last.region.as_ref().map(Untrusted::new)))),
                    boundary: boundary(role.permissions_boundary.as_ref()),
                    tags: tags(&role.tags),
                    trust: role.assume_role_policy_document.as_ref().map(document),
                };
                let mut attached = self.held(&role.attached_managed_policies, &role.role_policy_list, None);
                attached.boundary = self.boundary(role.permissions_boundary.as_ref());
                (Lookup::Found(profile), attached)
            }
        };
        let provenance = if self.unavailable.is_some() { Provenance::Nowhere } else { Provenance::Saved };
        Role { profile, attached, provenance }
    }

    /// The answer for an entity that is not in the file: nothing was saved at all, or there is no such entity.
    fn absent<T>(&self) -> (Lookup<T>, Provenance) {
        match self.unavailable {
            Some(why) => (Lookup::not_asked(why), Provenance::Nowhere),
            None => (Lookup::Missing, Provenance::Saved),
        }
    }

    fn group_of_name(&self, name: &str) -> Group {
        let Some(group) = self.group_detail_list.iter().find(|group| group.group_name == name) else {
            let (members, provenance) = self.absent();
            let gap = self.unavailable.map(Unavailable::NotAsked);
            let attached =
                gap.map_or_else(AttachedPolicies::default, |gap| AttachedPolicies::gap(&"policies".into(), &gap));
            return Group { members, attached, provenance };
        };
        let users = self.user_detail_list.iter().filter(|user| user.group_list.iter().any(|of| of == name));
        let members = group.arn.as_ref().map_or(Lookup::not_asked(NOT_SAVED), |arn| {
            let users: Vec<_> = users.map(|user| user.user_name.as_str().into()).collect();
            Lookup::Found(Members { arn: arn.into(), users: users.into() })
        });
        let attached = self.held(&group.attached_managed_policies, &group.group_policy_list, None);
        Group { members, attached, provenance: Provenance::Saved }
    }

    fn managed(&self, question: &PolicyQuestion) -> ManagedPolicy {
        let arn = question.arn.as_str();
        let Some(policy) = self.policies.iter().find(|policy| policy.arn == arn) else {
            let (profile, provenance) = self.absent();
            // The saved account has those AWS managed policies that are attached, or none at all.
            let document = if is_aws_managed(arn) { Lookup::not_asked(NOT_SAVED) } else { self.absent().0 };
            return ManagedPolicy { profile, document, holders: self.absent().0, provenance };
        };
        let holds = |attached: &[SavedAttached]| attached.iter().any(|attached| attached.policy_arn == arn);
        let users = self.user_detail_list.iter().filter(|user| holds(&user.attached_managed_policies));
        let roles = self.role_detail_list.iter().filter(|role| holds(&role.attached_managed_policies));
        let groups = self.group_detail_list.iter().filter(|group| holds(&group.attached_managed_policies));
        let holders: Vec<_> = users
            .map(|user| (TargetKind::User, user.user_name.as_str().into()))
            .chain(roles.map(|role| (TargetKind::Role, role.role_name.as_str().into())))
            .chain(groups.map(|group| (TargetKind::Group, group.group_name.as_str().into())))
            .collect();
        let version = policy.policy_version_list.iter().find(|version| version.is_default_version);
        let wanted = match &question.version {
            Some(wanted) => {
                policy.policy_version_list.iter().find(|version| version.version_id.as_ref() == Some(wanted))
            }
            None => version,
        };
        ManagedPolicy {
            profile: Lookup::Found(PolicyProfile {
                name: Arn::parse(arn).map_or(arn, |arn| arn.name()).into(),
                arn: arn.into(),
                created: policy.create_date,
                default_version: version.and_then(|version| version.version_id.as_ref()).map(Untrusted::new),
            }),
            document: wanted.map_or(Lookup::not_asked(NOT_SAVED), |version| Lookup::Found(document(&version.document))),
            holders: Lookup::Found(holders.into()),
            provenance: Provenance::Saved,
        }
    }

    fn boundary(&self, boundary: Option<&SavedBoundary>) -> Option<AttachedPolicy> {
        let arn = &boundary?.permissions_boundary_arn;
        let question = PolicyQuestion { account: None, arn: arn.clone(), version: None };
        Some(AttachedPolicy::boundary(arn.into(), self.managed(&question).document))
    }

    fn held(&self, attached: &[SavedAttached], inline: &[SavedInline], group: Option<&Untrusted>) -> AttachedPolicies {
        let via = |otherwise: Attachment| group.map_or(otherwise, |group| Attachment::Group(group.clone()));
        let managed = attached.iter().map(|policy| {
            let saved = self.policies.iter().find(|saved| saved.arn == policy.policy_arn);
            let version = saved.and_then(|saved| saved.policy_version_list.iter().find(|v| v.is_default_version));
            AttachedPolicy {
                name: policy.policy_name.as_str().into(),
                via: via(Attachment::Attached),
                arn: Some(policy.policy_arn.as_str().into()),
                document: version
                    .map_or(Lookup::not_asked(NOT_SAVED), |version| Lookup::Found(document(&version.document))),
            }
        });
        let inline = inline.iter().map(|policy| AttachedPolicy {
            name: policy.policy_name.as_str().into(),
            via: via(Attachment::Inline),
            arn: None,
            document: Lookup::Found(document(&policy.policy_document)),
        });
        AttachedPolicies { policies: managed.chain(inline).collect(), ..AttachedPolicies::default() }
    }
}

/// The AWS CLI writes documents as JSON; other tools keep them percent-encoded, as IAM returns them.
fn document(saved: &Value) -> Parsed {
    saved.as_str().map_or_else(|| Parsed::of(&saved.to_string()), Parsed::of)
}

fn listed<T, U>(saved: Option<&[T]>, make: impl Fn(&T) -> U) -> Lookup<Listing<U>> {
    saved.map_or(Lookup::not_asked(NOT_SAVED), |saved| Lookup::Found(saved.iter().map(make).collect::<Vec<_>>().into()))
}

fn boundary(boundary: Option<&SavedBoundary>) -> Option<Untrusted> {
    boundary.map(|boundary| boundary.permissions_boundary_arn.as_str().into())
}

fn tags(tags: &[SavedTag]) -> Vec<(Untrusted, Untrusted)> {
    tags.iter().map(|tag| (tag.key.as_str().into(), tag.value.as_str().into())).collect()
}

impl Directory for Snapshot {
    fn knows(&self, account: Option<&str>) -> bool {
        account.zip(self.account.as_deref()).is_none_or(|(account, own)| account == own)
    }

    fn is_busy(&self, _: Option<&str>) -> bool {
        false
    }

    async fn known_user(&self, question: &UserQuestion, _: Instant) -> Rc<User> {
        Rc::new(self.user(question))
    }

    async fn fresh_user(&self, question: &UserQuestion, _: bool, _: Instant) -> Rc<User> {
        Rc::new(self.user(question))
    }

    async fn known_role(&self, question: &RoleQuestion, _: Instant) -> Rc<Role> {
        Rc::new(self.role(&question.name))
    }

    async fn fresh_role(&self, question: &RoleQuestion, _: Instant) -> Rc<Role> {
        Rc::new(self.role(&question.name))
    }

    async fn group(&self, question: &GroupQuestion, _: Instant) -> Rc<Group> {
        Rc::new(self.group_of_name(&question.name))
    }

    async fn managed_policy(&self, question: &PolicyQuestion, _: Instant) -> Rc<ManagedPolicy> {
        Rc::new(self.managed(question))
    }

    async fn policy_document(&self, question: &PolicyQuestion, _: Instant) -> Lookup<Parsed> {
        self.managed(question).document
    }

    async fn account(&self, account: &AccountId, _: Instant) -> KnownAccount {
        if !self.knows(account.as_deref()) {
            return KnownAccount::not_asked(NOT_SAVED);
        }
        let name = match (self.unavailable, &self.account_aliases) {
            (Some(why), _) => Lookup::not_asked(why),
            (None, Some(aliases)) => aliases.first().map_or(Lookup::Missing, |alias| Lookup::Found(alias.into())),
            (None, None) => Lookup::not_asked(NOT_SAVED),
        };
        KnownAccount { name, membership: Membership::Member, ..KnownAccount::not_asked(NOT_SAVED) }
    }

    async fn inventory(&self, _: &AccountId, _: &Place, _: Instant) -> Result<Page, Unavailable> {
        Err(Unavailable::NotAsked(NOT_SAVED))
    }

    async fn membership(&self, _: &str, _: Instant) -> Membership {
        Membership::NotKnown
    }

    async fn closed(&self, _: &AccountId, _: Instant) -> Option<Unavailable> {
        None
    }

    async fn permission_set(&self, question: &PermissionSetQuestion, _: Instant) -> Rc<PermissionSet> {
        Rc::new(self.saved_permission_set(&question.arn))
    }

    async fn identity(&self, question: &IdentityQuestion, _: Instant) -> Rc<Identity> {
        Rc::new(self.saved_identity(question))
    }

    async fn organizations_policy(
        &self,
        question: &OrganizationsPolicyQuestion,
        _: Instant,
    ) -> Rc<OrganizationsPolicy> {
        Rc::new(self.saved_organizations_policy(&question.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_that_is_not_in_the_file_is_unavailable_and_null_is_missing() {
        let text = r#"{"UserDetailList": [
            {"UserName": "a", "UserId": "AIDA1", "Arn": "arn:aws:iam::111122223333:user/a"},
            {"UserName": "b", "UserId": "AIDA2", "Arn": "arn:aws:iam::111122223333:user/b",
             "LoginProfile": null, "MFADevices": [], "AccessKeyMetadata": []}]}"#;
        let snapshot = Snapshot::from_json(text).unwrap();
        let user = |name: &str| {
            snapshot.user(&UserQuestion {
                account: None,
                name: name.into(),
                id: None,
                key_in_use: None,
                password: true,
            })
        };
        assert!(user("a").password.unavailable().is_some() && user("a").mfa_devices.unavailable().is_some());
        assert_eq!(user("b").password, Lookup::Missing);
        assert_eq!(user("b").mfa_devices, Lookup::Found(Vec::new().into()));
        assert_eq!(user("c").profile, Lookup::Missing);
        assert!(snapshot.knows(Some("111122223333")) && snapshot.knows(None) && !snapshot.knows(Some("999988887777")));
    }

    #[test]
    fn a_file_of_another_format_is_refused_with_the_line_and_the_field() {
        let error = Snapshot::from_json(r#"{"UserDetailList": [{"UserName": "a"}]}"#).unwrap_err().to_string();
        assert!(error.contains("missing field `UserId`") && error.contains("line 1"), "{error}");
        let event = Snapshot::from_json(r#"{"detail": {}}"#).unwrap_err().to_string();
        assert!(event.contains("neither a UserDetailList nor"), "{event}");
    }
}
