//! The digest: one screen about a day or a week. It is no alert: it has no reasons, and nothing to do at once.

use super::facts::{Fact, SectionKind};
use super::model::{Section, account_ids};
use super::rows::account;
use crate::history::Line;
use crate::history::digest::{Fate, Grant, NewAccess, Outcomes, Span, Tally};
use crate::history::heartbeat::Heartbeat;
use crate::history::review::{Mute, Reviewer};
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, TextKind, Untrusted, counted};
use chrono::{DateTime, Utc};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How much of each list is shown.
const NEW: usize = 5;
const MUTES: usize = 3;
const CALLERS: usize = 3;
const SILENT: usize = 3;
/// From so many mails about one caller on, an expectation may be worth it.
const MANY: usize = 10;

/// What a digest says, for every channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// One line for a list of mails: the best first, then shorter ones.
    pub subjects: Vec<Phrase>,
    pub headline: Phrase,
    pub summary: Phrase,
    pub sections: Vec<Section>,
    pub accounts: Vec<Untrusted>,
}

impl Digest {
    /// For the filter policies of subscriptions. Whoever wants to be woken by severe alerts only gets no digest.
    pub const SEVERITY: Severity = Severity::Low;

    #[must_use]
    pub fn account_ids(&self) -> Vec<String> {
        account_ids(&self.accounts)
    }
}

/// What was found out for a digest.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Findings<'a> {
    pub span: Span,
    pub now: DateTime<Utc>,
    pub tally: &'a Tally,
    /// Of the first events without a recorded result: how many were begun and did not come to an end.
    pub unfinished: usize,
    /// Whether it is about an organization: then only accounts that sent a heartbeat are read.
    pub of_organization: bool,
    /// Whether only CRITICAL alerts are mailed.
    pub observing: bool,
    /// Whether all acknowledgements were read.
    pub owners_known: bool,
    pub mutes: &'a [Mute],
    /// The heartbeats of all accounts; `None` if there are no heartbeats.
    pub heartbeats: Option<&'a [Heartbeat]>,
    /// The accounts whose days were read.
    pub accounts: &'a [Untrusted],
    /// The names of accounts, by id.
    pub names: &'a BTreeMap<Untrusted, Untrusted>,
    pub own: Option<&'a Untrusted>,
    /// How many days of accounts were not read to the end, for lack of time.
    pub unread: usize,
    /// Since when no digest was sent, if one was missed.
    pub unsent_since: Option<DateTime<Utc>>,
    pub may_be_second: bool,
    pub table: &'a str,
}

/// Puts a digest together.
#[must_use]
pub fn digest(findings: &Findings<'_>) -> Digest {
    let tally = findings.tally;
    let quiet = tally.alerts() == 0 && !findings.may_have_failed();
    let period = period(findings.span);
    let silent = findings.silent().count();
    let headline = match (quiet, findings.unread, silent) {
        (false, ..) => period.clone(),
        (true, 0, 0) if findings.heartbeats.is_none_or(<[_]>::is_empty) => {
            phrase!("Nothing was seen in the ", &period, ", but there are no heartbeats")
        }
        // Of accounts without a heartbeat, no lines are read.
        (true, 0, 0) if findings.of_organization => {
            let read = Phrase::ours(counted(findings.accounts.len(), "account"));
            phrase!("Nothing happened in ", read, " in the ", &period)
        }
        (true, 0, 0) => phrase!("Nothing happened in the ", &period),
        (true, 0, _) => phrase!("Nothing was seen in the ", &period, ", but not all accounts sent a heartbeat"),
        (true, ..) => phrase!("Nothing was found in what was read of the ", &period),
    };
    let place = findings.own.map_or_else(Phrase::default, |own| phrase!(" - ", findings.names.get(own).unwrap_or(own)));
    let content = if quiet { vec![headline.clone()] } else { subject(tally) };
    let subjects = content.into_iter().flat_map(|what| {
        let what = if quiet { what } else { phrase!(&period, ": ", what) };
        [phrase!(&what, &place), what]
    });
    let sections = [what_happened(findings), new_access(findings), without_an_owner(findings), signs_of_life(findings)];
    Digest {
        subjects: subjects.collect(),
        headline: headline.clone(),
        summary: summary(findings),
        sections: sections.into_iter().filter(|section| !section.rows.is_empty()).collect(),
        accounts: findings.accounts.to_vec(),
    }
}

impl Findings<'_> {
    fn silent(&self) -> impl Iterator<Item = &Heartbeat> {
        self.heartbeats.into_iter().flatten().filter(|heartbeat| heartbeat.is_silent(self.now))
    }

    /// Whether the handling of an event did not come to an end, as far as that was checked.
    fn may_have_failed(&self) -> bool {
        self.unfinished > 0 || self.tally.unfinished > self.tally.first_unfinished.len()
    }

    /// " in acme-dev" for another account than that of the function.
    fn elsewhere(&self, account: Option<&Untrusted>) -> Phrase {
        match account.filter(|id| Some(*id) != self.own) {
            Some(id) => phrase!(" in ", short(self.names.get(id).unwrap_or(id))),
            None => Phrase::default(),
        }
    }
}

/// "7 days to 2026-11-23"; of the first digest, what there is of it: "20 hours to 2026-11-23".
fn period(span: Span) -> Phrase {
    let whole = |count: i64| usize::try_from(count).unwrap_or_default();
    let length = span.to - span.from;
    let words = match length.num_days() {
        0 => counted(whole(length.num_hours()), "hour"),
        days => counted(whole(days), "day"),
    };
    Phrase::ours(format!("{words} to {}", span.to.format("%Y-%m-%d")))
}

fn minute(time: DateTime<Utc>) -> Phrase {
    Phrase::ours(time.format("%Y-%m-%d %H:%M").to_string())
}

fn short(name: &Untrusted) -> Phrase {
    Phrase::theirs(name, TextKind::Short)
}

/// The numbers for the subject: with everything, then with the severities only.
fn subject(tally: &Tally) -> Vec<Phrase> {
    let severe: Vec<_> =
        tally.severities.iter().map(|(Reverse(severity), outcomes)| (*severity, outcomes.all)).collect();
    let severe: Vec<_> = severe
        .iter()
        .filter(|(severity, _)| *severity >= Severity::High || severe.iter().all(|(other, _)| *other < Severity::High))
        .map(|(severity, number)| phrase!(*number, " ", *severity))
        .collect();
    let new =
        |kind, noun| Some(tally.new_access(kind).0).filter(|new| *new > 0).map(|new| Phrase::ours(counted(new, noun)));
    let new = [new(Grant::User, "new user"), new(Grant::Credential, "new credential")].into_iter().flatten();
    let all = Phrase::joined(severe.iter().cloned().chain(new), ", ");
    match severe.as_slice() {
        [] => vec!["events without a result".into()],
        severe => vec![all, Phrase::joined(severe.iter().cloned(), ", ")],
    }
}

fn summary(findings: &Findings<'_>) -> Phrase {
    let Findings { tally, span, .. } = findings;
    let mut summary = phrase!(
        "From ",
        minute(span.from),
        " to ",
        minute(span.to),
        " UTC, ",
        Phrase::ours(counted(tally.events, "event")),
        if tally.events == 1 { " was recorded in " } else { " were recorded in " },
        Phrase::ours(counted(findings.accounts.len(), "account")),
        tally.last.map_or_else(Phrase::default, |last| phrase!("; the last one is of ", minute(last))),
        "."
    );
    if let Some(since) = findings.unsent_since {
        summary.push(phrase!(
            "\nNo digest was sent since ",
            minute(since),
            " UTC. What happened before this period is not in this one."
        ));
    }
    if findings.may_be_second {
        summary.push("\nAn earlier attempt to send this digest did not finish: it may have come before.");
    }
    if findings.unread > 0 {
        let days = Phrase::ours(counted(findings.unread, "day"));
        summary.push(phrase!(
            "\nNOT EVERYTHING WAS READ: there was not enough time. Events of ",
            days,
            " are missing (each account has its own days). All numbers may be higher."
        ));
    }
    summary
}

/// "1 denied, 2 failed".
fn went_wrong(outcomes: &Outcomes) -> Option<Phrase> {
    let parts = [(outcomes.denied, " denied"), (outcomes.failed, " failed")];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| phrase!(number, word));
    Some(Phrase::joined(parts, ", ")).filter(|parts| !parts.is_empty())
}

fn what_happened(findings: &Findings<'_>) -> Section {
    let tally = findings.tally;
    let mut section = Section::new(SectionKind::Digest, "CHANGES OF ACCESS");
    let severities = tally.severities.iter().map(|(Reverse(severity), outcomes)| {
        let wrong = went_wrong(outcomes).map_or_else(Phrase::default, |wrong| phrase!(" (", wrong, ")"));
        phrase!(outcomes.all, " ", *severity, wrong)
    });
    let not_alerted = (tally.not_alerted > 0).then(|| phrase!(tally.not_alerted, " not alerted on"));
    let severities: Vec<_> = severities.chain(not_alerted).collect();
    section.row(Fact::Severities, if severities.is_empty() { "none".into() } else { Phrase::joined(severities, ", ") });
    let word = |fate| match fate {
        Fate::Mailed => "mailed",
        Fate::Observed => "would have been mailed (mode observe)",
        Fate::Suppressed => "suppressed and listed in summaries",
        Fate::Muted => "muted",
        Fate::Expected => "expected",
        Fate::BelowMinimum => "below the minimum severity",
        Fate::NotRecorded => "recorded by an earlier version",
    };
    let mut fates: Vec<_> = tally.fates.iter().map(|(fate, number)| phrase!(*number, " ", word(*fate))).collect();
    if findings.observing && tally.of(Fate::Observed) == 0 {
        fates.push("the mode is observe: nothing was kept back".into());
    }
    if !fates.is_empty() {
        section.row(Fact::Handled, Phrase::joined(fates, ", "));
    }
    let expected = tally.of(Fate::Expected);
    if expected > 0 {
        let callers =
            tally.expected.most(CALLERS).into_iter().map(|(caller, number)| phrase!(number, " by ", short(caller)));
        section.row(Fact::Expected, Phrase::joined(callers, ", "));
    }
    if findings.may_have_failed() {
        section.row(Fact::Unfinished, unfinished(findings));
    }
    let often = tally.mailed.most(1).into_iter().find(|(_, number)| *number >= MANY);
    if let Some((caller, number)) = often {
        let hint = phrase!(number, " alerts were about ", short(caller), ". What happens every week can be expected:");
        let command =
            phrase!("iam-security-alert-tool history --table ", &Untrusted::new(findings.table), " --suggest");
        section.rows(Fact::Hint, vec![hint, command]);
    }
    section
}

/// The handling that began and did not end. What could not even begin is in the failure queue.
fn unfinished(findings: &Findings<'_>) -> Phrase {
    let (all, checked) = (findings.tally.unfinished, findings.tally.first_unfinished.len());
    let failed = findings.unfinished;
    if all == checked {
        phrase!(Phrase::ours(counted(failed, "event")), " begun and not finished: no alert is recorded")
    } else {
        phrase!(all, " events have no result in their line; of the first ", checked, ", ", failed, " were not finished")
    }
}

fn new_access(findings: &Findings<'_>) -> Section {
    const KINDS: [(Grant, Fact); 5] = [
        (Grant::User, Fact::NewUsers),
        (Grant::Role, Fact::NewRoles),
        (Grant::Membership, Fact::NewMembers),
        (Grant::Assignment, Fact::NewAssignments),
        (Grant::Credential, Fact::NewCredentials),
    ];
    let mut section = Section::new(SectionKind::Digest, "NEW ACCESS");
    for (kind, fact) in KINDS {
        let (number, known) = findings.tally.new_access(kind);
        let mut lines: Vec<_> = known.iter().take(NEW).map(|new| new_line(new, findings)).collect();
        let more = number - lines.len();
        let taken_back = findings.tally.taken_back(kind);
        let more = (more > 0).then(|| phrase!(more, " more"));
        let taken_back = (taken_back > 0).then(|| phrase!(taken_back, " created and deleted again"));
        let rest: Vec<_> = [more, taken_back].into_iter().flatten().collect();
        if !rest.is_empty() {
            lines.push(phrase!(if lines.is_empty() { "" } else { "and " }, Phrase::joined(rest, ", ")));
        }
        section.rows(fact, lines);
    }
    section
}

/// "11-20  HIGH  IAM user x, by ops-carol".
fn new_line(new: &NewAccess, findings: &Findings<'_>) -> Phrase {
    let severity = new.severity.map_or("-", Severity::word);
    let object = new.object.as_ref().map_or_else(Phrase::default, |object| phrase!(": ", short(object)));
    phrase!(
        Phrase::ours(new.time.format("%m-%d").to_string()),
        Phrase::ours(format!("  {severity:<8}  ")),
        short(&new.target),
        object,
        findings.elsewhere(new.account.as_ref()),
        ", by ",
        short(&new.actor)
    )
}

fn without_an_owner(findings: &Findings<'_>) -> Section {
    let tally = findings.tally;
    let mut section = Section::new(SectionKind::Digest, "NOT ACKNOWLEDGED: HIGH AND CRITICAL");
    if tally.unowned == 0 {
        return section;
    }
    let line = |line: &Line| {
        phrase!(
            Phrase::ours(line.time.format("%m-%d %H:%M").to_string()),
            Phrase::ours(format!("  {:<8}  ", line.severity.map_or("", Severity::word))),
            short(&line.actor),
            "  ",
            short(&line.call),
            "  ",
            short(&line.target),
            findings.elsewhere(line.account.as_ref()),
            "  ",
            &line.event_id
        )
    };
    let mut lines: Vec<_> = tally.most_severe_unowned.iter().map(line).collect();
    let more = tally.unowned - lines.len();
    if more > 0 {
        lines.push(phrase!("and ", more, " more"));
    }
    if !findings.owners_known {
        lines.push("Not all acknowledgements were read.".into());
    }
    section.rows(Fact::Unowned, lines);
    let command =
        phrase!("iam-security-alert-tool history --table ", &Untrusted::new(findings.table), " --acknowledge EVENT");
    section.labelled(Fact::Hint, "Acknowledge", command);
    section
}

fn signs_of_life(findings: &Findings<'_>) -> Section {
    let mut section = Section::new(SectionKind::Digest, "MUTES AND HEARTBEATS");
    let by = |by: &Reviewer| {
        let of_arn = || Untrusted::new(by.arn.raw().rsplit('/').next().unwrap_or_default());
        short(&by.name.clone().unwrap_or_else(of_arn))
    };
    let mutes = findings.mutes.iter().take(MUTES).map(|mute| {
        let held = Phrase::ours(mute.held.to_string());
        phrase!(held, " kept back until ", minute(mute.until), ": ", short(&mute.reason), ", by ", by(&mute.by))
    });
    let mut mutes: Vec<_> = mutes.collect();
    if findings.mutes.len() > MUTES {
        mutes.push(phrase!("and ", findings.mutes.len() - MUTES, " more"));
    }
    section.rows(Fact::Mutes, mutes);
    let Some(heartbeats) = findings.heartbeats else {
        section.row(Fact::Heartbeats, "There are none: whether events arrive is not known.");
        return section;
    };
    let silent: Vec<_> = findings.silent().collect();
    let arrived = heartbeats.len() - silent.len();
    let mut lines = vec![phrase!("from ", Phrase::ours(counted(arrived, "account")), " within two days")];
    if !silent.is_empty() {
        let names = silent.iter().map(|silent| account(Some(&silent.account), findings.names.get(&silent.account)));
        lines.push(phrase!(
            "NONE from ",
            Phrase::few(names, SILENT, ", "),
            ": changes of access may go unnoticed there"
        ));
    }
    section.rows(Fact::Heartbeats, lines);
    section
}
