//! Whether what IAM has now is what the baseline and the events lead to.

use super::aspect::Aspect;
use super::change::{Part, Sets};
use super::state::{State, state_of};
use super::trace::{Recorded, Replayed, Trace, When, distance, in_order, late};
use crate::catalog::managed_by_aws::is_service_linked;
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
    // IAM deletes a service-linked role long after the call, and nobody else can.
    let arn = former.and_then(|read| read.content.as_ref()?.get("Arn")?.as_str());
    if actual.content.is_none() && !actual.too_large && arn.is_some_and(is_service_linked) {
        return Vec::new();
    }
    let former = former.map(|read| Replayed::of(&trace.resource, read));
    let expected = expected(trace, window, former, late);
    if actual.too_large {
        // Its parts are not known.
        return if expected.may_exist(true) { Vec::new() } else { vec![Unexplained::Exists] };
    }
    expected.against(actual.content.as_ref().map(|content| state_of(&trace.resource, content)).as_ref())
}

/// The former key of an entity that got another name within the window, as its trace says.
#[must_use]
pub fn renamed_from(trace: &Trace, window: &Window) -> Option<String> {
    let within = |change: &&Recorded| window.former.0 <= change.time && change.time <= window.run.1;
    trace.changes.iter().filter(within).find_map(|change| match &change.sets {
        Sets::Renamed(from) => Some(from.clone()),
        _ => None,
    })
}

impl Trace {
    /// The trace of an entity that got another name, with what was recorded under the former one.
    #[must_use]
    pub fn continuing(mut self, former: &Self, window: &Window) -> Self {
        let renamed = self.changes.iter().rev().find(|change| matches!(change.sets, Sets::Renamed(_))).cloned();
        let Some(renamed) = renamed else { return self };
        // That the former name is gone says nothing of the entity.
        let reads = former.reads.iter().filter(|read| read.since <= window.former.1).cloned();
        self.reads.retain(|read| read.since > window.former.1);
        self.reads.extend(reads);
        self.reads.sort_by_key(|read| read.since);
        self.changes.retain(|change| change.time >= renamed.time && change.event_id != renamed.event_id);
        let earlier = former.changes.iter().filter(|change| change.event_id != renamed.event_id);
        self.changes.extend(earlier.filter(|change| change.time <= renamed.time).cloned());
        self.known_since = self.known_since.or(former.known_since);
        self
    }
}

/// What the former reading and the events lead to.
fn expected(trace: &Trace, window: &Window, former: Option<Replayed>, late: TimeDelta) -> Replayed {
    let mut replayed = former.unwrap_or_else(|| Replayed::absent(window.former.0));
    let span = window.former.0 - late..=window.run.1 + TimeDelta::minutes(5);
    // What a comparison found is no event: it would explain itself where the alert on it has to be tried again.
    let events = trace.changes.iter().filter(|change| change.is_event());
    for change in in_order(events.filter(|change| span.contains(&change.time))) {
        let when = match change.time {
            time if time >= window.run.0 - late => When::PerhapsLater,
            time if time <= window.former.1 => When::Shortly,
            _ => When::After,
        };
        replayed.apply(change, when);
    }
    replayed
}

impl Replayed {
    fn may_exist(&self, exists: bool) -> bool {
        self.exists.values.iter().any(|value| value.is_none_or(|value| value == exists))
    }

    fn against(&self, actual: Option<&State>) -> Vec<Unexplained> {
        let Some(actual) = actual else {
            return if self.may_exist(false) { Vec::new() } else { vec![Unexplained::Gone] };
        };
        if !self.may_exist(true) {
            return vec![Unexplained::Exists];
        }
        let mut all = Vec::new();
        let aspects: BTreeSet<_> = self.parts.keys().chain(actual.keys()).collect();
        for aspect in aspects.into_iter().filter(|aspect| !matches!(aspect, Aspect::Key(_))) {
            let is = actual.get(aspect);
            let Some(options) = self.parts.get(aspect) else {
                if self.others_absent && !is.is_some_and(|is| says_nothing(aspect, is)) {
                    all.push(Unexplained::Part { aspect: aspect.clone(), was: None, is: is.cloned() });
                }
                continue;
            };
            let fits = options.values.iter().any(|part| match (part, is) {
                (Part::NotKnown, _) | (Part::Absent, None) => true,
                (Part::Is(value), Some(is)) => same(aspect, value, is),
                (Part::Is(value), None) => says_nothing(aspect, value),
                (Part::Absent, Some(is)) => says_nothing(aspect, is),
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
            let near = expected.iter().enumerate().filter_map(|(index, (expected, values))| {
                let may_be = values.iter().any(|part| !matches!(part, Part::Absent));
                Some((distance(expected, created).filter(|_| may_be)?, index))
            });
            match near.min().map(|(_, index)| expected.remove(index).1) {
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

/// Whether a setting of the password policy is the same as none.
fn says_nothing(aspect: &Aspect, value: &str) -> bool {
    matches!(aspect, Aspect::Setting(_)) && matches!(value, "0" | "false")
}

/// Whether two values of a part say the same.
#[must_use]
pub fn same(aspect: &Aspect, before: &str, after: &str) -> bool {
    match aspect {
        Aspect::Trust => same_documents(before, after) || only_principals_were_deleted(before, after),
        Aspect::Inline(_) | Aspect::Version(_) => same_documents(before, after),
        Aspect::Boundary => before.eq_ignore_ascii_case(after),
        // They are hexadecimal.
        Aspect::Thumbprints => {
            let all = |text: &str| text.to_lowercase().split(',').map(str::to_owned).collect::<BTreeSet<_>>();
            all(before) == all(after)
        }
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
    // Only users and roles have such ids.
    let of_ids = |prefix: &str| ids.iter().filter(|id| id.starts_with(prefix)).count();
    let of_lost = |kind: &str| lost.iter().filter(|arn| arn.contains(":iam::") && arn.contains(kind)).count();
    let (users, roles) = (of_lost(":user/"), of_lost(":role/"));
    if lost.is_empty() || users + roles != lost.len() || (users, roles) != (of_ids("AIDA"), of_ids("AROA")) {
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
    let statements: Vec<_> = match document.get_mut("Statement") {
        Some(Value::Array(all)) => all.iter_mut().collect(),
        one => one.into_iter().collect(),
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

/// Replaces principals in a document by a mark.
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
