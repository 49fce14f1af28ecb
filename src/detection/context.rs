//! The input of the assessment, put together once: the activity, what AWS knows, what policies grant, what happened
//! before.

use super::before::Before;
use super::holder;
use super::prior::PriorActivity;
use crate::catalog::{self, AccessEffect, Action, ObjectKind, TargetKind};
use crate::config::{Expectations, Settings};
use crate::event::{Activity, Principal};
use crate::lookup::{
    AttachedPolicies, AttachedPolicy, Attachment, Dossier, Gap, KnownAccount, KnownTarget, Lookup, Unavailable,
};
use crate::phrase;
use crate::policy::{
    Access, AccessLevel, BoundaryEffect, BoundaryReading, Document, Guardrail, Holder, Home, Named, Parsed, Reach,
    Reading, Trust,
};
use crate::text::{Phrase, Untrusted};
use std::borrow::Cow;

/// The input of the assessment.
#[derive(Debug)]
pub struct Case<'a> {
    pub activity: &'a Activity,
    pub dossier: &'a Dossier,
    /// What the caller's policies grant, if they were read.
    pub caller_access: Option<Access>,
    /// What the target's policies grant, if they were read.
    pub target_access: Option<Access>,
    /// The policy that the call wrote, if its document is not known.
    pub unread_policy: Option<Gap>,
    /// What the call granted, if it granted access with a policy.
    pub granted: Option<Granted>,
    /// The trusted principals of the role, if the call contains them.
    pub trust: Option<Trust>,
    /// Who can use the resource, if the call says so.
    pub shared: Option<Trust>,
    /// What the policy of AWS Organizations limits, as far as it was read.
    pub guardrail: Option<Guardrail>,
    /// What the removal of a policy changed, if the call removed one.
    pub lifted: Option<Lifted>,
    /// The settings: which are the stack's own resources, and the names of accounts.
    pub settings: &'a Settings,
    /// Who is expected to change which access.
    pub expectations: &'a Expectations,
    /// What happened before, if there is a history.
    pub prior: Option<&'a PriorActivity>,
    /// What the call changed, before and after.
    pub before: Option<Before>,
    /// The target's access before the call, if the call rewrote a policy of which that is known; of a managed policy, what it
    /// granted.
    pub access_before: Option<Access>,
}

/// What a call granted, or what a new policy would grant if it was attached.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Granted {
    /// What the policy alone grants.
    pub access: Access,
    /// What the target has with this policy: all its policies, and its boundary. `None` if that is not known.
    pub whole: Option<Access>,
    /// What the target's boundary does to this policy alone.
    pub under_boundary: Option<BoundaryEffect>,
    /// The statements of the policy, one line each; empty if its document is not known.
    pub statements: Vec<Phrase>,
    /// What the target's other policies grant: the target's access without this policy. `None` if that is not known.
    pub before: Option<Access>,
    /// Whether IAM shows the target with the policy.
    pub shown: bool,
    /// Whether the policy is known to deny only.
    pub deny_only: bool,
    /// Whether a part of the policy was looked up and could not be read.
    pub read_failed: bool,
    /// Whether the policy denies something: somebody may be locked out.
    pub denies: bool,
    /// Whether the policy took the place of another, whose denies are gone.
    pub replaces: bool,
    /// An action by which the alerts can be silenced, if the policy allows one on all resources.
    pub can_silence: Option<&'static Action>,
    /// Whether these are all policies that a session with them has: each permission set of IAM Identity Center is a role of
    /// its own.
    pub is_all: bool,
}

/// What the changes of the target's access are judged from.
#[derive(Clone, Copy)]
struct Known<'a> {
    activity: &'a Activity,
    dossier: &'a Dossier,
    holder: Holder<'a>,
    named: &'a Named,
    /// The target's access as IAM shows it.
    now: Option<&'a Access>,
}

/// The target's access before and after a policy was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifted {
    pub before: Access,
    pub after: Access,
    /// Whether the content of the removed policy is known.
    pub known: bool,
}

impl Lifted {
    fn of(known: &Known<'_>) -> Option<Self> {
        let Known { activity, dossier, holder, named, now } = *known;
        let detaches = activity.action.effect == AccessEffect::DetachesPolicy && activity.outcome.succeeded();
        let attached = dossier.target.attached().filter(|_| detaches)?;
        let removed = removed_policies(activity, dossier);
        let is_removed =
            |policy: &AttachedPolicy| removed.policies.iter().any(|of| of.name == policy.name && of.via == policy.via);
        let left = attached.only(|policy| !is_removed(policy));
        let mut former = left.clone();
        former.extend(removed.clone());
        let known = !removed.policies.is_empty() && removed.unread().is_empty();
        let still_shown = left.policies.len() < attached.policies.len();
        let after = now.filter(|_| !still_shown).cloned().unwrap_or_else(|| left.access(holder, named));
        Some(Self { before: former.access(holder, named), after, known })
    }
}

/// The policies of the group that the user was removed from, or the removed policy.
pub(super) fn removed_policies(activity: &Activity, dossier: &Dossier) -> AttachedPolicies {
    let inline = |policy: &&AttachedPolicy| {
        policy.via == Attachment::Inline && Some(&policy.name) == activity.object.name.as_ref()
    };
    let shown = dossier.target.attached().and_then(|attached| attached.policies.iter().find(inline));
    let leaves_group = activity.action.object == ObjectKind::Group;
    let still_shown = shown.filter(|_| activity.object.arn.is_none() && !leaves_group);
    still_shown.map_or_else(|| dossier.given.clone(), |policy| AttachedPolicies::of(policy.clone()))
}

impl<'a> Case<'a> {
    #[must_use]
    pub fn new(activity: &'a Activity, dossier: &'a Dossier, settings: &'a Settings) -> Self {
        let (named, target) = (holder::named(dossier), holder::of_target(activity, dossier, settings));
        let unread_policy = unread_policy(activity, dossier);
        let target_access = dossier.target.attached().map(|attached| {
            let mut attached = Cow::Borrowed(attached);
            if let Some(gap) = &unread_policy {
                attached.to_mut().gaps.push(gap.clone());
            }
            attached.access(target, &named)
        });
        let now = target_access.as_ref();
        let known = Known { activity, dossier, holder: target, named: &named, now };
        let caller = holder::of_caller(activity, &dossier.caller, settings);
        let of_caller = dossier.caller.attached().map(|attached| attached.access(caller, &Named::default()));
        Self {
            activity,
            dossier,
            caller_access: of_caller,
            granted: Granted::of(&known),
            trust: trust(activity, dossier, home(activity, dossier, settings)),
            shared: activity
                .resource_document
                .as_ref()
                .map(|document| Trust::of_resource(document, home(activity, dossier, settings))),
            guardrail: guardrail(activity, dossier),
            lifted: Lifted::of(&known),
            target_access,
            unread_policy,
            settings,
            expectations: &settings.expectations,
            prior: None,
            before: Before::of(activity, dossier, None),
            access_before: None,
        }
    }

    /// The account and the organization of the event.
    #[must_use]
    pub fn home(&self) -> Home<'a> {
        home(self.activity, self.dossier, self.settings)
    }

    /// The caller's account, which is another one than the event's: its name, if there is one, and its id.
    #[must_use]
    pub fn callers_account(&self, id: &Untrusted) -> Phrase {
        self.account(id, self.dossier.callers_account.as_ref())
    }

    /// The account that the call is about, if it is another one than the event's: its name, if there is one, and its id.
    #[must_use]
    pub fn about_account(&self) -> Option<Phrase> {
        let id = self.activity.about_account.as_ref()?;
        Some(self.account(id, self.dossier.central.about_account.as_ref()))
    }

    /// An account: its name, if the settings or the lookups have one, and its id.
    #[must_use]
    pub fn account(&self, id: &Untrusted, known: Option<&KnownAccount>) -> Phrase {
        let set = self.settings.account_names.get(id.raw()).map(Untrusted::new);
        let name = set.or_else(|| known.and_then(|account| account.name.found().cloned()));
        name.map_or_else(|| id.into(), |name| phrase!(&name, " (", id, ")"))
    }

    /// Whether a session that the organization's management account opened as root made the call.
    #[must_use]
    pub fn is_in_root_session(&self) -> bool {
        matches!(&self.activity.principal, Principal::Root(root) if root.assumed)
    }

    /// Whether the event is of another account than the function's, and came from a member of the organization.
    #[must_use]
    pub fn is_of_member(&self) -> bool {
        self.settings.reader_role.is_some() && self.settings.watch.is_of_member(self.activity)
    }

    /// The case, with what happened before.
    #[must_use]
    pub fn after(self, prior: Option<&'a PriorActivity>) -> Self {
        let before = Before::of(self.activity, self.dossier, prior);
        let access_before = before.as_ref().and_then(|before| self.access_with(before));
        Self { prior, before, access_before, ..self }
    }

    /// The access with the policy that the call rewrote, as it was before.
    fn access_with(&self, before: &Before) -> Option<Access> {
        let (activity, dossier) = (self.activity, self.dossier);
        let former = before.rewritten()?;
        let (named, holder) = (holder::named(dossier), holder::of_target(activity, dossier, self.settings));
        let document = Lookup::Found(Parsed::of(former));
        if activity.target.kind == TargetKind::Policy {
            let name = activity.target.name.clone()?;
            let policy = AttachedPolicy { name, via: Attachment::Itself, arn: None, document };
            return Some(AttachedPolicies::of(policy).access(holder, &named));
        }
        let name = activity.object.name.clone()?;
        let is_this = |policy: &AttachedPolicy| policy.via == Attachment::Inline && policy.name == name;
        let mut attached = dossier.target.attached()?.only(|policy| !is_this(policy));
        attached.policies.push(AttachedPolicy { name: name.clone(), via: Attachment::Inline, arn: None, document });
        Some(attached.access(holder, &named))
    }

    /// Whether it is known that the call lets nobody do anything that was not possible before. What is open to anyone stays
    /// severe whatever was before: only the history says what that was.
    #[must_use]
    pub fn adds_nothing(&self) -> bool {
        let open = self.trust.as_ref().and_then(Trust::reach) == Some(Reach::Anyone);
        !open && self.before.as_ref().is_some_and(Before::adds_nothing)
    }

    /// The case, with the expectations of now.
    #[must_use]
    pub fn expecting(self, expectations: &'a Expectations) -> Self {
        Self { expectations, ..self }
    }

    /// Whether the entity that has the target's name now is another one than in the event: the target was deleted, and
    /// a new entity has its name.
    #[must_use]
    pub fn target_is_replaced(&self) -> bool {
        self.dossier.target_is_replaced(self.activity)
    }

    /// Whether the policy that the call attached, wrote or removed is AWS's quarantine.
    #[must_use]
    pub fn concerns_quarantine(&self) -> bool {
        let activity = self.activity;
        let policy = matches!(activity.action.object, ObjectKind::ManagedPolicy | ObjectKind::InlinePolicy);
        let Some(name) = activity.object.name.clone().filter(|_| policy) else { return false };
        let given = self.dossier.given.policies.iter().find(|policy| policy.name == name);
        let document = activity.policy_document.clone().map_or_else(
            || given.map_or(Lookup::not_asked("the event does not contain the policy"), |given| given.document.clone()),
            Lookup::Found,
        );
        let arn = activity.object.arn.clone();
        let via = if arn.is_some() { Attachment::Attached } else { Attachment::Inline };
        AttachedPolicy { name, via, arn, document }.is_quarantine()
    }

    /// Whether the call attached AWS's quarantine, or tried to.
    #[must_use]
    pub fn attaches_quarantine(&self) -> bool {
        let effect = self.activity.action.effect;
        matches!(effect, AccessEffect::AttachesPolicy | AccessEffect::PutsInlinePolicy) && self.concerns_quarantine()
    }

    /// Whether the target is one of the stack's own resources, or a trail that feeds the alerts.
    #[must_use]
    pub fn is_self_protected(&self) -> bool {
        self.settings.watch.is_protected(self.activity)
    }
}

/// The inline policy of the call, if neither the event nor IAM shows its document: then nothing is claimed about the
/// target's access.
fn unread_policy(activity: &Activity, dossier: &Dossier) -> Option<Gap> {
    let attached = dossier.target.attached()?;
    let inline = activity.action.effect == AccessEffect::PutsInlinePolicy && activity.lacks_document();
    let name = activity.object.name.as_ref();
    let shown = attached.policies.iter().any(|policy| policy.via == Attachment::Inline && Some(&policy.name) == name);
    let what = name.map_or("the policy of this call".into(), |name| phrase!("the policy ", name));
    (inline && !shown).then_some(Gap { what, reason: Unavailable::NotAsked("the event does not contain it") })
}

impl Granted {
    /// Whether the policy adds nothing severe, and everything that could contradict was read and evaluated: the policy,
    /// and the target's access with it.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        let adds = |whole: &Access| self.before.as_ref().is_none_or(|before| before.level < whole.level);
        let together = |whole: &Access| whole.is_limited() || (whole.is_complete() && !adds(whole));
        let whole = self.is_all || !self.access.has_part_of_path || self.whole.as_ref().is_some_and(together);
        // What the replaced policy denied can matter only to a target that has more access.
        let replaced = !self.replaces || self.whole.as_ref().is_none_or(|whole| whole.level <= AccessLevel::Limited);
        self.access.is_limited() && whole && replaced && !self.denies && !self.read_failed && self.can_silence.is_none()
    }

    /// Whether the policy lets the target get around its own boundary.
    #[must_use]
    pub fn lifts_boundary(&self) -> bool {
        self.under_boundary.as_ref().is_some_and(|boundary| matches!(boundary.effect, BoundaryReading::Removable(_)))
    }

    /// Evaluates the policy that the call contained or named, or the policies of the group that it named.
    fn of(known: &Known<'_>) -> Option<Self> {
        let Known { activity, dossier, holder, named, now } = *known;
        let object = &activity.object;
        let is_given: Box<dyn Fn(&AttachedPolicy) -> bool> = match activity.action.effect {
            AccessEffect::AttachesPolicy | AccessEffect::SetsBoundary | AccessEffect::DetachesPolicy => {
                let arn = object.arn.clone()?;
                Box::new(move |policy| policy.via == Attachment::Attached && policy.arn.as_ref() == Some(&arn))
            }
            AccessEffect::PutsInlinePolicy => {
                let name = object.name.clone();
                Box::new(move |policy| policy.via == Attachment::Inline && Some(&policy.name) == name.as_ref())
            }
            AccessEffect::AddsToGroup => {
                let group = object.name.clone()?;
                Box::new(move |policy| policy.via == Attachment::Group(group.clone()))
            }
            AccessEffect::AssignsAccess => Box::new(|_| false),
            AccessEffect::RewritesPolicy | AccessEffect::DraftsPolicyVersion | AccessEffect::Creates
                if activity.target.kind == TargetKind::Policy =>
            {
                Box::new(|_| false)
            }
            _ => return None,
        };
        let attached = dossier.target.attached();
        let found = attached.map(|attached| attached.only(&is_given).policies).unwrap_or_default();
        let shown = !found.is_empty();
        let policies = given_policies(activity, dossier, found)?;
        if policies.is_empty() && dossier.given.gaps.is_empty() {
            return None;
        }
        let statements = match policies.as_slice() {
            [AttachedPolicy { document: Lookup::Found(Parsed::Policy(document)), .. }] => document.describe(),
            _ => Vec::new(),
        };
        let changed = attached.filter(|_| activity.outcome.succeeded() && activity.action.effect.grants_policy());
        let whole = changed.and_then(|attached| {
            if shown {
                return now.cloned();
            }
            let mut with = attached.clone();
            with.policies.extend(policies.iter().cloned());
            with.gaps.extend(dossier.given.gaps.iter().cloned());
            Some(with.access(holder, named))
        });
        let before = changed.map(|attached| attached.only(|policy| !is_given(policy)).access(holder, named));
        let boundary = attached.and_then(|attached| attached.boundary.clone());
        let bounded = boundary.map(|boundary| AttachedPolicies {
            policies: policies.clone(),
            boundary: Some(boundary),
            ..AttachedPolicies::default()
        });
        let under_boundary = bounded.and_then(|bounded| bounded.access(holder, named).boundary);
        let granted = AttachedPolicies { policies, boundary: None, ..dossier.given.clone() };
        let access = granted.access(holder, named);
        let read_failed = access.unreadable || granted.unread().iter().any(|gap| gap.reason.is_failure());
        Some(Self {
            access,
            whole,
            under_boundary,
            statements,
            before,
            shown,
            deny_only: is_deny_only(&granted),
            read_failed,
            denies: documents(&granted).any(Document::denies_anything),
            replaces: matches!(activity.action.effect, AccessEffect::PutsInlinePolicy | AccessEffect::RewritesPolicy),
            can_silence: silencing()
                .find(|action| documents(&granted).any(|of| of.allows_on_all(&action.iam_action()))),
            is_all: matches!(activity.target.kind, TargetKind::DirectoryUser | TargetKind::DirectoryGroup),
        })
    }
}

/// The policies that the call grants: those in the request, those that IAM shows, or those that were looked up by name.
fn given_policies(activity: &Activity, dossier: &Dossier, found: Vec<AttachedPolicy>) -> Option<Vec<AttachedPolicy>> {
    let object = &activity.object;
    let carried = activity.policy_document.clone().map(Lookup::Found);
    Some(match (carried, activity.action.effect) {
        (Some(document), _) => {
            let itself = activity.target.kind == TargetKind::Policy;
            let name = if itself {
                activity.target.name.clone()?
            } else {
                object.name.clone().unwrap_or_else(|| "the policy".into())
            };
            let via = if itself { Attachment::Itself } else { Attachment::Inline };
            vec![AttachedPolicy { name, via, arn: None, document }]
        }
        // A denied call does not say which version it meant.
        (None, AccessEffect::RewritesPolicy) => {
            object.name.as_ref()?;
            let KnownTarget::Policy(policy) = &dossier.target else { return None };
            vec![AttachedPolicy {
                name: activity.target.name.clone()?,
                via: Attachment::Itself,
                arn: activity.target.arn.clone(),
                document: policy.document.clone(),
            }]
        }
        (None, _) if !found.is_empty() => found,
        (None, _) => dossier.given.policies.clone(),
    })
}

fn documents(attached: &AttachedPolicies) -> impl Iterator<Item = &Document> {
    attached.policies.iter().filter_map(|policy| policy.document.found()?.policy())
}

/// The actions that silence the alerts at once. Without the history, the queues or the key, alerts go on.
fn silencing() -> impl Iterator<Item = &'static Action> {
    let services = ["cloudtrail", "events", "sns", "lambda", "ssm"];
    catalog::rows().filter(move |row| row.effect == AccessEffect::ImpairsAlerting && services.contains(&row.service))
}

/// Whether policies are known to deny only.
fn is_deny_only(attached: &AttachedPolicies) -> bool {
    let denies = |policy: &AttachedPolicy| match policy.reading() {
        Reading::Document(document) => document.is_deny_only(),
        Reading::AwsManaged(name) => crate::policy::is_known_deny_only(name),
        Reading::NotUnderstood | Reading::Gone | Reading::Unread => false,
    };
    !attached.policies.is_empty() && attached.gaps.is_empty() && attached.policies.iter().all(denies)
}

/// The policy of AWS Organizations in the event; else the current one, if the call did not delete it.
fn guardrail(activity: &Activity, dossier: &Dossier) -> Option<Guardrail> {
    let known = dossier.central.policy.as_ref().and_then(|policy| policy.document.found());
    Guardrail::of(activity.guardrail_document.as_ref().or(known)?)
}

fn home<'a>(activity: &'a Activity, dossier: &'a Dossier, settings: &'a Settings) -> Home<'a> {
    let organization = settings.organization.as_deref();
    Home { account: activity.account.as_ref(), organization, members: &dossier.members }
}

/// The trust policy in the request; if CloudTrail omitted it, the current one in IAM.
fn trust(activity: &Activity, dossier: &Dossier, home: Home<'_>) -> Option<Trust> {
    let now = || match &dossier.target {
        KnownTarget::Role(role) => role.profile.found()?.trust.clone(),
        _ => None,
    };
    let document = activity.trust_document.clone().or_else(|| now().filter(|_| activity.outcome.succeeded()))?;
    activity.action.is_about_trust().then(|| Trust::of(&document, home))
}
