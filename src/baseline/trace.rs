//! What the baseline and the events say about one entity, and what was before an event.

use super::aspect::Aspect;
use super::change::{Part, Sets};
use super::state::{State, content_with, state_of};
use crate::event::Found;
use crate::text::Untrusted;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is recorded of one entity, the oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// The kind and the name: "user/bob".
    pub resource: String,
    pub reads: Vec<Read>,
    pub changes: Vec<Recorded>,
    /// Since when the changes are complete, if not all were read.
    pub known_since: Option<DateTime<Utc>>,
}

/// What the baseline read of the entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// When it was first read like this.
    pub since: DateTime<Utc>,
    /// `None` if there was no such entity.
    pub content: Option<Value>,
    /// Whether the content was too large to keep: then only its hash is known.
    pub too_large: bool,
}

/// A call on the entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    pub time: DateTime<Utc>,
    pub event_id: Untrusted,
    pub sets: Sets,
}

/// What the ids of changes without an event begin with. Those of `CloudTrail` are UUIDs.
pub(super) const WITHOUT_EVENT: &str = "without-event-";

impl Recorded {
    /// Whether an event arrived, or a comparison found the change.
    pub(super) fn is_event(&self) -> bool {
        !self.event_id.raw().starts_with(WITHOUT_EVENT)
    }
}

/// How long before a reading a call may be whose effect the reading does not show yet.
#[must_use]
pub fn late(resource: &str) -> TimeDelta {
    // IAM makes a new credential report every four hours at most ("Getting credential reports", IAM user guide).
    if resource.starts_with("credentials/") { TimeDelta::minutes(4 * 60 + 30) } else { TimeDelta::minutes(5) }
}

/// From where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Baseline,
    /// The event of a call set it.
    Event(Untrusted),
}

/// A part of an entity before an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Was {
    Is(String),
    Absent,
    NotKnown,
}

/// An entity before an event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Former {
    replayed: Option<Replayed>,
    /// Whether another call of the same second changed the entity: then this is what was before both.
    pub same_second: bool,
}

impl Former {
    /// Whether anything is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.replayed.is_some()
    }

    /// The part before the event.
    #[must_use]
    pub fn was(&self, aspect: &Aspect) -> Was {
        let Some(replayed) = &self.replayed else { return Was::NotKnown };
        if replayed.exists.values != [Some(true)] {
            return if replayed.exists.values == [Some(false)] { Was::Absent } else { Was::NotKnown };
        }
        match replayed.parts.get(aspect).map(|options| options.values.as_slice()) {
            Some([Part::Is(value)]) => Was::Is(value.clone()),
            Some([Part::Absent]) => Was::Absent,
            None if replayed.others_absent => Was::Absent,
            Some(_) | None => Was::NotKnown,
        }
    }

    /// Since when the part was so, and from where that is known.
    #[must_use]
    pub fn since(&self, aspect: &Aspect) -> Option<(DateTime<Utc>, &Source)> {
        let replayed = self.replayed.as_ref()?;
        let part = replayed.parts.get(aspect).map(|options| (options.at, &options.source));
        Some(part.unwrap_or((replayed.others_since.0, &replayed.others_since.1)))
    }

    /// All that the entity certainly had; `None` if that is not known.
    #[must_use]
    pub fn whole(&self) -> Option<State> {
        let replayed = self.replayed.as_ref().filter(|replayed| replayed.exists.values == [Some(true)])?;
        replayed.others_absent.then_some(())?;
        let parts = replayed.parts.iter().filter_map(|(aspect, options)| match options.values.as_slice() {
            [Part::Is(value)] => Some((aspect.clone(), value.clone())),
            _ => None,
        });
        Some(parts.collect())
    }
}

impl Trace {
    /// What the entity was before an event. A reading that may show the event's own change does not count.
    #[must_use]
    pub fn before(&self, time: DateTime<Utc>, event_id: &Untrusted) -> Former {
        let others = || self.changes.iter().filter(|change| &change.event_id != event_id);
        let same_second = others().any(|change| change.time == time);
        let read = self.reads.iter().rev().find(|read| read.since < time);
        if !self.covers(read) {
            return Former::default();
        }
        Former { replayed: self.replay(read, others().filter(|change| change.time < time)), same_second }
    }

    /// What the entity was before a change without an event, which a reading showed and the one before did not.
    #[must_use]
    pub fn before_found(&self, found: &Found) -> Former {
        let read = self.reads.iter().rev().find(|read| read.since <= found.not_since);
        if !self.covers(read) {
            return Former::default();
        }
        // What was found at the same time, this change among it, is no event of its own.
        let read_at = found.read.trunc_subsecs(0);
        let changes = self.changes.iter().filter(|change| change.time < read_at);
        let replayed = self.replay(read, changes).unwrap_or_else(|| Replayed::absent(found.not_since));
        Former { replayed: Some(replayed), same_second: false }
    }

    /// What the entity is by now, as far as the baseline and the events say: its content, and since when it is known;
    /// `None` if that is not known as a whole.
    #[must_use]
    pub fn current(&self) -> Option<(DateTime<Utc>, Value)> {
        let read = self.reads.last().filter(|read| self.covers(Some(*read)))?;
        let content = read.content.as_ref()?;
        let replayed = self.replay(Some(read), self.changes.iter());
        let state = Former { replayed, same_second: false }.whole()?;
        Some((read.since, content_with(&self.resource, content, &state)))
    }

    /// Whether all changes since a reading are known.
    fn covers(&self, read: Option<&Read>) -> bool {
        self.known_since.is_none_or(|known| read.is_some_and(|read| known < read.since - late(&self.resource)))
    }

    fn replay<'a>(&self, read: Option<&Read>, changes: impl Iterator<Item = &'a Recorded>) -> Option<Replayed> {
        let mut replayed = read.map(|read| Replayed::of(&self.resource, read));
        for change in in_order(changes) {
            match (&mut replayed, read) {
                (Some(_), Some(read)) if change.time < read.since - late(&self.resource) => {}
                (Some(replayed), Some(read)) if change.time < read.since => replayed.apply(change, When::Shortly),
                (Some(replayed), _) => replayed.apply(change, When::After),
                (none, _) => none.insert(Replayed::nothing(change.time)).apply(change, When::After),
            }
        }
        replayed
    }
}

/// Calls in the order of their times. The order of those of one second is not known: a key is made before a call is about
/// it, whichever it is.
pub(super) fn in_order<'a>(changes: impl Iterator<Item = &'a Recorded>) -> Vec<&'a Recorded> {
    let is_of_a_key = |(aspect, _): &(Aspect, Part)| matches!(aspect, Aspect::Key(of) if of.is_empty());
    let mut all: Vec<_> = changes.collect();
    all.sort_by_key(|change| (change.time, change.sets.parts().iter().any(is_of_a_key)));
    all
}

/// When a call was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Shortly before the reading, which may show its change already.
    Shortly,
    /// After the reading.
    After,
    /// Perhaps too late for the next reading to show its change.
    PerhapsLater,
}

/// What an entity may be after a number of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replayed {
    /// Whether there is such an entity; `None` for "not known".
    pub(super) exists: Options<Option<bool>>,
    pub(super) parts: BTreeMap<Aspect, Options<Part>>,
    /// Whether the entity has no other parts.
    pub(super) others_absent: bool,
    /// Since when that is so, or not known.
    others_since: (DateTime<Utc>, Source),
    /// The last call after which the entity may be anything.
    anything: Option<DateTime<Utc>>,
    /// Whether a call was about a key that is not known.
    pub(super) any_key: bool,
}

/// How far the time of a key in the credential report is from the time of the event, at most.
const SAME_KEY: TimeDelta = TimeDelta::minutes(2);

/// How far the times of two keys are from each other; `None` if they are two keys.
pub(super) fn distance(one: &str, other: &str) -> Option<TimeDelta> {
    let time = |text: &str| DateTime::parse_from_rfc3339(text).ok();
    match (time(one), time(other)) {
        (Some(one), Some(other)) => Some((one - other).abs()).filter(|distance| *distance <= SAME_KEY),
        _ => (one == other).then(TimeDelta::zero),
    }
}

/// What there may be of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options<T> {
    pub(super) values: Vec<T>,
    pub(super) at: DateTime<Utc>,
    pub(super) source: Source,
}

impl<T: PartialEq> Options<T> {
    fn one(value: T, at: DateTime<Utc>, source: Source) -> Self {
        Self { values: vec![value], at, source }
    }

    /// A call set it; `may`: or not.
    fn set(&mut self, value: T, change: &Recorded, may: bool) {
        // Of two calls of one second, it is not known which one was the last.
        let unordered = self.at == change.time && self.source != Source::Baseline;
        if !may && !unordered {
            self.values.clear();
        }
        if !self.values.contains(&value) {
            self.values.push(value);
        }
        self.at = change.time;
        self.source = Source::Event(change.event_id.clone());
    }
}

impl Replayed {
    /// An entity as it was read.
    pub(super) fn of(resource: &str, read: &Read) -> Self {
        let options = |value: Part| Options::one(value, read.since, Source::Baseline);
        let state = read.content.as_ref().map(|content| state_of(resource, content)).unwrap_or_default();
        Self {
            exists: Options::one(Some(read.content.is_some() || read.too_large), read.since, Source::Baseline),
            parts: state.into_iter().map(|(aspect, value)| (aspect, options(Part::Is(value)))).collect(),
            others_absent: !read.too_large,
            others_since: (read.since, Source::Baseline),
            anything: None,
            any_key: read.too_large,
        }
    }

    /// An entity that was not in a whole baseline.
    pub(super) fn absent(since: DateTime<Utc>) -> Self {
        Self {
            exists: Options::one(Some(false), since, Source::Baseline),
            parts: BTreeMap::new(),
            others_absent: true,
            others_since: (since, Source::Baseline),
            anything: None,
            any_key: false,
        }
    }

    /// An entity of which nothing is known.
    fn nothing(since: DateTime<Utc>) -> Self {
        Self {
            exists: Options::one(None, since, Source::Baseline),
            parts: BTreeMap::new(),
            others_absent: false,
            others_since: (since, Source::Baseline),
            anything: None,
            any_key: true,
        }
    }

    pub(super) fn apply(&mut self, change: &Recorded, when: When) {
        let may = when == When::PerhapsLater;
        match &change.sets {
            Sets::Created(parts) => {
                self.exists.set(Some(true), change, may);
                if may {
                    for options in self.parts.values_mut() {
                        options.set(Part::Absent, change, true);
                    }
                } else {
                    self.clear(change);
                }
                self.set(parts, change, when);
            }
            Sets::Changed(parts) => {
                // Only what exists can be changed.
                self.exists.set(Some(true), change, may);
                self.set(parts, change, when);
            }
            Sets::Deleted => {
                self.exists.set(Some(false), change, may);
                if !may {
                    self.clear(change);
                }
            }
            Sets::Anything | Sets::Renamed(_) => {
                self.exists.set(None, change, may);
                self.parts.clear();
                (self.others_absent, self.any_key) = (false, true);
                self.others_since = (change.time, Source::Event(change.event_id.clone()));
                self.anything = Some(change.time);
            }
        }
    }

    /// The entity has no parts any more. What other calls of the same second set came after: an entity is created before
    /// anything is added, and has nothing left when it is deleted.
    fn clear(&mut self, change: &Recorded) {
        self.parts.retain(|_, options| options.at == change.time && options.source != Source::Baseline);
        if self.anything != Some(change.time) {
            (self.others_absent, self.any_key) = (true, false);
            self.others_since = (change.time, Source::Event(change.event_id.clone()));
        }
    }

    fn set(&mut self, parts: &[(Aspect, Part)], change: &Recorded, when: When) {
        let may = when == When::PerhapsLater;
        for (aspect, part) in parts {
            let aspect = match aspect {
                Aspect::Key(of) if of.is_empty() => {
                    self.set_a_key(part, change, when);
                    continue;
                }
                Aspect::Key(created) => self.read_key(created).unwrap_or_else(|| aspect.clone()),
                _ => aspect.clone(),
            };
            let absent = if self.others_absent { Part::Absent } else { Part::NotKnown };
            let mut before = Options::one(absent, self.exists.at - TimeDelta::seconds(1), Source::Baseline);
            if self.anything == Some(change.time) {
                (before.at, before.source) = (change.time, Source::Event(change.event_id.clone()));
            }
            self.parts.entry(aspect).or_insert(before).set(part.clone(), change, may);
        }
    }

    /// The key that was read, of which an event has nearly the same time.
    fn read_key(&self, created: &str) -> Option<Aspect> {
        let read = self.parts.iter().filter(|(_, options)| options.source == Source::Baseline);
        let near = read.filter_map(|(aspect, _)| match aspect {
            Aspect::Key(read) => Some((distance(read, created)?, aspect)),
            _ => None,
        });
        near.min_by_key(|(distance, _)| *distance).map(|(_, aspect)| aspect.clone())
    }

    /// A call changed one of the keys. If there is one only, that one.
    fn set_a_key(&mut self, part: &Part, change: &Recorded, when: When) {
        let may = when != When::After;
        let mut keys: Vec<_> = self
            .parts
            .iter_mut()
            .filter(|(aspect, options)| matches!(aspect, Aspect::Key(_)) && options.values != [Part::Absent])
            .collect();
        match keys.as_mut_slice() {
            // The reading shows the deletion of the key already.
            [] if when == When::Shortly => {}
            // A key that nobody made, as far as is known, says nothing of others.
            [] => self.any_key |= !self.others_absent,
            [(_, key)] => key.set(part.clone(), change, may),
            several => {
                for (_, key) in several {
                    key.set(part.clone(), change, true);
                }
            }
        }
    }
}
