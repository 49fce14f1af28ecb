//! Statements of atoms: as few as are easily found, which say exactly the same.

use super::normal::{Element, Form, Id, Normal, Subject, Table};
use crate::policy::document::{Effect, Patterns, Principals, Statement};
use std::collections::{BTreeMap, BTreeSet};

type Ids = BTreeSet<Id>;

/// Atoms that one statement can say: each combination of these actions, resources and principals.
pub(super) struct Group<K> {
    /// What the atoms have in common: their conditions.
    pub(super) key: K,
    denies: bool,
    actions: Ids,
    resources: Ids,
    principals: Ids,
}

/// Groups the subjects with equal keys: first over their actions, then their resources, then their principals.
pub(super) fn grouped<K: Copy + Ord>(normal: &Normal, subjects: Vec<(K, Subject)>) -> Vec<Group<K>> {
    // Only a list can become longer: an `AllBut` stays alone, and so does every list of a statement that is not split.
    fn alone<T: Ord>(normal: &Normal, table: &Table<Element<T>, Vec<T>>, id: Id) -> Option<Id> {
        (!normal.splits() || table.key(id).form != Form::AnyOf).then_some(id)
    }
    let mut by_action: BTreeMap<_, Ids> = BTreeMap::new();
    for (key, Subject { denies, actions, resources, principals }) in subjects {
        let alone = alone(normal, &normal.actions, actions);
        by_action.entry((denies, key, resources, principals, alone)).or_default().insert(actions);
    }
    let mut by_resource: BTreeMap<_, Ids> = BTreeMap::new();
    for ((denies, key, resources, principals, _), actions) in by_action {
        let alone = alone(normal, &normal.resources, resources);
        by_resource.entry((denies, key, actions, principals, alone)).or_default().insert(resources);
    }
    let mut by_principal: BTreeMap<_, Ids> = BTreeMap::new();
    for ((denies, key, actions, principals, _), resources) in by_resource {
        let alone = alone(normal, &normal.principals, principals);
        by_principal.entry((denies, key, actions, resources, alone)).or_default().insert(principals);
    }
    let group =
        |((denies, key, actions, resources, _), principals)| Group { key, denies, actions, resources, principals };
    by_principal.into_iter().map(group).collect()
}

impl<K> Group<K> {
    pub(super) fn statement(&self, normal: &Normal, conditions: Id) -> Statement {
        Statement {
            effect: Some(if self.denies { Effect::Deny } else { Effect::Allow }),
            actions: element(&normal.actions, &self.actions, Patterns::AnyOf, Patterns::AllBut),
            resources: element(&normal.resources, &self.resources, Patterns::AnyOf, Patterns::AllBut),
            principals: element(&normal.principals, &self.principals, Principals::AnyOf, Principals::AllBut),
            conditions: normal.conditions.spelled(conditions).clone(),
        }
    }
}

/// The values of all these ids as one element.
fn element<T: Clone + Ord, P>(
    table: &Table<Element<T>, Vec<T>>,
    ids: &Ids,
    any_of: fn(Vec<T>) -> P,
    all_but: fn(Vec<T>) -> P,
) -> Option<P> {
    let values = || ids.iter().flat_map(|id| table.spelled(*id)).cloned().collect();
    match table.key(*ids.first()?).form {
        Form::Absent => None,
        Form::AnyOf => Some(any_of(values())),
        Form::AllBut => Some(all_but(values())),
    }
}
