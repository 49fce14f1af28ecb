//! What a call changes, what was before it, and what no call explains.

mod calls;
mod comparison;
mod former;

use super::*;
use crate::event::{Activity, Delivery};
use crate::text::Untrusted;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

pub(super) const ACCOUNT: &str = "111122223333";

/// A time, in minutes after an hour that is the same in all tests.
pub(super) fn minute(minutes: i64) -> DateTime<Utc> {
    second(minutes * 60)
}

pub(super) fn second(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_327_200 + seconds, 0).unwrap()
}

pub(super) fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A record of a call that succeeded.
pub(super) fn record(name: &str, request: &Value, response: &Value, time: DateTime<Utc>) -> Value {
    json!({"eventSource": "iam.amazonaws.com", "eventName": name, "recipientAccountId": ACCOUNT,
        "eventTime": rfc3339(time), "requestParameters": request, "responseElements": response,
        "userIdentity": {"type": "IAMUser", "userName": "eve", "accountId": ACCOUNT,
            "arn": "arn:aws:iam::111122223333:user/eve"}})
}

pub(super) fn changes_in(record: Value) -> Vec<Change> {
    changes(&activity(&Delivery::from_file(record).unwrap().remove(0).unwrap()))
}

pub(super) fn activity(delivery: &Delivery) -> Activity {
    Activity::from_delivery(delivery).unwrap().activity().unwrap()
}

pub(super) fn document(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}).to_string()
}

pub(super) fn trust(principals: &[&str]) -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principals}}]})
    .to_string()
}

pub(super) fn inline(name: &str) -> Aspect {
    Aspect::Inline(Name::new(name))
}

pub(super) fn is(value: &str) -> Part {
    Part::Is(value.to_owned())
}

/// The form in which the inventory keeps an entity.
pub(super) fn content(resource: &str, state: &State) -> Value {
    let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
    let arn = format!("arn:aws:iam::{ACCOUNT}:{resource}");
    let value = |aspect: Aspect| state.get(&aspect).map_or(Value::Null, |value| json!(value));
    let all = |make: fn(&Aspect, &str) -> Option<Value>| -> Vec<Value> {
        state.iter().filter_map(|(aspect, value)| make(aspect, value)).collect()
    };
    let attached = all(|aspect, _| match aspect {
        Aspect::Attached(arn) => Some(json!({"PolicyArn": arn.as_str()})),
        _ => None,
    });
    let inline = all(|aspect, document| match aspect {
        Aspect::Inline(name) => Some(json!({"PolicyName": name.as_str(), "PolicyDocument": document})),
        _ => None,
    });
    let groups = all(|aspect, _| match aspect {
        Aspect::Group(name) => Some(json!(name.as_str())),
        _ => None,
    });
    let clients = all(|aspect, _| match aspect {
        Aspect::ClientId(id) => Some(json!(id)),
        _ => None,
    });
    let keys = all(|aspect, status| match aspect {
        Aspect::Key(created) => Some(json!({"Created": created, "Active": status == "active"})),
        _ => None,
    });
    let versions = state.iter().filter_map(|(aspect, document)| match aspect {
        Aspect::Version(id) => {
            let is_default = state.get(&Aspect::DefaultVersion) == Some(id);
            Some(json!({"VersionId": id, "Document": document, "IsDefaultVersion": is_default}))
        }
        _ => None,
    });
    let boundary = json!({"PermissionsBoundaryArn": value(Aspect::Boundary)});
    match kind {
        "user" => json!({"UserName": name, "UserId": value(Aspect::Id), "Arn": arn, "UserPolicyList": inline,
            "GroupList": groups, "AttachedManagedPolicies": attached, "PermissionsBoundary": boundary}),
        "role" => json!({"RoleName": name, "RoleId": value(Aspect::Id), "Arn": arn, "RolePolicyList": inline,
            "AssumeRolePolicyDocument": value(Aspect::Trust), "AttachedManagedPolicies": attached,
            "PermissionsBoundary": boundary}),
        "group" => json!({"GroupName": name, "GroupId": value(Aspect::Id), "Arn": arn, "GroupPolicyList": inline,
            "AttachedManagedPolicies": attached}),
        "policy" => json!({"PolicyName": name, "PolicyId": value(Aspect::Id), "Arn": arn,
            "PolicyVersionList": versions.collect::<Vec<_>>()}),
        "credentials" => json!({"UserName": name.trim_start_matches("user/"),
            "Password": state.contains_key(&Aspect::Password), "Mfa": state.contains_key(&Aspect::Mfa), "Keys": keys}),
        "saml-provider" => json!({"Arn": arn, "SAMLMetadataDocument": value(Aspect::Metadata)}),
        "oidc-provider" => {
            let thumbprints = state.get(&Aspect::Thumbprints).map_or("", String::as_str).split(',');
            let thumbprints: Vec<_> = thumbprints.filter(|text| !text.is_empty()).collect();
            json!({"Arn": arn, "Url": name, "ClientIDList": clients, "ThumbprintList": thumbprints})
        }
        _ => state.iter().fold(json!({}), |mut content, (aspect, value)| {
            if let Aspect::Setting(name) = aspect {
                content[name] = serde_json::from_str(value).unwrap();
            }
            content
        }),
    }
}

pub(super) fn state<const N: usize>(parts: [(Aspect, &str); N]) -> State {
    parts.into_iter().map(|(aspect, value)| (aspect, value.to_owned())).collect()
}

/// A trace that grows.
impl Trace {
    pub(super) fn of(resource: &str) -> Self {
        Self { resource: resource.to_owned(), ..Self::default() }
    }

    pub(super) fn read<const N: usize>(self, since: DateTime<Utc>, parts: [(Aspect, &str); N]) -> Self {
        let content = content(&self.resource, &state(parts));
        self.read_content(since, Some(content))
    }

    pub(super) fn read_content(mut self, since: DateTime<Utc>, content: Option<Value>) -> Self {
        self.reads.push(Read { since, content, too_large: false });
        self
    }

    pub(super) fn call(mut self, time: DateTime<Utc>, event_id: &str, sets: Sets) -> Self {
        self.changes.push(Recorded { time, event_id: Untrusted::new(event_id), sets });
        self.in_order()
    }

    pub(super) fn set<const N: usize>(self, time: DateTime<Utc>, id: &str, parts: [(Aspect, Part); N]) -> Self {
        self.call(time, id, Sets::Changed(parts.into()))
    }

    /// In the order in which the history has them.
    pub(super) fn in_order(mut self) -> Self {
        self.changes.sort_by_key(|change| (change.time, change.event_id.raw().to_owned()));
        self
    }
}

pub(super) const DAY: i64 = 24 * 60;

/// Two readings of ten minutes, a day apart.
pub(super) fn window() -> Window {
    Window { former: (minute(0), minute(10)), run: (minute(DAY), minute(DAY + 10)) }
}

/// What differs, in short: "exists", "gone", or the part with what it is.
pub(super) fn differences(trace: &Trace, window: &Window) -> Vec<String> {
    let word = |difference: &Unexplained| match difference {
        Unexplained::Exists => "exists".to_owned(),
        Unexplained::Gone => "gone".to_owned(),
        Unexplained::Part { aspect, is, .. } => {
            format!("{} {}", aspect.text(), is.as_deref().unwrap_or("absent"))
        }
    };
    unexplained(trace, window).iter().map(word).collect()
}
