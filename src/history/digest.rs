//! The digest: when it is due, and what it counts. The lines of the history are counted as they are read, so the memory
//! does not grow with them: what is listed by name is kept up to a number only.

use super::model::{Line, MailStatus};
use crate::config::Period;
use crate::severity::Severity;
use crate::text::Untrusted;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Events of the last minutes may still be on their way, so a digest is sent so long after its period.
pub const ARRIVED_AFTER: TimeDelta = TimeDelta::minutes(15);
/// A period ends at this hour, UTC.
const HOUR: i64 = 8;
/// A digest that was sent later than this from now is forged, and void.
const FORGED: TimeDelta = TimeDelta::minutes(5);
/// The most names of each kind that are kept.
const KEPT: usize = 1_000;
/// The most events without a recorded result that are kept.
const UNFINISHED: usize = 25;
/// The most alerts without an owner that are kept.
pub const UNOWNED: usize = 5;

/// The time that a digest is about, without its last moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

impl Span {
    /// The days in UTC, also those of which it has a part.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.date_naive().iter_days().take_while(move |day| *day <= self.to.date_naive())
    }
}

/// How far the digests have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The end of the period of the last digest; before the first one, when digests began.
    pub sent_to: DateTime<Utc>,
    /// The end of the period of the digest that may have been mailed, because an attempt did not finish.
    pub begun: Option<DateTime<Utc>>,
}

/// The period whose digest is due. If several were missed, it is the last one.
#[must_use]
pub fn due(period: Period, sent_to: DateTime<Utc>, now: DateTime<Utc>) -> Option<Span> {
    let to = last_end(period, now - ARRIVED_AFTER);
    let from = to - if period == Period::Day { TimeDelta::days(1) } else { TimeDelta::days(7) };
    // Before digests began, nothing may have been recorded; and what was in the last one is not in this one.
    let whole = sent_to <= from || sent_to > now + FORGED;
    (sent_to < to || whole).then_some(Span { from: if whole { from } else { sent_to }, to })
}

/// The last end of a period: every day, or every Monday.
fn last_end(period: Period, now: DateTime<Utc>) -> DateTime<Utc> {
    let day = (now - TimeDelta::hours(HOUR)).date_naive();
    let back = if period == Period::Day { 0 } else { day.weekday().num_days_from_monday() };
    (day - TimeDelta::days(back.into())).and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(HOUR)
}

/// The kinds of new access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    User,
    Role,
    Membership,
    Assignment,
    Credential,
}

/// New access: one line of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccess {
    pub call: Untrusted,
    pub target: Untrusted,
    /// The group, or the key.
    pub object: Option<Untrusted>,
    pub actor: Untrusted,
    pub account: Option<Untrusted>,
    pub time: DateTime<Utc>,
    pub severity: Option<Severity>,
}

/// What identifies new access: the account, the call that creates it, the target, the object or the event.
type Key = (Option<Untrusted>, &'static str, Untrusted, Option<Untrusted>);

/// How often something happened, and how often it was denied or failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcomes {
    pub all: usize,
    pub denied: usize,
    pub failed: usize,
}

/// What became of alerts. Each alert counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Mailed,
    Observed,
    Suppressed,
    Muted,
    Expected,
    BelowMinimum,
    /// An earlier version did not record it.
    NotRecorded,
}

/// How often each caller did something; of the first [`KEPT`] callers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callers(BTreeMap<Untrusted, (Untrusted, usize)>);

impl Callers {
    fn add(&mut self, line: &Line) {
        if self.0.len() < KEPT || self.0.contains_key(&line.actor_key) {
            self.0.entry(line.actor_key.clone()).or_insert_with(|| (line.actor.clone(), 0)).1 += 1;
        }
    }

    /// The callers who did it most often.
    #[must_use]
    pub fn most(&self, number: usize) -> Vec<(&Untrusted, usize)> {
        let mut all: Vec<_> = self.0.values().map(|(actor, count)| (actor, *count)).collect();
        all.sort_by_key(|(_, count)| Reverse(*count));
        all.truncate(number);
        all
    }

    #[must_use]
    pub fn number(&self) -> usize {
        self.0.len()
    }
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// All events.
    pub events: usize,
    /// The time of the last event.
    pub last: Option<DateTime<Utc>>,
    pub severities: BTreeMap<Reverse<Severity>, Outcomes>,
    pub not_alerted: usize,
    pub fates: BTreeMap<Fate, usize>,
    pub expected: Callers,
    /// Of the alerts that were mailed, or would have been.
    pub mailed: Callers,
    /// The alerts of HIGH and more that nobody acknowledged: their number, and the most severe ones.
    pub unowned: usize,
    pub most_severe_unowned: Vec<Line>,
    /// The events without a recorded result: their number, and the ids of the first ones.
    pub unfinished: usize,
    pub first_unfinished: Vec<Untrusted>,
    granted: BTreeMap<Key, NewAccess>,
    revoked: BTreeMap<Key, DateTime<Utc>>,
    /// New access that was not kept, by kind.
    only_counted: BTreeMap<Grant, usize>,
}

impl Tally {
    /// Counts a line. `acknowledged` are the events whose alerts have an owner.
    pub fn add(&mut self, line: &Line, acknowledged: &BTreeSet<Untrusted>) {
        self.events += 1;
        self.last = self.last.max(Some(line.time));
        self.note_access(line);
        let Some(severity) = line.severity else {
            if line.not_alerted {
                self.not_alerted += 1;
            } else {
                self.unfinished += 1;
                if self.first_unfinished.len() < UNFINISHED {
                    self.first_unfinished.push(line.event_id.clone());
                }
            }
            return;
        };
        let outcomes = self.severities.entry(Reverse(severity)).or_default();
        outcomes.all += 1;
        match line.outcome.raw() {
            "denied" => outcomes.denied += 1,
            "failed" => outcomes.failed += 1,
            _ => {}
        }
        let fate = fate(line);
        *self.fates.entry(fate).or_default() += 1;
        match fate {
            Fate::Mailed | Fate::Observed => self.mailed.add(line),
            Fate::Expected => self.expected.add(line),
            _ => {}
        }
        if severity >= Severity::High && !acknowledged.contains(&line.event_id) {
            self.unowned += 1;
            self.most_severe_unowned.push(line.clone());
            self.most_severe_unowned
                .sort_by(|a, b| (b.severity, a.time, &a.event_id).cmp(&(a.severity, b.time, &b.event_id)));
            self.most_severe_unowned.truncate(UNOWNED);
        }
    }

    /// How many alerts there were.
    #[must_use]
    pub fn alerts(&self) -> usize {
        self.severities.values().map(|outcomes| outcomes.all).sum()
    }

    #[must_use]
    pub fn of(&self, fate: Fate) -> usize {
        self.fates.get(&fate).copied().unwrap_or_default()
    }

    /// New access of a kind that was not taken back within the period: how much, and the most severe and newest first, as
    /// far as it was kept.
    #[must_use]
    pub fn new_access(&self, kind: Grant) -> (usize, Vec<&NewAccess>) {
        let (mut lasting, _) = self.kept(kind);
        lasting.sort_by_key(|new| Reverse((new.severity, new.time)));
        (lasting.len() + self.only_counted.get(&kind).copied().unwrap_or_default(), lasting)
    }

    /// The accounts that are named in lists, as far as they were kept.
    pub fn accounts_named(&self) -> impl Iterator<Item = &Untrusted> {
        let unowned = self.most_severe_unowned.iter().filter_map(|line| line.account.as_ref());
        unowned.chain(self.granted.values().filter_map(|new| new.account.as_ref()))
    }

    /// How much new access of a kind was taken back within the period.
    #[must_use]
    pub fn taken_back(&self, kind: Grant) -> usize {
        self.kept(kind).1.len()
    }

    /// New access that lasts, and that was taken back. Within the same second, the order is not known: then it lasts.
    fn kept(&self, kind: Grant) -> (Vec<&NewAccess>, Vec<&NewAccess>) {
        let (mut lasting, mut taken_back) = (Vec::new(), Vec::new());
        for (key, new) in self.granted.iter().filter(|((_, call, ..), _)| grant(call).is_some_and(|(of, _)| of == kind))
        {
            let revoked = self.revoked.get(key).is_some_and(|revoked| *revoked > new.time);
            if revoked { &mut taken_back } else { &mut lasting }.push(new);
        }
        (lasting, taken_back)
    }

    fn note_access(&mut self, line: &Line) {
        if !line.succeeded() {
            return;
        }
        let call = line.call.raw();
        if let Some((kind, call)) = grant(call) {
            let new = NewAccess {
                call: line.call.clone(),
                target: line.target.clone(),
                object: line.object.clone(),
                actor: line.actor.clone(),
                account: line.account.clone(),
                time: line.time,
                severity: line.severity,
            };
            let key = key(call, line);
            if self.granted.len() >= KEPT && !self.granted.contains_key(&key) {
                *self.only_counted.entry(kind).or_default() += 1;
            } else if self.granted.get(&key).is_none_or(|known| known.time < new.time) {
                self.granted.insert(key, new);
            }
        } else if let Some(created) = revokes(call) {
            let key = key(created, line);
            if self.revoked.len() < KEPT || self.revoked.contains_key(&key) {
                let time = self.revoked.entry(key).or_insert(line.time);
                *time = line.time.max(*time);
            }
        }
    }
}

fn fate(line: &Line) -> Fate {
    match line.handling.mail {
        Some(MailStatus::Published | MailStatus::Printed) => Fate::Mailed,
        Some(MailStatus::Observed) => Fate::Observed,
        Some(MailStatus::Suppressed) => Fate::Suppressed,
        Some(MailStatus::Muted) => Fate::Muted,
        Some(MailStatus::BelowMinimum) if line.handling.unless_expected.is_some() => Fate::Expected,
        Some(MailStatus::BelowMinimum) => Fate::BelowMinimum,
        None => Fate::NotRecorded,
    }
}

/// The calls that create access, each with its kind. Who calls them need not be alerted on.
const GRANTS: [(&str, Grant); 12] = [
    ("iam:CreateUser", Grant::User),
    ("identitystore:CreateUser", Grant::User),
    ("sso-directory:CreateUser", Grant::User),
    ("iam:CreateRole", Grant::Role),
    ("iam:AddUserToGroup", Grant::Membership),
    ("identitystore:CreateGroupMembership", Grant::Membership),
    ("sso-directory:AddMemberToGroup", Grant::Membership),
    ("sso:CreateAccountAssignment", Grant::Assignment),
    ("iam:CreateAccessKey", Grant::Credential),
    ("iam:CreateLoginProfile", Grant::Credential),
    ("iam:CreateServiceSpecificCredential", Grant::Credential),
    ("iam:UploadSigningCertificate", Grant::Credential),
];

fn grant(call: &str) -> Option<(Grant, &'static str)> {
    GRANTS.iter().find(|(name, _)| *name == call).map(|(name, kind)| (*kind, *name))
}

/// The call whose result a call takes back, where the two lines name the same thing without a doubt.
fn revokes(call: &str) -> Option<&'static str> {
    Some(match call {
        "iam:DeleteUser" => "iam:CreateUser",
        "iam:DeleteRole" => "iam:CreateRole",
        "iam:RemoveUserFromGroup" => "iam:AddUserToGroup",
        "iam:DeleteLoginProfile" => "iam:CreateLoginProfile",
        "iam:DeleteAccessKey" => "iam:CreateAccessKey",
        _ => return None,
    })
}

fn key(created_by: &'static str, line: &Line) -> Key {
    let object = match created_by {
        "iam:CreateUser" | "iam:CreateRole" | "iam:CreateLoginProfile" => None,
        "iam:AddUserToGroup" | "iam:CreateAccessKey" if line.object.is_some() => line.object.clone(),
        _ => Some(line.event_id.clone()),
    };
    (line.account.clone(), created_by, line.target.clone(), object)
}

#[cfg(test)]
mod tests;
