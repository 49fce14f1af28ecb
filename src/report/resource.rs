//! The things that an alert is about, one by one, for channels that know things by their kind.

use crate::arn::Arn;
use crate::assessment::Case;
use crate::cloudtrail::{Activity, Principal, Thing};
use crate::directory::{AccessKey, Caller, Lookup, Subject, User};
use crate::text::Untrusted;
use chrono::{DateTime, Utc};

/// A thing that an alert is about, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resource {
    /// What it is.
    pub kind: Kind,
    /// Its ARN.
    pub arn: Option<Untrusted>,
    /// Its name.
    pub name: Option<Untrusted>,
    /// Its unique id: `AIDA…`, or the access key's own.
    pub id: Option<Untrusted>,
    /// Its path.
    pub path: Option<Untrusted>,
    /// When it was made.
    pub created: Option<DateTime<Utc>>,
    /// The permissions boundary that it has.
    pub boundary: Option<Untrusted>,
    /// Whose access key it is.
    pub owner: Option<Untrusted>,
    /// Whether an access key is active.
    pub active: Option<bool>,
}

/// What a resource is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// One of the things that calls are about.
    Thing(Thing),
    /// An access key.
    AccessKey,
    /// Nobody has told us.
    #[default]
    Unknown,
}

impl Resource {
    /// Something of which no more is known than its ARN.
    pub(super) fn of_arn(arn: Untrusted) -> Self {
        Self { arn: Some(arn), ..Self::default() }
    }

    /// By what it can be found: its ARN, or else its id or name.
    #[must_use]
    pub fn identifier(&self) -> Option<&Untrusted> {
        self.arn.as_ref().or(self.id.as_ref()).or(self.name.as_ref())
    }

    /// Completes it by what IAM tells of a user.
    fn with(mut self, user: &User) -> Self {
        if let Lookup::Found(profile) = &user.profile {
            self.arn = self.arn.or_else(|| Some(profile.arn.clone()));
            self.id = self.id.or_else(|| Some(profile.id.clone()));
            self.created = profile.created;
            self.boundary.clone_from(&profile.boundary);
        }
        self
    }
}

/// What was changed and what was given, then who did it and with which access key; each once.
pub(super) fn resources(case: &Case<'_>) -> Vec<Resource> {
    let (activity, dossier) = (case.activity, case.dossier);
    let target = target(activity, &dossier.target);
    let given_key = activity.event_name.raw().ends_with("AccessKey").then_some(activity.object.name.as_ref()).flatten();
    let target_user = if let Subject::User(user) = &dossier.target { Some(&**user) } else { None };
    let caller_user = if let Caller::User(user) = &dossier.caller { Some(&**user) } else { None };
    let session = activity.principal.session().filter(|session| session.has_long_lived_key());
    let caller = caller(&activity.principal, &dossier.caller);
    let all = [
        Some(target.clone()),
        given_key.map(|id| access_key(id, target.name.clone(), target_user)),
        activity.object.arn.clone().map(|arn| given(arn, activity.object.name.clone())),
        Some(caller.clone()),
        session.and_then(|session| Some(access_key(session.access_key_id.as_ref()?, caller.name.clone(), caller_user))),
    ];
    let mut resources: Vec<Resource> = Vec::new();
    for resource in all.into_iter().flatten().filter(|resource| resource.identifier().is_some()) {
        if resources.iter().all(|other| other.identifier() != resource.identifier()) {
            resources.push(resource);
        }
    }
    resources
}

fn target(activity: &Activity, known: &Subject) -> Resource {
    let target = &activity.target;
    let resource = Resource {
        kind: Kind::Thing(target.thing),
        arn: target.arn.clone().or_else(|| known.arn().cloned()),
        name: activity.name_now().cloned(),
        id: target.id.clone(),
        path: target.path.clone(),
        boundary: target.boundary.clone(),
        ..Resource::default()
    };
    match known {
        Subject::User(user) => resource.with(user),
        Subject::Role(role) => match &role.profile {
            Lookup::Found(profile) => Resource {
                id: resource.id.clone().or_else(|| Some(profile.id.clone())),
                created: profile.created,
                boundary: profile.boundary.clone(),
                ..resource
            },
            _ => resource,
        },
        Subject::Policy(policy) => match &policy.profile {
            Lookup::Found(profile) => Resource { created: profile.created, ..resource },
            _ => resource,
        },
        Subject::Group(_) | Subject::NotAsked(_) => resource,
    }
}

fn caller(principal: &Principal, known: &Caller) -> Resource {
    let of = |kind, arn: &Option<Untrusted>, name: &Option<Untrusted>, id: &Option<Untrusted>| Resource {
        kind: Kind::Thing(kind),
        arn: arn.clone(),
        name: name.clone(),
        id: id.clone(),
        ..Resource::default()
    };
    match principal {
        Principal::IamUser(user) => {
            let resource = of(Thing::User, &user.arn, &user.name, &user.id);
            if let Caller::User(known) = known { resource.with(known) } else { resource }
        }
        Principal::AssumedRole(session) => of(Thing::Role, &session.role_arn, &session.role, &session.role_id),
        Principal::Root(root) => of(Thing::RootUser, &root.arn, &None, &None),
        other => other.lasting_arn().cloned().map(Resource::of_arn).unwrap_or_default(),
    }
}

/// What was given or taken and has an ARN: mostly a policy.
fn given(arn: Untrusted, name: Option<Untrusted>) -> Resource {
    let is_policy = Arn::parse(arn.raw()).is_some_and(|arn| arn.resource.starts_with("policy/"));
    let kind = if is_policy { Kind::Thing(Thing::Policy) } else { Kind::Unknown };
    Resource { kind, name, ..Resource::of_arn(arn) }
}

/// An access key, with what IAM tells of it among its owner's.
fn access_key(id: &Untrusted, owner: Option<Untrusted>, user: Option<&User>) -> Resource {
    let keys = user.and_then(|user| user.access_keys.found());
    let known: Option<&AccessKey> = keys.and_then(|keys| keys.items.iter().find(|key| key.id == *id));
    Resource {
        kind: Kind::AccessKey,
        id: Some(id.clone()),
        owner,
        created: known.and_then(|key| key.created),
        active: known.map(|key| key.active),
        ..Resource::default()
    }
}
