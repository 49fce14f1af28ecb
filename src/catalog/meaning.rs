//! What the values of a field mean, as a row says it. How a request is read with them is in [`fields`](super::fields).

use super::selectors::Logged;
use crate::severity::Severity;

/// The meaning of one value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldMeaning {
    /// The field of the request; for a call that sets an attribute, the attribute.
    pub field: &'static str,
    pub value: FieldValue,
    pub severity: Severity,
    /// The reason for this severity, as a sentence.
    pub because: &'static str,
}

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldValue {
    True,
    False,
    /// An empty text, object or list: the setting is cleared.
    Empty,
    /// Any value that is not empty.
    Given,
    Is(&'static str),
    Zero,
    /// A number above zero.
    Positive,
    /// Selectors of a trail that log this.
    Logs(Logged),
    /// Whether the event pattern is that of this version for the rule that the request names.
    StacksPattern(bool),
}
