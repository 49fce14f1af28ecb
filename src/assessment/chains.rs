//! Chains: events that are graver together than each is alone. A table, one row each; an event completes a chain
//! whichever of its steps arrives last.

use crate::history::{Entry, Lately, Line, Step};
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted, counted};
use chrono::{DateTime, TimeDelta, Utc};

/// Steps that make a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// A stable name, for machines.
    pub name: &'static str,
    /// What comes first.
    pub first: Step,
    /// How often it has to.
    pub times: usize,
    /// What comes then.
    pub then: Step,
    /// What the two have in common.
    pub on: On,
    /// Within what time.
    pub within: TimeDelta,
    /// Whether it has to be the same that was given or taken, where both say what.
    pub same_object: bool,
    /// How grave it is at least.
    pub severity: Severity,
    /// What happened first and then, as "… the IAM user x {was created} at …, and {was given access} at …".
    words: [&'static str; 2],
    /// Why that is grave.
    because: &'static str,
}

/// What the steps of a chain have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// The target, and who did it.
    TargetByOneActor,
    /// The target, whoever did it: an intruder may have more than one identity.
    Target,
    /// Who did it.
    Actor,
}

/// Every chain. The techniques are in ATT&CK: T1136.003 and T1098 for the ways to stay, T1556 for MFA, T1548 for the
/// boundary, T1087.004 for finding out by trying.
pub const CHAINS: &[Chain] = &[
    Chain {
        name: "new_user_equipped",
        first: Step::UserCreated,
        times: 1,
        then: Step::UserEquipped,
        on: On::TargetByOneActor,
        within: TimeDelta::minutes(10),
        same_object: false,
        severity: Severity::Critical,
        words: [" was created", "was given a credential, a policy or a group"],
        because: "A new user that can act at once is how intruders stay.",
    },
    Chain {
        name: "version_written_and_set",
        first: Step::VersionWritten,
        times: 1,
        then: Step::DefaultSet,
        on: On::Target,
        within: TimeDelta::hours(1),
        same_object: true,
        severity: Severity::High,
        words: [" got a version that did not count yet", "had its default version set"],
        because: "In two steps, neither shows what is granted from now on.",
    },
    Chain {
        name: "mfa_taken_and_password_set",
        first: Step::MfaTaken,
        times: 1,
        then: Step::PasswordSet,
        on: On::TargetByOneActor,
        within: TimeDelta::hours(1),
        same_object: false,
        severity: Severity::Critical,
        words: [" lost an MFA device", "had its password set"],
        because: "Whoever does both can sign in as that user.",
    },
    Chain {
        name: "boundary_removed_and_policy_given",
        first: Step::BoundaryRemoved,
        times: 1,
        then: Step::PolicyGiven,
        on: On::Target,
        within: TimeDelta::hours(1),
        same_object: false,
        severity: Severity::High,
        words: [" lost its permissions boundary", "was given a policy"],
        because: "What the boundary would have held back counts now.",
    },
    Chain {
        name: "trust_opened_and_policy_given",
        first: Step::TrustOpened,
        times: 1,
        then: Step::PolicyGiven,
        on: On::Target,
        within: TimeDelta::hours(1),
        same_object: false,
        severity: Severity::High,
        words: [
            " got a trust policy that lets in principals outside of the account, or could not be read,",
            "was given a policy",
        ],
        because: "It is a door, and what can be done behind it.",
    },
    Chain {
        name: "denied_then_worked",
        first: Step::Denied,
        times: 5,
        then: Step::Worked,
        on: On::Actor,
        within: TimeDelta::minutes(10),
        same_object: false,
        severity: Severity::High,
        words: ["", ""],
        because: "That is how somebody looks who is finding out what a stolen credential may do.",
    },
];

/// A chain that was completed by an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// Which.
    pub chain: &'static Chain,
    /// Its first step; of many, the earliest that is known.
    pub first: Line,
    /// How often the first step was seen.
    pub times: usize,
    /// Whether it may have been more often, and earlier.
    pub at_least: bool,
    /// CloudTrail's id of the event by which the chain is known, whichever of its events asks: that of the first step,
    /// and of many of the last of them.
    pub key: Untrusted,
    /// Its last step.
    pub then: Line,
    /// Whether another alert names it.
    pub told_before: bool,
}

/// All chains that the event completes, by what else was remembered when it arrived.
#[must_use]
pub fn completed(entry: &Entry, lately: &Lately) -> Vec<Completed> {
    CHAINS.iter().filter_map(|chain| chain.completed_by(&entry.line, lately)).collect()
}

impl Chain {
    fn completed_by(&'static self, this: &Line, lately: &Lately) -> Option<Completed> {
        let same_actor = |line: &&Line| line.actor_key == this.actor_key;
        let others: Vec<&Line> = match self.on {
            On::TargetByOneActor => lately.to_target.lines.iter().filter(same_actor).collect(),
            On::Target => lately.to_target.lines.iter().collect(),
            On::Actor => lately.by_actor.lines.iter().collect(),
        };
        let is_first = |line: &&&Line| line.steps.contains(&self.first);
        let then = if this.steps.contains(&self.then) {
            this
        } else if this.steps.contains(&self.first) {
            // It arrives late: what it leads to is there.
            let later = others.iter().filter(|line| line.steps.contains(&self.then) && self.leads(this, line));
            later.min_by_key(|line| line.time)?
        } else {
            return None;
        };
        let all = others.iter().chain([&this]);
        let firsts: Vec<&Line> = all.filter(is_first).filter(|line| self.leads(line, then)).copied().collect();
        let by_time = |line: &&&Line| (line.time, line.event_id.clone());
        let last = firsts.iter().max_by_key(by_time)?;
        let first = if self.times == 1 { last } else { firsts.iter().min_by_key(by_time)? };
        (firsts.len() >= self.times).then(|| Completed {
            chain: self,
            first: (*first).clone(),
            times: firsts.len(),
            at_least: self.on == On::Actor && lately.by_actor.unread,
            key: last.event_id.clone(),
            then: then.clone(),
            told_before: false,
        })
    }

    /// Whether one may have led to the other. Events of one second have no order that we know.
    fn leads(&self, first: &Line, then: &Line) -> bool {
        let objects = first.object.as_ref().zip(then.object.as_ref());
        let fits = !self.same_object || objects.is_none_or(|(first, then)| first == then);
        fits && first.event_id != then.event_id && (TimeDelta::zero()..=self.within).contains(&(then.time - first.time))
    }
}

impl Completed {
    /// The rule that the reason is told under.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        if self.told_before { "chain_goes_on" } else { self.chain.name }
    }

    /// What happened, with times, and why that is grave.
    #[must_use]
    pub fn reason(&self) -> Phrase {
        let mut reason = self.story();
        if self.told_before {
            reason.push(" Another alert tells of this chain, too.");
        }
        reason
    }

    fn story(&self) -> Phrase {
        let (first, then) = (&self.first, &self.then);
        let later = later(then.time - first.time);
        if self.chain.on == On::Actor {
            let done = phrase!(Phrase::ours(clock(then.time)), " ", &then.call, " worked, ", later);
            return phrase!(self.began().capitalized(), "; at ", done, ". ", self.chain.because);
        }
        let by = if first.actor_key == then.actor_key {
            phrase!(", both by ", &first.actor)
        } else {
            phrase!(", by ", &first.actor, " and by ", &then.actor)
        };
        let [_, then_done] = self.chain.words;
        let done = phrase!(then_done, " at ", Phrase::ours(clock(then.time)), " (", &then.call, "), ", later, by);
        phrase!(self.began().capitalized(), " and ", done, ". ", self.chain.because)
    }

    /// How it began: "the IAM user x was created at 05:58:10 UTC".
    fn began(&self) -> Phrase {
        let (first, at) = (&self.first, Phrase::ours(clock(self.first.time)));
        if self.chain.on == On::Actor {
            let calls = Phrase::ours(counted(self.times, "call"));
            let at_least = if self.at_least { "at least " } else { "" };
            return phrase!(at_least, calls, " by ", &first.actor, " were denied from ", at, " on");
        }
        let [done, _] = self.chain.words;
        phrase!("the ", Phrase::from(&first.target), done, " at ", at)
    }
}

/// "40 seconds later".
fn later(span: TimeDelta) -> Phrase {
    let (number, noun) =
        if span < TimeDelta::minutes(2) { (span.num_seconds(), "second") } else { (span.num_minutes(), "minute") };
    Phrase::ours(format!("{} later", counted(usize::try_from(number).unwrap_or(0), noun)))
}

fn clock(time: DateTime<Utc>) -> String {
    time.format("%H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests;
