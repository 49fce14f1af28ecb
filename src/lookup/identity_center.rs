//! What IAM Identity Center says: permission sets with their policies, users and groups of its directory, and who is
//! assigned where. [`api`] asks AWS.

pub(super) mod api;

use super::answer::{Listing, Lookup, Provenance, Unavailable};
use super::attached::{AttachedPolicies, AttachedPolicy, Attachment};
use super::question::AccountId;
use crate::arn::Arn;
use crate::policy::Parsed;
use crate::text::Untrusted;
use serde::{Deserialize, Serialize};

/// The actions of IAM Identity Center that the function uses.
pub const ACTIONS: [&str; 10] = [
    "identitystore:DescribeGroup",
    "identitystore:DescribeUser",
    "sso:DescribePermissionSet",
    "sso:GetInlinePolicyForPermissionSet",
    "sso:GetPermissionsBoundaryForPermissionSet",
    "sso:ListAccountAssignmentsForPrincipal",
    "sso:ListAccountsForProvisionedPermissionSet",
    "sso:ListCustomerManagedPolicyReferencesInPermissionSet",
    "sso:ListInstances",
    "sso:ListManagedPoliciesInPermissionSet",
];

/// An instance of IAM Identity Center, as an event names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct InstanceQuestion {
    /// The account of the event: the management account or a delegated administrator.
    pub account: AccountId,
    /// The home region: the region of the event.
    pub region: Option<String>,
    /// The ARN of the instance; `None` if the event does not have it.
    pub instance: Option<String>,
    /// The id of its identity store, `d-…`; `None` if the event does not have it.
    pub identity_store: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PermissionSetQuestion {
    pub of: InstanceQuestion,
    pub arn: String,
}

/// A question about a user or group of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdentityQuestion {
    pub of: InstanceQuestion,
    pub kind: IdentityKind,
    pub id: String,
    /// Whether its assignments are looked up.
    pub assignments: bool,
}

/// As the service writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum IdentityKind {
    User,
    Group,
}

/// A permission set: the template of a role in each account in which somebody is assigned to it.
#[derive(Debug, Clone)]
pub struct PermissionSet {
    pub name: Lookup<Untrusted>,
    /// Its policies, as the roles have them. A customer managed policy is each account's own, and is not read.
    pub attached: AttachedPolicies,
    /// The accounts that have its role.
    pub accounts: Lookup<Listing<Untrusted>>,
    pub provenance: Provenance,
}

/// A user or group of the directory.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The user name, or the display name of a group.
    pub name: Lookup<Untrusted>,
    /// What it is assigned to. Those of a user include those of its groups.
    pub assignments: Lookup<Listing<Assignment>>,
    pub provenance: Provenance,
}

/// That a user or group can use a permission set in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub account: Untrusted,
    /// Its ARN.
    pub permission_set: Untrusted,
}

/// The policies of a permission set, as they are stored with it.
#[derive(Debug)]
pub(super) struct Parts {
    /// AWS managed policies.
    pub(super) managed: AttachedPolicies,
    /// The names of customer managed policies.
    pub(super) references: Lookup<Listing<Untrusted>>,
    /// `Missing` if it has none.
    pub(super) inline: Lookup<Parsed>,
    /// `Missing` if it has none.
    pub(super) boundary: Lookup<AttachedPolicy>,
}

impl Parts {
    pub(super) fn attached(self) -> AttachedPolicies {
        let mut attached = self.managed;
        attached.extend(match self.references {
            Lookup::Found(list) => {
                let policies = list.items.iter().map(|name| customer_managed(name, Attachment::Attached)).collect();
                let found = AttachedPolicies { policies, ..AttachedPolicies::default() };
                found.noting_cut(&"customer managed policies".into(), &list)
            }
            Lookup::Missing => AttachedPolicies::gap(&"customer managed policies".into(), &gone()),
            Lookup::Unavailable(why) => AttachedPolicies::gap(&"customer managed policies".into(), &why),
        });
        attached.extend(match self.inline {
            Lookup::Found(document) => AttachedPolicies::of(AttachedPolicy {
                name: "inline policy".into(),
                via: Attachment::Inline,
                arn: None,
                document: Lookup::Found(document),
            }),
            Lookup::Missing => AttachedPolicies::default(),
            Lookup::Unavailable(why) => AttachedPolicies::gap(&"the inline policy".into(), &why),
        });
        match self.boundary {
            Lookup::Found(boundary) => attached.boundary = Some(boundary),
            Lookup::Missing => {}
            Lookup::Unavailable(why) => {
                attached.extend(AttachedPolicies::gap(&"the permissions boundary".into(), &why));
            }
        }
        attached
    }
}

/// A customer managed policy of which a permission set has only the name.
pub(super) fn customer_managed(name: &Untrusted, via: Attachment) -> AttachedPolicy {
    let document = Lookup::not_asked("each account has its own policy of this name");
    AttachedPolicy { name: name.clone(), via, arn: None, document }
}

/// The instance of a permission set, from `arn:aws:sso:::permissionSet/ssoins-…/ps-…`.
pub(super) fn instance_of(permission_set: &str) -> Option<String> {
    let arn = Arn::parse(permission_set).filter(|arn| arn.service == "sso")?;
    let id = arn.resource.strip_prefix("permissionSet/")?.split('/').next()?;
    Some(format!("arn:{}:sso:::instance/{id}", arn.partition))
}

/// The permission set was deleted between two calls.
pub(super) fn gone() -> Unavailable {
    Unavailable::Failed("ResourceNotFoundException".into())
}

impl PermissionSet {
    /// There is no such permission set.
    pub(super) fn missing(provenance: Provenance) -> Self {
        let attached = AttachedPolicies::default();
        Self { name: Lookup::Missing, attached, accounts: Lookup::Missing, provenance }
    }

    /// A permission set of which nothing could be read, and why.
    pub(super) fn unread(why: &Unavailable, provenance: Provenance) -> Self {
        Self {
            name: Lookup::Unavailable(why.clone()),
            attached: AttachedPolicies::gap(&"policies".into(), why),
            accounts: Lookup::Unavailable(why.clone()),
            provenance,
        }
    }

    /// The number of failed lookups.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        let facts = [self.name.unavailable(), self.accounts.unavailable()];
        facts.into_iter().flatten().filter(|reason| reason.is_failure()).count() + self.attached.unanswered()
    }
}

impl Identity {
    /// An identity of which nothing could be read, and why.
    pub(super) fn unread(why: &Unavailable, provenance: Provenance) -> Self {
        let (name, assignments) = (Lookup::Unavailable(why.clone()), Lookup::Unavailable(why.clone()));
        Self { name, assignments, provenance }
    }

    /// The number of failed lookups.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        let facts = [self.name.unavailable(), self.assignments.unavailable()];
        facts.into_iter().flatten().filter(|reason| reason.is_failure()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arn_of_a_permission_set_names_its_instance() {
        let set = "arn:aws-us-gov:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef";
        assert_eq!(instance_of(set).as_deref(), Some("arn:aws-us-gov:sso:::instance/ssoins-0123456789abcdef"));
        let others = ["", api::HIDDEN, "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:sso:::instance/ssoins-1"];
        for other in others {
            assert_eq!(instance_of(other), None, "{other}");
        }
    }
}
