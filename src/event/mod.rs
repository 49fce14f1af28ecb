//! Reads CloudTrail events: from JSON to an [`Activity`], which says who did what, to which target, and whether the
//! call succeeded.
//!
//! Only facts from the event itself belong here. Other facts from AWS belong in [`lookup`](crate::lookup). Nothing here
//! reads a clock or the network.

pub mod activity;
mod denied_message;
mod envelope;
mod fields;
pub mod outcome;
mod parameters;
pub mod principal;
pub mod record;
mod service_credential;

pub use activity::{Activity, CallersAccount};
pub use envelope::{Delivery, Found, Refusal, is_schedule};
pub(crate) use fields::time;
pub use outcome::{FailureKind, Outcome};
pub use principal::Principal;
pub use record::Record;
pub use service_credential::{Expiry, ServiceCredential};
