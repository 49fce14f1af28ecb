//! Chains: events that together are more severe than each event alone. A table with one row for each chain. The chain
//! is complete when the last of its events arrives, in any order.

use crate::catalog::{AccessEffect, ChainStep, TargetKind};
use crate::event::{Activity, FailureKind, Outcome};
use crate::history::{Entry, Line, RelatedActivity, object_key};
use crate::phrase;
use crate::policy::{Document, Home, Reach, Trust, is_deny_policy_of_aws};
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted, counted};
use chrono::{DateTime, TimeDelta, Utc};

/// The steps of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// A stable name, for machines and for the history.
    pub name: &'static str,
    pub first: ChainStep,
    /// How often the first step must happen.
    pub times: usize,
    pub then: ChainStep,
    pub shared: Shared,
    pub within: TimeDelta,
    /// Whether the object must be the same, if both events name one.
    pub same_object: bool,
    pub severity: Severity,
    /// The words for the first and for the last step, as in "… the IAM user x {was created} at …, and {got access} at
    /// …".
    words: [&'static str; 2],
    /// The meaning of the chain.
    because: &'static str,
}

/// What the steps of a chain have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// The target, and the actor.
    TargetAndActor,
    /// The target, with any actor: an intruder may have more than one identity.
    Target,
    /// The actor.
    Actor,
    /// A managed policy: the target of one event, and what the other event attaches.
    Policy,
}

/// All chains. The techniques are in ATT&CK: T1136.003 and T1098 for persistence, T1556 for MFA, T1548 for the
/// boundary, T1484.002 for trust in a provider, T1087.004 for probing, T1110 for guessed passwords.
pub const CHAINS: &[Chain] = &[
    Chain {
        name: "new_user_with_access",
        first: ChainStep::UserCreated,
        times: 1,
        then: ChainStep::UserEquipped,
        shared: Shared::TargetAndActor,
        within: TimeDelta::minutes(10),
        same_object: false,
        severity: Severity::Critical,
        words: [" was created", "got a credential, a policy or a group"],
        because: "A new user with access is a common way to stay in an account.",
    },
    Chain {
        name: "policy_version_written_and_set",
        first: ChainStep::VersionWritten,
        times: 1,
        then: ChainStep::DefaultVersionSet,
        shared: Shared::Target,
        within: TimeDelta::hours(1),
        same_object: true,
        severity: Severity::High,
        words: [" got a version that was not in effect yet", "had its default version set"],
        because: "Neither of the two calls alone shows what is granted now.",
    },
    Chain {
        name: "mfa_removed_and_password_set",
        first: ChainStep::MfaRemoved,
        times: 1,
        then: ChainStep::PasswordSet,
        shared: Shared::TargetAndActor,
        within: TimeDelta::hours(1),
        same_object: false,
        severity: Severity::Critical,
        words: [" lost an MFA device", "had its password set"],
        because: "The caller can now sign in as that user.",
    },
    Chain {
        name: "boundary_removed_and_policy_granted",
        first: ChainStep::BoundaryRemoved,
        times: 1,
        then: ChainStep::PolicyGranted,
        shared: Shared::Target,
        within: TimeDelta::hours(1),
        same_object: false,
        severity: Severity::High,
        words: [" lost its permissions boundary", "got a policy"],
        because: "The boundary no longer limits what policies grant.",
    },
    Chain {
        name: "trust_widened_and_policy_granted",
        first: ChainStep::TrustWidened,
        times: 1,
        then: ChainStep::PolicyGranted,
        shared: Shared::Target,
        within: TimeDelta::hours(1),
        same_object: false,
        severity: Severity::High,
        words: [
            " got a trust policy that admits principals outside of the account, or could not be read,",
            "got a policy",
        ],
        because: "This is external access with permissions attached.",
    },
    Chain {
        name: "policy_attached_and_version_set",
        first: ChainStep::PolicyAttached,
        times: 1,
        then: ChainStep::DefaultVersionSet,
        shared: Shared::Policy,
        within: TimeDelta::hours(1),
        same_object: false,
        severity: Severity::High,
        words: [" got the policy", "had its default version set"],
        because: "What the policy granted in between is not what it grants now: it may have been more.",
    },
    Chain {
        name: "provider_changed_and_trusted",
        first: ChainStep::ProviderChanged,
        times: 1,
        then: ChainStep::ProviderTrusted,
        shared: Shared::Actor,
        within: TimeDelta::hours(1),
        same_object: false,
        severity: Severity::High,
        words: [" was created or changed", "can be assumed by identities of a provider"],
        because: "Whoever controls the provider can act as the role, and gets each policy that the role has or gets.",
    },
    Chain {
        name: "denied_then_succeeded",
        first: ChainStep::Denied,
        times: 5,
        then: ChainStep::Succeeded,
        shared: Shared::Actor,
        within: TimeDelta::minutes(10),
        same_object: false,
        severity: Severity::High,
        words: ["", ""],
        because: "This looks like somebody probing what a stolen credential can do.",
    },
    Chain {
        name: "sign_ins_failed_then_succeeded",
        first: ChainStep::SignInFailed,
        times: 5,
        then: ChainStep::SignedIn,
        shared: Shared::Target,
        within: TimeDelta::hours(1),
        same_object: false,
        severity: Severity::High,
        words: ["", ""],
        because: "This looks like somebody guessing the password.",
    },
];

/// The chain steps that an activity can be: the steps of its row, unless the event's own policies exclude them.
#[must_use]
pub fn steps_of(activity: &Activity) -> Vec<ChainStep> {
    match &activity.outcome {
        Outcome::Succeeded => {}
        Outcome::Failed { .. } if activity.action.effect == AccessEffect::SignsIn => {
            return vec![ChainStep::SignInFailed];
        }
        Outcome::Failed { failure: FailureKind::Denied, .. } => return vec![ChainStep::Denied],
        Outcome::Failed { .. } => return Vec::new(),
    }
    let action = activity.action;
    let contains = action.effect.grants_policy() && only_denies(activity);
    let happened = |step: &ChainStep| match step {
        // A root user that gets a key is no new user.
        ChainStep::UserEquipped => {
            matches!(activity.target.kind, TargetKind::User | TargetKind::DirectoryUser) && !contains
        }
        ChainStep::PolicyGranted => !contains,
        ChainStep::TrustWidened => widens_trust(activity),
        ChainStep::UserCreated
        | ChainStep::VersionWritten
        | ChainStep::DefaultVersionSet
        | ChainStep::MfaRemoved
        | ChainStep::PasswordSet
        | ChainStep::BoundaryRemoved
        | ChainStep::PolicyAttached
        | ChainStep::ProviderChanged
        | ChainStep::ProviderTrusted
        | ChainStep::Denied
        | ChainStep::Succeeded
        | ChainStep::SignInFailed
        | ChainStep::SignedIn => true,
    };
    let of_row = action.steps.iter().copied().filter(happened);
    let of_row = of_row.chain(of_event(activity));
    of_row.chain((!action.effect.is_maintenance()).then_some(ChainStep::Succeeded)).collect()
}

/// The steps that no row can state, since they depend on the event.
fn of_event(activity: &Activity) -> impl Iterator<Item = ChainStep> {
    let effect = activity.action.effect;
    let attaches = matches!(effect, AccessEffect::AttachesPolicy | AccessEffect::SetsBoundary);
    let provider = matches!(activity.target.kind, TargetKind::SamlProvider | TargetKind::OidcProvider);
    [
        (attaches && object_key(activity).is_some()).then_some(ChainStep::PolicyAttached),
        (provider && effect == AccessEffect::ChangesFederation).then_some(ChainStep::ProviderChanged),
        (activity.action.is_about_trust() && trusts_provider(activity)).then_some(ChainStep::ProviderTrusted),
    ]
    .into_iter()
    .flatten()
}

/// Whether the attached policy only denies: that is containment.
fn only_denies(activity: &Activity) -> bool {
    match &activity.policy_document {
        Some(document) => document.policy().is_some_and(Document::is_deny_only),
        None => activity.object.arn.as_ref().is_some_and(|arn| is_deny_policy_of_aws(arn.raw())),
    }
}

/// Whether a trust policy allows other principals than the account itself and AWS services. If the policy cannot be
/// read, the answer is yes.
fn widens_trust(activity: &Activity) -> bool {
    trust_of(activity).is_none_or(|trust| trust.reach().is_some_and(|reach| reach >= Reach::Outside))
}

/// Whether a trust policy allows identities of a provider. If the policy cannot be read, the answer is yes.
fn trusts_provider(activity: &Activity) -> bool {
    trust_of(activity).is_none_or(|trust| trust.federates())
}

/// The trust policy of the call, if all of it was read.
fn trust_of(activity: &Activity) -> Option<Trust> {
    let home = Home { account: activity.account.as_ref(), organization: None, members: &[] };
    let trust = activity.trust_document.as_ref().map(|document| Trust::of(document, home));
    trust.filter(|trust| trust.not_evaluated.is_empty())
}

/// A chain that was completed by an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    pub chain: &'static Chain,
    /// The first step; of several, the earliest known.
    pub first: Line,
    /// How often the first step was seen.
    pub times: usize,
    /// Whether there may be more first steps, and earlier ones.
    pub at_least: bool,
    /// CloudTrail's id of the event that identifies the chain. It is the same for all events of the chain: the first
    /// step; of several, the last of them.
    pub key: Untrusted,
    /// The last step.
    pub then: Line,
    /// Whether another alert names the chain.
    pub alerted_before: bool,
}

/// All chains that the event completes, from the related activity that was recorded when it arrived.
#[must_use]
pub fn completed(entry: &Entry, related: &RelatedActivity) -> Vec<Completed> {
    CHAINS.iter().filter_map(|chain| chain.completed_by(&entry.line, related)).collect()
}

impl Chain {
    fn completed_by(&'static self, this: &Line, related: &RelatedActivity) -> Option<Completed> {
        let same_actor = |line: &&Line| line.actor_key == this.actor_key;
        let others: Vec<&Line> = match self.shared {
            Shared::TargetAndActor => related.to_target.lines.iter().filter(same_actor).collect(),
            Shared::Target => related.to_target.lines.iter().collect(),
            Shared::Actor => related.by_actor.lines.iter().collect(),
            Shared::Policy => related.to_target.lines.iter().chain(&related.to_object.lines).collect(),
        };
        let is_first = |line: &&&Line| line.steps.contains(&self.first);
        let then = if this.steps.contains(&self.then) {
            this
        } else if this.steps.contains(&self.first) {
            // If the first step arrives late, the last step is recorded already.
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
            at_least: self.shared == Shared::Actor && related.by_actor.unread,
            key: last.event_id.clone(),
            then: then.clone(),
            alerted_before: false,
        })
    }

    /// Whether `first` may have led to `then`. The order of two events in the same second is not known.
    fn leads(&self, first: &Line, then: &Line) -> bool {
        let objects = first.object.as_ref().zip(then.object.as_ref());
        let fits = !self.same_object || objects.is_none_or(|(first, then)| first == then);
        fits && first.event_id != then.event_id && (TimeDelta::zero()..=self.within).contains(&(then.time - first.time))
    }
}

impl Completed {
    /// The rule of the reason.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        if self.alerted_before { "chain_continued" } else { self.chain.name }
    }

    /// What happened, with times, and the meaning.
    #[must_use]
    pub fn reason(&self) -> Phrase {
        let mut reason = self.story();
        if self.alerted_before {
            reason.push(" Another alert reports this chain.");
        }
        reason
    }

    fn story(&self) -> Phrase {
        let (first, then) = (&self.first, &self.then);
        let later = later(then.time - first.time);
        if self.chain.first == ChainStep::SignInFailed {
            let done = phrase!("at ", Phrase::ours(clock(then.time)), " one succeeded, ", later);
            return phrase!(self.began().capitalized(), "; ", done, ". ", self.chain.because);
        }
        if self.chain.first == ChainStep::Denied {
            let done = phrase!(Phrase::ours(clock(then.time)), " ", &then.call, " succeeded, ", later);
            return phrase!(self.began().capitalized(), "; at ", done, ". ", self.chain.because);
        }
        let by = if first.actor_key == then.actor_key {
            phrase!(", both by ", &first.actor)
        } else {
            phrase!(", by ", &first.actor, " and by ", &then.actor)
        };
        let [_, then_done] = self.chain.words;
        let whose = if first.target == then.target {
            Phrase::default()
        } else {
            phrase!("the ", Phrase::from(&then.target), " ")
        };
        let done =
            phrase!(whose, then_done, " at ", Phrase::ours(clock(then.time)), " (", &then.call, "), ", later, by);
        phrase!(self.began().capitalized(), " and ", done, ". ", self.chain.because)
    }

    /// The first step: "the IAM user x was created at 05:58:10 UTC".
    fn began(&self) -> Phrase {
        let (first, at) = (&self.first, Phrase::ours(clock(self.first.time)));
        if self.chain.first == ChainStep::Denied {
            let calls = Phrase::ours(counted(self.times, "call"));
            let at_least = if self.at_least { "at least " } else { "" };
            return phrase!(at_least, calls, " by ", &first.actor, " were denied from ", at);
        }
        if self.chain.first == ChainStep::SignInFailed {
            let sign_ins = Phrase::ours(counted(self.times, "sign-in"));
            return phrase!(sign_ins, " as the ", Phrase::from(&first.target), " failed from ", at);
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
