//! Puts an [`Alert`] together from facts and assessment.

use super::burst::BurstNote;
use super::facts::{Fact, SectionKind};
use super::model::{Alert, Section};
use super::rows::{account, account_name, and_more, looked_up, not_known, timed, version};
use super::{caller, containment, found, links, resource, review, target, time, user_agent, wording};
use crate::arn::Partition;
use crate::config::Mode;
use crate::detection::{Assessment, Case};
use crate::history::{Line, RelatedActivity, actor_key};
use crate::limits::RELATED_SHOWN;
use crate::lookup::{Gap, KnownCaller, KnownTarget, Provenance};
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Puts the alert together. `now` is used for ages.
#[must_use]
pub fn compose(
    case: &Case<'_>,
    assessment: Assessment,
    burst: Option<&BurstNote<'_>>,
    account_names: &BTreeMap<String, String>,
    now: DateTime<Utc>,
) -> Alert {
    let activity = case.activity;
    let name = account_name(activity.account.as_ref(), account_names, &case.dossier.account.name);
    let account = account(activity.account.as_ref(), name.as_ref());
    let related = case.prior.map(|prior| related_section(&prior.related, case));
    let expectation = review::expectation(case, &assessment);
    Alert {
        severity: assessment.severity,
        unless_expected: assessment.unless_expected,
        incomplete: assessment.incomplete,
        subjects: subjects(case, name.as_ref()),
        headline: match activity.found {
            Some(_) => found::headline(activity),
            None if case.attaches_quarantine() => wording::quarantine_headline(activity),
            None => wording::headline(activity),
        },
        summary: summary(case, &account, burst, now),
        reasons: assessment.reasons,
        steps: containment::steps(case, now)
            .into_iter()
            .chain(burst.map(BurstNote::step))
            .chain(containment::open_accounts(case, &account))
            .collect(),
        account: commands_in(case, account),
        accounts: activity.account.iter().cloned().collect(),
        account_name: name,
        sections: [caller::section(case, now), target::section(case, now)]
            .into_iter()
            .chain(related)
            .chain(burst.map(BurstNote::section))
            .collect(),
        caller_access: Some(caller::access_level(case)),
        target_access: target::access_level(case),
        actor: actor_key(&activity.principal),
        resources: resource::resources(case),
        if_expected: expectation.into_iter().collect(),
        links: links::links(activity),
        reference: reference(case),
    }
}

/// The account that the commands are for. People have credentials of several accounts where the function has events of
/// several.
fn commands_in(case: &Case<'_>, account: Phrase) -> Phrase {
    if case.is_of_member() {
        return phrase!(account, ", with credentials of that account (add --profile and the name of your profile)");
    }
    account
}

fn subjects(case: &Case<'_>, account: Option<&Untrusted>) -> Vec<Phrase> {
    let activity = case.activity;
    let place = match (account, &activity.account) {
        // An account of an organization can choose its own name; what AccountNames says, it cannot.
        (Some(name), Some(id)) if case.is_of_member() && !case.settings.account_names.contains_key(id.raw()) => {
            phrase!(" in ", name, " (", id, ")")
        }
        (Some(name), _) => phrase!(" in ", name),
        (None, Some(id)) => phrase!(" in ", id),
        (None, None) => Phrase::default(),
    };
    if activity.found.is_some() {
        return found::subjects(activity, &place);
    }
    if case.attaches_quarantine() {
        return wording::quarantine_subjects(activity, &place);
    }
    // What happens to another account is more than where the call was made.
    let place = match case.about_account() {
        Some(account) => phrase!(" in ", account),
        None => place,
    };
    wording::subjects(activity, &place)
}

fn summary(case: &Case<'_>, account: &Phrase, burst: Option<&BurstNote<'_>>, now: DateTime<Utc>) -> Phrase {
    let activity = case.activity;
    let mut summary = wording::sentence(activity, account, case.about_account().as_ref());
    if let Some(found) = activity.found {
        summary = found::summary(activity, found, account, now);
    }
    match activity.time.filter(|_| activity.found.is_none()) {
        Some(time) => {
            let at = Phrase::ours(time.format("%H:%M:%S UTC").to_string());
            summary.push(phrase!("\non ", time::day(time), " at ", at));
            match time::between(time, now) {
                Some(age) => summary.push(phrase!(", ", age, " before this alert.")),
                None => summary.push(". (The time of the event is ahead of this function's clock.)"),
            }
        }
        None if activity.found.is_some() => {}
        None => match activity.unread_time.as_ref() {
            Some(text) => summary.push(phrase!("\nat a time that could not be read (", Phrase::free(text), ").")),
            None => summary.push("\nat a time that the event does not contain."),
        },
    }
    if let Some(result) = wording::result(activity) {
        summary.push(phrase!(" ", result));
    }
    if let Some(burst) = burst {
        summary.push(phrase!("\n", burst.sentence()));
    }
    if case.settings.mode == Mode::Observe {
        summary.push("\nThe stack only observes (parameter Mode): of its alerts, only CRITICAL ones are mailed.");
    }
    if let Some(replay) = &activity.replay {
        summary.push(phrase!("\nThe event was replayed from an archive (", replay, ")."));
    }
    if case.prior.is_some_and(|prior| prior.recorded_as_alerted) {
        summary.push(
            "\nThe history says that this event was alerted on before: this alert may have come before. If it did not, somebody \
             has written to the history.",
        );
    } else if case.prior.is_some_and(|prior| prior.related.may_repeat) {
        summary.push("\nThe history could not be asked: this alert may come twice.");
    } else if case.prior.is_some_and(|prior| prior.retried) {
        summary.push("\nAn earlier attempt to send this alert did not finish: this alert may have come before.");
    }
    if !activity.lacking.is_empty() && activity.found.is_none() {
        let lacking = activity.lacking.iter().map(|field| (*field).into());
        summary.push(phrase!("\nThe event lacks: ", Phrase::joined(lacking, ", "), "."));
    }
    summary
}

/// The related activity. The section says so if there is none, and if the history did not answer.
fn related_section(related: &RelatedActivity, case: &Case<'_>) -> Section {
    let mut section = Section::new(SectionKind::RelatedActivity, "RELATED ACTIVITY (24 h)");
    let names = &case.settings.account_names;
    let timed =
        |line: &Line| match line.account.as_ref().filter(|account| Some(*account) != case.activity.account.as_ref()) {
            Some(account) => {
                phrase!(timed(line), "  in ", &names.get(account.raw()).map_or(account.clone(), Untrusted::new))
            }
            None => timed(line),
        };
    let shown = |lines: &[&Line], unread: bool| {
        let mut all: Vec<_> = lines.iter().take(RELATED_SHOWN).map(|line| timed(line)).collect();
        let unread = unread.then_some("the list is long and was not read to its end");
        all.extend(and_more(lines.len().saturating_sub(RELATED_SHOWN), unread));
        if all.is_empty() {
            all.push("none recorded".into());
        }
        all
    };
    if let Some(why) = &related.unknown {
        section.row(Fact::NotKnown, Phrase::from(why));
        return section;
    }
    let by_actor: Vec<_> = related.by_actor.lines.iter().collect();
    // Lines that are shown for the actor are not repeated for the target.
    let already: Vec<_> = by_actor.iter().take(RELATED_SHOWN).map(|line| &line.event_id).collect();
    let to_target: Vec<_> = related.to_target.lines.iter().filter(|line| !already.contains(&&line.event_id)).collect();
    let label = if case.activity.found.is_some() { "By unknown callers" } else { Fact::ByCaller.label() };
    section.rows_labelled(Fact::ByCaller, label, shown(&by_actor, related.by_actor.unread));
    let elsewhere: Vec<_> = related.elsewhere.lines.iter().collect();
    if !elsewhere.is_empty() {
        section.rows(Fact::ByCallerElsewhere, shown(&elsewhere, related.elsewhere.unread));
    }
    section.rows(Fact::ToTarget, shown(&to_target, related.to_target.unread));
    section
}

fn reference(case: &Case<'_>) -> Section {
    let activity = case.activity;
    let mut section = Section::new(SectionKind::Reference, "REFERENCE");
    let stated = |id: Option<&Untrusted>| id.map_or("not in the event".into(), Phrase::from);
    section.row(Fact::EventId, stated(activity.event_id.as_ref()));
    if activity.found.is_none() {
        section.row(Fact::RequestId, stated(activity.request_id.as_ref()));
    }
    section.row(Fact::EventName, phrase!(&activity.service, ":", &activity.event_name));
    if let Some(technique) = &activity.action.technique {
        section.row(Fact::Technique, phrase!(technique.id, " ", technique.name));
    }
    // The readable form of the user agent stands in another section.
    if let Some(agent) = activity.origin.user_agent.as_ref().filter(|agent| user_agent::readable(agent).is_some()) {
        section.row(Fact::RawUserAgent, Phrase::free(agent));
    }
    section.rows(Fact::LookedUp, lookups(case));
    let name = case.dossier.account.name.gap("the name of the account").filter(Gap::is_failure);
    not_known(&mut section, name.into_iter().collect());
    if let Partition::Other(name) = &activity.partition {
        let name = Untrusted::new(name);
        section.row(Fact::Partition, phrase!(&name, " (its console is not known: no links)"));
    }
    version(&mut section);
    section
}

/// When and from where caller and target were read.
fn lookups(case: &Case<'_>) -> Vec<Phrase> {
    let nowhere = Provenance::Nowhere;
    let caller = match &case.dossier.caller {
        KnownCaller::User(user) => &user.provenance,
        KnownCaller::Role(role) => &role.provenance,
        KnownCaller::NotAsked(_) => &nowhere,
    };
    let target = match &case.dossier.target {
        KnownTarget::User(user) => &user.provenance,
        KnownTarget::Role(role) => &role.provenance,
        KnownTarget::Group(group) => &group.provenance,
        KnownTarget::Policy(policy) => &policy.provenance,
        KnownTarget::PermissionSet(set) => &set.provenance,
        KnownTarget::Identity(identity, _) => &identity.provenance,
        KnownTarget::NotAsked(_) => &nowhere,
    };
    match (looked_up(caller), looked_up(target)) {
        (Some(caller), Some(target)) if caller == target => vec![caller],
        (caller, target) => {
            let caller = caller.map(|when| phrase!("the caller: ", when));
            let target = target.map(|when| phrase!("the target: ", when));
            caller.into_iter().chain(target).collect()
        }
    }
}
