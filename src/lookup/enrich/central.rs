//! What to ask IAM Identity Center and AWS Organizations: who and what the ids in an event are, and what the permission
//! sets grant.

use super::{Asking, id, owned};
use crate::arn::Arn;
use crate::catalog::{ObjectKind, PolicyLookup, TargetKind, TargetLookup};
use crate::limits::PERMISSION_SETS_READ;
use crate::lookup::answer::{Gap, Listing, Lookup, Unavailable};
use crate::lookup::attached::{AttachedPolicies, Attachment};
use crate::lookup::directory::Directory;
use crate::lookup::identity_center::{
    Assignment, Identity, IdentityKind, IdentityQuestion, InstanceQuestion, PermissionSet, PermissionSetQuestion,
    instance_of,
};
use crate::lookup::model::{Central, KnownAccount, KnownTarget};
use crate::lookup::organization::{OrganizationsPolicy, OrganizationsPolicyQuestion};
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use futures_util::future::{OptionFuture, join_all};
use std::rc::Rc;

/// The answers, before they complete what IAM said.
pub(super) struct Answers {
    target: Option<KnownTarget>,
    given: AttachedPolicies,
    central: Central,
}

/// The permission sets of assignments, with the policies of all.
struct Assigned {
    sets: Vec<(Untrusted, Rc<PermissionSet>)>,
    policies: AttachedPolicies,
}

impl Answers {
    /// What IAM Identity Center says takes the place of what IAM was not asked for.
    pub(super) fn completing(
        self,
        target: KnownTarget,
        given: AttachedPolicies,
    ) -> (KnownTarget, AttachedPolicies, Central) {
        let mut given = given;
        given.extend(self.given);
        (self.target.unwrap_or(target), given, self.central)
    }
}

impl<D: Directory> Asking<'_, D> {
    /// Everything that is asked outside of IAM, in parallel.
    pub(super) async fn central(&self) -> Answers {
        let (target, assigned, set, policy, about_account) = tokio::join!(
            self.identity_or_set(),
            self.group_and_assignments(),
            self.assigned_set(),
            self.organizations_policy(),
            self.about_account(),
        );
        let (target, of_target) = target.unzip();
        let (group, of_group) = assigned.unzip();
        let mut given = AttachedPolicies::default();
        let arn = self.activity.object.arn.as_ref();
        given.extend(set.as_ref().zip(arn).map(|(set, arn)| policies_of(arn, set)).unwrap_or_default());
        let of_group = of_group.unwrap_or_else(Assigned::none);
        given.extend(of_group.policies);
        let mut assigned = of_group.sets;
        assigned.extend(of_target.into_iter().flatten());
        let central = Central { permission_set: set, group, assigned, policy, about_account };
        Answers { target, given, central }
    }

    /// The instance of IAM Identity Center that the event is about.
    fn instance(&self) -> InstanceQuestion {
        let text = |field: &str| self.activity.request.get(field).and_then(|value| value.as_str()).map(str::to_owned);
        let arns = [self.activity.object.arn.as_ref(), self.activity.target.arn.as_ref()];
        let of_set = || arns.into_iter().flatten().find_map(|arn| instance_of(arn.raw()));
        InstanceQuestion {
            account: self.account.clone(),
            region: id(self.activity.region.as_ref()),
            instance: text("instanceArn").or_else(of_set),
            identity_store: text("identityStoreId"),
        }
    }

    /// The target, if it is one of IAM Identity Center; of a user or group whose access matters, with the permission sets
    /// that it is assigned to.
    async fn identity_or_set(&self) -> Option<(KnownTarget, Vec<(Untrusted, Rc<PermissionSet>)>)> {
        let (activity, target) = (self.activity, &self.activity.target);
        let gone = activity.action.lookup == TargetLookup::UnlessGone && activity.outcome.succeeded();
        if !self.known || gone || activity.action.lookup == TargetLookup::Nothing {
            return None;
        }
        if target.kind == TargetKind::PermissionSet {
            let set = self.permission_set(owned(target.arn.as_ref()?)).await;
            return Some((KnownTarget::PermissionSet(set), Vec::new()));
        }
        let kind = match target.kind {
            TargetKind::DirectoryUser => IdentityKind::User,
            TargetKind::DirectoryGroup => IdentityKind::Group,
            _ => return None,
        };
        let assignments = activity.action.lookup == TargetLookup::Current;
        let identity = self.identity(kind, target.name.as_ref()?, assignments).await;
        if !assignments {
            return Some((KnownTarget::Identity(identity, None), Vec::new()));
        }
        let assigned = self.assigned(&identity).await;
        Some((KnownTarget::Identity(identity, Some(assigned.policies)), assigned.sets))
    }

    /// The group that the call changes, and what it is assigned to if that is what the call gives.
    async fn group_and_assignments(&self) -> Option<(Rc<Identity>, Assigned)> {
        let directory = matches!(self.activity.target.kind, TargetKind::DirectoryUser | TargetKind::DirectoryIdentity);
        let group = self
            .activity
            .object
            .name
            .as_ref()
            .filter(|_| self.known && directory && self.activity.action.object == ObjectKind::Group)?;
        let assignments = self.activity.action.policy_lookup == PolicyLookup::GivenAssignments;
        let group = self.identity(IdentityKind::Group, group, assignments).await;
        let assigned = OptionFuture::from(assignments.then(|| self.assigned(&group))).await;
        Some((group, assigned.unwrap_or_else(Assigned::none)))
    }

    /// The permission set that the call assigns.
    async fn assigned_set(&self) -> Option<Rc<PermissionSet>> {
        let arn = self
            .activity
            .object
            .arn
            .as_ref()
            .filter(|_| self.known && self.activity.action.object == ObjectKind::PermissionSet)?;
        Some(self.permission_set(owned(arn)).await)
    }

    async fn organizations_policy(&self) -> Option<Rc<OrganizationsPolicy>> {
        if self.activity.action.policy_lookup != PolicyLookup::OrganizationsPolicy || !self.known {
            return None;
        }
        let target = &self.activity.target;
        let of_target = target.name.as_ref().filter(|_| target.kind == TargetKind::OrganizationsPolicy);
        let question = OrganizationsPolicyQuestion {
            account: self.account.clone(),
            id: owned(of_target.or(self.activity.object.name.as_ref())?),
        };
        Some(self.directory.organizations_policy(&question, self.deadline).await)
    }

    async fn about_account(&self) -> Option<KnownAccount> {
        let target = &self.activity.target;
        let of_target = target.name.as_ref().filter(|_| target.kind == TargetKind::MemberAccount);
        let account = id(Some(self.activity.about_account.as_ref().or(of_target)?));
        let asked = self.directory.knows(account.as_deref()) && account != *self.account;
        OptionFuture::from(asked.then(|| self.account(&account))).await
    }

    async fn permission_set(&self, arn: String) -> Rc<PermissionSet> {
        let question = PermissionSetQuestion { of: self.instance(), arn };
        self.directory.permission_set(&question, self.deadline).await
    }

    async fn identity(&self, kind: IdentityKind, id: &Untrusted, assignments: bool) -> Rc<Identity> {
        let question = IdentityQuestion { of: self.instance(), kind, id: owned(id), assignments };
        self.directory.identity(&question, self.deadline).await
    }

    /// The permission sets of an identity, each once.
    async fn assigned(&self, identity: &Identity) -> Assigned {
        let Listing { items, more } = match &identity.assignments {
            Lookup::Found(assignments) => assignments.clone(),
            Lookup::Missing => return Assigned::none(),
            Lookup::Unavailable(why) => {
                let policies = AttachedPolicies::gap(&"assignments".into(), why);
                return Assigned { sets: Vec::new(), policies };
            }
        };
        let mut arns: Vec<_> = items.into_iter().map(|Assignment { permission_set, .. }| permission_set).collect();
        arns.sort_unstable();
        arns.dedup();
        let unread = arns.split_off(arns.len().min(PERMISSION_SETS_READ)).len();
        let sets = join_all(arns.into_iter().map(async |arn| {
            let set = self.permission_set(owned(&arn)).await;
            (arn, set)
        }));
        let sets = sets.await;
        let mut policies = AttachedPolicies::default();
        for (arn, set) in &sets {
            policies.extend(policies_of(arn, set));
        }
        if unread > 0 || more {
            let what = Phrase::from("further permission sets");
            policies.gaps.push(Gap { what, reason: Unavailable::TooMany });
        }
        Assigned { sets, policies }
    }
}

impl Assigned {
    fn none() -> Self {
        Self { sets: Vec::new(), policies: AttachedPolicies::default() }
    }
}

/// The policies of a permission set, as somebody has them who is assigned to it.
fn policies_of(arn: &Untrusted, set: &PermissionSet) -> AttachedPolicies {
    let id = || Arn::parse(arn.raw()).map_or_else(|| arn.clone(), |arn| arn.name().into());
    let name = set.name.found().cloned().unwrap_or_else(id);
    let mut policies = set.attached.clone();
    for policy in &mut policies.policies {
        policy.via = Attachment::PermissionSet(name.clone());
    }
    if set.name == Lookup::Missing {
        let reason = Unavailable::NotAsked("it does not exist any more");
        policies.gaps.push(Gap { what: phrase!("the permission set"), reason });
    }
    policies
}
