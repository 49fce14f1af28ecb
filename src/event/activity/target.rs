//! The target and the object of a call, read with the row of the catalogue.

use crate::arn::{Arn, is_account_id};
use crate::catalog::{AccessEffect, Action, ObjectKind, OnCaller, TargetKind, at};
use crate::event::denied_message::DeniedResource;
use crate::event::outcome::{FailureKind, Outcome};
use crate::event::principal::Principal;
use crate::event::record::{Record, text_of};
use crate::text::Untrusted;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// The changed resource, or the principal that gains or loses access, as far as the event shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A call on a user can be about the root user.
    pub kind: TargetKind,
    pub name: Option<Untrusted>,
    pub arn: Option<Untrusted>,
    /// The unique id, `AIDA…`.
    pub id: Option<Untrusted>,
    /// The path; `/` if the request has none.
    pub path: Option<Untrusted>,
    /// The ARN of the permissions boundary in the call.
    pub boundary: Option<Untrusted>,
    /// The tags in the call.
    pub tags: Vec<(Untrusted, Untrusted)>,
}

/// What the call attached, granted or removed: a policy, a key, a group. Empty if the call names no such object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    /// The name or id.
    pub name: Option<Untrusted>,
    pub arn: Option<Untrusted>,
    /// The id in the event, if the name was looked up.
    pub id: Option<Untrusted>,
}

impl Target {
    /// The service, and the kind with the name, as in an ARN, but without paths: `("iam", "role/NAME")`. `None` if the
    /// event does not name the target.
    #[must_use]
    pub fn in_arns(&self) -> Option<(&'static str, String)> {
        let (service, kind) = self.kind.in_arns();
        let name = if self.kind.is_only_one() { "" } else { self.name.as_ref()?.raw() };
        Some((service, format!("{kind}{name}")))
    }

    pub(super) fn read(action: &Action, record: &Record, named: Option<&DeniedResource<'_>>) -> Self {
        let request = &record.request_parameters;
        let answer = answered(&record.response_elements);
        let field = |name: &str| text_in(answer, name).or_else(|| text_in(request, name));
        let mut target = Self {
            kind: action.target,
            name: None,
            arn: text_in(answer, action.target.arn_field()),
            id: ["userId", "roleId", "groupId", "policyId", "instanceProfileId"]
                .iter()
                .find_map(|id| text_in(answer, id)),
            path: field("path"),
            boundary: answer
                .get("permissionsBoundary")
                .and_then(|boundary| text_in(boundary, "permissionsBoundaryArn"))
                .or_else(|| text_in(request, "permissionsBoundary")),
            tags: tags(answer).or_else(|| tags(request)).unwrap_or_default(),
        };
        let named_at = |name: &&str| {
            [request, answer, &record.response_elements].into_iter().find_map(|place| text_in(place, name))
        };
        if let Some(text) = action.target.fields().iter().find_map(named_at) {
            target.call(&text);
        } else if let Some(named) = named.filter(|named| named.is_a(action.target) && has_names(action.target)) {
            target.name = named.name.map(Untrusted::new);
            target.arn = named.arn.map(Untrusted::new);
        }
        if target.is_of_root(request) {
            target.kind = TargetKind::RootUser;
        }
        if action.effect == AccessEffect::SwitchesRole {
            target.switched_to(record);
        }
        target.kind = target.part_of_organization();
        target
    }

    /// The role that a person switched to: the session's own identity.
    fn switched_to(&mut self, record: &Record) {
        let identity = record.user_identity.as_ref();
        let arn = identity.and_then(|identity| Arn::parse(identity.arn.as_deref()?));
        let session = arn.and_then(|arn| arn.resource.strip_prefix("assumed-role/"));
        self.name = session.and_then(|session| session.split('/').next()).map(Untrusted::new);
    }

    /// A root, an organizational unit or an account: their ids have different forms ("AWS Organizations API Reference").
    fn part_of_organization(&self) -> TargetKind {
        let name = self.name.as_ref().map_or("", |name| name.raw());
        match self.kind {
            TargetKind::OrganizationPart if name.starts_with("r-") => TargetKind::OrganizationRoot,
            TargetKind::OrganizationPart if name.starts_with("ou-") => TargetKind::OrganizationalUnit,
            TargetKind::OrganizationPart if is_account_id(name) => TargetKind::MemberAccount,
            kind => kind,
        }
    }

    /// Sets the name and the ARN from the field that names the target: a name, an ARN or a URL.
    fn call(&mut self, found: &Untrusted) {
        let text = found.raw();
        let (name, arn) = match Arn::parse(text) {
            // The ARN of a subscription is the ARN of its topic, followed by an id.
            Some(arn) if arn.service == "sns" => {
                let (topic, id) = arn.resource.split_once(':').unwrap_or((arn.resource, ""));
                let of_topic = text.strip_suffix(id).unwrap_or(text).trim_end_matches(':');
                (topic, Some(Untrusted::new(of_topic)))
            }
            // "name", "name:alias", "account:function:name" or a whole ARN (Lambda API reference, FunctionName).
            _ if self.kind == TargetKind::Function => {
                let name = text.split_once("function:").map_or(text, |(_, name)| name);
                let name = name.split(':').next().unwrap_or(name);
                // Without the version or alias.
                let of_function = |arn: Arn<'_>| Some(text.split_once(arn.resource)?.0.to_owned() + "function:" + name);
                (name, Arn::parse(text).and_then(of_function).map(Untrusted::new))
            }
            // `stack/name/id`
            Some(arn) if self.kind == TargetKind::Stack => {
                (arn.resource.split('/').nth(1).unwrap_or(arn.resource), Some(found.clone()))
            }
            // `permissionSet/INSTANCE/ID`
            Some(arn) if self.kind == TargetKind::PermissionSet => (arn.name(), Some(found.clone())),
            Some(arn) if self.kind == TargetKind::Secret => {
                (arn.resource.strip_prefix("secret:").unwrap_or(arn.resource), Some(found.clone()))
            }
            // The account itself: `arn:aws:iam::111122223333:root`
            Some(arn) if self.kind == TargetKind::MemberAccount && arn.resource == "root" => (arn.account, None),
            Some(arn) => (arn.full_name(), Some(found.clone())),
            None if self.kind == TargetKind::Queue => {
                (text.trim_end_matches('/').rsplit('/').next().unwrap_or(text), None)
            }
            None => (text, None),
        };
        self.name = Some(name.into());
        self.arn = arn.or_else(|| self.arn.take());
    }

    /// Whether a call that names a user is about the root user. CloudTrail writes the user name `AWS ROOT USER`, and
    /// the MFA device of the root user has a fixed name.
    fn is_of_root(&self, request: &Value) -> bool {
        let of_root = || is_roots_device(request);
        // Every user can give a device this name, so the user name takes precedence.
        self.kind == TargetKind::User && self.name.as_ref().map_or_else(of_root, |name| name.raw() == "AWS ROOT USER")
    }

    /// The caller, if the call names no target and is about the caller.
    pub(super) fn or_caller(
        mut self,
        action: &Action,
        outcome: &Outcome,
        principal: &Principal,
        account: Option<&str>,
        record: &Record,
    ) -> Self {
        // A root session is opened for the root user's credentials only, so also a denied call is about the root user. Other
        // failed calls keep their parameters.
        let denied = outcome.failure() == Some(FailureKind::Denied);
        let of_root = matches!(principal, Principal::Root(root) if root.assumed || !denied);
        let on_caller = match action.on_caller {
            OnCaller::Never => false,
            OnCaller::IfUnnamed if of_root => true,
            // A denied call may have named a target: the record does not show it.
            OnCaller::IfUnnamed => outcome.succeeded(),
            OnCaller::Always => true,
        };
        let asked_for_user =
            self.kind.fields().iter().any(|field| text_in(&record.request_parameters, field).is_some());
        // A call of the root user that names no user is about the root user itself, whatever name the response has for
        // it: "Root", or the alias of the account.
        let roots_device = self.kind == TargetKind::User && is_roots_device(&record.request_parameters);
        if on_caller && (!asked_for_user || roots_device) && matches!(principal, Principal::Root(_)) {
            return Self { kind: TargetKind::RootUser, name: None, arn: None, ..self };
        }
        if !on_caller || self.name.is_some() || self.kind == TargetKind::RootUser {
            return self;
        }
        match principal {
            Principal::IamUser(user) if user.account.as_ref().map(Untrusted::raw) == account => {
                self.name.clone_from(&user.name);
                self.arn.clone_from(&user.arn);
            }
            _ => {}
        }
        self
    }
}

/// There is one instance of IAM Identity Center and one organization; their ids say nothing to a reader.
fn has_names(kind: TargetKind) -> bool {
    !matches!(kind, TargetKind::IdentityCenter | TargetKind::Organization)
}

/// Whether the MFA device in a request has the name that AWS gives the root user's virtual device.
fn is_roots_device(request: &Value) -> bool {
    let serial = request.get("serialNumber").and_then(Value::as_str);
    serial.is_some_and(|serial| serial.ends_with(":mfa/root-account-mfa-device"))
}

impl Object {
    pub(super) fn read(action: &Action, record: &Record, event_name: &str, named: Option<&DeniedResource<'_>>) -> Self {
        match action.object {
            ObjectKind::UnfamiliarAction | ObjectKind::StackAction => {
                return Self { name: Some(event_name.into()), ..Self::default() };
            }
            ObjectKind::RootCall => {
                let service = record.event_source.as_deref().unwrap_or_default();
                let service = service.strip_suffix(".amazonaws.com").unwrap_or(service);
                return Self { name: Some(format!("{service}:{event_name}").into()), ..Self::default() };
            }
            // A permission set has one inline policy, without a name.
            ObjectKind::SetPolicy => return Self { name: Some("inline policy".into()), ..Self::default() },
            _ => {}
        }
        let places = [&record.request_parameters, answered(&record.response_elements)];
        let named_at = |field: &&str| places.into_iter().find_map(|place| text_in(place, field));
        if let Some(found) = action.object_at.iter().find_map(named_at) {
            return match Arn::parse(found.raw()) {
                Some(arn) => Self { name: Some(arn.name().into()), arn: Some(found), id: None },
                None => Self { name: Some(found), ..Self::default() },
            };
        }
        // The message names the role to create; its path has the service: `aws-service-role/SERVICE/NAME`.
        if action.object == ObjectKind::LinkedService
            && let Some(service) = named.and_then(DeniedResource::linked_service)
        {
            return Self { name: Some(service.into()), ..Self::default() };
        }
        // The message of a denied call can name the object instead of the target.
        match named.filter(|named| !named.is_a(action.target) && !action.object_at.is_empty()) {
            Some(named) => Self { name: named.name.map(Untrusted::new), arn: named.arn.map(Untrusted::new), id: None },
            None => Self::default(),
        }
    }
}

/// A response of IAM contains one object, `{"user": {…}}`; some responses are flat.
pub(super) fn answered(response: &Value) -> &Value {
    response.as_object().and_then(|fields| fields.values().find(|value| value.is_object())).unwrap_or(response)
}

/// The text of a value. What stands in the address of a call is percent-encoded in some records of Amazon EKS.
fn text(value: &Value) -> Option<Untrusted> {
    let text = text_of(value)?;
    if text.starts_with("arn%3A") {
        return Some(percent_decode_str(&text).decode_utf8_lossy().as_ref().into());
    }
    Some(text.into())
}

/// A field's text; of a list, the first. A dot in the name leads into an object.
pub(super) fn text_in(object: &Value, name: &str) -> Option<Untrusted> {
    let value = at(object, name)?;
    text(value.as_array().and_then(|list| list.first()).unwrap_or(value))
}

fn tags(object: &Value) -> Option<Vec<(Untrusted, Untrusted)>> {
    let tags = object.get("tags")?.as_array()?;
    Some(
        tags.iter()
            .map(|tag| {
                let part = |name| tag.get(name).and_then(Value::as_str).unwrap_or_default();
                (part("key").into(), part("value").into())
            })
            .collect(),
    )
}
