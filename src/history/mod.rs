//! What happened before. Every event that reaches the function is recorded in a table, which is also the audit history.
//!
//! The [`store`] answers these questions. `claim`: was this event alerted on before? (EventBridge and Lambda both deliver
//! at least once.) `related`: what did this actor do within a day, what happened to this target, and was this actor
//! seen before? `count`: how many similar events arrived within minutes? `take_place`: may another mail go out now?
//! `names`: did another alert name this chain? `cause`: which call made IAM Identity Center do this? `trace`: what was the target before, as
//! far as the [`baseline`](crate::baseline) and earlier events say? `keep` records the alert; if it is suppressed, a [`summary`]
//! lists it. No failure prevents an alert: the alert says what is not known.
//!
//! This module contains what is recorded, and how bursts, places and summaries are counted. It does not assess events.
//! Only the [`store`] knows the table.

mod across;
pub mod budget;
pub mod burst;
mod cause;
pub mod digest;
mod entry;
mod error;
pub mod heartbeat;
mod model;
pub mod review;
pub mod store;
pub mod suggestion;
pub mod summary;

pub use across::{across_accounts, common_name};
pub use cause::{CAUSED_WITHIN, caused_by, causes, is_provisioning};
pub use entry::{Entry, actor_key, event_key, object_key, target_key};
pub use error::HistoryError;
pub use model::{AlertRecord, Claim, Handling, Line, Lines, MailStatus, RelatedActivity};
pub use store::History;
