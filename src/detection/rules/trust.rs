//! Rules about the trusted principals of a role.

use super::opinions::at_least;
use crate::detection::{Case, Opinion};
use crate::phrase;
use crate::policy::{Reach, TrustedPrincipal};
use crate::severity::Severity;
use crate::text::Phrase;

pub(super) fn trusted_principals(case: &Case<'_>) -> Option<Opinion> {
    let trust = case.trust.as_ref().filter(|_| case.activity.outcome.succeeded())?;
    let Some(reach) = trust.reach() else {
        let why = trust.not_evaluated.first()?;
        return at_least(Severity::High, phrase!("The trusted principals could not be evaluated: ", why, "."));
    };
    let level = match reach {
        Reach::Nobody | Reach::Service => return None,
        Reach::Own | Reach::Organization => Severity::Medium,
        Reach::Outside => Severity::High,
        Reach::Anyone => Severity::Critical,
    };
    let widest = trust.trusted.iter().filter(|trusted| trusted.reach == reach).map(TrustedPrincipal::words);
    at_least(level, phrase!("The role can be assumed by ", Phrase::few(widest, 2, "; and "), "."))
}
