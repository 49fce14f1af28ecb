//! Reads a principal from CloudTrail's `userIdentity` element. No field is required: an absent field becomes `None`.

use super::{
    ExternalUser, FederatedUser, IamUser, IdentityCenterUser, Operator, OtherAccount, Principal, RoleSession, Root,
    Service, Session, Unrecognized,
};
use crate::arn::Arn;
use crate::event::record::{OnBehalfOf, SessionContext, UserIdentity, text_of};
use crate::event::time;
use crate::text::Untrusted;
use serde_json::Value;

impl Principal {
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
        created: attributes.and_then(|attributes| time(attributes.creation_date.as_deref()?)),
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
