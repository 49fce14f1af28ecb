//! The access that identity policies grant: administrator, a path to more access, everything except IAM, or less.
//!
//! This is no policy simulator. A few questions are answered from the documents, by the table of [`escalation`] paths
//! and by `judgement`. Service control policies and session policies are not evaluated. Everything that could not be
//! read or evaluated is listed, so that nothing is claimed about it.
//!
//! [`escalation`]: super::escalation

use super::escalation::{EscalationPath, Means};
use crate::phrase;
use crate::text::{Phrase, Untrusted, counted};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessLevel {
    /// Nothing is allowed, and everything that could allow something was read.
    None,
    /// Less than the levels below.
    Limited,
    /// Everything in AWS except IAM.
    Broad,
    /// Can act through a role or a resource that has more access.
    RoleEscalation,
    /// Can change IAM in a way that leads to administrator.
    Escalation,
    /// Everything; or all of IAM, which leads to everything.
    Administrator,
}

impl AccessLevel {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Limited => "limited",
            Self::Broad => "broad",
            Self::RoleEscalation => "role-escalation",
            Self::Escalation => "escalation",
            Self::Administrator => "administrator",
        }
    }
}

/// The access that policies grant, as far as they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Access {
    /// The level that is certain, within the boundary.
    pub level: AccessLevel,
    /// The policies that grant this level.
    pub granted_by: Vec<Phrase>,
    /// The escalation paths that are open, the widest first.
    pub paths: Vec<OpenPath>,
    /// The policy that allows everything in AWS except IAM.
    pub everything_but_iam: Option<Phrase>,
    /// All policies, with how they are attached.
    pub policies: Vec<Phrase>,
    /// The number of policies that were read and evaluated.
    pub evaluated: usize,
    /// What was read but not evaluated, or not read to its end: the access can be more or less.
    pub not_evaluated: Vec<Phrase>,
    /// The level if everything that was not evaluated is as the holder wants it, except what [`perhaps`](Self::perhaps)
    /// covers.
    pub at_most: AccessLevel,
    /// The level if also those existing resources have more access that were not looked up.
    pub perhaps: AccessLevel,
    pub boundary: Option<BoundaryEffect>,
    /// Whether there are AWS managed policies of which only the name is known.
    pub named_only: bool,
    /// Whether something could not be listed or read; the caller reports what, and why.
    pub unread: bool,
    /// Whether a policy allows, on some resource, an action that is part of an escalation path. If none does, no other
    /// policy opens a path together with these.
    pub has_part_of_path: bool,
    /// Whether a document was deleted before it was read, or was not understood.
    pub unreadable: bool,
}

/// A permissions boundary, and its effect on the access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundaryEffect {
    /// The boundary's name.
    pub name: Phrase,
    /// The level without the boundary, and the policies that grant this level.
    pub without: AccessLevel,
    pub without_by: Vec<Phrase>,
    pub without_paths: Vec<OpenPath>,
    pub effect: BoundaryReading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundaryReading {
    Limits,
    /// The holder can remove, replace or rewrite the boundary, so it is no limit.
    Removable(&'static str),
    /// The boundary could not be read: the access is shown without it.
    Unread,
}

/// An escalation path that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPath {
    pub path: &'static EscalationPath,
    /// The resources that a policy names with a wildcard; `None` if the path is open on all or on known ones.
    pub limited_to: Option<String>,
    /// Whether only AWS managed policies open the path.
    pub by_aws: bool,
}

impl OpenPath {
    /// "iam:PassRole with lambda:CreateFunction and lambda:InvokeFunction (lambda-001): runs code with …".
    #[must_use]
    pub fn words(&self) -> Phrase {
        let actions: Vec<_> = self.path.all_actions().collect();
        let words = match actions.as_slice() {
            [one] => Phrase::from(*one),
            [first, rest @ ..] => {
                let (last, between) =
                    rest.split_last().map_or((*first, &rest[..0]), |(last, between)| (*last, between));
                let mut words = phrase!(*first, " with ");
                for (i, action) in between.iter().enumerate() {
                    words.push(if i > 0 { ", " } else { "" });
                    words.push(*action);
                }
                words.push(if between.is_empty() { "" } else { " and " });
                words.push(last);
                words
            }
            [] => Phrase::default(),
        };
        let words = phrase!(words, " (", self.path.id, "): ", self.path.leads_to);
        match &self.limited_to {
            Some(pattern) => phrase!(
                words,
                "; only on ",
                Phrase::arn(&Untrusted::new(pattern)),
                ", and what this covers was not looked up"
            ),
            None => words,
        }
    }

    /// Whether this is a usual part of a service's own AWS managed policies: it acts through existing resources, or on
    /// resources of certain names.
    #[must_use]
    pub const fn is_usual_of_aws(&self) -> bool {
        self.by_aws && (matches!(self.path.means, Means::ExistingResource) || self.limited_to.is_some())
    }
}

impl Access {
    /// The policies that grant the level, in one line.
    #[must_use]
    pub fn why(&self) -> Phrase {
        Phrase::few(self.granted_by.iter().map(Phrase::from), 3, "; ")
    }

    /// The access as it is without the boundary.
    #[must_use]
    pub fn without_boundary(&self) -> Self {
        let mut access = self.clone();
        if let Some(boundary) = access.boundary.take()
            && boundary.without > access.level
        {
            access.level = boundary.without;
            access.granted_by = boundary.without_by;
            access.paths = boundary.without_paths;
        }
        access
    }

    /// Whether everything that could contradict the level was read and evaluated.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.not_evaluated.is_empty() && !self.unread && !self.named_only
    }

    /// Whether the access is known to be limited: everything that could contradict was read and evaluated.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.is_complete() && self.level.max(self.at_most).max(self.perhaps) <= AccessLevel::Limited
    }

    /// The widest open paths, one line each, and how many more there are.
    #[must_use]
    pub fn path_words(&self) -> Vec<Phrase> {
        let mut words: Vec<_> = self.paths.iter().take(3).map(OpenPath::words).collect();
        if let more @ 1.. = self.paths.len().saturating_sub(3) {
            words.push(Phrase::ours(format!("and {}", counted(more, "more path"))));
        }
        words
    }

    /// The level as a word for machines; "unknown" if no policy was evaluated although there may be some.
    #[must_use]
    pub const fn level_word(&self) -> &'static str {
        match self.level {
            AccessLevel::Limited if self.evaluated == 0 => "unknown",
            level => level.word(),
        }
    }

    /// The level and the policies that grant it, as one line for a person.
    #[must_use]
    pub fn words(&self) -> Phrase {
        let within = self.within_boundary();
        let Some(boundary) = &self.boundary else { return within };
        match boundary.effect {
            BoundaryReading::Removable(how) => {
                phrase!(within, "; the boundary ", &boundary.name, " is no limit: the identity ", how)
            }
            BoundaryReading::Unread => phrase!(within, "; the boundary ", &boundary.name, " could not be read"),
            BoundaryReading::Limits if boundary.without > self.level => {
                let granted = level_words(boundary.without, &boundary.without_by);
                let within = match self.level {
                    AccessLevel::Limited if self.is_complete() => "limited access; no escalation path found".into(),
                    AccessLevel::Limited => "limited access, as far as evaluated".into(),
                    _ => within,
                };
                phrase!(granted, ", limited by the boundary ", &boundary.name, " to: ", within)
            }
            BoundaryReading::Limits => within,
        }
    }

    fn within_boundary(&self) -> Phrase {
        let open = !self.not_evaluated.is_empty() || self.unread;
        match self.level {
            AccessLevel::Administrator | AccessLevel::Escalation => level_words(self.level, &self.granted_by),
            AccessLevel::RoleEscalation => match &self.everything_but_iam {
                Some(by) => phrase!("full access except IAM, and with it escalation through roles and resources: ", by),
                None => level_words(self.level, &self.granted_by),
            },
            AccessLevel::Broad if self.is_complete() => level_words(self.level, &self.granted_by),
            AccessLevel::Broad => {
                phrase!(level_words(self.level, &self.granted_by), "; some policies were not evaluated")
            }
            AccessLevel::None if self.policies.is_empty() => "none: no policies".into(),
            AccessLevel::None => "none: the policies allow nothing".into(),
            AccessLevel::Limited if self.evaluated == 0 && open => "not known".into(),
            AccessLevel::Limited if self.evaluated == 0 => "not known: AWS managed policies are only named".into(),
            AccessLevel::Limited if open => "not an administrator as far as evaluated".into(),
            AccessLevel::Limited if self.named_only => {
                "not an administrator by the policies that were read; AWS managed policies are only named".into()
            }
            AccessLevel::Limited => "not an administrator; no escalation path found".into(),
        }
    }
}

fn level_words(level: AccessLevel, by: &[Phrase]) -> Phrase {
    let level = match level {
        AccessLevel::Administrator => "administrator: ",
        AccessLevel::Escalation => "can escalate to administrator through IAM: ",
        AccessLevel::RoleEscalation => "can escalate through a role or resource: ",
        AccessLevel::Broad => "full access except IAM: ",
        AccessLevel::None | AccessLevel::Limited => "limited access: ",
    };
    phrase!(level, Phrase::few(by.iter().map(Phrase::from), 3, "; "))
}

#[cfg(test)]
mod tests;
