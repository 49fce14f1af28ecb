//! The content of an alert, independent of channels: every channel shows the same [`Alert`] in its own format.
//!
//! [`compose()`] puts an alert together from facts and assessment. Sentences about actions are in [`wording`], commands
//! in [`containment`]. This module sends nothing, and does not decide severities.

mod before;
mod burst;
mod caller;
mod central;
mod compose;
pub mod containment;
mod digest;
mod facts;
mod first_reading;
mod found;
mod impaired;
pub mod links;
mod model;
pub mod resource;
mod review;
mod rows;
mod silent;
mod summary;
mod target;
pub mod time;
mod user_agent;
mod wording;

pub use burst::BurstNote;
pub use compose::compose;
pub use containment::{Command, ContainmentStep};
pub use digest::{Digest, Findings, digest};
pub use facts::{Fact, SectionKind};
pub use first_reading::first_reading;
pub use impaired::impaired;
pub use links::Link;
pub use model::{Alert, Row, Section};
pub use resource::{Resource, ResourceKind};
pub use review::Review;
pub use rows::account_name;
pub use silent::silent;
pub use summary::{RunOfSummaries, summary_of};
