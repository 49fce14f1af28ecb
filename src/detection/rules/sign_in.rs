//! Rules about sign-ins to the console.

use super::opinions::{at_least, context, target_name};
use crate::catalog::AccessEffect;
use crate::detection::{Case, Opinion};
use crate::event::Principal;
use crate::phrase;
use crate::policy::AccessLevel;
use crate::severity::Severity;

/// Whether it is a sign-in as the root user, or is said to be one.
pub(super) fn is_of_root(case: &Case<'_>) -> bool {
    matches!(case.activity.principal, Principal::Root(_))
}

fn signed_in(case: &Case<'_>) -> bool {
    case.activity.action.effect == AccessEffect::SignsIn && case.activity.outcome.succeeded()
}

/// Whether the root user signed in with MFA.
pub(super) fn root_sign_in(case: &Case<'_>) -> Option<Opinion> {
    (signed_in(case) && is_of_root(case)).then_some(())?;
    match case.activity.mfa_used {
        Some(true) => context("MFA was used.".into()),
        Some(false) => at_least(Severity::Critical, "No MFA was used: the password alone was enough.".into()),
        None => context("The event does not say whether MFA was used.".into()),
    }
}

/// An IAM user signed in with the password alone. Of a sign-in through an identity provider, `CloudTrail` always says that
/// MFA was not used; such a sign-in is not alerted on.
pub(super) fn sign_in_without_mfa(case: &Case<'_>) -> Option<Opinion> {
    let of_user = matches!(case.activity.principal, Principal::IamUser(_));
    (signed_in(case) && of_user && case.activity.mfa_used != Some(true)).then_some(())?;
    let password = if case.activity.mfa_used == Some(false) {
        "No MFA was used: the password alone was enough."
    } else {
        "The event does not say whether MFA was used."
    };
    let access = case.target_access.as_ref();
    let much = access.is_some_and(|access| access.level.max(access.at_most) >= AccessLevel::RoleEscalation);
    if much {
        return at_least(Severity::High, phrase!(password, " ", target_name(case).capitalized(), " has much access."));
    }
    at_least(Severity::Medium, password.into())
}
