//! Request parameters that have no field of their own in an activity.

use super::record::text_of;
use crate::catalog::{AccessEffect, Action, ObjectKind, at};
use crate::limits::PARAMETERS;
use crate::text::Untrusted;
use serde_json::Value;

/// The request parameters that no other part of an alert shows, each value by its path: `selectors[0].readWriteType`.
/// With `named`, the target's name was understood, so another part of the alert shows it.
pub(super) fn parameters(request: &Value, action: &Action, named: bool) -> Vec<(Untrusted, Untrusted)> {
    // The last ones are certificates and keys, which a person cannot read, and the address of a bucket.
    const SHOWN_ELSEWHERE: [&str; 9] = [
        "policyDocument",
        "assumeRolePolicyDocument",
        "tags",
        "path",
        "permissionsBoundary",
        "certificateBody",
        "certificateChain",
        "sSHPublicKeyBody",
        "Host",
    ];
    let mut found = Vec::new();
    // Of several names in one call, the target's name is only the first.
    let of_several = |field: &str| at(request, field).and_then(Value::as_array).is_some_and(|names| names.len() > 1);
    let of_target = action.target.fields().iter().find(|field| at(request, field).is_some());
    let of_target = of_target.filter(|field| named && !of_several(field));
    let of_row = [action.object_at, action.document_at, action.account_at].concat();
    let mut elsewhere: Vec<_> = of_row.into_iter().chain(of_target.copied()).collect();
    // The ARN of a permission set contains its instance.
    elsewhere.extend(request.get("permissionSetArn").map(|_| "instanceArn"));
    elsewhere.extend(request.get("targetType").filter(|kind| *kind == "AWS_ACCOUNT").map(|_| "targetType"));
    elsewhere.extend(request.get("principalType").filter(|_| named).map(|_| "principalType"));
    for (name, value) in request.as_object().into_iter().flatten() {
        let name = name.as_str();
        // A permissions boundary of IAM is a text.
        let shown = SHOWN_ELSEWHERE.contains(&name) && !(name == "permissionsBoundary" && value.is_object());
        // Of a bucket, an empty text only says which of its settings the address names: `?policy`.
        let shown = shown || (action.service == "s3" && *value == "");
        // The service and the expiry of a credential have facts of their own.
        let shown = shown
            || (action.object == ObjectKind::ServiceSpecificCredential
                && action.effect == AccessEffect::GrantsCredential
                && matches!(name, "serviceName" | "credentialAgeDays"));
        if name == "sAMLMetadataDocument" {
            found.extend(entity_id(value).map(|id| ("entityID".into(), id.into())));
        } else if action.effect == AccessEffect::Unfamiliar {
            leaves(name, value, &[], &mut found);
        } else if !shown {
            leaves(name, value, &elsewhere, &mut found);
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

fn leaves(path: &str, value: &Value, elsewhere: &[&str], found: &mut Vec<(Untrusted, Untrusted)>) {
    if found.len() >= PARAMETERS || elsewhere.contains(&path) {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(&format!("{path}.{name}"), value, elsewhere, found);
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter().enumerate() {
                leaves(&format!("{path}[{i}]"), value, elsewhere, found);
            }
        }
        // An empty text clears a setting.
        Value::String(text) if text.trim().is_empty() => found.push((path.into(), "(empty)".into())),
        leaf => found.extend(text_of(leaf).map(Untrusted::new).map(|text| (path.into(), text))),
    }
}
