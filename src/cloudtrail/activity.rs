//! Who did what to whom, and did it work: the catalogue of IAM actions, and one call read by it.
//!
//! To watch another IAM action, add its row to [`CATALOGUE`] and its name to the event pattern in
//! `template.yaml`; a test holds the two equal.

use super::identity::Principal;
use super::record::{Record, text_of};
use super::{Delivery, EVENT_SOURCE, Refusal, label};
use crate::arn::{Arn, Partition};
use crate::severity::Severity;
use crate::text::Untrusted;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// An IAM action that is watched: what it is called, what it changes, and how grave it is by itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// CloudTrail's `eventName`.
    pub event_name: &'static str,
    /// What kind of thing it changes, as a person calls it: "IAM user".
    pub thing: &'static str,
    /// What it did to the thing, in the past: "created".
    pub done: &'static str,
    /// The same as an infinitive: "create".
    pub to_do: &'static str,
    /// Where the thing's name is found in the record, best first (JSON pointers, RFC 6901).
    pub name_at: &'static [&'static str],
    /// Where the thing's description is found in the response (a JSON pointer).
    pub thing_at: &'static str,
    /// How grave it is with nothing else known.
    pub base: Severity,
    /// Why it is at least that grave.
    pub because: &'static str,
    /// The technique in MITRE ATT&CK.
    pub technique: Technique,
}

/// A technique of MITRE ATT&CK.
#[derive(Debug, PartialEq, Eq)]
pub struct Technique {
    /// `T1136.003`.
    pub id: &'static str,
    /// Its name there.
    pub name: &'static str,
}

/// Every action that is watched.
pub const CATALOGUE: &[Action] = &[Action {
    event_name: "CreateUser",
    thing: "IAM user",
    done: "created",
    to_do: "create",
    name_at: &["/requestParameters/userName", "/responseElements/user/userName"],
    thing_at: "/responseElements/user",
    base: Severity::Medium,
    because: "A new IAM user is a lasting way into the account.",
    technique: Technique { id: "T1136.003", name: "Create Account: Cloud Account" },
}];

/// What one call did, or tried to do.
#[derive(Debug, Clone)]
pub struct Activity {
    /// The action, from the catalogue.
    pub action: &'static Action,
    /// Who made the call.
    pub principal: Principal,
    /// What it changed.
    pub target: Target,
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
    /// Whether CloudTrail left the request's parameters out as too large.
    pub omitted: bool,
    /// What the record should have had and did not, by the names of its fields.
    pub lacking: Vec<&'static str>,
}

/// What was changed, as far as the event tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
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
        failure: Failure,
        /// The error code, as it was written.
        code: Option<Untrusted>,
        /// The error message.
        message: Option<Untrusted>,
    },
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The principal may not do it.
    Denied,
    /// A thing of that name is there already.
    AlreadyExists,
    /// A quota is used up.
    LimitExceeded,
    /// Anything else.
    Other,
}

impl Failure {
    /// Reads an error code. On the wire most end in `Exception`; older tools write them without.
    fn from_code(code: &str) -> Self {
        let code = code.rsplit('.').next().unwrap_or(code);
        match code.strip_suffix("Exception").unwrap_or(code) {
            "AccessDenied" | "UnauthorizedOperation" | "UnauthorizedAccess" => Self::Denied,
            "EntityAlreadyExists" => Self::AlreadyExists,
            "LimitExceeded" => Self::LimitExceeded,
            _ => Self::Other,
        }
    }

    /// What became of the attempt: "… and was denied".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Denied => "was denied",
            Self::AlreadyExists => "failed, because the name is taken",
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
            Self::Failed { failure: Failure::Denied, .. } => "denied",
            Self::Failed { .. } => "failed",
        }
    }
}

impl Activity {
    /// Reads a call by the catalogue.
    ///
    /// # Errors
    /// Where the record is of another service, or the action is not in the catalogue. Nothing else is
    /// refused: what the record lacks is told in [`lacking`](Self::lacking).
    pub fn from_delivery(delivery: &Delivery) -> Result<Self, Refusal> {
        let record = &delivery.record;
        if record.event_source.as_deref() != Some(EVENT_SOURCE) {
            let found = record
                .event_source
                .as_deref()
                .map_or_else(|| "absent".to_owned(), |source| format!("\"{}\"", super::shown(source)));
            return Err(Refusal::EventSource { event_id: label(record.event_id.as_deref()), found });
        }
        let name = record.event_name.as_deref();
        let Some(action) = CATALOGUE.iter().find(|action| Some(action.event_name) == name) else {
            return Err(Refusal::NotWatched {
                event_id: label(record.event_id.as_deref()),
                found: name.map_or_else(|| "without a name".to_owned(), super::shown),
            });
        };
        Ok(Self::read(action, delivery))
    }

    fn read(action: &'static Action, delivery: &Delivery) -> Self {
        let record = &delivery.record;
        let principal = Principal::from_record(record.user_identity.as_ref());
        let outcome = outcome(record);
        let target = Target::read(action, record, &outcome);
        let event_time = record.event_time.as_deref().and_then(super::time);
        let region = record.aws_region.as_ref().or(delivery.region.as_ref());
        let target_arn = target.arn.as_ref().and_then(|arn| Arn::parse(arn.raw()));
        let partition = target_arn
            .map(|arn| Partition::from_name(arn.partition))
            .or_else(|| principal.partition())
            .unwrap_or_else(|| region.map_or(Partition::Aws, |region| Partition::of_region(region)));
        let account = record
            .recipient_account_id
            .as_deref()
            .or(delivery.account.as_deref())
            .or_else(|| target_arn.map(|arn| arn.account))
            .map(Untrusted::new)
            .or_else(|| principal.account().cloned());
        let omitted = record.request_parameters.get("omitted").and_then(Value::as_bool) == Some(true);

        let expected = [
            ("eventID", record.event_id.is_some()),
            ("eventTime", event_time.is_some()),
            ("awsRegion", region.is_some()),
            ("userIdentity", record.user_identity.is_some()),
            ("sourceIPAddress", record.source_ip_address.is_some()),
            ("recipientAccountId", account.is_some()),
            ("requestParameters", record.request_parameters.is_object() || !outcome.succeeded()),
            ("responseElements", record.response_elements.is_object() || !outcome.succeeded()),
        ];
        let mut lacking: Vec<_> = expected.into_iter().filter(|(_, there)| !there).map(|(field, _)| field).collect();
        if target.name.is_none() {
            lacking.push(
                action.name_at.first().map_or("a name", |pointer| pointer.trim_start_matches("/requestParameters/")),
            );
        }

        Self {
            action,
            target,
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
            omitted,
            lacking,
            principal,
        }
    }
}

fn outcome(record: &Record) -> Outcome {
    let code = record.error_code.as_deref();
    let message = record.error_message.as_deref();
    if code.is_none() && message.is_none() {
        return Outcome::Succeeded;
    }
    Outcome::Failed {
        failure: code.map_or(Failure::Other, Failure::from_code),
        code: code.map(Untrusted::new),
        message: message.map(Untrusted::new),
    }
}

impl Target {
    fn read(action: &Action, record: &Record, outcome: &Outcome) -> Self {
        let thing = record_at(record, action.thing_at);
        let request = Some(&record.request_parameters);
        let field = |name: &str| text_in(thing, name).or_else(|| text_in(request, name));
        let mut target = Self {
            name: action.name_at.iter().find_map(|pointer| text(record_at(record, pointer)?)),
            arn: text_in(thing, "arn"),
            id: text_in(thing, "userId"),
            path: field("path"),
            boundary: text_in(thing.and_then(|thing| thing.get("permissionsBoundary")), "permissionsBoundaryArn")
                .or_else(|| text_in(request, "permissionsBoundary")),
            tags: tags(thing).or_else(|| tags(request)).unwrap_or_default(),
        };
        if let (None, Outcome::Failed { message: Some(message), .. }) = (&target.name, outcome) {
            let (name, arn) = named_in_message(message.raw());
            target.name = name;
            target.arn = arn;
        }
        target
    }
}

/// The resource that an AccessDenied message names: `… on resource: arn:…:user/path/name because …`, or
/// `… on resource: user name`. CloudTrail leaves the parameters of a denied call out, so it is all there is.
fn named_in_message(message: &str) -> (Option<Untrusted>, Option<Untrusted>) {
    let Some((_, resource)) = message.split_once("on resource: ") else {
        return (None, None);
    };
    let mut words = resource.split_whitespace();
    let Some(first) = words.next() else {
        return (None, None);
    };
    if let Some(arn) = Arn::parse(first) {
        let named = Some(arn.name()).filter(|name| !name.is_empty() && *name != "*");
        return (named.map(Untrusted::new), Some(first.into()));
    }
    let name = match first {
        "user" | "group" | "role" | "policy" => words.next(),
        "because" | "*" => None,
        name => Some(name),
    };
    (name.map(Untrusted::new), None)
}

/// A JSON pointer into the record, of which only the parameters and the response are kept as JSON.
fn record_at<'a>(record: &'a Record, pointer: &str) -> Option<&'a Value> {
    if let Some(rest) = pointer.strip_prefix("/requestParameters") {
        record.request_parameters.pointer(rest)
    } else {
        record.response_elements.pointer(pointer.strip_prefix("/responseElements")?)
    }
}

fn text(value: &Value) -> Option<Untrusted> {
    text_of(value).map(Untrusted::new)
}

fn text_in(object: Option<&Value>, name: &str) -> Option<Untrusted> {
    text(object?.get(name)?)
}

fn tags(object: Option<&Value>) -> Option<Vec<(Untrusted, Untrusted)>> {
    let tags = object?.get("tags")?.as_array()?;
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
mod tests {
    use super::*;
    use serde_json::json;

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
        Activity::from_delivery(&delivery).unwrap()
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
            ("AccessDenied", Failure::Denied),
            ("AccessDeniedException", Failure::Denied),
            ("Client.UnauthorizedOperation", Failure::Denied),
            ("EntityAlreadyExistsException", Failure::AlreadyExists),
            ("EntityAlreadyExists", Failure::AlreadyExists),
            ("LimitExceededException", Failure::LimitExceeded),
            ("InvalidInputException", Failure::Other),
        ];
        for (code, failure) in table {
            assert_eq!(Failure::from_code(code), failure, "{code}");
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
        let activity = Activity::from_delivery(&delivery).unwrap();
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
    fn another_service_or_an_unwatched_call_is_refused() {
        let refuse = |source: Value, name: &str| {
            let record = json!({"eventSource": source, "eventName": name, "eventID": "e-1"});
            let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
            Activity::from_delivery(&delivery).unwrap_err()
        };
        assert_eq!(refuse(json!("sso-directory.amazonaws.com"), "CreateUser").kind(), "ForeignEventSource");
        assert_eq!(refuse(json!(null), "CreateUser").kind(), "ForeignEventSource");
        assert_eq!(
            refuse(json!(EVENT_SOURCE), "ListUsers").to_string(),
            "event e-1: the IAM call ListUsers is not watched"
        );
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
}
