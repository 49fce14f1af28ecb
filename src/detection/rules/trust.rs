//! Rules about the trusted principals of a role.

use super::opinions::at_least;
use crate::catalog::{AccessEffect, ObjectKind};
use crate::detection::{Case, Opinion};
use crate::lookup::KnownTarget;
use crate::phrase;
use crate::policy::{Reach, TrustedPrincipal};
use crate::severity::Severity;
use crate::text::Phrase;

/// Whether the role is known to have only limited access. A new role has no policies yet; the call that gives it one
/// causes its own alert.
fn is_limited(case: &Case<'_>) -> bool {
    let new = case.activity.action.effect == AccessEffect::Creates && case.activity.action.object == ObjectKind::Itself;
    // What is said about a role that IAM does not show is no knowledge of its access.
    let shown = matches!(&case.dossier.target, KnownTarget::Role(role) if role.profile.found().is_some());
    case.target_access
        .as_ref()
        .filter(|_| shown)
        .map_or(new, |access| access.is_limited() || (new && access.policies.is_empty()))
}

/// That a trust policy is harmless, if that is certain.
pub(super) fn harmless(case: &Case<'_>) -> Option<Phrase> {
    let trust = case.trust.as_ref().filter(|trust| trust.not_evaluated.is_empty())?;
    let near = trust.reach().is_some_and(|reach| reach <= Reach::Own) && !trust.federates();
    let near = near && trust.serves_outsiders().is_none();
    (near && case.activity.action.effect == AccessEffect::ChangesTrust && is_limited(case)).then(|| {
        "Only principals of this account and AWS services can assume the role, and the role has only limited access.".into()
    })
}

/// A part of the trust policy that was not evaluated can let anyone in, whatever the other parts say.
pub(super) fn trust_not_evaluated(case: &Case<'_>) -> Option<Opinion> {
    let trust = case.trust.as_ref().filter(|_| case.activity.outcome.succeeded() && !case.adds_nothing())?;
    let why = trust.not_evaluated.first()?;
    let which = if trust.trusted.is_empty() { "No trusted" } else { "Not all trusted" };
    at_least(Severity::High, phrase!(which, " principals could be evaluated: ", why, "."))
}

pub(super) fn trusted_principals(case: &Case<'_>) -> Option<Opinion> {
    let trust = case.trust.as_ref().filter(|_| case.activity.outcome.succeeded() && !case.adds_nothing())?;
    let reach = trust.reach()?;
    let level = match reach {
        Reach::Nobody => return None,
        // Whoever set up the service decides whom it serves.
        Reach::Service => {
            let serves = trust.serves_outsiders()?;
            return at_least(Severity::Medium, phrase!(serves.capitalized(), "."));
        }
        // Whoever is trusted within the account gains what the role can do, and no more.
        Reach::Own if is_limited(case) && !trust.federates() => return None,
        // Identity Center trusts the provider that it created.
        Reach::Own if case.activity.principal.service().is_some() => return None,
        Reach::Own | Reach::Organization => Severity::Medium,
        Reach::Outside => Severity::High,
        Reach::Anyone => Severity::Critical,
    };
    let widest = trust.trusted.iter().filter(|trusted| trusted.reach == reach).map(TrustedPrincipal::words);
    at_least(level, phrase!("The role can be assumed by ", Phrase::few(widest, 2, "; and "), "."))
}
