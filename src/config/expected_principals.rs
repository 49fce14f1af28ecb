//! The principals that are expected to change access.

use super::error::BadSetting;
use super::places::Place;
use crate::arn::{Arn, arn_like};
use crate::text::Untrusted;
use std::collections::BTreeMap;

/// The principals that are expected to change access: exact ARNs, or patterns with `*` and `?`, compared part by part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectedPrincipals(Vec<Expected>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    /// As it stands in the setting.
    written: String,
    /// The accounts that it is about. A role of the same name in another account is not expected.
    place: Place,
}

impl ExpectedPrincipals {
    /// Reads ARNs and patterns separated by commas. A name may contain a comma: a new ARN begins at `arn:`. In the place
    /// of the account stands its id, a name from `names`, or the id of an organizational unit.
    ///
    /// # Errors
    /// If a part is not the ARN of a principal in IAM, or has no account.
    pub fn parse(text: &str, names: &BTreeMap<String, String>) -> Result<Self, BadSetting> {
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
        let read = patterns.into_iter().map(|written| match place(&written, names) {
            Some(place) => Ok(Expected { written, place }),
            None => Err(BadSetting {
                variable: "EXPECTED_PRINCIPALS",
                found: format!("{written:?} in one place"),
                wanted: "ARNs or ARN patterns of IAM users and roles, arn:aws:iam::123456789012:role/path/name, separated by \
                         commas; for a role session the role's own ARN, with its path; instead of the account's id, its name \
                         in ACCOUNT_NAMES or the id of an organizational unit",
            }),
        });
        read.collect::<Result<_, _>>().map(Self)
    }

    /// The pattern that matches the ARN of a principal, as it is written. `units` are those of the principal's account; if
    /// they are not known, they match nothing.
    #[must_use]
    pub fn covering(&self, arn: &str, units: &[Untrusted]) -> Option<&str> {
        let account = Arn::parse(arn)?.account;
        let covers = |expected: &&Expected| {
            let here = match &expected.place {
                Place::Accounts(ids) => ids.iter().any(|id| id == account),
                Place::Unit(id) => units.iter().any(|unit| unit.raw() == id),
            };
            here && arn_like(&with_account(&expected.written, account), arn)
        };
        self.0.iter().find(covers).map(|expected| expected.written.as_str())
    }

    /// Whether organizational units matter.
    #[must_use]
    pub fn names_units(&self) -> bool {
        self.0.iter().any(|expected| expected.place.is_unit())
    }
}

/// The accounts that a pattern is about; `None` if it is no pattern of principals in IAM.
fn place(pattern: &str, names: &BTreeMap<String, String>) -> Option<Place> {
    let arn = Arn::parse(pattern)?;
    let principal = arn.service == "iam"
        && arn.region.is_empty()
        && ["user/", "role/", "root"].iter().any(|kind| arn.resource.starts_with(kind))
        && !matches!(arn.resource, "user/" | "role/");
    principal.then(|| Place::read(arn.account, names))?
}

fn with_account(pattern: &str, account: &str) -> String {
    let Some(arn) = Arn::parse(pattern) else { return pattern.to_owned() };
    format!("arn:{}:{}:{}:{account}:{}", arn.partition, arn.service, arn.region, arn.resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ExpectedPrincipals {
        let names = [("444455556666".to_owned(), "sandbox".to_owned())].into();
        ExpectedPrincipals::parse(text, &names).unwrap()
    }

    #[test]
    fn expected_principals_may_be_patterns_and_names_may_contain_commas() {
        let expected = parse("arn:aws:iam::111122223333:role/ci/*, arn:aws:iam::111122223333:user/a,b ,");
        assert_eq!(expected.0.len(), 2);
        assert!(expected.covering("arn:aws:iam::111122223333:role/ci/deploy", &[]).is_some());
        assert!(expected.covering("arn:aws:iam::111122223333:user/a,b", &[]).is_some());
        assert!(expected.covering("arn:aws:iam::111122223333:user/a", &[]).is_none());
        assert!(expected.covering("arn:aws:iam::444455556666:role/ci/deploy", &[]).is_none());
    }

    #[test]
    fn accounts_have_names_and_units_contain_accounts() {
        let expected = parse("arn:aws:iam::sandbox:role/deploy,arn:aws:iam::ou-ab12-11111111:role/platform/*");
        let units = [Untrusted::new("ou-ab12-11111111"), Untrusted::new("r-ab12")];
        let written = expected.covering("arn:aws:iam::444455556666:role/deploy", &[]);
        assert_eq!(written, Some("arn:aws:iam::sandbox:role/deploy"));
        assert!(expected.covering("arn:aws:iam::111122223333:role/deploy", &units).is_none());
        assert!(expected.covering("arn:aws:iam::111122223333:role/platform/x", &units).is_some());
        assert!(expected.covering("arn:aws:iam::111122223333:role/platform/x", &units[1..]).is_none());
        assert!(expected.covering("arn:aws:iam::111122223333:role/platform/x", &[]).is_none(), "not known");
    }
}
