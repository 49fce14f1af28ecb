//! The actions of IAM: names as in the IAM API reference.

pub(super) mod account;
pub(super) mod credentials;
pub(super) mod federation;
pub(super) mod groups;
pub(super) mod policies;
pub(super) mod roles;
pub(super) mod users;
