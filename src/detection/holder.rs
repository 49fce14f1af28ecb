//! Who holds the policies, as the judgement sees them: from what was looked up.

use crate::config::Settings;
use crate::event::Activity;
use crate::lookup::{Dossier, KnownCaller, KnownTarget, Lookup, NamedKnown, Role, User};
use crate::policy::{
    self, Access, AccessLevel, Holder, Named, NamedEntity, Parsed, PolicyInput, Question, TrustSummary,
};
use crate::text::Untrusted;

/// The target of an activity.
pub(super) fn of_target<'a>(activity: &'a Activity, dossier: &'a Dossier, settings: &'a Settings) -> Holder<'a> {
    let arn = dossier.target.arn().or(activity.target.arn.as_ref());
    let known = match &dossier.target {
        KnownTarget::User(user) => of_user(user),
        KnownTarget::Role(role) => of_role(role),
        KnownTarget::Group(_)
        | KnownTarget::Policy(_)
        | KnownTarget::PermissionSet(_)
        | KnownTarget::Identity(..)
        | KnownTarget::NotAsked(_) => Holder::default(),
    };
    Holder { arn, ..with_settings(known, activity, settings) }
}

/// The caller of an activity.
pub(super) fn of_caller<'a>(activity: &'a Activity, caller: &'a KnownCaller, settings: &'a Settings) -> Holder<'a> {
    let known = match caller {
        KnownCaller::User(user) => of_user(user),
        KnownCaller::Role(role) => of_role(role),
        KnownCaller::NotAsked(_) => Holder::default(),
    };
    Holder {
        arn: known.arn.or(activity.principal.acting_as().lasting_arn()),
        ..with_settings(known, activity, settings)
    }
}

fn with_settings<'a>(holder: Holder<'a>, activity: &Activity, settings: &'a Settings) -> Holder<'a> {
    Holder { organization: settings.organization.as_deref(), now: activity.time, ..holder }
}

fn of_user(user: &User) -> Holder<'_> {
    let profile = user.profile.found();
    Holder {
        arn: profile.map(|profile| &profile.arn),
        id: profile.map(|profile| &profile.id),
        tags: profile.map(|profile| profile.tags.as_slice()),
        groups: user.groups.found().map(|groups| groups.items.as_slice()).unwrap_or_default(),
        ..Holder::default()
    }
}

fn of_role(role: &Role) -> Holder<'_> {
    let profile = role.profile.found();
    Holder {
        arn: profile.map(|profile| &profile.arn),
        id: profile.map(|profile| &profile.id),
        tags: profile.map(|profile| profile.tags.as_slice()),
        tags_are_fixed: profile.is_some_and(|profile| {
            profile.trust.as_ref().and_then(Parsed::policy).is_some_and(|trust| !TrustSummary::of(trust).session_tags)
        }),
        ..Holder::default()
    }
}

/// What is known of the entities that the target's policies name.
pub(super) fn named(dossier: &Dossier) -> Named {
    let entity = |known: &NamedKnown| match known {
        NamedKnown::User(user) => {
            let profile = user.profile.found();
            NamedEntity {
                level: profile.and_then(|_| level(&user.attached.access(of_user(user), &Named::default()))),
                trust: None,
                tags: profile.map(|profile| texts(&profile.tags)),
                boundary: profile.map(|profile| profile.boundary.as_ref().map(|arn| arn.raw().to_owned())),
            }
        }
        NamedKnown::Role(role) => {
            let profile = role.profile.found();
            let trust = profile.and_then(|profile| profile.trust.as_ref()?.policy());
            NamedEntity {
                level: profile.and_then(|_| level(&role.attached.access(of_role(role), &Named::default()))),
                trust: trust.map(TrustSummary::of),
                tags: profile.map(|profile| texts(&profile.tags)),
                boundary: profile.map(|profile| profile.boundary.as_ref().map(|arn| arn.raw().to_owned())),
            }
        }
        NamedKnown::Group(group) => {
            let arn = group.members.found().map(|members| &members.arn);
            let holder = Holder { arn, ..Holder::default() };
            let level = arn.and_then(|_| level(&group.attached.access(holder, &Named::default())));
            NamedEntity { level, ..NamedEntity::default() }
        }
        NamedKnown::Policy(Lookup::Found(Parsed::Policy(document))) => {
            let access = policy::evaluate(&Question {
                policies: &[PolicyInput::of(document)],
                cuts: &[],
                unread: false,
                holder: Holder::default(),
                boundary: None,
                named: &Named::default(),
            });
            NamedEntity { level: Some(access.level.max(access.at_most)), ..NamedEntity::default() }
        }
        NamedKnown::Policy(_) => NamedEntity::default(),
    };
    Named(dossier.named.iter().map(|(arn, known)| (arn.raw().to_owned(), entity(known))).collect())
}

/// The level, if nothing that was not read or evaluated can raise it.
fn level(access: &Access) -> Option<AccessLevel> {
    (access.level >= AccessLevel::RoleEscalation || access.is_complete()).then_some(access.level)
}

fn texts(tags: &[(Untrusted, Untrusted)]) -> Vec<(String, String)> {
    tags.iter().map(|(key, value)| (key.raw().to_owned(), value.raw().to_owned())).collect()
}
