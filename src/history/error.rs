//! The errors of the history.

use crate::phrase;
use crate::text::{Phrase, TextKind, Untrusted};

/// Why the history could not be read or written. This never prevents an alert: the alert says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    #[error("the history did not answer in time")]
    TimedOut,
    #[error("the history could not be reached")]
    Unreachable,
    /// DynamoDB refused with this error code.
    #[error("the history answered {}", .0.shown(TextKind::Name))]
    Refused(Untrusted),
    #[error("the history's answer was not understood")]
    NotUnderstood,
    #[error("other invocations wrote to the same items of the history again and again")]
    Contended,
    #[error("an item of the history could not be built")]
    NotBuilt,
    #[error("there was no time left to ask the history")]
    NoTimeLeft,
}

impl From<&HistoryError> for Phrase {
    fn from(error: &HistoryError) -> Self {
        match error {
            HistoryError::TimedOut => "the history did not answer in time".into(),
            HistoryError::Unreachable => "the history could not be reached".into(),
            HistoryError::Refused(code) => phrase!("the history answered ", code),
            HistoryError::NotUnderstood => "the history's answer was not understood".into(),
            HistoryError::Contended => {
                "other invocations wrote to the same items of the history again and again".into()
            }
            HistoryError::NotBuilt => "an item of the history could not be built".into(),
            HistoryError::NoTimeLeft => "there was no time left to ask the history".into(),
        }
    }
}
