//! What was changed, or was to be: the section on the target.

use super::compose::{looked_up, note, tags, unknown_row};
use super::who::{boundary, groups, power, replaced};
use super::{Section, when};
use crate::assessment::Case;
use crate::cloudtrail::Outcome;
use crate::directory::{Lookup, Subject, User};
use crate::phrase;
use crate::text::{Kind, Phrase};
use chrono::{DateTime, Utc};

pub(super) fn section(case: &Case<'_>, now: DateTime<Utc>) -> Section {
    let activity = case.activity;
    let target = &activity.target;
    let title = if activity.outcome.succeeded() {
        Phrase::ours(format!("WHAT WAS {}", activity.action.done.to_uppercase()))
    } else {
        "WHAT WAS ATTEMPTED".into()
    };
    let mut section = Section::new("what", title);
    section.row("name", "Name", target.name.as_ref().map_or("not in the event".into(), Phrase::from));
    section.row("kind", "Kind", activity.action.thing);
    if let Some(arn) = &target.arn {
        section.row("arn", "ARN", Phrase::arn(arn));
    }
    if let Some(id) = &target.id {
        section.row("id", "Id", phrase!(id));
    }
    if let Some(path) = target.path.as_ref().filter(|path| path.raw() != "/") {
        section.row("path", "Path", Phrase::arn(path));
    }
    if activity.omitted {
        section.row("omitted", "Parameters", "left out by CloudTrail as too large");
    }
    if let Outcome::Failed { code, message, .. } = &activity.outcome {
        section.row("error", "Error", code.as_ref().map_or("without a code".into(), Phrase::from));
        if let Some(message) = message {
            section.row("errorMessage", "Message", Phrase::theirs(message, Kind::Message));
        }
    }
    match &case.dossier.target {
        Subject::User(user) => known(&mut section, case, user, now),
        Subject::NotAsked(why) => {
            as_asked_for(&mut section, case);
            section.row("lookup", "In IAM", phrase!("not looked up: ", *why));
        }
    }
    section
}

/// The boundary and tags that the call itself carried: all there is where IAM does not tell.
fn as_asked_for(section: &mut Section, case: &Case<'_>) {
    let target = &case.activity.target;
    if let Some(arn) = &target.boundary {
        section.row("boundary", "Boundary", phrase!(Phrase::arn(arn), ", as the call asked for"));
    }
    if !target.tags.is_empty() {
        section.row("tags", "Tags", tags(&target.tags));
    }
}

fn known(section: &mut Section, case: &Case<'_>, user: &User, now: DateTime<Utc>) {
    let succeeded = case.activity.outcome.succeeded();
    let mut gaps = Vec::new();
    match &user.profile {
        Lookup::Missing => {
            as_asked_for(section, case);
            let words = if succeeded {
                "not visible yet. IAM can take some seconds to show a new user; or it was deleted since"
            } else {
                "no user of this name exists"
            };
            section.row("lookup", "In IAM", words);
            return looked_up(section, &user.provenance);
        }
        Lookup::Found(profile) => {
            if succeeded {
                replaced(section, case.activity.target.id.as_ref(), &profile.id);
            } else {
                let age = profile.created.and_then(|created| when::between(created, now));
                let age = age.map_or(Phrase::default(), |age| phrase!(", made ", age, " ago"));
                section.row(
                    "lookup",
                    "In IAM",
                    phrase!("a user of this name exists", age, ". The call did not change it"),
                );
            }
        }
        Lookup::Unavailable(_) => note(&mut gaps, "the user's entry", &user.profile),
    }
    match &case.target_power {
        Some(weighed) if succeeded && weighed.policies.is_empty() && weighed.unread.is_empty() => {
            section.row("power", "Power", "none yet: no policies. They are often attached by a later call");
        }
        Some(weighed) => power(section, weighed),
        None => {}
    }
    match user.profile.found() {
        Some(profile) => {
            boundary(section, profile.boundary.as_ref());
            if !profile.tags.is_empty() {
                section.row("tags", "Tags", tags(&profile.tags));
            }
        }
        None => as_asked_for(section, case),
    }
    groups(section, user);
    let since = |made: Option<DateTime<Utc>>| {
        let born = case.activity.time.filter(|_| succeeded)?;
        when::between(born, made?).map(|age| phrase!(", made ", age, " after the user"))
    };
    match &user.password {
        Lookup::Found(made) => {
            section.row("console", "Console", phrase!("has a password", since(Some(*made)).unwrap_or_default()));
        }
        Lookup::Missing => section.row("console", "Console", "no password"),
        Lookup::Unavailable(_) => note(&mut gaps, "console password", &user.password),
    }
    match &user.access_keys {
        Lookup::Found(keys) if keys.items.is_empty() => section.row("accessKeys", "Access keys", "none"),
        Lookup::Found(keys) => {
            let keys = keys.items.iter().map(|key| {
                let state = if key.active { "active" } else { "inactive" };
                phrase!(&key.id, ", ", state, since(key.created).unwrap_or_default())
            });
            section.rows("accessKeys", "Access keys", keys.collect());
        }
        Lookup::Missing | Lookup::Unavailable(_) => note(&mut gaps, "access keys", &user.access_keys),
    }
    match &user.mfa_devices {
        Lookup::Found(devices) if devices.items.is_empty() => section.row("mfa", "MFA", "none"),
        Lookup::Found(devices) => {
            section.rows("mfa", "MFA", devices.items.iter().map(Phrase::arn).collect());
        }
        Lookup::Missing | Lookup::Unavailable(_) => note(&mut gaps, "MFA devices", &user.mfa_devices),
    }
    gaps.extend(user.holdings.unread());
    unknown_row(section, gaps);
    looked_up(section, &user.provenance);
}
