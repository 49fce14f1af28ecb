//! Whether what IAM has now is what the baseline and the events lead to.

use super::aspect::Aspect;
use super::change::Part;
use super::state::{State, state_of};
use super::trace::{Replayed, Trace, late};
use crate::policy::same_documents;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::collections::BTreeSet;

/// Two readings of an account: each takes some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When the earlier one began and ended.
    pub former: (DateTime<Utc>, DateTime<Utc>),
    pub run: (DateTime<Utc>, DateTime<Utc>),
}

/// A difference that no event explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unexplained {
    /// There is an entity that nobody created.
    Exists,
    /// There is no entity any more, and nobody deleted it.
    Gone,
    /// A part is not what it was, and nobody changed it. `None`: the part is absent.
    Part { aspect: Aspect, was: Option<String>, is: Option<String> },
}

/// How far the time of a key in the credential report is from the time of the event.
const SAME_KEY: TimeDelta = TimeDelta::minutes(2);

/// What no event explains of the difference between two readings. The events must have had time to arrive.
///
/// A call shortly before or during the reading may be visible in it or not.
#[must_use]
pub fn unexplained(trace: &Trace, window: &Window) -> Vec<Unexplained> {
    let late = late(&trace.resource);
    let read = |until: DateTime<Utc>| trace.reads.iter().rev().find(|read| read.since <= until);
    let former = read(window.former.1);
    let Some(actual) = read(window.run.1) else {
        // It was never read: it can only be expected.
        return expected(trace, window, former.map(|read| Replayed::of(&trace.resource, read)), late).against(None);
    };
    if actual.too_large {
        // Only that it is another one is known.
        return Vec::new();
    }
    let state = actual.content.as_ref().map(|content| state_of(&trace.resource, content));
    let former = former.map(|read| Replayed::of(&trace.resource, read));
    expected(trace, window, former, late).against(state.as_ref())
}

/// What the former reading and the events lead to.
fn expected(trace: &Trace, window: &Window, former: Option<Replayed>, late: TimeDelta) -> Replayed {
    let mut replayed = former.unwrap_or_else(|| Replayed::absent(window.former.0));
    for change in trace.changes.iter().filter(|change| change.time >= window.former.0 - late) {
        if change.time > window.run.1 + TimeDelta::minutes(5) {
            break;
        }
        // It may be in the former reading already, or not in this one yet.
        replayed.apply(change, change.time >= window.run.0 - late);
    }
    replayed
}

impl Replayed {
    fn against(&self, actual: Option<&State>) -> Vec<Unexplained> {
        let may = |exists: bool| self.exists.values.iter().any(|value| value.is_none_or(|value| value == exists));
        let Some(actual) = actual else {
            return if may(false) { Vec::new() } else { vec![Unexplained::Gone] };
        };
        if !may(true) {
            return vec![Unexplained::Exists];
        }
        let mut all = Vec::new();
        let aspects: BTreeSet<_> = self.parts.keys().chain(actual.keys()).collect();
        for aspect in aspects.into_iter().filter(|aspect| !matches!(aspect, Aspect::Key(_))) {
            let is = actual.get(aspect);
            let Some(options) = self.parts.get(aspect) else {
                if self.others_absent {
                    all.push(Unexplained::Part { aspect: aspect.clone(), was: None, is: is.cloned() });
                }
                continue;
            };
            let fits = options.values.iter().any(|part| match (part, is) {
                (Part::NotKnown, _) | (Part::Absent, None) => true,
                (Part::Is(value), Some(is)) => same(aspect, value, is),
                _ => false,
            });
            if !fits {
                let was = options.values.iter().find_map(|part| match part {
                    Part::Is(value) => Some(value.clone()),
                    _ => None,
                });
                all.push(Unexplained::Part { aspect: aspect.clone(), was, is: is.cloned() });
            }
        }
        if !self.any_key {
            all.extend(self.keys_against(actual));
        }
        all
    }

    fn keys_against(&self, actual: &State) -> Vec<Unexplained> {
        let mut expected: Vec<_> = self
            .parts
            .iter()
            .filter_map(|(aspect, options)| match aspect {
                Aspect::Key(created) => Some((created.as_str(), &options.values)),
                _ => None,
            })
            .collect();
        let mut all = Vec::new();
        for (aspect, status) in actual {
            let Aspect::Key(created) = aspect else { continue };
            let found = expected.iter().position(|(expected, values)| {
                is_near(expected, created) && values.iter().any(|part| !matches!(part, Part::Absent))
            });
            match found.map(|index| expected.remove(index).1) {
                None => all.push(Unexplained::Part { aspect: aspect.clone(), was: None, is: Some(status.clone()) }),
                Some(values) => {
                    let fits = |part: &Part| matches!(part, Part::NotKnown) || *part == Part::Is(status.clone());
                    if !values.iter().any(fits) {
                        let was = if status == "active" { "inactive" } else { "active" };
                        let (was, is) = (Some(was.to_owned()), Some(status.clone()));
                        all.push(Unexplained::Part { aspect: aspect.clone(), was, is });
                    }
                }
            }
        }
        let lost = expected.into_iter().filter(|(_, values)| !values.iter().any(|part| !matches!(part, Part::Is(_))));
        all.extend(lost.map(|(created, values)| Unexplained::Part {
            aspect: Aspect::Key(created.to_owned()),
            was: values.iter().find_map(|part| match part {
                Part::Is(status) => Some(status.clone()),
                _ => None,
            }),
            is: None,
        }));
        all
    }
}

fn is_near(one: &str, other: &str) -> bool {
    let time = |text: &str| DateTime::parse_from_rfc3339(text).ok();
    match (time(one), time(other)) {
        (Some(one), Some(other)) => (one - other).abs() <= SAME_KEY,
        _ => one == other,
    }
}

/// Whether two values of a part say the same.
#[must_use]
pub fn same(aspect: &Aspect, before: &str, after: &str) -> bool {
    match aspect {
        Aspect::Trust => same_documents(before, after) || only_principals_were_deleted(before, after),
        Aspect::Inline(_) | Aspect::Version(_) => same_documents(before, after),
        Aspect::Boundary => before.eq_ignore_ascii_case(after),
        _ => before == after,
    }
}

/// Whether a trust policy differs only because principals that it names were deleted: then IAM shows their unique ids
/// instead of their ARNs ("Principal element", IAM user guide). Whoever gets an old name is not trusted.
fn only_principals_were_deleted(before: &str, after: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    let (Some(before), Some(after)) = (read(before), read(after)) else { return false };
    let (mut was, mut is) = (Vec::new(), Vec::new());
    principals(&before, &mut was);
    principals(&after, &mut is);
    let ids: Vec<_> = is.iter().filter(|principal| is_unique_id(principal) && !was.contains(principal)).collect();
    let lost: Vec<_> = was.iter().filter(|principal| !is.contains(principal)).collect();
    if ids.is_empty() || ids.len() != lost.len() || !lost.iter().all(|principal| principal.contains(":iam::")) {
        return false;
    }
    let text = |document: &Value, gone: &[&String]| {
        let mut document = document.clone();
        without(&mut document, gone);
        document.to_string()
    };
    same_documents(&text(&before, &lost), &text(&after, &ids))
}

fn is_unique_id(principal: &str) -> bool {
    (principal.starts_with("AIDA") || principal.starts_with("AROA"))
        && principal.len() >= 16
        && principal.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Where the principals of AWS accounts stand in a document.
fn aws_principals(document: &mut Value) -> Vec<&mut Value> {
    let statements = match &mut document["Statement"] {
        Value::Array(all) => all.iter_mut().collect(),
        one => vec![one],
    };
    let principals = statements.into_iter().filter_map(|statement| statement.get_mut("Principal")?.get_mut("AWS"));
    principals.collect()
}

fn principals(document: &Value, all: &mut Vec<String>) {
    for principal in aws_principals(&mut document.clone()) {
        match principal {
            Value::String(one) => all.push(one.clone()),
            Value::Array(several) => all.extend(several.iter().filter_map(Value::as_str).map(str::to_owned)),
            _ => {}
        }
    }
}

/// Takes principals out of a document. A statement without principals keeps the mark that it had some.
fn without(document: &mut Value, gone: &[&String]) {
    for principal in aws_principals(document) {
        let all = match principal {
            Value::String(one) => vec![one.clone()],
            Value::Array(several) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => continue,
        };
        let left: Vec<_> =
            all.into_iter().map(|one| if gone.contains(&&one) { "000000000000".to_owned() } else { one }).collect();
        *principal = Value::from(left);
    }
}
