//! A whole account, page by page: what its baseline is made of. [`iam`](super::iam) reads the pages.

use super::answer::{Gap, Unavailable};
use serde_json::Value;

/// An entity of IAM as the baseline keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Kind, slash and name: "user/bob", "credentials/root", or only "password-policy". The name has no path and is in
    /// lower case: IAM's names are not case-sensitive.
    pub resource: String,
    /// In the form of `aws iam get-account-authorization-details`, without what changes all the time. All lists are
    /// sorted, so the same entity always has the same content.
    pub content: Value,
}

/// Where the reading of an account is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub(super) part: Part,
    /// IAM's marker. For providers, the ARN of the last one that was read.
    pub(super) marker: Option<String>,
    /// How often the size of the page is halved.
    pub(super) halved: u32,
}

/// A part of an account, in the order of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Policies,
    Groups,
    Users,
    Roles,
    Credentials,
    SamlProviders,
    OidcProviders,
    PasswordPolicy,
}

/// One page of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub entities: Vec<Entity>,
    /// Where the next page begins; `None` after the last page. The same place again means: IAM still makes the
    /// credential report, ask again in some seconds.
    pub next: Option<Place>,
    /// What could not be read at this place, and why.
    pub gaps: Vec<Gap>,
}

impl Part {
    pub(super) const ALL: [Self; 8] = [
        Self::Policies,
        Self::Groups,
        Self::Users,
        Self::Roles,
        Self::Credentials,
        Self::SamlProviders,
        Self::OidcProviders,
        Self::PasswordPolicy,
    ];

    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Policies => "policy",
            Self::Groups => "group",
            Self::Users => "user",
            Self::Roles => "role",
            Self::Credentials => "credentials",
            Self::SamlProviders => "saml-provider",
            Self::OidcProviders => "oidc-provider",
            Self::PasswordPolicy => "password-policy",
        }
    }

    /// The words of a gap.
    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Policies => "policies",
            Self::Groups => "groups",
            Self::Users => "users",
            Self::Roles => "roles",
            Self::Credentials => "credential report",
            Self::SamlProviders => "SAML providers",
            Self::OidcProviders => "OpenID Connect providers",
            Self::PasswordPolicy => "password policy",
        }
    }

    pub(super) fn gap(self, reason: Unavailable) -> Gap {
        Gap { what: self.what().into(), reason }
    }

    /// An entity of this kind; `None` without a name.
    pub(super) fn entity(self, name: &str, content: Value) -> Option<Entity> {
        // The path of an issuer is case-sensitive (OpenID Connect Core).
        let name = if self == Self::OidcProviders { name.to_owned() } else { name.to_lowercase() };
        let resource = format!("{}/{name}", self.kind());
        (!name.is_empty()).then_some(Entity { resource, content })
    }
}

impl Place {
    /// Where every reading begins.
    #[must_use]
    pub const fn start() -> Self {
        Self { part: Part::Policies, marker: None, halved: 0 }
    }

    /// The kind of the entities at this place, as in [`Entity::resource`]: "user".
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.part.kind()
    }

    /// The place as one text.
    #[must_use]
    pub fn word(&self) -> String {
        match &self.marker {
            Some(marker) => format!("{}#{marker}", self.kind()),
            None => self.kind().to_owned(),
        }
    }

    /// The place from its [`word`](Self::word). A text that is not understood is the start.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        let (kind, marker) = match word.split_once('#') {
            Some((kind, marker)) => (kind, Some(marker)),
            None => (word, None),
        };
        let part = Part::ALL.into_iter().find(|part| part.kind() == kind);
        match part {
            Some(part) if marker != Some("") => Self { part, marker: marker.map(str::to_owned), halved: 0 },
            _ => Self::start(),
        }
    }

    /// The same place, with pages half as large for each failure.
    #[must_use]
    pub fn smaller(mut self, failures: u32) -> Self {
        self.halved = failures.min(8);
        self
    }

    /// Where the next part begins.
    #[must_use]
    pub fn next_part(&self) -> Option<Self> {
        let next = Part::ALL.into_iter().skip_while(|part| *part != self.part).nth(1);
        next.map(|part| Self { part, marker: None, halved: 0 })
    }

    pub(super) fn at(&self, marker: String) -> Self {
        Self { part: self.part, marker: Some(marker), halved: 0 }
    }

    /// The page that ends this part.
    pub(super) fn last_page(&self, entities: Vec<Entity>, gap: Option<Unavailable>) -> Page {
        let gaps = gap.map(|reason| self.part.gap(reason)).into_iter().collect();
        Page { entities, next: self.next_part(), gaps }
    }

    /// The page without entities, to ask again at the same place.
    pub(super) fn again(&self) -> Page {
        Page { entities: Vec::new(), next: Some(self.clone().smaller(0)), gaps: Vec::new() }
    }
}
