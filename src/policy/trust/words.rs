//! A trusted principal for a reader: who it is, what it can do, and under which conditions.

use super::TrustedPrincipal;
use crate::arn::Arn;
use crate::phrase;
use crate::policy::{PrincipalKind, Reach};
use crate::text::{Phrase, Untrusted};

impl TrustedPrincipal {
    /// The principal, what a resource policy allows it, and the conditions.
    #[must_use]
    pub fn words(&self) -> Phrase {
        let who = match &self.principal {
            PrincipalKind::Anyone if self.grant.is_some() => self.everyone(),
            PrincipalKind::Account(id) if self.grant.is_some() && self.reach == Reach::Service => {
                phrase!("account ", id, " of AWS, which delivers the logs of load balancers")
            }
            PrincipalKind::Anyone if self.reach == Reach::Organization => "any principal of this organization".into(),
            PrincipalKind::Account(id) if self.reach == Reach::Own => {
                phrase!("any principal of this account (", id, ") that its own policies authorize")
            }
            PrincipalKind::Account(id) if self.reach == Reach::Organization => {
                phrase!("any principal that account ", id, " of this organization authorizes")
            }
            PrincipalKind::Principal(arn) if self.reach == Reach::Organization => {
                phrase!(Phrase::arn(arn), ", in an account of this organization")
            }
            principal => principal.words(),
        };
        let can = |who: Phrase| match &self.grant {
            Some(grant) => phrase!(who, ": ", &grant.actions),
            None => who,
        };
        let who = match &*self.conditions {
            [] if self.reach >= Reach::Outside => can(phrase!(who, ", without a condition")),
            [] => can(who),
            conditions => phrase!(can(who), "; only if ", Phrase::joined(conditions.iter().map(Phrase::from), " and ")),
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

    /// The callers of a resource policy that names no principal, as far as its conditions let them in.
    fn everyone(&self) -> Phrase {
        let grant = self.grant.as_ref();
        let who = match self.reach {
            Reach::Own => "any principal of this account",
            Reach::Organization => "any principal of this organization",
            Reach::Outside if grant.is_some_and(|grant| grant.names_networks) => "anyone, in certain networks",
            Reach::Nobody | Reach::Service | Reach::Outside | Reach::Anyone => "anyone, in any AWS account",
        };
        match grant.filter(|grant| !grant.but.is_empty()) {
            Some(grant) => phrase!(who, ", except ", Phrase::few(grant.but.iter().map(Phrase::from), 3, ", ")),
            None => who.into(),
        }
    }
}

impl PrincipalKind {
    /// Who this is, if nothing else is known of the principal.
    pub(in crate::policy) fn words(&self) -> Phrase {
        match self {
            Self::Anyone => "anyone, in any AWS account".into(),
            Self::Account(id) => phrase!("any principal that account ", id, " authorizes"),
            Self::Principal(arn) => Phrase::arn(arn),
            Self::Service(name) => phrase!("the AWS service ", name),
            Self::Canonical(id) => phrase!("the account with the canonical user id ", id),
            Self::Saml(arn) => phrase!("any user of the SAML provider ", &last_part(arn)),
            Self::WebIdentity(_) => {
                phrase!("any identity from ", &Untrusted::new(self.host().unwrap_or_default()))
            }
        }
    }
}

fn last_part(arn: &Untrusted) -> Untrusted {
    Arn::parse(arn.raw()).map_or_else(|| arn.clone(), |arn| arn.name().into())
}
