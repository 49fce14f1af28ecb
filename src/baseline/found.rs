//! Changes without an event: the records that their calls would have had, so that they are judged and shown in the same
//! way.

use super::aspect::Aspect;
use super::compare::{Unexplained, Window};
use super::state::{State, state_of};
use super::trace::{Trace, WITHOUT_EVENT};
use crate::arn::Partition;
use crate::text::fingerprint;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

/// An entity with a difference.
struct Entity<'a> {
    partition: &'a str,
    account: &'a str,
    /// "user", "role" …
    kind: &'a str,
    /// As IAM writes it, if that is known.
    name: String,
    /// What is known of it, now or before.
    content: Option<&'a Value>,
    state: State,
    differences: &'a [Unexplained],
}

/// A call: its name, its request, its response.
type Call = (String, Value, Value);

/// The records of the calls that made the differences, as far as that can be said. They have no caller: nobody knows who
/// it was. Their event ids are the same each time.
#[must_use]
pub fn records(
    (partition, account): (&Partition, &str),
    trace: &Trace,
    window: &Window,
    differences: &[Unexplained],
) -> Vec<Value> {
    let read = |until: DateTime<Utc>| {
        let read = trace.reads.iter().rev().find(|read| read.since <= until);
        read.and_then(|read| read.content.as_ref())
    };
    let (kind, name) = trace.resource.split_once('/').unwrap_or((&trace.resource, ""));
    let (former, actual) = (read(window.former.1), read(window.run.1));
    let content = actual.or(former);
    let field = match kind {
        "user" | "credentials" => "UserName",
        "role" => "RoleName",
        "group" => "GroupName",
        _ => "PolicyName",
    };
    let written = content.and_then(|content| content.get(field)?.as_str());
    let name = match (kind, written) {
        // As CloudTrail calls the root user.
        ("credentials", _) if name == "root" => "AWS ROOT USER",
        (_, Some(written)) => written,
        // A user may be called root, too.
        ("credentials", None) => name.trim_start_matches("user/"),
        (_, None) => name,
    };
    let entity = Entity {
        partition: partition.name(),
        account,
        kind,
        name: name.to_owned(),
        content,
        state: actual.map(|content| state_of(&trace.resource, content)).unwrap_or_default(),
        differences,
    };
    let time = window.run.1.to_rfc3339_opts(SecondsFormat::Secs, true);
    // A new entity is another one: all that it has is new.
    let is_new = |difference: &Unexplained| {
        matches!(difference, Unexplained::Exists | Unexplained::Part { aspect: Aspect::Id, .. })
    };
    let calls = if differences.iter().any(is_new) {
        entity.created()
    } else {
        differences.iter().filter_map(|difference| entity.call(difference)).collect()
    };
    let mut all = Vec::new();
    for (event_name, request, response) in calls {
        let made_of = json!([account, trace.resource, event_name, request, response, time]).to_string();
        let record = json!({
            "eventVersion": "1.11", "eventSource": "iam.amazonaws.com", "eventName": event_name, "eventTime": time,
            "awsRegion": "us-east-1", "eventType": "AwsApiCall", "recipientAccountId": account, "readOnly": false,
            "requestParameters": request, "responseElements": response,
            "eventID": format!("{WITHOUT_EVENT}{}", fingerprint(&made_of)),
        });
        // Two parts can come from one call.
        if !all.contains(&record) {
            all.push(record);
        }
    }
    all
}

impl Entity<'_> {
    fn call(&self, difference: &Unexplained) -> Option<Call> {
        match difference {
            Unexplained::Exists => None,
            Unexplained::Gone => self.deleted(),
            Unexplained::Part { aspect: Aspect::Key(created), was: Some(_), is: Some(status) } => {
                let request = self.of_name(json!({"status": key_status(status)}));
                Some(("UpdateAccessKey".to_owned(), request, json!({"accessKey": {"createDate": created}})))
            }
            Unexplained::Part { aspect, is, .. } => self.changed(aspect, is.as_deref()),
        }
    }

    fn arn(&self) -> String {
        let written = self.content.and_then(|content| content.get("Arn")?.as_str());
        let (partition, account, kind, name) = (self.partition, self.account, self.kind, &self.name);
        written.map_or_else(|| format!("arn:{partition}:iam::{account}:{kind}/{name}"), str::to_owned)
    }

    /// "userName", or the field of another kind.
    fn name_field(&self) -> &'static str {
        match self.kind {
            "role" => "roleName",
            "group" => "groupName",
            "policy" => "policyName",
            _ => "userName",
        }
    }

    fn of_name(&self, more: Value) -> Value {
        let mut request = Map::from_iter([(self.name_field().to_owned(), json!(self.name))]);
        if let Value::Object(more) = more {
            request.extend(more);
        }
        Value::Object(request)
    }

    fn part(&self, aspect: &Aspect) -> Value {
        self.state.get(aspect).map_or(Value::Null, |value| json!(value))
    }

    /// The call that created the entity, and those that gave it what it has.
    fn created(&self) -> Vec<Call> {
        let answer = |name: &str| {
            let id =
                json!({"arn": self.arn(), self.name_field(): self.name, format!("{name}Id"): self.part(&Aspect::Id)});
            json!({name: id})
        };
        let boundary = || match self.part(&Aspect::Boundary) {
            Value::Null => json!({}),
            arn => json!({"permissionsBoundary": arn}),
        };
        let call = |name: &str, request: Value, response: Value| (name.to_owned(), request, response);
        let first = match self.kind {
            "user" => call("CreateUser", self.of_name(boundary()), answer("user")),
            "role" => {
                let mut request = self.of_name(boundary());
                request["assumeRolePolicyDocument"] = self.part(&Aspect::Trust);
                call("CreateRole", request, answer("role"))
            }
            "group" => call("CreateGroup", self.of_name(json!({})), answer("group")),
            "policy" => {
                let document = self.part(&Aspect::Version(self.default().to_owned()));
                let mut response = answer("policy");
                response["policy"]["defaultVersionId"] = self.part(&Aspect::DefaultVersion);
                call("CreatePolicy", self.of_name(json!({"policyDocument": document})), response)
            }
            "saml-provider" => {
                let request = json!({"name": self.name, "sAMLMetadataDocument": self.part(&Aspect::Metadata)});
                call("CreateSAMLProvider", request, json!({"sAMLProviderArn": self.arn()}))
            }
            "oidc-provider" => {
                let clients: Vec<_> = self.state.keys().filter_map(client).collect();
                let url = self.content.and_then(|content| content.get("Url")).cloned().unwrap_or(json!(self.name));
                let thumbprints = self.state.get(&Aspect::Thumbprints).map_or("", String::as_str).split(',');
                let thumbprints: Vec<_> = thumbprints.collect();
                let request = json!({"url": url, "clientIDList": clients, "thumbprintList": thumbprints});
                call("CreateOpenIDConnectProvider", request, json!({"openIDConnectProviderArn": self.arn()}))
            }
            "password-policy" => return vec![self.password_policy()],
            // Credentials of a user that nobody created: the user is another entity.
            _ => return self.parts(),
        };
        let mut all = vec![first];
        all.extend(self.parts());
        all
    }

    /// What a new entity has besides what its creation sets.
    fn parts(&self) -> Vec<Call> {
        let separate = |aspect: &Aspect| match aspect {
            Aspect::Inline(_)
            | Aspect::Attached(_)
            | Aspect::Group(_)
            | Aspect::Password
            | Aspect::Mfa
            | Aspect::Key(_) => true,
            Aspect::Version(id) => id != self.default(),
            _ => false,
        };
        let parts = self.state.iter().filter(|(aspect, _)| separate(aspect));
        parts.filter_map(|(aspect, value)| self.changed(aspect, Some(value))).collect()
    }

    fn deleted(&self) -> Option<Call> {
        let (name, request) = match self.kind {
            "user" => ("DeleteUser", self.of_name(json!({}))),
            "role" => ("DeleteRole", self.of_name(json!({}))),
            "group" => ("DeleteGroup", self.of_name(json!({}))),
            "policy" => ("DeletePolicy", json!({"policyArn": self.arn()})),
            "saml-provider" => ("DeleteSAMLProvider", json!({"sAMLProviderArn": self.arn()})),
            "oidc-provider" => ("DeleteOpenIDConnectProvider", json!({"openIDConnectProviderArn": self.arn()})),
            "password-policy" => ("DeleteAccountPasswordPolicy", Value::Null),
            // They went with their user.
            _ => return None,
        };
        Some((name.to_owned(), request, Value::Null))
    }

    /// The call that changed one part; `is` is what there is now.
    fn changed(&self, aspect: &Aspect, is: Option<&str>) -> Option<Call> {
        let of_kind = |verb: &str, what: &str| {
            let kind = match self.kind {
                "role" => "Role",
                "group" => "Group",
                _ => "User",
            };
            format!("{verb}{kind}{what}")
        };
        let call = |name: String, request: Value| Some((name, request, Value::Null));
        match (aspect, is) {
            (Aspect::Trust, Some(document)) => {
                call("UpdateAssumeRolePolicy".to_owned(), self.of_name(json!({"policyDocument": document})))
            }
            (Aspect::Inline(name), Some(document)) => {
                let request = json!({"policyName": name.as_str(), "policyDocument": document});
                call(of_kind("Put", "Policy"), self.of_name(request))
            }
            (Aspect::Inline(name), None) => {
                call(of_kind("Delete", "Policy"), self.of_name(json!({"policyName": name.as_str()})))
            }
            (Aspect::Attached(arn), _) => {
                let verb = if is.is_some() { "Attach" } else { "Detach" };
                call(of_kind(verb, "Policy"), self.of_name(json!({"policyArn": arn.as_str()})))
            }
            (Aspect::Group(name), _) => {
                let verb = if is.is_some() { "AddUserToGroup" } else { "RemoveUserFromGroup" };
                call(verb.to_owned(), self.of_name(json!({"groupName": name.as_str()})))
            }
            (Aspect::Boundary, Some(arn)) => {
                call(of_kind("Put", "PermissionsBoundary"), self.of_name(json!({"permissionsBoundary": arn})))
            }
            (Aspect::Boundary, None) => call(of_kind("Delete", "PermissionsBoundary"), self.of_name(json!({}))),
            (Aspect::DefaultVersion, Some(version)) if !self.is_new(version) => {
                let request = json!({"policyArn": self.arn(), "versionId": version});
                call("SetDefaultPolicyVersion".to_owned(), request)
            }
            (Aspect::DefaultVersion, Some(version)) => Some(self.version(version, true)),
            (Aspect::Version(version), Some(_)) => Some(self.version(version, self.default() == version)),
            (Aspect::Version(version), None) => {
                call("DeletePolicyVersion".to_owned(), json!({"policyArn": self.arn(), "versionId": version}))
            }
            (Aspect::Password, _) => {
                let verb = if is.is_some() { "CreateLoginProfile" } else { "DeleteLoginProfile" };
                call(verb.to_owned(), self.of_name(json!({})))
            }
            (Aspect::Mfa, _) => {
                let verb = if is.is_some() { "EnableMFADevice" } else { "DeactivateMFADevice" };
                call(verb.to_owned(), self.of_name(json!({})))
            }
            (Aspect::Key(created), None) => {
                let response = json!({"accessKey": {"createDate": created}});
                Some(("DeleteAccessKey".to_owned(), self.of_name(json!({})), response))
            }
            (Aspect::Key(created), Some(_)) => Some(self.key(created)),
            (Aspect::Metadata, Some(metadata)) => {
                let request = json!({"sAMLProviderArn": self.arn(), "sAMLMetadataDocument": metadata});
                call("UpdateSAMLProvider".to_owned(), request)
            }
            (Aspect::ClientId(id), _) => {
                let verb = if is.is_some() { "AddClientIDTo" } else { "RemoveClientIDFrom" };
                let request = json!({"openIDConnectProviderArn": self.arn(), "clientID": id});
                call(format!("{verb}OpenIDConnectProvider"), request)
            }
            (Aspect::Thumbprints, Some(all)) => {
                let all: Vec<_> = all.split(',').collect();
                let request = json!({"openIDConnectProviderArn": self.arn(), "thumbprintList": all});
                call("UpdateOpenIDConnectProviderThumbprint".to_owned(), request)
            }
            (Aspect::Setting(_), _) => Some(self.password_policy()),
            // These are never absent of an entity that exists.
            (Aspect::Id | Aspect::Trust | Aspect::DefaultVersion | Aspect::Metadata | Aspect::Thumbprints, _) => None,
        }
    }

    /// The default version of a managed policy.
    fn default(&self) -> &str {
        self.state.get(&Aspect::DefaultVersion).map_or("", String::as_str)
    }

    /// Whether a version of a managed policy is one of the differences.
    fn is_new(&self, version: &str) -> bool {
        self.differences.iter().any(|difference| {
            matches!(difference, Unexplained::Part { aspect: Aspect::Version(id), is: Some(_), .. } if id == version)
        })
    }

    fn version(&self, version: &str, default: bool) -> Call {
        let document = self.part(&Aspect::Version(version.to_owned()));
        (
            "CreatePolicyVersion".to_owned(),
            json!({"policyArn": self.arn(), "policyDocument": document, "setAsDefault": default}),
            json!({"policyVersion": {"versionId": version, "isDefaultVersion": default}}),
        )
    }

    /// A key that is new.
    fn key(&self, created: &str) -> Call {
        let status = self.state.get(&Aspect::Key(created.to_owned())).map_or("active", String::as_str);
        let key = json!({"userName": self.name, "status": key_status(status), "createDate": created});
        let response = json!({"accessKey": key});
        ("CreateAccessKey".to_owned(), self.of_name(json!({})), response)
    }

    fn password_policy(&self) -> Call {
        let settings = self.state.iter().filter_map(|(aspect, value)| {
            let Aspect::Setting(name) = aspect else { return None };
            let mut letters = name.chars();
            let first = letters.next()?.to_ascii_lowercase();
            let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
            Some((std::iter::once(first).chain(letters).collect(), value))
        });
        let request: Map<String, Value> = settings.collect();
        if request.is_empty() {
            return ("DeleteAccountPasswordPolicy".to_owned(), Value::Null, Value::Null);
        }
        ("UpdateAccountPasswordPolicy".to_owned(), Value::Object(request), Value::Null)
    }
}

/// As IAM writes it.
fn key_status(status: &str) -> &'static str {
    if status == "active" { "Active" } else { "Inactive" }
}

fn client(aspect: &Aspect) -> Option<&String> {
    match aspect {
        Aspect::ClientId(id) => Some(id),
        _ => None,
    }
}
