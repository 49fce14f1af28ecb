//! What the sections on caller and target have in common.

use super::facts::Fact;
use super::model::Section;
use super::time;
use crate::history::Line;
use crate::limits::VALUES_SHOWN;
use crate::lookup::{Gap, Lookup, Provenance, Role, Unavailable, User};
use crate::phrase;
use crate::policy::Access;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// So many are shown one by one; the rest is counted.
pub(super) fn first_of_many(all: &[Phrase]) -> Vec<Phrase> {
    let mut shown: Vec<_> = all.iter().take(VALUES_SHOWN).cloned().collect();
    if all.len() > VALUES_SHOWN {
        shown.push(Phrase::ours(format!("and {} more", all.len() - VALUES_SHOWN)));
    }
    shown
}

/// How a list ends of which more are known than are shown, and perhaps still more; `unread` says why they are not known.
pub(super) fn and_more(more: usize, unread: Option<&'static str>) -> Option<Phrase> {
    match (more, unread) {
        (0, None) => None,
        (more, None) => Some(phrase!("and ", more, " more")),
        (0, Some(why)) => Some(phrase!("and perhaps more: ", why)),
        (more, Some(why)) => Some(phrase!("and at least ", more, " more: ", why)),
    }
}

/// Adds one row with all that could not be looked up, grouped by why; nothing where nothing is missing.
pub(super) fn not_known(section: &mut Section, gaps: Vec<Gap>) {
    let mut denied: (Vec<Phrase>, Vec<Phrase>) = Default::default();
    let mut others: Vec<(Unavailable, Vec<Phrase>)> = Vec::new();
    for Gap { what, reason } in gaps {
        match reason {
            Unavailable::Denied(action) => {
                denied.0.push(what);
                if !denied.1.contains(&action.into()) {
                    denied.1.push(action.into());
                }
            }
            reason => match others.iter_mut().find(|(other, _)| *other == reason) {
                Some((_, whats)) => whats.push(what),
                None => others.push((reason, vec![what])),
            },
        }
    }
    let mut values: Vec<_> = others
        .into_iter()
        .map(|(reason, whats)| phrase!(Phrase::joined(first_of_many(&whats), ", "), ": ", reason.words()))
        .collect();
    if !denied.0.is_empty() {
        let (whats, actions) = (Phrase::joined(first_of_many(&denied.0), ", "), Phrase::joined(denied.1, ", "));
        values.push(phrase!(whats, ": access denied (the function lacks ", actions, ")"));
    }
    section.rows(Fact::NotKnown, values);
}

/// When and from where facts were read; `None` where nothing was.
pub(super) fn looked_up(provenance: &Provenance) -> Option<Phrase> {
    match provenance {
        Provenance::Live(time) => Some(time::at(*time)),
        Provenance::Saved => Some("in a saved account of unknown age".into()),
        Provenance::Nowhere => None,
    }
}

/// Tags as `key=value`.
pub(super) fn tags(section: &mut Section, tags: &[(Untrusted, Untrusted)]) {
    if !tags.is_empty() {
        let tags = tags.iter().map(|(key, value)| phrase!(Phrase::free(key), "=", Phrase::free(value)));
        section.row(Fact::Tags, Phrase::joined(tags, ", "));
    }
}

/// Notes a fact that could not be looked up among the gaps.
pub(super) fn note<T>(gaps: &mut Vec<Gap>, what: &'static str, lookup: &Lookup<T>) {
    if let Some(reason) = lookup.unavailable() {
        gaps.push(Gap { what: what.into(), reason: reason.clone() });
    }
}

/// What policies grant, which they are, and what was not evaluated.
pub(super) fn access(section: &mut Section, access: &Access) {
    section.row(Fact::Access, access.words());
    // What grants the access names a policy already: once is enough.
    if access.policies != access.granted_by {
        section.rows(Fact::Policies, first_of_many(&access.policies));
    }
    section.rows(Fact::NotEvaluated, first_of_many(&access.not_evaluated));
}

/// Says so where the entity of this name is no longer that of the event.
pub(super) fn replaced(section: &mut Section, of_event: Option<&Untrusted>, found: &Untrusted) {
    if let Some(of_event) = of_event.filter(|of_event| *of_event != found) {
        let text = phrase!("deleted and created again: the event has the ID ", of_event, ", IAM now has ", found);
        section.row(Fact::Replaced, text);
    }
}

pub(super) fn boundary(section: &mut Section, boundary: Option<&Untrusted>) {
    if let Some(arn) = boundary {
        section.row(Fact::Boundary, phrase!(Phrase::arn(arn), " (limits the access above; not evaluated)"));
    }
}

/// A list of names in one line.
pub(super) fn names(all: &[Untrusted], more: bool) -> Phrase {
    let phrases: Vec<_> = all.iter().map(Phrase::from).collect();
    let mut names = Phrase::joined(first_of_many(&phrases), ", ");
    if all.is_empty() {
        names = "none".into();
    } else if more {
        names.push(", and more");
    }
    names
}

pub(super) fn groups(section: &mut Section, user: &User) {
    if let Lookup::Found(groups) = &user.groups {
        section.row(Fact::Groups, names(&groups.items, groups.more));
    }
}

/// What IAM knows of a role; `id` is the one that the event gives it, `missing` what it means if there is none.
pub(super) fn known_role(
    section: &mut Section,
    role: &Role,
    id: Option<&Untrusted>,
    missing: &'static str,
    now: DateTime<Utc>,
) {
    let mut gaps: Vec<Gap> = Vec::new();
    match &role.profile {
        Lookup::Found(profile) => {
            replaced(section, id, &profile.id);
            boundary(section, profile.boundary.as_ref());
            if let Some(description) = &profile.description {
                section.row(Fact::Description, Phrase::free(description));
            }
            if let Some(age) = profile.created.and_then(|created| time::ago(created, now)) {
                section.labelled(Fact::Created, "Role created", age);
            }
            if let Some((at, region)) = &profile.last_used {
                let place = region.as_ref().map_or(Phrase::default(), |region| phrase!(" (", region, ")"));
                section.row(Fact::LastUsed, phrase!(time::day(*at), place));
            }
            tags(section, &profile.tags);
        }
        Lookup::Missing => section.row(Fact::Lookup, missing),
        Lookup::Unavailable(_) => note(&mut gaps, "the role's entry", &role.profile),
    }
    gaps.extend(role.attached.unread());
    not_known(section, gaps);
}

/// The name that the setting gives the account, or its alias.
#[must_use]
pub fn account_name(
    id: Option<&Untrusted>,
    account_names: &BTreeMap<String, String>,
    alias: &Lookup<Untrusted>,
) -> Option<Untrusted> {
    let set = id.and_then(|id| account_names.get(id.raw()));
    set.map(Untrusted::new).or_else(|| alias.found().cloned())
}

/// The account by name and id.
pub(super) fn account(id: Option<&Untrusted>, name: Option<&Untrusted>) -> Phrase {
    match (name, id) {
        (Some(name), Some(id)) => phrase!(name, " (", id, ")"),
        (None, Some(id)) => phrase!("account ", id),
        (Some(name), None) => phrase!(name),
        (None, None) => "an account that the event does not name".into(),
    }
}

/// A line of the history with its time.
pub(super) fn timed(line: &Line) -> Phrase {
    phrase!(Phrase::ours(line.time.format("%m-%d %H:%M:%S").to_string()), "  ", Phrase::from(line))
}
