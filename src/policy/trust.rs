//! The trusted principals of a role, from its trust policy, and who can assume the role through them.
//!
//! Follows "AWS JSON policy elements: Principal" and the pages on roles for federation in the IAM user guide.
//! Every condition is shown with all its values; `callers` decides whom the policy as a whole lets in.

use super::callers::{Callers, Home, PrincipalKind, Reach, assumes, covers};
use super::document::{Condition, Document, Effect, Principals, Statement};
use super::parsed::Parsed;
use super::question::TrustSummary;
use crate::arn::{Arn, is_account_id};
use crate::phrase;
use crate::text::{Phrase, Untrusted};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// In the order of the policy.
    pub trusted: Vec<TrustedPrincipal>,
    pub not_evaluated: Vec<Phrase>,
    /// Whether the policy denies some principals. The reach of the trusted principals is without them.
    pub denies: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedPrincipal {
    pub principal: PrincipalKind,
    /// The conditions with all their values, the widest value first. Empty if there are no conditions.
    pub conditions: Vec<Phrase>,
    pub reach: Reach,
}

impl Trust {
    /// Whether identities of an identity provider are trusted, in the account or outside of it.
    #[must_use]
    pub fn federates(&self) -> bool {
        let of_provider = |kind: &PrincipalKind| matches!(kind, PrincipalKind::Saml(_) | PrincipalKind::WebIdentity(_));
        self.trusted.iter().any(|trusted| of_provider(&trusted.principal))
    }

    /// A trusted service that acts with the role for outsiders, and what it does: "the AWS service ssm… gives sessions …".
    #[must_use]
    pub fn serves_outsiders(&self) -> Option<Phrase> {
        self.trusted.iter().find_map(|trusted| {
            let what = trusted.principal.serves_outsiders()?;
            Some(phrase!(trusted.words(), " ", what))
        })
    }

    /// Reads the trust policy of a role that is at home in this account and organization.
    #[must_use]
    pub fn read(document: &Document, home: Home<'_>) -> Self {
        if document.statements.iter().any(|statement| statement.principals == Some(Principals::Invalid)) {
            return Self::not_understood();
        }
        let (mut trust, callers) = (Self::default(), Callers { document, home });
        for statement in &document.statements {
            trust.add(statement, &callers);
        }
        trust
    }

    /// As [`read`](Self::read), for a text that may not be a policy.
    #[must_use]
    pub fn of(parsed: &Parsed, home: Home<'_>) -> Self {
        parsed.policy().map_or_else(Self::not_understood, |document| Self::read(document, home))
    }

    /// For a text that is not a policy document.
    #[must_use]
    pub fn not_understood() -> Self {
        Self { not_evaluated: vec!["the trust policy is not a valid policy".into()], ..Self::default() }
    }

    fn add(&mut self, statement: &Statement, callers: &Callers<'_>) {
        match statement.effect {
            Some(Effect::Allow) => {}
            Some(Effect::Deny) => {
                self.denies = true;
                return;
            }
            None => return self.leave_open("a statement of the trust policy has an unknown Effect"),
        }
        // An action that only tags a session or sets its source identity returns no session.
        if !assumes(statement) {
            return;
        }
        match &statement.principals {
            Some(Principals::Anyone | Principals::AllBut(_)) => self.trust(PrincipalKind::Anyone, statement, callers),
            Some(Principals::AnyOf(principals)) => {
                for (kind, name) in principals {
                    match PrincipalKind::read(kind, name) {
                        Some(principal) => self.trust(principal, statement, callers),
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

    fn trust(&mut self, principal: PrincipalKind, statement: &Statement, callers: &Callers<'_>) {
        let reach = callers.reach(&principal, statement);
        let mut conditions: Vec<Phrase> = Vec::new();
        for condition in statement.conditions.iter().filter(|condition| !condition.key.is_empty()) {
            let words = Condition::all_words(condition);
            if !conditions.contains(&words) {
                conditions.push(words);
            }
        }
        self.trusted.push(TrustedPrincipal { principal, conditions, reach });
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
            all.push("the policy also denies some principals: they are not counted above".into());
        }
        all
    }
}

/// The other accounts whose principals a trust policy names, by id, as far as their whole ids stand there.
#[must_use]
pub fn trusted_accounts(parsed: &Parsed, own: Option<&str>) -> Vec<String> {
    let mut accounts = Vec::new();
    for statement in parsed.policy().into_iter().flat_map(|document| &document.statements) {
        let Some(Principals::AnyOf(principals)) = &statement.principals else { continue };
        for (_, name) in principals.iter().filter(|(kind, _)| kind == "AWS") {
            let account = Arn::parse(name).map_or(name.as_str(), |arn| arn.account);
            if is_account_id(account) && own != Some(account) && !accounts.iter().any(|known| known == account) {
                accounts.push(account.to_owned());
            }
        }
    }
    accounts
}

impl TrustSummary {
    /// What a trust policy says about services, and about principals of the account.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let mut summary = Self::default();
        for statement in document.statements.iter().filter(|statement| statement.effect != Some(Effect::Deny)) {
            summary.session_tags |= covers(statement, &["sts:TagSession"]);
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
            PrincipalKind::Anyone if self.reach == Reach::Organization => "any principal of this organization".into(),
            PrincipalKind::Anyone => "anyone, in any AWS account".into(),
            PrincipalKind::Account(id) if self.reach == Reach::Own => {
                phrase!("any principal of this account (", id, ") that its own policies authorize")
            }
            PrincipalKind::Account(id) if self.reach == Reach::Organization => {
                phrase!("any principal that account ", id, " of this organization authorizes")
            }
            PrincipalKind::Account(id) => phrase!("any principal that account ", id, " authorizes"),
            PrincipalKind::Principal(arn) if self.reach == Reach::Organization => {
                phrase!(Phrase::arn(arn), ", in an account of this organization")
            }
            PrincipalKind::Principal(arn) => Phrase::arn(arn),
            PrincipalKind::Service(name) => phrase!("the AWS service ", name),
            PrincipalKind::Saml(arn) => phrase!("any user of the SAML provider ", &last_part(arn)),
            PrincipalKind::WebIdentity(_) => {
                phrase!("any identity from ", &Untrusted::new(self.principal.host().unwrap_or_default()))
            }
        };
        let who = match self.conditions.as_slice() {
            [] if self.reach >= Reach::Outside => phrase!(who, ", without a condition"),
            [] => who,
            conditions => phrase!(who, "; only if ", Phrase::joined(conditions.iter().map(Phrase::from), " and ")),
        };
        match (&self.principal, self.reach) {
            (_, Reach::Nobody) => phrase!(who, "; this lets nobody in"),
            (PrincipalKind::WebIdentity(_), Reach::Anyone) if !self.conditions.is_empty() => {
                phrase!(who, "; every customer of the provider can meet this")
            }
            (PrincipalKind::Anyone, Reach::Anyone) if !self.conditions.is_empty() => {
                phrase!(who, "; anyone can meet this")
            }
            _ => who,
        }
    }
}

fn last_part(arn: &Untrusted) -> Untrusted {
    Arn::parse(arn.raw()).map_or_else(|| arn.clone(), |arn| arn.name().into())
}

#[cfg(test)]
mod tests;
