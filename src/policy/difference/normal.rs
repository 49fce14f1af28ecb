//! The form in which documents are compared: atoms.
//!
//! The elements of a statement are lists of which any value counts. So a statement says the same as one statement for
//! each combination of an action, a resource and a principal: an atom. The order of statements and values, repetitions,
//! and how statements are split make no difference.

use crate::arn::{Arn, is_account_id};
use crate::policy::document::{Condition, Document, Effect, Patterns, Principals, Statement};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The most atoms of a document. Statements of a document with more are compared as wholes: a hostile statement can
/// have millions.
pub(super) const MOST_ATOMS: usize = 20_000;

/// The place of an element in its table.
pub(super) type Id = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    Absent,
    AnyOf,
    /// As `NotAction`: its values belong together.
    AllBut,
}

/// An element of a statement as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Element<T> {
    pub(super) form: Form,
    pub(super) values: BTreeSet<T>,
}

/// A type and a name.
pub(super) type Principal = (String, String);

/// A condition as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tested {
    pub(super) operator: String,
    pub(super) key: String,
    pub(super) values: BTreeSet<String>,
    pub(super) widens_with_values: bool,
}

/// What an atom is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    pub(super) denies: bool,
    pub(super) actions: Id,
    pub(super) resources: Id,
    pub(super) principals: Id,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Atom {
    pub(super) subject: Subject,
    pub(super) conditions: Id,
}

/// All that a document says.
#[derive(Debug, Default)]
pub(super) struct Atoms {
    pub(super) clear: BTreeSet<Atom>,
    /// Statements with a part that is not valid. They are compared as they are.
    pub(super) unclear: BTreeSet<Id>,
}

/// Things of documents, each once, and how the first document spells them.
#[derive(Debug)]
pub(super) struct Table<K, S> {
    ids: BTreeMap<Rc<K>, Id>,
    rows: Vec<(Rc<K>, S)>,
}

impl<K: Ord, S> Table<K, S> {
    const fn new() -> Self {
        Self { ids: BTreeMap::new(), rows: Vec::new() }
    }

    fn id(&mut self, key: K, spelled: S) -> Id {
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        let (key, id) = (Rc::new(key), self.rows.len());
        self.ids.insert(Rc::clone(&key), id);
        self.rows.push((key, spelled));
        id
    }

    pub(super) fn find(&self, key: &K) -> Option<Id> {
        self.ids.get(key).copied()
    }

    pub(super) fn key(&self, id: Id) -> &K {
        &self.rows[id].0
    }

    pub(super) fn spelled(&self, id: Id) -> &S {
        &self.rows[id].1
    }
}

/// Two documents in this form.
#[derive(Debug)]
pub(super) struct Normal {
    splits: bool,
    pub(super) actions: Table<Element<String>, Vec<String>>,
    pub(super) resources: Table<Element<String>, Vec<String>>,
    pub(super) principals: Table<Element<Principal>, Vec<Principal>>,
    pub(super) conditions: Table<BTreeSet<Tested>, Vec<Condition>>,
    unclear: Table<String, Statement>,
}

impl Normal {
    /// `splits`: whether statements are split into atoms, and not compared as wholes.
    pub(super) const fn new(splits: bool) -> Self {
        Self {
            splits,
            actions: Table::new(),
            resources: Table::new(),
            principals: Table::new(),
            conditions: Table::new(),
            unclear: Table::new(),
        }
    }

    pub(super) const fn splits(&self) -> bool {
        self.splits
    }

    pub(super) fn unclear(&self, id: Id) -> &Statement {
        self.unclear.spelled(id)
    }

    pub(super) fn read(&mut self, document: &Document) -> Atoms {
        let mut atoms = Atoms::default();
        for statement in &document.statements {
            self.add(statement, &mut atoms);
        }
        atoms
    }

    pub(super) fn add(&mut self, statement: &Statement, atoms: &mut Atoms) {
        let Some(parts) = Parts::of(statement) else {
            atoms.unclear.insert(self.unclear.id(format!("{statement:?}"), statement.clone()));
            return;
        };
        let actions = ids(&mut self.actions, &parts.actions, self.splits, |action| action.to_ascii_lowercase());
        let resources = ids(&mut self.resources, &parts.resources, self.splits, String::clone);
        let principals = ids(&mut self.principals, &parts.principals, self.splits, normal_principal);
        let tested = statement.conditions.iter().map(Tested::of).collect();
        let conditions = self.conditions.id(tested, statement.conditions.clone());
        for &actions in &actions {
            for &resources in &resources {
                for &principals in &principals {
                    let subject = Subject { denies: parts.denies, actions, resources, principals };
                    atoms.clear.insert(Atom { subject, conditions });
                }
            }
        }
    }
}

impl Tested {
    pub(super) fn of(condition: &Condition) -> Self {
        Self {
            operator: condition.operator.to_ascii_lowercase(),
            key: condition.key.to_ascii_lowercase(),
            values: condition.texts().map(Cow::into_owned).collect(),
            widens_with_values: condition.widens_with_values(),
        }
    }
}

/// The parts of a valid statement, other than its conditions.
struct Parts<'a> {
    denies: bool,
    actions: (Form, Cow<'a, [String]>),
    resources: (Form, Cow<'a, [String]>),
    principals: (Form, Cow<'a, [Principal]>),
}

impl<'a> Parts<'a> {
    /// `None` if a part is not valid. An empty list is not: AWS does not document what it means.
    fn of(statement: &'a Statement) -> Option<Self> {
        let patterns = |patterns: &'a Patterns| match patterns {
            Patterns::AnyOf(patterns) => some(Form::AnyOf, patterns),
            Patterns::AllBut(patterns) => some(Form::AllBut, patterns),
            Patterns::Invalid(_) => None,
        };
        Some(Self {
            denies: statement.effect? == Effect::Deny,
            actions: patterns(statement.actions.as_ref()?)?,
            resources: statement.resources.as_ref().map_or_else(absent, patterns)?,
            principals: match &statement.principals {
                None => absent(),
                Some(Principals::Anyone) => Some((Form::AnyOf, vec![anyone()].into())),
                Some(Principals::AnyOf(principals)) => some(Form::AnyOf, principals),
                Some(Principals::AllBut(principals)) => some(Form::AllBut, principals),
                Some(Principals::Unknown | Principals::Invalid) => None,
            }?,
        })
    }

    /// The number of atoms.
    fn len(&self) -> usize {
        let of = |form, len| if form == Form::AnyOf { len } else { 1 };
        of(self.actions.0, self.actions.1.len())
            .saturating_mul(of(self.resources.0, self.resources.1.len()))
            .saturating_mul(of(self.principals.0, self.principals.1.len()))
    }
}

fn some<T: Clone>(form: Form, values: &[T]) -> Option<(Form, Cow<'_, [T]>)> {
    (!values.is_empty()).then_some((form, values.into()))
}

#[expect(clippy::unnecessary_wraps, reason = "the other forms of an element can be invalid")]
fn absent<'a, T: Clone>() -> Option<(Form, Cow<'a, [T]>)> {
    Some((Form::Absent, Cow::Borrowed(&[])))
}

/// Whether all parts of the statement are valid.
pub(super) fn is_clear(statement: &Statement) -> bool {
    Parts::of(statement).is_some()
}

/// Whether the statements of the document can be split into atoms.
pub(super) fn fits(document: &Document) -> bool {
    let atoms = document.statements.iter().map(|statement| Parts::of(statement).map_or(1, |parts| parts.len()));
    atoms.fold(0, usize::saturating_add) <= MOST_ATOMS
}

/// Anyone, as a principal of the type `AWS`.
pub(super) fn anyone() -> Principal {
    ("AWS".into(), "*".into())
}

/// An account can be written as its id, or as the ARN of its root.
fn normal_principal((kind, name): &Principal) -> Principal {
    let account = Arn::parse(name).filter(|arn| {
        let is_partition = matches!(arn.partition, "aws" | "aws-cn" | "aws-us-gov");
        let is_root = arn.service == "iam" && arn.region.is_empty() && arn.resource == "root";
        kind == "AWS" && is_partition && is_root && is_account_id(arn.account)
    });
    (kind.clone(), account.map_or_else(|| name.clone(), |arn| arn.account.to_owned()))
}

/// The ids of an element's values: of a list that is split, one for each value.
fn ids<T: Clone + Ord>(
    table: &mut Table<Element<T>, Vec<T>>,
    (form, values): &(Form, Cow<'_, [T]>),
    splits: bool,
    normal: impl Fn(&T) -> T,
) -> Vec<Id> {
    if *form == Form::AnyOf && splits {
        let one =
            |value: &T| table.id(Element { form: *form, values: BTreeSet::from([normal(value)]) }, vec![value.clone()]);
        return values.iter().map(one).collect();
    }
    let mut seen = BTreeSet::new();
    let spelled = values.iter().filter(|value| seen.insert(normal(value))).cloned().collect();
    vec![table.id(Element { form: *form, values: seen }, spelled)]
}
