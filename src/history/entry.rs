//! An event as it is recorded in the history: who did it, to what, and when.

use super::across::without_random_parts;
use super::cause::causes;
use super::model::{Handling, Line};
use crate::arn::{Arn, is_account_id};
use crate::baseline::{Change, changes};
use crate::catalog::ChainStep;
use crate::event::Activity;
use crate::event::principal::{Operator, Principal, Root};
use crate::phrase;
use crate::text::{Phrase, Untrusted, fingerprint};
use chrono::{DateTime, SubsecRound, Utc};
use serde_json::Value;

/// An event that is being recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line in the lists, without what is known only after the assessment.
    pub line: Line,
    /// The target, by [`target_key`].
    pub target_key: Option<String>,
    /// The policy that is attached, by [`object_key`].
    pub object_key: Option<String>,
    /// The key under which later events find this one as their cause, by [`causes`](super::causes); known after the lookups.
    pub causes: Option<String>,
    /// The actor as bursts are counted, by [`counted_actor`].
    pub counted_actor: String,
    /// Where the call came from, by [`origin`].
    pub origin: String,
    /// The same without the credential, which is another one in each account.
    pub place: String,
    /// The parameters of the call, by [`written`].
    pub written: String,
    pub source_address: Option<Untrusted>,
    /// What the call changed of the entities of IAM.
    pub changes: Vec<Change>,
    /// The time of arrival. The retention period begins then.
    pub arrived: DateTime<Utc>,
}

impl Entry {
    /// The entry of an activity, with its CloudTrail record, the chain steps it may be, and its time of arrival. If the
    /// event has no time, the time of arrival is used.
    #[must_use]
    pub fn new(activity: &Activity, steps: Vec<ChainStep>, record: &Value, now: DateTime<Utc>) -> Self {
        let call = format!("{}:{}", activity.service.raw(), activity.event_name.raw());
        let line = Line {
            time: activity.time.unwrap_or(now).trunc_subsecs(0),
            event_id: event_key(activity, record),
            call: call.into(),
            outcome: activity.outcome.word().into(),
            actor: activity.principal.short_name().plain().into(),
            actor_key: actor_key(&activity.principal).into(),
            target: target_label(activity).plain().into(),
            account: activity.account.clone(),
            object: activity.object.name.clone(),
            steps,
            severity: None,
            subject: None,
            handling: Handling::default(),
            not_alerted: false,
        };
        Self {
            line,
            target_key: target_key(activity),
            object_key: object_key(activity),
            causes: None,
            counted_actor: counted_actor(&activity.principal),
            origin: origin(activity),
            place: place(activity),
            written: written(&activity.request, activity.account.as_ref()),
            source_address: activity.origin.address.clone(),
            changes: changes(activity),
            arrived: now,
        }
    }

    /// Adds what is known only after the lookups: the names that belong to ids, and what the event may be the cause of.
    pub fn complete(&mut self, activity: &Activity) {
        self.line.target = target_label(activity).plain().into();
        self.line.object.clone_from(&activity.object.name);
        self.causes = causes(activity);
    }
}

/// The key of an event: its id. If a record has no id, the key is computed from the whole record, so that the key is
/// the same if the record is delivered again.
#[must_use]
pub fn event_key(activity: &Activity, record: &Value) -> Untrusted {
    let made = || format!("without-id-{}", fingerprint(&record.to_string())).into();
    activity.event_id.clone().unwrap_or_else(made)
}

/// The key of the actor. It is the same in every session, and actors cannot choose it themselves.
///
/// For a role session it is the ARN of the role. If AWS verifies the person behind the session, the person follows: the
/// user of IAM Identity Center, or the source identity, which cannot be changed after it was set.
#[must_use]
pub fn actor_key(principal: &Principal) -> String {
    let raw = |text: Option<&Untrusted>| text.map(|text| text.raw().to_owned());
    let or_kind = |key: Option<String>| key.unwrap_or_else(|| format!("unknown#{}", type_name(principal)));
    match principal {
        // Its ARN is that of the account's root user, who is another actor.
        Principal::Root(Root { assumed: true, .. }) => {
            format!("{}#AssumeRoot", or_kind(raw(principal.lasting_arn())))
        }
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
        Principal::Delegate(delegate) => {
            format!("delegate:{}", delegate.account.as_ref().map_or("unknown", Untrusted::raw))
        }
        Principal::Unrecognized(other) => or_kind(raw(other.arn.as_ref().or(other.principal_id.as_ref()))),
    }
}

/// The key under which the calls of an actor are counted. It contains nothing that a caller can choose at will: neither
/// the name of a session nor a source identity.
fn counted_actor(principal: &Principal) -> String {
    match principal {
        Principal::AssumedRole(session) if !matches!(session.operator, Operator::IdentityCenter { .. }) => {
            let role = session.role_arn.as_ref().or(session.role.as_ref());
            role.map_or_else(|| actor_key(principal), |role| role.raw().to_owned())
        }
        // The issuer verifies them, but can name anyone.
        Principal::SamlUser(user) | Principal::WebIdentityUser(user) => {
            let provider = user.provider.as_ref().map_or("unknown", Untrusted::raw);
            format!("{}:{provider}", type_name(principal))
        }
        _ => actor_key(principal),
    }
}

/// The parameters of a call as one short text that is the same in every account of a roll-out: without the account's own
/// id, and without what Identity Center and CloudFormation add to names at random.
fn written(request: &Value, account: Option<&Untrusted>) -> String {
    let mut text = request.to_string();
    if let Some(account) = account.filter(|account| is_account_id(account.raw())) {
        text = text.replace(account.raw(), "*");
    }
    fingerprint(&without_random_parts(&text))
}

/// Where a call came from: the address and the program.
fn place(activity: &Activity) -> String {
    let parts = [activity.origin.address.as_ref(), activity.origin.user_agent.as_ref()];
    parts.map(|part| part.map_or("", Untrusted::raw)).join("\n")
}

/// Where a call came from, with its credential, as one short text.
fn origin(activity: &Activity) -> String {
    let session = activity.principal.session();
    let key = session.and_then(|session| session.access_key_id.as_ref()).map_or("", Untrusted::raw);
    fingerprint(&format!("{key}\n{}", place(activity)))[..16].to_owned()
}

/// The `userIdentity` type, as CloudTrail writes it. It is stored, so it does not depend on the words for people.
fn type_name(principal: &Principal) -> &str {
    match principal {
        Principal::Root(_) => "Root",
        Principal::IamUser(_) => "IAMUser",
        Principal::AssumedRole(_) => "AssumedRole",
        Principal::FederatedUser(_) => "FederatedUser",
        Principal::SamlUser(_) => "SAMLUser",
        Principal::WebIdentityUser(_) => "WebIdentityUser",
        Principal::IdentityCenterUser(_) => "IdentityCenterUser",
        Principal::AwsAccount(_) => "AWSAccount",
        Principal::AwsService(_) => "AWSService",
        Principal::Delegate(_) => "InvokedByDelegate",
        Principal::Unrecognized(other) => other.kind.as_ref().map_or("Unknown", Untrusted::raw),
    }
}

/// The key of the target: account, kind and name, since not every call has an ARN. `None` if the event names no target.
/// Names in IAM are not case-sensitive ("IAM identifiers", IAM user guide), so the key is in lower case.
#[must_use]
pub fn target_key(activity: &Activity) -> Option<String> {
    let account = activity.account.as_ref().map_or("", Untrusted::raw);
    let (service, resource) = activity.target.in_arns()?;
    let resource = if service == "iam" { resource.to_lowercase() } else { resource };
    Some(format!("{account}:{service}:{resource}"))
}

/// The key of the managed policy that is attached or detached, as the [`target_key`] of an event that changes the policy.
/// `None` for AWS's own policies, which nobody in the account can change.
#[must_use]
pub fn object_key(activity: &Activity) -> Option<String> {
    let arn = Arn::parse(activity.object.arn.as_ref()?.raw())?;
    let own = arn.service == "iam" && is_account_id(arn.account) && arn.resource.starts_with("policy/");
    own.then(|| format!("{}:iam:policy/{}", arn.account, arn.name().to_lowercase()))
}

/// The target for people.
fn target_label(activity: &Activity) -> Phrase {
    let words = activity.target.kind.noun();
    match &activity.target.name {
        Some(name) if !activity.target.kind.is_only_one() => phrase!(words, " ", name),
        _ => words.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::activity;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_target_is_the_same_whether_or_not_a_call_has_its_arn() {
        let nobody = json!(null);
        let key = |name: &str, request: Value| target_key(&activity(name, &request, &nobody));
        let bob = Some("111122223333:iam:user/bob".to_owned());
        assert_eq!(key("CreateAccessKey", json!({"userName": "bob"})), bob);
        assert_eq!(key("CreateLoginProfile", json!({"userName": "BoB"})), bob);
        assert_eq!(key("AddUserToGroup", json!({"userName": "bob", "groupName": "g"})), bob);
        let policy = json!({"policyArn": "arn:aws:iam::111122223333:policy/team/p"});
        assert_eq!(key("DeletePolicy", policy), Some("111122223333:iam:policy/p".to_owned()));
        assert_eq!(key("DeleteAccountPasswordPolicy", json!(null)), Some("111122223333:iam:root".to_owned()));
        assert_eq!(key("CreateUser", json!(null)), None);
    }

    #[test]
    fn a_record_without_an_id_or_a_time_gets_the_same_id_on_each_delivery() {
        let now = DateTime::from_timestamp(1_790_000_000, 5_000).unwrap();
        let entry =
            |record: Value| Entry::new(&activity("CreateUser", &json!(null), &json!(null)), Vec::new(), &record, now);
        let first = entry(json!({"a": 1}));
        assert_eq!(first.line.event_id, entry(json!({"a": 1})).line.event_id);
        assert_ne!(first.line.event_id, entry(json!({"a": 2})).line.event_id);
        assert_eq!(first.line.event_id.raw().len(), "without-id-".len() + 32);
        assert_eq!(first.line.time, DateTime::from_timestamp(1_790_000_000, 0).unwrap());
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
        assert_eq!(actor(&json!(null)), "unknown#Unknown");
        assert_eq!(actor(&json!({"type": "IAMUser"})), "unknown#IAMUser");
    }
}
