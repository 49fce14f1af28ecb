//! What the baseline knows, where IAM did not answer. It is older than the event, so nothing that it says is an assurance:
//! the gap stays, and what the baseline shows can only raise a severity.

use super::answer::{Gap, Lookup, Provenance, Unavailable};
use super::attached::{AttachedPolicies, AttachedPolicy};
use super::model::{Dossier, Group, KnownCaller, KnownTarget, ManagedPolicy, Role, User};
use crate::phrase;
use chrono::{DateTime, Utc};
use std::rc::Rc;

impl Dossier {
    /// Whether IAM did not answer something about the caller or the target.
    #[must_use]
    pub fn lacks_answers(&self) -> bool {
        let caller = match &self.caller {
            KnownCaller::User(user) => lacks(&user.profile, &user.attached),
            KnownCaller::Role(role) => lacks(&role.profile, &role.attached),
            KnownCaller::NotAsked(_) => false,
        };
        let target = match &self.target {
            KnownTarget::User(user) => lacks(&user.profile, &user.attached),
            KnownTarget::Role(role) => lacks(&role.profile, &role.attached),
            KnownTarget::Group(group) => lacks(&group.members, &group.attached),
            KnownTarget::Policy(policy) => failed(&policy.profile) || failed(&policy.document),
            _ => false,
        };
        caller || target || self.given.unanswered() > 0
    }

    /// The dossier, with what a baseline knows where IAM did not answer. `read`: when the account was last read.
    #[must_use]
    pub fn completed(self, baseline: &Self, read: DateTime<Utc>) -> Self {
        let caller = match (&self.caller, &baseline.caller) {
            (KnownCaller::User(user), KnownCaller::User(known)) => KnownCaller::User(user.completed(known, read)),
            (KnownCaller::Role(role), KnownCaller::Role(known)) => KnownCaller::Role(role.completed(known, read)),
            _ => self.caller,
        };
        let target = match (&self.target, &baseline.target) {
            (KnownTarget::User(user), KnownTarget::User(known)) => KnownTarget::User(user.completed(known, read)),
            (KnownTarget::Role(role), KnownTarget::Role(known)) => KnownTarget::Role(role.completed(known, read)),
            (KnownTarget::Group(group), KnownTarget::Group(known)) => KnownTarget::Group(group.completed(known, read)),
            (KnownTarget::Policy(policy), KnownTarget::Policy(known)) => {
                KnownTarget::Policy(policy.completed(known, read))
            }
            _ => self.target,
        };
        let given = if self.given.unanswered() > 0 { self.given.completed(&baseline.given) } else { self.given };
        Self { caller, target, given, ..self }
    }
}

fn failed<T>(fact: &Lookup<T>) -> bool {
    fact.unavailable().is_some_and(Unavailable::is_failure)
}

fn lacks<T>(profile: &Lookup<T>, attached: &AttachedPolicies) -> bool {
    failed(profile) || attached.unanswered() > 0
}

/// The fact, or what the baseline has.
fn either<T: Clone>(fact: &Lookup<T>, known: &Lookup<T>) -> Lookup<T> {
    if failed(fact) && known.found().is_some() { known.clone() } else { fact.clone() }
}

impl User {
    fn completed(&self, known: &Self, read: DateTime<Utc>) -> Rc<Self> {
        if !lacks(&self.profile, &self.attached) || known.profile.found().is_none() {
            return Rc::new(self.clone());
        }
        Rc::new(Self {
            profile: either(&self.profile, &known.profile),
            groups: either(&self.groups, &known.groups),
            attached: self.attached.completed(&known.attached),
            provenance: Provenance::Baseline(read),
            ..self.clone()
        })
    }
}

impl Role {
    fn completed(&self, known: &Self, read: DateTime<Utc>) -> Rc<Self> {
        if !lacks(&self.profile, &self.attached) || known.profile.found().is_none() {
            return Rc::new(self.clone());
        }
        Rc::new(Self {
            profile: either(&self.profile, &known.profile),
            attached: self.attached.completed(&known.attached),
            provenance: Provenance::Baseline(read),
        })
    }
}

impl Group {
    fn completed(&self, known: &Self, read: DateTime<Utc>) -> Rc<Self> {
        if !lacks(&self.members, &self.attached) || known.members == Lookup::Missing {
            return Rc::new(self.clone());
        }
        let attached = self.attached.completed(&known.attached);
        // Who is a member is not asked of the baseline.
        Rc::new(Self { members: self.members.clone(), attached, provenance: Provenance::Baseline(read) })
    }
}

impl ManagedPolicy {
    fn completed(&self, known: &Self, read: DateTime<Utc>) -> Rc<Self> {
        if !(failed(&self.profile) || failed(&self.document)) || known.profile.found().is_none() {
            return Rc::new(self.clone());
        }
        Rc::new(Self {
            profile: either(&self.profile, &known.profile),
            document: either(&self.document, &known.document),
            holders: self.holders.clone(),
            provenance: Provenance::Baseline(read),
        })
    }
}

impl AttachedPolicies {
    /// The policies, with those that only the baseline has. What was not answered stays a gap.
    fn completed(&self, known: &Self) -> Self {
        let is_same = |one: &AttachedPolicy, other: &AttachedPolicy| {
            one.via == other.via && if one.arn.is_some() { one.arn == other.arn } else { one.name == other.name }
        };
        let mut completed = self.clone();
        for policy in &mut completed.policies {
            let known = known.policies.iter().find(|known| is_same(known, policy));
            let (Some(reason), Some(known)) = (policy.document.unavailable(), known) else { continue };
            if reason.is_failure() && known.document.found().is_some() {
                let what = phrase!("the current version of the policy ", policy.label());
                completed.gaps.push(Gap { what, reason: reason.clone() });
                policy.document = known.document.clone();
            }
        }
        if !self.gaps.is_empty() {
            let missing = known.policies.iter().filter(|known| !self.policies.iter().any(|own| is_same(own, known)));
            completed.policies.extend(missing.cloned());
            completed.boundary = completed.boundary.or_else(|| known.boundary.clone());
        }
        completed
    }

    /// The policies of a baseline, which may not be those of now, and why IAM was not asked.
    #[must_use]
    fn doubted(mut self, why: &Unavailable) -> Self {
        self.gaps.push(Gap { what: "what changed since the baseline".into(), reason: why.clone() });
        // The baseline does not have all that there is.
        for policy in self.policies.iter_mut().chain(&mut self.boundary) {
            if policy.document == Lookup::Missing {
                policy.document = Lookup::Unavailable(why.clone());
            }
        }
        self
    }
}

impl Dossier {
    /// What a baseline alone says, without a question to IAM, and why; `None` if the baseline does not have the caller or
    /// the target.
    #[must_use]
    pub fn of_baseline(self, read: DateTime<Utc>, why: &Unavailable) -> Option<Self> {
        let provenance = Provenance::Baseline(read);
        let user = |user: &User| {
            user.profile.found()?;
            let attached = user.attached.clone().doubted(why);
            Some(Rc::new(User { attached, provenance: provenance.clone(), ..user.clone() }))
        };
        let role = |role: &Role| {
            role.profile.found()?;
            let attached = role.attached.clone().doubted(why);
            Some(Rc::new(Role { attached, provenance: provenance.clone(), ..role.clone() }))
        };
        let caller = match &self.caller {
            KnownCaller::User(known) => KnownCaller::User(user(known)?),
            KnownCaller::Role(known) => KnownCaller::Role(role(known)?),
            KnownCaller::NotAsked(why) => KnownCaller::NotAsked(why),
        };
        let target = match &self.target {
            KnownTarget::User(known) => KnownTarget::User(user(known)?),
            KnownTarget::Role(known) => KnownTarget::Role(role(known)?),
            KnownTarget::Group(known) => {
                (known.members != Lookup::Missing).then_some(())?;
                let attached = known.attached.clone().doubted(why);
                let members = Lookup::Unavailable(why.clone());
                KnownTarget::Group(Rc::new(Group { members, attached, provenance }))
            }
            KnownTarget::Policy(known) => {
                known.profile.found()?;
                let unknown = || Lookup::Unavailable(why.clone());
                let document = known.document.found().cloned().map_or_else(unknown, Lookup::Found);
                let holders = Lookup::Unavailable(why.clone());
                KnownTarget::Policy(Rc::new(ManagedPolicy {
                    profile: known.profile.clone(),
                    document,
                    holders,
                    provenance,
                }))
            }
            KnownTarget::NotAsked(why) => KnownTarget::NotAsked(why),
            KnownTarget::PermissionSet(_) | KnownTarget::Identity(..) => return None,
        };
        let given = if self.given == AttachedPolicies::default() { self.given } else { self.given.doubted(why) };
        Some(Self { caller, target, given, ..self })
    }
}
