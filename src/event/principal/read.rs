//! Reads a principal from CloudTrail's `userIdentity` element. No field is required: an absent field becomes `None`.

use super::{
    Delegate, ExternalUser, FederatedUser, IamUser, IdentityCenterUser, KeyKind, Operator, OtherAccount, Principal,
    RoleSession, Root, Service, Session, Unrecognized,
};
use crate::arn::{Arn, is_account_id};
use crate::event::record::{OnBehalfOf, Record, SessionContext, UserIdentity, text_of};
use crate::event::time;
use crate::text::Untrusted;
use serde_json::{Value, json};

impl Principal {
    /// The caller of a record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let Some(identity) = record.user_identity.as_ref() else {
            return Self::Unrecognized(Unrecognized::default());
        };
        let console = *record.session_credential_from_console == Some(true);
        let read = Identity { fields: identity, console, source: record.source_ip_address.as_deref() };
        let field = &identity.invoked_by_delegate;
        if is_delegated(field) {
            Self::Delegate(Box::new(Delegate { account: delegate_account(field), approved_by: read.principal() }))
        } else {
            read.principal()
        }
    }
}

impl Principal {
    /// Who switched to a role in the console. The record's own identity is the role session that began.
    #[must_use]
    pub fn who_switched(record: &Record) -> Self {
        let from = record.additional_event_data.get("SwitchFrom").and_then(Value::as_str);
        let Some((text, arn)) = from.and_then(|from| Some((from, Arn::parse(from)?))) else { return Self::of(record) };
        let kind = if arn.resource.starts_with("user/") { "IAMUser" } else { "AssumedRole" };
        let identity = serde_json::from_value(json!({"type": kind, "arn": text, "accountId": arn.account}));
        let Ok(fields) = identity else { return Self::of(record) };
        Identity { fields: &fields, console: true, source: None }.principal()
    }
}

/// Whether another account made the call by delegation, also if the field has an unexpected form.
fn is_delegated(field: &Value) -> bool {
    !field.is_null() && field.as_object().is_none_or(|fields| !fields.is_empty())
}

/// The account that made the call by delegation.
fn delegate_account(field: &Value) -> Option<Untrusted> {
    let account = field.get("accountId").unwrap_or(field);
    text_of(account).filter(|text| field.is_object() || is_account_id(text)).map(Untrusted::new)
}

/// The `userIdentity` element, and what else the record says about the caller's credentials.
#[derive(Clone, Copy)]
struct Identity<'a> {
    fields: &'a UserIdentity,
    /// Whether the record says that the credentials are those of a console session.
    console: bool,
    /// The record's `sourceIPAddress`: the name of a service, if a service made the call.
    source: Option<&'a str>,
}

impl Identity<'_> {
    fn principal(self) -> Principal {
        let identity = self.fields;
        match type_of(identity) {
            "Root" => Principal::Root(root(self)),
            "IAMUser" => Principal::IamUser(iam_user(self)),
            "AssumedRole" => Principal::AssumedRole(Box::new(role_session(self))),
            "FederatedUser" => Principal::FederatedUser(federated_user(self)),
            "SAMLUser" => Principal::SamlUser(external_user(identity)),
            "WebIdentityUser" => Principal::WebIdentityUser(external_user(identity)),
            "IdentityCenterUser" => Principal::IdentityCenterUser(identity_center_user(self)),
            "AWSAccount" => Principal::AwsAccount(OtherAccount {
                account: known(identity.account_id.as_ref()),
                principal_id: known(identity.principal_id.as_ref()),
            }),
            "AWSService" => {
                let source = self.source.filter(|source| source.ends_with(".amazonaws.com"));
                let name = known(identity.invoked_by.as_ref()).or_else(|| source.map(Untrusted::new));
                Principal::AwsService(Service { name })
            }
            _ => Principal::Unrecognized(Unrecognized {
                kind: known(identity.kind.as_ref()),
                name: known(identity.user_name.as_ref()),
                arn: known(identity.arn.as_ref()),
                principal_id: known(identity.principal_id.as_ref()),
                account: account_of(identity),
                session: self.session(KeyKind::of_prefix),
            }),
        }
    }

    /// The credentials. `kind` says what the prefix of the key means for this type of principal.
    fn session(self, kind: impl Fn(&str) -> KeyKind) -> Session {
        let context = self.fields.session_context.as_ref();
        let attributes = context.and_then(|context| context.attributes.as_ref());
        let key = self.fields.access_key_id.as_ref();
        let key_kind = key.map_or(KeyKind::Unknown, |key| kind(key));
        Session {
            access_key_id: known(key),
            // A console session has temporary credentials.
            key_kind: if self.console { key_kind.unless(KeyKind::LongTerm) } else { key_kind },
            mfa: attributes.and_then(|attributes| *attributes.mfa_authenticated),
            created: attributes.and_then(|attributes| time(attributes.creation_date.as_deref()?)),
        }
    }

    /// The credentials of a session, which cannot have a long-term key.
    fn temporary(self) -> Session {
        self.session(|key| KeyKind::of_prefix(key).unless(KeyKind::LongTerm))
    }
}

impl KeyKind {
    /// The kind by the prefix of an access key ID ("IAM identifiers", IAM user guide).
    fn of_prefix(key: &str) -> Self {
        match key.get(..4) {
            Some("AKIA") => Self::LongTerm,
            Some("ASIA") => Self::Temporary,
            _ => Self::Unknown,
        }
    }

    /// The kind, if it is not one that cannot be.
    fn unless(self, impossible: Self) -> Self {
        if self == impossible { Self::Unknown } else { self }
    }
}

/// The type of the identity. If the record has no type, the ARN or the session issuer shows it: CloudTrail writes both,
/// and callers cannot choose them.
fn type_of(identity: &UserIdentity) -> &str {
    if let Some(kind) = identity.kind.as_deref() {
        return kind;
    }
    let arn = identity.arn.as_deref().and_then(Arn::parse);
    let by_arn = arn.and_then(|arn| match arn.resource.split_once('/').map_or(arn.resource, |(kind, _)| kind) {
        "assumed-role" => Some("AssumedRole"),
        "federated-user" => Some("FederatedUser"),
        "user" => Some("IAMUser"),
        "root" => Some("Root"),
        _ => None,
    });
    let issuer = identity.session_context.as_ref().and_then(|context| context.session_issuer.as_ref());
    let by_issuer = || (issuer?.kind.as_deref()? == "Role").then_some("AssumedRole");
    by_arn.or_else(by_issuer).unwrap_or_default()
}

fn known(text: Option<&String>) -> Option<Untrusted> {
    text.map(Untrusted::new)
}

/// The account in the record, and if that cannot be read, the account in the ARN.
fn account_of(identity: &UserIdentity) -> Option<Untrusted> {
    let of_arn = identity.arn.as_deref().and_then(Arn::parse).map(|arn| arn.account);
    let stated = identity.account_id.as_deref();
    let readable = [stated, of_arn].into_iter().flatten().find(|account| is_account_id(account));
    readable.or(stated).or(of_arn.filter(|account| !account.is_empty())).map(Untrusted::new)
}

fn root(read: Identity<'_>) -> Root {
    let identity = read.fields;
    let assumed = identity.session_context.as_ref().and_then(|context| *context.assumed_root) == Some(true);
    Root {
        account: account_of(identity).or_else(|| known(identity.principal_id.as_ref())),
        arn: known(identity.arn.as_ref()),
        assumed,
        session: if assumed { read.temporary() } else { read.session(KeyKind::of_prefix) },
    }
}

fn iam_user(read: Identity<'_>) -> IamUser {
    let identity = read.fields;
    let from_arn = || {
        let arn = Arn::parse(identity.arn.as_deref()?)?;
        arn.resource.starts_with("user/").then(|| arn.name().into())
    };
    let (of_arn, stated): (Option<Untrusted>, _) = (from_arn(), known(identity.user_name.as_ref()));
    IamUser {
        other_name: stated.clone().filter(|stated| of_arn.as_ref().is_some_and(|name| name != stated)),
        name: of_arn.or(stated),
        arn: known(identity.arn.as_ref()),
        id: known(identity.principal_id.as_ref()),
        account: account_of(identity),
        session: read.session(KeyKind::of_prefix),
    }
}

fn role_session(read: Identity<'_>) -> RoleSession {
    let identity = read.fields;
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
    let other_session_name =
        session_of_id.clone().filter(|name| session_of_arn.as_ref().is_some_and(|of_arn| of_arn != name));
    let session_name = session_of_arn.or(session_of_id);
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
        session: read.temporary(),
        role_arn,
        session_name,
        other_session_name,
    }
}

fn operator(
    identity: &UserIdentity,
    context: Option<&SessionContext>,
    role_arn: Option<&Untrusted>,
    session_name: Option<&Untrusted>,
) -> Operator {
    let role = role_arn.and_then(|arn| Arn::parse(arn.raw()));
    // Only AWS can create roles with these paths.
    if let Some(rest) = role.and_then(|arn| arn.resource.strip_prefix("role/aws-service-role/")) {
        return Operator::Service(rest.split('/').next().unwrap_or_default().into());
    }
    let reserved = role.filter(|arn| arn.resource.starts_with("role/aws-reserved/sso.amazonaws.com/"));
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
        (Some("AWS::EC2::Instance"), issued_to) => {
            Operator::Ec2Instance(issued_to.map(Untrusted::new).or_else(|| instance.cloned()))
        }
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

fn federated_user(read: Identity<'_>) -> FederatedUser {
    let identity = read.fields;
    let issuer = identity.session_context.as_ref().and_then(|context| context.session_issuer.as_ref());
    let of_arn = || {
        let arn = Arn::parse(identity.arn.as_deref()?)?;
        arn.resource.starts_with("federated-user/").then(|| arn.name().into())
    };
    let of_id = || Some(Untrusted::new(identity.principal_id.as_deref()?.split_once(':')?.1));
    FederatedUser {
        name: of_arn().or_else(of_id),
        arn: known(identity.arn.as_ref()),
        account: account_of(identity),
        issuer_arn: issuer.and_then(|issuer| known(issuer.arn.as_ref())),
        issuer: issuer.and_then(|issuer| known(issuer.user_name.as_ref())),
        session: read.temporary(),
    }
}

fn external_user(identity: &UserIdentity) -> ExternalUser {
    ExternalUser {
        name: known(identity.user_name.as_ref()),
        provider: known(identity.identity_provider.as_ref()),
        principal_id: known(identity.principal_id.as_ref()),
    }
}

fn identity_center_user(read: Identity<'_>) -> IdentityCenterUser {
    let identity = read.fields;
    let user = on_behalf_of(identity);
    IdentityCenterUser {
        user_id: user.and_then(|user| known(user.user_id.as_ref())).or_else(|| known(identity.principal_id.as_ref())),
        identity_store: user.and_then(|user| known(user.identity_store_arn.as_ref())),
        arn: known(identity.arn.as_ref()),
        account: account_of(identity),
        credential_id: known(identity.credential_id.as_ref()),
        session: read.temporary(),
    }
}
