//! The policies of a user, role or group, as found.

use super::answer::{Listing, Lookup, Unavailable};
use crate::phrase;
use crate::policy::{Parsed, is_aws_managed, is_quarantine_policy};
use crate::text::{Phrase, Untrusted};

/// The policies of a user, role or group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttachedPolicies {
    pub policies: Vec<AttachedPolicy>,
    /// What could not be listed.
    pub gaps: Vec<Gap>,
    /// Lists that were read only in part: complete sentences without a full stop.
    pub cuts: Vec<Phrase>,
}

/// A lookup without an answer: what, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What was looked up: "groups".
    pub what: Phrase,
    pub reason: Unavailable,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedPolicy {
    pub name: Untrusted,
    pub via: Attachment,
    /// `None` for an inline policy.
    pub arn: Option<Untrusted>,
    pub document: Lookup<Parsed>,
}

/// How an identity has a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attachment {
    /// A managed policy, attached to the user, role or group itself.
    Attached,
    /// An inline policy of the user, role or group itself.
    Inline,
    /// A managed or inline policy of a group that the user is in.
    Group(Untrusted),
    /// The policy itself is evaluated, not an identity that has the policy.
    Itself,
}

impl AttachedPolicies {
    /// For policies of which nothing could be listed.
    #[must_use]
    pub fn gap(what: &Phrase, reason: &Unavailable) -> Self {
        let gap = Gap { what: what.clone(), reason: reason.clone() };
        Self { gaps: vec![gap], ..Self::default() }
    }

    #[must_use]
    pub fn of(policy: AttachedPolicy) -> Self {
        Self { policies: vec![policy], ..Self::default() }
    }

    /// Adds the result of another lookup.
    pub fn extend(&mut self, more: Self) {
        self.policies.extend(more.policies);
        self.gaps.extend(more.gaps);
        self.cuts.extend(more.cuts);
    }

    /// Adds a note if the list was not read to its end.
    #[must_use]
    pub fn noting_cut<T>(mut self, what: &Phrase, list: &Listing<T>) -> Self {
        if list.more {
            self.cuts.push(phrase!("only the first ", list.items.len(), " ", what, " were read"));
        }
        self
    }

    /// The policies that `keep` accepts, with everything that could not be looked up.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&AttachedPolicy) -> bool) -> Self {
        Self { policies: self.policies.iter().filter(|policy| keep(policy)).cloned().collect(), ..self.clone() }
    }

    /// Everything that could not be listed or read.
    #[must_use]
    pub fn unread(&self) -> Vec<Gap> {
        let documents = self.policies.iter().filter(|policy| !policy.is_aws_managed()).filter_map(|policy| {
            let reason = policy.document.unavailable()?.clone();
            Some(Gap { what: phrase!("the policy ", policy.label()), reason })
        });
        self.gaps.iter().cloned().chain(documents).collect()
    }

    /// The number of failed lookups of policies.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.unread().iter().filter(|gap| gap.reason.is_failure()).count()
    }

    /// AWS's quarantine policy. AWS attaches this policy when an access key is found in public
    /// (`AWSCompromisedKeyQuarantine` and its successors).
    #[must_use]
    pub fn quarantine(&self) -> Option<&AttachedPolicy> {
        self.policies.iter().find(|policy| policy.is_aws_managed() && is_quarantine_policy(policy.name.raw()))
    }
}

impl AttachedPolicy {
    /// The name, and how the identity has the policy.
    #[must_use]
    pub fn label(&self) -> Phrase {
        match &self.via {
            Attachment::Attached => phrase!(&self.name, " (attached)"),
            Attachment::Inline => phrase!(&self.name, " (inline)"),
            Attachment::Itself => phrase!(&self.name),
            Attachment::Group(group) => phrase!(&self.name, " (through the group ", group, ")"),
        }
    }

    /// Whether AWS manages the policy: then the account in its ARN is `aws`.
    #[must_use]
    pub fn is_aws_managed(&self) -> bool {
        self.arn.as_ref().is_some_and(|arn| is_aws_managed(arn.raw()))
    }
}
