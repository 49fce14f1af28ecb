//! What happened before: every event that is told, in a table that is the audit history too.
//!
//! Three things are asked of it. [`History::claim`]: has this event been told already? (EventBridge and Lambda
//! both deliver at least once.) [`History::lately`]: what did this actor do within a day, and what happened to
//! this target? [`History::keep`]: remember what was told. None can cost an alert: what cannot be had is said.
//!
//! | item | `pk` | `sk` |
//! | --- | --- | --- |
//! | the event, with the alert and the record | `EVENT#<eventID>` | `EVENT` |
//! | a line of what an actor did | `ACTOR#<key>` | `<time>#<eventID>` |
//! | a line of what happened to a target | `TARGET#<key>` | `<time>#<eventID>` |
//! | a line of what happened in an account on a day | `DAY#<account>#<date>` | `<time>#<eventID>` |
//!
//! The lines stand in the table itself, and not in an index, so that a read sees what was written a moment ago.

pub mod dynamodb;

pub use dynamodb::History;

use crate::cloudtrail::identity::{Operator, Principal};
use crate::cloudtrail::{Activity, Thing};
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};

/// What the claim on an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is ours: nobody has told it yet.
    Ours,
    /// It was told before.
    ToldBefore,
    /// Somebody else is telling it, until then at most.
    Elsewhere(DateTime<Utc>),
    /// It is not known, and why not: it is told, perhaps twice.
    Unknown(Phrase),
}

/// One line of the history: what happened, short enough for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub time: Option<DateTime<Utc>>,
    /// CloudTrail's id of the event.
    pub event_id: Untrusted,
    /// The call, `iam:CreateUser`.
    pub call: Untrusted,
    /// `succeeded`, `denied` or `failed`.
    pub outcome: Untrusted,
    /// Who did it, for people.
    pub actor: Untrusted,
    /// Who did it, by [`actor_key`].
    pub actor_key: Option<Untrusted>,
    /// To whom or what, for people.
    pub target: Untrusted,
    /// How grave it was; `None` while it is being told.
    pub severity: Option<Severity>,
    /// The subject of the alert; `None` while it is being told.
    pub subject: Option<Untrusted>,
}

/// The newest lines of a list, and how many more there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// Newest first.
    pub lines: Vec<Line>,
    /// How many more were read.
    pub more: usize,
    /// Whether the list was not read to its end.
    pub unread: bool,
}

/// What happened before the event, and around it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lately {
    /// What the actor did besides.
    pub by_actor: Lines,
    /// What others did to the target besides.
    pub to_target: Lines,
    /// Why some of it is not known, if that is so.
    pub unknown: Option<Phrase>,
}

/// Who is remembered as having done it: the same from session to session, and nobody can choose it for themselves.
///
/// Of a role session it is the role's own ARN, and behind it the person, where AWS vouches for one: the user of IAM
/// Identity Center, or the source identity, which cannot be changed after it was set.
#[must_use]
pub fn actor_key(principal: &Principal) -> String {
    let raw = |text: Option<&Untrusted>| text.map(|text| text.raw().to_owned());
    let or_kind = |key: Option<String>| key.unwrap_or_else(|| format!("unknown#{}", principal.kind().plain()));
    match principal {
        Principal::AssumedRole(session) => {
            let role = raw(session.role_arn.as_ref()).or_else(|| {
                let (account, role) = (session.account.as_ref()?, session.role.as_ref()?);
                Some(format!("{}:role/{}", account.raw(), role.raw()))
            });
            let person = match &session.operator {
                Operator::IdentityCenter { user_id, .. } => user_id.as_ref().or(session.session_name.as_ref()),
                _ => session.source_identity.as_ref(),
            };
            let person = person.map_or_else(String::new, |person| format!("#{}", person.raw()));
            format!("{}{person}", or_kind(role))
        }
        Principal::Root(_) | Principal::IamUser(_) | Principal::FederatedUser(_) => {
            or_kind(raw(principal.lasting_arn()).or_else(|| raw(principal.arn())))
        }
        Principal::SamlUser(user) | Principal::WebIdentityUser(user) => {
            or_kind(raw(user.principal_id.as_ref().or(user.name.as_ref())))
        }
        Principal::IdentityCenterUser(user) => or_kind(raw(user.user_id.as_ref())),
        Principal::AwsAccount(other) => or_kind(raw(other.account.as_ref())),
        Principal::AwsService(service) => or_kind(raw(service.name.as_ref())),
        Principal::Unrecognized(other) => or_kind(raw(other.arn.as_ref().or(other.principal_id.as_ref()))),
    }
}

/// What is remembered as having been changed: by account, kind and name, since not every call tells an ARN. `None`
/// where the event names nothing.
#[must_use]
pub fn target_key(activity: &Activity) -> Option<String> {
    let account = activity.account.as_ref().map_or("", Untrusted::raw);
    let (service, kind) = activity.target.thing.in_arns();
    match activity.target.thing {
        Thing::RootUser | Thing::Account => Some(format!("{account}:{service}:root")),
        _ => Some(format!("{account}:{service}:{kind}{}", activity.target.name.as_ref()?.raw())),
    }
}

/// The target for people.
fn target_label(activity: &Activity) -> Phrase {
    let words = activity.target.thing.words();
    match (&activity.target.name, activity.target.thing) {
        (_, Thing::RootUser | Thing::Account) | (None, _) => words.into(),
        (Some(name), _) => phrase!(words, " ", name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudtrail::Delivery;
    use serde_json::{Value, json};

    fn activity(name: &str, request: &Value, identity: &Value) -> Activity {
        let record = json!({"eventSource": "iam.amazonaws.com", "eventName": name, "recipientAccountId": "111122223333",
            "requestParameters": request, "userIdentity": identity});
        Activity::from_delivery(&Delivery::from_file(record).unwrap().remove(0).unwrap()).unwrap()
    }

    fn actor(identity: &Value) -> String {
        actor_key(&activity("CreateUser", &json!({"userName": "x"}), identity).principal)
    }

    #[test]
    fn an_actor_is_the_same_from_session_to_session() {
        let role = "arn:aws:iam::111122223333:role/ci/deploy";
        let session = |name: &str, more: Value| {
            let mut context = json!({"sessionIssuer": {"type": "Role", "arn": role, "userName": "deploy"}});
            for (key, value) in more.as_object().unwrap() {
                context[key] = value.clone();
            }
            json!({"type": "AssumedRole", "principalId": format!("AROA1:{name}"), "accountId": "111122223333",
                "arn": format!("arn:aws:sts::111122223333:assumed-role/deploy/{name}"), "sessionContext": context})
        };
        assert_eq!(actor(&session("a", json!({}))), role);
        assert_eq!(actor(&session("b", json!({}))), role);
        assert_eq!(actor(&session("a", json!({"sourceIdentity": "dana"}))), format!("{role}#dana"));
        let user = json!({"type": "IAMUser", "userName": "carol", "arn": "arn:aws:iam::111122223333:user/carol"});
        assert_eq!(actor(&user), "arn:aws:iam::111122223333:user/carol");
        assert_eq!(actor(&json!({"type": "AWSService", "invokedBy": "ses.amazonaws.com"})), "ses.amazonaws.com");
        assert!(actor(&json!(null)).starts_with("unknown#"));
    }

    #[test]
    fn a_target_is_the_same_whether_or_not_a_call_tells_its_arn() {
        let nobody = json!(null);
        let key = |name: &str, request: Value| target_key(&activity(name, &request, &nobody));
        let bob = Some("111122223333:iam:user/bob".to_owned());
        assert_eq!(key("CreateAccessKey", json!({"userName": "bob"})), bob);
        assert_eq!(key("AddUserToGroup", json!({"userName": "bob", "groupName": "g"})), bob);
        let policy = json!({"policyArn": "arn:aws:iam::111122223333:policy/team/p"});
        assert_eq!(key("DeletePolicy", policy), Some("111122223333:iam:policy/p".to_owned()));
        assert_eq!(key("DeleteAccountPasswordPolicy", json!(null)), Some("111122223333:iam:root".to_owned()));
        assert_eq!(key("CreateUser", json!(null)), None);
    }
}
