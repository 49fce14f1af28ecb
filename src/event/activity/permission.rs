//! Calls that let somebody use a resource without a policy in the request: one permission, an access control list, a
//! setting. Each is read as the policy that AWS makes of it.

use super::target::text_in;
use crate::arn::is_account_id;
use crate::catalog::{Action, Containment, Sharing, at};
use crate::policy::{Parsed, granting};
use serde_json::Value;

/// The policy that the call adds; `None` if the request does not say whom it lets in.
pub(super) fn permission(action: &Action, request: &Value) -> Option<Parsed> {
    let Containment::StopSharing(sharing) = action.containment else { return None };
    let text = |field: &str| text_in(request, field).map(|text| text.raw().to_owned());
    match sharing {
        Sharing::FunctionPermission | Sharing::LayerPermission => {
            let principal = text("principal")?;
            let conditions: Vec<_> = FUNCTION_CONDITIONS
                .iter()
                .filter_map(|(field, operator, key)| Some((*operator, *key, text(field)?)))
                .collect();
            let conditions: Vec<_> =
                conditions.iter().map(|(operator, key, value)| (*operator, *key, value.as_str())).collect();
            let action = text("action").unwrap_or_else(|| "*".to_owned());
            Some(granting(&[(kind_of(&principal), &principal)], &[&action], &conditions))
        }
        Sharing::TopicPermission | Sharing::QueuePermission => {
            let accounts = texts(request, &["aWSAccountId", "aWSAccountIds", "awsAccountIds"]);
            let actions = texts(request, &["actionName", "actionNames", "actions"]);
            let service = action.service;
            let actions: Vec<_> = actions.iter().map(|name| format!("{service}:{name}")).collect();
            let actions: Vec<_> = actions.iter().map(String::as_str).collect();
            let principals: Vec<_> = accounts.iter().map(|account| ("AWS", account.as_str())).collect();
            (!principals.is_empty()).then(|| granting(&principals, &actions, &[]))
        }
        Sharing::KeyGrant => {
            let grantee = text("granteePrincipal").or_else(|| text("granteeServicePrincipal"))?;
            let operations: Vec<_> = texts(request, &["operations"]).iter().map(|name| format!("kms:{name}")).collect();
            let operations: Vec<_> = operations.iter().map(String::as_str).collect();
            Some(granting(&[(kind_of(&grantee), &grantee)], &operations, &[]))
        }
        Sharing::Bucket => acl(request),
        Sharing::PublicAccessOfBucket | Sharing::PublicAccessOfAccount => block(request),
        Sharing::AccessEntry => {
            let principal = text("principalArn")?;
            Some(granting(&[("AWS", &principal)], &["eks:AccessKubernetesApi"], &[]))
        }
        _ => None,
    }
}

/// The parameters of `AddPermission` that become conditions (Lambda API reference).
const FUNCTION_CONDITIONS: [(&str, &str, &str); 5] = [
    ("sourceArn", "ArnLike", "aws:SourceArn"),
    ("sourceAccount", "StringEquals", "aws:SourceAccount"),
    ("principalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("organizationId", "StringEquals", "aws:PrincipalOrgID"),
    ("functionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
];

fn kind_of(principal: &str) -> &'static str {
    let of_aws = principal == "*" || is_account_id(principal) || principal.starts_with("arn:");
    if of_aws { "AWS" } else { "Service" }
}

fn texts(request: &Value, fields: &[&str]) -> Vec<String> {
    let found = fields.iter().find_map(|field| at(request, field).filter(|value| !value.is_null()));
    match found {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(text)) => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// The groups of an access control list that are more than one account ("Access control list (ACL) overview", Amazon S3
/// user guide).
const GROUPS: [&str; 2] = ["/groups/global/AllUsers", "/groups/global/AuthenticatedUsers"];
const CANNED: [&str; 3] = ["public-read", "public-read-write", "authenticated-read"];

/// An access control list, by its name or as a whole.
fn acl(request: &Value) -> Option<Parsed> {
    let open = || granting(&[("AWS", "*")], &["s3:ListBucket"], &[]);
    let closed = || granting(&[], &[], &[]);
    if let Some(canned) = texts(request, &["x-amz-acl"]).first() {
        return Some(if CANNED.contains(&canned.as_str()) { open() } else { closed() });
    }
    // A grant can stand in a header, too: `x-amz-grant-read`.
    let fields = request.as_object()?.iter();
    let grants = fields.filter(|(field, _)| field.starts_with("x-amz-grant-") || *field == "AccessControlPolicy");
    let grants: Vec<_> = grants.map(|(_, value)| value.to_string()).collect();
    if grants.is_empty() {
        return None;
    }
    let public = grants.iter().any(|grant| GROUPS.iter().any(|group| grant.contains(group)));
    // Who owns a canonical user id is not known.
    public.then(open)
}

/// The settings that keep the public out. If one of them is off, a policy or an access control list can let it in.
fn block(request: &Value) -> Option<Parsed> {
    let settings = request.get("PublicAccessBlockConfiguration")?.as_object()?;
    let all = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    let on = |name: &&str| settings.get(*name).is_some_and(|value| *value == true || *value == "true");
    all.iter().all(on).then(|| granting(&[], &[], &[]))
}
