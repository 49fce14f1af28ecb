//! Who made the call: CloudTrail's `userIdentity` element made into a [`Principal`].
//!
//! What each type holds follows "CloudTrail userIdentity element" in the CloudTrail user guide. Whether
//! the principal is trusted is not decided here.

mod names;
mod read;

use crate::arn::{Arn, Partition};
use crate::text::Untrusted;
use chrono::{DateTime, Utc};

/// Who made the call, one variant for each `userIdentity` type.
#[derive(Debug, Clone, PartialEq)]
pub enum Principal {
    /// The account's root user, or a session that AWS Organizations opened as it.
    Root(Root),
    /// An IAM user, by access key, console or a session of its own.
    IamUser(IamUser),
    /// A session of a role.
    AssumedRole(Box<RoleSession>),
    /// A session from `GetFederationToken`.
    FederatedUser(FederatedUser),
    /// Someone who signed in to STS with a SAML assertion.
    SamlUser(ExternalUser),
    /// Someone who signed in to STS with a web identity.
    WebIdentityUser(ExternalUser),
    /// A user of IAM Identity Center, without a role between.
    IdentityCenterUser(IdentityCenterUser),
    /// Somebody in another AWS account.
    AwsAccount(OtherAccount),
    /// An AWS service acting for itself.
    AwsService(Service),
    /// A type that says nothing (`Unknown`, `Role`, `Directory`), none at all, or one AWS added since.
    Unrecognized(Unrecognized),
}

/// The credentials of a call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Session {
    /// The access key that signed the call.
    pub access_key_id: Option<Untrusted>,
    /// Whether the session was opened with MFA; `None` where the record does not say.
    pub mfa: Option<bool>,
    /// When the session was opened.
    pub created: Option<DateTime<Utc>>,
}

impl Session {
    /// Whether a long-lived access key signed the call. Its prefix tells, see "IAM identifiers".
    #[must_use]
    pub fn has_long_lived_key(&self) -> bool {
        self.access_key_id.as_ref().is_some_and(|key| key.raw().starts_with("AKIA"))
    }
}

/// The root user.
#[derive(Debug, Clone, PartialEq)]
pub struct Root {
    /// The account whose root user it is.
    pub account: Option<Untrusted>,
    /// Its ARN.
    pub arn: Option<Untrusted>,
    /// Whether it is a short privileged session that AWS Organizations opened.
    pub assumed: bool,
    /// Its credentials.
    pub session: Session,
}

/// An IAM user.
#[derive(Debug, Clone, PartialEq)]
pub struct IamUser {
    /// Its name, from the record or the ARN.
    pub name: Option<Untrusted>,
    /// Its ARN.
    pub arn: Option<Untrusted>,
    /// Its unique id, `AIDA…`.
    pub id: Option<Untrusted>,
    /// The account that it lives in.
    pub account: Option<Untrusted>,
    /// Its credentials.
    pub session: Session,
}

/// A session of a role.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleSession {
    /// The role's name, from the session issuer or the session's ARN.
    pub role: Option<Untrusted>,
    /// The role's own ARN, with its path: only the session issuer knows it.
    pub role_arn: Option<Untrusted>,
    /// The role's unique id, `AROA…`.
    pub role_id: Option<Untrusted>,
    /// The session's ARN, `…:assumed-role/ROLE/SESSION`.
    pub arn: Option<Untrusted>,
    /// The account that the role lives in.
    pub account: Option<Untrusted>,
    /// The name of the session. Whoever assumed the role chose it: it proves nothing.
    pub session_name: Option<Untrusted>,
    /// The source identity: whoever opened the first session of a chain chose it; later ones keep it.
    pub source_identity: Option<Untrusted>,
    /// Who or what is behind the session.
    pub operator: Operator,
    /// Its credentials.
    pub session: Session,
}

/// Who or what uses a role session.
#[derive(Debug, Clone, PartialEq)]
pub enum Operator {
    /// A person of IAM Identity Center: the session name is theirs, and AWS wrote it.
    IdentityCenter {
        /// The permission set that made the role.
        permission_set: Option<Untrusted>,
        /// The user's id in the identity store.
        user_id: Option<Untrusted>,
    },
    /// Whoever showed a token of this web identity provider.
    WebIdentity {
        /// `accounts.google.com`, or the ARN of an IAM OIDC provider.
        provider: Untrusted,
        /// What the token said, as far as CloudTrail records it.
        claims: Vec<(Untrusted, Untrusted)>,
    },
    /// An EC2 instance, by its instance profile.
    Ec2Instance(Option<Untrusted>),
    /// A Lambda function, by its execution role.
    LambdaFunction(Option<Untrusted>),
    /// Another workload that AWS names: its kind, and what it is.
    Workload(Option<Untrusted>, Option<Untrusted>),
    /// Only the session name tells.
    Unstated,
}

/// A session from `GetFederationToken`.
#[derive(Debug, Clone, PartialEq)]
pub struct FederatedUser {
    /// The name that the caller of `GetFederationToken` gave.
    pub name: Option<Untrusted>,
    /// The session's ARN.
    pub arn: Option<Untrusted>,
    /// The account.
    pub account: Option<Untrusted>,
    /// The IAM user or root user whose key asked for the session.
    pub issuer_arn: Option<Untrusted>,
    /// The issuer's name.
    pub issuer: Option<Untrusted>,
    /// Its credentials.
    pub session: Session,
}

/// Someone whom an identity provider outside of AWS vouches for.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalUser {
    /// The name that the provider gives.
    pub name: Option<Untrusted>,
    /// The provider.
    pub provider: Option<Untrusted>,
    /// The principal id: the provider, the application and the name.
    pub principal_id: Option<Untrusted>,
}

/// A user of IAM Identity Center.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityCenterUser {
    /// The user's id in the identity store.
    pub user_id: Option<Untrusted>,
    /// The identity store.
    pub identity_store: Option<Untrusted>,
    /// The account.
    pub account: Option<Untrusted>,
    /// The credential used.
    pub credential_id: Option<Untrusted>,
}

/// A principal of another account, of whom only the account is told.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherAccount {
    /// The account.
    pub account: Option<Untrusted>,
    /// The principal's id, where it is told.
    pub principal_id: Option<Untrusted>,
}

/// An AWS service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its name, `autoscaling.amazonaws.com`.
    pub name: Option<Untrusted>,
}

/// All that is known of a principal of no known type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unrecognized {
    /// The type, as it was written.
    pub kind: Option<Untrusted>,
    /// A name.
    pub name: Option<Untrusted>,
    /// An ARN.
    pub arn: Option<Untrusted>,
    /// The principal's id.
    pub principal_id: Option<Untrusted>,
    /// The account.
    pub account: Option<Untrusted>,
    /// Its credentials.
    pub session: Session,
}

impl Principal {
    /// Whether the record tells who it is: a type that we know, and a name, an ARN or an account.
    #[must_use]
    pub fn is_identified(&self) -> bool {
        match self {
            Self::Unrecognized(_) => false,
            Self::Root(_) => true,
            Self::IamUser(user) => user.name.is_some() || user.arn.is_some(),
            Self::AssumedRole(session) => session.role.is_some() || session.arn.is_some(),
            Self::FederatedUser(user) => user.name.is_some() || user.arn.is_some(),
            Self::SamlUser(user) | Self::WebIdentityUser(user) => user.name.is_some() || user.principal_id.is_some(),
            Self::IdentityCenterUser(user) => user.user_id.is_some(),
            Self::AwsAccount(other) => other.account.is_some(),
            Self::AwsService(service) => service.name.is_some(),
        }
    }

    /// The ARN in the record.
    #[must_use]
    pub fn arn(&self) -> Option<&Untrusted> {
        match self {
            Self::Root(root) => root.arn.as_ref(),
            Self::IamUser(user) => user.arn.as_ref(),
            Self::AssumedRole(role) => role.arn.as_ref(),
            Self::FederatedUser(user) => user.arn.as_ref(),
            Self::Unrecognized(other) => other.arn.as_ref(),
            Self::SamlUser(_)
            | Self::WebIdentityUser(_)
            | Self::IdentityCenterUser(_)
            | Self::AwsAccount(_)
            | Self::AwsService(_) => None,
        }
    }

    /// The ARN that stays the same from session to session, and that nobody can choose for themselves:
    /// of the role for a role session, of the issuer for a federated user. Allowlists match this one only.
    #[must_use]
    pub fn lasting_arn(&self) -> Option<&Untrusted> {
        match self {
            Self::Root(root) => root.arn.as_ref(),
            Self::IamUser(user) => user.arn.as_ref(),
            Self::AssumedRole(role) => role.role_arn.as_ref(),
            Self::FederatedUser(user) => user.issuer_arn.as_ref(),
            Self::SamlUser(_)
            | Self::WebIdentityUser(_)
            | Self::IdentityCenterUser(_)
            | Self::AwsAccount(_)
            | Self::AwsService(_)
            | Self::Unrecognized(_) => None,
        }
    }

    /// The account that the principal belongs to, where the record says.
    #[must_use]
    pub fn account(&self) -> Option<&Untrusted> {
        match self {
            Self::Root(root) => root.account.as_ref(),
            Self::IamUser(user) => user.account.as_ref(),
            Self::AssumedRole(role) => role.account.as_ref(),
            Self::FederatedUser(user) => user.account.as_ref(),
            Self::IdentityCenterUser(user) => user.account.as_ref(),
            Self::AwsAccount(other) => other.account.as_ref(),
            Self::Unrecognized(other) => other.account.as_ref(),
            Self::SamlUser(_) | Self::WebIdentityUser(_) | Self::AwsService(_) => None,
        }
    }

    /// The credentials of the call, for the kinds that have any.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match self {
            Self::Root(root) => Some(&root.session),
            Self::IamUser(user) => Some(&user.session),
            Self::AssumedRole(role) => Some(&role.session),
            Self::FederatedUser(user) => Some(&user.session),
            Self::Unrecognized(other) => Some(&other.session),
            Self::SamlUser(_)
            | Self::WebIdentityUser(_)
            | Self::IdentityCenterUser(_)
            | Self::AwsAccount(_)
            | Self::AwsService(_) => None,
        }
    }

    /// The partition that its ARN names.
    #[must_use]
    pub fn partition(&self) -> Option<Partition> {
        let arn = self.lasting_arn().or_else(|| self.arn())?;
        Some(Partition::from_name(Arn::parse(arn.raw())?.partition))
    }
}

impl FederatedUser {
    /// Whether the root user's key asked for the session.
    #[must_use]
    pub fn is_by_root(&self) -> bool {
        let issuer = self.issuer_arn.as_ref().and_then(|arn| Arn::parse(arn.raw()));
        issuer.is_some_and(|arn| arn.resource == "root")
    }
}

#[cfg(test)]
mod tests;
