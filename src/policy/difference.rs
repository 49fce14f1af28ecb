//! What is different between two policy documents, however they are written.
//!
//! Belongs here: the [`Difference`]; `normal` is the form in which documents are compared, `groups` makes statements of
//! what differs, `widening` asks whether more is allowed, and `words` is for people. Does not belong here: what the
//! statements grant to whom (`access`, `trust`), and how severe the difference is (`detection`).

use super::document::{Document, Statement, decoded};
use groups::grouped;
use normal::{Id, Normal, Subject, fits};
use std::collections::BTreeMap;

/// What is different between two policy documents, however they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// The versions of the policy language before and after.
    version: Option<(String, String)>,
    added: Vec<Statement>,
    removed: Vec<Statement>,
    /// What has other conditions.
    changed: Vec<Changed>,
    widens: bool,
    /// Whether the documents are so long that their statements were compared as wholes.
    #[cfg(test)]
    wholes: bool,
}

/// The same effect, actions, resources and principals, with other conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Changed {
    before: Statement,
    after: Statement,
}

/// What a document is the policy of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceOf {
    /// A user, group, role or permission set: what the policy allows to its holder.
    Identity,
    /// A role: its trust policy.
    Role,
    /// Another resource.
    Resource,
}

impl Difference {
    #[must_use]
    pub fn between(before: &Document, after: &Document) -> Self {
        let mut normal = Normal::new(fits(before) && fits(after));
        let (new, old) = (normal.read(after), normal.read(before));
        let versions = (version(before), version(after));
        let version = (versions.0 != versions.1).then(|| (versions.0.to_owned(), versions.1.to_owned()));
        let widens = version.is_some() || widening::may_widen(&normal, &old, &new);

        let mut conditions: BTreeMap<Subject, (Vec<Id>, Vec<Id>)> = BTreeMap::new();
        for atom in old.clear.difference(&new.clear) {
            conditions.entry(atom.subject).or_default().0.push(atom.conditions);
        }
        for atom in new.clear.difference(&old.clear) {
            conditions.entry(atom.subject).or_default().1.push(atom.conditions);
        }
        let (mut removed, mut added, mut changed) = (Vec::new(), Vec::new(), Vec::new());
        for (subject, (before, after)) in conditions {
            let pairs = before.len().min(after.len());
            let all = |all: &[Id]| all.iter().map(|conditions| (*conditions, subject)).collect::<Vec<_>>();
            changed.extend(before.iter().zip(&after).map(|(before, after)| ((*before, *after), subject)));
            removed.extend(all(&before[pairs..]));
            added.extend(all(&after[pairs..]));
        }

        let statements = |atoms, unclear: Vec<Id>| -> Vec<Statement> {
            let clear = grouped(&normal, atoms).into_iter().map(|group| group.statement(&normal, group.key));
            clear.chain(unclear.into_iter().map(|id| normal.unclear(id).clone())).collect()
        };
        let changed = grouped(&normal, changed).into_iter().map(|group| Changed {
            before: group.statement(&normal, group.key.0),
            after: group.statement(&normal, group.key.1),
        });
        Self {
            version,
            added: statements(added, new.unclear.difference(&old.unclear).copied().collect()),
            removed: statements(removed, old.unclear.difference(&new.unclear).copied().collect()),
            changed: changed.collect(),
            widens,
            #[cfg(test)]
            wholes: !normal.splits(),
        }
    }

    /// Whether both documents say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.version.is_none() && self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// Whether the document after may allow something that the one before did not. `false` only where that is certain.
    #[must_use]
    pub const fn may_widen(&self) -> bool {
        self.widens
    }
}

/// Whether two texts say the same: as documents if both are some, else as texts.
#[must_use]
pub fn same_documents(a: &str, b: &str) -> bool {
    match (Document::parse(a), Document::parse(b)) {
        (Some(a), Some(b)) => Difference::between(&a, &b).is_empty(),
        _ => decoded(a) == decoded(b),
    }
}

/// Without a `Version`, a document has the older one, which has no policy variables.
fn version(document: &Document) -> &str {
    document.version.as_deref().unwrap_or("2008-10-17")
}

mod groups;
mod normal;
mod widening;
mod words;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
