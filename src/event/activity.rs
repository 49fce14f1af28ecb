//! Who did what to whom, and did it work: one call, read by the [catalogue](crate::catalog).

use super::denied_message::DeniedResource;
use super::envelope::{Delivery, Refusal, is_service};
use super::principal::Principal;
use super::record::{Record, text_of};
use super::{label, shown};
use crate::arn::{Arn, Partition};
use crate::catalog::{self, AccessEffect, Action, ObjectKind, OnCaller, Operation, TargetKind};
use crate::limits::PARAMETERS;
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

/// Whether the call worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It did.
    Succeeded,
    /// It did not: an attempt.
    Failed {
        /// What kind of failure.
        failure: FailureKind,
        /// The error code, as it was written.
        code: Option<Untrusted>,
        /// The error message.
        message: Option<Untrusted>,
    },
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The principal may not do it.
    Denied,
    /// A thing of that name is there already.
    AlreadyExists,
    /// There is no thing of that name.
    NotFound,
    /// A quota is used up.
    LimitExceeded,
    /// Anything else.
    Other,
}

impl FailureKind {
    /// Reads an error code. On the wire most end in `Exception`; older tools write them without.
    fn from_code(code: &str) -> Self {
        let code = code.rsplit('.').next().unwrap_or(code);
        match code.strip_suffix("Exception").unwrap_or(code) {
            "AccessDenied" | "UnauthorizedOperation" | "UnauthorizedAccess" | "AuthorizationError" => Self::Denied,
            "EntityAlreadyExists" => Self::AlreadyExists,
            "NoSuchEntity" => Self::NotFound,
            "LimitExceeded" => Self::LimitExceeded,
            _ => Self::Other,
        }
    }

    /// What became of the attempt: "… and was denied".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Denied => "was denied",
            Self::AlreadyExists => "failed, because there is one already",
            Self::NotFound => "failed, because it does not exist",
            Self::LimitExceeded => "failed, because a quota is used up",
            Self::Other => "failed",
        }
    }
}

impl Outcome {
    /// Whether the call worked.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        matches!(self, Self::Succeeded)
    }

    /// One word, for logs and machines.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed { failure: FailureKind::Denied, .. } => "denied",
            Self::Failed { .. } => "failed",
        }
    }
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
            parameters: if omitted { Vec::new() } else { parameters(request, action, &target) },
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

fn outcome(record: &Record) -> Outcome {
    let code = record.error_code.as_deref();
    let message = record.error_message.as_deref();
    // A sign-in that failed says so in its answer, and not always elsewhere.
    let refused = record.response_elements.get("ConsoleLogin").and_then(Value::as_str) == Some("Failure");
    if code.is_none() && message.is_none() && !refused {
        return Outcome::Succeeded;
    }
    Outcome::Failed {
        failure: code.map_or(FailureKind::Other, FailureKind::from_code),
        code: code.map(Untrusted::new),
        message: message.map(Untrusted::new),
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
            Some(arn) => (name_in(&arn), Some(found.clone())),
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

/// The name in an ARN. That of a web identity provider is a URL, with slashes.
pub(super) fn name_in<'a>(arn: &Arn<'a>) -> &'a str {
    arn.resource.strip_prefix("oidc-provider/").unwrap_or_else(|| arn.name())
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

/// What of a request has no place of its own in an alert, each value by its path: `selectors[0].readWriteType`.
fn parameters(request: &Value, action: &Action, target: &Target) -> Vec<(Untrusted, Untrusted)> {
    // The last are certificates and keys, which nobody reads.
    const SHOWN_ELSEWHERE: [&str; 8] = [
        "policyDocument",
        "assumeRolePolicyDocument",
        "tags",
        "path",
        "permissionsBoundary",
        "certificateBody",
        "certificateChain",
        "sSHPublicKeyBody",
    ];
    let mut found = Vec::new();
    for (name, value) in request.as_object().into_iter().flatten() {
        let name = name.as_str();
        let shown = SHOWN_ELSEWHERE.contains(&name)
            || (target.name.is_some() && action.target.fields().contains(&name))
            || action.object_at.contains(&name);
        if name == "sAMLMetadataDocument" {
            found.extend(entity_id(value).map(|id| ("entityID".into(), id.into())));
        } else if !shown || action.effect == AccessEffect::Unfamiliar {
            leaves(name, value, &mut found);
        }
    }
    found
}

/// Whom SAML metadata is of: its `entityID`. The document itself is long, and certificates for the most part.
fn entity_id(metadata: &Value) -> Option<&str> {
    let (_, rest) = metadata.as_str()?.split_once("entityID=")?;
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest[1..].split(quote).next()
}

fn leaves(path: &str, value: &Value, found: &mut Vec<(Untrusted, Untrusted)>) {
    if found.len() >= PARAMETERS {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(&format!("{path}.{name}"), value, found);
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter().enumerate() {
                leaves(&format!("{path}[{i}]"), value, found);
            }
        }
        leaf => found.extend(text(leaf).map(|text| (path.into(), text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const EVENT_SOURCE: &str = "iam.amazonaws.com";

    fn activity(change: impl Fn(&mut Value)) -> Activity {
        let mut record = json!({
            "eventSource": EVENT_SOURCE, "eventName": "CreateUser", "eventID": "e-1",
            "eventTime": "2026-11-22T05:59:57Z", "awsRegion": "us-east-1",
            "sourceIPAddress": "198.51.100.7", "recipientAccountId": "111122223333",
            "userIdentity": {"type": "IAMUser", "userName": "carol", "accountId": "111122223333",
                "arn": "arn:aws:iam::111122223333:user/carol", "accessKeyId": "AKIAEXAMPLE"},
            "requestParameters": {"userName": "deploy-bot"},
            "responseElements": {"user": {"userName": "deploy-bot", "userId": "AIDANEW", "path": "/ci/",
                "arn": "arn:aws:iam::111122223333:user/ci/deploy-bot"}},
        });
        change(&mut record);
        let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
        Activity::from_delivery(&delivery).unwrap().activity().unwrap()
    }

    fn denied(message: &str) -> Activity {
        activity(|record| {
            record["requestParameters"] = json!(null);
            record["responseElements"] = json!(null);
            record["errorCode"] = json!("AccessDenied");
            record["errorMessage"] = json!(message);
        })
    }

    #[test]
    fn a_successful_call_names_its_target() {
        let activity = activity(|_| ());
        assert_eq!(activity.outcome, Outcome::Succeeded);
        assert_eq!(activity.target.name, Some("deploy-bot".into()));
        assert_eq!(activity.target.id, Some("AIDANEW".into()));
        assert!(activity.lacking.is_empty(), "{:?}", activity.lacking);
    }

    #[test]
    fn a_denied_call_names_the_target_from_its_error_message() {
        let arn = "User: arn:aws:iam::111122223333:user/carol is not authorized to perform: iam:CreateUser on \
            resource: arn:aws:iam::111122223333:user/a/b/mallory because no identity-based policy allows the iam:CreateUser action";
        let by_arn = denied(arn);
        assert_eq!(by_arn.target.name, Some("mallory".into()));
        assert_eq!(by_arn.target.arn, Some("arn:aws:iam::111122223333:user/a/b/mallory".into()));
        assert_eq!(by_arn.outcome.word(), "denied");
        assert!(by_arn.lacking.is_empty(), "{:?}", by_arn.lacking);
        assert_eq!(denied("… on resource: user mallory").target.name, Some("mallory".into()));
        assert_eq!(denied("… on resource: user mallory because …").target.name, Some("mallory".into()));
    }

    #[test]
    fn a_denied_call_whose_message_names_nobody_says_that_the_name_is_lacking() {
        for message in ["", "no", "x on resource: ", "x on resource: *", "x on resource: user"] {
            let activity = denied(message);
            assert_eq!((activity.target.name, activity.lacking), (None, vec!["userName"]), "{message}");
        }
    }

    #[test]
    fn error_codes_are_read_with_and_without_their_suffix() {
        let table = [
            ("AccessDenied", FailureKind::Denied),
            ("AccessDeniedException", FailureKind::Denied),
            ("Client.UnauthorizedOperation", FailureKind::Denied),
            ("EntityAlreadyExistsException", FailureKind::AlreadyExists),
            ("EntityAlreadyExists", FailureKind::AlreadyExists),
            ("LimitExceededException", FailureKind::LimitExceeded),
            ("InvalidInputException", FailureKind::Other),
        ];
        for (code, failure) in table {
            assert_eq!(FailureKind::from_code(code), failure, "{code}");
        }
    }

    #[test]
    fn a_failure_without_a_code_is_still_a_failure() {
        let activity = activity(|record| record["errorMessage"] = json!("something"));
        assert_eq!(activity.outcome.word(), "failed");
    }

    #[test]
    fn a_record_that_lacks_everything_still_becomes_an_activity_that_says_so() {
        let bare = json!({"eventSource": EVENT_SOURCE, "eventName": "CreateUser"});
        let delivery = Delivery::from_file(bare).unwrap().remove(0).unwrap();
        let activity = Activity::from_delivery(&delivery).unwrap().activity().unwrap();
        assert_eq!(
            activity.lacking,
            [
                "eventID",
                "eventTime",
                "awsRegion",
                "userIdentity",
                "sourceIPAddress",
                "recipientAccountId",
                "requestParameters",
                "responseElements",
                "userName"
            ]
        );
    }

    #[test]
    fn omitted_parameters_are_noticed() {
        let activity = activity(|record| {
            record["requestParameters"] = json!({"reason": "requestParameters too large", "omitted": true});
        });
        assert!(activity.omitted);
        assert_eq!(activity.target.name, Some("deploy-bot".into()), "the response still names it");
    }

    #[test]
    fn another_service_is_refused_and_a_call_that_reads_is_ignored() {
        let refuse = |source: Value, name: &str| {
            let record = json!({"eventSource": source, "eventName": name, "eventID": "e-1"});
            let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
            Activity::from_delivery(&delivery).unwrap_err()
        };
        assert_eq!(refuse(json!("sso-directory.amazonaws.com"), "CreateUser").kind(), "ForeignEventSource");
        assert_eq!(refuse(json!(null), "CreateUser").kind(), "ForeignEventSource");
        let read = json!({"eventSource": EVENT_SOURCE, "eventName": "ListUsers"});
        let delivery = Delivery::from_file(read).unwrap().remove(0).unwrap();
        let Ok(Reading::Ignored(why)) = Activity::from_delivery(&delivery) else { panic!("it only reads") };
        assert_eq!(why.plain(), "the catalogue does not have the action iam:ListUsers");
    }

    #[test]
    fn the_partition_is_told_by_arn_and_else_by_region() {
        let by_arn = activity(|record| {
            record["responseElements"]["user"]["arn"] = json!("arn:aws-us-gov:iam::111122223333:user/x");
        });
        assert_eq!(by_arn.partition, Partition::GovCloud);
        let by_region = activity(|record| {
            record["responseElements"] = json!(null);
            record["userIdentity"] = json!({"type": "AWSService"});
            record["awsRegion"] = json!("cn-north-1");
        });
        assert_eq!(by_region.partition, Partition::China);
    }

    fn call(name: &str, request: &Value, identity: &Value) -> Activity {
        activity(|record| {
            record["eventName"] = json!(name);
            record["requestParameters"] = request.clone();
            record["responseElements"] = json!(null);
            if !identity.is_null() {
                record["userIdentity"] = identity.clone();
            }
        })
    }

    #[test]
    fn a_call_that_names_no_user_is_about_the_caller() {
        let own = call("CreateAccessKey", &json!(null), &json!(null));
        assert_eq!(own.target.name, Some("carol".into()));
        assert!(own.is_self() && own.lacking.is_empty(), "{:?}", own.lacking);
        let root = json!({"type": "Root", "accountId": "111122223333"});
        let of_root = call("CreateAccessKey", &json!(null), &root);
        assert_eq!(of_root.target.kind, TargetKind::RootUser);
        assert!(of_root.is_self() && of_root.lacking.is_empty());
        let serial = json!({"serialNumber": "arn:aws:iam::111122223333:mfa/root-account-mfa-device", "userName": "AWS ROOT USER"});
        assert_eq!(call("DeactivateMFADevice", &serial, &root).target.kind, TargetKind::RootUser);
        // Of a denied call nobody knows whom it named.
        let refused = activity(|record| {
            record["eventName"] = json!("AddUserToGroup");
            record["requestParameters"] = json!(null);
            record["responseElements"] = json!(null);
            record["errorCode"] = json!("AccessDenied");
            record["errorMessage"] =
                json!("x is not authorized to perform: iam:AddUserToGroup on resource: group Admins");
        });
        assert_eq!((refused.target.name, refused.object.name), (None, Some("Admins".into())));
    }

    #[test]
    fn names_are_found_in_arns_urls_and_subscriptions() {
        let role = call(
            "AttachRolePolicy",
            &json!({"roleName": "ci", "policyArn": "arn:aws:iam::aws:policy/job/X"}),
            &json!(null),
        );
        assert_eq!((role.target.name, role.object.name), (Some("ci".into()), Some("X".into())));
        let provider = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A";
        let oidc =
            call("UpdateOpenIDConnectProviderThumbprint", &json!({"openIDConnectProviderArn": provider}), &json!(null));
        assert_eq!(oidc.target.name, Some("oidc.eks.eu-west-1.amazonaws.com/id/A".into()));
        let other = |source: &str, name: &str, request: Value| {
            activity(|record| {
                record["eventSource"] = json!(source);
                record["eventName"] = json!(name);
                record["requestParameters"] = request.clone();
            })
            .target
        };
        let subscription = json!({"subscriptionArn": "arn:aws:sns:us-east-1:111122223333:alerts:0a1b"});
        let topic = other("sns.amazonaws.com", "Unsubscribe", subscription);
        assert_eq!(
            (topic.name, topic.arn),
            (Some("alerts".into()), Some("arn:aws:sns:us-east-1:111122223333:alerts".into()))
        );
        let queue = json!({"queueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/failed"});
        assert_eq!(other("sqs.amazonaws.com", "DeleteQueue", queue).name, Some("failed".into()));
        let function = json!({"functionName": "arn:aws:lambda:us-east-1:111122223333:function:alerter:live"});
        assert_eq!(other("lambda.amazonaws.com", "DeleteFunction20150331", function).name, Some("alerter".into()));
    }

    #[test]
    fn denied_calls_name_things_in_every_form_that_iam_writes() {
        let told = |name: &str, resource: &str| {
            let refused = activity(|record| {
                record["eventName"] = json!(name);
                record["requestParameters"] = json!(null);
                record["responseElements"] = json!(null);
                record["errorCode"] = json!("AccessDenied");
                record["errorMessage"] = json!(format!("… on resource: {resource} with an explicit deny"));
            });
            let raw = |text: Option<Untrusted>| text.map(|text| text.raw().to_owned());
            (raw(refused.target.name), raw(refused.target.arn), raw(refused.object.name))
        };
        let some = |text: &str| Some(text.to_owned());
        let arn = "arn:aws:iam::111122223333:policy/team/tools";
        assert_eq!(told("CreatePolicyVersion", &format!("policy {arn}")), (some("tools"), some(arn), None));
        assert_eq!(told("CreatePolicyVersion", arn), (some("tools"), some(arn), None));
        assert_eq!(told("AddRoleToInstanceProfile", "instance profile web"), (None, None, some("web")));
        assert_eq!(told("CreateAccountAlias", "*"), (None, None, None));
        assert_eq!(told("UpdateAssumeRolePolicy", "role ci"), (some("ci"), None, None));
    }

    #[test]
    fn what_a_call_asked_for_besides_is_kept_by_its_path_up_to_a_bound() {
        let many: Vec<_> = (0..99).map(|i| json!({"a": i})).collect();
        let unfamiliar = call("InventedLastYear", &json!({"b": {"c": true}, "list": many}), &json!(null));
        assert_eq!(unfamiliar.parameters.len(), PARAMETERS);
        assert_eq!(unfamiliar.parameters[0], ("b.c".into(), "true".into()));
        assert_eq!(unfamiliar.parameters[1].0, "list[0].a".into());
        let metadata = "<EntityDescriptor entityID='https://idp.example/é'><x/></EntityDescriptor>";
        let saml = call(
            "UpdateSAMLProvider",
            &json!({"sAMLProviderArn": "arn:aws:iam::1:saml-provider/p", "sAMLMetadataDocument": metadata}),
            &json!(null),
        );
        assert_eq!(saml.parameters, [("entityID".into(), "https://idp.example/é".into())]);
        let unquoted = call("UpdateSAMLProvider", &json!({"sAMLMetadataDocument": "entityID=é"}), &json!(null));
        assert!(unquoted.parameters.is_empty());
    }
}
