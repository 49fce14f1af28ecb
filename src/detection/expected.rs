//! Whether an activity is expected: what the expectations say about it, and what is beyond all of them.
//!
//! Only this lowers a severity, by what a person has written down. What would hurt most if the credentials of an expected
//! principal were stolen is beyond an expectation that does not name it.

use super::context::Case;
use super::model::{Assessment, Reason};
use crate::catalog::{AccessEffect, TargetKind};
use crate::config::Limit;
use crate::config::expectations::{Beyond, Expectation, Judgement, Occasion, Verdict};
use crate::event::{FailureKind, Outcome};
use crate::lookup::KnownAccount;
use crate::phrase;
use crate::policy::Reach;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted};
use std::collections::BTreeSet;

const RULE: &str = "expected";

/// The assessment of the rules, as the expectations change it.
pub(super) fn unless_expected(case: &Case<'_>, judged: Assessment) -> Assessment {
    let activity = case.activity;
    // The row that somebody writes is in effect when the call that wrote it is judged.
    if activity.target.kind == TargetKind::Parameter {
        return judged;
    }
    let units = |account: &KnownAccount| account.known_units().unwrap_or_default().to_vec();
    let (of_principal, of_event) = (units(case.dossier.account_of_caller()), units(&case.dossier.account));
    let occasion = Occasion { activity, units_of_principal: &of_principal, units_of_event: &of_event };
    // A call that this version does not know is not evaluated, whatever the rules say; nor is one without its policy.
    let known = activity.action.effect != AccessEffect::Unfamiliar && !activity.omitted && !activity.lacks_document();
    let judgement =
        Judgement { severity: judged.severity, limits: &judged.limits, complete: known && !judged.incomplete };
    match case.expectations.verdict(occasion, judgement) {
        None => judged,
        Some(Verdict::Covered(row)) => covered(row, judged),
        Some(Verdict::Exceeded(..)) if judged.severity == Severity::Low => judged,
        Some(Verdict::Exceeded(row, beyond)) => {
            let beyond = Phrase::joined(beyond.into_iter().map(Beyond::words), "; ");
            remarked(
                judged,
                phrase!("An expectation is about this (", why(row), "), but it does not cover: ", beyond, "."),
            )
        }
        Some(Verdict::Ended(row)) => {
            let day = row.until.map_or_else(String::new, |until| until.format("%Y-%m-%d %H:%M UTC").to_string());
            remarked(judged, phrase!("This was expected (", why(row), ") until ", Phrase::ours(day), "."))
        }
    }
}

fn covered(row: &Expectation, judged: Assessment) -> Assessment {
    let mut reasons = judged.reasons;
    let otherwise = match judged.severity {
        Severity::Low => Phrase::default(),
        severity => phrase!(" Otherwise the severity would be ", severity, "."),
    };
    let text = phrase!("Expected: ", why(row), ".", otherwise);
    reasons.insert(0, Reason::new(RULE, text));
    Assessment { severity: Severity::Low, reasons, unless_expected: Some(judged.severity), ..judged }
}

fn remarked(mut judged: Assessment, text: Phrase) -> Assessment {
    judged.reasons.push(Reason::new(RULE, text));
    judged
}

/// The reason of a row, and where the row stands.
fn why(row: &Expectation) -> Phrase {
    let reason = Phrase::free(&Untrusted::new(&row.why));
    if row.line == 0 {
        return reason;
    }
    let line = Phrase::ours(format!("\", line {} of ", row.line));
    phrase!("\"", reason, line, Phrase::free(&Untrusted::new(&row.source)))
}

/// What a case is beyond the limits that its rules found: by its effect, its outcome and its chains.
pub(super) fn limits_of(case: &Case<'_>) -> impl Iterator<Item = Limit> {
    let by_effect = match case.activity.action.effect {
        AccessEffect::ImpairsAlerting => Some(Limit::SelfProtection),
        AccessEffect::RemovesBoundary => Some(Limit::Escalation),
        AccessEffect::ChangesFederation
        | AccessEffect::DelegatesAccess
        | AccessEffect::SharesResource
        | AccessEffect::OpensResource => Some(Limit::OutsideTrust),
        AccessEffect::GrantsCredential
        | AccessEffect::RegistersMfa
        | AccessEffect::WeakensMfa
        | AccessEffect::ChangesPasswordPolicy => Some(Limit::Credentials),
        AccessEffect::ChangesRootAccess
        | AccessEffect::OpensRootSession
        | AccessEffect::ByRoot
        | AccessEffect::ChangesContact
        | AccessEffect::ChangesRootSignIn => Some(Limit::Root),
        AccessEffect::SignsIn | AccessEffect::SwitchesRole | AccessEffect::WarnsOfSignIn => Some(Limit::SignIn),
        AccessEffect::ChangesGuardrail | AccessEffect::ChangesOrganization | AccessEffect::ChangesWorkforceSignIn => {
            Some(Limit::Organization)
        }
        AccessEffect::Creates
        | AccessEffect::AttachesPolicy
        | AccessEffect::PutsInlinePolicy
        | AccessEffect::AddsToGroup
        | AccessEffect::RewritesPolicy
        | AccessEffect::DraftsPolicyVersion
        | AccessEffect::ChangesTrust
        | AccessEffect::AddsRoleToInstanceProfile
        | AccessEffect::SetsBoundary
        | AccessEffect::AssignsAccess
        | AccessEffect::Provisions
        | AccessEffect::DetachesPolicy
        | AccessEffect::Conceals
        | AccessEffect::Revokes
        | AccessEffect::None
        | AccessEffect::RestoresAlerting
        | AccessEffect::Unfamiliar => None,
    };
    // An attempt on these changes nothing, and is a denied call or none to worry about.
    let of_success = matches!(by_effect, Some(Limit::Escalation | Limit::OutsideTrust | Limit::Credentials));
    let by_effect = by_effect.filter(|_| !of_success || case.activity.outcome.succeeded());
    // Whoever controls an identity provider decides who its identities are.
    let outsiders = case.trust.as_ref().filter(|_| case.activity.outcome.succeeded()).is_some_and(|trust| {
        trust.reach().is_some_and(|reach| reach >= Reach::Organization)
            || trust.federates()
            || trust.serves_outsiders().is_some()
    });
    let denied = matches!(
        case.activity.outcome,
        Outcome::Failed { failure: FailureKind::Denied | FailureKind::BadCredentials, .. }
    );
    let chain = case.prior.is_some_and(|prior| !prior.chains.is_empty());
    let outsiders = outsiders.then_some(Limit::OutsideTrust);
    [by_effect, outsiders, denied.then_some(Limit::Denied), chain.then_some(Limit::Chain)].into_iter().flatten()
}

/// The limits, if the case is severe enough for a mail.
pub(super) fn limits(case: &Case<'_>, severity: Severity, found: BTreeSet<Limit>) -> BTreeSet<Limit> {
    if severity < Severity::Medium {
        return BTreeSet::new();
    }
    found.into_iter().chain(limits_of(case)).collect()
}
