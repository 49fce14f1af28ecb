//! One API call, read with the [catalogue](crate::catalog): who did what, to which target, and whether the call
//! succeeded.

mod permission;
mod target;

pub use target::{Object, Target};

use super::denied_message::DeniedResource;
use super::envelope::{Delivery, Found, Refusal, is_by_root, is_service};
use super::fields::{label, shown, time};
use super::outcome::{Outcome, outcome};
use super::parameters::parameters;
use super::principal::Principal;
use super::record::Record;
use crate::arn::{Arn, Partition, is_account_id};
use crate::catalog::{self, AccessEffect, Action, FieldReading, ObjectKind, Operation, TargetKind};
use crate::phrase;
use crate::policy::Parsed;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use permission::permission;
use serde_json::Value;
use target::{answered, text_in};

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
    /// The service of the call, as in `iam.amazonaws.com`: also of a call that the catalogue does not have.
    pub service: Untrusted,
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
    /// The account that the call is about, if it is another one: the management account changes its members.
    pub about_account: Option<Untrusted>,
    /// The partition of the account.
    pub partition: Partition,
    /// The region in the record.
    pub region: Option<Untrusted>,
    /// When the event happened.
    pub time: Option<DateTime<Utc>>,
    /// The time in the record, if it has a form that is not known.
    pub unread_time: Option<Untrusted>,
    pub origin: Origin,
    /// CloudTrail's `eventID`.
    pub event_id: Option<Untrusted>,
    pub request_id: Option<Untrusted>,
    /// The name of the EventBridge replay, if the event was replayed from an archive.
    pub replay: Option<Untrusted>,
    /// If there was no event: how the change was found.
    pub found: Option<Found>,
    /// The policy in the request or the response.
    pub policy_document: Option<Parsed>,
    /// The trust policy in the request or the response.
    pub trust_document: Option<Parsed>,
    /// The policy of a resource: in the request, or made of the permission that the call adds.
    pub resource_document: Option<Parsed>,
    /// The policy of AWS Organizations in the request or the response.
    pub guardrail_document: Option<Parsed>,
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
    /// The caller's account is no account id, for example because it was masked.
    NotReadable(&'a Untrusted),
    /// The account of the event is no account id, or absent.
    OfUnreadableEvent,
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
        let by_root = is_by_root(record);
        if service.is_empty() || !(by_root || is_service(service)) {
            let found = source.map_or_else(|| "absent".to_owned(), |source| format!("\"{}\"", shown(source)));
            return Err(Refusal::EventSource { event_id: event_id(), found });
        }
        let Some(name) = record.event_name.as_deref() else {
            let why = "its record has no eventName".to_owned();
            return Err(Refusal::NotAnEvent { event_id: event_id(), why });
        };
        let known = catalog::find(service, name, &record.request_parameters, by_root);
        let writes = !only_reads(record);
        let unfamiliar = catalog::unfamiliar(service).filter(|_| writes);
        let Some(action) = known.or(unfamiliar).or_else(|| any_call_of_root(record)) else {
            let (service, name) = (Untrusted::new(service), Untrusted::new(name));
            return Ok(Reading::Ignored(phrase!("the catalogue does not have the action ", &service, ":", &name)));
        };
        Ok(Reading::Activity(Box::new(Self::read(action, name, delivery))))
    }

    /// The same call, if it is not on one of the stack's own resources: it may let somebody in, or be one of the root user.
    #[must_use]
    pub fn for_others(delivery: &Delivery) -> Option<Self> {
        let record = &delivery.record;
        let service = record.event_source.as_deref()?.strip_suffix(".amazonaws.com")?;
        let name = record.event_name.as_deref()?;
        let shares = catalog::find_for_others(service, name, &record.request_parameters);
        // What a root user does is more than what the call does, unless the call lets somebody in.
        let action = shares.or_else(|| any_call_of_root(record))?;
        Some(Self::read(action, name, delivery))
    }

    fn read(action: &'static Action, event_name: &str, delivery: &Delivery) -> Self {
        let record = &delivery.record;
        let principal = if action.effect == AccessEffect::SwitchesRole {
            Principal::who_switched(record)
        } else {
            Principal::of(record)
        };
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
        let service = record.event_source.as_deref().unwrap_or_default();
        let service = service.strip_suffix(".amazonaws.com").unwrap_or(service);
        let about_account = action.account_at.iter().find_map(|field| text_in(request, field));
        let about_account = about_account.filter(|about| is_account_id(about.raw()) && Some(about) != account.as_ref());
        let omitted = request.get("omitted").and_then(Value::as_bool) == Some(true);

        let creates = action.effect == AccessEffect::Creates && outcome.succeeded();
        // A new account has no id yet.
        let new_account = target.kind == TargetKind::MemberAccount && action.operation == Operation::Create;
        let named_by_event = target.name.is_some() || target.kind.fields().is_empty() || new_account;
        let expected = [
            ("eventID", record.event_id.is_some()),
            ("eventTime", record.event_time.is_some()),
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
        let document = |field: &str| document(record, field);
        let of_row = || action.document_at.iter().find_map(|field| document(field));
        let (shares, limits) = (action.effect == AccessEffect::SharesResource, action.service == "organizations");
        let trusts = action.object == ObjectKind::TrustPolicy;
        let invoked_by = record.user_identity.as_ref().and_then(|identity| identity.invoked_by.as_ref());
        // The console calls IAM for the person who is signed in: that is no service that acts for the caller.
        let from_console = invoked_by.is_some_and(|service| service == "signin.amazonaws.com");

        Self {
            action,
            service: service.into(),
            event_name: event_name.into(),
            outcome,
            about_account,
            account,
            partition,
            region: region.map(Untrusted::new),
            time: event_time.or(delivery.time),
            unread_time: record.event_time.as_ref().filter(|_| event_time.is_none()).map(Untrusted::new),
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
            found: delivery.found,
            policy_document: match (trusts, shares || limits) {
                (false, false) => document("policyDocument").or_else(of_row),
                _ => None,
            },
            resource_document: if shares { of_row().or_else(|| permission(action, request)) } else { None },
            guardrail_document: if limits { of_row() } else { None },
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

    /// What the fields of the request mean, for a row with meanings.
    #[must_use]
    pub fn reading(&self) -> FieldReading {
        FieldReading::of(self.action, &self.request, self.account.as_ref().map(Untrusted::raw))
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
            // AWS verifies the id.
            Principal::IdentityCenterUser(user) => {
                let target = self.target.id.as_ref().or(self.target.name.as_ref());
                self.target.kind == TargetKind::DirectoryUser
                    && user.user_id.is_some()
                    && user.user_id.as_ref() == target
            }
            Principal::Root(root) => {
                !root.assumed
                    && self.target.kind == TargetKind::RootUser
                    && root.account.is_some()
                    && root.account == self.account
            }
            _ => false,
        }
    }

    /// Whether the call wrote a policy or a trust policy that the event does not contain: `CloudTrail` omitted it, or it
    /// is absent.
    #[must_use]
    pub fn lacks_document(&self) -> bool {
        let identity = self.policy_document.as_ref().or(self.trust_document.as_ref());
        let document = identity.or(self.resource_document.as_ref());
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
            (Some(theirs), _) if !is_account_id(theirs.raw()) => CallersAccount::NotReadable(theirs),
            (Some(_), _) => CallersAccount::OfUnreadableEvent,
        }
    }

    /// The same, with the names that belong to ids in the event. The id of the target is kept.
    #[must_use]
    pub fn with_names(mut self, target: Option<Untrusted>, object: Option<Untrusted>) -> Self {
        if let Some(name) = target {
            let id = self.target.name.replace(name);
            self.target.id = self.target.id.or(id);
        }
        if let Some(name) = object {
            self.object.id = self.object.name.replace(name);
        }
        self
    }

    /// The same, as a call in a session that was opened as root. Records do not always say so; the history may know the
    /// session by its key.
    #[must_use]
    pub fn in_root_session(mut self) -> Self {
        if let Principal::Root(root) = &mut self.principal {
            root.assumed = true;
        }
        self
    }

    /// The current name of the target: after a rename, the new name.
    #[must_use]
    pub fn name_now(&self) -> Option<&Untrusted> {
        let renamed = self.outcome.succeeded() && self.action.operation == Operation::Rename;
        self.object.name.as_ref().filter(|_| renamed).or(self.target.name.as_ref())
    }
}

/// A policy in the request or the response: a text, or an object as in the records of Amazon S3.
fn document(record: &Record, field: &str) -> Option<Parsed> {
    let carried = [&record.request_parameters, answered(&record.response_elements)];
    let found = carried.iter().find_map(|place| catalog::at(place, field).filter(|value| !value.is_null()))?;
    match found {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(Parsed::of(text)),
        Value::Object(_) => Some(Parsed::of(&found.to_string())),
        _ => None,
    }
}

/// The row for a call of a root user that has no row of its own, if the call changes something.
fn any_call_of_root(record: &Record) -> Option<&'static Action> {
    // Signing in has rows of its own; its other events are steps on the way.
    let signs_in = record.event_source.as_deref() == Some("signin.amazonaws.com");
    (is_by_root(record) && !signs_in && !only_reads(record)).then_some(&catalog::BY_ROOT)
}

/// Read-only calls are never alerted on. Records from before 2019 have no `readOnly` field.
fn only_reads(record: &Record) -> bool {
    const READS: [&str; 7] = ["Get", "List", "Simulate", "Generate", "Describe", "Lookup", "Filter"];
    let name = record.event_name.as_deref().unwrap_or_default();
    record.read_only.unwrap_or_else(|| READS.iter().any(|read| name.starts_with(read)))
}

#[cfg(test)]
mod tests;
