//! Who did what to whom, and did it work: one call, read by the [catalogue](crate::catalog).

use super::denied_message::DeniedResource;
use super::envelope::{Delivery, Refusal, is_service};
use super::outcome::{Outcome, outcome};
use super::parameters::parameters;
use super::principal::Principal;
use super::record::{Record, text_of};
use super::{label, shown};
use crate::arn::{Arn, Partition};
use crate::catalog::{self, AccessEffect, Action, ObjectKind, OnCaller, Operation, TargetKind};
use crate::phrase;
use crate::policy::Parsed;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// What a record says.
#[derive(Debug)]
pub enum Reading {
    /// An action that the catalogue has, or an unfamiliar one of IAM.
    Activity(Box<Activity>),
    /// An action that is never alerted on, and why: an event pattern may bring more than the catalogue has.
    Ignored(Phrase),
}

impl Reading {
    /// The activity, unless the action is ignored.
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
    /// The action, from the catalogue.
    pub action: &'static Action,
    /// CloudTrail's name of the call.
    pub event_name: Untrusted,
    /// Who made the call.
    pub principal: Principal,
    /// What it changed, or who gains or loses by it.
    pub target: Target,
    /// What was given or taken.
    pub object: Object,
    /// Whether it worked.
    pub outcome: Outcome,
    /// The account in which it happened.
    pub account: Option<Untrusted>,
    /// The partition of that account.
    pub partition: Partition,
    /// The region of the record.
    pub region: Option<Untrusted>,
    /// When it happened.
    pub time: Option<DateTime<Utc>>,
    /// From where the call came.
    pub origin: Origin,
    /// CloudTrail's id of the record.
    pub event_id: Option<Untrusted>,
    /// The id of the request.
    pub request_id: Option<Untrusted>,
    /// The replay's name, where the event was replayed from an archive.
    pub replay: Option<Untrusted>,
    /// The policy in the request.
    pub policy_document: Option<Parsed>,
    /// The trust policy in the request.
    pub trust_document: Option<Parsed>,
    /// What else was asked for, by the path of the parameter; see [`PARAMETERS`].
    pub parameters: Vec<(Untrusted, Untrusted)>,
    /// What a sign-in said of itself: whether MFA was used.
    pub mfa_used: Option<bool>,
    /// Whether CloudTrail left the request's parameters out as too large.
    pub omitted: bool,
    /// What the record should have had and did not, by the names of its fields.
    pub lacking: Vec<&'static str>,
}

/// What was changed, or who gains or loses by it, as far as the event tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What it is. A call on a user may turn out to be about the root user.
    pub kind: TargetKind,
    /// Its name.
    pub name: Option<Untrusted>,
    /// Its ARN.
    pub arn: Option<Untrusted>,
    /// Its unique id, `AIDA…`.
    pub id: Option<Untrusted>,
    /// Its path; `/` where none was given.
    pub path: Option<Untrusted>,
    /// The permissions boundary that it was given.
    pub boundary: Option<Untrusted>,
    /// The tags that it was given.
    pub tags: Vec<(Untrusted, Untrusted)>,
}

/// What was given or taken: a policy, a key, a group. Empty for calls that give and take nothing by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    /// Its name or id.
    pub name: Option<Untrusted>,
    /// Its ARN.
    pub arn: Option<Untrusted>,
}

/// From where a call came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// An IP address, or the name of the AWS service that made the call for the principal.
    pub address: Option<Untrusted>,
    /// The program, by its own word.
    pub user_agent: Option<Untrusted>,
    /// The AWS service that made the call for the principal.
    pub invoked_by: Option<Untrusted>,
    /// The VPC endpoint that it went through.
    pub vpc_endpoint: Option<Untrusted>,
    /// Whether it was made with the credentials of a console session.
    pub console: bool,
}

impl Activity {
    /// Reads a call by the catalogue. An action of IAM that is not in it is read as an unfamiliar one.
    ///
    /// # Errors
    /// Where the record is of a service that the catalogue does not have, or has no name. Nothing else is refused: what
    /// the record lacks is noted in [`lacking`](Self::lacking).
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
        let principal = Principal::from_record(record.user_identity.as_ref());
        let outcome = outcome(record);
        let account = record.recipient_account_id.as_deref().or(delivery.account.as_deref());
        let named = DeniedResource::in_message(&outcome);
        let object = Object::read(action, record, event_name, named.as_ref());
        let target = Target::read(action, record, named.as_ref()).or_caller(action, &outcome, &principal, account);
        let event_time = record.event_time.as_deref().and_then(super::time);
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
                invoked_by: record
                    .user_identity
                    .as_ref()
                    .and_then(|identity| identity.invoked_by.as_ref())
                    .map(Untrusted::new),
                vpc_endpoint: record.vpc_endpoint_id.as_ref().map(Untrusted::new),
                console: *record.session_credential_from_console == Some(true),
            },
            event_id: record.event_id.as_ref().map(Untrusted::new),
            request_id: record.request_id.as_ref().map(Untrusted::new),
            replay: delivery.replay.as_ref().map(Untrusted::new),
            policy_document: if trusts { None } else { document("policyDocument") },
            trust_document: document(if trusts { "policyDocument" } else { "assumeRolePolicyDocument" }),
            parameters: if omitted { Vec::new() } else { parameters(request, action, target.name.is_some()) },
            mfa_used: record.additional_event_data.get("MFAUsed").and_then(Value::as_str).map(|used| used == "Yes"),
            omitted,
            lacking,
            target,
            object,
            principal,
        }
    }

    /// Whether the principal did this to itself: the same IAM user or root user of the same account. The name
    /// of a session never counts, since whoever opens it chooses it.
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

    /// The name that the target has now: a renamed user or group has another than before.
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

    /// Takes what stands where the name should: a name, an ARN or a URL.
    fn call(&mut self, found: &Untrusted) {
        let text = found.raw();
        let (name, arn) = match Arn::parse(text) {
            // The ARN of a subscription is that of its topic with an id behind it.
            Some(arn) if arn.service == "sns" => {
                let (topic, id) = arn.resource.split_once(':').unwrap_or((arn.resource, ""));
                let of_topic = text.strip_suffix(id).unwrap_or(text).trim_end_matches(':');
                (topic, Some(Untrusted::new(of_topic)))
            }
            // "name", "name:alias", "account:function:name" or a whole ARN (Lambda API reference, FunctionName).
            _ if self.kind == TargetKind::Function => {
                let name = text.split_once("function:").map_or(text, |(_, name)| name);
                (name.split(':').next().unwrap_or(name), None)
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

    /// Whether a call that names a user is about the root user: CloudTrail writes its name so, and its MFA
    /// device has a name of its own.
    fn is_of_root(&self, request: &Value) -> bool {
        let of_root = |serial: &str| serial.ends_with(":mfa/root-account-mfa-device");
        let serial = request.get("serialNumber").and_then(Value::as_str);
        // Anybody may call a device of their own like that, so the name of a user counts more.
        self.kind == TargetKind::User
            && self.name.as_ref().map_or_else(|| serial.is_some_and(of_root), |name| name.raw() == "AWS ROOT USER")
    }

    /// The caller, where a call that names nobody is about the caller.
    fn or_caller(mut self, action: &Action, outcome: &Outcome, principal: &Principal, account: Option<&str>) -> Self {
        let on_caller = match action.on_caller {
            OnCaller::Never => false,
            // A denied call may have named somebody: the record does not say.
            OnCaller::IfUnnamed => outcome.succeeded(),
            OnCaller::Always => true,
        };
        if !on_caller || self.name.is_some() || self.kind == TargetKind::RootUser {
            return self;
        }
        match principal {
            Principal::IamUser(user) if user.account.as_ref().map(Untrusted::raw) == account => {
                self.name.clone_from(&user.name);
                self.arn.clone_from(&user.arn);
            }
            Principal::Root(_) => self.kind = TargetKind::RootUser,
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
        // A denied call may name what was to be given, and not whom it was for.
        match named.filter(|named| !named.is_a(action.target) && !action.object_at.is_empty()) {
            Some(named) => Self { name: named.name.map(Untrusted::new), arn: named.arn.map(Untrusted::new) },
            None => Self::default(),
        }
    }
}

/// An answer of IAM holds one object, `{"user": {…}}`; some are flat.
fn answered(response: &Value) -> &Value {
    response.as_object().and_then(|fields| fields.values().find(|value| value.is_object())).unwrap_or(response)
}

/// Calls that only read are never told. Records of before 2019 do not say what they are.
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
