//! What a call changed of an entity, as its event says.

use super::aspect::{Aspect, Name, PRESENT};
use super::state::is_kept;
use crate::catalog::{ObjectKind, Operation, TargetKind};
use crate::event::Activity;
use crate::policy::decoded;
use crate::text::Untrusted;
use serde_json::{Map, Value, json};

/// What a call changed of one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The kind and the name, as in the history: "user/bob".
    pub resource: String,
    pub sets: Sets,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sets {
    /// The entity is new, and has these parts only.
    Created(Vec<(Aspect, Part)>),
    Deleted,
    /// These parts are different, the others are as they were.
    Changed(Vec<(Aspect, Part)>),
    /// The entity is what stood under this key before.
    Renamed(String),
    /// The event does not say what the entity is now.
    Anything,
}

/// A part after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Is(String),
    Absent,
    /// The event does not say.
    NotKnown,
}

impl Sets {
    /// For the history.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let parts = |parts: &[(Aspect, Part)]| {
            let value = |part: &Part| match part {
                Part::Is(value) => json!(value),
                Part::Absent => Value::Null,
                Part::NotKnown => json!(false),
            };
            parts.iter().map(|(aspect, part)| (aspect.text(), value(part))).collect::<Map<_, _>>()
        };
        match self {
            Self::Created(all) => json!({"created": parts(all)}),
            Self::Deleted => json!({"deleted": {}}),
            Self::Changed(all) => json!({"changed": parts(all)}),
            Self::Renamed(from) => json!({"renamed": from}),
            Self::Anything => json!({"anything": {}}),
        }
    }

    /// From the history. What a newer version wrote may be anything.
    #[must_use]
    pub fn from_json(value: &Value) -> Self {
        let parts = |value: &Value| -> Option<Vec<(Aspect, Part)>> {
            let all = value.as_object()?.iter().map(|(name, value)| {
                let part = match value {
                    Value::String(value) => Part::Is(value.clone()),
                    Value::Null => Part::Absent,
                    _ => Part::NotKnown,
                };
                Some((Aspect::parse(name)?, part))
            });
            all.collect()
        };
        let known = value.as_object().filter(|object| object.len() == 1).and_then(|object| object.iter().next());
        match known.map(|(what, of)| (what.as_str(), of)) {
            Some(("created", of)) => parts(of).map_or(Self::Anything, Self::Created),
            Some(("changed", of)) => parts(of).map_or(Self::Anything, Self::Changed),
            Some(("renamed", Value::String(from))) => Self::Renamed(from.clone()),
            Some(("deleted", of)) if of.as_object().is_some_and(Map::is_empty) => Self::Deleted,
            _ => Self::Anything,
        }
    }

    /// The parts that the call set.
    #[must_use]
    pub fn parts(&self) -> &[(Aspect, Part)] {
        match self {
            Self::Created(parts) | Self::Changed(parts) => parts,
            Self::Deleted | Self::Renamed(_) | Self::Anything => &[],
        }
    }
}

/// What a call changed; empty if it failed, or changed nothing that the baseline has. The first one is about the target.
#[must_use]
pub fn changes(activity: &Activity) -> Vec<Change> {
    let action = activity.action;
    if action.service != "iam" || !activity.outcome.succeeded() {
        return Vec::new();
    }
    let target = activity.target.name.as_ref();
    let of_user = activity.target.kind == TargetKind::User;
    let entity =
        |name: Option<&Untrusted>, sets: Option<Sets>| name.map(|name| key(activity.target.kind, name)).zip(sets);
    let credentials = |name: Option<&Untrusted>, sets: Option<Sets>| name.map(credentials_key).zip(sets);
    let is_same = |a: &Untrusted, b: &Untrusted| key(activity.target.kind, a) == key(activity.target.kind, b);
    let all = match (action.operation, action.object) {
        (Operation::Rename, ObjectKind::NewName) => {
            let renamed = activity.object.name.as_ref();
            // In other case, a name is the same.
            if target.zip(renamed).is_some_and(|(target, renamed)| is_same(target, renamed)) {
                return Vec::new();
            }
            let gone = || Some(Sets::Deleted);
            let from = |former: Option<String>| former.map_or(Sets::Anything, Sets::Renamed);
            let former = target.map(|name| key(activity.target.kind, name));
            let of_entity = [entity(target, gone()), entity(renamed, Some(from(former)))];
            let former = target.map(credentials_key);
            let of_credentials = [credentials(target, gone()), credentials(renamed, Some(from(former)))];
            of_entity.into_iter().chain(of_credentials.into_iter().filter(|_| of_user)).collect()
        }
        // A user and the user's credentials come and go together.
        (Operation::Create, ObjectKind::Itself) if of_user => {
            let (of_entity, of_credentials) = (Sets::Created(created(activity)), Sets::Created(Vec::new()));
            vec![entity(target, Some(of_entity)), credentials(target, Some(of_credentials))]
        }
        (Operation::Delete, ObjectKind::Itself) if of_user => {
            vec![entity(target, Some(Sets::Deleted)), credentials(target, Some(Sets::Deleted))]
        }
        (operation, ObjectKind::PasswordPolicy) => {
            let deleted = operation == Operation::Delete;
            // What a request leaves out gets its default value.
            vec![Some((PASSWORD_POLICY.to_owned(), if deleted { Sets::Deleted } else { password_policy(activity) }))]
        }
        (_, ObjectKind::AccessKey | ObjectKind::ConsolePassword | ObjectKind::MfaDevice) => {
            let of_root = activity.target.kind == TargetKind::RootUser;
            let key = if of_root { Some(ROOT.to_owned()) } else { target.map(credentials_key) };
            vec![key.zip(of_credentials(activity))]
        }
        _ => vec![entity(target, of_entity(activity))],
    };
    let all = all.into_iter().flatten().filter(|(resource, _)| is_kept(resource));
    all.map(|(resource, sets)| Change { resource, sets }).collect()
}

/// The credentials of the root user.
const ROOT: &str = "credentials/root";

/// A user may be called root, too.
fn credentials_key(name: &Untrusted) -> String {
    if name.raw().eq_ignore_ascii_case("root") {
        return "credentials/user/root".to_owned();
    }
    format!("credentials/{}", name.raw().to_lowercase())
}

/// One part. If the event does not say which one, anything may have changed.
#[allow(clippy::unnecessary_wraps, reason = "most arms end with it")]
fn one(aspect: Option<Aspect>, part: Part) -> Option<Sets> {
    Some(aspect.map_or(Sets::Anything, |aspect| Sets::Changed(vec![(aspect, part)])))
}

fn present() -> Part {
    Part::Is(PRESENT.to_owned())
}

/// What a call changed of a user, role, group, policy or provider; `None` for nothing.
fn of_entity(activity: &Activity) -> Option<Sets> {
    let (action, request) = (activity.action, &activity.request);
    let object = activity.object.name.as_ref().map(|name| name.raw().to_owned());
    let named = |make: fn(Name) -> Aspect| object.clone().map(|name| make(Name::new(name)));
    // The id of an application may look like an ARN.
    let client = || {
        let id = activity.object.arn.as_ref().or(activity.object.name.as_ref());
        id.map(|id| Aspect::ClientId(id.raw().to_owned()))
    };
    let policy = || activity.object.arn.as_ref().map(|arn| Aspect::Attached(Name::new(arn.raw())));
    match (action.operation, action.object) {
        (Operation::Create, ObjectKind::Itself) => Some(Sets::Created(created(activity))),
        // IAM deletes it later, or not.
        (Operation::Delete, ObjectKind::Itself) if action.event_name == "DeleteServiceLinkedRole" => {
            Some(Sets::Anything)
        }
        (Operation::Delete, ObjectKind::Itself) => Some(Sets::Deleted),
        (Operation::Change, ObjectKind::TrustPolicy) => one(Some(Aspect::Trust), written(activity, "policyDocument")),
        (Operation::Put, ObjectKind::InlinePolicy) => one(named(Aspect::Inline), written(activity, "policyDocument")),
        (Operation::Delete, ObjectKind::InlinePolicy) => one(named(Aspect::Inline), Part::Absent),
        (Operation::Attach, ObjectKind::ManagedPolicy) => one(policy(), present()),
        (Operation::Detach, ObjectKind::ManagedPolicy) => one(policy(), Part::Absent),
        (Operation::Add, ObjectKind::Group) => one(named(Aspect::Group), present()),
        (Operation::Remove, ObjectKind::Group) => one(named(Aspect::Group), Part::Absent),
        (Operation::Set, ObjectKind::PermissionsBoundary) => {
            let boundary = activity.object.arn.as_ref().or(activity.target.boundary.as_ref());
            one(Some(Aspect::Boundary), boundary.map_or(Part::NotKnown, |arn| Part::Is(arn.raw().to_owned())))
        }
        (Operation::Remove, ObjectKind::PermissionsBoundary) => one(Some(Aspect::Boundary), Part::Absent),
        (Operation::Create, ObjectKind::NewDefaultVersion | ObjectKind::NewVersion) => Some(match object {
            None => Sets::Anything,
            Some(id) => {
                let version = (Aspect::Version(id.clone()), written(activity, "policyDocument"));
                let default = (Aspect::DefaultVersion, Part::Is(id));
                let is_default = action.object == ObjectKind::NewDefaultVersion;
                Sets::Changed([version].into_iter().chain(is_default.then_some(default)).collect())
            }
        }),
        (Operation::Delete, ObjectKind::OldVersion) => one(object.map(Aspect::Version), Part::Absent),
        (Operation::Set, ObjectKind::DefaultVersion) => {
            one(Some(Aspect::DefaultVersion), object.map_or(Part::NotKnown, Part::Is))
        }
        (Operation::Change, ObjectKind::Itself) if activity.target.kind == TargetKind::SamlProvider => {
            // The other fields are about encryption.
            request.get("sAMLMetadataDocument").or(activity.omitted.then_some(&Value::Null))?;
            one(Some(Aspect::Metadata), written(activity, "sAMLMetadataDocument"))
        }
        (Operation::Replace, ObjectKind::Thumbprints) => {
            one(Some(Aspect::Thumbprints), list(activity, "thumbprintList"))
        }
        (Operation::Add, ObjectKind::ClientId) => one(client(), present()),
        (Operation::Remove, ObjectKind::ClientId) => one(client(), Part::Absent),
        (Operation::Tag | Operation::Untag, _)
        | (
            _,
            ObjectKind::NameOrPath
            | ObjectKind::Description
            | ObjectKind::DescriptionOrSessionLength
            | ObjectKind::InstanceProfile
            | ObjectKind::ServiceSpecificCredential
            | ObjectKind::SshPublicKey
            | ObjectKind::SigningCertificate,
        ) => None,
        _ => Some(Sets::Anything),
    }
}

/// What a call changed of the credentials of a user, which the credential report shows.
fn of_credentials(activity: &Activity) -> Option<Sets> {
    match (activity.action.operation, activity.action.object) {
        (operation, ObjectKind::AccessKey) => Some(Sets::Changed(vec![of_key(activity, operation)])),
        // The report does not always have the password of the root user.
        (_, ObjectKind::ConsolePassword)
            if activity.target.kind == TargetKind::RootUser && activity.found.is_none() =>
        {
            one(Some(Aspect::Password), Part::NotKnown)
        }
        (Operation::Delete, ObjectKind::ConsolePassword) => one(Some(Aspect::Password), Part::Absent),
        (_, ObjectKind::ConsolePassword) => one(Some(Aspect::Password), present()),
        (Operation::Register, ObjectKind::MfaDevice) => one(Some(Aspect::Mfa), present()),
        (Operation::Deactivate, ObjectKind::MfaDevice) if activity.found.is_some() => {
            one(Some(Aspect::Mfa), Part::Absent)
        }
        // There may be another device.
        (Operation::Deactivate, ObjectKind::MfaDevice) => one(Some(Aspect::Mfa), Part::NotKnown),
        _ => None,
    }
}

const PASSWORD_POLICY: &str = "password-policy";

fn key(kind: TargetKind, name: &Untrusted) -> String {
    let (_, kind) = kind.in_arns();
    // The path of an issuer is case-sensitive (OpenID Connect Core).
    if kind == "oidc-provider/" {
        return format!("{kind}{}", name.raw());
    }
    format!("{kind}{}", name.raw()).to_lowercase()
}

/// A document in the request.
fn written(activity: &Activity, field: &str) -> Part {
    match activity.request.get(field) {
        Some(Value::String(text)) if text.trim_start().starts_with(['{', '%']) => {
            Part::Is(compact(decoded(text).to_string()))
        }
        Some(Value::String(text)) if !text.trim().is_empty() => Part::Is(text.clone()),
        Some(document @ Value::Object(_)) => Part::Is(document.to_string()),
        _ => Part::NotKnown,
    }
}

/// A document that is long only because of blanks, which IAM does not count, without them.
fn compact(document: String) -> String {
    if document.len() <= LONG {
        return document;
    }
    serde_json::from_str::<Value>(&document).map_or(document, |value| value.to_string())
}

/// Longer than any document without blanks ("IAM and AWS STS quotas").
const LONG: usize = 20_480;

/// A list of texts in the request, sorted.
fn list(activity: &Activity, field: &str) -> Part {
    let Some(Value::Array(all)) = activity.request.get(field) else { return Part::NotKnown };
    let mut all: Vec<_> = all.iter().filter_map(Value::as_str).collect();
    all.sort_unstable();
    Part::Is(all.join(","))
}

/// The parts of a new entity.
fn created(activity: &Activity) -> Vec<(Aspect, Part)> {
    let target = &activity.target;
    let id = || (Aspect::Id, target.id.as_ref().map_or(Part::NotKnown, |id| Part::Is(id.raw().to_owned())));
    let boundary = target.boundary.as_ref().map(|arn| (Aspect::Boundary, Part::Is(arn.raw().to_owned())));
    match target.kind {
        TargetKind::User => [id()].into_iter().chain(boundary).collect(),
        TargetKind::Group => vec![id()],
        TargetKind::Role => {
            let trust = (Aspect::Trust, written(activity, "assumeRolePolicyDocument"));
            [id(), trust].into_iter().chain(boundary).collect()
        }
        TargetKind::Policy => vec![
            id(),
            (Aspect::DefaultVersion, Part::Is(version(activity))),
            (Aspect::Version(version(activity)), written(activity, "policyDocument")),
        ],
        TargetKind::SamlProvider => vec![(Aspect::Metadata, written(activity, "sAMLMetadataDocument"))],
        TargetKind::OidcProvider => {
            let clients = activity.request.get("clientIDList").and_then(Value::as_array).cloned().unwrap_or_default();
            let clients = clients.iter().filter_map(Value::as_str);
            // IAM asks the provider for the thumbprints that a request leaves out.
            [(Aspect::Thumbprints, list(activity, "thumbprintList"))]
                .into_iter()
                .chain(clients.map(|id| (Aspect::ClientId(id.to_owned()), Part::Is(PRESENT.to_owned()))))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The default version of a new policy: of one that was found, it may be a later one.
fn version(activity: &Activity) -> String {
    let found = activity.response.pointer("/policy/defaultVersionId").and_then(Value::as_str);
    found.filter(|_| activity.found.is_some()).unwrap_or("v1").to_owned()
}

/// What a call did to an access key. The credential report has no ids: a new key is known by its time, and which key the
/// other calls were about is not known, if the user has more than one. Of a change that was found, both are known.
fn of_key(activity: &Activity, operation: Operation) -> (Aspect, Part) {
    let found = |field: &str| {
        let key = activity.response.get("accessKey").filter(|_| activity.found.is_some())?;
        key.get(field).and_then(Value::as_str).map(str::to_owned)
    };
    let time = || activity.time.map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    let created = found("createDate");
    let status = |status: &str| Part::Is(status.to_owned());
    let key = |created: Option<String>| Aspect::Key(created.unwrap_or_default());
    match operation {
        Operation::Create => {
            let inactive = found("status").is_some_and(|status| status == "Inactive");
            match created.or_else(time) {
                None => (key(None), Part::NotKnown),
                created => (key(created), status(if inactive { "inactive" } else { "active" })),
            }
        }
        Operation::Activate => (key(created), status("active")),
        Operation::Deactivate => (key(created), status("inactive")),
        Operation::Delete => (key(created), Part::Absent),
        _ => (key(created), Part::NotKnown),
    }
}

/// The settings of the password policy, as the account has them; the request and IAM name them differently in case only.
fn password_policy(activity: &Activity) -> Sets {
    let Some(request) = activity.request.as_object().filter(|_| !activity.omitted) else { return Sets::Anything };
    let settings = request.iter().map(|(name, value)| {
        let mut letters = name.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        let name: String = first.into_iter().chain(letters).collect();
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (Aspect::Setting(name), Part::Is(value))
    });
    // ExpirePasswords follows from the age, and says nothing of its own.
    let follows = Aspect::Setting("ExpirePasswords".to_owned());
    let mut settings: Vec<_> = settings.filter(|(aspect, _)| *aspect != follows).collect();
    settings.push((follows, Part::NotKnown));
    for name in DEFAULTS {
        let aspect = Aspect::Setting(name.0.to_owned());
        if !settings.iter().any(|(known, _)| *known == aspect) {
            settings.push((aspect, name.1.map_or(Part::Absent, |value| Part::Is(value.to_owned()))));
        }
    }
    Sets::Created(settings)
}

/// What `UpdateAccountPasswordPolicy` sets if the request does not say, by the API reference of IAM. `None`: no such rule.
const DEFAULTS: [(&str, Option<&str>); 9] = [
    ("MinimumPasswordLength", Some("6")),
    ("RequireSymbols", Some("false")),
    ("RequireNumbers", Some("false")),
    ("RequireUppercaseCharacters", Some("false")),
    ("RequireLowercaseCharacters", Some("false")),
    ("AllowUsersToChangePassword", Some("false")),
    ("MaxPasswordAge", None),
    ("PasswordReusePrevention", None),
    ("HardExpiry", None),
];
