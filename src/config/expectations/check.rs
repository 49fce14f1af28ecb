//! What is odd about rows that can be read.

use super::{Expectation, Limit, What};
use crate::arn::wildcard;
use crate::config::places::Place;
use crate::severity::Severity;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Something odd, and the line of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub line: usize,
    pub text: String,
}

/// Rows about the same principals, actions, targets and accounts that say different things: nobody can see which one
/// counts.
#[must_use]
pub fn contradictions(rows: &[Expectation]) -> Vec<Finding> {
    let mut seen: BTreeMap<Scope<'_>, &Expectation> = BTreeMap::new();
    let mut found = Vec::new();
    for row in rows {
        let first = match seen.entry(scope(row)) {
            Entry::Vacant(place) => {
                place.insert(row);
                continue;
            }
            Entry::Occupied(first) => *first.get(),
        };
        let same = (first.up_to, &first.including, first.until) == (row.up_to, &row.including, row.until);
        let text = if same {
            format!("says the same as line {}: remove one of the two", first.line)
        } else {
            format!(
                "contradicts line {}: the same principals, actions, targets and accounts, but another up_to, including or until",
                first.line
            )
        };
        found.push(Finding { line: row.line, text });
    }
    found
}

fn ids(place: &Place) -> Vec<&str> {
    match place {
        Place::Accounts(ids) => ids.iter().map(String::as_str).collect(),
        Place::Unit(id) => vec![id],
    }
}

/// Principals, actions, targets and accounts, sorted.
type Scope<'a> = [Vec<&'a str>; 4];

fn scope(row: &Expectation) -> Scope<'_> {
    let mut all = [
        row.who.iter().map(|who| who.pattern.as_str()).collect(),
        row.what.iter().map(What::text).collect(),
        row.target.iter().map(String::as_str).collect(),
        row.accounts.iter().flat_map(ids).collect::<Vec<_>>(),
    ];
    for texts in &mut all {
        texts.sort_unstable();
    }
    all
}

/// What a person should know about rows that can be read: rows without effect.
#[must_use]
pub fn findings(rows: &[Expectation], now: DateTime<Utc>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let mut add = |text: String| found.push(Finding { line: row.line, text });
        if let Some(until) = row.until.filter(|until| *until <= now) {
            add(format!("ended at {}: remove it, or decide again", until.format("%Y-%m-%d %H:%M UTC")));
        }
        let root = row.who.iter().any(|who| who.pattern.ends_with(":root"));
        if root && !row.including.contains(&Limit::Root) {
            add("names the root user, but has no effect without \"including: root\"".to_owned());
        }
        if row.including.contains(&Limit::Administrator) && row.up_to < Severity::Critical {
            add("includes administrator access, which is CRITICAL, but ends at a lower up_to".to_owned());
        }
        if let Some((_, wider)) = rows.iter().enumerate().find(|(j, other)| *j != i && covers_all(other, row)) {
            add(format!("has no effect, since line {} covers all of it", wider.line));
        }
    }
    found
}

/// Whether everything that one row covers is covered by another one.
fn covers_all(wider: &Expectation, row: &Expectation) -> bool {
    let longer = wider.until.is_none_or(|end| row.until.is_some_and(|until| until <= end));
    let more = wider.up_to >= row.up_to && wider.including.is_superset(&row.including) && longer;
    // The account stands in the pattern, or is compared by the place.
    let who = |of: &Expectation| of.who.iter().map(|who| who.pattern.clone()).collect::<Vec<_>>();
    let what = |of: &Expectation| of.what.iter().map(|what| what.text().to_owned()).collect::<Vec<_>>();
    more && all_in(&who(wider), &who(row))
        && in_or_any(&what(wider), &what(row))
        && in_or_any(&wider.target, &row.target)
        && wider.accounts == row.accounts
}

/// No pattern means everything.
fn in_or_any(wider: &[String], patterns: &[String]) -> bool {
    wider.is_empty() || (!patterns.is_empty() && all_in(wider, patterns))
}

/// Whether each pattern matches only what one of the wider ones matches. A question mark does not match a star.
fn all_in(wider: &[String], patterns: &[String]) -> bool {
    let is_in =
        |pattern: &String, wider: &String| wildcard(wider, pattern) && !(wider.contains('?') && pattern.contains('*'));
    patterns.iter().all(|pattern| wider.iter().any(|wider| is_in(pattern, wider)))
}
