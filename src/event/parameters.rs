//! Request parameters that have no field of their own in an activity.

use super::record::text_of;
use crate::catalog::{AccessEffect, Action, ObjectKind};
use crate::limits::PARAMETERS;
use crate::text::Untrusted;
use serde_json::Value;

/// The request parameters that no other part of an alert shows, each value by its path: `selectors[0].readWriteType`.
/// With `named`, the target's name was understood, so another part of the alert shows it.
pub(super) fn parameters(request: &Value, action: &Action, named: bool) -> Vec<(Untrusted, Untrusted)> {
    // The last three are certificates and keys, which a person cannot read.
    const SHOWN_ELSEWHERE: [&str; 8] = [
        "policyDocument",
        "assumeRolePolicyDocument",
        "tags",
        "path",
        "permissionsBoundary",
        "certificateBody",
        "certificateChain",
        "sSHPublicKeyBody",
    ];
    let mut found = Vec::new();
    for (name, value) in request.as_object().into_iter().flatten() {
        let name = name.as_str();
        let shown = SHOWN_ELSEWHERE.contains(&name)
            || (named && action.target.fields().contains(&name))
            || action.object_at.contains(&name);
        // The service and the expiry of a credential have facts of their own.
        let shown = shown
            || (action.object == ObjectKind::ServiceSpecificCredential
                && action.effect == AccessEffect::GrantsCredential
                && matches!(name, "serviceName" | "credentialAgeDays"));
        if name == "sAMLMetadataDocument" {
            found.extend(entity_id(value).map(|id| ("entityID".into(), id.into())));
        } else if !shown || action.effect == AccessEffect::Unfamiliar {
            leaves(name, value, &mut found);
        }
    }
    found
}

/// The `entityID` in SAML metadata, which names the identity provider. The document itself is long and contains mainly
/// certificates.
fn entity_id(metadata: &Value) -> Option<&str> {
    let (_, rest) = metadata.as_str()?.split_once("entityID=")?;
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest[1..].split(quote).next()
}

fn leaves(path: &str, value: &Value, found: &mut Vec<(Untrusted, Untrusted)>) {
    if found.len() >= PARAMETERS {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(&format!("{path}.{name}"), value, found);
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter().enumerate() {
                leaves(&format!("{path}[{i}]"), value, found);
            }
        }
        // An empty text clears a setting.
        Value::String(text) if text.trim().is_empty() => found.push((path.into(), "(empty)".into())),
        leaf => found.extend(text_of(leaf).map(Untrusted::new).map(|text| (path.into(), text))),
    }
}
