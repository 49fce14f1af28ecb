//! The channels: how each of them shows an alert. Every renderer is pure, and shows the same
//! [`Alert`](crate::alert::Alert). Only senders use the SDK.
//!
//! The mail is the one channel that must not fail: [`sns::Publisher`] sends it. Each channel beside the mail is a
//! [`Channel`]; [`beside_the_mail`] lists them.

pub mod chat;
pub mod email;
pub mod json;
mod outgoing;
pub mod security_hub;
pub mod sns;
mod subject;

pub use outgoing::{Channel, FailureNames, Outgoing};

use crate::config::Settings;
use aws_config::SdkConfig;

/// The channels beside the mail that are configured: one row each.
#[must_use]
pub fn beside_the_mail(settings: &Settings, config: &SdkConfig) -> Vec<Box<dyn Channel>> {
    [chat::topic::AmazonQ::channel(settings, config), security_hub::import::SecurityHub::channel(settings, config)]
        .into_iter()
        .flatten()
        .collect()
}
