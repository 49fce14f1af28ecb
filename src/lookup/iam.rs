//! The directory that asks AWS: IAM by the SDK's read calls, other services with the same credentials.
//!
//! Every call has the same deadline, and a failed call is an answer like any other. Calls that do not need each other's
//! answers run in parallel. The longest chain has three calls (groups, a group's policies, a policy), or four if a
//! group has a managed policy (its default version is looked up first). Two more calls follow if IAM does not show the
//! attached policy yet: then this policy is read separately. Three more follow if an attached policy names a role, for
//! the role's policies; what a policy in the request names is looked up at the same time as the target.

mod calls;
mod inventory;
mod read;
mod readers;

use super::answer::Membership;
use super::answer::{Listing, Lookup, Provenance, Unavailable};
use super::attached::{AttachedPolicies, Attachment};
use super::cache::Cache;
use super::directory::Directory;
use super::identity_center::api::{AwsManaged, IdentityCenter};
use super::identity_center::{Identity, IdentityQuestion, PermissionSet, PermissionSetQuestion};
use super::inventory::{Page, Place};
use super::model::{Group, KnownAccount, ManagedPolicy, Role, User};
use super::organization::{Listed, Organization, OrganizationsPolicy, OrganizationsPolicyQuestion};
use super::question::{AccountId, GroupQuestion, PolicyQuestion, RoleQuestion, UserQuestion};
use super::recent::Recent;
use crate::aws;
use crate::limits::{ACCOUNTS_NAMED, CACHED, CACHED_FOR, VISIBILITY_PAUSES};
use crate::policy::Parsed;
use crate::text::Untrusted;
use aws_config::SdkConfig;
use aws_sdk_iam::Client;
use chrono::Utc;
use read::{Age, IamReader};
use readers::Readers;
use std::rc::Rc;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

pub use inventory::INVENTORY_ACTIONS;
pub use readers::Members;

/// The IAM actions that lookups use. The function's role allows these IAM actions, [`INVENTORY_ACTIONS`] and no others. A
/// test records the calls.
pub const READ_ACTIONS: [&str; 21] = [
    "iam:GetAccessKeyLastUsed",
    "iam:GetGroup",
    "iam:GetGroupPolicy",
    "iam:GetLoginProfile",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:GetUser",
    "iam:GetUserPolicy",
    "iam:ListAccessKeys",
    "iam:ListAccountAliases",
    "iam:ListAttachedGroupPolicies",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListEntitiesForPolicy",
    "iam:ListGroupPolicies",
    "iam:ListGroupsForUser",
    "iam:ListMFADevices",
    "iam:ListRolePolicies",
    "iam:ListUserPolicies",
];

/// An account's alias: `None` where the account has none.
type Alias = Rc<OnceCell<Option<Untrusted>>>;

const NO_ORGANIZATION: Unavailable = Unavailable::NotAsked("no setting names the organization");

#[derive(Debug)]
pub struct IamDirectory {
    readers: Readers,
    organization: Option<Organization>,
    identity_center: IdentityCenter,
    /// By account. Requests at the same time share one lookup.
    aliases: Recent<AccountId, Alias>,
    users: Cache<UserQuestion, Rc<User>>,
    roles: Cache<RoleQuestion, Rc<Role>>,
}

impl IamDirectory {
    /// A directory of the account with this id: the account of the client's credentials. Only IAM is asked.
    #[must_use]
    pub fn new(client: Client, account: Option<String>) -> Self {
        Self::of(Readers::new(client, account, None, None), None)
    }

    /// A directory of the account with this id, the account of the configuration's credentials, and of the other accounts
    /// of an organization.
    #[must_use]
    pub fn of_organization(
        config: &SdkConfig,
        account: Option<String>,
        members: Option<Rc<Members>>,
        organization: Option<Organization>,
    ) -> Self {
        Self::of(Readers::new(aws::iam(config), account, Some(config.clone()), members), organization)
    }

    fn of(readers: Readers, organization: Option<Organization>) -> Self {
        Self {
            readers,
            organization,
            identity_center: IdentityCenter::default(),
            aliases: Recent::new(ACCOUNTS_NAMED),
            users: Cache::new(CACHED_FOR, CACHED),
            roles: Cache::new(CACHED_FOR, CACHED),
        }
    }

    /// What AWS Organizations says about an account.
    async fn listed(&self, id: &str, deadline: Instant) -> Listed {
        match &self.organization {
            Some(organization) => Box::pin(organization.account(id, deadline)).await,
            None => Listed::nothing(&NO_ORGANIZATION),
        }
    }

    async fn alias(&self, account: &AccountId, deadline: Instant) -> Lookup<Untrusted> {
        let reader = match self.readers.of(account.as_deref(), deadline).await {
            Ok(reader) => reader,
            Err(why) => return Lookup::Unavailable(why),
        };
        let alias = self.aliases.get_or(account, |_| true, Rc::default);
        let fetched = alias.get_or_try_init(async || {
            let call = || reader.client.list_account_aliases().send();
            match reader.calls.ask(deadline, "iam:ListAccountAliases", call).await {
                Lookup::Found(answer) => Ok(answer.account_aliases.into_iter().next().map(Untrusted::new)),
                Lookup::Missing => Ok(None),
                Lookup::Unavailable(reason) => Err(reason),
            }
        });
        // The request that runs the lookup can have a later deadline than a request that only waits for the answer.
        let Ok(fetched) = timeout_at(deadline, fetched).await else {
            return Lookup::Unavailable(Unavailable::TimedOut);
        };
        match fetched {
            Ok(Some(alias)) => Lookup::Found(alias.clone()),
            Ok(None) => Lookup::Missing,
            Err(reason) => Lookup::Unavailable(reason),
        }
    }
}

impl Directory for IamDirectory {
    fn knows(&self, account: Option<&str>) -> bool {
        self.readers.know(account)
    }

    fn is_busy(&self, account: Option<&str>) -> bool {
        self.readers.are_busy(account)
    }

    async fn account(&self, account: &AccountId, deadline: Instant) -> KnownAccount {
        let listed = match account {
            Some(id) => self.listed(id, deadline).await,
            None => Listed::nothing(&NO_ORGANIZATION),
        };
        let own = self.readers.is_own(account.as_deref());
        let named = listed.name.found().is_some() || listed.membership == Membership::Stranger;
        KnownAccount {
            name: if named { listed.name } else { self.alias(account, deadline).await },
            membership: if own { Membership::Member } else { listed.membership },
            units: listed.units,
            closed: None,
        }
    }

    async fn inventory(&self, account: &AccountId, place: &Place, deadline: Instant) -> Result<Page, Unavailable> {
        Box::pin(self.page(account, place, deadline)).await
    }

    async fn membership(&self, account: &str, deadline: Instant) -> Membership {
        if self.readers.is_own(Some(account)) {
            return Membership::Member;
        }
        self.listed(account, deadline).await.membership
    }

    async fn closed(&self, account: &AccountId, deadline: Instant) -> Option<Unavailable> {
        self.readers.of(account.as_deref(), deadline).await.err()
    }

    async fn known_user(&self, question: &UserQuestion, deadline: Instant) -> Rc<User> {
        if let Some(user) = self.users.get(question) {
            return user;
        }
        let user = match self.readers.of(question.account.as_deref(), deadline).await {
            Ok(reader) => Rc::new(Box::pin(reader.user(question, Age::SomeMinutes, deadline)).await),
            Err(why) => return Rc::new(User::unread(&why, Provenance::Nowhere)),
        };
        if user.unanswered() == 0 && user.profile.found().is_some() {
            self.users.put(question.clone(), user.clone());
        }
        user
    }

    async fn fresh_user(&self, question: &UserQuestion, just_created: bool, deadline: Instant) -> Rc<User> {
        let reader = match self.readers.of(question.account.as_deref(), deadline).await {
            Ok(reader) => reader,
            Err(why) => return Rc::new(User::unread(&why, Provenance::Nowhere)),
        };
        let mut user = Box::pin(reader.user(question, Age::Now, deadline)).await;
        for pause in VISIBILITY_PAUSES.into_iter().take_while(|_| just_created) {
            if user.is_settled() || Instant::now() + pause >= deadline {
                break;
            }
            tokio::time::sleep(pause).await;
            // One call shows whether the other calls are useful: IAM's rate limit applies to the whole account.
            if user.profile == Lookup::Missing && reader.user_profile(&question.name, deadline).await == Lookup::Missing
            {
                continue;
            }
            user = Box::pin(reader.user(question, Age::Now, deadline)).await;
        }
        Rc::new(user)
    }

    async fn known_role(&self, question: &RoleQuestion, deadline: Instant) -> Rc<Role> {
        if let Some(role) = self.roles.get(question) {
            return role;
        }
        let role = self.role(question, Age::SomeMinutes, deadline).await;
        if role.unanswered() == 0 && role.profile.found().is_some() {
            self.roles.put(question.clone(), role.clone());
        }
        role
    }

    async fn fresh_role(&self, question: &RoleQuestion, deadline: Instant) -> Rc<Role> {
        self.role(question, Age::Now, deadline).await
    }

    async fn group(&self, question: &GroupQuestion, deadline: Instant) -> Rc<Group> {
        let (asked, name) = (Utc::now(), question.name.as_str());
        let reader = match self.readers.of(question.account.as_deref(), deadline).await {
            Ok(reader) => reader,
            Err(why) => return Rc::new(Group::unread(&why, Provenance::Nowhere)),
        };
        let group = Untrusted::new(name);
        let (members, mut attached) = Box::pin(async {
            tokio::join!(reader.members(name, deadline), reader.of_group(&group, Age::Now, deadline))
        })
        .await;
        if members == Lookup::Missing {
            attached = AttachedPolicies::default();
        }
        // The alert shows these as the group's own policies, so the group is not named again.
        for policy in &mut attached.policies {
            policy.via = if policy.arn.is_some() { Attachment::Attached } else { Attachment::Inline };
        }
        Rc::new(Group { members, attached, provenance: Provenance::Live(asked) })
    }

    async fn managed_policy(&self, question: &PolicyQuestion, deadline: Instant) -> Rc<ManagedPolicy> {
        let (asked, arn) = (Utc::now(), question.arn.as_str());
        let reader = match self.readers.of(question.account.as_deref(), deadline).await {
            Ok(reader) => reader,
            Err(why) => return Rc::new(ManagedPolicy::unread(&why, Provenance::Nowhere)),
        };
        let read = async {
            let Some(version) = &question.version else {
                let profile = reader.policy_profile(arn, deadline).await;
                let document = reader.default_document(arn, &profile, deadline).await;
                return (profile, document);
            };
            tokio::join!(reader.policy_profile(arn, deadline), reader.document_of(arn, version.clone(), deadline))
        };
        let ((profile, document), holders) =
            Box::pin(async { tokio::join!(read, reader.holders(arn, deadline)) }).await;
        Rc::new(ManagedPolicy { profile, document, holders, provenance: Provenance::Live(asked) })
    }

    async fn policy_document(&self, question: &PolicyQuestion, deadline: Instant) -> Lookup<Parsed> {
        match self.readers.of(question.account.as_deref(), deadline).await {
            Ok(reader) => Box::pin(reader.managed_document(&question.arn, Age::Now, deadline)).await,
            Err(why) => Lookup::Unavailable(why),
        }
    }

    async fn permission_set(&self, question: &PermissionSetQuestion, deadline: Instant) -> Rc<PermissionSet> {
        let account = self.readers.other(&question.of.account);
        let config = match self.readers.config(account.as_deref(), deadline).await {
            Ok(config) => config,
            Err(why) => return Rc::new(PermissionSet::unread(&why, Provenance::Nowhere)),
        };
        let set = self.identity_center.permission_set((&config, account), question, self.readers.own(), deadline);
        let set = Box::pin(set).await;
        self.readers.heed(question.of.account.as_deref(), &set.name);
        Rc::new(set)
    }

    async fn identity(&self, question: &IdentityQuestion, deadline: Instant) -> Rc<Identity> {
        let account = self.readers.other(&question.of.account);
        let config = match self.readers.config(account.as_deref(), deadline).await {
            Ok(config) => config,
            Err(why) => return Rc::new(Identity::unread(&why, Provenance::Nowhere)),
        };
        let identity = Box::pin(self.identity_center.identity((&config, account), question, deadline)).await;
        self.readers.heed(question.of.account.as_deref(), &identity.name);
        Rc::new(identity)
    }

    async fn organizations_policy(
        &self,
        question: &OrganizationsPolicyQuestion,
        deadline: Instant,
    ) -> Rc<OrganizationsPolicy> {
        let policy = match self.readers.config(question.account.as_deref(), deadline).await {
            Ok(config) => Box::pin(OrganizationsPolicy::read(&config, &question.id, deadline)).await,
            Err(why) => OrganizationsPolicy::unread(&why, Provenance::Nowhere),
        };
        self.readers.heed(question.account.as_deref(), &policy.name);
        Rc::new(policy)
    }
}

impl IamDirectory {
    async fn role(&self, question: &RoleQuestion, age: Age, deadline: Instant) -> Rc<Role> {
        Rc::new(match self.readers.of(question.account.as_deref(), deadline).await {
            Ok(reader) => Box::pin(reader.role(&question.name, age, deadline)).await,
            Err(why) => Role::unread(&why, Provenance::Nowhere),
        })
    }
}

impl AwsManaged for IamReader {
    async fn policies(&self, found: Lookup<Listing<(Untrusted, Untrusted)>>, deadline: Instant) -> AttachedPolicies {
        let what = "AWS managed policies".into();
        self.attached(found, &what, || Attachment::Attached, Age::SomeMinutes, deadline).await
    }

    async fn document(&self, arn: &str, deadline: Instant) -> Lookup<Parsed> {
        self.managed_document(arn, Age::SomeMinutes, deadline).await
    }
}
