//! Who can use a resource, by the policy or the permission in the request.

use crate::arn::{Arn, is_account_id};
use crate::catalog::{AccessEffect, ObjectKind};
use crate::detection::Case;
use crate::phrase;
use crate::policy::{Reach, TrustedPrincipal};
use crate::severity::Severity::{self, High, Low, Medium};
use crate::text::{Phrase, Untrusted};

/// The severity of a call that says who can use a resource, and why.
pub(super) fn judged(case: &Case<'_>) -> Option<(Severity, Phrase)> {
    let action = case.activity.action;
    (action.effect == AccessEffect::SharesResource).then_some(())?;
    let Some(shared) = &case.shared else {
        let why = if action.object == ObjectKind::PublicAccessBlock {
            "Not all settings that keep the public out are on: a policy or an access control list can make the data public. \
             Whether one does is not looked up."
        } else {
            "Whom the call lets in cannot be read from the event."
        };
        return Some((Medium, why.into()));
    };
    if let Some(account) = served(case) {
        let why = phrase!("A service can use the ", action.target.noun(), " for another account, ", &account, ".");
        return Some((Medium, why));
    }
    let reach = shared.reach().unwrap_or(Reach::Nobody);
    let widest = || {
        let widest = shared.trusted.iter().filter(|trusted| trusted.reach == reach).map(TrustedPrincipal::words);
        Phrase::few(widest, 2, "; and ")
    };
    let noun = action.target.noun();
    Some(match (reach, shared.not_evaluated.first()) {
        (Reach::Anyone, _) => (High, phrase!("The ", noun, " is open to ", widest(), ".")),
        (Reach::Outside, _) => (Medium, phrase!("The ", noun, " is open to ", widest(), ".")),
        (_, Some(why)) => (Medium, phrase!("Not all who can use the ", noun, " could be evaluated: ", why, ".")),
        (Reach::Organization, None) => (Low, phrase!("The ", noun, " is open to ", widest(), ".")),
        (Reach::Nobody | Reach::Service | Reach::Own, None) => (Low, action.because.into()),
    })
}

/// The other account for which a service may call a function: its bucket or topic can make the function run.
fn served(case: &Case<'_>) -> Option<Untrusted> {
    let activity = case.activity;
    (activity.action.object == ObjectKind::Permission).then_some(())?;
    let text = |field: &str| activity.request.get(field)?.as_str();
    let of_arn = text("sourceArn").and_then(Arn::parse).map(|arn| arn.account);
    let account = text("sourceAccount").or(of_arn).filter(|account| is_account_id(account))?;
    let other = activity.account.as_ref().is_some_and(|own| own.raw() != account);
    let member = case.dossier.members.iter().any(|member| member.raw() == account);
    (other && !member).then(|| account.into())
}
