//! The settings: the environment ([`settings`]), what is alerted on ([`watch`]), who is expected to change access
//! ([`expectations`]), for which accounts ([`places`]). This module contains no channels and no assessment.

mod error;
pub mod expectations;
mod expected_principals;
pub mod places;
pub mod settings;
pub mod watch;

pub use error::BadSetting;
pub use expectations::{Expectations, Limit};
pub use places::MinimumSeverity;
pub use settings::{Mode, Period, Settings, Topic, WebhookFormat};
pub use watch::{ProtectedResources, Watch, WatchedActions};
