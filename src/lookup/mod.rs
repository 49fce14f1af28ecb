//! What AWS knows about the identities and resources of an event.
//!
//! A [`Directory`] answers questions about accounts: [`iam`] asks AWS, [`snapshot`] a saved account. [`enrich()`] decides
//! what to ask for an activity, asks it all side by side, and puts the answers in a [`Dossier`]. No question can fail the
//! alert: a fact that could not be looked up is [`Lookup::Unavailable`], with the reason, and never looks like a fact that
//! does not exist. What policies grant is not decided here, see [`policy`](crate::policy).

mod answer;
mod attached;
mod cache;
mod directory;
mod enrich;
pub mod iam;
mod model;
pub mod snapshot;

pub use answer::{Listing, Lookup, Provenance, Unavailable};
pub use attached::{AttachedPolicies, AttachedPolicy, Attachment, Gap};
pub use directory::{AccountId, Directory, GroupQuestion, PolicyQuestion, RoleQuestion, UserQuestion};
pub use enrich::enrich;
pub use model::{
    AccessKey, Dossier, Group, KeyUse, KnownCaller, KnownTarget, ManagedPolicy, Members, PolicyProfile, Role,
    RoleProfile, User, UserProfile,
};
