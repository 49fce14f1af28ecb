//! Accounts, as settings name them: by id, by a name from `AccountNames`, or by their organizational unit.
//!
//! The names that accounts have in AWS Organizations are not used for this: an account can change its own name
//! (`PutAccountName`, AWS Account Management API reference), and nobody may silence alerts by that.

use crate::arn::is_account_id;
use crate::severity::Severity;
use crate::text::Untrusted;
use std::collections::BTreeMap;

/// One account, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Accounts, by id. Two can have the same name.
    Accounts(Vec<String>),
    /// An organizational unit, or the root, by its id, with all units below it.
    Unit(String),
}

impl Place {
    /// Reads an id or a name; `None` if it is neither.
    #[must_use]
    pub fn read(text: &str, names: &BTreeMap<String, String>) -> Option<Self> {
        if is_account_id(text) {
            return Some(Self::Accounts(vec![text.to_owned()]));
        }
        let ids: Vec<_> = names.iter().filter(|(_, name)| *name == text).map(|(id, _)| id.clone()).collect();
        if ids.is_empty() { is_unit_id(text).then(|| Self::Unit(text.to_owned())) } else { Some(Self::Accounts(ids)) }
    }

    /// Whether an account belongs to it. `units` are those of the account; if they are not known, there are none.
    #[must_use]
    pub fn contains(&self, account: &str, units: &[Untrusted]) -> bool {
        match self {
            Self::Accounts(ids) => ids.iter().any(|id| id == account),
            Self::Unit(id) => units.iter().any(|unit| unit.raw() == id),
        }
    }

    #[must_use]
    pub const fn is_unit(&self) -> bool {
        matches!(self, Self::Unit(_))
    }
}

/// `ou-` with the root's part and an own part, or `r-` (`OrganizationalUnit` and `Root`, AWS Organizations API reference).
fn is_unit_id(text: &str) -> bool {
    let valid = |part: &str, least: usize| {
        (least..=32).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if let Some(root) = text.strip_prefix("r-") {
        return valid(root, 4);
    }
    let parts = text.strip_prefix("ou-").and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(root, unit)| valid(root, 4) && valid(unit, 8))
}

/// The least severity that is mailed, with exceptions for accounts and organizational units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinimumSeverity {
    general: Severity,
    exceptions: Vec<(Place, Severity)>,
}

impl Default for MinimumSeverity {
    fn default() -> Self {
        Self { general: Severity::Medium, exceptions: Vec::new() }
    }
}

impl MinimumSeverity {
    /// Reads `MEDIUM,sandbox=HIGH,111122223333=LOW,ou-ab12-11111111=HIGH`.
    ///
    /// # Errors
    /// The first part that is not valid.
    pub fn parse(text: &str, names: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut parts = text.split(',').map(str::trim);
        let general = parts.next().unwrap_or_default();
        let general = Severity::from_word(general).ok_or_else(|| general.to_owned())?;
        let exceptions = parts.map(|part| {
            let read = part.split_once('=').and_then(|(place, severity)| {
                Some((Place::read(place.trim(), names)?, Severity::from_word(severity.trim())?))
            });
            read.ok_or_else(|| part.to_owned())
        });
        Ok(Self { general, exceptions: exceptions.collect::<Result<_, _>>()? })
    }

    /// The least severity that is mailed for an account in these organizational units, the nearest first. An account
    /// counts before its units, a near unit before those above. If the units are not known, the lowest severity that can
    /// apply: more is mailed then, not less.
    #[must_use]
    pub fn of(&self, account: Option<&str>, units: Option<&[Untrusted]>) -> Severity {
        let of_account = self.exceptions.iter().find_map(|(place, severity)| match place {
            Place::Accounts(ids) => ids.iter().any(|id| Some(id.as_str()) == account).then_some(*severity),
            Place::Unit(_) => None,
        });
        let of_unit = |id: &str| {
            self.exceptions.iter().find_map(|(place, severity)| match place {
                Place::Unit(unit) => (unit == id).then_some(*severity),
                Place::Accounts(_) => None,
            })
        };
        of_account.unwrap_or_else(|| {
            let Some(units) = units else {
                let possible = self.exceptions.iter().filter(|(place, _)| place.is_unit());
                return possible.map(|(_, severity)| *severity).fold(self.general, Severity::min);
            };
            units.iter().find_map(|unit| of_unit(unit.raw())).unwrap_or(self.general)
        })
    }

    /// Whether organizational units matter.
    #[must_use]
    pub fn names_units(&self) -> bool {
        self.exceptions.iter().any(|(place, _)| place.is_unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> BTreeMap<String, String> {
        [("111122223333", "prod"), ("444455556666", "sandbox"), ("777788889999", "sandbox")]
            .map(|(id, name)| (id.to_owned(), name.to_owned()))
            .into()
    }

    fn units(ids: &[&str]) -> Vec<Untrusted> {
        ids.iter().map(|id| Untrusted::new(*id)).collect()
    }

    #[test]
    fn an_account_counts_before_its_units_and_a_near_unit_before_the_root() {
        let text = "MEDIUM, prod=LOW, sandbox=HIGH, ou-ab12-11111111=HIGH, ou-ab12-22222222=LOW, r-ab12=CRITICAL";
        let minimum = MinimumSeverity::parse(text, &names()).unwrap();
        let of = |account: &str, ids: &[&str]| minimum.of(Some(account), Some(&units(ids))).word();
        assert_eq!(of("111122223333", &["ou-ab12-11111111", "r-ab12"]), "LOW");
        assert_eq!((of("444455556666", &[]), of("777788889999", &["r-ab12"])), ("HIGH", "HIGH"));
        assert_eq!(of("222233334444", &["ou-ab12-11111111", "ou-ab12-22222222", "r-ab12"]), "HIGH");
        assert_eq!(of("222233334444", &["ou-ab12-99999999", "r-ab12"]), "CRITICAL");
        assert_eq!(of("222233334444", &[]), "MEDIUM");
    }

    #[test]
    fn units_that_are_not_known_silence_nothing() {
        let of = |text: &str| {
            let minimum = MinimumSeverity::parse(text, &names()).unwrap();
            minimum.of(Some("222233334444"), None).word()
        };
        assert_eq!(of("MEDIUM,ou-ab12-11111111=HIGH"), "MEDIUM");
        assert_eq!(of("HIGH,ou-ab12-11111111=LOW,sandbox=LOW"), "LOW");
        assert_eq!(of("HIGH,sandbox=LOW"), "HIGH");
    }

    #[test]
    fn what_is_no_account_and_no_unit_is_named() {
        let error = |text: &str| MinimumSeverity::parse(text, &names()).unwrap_err();
        assert_eq!(error("prod=LOW"), "prod=LOW", "the general severity comes first");
        assert_eq!(error("MEDIUM,dev=LOW"), "dev=LOW");
        assert_eq!(error("MEDIUM,prod=low"), "prod=low");
        assert_eq!(error("MEDIUM,ou-AB12-11111111=LOW"), "ou-AB12-11111111=LOW");
        assert_eq!(error("MEDIUM,"), "");
    }
}
