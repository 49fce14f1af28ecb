//! What the first reading of an account found that somebody should look at.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most names of each list that are kept; the others are counted.
const NAMED: usize = 20;

/// Names, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Names {
    pub names: BTreeSet<String>,
    pub count: usize,
}

impl Names {
    pub fn add(&mut self, name: impl Into<String>) {
        self.count += 1;
        if self.names.len() < NAMED {
            self.names.insert(name.into());
        }
    }
}

/// What was found so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FirstFindings {
    /// How many entities were read, by kind.
    pub users: usize,
    pub roles: usize,
    pub groups: usize,
    pub policies: usize,
    pub providers: usize,
    /// Users, roles and groups that are administrators.
    pub administrators: Names,
    /// Those that can escalate to administrator.
    pub escalation: Names,
    /// Those whose access could not be evaluated as a whole.
    pub not_evaluated: Names,
    /// Users with an active access key that is older than [`OLD_KEY`](crate::limits::OLD_KEY).
    pub old_keys: Names,
    /// Users with a console password and without MFA.
    pub without_mfa: Names,
    /// Roles that principals outside of the account, and of its organization, can assume.
    pub trusts_outside: Names,
    pub root_has_keys: bool,
    pub root_without_mfa: bool,
    /// Whether the credential report could be read.
    pub credentials_known: bool,
}
