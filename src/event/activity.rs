//! One API call, read with the [catalogue](crate::catalog): who did what, to which target, and whether the call
//! succeeded.

use super::denied_message::DeniedResource;
use super::envelope::{Delivery, Refusal, is_service};
use super::fields::{label, shown, time};
use super::outcome::{Outcome, outcome};
use super::parameters::parameters;
use super::principal::Principal;
use super::record::{Record, text_of};
use crate::arn::{Arn, Partition, is_account_id};
use crate::catalog::{self, AccessEffect, Action, ObjectKind, OnCaller, Operation, TargetKind};
use crate::phrase;
use crate::policy::Parsed;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// The result of reading a record.
#[derive(Debug)]
pub enum Reading {
    /// An action in the catalogue, or an unfamiliar IAM action.
    Activity(Box<Activity>),
    /// An action that is never alerted on, and why. An event pattern can match more actions than the catalogue has.
    Ignored(Phrase),
}

impl Reading {
    /// The activity; `None` if the action is ignored.
    #[must_use]
    pub fn activity(self) -> Option<Activity> {
        match self {
            Self::Activity(activity) => Some(*activity),
            Self::Ignored(_) => None,
        }
    }
}

/// What one call did, or tried to do.
#[derive(Debug, Clone)]
pub struct Activity {
    /// From the catalogue.
    pub action: &'static Action,
    /// CloudTrail's `eventName`.
    pub event_name: Untrusted,
    /// The caller.
    pub principal: Principal,
    /// The changed resource, or the principal that gains or loses access.
    pub target: Target,
    /// What the call attached, granted or removed.
    pub object: Object,
    pub outcome: Outcome,
    /// The account in which the event happened.
    pub account: Option<Untrusted>,
    /// The partition of that account.
    pub partition: Partition,
    /// The region in the record.
    pub region: Option<Untrusted>,
    /// When the event happened.
    pub time: Option<DateTime<Utc>>,
    pub origin: Origin,
    /// CloudTrail's `eventID`.
    pub event_id: Option<Untrusted>,
    pub request_id: Option<Untrusted>,
    /// The name of the EventBridge replay, if the event was replayed from an archive.
    pub replay: Option<Untrusted>,
    /// The policy in the request or the response.
    pub policy_document: Option<Parsed>,
    /// The trust policy in the request or the response.
    pub trust_document: Option<Parsed>,
    /// The request parameters, as in the record; null if the record has none.
    pub request: Value,
    /// The response, as in the record; null if the record has none.
    pub response: Value,
    /// Other request parameters, by their path; at most [`PARAMETERS`](crate::limits::PARAMETERS).
    pub parameters: Vec<(Untrusted, Untrusted)>,
    /// Whether a console sign-in used MFA.
    pub mfa_used: Option<bool>,
    /// Whether CloudTrail omitted the request parameters because they were too large.
    pub omitted: bool,
    /// The names of the fields that the record should have, but does not have.
    pub lacking: Vec<&'static str>,
}

/// The account that the caller belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallersAccount<'a> {
    /// The account of the event.
    Same,
    Other(&'a Untrusted),
    /// The event does not state the caller's account.
    NotStated,
    /// At least one of the two accounts is no account id, for example because it was masked.
    NotReadable(&'a Untrusted),
}

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
}

/// Where a call came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The source IP address, or the name of the AWS service that made the call for the principal.
    pub address: Option<Untrusted>,
    /// The client chooses this text.
    pub user_agent: Option<Untrusted>,
    /// The AWS service that made the call for the principal.
    pub invoked_by: Option<Untrusted>,
    /// The VPC endpoint of the call.
    pub vpc_endpoint: Option<Untrusted>,
    /// Whether the call used the credentials of a console session.
    pub console: bool,
}

impl Activity {
    /// Reads a call with the catalogue. An IAM action that the catalogue does not have is read as an unfamiliar action.
    ///
    /// # Errors
    /// If the catalogue does not have the service of the record, or the record has no event name. Other missing fields
    /// are no error: they are listed in [`lacking`](Self::lacking).
    pub fn from_delivery(delivery: &Delivery) -> Result<Reading, Refusal> {
        let record = &delivery.record;
        let event_id = || label(record.event_id.as_deref());
        let source = record.event_source.as_deref();
        let service = source.and_then(|source| source.strip_suffix(".amazonaws.com")).unwrap_or_default();
        if !is_service(service) {
            let found = source.map_or_else(|| "absent".to_owned(), |source| format!("\"{}\"", shown(source)));
            return Err(Refusal::EventSource { event_id: event_id(), found });
        }
        let Some(name) = record.event_name.as_deref() else {
            let why = "its record has no eventName".to_owned();
            return Err(Refusal::NotAnEvent { event_id: event_id(), why });
        };
        let known = catalog::find(service, name, &record.request_parameters);
        let unfamiliar = (service == "iam" && !only_reads(record)).then_some(&catalog::UNFAMILIAR);
        let Some(action) = known.or(unfamiliar) else {
            let (service, name) = (Untrusted::new(service), Untrusted::new(name));
            return Ok(Reading::Ignored(phrase!("the catalogue does not have the action ", &service, ":", &name)));
        };
        Ok(Reading::Activity(Box::new(Self::read(action, name, delivery))))
    }

    fn read(action: &'static Action, event_name: &str, delivery: &Delivery) -> Self {
        let record = &delivery.record;
        let principal = Principal::of(record);
        let outcome = outcome(record);
        let stated = [record.recipient_account_id.as_deref(), delivery.account.as_deref()].into_iter().flatten();
        let account = stated.clone().find(|account| is_account_id(account)).or_else(|| stated.clone().next());
        let named = DeniedResource::in_message(&outcome);
        let object = Object::read(action, record, event_name, named.as_ref());
        let target =
            Target::read(action, record, named.as_ref()).or_caller(action, &outcome, &principal, account, record);
        let event_time = record.event_time.as_deref().and_then(time);
        let region = record.aws_region.as_ref().or(delivery.region.as_ref());
        let target_arn = target.arn.as_ref().and_then(|arn| Arn::parse(arn.raw()));
        let partition = target_arn
            .map(|arn| Partition::from_name(arn.partition))
            .or_else(|| principal.partition())
            .unwrap_or_else(|| region.map_or(Partition::Aws, |region| Partition::of_region(region)));
        let account = account
            .or_else(|| target_arn.map(|arn| arn.account).filter(|account| !account.is_empty()))
            .map(Untrusted::new)
            .or_else(|| principal.account().cloned());
        let request = &record.request_parameters;
        let omitted = request.get("omitted").and_then(Value::as_bool) == Some(true);

        let creates = action.effect == AccessEffect::Creates && outcome.succeeded();
        let named_by_event = target.name.is_some() || target.kind.fields().is_empty();
        let expected = [
            ("eventID", record.event_id.is_some()),
            ("eventTime", event_time.is_some()),
            ("awsRegion", region.is_some()),
            ("userIdentity", record.user_identity.is_some()),
            ("userIdentity.type", record.user_identity.as_ref().is_none_or(|identity| identity.kind.is_some())),
            ("sourceIPAddress", record.source_ip_address.is_some()),
            ("recipientAccountId", account.is_some()),
            ("requestParameters", request.is_object() || !outcome.succeeded() || (named_by_event && !creates)),
            ("responseElements", record.response_elements.is_object() || !creates),
        ];
        let mut lacking: Vec<_> = expected.into_iter().filter(|(_, there)| !there).map(|(field, _)| field).collect();
        if !named_by_event {
            lacking.extend(target.kind.fields().first());
        }
        let document = |field: &str| -> Option<Parsed> {
            let carried = [request, answered(&record.response_elements)];
            carried.iter().find_map(|place| place.get(field)?.as_str()).map(Parsed::of)
        };
        let trusts = action.object == ObjectKind::TrustPolicy;
        let invoked_by = record.user_identity.as_ref().and_then(|identity| identity.invoked_by.as_ref());
        // The console calls IAM for the person who is signed in: that is no service that acts for the caller.
        let from_console = invoked_by.is_some_and(|service| service == "signin.amazonaws.com");

        Self {
            action,
            event_name: event_name.into(),
            outcome,
            account,
            partition,
            region: region.map(Untrusted::new),
            time: event_time.or(delivery.time),
            origin: Origin {
                address: record.source_ip_address.as_ref().map(Untrusted::new),
                user_agent: record.user_agent.as_ref().map(Untrusted::new),
                invoked_by: invoked_by.filter(|_| !from_console).map(Untrusted::new),
                vpc_endpoint: record.vpc_endpoint_id.as_ref().map(Untrusted::new),
                console: from_console || *record.session_credential_from_console == Some(true),
            },
            event_id: record.event_id.as_ref().map(Untrusted::new),
            request_id: record.request_id.as_ref().map(Untrusted::new),
            replay: delivery.replay.as_ref().map(Untrusted::new),
            policy_document: if trusts { None } else { document("policyDocument") },
            trust_document: document(if trusts { "policyDocument" } else { "assumeRolePolicyDocument" }),
            parameters: if omitted { Vec::new() } else { parameters(request, action, target.name.is_some()) },
            mfa_used: record.additional_event_data.get("MFAUsed").and_then(Value::as_str).map(|used| used == "Yes"),
            request: request.clone(),
            response: record.response_elements.clone(),
            omitted,
            lacking,
            target,
            object,
            principal,
        }
    }

    /// Whether the principal did this to itself: the same IAM user or root user of the same account. The name of a
    /// session does not count, because the caller chooses it.
    #[must_use]
    pub fn is_self(&self) -> bool {
        match &self.principal {
            Principal::IamUser(user) => {
                self.target.kind == TargetKind::User
                    && user.name.is_some()
                    && user.name == self.target.name
                    && user.account.is_some()
                    && user.account == self.account
            }
            Principal::Root(root) => {
                self.target.kind == TargetKind::RootUser && root.account.is_some() && root.account == self.account
            }
            _ => false,
        }
    }

    /// Whether the call wrote a policy or a trust policy that the event does not contain: `CloudTrail` omitted it, or it
    /// is absent.
    #[must_use]
    pub fn lacks_document(&self) -> bool {
        let document = self.policy_document.as_ref().or(self.trust_document.as_ref());
        self.outcome.succeeded() && self.action.carries_document() && document.is_none()
    }

    /// Where the caller is at home, seen from the account of the event. What cannot be read is not another account.
    #[must_use]
    pub fn callers_account(&self) -> CallersAccount<'_> {
        match (self.principal.account(), self.account.as_ref()) {
            (None, _) => CallersAccount::NotStated,
            (Some(theirs), Some(here)) if theirs == here => CallersAccount::Same,
            (Some(theirs), Some(here)) if is_account_id(theirs.raw()) && is_account_id(here.raw()) => {
                CallersAccount::Other(theirs)
            }
            (Some(theirs), _) => CallersAccount::NotReadable(theirs),
        }
    }

    /// The current name of the target: after a rename, the new name.
    #[must_use]
    pub fn name_now(&self) -> Option<&Untrusted> {
        let renamed = self.outcome.succeeded() && self.action.operation == Operation::Rename;
        self.object.name.as_ref().filter(|_| renamed).or(self.target.name.as_ref())
    }
}

impl Target {
    fn read(action: &Action, record: &Record, named: Option<&DeniedResource<'_>>) -> Self {
        let request = &record.request_parameters;
        let answer = answered(&record.response_elements);
        let field = |name: &str| text_in(answer, name).or_else(|| text_in(request, name));
        let mut target = Self {
            kind: action.target,
            name: None,
            arn: text_in(answer, "arn"),
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
        } else if let Some(named) = named.filter(|named| named.is_a(action.target)) {
            target.name = named.name.map(Untrusted::new);
            target.arn = named.arn.map(Untrusted::new);
        }
        if target.is_of_root(request) {
            target.kind = TargetKind::RootUser;
        }
        target
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
        let of_root = |serial: &str| serial.ends_with(":mfa/root-account-mfa-device");
        let serial = request.get("serialNumber").and_then(Value::as_str);
        // Every user can give a device this name, so the user name takes precedence.
        self.kind == TargetKind::User
            && self.name.as_ref().map_or_else(|| serial.is_some_and(of_root), |name| name.raw() == "AWS ROOT USER")
    }

    /// The caller, if the call names no target and is about the caller.
    fn or_caller(
        mut self,
        action: &Action,
        outcome: &Outcome,
        principal: &Principal,
        account: Option<&str>,
        record: &Record,
    ) -> Self {
        let on_caller = match action.on_caller {
            OnCaller::Never => false,
            // A denied call may have named a target: the record does not show it.
            OnCaller::IfUnnamed => outcome.succeeded(),
            OnCaller::Always => true,
        };
        let asked_for_user =
            self.kind.fields().iter().any(|field| text_in(&record.request_parameters, field).is_some());
        // A call of the root user that names no user is about the root user itself, whatever name the response has for
        // it: "Root", or the alias of the account.
        if on_caller && !asked_for_user && matches!(principal, Principal::Root(_)) {
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

impl Object {
    fn read(action: &Action, record: &Record, event_name: &str, named: Option<&DeniedResource<'_>>) -> Self {
        if action.effect == AccessEffect::Unfamiliar {
            return Self { name: Some(event_name.into()), arn: None };
        }
        let places = [&record.request_parameters, answered(&record.response_elements)];
        let named_at = |field: &&str| places.into_iter().find_map(|place| text_in(place, field));
        if let Some(found) = action.object_at.iter().find_map(named_at) {
            return match Arn::parse(found.raw()) {
                Some(arn) => Self { name: Some(arn.name().into()), arn: Some(found) },
                None => Self { name: Some(found), arn: None },
            };
        }
        // The message names the role to create; its path has the service: `aws-service-role/SERVICE/NAME`.
        if action.object == ObjectKind::LinkedService
            && let Some(service) = named.and_then(DeniedResource::linked_service)
        {
            return Self { name: Some(service.into()), arn: None };
        }
        // The message of a denied call can name the object instead of the target.
        match named.filter(|named| !named.is_a(action.target) && !action.object_at.is_empty()) {
            Some(named) => Self { name: named.name.map(Untrusted::new), arn: named.arn.map(Untrusted::new) },
            None => Self::default(),
        }
    }
}

/// A response of IAM contains one object, `{"user": {…}}`; some responses are flat.
fn answered(response: &Value) -> &Value {
    response.as_object().and_then(|fields| fields.values().find(|value| value.is_object())).unwrap_or(response)
}

/// Read-only calls are never alerted on. Records from before 2019 have no `readOnly` field.
fn only_reads(record: &Record) -> bool {
    const READS: [&str; 4] = ["Get", "List", "Simulate", "Generate"];
    let name = record.event_name.as_deref().unwrap_or_default();
    record.read_only.unwrap_or_else(|| READS.iter().any(|read| name.starts_with(read)))
}

fn text(value: &Value) -> Option<Untrusted> {
    text_of(value).map(Untrusted::new)
}

fn text_in(object: &Value, name: &str) -> Option<Untrusted> {
    text(object.get(name)?)
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

#[cfg(test)]
mod tests;
