//! What happened before: every event that reaches the function, in a table that is the audit history, too.
//!
//! Five things are asked of the [`store`]. `claim`: was this event alerted on already? (EventBridge and Lambda both
//! deliver at least once.) `related`: what did this actor do within a day, what happened to this target, and was this
//! actor ever seen before? `count`: how many events like it came just now? `names`: did another alert name this chain?
//! `keep`: record what was alerted. None can cost an alert: what is not known is said in it.
//!
//! Here belongs what is recorded and how bursts are counted; nothing here judges. Only the [`store`] knows the table.

pub mod burst;
mod entry;
mod error;
mod model;
pub mod store;

pub use entry::{Entry, actor_key, event_key, target_key};
pub use error::HistoryError;
pub use model::{AlertRecord, Claim, Line, Lines, MailStatus, RelatedActivity};
pub use store::History;
