//! The resources that an alert is about, for channels that know resource types.

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
    pub kind: ResourceKind,
    pub arn: Option<Untrusted>,
    pub name: Option<Untrusted>,
    /// The unique id: `AIDA…`, or the id of the access key.
    pub id: Option<Untrusted>,
    pub path: Option<Untrusted>,
    pub created: Option<DateTime<Utc>>,
    /// The permissions boundary.
    pub boundary: Option<Untrusted>,
    /// The account of the resource.
    pub account: Option<Untrusted>,
}

/// The type of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ResourceKind {
    /// A target of actions.
    Target(TargetKind),
    AccessKey {
        /// The owner, if certain: the type of user, and the name.
        owner: Option<(TargetKind, Option<Untrusted>)>,
        active: Option<bool>,
    },
    /// The type is not known.
    #[default]
    Unknown,
}

impl Resource {
    /// A resource of which only the ARN is known, with the facts in the ARN.
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

    /// What identifies the resource: its ARN, otherwise its id or its name.
    #[must_use]
    pub fn identifier(&self) -> Option<&Untrusted> {
        self.arn.as_ref().or(self.id.as_ref()).or(self.name.as_ref())
    }

    /// Adds what IAM knows, unless IAM shows another entity that has this name now.
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

/// What IAM knows about a resource.
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
            KnownTarget::Group(_)
            | KnownTarget::PermissionSet(_)
            | KnownTarget::Identity(..)
            | KnownTarget::NotAsked(_) => Self { arn, ..Self::default() },
        }
    }
}

/// The target, what the target got, the caller, and its access key; each once.
pub(super) fn resources(case: &Case<'_>) -> Vec<Resource> {
    let (activity, dossier) = (case.activity, case.dossier);
    let signing_key = signing_key(activity, dossier);
    let target = target(activity, &dossier.target);
    let given = if activity.action.object == ObjectKind::AccessKey {
        // The request may name any access key. Only a call signed with the key, or IAM, shows the owner.
        let named = activity.object.name.as_ref();
        let signed = signing_key.as_ref().is_some_and(|key| key.id.as_ref() == named);
        named.filter(|_| !signed).map(|id| given_key(id, activity, &dossier.target))
    } else if activity.action.object == ObjectKind::Group {
        let name = activity.object.name.clone();
        name.map(|name| Resource {
            kind: ResourceKind::Target(if activity.action.service == "iam" {
                TargetKind::Group
            } else {
                TargetKind::DirectoryGroup
            }),
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
    // Parameters of a request that did not succeed are no facts about the resource.
    let asked = |text: &Option<Untrusted>| text.clone().filter(|_| activity.outcome.succeeded());
    // For the root user, CloudTrail writes other text in place of a name. An account has no name.
    let named = target.kind != TargetKind::RootUser && !target.kind.fields().is_empty();
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
    let principal = principal.acting_as();
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
    let owner = match activity.principal.acting_as() {
        Principal::IamUser(user) => Some((TargetKind::User, user.name.clone())),
        Principal::Root(_) => Some((TargetKind::RootUser, None)),
        _ => None,
    };
    let known = if let KnownCaller::User(user) = &dossier.caller { listed(user, id) } else { None };
    Some(access_key(id, known, owner, activity.principal.acting_as().account().cloned()))
}

/// The access key that the call concerns.
fn given_key(id: &Untrusted, activity: &Activity, target: &KnownTarget) -> Resource {
    let known = if let KnownTarget::User(user) = target { listed(user, id) } else { None };
    let sure = activity.outcome.succeeded() || known.is_some();
    let owner = sure.then(|| (activity.target.kind, activity.target.name.clone()));
    access_key(id, known, owner, activity.account.clone().filter(|_| sure))
}

/// The access key in IAM's list of the user's access keys.
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
