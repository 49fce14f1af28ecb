//! Whether a document allows something that another did not. The answer is no only where that is certain.

use super::normal::{Atom, Atoms, Element, Form, Id, Normal, Principal, Subject, Table, Tested, anyone};
use std::collections::{BTreeMap, BTreeSet};

/// The most conditions of other atoms that are looked at. A hostile document can repeat a statement with thousands of
/// conditions; what comes after counts as wider.
const MOST_COMPARED: usize = 200_000;

pub(super) fn may_widen(normal: &Normal, before: &Atoms, after: &Atoms) -> bool {
    if before.unclear != after.unclear {
        return true;
    }
    let allowed = after.clear.difference(&before.clear).filter(|atom| !atom.subject.denies);
    let undenied = before.clear.difference(&after.clear).filter(|atom| atom.subject.denies);
    !Cover::of(normal, before).covers(allowed) || !Cover::of(normal, after).covers(undenied)
}

/// The atoms of one document, to ask whether they cover others.
struct Cover<'a> {
    normal: &'a Normal,
    conditions: BTreeMap<Subject, Vec<Id>>,
    every_action: Option<Id>,
    every_resource: Option<Id>,
    anyone: Option<Id>,
    /// The answers for two sets of conditions.
    known: BTreeMap<(Id, Id), bool>,
    compared: usize,
}

impl<'a> Cover<'a> {
    fn of(normal: &'a Normal, atoms: &Atoms) -> Self {
        let mut conditions: BTreeMap<Subject, Vec<Id>> = BTreeMap::new();
        for atom in &atoms.clear {
            conditions.entry(atom.subject).or_default().push(atom.conditions);
        }
        Self {
            normal,
            conditions,
            every_action: only(&normal.actions, "*".into()),
            every_resource: only(&normal.resources, "*".into()),
            anyone: only(&normal.principals, anyone()),
            known: BTreeMap::new(),
            compared: 0,
        }
    }

    /// Whether each of the others says no more than one of these atoms.
    fn covers<'b>(mut self, mut others: impl Iterator<Item = &'b Atom>) -> bool {
        others.all(|other| self.covers_one(other))
    }

    fn covers_one(&mut self, other: &Atom) -> bool {
        let normal = self.normal;
        let Subject { denies, actions, resources, principals } = other.subject;
        let every = |every: Option<Id>, form| every.filter(|_| form != Form::Absent);
        let every_action = every(self.every_action, normal.actions.key(actions).form);
        let every_resource = every(self.every_resource, normal.resources.key(resources).form);
        let anyone = self.anyone.filter(|_| are_of_accounts(normal.principals.key(principals)));
        for actions in [Some(actions), every_action].into_iter().flatten() {
            for resources in [Some(resources), every_resource].into_iter().flatten() {
                for principals in [Some(principals), anyone].into_iter().flatten() {
                    let subject = Subject { denies, actions, resources, principals };
                    if self.has_fewer_conditions(&subject, other.conditions) {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Whether an atom about the subject holds whenever these conditions hold.
    fn has_fewer_conditions(&mut self, subject: &Subject, conditions: Id) -> bool {
        let tables = &self.normal.conditions;
        let (known, compared) = (&mut self.known, &mut self.compared);
        let of_subject = self.conditions.get(subject).map_or(&[][..], Vec::as_slice);
        of_subject.iter().any(|fewer| {
            *compared += 1;
            *compared <= MOST_COMPARED
                && *known
                    .entry((*fewer, conditions))
                    .or_insert_with(|| follow(tables.key(*fewer), tables.key(conditions)))
        })
    }
}

fn only<T: Ord, S>(table: &Table<Element<T>, S>, value: T) -> Option<Id> {
    table.find(&Element { form: Form::AnyOf, values: BTreeSet::from([value]) })
}

/// Whether `*` certainly covers the principals. AWS does not document that of services and identity providers.
fn are_of_accounts(principals: &Element<Principal>) -> bool {
    let of_account = |(kind, _): &Principal| matches!(kind.as_str(), "AWS" | "CanonicalUser");
    principals.form == Form::AnyOf && principals.values.iter().all(of_account)
}

/// Whether all of these conditions hold whenever the others do.
fn follow(these: &BTreeSet<Tested>, others: &BTreeSet<Tested>) -> bool {
    let follows = |this: &Tested, other: &Tested| {
        this.widens_with_values
            && this.operator == other.operator
            && this.key == other.key
            && other.values.is_subset(&this.values)
    };
    these.iter().all(|this| others.contains(this) || others.iter().any(|other| follows(this, other)))
}
