//! What a file can contain of IAM Identity Center and of AWS Organizations, in the format of the calls that return it:
//!
//! - `IdentityCenter` with `PermissionSets`, `Users`, `Groups`, `Assignments` and `Memberships`;
//! - `OrganizationsPolicies`, each with the fields of its summary and its `Content`.
//!
//! An absent list was not saved. In a permission set, `null` says that there is no inline policy or no permissions boundary.

use super::saved::{NOT_SAVED, SavedAttached, not_saved, saved};
use super::{Snapshot, document, listed};
use crate::lookup::answer::{Lookup, Provenance, Unavailable};
use crate::lookup::attached::{AttachedPolicies, AttachedPolicy, Attachment};
use crate::lookup::identity_center::{
    Assignment, Identity, IdentityKind, IdentityQuestion, Parts, PermissionSet, customer_managed,
};
use crate::lookup::organization::OrganizationsPolicy;
use crate::lookup::question::PolicyQuestion;
use crate::text::Untrusted;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedIdentityCenter {
    permission_sets: Option<Vec<SavedSet>>,
    users: Option<Vec<SavedPerson>>,
    groups: Option<Vec<SavedTeam>>,
    assignments: Option<Vec<SavedAssignment>>,
    memberships: Option<Vec<SavedMembership>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SavedSet {
    permission_set_arn: String,
    name: String,
    managed_policies: Option<Vec<SavedManaged>>,
    customer_managed_policy_references: Option<Vec<SavedReference>>,
    #[serde(default = "not_saved", deserialize_with = "saved")]
    inline_policy: Lookup<Value>,
    #[serde(default = "not_saved", deserialize_with = "saved")]
    permissions_boundary: Lookup<SavedSetBoundary>,
    accounts: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SavedManaged {
    name: String,
    arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SavedReference {
    name: String,
}

#[derive(Debug, Deserialize)]
enum SavedSetBoundary {
    ManagedPolicyArn(String),
    CustomerManagedPolicyReference(SavedReference),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SavedPerson {
    user_id: String,
    user_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SavedTeam {
    group_id: String,
    display_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SavedAssignment {
    account_id: String,
    permission_set_arn: String,
    principal_type: IdentityKind,
    principal_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SavedMembership {
    group_id: String,
    user_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedOrganizationsPolicy {
    id: String,
    name: String,
    r#type: String,
    #[serde(default)]
    aws_managed: bool,
    content: Option<Value>,
}

impl Snapshot {
    pub(super) fn saved_permission_set(&self, arn: &str) -> PermissionSet {
        let sets = self.identity_center.as_ref().and_then(|saved| saved.permission_sets.as_ref());
        let Some(sets) = sets else {
            let (why, provenance) = self.not_there();
            return PermissionSet::unread(&why, provenance);
        };
        let Some(set) = sets.iter().find(|set| set.permission_set_arn == arn) else {
            return PermissionSet::missing(Provenance::Saved);
        };
        PermissionSet {
            name: Lookup::Found(set.name.as_str().into()),
            attached: self.parts(set).attached(),
            accounts: listed(set.accounts.as_deref(), |account| account.as_str().into()),
            provenance: Provenance::Saved,
        }
    }

    fn parts(&self, set: &SavedSet) -> Parts {
        let managed = match &set.managed_policies {
            None => AttachedPolicies::gap(&"AWS managed policies".into(), &Unavailable::NotAsked(NOT_SAVED)),
            Some(managed) => {
                let attached = |policy: &SavedManaged| SavedAttached {
                    policy_name: policy.name.clone(),
                    policy_arn: policy.arn.clone(),
                };
                self.held(&managed.iter().map(attached).collect::<Vec<_>>(), &[], None)
            }
        };
        let inline = match &set.inline_policy {
            // Identity Center answers with an empty text if there is no inline policy.
            Lookup::Found(policy) if policy == "" => Lookup::Missing,
            policy => policy.clone().map(|policy| document(&policy)),
        };
        let boundary = match &set.permissions_boundary {
            Lookup::Found(SavedSetBoundary::ManagedPolicyArn(arn)) => {
                let question = PolicyQuestion { account: None, arn: arn.clone(), version: None };
                Lookup::Found(AttachedPolicy::boundary(arn.into(), self.managed(&question).document))
            }
            Lookup::Found(SavedSetBoundary::CustomerManagedPolicyReference(reference)) => {
                Lookup::Found(customer_managed(&Untrusted::new(&reference.name), Attachment::Itself))
            }
            Lookup::Missing => Lookup::Missing,
            Lookup::Unavailable(why) => Lookup::Unavailable(why.clone()),
        };
        let references = set.customer_managed_policy_references.as_deref();
        Parts { managed, references: listed(references, |policy| Untrusted::new(&policy.name)), inline, boundary }
    }

    pub(super) fn saved_identity(&self, question: &IdentityQuestion) -> Identity {
        let Some(saved) = &self.identity_center else {
            let (why, provenance) = self.not_there();
            return Identity::unread(&why, provenance);
        };
        let id = question.id.as_str();
        let name = match question.kind {
            IdentityKind::User => named(saved.users.as_deref(), |user| (user.user_id == id).then_some(&user.user_name)),
            IdentityKind::Group => {
                named(saved.groups.as_deref(), |group| (group.group_id == id).then_some(&group.display_name))
            }
        };
        let assignments = match &name {
            Lookup::Missing => Lookup::Missing,
            _ if !question.assignments => Lookup::not_asked("not needed for this event"),
            _ => saved.assignments_of(question).map_or_else(not_saved, |assignments| Lookup::Found(assignments.into())),
        };
        Identity { name, assignments, provenance: Provenance::Saved }
    }

    pub(super) fn saved_organizations_policy(&self, id: &str) -> OrganizationsPolicy {
        let Some(policies) = &self.organizations_policies else {
            let (why, provenance) = self.not_there();
            return OrganizationsPolicy::unread(&why, provenance);
        };
        let Some(policy) = policies.iter().find(|policy| policy.id == id) else {
            return OrganizationsPolicy::missing(Provenance::Saved);
        };
        let (name, kind) = (Lookup::Found(policy.name.as_str().into()), Lookup::Found(policy.r#type.as_str().into()));
        let content = policy.content.as_ref().map_or_else(not_saved, |content| Lookup::Found(document(content)));
        OrganizationsPolicy::of(name, kind, policy.aws_managed, content, Provenance::Saved)
    }

    /// Why there is no answer of a service of which nothing was saved.
    fn not_there(&self) -> (Unavailable, Provenance) {
        match self.unavailable {
            Some(why) => (Unavailable::NotAsked(why), Provenance::Nowhere),
            None => (Unavailable::NotAsked(NOT_SAVED), Provenance::Saved),
        }
    }
}

impl SavedIdentityCenter {
    /// The assignments of a user with those of the user's groups, or of a group; `None` if they were not saved.
    fn assignments_of(&self, question: &IdentityQuestion) -> Option<Vec<Assignment>> {
        let mut holders = vec![(question.kind, question.id.as_str())];
        if question.kind == IdentityKind::User {
            let of_user = self.memberships.as_ref()?.iter().filter(|membership| membership.user_id == question.id);
            holders.extend(of_user.map(|membership| (IdentityKind::Group, membership.group_id.as_str())));
        }
        let held = self
            .assignments
            .as_ref()?
            .iter()
            .filter(|assignment| holders.contains(&(assignment.principal_type, assignment.principal_id.as_str())));
        let made = held.map(|assignment| Assignment {
            account: Untrusted::new(&assignment.account_id),
            permission_set: Untrusted::new(&assignment.permission_set_arn),
        });
        Some(made.collect())
    }
}

/// The name of an entry; `Missing` if the list does not have the entry.
fn named<'a, T>(list: Option<&'a [T]>, entry: impl Fn(&'a T) -> Option<&'a Option<String>>) -> Lookup<Untrusted> {
    let Some(list) = list else { return not_saved() };
    match list.iter().find_map(entry) {
        Some(Some(name)) => Lookup::Found(name.into()),
        Some(None) => not_saved(),
        None => Lookup::Missing,
    }
}
