//! A policy document that was read, valid or not.

use super::document::Document;
use std::rc::Rc;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    Policy(Rc<Document>),
    /// The text is not a valid policy.
    NotUnderstood,
}

impl Parsed {
    /// Parses a document, as JSON or percent-encoded (RFC 3986).
    #[must_use]
    pub fn of(text: &str) -> Self {
        Document::parse(text).map_or(Self::NotUnderstood, |document| Self::Policy(Rc::new(document)))
    }

    #[must_use]
    pub fn policy(&self) -> Option<&Document> {
        match self {
            Self::Policy(document) => Some(document),
            Self::NotUnderstood => None,
        }
    }
}
