//! From what is known and judged to a [`Report`].

use super::closing::Flood;
use super::who::first_of_many;
use super::{Report, Section, links, resource, runbook, what, when, who, wording};
use crate::arn::Partition;
use crate::assessment::{Assessment, Case};
use crate::cloudtrail::Activity;
use crate::directory::{Gap, Lookup, Provenance, Unavailable};
use crate::history::{Lately, Line, actor_key};
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Puts the report together, as of now.
#[must_use]
pub fn compose(
    case: &Case<'_>,
    assessment: Assessment,
    flood: Option<&Flood<'_>>,
    account_names: &BTreeMap<String, String>,
    now: DateTime<Utc>,
) -> Report {
    let activity = case.activity;
    let name = account_name(activity.account.as_ref(), account_names, &case.dossier.account_alias);
    let account = account(activity.account.as_ref(), name.as_ref());
    let lately = case.story.map(|story| lately_section(&story.lately));
    Report {
        severity: assessment.severity,
        unless_expected: assessment.unless_expected,
        subject: subject(activity, &activity.principal.brief_name(), name.as_ref()),
        short_subject: subject(activity, &activity.principal.briefest_name(), name.as_ref()),
        headline: wording::headline(activity),
        summary: summary(activity, &account, flood, now),
        reasons: assessment.reasons,
        sections: [who::section(case, now), what::section(case, now)]
            .into_iter()
            .chain(lately)
            .chain(flood.map(Flood::section))
            .collect(),
        steps: runbook::steps(case, now).into_iter().chain(flood.map(Flood::step)).collect(),
        links: links::links(activity),
        reference: reference(activity),
        actor: actor_key(&activity.principal),
        resources: resource::resources(case),
        account,
    }
}

/// The name that the setting gives the account, or its alias.
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

fn subject(activity: &Activity, who: &Phrase, account: Option<&Untrusted>) -> Phrase {
    let place = match (account, &activity.account) {
        (Some(name), _) => phrase!(" in ", name),
        (None, Some(id)) => phrase!(" in ", id),
        (None, None) => Phrase::default(),
    };
    wording::subject(activity, who, &place)
}

fn summary(activity: &Activity, account: &Phrase, flood: Option<&Flood<'_>>, now: DateTime<Utc>) -> Phrase {
    let mut summary = wording::sentence(activity, account);
    match activity.time {
        Some(time) => {
            summary.push(phrase!(
                "\non ",
                when::day(time),
                " at ",
                Phrase::ours(time.format("%H:%M:%S UTC").to_string())
            ));
            if let Some(age) = when::between(time, now) {
                summary.push(phrase!(", ", age, " before this alert was made."));
            } else {
                summary.push(". (The event's time is ahead of our clock.)");
            }
        }
        None => summary.push(". The event does not say when."),
    }
    if let Some(flood) = flood {
        summary.push(phrase!("\n", flood.sentence()));
    }
    if let Some(replay) = &activity.replay {
        summary.push(phrase!("\nThe event was replayed from an archive (", replay, ")."));
    }
    if !activity.lacking.is_empty() {
        let lacking = activity.lacking.iter().map(|field| (*field).into());
        summary.push(phrase!("\nThe event lacks: ", Phrase::joined(lacking, ", "), "."));
    }
    summary
}

/// How many lines of a list are shown.
const SHOWN: usize = 10;

/// What the history tells: nothing is told as nothing, and what is not known as that.
fn lately_section(lately: &Lately) -> Section {
    let mut section = Section::new("lately", "LATELY, WITHIN A DAY");
    let told = |lines: &[&Line], unread: bool, none: &'static str| {
        let mut all: Vec<_> = lines.iter().take(SHOWN).map(|line| timed(line)).collect();
        let unread = unread.then_some("the list is long, and was not read to its end");
        all.extend(and_more(lines.len().saturating_sub(SHOWN), unread));
        if all.is_empty() {
            all.push(none.into());
        }
        all
    };
    if let Some(why) = &lately.unknown {
        section.row("unknown", "Not known", why);
        return section;
    }
    let by_actor: Vec<_> = lately.by_actor.lines.iter().collect();
    // What is shown of the actor is not shown again.
    let shown: Vec<_> = by_actor.iter().take(SHOWN).map(|line| &line.event_id).collect();
    let to_target: Vec<_> = lately.to_target.lines.iter().filter(|line| !shown.contains(&&line.event_id)).collect();
    let nothing = "nothing else that is remembered";
    section.rows("byActor", "By the caller", told(&by_actor, lately.by_actor.unread, nothing));
    section.rows("toTarget", "To the target", told(&to_target, lately.to_target.unread, nothing));
    section
}

/// How a list ends of which more are known than are shown, and perhaps still more; `unread` says why they are not known.
pub(super) fn and_more(more: usize, unread: Option<&'static str>) -> Option<Phrase> {
    match (more, unread) {
        (0, None) => None,
        (more, None) => Some(phrase!("and ", more, " more")),
        (0, Some(why)) => Some(phrase!("and perhaps more: ", why)),
        (more, Some(why)) => Some(phrase!("and ", more, " more at least: ", why)),
    }
}

/// A line of the history with its time.
pub(super) fn timed(line: &Line) -> Phrase {
    phrase!(Phrase::ours(line.time.format("%m-%d %H:%M:%S").to_string()), "  ", Phrase::from(line))
}

fn reference(activity: &Activity) -> Section {
    let mut section = Section::new("reference", "REFERENCE");
    let stated = |id: Option<&Untrusted>| id.map_or("not in the event".into(), Phrase::from);
    section.row("eventId", "Event", stated(activity.event_id.as_ref()));
    section.row("requestId", "Request", stated(activity.request_id.as_ref()));
    section.row("eventName", "Action", phrase!(activity.action.service, ":", &activity.event_name));
    if let Some(technique) = &activity.action.technique {
        section.row("technique", "MITRE ATT&CK", phrase!(technique.id, " ", technique.name));
    }
    if let Partition::Other(name) = &activity.partition {
        let name = Untrusted::new(name);
        section.row("partition", "Partition", phrase!(&name, ", whose console we do not know: no links"));
    }
    section
}

/// Adds one row with all that could not be had, grouped by why; nothing where nothing is lacking.
pub(super) fn unknown_row(section: &mut Section, gaps: Vec<Gap>) {
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
    section.rows("unknown", "Not known", values);
}

/// Says when and from where facts were read.
pub(super) fn looked_up(section: &mut Section, provenance: &Provenance) {
    match provenance {
        Provenance::Live(time) => section.row("lookedUp", "Looked up", when::at(*time)),
        Provenance::Saved => section.row("lookedUp", "Looked up", "in a saved account, whose age is not known"),
        Provenance::Nowhere => {}
    }
}

/// Tags as `key=value`.
pub(super) fn tags(tags: &[(Untrusted, Untrusted)]) -> Phrase {
    let tags = tags.iter().map(|(key, value)| phrase!(Phrase::free(key), "=", Phrase::free(value)));
    Phrase::joined(tags, ", ")
}

/// Notes a fact that could not be had among the gaps.
pub(super) fn note<T>(gaps: &mut Vec<Gap>, what: &'static str, lookup: &Lookup<T>) {
    if let Some(reason) = lookup.unavailable() {
        gaps.push(Gap { what: what.into(), reason: reason.clone() });
    }
}
