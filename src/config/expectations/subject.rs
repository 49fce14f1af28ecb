//! What an expectation is compared with: the texts of an activity that patterns are about.

use crate::catalog::AccessEffect;
use crate::event::Activity;

/// The action as an expectation names it: `iam:AttachRolePolicy`.
#[must_use]
pub fn action_of(activity: &Activity) -> String {
    format!("{}:{}", activity.action.service, activity.action.event_name)
}

/// The target as an expectation names it: `role/NAME`, `user/NAME` and so on for IAM, `SERVICE:KIND/NAME` for others.
/// `None` if the event does not name the target.
#[must_use]
pub fn target_of(activity: &Activity) -> Option<String> {
    let (service, resource) = activity.target.in_arns()?;
    Some(if service == "iam" { resource } else { format!("{service}:{resource}") })
}

/// The words for effects on access, with which an expectation names many actions at once.
pub const EFFECTS: [&str; 7] = ["creates", "grants", "trust", "shares", "credentials", "removes", "maintenance"];

/// The word for an effect; `None` for effects that an expectation can name only by their actions.
#[must_use]
pub const fn effect_of(effect: AccessEffect) -> Option<&'static str> {
    match effect {
        AccessEffect::Creates => Some("creates"),
        AccessEffect::AttachesPolicy
        | AccessEffect::PutsInlinePolicy
        | AccessEffect::AddsToGroup
        | AccessEffect::RewritesPolicy
        | AccessEffect::DraftsPolicyVersion
        | AccessEffect::AddsRoleToInstanceProfile
        | AccessEffect::SetsBoundary
        | AccessEffect::RemovesBoundary
        | AccessEffect::AssignsAccess
        | AccessEffect::Provisions => Some("grants"),
        AccessEffect::ChangesTrust | AccessEffect::ChangesFederation | AccessEffect::DelegatesAccess => Some("trust"),
        AccessEffect::SharesResource | AccessEffect::OpensResource => Some("shares"),
        AccessEffect::GrantsCredential
        | AccessEffect::RegistersMfa
        | AccessEffect::WeakensMfa
        | AccessEffect::ChangesPasswordPolicy => Some("credentials"),
        AccessEffect::DetachesPolicy | AccessEffect::Conceals | AccessEffect::Revokes => Some("removes"),
        AccessEffect::None => Some("maintenance"),
        AccessEffect::ChangesRootAccess
        | AccessEffect::ChangesWorkforceSignIn
        | AccessEffect::ChangesGuardrail
        | AccessEffect::ChangesOrganization
        | AccessEffect::OpensRootSession
        | AccessEffect::ChangesContact
        | AccessEffect::ByRoot
        | AccessEffect::ImpairsAlerting
        | AccessEffect::RestoresAlerting
        | AccessEffect::SignsIn
        | AccessEffect::SwitchesRole
        | AccessEffect::WarnsOfSignIn
        | AccessEffect::ChangesRootSignIn
        | AccessEffect::Unfamiliar => None,
    }
}
