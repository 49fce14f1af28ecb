//! The format of a saved account.

use crate::lookup::Lookup;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub(super) const NOT_SAVED: &str = "the saved account does not contain it";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedUser {
    pub(super) user_name: String,
    pub(super) user_id: String,
    pub(super) arn: String,
    pub(super) create_date: Option<DateTime<Utc>>,
    pub(super) password_last_used: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) user_policy_list: Vec<SavedInline>,
    #[serde(default)]
    pub(super) group_list: Vec<String>,
    #[serde(default)]
    pub(super) attached_managed_policies: Vec<SavedAttached>,
    pub(super) permissions_boundary: Option<SavedBoundary>,
    #[serde(default)]
    pub(super) tags: Vec<SavedTag>,
    #[serde(rename = "MFADevices")]
    pub(super) mfa_devices: Option<Vec<SavedDevice>>,
    pub(super) access_key_metadata: Option<Vec<SavedKey>>,
    #[serde(default = "not_saved", deserialize_with = "saved")]
    pub(super) login_profile: Lookup<SavedLogin>,
}

/// Distinguishes `null` (there is none) from an absent field (not saved).
pub(super) fn saved<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Lookup<T>, D::Error> {
    Ok(Option::deserialize(from)?.map_or(Lookup::Missing, Lookup::Found))
}

pub(super) fn not_saved<T>() -> Lookup<T> {
    Lookup::not_asked(NOT_SAVED)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedRole {
    pub(super) role_name: String,
    pub(super) role_id: String,
    pub(super) arn: String,
    pub(super) create_date: Option<DateTime<Utc>>,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) role_policy_list: Vec<SavedInline>,
    #[serde(default)]
    pub(super) attached_managed_policies: Vec<SavedAttached>,
    pub(super) permissions_boundary: Option<SavedBoundary>,
    #[serde(default)]
    pub(super) tags: Vec<SavedTag>,
    pub(super) role_last_used: Option<SavedRoleUse>,
    pub(super) assume_role_policy_document: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedGroup {
    pub(super) group_name: String,
    pub(super) arn: Option<String>,
    #[serde(default)]
    pub(super) group_policy_list: Vec<SavedInline>,
    #[serde(default)]
    pub(super) attached_managed_policies: Vec<SavedAttached>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedInline {
    pub(super) policy_name: String,
    pub(super) policy_document: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedAttached {
    pub(super) policy_name: String,
    pub(super) policy_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedPolicy {
    pub(super) arn: String,
    pub(super) create_date: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) policy_version_list: Vec<SavedVersion>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedVersion {
    pub(super) version_id: Option<String>,
    pub(super) document: Value,
    pub(super) is_default_version: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedBoundary {
    pub(super) permissions_boundary_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedTag {
    pub(super) key: String,
    pub(super) value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedDevice {
    pub(super) serial_number: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedKey {
    pub(super) access_key_id: String,
    pub(super) status: String,
    pub(super) create_date: Option<DateTime<Utc>>,
    pub(super) access_key_last_used: Option<SavedKeyUse>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedKeyUse {
    pub(super) last_used_date: Option<DateTime<Utc>>,
    pub(super) service_name: Option<String>,
    pub(super) region: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedLogin {
    pub(super) create_date: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedRoleUse {
    pub(super) last_used_date: Option<DateTime<Utc>>,
    pub(super) region: Option<String>,
}
