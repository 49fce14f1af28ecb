//! What a statement of a resource policy allows its principals, for a reader.

use super::document::{Patterns, Principals, Statement};
use super::known::is_network;
use crate::phrase;
use crate::text::{Phrase, Untrusted};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// "can s3:GetObject, s3:ListBucket": the widest first, at most three.
    pub actions: Phrase,
    /// The principals that a `NotPrincipal` leaves out.
    pub but: Vec<Phrase>,
    /// Whether a condition names networks or access points.
    pub(super) names_networks: bool,
}

impl Grant {
    pub(super) fn of(statement: &Statement) -> Self {
        let but = match &statement.principals {
            Some(Principals::AllBut(names)) => names.as_slice(),
            _ => &[],
        };
        Self {
            actions: actions(statement.actions.as_ref()),
            but: but.iter().map(|(_, name)| Phrase::arn(&Untrusted::new(name))).collect(),
            names_networks: statement.conditions.iter().any(|condition| is_network(&condition.key)),
        }
    }
}

fn actions(patterns: Option<&Patterns>) -> Phrase {
    let few = |patterns: &[String]| {
        let mut all: Vec<&String> = patterns.iter().collect();
        all.sort_by_key(|pattern| pattern.find(['*', '?']).unwrap_or(usize::MAX));
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|pattern| seen.insert(pattern.to_ascii_lowercase()));
        Phrase::few(all.into_iter().map(|pattern| Phrase::arn(&Untrusted::new(pattern))), 3, ", ")
    };
    match patterns {
        Some(Patterns::AnyOf(patterns)) if !patterns.is_empty() => phrase!("can ", few(patterns)),
        Some(Patterns::AllBut(but)) if !but.is_empty() => phrase!("can do everything except ", few(but)),
        Some(Patterns::AllBut(_)) => "can do everything".into(),
        Some(Patterns::AnyOf(_) | Patterns::Invalid(_)) | None => "can do what was not evaluated".into(),
    }
}
