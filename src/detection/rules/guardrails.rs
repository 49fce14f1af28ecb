//! What changes when a policy of AWS Organizations is attached, detached or written.

use super::opinions::target_name;
use crate::catalog::{AccessEffect, ObjectKind, Operation, TargetKind};
use crate::detection::Case;
use crate::phrase;
use crate::severity::Severity::{self, High, Medium};
use crate::text::Phrase;

/// The severity of a change of a policy that was read, and why; `None` if nothing more is known than the row says.
pub(super) fn judged(case: &Case<'_>) -> Option<(Severity, Phrase)> {
    let action = case.activity.action;
    let guardrail = case.guardrail.as_ref().filter(|_| action.effect == AccessEffect::ChangesGuardrail)?;
    let protects = || {
        let all = guardrail.protects.iter().map(|what| Phrase::from(*what)).collect::<Vec<_>>();
        Phrase::few(all, 4, " and ")
    };
    Some(match (action.operation, action.object) {
        (Operation::Detach, ObjectKind::OrganizationsPolicy) if !guardrail.denies => (
            Medium,
            "The policy only allows, so nothing more is allowed without it. If no other policy allows, the accounts below \
             can do nothing any more."
                .into(),
        ),
        (Operation::Detach, ObjectKind::OrganizationsPolicy) if !guardrail.protects.is_empty() => {
            (High, phrase!("The policy protected ", protects(), ". It does not protect ", below(case), " any more."))
        }
        (Operation::Attach, ObjectKind::OrganizationsPolicy) if guardrail.denies_everything => (
            High,
            phrase!(
                "The policy denies everything: nobody and nothing works any more in ",
                below(case),
                ". Somebody contains an intruder, or locks everybody out."
            ),
        ),
        (Operation::Attach, ObjectKind::OrganizationsPolicy) if !guardrail.denies => (
            Medium,
            "The policy denies nothing. Where accounts could do only what some policies allow, they can do more now.".into(),
        ),
        (Operation::Change, ObjectKind::Itself) if !guardrail.denies => (
            High,
            "In its new form, the policy denies nothing. What it denied before is allowed wherever it is attached, unless \
             another policy denies it."
                .into(),
        ),
        (Operation::Change, ObjectKind::Itself) if guardrail.denies_everything => (
            High,
            "In its new form, the policy denies everything wherever it is attached: nobody and nothing works there any more."
                .into(),
        ),
        (Operation::Change, ObjectKind::Itself) if !guardrail.protects.is_empty() => (
            High,
            phrase!(
                "In its new form, the policy protects ",
                protects(),
                ". What else it denied before is not known: AWS Organizations does not keep the former policy."
            ),
        ),
        _ => return None,
    })
}

/// The accounts that the target stands for.
fn below(case: &Case<'_>) -> Phrase {
    match case.activity.target.kind {
        TargetKind::MemberAccount => phrase!("the account ", target_name(case)),
        TargetKind::OrganizationRoot => "the accounts of the whole organization".into(),
        _ => phrase!("the accounts below ", target_name(case)),
    }
}
