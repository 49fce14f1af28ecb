//! The statements of some policies, prepared for many questions.

use super::document::{Condition, Document, Effect, Patterns};
use super::matching::Pattern;
use super::question::{PolicyInput, Via};
use super::truth::Truth;
use crate::arn::wildcard_in_steps;
use crate::limits::CHARACTERS_COMPARED;
use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// A set of statements that must allow a call: the identity's policies, or a boundary.
pub(super) struct Layer<'a> {
    pub(super) statements: Vec<Compiled<'a>>,
    /// The statements that cover an action, by action.
    covering: RefCell<HashMap<String, Rc<[usize]>>>,
    /// Whether the patterns of each statement cover a resource, by resource: many actions ask for the same.
    covered: RefCell<HashMap<String, Rc<[Truth]>>>,
    /// How many characters were compared.
    compared: Cell<u64>,
}

pub(super) struct Compiled<'a> {
    pub(super) effect: Effect,
    /// In lower case.
    actions: Vec<String>,
    not_actions: bool,
    pub(super) resources: &'a [String],
    pub(super) not_resources: bool,
    pub(super) conditions: &'a [Condition],
    pub(super) variables: bool,
    /// The resource patterns with the values of their variables.
    pub(super) patterns: OnceCell<Vec<Pattern<'a>>>,
    /// The index of the policy.
    pub(super) policy: usize,
    via: Via,
}

impl<'a> Layer<'a> {
    /// Of policies, with their documents as far as they are known.
    pub(super) fn of_policies(policies: &[PolicyInput<'_>], documents: &'a [Option<Cow<'_, Document>>]) -> Self {
        let both = policies.iter().zip(documents).enumerate();
        Self::new(both.map(|(i, (policy, document))| (i, policy.via, document.as_deref())))
    }

    /// Of one document, such as a boundary.
    pub(super) fn of(document: &'a Document) -> Self {
        Self::new(std::iter::once((0, Via::Attached, Some(document))))
    }

    fn new(documents: impl Iterator<Item = (usize, Via, Option<&'a Document>)>) -> Self {
        let mut statements = Vec::new();
        for (policy, via, document) in documents {
            let Some(document) = document else { continue };
            for statement in document.identity_statements().into_iter().flatten() {
                let (actions, not_actions) = split(statement.actions);
                let (resources, not_resources) = split(statement.resources);
                statements.push(Compiled {
                    effect: statement.effect,
                    actions: actions.iter().map(|action| action.to_ascii_lowercase()).collect(),
                    not_actions,
                    resources,
                    not_resources,
                    conditions: statement.conditions,
                    variables: document.version.as_deref() == Some("2012-10-17"),
                    patterns: OnceCell::new(),
                    policy,
                    via,
                });
            }
        }
        Self::of_statements(statements)
    }

    /// Without the denies that are attached in one of these ways.
    pub(super) fn without_denies(self, ways: &[Via]) -> Self {
        let keeps = |statement: &Compiled<'_>| statement.effect == Effect::Allow || !ways.contains(&statement.via);
        Self::of_statements(self.statements.into_iter().filter(keeps).collect())
    }

    fn of_statements(statements: Vec<Compiled<'a>>) -> Self {
        Self { statements, covering: RefCell::default(), covered: RefCell::default(), compared: Cell::default() }
    }

    /// Counts what was compared.
    pub(super) fn count(&self, characters: u64) {
        self.compared.set(self.compared.get().saturating_add(characters));
    }

    /// Whether so much was compared that the rest is not. Then no answer of this layer is certain.
    pub(super) fn is_exhausted(&self) -> bool {
        self.compared.get() > CHARACTERS_COMPARED
    }

    pub(super) fn allows_anything(&self) -> bool {
        self.statements.iter().any(|statement| statement.effect == Effect::Allow)
    }

    /// Whether a statement allows this action on some resource, under some condition.
    pub(super) fn allows_somewhere(&self, action: &str) -> bool {
        self.covering(action).iter().any(|statement| self.statements[*statement].effect == Effect::Allow)
    }

    /// Whether a statement allows this action on every resource, perhaps under a condition.
    fn allows_on_all(&self, action: &str) -> bool {
        self.covering(action).iter().any(|statement| {
            let statement = &self.statements[*statement];
            let all = statement.not_resources || statement.resources.iter().any(|pattern| pattern == "*");
            statement.effect == Effect::Allow && all
        })
    }

    /// Whether a statement denies this action on some resource.
    fn denies_somewhere(&self, action: &str) -> bool {
        self.covering(action).iter().any(|statement| self.statements[*statement].effect == Effect::Deny)
    }

    /// How the identity has the policies that deny something.
    pub(super) fn denying_ways(&self) -> Vec<Via> {
        let denies = self.statements.iter().filter(|statement| statement.effect == Effect::Deny);
        let mut ways: Vec<_> = denies.map(|statement| statement.via).collect();
        ways.dedup();
        ways
    }

    /// Whether the patterns of each statement cover a resource: known, or found out now.
    pub(super) fn covered(&self, resource: &str, find: impl FnMut(&Compiled<'a>) -> Truth) -> Rc<[Truth]> {
        if let Some(known) = self.covered.borrow().get(resource) {
            return known.clone();
        }
        if self.is_exhausted() {
            return self.statements.iter().map(|_| Truth::No).collect();
        }
        let found: Rc<[Truth]> = self.statements.iter().map(find).collect();
        self.covered.borrow_mut().insert(resource.to_owned(), found.clone());
        found
    }

    /// Whether a condition of some statement is about a key.
    pub(super) fn has_condition_on(&self, key: &str) -> bool {
        let mut conditions = self.statements.iter().flat_map(|statement| statement.conditions);
        conditions.any(|condition| condition.key.eq_ignore_ascii_case(key))
    }

    /// The statements that cover an action, by their index.
    pub(super) fn covering(&self, action: &str) -> Rc<[usize]> {
        if let Some(known) = self.covering.borrow().get(action) {
            return known.clone();
        }
        if self.is_exhausted() {
            return Rc::default();
        }
        let lower = action.to_ascii_lowercase();
        let matches = |pattern: &String| {
            let (matches, compared) = wildcard_in_steps(pattern, &lower);
            self.count(compared);
            matches
        };
        let covers = |statement: &Compiled<'_>| statement.actions.iter().any(matches) != statement.not_actions;
        let found = self.statements.iter().enumerate().filter(|(_, statement)| covers(statement)).map(|(i, _)| i);
        let found: Rc<[usize]> = found.collect();
        self.covering.borrow_mut().insert(action.to_owned(), found.clone());
        found
    }
}

impl Document {
    /// Whether a statement allows this action on every resource, perhaps under a condition.
    #[must_use]
    pub fn allows_on_all(&self, action: &str) -> bool {
        Layer::of(self).allows_on_all(action)
    }

    /// Whether a statement denies this action on some resource.
    #[must_use]
    pub fn denies_somewhere(&self, action: &str) -> bool {
        Layer::of(self).denies_somewhere(action)
    }
}

fn split(patterns: &Patterns) -> (&[String], bool) {
    match patterns {
        Patterns::AnyOf(patterns) | Patterns::Invalid(patterns) => (patterns, false),
        Patterns::AllBut(patterns) => (patterns, true),
    }
}
