//! What happened before. Every event that reaches the function is recorded in a table, which is also the audit history.
//!
//! The [`store`] has five operations. `claim`: was this event alerted on before? (EventBridge and Lambda both deliver
//! at least once.) `related`: what did this actor do within a day, what happened to this target, and was this actor
//! seen before? `count`: how many similar events arrived within minutes? `names`: did another alert name this chain?
//! `keep`: record the alert. No failure prevents an alert: the alert says what is not known.
//!
//! This module contains what is recorded and how bursts are counted. It does not assess events. Only the [`store`]
//! knows the table.

pub mod burst;
mod entry;
mod error;
mod model;
pub mod store;

pub use entry::{Entry, actor_key, event_key, target_key};
pub use error::HistoryError;
pub use model::{AlertRecord, Claim, Line, Lines, MailStatus, RelatedActivity};
pub use store::History;
