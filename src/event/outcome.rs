//! Whether a call worked, and if not, why.

use super::record::Record;
use crate::text::Untrusted;
use serde_json::Value;

/// Whether the call worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It did.
    Succeeded,
    /// It did not: an attempt.
    Failed {
        /// What kind of failure.
        failure: FailureKind,
        /// The error code, as it was written.
        code: Option<Untrusted>,
        /// The error message.
        message: Option<Untrusted>,
    },
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The principal may not do it.
    Denied,
    /// A thing of that name is there already.
    AlreadyExists,
    /// There is no thing of that name.
    NotFound,
    /// A quota is used up.
    LimitExceeded,
    /// Anything else.
    Other,
}

impl FailureKind {
    /// Reads an error code. On the wire most end in `Exception`; older tools write them without.
    pub(super) fn from_code(code: &str) -> Self {
        let code = code.rsplit('.').next().unwrap_or(code);
        match code.strip_suffix("Exception").unwrap_or(code) {
            "AccessDenied" | "UnauthorizedOperation" | "UnauthorizedAccess" | "AuthorizationError" => Self::Denied,
            "EntityAlreadyExists" => Self::AlreadyExists,
            "NoSuchEntity" => Self::NotFound,
            "LimitExceeded" => Self::LimitExceeded,
            _ => Self::Other,
        }
    }

    /// What became of the call: "was denied".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Denied => "was denied",
            Self::AlreadyExists => "failed: an entity of this name already exists",
            Self::NotFound => "failed: there is no such entity",
            Self::LimitExceeded => "failed: a quota is used up",
            Self::Other => "failed",
        }
    }
}

impl Outcome {
    /// Whether the call worked.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        matches!(self, Self::Succeeded)
    }

    /// One word, for logs and machines.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed { failure: FailureKind::Denied, .. } => "denied",
            Self::Failed { .. } => "failed",
        }
    }
}

/// Reads the outcome from the record.
pub(super) fn outcome(record: &Record) -> Outcome {
    let code = record.error_code.as_deref();
    let message = record.error_message.as_deref();
    // A sign-in that failed says so in its answer, and not always elsewhere.
    let refused = record.response_elements.get("ConsoleLogin").and_then(Value::as_str) == Some("Failure");
    if code.is_none() && message.is_none() && !refused {
        return Outcome::Succeeded;
    }
    Outcome::Failed {
        failure: code.map_or(FailureKind::Other, FailureKind::from_code),
        code: code.map(Untrusted::new),
        message: message.map(Untrusted::new),
    }
}
