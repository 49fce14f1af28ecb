//! Conditions of a policy statement, evaluated in three values.
//!
//! Follows "IAM JSON policy elements: Condition" and its pages on operators, on `IfExists`, on multivalued keys, and on
//! policy variables. What is known of a key is given by the caller of this module as a [`Value`].

use super::document::Condition;
use super::matching::{Pattern, Variables};
use super::truth::{Truth, Value};
use crate::arn::Arn;
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value as Json;
use std::borrow::Cow;

/// Whether whoever makes the call wants the condition to hold: of an `Allow` they do, of a `Deny` they do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Met,
    Unmet,
}

/// What an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    Texts,
    Arns,
    /// Whether there is a value.
    Presence,
    Addresses,
    Other,
}

/// An operator without its quantifier and its suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equals { fold: bool },
    Like,
    ArnLike,
    Bool,
    Number(std::cmp::Ordering, bool),
    Date(std::cmp::Ordering, bool),
    Ip,
    Null,
    Unknown,
}

impl Comparison {
    /// Whether texts are compared without wildcards; `None` for what is no text.
    const fn is_exact_text(self) -> Option<bool> {
        match self {
            Self::Equals { .. } => Some(true),
            Self::Like | Self::ArnLike => Some(false),
            Self::Bool | Self::Number(..) | Self::Date(..) | Self::Ip | Self::Null | Self::Unknown => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    /// `ForAllValues`, which an absent key meets.
    All,
    /// `ForAnyValue`, or none: then the key has one value.
    Any,
}

#[derive(Debug, Clone, Copy)]
struct Operator {
    comparison: Comparison,
    negated: bool,
    if_exists: bool,
    quantifier: Quantifier,
    /// Whether `ForAnyValue` is written: then an absent key does not meet a negated operator.
    any_written: bool,
}

impl Operator {
    fn parse(text: &str) -> Self {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let lower = text.to_ascii_lowercase();
        let (quantifier, any_written, rest) = match lower.split_once(':') {
            Some(("forallvalues", rest)) => (Quantifier::All, false, rest),
            Some(("foranyvalue", rest)) => (Quantifier::Any, true, rest),
            _ => (Quantifier::Any, false, lower.as_str()),
        };
        let (rest, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |rest| (rest, true));
        let (comparison, negated) = match rest {
            "stringequals" => (Comparison::Equals { fold: false }, false),
            "stringnotequals" => (Comparison::Equals { fold: false }, true),
            "stringequalsignorecase" => (Comparison::Equals { fold: true }, false),
            "stringnotequalsignorecase" => (Comparison::Equals { fold: true }, true),
            "stringlike" => (Comparison::Like, false),
            "stringnotlike" => (Comparison::Like, true),
            "arnequals" | "arnlike" => (Comparison::ArnLike, false),
            "arnnotequals" | "arnnotlike" => (Comparison::ArnLike, true),
            "bool" => (Comparison::Bool, false),
            "null" => (Comparison::Null, false),
            "ipaddress" => (Comparison::Ip, false),
            "notipaddress" => (Comparison::Ip, true),
            "numericequals" => (Comparison::Number(Equal, true), false),
            "numericnotequals" => (Comparison::Number(Equal, true), true),
            "numericlessthan" => (Comparison::Number(Less, false), false),
            "numericlessthanequals" => (Comparison::Number(Less, true), false),
            "numericgreaterthan" => (Comparison::Number(Greater, false), false),
            "numericgreaterthanequals" => (Comparison::Number(Greater, true), false),
            "dateequals" => (Comparison::Date(Equal, true), false),
            "datenotequals" => (Comparison::Date(Equal, true), true),
            "datelessthan" => (Comparison::Date(Less, false), false),
            "datelessthanequals" => (Comparison::Date(Less, true), false),
            "dategreaterthan" => (Comparison::Date(Greater, false), false),
            "dategreaterthanequals" => (Comparison::Date(Greater, true), false),
            _ => (Comparison::Unknown, false),
        };
        Self { comparison, negated, if_exists, quantifier, any_written }
    }

    /// Whether the operator can hold if the key is not in the call.
    const fn holds_if_absent(self) -> bool {
        matches!(self.quantifier, Quantifier::All) || self.if_exists || (self.negated && !self.any_written)
    }

    /// Whether the operator holds if the key is not in the call.
    fn if_absent(self) -> Truth {
        // AWS does not document whether `IfExists` has an effect together with `ForAnyValue`.
        if self.any_written && self.if_exists {
            return Truth::Depends;
        }
        Truth::of(self.holds_if_absent())
    }
}

/// A value of a condition as text.
fn text(value: &Json) -> Cow<'_, str> {
    match value {
        Json::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    }
}

impl Condition {
    /// Whether a condition holds, for a key of which this is known.
    pub(super) fn holds(&self, known: &Value<'_>, wish: Wish, variables: &Variables<'_>) -> Truth {
        let operator = Operator::parse(&self.operator);
        match (operator.comparison, known) {
            (Comparison::Null, _) => self.null(known, wish),
            (_, Value::Absent) => operator.if_absent(),
            (Comparison::Unknown, _) => Truth::Depends,
            (_, Value::Is(values)) => self.compared(operator, values, variables),
            (_, Value::Chosen { optional }) => self.chosen(operator, *optional, wish),
            (_, Value::Later { than, optional }) => self.later(operator, *than, *optional, wish),
            (_, Value::Usually(usual)) => {
                let usually = match usual {
                    Some(usual) => self.compared(operator, std::slice::from_ref(usual), variables),
                    None => operator.if_absent(),
                };
                match (usually, wish) {
                    (Truth::Yes, Wish::Met) | (Truth::No, Wish::Unmet) => usually,
                    _ => Truth::Depends,
                }
            }
            // An absent key meets these operators, and most resources and calls do not have the key.
            (_, Value::Unknown) if wish == Wish::Met && operator.holds_if_absent() => Truth::Yes,
            (_, Value::Unknown) => Truth::Depends,
        }
    }

    fn null(&self, known: &Value<'_>, wish: Wish) -> Truth {
        let wanted = |word: &str| self.values().iter().any(|value| text(value).eq_ignore_ascii_case(word));
        let must_be_absent = wanted("true");
        if must_be_absent && wanted("false") {
            return Truth::Yes;
        }
        let optional = match known {
            Value::Is(_) => return Truth::of(!must_be_absent),
            Value::Absent => return Truth::of(must_be_absent),
            Value::Usually(usual) => return Truth::of(usual.is_none() == must_be_absent).max(Truth::Depends),
            // Whoever makes the call can do without a key that nobody must have.
            Value::Unknown if must_be_absent && wish == Wish::Met => return Truth::Yes,
            Value::Unknown => return Truth::Depends,
            Value::Chosen { optional } | Value::Later { optional, .. } => *optional,
        };
        match wish {
            _ if !optional => Truth::of(!must_be_absent),
            Wish::Met => Truth::Yes,
            Wish::Unmet => Truth::No,
        }
    }

    fn chosen(&self, operator: Operator, optional: bool, wish: Wish) -> Truth {
        match wish {
            Wish::Met if self.values().is_empty() => Truth::of(operator.holds_if_absent()),
            Wish::Met => Truth::Yes,
            // A deny of every possible value cannot be avoided.
            Wish::Unmet => {
                let has = |wanted: &str| self.values().iter().any(|value| text(value).eq_ignore_ascii_case(wanted));
                let everything = match operator.comparison {
                    Comparison::Bool => has("true") && has("false"),
                    Comparison::Like => has("*"),
                    Comparison::Ip => has("0.0.0.0/0") && has("::/0"),
                    _ => false,
                };
                Truth::of(!optional && !operator.negated && everything)
            }
        }
    }

    /// A time that only moves forward: whoever makes the call can wait, but cannot go back.
    fn later(&self, operator: Operator, than: Option<DateTime<Utc>>, optional: bool, wish: Wish) -> Truth {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let (Comparison::Date(order, _) | Comparison::Number(order, _)) = operator.comparison else {
            return Truth::Depends;
        };
        let Some(now) = than else { return Truth::Depends };
        let times: Option<Vec<_>> = self.values().iter().map(|value| date(&text(value))).collect();
        let Some(times) = times.filter(|times| !times.is_empty()) else { return Truth::Depends };
        let ahead = times.iter().any(|time| *time > now);
        match (wish, order, operator.negated) {
            (Wish::Met, Less | Equal, false) => Truth::of(ahead || (optional && operator.holds_if_absent())),
            (Wish::Met, _, _) => Truth::Yes,
            // "Later than a time that has passed" holds from now on.
            (Wish::Unmet, Greater, false) => {
                Truth::of(times.iter().any(|time| *time <= now) && (!optional || operator.holds_if_absent()))
            }
            // A time that has passed does not come again.
            (Wish::Unmet, _, true) => Truth::of(!ahead),
            (Wish::Unmet, _, false) => Truth::No,
        }
    }

    fn compared(&self, operator: Operator, values: &[Cow<'_, str>], variables: &Variables<'_>) -> Truth {
        let one = |value: &str| {
            let any = self.values().iter().map(|wanted| compares(operator.comparison, &text(wanted), value, variables));
            let any = any.max().unwrap_or(Truth::No);
            if operator.negated { any.not() } else { any }
        };
        // For the operators on sets, an empty value is an empty set.
        let on_sets = operator.any_written || operator.quantifier == Quantifier::All;
        let each = values.iter().filter(|value| !(on_sets && value.is_empty())).map(|value| one(value));
        match operator.quantifier {
            Quantifier::All => each.min().unwrap_or(Truth::Yes),
            Quantifier::Any => each.max().unwrap_or(Truth::No),
        }
    }

    /// What the operator compares.
    pub(super) fn compared_as(&self) -> Compared {
        match Operator::parse(&self.operator).comparison {
            Comparison::Equals { .. } | Comparison::Like => Compared::Texts,
            Comparison::ArnLike => Compared::Arns,
            Comparison::Null => Compared::Presence,
            Comparison::Ip => Compared::Addresses,
            Comparison::Bool | Comparison::Number(..) | Comparison::Date(..) | Comparison::Unknown => Compared::Other,
        }
    }

    pub(super) fn is_negated(&self) -> bool {
        Operator::parse(&self.operator).negated
    }

    /// Whether a further value never makes the condition harder to meet: the key must have one of the values.
    pub(super) fn widens_with_values(&self) -> bool {
        let operator = Operator::parse(&self.operator);
        let is_known = !matches!(operator.comparison, Comparison::Null | Comparison::Unknown);
        is_known && !operator.negated && operator.quantifier == Quantifier::Any
    }

    /// The values as texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.values().iter().map(text)
    }

    /// For an operator on addresses: whether it holds for an address in one of the networks (`Some(true)`) or in none,
    /// or without an address. `None` for other operators.
    pub(super) fn holds_for_address(&self, inside: Option<bool>) -> Option<Truth> {
        let operator = Operator::parse(&self.operator);
        (operator.comparison == Comparison::Ip).then(|| match inside {
            Some(inside) => Truth::of(inside != operator.negated),
            None => operator.if_absent(),
        })
    }

    /// For an operator that requires the key to have one of the values: whether the values are compared exactly,
    /// without wildcards. `None` for an operator that requires nothing, such as a negated one or one with `IfExists`.
    pub(super) fn requires_exactly(&self) -> Option<bool> {
        let operator = Operator::parse(&self.operator);
        let requires = !operator.negated && !operator.if_exists && operator.quantifier == Quantifier::Any;
        operator.comparison.is_exact_text().filter(|_| requires)
    }

    /// The same for an operator that holds for every key without one of the values.
    pub(super) fn excludes_exactly(&self) -> Option<bool> {
        let operator = Operator::parse(&self.operator);
        let excludes = operator.negated && operator.quantifier == Quantifier::Any && !operator.any_written;
        operator.comparison.is_exact_text().filter(|_| excludes)
    }

    /// The condition for a reader: "aws:ResourceTag/team is ops or web".
    #[must_use]
    pub fn words(&self) -> Phrase {
        self.with_values(8)
    }

    /// The condition with all its values: of many, one can be a back door.
    #[must_use]
    pub fn all_words(&self) -> Phrase {
        self.with_values(usize::MAX)
    }

    /// The widest values first: those with the shortest text before a wildcard.
    fn with_values(&self, shown: usize) -> Phrase {
        let key = Phrase::from(&Untrusted::new(&self.key));
        let operator = Operator::parse(&self.operator);
        if operator.comparison == Comparison::Null {
            let absent = self.values().iter().any(|value| text(value).eq_ignore_ascii_case("true"));
            return phrase!(key, if absent { " is absent" } else { " is present" });
        }
        let verb = match (operator.comparison, operator.negated) {
            (Comparison::Like | Comparison::ArnLike, false) => " is like ",
            (Comparison::Like | Comparison::ArnLike, true) => " is not like ",
            (Comparison::Ip, false) => " is in ",
            (Comparison::Ip, true) => " is not in ",
            (Comparison::Number(order, _) | Comparison::Date(order, _), false) => match order {
                std::cmp::Ordering::Less => " is less than ",
                std::cmp::Ordering::Greater => " is greater than ",
                std::cmp::Ordering::Equal => " is ",
            },
            (_, false) => " is ",
            (_, true) => " is not ",
        };
        let mut values: Vec<_> = self.values().iter().map(text).collect();
        values.sort_by_key(|value| value.find(['*', '?']).unwrap_or(usize::MAX));
        let values = values.iter().map(|value| {
            let text = Untrusted::new(&**value);
            if value.starts_with("arn:") { Phrase::arn(&text) } else { Phrase::free(&text) }
        });
        let values = Phrase::few(values, shown, " or ");
        phrase!(key, verb, values, if operator.if_exists { ", if present" } else { "" })
    }
}

/// Whether one value of a policy matches one value of a call.
fn compares(comparison: Comparison, wanted: &str, found: &str, variables: &Variables<'_>) -> Truth {
    match comparison {
        Comparison::Equals { fold: false } | Comparison::Like | Comparison::ArnLike if starts_apart(wanted, found) => {
            Truth::No
        }
        Comparison::Equals { fold } => match Pattern::exact(wanted, variables) {
            Some(pattern) => pattern.is(found, fold),
            None => Truth::No,
        },
        Comparison::Like => Pattern::new(wanted, variables).map_or(Truth::No, |pattern| pattern.matches(found)),
        Comparison::ArnLike => {
            let Some(pattern) = Pattern::new(wanted, variables) else { return Truth::No };
            if Arn::parse(wanted).is_none() || Arn::parse(found).is_none() {
                return Truth::No;
            }
            pattern.matches_arn(found)
        }
        Comparison::Bool => Truth::of(wanted.eq_ignore_ascii_case(found)),
        Comparison::Number(order, equal) => match (wanted.parse::<f64>(), found.parse::<f64>()) {
            (Ok(wanted), Ok(found)) => {
                Truth::of(found.partial_cmp(&wanted).is_some_and(|is| is == order || (equal && is.is_eq())))
            }
            _ => Truth::No,
        },
        Comparison::Date(order, equal) => match (date(wanted), date(found)) {
            (Some(wanted), Some(found)) => {
                let is = found.cmp(&wanted);
                Truth::of(is == order || (equal && is.is_eq()))
            }
            _ => Truth::No,
        },
        Comparison::Ip | Comparison::Null | Comparison::Unknown => Truth::Depends,
    }
}

/// Whether the texts differ before the first wildcard or variable. A hostile policy can contain thousands of values.
fn starts_apart(wanted: &str, found: &str) -> bool {
    let literal = wanted.bytes().take_while(|byte| !matches!(byte, b'*' | b'?' | b'$'));
    literal.zip(found.bytes()).any(|(wanted, found)| wanted != found)
}

/// A date of a policy: one of the formats of W3C for ISO 8601, or seconds since 1970. A number of four digits is a
/// year.
fn date(text: &str) -> Option<DateTime<Utc>> {
    let day = |text: &str| text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0).map(|time| time.and_utc());
    match text.len() {
        4 => day(&format!("{text}-01-01")),
        7 => day(&format!("{text}-01")),
        _ => None,
    }
    .or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()))
    .or_else(|| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%#z").ok().map(|time| time.to_utc()))
    .or_else(|| day(text))
    .or_else(|| text.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)))
}
