//! Whether a call succeeded, and if not, why.

use super::record::Record;
use crate::text::Untrusted;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    /// The call was only an attempt.
    Failed {
        failure: FailureKind,
        /// The error code, as in the record.
        code: Option<Untrusted>,
        message: Option<Untrusted>,
    },
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The principal is not authorized.
    Denied,
    /// An entity of this name already exists.
    AlreadyExists,
    /// There is no entity of this name.
    NotFound,
    /// A quota is used up.
    LimitExceeded,
    Other,
}

impl FailureKind {
    /// The kind from an error code. Most error codes end in `Exception`; older tools write them without this suffix.
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

    /// The result of the call: "was denied".
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

pub(super) fn outcome(record: &Record) -> Outcome {
    let code = record.error_code.as_deref();
    let message = record.error_message.as_deref();
    // For a failed sign-in, sometimes only the response shows the failure.
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
