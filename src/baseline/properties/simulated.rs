//! An IAM that is simulated for three days: it is read daily, and some of its events are lost.

use super::*;
use crate::text::Untrusted;
use std::collections::BTreeSet;

/// What a call does, apart from what its event says.
#[derive(Debug, Clone)]
enum Effect {
    Create(State),
    Delete,
    Put(Aspect, String),
    Remove(Aspect),
}

impl Effect {
    /// What there is of an entity after the call; only what exists can be changed.
    fn apply(&self, entity: Option<State>) -> Option<State> {
        let existing = entity.unwrap_or_default();
        match self {
            Self::Create(state) => Some(state.clone()),
            Self::Delete => None,
            Self::Put(aspect, value) => Some(existing.into_iter().chain([(aspect.clone(), value.clone())]).collect()),
            Self::Remove(aspect) => Some(existing.into_iter().filter(|(of, _)| of != aspect).collect()),
        }
    }
}

/// A call: what it did, and its name, request and response.
type Call = (Vec<Effect>, String, Value, Value);

/// What a test chooses of a call.
#[derive(Debug, Clone, Copy)]
struct Choice {
    minute: i64,
    part: usize,
    value: usize,
    /// Which of the calls' events are lost.
    lost: u32,
}

struct Entity {
    resource: &'static str,
    /// Whether keys and devices are created only: which one another call was about is not always known.
    creates_only: bool,
}

const ENTITIES: [&str; 8] = [
    "user/bob",
    "role/app",
    "group/admins",
    "policy/deploy",
    "credentials/carol",
    "saml-provider/okta",
    "oidc-provider/example.org/id",
    "password-policy",
];

impl Entity {
    fn kind(&self) -> &'static str {
        self.resource.split('/').next().unwrap()
    }

    fn arn(&self) -> String {
        format!("arn:aws:iam::{ACCOUNT}:{}", self.resource)
    }

    /// A call on the entity: its effect, its name, in which `*` is the kind, and its request besides the name.
    #[allow(clippy::needless_pass_by_value, reason = "so that a call is one line")]
    fn call(&self, effects: Vec<Effect>, name: &str, more: Value, response: Value) -> Call {
        let (field, kind) = match self.kind() {
            "role" => ("roleName", "Role"),
            "group" => ("groupName", "Group"),
            "policy" if name == "CreatePolicy" => ("policyName", ""),
            "policy" => ("policyArn", ""),
            "saml-provider" => ("sAMLProviderArn", "SAMLProvider"),
            "oidc-provider" => ("openIDConnectProviderArn", "OpenIDConnectProvider"),
            _ => ("userName", "User"),
        };
        let given =
            if field.ends_with("Arn") { self.arn() } else { self.resource.rsplit('/').next().unwrap().to_owned() };
        let mut request = if self.kind() == "password-policy" { json!({}) } else { json!({field: given}) };
        request
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().into_iter().flatten().map(|(a, b)| (a.clone(), b.clone())));
        (effects, name.replace('*', kind), request, response)
    }

    fn set(&self, aspect: &Aspect, value: &str, name: &str, more: Value) -> Vec<Call> {
        vec![self.call(vec![Effect::Put(aspect.clone(), value.to_owned())], name, more, Value::Null)]
    }

    fn remove(&self, aspect: &Aspect, name: &str, more: Value) -> Vec<Call> {
        vec![self.call(vec![Effect::Remove(aspect.clone())], name, more, Value::Null)]
    }

    fn create(&self, choice: Choice, id: &str) -> Vec<Call> {
        let possible = possible(self.resource);
        let value = |wanted: Aspect| {
            let values = &possible.iter().find(|(aspect, _)| *aspect == wanted).unwrap().1;
            values[choice.value % values.len()].clone()
        };
        let new = |state: State, name: &str, more: Value, response: Value| {
            vec![self.call(vec![Effect::Create(state)], name, more, response)]
        };
        match self.kind() {
            "user" => new(state([(Aspect::Id, id)]), "CreateUser", json!({}), json!({"user": {"userId": id}})),
            "group" => new(state([(Aspect::Id, id)]), "CreateGroup", json!({}), json!({"group": {"groupId": id}})),
            "role" => {
                let trust = value(Aspect::Trust);
                let made = state([(Aspect::Id, id), (Aspect::Trust, &trust)]);
                new(made, "CreateRole", json!({"assumeRolePolicyDocument": trust}), json!({"role": {"roleId": id}}))
            }
            "policy" => {
                let (v1, document) = (Aspect::Version("v1".to_owned()), document("s3:*"));
                let made = state([(Aspect::Id, id), (v1, &document), (Aspect::DefaultVersion, "v1")]);
                new(made, "CreatePolicy", json!({"policyDocument": document}), json!({"policy": {"policyId": id}}))
            }
            "saml-provider" => {
                let metadata = value(Aspect::Metadata);
                let made = state([(Aspect::Metadata, &metadata)]);
                new(made, "CreateSAMLProvider", json!({"sAMLMetadataDocument": metadata}), Value::Null)
            }
            "oidc-provider" => {
                let more = json!({"thumbprintList": ["aa"], "clientIDList": []});
                new(state([(Aspect::Thumbprints, "aa")]), "CreateOpenIDConnectProvider", more, Value::Null)
            }
            "password-policy" => self.password_policy(choice.value),
            _ => Vec::new(),
        }
    }

    fn password_policy(&self, value: usize) -> Vec<Call> {
        let (length, symbols) = (8 + value % 3, value.is_multiple_of(2));
        let mut made: State = [
            "RequireNumbers",
            "RequireUppercaseCharacters",
            "RequireLowercaseCharacters",
            "AllowUsersToChangePassword",
        ]
        .map(|name| (Aspect::Setting(name.to_owned()), "false".to_owned()))
        .into();
        made.insert(Aspect::Setting("MinimumPasswordLength".to_owned()), length.to_string());
        made.insert(Aspect::Setting("RequireSymbols".to_owned()), symbols.to_string());
        let more = json!({"minimumPasswordLength": length, "requireSymbols": symbols});
        vec![self.call(vec![Effect::Create(made)], "UpdateAccountPasswordPolicy", more, Value::Null)]
    }

    /// Deletes the entity, after all that it has.
    fn delete(&self, had: &State) -> Vec<Call> {
        let name = match self.kind() {
            "policy" => "DeletePolicy",
            "password-policy" => "DeleteAccountPasswordPolicy",
            _ => "Delete*",
        };
        let parts = had.keys().flat_map(|aspect| match aspect {
            Aspect::ClientId(_) => Vec::new(),
            Aspect::Version(id) if had.get(&Aspect::DefaultVersion) == Some(id) => Vec::new(),
            _ => self.without(aspect),
        });
        parts.chain([self.call(vec![Effect::Delete], name, json!({}), Value::Null)]).collect()
    }

    /// Removes a part, if that is possible.
    fn without(&self, aspect: &Aspect) -> Vec<Call> {
        match aspect {
            Aspect::Inline(name) => self.remove(aspect, "Delete*Policy", json!({"policyName": name.as_str()})),
            Aspect::Attached(arn) => self.remove(aspect, "Detach*Policy", json!({"policyArn": arn.as_str()})),
            Aspect::Group(name) => self.remove(aspect, "RemoveUserFromGroup", json!({"groupName": name.as_str()})),
            Aspect::Boundary => self.remove(aspect, "Delete*PermissionsBoundary", json!({})),
            Aspect::Version(id) => self.remove(aspect, "DeletePolicyVersion", json!({"versionId": id})),
            Aspect::ClientId(id) => {
                self.remove(aspect, "RemoveClientIDFromOpenIDConnectProvider", json!({"clientID": id}))
            }
            Aspect::Password => self.remove(aspect, "DeleteLoginProfile", json!({})),
            Aspect::Mfa => self.remove(aspect, "DeactivateMFADevice", json!({})),
            _ => Vec::new(),
        }
    }

    /// The calls that a choice leads to; none if it is not possible.
    fn calls(&self, entity: Option<&State>, choice: Choice, time: DateTime<Utc>, number: usize) -> Vec<Call> {
        let Some(had) = entity else { return self.create(choice, &format!("AIDA{number:016}")) };
        let possible = possible(self.resource);
        let (aspect, values) = &possible[choice.part % possible.len()];
        let value = values[choice.value % values.len()].as_str();
        if is_always(aspect) && choice.value.is_multiple_of(4) {
            return self.delete(had);
        }
        if had.contains_key(aspect) && (values.len() == 1 || choice.value.is_multiple_of(3)) && !self.creates_only {
            let removed = if matches!(aspect, Aspect::Version(_)) { Vec::new() } else { self.without(aspect) };
            if !removed.is_empty() {
                return removed;
            }
        }
        match aspect {
            Aspect::Inline(name) => {
                self.set(aspect, value, "Put*Policy", json!({"policyName": name.as_str(), "policyDocument": value}))
            }
            Aspect::Attached(arn) => self.set(aspect, value, "Attach*Policy", json!({"policyArn": arn.as_str()})),
            Aspect::Group(name) => self.set(aspect, value, "AddUserToGroup", json!({"groupName": name.as_str()})),
            Aspect::Boundary => {
                self.set(aspect, value, "Put*PermissionsBoundary", json!({"permissionsBoundary": value}))
            }
            Aspect::Trust => self.set(aspect, value, "UpdateAssumeRolePolicy", json!({"policyDocument": value})),
            Aspect::Version(id) => self.version(had, id, value, choice.value, number),
            Aspect::Metadata => self.set(aspect, value, "Update*", json!({"sAMLMetadataDocument": value})),
            Aspect::Thumbprints => {
                let all: Vec<_> = value.split(',').rev().collect();
                self.set(aspect, value, "Update*Thumbprint", json!({"thumbprintList": all}))
            }
            Aspect::ClientId(id) => self.set(aspect, value, "AddClientIDTo*", json!({"clientID": id})),
            Aspect::Setting(_) => self.password_policy(choice.value),
            Aspect::Password => self.set(aspect, value, "CreateLoginProfile", json!({})),
            Aspect::Mfa if !self.creates_only => self.set(aspect, value, "EnableMFADevice", json!({})),
            Aspect::Key(_) => self.key(had, choice.value, time),
            Aspect::Id | Aspect::DefaultVersion | Aspect::Mfa => Vec::new(),
        }
    }

    fn version(&self, had: &State, id: &str, document: &str, value: usize, number: usize) -> Vec<Call> {
        let version = Aspect::Version(id.to_owned());
        match (had.contains_key(&version), had.get(&Aspect::DefaultVersion).is_some_and(|default| default == id)) {
            (true, false) if value.is_multiple_of(2) => self.without(&version),
            (true, false) => self.set(&Aspect::DefaultVersion, id, "SetDefaultPolicyVersion", json!({"versionId": id})),
            _ => {
                let id = format!("v{}", number + 2);
                let version = Effect::Put(Aspect::Version(id.clone()), document.to_owned());
                let default = Effect::Put(Aspect::DefaultVersion, id.clone());
                let is_default = value.is_multiple_of(2);
                let effects = [version].into_iter().chain(is_default.then_some(default)).collect();
                let more = json!({"policyDocument": document, "setAsDefault": is_default});
                vec![self.call(effects, "CreatePolicyVersion", more, json!({"policyVersion": {"versionId": id}}))]
            }
        }
    }

    /// A user has two keys at most.
    fn key(&self, had: &State, value: usize, time: DateTime<Utc>) -> Vec<Call> {
        let keys: Vec<_> = had.iter().filter(|(aspect, _)| matches!(aspect, Aspect::Key(_))).collect();
        if keys.len() < 2 && (keys.is_empty() || self.creates_only || value.is_multiple_of(2)) {
            return self.set(&Aspect::Key(rfc3339(time)), "active", "CreateAccessKey", json!({}));
        }
        let (key, status) = keys[value % keys.len()];
        match (self.creates_only, value % 3) {
            (true, _) => Vec::new(),
            (_, 0) => self.remove(key, "DeleteAccessKey", json!({})),
            _ if status == "active" => self.set(key, "inactive", "UpdateAccessKey", json!({"status": "Inactive"})),
            _ => self.set(key, "active", "UpdateAccessKey", json!({"status": "Active"})),
        }
    }
}

/// Three days of an entity.
struct Days {
    trace: Trace,
    /// The effects of the calls whose events arrived.
    delivered: Vec<(DateTime<Utc>, Vec<Effect>)>,
    /// What there was since then.
    states: Vec<(DateTime<Utc>, Option<State>)>,
    /// The calls, with what there was before.
    before: Vec<(Recorded, Option<State>)>,
}

impl Days {
    /// `lag`: how old what a reading shows is. `ties`: whether calls can have the same second.
    fn of(entity: &Entity, first: Option<State>, mut choices: Vec<Choice>, lag: TimeDelta, ties: bool) -> Self {
        choices.sort_by_key(|choice| choice.minute);
        let (mut states, mut delivered, mut before) = (vec![(minute(-9999), first)], Vec::new(), Vec::new());
        let mut trace = Trace::of(entity.resource);
        let mut last = minute(-9999);
        for (number, choice) in choices.iter().enumerate() {
            let mut time = minute(choice.minute);
            if !ties {
                // Keys are known by their times.
                time = time.max(last + TimeDelta::minutes(3));
            }
            let now = states.last().unwrap().1.clone();
            for (index, call) in entity.calls(now.as_ref(), *choice, time, number).into_iter().enumerate() {
                if !ties {
                    time += TimeDelta::seconds(1);
                }
                last = time;
                let (mut effects, name, request, response) = call;
                if name == "CreateAccessKey" {
                    effects = vec![Effect::Put(Aspect::Key(rfc3339(time)), "active".to_owned())];
                }
                let was = states.last().unwrap().1.clone();
                let is = effects.iter().fold(was.clone(), |state, effect| effect.apply(state));
                states.push((time, is));
                if choice.lost >> index & 1 == 1 {
                    continue;
                }
                let changes = changes_in(record(&name, &request, &response, time));
                let Change { sets, .. } =
                    changes.into_iter().find(|change| change.resource == entity.resource).unwrap();
                // The ids are in no order.
                let event_id = Untrusted::new(format!("{:05}-{index}", (number * 16 + index) * 40_503 % 65_536));
                let change = Recorded { time, event_id, sets: Sets::from_json(&sets.to_json()) };
                trace.changes.push(change.clone());
                before.push((change, was));
                delivered.push((time, effects));
            }
        }
        let mut days = Self { trace: trace.in_order(), delivered, states, before };
        for day in 0..4 {
            let since = minute(day * DAY + 5);
            let content = days.at(since - lag).map(|state| content(entity.resource, &state));
            // A reading is written if it is different.
            if days.trace.reads.last().and_then(|read| read.content.as_ref()) != content.as_ref() {
                days.trace.reads.push(Read { since, content, too_large: false });
            }
        }
        days
    }

    fn at(&self, time: DateTime<Utc>) -> Option<State> {
        self.states.iter().rev().find(|(since, _)| *since <= time).unwrap().1.clone()
    }

    /// What can be known to be lost: what the events of a day lead to is not what there is.
    fn lost(&self, day: i64) -> BTreeSet<String> {
        let (begin, end) = (minute(day * DAY + 5), minute((day + 1) * DAY + 5));
        let today = self.delivered.iter().filter(|(time, _)| (begin..end).contains(time));
        let expected = today.flat_map(|(_, effects)| effects).fold(self.at(begin), |state, effect| effect.apply(state));
        match (expected, self.at(end)) {
            (None, None) => BTreeSet::new(),
            (None, Some(_)) => BTreeSet::from(["exists".to_owned()]),
            (Some(_), None) => BTreeSet::from(["gone".to_owned()]),
            (Some(expected), Some(is)) => {
                let all: BTreeSet<_> = expected.keys().chain(is.keys()).collect();
                // A rule that is off is the same as none.
                let value = |of: &State, aspect: &Aspect| of.get(aspect).filter(|value| *value != "false").cloned();
                let differ = all.into_iter().filter(|aspect| value(&expected, aspect) != value(&is, aspect));
                let word = |aspect: &Aspect| format!("{} {}", aspect.text(), is.get(aspect).map_or("absent", |is| is));
                differ.map(word).collect()
            }
        }
    }
}

fn day(number: i64) -> Window {
    let run = |day: i64| (minute(day * DAY), minute(day * DAY + 10));
    Window { former: run(number), run: run(number + 1) }
}

/// Calls at any time, or only where it is certain which reading shows them.
fn choices(anywhere: bool, lost: bool) -> impl Strategy<Value = Vec<Choice>> {
    let times = if anywhere { 0..DAY } else { 20..DAY - 6 * 60 };
    // Some times are taken twice, many are near a reading.
    let near = prop_oneof![times.clone(), times, if anywhere { -6..16_i64 } else { 20..24_i64 }];
    let lost = if lost { prop_oneof![2 => Just(0), 1 => any::<u32>()].boxed() } else { Just(0).boxed() };
    let choice = (0..3_i64, near, 0..12_usize, 0..24_usize, lost);
    let choice =
        choice.prop_map(|(day, minute, part, value, lost)| Choice { minute: day * DAY + minute, part, value, lost });
    prop::collection::vec(choice, 0..24)
}

/// An entity, and what there is of it at first.
fn entities() -> impl Strategy<Value = (&'static str, Option<State>)> {
    select(ENTITIES.to_vec()).prop_flat_map(|resource| {
        let always = if resource.starts_with("credentials/") { 0.99 } else { 0.6 };
        (Just(resource), prop::option::weighted(always, states(resource)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_was_lost_is_found_and_nothing_else((resource, first) in entities(), choices in choices(false, true)) {
        let entity = Entity { resource, creates_only: true };
        let days = Days::of(&entity, first, choices, TimeDelta::zero(), false);
        for number in 0..3 {
            let found: BTreeSet<_> = differences(&days.trace, &day(number)).into_iter().collect();
            prop_assert_eq!(&found, &days.lost(number), "day {} {:#?}", number, days.trace);
        }
    }

    #[test]
    fn if_nothing_was_lost_nothing_is_found(
        (resource, first) in entities(),
        choices in choices(true, false),
        lag in 0..5_i64,
    ) {
        // A credential report can be hours old.
        let lag = TimeDelta::minutes(if resource.starts_with("credentials/") { lag * 65 } else { lag });
        let days = Days::of(&Entity { resource, creates_only: false }, first, choices, lag, true);
        for number in 0..3 {
            let found = differences(&days.trace, &day(number));
            prop_assert!(found.is_empty(), "day {} {:?} {:#?} {:#?}", number, found, days.trace, days.states);
        }
    }

    #[test]
    fn what_was_before_an_event_is_never_wrong((resource, first) in entities(), choices in choices(false, false)) {
        let days = Days::of(&Entity { resource, creates_only: true }, first, choices, TimeDelta::zero(), false);
        for (change, was) in &days.before {
            let former = days.trace.before(change.time, &change.event_id);
            let was_read = days.trace.reads.iter().any(|read| read.since < change.time);
            prop_assert!(!former.same_second && (former.is_known() || !was_read));
            for (aspect, _) in possible(resource) {
                let expected = was.as_ref().and_then(|was| was.get(&aspect)).map_or(Was::Absent, |value| Was::Is(value.clone()));
                let known = former.was(&aspect);
                prop_assert!(known == expected || known == Was::NotKnown && !was_read, "{aspect:?} {known:?} {expected:?} {change:?} {:#?}", days.trace);
            }
            prop_assert!(!was_read || former.whole() == *was, "{:?} {:?}", former.whole(), was);
        }
    }

    #[test]
    fn events_of_one_second_give_the_same_answer_in_any_order((resource, first) in entities(), choices in choices(true, true)) {
        let mut days = Days::of(&Entity { resource, creates_only: true }, first, choices, TimeDelta::zero(), true);
        let found = |trace: &Trace| (0..3).map(|number| differences(trace, &day(number))).collect::<Vec<_>>();
        let former = found(&days.trace);
        days.trace.changes.reverse();
        days.trace.changes.sort_by_key(|change| change.time);
        prop_assert_eq!(found(&days.trace), former, "{:#?}", days.trace);
    }
}
