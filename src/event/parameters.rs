//! What a request asked for that has no place of its own in an activity.

use super::record::text_of;
use crate::catalog::{AccessEffect, Action};
use crate::limits::PARAMETERS;
use crate::text::Untrusted;
use serde_json::Value;

/// What of a request has no place of its own in an alert, each value by its path: `selectors[0].readWriteType`. The
/// target's name has one, if it was understood: then it is `named`.
pub(super) fn parameters(request: &Value, action: &Action, named: bool) -> Vec<(Untrusted, Untrusted)> {
    // The last are certificates and keys, which nobody reads.
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
        if name == "sAMLMetadataDocument" {
            found.extend(entity_id(value).map(|id| ("entityID".into(), id.into())));
        } else if !shown || action.effect == AccessEffect::Unfamiliar {
            leaves(name, value, &mut found);
        }
    }
    found
}

/// Whom SAML metadata is of: its `entityID`. The document itself is long, and certificates for the most part.
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
        leaf => found.extend(text_of(leaf).map(Untrusted::new).map(|text| (path.into(), text))),
    }
}
