//! The words for a change of which no event arrived.

use super::facts::{Fact, SectionKind};
use super::model::Section;
use super::{time, wording};
use crate::event::{Activity, Found};
use crate::phrase;
use crate::text::Phrase;
use chrono::{DateTime, Utc};

/// The lines for a list of mails, the best first.
pub(super) fn subjects(activity: &Activity, place: &Phrase) -> Vec<Phrase> {
    let what = wording::passive_named(activity).capitalized();
    let bare = wording::headline(activity);
    vec![
        phrase!(&what, place, ", and no event arrived"),
        phrase!(&what, ", and no event arrived"),
        phrase!(&bare, place, ", and no event arrived"),
        phrase!(bare, ", and no event arrived"),
    ]
}

pub(super) fn headline(activity: &Activity) -> Phrase {
    phrase!(wording::headline(activity), ", and no event arrived")
}

/// What was found, and between which readings it was done.
pub(super) fn summary(activity: &Activity, found: Found, account: &Phrase, now: DateTime<Utc>) -> Phrase {
    let read = time::ago(found.read, now).map_or_else(Phrase::default, |age| phrase!(", ", age));
    phrase!(
        "The daily reading of IAM found a change: ",
        wording::passive_named(activity),
        " in ",
        account,
        ".\nNo ",
        &activity.event_name,
        " of it arrived here.\nIAM was last read without the change on ",
        time::at(found.not_since),
        ", and with it on ",
        time::at(found.read),
        read,
        "."
    )
}

/// Nobody knows who it was; and why there may be no event.
pub(super) fn who(found: Found) -> Section {
    let mut section = Section::new(SectionKind::Who, "WHO DID IT");
    section.row(Fact::Name, "not known: there is no event");
    let between = phrase!(time::at(found.possible_since), " to ", time::at(found.read));
    section.row(Fact::Between, between);
    let causes: [&'static str; 5] = [
        "CloudTrail or its events were off for a while: look for StopLogging, PutEventSelectors, DisableRule, DeleteRule",
        "the event is late: it will have an alert of its own",
        "the event was lost: CloudTrail sends events to EventBridge on a best-effort basis",
        "the event arrived and could not be handled: look at the failure queues",
        "AWS made the change itself, without a call",
    ];
    section.rows(Fact::WhyNoEvent, causes.map(Phrase::from).to_vec());
    section
}
