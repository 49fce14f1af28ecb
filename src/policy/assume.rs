//! The calls that return a session of a role, and which of them a statement of its trust policy gives to whom.
//!
//! Follows "Compare AWS STS credentials" in the IAM user guide.

use super::callers::PrincipalKind;
use super::document::{Patterns, Statement};
use super::groups::Who;
use crate::arn::wildcard_ignoring_case;

const BY_PRINCIPALS: &str = "sts:AssumeRole";
const BY_SAML: &str = "sts:AssumeRoleWithSAML";
const BY_WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";

/// The calls that return a session of the role. An action that only tags a session or sets its source identity returns
/// none.
const ASSUMING: [&str; 4] = [BY_PRINCIPALS, BY_SAML, BY_WEB_IDENTITY, "sts:AssumeRoot"];

/// Whether a statement covers a call that returns a session of the role. Without a plain `Action`, it can cover any.
pub(super) fn assumes(statement: &Statement) -> bool {
    ASSUMING.iter().any(|action| covers(statement, action))
}

/// Whether a statement covers this action.
pub(super) fn covers(statement: &Statement, action: &str) -> bool {
    let patterns = match &statement.actions {
        Some(Patterns::AnyOf(patterns) | Patterns::Invalid(patterns)) => patterns.as_slice(),
        Some(Patterns::AllBut(_)) | None => return true,
    };
    patterns.is_empty() || patterns.iter().any(|pattern| wildcard_ignoring_case(pattern, action))
}

/// The call with which a principal that a trust policy names assumes the role.
pub(super) const fn call_of(principal: &PrincipalKind) -> &'static str {
    match principal {
        PrincipalKind::Saml(_) => BY_SAML,
        PrincipalKind::WebIdentity(_) => BY_WEB_IDENTITY,
        PrincipalKind::Anyone
        | PrincipalKind::Account(_)
        | PrincipalKind::Principal(_)
        | PrincipalKind::Service(_)
        | PrincipalKind::Canonical(_) => BY_PRINCIPALS,
    }
}

/// The calls with which these callers get a session through an allow: what a deny must cover. Empty if there are none.
pub(super) fn given(allow: &Statement, who: &Who) -> Vec<String> {
    let of = |actions: &[&str]| -> Vec<String> {
        actions.iter().filter(|action| covers(allow, action)).map(|action| (*action).to_owned()).collect()
    };
    let usable = match who {
        // Nobody calls `sts:AssumeRole` without a signature.
        Who::Anonymous => return of(&[BY_SAML, BY_WEB_IDENTITY]),
        Who::Provider(name) if name.contains(":saml-provider/") => BY_SAML,
        Who::Provider(_) => BY_WEB_IDENTITY,
        Who::Principals { .. } | Who::Exact(_) | Who::AnyService | Who::Service(_) | Who::Id(..) => BY_PRINCIPALS,
    };
    // Calls that are not for such callers are judged as if they were.
    Some(of(&[usable])).filter(|given| !given.is_empty()).unwrap_or_else(|| of(&ASSUMING))
}
