//! The parts of an entity, from what was read of it.

use super::aspect::{Aspect, Name, PRESENT};
use crate::policy::is_aws_managed;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The parts that an entity has, with their values. A part that is not there is absent.
pub type State = BTreeMap<Aspect, String>;

/// The kinds of entities that have parts, by the beginning of their key.
const KINDS: [&str; 8] =
    ["user/", "role/", "group/", "policy/", "credentials/", "saml-provider/", "oidc-provider/", "password-policy"];

/// Whether an entity of this key is one of the baseline.
pub(super) fn is_kept(resource: &str) -> bool {
    KINDS.iter().any(|kind| resource.starts_with(kind))
}

/// The parts in the content of an entity, which is in the form of `aws iam get-account-authorization-details`.
#[must_use]
pub fn state_of(resource: &str, content: &Value) -> State {
    let mut state = State::new();
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let list = |name: &str| content.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    match resource.split('/').next().unwrap_or_default() {
        "credentials" => {
            if content["Password"] == true {
                state.insert(Aspect::Password, PRESENT.to_owned());
            }
            if content["Mfa"] == true {
                state.insert(Aspect::Mfa, PRESENT.to_owned());
            }
            for key in list("Keys") {
                let status = if key["Active"] == true { "active" } else { "inactive" };
                state.extend(text(&key, "Created").map(|created| (Aspect::Key(created), status.to_owned())));
            }
        }
        "saml-provider" => {
            state.extend(text(content, "SAMLMetadataDocument").map(|metadata| (Aspect::Metadata, metadata)));
        }
        "oidc-provider" => {
            let texts = |name: &str| {
                let mut all: Vec<_> = list(name).iter().filter_map(Value::as_str).map(str::to_owned).collect();
                all.sort();
                all
            };
            state.extend(texts("ClientIDList").into_iter().map(|id| (Aspect::ClientId(id), PRESENT.to_owned())));
            state.insert(Aspect::Thumbprints, texts("ThumbprintList").join(","));
        }
        "password-policy" => {
            for (name, value) in content.as_object().into_iter().flatten() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                state.insert(Aspect::Setting(name.clone()), value);
            }
        }
        _ => {
            let id = ["UserId", "RoleId", "GroupId", "PolicyId"].iter().find_map(|field| text(content, field));
            state.extend(id.map(|id| (Aspect::Id, id)));
            state.extend(document(&content["AssumeRolePolicyDocument"]).map(|trust| (Aspect::Trust, trust)));
            for policy in ["UserPolicyList", "RolePolicyList", "GroupPolicyList"].iter().flat_map(|name| list(name)) {
                let inline = text(&policy, "PolicyName").zip(document(&policy["PolicyDocument"]));
                state.extend(inline.map(|(name, document)| (Aspect::Inline(Name::new(name)), document)));
            }
            for policy in list("AttachedManagedPolicies") {
                let arn = text(&policy, "PolicyArn");
                state.extend(arn.map(|arn| (Aspect::Attached(Name::new(arn)), PRESENT.to_owned())));
            }
            let groups = list("GroupList");
            let groups = groups.iter().filter_map(Value::as_str);
            state.extend(groups.map(|group| (Aspect::Group(Name::new(group)), PRESENT.to_owned())));
            let boundary = text(&content["PermissionsBoundary"], "PermissionsBoundaryArn");
            state.extend(boundary.map(|arn| (Aspect::Boundary, arn)));
            for version in list("PolicyVersionList") {
                let Some(id) = text(&version, "VersionId") else { continue };
                if version["IsDefaultVersion"] == true {
                    state.insert(Aspect::DefaultVersion, id.clone());
                }
                state.extend(document(&version["Document"]).map(|document| (Aspect::Version(id), document)));
            }
        }
    }
    state
}

/// The groups and the policies of the account that an entity names, as keys of the baseline.
pub fn named_by(content: &Value) -> impl Iterator<Item = String> {
    let list = |name: &str| content.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let boundary = content["PermissionsBoundary"]["PermissionsBoundaryArn"].as_str().map(str::to_owned);
    let groups =
        list("GroupList").into_iter().filter_map(|name| Some(format!("group/{}", name.as_str()?.to_lowercase())));
    let attached = list("AttachedManagedPolicies").into_iter();
    let attached = attached.filter_map(|policy| policy["PolicyArn"].as_str().map(str::to_owned)).chain(boundary);
    let own = attached.filter(|arn| !is_aws_managed(arn));
    groups.chain(own.filter_map(|arn| Some(format!("policy/{}", arn.rsplit('/').next()?.to_lowercase()))))
}

/// The content of an entity with these parts instead of its own.
pub(super) fn content_with(resource: &str, content: &Value, state: &State) -> Value {
    let mut content = content.clone();
    let kind = match resource.split('/').next() {
        Some("user") => "UserPolicyList",
        Some("role") => "RolePolicyList",
        Some("group") => "GroupPolicyList",
        Some("policy") => {
            let default = state.get(&Aspect::DefaultVersion);
            let versions = state.iter().filter_map(|(aspect, document)| {
                let Aspect::Version(id) = aspect else { return None };
                Some(json!({"VersionId": id, "Document": document, "IsDefaultVersion": Some(id) == default}))
            });
            content["PolicyVersionList"] = versions.collect();
            return content;
        }
        _ => return content,
    };
    let (mut inline, mut attached, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for (aspect, value) in state {
        match aspect {
            Aspect::Inline(name) => inline.push(json!({"PolicyName": name.as_str(), "PolicyDocument": value})),
            Aspect::Attached(arn) => {
                let name = arn.as_str().rsplit('/').next().unwrap_or_default();
                attached.push(json!({"PolicyName": name, "PolicyArn": arn.as_str()}));
            }
            Aspect::Group(name) => groups.push(json!(name.as_str())),
            _ => {}
        }
    }
    content[kind] = inline.into();
    content["AttachedManagedPolicies"] = attached.into();
    if kind == "UserPolicyList" {
        content["GroupList"] = groups.into();
    }
    content["PermissionsBoundary"] =
        state.get(&Aspect::Boundary).map_or(Value::Null, |arn| json!({"PermissionsBoundaryArn": arn}));
    if let Some(trust) = state.get(&Aspect::Trust) {
        content["AssumeRolePolicyDocument"] = json!(trust);
    }
    content
}

/// A policy: the AWS CLI writes it as JSON, the baseline as text.
fn document(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        document => Some(document.to_string()),
    }
}
