//! What was before the call, and what is different now.

use super::facts::Fact;
use super::model::Section;
use super::rows::first_of_many;
use super::time;
use crate::baseline::{Source, Was};
use crate::catalog::ObjectKind;
use crate::detection::{Before, Case};
use crate::phrase;
use crate::text::Phrase;
use chrono::{DateTime, Utc};

/// Adds what was before, and the difference.
pub(super) fn rows(section: &mut Section, case: &Case<'_>, now: DateTime<Utc>) {
    let Some(before) = case.before.as_ref().filter(|_| case.activity.outcome.succeeded()) else { return };
    if !before.last_known.is_empty() {
        section.rows(Fact::LastKnown, first_of_many(&before.last_known));
        section.row(Fact::Before, phrase!("as it was ", since(before, now)));
        return;
    }
    if let Some(why) = &before.unknown {
        return section.row(Fact::Before, phrase!("not known: ", why));
    }
    let since = since(before, now);
    match &before.was {
        Was::Absent => return section.row(Fact::Before, phrase!("none ", since)),
        Was::Is(_) | Was::NotKnown => section.row(Fact::Before, phrase!("as it was ", since)),
    }
    if before.lines.is_empty() {
        section.row(Fact::Difference, no_difference(case));
    } else {
        section.rows(Fact::Difference, first_of_many(&before.lines));
    }
    if let Some(access) = &case.access_before {
        let label = if case.dossier.target.attached().is_some() { "Access before" } else { "Granted before" };
        section.labelled(Fact::AccessBefore, label, access.words());
    }
}

fn no_difference(case: &Case<'_>) -> &'static str {
    match case.activity.action.object {
        ObjectKind::TrustPolicy
        | ObjectKind::InlinePolicy
        | ObjectKind::NewDefaultVersion
        | ObjectKind::DefaultVersion => "none: the policy says the same as before",
        _ => "none: the value is the same as before",
    }
}

/// "since at least 2026-11-21 04:10:11 UTC, 2 days ago (baseline)", and what that means.
fn since(before: &Before, now: DateTime<Utc>) -> Phrase {
    let words = match &before.since {
        None => "before the call".into(),
        Some((time, Source::Baseline)) => {
            phrase!("since at least ", time::at(*time), age(*time, now), " (baseline)")
        }
        Some((time, Source::Event(id))) => {
            phrase!("since ", time::at(*time), age(*time, now), " (event ", id, ")")
        }
    };
    if before.same_second {
        return phrase!(words, "; another call of the same second changed it, too: this was before both");
    }
    words
}

fn age(time: DateTime<Utc>, now: DateTime<Utc>) -> Phrase {
    time::between(time, now).map_or_else(Phrase::default, |age| phrase!(", ", age, " ago"))
}
