//! The questions about an account that a directory answers. Each question contains the account.

/// An account id. `None` if the event does not name the account: then the directory's own account is meant.
pub type AccountId = Option<String>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserQuestion {
    pub account: AccountId,
    pub name: String,
    /// The id of the user in the event: a cached answer about an earlier user of the same name must not be used.
    pub id: Option<String>,
    /// The access key whose last use is looked up.
    pub key_in_use: Option<String>,
    /// Whether the console password is looked up.
    pub password: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoleQuestion {
    pub account: AccountId,
    pub name: String,
    /// The id of the role in the event.
    pub id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupQuestion {
    pub account: AccountId,
    pub name: String,
}

/// A question about a customer managed policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyQuestion {
    pub account: AccountId,
    pub arn: String,
    /// The version whose document is looked up, `v2`: the version in the event, even if another one is the default by
    /// now. `None` for the default version.
    pub version: Option<String>,
}
