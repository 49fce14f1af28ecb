//! A setting that cannot be used.

/// A setting that cannot be used: which, its value, and what is expected.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{variable} is {found}, but must be {wanted}")]
pub struct BadSetting {
    pub(super) variable: &'static str,
    pub(super) found: String,
    pub(super) wanted: &'static str,
}
