//! Decides what to look up for an activity, runs the lookups in parallel, and puts the answers in a [`Dossier`].

mod central;

use super::answer::{Gap, Lookup, Membership, Unavailable};
use super::attached::{AttachedPolicies, AttachedPolicy, Attachment};
use super::directory::Directory;
use super::model::{Dossier, KnownAccount, KnownCaller, KnownTarget, NamedKnown};
use super::question::{AccountId, GroupQuestion, PolicyQuestion, RoleQuestion, UserQuestion};
use crate::arn::{Arn, is_account_id};
use crate::catalog::{AccessEffect, PolicyLookup, TargetKind, TargetLookup};
use crate::event::activity::Object;
use crate::event::principal::{Principal, Root, Session};
use crate::event::{Activity, CallersAccount, FailureKind, Outcome};
use crate::limits::{ACCOUNTS_ASKED, NAMED_LOOKED_UP, TIME_FOR_THE_NAME};
use crate::phrase;
use crate::policy::{Parsed, PolicyInput, is_aws_managed, named_entities, never_changes, trusted_accounts};
use crate::text::Untrusted;
use futures_util::future::join_all;
use tokio::time::Instant;

const OTHER_ACCOUNT: &str = "it belongs to another account";
const UNREADABLE_ACCOUNT: &str = "its account cannot be read from the event";

/// Looks up everything that matters for an activity, in parallel, until the deadline at most.
pub async fn enrich<D: Directory>(directory: &D, activity: &Activity, deadline: Instant) -> Dossier {
    let account = id(activity.account.as_ref());
    let known = directory.knows(account.as_deref());
    let asking = Asking { directory, activity, account: &account, known, deadline };
    let target_given_and_named = async {
        // What the policy in the request names is looked up beside the target, the rest after it.
        let ((target, given), mut named) = tokio::join!(asking.target_and_given(), asking.named_in_request());
        let more = asking.named(&target, &given, &named).await;
        named.extend(more);
        let members = asking.members(&target).await;
        (target, given, named, members)
    };
    let ((caller, callers_account), (target, given, named, members), account, central) = tokio::join!(
        asking.caller_and_account(),
        target_given_and_named,
        asking.account_of_event(),
        Box::pin(asking.central())
    );
    let (target, given, central) = central.completing(target, given);
    Dossier { caller, target, given, central, named, account, callers_account, members }
}

fn id(account: Option<&Untrusted>) -> AccountId {
    account.map(|account| account.raw().to_owned())
}

fn owned(text: &Untrusted) -> String {
    text.raw().to_owned()
}

struct Asking<'a, D> {
    directory: &'a D,
    activity: &'a Activity,
    /// The account of the event.
    account: &'a AccountId,
    /// Whether the directory knows this account.
    known: bool,
    deadline: Instant,
}

impl<D: Directory> Asking<'_, D> {
    /// The event's account: an event that arrived here is of the own account or of a member.
    async fn account_of_event(&self) -> KnownAccount {
        if self.known { self.account(self.account).await } else { KnownAccount::not_asked(OTHER_ACCOUNT) }
    }

    /// Which accounts in the trust policy of the call, or of the role, are of the own organization.
    async fn members(&self, target: &KnownTarget) -> Vec<Untrusted> {
        let of_role = || match target {
            KnownTarget::Role(role) => role.profile.found()?.trust.as_ref(),
            _ => None,
        };
        let trust = self.activity.trust_document.as_ref().or_else(of_role);
        let trust = trust.filter(|_| self.activity.action.is_about_trust());
        let Some(document) = trust.or(self.activity.resource_document.as_ref()) else { return Vec::new() };
        let named = trusted_accounts(document, self.account.as_deref());
        let asked = named.into_iter().take(ACCOUNTS_ASKED).filter(|id| self.directory.knows(Some(id)));
        let known = join_all(asked.map(async |id| {
            (self.directory.membership(&id, self.deadline).await == Membership::Member).then(|| Untrusted::new(id))
        }));
        known.await.into_iter().flatten().collect()
    }

    /// An account itself. An account in which the reader role can be assumed is a member, unless AWS Organizations says that
    /// it is none: the function's role may not assume any role outside of the organization.
    async fn account(&self, account: &AccountId) -> KnownAccount {
        // Only the name of the account: no alert waits long for it.
        let soon = self.deadline.min(Instant::now() + TIME_FOR_THE_NAME);
        let (known, closed) =
            tokio::join!(self.directory.account(account, soon), self.directory.closed(account, self.deadline));
        let membership = match known.membership {
            Membership::NotKnown if closed.is_none() => Membership::Member,
            said => said,
        };
        KnownAccount { membership, closed, ..known }
    }

    /// The caller, and the caller's account if it is another one than the event's.
    async fn caller_and_account(&self) -> (KnownCaller, Option<KnownAccount>) {
        if matches!(self.activity.callers_account(), CallersAccount::NotReadable(_)) {
            return (KnownCaller::NotAsked(UNREADABLE_ACCOUNT), None);
        }
        // A caller without an account is in the event's.
        let account = id(self.activity.principal.acting_as().account()).or_else(|| self.account.clone());
        if !self.directory.knows(account.as_deref()) {
            let readable = account.as_deref().is_none_or(is_account_id);
            return (KnownCaller::NotAsked(if readable { OTHER_ACCOUNT } else { UNREADABLE_ACCOUNT }), None);
        }
        if account == *self.account || self.account.is_none() {
            return (self.caller(account).await, None);
        }
        let theirs = self.account(&account).await;
        // Nobody is looked up in an account that may be anybody's.
        if theirs.membership != Membership::Member {
            return (KnownCaller::NotAsked(OTHER_ACCOUNT), Some(theirs));
        }
        (self.caller(account).await, Some(theirs))
    }

    async fn caller(&self, account: AccountId) -> KnownCaller {
        match self.activity.principal.acting_as() {
            Principal::IamUser(user) => match &user.name {
                Some(name) => {
                    let question = UserQuestion {
                        account,
                        name: owned(name),
                        id: user.id.as_ref().map(owned),
                        key_in_use: long_lived_key(&user.session),
                        password: false,
                    };
                    KnownCaller::User(self.directory.known_user(&question, self.deadline).await)
                }
                None => KnownCaller::NotAsked("the event does not name the user"),
            },
            Principal::AssumedRole(session) => match &session.role {
                Some(role) => {
                    let id = session.role_id.as_ref().map(owned);
                    let question = RoleQuestion { account, name: owned(role), id };
                    KnownCaller::Role(self.directory.known_role(&question, self.deadline).await)
                }
                None => KnownCaller::NotAsked("the event does not name the role"),
            },
            Principal::FederatedUser(_) => KnownCaller::NotAsked(
                "a federated session has its issuer's access, limited by a session policy that IAM does not keep",
            ),
            Principal::Root(Root { assumed: true, .. }) => {
                KnownCaller::NotAsked("a root session (AssumeRoot) has only the access of its task policy")
            }
            Principal::Root(_) => KnownCaller::NotAsked("the root user has full access"),
            Principal::AwsService(_) => KnownCaller::NotAsked("an AWS service acts with its own access"),
            Principal::SamlUser(_)
            | Principal::WebIdentityUser(_)
            | Principal::IdentityCenterUser(_)
            | Principal::Delegate(_)
            | Principal::AwsAccount(_)
            | Principal::Unrecognized(_) => KnownCaller::NotAsked("IAM has no entry for this kind of principal"),
        }
    }

    async fn target_and_given(&self) -> (KnownTarget, AttachedPolicies) {
        match self.activity.action.policy_lookup {
            // The target's own policies no longer show what was removed, so both lookups run at the same time.
            PolicyLookup::RemovedPolicy | PolicyLookup::RemovedGroup => tokio::join!(self.target(), self.given(None)),
            PolicyLookup::Nothing
            | PolicyLookup::GivenPolicy
            | PolicyLookup::GivenGroup
            | PolicyLookup::GivenPermissionSet
            | PolicyLookup::GivenAssignments
            | PolicyLookup::OrganizationsPolicy => {
                let target = self.target().await;
                let given = self.given(Some(&target)).await;
                (target, given)
            }
        }
    }

    async fn target(&self) -> KnownTarget {
        let (activity, action, target) = (self.activity, self.activity.action, &self.activity.target);
        if !self.known {
            let readable = self.account.as_deref().is_none_or(is_account_id);
            return KnownTarget::NotAsked(if readable { OTHER_ACCOUNT } else { UNREADABLE_ACCOUNT });
        }
        if target.kind == TargetKind::RootUser {
            return KnownTarget::NotAsked("IAM has no entry for the root user");
        }
        let Some(name) = activity.name_now() else {
            return KnownTarget::NotAsked("the event does not name the target");
        };
        let at_quota = matches!(activity.outcome, Outcome::Failed { failure: FailureKind::LimitExceeded, .. });
        if at_quota && action.effect == AccessEffect::Creates {
            return KnownTarget::NotAsked("the target was not created");
        }
        let just_created = match action.lookup {
            TargetLookup::Nothing => return KnownTarget::NotAsked("the target does not affect the severity"),
            TargetLookup::UnlessGone if activity.outcome.succeeded() => {
                return KnownTarget::NotAsked("the target was deleted");
            }
            TargetLookup::JustCreated => activity.outcome.succeeded(),
            TargetLookup::Current | TargetLookup::UnlessGone | TargetLookup::Name => false,
        };
        let account = self.account.clone();
        match target.kind {
            TargetKind::User => {
                let question = UserQuestion { account, name: owned(name), id: None, key_in_use: None, password: true };
                KnownTarget::User(self.directory.fresh_user(&question, just_created, self.deadline).await)
            }
            TargetKind::Role => {
                let question = RoleQuestion { account, name: owned(name), id: None };
                KnownTarget::Role(self.directory.fresh_role(&question, self.deadline).await)
            }
            TargetKind::Group => KnownTarget::Group(self.group(name).await),
            TargetKind::Policy => match target.arn.as_ref().filter(|arn| !is_aws_managed(arn.raw())) {
                Some(arn) => {
                    let version = activity.object.name.as_ref().map(owned);
                    let question = PolicyQuestion { account, arn: owned(arn), version };
                    KnownTarget::Policy(self.directory.managed_policy(&question, self.deadline).await)
                }
                None => KnownTarget::NotAsked("the event does not have the policy's ARN"),
            },
            // IAM Identity Center is asked beside IAM.
            TargetKind::PermissionSet
            | TargetKind::DirectoryIdentity
            | TargetKind::DirectoryUser
            | TargetKind::DirectoryGroup
            | TargetKind::RootUser
            | TargetKind::InstanceProfile
            | TargetKind::MfaDevice
            | TargetKind::SamlProvider
            | TargetKind::OidcProvider
            | TargetKind::ServerCertificate
            | TargetKind::Account
            | TargetKind::Trail
            | TargetKind::Rule
            | TargetKind::EventBus
            | TargetKind::Topic
            | TargetKind::Function
            | TargetKind::Queue
            | TargetKind::Table
            | TargetKind::KmsKey
            | TargetKind::LogGroup
            | TargetKind::Parameter
            | TargetKind::Alarm
            | TargetKind::Stack
            | TargetKind::Bucket
            | TargetKind::Schedule
            | TargetKind::IdentityCenter
            | TargetKind::TokenIssuer
            | TargetKind::Organization
            | TargetKind::OrganizationPart
            | TargetKind::OrganizationRoot
            | TargetKind::OrganizationalUnit
            | TargetKind::MemberAccount
            | TargetKind::OrganizationsPolicy
            | TargetKind::Region
            | TargetKind::TrustAnchor
            | TargetKind::RolesAnywhereProfile
            | TargetKind::Cluster
            | TargetKind::Instance
            | TargetKind::IdentityPool
            | TargetKind::Secret
            | TargetKind::Repository
            | TargetKind::Layer => KnownTarget::NotAsked("the event has all that matters"),
        }
    }

    async fn group(&self, name: &Untrusted) -> std::rc::Rc<super::Group> {
        let question = GroupQuestion { account: self.account.clone(), name: owned(name) };
        self.directory.group(&question, self.deadline).await
    }

    /// What the call removed; or what the call attached, if the target's own policies do not show it: because IAM does
    /// not show it yet or any more, because the call failed, or because the policy is a permissions boundary.
    async fn given(&self, target: Option<&KnownTarget>) -> AttachedPolicies {
        let attached = target.and_then(KnownTarget::attached);
        let shown =
            |is: &dyn Fn(&AttachedPolicy) -> bool| attached.is_some_and(|attached| attached.policies.iter().any(is));
        match (self.activity.action.policy_lookup, &self.activity.object) {
            (
                PolicyLookup::GivenPolicy | PolicyLookup::RemovedPolicy,
                Object { arn: Some(arn), name: Some(name), .. },
            ) if !shown(&|policy| policy.via == Attachment::Attached && policy.arn.as_ref() == Some(arn)) => {
                let document = match Arn::parse(arn.raw()) {
                    _ if never_changes(arn.raw()) => Lookup::not_asked("its content is known"),
                    Some(parsed) if self.known && parsed.service == "iam" => {
                        let question = PolicyQuestion { account: self.account.clone(), arn: owned(arn), version: None };
                        self.directory.policy_document(&question, self.deadline).await
                    }
                    _ => Lookup::not_asked(OTHER_ACCOUNT),
                };
                let via = Attachment::Attached;
                AttachedPolicies::of(AttachedPolicy { name: name.clone(), via, arn: Some(arn.clone()), document })
            }
            (PolicyLookup::GivenGroup | PolicyLookup::RemovedGroup, Object { name: Some(name), .. })
                if self.known && !shown(&|policy| policy.via == Attachment::Group(name.clone())) =>
            {
                let group = self.group(name).await;
                let mut given = group.attached.clone();
                if group.members == Lookup::Missing {
                    let reason = Unavailable::NotAsked("it does not exist any more");
                    given.gaps.push(Gap { what: phrase!("the group ", name), reason });
                }
                for policy in &mut given.policies {
                    policy.via = Attachment::Group(name.clone());
                }
                given
            }
            (
                PolicyLookup::Nothing
                | PolicyLookup::GivenPolicy
                | PolicyLookup::RemovedPolicy
                | PolicyLookup::GivenGroup
                | PolicyLookup::RemovedGroup
                | PolicyLookup::GivenPermissionSet
                | PolicyLookup::GivenAssignments
                | PolicyLookup::OrganizationsPolicy,
                _,
            ) => AttachedPolicies::default(),
        }
    }
}

impl<D: Directory> Asking<'_, D> {
    /// The entities that the policy in the request names: a role that can be passed has more access, or it has not.
    async fn named_in_request(&self) -> Vec<(Untrusted, NamedKnown)> {
        let carried = self.activity.policy_document.as_ref().and_then(Parsed::policy);
        let policies: Vec<_> = carried.map(PolicyInput::of).into_iter().collect();
        self.entities(&policies, self.activity.target.arn.as_ref(), &[]).await
    }

    /// The entities that the target's other policies name.
    async fn named(
        &self,
        target: &KnownTarget,
        given: &AttachedPolicies,
        known: &[(Untrusted, NamedKnown)],
    ) -> Vec<(Untrusted, NamedKnown)> {
        let mut policies = target.attached().map(AttachedPolicies::inputs).unwrap_or_default();
        policies.extend(given.inputs());
        let itself = match target {
            KnownTarget::Policy(policy) => policy.document.found().and_then(Parsed::policy),
            _ => None,
        };
        policies.extend(itself.map(PolicyInput::of));
        self.entities(&policies, target.arn().or(self.activity.target.arn.as_ref()), known).await
    }

    /// Looks up what the policies name, without what is known already.
    async fn entities(
        &self,
        policies: &[PolicyInput<'_>],
        holder: Option<&Untrusted>,
        known: &[(Untrusted, NamedKnown)],
    ) -> Vec<(Untrusted, NamedKnown)> {
        if !self.known || !self.activity.outcome.succeeded() {
            return Vec::new();
        }
        let named = named_entities(policies, holder, NAMED_LOOKED_UP);
        let new = named.into_iter().filter(|arn| !known.iter().any(|(of, _)| of.raw() == arn));
        let new = new.take(NAMED_LOOKED_UP.saturating_sub(known.len()));
        join_all(new.map(async |arn| {
            let known = self.named_entity(&arn).await?;
            Some((Untrusted::new(arn), known))
        }))
        .await
        .into_iter()
        .flatten()
        .collect()
    }

    /// `None` for an entity of another account, or of another kind.
    async fn named_entity(&self, arn: &str) -> Option<NamedKnown> {
        let parsed = Arn::parse(arn).filter(|arn| arn.service == "iam")?;
        if self.account.as_deref().is_some_and(|account| account != parsed.account) {
            return None;
        }
        let (account, name) = (self.account.clone(), parsed.name().to_owned());
        Some(match parsed.resource.split('/').next()? {
            "user" => {
                let question = UserQuestion { account, name, id: None, key_in_use: None, password: false };
                NamedKnown::User(self.directory.known_user(&question, self.deadline).await)
            }
            "role" => {
                let question = RoleQuestion { account, name, id: None };
                NamedKnown::Role(self.directory.known_role(&question, self.deadline).await)
            }
            "group" => NamedKnown::Group(self.directory.group(&GroupQuestion { account, name }, self.deadline).await),
            "policy" => {
                let question = PolicyQuestion { account, arn: arn.to_owned(), version: None };
                NamedKnown::Policy(self.directory.policy_document(&question, self.deadline).await)
            }
            _ => return None,
        })
    }
}

/// Only a long-term key has an entry in IAM: IAM does not record the last use of temporary credentials.
fn long_lived_key(session: &Session) -> Option<String> {
    session.has_long_lived_key().then(|| session.access_key_id.as_ref().map(owned)).flatten()
}
