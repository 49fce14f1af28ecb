//! The input of the judgement: policies, and what is known of whoever has them.
//!
//! Values only. How they are found out is not decided here, so that the judgement can be used and tested alone.

use super::access::AccessLevel;
use super::aws_managed;
use super::document::Document;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What access do these policies grant to this holder?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub policies: &'a [PolicyInput<'a>],
    /// The lists that were not read to their end, as sentences without a full stop.
    pub cuts: &'a [Phrase],
    /// Whether something could not be listed or read at all; whoever asks reports what, and why.
    pub unread: bool,
    pub holder: Holder<'a>,
    pub boundary: Option<&'a PolicyInput<'a>>,
    /// What is known of the entities that the policies name.
    pub named: &'a Named,
}

/// A policy, as somebody has it.
#[derive(Debug, Clone)]
pub struct PolicyInput<'a> {
    /// The policy's name and how it is attached, as the alert shows them.
    pub label: Phrase,
    /// The ARN of a managed policy.
    pub arn: Option<&'a str>,
    pub via: Via,
    pub reading: Reading<'a>,
}

impl<'a> PolicyInput<'a> {
    /// A document alone, without a name.
    #[must_use]
    pub fn of(document: &'a Document) -> Self {
        Self { label: Phrase::default(), arn: None, via: Via::Attached, reading: Reading::Document(document) }
    }
}

/// How somebody has a policy: who may take it away depends on this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    Attached,
    Inline,
    Group,
}

/// What is known about the document of a policy.
#[derive(Debug, Clone, Copy)]
pub enum Reading<'a> {
    Document(&'a Document),
    /// An AWS managed policy whose document was not read. The content of some is known by name.
    AwsManaged(&'a str),
    /// The text is not a policy document.
    NotUnderstood,
    /// The policy was deleted before its document was read.
    Gone,
    /// The document could not be read; whoever asks reports why.
    Unread,
}

impl<'a> Reading<'a> {
    pub(super) fn document(self) -> Option<Cow<'a, Document>> {
        match self {
            Self::Document(document) => Some(Cow::Borrowed(document)),
            Self::AwsManaged(name) => aws_managed::document_of(name).map(Cow::Owned),
            Self::NotUnderstood | Self::Gone | Self::Unread => None,
        }
    }
}

/// Whoever has the policies. For a group or a policy itself: any member or any identity with the policy.
#[derive(Debug, Clone, Copy, Default)]
pub struct Holder<'a> {
    pub arn: Option<&'a Untrusted>,
    /// The unique id, `AIDA…`.
    pub id: Option<&'a Untrusted>,
    /// `None` if the tags are not known.
    pub tags: Option<&'a [(Untrusted, Untrusted)]>,
    /// Of a role: whether no session of the role can have other tags.
    pub tags_are_fixed: bool,
    /// The names of the user's groups.
    pub groups: &'a [Untrusted],
    /// The id of the holder's organization, `o-…`, if it is known.
    pub organization: Option<&'a str>,
    /// The time for conditions on times; without it, they are not evaluated.
    pub now: Option<DateTime<Utc>>,
}

/// What is known of entities that policies name, by ARN. An entity that is not there was not looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named(pub BTreeMap<String, NamedEntity>);

/// A user, role, group or policy that a policy names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedEntity {
    /// The access that the entity has; of a policy, what it grants. `None` if it could not be read completely.
    pub level: Option<AccessLevel>,
    /// Of a role: who can assume it. `None` if this is not known.
    pub trust: Option<TrustSummary>,
    /// `None` if the tags are not known.
    pub tags: Option<Vec<(String, String)>>,
    /// The ARN of the permissions boundary; the outer `None` if it is not known whether there is one.
    pub boundary: Option<Option<String>>,
}

/// The part of a trust policy that decides whether a path through the role is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustSummary {
    /// The service principals.
    pub services: Vec<String>,
    /// Whether principals of the account can assume the role.
    pub account: bool,
    /// Whether sessions can have tags of their own.
    pub session_tags: bool,
}
