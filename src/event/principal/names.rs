//! The names of principals, in the words of the IAM user guide.

use super::{Operator, Principal, RoleSession, Root};
use crate::phrase;
use crate::text::{Phrase, Untrusted};

impl Principal {
    /// The name for a subject line, without an identity provider or a source identity: these are too long.
    #[must_use]
    pub fn brief_name(&self) -> Phrase {
        match self {
            Self::AssumedRole(session)
                if matches!(session.operator, Operator::WebIdentity { .. } | Operator::Unstated) =>
            {
                match (&session.role, &session.session_name) {
                    (Some(role), Some(name)) => phrase!(role, " (", name, ")"),
                    _ => self.short_name(),
                }
            }
            _ => self.short_name(),
        }
    }

    /// The shortest name, for a subject line that is too long otherwise.
    #[must_use]
    pub fn briefest_name(&self) -> Phrase {
        match self {
            Self::AssumedRole(session) if !matches!(session.operator, Operator::IdentityCenter { .. }) => {
                session.role.as_ref().map_or_else(|| self.short_name(), Phrase::from)
            }
            _ => self.short_name(),
        }
    }

    /// The name that a person would use, with the user or workload of a session.
    #[must_use]
    pub fn short_name(&self) -> Phrase {
        match self {
            Self::Root(_) => "the root user".into(),
            Self::IamUser(user) => named(user.name.as_ref(), "an IAM user without a name"),
            Self::AssumedRole(role) => {
                let who = role.who();
                role.role.as_ref().map_or(who.clone(), |name| {
                    if let Operator::IdentityCenter { .. } = role.operator {
                        who.clone()
                    } else {
                        phrase!(name, " (", who, ")")
                    }
                })
            }
            // The caller of `GetFederationToken` chose the name of the session, so the issuer comes first.
            Self::FederatedUser(user) => {
                let issuer = if user.is_by_root() {
                    Some("the root user".into())
                } else {
                    user.issuer.as_ref().map(Phrase::from)
                };
                let name = named(user.name.as_ref(), "an unknown name");
                issuer.map_or_else(
                    || phrase!("a federated user called ", &name),
                    |issuer| phrase!(issuer, " (federated as ", &name, ")"),
                )
            }
            Self::SamlUser(user) => named(user.name.as_ref(), "a SAML user without a name"),
            Self::WebIdentityUser(user) => named(user.name.as_ref(), "a web identity without a name"),
            Self::IdentityCenterUser(user) => user
                .user_id
                .as_ref()
                .map_or("an Identity Center user".into(), |id| phrase!("Identity Center user ", id)),
            Self::AwsAccount(other) => {
                other.account.as_ref().map_or("another account".into(), |account| phrase!("account ", account))
            }
            Self::AwsService(service) => named(service.name.as_ref(), "an AWS service"),
            Self::Unrecognized(other) => {
                let name = other.name.as_ref().or(other.principal_id.as_ref()).map(Phrase::from);
                name.or_else(|| other.arn.as_ref().map(Phrase::arn)).unwrap_or_else(|| "an unknown principal".into())
            }
        }
    }

    /// The type of the principal, in the words of the IAM user guide.
    #[must_use]
    pub fn kind(&self) -> Phrase {
        match self {
            Self::Root(Root { assumed: true, .. }) => "root user, in a session opened by AWS Organizations".into(),
            Self::Root(_) => "root user".into(),
            Self::IamUser(_) => "IAM user".into(),
            Self::AssumedRole(role) => match &role.operator {
                Operator::IdentityCenter { .. } => "IAM Identity Center user, in a role session".into(),
                Operator::WebIdentity { .. } => "role session, by web identity".into(),
                Operator::Ec2Instance(_) => "role session of an EC2 instance".into(),
                Operator::LambdaFunction(_) => "role session of a Lambda function".into(),
                Operator::Workload(..) => "role session of a workload".into(),
                Operator::Unstated => "role session".into(),
            },
            Self::FederatedUser(_) => "federated user session (GetFederationToken)".into(),
            Self::SamlUser(_) => "user signed in by SAML".into(),
            Self::WebIdentityUser(_) => "user signed in by web identity".into(),
            Self::IdentityCenterUser(_) => "IAM Identity Center user".into(),
            Self::AwsAccount(_) => "principal of an AWS account that is not named further".into(),
            Self::AwsService(_) => "AWS service".into(),
            Self::Unrecognized(other) => other.kind.as_ref().map_or("unknown: the event does not say".into(), |kind| {
                phrase!("unknown: the event says \"", kind, "\"")
            }),
        }
    }
}

impl RoleSession {
    /// Who or what uses the session, as far as the record shows.
    #[must_use]
    pub fn who(&self) -> Phrase {
        let session = || named(self.session_name.as_ref(), "a session without a name");
        match &self.operator {
            Operator::IdentityCenter { .. } => session(),
            Operator::WebIdentity { provider, .. } => {
                let host = provider.raw().rsplit_once("oidc-provider/").map_or(provider.raw(), |(_, host)| host);
                phrase!(session(), " by ", &Untrusted::new(host))
            }
            Operator::Ec2Instance(Some(instance)) => phrase!("EC2 instance ", instance),
            Operator::Ec2Instance(None) => phrase!("an EC2 instance, session ", session()),
            Operator::LambdaFunction(None) => phrase!("a Lambda function, session ", session()),
            Operator::LambdaFunction(Some(function)) => {
                let name = function.raw().rsplit_once(":function:").map_or(function.raw(), |(_, name)| name);
                phrase!("Lambda function ", &Untrusted::new(name))
            }
            Operator::Workload(kind, target) => target.as_ref().or(kind.as_ref()).map_or_else(session, Phrase::from),
            Operator::Unstated => match &self.source_identity {
                Some(identity) if Some(identity) != self.session_name.as_ref() => {
                    phrase!(session(), ", source identity ", identity)
                }
                _ => session(),
            },
        }
    }
}

/// The name, or `otherwise` if there is none.
fn named(name: Option<&Untrusted>, otherwise: &'static str) -> Phrase {
    name.map_or(otherwise.into(), Phrase::from)
}
