//! What holds for every history: texts of the history, records of what was found, and a simulated IAM.

mod found;
mod simulated;

use super::tests::*;
use super::*;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

pub(super) const KINDS: [&str; 10] = [
    "user/Bob",
    "user/root",
    "role/App",
    "group/Admins",
    "policy/Deploy",
    "credentials/bob",
    "credentials/root",
    "credentials/user/root",
    "saml-provider/Okta",
    "oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12",
];

/// The parts that an entity can have, with the values that they can have.
pub(super) fn possible(resource: &str) -> Vec<(Aspect, Vec<String>)> {
    let documents = || vec![document("s3:Get*"), document("s3:*"), document("*")];
    let present = || vec!["yes".to_owned()];
    let arn = |name: &str| Aspect::Attached(Name::new(format!("arn:aws:iam::aws:policy/{name}")));
    let boundary = || (Aspect::Boundary, ["A", "B"].map(|name| format!("arn:aws:iam::aws:policy/{name}")).to_vec());
    let policies = || {
        let inline = ["P", "Q+=,.@-_"].map(|name| (inline(name), documents()));
        let attached = ["AdministratorAccess", "ReadOnlyAccess"].map(|name| (arn(name), present()));
        inline.into_iter().chain(attached).collect::<Vec<_>>()
    };
    let mut all = match resource.split('/').next().unwrap() {
        "user" => {
            let groups = ["Admins", "Readers"].map(|name| (Aspect::Group(Name::new(name)), present()));
            policies().into_iter().chain(groups).chain([boundary()]).collect()
        }
        "role" => {
            let trusts = [trust(&["*"]), trust(&["arn:aws:iam::111122223333:root"])].to_vec();
            policies().into_iter().chain([(Aspect::Trust, trusts), boundary()]).collect()
        }
        "group" => policies(),
        "policy" => {
            let versions = ["v1", "v2", "v3"].map(|id| (Aspect::Version(id.to_owned()), documents()));
            versions.into_iter().collect()
        }
        "credentials" => {
            let status = || vec!["active".to_owned(), "inactive".to_owned()];
            let keys = [-90_000, -80_000].map(|time| (Aspect::Key(rfc3339(minute(time))), status()));
            [(Aspect::Password, present()), (Aspect::Mfa, present())].into_iter().chain(keys).collect()
        }
        "saml-provider" => vec![(Aspect::Metadata, vec!["<a/>".to_owned(), "<b/>".to_owned()])],
        "oidc-provider" => {
            let clients =
                ["sts.amazonaws.com", "arn:aws:iam::1:role/sts"].map(|id| (Aspect::ClientId(id.to_owned()), present()));
            let thumbprints = (Aspect::Thumbprints, ["aa", "aa,bb", ""].map(str::to_owned).to_vec());
            clients.into_iter().chain([thumbprints]).collect()
        }
        _ => {
            let setting = |name: &str, values: &[&str]| {
                (Aspect::Setting(name.to_owned()), values.iter().map(|value| (*value).to_owned()).collect())
            };
            vec![
                setting("MinimumPasswordLength", &["8", "14"]),
                setting("RequireSymbols", &["true", "false"]),
                setting("MaxPasswordAge", &["90"]),
                setting("HardExpiry", &["true"]),
            ]
        }
    };
    if has_id(resource) {
        all.insert(0, (Aspect::Id, vec!["AIDAAAAAAAAAAAAAAAAAA".to_owned(), "AIDABBBBBBBBBBBBBBBBB".to_owned()]));
    }
    all
}

pub(super) fn has_id(resource: &str) -> bool {
    ["user/", "role/", "group/", "policy/"].iter().any(|kind| resource.starts_with(kind))
}

/// A part that an entity has as long as it exists.
pub(super) fn is_always(aspect: &Aspect) -> bool {
    matches!(aspect, Aspect::Id | Aspect::Trust | Aspect::Metadata | Aspect::Thumbprints)
        || ["MinimumPasswordLength", "RequireSymbols"].iter().any(|name| *aspect == Aspect::Setting((*name).to_owned()))
}

/// An entity that exists, with some of its possible parts.
pub(super) fn states(resource: &str) -> impl Strategy<Value = State> + use<> {
    let possible = possible(resource);
    let always: Vec<_> = (0..possible.len()).filter(|part| is_always(&possible[*part].0)).collect();
    let is_policy = resource.starts_with("policy/");
    let chosen = subsequence((0..possible.len()).collect::<Vec<_>>(), 0..=possible.len());
    (chosen, prop::collection::vec(0..9_usize, possible.len()), 0..9_usize).prop_map(
        move |(chosen, values, default)| {
            let has = |part: &usize| chosen.contains(part) || always.contains(part);
            let mut state: State = (0..possible.len())
                .filter(has)
                .map(|part| (possible[part].0.clone(), possible[part].1[values[part] % possible[part].1.len()].clone()))
                .collect();
            if is_policy {
                let versions = |state: &State| -> Vec<String> {
                    let ids = state.keys().filter_map(|aspect| match aspect {
                        Aspect::Version(id) => Some(id.clone()),
                        _ => None,
                    });
                    ids.collect()
                };
                if versions(&state).is_empty() {
                    state.insert(Aspect::Version("v1".to_owned()), document("s3:*"));
                }
                let versions = versions(&state);
                state.insert(Aspect::DefaultVersion, versions[default % versions.len()].clone());
            }
            state
        },
    )
}

/// An entity, before and after.
pub(super) fn two_states() -> impl Strategy<Value = (&'static str, Option<State>, Option<State>)> {
    let kinds: Vec<_> = KINDS.into_iter().chain(["password-policy"]).collect();
    select(kinds).prop_flat_map(|resource| {
        let maybe = || prop::option::weighted(0.85, states(resource));
        (Just(resource), maybe(), maybe())
    })
}

fn json_values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), ".{0,8}".prop_map(Value::from)];
    let names = prop_oneof![
        select(vec!["created", "changed", "deleted", "anything", "trust", "inline/P", "id", "key/", "later"])
            .prop_map(str::to_owned),
        ".{0,8}"
    ];
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let objects = prop::collection::vec((names.clone(), inner.clone()), 0..3);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            objects.prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn parts() -> impl Strategy<Value = Vec<(Aspect, Part)>> {
    let part = prop_oneof![".{0,12}".prop_map(Part::Is), Just(Part::Absent), Just(Part::NotKnown)];
    prop::collection::btree_map(aspects(), part, 0..5).prop_map(|parts| parts.into_iter().collect())
}

fn aspects() -> impl Strategy<Value = Aspect> {
    let named: [fn(String) -> Aspect; 7] = [
        |name| Aspect::Inline(Name::new(name)),
        |name| Aspect::Attached(Name::new(name)),
        |name| Aspect::Group(Name::new(name)),
        Aspect::Version,
        Aspect::Key,
        Aspect::ClientId,
        Aspect::Setting,
    ];
    let alone = vec![
        Aspect::Id,
        Aspect::Trust,
        Aspect::Boundary,
        Aspect::DefaultVersion,
        Aspect::Password,
        Aspect::Mfa,
        Aspect::Metadata,
        Aspect::Thumbprints,
    ];
    prop_oneof![select(alone), (0..named.len(), ".{0,10}").prop_map(move |(kind, name)| named[kind](name))]
}

fn sets() -> impl Strategy<Value = Sets> {
    prop_oneof![
        parts().prop_map(Sets::Created),
        parts().prop_map(Sets::Changed),
        Just(Sets::Deleted),
        Just(Sets::Anything)
    ]
}

proptest! {
    #[test]
    fn what_is_written_to_the_history_is_read_again(aspect in aspects(), sets in sets()) {
        prop_assert_eq!(Aspect::parse(&aspect.text()), Some(aspect));
        let (written, read) = (sets.to_json(), Sets::from_json(&sets.to_json()));
        let in_order = |sets: &Sets| {
            let mut parts = sets.parts().to_vec();
            parts.sort_by(|a, b| a.0.cmp(&b.0));
            parts
        };
        prop_assert_eq!(std::mem::discriminant(&read), std::mem::discriminant(&sets));
        prop_assert_eq!(in_order(&read), in_order(&sets));
        prop_assert_eq!(read.to_json(), written);
    }

    #[test]
    fn what_the_history_should_not_have_is_no_knowledge(text in ".{0,20}", value in json_values()) {
        if let Some(aspect) = Aspect::parse(&text) {
            prop_assert_eq!(aspect.text(), text);
        }
        let read = Sets::from_json(&value);
        // Only what this version writes, with any value for "not known".
        let same = |read: &Value| {
            let (read, value) = (read.as_object().unwrap(), value.as_object().unwrap());
            let of = |fields: &serde_json::Map<String, Value>| -> Vec<(String, Value)> {
                let parts = fields.values().next().unwrap().as_object().unwrap().iter();
                let known = |value: &Value| value.is_string() || value.is_null();
                let part = |(name, value): (&String, &Value)| (name.clone(), if known(value) { value.clone() } else { json!(false) });
                parts.map(part).collect()
            };
            value.len() == 1 && read.keys().eq(value.keys()) && of(read) == of(value)
        };
        prop_assert!(read == Sets::Anything || same(&read.to_json()), "{value} {read:?}");
        // Whatever the history and the readings have, nothing panics.
        let trace = Trace::of("user/u").call(minute(1), "e1", read.clone());
        for resource in KINDS.into_iter().chain(["password-policy"]) {
            let _ = state_of(resource, &value);
            let trace = Trace { resource: resource.to_owned(), ..trace.clone() };
            let trace = trace.read_content(minute(0), Some(value.clone())).read_content(minute(DAY), Some(json!({})));
            let found = unexplained(&trace, &window());
            let _ = records((&crate::arn::Partition::Aws, ACCOUNT), &trace, &window(), &found);
        }
        for text in [value.to_string(), format!("{{\"Statement\":{value}}}")] {
            prop_assert!(same_as_itself(&text));
        }
    }

    #[test]
    fn the_parts_of_a_content_are_those_of_the_entity((resource, before, _) in two_states()) {
        let state = before.unwrap_or_default();
        prop_assert_eq!(state_of(resource, &content(resource, &state)), with_thumbprints(resource, state));
    }
}

fn same_as_itself(text: &str) -> bool {
    same(&Aspect::Trust, text, text)
}

/// A provider that has no thumbprints has none of them.
fn with_thumbprints(resource: &str, mut state: State) -> State {
    if resource.starts_with("oidc-provider/") {
        state.entry(Aspect::Thumbprints).or_default();
    }
    state
}
