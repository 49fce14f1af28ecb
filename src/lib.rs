//! Turns changes of access in AWS, seen by CloudTrail, into alerts that a person can act on.
//!
//! EventBridge hands the function a CloudTrail record. The function asks IAM who the caller is, what they can do, and
//! what the new user, key, role or policy grants. It judges how severe that is, says why, and publishes a readable alert.
//! Which calls are alerted on is decided by [`config::Watch`].
//!
//! ```text
//! EventBridge event
//!    │  event       what CloudTrail says       record    ->  Activity   who did what to which target, and the outcome
//!    │  lookup      what IAM says              Activity  ->  Dossier    caller, target, account
//!    │  history     what happened before       Activity  ->  related activity, and whether an alert was already sent
//!    │  detection   how severe it is           all       ->  Assessment severity, with every reason
//!    │  alert       what a person needs        all       ->  Alert      headline, reasons, containment, facts, links
//!    ▼  channel     how each channel shows it  Alert     ->  e-mail, chat message, finding, JSON
//! ```
//!
//! `catalog` is the data: one row an action. `policy` evaluates documents and knows nothing else. `baseline` knows what was
//! before an event, and what changed without one. `app` assembles, and `app/handler.rs` reads like the picture: read it
//! first. `doctor` looks at a deployed stack from outside. Nothing flows back up. `event`, `policy`, `baseline`, `detection`,
//! `alert` and the renderers of `channel` are pure: no clock, no network.

pub mod alert;
pub mod app;
pub mod arn;
pub mod aws;
pub mod baseline;
pub mod catalog;
pub mod channel;
pub mod config;
pub mod detection;
pub mod doctor;
pub mod event;
pub mod history;
pub mod limits;
pub mod lookup;
pub mod policy;
pub mod severity;
pub mod telemetry;
pub mod text;
pub mod verification;

/// The version of the function, of its template and of its tools, by [Semantic Versioning](https://semver.org).
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
