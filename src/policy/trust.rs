//! The trusted principals of a role or of another resource, from its policy, and who gets in through them.
//!
//! Follows "AWS JSON policy elements: Principal" and the pages on roles for federation in the IAM user guide.
//! Every condition is shown with all its values; `resource` decides whom the policy as a whole lets in, and `role` does
//! for the services and identity providers that can assume a role.

use super::assume::{assumes, covers};
use super::callers::{Home, PolicyOf, PrincipalKind, Reach};
use super::document::{Condition, Document, Effect, Principals, Statement};
use super::grant::Grant;
use super::parsed::Parsed;
use super::question::TrustSummary;
use super::resource::Guests;
use super::role;
use crate::arn::{Arn, is_account_id};
use crate::phrase;
use crate::text::Phrase;
#[cfg(test)]
use crate::text::Untrusted;
use std::rc::Rc;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// In the order of the policy.
    pub trusted: Vec<TrustedPrincipal>,
    pub not_evaluated: Vec<Phrase>,
    /// Whether the policy denies some principals. The reach of the trusted principals is without them.
    pub denies: bool,
    pub of: PolicyOf,
}

/// The most principals of a resource policy that are shown.
const MOST_SHOWN: usize = 40;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedPrincipal {
    pub principal: PrincipalKind,
    /// The conditions with all their values, the widest value first. Empty if there are no conditions.
    pub conditions: Rc<[Phrase]>,
    pub reach: Reach,
    /// What a resource policy allows the principal. `None` of a role: to assume it.
    pub grant: Option<Grant>,
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
        self.trusted.iter().filter(|trusted| trusted.grant.is_none()).find_map(|trusted| {
            let what = trusted.principal.serves_outsiders()?;
            Some(phrase!(trusted.words(), " ", what))
        })
    }

    /// Reads the trust policy of a role that is at home in this account and organization.
    #[must_use]
    pub fn read(document: &Document, home: Home<'_>) -> Self {
        Self::judged(document, home, PolicyOf::Role)
    }

    /// Reads the policy of a resource, other than a role, that is at home in this account and organization.
    #[must_use]
    pub fn of_resource(parsed: &Parsed, home: Home<'_>) -> Self {
        let of = PolicyOf::Resource;
        parsed.policy().map_or_else(|| Self::unreadable(of), |document| Self::judged(document, home, of))
    }

    fn judged(document: &Document, home: Home<'_>, of: PolicyOf) -> Self {
        let invalid = |statement: &Statement| statement.principals == Some(Principals::Invalid);
        if document.statements.iter().any(invalid) || !Guests::can_read(document) {
            return Self::unreadable(of);
        }
        let guests = Guests::new(document, home, of);
        let mut trust = Self { of, ..Self::default() };
        for statement in &document.statements {
            trust.add(statement, &guests);
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
        Self::unreadable(PolicyOf::Role)
    }

    fn unreadable(of: PolicyOf) -> Self {
        Self { not_evaluated: vec![phrase!(of.policy(), " is not a valid policy")], of, ..Self::default() }
    }

    fn add(&mut self, statement: &Statement, guests: &Guests<'_>) {
        match statement.effect {
            Some(Effect::Allow) => {}
            Some(Effect::Deny) => {
                self.denies = true;
                return;
            }
            None => return self.leave_open("has an unknown Effect"),
        }
        if self.of == PolicyOf::Role && !assumes(statement) {
            return;
        }
        let conditions = words_of(statement);
        match &statement.principals {
            Some(Principals::Anyone | Principals::AllBut(_)) => {
                self.trust(PrincipalKind::Anyone, statement, &conditions, guests);
            }
            Some(Principals::AnyOf(principals)) => {
                for (kind, name) in principals {
                    match PrincipalKind::read(kind, name) {
                        Some(principal) => self.trust(principal, statement, &conditions, guests),
                        None => self.leave_open("has an unknown type of principal"),
                    }
                }
            }
            Some(Principals::Unknown | Principals::Invalid) => {
                self.leave_open("has an unknown Principal");
            }
            None => self.leave_open("has no Principal"),
        }
    }

    fn leave_open(&mut self, what: &'static str) {
        self.not_evaluated.push(phrase!("a statement of ", self.of.policy(), " ", what));
    }

    fn trust(
        &mut self,
        principal: PrincipalKind,
        statement: &Statement,
        conditions: &Rc<[Phrase]>,
        guests: &Guests<'_>,
    ) {
        let (reach, grant) = match self.of {
            PolicyOf::Role => (role::reach(guests, &principal, statement), None),
            PolicyOf::Resource => (guests.reach(&principal, statement), Some(Grant::of(statement))),
        };
        let conditions = Rc::clone(conditions);
        self.trusted.push(TrustedPrincipal { principal, conditions, reach, grant });
    }

    /// The widest reach of all trusted principals; `None` if there are no trusted principals.
    #[must_use]
    pub fn reach(&self) -> Option<Reach> {
        self.trusted.iter().map(|trusted| trusted.reach).max()
    }

    /// One line for each trusted principal, and for each part that was not evaluated. Of many principals of a resource
    /// policy, those with the widest reach.
    #[must_use]
    pub fn words(&self) -> Vec<Phrase> {
        let mut shown: Vec<_> = self.trusted.iter().collect();
        let more = match self.of {
            PolicyOf::Role => 0,
            // The policy of a resource can be a hundred times as long. The widest reach is always shown.
            PolicyOf::Resource => shown.len().saturating_sub(MOST_SHOWN),
        };
        if more > 0 {
            shown.sort_by_key(|trusted| std::cmp::Reverse(trusted.reach));
            shown.truncate(MOST_SHOWN);
        }
        let mut all: Vec<_> = shown.into_iter().map(TrustedPrincipal::words).collect();
        if more > 0 {
            all.push(phrase!(more, " more, with the same or a narrower reach"));
        }
        if all.is_empty() && self.not_evaluated.is_empty() {
            all.push("nobody".into());
        }
        all.extend(self.not_evaluated.iter().map(|what| phrase!("not evaluated: ", what)));
        if self.denies {
            all.push(match self.of {
                PolicyOf::Role => "the policy also denies some principals: they are not counted above".into(),
                PolicyOf::Resource => {
                    "the policy also denies some access: whom this certainly keeps out is not counted above".into()
                }
            });
        }
        all
    }
}

/// The conditions of a statement, each once.
fn words_of(statement: &Statement) -> Rc<[Phrase]> {
    let mut all: Vec<Phrase> = Vec::new();
    for condition in statement.conditions.iter().filter(|condition| !condition.key.is_empty()) {
        let words = Condition::all_words(condition);
        if !all.contains(&words) {
            all.push(words);
        }
    }
    all.into()
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
            summary.session_tags |= covers(statement, "sts:TagSession");
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

mod words;

#[cfg(test)]
mod resource_properties;
#[cfg(test)]
mod resource_tests;
#[cfg(test)]
mod role_properties;
#[cfg(test)]
mod role_tests;
#[cfg(test)]
mod tests;
