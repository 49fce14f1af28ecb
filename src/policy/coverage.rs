//! Whether denies cover all that an allow gives: the same or wider actions, on the same or wider resources.
//!
//! Only what is certain counts. A pattern covers another one if the texts are the same, if the other one has no
//! wildcard and matches, or if the pattern is a beginning and `*` of which the other one's literal beginning is a
//! continuation. Which principals a statement is about, and when it applies, is decided by whoever asks.

use super::document::{Patterns, Statement};
use crate::arn::wildcard;

/// A part of what an allow gives.
#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Pattern(&'a str),
    AllBut(&'a [String]),
    Everything,
}

impl<'a> Part<'a> {
    /// What is not understood gives everything.
    fn all(patterns: Option<&'a Patterns>) -> Vec<Self> {
        match patterns {
            Some(Patterns::AnyOf(patterns)) if !patterns.is_empty() => {
                patterns.iter().map(|pattern| Self::Pattern(pattern)).collect()
            }
            Some(Patterns::AllBut(but)) => vec![Self::AllBut(but)],
            Some(Patterns::AnyOf(_) | Patterns::Invalid(_)) | None => vec![Self::Everything],
        }
    }
}

/// Whether the denies together certainly cover every one of these actions on every one of these resources. `budget` is
/// the number of comparisons that are left; without any, nothing is covered.
pub(super) fn covered(
    actions: Option<&Patterns>,
    resources: Option<&Patterns>,
    denies: &[&Statement],
    budget: &mut u64,
) -> bool {
    if denies.is_empty() {
        return false;
    }
    let without = resources.is_none();
    let (actions, resources) = (Part::all(actions), Part::all(resources));
    let size = |patterns: Option<&Patterns>| match patterns {
        Some(Patterns::AnyOf(all) | Patterns::AllBut(all)) => all.len() as u64 + 1,
        _ => 1,
    };
    let each: u64 = denies.iter().map(|deny| size(deny.actions.as_ref()) + size(deny.resources.as_ref())).sum();
    let needed = each.saturating_mul(actions.len() as u64).saturating_mul(resources.len() as u64);
    let left = budget.checked_sub(needed);
    *budget = left.unwrap_or(0);
    if left.is_none() {
        return false;
    }
    actions.iter().all(|action| {
        let on: Vec<_> = denies.iter().filter(|deny| covers(deny.actions.as_ref(), *action, true)).collect();
        resources.iter().all(|resource| {
            // Policies of a service without a Resource element, such as Amazon ECR, and of roles are about one resource.
            on.iter()
                .any(|deny| (without && deny.resources.is_none()) || covers(deny.resources.as_ref(), *resource, false))
        })
    })
}

/// `fold`: without regard to case, as actions are compared.
fn covers(wide: Option<&Patterns>, part: Part<'_>, fold: bool) -> bool {
    match (wide, part) {
        (Some(Patterns::AnyOf(wide)), part) => wide.iter().any(|wide| includes(wide, part, fold)),
        (Some(Patterns::AllBut(but)), Part::Pattern(pattern)) => {
            !but.is_empty() && but.iter().all(|but| disjoint(but, pattern, fold))
        }
        (Some(Patterns::AllBut(but)), Part::AllBut(outer)) => {
            !but.is_empty() && but.iter().all(|but| outer.iter().any(|outer| includes(outer, Part::Pattern(but), fold)))
        }
        (Some(Patterns::AllBut(_) | Patterns::Invalid(_)) | None, _) => false,
    }
}

fn includes(wide: &str, part: Part<'_>, fold: bool) -> bool {
    if !wide.is_empty() && wide.bytes().all(|byte| byte == b'*') {
        return true;
    }
    let Part::Pattern(narrow) = part else { return false };
    let (wide, narrow) = (folded(wide, fold), folded(narrow, fold));
    if wide == narrow {
        return true;
    }
    // A policy variable stands for a text that is not known.
    if wide.contains("${") {
        return false;
    }
    let head = literal_head(&narrow);
    if head.len() == narrow.len() {
        return wildcard(&wide, &narrow);
    }
    wide.strip_suffix('*').is_some_and(|beginning| !beginning.contains(['*', '?']) && head.starts_with(beginning))
}

/// Whether no text matches both patterns, as far as their literal beginnings show.
fn disjoint(one: &str, other: &str, fold: bool) -> bool {
    let (one, other) = (folded(one, fold), folded(other, fold));
    let (a, b) = (literal_head(&one), literal_head(&other));
    match (a.len() == one.len(), b.len() == other.len()) {
        (true, true) => one != other,
        (false, true) if !one.contains("${") => !wildcard(&one, &other),
        _ => !a.starts_with(b) && !b.starts_with(a),
    }
}

/// The text before the first wildcard or policy variable.
fn literal_head(pattern: &str) -> &str {
    let end = [pattern.find(['*', '?']), pattern.find("${")].into_iter().flatten().min();
    &pattern[..end.unwrap_or(pattern.len())]
}

fn folded(text: &str, fold: bool) -> String {
    if fold { text.to_ascii_lowercase() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Document;
    use serde_json::{Value, json};

    fn is_covered(allow: &Value, denies: &[Value]) -> bool {
        let with = |effect: &str, mut statement: Value| {
            statement["Effect"] = effect.into();
            statement
        };
        let all: Vec<_> = std::iter::once(with("Allow", allow.clone()))
            .chain(denies.iter().map(|deny| with("Deny", deny.clone())))
            .collect();
        let document = Document::parse(&json!({"Statement": all}).to_string()).unwrap();
        let denies: Vec<_> = document.statements[1..].iter().collect();
        let allow = &document.statements[0];
        covered(allow.actions.as_ref(), allow.resources.as_ref(), &denies, &mut 1_000)
    }

    #[test]
    fn only_denies_of_the_same_or_more_actions_and_resources_cover_an_allow() {
        let on = |action: &str, resource: &str| json!({"Action": action, "Resource": resource});
        let allow = on("s3:Get*", "arn:aws:s3:::b/*");
        for yes in [
            on("*", "*"),
            on("S3:get*", "arn:aws:s3:::b*"),
            on("s3:*", "arn:aws:s3:::b/*"),
            json!({"NotAction": "s3:List*", "Resource": "*"}),
            json!({"Action": "s3:*", "NotResource": "arn:aws:s3:::b2/*"}),
        ] {
            assert!(is_covered(&allow, std::slice::from_ref(&yes)), "{yes}");
        }
        for no in [
            on("s3:GetObject", "*"),
            on("s3:Get?*", "*"),
            on("s3:*", "arn:aws:s3:::b/public/*"),
            on("s3:*", "arn:aws:s3:::B/*"),
            on("s3:*", "arn:aws:s3:::b/${aws:username}"),
            on("s3:*", "arn:aws:s3:::?/*"),
            json!({"NotAction": "s3:GetObject", "Resource": "*"}),
            json!({"NotAction": [], "Resource": "*"}),
            json!({"Action": [], "Resource": "*"}),
            json!({"Action": "*", "NotResource": "arn:aws:s3:::b/public"}),
            json!({"Action": "*"}),
            json!({"Resource": "*"}),
            json!({"Action": "*", "Resource": 7}),
            json!({"Action": "*", "NotAction": "s3:PutObject", "Resource": "*"}),
        ] {
            assert!(!is_covered(&allow, std::slice::from_ref(&no)), "{no}");
        }
    }

    #[test]
    fn several_denies_cover_an_allow_together() {
        let both =
            json!({"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]});
        let get = json!({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b*"});
        let list = json!({"Action": "s3:List*", "Resource": "*"});
        assert!(is_covered(&both, &[get.clone(), list]) && !is_covered(&both, &[get]));
        assert!(!is_covered(&both, &[]));
    }

    #[test]
    fn what_is_not_understood_is_covered_only_by_everything() {
        let all = json!({"Action": "*", "Resource": "*"});
        let star = json!({"Action": "s3:*", "Resource": "*"});
        for odd in [
            json!({"Resource": "*"}),
            json!({"Action": [], "Resource": "*"}),
            json!({"NotAction": "sqs:SendMessage", "Resource": "*"}),
        ] {
            assert!(
                is_covered(&odd, std::slice::from_ref(&all)) && !is_covered(&odd, std::slice::from_ref(&star)),
                "{odd}"
            );
        }
        let repository = json!({"Action": "ecr:BatchGetImage"});
        assert!(is_covered(&repository, &[json!({"Action": "ecr:*"})]));
        let but = |action: &str| json!({"NotAction": action, "Resource": "*"});
        assert!(
            is_covered(&but("s3:Put*"), &[but("s3:PutObject")]) && !is_covered(&but("s3:PutObject"), &[but("s3:Put*")])
        );
    }
}
