//! The trusted principals of a role, from its trust policy, and who can assume the role through them.
//!
//! Follows "AWS JSON policy elements: Principal" and the pages on roles for federation in the IAM user guide.
//! Conditions are not evaluated: only their keys are listed, and whether they restrict who can assume the role.

use super::document::{Condition, Document, Effect, Patterns, Principals, Statement};
use super::parsed::Parsed;
use super::question::TrustSummary;
use crate::arn::{Arn, wildcard_ignoring_case};
use crate::phrase;
use crate::text::{Phrase, Untrusted};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// In the order of the policy.
    pub trusted: Vec<TrustedPrincipal>,
    pub not_evaluated: Vec<Phrase>,
    /// Whether the policy denies some principals. They are not subtracted from the trusted principals.
    pub denies: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedPrincipal {
    pub principal: PrincipalKind,
    /// The keys of the conditions, and the first value of a condition on a subject. Empty if there are no conditions.
    pub conditions: Vec<Phrase>,
    pub reach: Reach,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalKind {
    /// Any principal of any account, and anonymous callers.
    Anyone,
    /// Every principal that the policies of this account authorize.
    Account(Untrusted),
    /// A user, role or session, by ARN; or the unique id that remains of a deleted one.
    Principal(Untrusted),
    Service(Untrusted),
    Saml(Untrusted),
    /// An OIDC identity provider, by ARN or host name.
    WebIdentity(Untrusted),
}

/// Who can assume the role, from the narrowest to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// An AWS service.
    Service,
    /// Principals of the role's own account, or identities of a provider that only the account's owner uses.
    Own,
    /// Another account, some customers of a public provider, or any principal that a condition identifies.
    Outside,
    /// Anyone, or every customer of a provider where anyone can be a customer.
    Anyone,
}

/// The calls that return a session of the role.
const ASSUMING: [&str; 4] =
    ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoot"];

/// Services that give sessions of the role to clients outside of AWS, in exchange for a certificate.
const FOR_CLIENTS: [&str; 2] = ["rolesanywhere.amazonaws.com", "credentials.iot.amazonaws.com"];

/// Condition keys that identify the caller. External ids and source identities do not: the caller chooses them.
const IDENTIFYING: [&str; 8] = [
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:userid",
];

/// Providers where anyone can open an account: without a condition on the subject, they mean anyone.
const PUBLIC_PROVIDERS: [&str; 8] = [
    "token.actions.githubusercontent.com",
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "www.amazon.com",
    "graph.facebook.com",
    "gitlab.com",
    "app.terraform.io",
    "agent.buildkite.com",
];

impl Trust {
    /// Reads the trust policy of a role in the account with this id.
    #[must_use]
    pub fn read(document: &Document, account: Option<&Untrusted>) -> Self {
        if document.statements.iter().any(|statement| statement.principals == Some(Principals::Invalid)) {
            return Self::not_understood();
        }
        let mut trust = Self::default();
        for statement in &document.statements {
            trust.add(statement, account);
        }
        trust
    }

    /// As [`read`](Self::read), for a text that may not be a policy.
    #[must_use]
    pub fn of(parsed: &Parsed, account: Option<&Untrusted>) -> Self {
        parsed.policy().map_or_else(Self::not_understood, |document| Self::read(document, account))
    }

    /// For a text that is not a policy document.
    #[must_use]
    pub fn not_understood() -> Self {
        Self { not_evaluated: vec!["the trust policy is not a valid policy".into()], ..Self::default() }
    }

    fn add(&mut self, statement: &Statement, account: Option<&Untrusted>) {
        match statement.effect {
            Some(Effect::Allow) => {}
            Some(Effect::Deny) => {
                self.denies = true;
                return;
            }
            None => return self.leave_open("a statement of the trust policy has an unknown Effect"),
        }
        // Without a plain `Action`, the statement can cover any action.
        let actions = match &statement.actions {
            Some(Patterns::AnyOf(actions) | Patterns::Invalid(actions)) => actions.as_slice(),
            Some(Patterns::AllBut(_)) | None => &[],
        };
        let assumes = |pattern: &String| ASSUMING.iter().any(|action| wildcard_ignoring_case(pattern, action));
        // An action that only tags a session or sets its source identity returns no session.
        if !actions.is_empty() && !actions.iter().any(assumes) {
            return;
        }
        match &statement.principals {
            Some(Principals::Anyone | Principals::AllBut) => {
                self.trust(PrincipalKind::Anyone, &statement.conditions, account);
            }
            Some(Principals::AnyOf(principals)) => {
                for (kind, name) in principals {
                    match PrincipalKind::read(kind, name) {
                        Some(principal) => self.trust(principal, &statement.conditions, account),
                        None => self.leave_open("a statement of the trust policy has an unknown type of principal"),
                    }
                }
            }
            Some(Principals::Unknown | Principals::Invalid) => {
                self.leave_open("a statement of the trust policy has an unknown Principal");
            }
            None => self.leave_open("a statement of the trust policy has no Principal"),
        }
    }

    fn leave_open(&mut self, what: &'static str) {
        self.not_evaluated.push(what.into());
    }

    fn trust(&mut self, principal: PrincipalKind, conditions: &[Condition], account: Option<&Untrusted>) {
        let reach = principal.reach(conditions, account);
        let mut required: Vec<Phrase> = Vec::new();
        for condition in conditions.iter().filter(|condition| !condition.key.is_empty()) {
            let words = condition_words(condition);
            if !required.contains(&words) {
                required.push(words);
            }
        }
        self.trusted.push(TrustedPrincipal { principal, conditions: required, reach });
    }

    /// The widest reach of all trusted principals; `None` if there are no trusted principals.
    #[must_use]
    pub fn reach(&self) -> Option<Reach> {
        self.trusted.iter().map(|trusted| trusted.reach).max()
    }

    /// One line for each trusted principal, and for each part that was not evaluated.
    #[must_use]
    pub fn words(&self) -> Vec<Phrase> {
        let mut all: Vec<_> = self.trusted.iter().map(TrustedPrincipal::words).collect();
        if all.is_empty() && self.not_evaluated.is_empty() {
            all.push("nobody".into());
        }
        all.extend(self.not_evaluated.iter().map(|what| phrase!("not evaluated: ", what)));
        if self.denies {
            all.push("the policy also denies some principals; denies are not evaluated".into());
        }
        all
    }
}

impl TrustSummary {
    /// What a trust policy says about services, and about principals of the account.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let mut summary = Self::default();
        for statement in document.statements.iter().filter(|statement| statement.effect != Some(Effect::Deny)) {
            match &statement.principals {
                Some(Principals::AnyOf(principals)) => {
                    for (kind, name) in principals {
                        match kind.as_str() {
                            "Service" => summary.services.push(name.clone()),
                            "AWS" => summary.account = true,
                            _ => {}
                        }
                    }
                }
                Some(_) => summary.account = true,
                None => {}
            }
        }
        summary
    }
}

impl TrustedPrincipal {
    /// The principal, and the conditions.
    #[must_use]
    pub fn words(&self) -> Phrase {
        let who = match &self.principal {
            PrincipalKind::Anyone => "anyone, in any AWS account".into(),
            PrincipalKind::Account(id) if self.reach == Reach::Own => {
                phrase!("any principal of this account (", id, ") that its own policies authorize")
            }
            PrincipalKind::Account(id) => phrase!("any principal that account ", id, " authorizes"),
            PrincipalKind::Principal(arn) => Phrase::arn(arn),
            PrincipalKind::Service(name) => phrase!("the AWS service ", name),
            PrincipalKind::Saml(arn) => phrase!("any user of the SAML provider ", &last_part(arn)),
            PrincipalKind::WebIdentity(provider) => phrase!("any identity from ", &host(provider)),
        };
        if self.conditions.is_empty() {
            let bare = if self.reach >= Reach::Outside { ", without a condition" } else { "" };
            return phrase!(who, bare);
        }
        let keys = Phrase::joined(self.conditions.iter().map(Phrase::from), ", ");
        let open = match self.principal {
            PrincipalKind::WebIdentity(_) if self.reach == Reach::Anyone => "; no condition restricts `sub`",
            PrincipalKind::Anyone if self.reach == Reach::Anyone => "; no condition restricts who",
            _ => "",
        };
        phrase!(who, "; requires ", keys, open)
    }
}

impl PrincipalKind {
    fn read(kind: &str, name: &str) -> Option<Self> {
        let named = || Untrusted::new(name);
        Some(match kind {
            "AWS" | "Federated" if name == "*" => Self::Anyone,
            "AWS" if name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit()) => Self::Account(named()),
            "AWS" => match Arn::parse(name) {
                Some(arn) if arn.resource == "root" => Self::Account(arn.account.into()),
                _ => Self::Principal(named()),
            },
            "Service" => Self::Service(named()),
            "Federated" if name.contains(":saml-provider/") => Self::Saml(named()),
            "Federated" => Self::WebIdentity(named()),
            _ => return None,
        })
    }

    fn reach(&self, conditions: &[Condition], account: Option<&Untrusted>) -> Reach {
        let own = |id: &str| account.is_some_and(|account| account.raw() == id);
        let here = |arn: &Untrusted| Arn::parse(arn.raw()).is_some_and(|arn| own(arn.account));
        match self {
            Self::Anyone if requires(conditions, |key| IDENTIFYING.contains(&key), false) => Reach::Outside,
            Self::Anyone => Reach::Anyone,
            Self::Account(id) if own(id.raw()) => Reach::Own,
            // An id without an ARN can be of any account: IAM accepts ids of other accounts, too.
            Self::Principal(arn) | Self::Saml(arn) if here(arn) => Reach::Own,
            Self::Service(name) if FOR_CLIENTS.contains(&name.raw()) => Reach::Outside,
            Self::Service(_) => Reach::Service,
            Self::WebIdentity(provider) => {
                let public = PUBLIC_PROVIDERS.contains(&host(provider).raw());
                let elsewhere = Arn::parse(provider.raw()).is_some_and(|arn| !own(arn.account));
                let subject = |key: &str| key.ends_with(":sub") || key == "cognito-identity.amazonaws.com:aud";
                let restricted = requires(conditions, subject, public);
                match (public, restricted && !elsewhere) {
                    (true, false) => Reach::Anyone,
                    // Anyone can have a subject there, so a person has to check whose subject this is.
                    (true, true) | (false, false) => Reach::Outside,
                    (false, true) => Reach::Own,
                }
            }
            Self::Account(_) | Self::Principal(_) | Self::Saml(_) => Reach::Outside,
        }
    }
}

/// Whether a condition requires a value of one of these keys, given in lower case. A condition that a missing key
/// meets, or that excludes values, requires nothing.
fn requires(conditions: &[Condition], is_meant: impl Fn(&str) -> bool, public: bool) -> bool {
    conditions.iter().any(|condition| {
        let operator = condition.operator.to_ascii_lowercase();
        ["string", "arn"].iter().any(|kind| operator.contains(kind))
            && !operator.contains("not")
            && !operator.ends_with("ifexists")
            && !operator.starts_with("forallvalues")
            && is_meant(&condition.key.to_ascii_lowercase())
            && is_specific(condition, public)
    })
}

/// Whether every value is more specific than a wildcard. The text before the wildcard must have some length, an ARN
/// must have its account, and a subject of a public provider must have its owner: `repo:OWNER/…`,
/// `organization:NAME:…`.
fn is_specific(condition: &Condition, public: bool) -> bool {
    let specific = |text: &str| {
        let literal = text.split(['*', '?']).next().unwrap_or_default();
        if literal.len() == text.len() {
            return !text.is_empty();
        }
        if public {
            let owner = literal.split_once(':').map(|(_, owner)| owner);
            return owner.is_some_and(|owner| owner.find(['/', ':']).is_some_and(|end| end > 0));
        }
        if literal.starts_with("arn:") {
            return literal.split(':').nth(4).is_some_and(|account| account.len() == 12);
        }
        literal.len() > 4
    };
    let values = condition.values();
    !values.is_empty() && values.iter().all(|value| value.as_str().is_some_and(specific))
}

/// The key; for a subject also the first value.
fn condition_words(condition: &Condition) -> Phrase {
    let key = Untrusted::new(&condition.key);
    let is_subject = condition.key.to_ascii_lowercase().ends_with(":sub");
    let subject = condition.values().first().and_then(|value| value.as_str()).filter(|_| is_subject);
    subject.map_or_else(|| phrase!(&key), |subject| phrase!(&key, " (", &Untrusted::new(subject), ")"))
}

fn last_part(arn: &Untrusted) -> Untrusted {
    Arn::parse(arn.raw()).map_or_else(|| arn.clone(), |arn| arn.name().into())
}

fn host(provider: &Untrusted) -> Untrusted {
    provider.raw().rsplit_once("oidc-provider/").map_or_else(|| provider.clone(), |(_, host)| host.into())
}

#[cfg(test)]
mod tests;
