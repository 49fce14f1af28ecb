//! The access that policies grant. Documents are parsed once and then evaluated, without any input or output.
//!
//! Belongs here: reading a policy document ([`document`]), the access that identity policies grant ([`access`], with
//! `matching`, the table of [`escalation`] paths and the known [`aws_managed`] policies), and the principals that a
//! trust policy names ([`trust`]). Does not belong here: how a document is fetched (`lookup`), what an event says
//! (`event`), and how severe an answer is (`detection`).

pub mod access;
pub mod aws_managed;
pub mod document;
pub mod escalation;
mod matching;
pub mod parsed;
pub mod trust;

pub use access::{Access, AccessLevel, PolicyInput, Reading, evaluate};
pub use aws_managed::{is_aws_managed, is_deny_policy_of_aws, is_known_deny_only, is_quarantine_policy};
pub use document::{Document, Effect, Statement, decoded};
pub use parsed::Parsed;
pub use trust::{PrincipalKind, Reach, Trust, TrustedPrincipal};
