//! Rules about the protection of the account: deny policies, MFA, boundaries, the password policy.

use super::grants::is_severe;
use super::opinions::{at_least, context, target_name};
use crate::catalog::managed_by_aws::is_identity_centers_provider;
use crate::catalog::{AccessEffect, ObjectKind, Operation, TargetKind};
use crate::config::Limit;
use crate::detection::context::removed_policies;
use crate::detection::{Case, Opinion};
use crate::history::is_provisioning;
use crate::lookup::{AttachedPolicy, KnownTarget, Lookup};
use crate::phrase;
use crate::policy::{Access, AccessLevel, Document, known_containment};
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted, counted};
use chrono::TimeDelta;

/// What less protection means for an expectation.
pub(super) fn limit_of_protection(case: &Case<'_>) -> Limit {
    match case.activity.action.effect {
        AccessEffect::SetsBoundary | AccessEffect::RemovesBoundary => Limit::Escalation,
        _ => Limit::Credentials,
    }
}

/// What a removed policy means for an expectation: a containment, or any other deny.
pub(super) fn limit_of_removal(case: &Case<'_>) -> Limit {
    let removed = removed_policies(case.activity, case.dossier);
    let names = removed.policies.iter().map(|policy| &policy.name).chain(&case.activity.object.name);
    let contained = case.concerns_quarantine() || names.into_iter().any(contains);
    if contained { Limit::Quarantine } else { Limit::Escalation }
}

const UNKNOWN: &str = "What the removed policy said is not known.";

/// Whether a policy contains an identity, by its name.
fn contains(policy: &Untrusted) -> bool {
    known_containment(policy.raw()).is_some()
}

/// Removing a policy removes its denies; writing another policy in its place does so, too.
pub(super) fn containment_removed(case: &Case<'_>) -> Option<Opinion> {
    let (activity, effect) = (case.activity, case.activity.action.effect);
    if !activity.outcome.succeeded() {
        return None;
    }
    match effect {
        AccessEffect::PutsInlinePolicy if !case.concerns_quarantine() => containment_overwritten(case),
        AccessEffect::DetachesPolicy => policy_removed(case),
        _ => None,
    }
}

fn containment_overwritten(case: &Case<'_>) -> Option<Opinion> {
    let activity = case.activity;
    let (object, target) = (activity.object.name.as_ref()?, target_name(case));
    // Containing again writes the same policy once more. The time of the event may be a little ahead of the shell's
    // clock.
    let since = activity.time.map(|time| time - TimeDelta::minutes(15));
    let document = activity.policy_document.as_ref().and_then(|document| document.policy());
    if !contains(object) || document.is_some_and(|document| document.denies_everything(since)) {
        return None;
    }
    let reason = phrase!("The call overwrites ", object, ", by which somebody had contained ", target, ".");
    at_least(Severity::High, reason)
}

fn policy_removed(case: &Case<'_>) -> Option<Opinion> {
    let activity = case.activity;
    let (object, target) = (activity.object.name.as_ref()?, target_name(case));
    if case.concerns_quarantine() {
        let reason = phrase!("Removes AWS's quarantine policy (exposed key) from ", target, ".");
        return at_least(Severity::Critical, reason);
    }
    let leaves_group = activity.action.object == ObjectKind::Group;
    let removed = &removed_policies(activity, case.dossier);
    if let Some(policy) = Some(object)
        .filter(|name| contains(name))
        .or_else(|| removed.policies.iter().map(|policy| &policy.name).find(|name| contains(name)))
    {
        let reason = phrase!("Removes ", policy, ", by which somebody had contained ", target, ".");
        return at_least(Severity::High, reason);
    }
    let denies = |policy: &&AttachedPolicy| {
        policy.document.found().and_then(|document| document.policy()).is_some_and(Document::denies_anything)
    };
    if let Some(policy) = removed.policies.iter().find(denies) {
        let reason = phrase!("The removed policy ", &policy.name, " denied something that ", target, " can do now.");
        return at_least(Severity::Medium, reason);
    }
    let known = removed.policies.iter().all(|policy| policy.is_aws_managed() || policy.document.found().is_some());
    // A group may have no policies.
    let listed = !removed.policies.is_empty() || leaves_group;
    if known && listed && removed.gaps.is_empty() {
        return None;
    }
    // The most that the removal can have given the target back is the access that it has now.
    if case.dossier.target.is_gone() {
        return context(phrase!(UNKNOWN, " ", target.capitalized(), " does not exist any more, so nothing is gained."));
    }
    let left = case.lifted.as_ref().map(|lifted| &lifted.after).or(case.target_access.as_ref());
    if left.is_some_and(Access::is_limited) {
        return context(phrase!(UNKNOWN, " If it denied something, ", target, " has only limited access without it."));
    }
    at_least(Severity::Medium, phrase!(UNKNOWN, " The policy may have denied something."))
}

/// An MFA device of a user without a console password and without an access key: nothing alone would be enough now. A new
/// one has an alert of its own.
pub(super) fn without_password(case: &Case<'_>) -> Option<Phrase> {
    let KnownTarget::User(user) = &case.dossier.target else { return None };
    let keys = user.access_keys.found()?.items.iter().any(|key| key.active);
    let known = user.profile.found().is_some() && !case.target_is_replaced() && user.password == Lookup::Missing;
    (known && !keys && case.activity.action.effect == AccessEffect::WeakensMfa).then(|| {
        phrase!(
            target_name(case).capitalized(),
            " has no console password and no active access key that could be used without the device."
        )
    })
}

/// The remaining protection, as far as IAM still shows it.
pub(super) fn protection_reduced(case: &Case<'_>) -> Option<Opinion> {
    let (activity, effect) = (case.activity, case.activity.action.effect);
    activity.outcome.succeeded().then_some(())?;
    match (effect, &case.dossier.target) {
        // `root_session` is about sessions of another account as root.
        (AccessEffect::WeakensMfa, _) if case.is_in_root_session() => None,
        (AccessEffect::WeakensMfa, _) if activity.target.kind == TargetKind::RootUser => {
            at_least(Severity::Critical, "The MFA device belonged to the root user.".into())
        }
        (AccessEffect::WeakensMfa, KnownTarget::User(user)) => {
            let name = target_name(case);
            let left = user.mfa_devices.found()?.items.len();
            if left > 0 {
                let is = if left == 1 { "is" } else { "are" };
                return context(Phrase::ours(format!("{} {is} left.", counted(left, "MFA device"))));
            }
            match &user.password {
                Lookup::Missing => {
                    context(phrase!("No MFA device is left. ", name.capitalized(), " has no console password."))
                }
                Lookup::Found(_) => at_least(
                    Severity::High,
                    phrase!("No MFA device is left: the console password of ", name, " alone is enough to sign in."),
                ),
                Lookup::Unavailable(_) => at_least(
                    Severity::High,
                    phrase!("No MFA device is left. Whether ", name, " has a console password is not known."),
                ),
            }
        }
        (AccessEffect::RemovesBoundary, KnownTarget::User(user)) => {
            boundary_again(user.profile.found()?.boundary.as_ref()?)
        }
        (AccessEffect::RemovesBoundary, KnownTarget::Role(role)) => {
            boundary_again(role.profile.found()?.boundary.as_ref()?)
        }
        (AccessEffect::SetsBoundary, _) => new_boundary(case),
        _ => None,
    }
}

/// IAM Identity Center creates a SAML provider in each account, and changes it itself.
pub(super) fn identity_center_provider(case: &Case<'_>) -> Option<Opinion> {
    let activity = case.activity;
    let name = activity.target.name.as_ref().filter(|_| activity.target.kind == TargetKind::SamlProvider)?;
    let by_person =
        activity.outcome.succeeded() && activity.principal.service().is_none() && !is_provisioning(activity);
    (by_person && is_identity_centers_provider(name.raw())).then_some(())?;
    let reason = match activity.action.operation {
        Operation::Delete => "Without the provider, nobody can sign in to this account through IAM Identity Center.",
        Operation::Tag | Operation::Untag => return None,
        _ => "The provider has the name of one of IAM Identity Center, which alone should create and change it.",
    };
    at_least(Severity::High, reason.into())
}

fn new_boundary(case: &Case<'_>) -> Option<Opinion> {
    let granted = case.granted.as_ref()?;
    let access = &granted.access;
    if is_severe(access) {
        let reason = "The new boundary does not prevent escalation to administrator (see \"Allows at most\").";
        return at_least(Severity::High, reason.into());
    }
    if granted.read_failed {
        return at_least(Severity::High, "What the new boundary allows could not be read.".into());
    }
    if access.level < AccessLevel::Broad && !access.named_only {
        return None;
    }
    at_least(Severity::Medium, "The new boundary limits little, or was not read.".into())
}

fn boundary_again(boundary: &Untrusted) -> Option<Opinion> {
    context(phrase!("IAM shows a boundary again: ", Phrase::arn(boundary), "."))
}

/// The requirements for passwords. AWS's default requires 8 characters of three types ("Set an account password policy
/// for IAM users", IAM user guide). IAM does not keep the previous policy.
pub(super) fn weak_password_policy(case: &Case<'_>) -> Option<Opinion> {
    const DEFAULT_LENGTH: u64 = 8;
    const DEFAULT_KINDS: usize = 3;
    let activity = case.activity;
    if activity.action.effect != AccessEffect::ChangesPasswordPolicy || !activity.outcome.succeeded() {
        return None;
    }
    if activity.action.operation == Operation::Delete {
        return context(phrase!(
            "AWS's default is in effect: 8 characters of three kinds, reuse allowed, no expiry.",
            not_kept(case)
        ));
    }
    let set =
        |name: &str| activity.parameters.iter().find(|(path, _)| path.raw() == name).map(|(_, value)| value.raw());
    // Parameters that the call does not contain are set to their defaults.
    let length = set("minimumPasswordLength").and_then(|length| length.parse().ok()).unwrap_or(6);
    let kinds = ["requireSymbols", "requireNumbers", "requireUppercaseCharacters", "requireLowercaseCharacters"];
    let required = kinds.iter().filter(|kind| set(kind) == Some("true")).count();
    let kinds = match required {
        0 => "no particular kind of characters".to_owned(),
        4 => "characters of all four kinds".to_owned(),
        some => format!("characters of {some} of the four kinds"),
    };
    let characters = counted(usize::try_from(length).unwrap_or(usize::MAX), "character");
    let words = Phrase::ours(format!("Passwords need at least {characters} and {kinds}."));
    let words = phrase!(words, not_kept(case));
    if length < DEFAULT_LENGTH || required < DEFAULT_KINDS { at_least(Severity::High, words) } else { context(words) }
}

/// Where the former policy is not known, the alert cannot show it.
fn not_kept(case: &Case<'_>) -> &'static str {
    let known = case.before.as_ref().is_some_and(|before| before.unknown.is_none());
    if known { "" } else { " IAM does not keep the former policy." }
}
