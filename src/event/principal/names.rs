//! The names of principals, in the words of the IAM user guide.

use super::{Delegate, Operator, Principal, RoleSession, Root};
use crate::phrase;
use crate::text::{Phrase, Untrusted};

impl Principal {
    /// The name for a subject line, without an identity provider or a source identity: these are too long.
    #[must_use]
    pub fn brief_name(&self) -> Phrase {
        match self {
            Self::Delegate(delegate) => delegate.account_name(),
            Self::Root(Root { assumed: true, .. }) => "a root session (AssumeRoot)".into(),
            Self::AssumedRole(session) => match (&session.role, &session.operator) {
                (Some(role), Operator::Ec2Instance(Some(instance))) => {
                    phrase!(role, " (", &Untrusted::new(instance_id(instance.raw())), ")")
                }
                (Some(role), Operator::LambdaFunction(Some(function))) => {
                    phrase!(role, " (", &Untrusted::new(last_part(function.raw())), ")")
                }
                (Some(role), Operator::WebIdentity { .. } | Operator::Unstated) => match &session.session_name {
                    Some(name) => phrase!(role, " (", name, ")"),
                    None => self.short_name(),
                },
                _ => self.short_name(),
            },
            _ => self.short_name(),
        }
    }

    /// The name that a person would use, with the user or workload of a session.
    #[must_use]
    pub fn short_name(&self) -> Phrase {
        match self {
            Self::Root(Root { assumed: true, .. }) => "somebody with a root session (AssumeRoot)".into(),
            Self::Root(_) => "the root user".into(),
            Self::IamUser(user) => named(user.name.as_ref(), "an IAM user without a name"),
            Self::Delegate(delegate) => {
                phrase!(delegate.account_name(), " (temporary delegation)")
            }
            Self::AssumedRole(role) => {
                let who = role.who();
                role.role.as_ref().map_or(who.clone(), |name| {
                    match role.operator {
                        Operator::IdentityCenter { .. } => who.clone(),
                        // Only its own service can assume a service-linked role.
                        Operator::Service(_) => name.into(),
                        _ => phrase!(name, " (", who, ")"),
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
            Self::Root(Root { assumed: true, .. }) => {
                "principal of the organization's management or a delegated administrator account".into()
            }
            Self::Root(_) => "root user".into(),
            Self::IamUser(_) => "IAM user".into(),
            Self::AssumedRole(role) => match &role.operator {
                Operator::Service(_) => "AWS service, through its service-linked role".into(),
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
            Self::Delegate(_) => "principal of another account".into(),
            Self::Unrecognized(other) => other.kind.as_ref().map_or("unknown: the event does not say".into(), |kind| {
                phrase!("unknown: the event says \"", kind, "\"")
            }),
        }
    }
}

impl Delegate {
    fn account_name(&self) -> Phrase {
        self.account.as_ref().map_or("an account that the event does not name".into(), |id| phrase!("account ", id))
    }
}

impl RoleSession {
    /// Who or what uses the session, as far as the record shows.
    #[must_use]
    pub fn who(&self) -> Phrase {
        let session = || named(self.session_name.as_ref(), "a session without a name");
        match &self.operator {
            Operator::Service(service) => service.into(),
            Operator::IdentityCenter { .. } => session(),
            Operator::WebIdentity { provider, .. } => {
                let host = provider.raw().rsplit_once("oidc-provider/").map_or(provider.raw(), |(_, host)| host);
                phrase!(session(), " by ", &Untrusted::new(host))
            }
            Operator::Ec2Instance(Some(instance)) => {
                phrase!("EC2 instance ", &Untrusted::new(instance_id(instance.raw())))
            }
            Operator::Ec2Instance(None) => phrase!("an EC2 instance, session ", session()),
            Operator::LambdaFunction(None) => phrase!("a Lambda function, session ", session()),
            Operator::LambdaFunction(Some(function)) => {
                phrase!("Lambda function ", &Untrusted::new(last_part(function.raw())))
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

/// The id of an instance, in its ARN.
fn instance_id(instance: &str) -> &str {
    instance.rsplit_once('/').map_or(instance, |(_, id)| id)
}

/// The name of a function, in its ARN.
fn last_part(function: &str) -> &str {
    function.rsplit_once(":function:").map_or(function, |(_, name)| name)
}

/// The name, or `otherwise` if there is none.
fn named(name: Option<&Untrusted>, otherwise: &'static str) -> Phrase {
    name.map_or(otherwise.into(), Phrase::from)
}
