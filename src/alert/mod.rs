//! What to tell a person, with no channel in it: every channel shows the same [`Alert`] in its own way.
//!
//! [`compose()`] puts an alert together from what is known and judged. Words of actions are in [`wording`], commands in
//! [`containment`]. Nothing here is sent, and nothing decides how severe it is.

mod burst_summary;
mod caller;
mod compose;
pub mod containment;
mod facts;
pub mod links;
mod model;
pub mod resource;
mod rows;
mod target;
pub mod time;
mod user_agent;
mod wording;

pub use burst_summary::{BurstNote, burst_summary};
pub use compose::compose;
pub use containment::{Command, ContainmentStep};
pub use facts::{Fact, SectionKind};
pub use links::Link;
pub use model::{Alert, Row, Section};
pub use resource::{Resource, ResourceKind};
pub use rows::account_name;
