//! Facts from AWS about the identities and resources of an event.
//!
//! A [`Directory`] answers questions about accounts: [`iam`] asks AWS, [`snapshot`] reads a saved account. [`enrich()`]
//! decides what to look up for an activity, runs the lookups in parallel, and puts the answers in a [`Dossier`]. A
//! failed lookup does not fail the alert: the fact becomes [`Lookup::Unavailable`], with the reason, and is never
//! reported as missing. The access that policies grant is decided in [`policy`](crate::policy).

mod answer;
mod attached;
mod cache;
mod directory;
mod enrich;
pub mod iam;
pub mod identity_center;
pub mod inventory;
mod model;
pub mod organization;
pub mod parameters;
mod question;
mod recent;
mod remembered;
mod service;
pub mod snapshot;

pub use answer::{Gap, Listing, Lookup, Membership, Provenance, Unavailable};
pub use attached::{AttachedPolicies, AttachedPolicy, Attachment};
pub use directory::Directory;
pub use enrich::enrich;
pub use identity_center::{Assignment, Identity, PermissionSet};
pub use model::{
    AccessKey, Central, Dossier, Group, KeyUse, KnownAccount, KnownCaller, KnownTarget, ManagedPolicy, Members,
    NamedKnown, PolicyProfile, Role, RoleProfile, User, UserProfile,
};
pub use question::{AccountId, GroupQuestion, PolicyQuestion, RoleQuestion, UserQuestion};
