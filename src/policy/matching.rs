//! Which actions and resources a statement covers.
//!
//! Actions are compared without regard to case; `NotAction` and `NotResource` invert the match ("Policy evaluation
//! logic" in the IAM user guide). Which effect applies is decided in [`access`](super::access).

use super::document::{IdentityStatement, Patterns};
use super::escalation::ResourceType;
use crate::arn::{Arn, wildcard, wildcard_ignoring_case};

/// Names that stand for any name: one is shorter and one is longer than IAM's names, of a character that no policy can
/// contain, so that only a wildcard matches both.
pub(super) fn any_names() -> [String; 2] {
    ["\u{1}".to_owned(), "\u{1}".repeat(200)]
}

/// ARNs that stand for any resource of this type in the account of `holder`.
pub(super) fn any_of(resource: ResourceType, holder: Option<&Arn<'_>>) -> [String; 2] {
    let (partition, account) = holder.map_or(("aws", "*"), |arn| (arn.partition, arn.account));
    any_names().map(|name| format!("arn:{partition}:iam::{account}:{}/{name}", resource.word()))
}

impl Patterns {
    fn covers(&self, mut pattern_covers: impl FnMut(&str) -> bool) -> bool {
        match self {
            Self::AnyOf(patterns) => patterns.iter().any(|pattern| pattern_covers(pattern)),
            Self::AllBut(patterns) => !patterns.iter().any(|pattern| pattern_covers(pattern)),
            Self::Invalid(_) => false,
        }
    }
}

impl IdentityStatement<'_> {
    pub(super) fn covers_action(&self, action: &str) -> bool {
        self.actions.covers(|pattern| wildcard_ignoring_case(pattern, action))
    }

    /// With `loosely`, a pattern with a policy variable that is known only at the time of the call matches.
    pub(super) fn covers_resource(&self, resource: &str, holder: Option<&Arn<'_>>, loosely: bool) -> bool {
        self.resources.covers(|pattern| {
            let mut pattern = filled_in(pattern, holder);
            if let (Some(variable), true) = (pattern.find("${"), loosely) {
                pattern.replace_range(variable.., "*");
            }
            wildcard(&pattern, resource)
                // The account is not known, so a pattern with any account can be the right one.
                || (holder.is_none() && covers_in_some_account(&pattern, resource))
        })
    }

    /// Whether the statement has `Resource` and not `NotResource`.
    pub(super) const fn names_resources(&self) -> bool {
        matches!(self.resources, Patterns::AnyOf(_))
    }

    /// Whether the statement is only about the identity itself.
    pub(super) fn is_about_self(&self, own: Option<&str>, holder: Option<&Arn<'_>>) -> bool {
        match (self.resources, own) {
            (Patterns::AnyOf(patterns), Some(own)) => patterns
                .iter()
                .all(|pattern| filled_in(pattern, holder) == own || pattern.ends_with("/${aws:username}")),
            _ => false,
        }
    }
}

fn covers_in_some_account(pattern: &str, resource: &str) -> bool {
    match (Arn::parse(pattern), Arn::parse(resource)) {
        (Some(pattern), Some(resource)) => {
            wildcard(pattern.service, resource.service) && wildcard(pattern.resource, resource.resource)
        }
        _ => false,
    }
}

/// The pattern with the value of the policy variable `${aws:username}`.
fn filled_in(pattern: &str, holder: Option<&Arn<'_>>) -> String {
    match holder.filter(|arn| arn.resource.starts_with("user/")) {
        Some(arn) => pattern.replace("${aws:username}", arn.name()),
        None => pattern.to_owned(),
    }
}
