//! Turns IAM changes seen by CloudTrail into alerts that a person can act on.
//!
//! EventBridge hands the function a CloudTrail record; it asks IAM who the caller is, what they may do and
//! what the user, role, group or policy amounts to now; it judges how bad that is and says why; and it
//! publishes a readable alert. Which calls are told at all is decided by [`watch`].
//!
//! ```text
//! EventBridge event
//!    │  cloudtrail    what CloudTrail said        Record  ->  Activity (who did what to whom, and did it work)
//!    │  directory     what IAM knows              Activity ->  Dossier  (caller, target, account)
//!    │  history       what happened before        Activity ->  RelatedActivity   (same actor, same target) and "told already?"
//!    │  assessment    how bad it is               all     ->  Assessment (severity, and every reason)
//!    │  report        what to tell a person       all     ->  Report (headline, sections, commands, links)
//!    ▼  channel       how each channel says it    Report  ->  e-mail text, chat message, finding, JSON
//! ```
//!
//! Nothing flows back up. `cloudtrail`, `assessment`, `report`, `text` and the renderers of `channel` are
//! pure: no clock, no network. [`handler`] is the story; read it first.

pub mod alert;
pub mod app;
pub mod arn;
pub mod aws;
pub mod catalog;
pub mod channel;
pub mod config;
pub mod detection;
pub mod event;
pub mod history;
pub mod limits;
pub mod lookup;
pub mod policy;
pub mod severity;
pub mod telemetry;
pub mod text;
