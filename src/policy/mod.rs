//! The access that policies grant. Documents are parsed once and then evaluated, without any input or output.
//!
//! Belongs here: reading a policy document ([`document`]), the access that identity policies grant to a holder
//! ([`question`] and [`access`]; inside, `judgement` asks `evaluator`, which compares with `matching` and `condition`),
//! the table of [`escalation`] paths, the known [`aws_managed`] policies, and the principals that a trust policy names
//! ([`trust`]). Does not belong here: how a document is fetched (`lookup`), what an event says
//! (`event`), and how severe an answer is (`detection`).

pub mod access;
pub mod aws_managed;
pub mod callers;
mod condition;
pub mod document;
pub mod escalation;
mod evaluator;
pub mod judgement;
mod keys;
mod layer;
mod matching;
pub mod parsed;
mod paths;
mod providers;
pub mod question;
pub mod trust;
pub mod truth;

pub use access::{Access, AccessLevel, BoundaryEffect, BoundaryReading, OpenPath};
pub use aws_managed::{
    KnownContainment, is_aws_managed, is_deny_policy_of_aws, is_known_deny_only, known_containment, never_changes,
};
pub use callers::{Home, PrincipalKind, Reach};
pub use document::{Document, Effect, Statement, decoded};
pub use judgement::{decide, evaluate, named_entities};
pub use parsed::Parsed;
pub use question::{Holder, Named, NamedEntity, PolicyInput, Question, Reading, TrustSummary, Via};
pub use trust::{Trust, TrustedPrincipal, trusted_accounts};
pub use truth::Truth;
