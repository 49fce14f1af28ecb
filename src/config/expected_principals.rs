//! The setting `ExpectedPrincipals`: the short form of expectations, without a file.

use super::error::BadSetting;
use super::expectations::{Expectation, Expectations, who};
use crate::severity::Severity;
use std::collections::{BTreeMap, BTreeSet};

/// Reads ARNs and patterns separated by commas, as expectations that say nothing but who. A name may contain a comma: a
/// new ARN begins at `arn:`.
///
/// Alerts up to HIGH are expected, as long as nothing is beyond every expectation.
///
/// # Errors
/// The first part that is no pattern of principals.
pub fn expected_principals(text: &str, names: &BTreeMap<String, String>) -> Result<Expectations, BadSetting> {
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
    let row = |pattern: String| match who(&pattern, names) {
        Ok(who) => Ok(Expectation {
            source: "ExpectedPrincipals".to_owned(),
            line: 0,
            who: vec![who],
            what: Vec::new(),
            target: Vec::new(),
            accounts: Vec::new(),
            up_to: Severity::High,
            including: BTreeSet::new(),
            until: None,
            why: format!("the setting ExpectedPrincipals has {pattern}"),
        }),
        Err(_) => Err(BadSetting {
            variable: "EXPECTED_PRINCIPALS",
            found: format!("{pattern:?} in one place"),
            wanted: "ARNs or ARN patterns of IAM users and roles, arn:aws:iam::123456789012:role/path/name, separated by \
                     commas; for a role session the role's own ARN, with its path; instead of the account's id, its name \
                     in ACCOUNT_NAMES or the id of an organizational unit",
        }),
    };
    patterns.into_iter().map(row).collect::<Result<_, _>>().map(Expectations)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Untrusted;

    fn parse(text: &str) -> Expectations {
        let names = [("444455556666".to_owned(), "sandbox".to_owned())].into();
        expected_principals(text, &names).unwrap()
    }

    fn covers(rows: &Expectations, arn: &str, units: &[Untrusted]) -> bool {
        let principal = crate::arn::Arn::parse(arn).unwrap();
        rows.0.iter().any(|row| row.who[0].matches(&principal, units))
    }

    #[test]
    fn expected_principals_may_be_patterns_and_names_may_contain_commas() {
        let expected = parse("arn:aws:iam::111122223333:role/ci/*, arn:aws:iam::111122223333:user/a,b ,");
        assert_eq!(expected.0.len(), 2);
        assert!(covers(&expected, "arn:aws:iam::111122223333:role/ci/deploy", &[]));
        assert!(covers(&expected, "arn:aws:iam::111122223333:user/a,b", &[]));
        assert!(!covers(&expected, "arn:aws:iam::111122223333:user/a", &[]));
        assert!(!covers(&expected, "arn:aws:iam::444455556666:role/ci/deploy", &[]));
    }

    #[test]
    fn accounts_have_names_and_units_contain_accounts() {
        let expected = parse("arn:aws:iam::sandbox:role/deploy,arn:aws:iam::ou-ab12-11111111:role/platform/*");
        let units = [Untrusted::new("ou-ab12-11111111"), Untrusted::new("r-ab12")];
        assert!(covers(&expected, "arn:aws:iam::444455556666:role/deploy", &[]));
        assert!(!covers(&expected, "arn:aws:iam::111122223333:role/deploy", &units));
        assert!(covers(&expected, "arn:aws:iam::111122223333:role/platform/x", &units));
        assert!(!covers(&expected, "arn:aws:iam::111122223333:role/platform/x", &units[1..]));
        assert!(!covers(&expected, "arn:aws:iam::111122223333:role/platform/x", &[]), "not known");
    }
}
