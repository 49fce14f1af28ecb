//! How each channel says it. Every renderer is pure, and shows the same [`Report`](crate::report::Report);
//! senders know the SDK.

pub mod chat;
pub mod email;
pub mod json;
pub mod security_hub;
pub mod sns;
