//! Rules about what could not be read. What is not known must not look harmless: the severity is at least what is
//! sensible, and the alert is mailed whatever the minimum severity is.

use super::opinions::{opinion, target_name};
use crate::catalog::AccessEffect;
use crate::detection::{Case, Opinion, Weight};
use crate::lookup::{AttachedPolicies, Gap, KnownTarget, Unavailable};
use crate::phrase;
use crate::severity::Severity;
use crate::text::Phrase;

#[allow(clippy::unnecessary_wraps, reason = "every rule ends with it")]
fn incomplete(weight: Weight, reason: Phrase) -> Option<Opinion> {
    Some(Opinion { incomplete: true, ..opinion(weight, reason) })
}

/// What was not read, and why: "the groups of ops-carol (throttled by AWS)".
fn missing(whose: Option<&Phrase>, gaps: Vec<Gap>) -> Phrase {
    let of = |joint: &'static str| whose.map_or_else(Phrase::default, |whose| phrase!(joint, whose));
    // Then nothing at all was read.
    if let Some(closed) = gaps.iter().find(|gap| matches!(gap.reason, Unavailable::NoReader(_))) {
        let about = whose.map_or("the policies of the call".into(), |whose| phrase!("everything about ", whose));
        return phrase!(about, " (", closed.reason.words(), ")");
    }
    let gaps: Vec<_> =
        gaps.into_iter().map(|Gap { what, reason }| phrase!(what, of(" of "), " (", reason.words(), ")")).collect();
    Phrase::few(gaps, 3, ", ")
}

fn failed(gaps: impl IntoIterator<Item = Gap>) -> Vec<Gap> {
    gaps.into_iter().filter(Gap::is_failure).collect()
}

/// Of the caller's policies, only the names matter here: AWS attaches its quarantine to an identity whose access key it
/// found in public.
pub(super) fn caller_not_evaluated(case: &Case<'_>) -> Option<Opinion> {
    let lists = failed(case.dossier.caller.attached()?.gaps.iter().cloned());
    // A service-linked role has no access key that could be found in public.
    if lists.is_empty() || case.activity.principal.service().is_some() {
        return None;
    }
    // Whoever is quarantined is not expected any more: what is incomplete is beyond every expectation.
    incomplete(
        Weight::AtLeast(Severity::Medium),
        phrase!(
            "Not evaluated: ",
            missing(Some(&case.activity.principal.short_name()), lists),
            ". AWS may have quarantined the caller."
        ),
    )
}

/// What is not known about the target, and about the policies of the call.
pub(super) fn target_not_evaluated(case: &Case<'_>) -> Option<Opinion> {
    let (activity, effect, dossier) = (case.activity, case.activity.action.effect, case.dossier);
    if !activity.outcome.succeeded() {
        return None;
    }
    let target = target_name(case);
    let policies = failed(dossier.target.attached().map(AttachedPolicies::unread).unwrap_or_default());
    let own_credential = activity.is_self() && effect == AccessEffect::GrantsCredential;
    let hands_on = effect.passes_on_access() && effect != AccessEffect::Creates;
    let hands_on = hands_on && !own_credential && !activity.action.object.is_for_one_service();
    if hands_on && !policies.is_empty() {
        let reason = phrase!(
            "Not evaluated: ",
            missing(Some(&target), policies),
            ". The access that the call hands on may be full access."
        );
        return incomplete(Weight::AtLeast(Severity::High), reason);
    }
    let mut of_target = policies;
    of_target.extend(facts_of(&dossier.target));
    let mut all: Vec<_> = (!of_target.is_empty()).then(|| missing(Some(&target), of_target)).into_iter().collect();
    let given = failed(dossier.given.unread());
    all.extend((!given.is_empty()).then(|| missing(None, given)));
    let policy =
        dossier.central.policy.as_ref().and_then(|policy| policy.document.gap("the policy of the organization"));
    let policy = failed(policy);
    all.extend((!policy.is_empty()).then(|| missing(None, policy)));
    let named = dossier.named.iter().filter(|(_, known)| known.unanswered() > 0);
    let named: Vec<_> = named.map(|(arn, _)| Phrase::arn(arn)).collect();
    all.extend((!named.is_empty()).then(|| phrase!("what the policies name (", Phrase::few(named, 3, ", "), ")")));
    if all.is_empty() {
        return None;
    }
    let reason = phrase!("Not evaluated: ", Phrase::joined(all, ", "), ". The severity may be too low.");
    incomplete(Weight::AtLeast(Severity::Medium), reason)
}

/// The facts beside the policies that a rule looks at.
fn facts_of(target: &KnownTarget) -> Vec<Gap> {
    let facts = match target {
        KnownTarget::User(user) => vec![
            user.profile.gap("the user's entry"),
            user.mfa_devices.gap("MFA devices"),
            user.access_keys.gap("access keys"),
            user.password.gap("console password"),
        ],
        KnownTarget::Role(role) => vec![role.profile.gap("the role's entry")],
        KnownTarget::Group(group) => vec![group.members.gap("members")],
        KnownTarget::Policy(policy) => vec![
            policy.profile.gap("the policy's entry"),
            policy.document.gap("the document"),
            policy.holders.gap("what it is attached to"),
        ],
        KnownTarget::PermissionSet(set) => vec![set.name.gap("the permission set's name")],
        // A name decides nothing.
        KnownTarget::Identity(..) | KnownTarget::NotAsked(_) => Vec::new(),
    };
    failed(facts.into_iter().flatten())
}

/// What happened before can make a call the last step of an attack.
pub(super) fn history_not_evaluated(case: &Case<'_>) -> Option<Opinion> {
    let why = case.prior?.related.unknown.as_ref()?;
    incomplete(
        Weight::AtLeast(Severity::Medium),
        phrase!("Not evaluated: what happened before (", Phrase::from(why), "). The call may complete an attack."),
    )
}
