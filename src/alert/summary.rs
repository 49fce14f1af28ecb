//! The mail that lists suppressed alerts.

use super::containment::{Command, ContainmentStep};
use super::facts::{Fact, SectionKind};
use super::model::{Alert, Section};
use super::resource::Resource;
use super::rows::{account, version};
use super::time;
use crate::detection::Reason;
use crate::history::store::keys::{ALERT_SHOWN, event_item_key};
use crate::history::store::{Table, TableQuery};
use crate::history::summary::{Group, GroupedBy, Suppressed};
use crate::history::{Line, across_accounts};
use crate::limits::VALUES_SHOWN;
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, TextKind, Untrusted, counted};
use chrono::{DateTime, Utc};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hash::Hash;

/// What the alerts of a group have in common, counted.
struct Counts {
    severities: Vec<(Reverse<Severity>, usize)>,
    outcomes: Vec<(Untrusted, usize)>,
    calls: Vec<(Untrusted, usize)>,
    actors: Vec<(Untrusted, usize)>,
    /// By id.
    accounts: Vec<(Untrusted, usize)>,
    /// The times of the first and the last event.
    times: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Counts {
    fn of(group: &Group) -> Self {
        let lines = || group.alerts.iter().map(|alert| &alert.line);
        let times = lines().map(|line| line.time);
        Self {
            severities: count(lines().map(|line| Reverse(line.severity.unwrap_or(Severity::Low)))),
            outcomes: count(lines().map(|line| line.outcome.clone())),
            calls: by_number(count(lines().map(|line| line.call.clone()))),
            actors: by_number(count(lines().map(|line| line.actor.clone()))),
            accounts: by_number(count(lines().filter_map(|line| line.account.clone()))),
            times: times.clone().min().zip(times.max()),
        }
    }
}

fn count<T: Ord + Hash>(all: impl Iterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// The most frequent first.
fn by_number(mut counts: Vec<(Untrusted, usize)>) -> Vec<(Untrusted, usize)> {
    counts.sort_by_key(|(_, number)| Reverse(*number));
    counts
}

/// What the summaries of one run share.
#[derive(Debug)]
pub struct RunOfSummaries<'a> {
    /// The table with the alerts.
    pub table: Table<'a>,
    /// The names of accounts, by id.
    pub names: &'a BTreeMap<Untrusted, Untrusted>,
    /// The account of the function and of the table.
    pub own: Option<&'a Untrusted>,
    /// Whether an earlier attempt to send the summary did not finish.
    pub may_be_second: bool,
}

/// The alert that lists the suppressed alerts of a group.
#[must_use]
pub fn summary_of(group: &Group, run: &RunOfSummaries<'_>) -> Alert {
    let counts = Counts::of(group);
    let severity = group.severity();
    let first = group.alerts.first();
    let table = run.table;
    let named = |id: Option<&Untrusted>| account(id, id.and_then(|id| run.names.get(id)));
    let account_id = match counts.accounts.as_slice() {
        [(only, _)] => Some(only),
        _ => None,
    };
    let (place, account) = match (counts.accounts.len(), account_id) {
        (_, Some(only)) => (phrase!(" in ", run.names.get(only).unwrap_or(only)), named(Some(only))),
        (0, None) => (Phrase::default(), named(None)),
        (many, None) => {
            let many = Phrase::ours(counted(many, "account"));
            (phrase!(" in ", &many), many)
        }
    };
    let alerts = Phrase::ours(counted(group.alerts.len(), "alert"));
    let what = match counts.calls.as_slice() {
        [(only, _)] => phrase!(" on ", only),
        _ => Phrase::default(),
    };
    let who = match group.by {
        GroupedBy::Actor => phrase!(" by ", actor(group, &counts)),
        GroupedBy::Severity => phrase!(" by ", Phrase::ours(counted(counts.actors.len(), "caller"))),
    };
    let part = group.part.map_or_else(Phrase::default, |(part, of)| Phrase::ours(format!(" (mail {part} of {of})")));
    let were = if group.alerts.len() == 1 { " was suppressed" } else { " were suppressed" };
    let mut summary = phrase!(&alerts, &what, &who, " in ", &account, were);
    if let Some((from, to)) = counts.times {
        summary.push(phrase!(",\nfrom ", time::at(from), " to ", time::at(to)));
    }
    summary.push(phrase!(". This mail lists all of them, the most severe first", &part, "."));
    if run.may_be_second {
        summary.push("\nAn earlier attempt to send this summary did not finish: it may have come before.");
    }
    let key = first.map(|alert| alert.line.actor_key.raw().to_owned()).unwrap_or_default();
    let by_actor = group.by == GroupedBy::Actor;
    Alert {
        severity,
        unless_expected: None,
        incomplete: false,
        subjects: vec![
            phrase!("Summary of ", &alerts, &what, &who, &place, &part),
            phrase!("Summary of ", &alerts, &who, &part),
            phrase!("Summary of ", &alerts, &part),
        ],
        headline: phrase!("Summary of ", &alerts, " without a mail of ", if group.alerts.len() == 1 { "its" } else { "their" }, " own"),
        summary: summary.capitalized(),
        reasons: vec![
            Reason::new("most_severe", phrase!("The most severe of them is ", severity, ".")),
            Reason::new(
                "suppressed",
                if group.alerts.iter().any(|alert| alert.line.account.as_ref() != run.own) {
                    "An alert is suppressed if the same caller just made the same change in another account, if there are many \
                     on its caller within minutes, or if there are too many alerts at once for mails of their own."
                } else {
                    "An alert is suppressed if there are many on its caller within minutes, or if there are too many alerts at \
                     once for mails of their own."
                }
                    .into(),
            ),
        ],
        steps: steps(group, table),
        account: named(run.own),
        accounts: counts.accounts.iter().map(|(id, _)| id.clone()).collect(),
        account_name: account_id.and_then(|id| run.names.get(id)).cloned(),
        sections: vec![section(group, &counts, run)],
        caller_access: None,
        target_access: None,
        actor: if by_actor { key.clone() } else { String::new() },
        resources: if by_actor { vec![Resource::of_arn(Untrusted::new(&key))] } else { Vec::new() },
        if_expected: Vec::new(),
        links: Vec::new(),
        reference: reference(&counts, table),
    }
}

/// The actor: the name of the session if there was only one, otherwise the identity of the sessions. The principal that
/// opens a session chooses its name.
fn actor(group: &Group, counts: &Counts) -> Phrase {
    let key = group.alerts.first().map(|alert| alert.line.actor_key.raw()).unwrap_or_default();
    match counts.actors.as_slice() {
        [(only, _)] => only.into(),
        sessions => {
            let same = across_accounts(key);
            let key = if counts.accounts.len() > 1 { &same } else { key };
            let name = key.rsplit(['/', ':']).next().unwrap_or_default();
            phrase!(sessions.len(), " sessions of ", &Untrusted::new(name))
        }
    }
}

/// The actor by its key; of an actor in many accounts, what is the same in all of them.
fn lasting_actor(key: &Untrusted, in_many: bool) -> Phrase {
    let same = across_accounts(key.raw());
    if !in_many || same == key.raw() {
        return Phrase::arn(key);
    }
    let person = same.strip_prefix("IdentityCenter#").map(Untrusted::new);
    person.map_or_else(
        || phrase!(Phrase::arn(&Untrusted::new(&same)), ", in each account"),
        |person| phrase!(&person, ", user of IAM Identity Center, with a role in each account"),
    )
}

/// One line: the time, the severity, what happened, the event.
fn listed(alert: &Suppressed, in_many: bool) -> Phrase {
    let line = &alert.line;
    // The subject may be cut before it names the account, and an account can choose its own name.
    let said = |id: &&Untrusted| line.subject.as_ref().is_some_and(|subject| subject.raw().contains(id.raw()));
    let id = line.account.as_ref().filter(|_| in_many).filter(|id| !said(id));
    let place = id.map_or_else(Phrase::default, |id| phrase!("  in ", id));
    let severity = line.severity.unwrap_or(Severity::Low);
    let subject = line.subject.as_ref().map_or_else(
        || phrase!(&line.actor, "  ", Phrase::theirs(&line.call, TextKind::Name), "  ", &line.target),
        // The subject of the mail that was not sent: the severity stands before it.
        |subject| {
            let text = subject.raw();
            Phrase::free(&Untrusted::new(text.strip_prefix(&format!("[{severity}] ")).unwrap_or(text)))
        },
    );
    phrase!(
        Phrase::ours(line.time.format("%m-%d %H:%M:%S").to_string()),
        Phrase::ours(format!("  {severity:<8}  ")),
        subject,
        place,
        "  ",
        Phrase::theirs(&line.event_id, TextKind::Name)
    )
}

fn section(group: &Group, counts: &Counts, run: &RunOfSummaries<'_>) -> Section {
    let mut section = Section::new(SectionKind::Suppressed, "WHAT WAS SUPPRESSED");
    let times = |count: usize, what: Phrase| phrase!(count, " ", what);
    let severities = counts.severities.iter().map(|(Reverse(severity), count)| times(*count, (*severity).into()));
    section.row(Fact::Severities, Phrase::joined(severities, ", "));
    let outcomes = counts.outcomes.iter().map(|(outcome, count)| times(*count, outcome.into()));
    section.row(Fact::Outcomes, Phrase::joined(outcomes, ", "));
    let few = |all: &[(Untrusted, usize)]| {
        let all: Vec<_> = all.iter().map(|(what, count)| times(*count, what.into())).collect();
        Phrase::few(all, 10, ", ")
    };
    section.row(Fact::Actions, few(&counts.calls));
    let label = if group.by == GroupedBy::Actor { Fact::Sessions } else { Fact::Callers };
    if let (GroupedBy::Actor, Some(first)) = (group.by, group.alerts.first()) {
        section.row(Fact::Actor, lasting_actor(&first.line.actor_key, counts.accounts.len() > 1));
    }
    if counts.actors.len() > 1 {
        section.row(label, few(&counts.actors));
    }
    if counts.accounts.len() > 1 {
        let name = |(id, _): &(Untrusted, usize)| account(Some(id), run.names.get(id));
        section
            .row(Fact::Accounts, Phrase::few(counts.accounts.iter().map(name).collect::<Vec<_>>(), VALUES_SHOWN, ", "));
    }
    section.rows(Fact::Alerts, group.alerts.iter().map(|alert| listed(alert, counts.accounts.len() > 1)).collect());
    section
}

fn steps(group: &Group, table: Table<'_>) -> Vec<ContainmentStep> {
    let first = group.alerts.first();
    let text = if group.alerts.len() == 1 {
        "Read it as it would have been mailed, with the commands for its containment:"
    } else {
        "Read the most severe one as it would have been mailed, with the commands for its containment. For another one, \
         replace the event ID:"
    };
    first.map(|alert| show(text, table, &alert.line)).into_iter().collect()
}

fn reference(counts: &Counts, table: Table<'_>) -> Section {
    let mut section = Section::new(SectionKind::Reference, "REFERENCE");
    if let [(only, _)] = counts.calls.as_slice() {
        section.row(Fact::EventName, only);
    }
    section.row(Fact::Table, &Untrusted::new(table.name));
    version(&mut section);
    section
}

/// Lists suppressed alerts, one line each: time, severity, call, outcome, who, what, event id.
pub(super) fn list(text: impl Into<Phrase>, table: Table<'_>, actor_key: &str, from: DateTime<Utc>) -> ContainmentStep {
    let query = TableQuery::suppressed(actor_key, from);
    let command = on_table("aws dynamodb query", table).and_then(|command| {
        command
            .option("--key-condition-expression", query.key_condition)?
            .option("--filter-expression", query.filter)?
            .json("--expression-attribute-values", &query.values)?
            .option("--query", query.shown)?
            .option("--output", "text")
    });
    ContainmentStep::new(text, vec![command])
}

/// Shows an alert from the history.
fn show(text: &'static str, table: Table<'_>, line: &Line) -> ContainmentStep {
    let key = event_item_key(&line.event_id);
    let command = on_table("aws dynamodb get-item", table)
        .and_then(|command| command.json("--key", &key)?.option("--query", ALERT_SHOWN)?.option("--output", "text"));
    ContainmentStep::new(text, vec![command])
}

fn on_table(call: &'static str, table: Table<'_>) -> Option<Command> {
    Command::new(call).option_if_any("--region", table.region)?.option("--table-name", table.name)
}
