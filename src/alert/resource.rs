//! The resources that an alert is about, one by one, for channels that know resources by their kind.

use crate::arn::Arn;
use crate::catalog::{ObjectKind, TargetKind};
use crate::detection::Case;
use crate::event::{Activity, Principal};
use crate::lookup::{AccessKey, Dossier, KnownCaller, KnownTarget, Lookup, User};
use crate::text::Untrusted;
use chrono::{DateTime, Utc};

/// A resource that an alert is about, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// Its ARN.
    pub arn: Option<Untrusted>,
    /// Its name.
    pub name: Option<Untrusted>,
    /// Its unique id: `AIDA…`, or the access key's own.
    pub id: Option<Untrusted>,
    /// Its path.
    pub path: Option<Untrusted>,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// The permissions boundary that it has.
    pub boundary: Option<Untrusted>,
    /// The account that it is in.
    pub account: Option<Untrusted>,
}

/// What a resource is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ResourceKind {
    /// What actions are about.
    Target(TargetKind),
    /// An access key.
    AccessKey {
        /// Whose it is, as far as that is sure: a kind of user, and its name.
        owner: Option<(TargetKind, Option<Untrusted>)>,
        /// Whether it is active.
        active: Option<bool>,
    },
    /// Nobody has told us.
    #[default]
    Unknown,
}

impl Resource {
    /// Something of which no more is known than its ARN, and what that says.
    pub(super) fn of_arn(arn: Untrusted) -> Self {
        let kinds = [TargetKind::User, TargetKind::Role, TargetKind::Group, TargetKind::Policy];
        let parsed = Arn::parse(arn.raw()).filter(|arn| arn.service == "iam");
        let kind = kinds.into_iter().find(|kind| parsed.is_some_and(|arn| arn.resource.starts_with(kind.in_arns().1)));
        let name = parsed.filter(|_| kind.is_some()).map(|arn| arn.name().into());
        let account = parsed.map(|arn| arn.account).filter(|account| !account.is_empty()).map(Untrusted::new);
        Self {
            kind: kind.map_or(ResourceKind::Unknown, ResourceKind::Target),
            name,
            account,
            arn: Some(arn),
            ..Self::default()
        }
    }

    /// By what it can be found: its ARN, or else its id or name.
    #[must_use]
    pub fn identifier(&self) -> Option<&Untrusted> {
        self.arn.as_ref().or(self.id.as_ref()).or(self.name.as_ref())
    }

    /// Completes it by what IAM tells, unless that is of another one that has the name now.
    fn with(self, known: &Known<'_>) -> Self {
        if self.id.is_some() && known.id.is_some() && self.id.as_ref() != known.id {
            return self;
        }
        Self {
            arn: self.arn.or_else(|| known.arn.cloned()),
            id: self.id.or_else(|| known.id.cloned()),
            created: known.created,
            boundary: known.boundary.cloned().or(self.boundary),
            ..self
        }
    }
}

/// What IAM tells of a thing.
#[derive(Default)]
struct Known<'a> {
    arn: Option<&'a Untrusted>,
    id: Option<&'a Untrusted>,
    created: Option<DateTime<Utc>>,
    boundary: Option<&'a Untrusted>,
}

impl<'a> Known<'a> {
    fn of_user(user: &'a User) -> Self {
        let Lookup::Found(profile) = &user.profile else { return Self::default() };
        let (arn, id) = (Some(&profile.arn), Some(&profile.id));
        Self { arn, id, created: profile.created, boundary: profile.boundary.as_ref() }
    }

    fn of_subject(subject: &'a KnownTarget) -> Self {
        let arn = subject.arn();
        match subject {
            KnownTarget::User(user) => Self::of_user(user),
            KnownTarget::Role(role) => match &role.profile {
                Lookup::Found(profile) => {
                    let id = Some(&profile.id);
                    Self { arn, id, created: profile.created, boundary: profile.boundary.as_ref() }
                }
                _ => Self::default(),
            },
            KnownTarget::Policy(policy) => {
                let created = policy.profile.found().and_then(|profile| profile.created);
                Self { arn, created, ..Self::default() }
            }
            KnownTarget::Group(_) | KnownTarget::NotAsked(_) => Self { arn, ..Self::default() },
        }
    }
}

/// What was changed and what was given, then who did it and with which access key; each once.
pub(super) fn resources(case: &Case<'_>) -> Vec<Resource> {
    let (activity, dossier) = (case.activity, case.dossier);
    let signing_key = signing_key(activity, dossier);
    let target = target(activity, &dossier.target);
    let given = if activity.action.object == ObjectKind::AccessKey {
        // Whoever asks for a key may name any: whose it is, only its own call or IAM tells.
        let named = activity.object.name.as_ref();
        let signed = signing_key.as_ref().is_some_and(|key| key.id.as_ref() == named);
        named.filter(|_| !signed).map(|id| given_key(id, activity, &dossier.target))
    } else if activity.action.object == ObjectKind::Group {
        let name = activity.object.name.clone();
        name.map(|name| Resource {
            kind: ResourceKind::Target(TargetKind::Group),
            name: Some(name),
            ..in_account(activity)
        })
    } else {
        activity.object.arn.clone().map(Resource::of_arn)
    };
    let all = [Some(target), given, Some(caller(&activity.principal, &dossier.caller)), signing_key];
    let mut resources: Vec<Resource> = Vec::new();
    for resource in all.into_iter().flatten().filter(|resource| resource.identifier().is_some()) {
        if resources.iter().all(|other| other.identifier() != resource.identifier()) {
            resources.push(resource);
        }
    }
    resources
}

fn in_account(activity: &Activity) -> Resource {
    Resource { account: activity.account.clone(), ..Resource::default() }
}

fn target(activity: &Activity, known: &KnownTarget) -> Resource {
    let target = &activity.target;
    // What was asked for in vain is not how it is.
    let asked = |text: &Option<Untrusted>| text.clone().filter(|_| activity.outcome.succeeded());
    // CloudTrail puts words in place of the root user's name. An account has none.
    let named = !matches!(target.kind, TargetKind::RootUser | TargetKind::Account);
    let root =
        || Some(format!("arn:{}:iam::{}:root", activity.partition.name(), activity.account.as_ref()?.raw()).into());
    let resource = Resource {
        kind: ResourceKind::Target(target.kind),
        arn: if target.kind == TargetKind::RootUser { root() } else { target.arn.clone() },
        name: activity.name_now().filter(|_| named).cloned(),
        id: target.id.clone(),
        path: asked(&target.path),
        boundary: asked(&target.boundary),
        ..in_account(activity)
    };
    resource.with(&Known::of_subject(known))
}

fn caller(principal: &Principal, known: &KnownCaller) -> Resource {
    let account = principal.account().cloned();
    let of = |kind, arn: &Option<Untrusted>, name: &Option<Untrusted>, id: &Option<Untrusted>| Resource {
        kind: ResourceKind::Target(kind),
        arn: arn.clone(),
        name: name.clone(),
        id: id.clone(),
        account: account.clone(),
        ..Resource::default()
    };
    match principal {
        Principal::IamUser(user) => {
            let resource = of(TargetKind::User, &user.arn, &user.name, &user.id);
            if let KnownCaller::User(known) = known { resource.with(&Known::of_user(known)) } else { resource }
        }
        Principal::AssumedRole(session) => of(TargetKind::Role, &session.role_arn, &session.role, &session.role_id),
        Principal::Root(root) => of(TargetKind::RootUser, &root.arn, &None, &None),
        other => other.lasting_arn().cloned().map(Resource::of_arn).unwrap_or_default(),
    }
}

/// The long-lived access key that signed the call.
fn signing_key(activity: &Activity, dossier: &Dossier) -> Option<Resource> {
    let session = activity.principal.session().filter(|session| session.has_long_lived_key())?;
    let id = session.access_key_id.as_ref()?;
    let owner = match &activity.principal {
        Principal::IamUser(user) => Some((TargetKind::User, user.name.clone())),
        Principal::Root(_) => Some((TargetKind::RootUser, None)),
        _ => None,
    };
    let known = if let KnownCaller::User(user) = &dossier.caller { listed(user, id) } else { None };
    Some(access_key(id, known, owner, activity.principal.account().cloned()))
}

/// The access key that the call is about.
fn given_key(id: &Untrusted, activity: &Activity, target: &KnownTarget) -> Resource {
    let known = if let KnownTarget::User(user) = target { listed(user, id) } else { None };
    let sure = activity.outcome.succeeded() || known.is_some();
    let owner = sure.then(|| (activity.target.kind, activity.target.name.clone()));
    access_key(id, known, owner, activity.account.clone().filter(|_| sure))
}

/// An access key as IAM lists it among a user's.
fn listed<'a>(user: &'a User, id: &Untrusted) -> Option<&'a AccessKey> {
    user.access_keys.found()?.items.iter().find(|key| key.id == *id)
}

fn access_key(
    id: &Untrusted,
    known: Option<&AccessKey>,
    owner: Option<(TargetKind, Option<Untrusted>)>,
    account: Option<Untrusted>,
) -> Resource {
    Resource {
        kind: ResourceKind::AccessKey { owner, active: known.map(|key| key.active) },
        id: Some(id.clone()),
        created: known.and_then(|key| key.created),
        account,
        ..Resource::default()
    }
}
