//! The difference for a reader.

use super::normal::{Tested, is_clear};
use super::{Changed, Difference, DifferenceOf};
use crate::phrase;
use crate::policy::PrincipalKind;
use crate::policy::assume::call_of;
use crate::policy::document::{Condition, Effect, Patterns, Principals, Statement};
use crate::text::{Phrase, Untrusted};
use std::collections::BTreeSet;

/// The most values of an element that are shown.
const SHOWN: usize = 6;

impl Difference {
    /// One line for each statement that was added ("+ ..."), then for each that was removed ("- ..."), then the changed
    /// conditions.
    #[must_use]
    pub fn words(&self, of: DifferenceOf) -> Vec<Phrase> {
        let lines = |sign: &'static str, statements: &[Statement]| -> Vec<Phrase> {
            statements.iter().map(|statement| phrase!(sign, of.words(statement, &statement.conditions))).collect()
        };
        let mut all = lines("+ ", &self.added);
        all.extend(lines("- ", &self.removed));
        if let Some((before, after)) = &self.version {
            let (before, after) = (Untrusted::new(before), Untrusted::new(after));
            all.push(phrase!("~ the version of the policy language is ", &after, ", before: ", &before));
        }
        all.extend(self.changed.iter().flat_map(|changed| changed.words(of)));
        all
    }
}

impl Changed {
    /// The statement with the conditions that stay, then a line for each other condition.
    fn words(&self, of: DifferenceOf) -> Vec<Phrase> {
        let tested = |statement: &Statement| statement.conditions.iter().map(Tested::of).collect::<BTreeSet<_>>();
        let only = |statement: &Statement, others: &BTreeSet<Tested>| -> Vec<(Condition, Phrase)> {
            let only = statement.conditions.iter().filter(|condition| !others.contains(&Tested::of(condition)));
            only.map(|condition| (condition.clone(), condition_words(condition))).collect()
        };
        let (before, after) = (tested(&self.before), tested(&self.after));
        let (removed, added) = (only(&self.before, &after), only(&self.after, &before));
        let kept: Vec<_> =
            self.after.conditions.iter().filter(|condition| before.contains(&Tested::of(condition))).cloned().collect();

        let line = |sign: &'static str, (condition, words): &(Condition, Phrase), others: &[(Condition, Phrase)]| {
            let line = phrase!(sign, words);
            // Operators with different meanings can have the same words.
            if !others.iter().any(|(_, other)| other == words) {
                return line;
            }
            phrase!(line, " (", &Untrusted::new(&condition.operator), ")")
        };
        let mut all = vec![phrase!("~ ", of.words(&self.after, &kept))];
        all.extend(removed.iter().map(|condition| line("  - condition ", condition, &added)));
        all.extend(added.iter().map(|condition| line("  + condition ", condition, &removed)));
        all
    }
}

impl DifferenceOf {
    /// The statement, as if these were its conditions.
    fn words(self, statement: &Statement, conditions: &[Condition]) -> Phrase {
        let Some(effect) = statement.effect.filter(|_| is_clear(statement)) else { return unclear(statement) };
        let actions = elements(statement.actions.as_ref());
        let resources = statement.resources.as_ref().map(|resources| phrase!(" on ", elements(Some(resources))));
        let mut words = match (&statement.principals, effect) {
            (None, Effect::Allow) => phrase!("allows ", actions),
            (None, Effect::Deny) => phrase!("denies ", actions),
            (Some(principals), _) if self == Self::Role && assumes_only(statement) => {
                let can = if effect == Effect::Allow { " can" } else { " cannot" };
                return with_conditions(phrase!(who(principals), can, " assume the role"), effect, conditions);
            }
            (Some(principals), effect) => phrase!(who(principals), ": ", can(statement, effect)),
        };
        if let Some(resources) = resources {
            words.push(resources);
        }
        if statement.principals.is_some() {
            return with_conditions(words, effect, conditions);
        }
        let mut conditions = conditions.iter().map(condition_words).peekable();
        if conditions.peek().is_some() {
            words = phrase!(words, ", if ", Phrase::few(conditions, SHOWN, " and "));
        }
        words
    }
}

/// With all conditions and all their values: of many, one can be a back door.
fn with_conditions(words: Phrase, effect: Effect, conditions: &[Condition]) -> Phrase {
    if conditions.is_empty() {
        return words;
    }
    let only = if effect == Effect::Allow { "; only if " } else { "; if " };
    phrase!(words, only, Phrase::joined(conditions.iter().map(condition_words), " and "))
}

fn condition_words(condition: &Condition) -> Phrase {
    if condition.key.is_empty() {
        return phrase!(&Untrusted::new(&condition.operator), " without a key");
    }
    condition.all_words()
}

/// Whether the only action is the one with which such principals assume a role, on the role.
fn assumes_only(statement: &Statement) -> bool {
    let calls: Option<Vec<_>> = match &statement.principals {
        Some(Principals::AnyOf(principals)) => {
            principals.iter().map(|(kind, name)| PrincipalKind::read(kind, name).as_ref().map(call_of)).collect()
        }
        _ => Some(vec![call_of(&PrincipalKind::Anyone)]),
    };
    let Some(Patterns::AnyOf(actions)) = &statement.actions else { return false };
    let is_call = |call: &str| actions.iter().all(|action| action.eq_ignore_ascii_case(call));
    statement.resources.is_none() && calls.is_some_and(|calls| calls.iter().all(|call| is_call(call)))
}

fn who(principals: &Principals) -> Phrase {
    match principals {
        Principals::AnyOf(principals) => {
            let unknown = |name: &str| phrase!("a principal of an unknown type, ", Phrase::arn(&Untrusted::new(name)));
            let one = |(kind, name): &(String, String)| {
                PrincipalKind::read(kind, name).map_or_else(|| unknown(name), |principal| principal.words())
            };
            Phrase::few(principals.iter().map(one), SHOWN, " and ")
        }
        Principals::AllBut(principals) => {
            let but = principals.iter().map(|(_, name)| Phrase::arn(&Untrusted::new(name)));
            phrase!(PrincipalKind::Anyone.words(), ", except ", Phrase::few(but, SHOWN, ", "))
        }
        Principals::Anyone => PrincipalKind::Anyone.words(),
        Principals::Unknown | Principals::Invalid => "an unknown Principal".into(),
    }
}

fn can(statement: &Statement, effect: Effect) -> Phrase {
    let what = match (&statement.actions, effect) {
        (Some(Patterns::AllBut(but)), Effect::Allow) => phrase!("do everything except ", few(but)),
        (Some(Patterns::AllBut(but)), Effect::Deny) => phrase!("do anything except ", few(but)),
        (actions, _) => elements(actions.as_ref()),
    };
    phrase!(if effect == Effect::Allow { "can " } else { "cannot " }, what)
}

fn elements(patterns: Option<&Patterns>) -> Phrase {
    match patterns {
        Some(Patterns::AllBut(but)) => phrase!("all but ", few(but)),
        Some(Patterns::AnyOf(patterns) | Patterns::Invalid(patterns)) => few(patterns),
        None => Phrase::default(),
    }
}

/// The widest first.
fn few(patterns: &[String]) -> Phrase {
    let mut all: Vec<&String> = patterns.iter().collect();
    all.sort_by_key(|pattern| pattern.find(['*', '?']).unwrap_or(usize::MAX));
    Phrase::few(all.into_iter().map(|pattern| Phrase::arn(&Untrusted::new(pattern))), SHOWN, ", ")
}

/// A statement of which a part is not valid, as far as it can be shown.
fn unclear(statement: &Statement) -> Phrase {
    let mut words: Phrase = "a statement that was not evaluated".into();
    for (what, patterns) in [(", about ", &statement.actions), (", on ", &statement.resources)] {
        let shown = elements(patterns.as_ref());
        if !shown.is_empty() {
            words.push(what);
            words.push(shown);
        }
    }
    if let Some(principals @ (Principals::AnyOf(_) | Principals::Anyone | Principals::AllBut(_))) =
        &statement.principals
    {
        words.push(", for ");
        words.push(who(principals));
    }
    words
}
