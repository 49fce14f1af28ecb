//! What is beyond every expectation that does not name it.

use crate::phrase;
use crate::severity::Severity;
use crate::text::Phrase;

/// What no expectation covers unless it says so by name: what somebody would do with stolen credentials of a principal
/// whose changes are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Makes an administrator, or lets somebody use an administrator's access.
    Administrator,
    /// Opens a path to more access, or removes what closes one.
    Escalation,
    /// Lets somebody outside of the account or the organization in.
    OutsideTrust,
    /// Concerns what the alerts depend on.
    SelfProtection,
    /// The root user, or access as root.
    Root,
    /// AWS's quarantine of an exposed key, or the containment of an identity.
    Quarantine,
    /// Takes access from somebody else who had much, or from those who could stop an intruder.
    LockOut,
    /// Passwords, access keys and MFA devices: whoever has them can act as somebody else.
    Credentials,
    /// Sign-ins to the console.
    SignIn,
    /// What limits or rules the whole organization, or its sign-in.
    Organization,
    /// A call that was denied: somebody may be probing.
    Denied,
    /// The call completes a chain that looks like an attack.
    Chain,
}

impl Limit {
    pub const ALL: [Self; 12] = [
        Self::Administrator,
        Self::Escalation,
        Self::OutsideTrust,
        Self::SelfProtection,
        Self::Root,
        Self::Quarantine,
        Self::LockOut,
        Self::Credentials,
        Self::SignIn,
        Self::Organization,
        Self::Denied,
        Self::Chain,
    ];

    /// The word by which an expectation names it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Escalation => "escalation",
            Self::OutsideTrust => "outside-trust",
            Self::SelfProtection => "self-protection",
            Self::Root => "root",
            Self::Quarantine => "quarantine",
            Self::LockOut => "lockouts",
            Self::Credentials => "credentials",
            Self::SignIn => "sign-ins",
            Self::Organization => "organization",
            Self::Denied => "denied-calls",
            Self::Chain => "chains",
        }
    }

    /// The limit from its word; `None` for any other text.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.word() == word)
    }

    /// As in "… does not cover making an administrator".
    const fn words(self) -> &'static str {
        match self {
            Self::Administrator => "administrator access",
            Self::Escalation => "a path to more access",
            Self::OutsideTrust => "access for principals outside of the account or organization",
            Self::SelfProtection => "what these alerts depend on",
            Self::Root => "the root user",
            Self::Quarantine => "a quarantine or containment",
            Self::LockOut => "what may lock somebody out",
            Self::Credentials => "credentials",
            Self::SignIn => "sign-ins to the console",
            Self::Organization => "guardrails and sign-in of the organization",
            Self::Denied => "denied calls",
            Self::Chain => "a chain of calls that looks like an attack",
        }
    }
}

/// Why an expectation does not cover an activity that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    Limit(Limit),
    /// The severity is this, which is above the highest that is expected.
    Severity(Severity),
    /// Something that could make the severity higher could not be read.
    NotEvaluated,
}

impl Beyond {
    /// As in "the expectation does not cover …".
    #[must_use]
    pub fn words(self) -> Phrase {
        match self {
            Self::Limit(limit) => limit.words().into(),
            Self::Severity(severity) => phrase!("the severity ", severity),
            Self::NotEvaluated => "what could not be evaluated".into(),
        }
    }
}
