//! The policies of a user, role or group, as found.

use super::answer::{Gap, Listing, Lookup, Unavailable};
use crate::arn::Arn;
use crate::phrase;
use crate::policy::{
    Access, Document, Holder, KnownContainment, Named, Parsed, PolicyInput, Question, Reading, Via, evaluate,
    is_aws_managed, known_containment,
};
use crate::text::{Phrase, Untrusted};

/// The policies of a user, role or group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttachedPolicies {
    pub policies: Vec<AttachedPolicy>,
    /// The permissions boundary.
    pub boundary: Option<AttachedPolicy>,
    /// What could not be listed.
    pub gaps: Vec<Gap>,
    /// Lists that were read only in part: complete sentences without a full stop.
    pub cuts: Vec<Phrase>,
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
    /// A policy of a permission set that the user or group is assigned to.
    PermissionSet(Untrusted),
    /// The policy itself is evaluated, not an identity that has the policy; or it is a boundary.
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
        let documents = self.policies.iter().chain(&self.boundary).filter_map(|policy| {
            let reason = policy.document.unavailable()?.clone();
            // The content of an AWS managed policy that was not asked for is known by name, or said to be not known.
            (reason.is_failure() || !policy.is_aws_managed()).then_some(())?;
            Some(Gap { what: phrase!("the policy ", policy.label()), reason })
        });
        self.gaps.iter().cloned().chain(documents).collect()
    }

    /// The policies for the judgement.
    #[must_use]
    pub fn inputs(&self) -> Vec<PolicyInput<'_>> {
        self.policies.iter().map(AttachedPolicy::input).collect()
    }

    /// The access that the policies grant to their holder.
    #[must_use]
    pub fn access(&self, holder: Holder<'_>, named: &Named) -> Access {
        let (policies, boundary) = (self.inputs(), self.boundary.as_ref().map(AttachedPolicy::input));
        let unread = !self.unread().is_empty();
        evaluate(&Question {
            policies: &policies,
            cuts: &self.cuts,
            unread,
            holder,
            boundary: boundary.as_ref(),
            named,
        })
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
        self.policies.iter().find(|policy| policy.is_quarantine())
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
            Attachment::PermissionSet(set) => phrase!(&self.name, " (permission set ", set, ")"),
        }
    }

    /// A permissions boundary.
    #[must_use]
    pub fn boundary(arn: Untrusted, document: Lookup<Parsed>) -> Self {
        let name = Arn::parse(arn.raw()).map_or_else(|| arn.clone(), |arn| arn.name().into());
        Self { name, via: Attachment::Itself, arn: Some(arn), document }
    }

    /// The policy for the judgement.
    #[must_use]
    pub fn input(&self) -> PolicyInput<'_> {
        let via = match self.via {
            Attachment::Attached | Attachment::PermissionSet(_) | Attachment::Itself => Via::Attached,
            Attachment::Inline => Via::Inline,
            Attachment::Group(_) => Via::Group,
        };
        PolicyInput { label: self.label(), arn: self.arn.as_ref().map(Untrusted::raw), via, reading: self.reading() }
    }

    /// What is known about the document.
    #[must_use]
    pub fn reading(&self) -> Reading<'_> {
        match &self.document {
            Lookup::Found(Parsed::Policy(document)) => Reading::Document(document),
            _ if self.is_aws_managed() => Reading::AwsManaged(self.name.raw()),
            Lookup::Found(Parsed::NotUnderstood) => Reading::NotUnderstood,
            Lookup::Missing => Reading::Gone,
            Lookup::Unavailable(_) => Reading::Unread,
        }
    }

    /// Whether this is AWS's quarantine: AWS's managed policy, or an inline policy of its name that denies new access keys,
    /// as AWS's does, or could not be read. A customer managed policy of this name, known with or without its ARN, is not
    /// AWS's.
    #[must_use]
    pub fn is_quarantine(&self) -> bool {
        let denies_keys = |document: &Document| document.denies_somewhere("iam:CreateAccessKey");
        let inline = || {
            let document = self.document.found().and_then(Parsed::policy);
            self.via != Attachment::Attached && self.arn.is_none() && document.is_none_or(denies_keys)
        };
        known_containment(self.name.raw()) == Some(KnownContainment::Quarantine) && (self.is_aws_managed() || inline())
    }

    /// Whether AWS manages the policy: then the account in its ARN is `aws`.
    #[must_use]
    pub fn is_aws_managed(&self) -> bool {
        self.arn.as_ref().is_some_and(|arn| is_aws_managed(arn.raw()))
    }
}
