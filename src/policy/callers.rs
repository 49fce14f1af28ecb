//! The words for whom a policy with principals lets in: its principals, and how far they reach.
//!
//! Belongs here: what `role` and `resource` say, and what they start from. Does not belong here: who gets in.

use crate::arn::{Arn, is_account_id};
use crate::text::Untrusted;

/// Whom a policy lets in, from the narrowest to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nobody: the conditions or a deny let nobody in.
    Nobody,
    /// An AWS service.
    Service,
    /// Principals of the policy's own account, or identities of a provider that only the account's owner uses.
    Own,
    /// Principals of the account's own organization.
    Organization,
    /// Another account or organization, some customers of a shared provider, or every identity of an own provider.
    Outside,
    /// Anyone, or every customer of a provider where anyone can be a customer.
    Anyone,
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
    /// An account by its canonical user id, which does not contain the account's number. Only in resource policies.
    Canonical(Untrusted),
}

impl PrincipalKind {
    /// A wildcard within an account id or an ARN is not valid, and is read as what it would mean.
    pub(super) fn read(kind: &str, name: &str) -> Option<Self> {
        let named = || Untrusted::new(name);
        let account = Arn::parse(name).map_or(name, |arn| arn.account);
        Some(match kind {
            "AWS" | "Federated" | "*" if account.contains(['*', '?']) => Self::Anyone,
            "AWS" if is_account_id(name) => Self::Account(named()),
            "AWS" => match Arn::parse(name) {
                Some(arn) if arn.resource == "root" => Self::Account(arn.account.into()),
                _ => Self::Principal(named()),
            },
            "CanonicalUser" => Self::Canonical(named()),
            "Service" => Self::Service(named()),
            "Federated" if name.contains(":saml-provider/") => Self::Saml(named()),
            "Federated" => Self::WebIdentity(named()),
            _ => return None,
        })
    }

    /// What a service does with the role for outsiders, if it does something for them.
    pub(super) fn serves_outsiders(&self) -> Option<&'static str> {
        let Self::Service(name) = self else { return None };
        FOR_OUTSIDERS.iter().find(|(service, _)| name.raw().eq_ignore_ascii_case(service)).map(|(_, what)| *what)
    }

    /// The host of an OIDC provider.
    pub(super) fn host(&self) -> Option<&str> {
        match self {
            Self::WebIdentity(provider) => {
                Some(provider.raw().rsplit_once("oidc-provider/").map_or(provider.raw(), |(_, host)| host))
            }
            _ => None,
        }
    }
}

/// Services that act with the role for people or machines outside of AWS: who they are, as the end of a sentence about
/// the role.
const FOR_OUTSIDERS: [(&str, &str); 6] = [
    ("ssm.amazonaws.com", "gives sessions of the role to machines outside of AWS (hybrid activations)"),
    ("greengrass.amazonaws.com", "gives sessions of the role to devices outside of AWS"),
    ("transfer.amazonaws.com", "acts with the role for users of a file server"),
    ("cognito-idp.amazonaws.com", "acts with the role for users of a user pool, where anyone may be able to sign up"),
    ("apigateway.amazonaws.com", "acts with the role for callers of an API"),
    ("appsync.amazonaws.com", "acts with the role for callers of an API"),
];

/// The account and the organization of what a policy belongs to, as far as they are known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Home<'a> {
    pub account: Option<&'a Untrusted>,
    /// The id of the organization, `o-…`.
    pub organization: Option<&'a str>,
    /// The ids of accounts of which AWS Organizations said that they are the organization's.
    pub members: &'a [Untrusted],
}

impl Home<'_> {
    pub(super) fn is_own(&self, account: &str) -> bool {
        self.account.is_some_and(|own| own.raw() == account)
    }
}

/// What a policy with principals belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PolicyOf {
    /// The trust policy of a role: only the actions that return a session of the role count.
    #[default]
    Role,
    /// The policy of another resource: every action counts.
    Resource,
}

impl PolicyOf {
    pub(super) const fn policy(self) -> &'static str {
        match self {
            Self::Role => "the trust policy",
            Self::Resource => "the resource policy",
        }
    }
}
