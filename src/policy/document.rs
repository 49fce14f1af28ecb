//! Policy documents, parsed once and leniently, with their conditions.
//!
//! Follows "IAM JSON policy element reference" in the IAM user guide. Identity policies and trust policies have
//! different elements, so a document keeps unusual parts of a statement; `access` and `trust` decide whether these
//! parts matter.

use crate::phrase;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::rc::Rc;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub version: Option<String>,
    pub statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// `None` for a value other than `Allow` and `Deny`.
    pub effect: Option<Effect>,
    pub actions: Option<Patterns>,
    pub resources: Option<Patterns>,
    pub principals: Option<Principals>,
    pub conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// `Action` and `NotAction`, or `Resource` and `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patterns {
    AnyOf(Vec<String>),
    AllBut(Vec<String>),
    /// Both forms, or a value that is neither a text nor a list of texts: not valid in an identity policy. Contains the
    /// patterns of the plain form.
    Invalid(Vec<String>),
}

/// `Principal` and `NotPrincipal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principals {
    /// `"Principal": "*"`.
    Anyone,
    /// Pairs of a type (`AWS`, `Service`, `Federated`) and a principal, in the order of the types.
    AnyOf(Vec<(String, String)>),
    /// `NotPrincipal`: all but these.
    AllBut(Vec<(String, String)>),
    /// A text other than `*`.
    Unknown,
    /// Neither a text nor an object of texts: not valid in a trust policy.
    Invalid,
}

/// One operator on one key of a `Condition` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub operator: String,
    /// Empty if the operator has no key.
    pub key: String,
    /// As in the document: a text, or a list of texts.
    pub value: Value,
}

/// A statement with all elements that an identity policy requires.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdentityStatement<'a> {
    pub(super) effect: Effect,
    pub(super) actions: &'a Patterns,
    pub(super) resources: &'a Patterns,
    pub(super) conditions: &'a [Condition],
}

impl Document {
    /// Parses JSON, plain or percent-encoded; `None` if the text is not a policy document.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let written: WrittenDocument = serde_json::from_str(&decoded_text(text)).ok()?;
        Some(Self {
            version: written.rest.get("Version").and_then(Value::as_str).map(str::to_owned),
            statements: written.statement.into_vec().into_iter().map(Statement::from).collect(),
        })
    }

    /// An identity policy that allows these actions on every resource.
    pub(super) fn allowing(actions: Vec<String>) -> Self {
        let everything = Some(Patterns::AnyOf(vec!["*".into()]));
        let statement = Statement {
            effect: Some(Effect::Allow),
            actions: Some(Patterns::AnyOf(actions)),
            resources: everything,
            principals: None,
            conditions: Vec::new(),
        };
        Self { version: Some("2012-10-17".into()), statements: vec![statement] }
    }

    /// The statements as those of an identity policy; `None` if one of them is not valid there.
    pub(super) fn identity_statements(&self) -> Option<Vec<IdentityStatement<'_>>> {
        self.statements.iter().map(Statement::of_identity_policy).collect()
    }

    /// Whether a statement is about certain resources, and not about all.
    pub(super) fn names_resources(&self) -> bool {
        let everything = |statement: &Statement| statement.resources.as_ref().is_some_and(Patterns::is_everything);
        !self.statements.iter().all(everything)
    }

    /// Whether this is an identity policy that only denies.
    #[must_use]
    pub fn is_deny_only(&self) -> bool {
        self.identity_statements()
            .is_some_and(|statements| statements.iter().all(|statement| statement.effect == Effect::Deny))
    }

    /// Whether this is an identity policy that denies something, regardless of its other statements.
    #[must_use]
    pub fn denies_anything(&self) -> bool {
        self.identity_statements().iter().flatten().any(|statement| statement.effect == Effect::Deny)
    }

    /// Whether this is an identity policy that denies all actions and allows none: for all sessions, or for the
    /// sessions that were created before a time at or after `since`.
    #[must_use]
    pub fn denies_everything(&self, since: Option<DateTime<Utc>>) -> bool {
        self.is_deny_only()
            && self.statements.iter().any(|statement| {
                statement.actions.as_ref().is_some_and(Patterns::is_everything)
                    && statement.resources.as_ref().is_some_and(Patterns::is_everything)
                    && (statement.conditions.is_empty() || statement.revokes_sessions(since))
            })
    }

    /// One line for each statement: "allows s3:GetObject on *". Empty if this is not a valid identity policy.
    #[must_use]
    pub fn describe(&self) -> Vec<Phrase> {
        self.identity_statements().iter().flatten().map(IdentityStatement::words).collect()
    }
}

impl Statement {
    fn of_identity_policy(&self) -> Option<IdentityStatement<'_>> {
        let valid = |patterns: &&Patterns| !matches!(patterns, Patterns::Invalid(_));
        Some(IdentityStatement {
            effect: self.effect?,
            actions: self.actions.as_ref().filter(valid)?,
            resources: self.resources.as_ref().filter(valid)?,
            conditions: &self.conditions,
        })
    }

    /// Whether the only condition is the one with which IAM revokes older sessions of a role, with a time at or after
    /// `since`.
    fn revokes_sessions(&self, since: Option<DateTime<Utc>>) -> bool {
        // A second condition would narrow the deny.
        let [condition] = self.conditions.as_slice() else { return false };
        let before = condition.operator == "DateLessThan" && condition.key == "aws:TokenIssueTime";
        let time = condition.values().first().and_then(|time| DateTime::parse_from_rfc3339(time.as_str()?).ok());
        before && condition.values().len() == 1 && time.zip(since).is_some_and(|(time, since)| time >= since)
    }
}

impl IdentityStatement<'_> {
    fn words(&self) -> Phrase {
        let verb = match self.effect {
            Effect::Allow => "allows ",
            Effect::Deny => "denies ",
        };
        let words = phrase!(verb, self.actions.words(), " on ", self.resources.words());
        if self.conditions.is_empty() {
            return words;
        }
        phrase!(words, ", if ", Phrase::few(self.conditions.iter().map(Condition::words), 3, " and "))
    }
}

impl Patterns {
    fn of(plain: Option<Vec<String>>, negated: Option<Value>, valid: bool) -> Option<Self> {
        match (plain, negated) {
            (plain, _) if !valid => Some(Self::Invalid(plain.unwrap_or_default())),
            (None, None) => None,
            (Some(plain), None) => Some(Self::AnyOf(plain)),
            (None, Some(negated)) => Some(texts(negated).map_or_else(|| Self::Invalid(Vec::new()), Self::AllBut)),
            (Some(plain), Some(_)) => Some(Self::Invalid(plain)),
        }
    }

    /// Whether this is `*` itself, not another pattern that covers as much.
    fn is_everything(&self) -> bool {
        matches!(self, Self::AnyOf(patterns) if patterns.iter().any(|pattern| pattern == "*"))
    }

    fn words(&self) -> Phrase {
        let (but, patterns) = match self {
            Self::AnyOf(patterns) | Self::Invalid(patterns) => ("", patterns),
            Self::AllBut(patterns) => ("all but ", patterns),
        };
        let patterns = patterns.iter().map(|pattern| Phrase::arn(&Untrusted::new(pattern)));
        phrase!(but, Phrase::few(patterns, 4, ", "))
    }
}

impl Principals {
    fn of(principal: Option<Value>, not_principal: Option<Value>) -> Option<Self> {
        let named = match principal {
            None => None,
            Some(Value::String(text)) if text == "*" => Some(Self::Anyone),
            Some(Value::String(_)) => Some(Self::Unknown),
            Some(Value::Object(kinds)) => Some(Self::by_kind(kinds)),
            Some(_) => Some(Self::Invalid),
        };
        match named {
            Some(Self::Invalid) => Some(Self::Invalid),
            named => match not_principal {
                Some(Value::Object(kinds)) => match Self::by_kind(kinds) {
                    Self::AnyOf(all) => Some(Self::AllBut(all)),
                    _ => Some(Self::AllBut(Vec::new())),
                },
                Some(_) => Some(Self::AllBut(Vec::new())),
                None => named,
            },
        }
    }

    fn by_kind(kinds: Map<String, Value>) -> Self {
        let mut all = Vec::new();
        for (kind, names) in kinds {
            let Some(names) = texts(names) else { return Self::Invalid };
            all.extend(names.into_iter().map(|name| (kind.clone(), name)));
        }
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self::AnyOf(all)
    }
}

impl Condition {
    fn all(block: Map<String, Value>) -> Vec<Self> {
        let mut all = Vec::new();
        for (operator, keys) in block {
            match keys {
                Value::Object(keys) if !keys.is_empty() => {
                    all.extend(keys.into_iter().map(|(key, value)| Self { operator: operator.clone(), key, value }));
                }
                _ => all.push(Self { operator, key: String::new(), value: Value::Null }),
            }
        }
        all
    }

    /// The values that the key is compared with.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        match &self.value {
            Value::Array(values) => values,
            value => std::slice::from_ref(value),
        }
    }
}

/// Policy documents arrive percent-encoded (RFC 3986); some emulators of AWS send plain JSON.
#[must_use]
pub fn decoded(document: &str) -> Rc<str> {
    decoded_text(document).into()
}

fn decoded_text(document: &str) -> Cow<'_, str> {
    if document.trim_start().starts_with('{') {
        return document.into();
    }
    percent_decode_str(document).decode_utf8_lossy()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WrittenDocument {
    statement: OneOrMany<WrittenStatement>,
    /// Kept separately, so that only the elements that matter must not occur twice.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Only the elements that identity and trust policies have in common are typed; the rest can have any type.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WrittenStatement {
    effect: String,
    action: Option<OneOrMany<String>>,
    not_action: Option<Value>,
    resource: Option<Value>,
    not_resource: Option<Value>,
    #[serde(default)]
    condition: Map<String, Value>,
    #[serde(default)]
    principal: Option<Value>,
    #[serde(default)]
    not_principal: Option<Value>,
}

/// In a policy, almost every element can be one value or a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T: DeserializeOwned> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(many) => many,
            Self::One(one) => vec![one],
        }
    }
}

impl From<WrittenStatement> for Statement {
    fn from(written: WrittenStatement) -> Self {
        let resource = written.resource.map(texts);
        let valid_resource = resource != Some(None);
        Self {
            effect: match written.effect.as_str() {
                "Allow" => Some(Effect::Allow),
                "Deny" => Some(Effect::Deny),
                _ => None,
            },
            actions: Patterns::of(written.action.map(OneOrMany::into_vec), written.not_action, true),
            resources: Patterns::of(resource.flatten(), written.not_resource, valid_resource),
            principals: Principals::of(written.principal, written.not_principal),
            conditions: Condition::all(written.condition),
        }
    }
}

/// One text or a list of texts; `None` for anything else.
fn texts(value: Value) -> Option<Vec<String>> {
    let text = |value| if let Value::String(text) = value { Some(text) } else { None };
    match value {
        Value::Array(values) => values.into_iter().map(text).collect(),
        value => text(value).map(|text| vec![text]),
    }
}

#[cfg(test)]
mod tests;
