//! Who can assume a role through services and identity providers: what identifies their clients, users and customers.
//! The principals of AWS, and every deny, are judged in `resource`.
//!
//! Values that a condition leaves to the caller (external id, MFA, tags) are as the caller wants them.

use super::callers::{PrincipalKind, Reach};
use super::condition::Wish;
use super::document::{Condition, Statement};
use super::groups::{Who, is_pattern};
use super::matching::{ANY, Variables};
use super::providers::{SharedProvider, shared};
use super::resource::Guests;
use super::truth::{Truth, Value};
use crate::arn::Arn;

/// Services that give sessions of the role to clients outside of AWS, in exchange for a certificate.
const FOR_CLIENTS: [&str; 2] = ["rolesanywhere.amazonaws.com", "credentials.iot.amazonaws.com"];

const COGNITO: &str = "cognito-identity.amazonaws.com";

/// The widest reach of a principal through one statement of the trust policy that allows it.
pub(super) fn reach(guests: &Guests<'_>, principal: &PrincipalKind, allow: &Statement) -> Reach {
    let is_own = |name: &str| Arn::parse(name).map(|arn| guests.home.is_own(arn.account));
    let (who, reach) = match principal {
        PrincipalKind::Service(name) => {
            let for_clients = FOR_CLIENTS.iter().any(|service| service.eq_ignore_ascii_case(name.raw()));
            let reach = match for_clients {
                true => of_clients(&allow.conditions),
                false if is_pattern(name.raw()) => Reach::Outside,
                false => Reach::Service,
            };
            (Who::Service(name.raw().to_owned()), reach)
        }
        PrincipalKind::Saml(arn) => {
            let reach = if is_own(arn.raw()) == Some(true) { Reach::Own } else { Reach::Outside };
            (Who::Provider(arn.raw().to_owned()), reach)
        }
        PrincipalKind::WebIdentity(provider) => {
            let (who, host) = (Who::Provider(provider.raw().to_owned()), principal.host().unwrap_or_default());
            let reach = match shared(host) {
                Some(shared) => of_shared_provider(guests, &who, shared, allow),
                None => of_own_provider(host, &allow.conditions),
            };
            let is_elsewhere = reach > Reach::Nobody && is_own(provider.raw()) == Some(false);
            (who, if is_elsewhere { reach.max(Reach::Outside) } else { reach })
        }
        _ => return guests.reach(principal, allow),
    };
    if guests.keeps_out(&who, allow, &|_| false) { Reach::Nobody } else { reach }
}

/// Whether a stranger gets a token that the conditions accept.
fn of_shared_provider(guests: &Guests<'_>, who: &Who, provider: &SharedProvider, allow: &Statement) -> Reach {
    let (mut stranger, mut nobody) = (true, false);
    for condition in &allow.conditions {
        let claim = claim_of(&condition.key, provider).zip(condition.requires_exactly());
        let Some((claim, exact)) = claim else { continue };
        stranger &= a_stranger_can_have(provider, &claim, exact, condition);
        nobody |= exact && condition.texts().all(|value| provider.nobody_can_have(&claim, &value));
    }
    if nobody {
        return Reach::Nobody;
    }
    // A deny of everybody whose token has not one of the values that a stranger cannot have.
    let holds_for_strangers = |condition: &Condition| {
        let claim = claim_of(&condition.key, provider).zip(condition.excludes_exactly());
        claim.is_some_and(|(claim, exact)| !a_stranger_can_have(provider, &claim, exact, condition))
    };
    stranger &= !guests.keeps_out(who, allow, &holds_for_strangers);
    stranger |= provider.host == COGNITO && lets_guests_in(&allow.conditions);
    if stranger { Reach::Anyone } else { Reach::Outside }
}

fn a_stranger_can_have(provider: &SharedProvider, claim: &str, exact: bool, condition: &Condition) -> bool {
    condition.texts().any(|value| has_variable(&value) || provider.stranger_can_have(claim, &value, exact))
}

/// Whether a value can stand for another one: with `${…}`, a claim can be compared with itself.
fn has_variable(value: &str) -> bool {
    value.contains("${")
}

/// Whether a guest of the identity pool that the conditions name gets in. The id of a pool is no secret: it is in every
/// app that uses the pool.
fn lets_guests_in(conditions: &[Condition]) -> bool {
    let variables = Variables { enabled: true, value: &|_| Value::Unknown };
    conditions.iter().filter(|condition| !condition.key.is_empty()).all(|condition| {
        let value = match condition.key.to_ascii_lowercase().strip_prefix(COGNITO) {
            Some(":amr") => Value::one("unauthenticated"),
            Some(":sub") if condition.texts().all(|value| !is_pattern(&value) && !has_variable(&value)) => {
                Value::one(ANY)
            }
            _ => Value::Chosen { optional: true },
        };
        condition.holds(&value, Wish::Met, &variables) > Truth::No
    })
}

/// The claim in a condition key of the provider.
fn claim_of(key: &str, provider: &SharedProvider) -> Option<String> {
    let key = key.to_ascii_lowercase();
    if key.starts_with("sts:") {
        return Some(key);
    }
    Some(key.strip_prefix(provider.host)?.strip_prefix(':')?.to_owned())
}

/// For IAM Roles Anywhere and AWS's `IoT` service: everybody with a certificate, unless conditions name both who issues
/// it and its subject.
fn of_clients(conditions: &[Condition]) -> Reach {
    let requires = |is: &dyn Fn(&str) -> bool| {
        conditions.iter().any(|condition| {
            let key = condition.key.to_ascii_lowercase();
            is(&key) && condition.requires_exactly().is_some() && condition.texts().all(|value| is_specific(&value))
        })
    };
    let subject = requires(&|key| key.starts_with("aws:principaltag/x509") || key.starts_with("credentials-iot:"));
    let issuer = requires(&|key| key == "aws:sourcearn");
    if subject && issuer { Reach::Own } else { Reach::Outside }
}

fn is_specific(value: &str) -> bool {
    value.split(['*', '?']).next().is_some_and(|literal| literal.len() > 1) && !has_variable(value)
}

/// A provider that only the account's owner uses: every identity, unless a condition names some.
fn of_own_provider(host: &str, conditions: &[Condition]) -> Reach {
    let names_some = |condition: &&Condition| {
        let key = condition.key.to_ascii_lowercase();
        let claim = key.strip_prefix(&host.to_ascii_lowercase()).and_then(|rest| rest.strip_prefix(':'));
        let identifies = claim.is_some_and(|claim| claim != "aud" && claim != "iss");
        let values = condition.values();
        identifies
            && condition.requires_exactly().is_some()
            && !values.is_empty()
            && values.iter().all(|value| value.as_str().is_some_and(names_identity))
    };
    if conditions.iter().any(|condition| names_some(&condition)) { Reach::Own } else { Reach::Outside }
}

/// Whether a subject pattern names some identities: of Kubernetes, at least the namespace.
fn names_identity(pattern: &str) -> bool {
    let literal = pattern.split(['*', '?']).next().unwrap_or_default();
    if has_variable(pattern) {
        return false;
    }
    if let Some(account) = pattern.strip_prefix("system:serviceaccount:") {
        let namespace = account.split(':').next().unwrap_or_default();
        return !namespace.is_empty() && !namespace.contains(['*', '?']) && account.contains(':');
    }
    if literal.len() == pattern.len() {
        !pattern.is_empty()
    } else {
        literal.len() > 4 && !literal.starts_with("system:")
    }
}
