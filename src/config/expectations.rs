//! The principals that are expected to change access.

use super::error::BadSetting;
use crate::arn::{Arn, arn_like, is_account_id};

/// The principals that are expected to change access: exact ARNs, or patterns with `*` and `?`, compared part by part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectedPrincipals(Vec<String>);

impl ExpectedPrincipals {
    /// Reads ARNs and patterns separated by commas. A name may contain a comma: a new ARN begins at `arn:`.
    ///
    /// # Errors
    /// If a part is not the ARN of a principal in IAM, or has no account id.
    pub fn parse(text: &str) -> Result<Self, BadSetting> {
        let mut patterns: Vec<String> = Vec::new();
        for part in text.split(',') {
            match patterns.last_mut() {
                Some(last) if !part.trim_start().starts_with("arn:") && !part.trim().is_empty() => {
                    last.push(',');
                    last.push_str(part.trim_end());
                }
                _ if part.trim().is_empty() => {}
                _ => patterns.push(part.trim().to_owned()),
            }
        }
        for pattern in &patterns {
            let right = Arn::parse(pattern).is_some_and(|arn| {
                arn.service == "iam"
                    && arn.region.is_empty()
                    // A role of the same name in another account is not expected.
                    && is_account_id(arn.account)
                    && ["user/", "role/", "root"].iter().any(|kind| arn.resource.starts_with(kind))
                    && !matches!(arn.resource, "user/" | "role/")
            });
            if !right {
                return Err(BadSetting {
                    variable: "EXPECTED_PRINCIPALS",
                    found: format!("{pattern:?} in one place"),
                    wanted: "ARNs or ARN patterns of IAM users and roles, arn:aws:iam::123456789012:role/path/name, \
                             separated by commas; for a role session the role's own ARN, with its path",
                });
            }
        }
        Ok(Self(patterns))
    }

    /// The pattern that matches this ARN.
    #[must_use]
    pub fn covering(&self, arn: &str) -> Option<&str> {
        self.0.iter().map(String::as_str).find(|pattern| arn_like(pattern, arn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_principals_may_be_patterns_and_names_may_contain_commas() {
        let expected =
            ExpectedPrincipals::parse("arn:aws:iam::111122223333:role/ci/*, arn:aws:iam::111122223333:user/a,b ,")
                .unwrap();
        assert_eq!(expected.0.len(), 2);
        assert!(expected.covering("arn:aws:iam::111122223333:role/ci/deploy").is_some());
        assert!(expected.covering("arn:aws:iam::111122223333:user/a,b").is_some());
        assert!(expected.covering("arn:aws:iam::111122223333:user/a").is_none());
    }
}
