//! The access that policies grant. Documents are parsed once and then evaluated, without any input or output.
//!
//! Belongs here: reading a policy document ([`document`]), the access that identity policies grant to a holder
//! ([`question`] and [`access`]; inside, `judgement` asks `evaluator`, which compares with `matching` and `condition`),
//! the table of [`escalation`] paths, the known [`aws_managed`] policies, the principals that the trust policy of a role
//! or a resource policy names ([`trust`]; inside, `resource` decides with its `groups`, and `role` for providers), what
//! is different between two documents ([`difference`]), and the policies of calls without a document (`permission`).
//! Does not belong here: how a document is fetched (`lookup`), what an event says (`event`), and how severe an answer is
//! (`detection`).

pub mod access;
mod assume;
pub mod aws_managed;
pub mod callers;
mod condition;
mod coverage;
pub mod difference;
pub mod document;
pub mod escalation;
mod evaluator;
mod grant;
mod groups;
pub mod guardrail;
pub mod judgement;
mod keys;
mod known;
mod layer;
mod matching;
mod networks;
pub mod parsed;
mod paths;
mod permission;
mod providers;
pub mod question;
mod resource;
mod role;
pub mod trust;
pub mod truth;

pub use access::{Access, AccessLevel, BoundaryEffect, BoundaryReading, OpenPath};
pub use aws_managed::{
    KnownContainment, is_aws_managed, is_deny_policy_of_aws, is_known_deny_only, known_containment, never_changes,
};
pub use callers::{Home, PolicyOf, PrincipalKind, Reach};
pub use difference::{Difference, DifferenceOf, same_documents};
pub use document::{Document, Effect, Statement, decoded};
pub use grant::Grant;
pub use guardrail::Guardrail;
pub use judgement::{decide, evaluate, named_entities};
pub use parsed::Parsed;
pub use permission::granting;
pub use question::{Holder, Named, NamedEntity, PolicyInput, Question, Reading, TrustSummary, Via};
pub use trust::{Trust, TrustedPrincipal, trusted_accounts};
pub use truth::Truth;
