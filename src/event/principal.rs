//! The caller: CloudTrail's `userIdentity` element as a [`Principal`].
//!
//! The fields of each type follow "CloudTrail userIdentity element" in the CloudTrail user guide. Whether a principal
//! is trusted is not decided here.

mod names;
mod read;

use crate::arn::{Arn, Partition};
use crate::text::Untrusted;
use chrono::{DateTime, Utc};

/// The caller, one variant for each `userIdentity` type.
#[derive(Debug, Clone, PartialEq)]
pub enum Principal {
    /// The account's root user, or a root session that AWS Organizations opened.
    Root(Root),
    /// An IAM user, by access key, console sign-in or a session of the user.
    IamUser(IamUser),
    AssumedRole(Box<RoleSession>),
    /// A session from `GetFederationToken`.
    FederatedUser(FederatedUser),
    /// A user who signed in to STS with a SAML assertion.
    SamlUser(ExternalUser),
    /// A user who signed in to STS with a web identity.
    WebIdentityUser(ExternalUser),
    /// An IAM Identity Center user, without a role session.
    IdentityCenterUser(IdentityCenterUser),
    /// A principal of another AWS account.
    AwsAccount(OtherAccount),
    /// An AWS service that acts for itself.
    AwsService(Service),
    /// Another account, by temporary delegation.
    Delegate(Box<Delegate>),
    /// A type that identifies no principal (`Unknown`, `Role`, `Directory`), no type, or a type that AWS added later.
    Unrecognized(Unrecognized),
}

/// An account that acts with the access of a principal of this account, who approved that ("Temporary delegation", IAM
/// user guide). The account is the actor: CloudTrail's other fields describe the principal who approved.
#[derive(Debug, Clone, PartialEq)]
pub struct Delegate {
    /// The account that made the call.
    pub account: Option<Untrusted>,
    /// The principal whose access the account uses.
    pub approved_by: Principal,
}

/// The credentials of a call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Session {
    /// The access key that signed the call.
    pub access_key_id: Option<Untrusted>,
    pub key_kind: KeyKind,
    /// Whether the session was created with MFA; `None` if the record does not show this.
    pub mfa: Option<bool>,
    /// When the session was created.
    pub created: Option<DateTime<Utc>>,
}

/// The kind of the access key that signed a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeyKind {
    /// A long-term access key of a user.
    LongTerm,
    /// Temporary credentials.
    Temporary,
    /// There is no key, its prefix is not known, or the rest of the record contradicts the prefix.
    #[default]
    Unknown,
}

impl Session {
    /// Whether a long-term access key signed the call.
    #[must_use]
    pub fn has_long_lived_key(&self) -> bool {
        self.key_kind == KeyKind::LongTerm
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Root {
    /// The account that the root user belongs to.
    pub account: Option<Untrusted>,
    pub arn: Option<Untrusted>,
    /// Whether this is a short privileged session that AWS Organizations opened.
    pub assumed: bool,
    pub session: Session,
}

#[derive(Debug, Clone, PartialEq)]
pub struct IamUser {
    /// The name, from the ARN or the record.
    pub name: Option<Untrusted>,
    /// Another name, in the record: the record contradicts its ARN.
    pub other_name: Option<Untrusted>,
    pub arn: Option<Untrusted>,
    /// The unique id, `AIDA…`.
    pub id: Option<Untrusted>,
    pub account: Option<Untrusted>,
    pub session: Session,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RoleSession {
    /// The role's name, from the session issuer or the session's ARN.
    pub role: Option<Untrusted>,
    /// The role's own ARN, with its path. Only the session issuer contains this ARN.
    pub role_arn: Option<Untrusted>,
    /// The role's unique id, `AROA…`.
    pub role_id: Option<Untrusted>,
    /// The session's ARN, `…:assumed-role/ROLE/SESSION`.
    pub arn: Option<Untrusted>,
    /// The role's account.
    pub account: Option<Untrusted>,
    /// The name of the session. The caller of `AssumeRole` chooses this name: it proves nothing.
    pub session_name: Option<Untrusted>,
    /// Another session name, in the principal id: the record contradicts itself.
    pub other_session_name: Option<Untrusted>,
    /// The source identity. The caller that opened the first session of a role chain chose it; later sessions keep it.
    pub source_identity: Option<Untrusted>,
    pub operator: Operator,
    pub session: Session,
}

/// Who or what uses a role session.
#[derive(Debug, Clone, PartialEq)]
pub enum Operator {
    /// The AWS service that the role is linked to. Nobody else can assume a service-linked role.
    Service(Untrusted),
    /// A user of IAM Identity Center. AWS sets the session name to the user's name.
    IdentityCenter {
        /// The permission set that the role was created from.
        permission_set: Option<Untrusted>,
        /// The user's id in the identity store.
        user_id: Option<Untrusted>,
    },
    /// A user or workload with a token of this web identity provider.
    WebIdentity {
        /// `accounts.google.com`, or the ARN of an IAM OIDC provider.
        provider: Untrusted,
        /// The claims of the token, as far as CloudTrail records them.
        claims: Vec<(Untrusted, Untrusted)>,
    },
    /// An EC2 instance, through its instance profile: its ARN, or its id.
    Ec2Instance(Option<Untrusted>),
    /// A Lambda function, through its execution role.
    LambdaFunction(Option<Untrusted>),
    /// Another workload: the `issuerType` and `credentialsIssuedTo` of the record.
    Workload(Option<Untrusted>, Option<Untrusted>),
    /// Only the session name is known.
    Unstated,
}

/// A session from `GetFederationToken`.
#[derive(Debug, Clone, PartialEq)]
pub struct FederatedUser {
    /// The name that the caller of `GetFederationToken` chose.
    pub name: Option<Untrusted>,
    /// The session's ARN.
    pub arn: Option<Untrusted>,
    pub account: Option<Untrusted>,
    /// The IAM user or root user whose key requested the session.
    pub issuer_arn: Option<Untrusted>,
    pub issuer: Option<Untrusted>,
    pub session: Session,
}

/// A user from an identity provider outside of AWS.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalUser {
    /// The name from the provider.
    pub name: Option<Untrusted>,
    pub provider: Option<Untrusted>,
    /// The principal id: the provider, the application and the name.
    pub principal_id: Option<Untrusted>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct IdentityCenterUser {
    /// The user's id in the identity store.
    pub user_id: Option<Untrusted>,
    pub identity_store: Option<Untrusted>,
    pub arn: Option<Untrusted>,
    pub account: Option<Untrusted>,
    pub credential_id: Option<Untrusted>,
    pub session: Session,
}

/// A principal of another account. The record names only the account and sometimes an id.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherAccount {
    pub account: Option<Untrusted>,
    pub principal_id: Option<Untrusted>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The service principal, `autoscaling.amazonaws.com`.
    pub name: Option<Untrusted>,
}

/// The known fields of a principal whose type is not known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unrecognized {
    /// The type, as in the record.
    pub kind: Option<Untrusted>,
    pub name: Option<Untrusted>,
    pub arn: Option<Untrusted>,
    pub principal_id: Option<Untrusted>,
    pub account: Option<Untrusted>,
    pub session: Session,
}

impl Principal {
    /// Whether the record identifies the principal: a known type, and a name, an ARN or an account.
    #[must_use]
    pub fn is_identified(&self) -> bool {
        match self {
            Self::Unrecognized(_) => false,
            // Only AWS writes the type AWSService, so the caller is AWS also if the record does not name the service.
            Self::Root(_) | Self::AwsService(_) => true,
            Self::IamUser(user) => user.name.is_some() || user.arn.is_some(),
            Self::AssumedRole(session) => session.role.is_some() || session.arn.is_some(),
            Self::FederatedUser(user) => user.name.is_some() || user.arn.is_some(),
            Self::SamlUser(user) | Self::WebIdentityUser(user) => user.name.is_some() || user.principal_id.is_some(),
            Self::IdentityCenterUser(user) => user.user_id.is_some(),
            Self::AwsAccount(other) => other.account.is_some(),
            Self::Delegate(delegate) => delegate.account.is_some(),
        }
    }

    /// The AWS service that acted for itself: by its own identity, or through the role that is linked to it. `None` if
    /// the caller is no service; `Some(None)` if the record does not name the service.
    #[must_use]
    pub fn service(&self) -> Option<Option<&Untrusted>> {
        match self {
            Self::AwsService(service) => Some(service.name.as_ref()),
            Self::AssumedRole(session) => match &session.operator {
                Operator::Service(service) => Some(Some(service)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The principal whose access the call used: for a delegate, the one who approved the delegation.
    #[must_use]
    pub fn acting_as(&self) -> &Self {
        match self {
            Self::Delegate(delegate) => &delegate.approved_by,
            other => other,
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
            Self::IdentityCenterUser(user) => user.arn.as_ref(),
            Self::Unrecognized(other) => other.arn.as_ref(),
            Self::Delegate(delegate) => delegate.approved_by.arn(),
            Self::SamlUser(_) | Self::WebIdentityUser(_) | Self::AwsAccount(_) | Self::AwsService(_) => None,
        }
    }

    /// The ARN that is the same in every session and that the caller cannot choose: the role's ARN for a role session,
    /// the issuer's ARN for a federated user. Allowlists match only this ARN.
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
            | Self::Delegate(_)
            | Self::Unrecognized(_) => None,
        }
    }

    /// The principal's account, if the record has it.
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
            Self::Delegate(delegate) => delegate.account.as_ref(),
            Self::SamlUser(_) | Self::WebIdentityUser(_) | Self::AwsService(_) => None,
        }
    }

    /// The credentials of the call, for the types that have any.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match self {
            Self::Root(root) => Some(&root.session),
            Self::IamUser(user) => Some(&user.session),
            Self::AssumedRole(role) => Some(&role.session),
            Self::FederatedUser(user) => Some(&user.session),
            Self::IdentityCenterUser(user) => Some(&user.session),
            Self::Unrecognized(other) => Some(&other.session),
            Self::Delegate(delegate) => delegate.approved_by.session(),
            Self::SamlUser(_) | Self::WebIdentityUser(_) | Self::AwsAccount(_) | Self::AwsService(_) => None,
        }
    }

    /// The partition in the principal's ARN.
    #[must_use]
    pub fn partition(&self) -> Option<Partition> {
        let of_access = self.acting_as();
        let arn = of_access.lasting_arn().or_else(|| of_access.arn())?;
        Some(Partition::from_name(Arn::parse(arn.raw())?.partition))
    }
}

impl FederatedUser {
    /// Whether the root user's key requested the session.
    #[must_use]
    pub fn is_by_root(&self) -> bool {
        let issuer = self.issuer_arn.as_ref().and_then(|arn| Arn::parse(arn.raw()));
        issuer.is_some_and(|arn| arn.resource == "root")
    }
}

#[cfg(test)]
mod tests;
