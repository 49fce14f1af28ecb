//! The form in which the baseline keeps an entity: the fields of the AWS CLI, without counts, last uses and dates of
//! changes.

use super::{Entity, Part};
use crate::arn::Arn;
use crate::lookup::iam::calls::time;
use crate::policy;
use aws_sdk_iam::operation::get_open_id_connect_provider::GetOpenIdConnectProviderOutput;
use aws_sdk_iam::operation::get_saml_provider::GetSamlProviderOutput;
use aws_sdk_iam::types::{
    AttachedPermissionsBoundary, AttachedPolicy, GroupDetail, ManagedPolicyDetail, PasswordPolicy, PolicyDetail,
    PolicyVersion, RoleDetail, Tag, UserDetail,
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

pub(super) fn user(user: UserDetail) -> Option<Entity> {
    let name = user.user_name?;
    let content = known(json!({
        "UserName": name,
        "UserId": user.user_id?,
        "Arn": user.arn?,
        "CreateDate": date(user.create_date.as_ref()),
        "UserPolicyList": inline(user.user_policy_list),
        "GroupList": sorted(user.group_list),
        "AttachedManagedPolicies": attached(user.attached_managed_policies),
        "PermissionsBoundary": boundary(user.permissions_boundary),
        "Tags": tags(user.tags),
    }));
    Part::Users.entity(&name, content)
}

pub(super) fn group(group: GroupDetail) -> Option<Entity> {
    let name = group.group_name?;
    let content = known(json!({
        "GroupName": name,
        "GroupId": group.group_id?,
        "Arn": group.arn?,
        "CreateDate": date(group.create_date.as_ref()),
        "GroupPolicyList": inline(group.group_policy_list),
        "AttachedManagedPolicies": attached(group.attached_managed_policies),
    }));
    Part::Groups.entity(&name, content)
}

/// Without the last use, which changes daily.
pub(super) fn role(role: RoleDetail) -> Option<Entity> {
    let name = role.role_name?;
    let content = known(json!({
        "RoleName": name,
        "RoleId": role.role_id?,
        "Arn": role.arn?,
        "CreateDate": date(role.create_date.as_ref()),
        "AssumeRolePolicyDocument": document(role.assume_role_policy_document),
        "RolePolicyList": inline(role.role_policy_list),
        "AttachedManagedPolicies": attached(role.attached_managed_policies),
        "PermissionsBoundary": boundary(role.permissions_boundary),
        "Tags": tags(role.tags),
    }));
    Part::Roles.entity(&name, content)
}

/// Without the date of the last change and the number of attachments: the versions and the holders say the same.
pub(super) fn policy(policy: ManagedPolicyDetail) -> Option<Entity> {
    let arn = policy.arn?;
    let name = policy.policy_name.or_else(|| Some(Arn::parse(&arn)?.name().to_owned()))?;
    let content = known(json!({
        "PolicyName": name,
        "PolicyId": policy.policy_id,
        "Arn": arn,
        "CreateDate": date(policy.create_date.as_ref()),
        "DefaultVersionId": policy.default_version_id,
        "PolicyVersionList": versions(policy.policy_version_list),
    }));
    Part::Policies.entity(&name, content)
}

pub(super) fn saml_provider(arn: &str, provider: &GetSamlProviderOutput) -> Option<Entity> {
    let content = known(json!({"Arn": arn, "SAMLMetadataDocument": provider.saml_metadata_document}));
    Part::SamlProviders.entity(Arn::parse(arn)?.name(), content)
}

pub(super) fn oidc_provider(arn: &str, provider: GetOpenIdConnectProviderOutput) -> Option<Entity> {
    let content = known(json!({
        "Arn": arn,
        "Url": provider.url,
        "ClientIDList": sorted(provider.client_id_list),
        "ThumbprintList": sorted(provider.thumbprint_list),
    }));
    Part::OidcProviders.entity(Arn::parse(arn)?.full_name(), content)
}

pub(super) fn password_policy(policy: &PasswordPolicy) -> Entity {
    let content = known(json!({
        "MinimumPasswordLength": policy.minimum_password_length,
        "RequireSymbols": policy.require_symbols,
        "RequireNumbers": policy.require_numbers,
        "RequireUppercaseCharacters": policy.require_uppercase_characters,
        "RequireLowercaseCharacters": policy.require_lowercase_characters,
        "AllowUsersToChangePassword": policy.allow_users_to_change_password,
        "ExpirePasswords": policy.expire_passwords,
        "MaxPasswordAge": policy.max_password_age,
        "PasswordReusePrevention": policy.password_reuse_prevention,
        "HardExpiry": policy.hard_expiry,
    }));
    Entity { resource: Part::PasswordPolicy.kind().to_owned(), content }
}

/// A time as all contents have it.
pub(super) fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The fields that have a value: the AWS CLI leaves out the others.
fn known(mut content: Value) -> Value {
    if let Some(fields) = content.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    content
}

fn date(of: Option<&aws_sdk_iam::primitives::DateTime>) -> Option<String> {
    time(of).map(written)
}

/// A document as IAM keeps it, with its white space and the order of its elements.
fn document(encoded: Option<String>) -> Option<String> {
    encoded.map(|encoded| policy::decoded(&encoded).to_string())
}

fn sorted(list: Option<Vec<String>>) -> Vec<String> {
    let mut list = list.unwrap_or_default();
    list.sort_unstable();
    list
}

fn inline(list: Option<Vec<PolicyDetail>>) -> Vec<Value> {
    let mut list = list.unwrap_or_default();
    list.sort_by(|a, b| a.policy_name.cmp(&b.policy_name));
    let written = list.into_iter().map(|policy| {
        json!({
            "PolicyName": policy.policy_name.unwrap_or_default(),
            "PolicyDocument": document(policy.policy_document),
        })
    });
    written.collect()
}

fn attached(list: Option<Vec<AttachedPolicy>>) -> Vec<Value> {
    let mut list = list.unwrap_or_default();
    list.sort_by(|a, b| a.policy_arn.cmp(&b.policy_arn));
    let written = list.into_iter().map(|policy| {
        json!({
            "PolicyName": policy.policy_name.unwrap_or_default(),
            "PolicyArn": policy.policy_arn.unwrap_or_default(),
        })
    });
    written.collect()
}

/// Versions in the order of their numbers: v2 before v10.
fn versions(list: Option<Vec<PolicyVersion>>) -> Vec<Value> {
    let mut list = list.unwrap_or_default();
    list.sort_by_cached_key(|version| {
        let id = version.version_id.clone().unwrap_or_default();
        (id.trim_start_matches('v').parse::<u64>().unwrap_or(u64::MAX), id)
    });
    let written = list.into_iter().map(|version| {
        let created = date(version.create_date.as_ref());
        let mut fields = json!({
            "VersionId": version.version_id,
            "Document": document(version.document),
            "IsDefaultVersion": version.is_default_version,
        });
        if let Some(created) = created {
            fields["CreateDate"] = created.into();
        }
        fields
    });
    written.collect()
}

fn boundary(boundary: Option<AttachedPermissionsBoundary>) -> Option<Value> {
    let arn = boundary?.permissions_boundary_arn?;
    Some(json!({"PermissionsBoundaryArn": arn}))
}

fn tags(list: Option<Vec<Tag>>) -> Vec<Value> {
    let mut list = list.unwrap_or_default();
    list.sort_by(|a, b| a.key.cmp(&b.key));
    list.into_iter().map(|tag| json!({"Key": tag.key, "Value": tag.value})).collect()
}
