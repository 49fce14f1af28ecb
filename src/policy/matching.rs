//! Patterns of a policy statement, and which actions and resources they cover.
//!
//! Actions are compared without regard to case; `NotAction` and `NotResource` invert the match ("Policy evaluation
//! logic" in the IAM user guide). Policy variables have a meaning only with the version 2012-10-17 ("IAM policy
//! elements: Variables and tags"). Which effect applies is decided in `evaluator`.

use super::truth::{Truth, Value};
use crate::arn::{Arn, wildcard_in_steps};
use std::borrow::Cow;

/// Stand for a literal `*` and `?`: of a policy variable such as `${*}`, or in a text that is compared.
pub(super) const STAR: &str = "\u{2}";
pub(super) const MARK: &str = "\u{3}";

/// What is known of the condition keys that policy variables name, and whether variables have a meaning.
pub(super) struct Variables<'a> {
    pub(super) enabled: bool,
    pub(super) value: &'a dyn Fn(&str) -> Value<'a>,
}

/// A pattern with the values of its policy variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern<'a> {
    text: Cow<'a, str>,
    /// Whether every variable has a known value. Other variables match any text.
    pub(super) certain: bool,
}

impl<'a> Pattern<'a> {
    /// `None` if the pattern matches nothing, because a variable has no value.
    pub(super) fn new(written: &'a str, variables: &Variables<'_>) -> Option<Self> {
        Self::filled(written, variables, false)
    }

    /// A pattern in which `*` and `?` are no wildcards.
    pub(super) fn exact(written: &'a str, variables: &Variables<'_>) -> Option<Self> {
        Self::filled(written, variables, true)
    }

    fn filled(written: &'a str, variables: &Variables<'_>, exact: bool) -> Option<Self> {
        let plain = |text: &str| if exact { literal(text).into_owned() } else { text.to_owned() };
        if !variables.enabled || !written.contains("${") {
            let text = if exact { literal(written) } else { written.into() };
            return Some(Self { text, certain: true });
        }
        let (mut text, mut certain, mut rest) = (String::new(), true, written);
        while let Some((before, after)) = rest.split_once("${") {
            text.push_str(&plain(before));
            let Some((variable, after)) = after.split_once('}') else {
                rest = &rest[before.len()..];
                break;
            };
            rest = after;
            let (key, default) = match variable.split_once(',') {
                Some((key, default)) => (key.trim(), Some(default.trim().trim_matches('\''))),
                None => (variable, None),
            };
            match key {
                "*" => text.push_str(STAR),
                "?" => text.push_str(MARK),
                "$" => text.push('$'),
                key => match ((variables.value)(key), default) {
                    (Value::Is(values), _) if values.len() == 1 => text.push_str(&literal(&values[0])),
                    (Value::Absent, Some(default)) => text.push_str(&literal(default)),
                    (Value::Absent | Value::Usually(None), None) => return None,
                    _ => {
                        certain = false;
                        text.push('*');
                    }
                },
            }
        }
        text.push_str(&plain(rest));
        Some(Self { text: text.into(), certain })
    }

    fn truth(&self, matches: bool) -> Truth {
        match (matches, self.certain) {
            (true, true) => Truth::Yes,
            (true, false) => Truth::Depends,
            (false, _) => Truth::No,
        }
    }

    pub(super) fn matches(&self, text: &str) -> Truth {
        self.matches_in_steps(text).0
    }

    /// As [`matches`](Self::matches), and how many characters were compared.
    pub(super) fn matches_in_steps(&self, text: &str) -> (Truth, u64) {
        let (matches, compared) = wildcard_in_steps(&self.text, &literal(text));
        (self.truth(matches), compared)
    }

    /// As `ArnLike` compares: part by part.
    pub(super) fn matches_arn(&self, arn: &str) -> Truth {
        self.truth(crate::arn::arn_like(&self.text, &literal(arn)))
    }

    /// Whether this is the text; with `fold`, without regard to case.
    pub(super) fn is(&self, text: &str, fold: bool) -> Truth {
        if !self.certain {
            return self.matches(text);
        }
        let text = literal(text);
        Truth::of(self.text == text || (fold && self.text.eq_ignore_ascii_case(&text)))
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// A text without wildcards.
fn literal(text: &str) -> Cow<'_, str> {
    if text.contains(['*', '?']) { text.replace('*', STAR).replace('?', MARK).into() } else { text.into() }
}

/// Names that stand for any name: one is shorter and one is longer than IAM's names, of a character that no policy can
/// contain, so that only a wildcard matches both.
pub(super) fn any_names() -> [String; 2] {
    [ANY.to_owned(), ANY.repeat(200)]
}

/// The character of [`any_names`].
pub(super) const ANY: &str = "\u{1}";

/// The partition and the account of the holder, as far as they are known.
pub(super) fn home<'a>(holder: Option<&Arn<'a>>) -> (&'a str, &'a str) {
    holder.map_or(("aws", "*"), |arn| (arn.partition, arn.account))
}

/// The pattern as the ARN of some resource that it covers. The parts that a wildcard leaves open get the values of the
/// holder's account.
pub(super) fn some_resource(pattern: &str, holder: Option<&Arn<'_>>) -> String {
    let fill = |part: &str| part.replace(['*', '?'], ANY);
    let Some(arn) = Arn::parse(pattern) else { return fill(pattern) };
    let (partition, account) = home(holder);
    let or = |part: &str, value: &str| if part.contains(['*', '?']) { value.to_owned() } else { part.to_owned() };
    format!(
        "arn:{}:{}:{}:{}:{}",
        or(arn.partition, partition),
        fill(arn.service),
        or(arn.region, "us-east-1"),
        or(arn.account, account),
        fill(arn.resource)
    )
}

/// Whether a pattern covers every resource of some type, in all accounts or in one: `*`, `arn:aws:lambda:*:*:function:*`.
pub(super) fn is_general(pattern: &str) -> bool {
    let Some(resource) = pattern.splitn(6, ':').nth(5) else { return pattern.ends_with('*') };
    let (first, rest) = resource.split_once([':', '/']).unwrap_or((resource, ""));
    // `??*` leaves out names of one letter only, and `????????????*` whatever is short: no reader of the pattern knows
    // which names there are.
    let any_name =
        |text: &str| text.chars().all(|letter| matches!(letter, '*' | '?' | ':' | '/')) && text.contains('*');
    if rest.is_empty() { any_name(first) } else { !first.contains('?') && any_name(rest) }
}
