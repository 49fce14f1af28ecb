use super::normal::{Atoms, Element, Principal, Tested};
use super::tests::document;
use super::*;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An atom without the tables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Clear(bool, Element<String>, Element<String>, Element<Principal>, BTreeSet<Tested>),
    Unclear(String),
}

fn said<'a>(statements: impl IntoIterator<Item = &'a Statement>, wholes: bool) -> BTreeSet<Said> {
    let (mut normal, mut atoms) = (Normal::new(!wholes), Atoms::default());
    for statement in statements {
        normal.add(statement, &mut atoms);
    }
    let clear = atoms.clear.iter().map(|atom| {
        Said::Clear(
            atom.subject.denies,
            normal.actions.key(atom.subject.actions).clone(),
            normal.resources.key(atom.subject.resources).clone(),
            normal.principals.key(atom.subject.principals).clone(),
            normal.conditions.key(atom.conditions).clone(),
        )
    });
    let unclear = atoms.unclear.iter().map(|id| Said::Unclear(format!("{:?}", normal.unclear(*id))));
    clear.chain(unclear).collect()
}

impl Difference {
    /// What the document before says after the difference.
    fn applied_to(&self, before: &Document) -> BTreeSet<Said> {
        let removed = said(self.removed.iter().chain(self.changed.iter().map(|changed| &changed.before)), self.wholes);
        let added = said(self.added.iter().chain(self.changed.iter().map(|changed| &changed.after)), self.wholes);
        let before = said(&before.statements, self.wholes);
        assert!(removed.is_subset(&before) && added.is_disjoint(&before) && removed.is_disjoint(&added));
        before.difference(&removed).chain(&added).cloned().collect()
    }
}

pub(super) fn assert_applies(difference: &Difference, before: &Document, after: &Document) {
    assert_eq!(difference.applied_to(before), said(&after.statements, difference.wholes));
}

fn some(values: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        select(values).prop_map(|value| json!(value)),
        prop::collection::vec(select(values), 1..4).prop_map(|values| json!(values))
    ]
}

fn keyed(plain: &'static str, negated: &'static str) -> impl Strategy<Value = &'static str> {
    prop_oneof![5 => Just(plain), 1 => Just(negated)]
}

fn principals() -> impl Strategy<Value = Value> {
    let aws = [
        "*",
        "111122223333",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:role/a",
        "999900001111",
        "arn:aws:iam::999900001111:role/b",
    ];
    let aws = prop::collection::vec(select(aws.to_vec()), 1..3).prop_map(|names| json!({"AWS": names}));
    let others = vec![
        json!("*"),
        json!({"Service": "ec2.amazonaws.com"}),
        json!({"Service": ["ec2.amazonaws.com"], "AWS": "999900001111"}),
    ];
    prop_oneof![2 => aws, 1 => select(others)]
}

fn conditions() -> impl Strategy<Value = Value> {
    let operators = [
        "StringEquals",
        "stringequals",
        "StringNotEquals",
        "StringEqualsIfExists",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringEquals",
        "ForAnyValue:StringNotEquals",
        "Null",
    ];
    let one = (select(operators.to_vec()), select(vec!["k", "K", "m"]), some(&["a", "b", "true", "false"]));
    prop::collection::vec(one, 0..3).prop_map(|all| {
        let mut conditions = json!({});
        for (operator, key, values) in all {
            conditions[operator][key] = values;
        }
        conditions
    })
}

fn statement() -> impl Strategy<Value = Value> {
    let actions = (keyed("Action", "NotAction"), some(&["*", "s3:*", "s3:GetObject", "S3:getobject", "iam:PassRole"]));
    let resources = (keyed("Resource", "NotResource"), some(&["*", "a*", "ab", "b"]));
    let principals = (keyed("Principal", "NotPrincipal"), principals());
    (select(vec!["Allow", "Allow", "Deny"]), actions, resources, principals, conditions()).prop_map(
        |(effect, (action, actions), (resource, resources), (principal, principals), conditions)| {
            let mut statement = json!({"Effect": effect, "Condition": conditions});
            statement[action] = actions;
            statement[resource] = resources;
            // `NotPrincipal` with a text is not valid.
            statement[principal] =
                if principals == "*" && principal == "NotPrincipal" { json!({"AWS": "*"}) } else { principals };
            statement
        },
    )
}

fn statements() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(statement(), 0..4)
}

/// A document, and one that differs from it in a few places.
fn neighbours() -> impl Strategy<Value = (Vec<Value>, Vec<Value>)> {
    let edits = prop::collection::vec((0..12_u8, statement(), some(&["a", "b", "true", "false"])), 4);
    let fresh = prop_oneof![5 => Just(vec![]), 1 => prop::collection::vec(statement(), 1..2)];
    (statements(), edits, fresh).prop_map(|(before, edits, fresh)| {
        let edited = before.iter().zip(edits).filter_map(|(statement, (edit, other, values))| {
            let mut statement = statement.clone();
            let mut take = |element: &str| {
                if other.get(element).is_some() && statement.get(element).is_some() {
                    statement[element] = other[element].clone();
                }
            };
            match edit {
                0 => return None,
                1 | 2 => take("Condition"),
                3 => take("Action"),
                4 => take("Principal"),
                5 => take("Resource"),
                6 => statement["Condition"]["StringEquals"]["m"] = "a".into(),
                7..=9 => {
                    let operators = statement["Condition"].as_object_mut().unwrap().values_mut();
                    for condition in operators.flat_map(|keys| keys.as_object_mut().unwrap().values_mut()) {
                        let kept = if edit == 7 { vec![] } else { list(condition) };
                        *condition = kept.into_iter().chain(list(&values)).collect();
                    }
                }
                _ => {}
            }
            Some(statement)
        });
        let after = edited.chain(fresh).collect();
        (before, after)
    })
}

/// The same document, written in another way.
fn rewritten(statements: &[Value], choices: &[usize]) -> Vec<Value> {
    let mut choices = choices.iter().copied().cycle();
    let mut choose = |among: usize| choices.next().unwrap_or(0) % among;
    let mut all = Vec::new();
    for (i, statement) in statements.iter().enumerate() {
        let mut statement = statement.clone();
        statement["Sid"] = format!("S{}{i}", choose(9)).into();
        for element in ["Action", "NotAction", "Resource", "Principal"] {
            let Some(value) = statement.get_mut(element) else { continue };
            match (element, &mut *value) {
                (_, Value::Array(values)) => {
                    let at = choose(values.len());
                    values.rotate_left(at);
                    values.push(values[0].clone());
                }
                ("Principal", value) if *value == "*" => *value = json!({"AWS": ["*"]}),
                ("Principal", Value::Object(kinds)) => kinds.sort_keys(),
                (_, value) => *value = json!([value]),
            }
            if element.ends_with("Action") && choose(2) == 0 {
                let upper = value.as_array().unwrap().iter().map(|action| action.as_str().unwrap().to_uppercase());
                *value = upper.collect();
            }
        }
        // Split by the first value of a list.
        let element = ["Action", "Resource"][choose(2)];
        if let Some(Value::Array(values)) = statement.get(element).cloned() {
            let at = choose(values.len());
            let mut first = statement.clone();
            first[element] = values[..=at].into();
            all.push(first);
            statement[element] = values[at..].into();
        }
        let at = choose(all.len() + 1);
        all.insert(at, statement);
    }
    all
}

fn widens(before: &[Value], after: &[Value]) -> bool {
    Difference::between(&document(&json!(before)), &document(&json!(after))).may_widen()
}

/// A call: its action, its resource, its principal with type and account, and the values of the keys `k` and `m`.
struct Call {
    action: &'static str,
    resource: &'static str,
    principal: (&'static str, &'static str, &'static str),
    keys: [&'static [&'static str]; 2],
}

fn calls() -> Vec<Call> {
    let mut all = Vec::new();
    for action in ["s3:getobject", "s3:putobject", "iam:passrole", "ec2:runinstances"] {
        for resource in ["ab", "ac", "b", "c"] {
            for principal in [
                ("AWS", "arn:aws:iam::111122223333:role/a", "111122223333"),
                ("AWS", "arn:aws:iam::999900001111:role/b", "999900001111"),
                ("AWS", "arn:aws:iam::999900001111:role/c", "999900001111"),
                ("Service", "ec2.amazonaws.com", ""),
            ] {
                for k in VALUES {
                    all.extend(VALUES.map(|m| Call { action, resource, principal, keys: [k, m] }));
                }
            }
        }
    }
    all
}

const VALUES: [&[&str]; 6] = [&[], &["a"], &["b"], &["true"], &["a", "b"], &["c"]];

fn list(value: &Value) -> Vec<String> {
    let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

fn names(statement: &Value, element: &str, name: &str, fold: bool) -> bool {
    let matches = |value: &Value| {
        list(value).iter().any(|pattern| {
            let pattern = if fold { pattern.to_lowercase() } else { pattern.clone() };
            pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
        })
    };
    match statement.get(element) {
        Some(value) => matches(value),
        None => !matches(&statement[format!("Not{element}")]),
    }
}

fn is_principal(value: &Value, (kind, name, account): (&str, &str, &str)) -> bool {
    let is = |written: &String| {
        (kind == "AWS" && (*written == account || *written == format!("arn:aws:iam::{account}:root")))
            || written == name
    };
    match value {
        Value::String(_) => true,
        value => {
            value.get(kind).is_some_and(|names| list(names).iter().any(is))
                || value.get("AWS").is_some_and(|names| list(names).iter().any(|name| name == "*"))
        }
    }
}

fn holds(operator: &str, wanted: &[String], values: &[&str]) -> bool {
    let equals = |value: &&str| wanted.iter().any(|wanted| wanted == value);
    match operator {
        "StringEquals" | "stringequals" | "ForAnyValue:StringEquals" => values.iter().any(equals),
        "StringNotEquals" => !values.iter().any(equals),
        "StringEqualsIfExists" => values.is_empty() || values.iter().any(equals),
        "ForAllValues:StringEquals" => values.iter().all(equals),
        "ForAnyValue:StringNotEquals" => values.iter().any(|value| !equals(value)),
        "Null" => wanted.iter().any(|wanted| wanted == if values.is_empty() { "true" } else { "false" }),
        _ => unreachable!("{operator}"),
    }
}

fn applies(statement: &Value, call: &Call) -> bool {
    let principal = match statement.get("Principal") {
        Some(value) => is_principal(value, call.principal),
        None => !is_principal(&statement["NotPrincipal"], call.principal),
    };
    let conditions = statement["Condition"].as_object().unwrap().iter().all(|(operator, keys)| {
        keys.as_object()
            .unwrap()
            .iter()
            .all(|(key, wanted)| holds(operator, &list(wanted), call.keys[usize::from(key == "m")]))
    });
    principal
        && conditions
        && names(statement, "Action", call.action, true)
        && names(statement, "Resource", call.resource, false)
}

fn allowed(statements: &[Value], call: &Call) -> bool {
    let any =
        |effect: &str| statements.iter().any(|statement| statement["Effect"] == effect && applies(statement, call));
    any("Allow") && !any("Deny")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_document_that_is_written_in_another_way_says_the_same(all in statements(), choices in prop::collection::vec(0_usize..60, 1..30)) {
        let other = rewritten(&all, &choices);
        let difference = Difference::between(&document(&json!(all)), &document(&json!(other)));
        prop_assert!(difference.is_empty() && !difference.may_widen(), "{difference:?}");
        let [all, other] = [all, other].map(|all| json!({"Version": "2012-10-17", "Statement": all}).to_string());
        prop_assert!(same_documents(&all, &other));
    }

    #[test]
    fn a_difference_leads_from_the_document_before_to_the_one_after((before, after) in neighbours()) {
        let [before, after] = [before, after].map(|all| document(&json!(all)));
        let difference = Difference::between(&before, &after);
        assert_applies(&difference, &before, &after);
        prop_assert_eq!(difference.is_empty(), difference.words(DifferenceOf::Role).is_empty());
        assert_applies(&Difference::between(&after, &before), &after, &before);
    }

    #[test]
    fn a_call_that_only_the_document_after_allows_is_always_seen((before, after) in neighbours()) {
        let wider = calls().iter().any(|call| allowed(&after, call) && !allowed(&before, call));
        prop_assert!(!wider || widens(&before, &after));
    }

    #[test]
    fn less_is_never_wider(all in statements(), at in any::<prop::sample::Index>(), deny in statement()) {
        prop_assume!(!all.is_empty());
        let at = at.index(all.len());
        let mut denied = all.clone();
        denied.push(deny);
        denied[all.len()]["Effect"] = "Deny".into();
        prop_assert!(!widens(&all, &denied));
        prop_assert!(!widens(&all, &all));
        if all[at]["Effect"] == "Allow" {
            let mut narrowed = all.clone();
            narrowed[at]["Condition"]["StringNotLike"]["fresh"] = "x".into();
            prop_assert!(!widens(&all, &narrowed));
            let mut without = all.clone();
            without.remove(at);
            prop_assert!(!widens(&all, &without));
        }
    }

    #[test]
    fn what_is_named_for_the_first_time_is_always_wider(all in statements(), mut more in statement(), fresh in any::<bool>()) {
        more["Effect"] = "Allow".into();
        for element in ["NotAction", "NotPrincipal"] {
            more.as_object_mut().unwrap().remove(element);
        }
        // `*` allows a fresh action already; a fresh identity provider is new under any policy.
        let (action, principal) = if fresh { ("ec2:*", "o") } else { ("s3:GetObject", "fresh") };
        prop_assume!(!fresh || all.iter().all(|statement| !names(statement, "Action", "*", true)));
        more["Action"] = action.into();
        more["Principal"] = json!({"Federated": principal});
        let mut after = all.clone();
        after.push(more);
        prop_assert!(widens(&all, &after));
    }

    #[test]
    fn any_text_is_compared(a in ".{0,60}", b in ".{0,60}") {
        prop_assert!(same_documents(&a, &a));
        prop_assert_eq!(same_documents(&a, &b), same_documents(&b, &a));
    }
}
