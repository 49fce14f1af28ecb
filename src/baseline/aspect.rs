//! The parts of an entity that a call can change by themselves.

use std::cmp::Ordering;

/// A name in IAM: two names that differ only in case are the same ("IAM identifiers", IAM user guide).
#[derive(Debug, Clone)]
pub struct Name(String);

impl Name {
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.to_lowercase().cmp(&other.0.to_lowercase())
    }
}

/// One part of an entity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// The unique id: another one means that the entity was deleted and created again.
    Id,
    Trust,
    /// An inline policy, by name.
    Inline(Name),
    /// An attached managed policy, by ARN.
    Attached(Name),
    /// The membership of a user in a group.
    Group(Name),
    /// The ARN of the permissions boundary.
    Boundary,
    /// The id of the default version of a managed policy.
    DefaultVersion,
    /// The document of a version of a managed policy.
    Version(String),
    /// That there is a console password.
    Password,
    /// That there is an MFA device.
    Mfa,
    /// The status of an access key. The credential report has no key ids: a key is known by when it was created.
    Key(String),
    /// The metadata of a SAML provider.
    Metadata,
    /// An audience of an OIDC provider.
    ClientId(String),
    Thumbprints,
    /// A setting of the account's password policy.
    Setting(String),
}

/// What there is of a part that has no value of its own.
pub const PRESENT: &str = "yes";

impl Aspect {
    /// For the history.
    #[must_use]
    pub fn text(&self) -> String {
        let (kind, name) = match self {
            Self::Id => ("id", None),
            Self::Trust => ("trust", None),
            Self::Inline(name) => ("inline", Some(name.as_str())),
            Self::Attached(arn) => ("attached", Some(arn.as_str())),
            Self::Group(name) => ("group", Some(name.as_str())),
            Self::Boundary => ("boundary", None),
            Self::DefaultVersion => ("default", None),
            Self::Version(id) => ("version", Some(id.as_str())),
            Self::Password => ("password", None),
            Self::Mfa => ("mfa", None),
            Self::Key(created) => ("key", Some(created.as_str())),
            Self::Metadata => ("metadata", None),
            Self::ClientId(id) => ("client", Some(id.as_str())),
            Self::Thumbprints => ("thumbprints", None),
            Self::Setting(name) => ("setting", Some(name.as_str())),
        };
        name.map_or_else(|| kind.to_owned(), |name| format!("{kind}/{name}"))
    }

    /// From the text in the history; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once('/').map_or((text, None), |(kind, name)| (kind, Some(name)));
        Some(match (kind, name) {
            ("id", None) => Self::Id,
            ("trust", None) => Self::Trust,
            ("inline", Some(name)) => Self::Inline(Name::new(name)),
            ("attached", Some(arn)) => Self::Attached(Name::new(arn)),
            ("group", Some(name)) => Self::Group(Name::new(name)),
            ("boundary", None) => Self::Boundary,
            ("default", None) => Self::DefaultVersion,
            ("version", Some(id)) => Self::Version(id.to_owned()),
            ("password", None) => Self::Password,
            ("mfa", None) => Self::Mfa,
            ("key", Some(created)) => Self::Key(created.to_owned()),
            ("metadata", None) => Self::Metadata,
            ("client", Some(id)) => Self::ClientId(id.to_owned()),
            ("thumbprints", None) => Self::Thumbprints,
            ("setting", Some(name)) => Self::Setting(name.to_owned()),
            _ => return None,
        })
    }

    /// Whether the value is a policy document.
    #[must_use]
    pub const fn is_document(&self) -> bool {
        matches!(self, Self::Trust | Self::Inline(_) | Self::Version(_))
    }
}
