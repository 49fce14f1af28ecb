//! Proposals of expectations: what an actor does every week. Nothing is learned by itself: a person reads a proposal,
//! writes the reason, and accepts it.
//!
//! Whoever is patient can do anything every week. So what grants much, what is CRITICAL and what was not fully evaluated is
//! never proposed, but named with the reason.

use super::model::Line;
use crate::arn::{Arn, is_account_id};
use crate::catalog::TargetKind;
use crate::severity::Severity;
use chrono::{DateTime, Months, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The fewest weeks in which something must have happened.
pub const FEWEST_WEEKS: usize = 3;
/// The most that are kept: actors, targets of a call, calls of an actor.
const ACTORS: usize = 1_000;
const TARGETS: usize = 1_000;
const CALLS: usize = 200;
/// The most targets that are listed one by one; of more, the common beginning is proposed.
const LISTED: usize = 5;
/// A common beginning of fewer characters says nothing.
const BEGINNING: usize = 4;
/// The most comments on what is not proposed.
const COMMENTS: usize = 20;
/// How long an expectation is proposed for.
const LASTS: Months = Months::new(6);

/// What was read of the last weeks.
#[derive(Debug)]
pub struct Habits {
    now: DateTime<Utc>,
    weeks: usize,
    actors: BTreeMap<(String, String), Actor>,
    /// Whether there were more.
    cut: bool,
}

/// What an actor did in an account, by action.
type Actor = BTreeMap<String, Habit>;

/// How an actor made a call.
#[derive(Debug, Default)]
struct Habit {
    times: usize,
    weeks: BTreeSet<usize>,
    period: Option<(DateTime<Utc>, DateTime<Utc>)>,
    most_severe: Option<Severity>,
    /// The targets; `None` for one that has no name that a pattern can contain.
    targets: BTreeSet<Option<String>>,
    cut: bool,
    /// The targets of which it is not proposed, and why, and how often; not more than [`COMMENTS`].
    refused: BTreeMap<(String, String), usize>,
}

impl Habits {
    /// Of so many weeks until now.
    #[must_use]
    pub const fn new(weeks: usize, now: DateTime<Utc>) -> Self {
        Self { now, weeks, actors: BTreeMap::new(), cut: false }
    }

    /// Since when lines are of interest.
    #[must_use]
    pub fn since(&self) -> DateTime<Utc> {
        self.now - TimeDelta::weeks(i64::try_from(self.weeks).unwrap_or(i64::MAX).min(520))
    }

    /// Takes note of a line. What is no call of a user or role, or would not be mailed, is of no interest.
    pub fn add(&mut self, line: &Line) {
        let key = line.actor_key.raw();
        let who = key.split('#').next().unwrap_or_default();
        let account = line.account.as_ref().filter(|account| is_account_id(account.raw()));
        let (Some(severity), Some(account)) = (line.severity, account) else { return };
        let week = usize::try_from((self.now - line.time).num_weeks()).ok().filter(|week| *week < self.weeks);
        let Some(week) = week.filter(|_| line.time <= self.now && is_user_or_role(who)) else { return };
        if line.handling.unless_expected.is_some() || severity < Severity::Medium {
            return;
        }
        let actor = (who.to_owned(), account.raw().to_owned());
        if self.actors.len() >= ACTORS && !self.actors.contains_key(&actor) {
            self.cut = true;
            return;
        }
        let calls = self.actors.entry(actor).or_default();
        if calls.len() >= CALLS && !calls.contains_key(line.call.raw()) {
            self.cut = true;
            return;
        }
        let habit = calls.entry(line.call.raw().to_owned()).or_default();
        if let Some(why) = refusal(line, severity) {
            let refused = (shown(line.target.raw()), why);
            if habit.refused.len() < COMMENTS || habit.refused.contains_key(&refused) {
                *habit.refused.entry(refused).or_default() += 1;
            }
            return;
        }
        habit.times += 1;
        habit.weeks.insert(week);
        let (first, last) = habit.period.unwrap_or((line.time, line.time));
        habit.period = Some((first.min(line.time), last.max(line.time)));
        habit.most_severe = habit.most_severe.max(Some(severity));
        if habit.targets.len() < TARGETS {
            habit.targets.insert(target(line));
        } else {
            habit.cut = true;
        }
    }

    /// The proposals as YAML, for a person to review.
    #[must_use]
    pub fn proposals(&self) -> String {
        let (mut proposed, mut not_proposed) = (String::new(), Vec::new());
        for ((who, account), calls) in &self.actors {
            // Calls with the same targets are one expectation.
            let mut alike: BTreeMap<Targets, Vec<(&String, &Habit)>> = BTreeMap::new();
            for (call, habit) in calls {
                for ((target, why), times) in &habit.refused {
                    not_proposed.push(format!("{} on {target} by {who}, {times} times: {why}", shown(call)));
                }
                match Targets::of(habit) {
                    _ if habit.times == 0 => {}
                    _ if habit.weeks.len() < FEWEST_WEEKS.max(self.weeks) => {}
                    Ok(targets) if is_action(call) => alike.entry(targets).or_default().push((call, habit)),
                    Ok(_) => not_proposed.push(format!("{} by {who}: its name is no action", shown(call))),
                    Err(why) => not_proposed.push(format!("{} by {who}: {why}", shown(call))),
                }
            }
            for (targets, calls) in alike {
                self.propose(&mut proposed, (who, account), &targets, &calls);
            }
        }
        let mut text = format!(
            "# What happened in each of the last {} weeks, mailed or not. Nothing here is in effect.\n",
            self.weeks
        );
        text.push_str("# Accept what you know, with a reason; delete the rest.\n");
        if proposed.is_empty() {
            text.push_str("# Nothing happened in every week that could be expected.\nexpectations: []\n");
        } else {
            text.push_str("expectations:\n");
            text.push_str(&proposed);
        }
        let more = not_proposed.len().saturating_sub(COMMENTS);
        for line in not_proposed.iter().take(COMMENTS) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# not proposed: {line}");
        }
        if more > 0 {
            let _ = writeln!(text, "# not proposed: {more} more");
        }
        if self.cut {
            let _ = writeln!(text, "# There were more actors or calls than are compared here.");
        }
        text
    }

    fn propose(&self, text: &mut String, (who, account): (&str, &str), targets: &Targets, calls: &[(&String, &Habit)]) {
        let times: usize = calls.iter().map(|(_, habit)| habit.times).sum();
        let first = calls.iter().filter_map(|(_, habit)| habit.period).map(|(first, _)| first).min();
        let last = calls.iter().filter_map(|(_, habit)| habit.period).map(|(_, last)| last).max();
        let severity = calls.iter().filter_map(|(_, habit)| habit.most_severe).max().unwrap_or(Severity::Medium);
        let day =
            |time: Option<DateTime<Utc>>| time.map_or_else(String::new, |time| time.format("%Y-%m-%d").to_string());
        let until = self.now.checked_add_months(LASTS);
        let what: Vec<_> = calls.iter().map(|(call, _)| call.as_str()).collect();
        let weeks = self.weeks;
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  # {times} times in {weeks} of {weeks} weeks, since {}, last {}; severity up to {severity}",
            day(first),
            day(last)
        );
        let _ = writeln!(text, "  - who: {who}");
        let _ = writeln!(text, "    what: [{}]", what.join(", "));
        if !who.contains(&format!(":{account}:")) {
            let _ = writeln!(text, "    where: [\"{account}\"]");
        }
        match targets {
            Targets::Listed(targets) => {
                let _ = writeln!(text, "    target: [{}]", targets.join(", "));
            }
            Targets::Beginning(beginning) => {
                let _ = writeln!(text, "    target: [{}]", format_args!("{beginning}*"));
            }
            Targets::Any(number) => {
                let _ = writeln!(
                    text,
                    "    # {number} targets with no common beginning: without `target`, this covers ALL targets"
                );
            }
        }
        let _ = writeln!(text, "    up_to: {severity}\n    until: {}", day(until));
        let _ = writeln!(text, "    why: \"TODO: who decided this, and where is it written down?\"");
    }
}

/// The targets of a proposal.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Targets {
    Listed(Vec<String>),
    /// Their common beginning, with the kind.
    Beginning(String),
    /// There are so many, which have nothing in common.
    Any(usize),
}

impl Targets {
    /// # Errors
    /// Why the targets cannot be written as patterns.
    fn of(habit: &Habit) -> Result<Self, &'static str> {
        let named: Option<Vec<String>> = habit.targets.iter().cloned().collect();
        let named = named.ok_or("a target has no name, or one with characters that are special in patterns")?;
        if named.len() <= LISTED {
            return Ok(Self::Listed(named));
        }
        let first = named.first().map(String::as_str).unwrap_or_default();
        let last = named.last().map(String::as_str).unwrap_or_default();
        // The names are sorted, and plain ASCII: what the first and the last have in common, all have.
        let common = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
        let beginning = &first[..common];
        let name = beginning.split_once('/').map_or("", |(_, name)| name);
        if habit.cut || name.len() < BEGINNING {
            Ok(Self::Any(named.len()))
        } else {
            Ok(Self::Beginning(beginning.to_owned()))
        }
    }
}

/// Why a line is never a reason for a proposal.
fn refusal(line: &Line, severity: Severity) -> Option<String> {
    let limits: Vec<_> = line.handling.limits.iter().map(|limit| shown(limit.raw())).collect();
    if !limits.is_empty() {
        return Some(limits.join(", "));
    }
    let why = match (severity, line.succeeded(), line.handling.mail) {
        (Severity::Critical, ..) => "CRITICAL",
        (_, false, _) => "it did not succeed",
        _ if line.handling.incomplete => "it could not be evaluated completely",
        (.., None) => "an earlier version recorded it, without its limits",
        _ => return None,
    };
    Some(why.to_owned())
}

/// Whether an actor is an IAM user or role by its ARN, which is plain. Never the root user, a service or somebody unknown.
fn is_user_or_role(who: &str) -> bool {
    Arn::parse(who).is_some_and(|arn| {
        arn.service == "iam"
            && is_account_id(arn.account)
            && (arn.resource.starts_with("role/") || arn.resource.starts_with("user/"))
            && !arn.resource.starts_with("role/aws-service-role/")
            && !arn.resource.ends_with('/')
            && is_plain(arn.resource)
    }) && !who.contains(char::is_whitespace)
}

/// Whether a text means only itself in a pattern and, behind a letter, in YAML.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=.@/-".contains(&byte))
}

fn is_action(call: &str) -> bool {
    call.split_once(':').is_some_and(|(service, name)| {
        service.starts_with(|first: char| first.is_ascii_alphabetic())
            && service.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// The target as expectations name it, from its label for people: [`target_of`](crate::config::expectations::target_of).
/// `None` if the label names none, or not exactly.
fn target(line: &Line) -> Option<String> {
    use TargetKind as Kind;
    /// The kinds whose names the label shows as they are.
    const NAMED: [Kind; 12] = [
        Kind::User,
        Kind::Role,
        Kind::Group,
        Kind::Policy,
        Kind::InstanceProfile,
        Kind::MfaDevice,
        Kind::SamlProvider,
        Kind::ServerCertificate,
        Kind::PermissionSet,
        Kind::DirectoryUser,
        Kind::DirectoryGroup,
        Kind::Trail,
    ];
    let label = line.target.raw();
    let (kind, name) =
        NAMED.into_iter().find_map(|kind| Some((kind, label.strip_prefix(kind.noun())?.strip_prefix(' ')?)))?;
    let (service, path) = kind.in_arns();
    let service = if service == "iam" { String::new() } else { format!("{service}:") };
    // A label is cut at some length, and says so with other characters.
    is_plain(name).then(|| format!("{service}{path}{name}"))
}

/// For a comment, which ends with its line.
fn shown(text: &str) -> String {
    crate::text::Untrusted::new(text).shown(crate::text::TextKind::Name)
}

#[cfg(test)]
mod tests;
