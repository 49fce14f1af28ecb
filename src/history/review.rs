//! What people say about alerts: a mute keeps alerts of one kind back for a while, an acknowledgement says who looked.
//!
//! The table may be forged, so a mute keeps back only what costs little: never a CRITICAL alert, never more severe than
//! what was muted, never longer than [`LONGEST_MUTE`].

use super::entry::Entry;
use super::error::HistoryError;
use crate::limits::{CLOCKS_DIFFER, LONGEST_MUTE};
use crate::severity::Severity;
use crate::text::Untrusted;
use chrono::{DateTime, TimeDelta, Utc};

/// Who wrote a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewer {
    /// The ARN of the credentials.
    pub arn: Untrusted,
    /// The name that the person gave.
    pub name: Option<Untrusted>,
}

/// A mute. All that is given of actor, action, target, chain and account must be that of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mute {
    pub id: Untrusted,
    /// By [`actor_key`](super::actor_key).
    pub actor: Option<Untrusted>,
    /// `iam:CreateUser`
    pub action: Option<Untrusted>,
    /// By [`target_key`](super::target_key).
    pub target: Option<Untrusted>,
    /// The name of a chain.
    pub chain: Option<Untrusted>,
    pub account: Option<Untrusted>,
    /// `succeeded`, `denied` or `failed`.
    pub outcome: Option<Untrusted>,
    /// The highest severity that is kept back.
    pub up_to: Severity,
    /// Whether alerts are kept back though something could not be read.
    pub incomplete: bool,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub reason: Untrusted,
    pub by: Reviewer,
    /// How many alerts it kept back.
    pub held: u64,
    /// Who ended it before its time.
    pub ended_by: Option<Untrusted>,
}

/// An alert that a mute may keep back.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    pub entry: &'a Entry,
    pub severity: Severity,
    /// The severity if the principal were not expected.
    pub unless_expected: Option<Severity>,
    /// Whether something could not be read that could make the severity higher.
    pub incomplete: bool,
    /// The names of the chains that the event completes.
    pub chains: &'a [&'static str],
    /// Whether the event is watched whatever the settings are: it concerns the alerting itself, a sign-in or the root user.
    pub always_watched: bool,
    /// Whether an earlier attempt at the event did not finish.
    pub retried: bool,
}

/// Why a mute does not keep an alert back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lapse {
    /// The alert is more severe than what was muted, or CRITICAL.
    Severity,
    /// The alert would be CRITICAL if the principal were not expected.
    UnlessExpected,
    Incomplete,
    Chain,
    AlwaysWatched,
    Retried,
}

impl Candidate<'_> {
    /// Why no mute at all keeps the alert back, unless it is about a chain; `None` if a mute may.
    #[must_use]
    pub fn never_muted(&self) -> Option<Lapse> {
        if self.severity >= Severity::Critical {
            Some(Lapse::Severity)
        } else if self.unless_expected >= Some(Severity::Critical) {
            Some(Lapse::UnlessExpected)
        } else if self.always_watched {
            Some(Lapse::AlwaysWatched)
        } else {
            self.retried.then_some(Lapse::Retried)
        }
    }
}

impl Mute {
    /// Whether somebody may have meant it: it is about something, says why and by whom, is no longer than a mute can be,
    /// and does not keep back what is CRITICAL.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let is_blank = |text: &Untrusted| text.raw().trim().is_empty();
        let about = [&self.actor, &self.action, &self.target, &self.chain];
        about.iter().any(|part| part.is_some())
            && about.into_iter().chain([&self.account, &self.outcome]).flatten().all(|part| !is_blank(part))
            && self.up_to < Severity::Critical
            && self.from <= self.until
            && self.until - self.from <= LONGEST_MUTE
            && ![&self.reason, &self.by.arn].into_iter().any(is_blank)
    }

    /// Whether it is in effect. One that lasts longer than a mute can is forged, and void.
    #[must_use]
    pub fn is_in_effect(&self, now: DateTime<Utc>) -> bool {
        self.is_valid() && now < self.until && self.until <= now + LONGEST_MUTE + CLOCKS_DIFFER
    }

    /// Whether the alert is of the kind that it is about.
    fn concerns(&self, alert: &Candidate<'_>) -> bool {
        let line = &alert.entry.line;
        let is = |wanted: &Option<Untrusted>, found: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| found.is_some_and(|found| wanted.raw() == found))
        };
        is(&self.actor, Some(line.actor_key.raw()))
            && is(&self.action, Some(line.call.raw()))
            && is(&self.target, alert.entry.target_key.as_deref())
            && is(&self.account, line.account.as_ref().map(Untrusted::raw))
            && is(&self.outcome, Some(line.outcome.raw()))
            && self.chain.as_ref().is_none_or(|chain| alert.chains.contains(&chain.raw()))
    }

    /// Why it does not keep back an alert of its kind; `None` if it does.
    fn lapse(&self, alert: &Candidate<'_>) -> Option<Lapse> {
        let is_only_chain = self.chain.is_some() && alert.chains.len() == 1;
        if alert.severity > self.up_to {
            Some(Lapse::Severity)
        } else if let Some(lapse) = alert.never_muted() {
            Some(lapse)
        } else if alert.incomplete && !self.incomplete {
            Some(Lapse::Incomplete)
        } else {
            (!alert.chains.is_empty() && !is_only_chain).then_some(Lapse::Chain)
        }
    }
}

/// What somebody who looked at an alert found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It happened, and was meant to.
    Expected,
    /// It happened, and is being investigated.
    Suspicious,
    /// It happened, and was an attack.
    Malicious,
    /// What the alert says is wrong.
    FalsePositive,
}

impl Verdict {
    pub const ALL: [Self; 4] = [Self::Expected, Self::Suspicious, Self::Malicious, Self::FalsePositive];

    /// The word for people, for the history and for the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::Suspicious => "suspicious",
            Self::Malicious => "malicious",
            Self::FalsePositive => "false-positive",
        }
    }

    /// The verdict from its word; `None` for any other text.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }
}

/// That somebody looked at an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    pub event_id: Untrusted,
    pub at: DateTime<Utc>,
    pub by: Reviewer,
    pub verdict: Verdict,
    pub note: Option<Untrusted>,
    /// By [`actor_key`](super::actor_key).
    pub actor: Untrusted,
    /// By [`target_key`](super::target_key).
    pub target: Option<Untrusted>,
}

/// How long a mail mentions an acknowledgement.
const MENTIONED: TimeDelta = TimeDelta::days(1);

/// What an acknowledged alert and this one have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InCommon {
    Event,
    Actor,
    Target,
}

impl Acknowledgement {
    fn in_common(&self, entry: &Entry) -> Option<InCommon> {
        if self.event_id == entry.line.event_id {
            Some(InCommon::Event)
        } else if self.actor == entry.line.actor_key {
            Some(InCommon::Actor)
        } else {
            let target = self.target.as_ref().map(Untrusted::raw);
            (target.is_some() && target == entry.target_key.as_deref()).then_some(InCommon::Target)
        }
    }
}

/// All reviews.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reviews {
    pub mutes: Vec<Mute>,
    pub acknowledgements: Vec<Acknowledgement>,
    /// How many items were not understood, or cannot be meant.
    pub malformed: usize,
    /// Why they could not be read: then nothing is muted.
    pub unknown: Option<HistoryError>,
}

impl Reviews {
    /// The mute that keeps an alert back.
    #[must_use]
    pub fn covering(&self, alert: &Candidate<'_>, now: DateTime<Utc>) -> Option<&Mute> {
        self.concerning(alert, now).find(|mute| mute.lapse(alert).is_none())
    }

    /// The mute that is about alerts of this kind but does not keep this one back, and why. Of several, the one that comes
    /// closest. `None` if another mute keeps it back.
    #[must_use]
    pub fn lapsed(&self, alert: &Candidate<'_>, now: DateTime<Utc>) -> Option<(&Mute, Lapse)> {
        if self.covering(alert, now).is_some() {
            return None;
        }
        let lapsed = self.concerning(alert, now).filter_map(|mute| Some((mute, mute.lapse(alert)?)));
        lapsed.max_by_key(|(mute, _)| (mute.up_to, mute.until))
    }

    fn concerning<'a>(&'a self, alert: &Candidate<'_>, now: DateTime<Utc>) -> impl Iterator<Item = &'a Mute> {
        self.mutes.iter().filter(move |mute| mute.is_in_effect(now) && mute.concerns(alert))
    }

    /// The latest acknowledgement within a day of an alert on the same actor or the same target, what is the same, and how
    /// many others there are.
    #[must_use]
    pub fn acknowledged(&self, entry: &Entry, now: DateTime<Utc>) -> Option<(&Acknowledgement, InCommon, usize)> {
        let mentioned = now - MENTIONED..=now + CLOCKS_DIFFER;
        let all = self.acknowledgements.iter().filter(|one| mentioned.contains(&one.at));
        let all: Vec<_> = all.filter_map(|one| Some((one, one.in_common(entry)?))).collect();
        let (latest, in_common) = all.iter().copied().max_by_key(|(one, _)| one.at)?;
        Some((latest, in_common, all.len() - 1))
    }
}

#[cfg(test)]
pub(crate) mod tests;
