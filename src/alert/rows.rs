//! Code that the sections about caller and target share.

use super::facts::Fact;
use super::model::Section;
use super::time;
use crate::catalog::AccessEffect;
use crate::detection::Case;
use crate::history::Line;
use crate::limits::VALUES_SHOWN;
use crate::lookup::{Gap, Lookup, Provenance, Role, Unavailable, User};
use crate::phrase;
use crate::policy::{Access, AccessLevel, BoundaryReading};
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// This many entries are shown one by one; the rest is counted.
pub(super) fn first_of_many(all: &[Phrase]) -> Vec<Phrase> {
    let mut shown: Vec<_> = all.iter().take(VALUES_SHOWN).cloned().collect();
    if all.len() > VALUES_SHOWN {
        shown.push(Phrase::ours(format!("and {} more", all.len() - VALUES_SHOWN)));
    }
    shown
}

/// Which version wrote this: whoever asks about a mail must say so, and a hole is in some versions only.
pub(super) fn version(section: &mut Section) {
    section.row(Fact::Version, phrase!("iam-security-alert ", crate::VERSION));
}

/// The end of a list that is not shown completely. `unread` says why there may be more entries that were not read.
pub(super) fn and_more(more: usize, unread: Option<&'static str>) -> Option<Phrase> {
    match (more, unread) {
        (0, None) => None,
        (more, None) => Some(phrase!("and ", more, " more")),
        (0, Some(why)) => Some(phrase!("and perhaps more: ", why)),
        (more, Some(why)) => Some(phrase!("and at least ", more, " more: ", why)),
    }
}

/// Adds all failed lookups to one row, grouped by reason; adds nothing if there were none.
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
        values.push(phrase!(whats, ": access denied (no permission for ", actions, ")"));
    }
    match section.rows.iter_mut().find(|row| row.fact == Fact::NotKnown) {
        Some(row) => row.values.extend(values),
        None => section.rows(Fact::NotKnown, values),
    }
}

/// When and from where facts were read; `None` if nothing was read.
pub(super) fn looked_up(provenance: &Provenance) -> Option<Phrase> {
    match provenance {
        Provenance::Live(time) => Some(time::at(*time)),
        Provenance::Saved => Some("in a saved account of unknown age".into()),
        Provenance::Baseline(read) => {
            Some(phrase!("in the baseline, last read ", time::at(*read), ": IAM did not answer everything"))
        }
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

/// The access, the policies that grant it, and what was not evaluated.
pub(super) fn access(section: &mut Section, access: &Access) {
    section.row(Fact::Access, access.words());
    // If the policies are the same as those that grant the access, they are shown once.
    if access.policies != access.granted_by {
        section.rows(Fact::Policies, first_of_many(&access.policies));
    }
    escalation(section, access);
    section.rows(Fact::NotEvaluated, first_of_many(&access.not_evaluated));
}

/// The paths to more access. An administrator needs none.
pub(super) fn escalation(section: &mut Section, access: &Access) {
    if access.level < AccessLevel::Administrator {
        section.rows(Fact::Escalation, access.path_words());
    }
}

/// Notes that the entity with this name is no longer the one of the event.
pub(super) fn replaced(section: &mut Section, of_event: Option<&Untrusted>, found: &Untrusted) {
    if let Some(of_event) = of_event.filter(|of_event| *of_event != found) {
        let text = phrase!("deleted and created again: the event has the ID ", of_event, ", IAM now has ", found);
        section.row(Fact::Replaced, text);
    }
}

/// The permissions boundary, and whether it limits the access that is shown.
pub(super) fn boundary(section: &mut Section, boundary: Option<&Untrusted>, access: Option<&Access>) {
    let Some(arn) = boundary else { return };
    let effect = match access.and_then(|access| access.boundary.as_ref()).map(|boundary| boundary.effect) {
        Some(BoundaryReading::Limits) => " (the access above is within this boundary)",
        Some(BoundaryReading::Removable(_)) => " (no limit: the identity can get around it)",
        Some(BoundaryReading::Unread) | None => " (limits the access above; not evaluated)",
    };
    section.row(Fact::Boundary, phrase!(Phrase::arn(arn), effect));
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

/// What IAM knows about a role. `id` is the role's id in the event; `missing` is shown if IAM has no such role;
/// `gaps` are what else is not known.
pub(super) fn known_role(
    section: &mut Section,
    role: &Role,
    id: Option<&Untrusted>,
    missing: &'static str,
    access: Option<&Access>,
    mut gaps: Vec<Gap>,
    now: DateTime<Utc>,
) {
    match &role.profile {
        Lookup::Found(profile) => {
            replaced(section, id, &profile.id);
            boundary(section, profile.boundary.as_ref(), access);
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
        Lookup::Unavailable(_) => gaps.extend(role.profile.gap("the role's entry")),
    }
    gaps.extend(role.attached.unread());
    not_known(section, gaps);
}

/// The account's name from the settings, otherwise its alias.
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

/// Whether the call created the target: then the target is as old as the event.
pub(super) fn is_new(case: &Case<'_>) -> bool {
    case.activity.outcome.succeeded() && case.activity.action.effect == AccessEffect::Creates
}

pub(super) const NO_POLICIES_YET: &str = "none yet: no policies. Policies are often attached by a later call";

/// The target's access now, and before the call if the call changed it.
pub(super) fn target_access(section: &mut Section, case: &Case<'_>, none_yet: &'static str) {
    let Some(evaluated) = &case.target_access else { return };
    if is_new(case) && evaluated.policies.is_empty() && !evaluated.unread {
        return section.row(Fact::Access, none_yet);
    }
    access(section, evaluated);
    let granted = case.granted.as_ref().filter(|_| case.activity.outcome.succeeded());
    let closed = case.dossier.account.closed.is_some();
    if !closed && granted.is_some_and(|granted| !granted.shown) && case.activity.action.effect.grants_policy() {
        let words = if case.activity.action.service == "iam" {
            "IAM does not show the policy here yet: the access above is without the policy"
        } else {
            "IAM Identity Center does not show the policy here yet: the access above is without the policy"
        };
        section.row(Fact::NotShown, words);
    }
    if let Some(before) = case.granted.as_ref().and_then(|granted| granted.before.as_ref())
        && case.access_before.is_none()
        && before.level != evaluated.level
    {
        section.row(Fact::AccessBefore, before.words());
    }
}
