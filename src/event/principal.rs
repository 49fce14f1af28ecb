//! Who made the call: CloudTrail's `userIdentity` element made into a [`Principal`].
//!
//! What each type holds follows "CloudTrail userIdentity element" in the CloudTrail user guide. Whether
//! the principal is trusted is not decided here.

use super::record::{OnBehalfOf, SessionContext, UserIdentity, text_of};
use crate::arn::{Arn, Partition};
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use serde_json::Value;

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
    /// Reads a principal from the record. Nothing is required: what is absent stays `None`.
    #[must_use]
    pub fn from_record(identity: Option<&UserIdentity>) -> Self {
        let Some(identity) = identity else {
            return Self::Unrecognized(Unrecognized::default());
        };
        match identity.kind.as_deref() {
            Some("Root") => Self::Root(root(identity)),
            Some("IAMUser") => Self::IamUser(iam_user(identity)),
            Some("AssumedRole") => Self::AssumedRole(Box::new(role_session(identity))),
            Some("FederatedUser") => Self::FederatedUser(federated_user(identity)),
            Some("SAMLUser") => Self::SamlUser(external_user(identity)),
            Some("WebIdentityUser") => Self::WebIdentityUser(external_user(identity)),
            Some("IdentityCenterUser") => Self::IdentityCenterUser(identity_center_user(identity)),
            Some("AWSAccount") => Self::AwsAccount(OtherAccount {
                account: known(identity.account_id.as_ref()),
                principal_id: known(identity.principal_id.as_ref()),
            }),
            Some("AWSService") => Self::AwsService(Service { name: known(identity.invoked_by.as_ref()) }),
            _ => Self::Unrecognized(Unrecognized {
                kind: known(identity.kind.as_ref()),
                name: known(identity.user_name.as_ref()),
                arn: known(identity.arn.as_ref()),
                principal_id: known(identity.principal_id.as_ref()),
                account: account_of(identity),
                session: session(identity),
            }),
        }
    }

    /// The name for a subject line, in which a provider or a source identity does not fit.
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

    /// The name for a subject line that is too long with anything more.
    #[must_use]
    pub fn briefest_name(&self) -> Phrase {
        match self {
            Self::AssumedRole(session) if !matches!(session.operator, Operator::IdentityCenter { .. }) => {
                session.role.as_ref().map_or_else(|| self.short_name(), Phrase::from)
            }
            _ => self.short_name(),
        }
    }

    /// The name that a person would use, with who is behind it.
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
            // The issuer chose the name of the session.
            Self::FederatedUser(user) => {
                let issuer = if user.is_by_root() {
                    Some("the root user".into())
                } else {
                    user.issuer.as_ref().map(Phrase::from)
                };
                let name = named(user.name.as_ref(), "a name that is not told");
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

    /// What kind of principal it is, in the words of the IAM user guide.
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

impl RoleSession {
    /// Who is behind the session, as well as the record tells.
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

/// The name, or our words where there is none.
fn named(name: Option<&Untrusted>, otherwise: &'static str) -> Phrase {
    name.map_or(otherwise.into(), Phrase::from)
}

fn known(text: Option<&String>) -> Option<Untrusted> {
    text.map(Untrusted::new)
}

fn account_of(identity: &UserIdentity) -> Option<Untrusted> {
    known(identity.account_id.as_ref()).or_else(|| {
        let arn = Arn::parse(identity.arn.as_deref()?)?;
        (!arn.account.is_empty()).then(|| arn.account.into())
    })
}

fn session(identity: &UserIdentity) -> Session {
    let context = identity.session_context.as_ref();
    let attributes = context.and_then(|context| context.attributes.as_ref());
    Session {
        access_key_id: known(identity.access_key_id.as_ref()),
        mfa: attributes.and_then(|attributes| *attributes.mfa_authenticated),
        created: attributes.and_then(|attributes| super::time(attributes.creation_date.as_deref()?)),
    }
}

fn root(identity: &UserIdentity) -> Root {
    Root {
        account: account_of(identity).or_else(|| known(identity.principal_id.as_ref())),
        arn: known(identity.arn.as_ref()),
        assumed: identity.session_context.as_ref().and_then(|context| *context.assumed_root) == Some(true),
        session: session(identity),
    }
}

fn iam_user(identity: &UserIdentity) -> IamUser {
    let from_arn = || {
        let arn = Arn::parse(identity.arn.as_deref()?)?;
        arn.resource.starts_with("user/").then(|| arn.name().into())
    };
    IamUser {
        name: known(identity.user_name.as_ref()).or_else(from_arn),
        arn: known(identity.arn.as_ref()),
        id: known(identity.principal_id.as_ref()),
        account: account_of(identity),
        session: session(identity),
    }
}

fn role_session(identity: &UserIdentity) -> RoleSession {
    let context = identity.session_context.as_ref();
    let issuer = context.and_then(|context| context.session_issuer.as_ref());
    // The session's own ARN is …:assumed-role/ROLE/SESSION; its principal id is AROA…:SESSION.
    let mut of_arn = identity
        .arn
        .as_deref()
        .and_then(Arn::parse)
        .and_then(|arn| arn.resource.strip_prefix("assumed-role/"))
        .map(|rest| rest.splitn(2, '/'));
    let role_of_arn = of_arn.as_mut().and_then(Iterator::next).map(Untrusted::new);
    let session_of_arn = of_arn.as_mut().and_then(Iterator::next).map(Untrusted::new);
    let id = identity.principal_id.as_deref().map(|id| id.split_once(':').unwrap_or((id, "")));
    let session_of_id = id.map(|(_, name)| name).filter(|name| !name.is_empty()).map(Untrusted::new);
    let role_arn = issuer
        .filter(|issuer| issuer.kind.as_deref().is_none_or(|kind| kind == "Role"))
        .and_then(|issuer| known(issuer.arn.as_ref()));
    let session_name = session_of_id.or(session_of_arn);
    RoleSession {
        role: issuer
            .and_then(|issuer| known(issuer.user_name.as_ref()))
            .or_else(|| Some(Arn::parse(role_arn.as_ref()?.raw())?.name().into()))
            .or(role_of_arn),
        role_id: issuer
            .and_then(|issuer| known(issuer.principal_id.as_ref()))
            .or_else(|| id.map(|(role, _)| role.into())),
        arn: known(identity.arn.as_ref()),
        account: account_of(identity).or_else(|| known(issuer?.account_id.as_ref())),
        source_identity: context.and_then(|context| known(context.source_identity.as_ref())),
        operator: operator(identity, context, role_arn.as_ref(), session_name.as_ref()),
        session: session(identity),
        role_arn,
        session_name,
    }
}

fn operator(
    identity: &UserIdentity,
    context: Option<&SessionContext>,
    role_arn: Option<&Untrusted>,
    session_name: Option<&Untrusted>,
) -> Operator {
    let reserved = role_arn
        .and_then(|arn| Arn::parse(arn.raw()))
        .filter(|arn| arn.resource.starts_with("role/aws-reserved/sso.amazonaws.com/"));
    if let Some(arn) = reserved {
        // AWSReservedSSO_PERMISSION-SET_0123456789abcdef
        let set = arn.name().strip_prefix("AWSReservedSSO_").and_then(|rest| rest.rsplit_once('_'));
        return Operator::IdentityCenter {
            permission_set: set.map(|(name, _)| name.into()),
            user_id: on_behalf_of(identity).and_then(|user| known(user.user_id.as_ref())),
        };
    }
    let web = context.and_then(|context| context.web_id_federation_data.as_ref());
    if let Some(provider) = web.and_then(|web| web.federated_provider.as_ref()) {
        return Operator::WebIdentity {
            provider: provider.into(),
            claims: web.map(|web| claims(&web.attributes)).unwrap_or_default(),
        };
    }
    let scope = identity.in_scope_of.as_ref().or_else(|| context.and_then(|context| context.in_scope_of.as_ref()));
    let (kind, issued_to) =
        scope.map_or((None, None), |scope| (scope.issuer_type.as_deref(), scope.credentials_issued_to.as_deref()));
    let instance = session_name.filter(|name| name.raw().starts_with("i-"));
    match (kind, issued_to) {
        (Some("AWS::Lambda::Function"), function) => Operator::LambdaFunction(function.map(Untrusted::new)),
        (Some("AWS::EC2::Instance"), issued_to) => Operator::Ec2Instance(
            issued_to.map(|arn| arn.rsplit_once('/').map_or(arn, |(_, id)| id).into()).or_else(|| instance.cloned()),
        ),
        (None, None) if context.is_some_and(|context| context.ec2_role_delivery.is_some()) => {
            Operator::Ec2Instance(instance.cloned())
        }
        (None, None) => Operator::Unstated,
        (kind, issued_to) => Operator::Workload(kind.map(Untrusted::new), issued_to.map(Untrusted::new)),
    }
}

fn on_behalf_of(identity: &UserIdentity) -> Option<&OnBehalfOf> {
    identity.on_behalf_of.as_ref()
}

fn claims(attributes: &Value) -> Vec<(Untrusted, Untrusted)> {
    attributes
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.into(), text_of(value)?.into())))
        .collect()
}

fn federated_user(identity: &UserIdentity) -> FederatedUser {
    let issuer = identity.session_context.as_ref().and_then(|context| context.session_issuer.as_ref());
    let name = identity
        .principal_id
        .as_deref()
        .and_then(|id| id.split_once(':'))
        .map(|(_, name)| Untrusted::new(name))
        .or_else(|| Some(Arn::parse(identity.arn.as_deref()?)?.name().into()));
    FederatedUser {
        name,
        arn: known(identity.arn.as_ref()),
        account: account_of(identity),
        issuer_arn: issuer.and_then(|issuer| known(issuer.arn.as_ref())),
        issuer: issuer.and_then(|issuer| known(issuer.user_name.as_ref())),
        session: session(identity),
    }
}

fn external_user(identity: &UserIdentity) -> ExternalUser {
    ExternalUser {
        name: known(identity.user_name.as_ref()),
        provider: known(identity.identity_provider.as_ref()),
        principal_id: known(identity.principal_id.as_ref()),
    }
}

fn identity_center_user(identity: &UserIdentity) -> IdentityCenterUser {
    let user = on_behalf_of(identity);
    IdentityCenterUser {
        user_id: user.and_then(|user| known(user.user_id.as_ref())).or_else(|| known(identity.principal_id.as_ref())),
        identity_store: user.and_then(|user| known(user.identity_store_arn.as_ref())),
        account: account_of(identity),
        credential_id: known(identity.credential_id.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn principal(identity: Value) -> Principal {
        Principal::from_record(serde_json::from_value(identity).ok().as_ref())
    }

    fn role(context: &Value, session: &str, more: &Value) -> Principal {
        let mut identity = json!({
            "type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{session}"),
            "arn": format!("arn:aws:sts::111122223333:assumed-role/deploy/{session}"),
            "accountId": "111122223333", "accessKeyId": "ASIAEXAMPLE", "sessionContext": context,
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            identity[key] = value.clone();
        }
        principal(identity)
    }

    fn issuer(arn: &str) -> Value {
        json!({"type": "Role", "principalId": "AROAEXAMPLE", "arn": arn, "accountId": "111122223333"})
    }

    #[test]
    fn every_type_has_a_name_that_a_person_would_use() {
        let table = [
            (json!({"type": "Root", "principalId": "111122223333", "userName": "acme-prod"}), "the root user"),
            (json!({"type": "IAMUser", "userName": "carol"}), "carol"),
            (json!({"type": "IAMUser", "arn": "arn:aws:iam::1:user/ops/carol"}), "carol"),
            (json!({"type": "IAMUser"}), "an IAM user without a name"),
            (json!({"type": "FederatedUser", "principalId": "1:visitor"}), "a federated user called visitor"),
            (json!({"type": "SAMLUser", "userName": "dave@corp"}), "dave@corp"),
            (json!({"type": "WebIdentityUser", "userName": "u-1"}), "u-1"),
            (
                json!({"type": "IdentityCenterUser", "arn": "", "onBehalfOf": {"userId": "94-1"}}),
                "Identity Center user 94-1",
            ),
            (json!({"type": "AWSAccount", "accountId": "999900001111"}), "account 999900001111"),
            (json!({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}), "autoscaling.amazonaws.com"),
            (json!({"type": "Directory", "principalId": "d-1"}), "d-1"),
            (json!({"type": "Unknown"}), "an unknown principal"),
            (json!({}), "an unknown principal"),
        ];
        for (identity, name) in table {
            assert_eq!(principal(identity.clone()).short_name().plain(), name, "{identity}");
        }
        assert_eq!(Principal::from_record(None).short_name().plain(), "an unknown principal");
    }

    #[test]
    fn a_role_session_is_named_by_its_role_and_who_is_behind_it() {
        let plain = json!({"sessionIssuer": issuer("arn:aws:iam::111122223333:role/ci/deploy")});
        assert_eq!(role(&plain, "alice", &json!({})).short_name().plain(), "deploy (alice)");

        let mut with_source = plain.clone();
        with_source["sourceIdentity"] = json!("alice@corp");
        assert_eq!(
            role(&with_source, "s1", &json!({})).short_name().plain(),
            "deploy (s1, source identity alice@corp)"
        );

        let mut ec2 = plain.clone();
        ec2["ec2RoleDelivery"] = json!("2.0");
        assert_eq!(role(&ec2, "i-0abc", &json!({})).short_name().plain(), "deploy (EC2 instance i-0abc)");

        let lambda = json!({"inScopeOf": {"issuerType": "AWS::Lambda::Function",
            "credentialsIssuedTo": "arn:aws:lambda:us-east-1:111122223333:function:sync"}});
        assert_eq!(role(&plain, "sync", &lambda).short_name().plain(), "deploy (Lambda function sync)");

        let mut web = plain.clone();
        web["webIdFederationData"] = json!({"federatedProvider":
            "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", "attributes": {}});
        assert_eq!(
            role(&web, "GitHubActions", &json!({})).short_name().plain(),
            "deploy (GitHubActions by token.actions.githubusercontent.com)"
        );

        let sso = json!({"sessionIssuer": issuer("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Power_User_0123456789abcdef")});
        let person = role(&sso, "alice@example.com", &json!({}));
        assert_eq!(person.short_name().plain(), "alice@example.com");
        let Principal::AssumedRole(session) = person else { panic!() };
        let Operator::IdentityCenter { permission_set, .. } = session.operator else { panic!() };
        assert_eq!(permission_set, Some("Power_User".into()));
    }

    #[test]
    fn without_a_session_issuer_the_arn_tells_the_role_but_no_lasting_arn_is_made_up() {
        for empty in [json!({}), json!({"sessionIssuer": {}, "webIdFederationData": {}}), json!(null)] {
            let Principal::AssumedRole(session) = role(&empty, "alice", &json!({"inScopeOf": {}})) else { panic!() };
            assert_eq!(
                (session.role.clone(), session.session_name.clone()),
                (Some("deploy".into()), Some("alice".into()))
            );
            assert_eq!(session.role_arn, None);
            assert_eq!(session.operator, Operator::Unstated);
        }
    }

    #[test]
    fn a_session_named_like_a_user_is_not_that_user() {
        let session =
            role(&json!({"sessionIssuer": issuer("arn:aws:iam::111122223333:role/deploy")}), "root", &json!({}));
        assert!(matches!(session, Principal::AssumedRole(_)));
        assert_eq!(session.lasting_arn().unwrap().raw(), "arn:aws:iam::111122223333:role/deploy");
    }
}
