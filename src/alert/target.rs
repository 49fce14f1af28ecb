//! The section about the target, and about what it was given.

use super::facts::{Fact, SectionKind};
use super::model::Section;
use super::rows::{
    NO_POLICIES_YET, boundary, escalation, first_of_many, groups, is_new, known_role, names, not_known, replaced, tags,
    target_access,
};
use super::time;
use super::{before, central};
use crate::catalog::words::Order;
use crate::catalog::{AccessEffect, TargetKind};
use crate::detection::Case;
use crate::event::{Outcome, ServiceCredential};
use crate::lookup::{Gap, Group, KnownTarget, Lookup, ManagedPolicy, Role, User};
use crate::phrase;
use crate::policy::{AccessLevel, Trust};
use crate::text::{Phrase, TextKind, Untrusted};
use chrono::{DateTime, Utc};

pub(super) fn section(case: &Case<'_>, now: DateTime<Utc>) -> Section {
    let (activity, action) = (case.activity, case.activity.action);
    let title = match action.effect {
        _ if !activity.outcome.succeeded() => "WHAT WAS ATTEMPTED".into(),
        AccessEffect::SignsIn => "THE SIGN-IN".into(),
        _ if action.order() == Order::TargetOnly => {
            Phrase::ours(format!("WHAT WAS {}", action.operation.past().to_uppercase()))
        }
        _ => "WHAT WAS CHANGED".into(),
    };
    let mut section = Section::new(SectionKind::What, title);
    object(&mut section, case);
    before::rows(&mut section, case, now);
    target(&mut section, case);
    central::of_call(&mut section, case);
    if let Some(used) = activity.mfa_used {
        section.row(Fact::Mfa, if used { "used" } else { "not used" });
    }
    if activity.omitted {
        section.row(Fact::Omitted, "omitted by CloudTrail as too large");
    }
    let parameters = activity.parameters.iter().map(|(path, value)| phrase!(path, " = ", Phrase::free(value)));
    section.rows(Fact::Parameters, first_of_many(&parameters.collect::<Vec<_>>()));
    if let Outcome::Failed { code, message, .. } = &activity.outcome {
        if code.is_some() || message.is_none() {
            section.row(Fact::Error, code.as_ref().map_or("without a code".into(), Phrase::from));
        }
        if let Some(message) = message {
            section.row(Fact::ErrorMessage, Phrase::theirs(message, TextKind::Message));
        }
    }
    match &case.dossier.target {
        KnownTarget::User(user) => known_user(&mut section, case, user, now),
        KnownTarget::Role(role) => known_target_role(&mut section, case, role, now),
        KnownTarget::Group(group) => known_group(&mut section, case, group),
        KnownTarget::Policy(policy) => known_policy(&mut section, case, policy, now),
        KnownTarget::PermissionSet(set) => central::permission_set(&mut section, case, set),
        KnownTarget::Identity(identity, _) => central::identity(&mut section, case, identity),
        KnownTarget::NotAsked(why) => {
            as_requested(&mut section, case);
            // If IAM has no entry for this type of target, nothing is missing.
            if activity.target.kind.is_looked_up() {
                section.row(Fact::Lookup, phrase!("not looked up: ", *why));
            }
        }
    }
    // The policy that was removed, or is not shown yet.
    let of_call = case.dossier.given.unread();
    not_known(&mut section, of_call.into_iter().filter(Gap::is_failure).collect());
    // Nothing but the account itself, or its organization.
    if let Some(id) = activity.account.as_ref().filter(|_| only_before(&section)) {
        section.labelled(Fact::AboutAccount, "Account", case.account(id, Some(&case.dossier.account)));
    }
    section
}

/// Whether nothing is said but what was before.
fn only_before(section: &Section) -> bool {
    section.rows.iter().all(|row| matches!(row.fact, Fact::Before | Fact::Difference))
}

/// The access level of the target or of the policy, in one word for machines; `None` if there is neither.
pub(super) fn access_level(case: &Case<'_>) -> Option<&'static str> {
    let known = match &case.dossier.target {
        KnownTarget::User(user) => user.profile != Lookup::Missing,
        KnownTarget::Role(role) => role.profile != Lookup::Missing,
        KnownTarget::Group(group) => group.members != Lookup::Missing,
        KnownTarget::Policy(_)
        | KnownTarget::PermissionSet(_)
        | KnownTarget::Identity(..)
        | KnownTarget::NotAsked(_) => true,
    };
    match (&case.target_access, &case.granted) {
        (Some(access), _) if known => Some(access.level_word()),
        (None, Some(granted)) if case.activity.target.kind == TargetKind::Policy => Some(granted.access.level_word()),
        _ => match case.activity.target.kind {
            TargetKind::RootUser => Some("administrator"),
            kind => kind.is_looked_up().then_some("unknown"),
        },
    }
}

/// What the target got or lost, and the access that this grants.
fn object(section: &mut Section, case: &Case<'_>) {
    let (activity, action) = (case.activity, case.activity.action);
    if let Some(name) = activity.object.name.as_ref().filter(|_| action.effect != AccessEffect::Unfamiliar) {
        let value = match (&activity.object.id, &activity.object.arn) {
            // The name was looked up; the event has the id.
            (Some(_), Some(arn)) => phrase!(name, " (", Phrase::arn(arn), ")"),
            (Some(id), None) => phrase!(name, " (", id, ")"),
            (None, Some(arn)) => Phrase::arn(arn),
            (None, None) => Phrase::arn(name),
        };
        section.labelled(Fact::Object, action.object.label(), value);
    }
    if let Some(credential) = ServiceCredential::of(activity) {
        if let Some(service) =
            credential.service.as_ref().filter(|service| Some(*service) != activity.object.name.as_ref())
        {
            section.row(Fact::Service, phrase!(service));
        }
        if let Some(expires) = credential.expiry.words() {
            section.row(Fact::Expires, expires);
        }
    }
    if let Some(granted) = &case.granted {
        let access = &granted.access;
        if action.effect == AccessEffect::SetsBoundary {
            section.labelled(Fact::Grants, "Allows at most", access.words());
        } else if action.effect != AccessEffect::DetachesPolicy {
            let words = match access.level {
                AccessLevel::None | AccessLevel::Limited if access.is_complete() => {
                    "limited access; no escalation path found".into()
                }
                _ => access.words(),
            };
            section.row(Fact::Grants, words);
        }
        section.rows(Fact::Statements, first_of_many(&granted.statements));
        // Otherwise the statements are shown with the target's access.
        if case.target_access.is_none() || !granted.shown {
            if action.effect != AccessEffect::DetachesPolicy {
                escalation(section, access);
            }
            // An administrator is one whatever was not compared exactly.
            let sure = activity.action.service != "iam" && access.level == AccessLevel::Administrator;
            section.rows(Fact::NotEvaluated, if sure { Vec::new() } else { first_of_many(&access.not_evaluated) });
        }
    }
    if let Some(trust) = &case.trust {
        let label = if activity.lacks_document() { "Trusted, says IAM" } else { Fact::Trust.label() };
        section.rows_labelled(Fact::Trust, label, first_of_many(&trust.words()));
    }
}

fn target(section: &mut Section, case: &Case<'_>) {
    let target = &case.activity.target;
    if matches!(target.kind, TargetKind::Account | TargetKind::IdentityCenter | TargetKind::Organization) {
        return;
    }
    let name = match (&target.name, target.kind) {
        (_, TargetKind::RootUser) => "the root user".into(),
        (Some(name), _) => phrase!(name),
        (None, _) => "not in the event".into(),
    };
    section.row(Fact::Name, name);
    section.row(Fact::Kind, target.kind.noun());
    if let Some(arn) = target.arn.as_ref().or_else(|| case.dossier.target.arn()) {
        section.row(Fact::Arn, Phrase::arn(arn));
    }
    if let Some(id) = &target.id {
        section.row(Fact::Id, phrase!(id));
    }
    if let Some(path) = target.path.as_ref().filter(|path| path.raw() != "/") {
        section.row(Fact::Path, Phrase::arn(path));
    }
}

/// The boundary and tags of the request: the only source if IAM has no answer.
fn as_requested(section: &mut Section, case: &Case<'_>) {
    let target = &case.activity.target;
    let sets_boundary = case.activity.action.effect == AccessEffect::SetsBoundary;
    if let Some(arn) = target.boundary.as_ref().filter(|_| !sets_boundary) {
        section.row(Fact::Boundary, phrase!(Phrase::arn(arn), ", as requested"));
    }
    tags(section, &target.tags);
}

fn known_user(section: &mut Section, case: &Case<'_>, user: &User, now: DateTime<Utc>) {
    let (succeeded, new) = (case.activity.outcome.succeeded(), is_new(case));
    let mut gaps = Vec::new();
    match &user.profile {
        Lookup::Missing => {
            as_requested(section, case);
            let words = match (new, succeeded) {
                (true, _) => "not visible yet: IAM can take seconds to show a new user; or the user was deleted",
                (false, true) => "no user of this name exists any more",
                (false, false) => "no user of this name exists",
            };
            return section.row(Fact::Lookup, words);
        }
        Lookup::Found(profile) => {
            let age = profile.created.and_then(|created| time::ago(created, now));
            if succeeded {
                replaced(section, case.activity.target.id.as_ref(), &profile.id);
            }
            if !succeeded {
                let age = age.map_or(Phrase::default(), |age| phrase!(", created ", age));
                section.row(
                    Fact::Lookup,
                    phrase!("a user of this name exists", age, ". The call did not change the user"),
                );
            } else if let Some(age) = age.filter(|_| !new || case.activity.found.is_some()) {
                section.row(Fact::Created, age);
            }
        }
        Lookup::Unavailable(_) => gaps.extend(user.profile.gap("the user's entry")),
    }
    target_access(section, case, NO_POLICIES_YET);
    match user.profile.found() {
        Some(profile) => {
            boundary(section, profile.boundary.as_ref(), case.target_access.as_ref());
            tags(section, &profile.tags);
        }
        None => as_requested(section, case),
    }
    groups(section, user);
    credentials(section, case, user, &mut gaps, now);
    gaps.extend(user.attached.unread());
    gaps.extend(case.unread_policy.clone());
    not_known(section, gaps);
}

fn credentials(section: &mut Section, case: &Case<'_>, user: &User, gaps: &mut Vec<Gap>, now: DateTime<Utc>) {
    // Without an event, it is not known when the user was created.
    let new = is_new(case) && case.activity.found.is_none();
    let since = |created: Option<DateTime<Utc>>| {
        let created = created?;
        if new {
            let age = time::between(case.activity.time?, created)?;
            return Some(phrase!(", created ", age, " after the user"));
        }
        Some(phrase!(", created ", time::ago(created, now)?))
    };
    match &user.password {
        Lookup::Found(created) => {
            section.row(Fact::Console, phrase!("has a password", since(Some(*created)).unwrap_or_default()));
        }
        Lookup::Missing => section.row(Fact::Console, "no password"),
        Lookup::Unavailable(_) => gaps.extend(user.password.gap("console password")),
    }
    match &user.access_keys {
        Lookup::Found(keys) if keys.items.is_empty() => section.row(Fact::AccessKeys, "none"),
        Lookup::Found(keys) => {
            let keys = keys.items.iter().map(|key| {
                let state = if key.active { "active" } else { "inactive" };
                phrase!(&key.id, ", ", state, since(key.created).unwrap_or_default())
            });
            section.rows(Fact::AccessKeys, keys.collect());
        }
        Lookup::Missing | Lookup::Unavailable(_) => gaps.extend(user.access_keys.gap("access keys")),
    }
    match &user.mfa_devices {
        Lookup::Found(devices) if devices.items.is_empty() => section.row(Fact::Mfa, "none"),
        Lookup::Found(devices) => section.rows(Fact::Mfa, devices.items.iter().map(Phrase::arn).collect()),
        Lookup::Missing | Lookup::Unavailable(_) => gaps.extend(user.mfa_devices.gap("MFA devices")),
    }
}

fn known_target_role(section: &mut Section, case: &Case<'_>, role: &Role, now: DateTime<Utc>) {
    let missing = if is_new(case) {
        "not visible yet: IAM can take seconds to show a new role; or the role was deleted"
    } else if case.activity.outcome.succeeded() {
        "no role of this name exists any more"
    } else {
        "no role of this name exists"
    };
    if role.profile != Lookup::Missing {
        target_access(section, case, NO_POLICIES_YET);
    }
    if let (Some(profile), None) = (role.profile.found(), &case.trust)
        && let Some(trust) = &profile.trust
    {
        let trust = Trust::of(trust, case.home());
        section.rows(Fact::Trust, first_of_many(&trust.words()));
    }
    let id = case.activity.target.id.as_ref().filter(|_| case.activity.outcome.succeeded());
    let gaps = case.unread_policy.iter().cloned().collect();
    known_role(section, role, id, missing, case.target_access.as_ref(), gaps, now);
    if role.profile.found().is_none() {
        as_requested(section, case);
    }
}

fn known_group(section: &mut Section, case: &Case<'_>, group: &Group) {
    let mut gaps = Vec::new();
    match &group.members {
        Lookup::Found(members) => section.row(Fact::Members, names(&members.users.items, members.users.more)),
        Lookup::Missing if is_new(case) => section.row(Fact::Lookup, "not visible yet"),
        Lookup::Missing => section.row(Fact::Lookup, "no group of this name exists"),
        Lookup::Unavailable(_) => gaps.extend(group.members.gap("members")),
    }
    if group.members != Lookup::Missing {
        target_access(section, case, "none yet: no policies");
    }
    gaps.extend(group.attached.unread());
    gaps.extend(case.unread_policy.clone());
    not_known(section, gaps);
}

/// An attacker may set a version as default, use it, and restore the old default before the lookup.
fn other_than_of_event(case: &Case<'_>, default: &Untrusted) -> &'static str {
    let set = case.activity.outcome.succeeded() && case.activity.action.effect == AccessEffect::RewritesPolicy;
    let other = case.activity.object.name.as_ref().is_some_and(|version| version != default);
    if set && other {
        ", not the version that this call set: the default was changed again, or IAM does not show the change yet"
    } else {
        ""
    }
}

fn known_policy(section: &mut Section, case: &Case<'_>, policy: &ManagedPolicy, now: DateTime<Utc>) {
    let mut gaps = Vec::new();
    match &policy.profile {
        Lookup::Found(profile) => {
            if let Some(age) = profile.created.and_then(|created| time::ago(created, now)) {
                section.row(Fact::Created, age);
            }
            if let Some(version) = &profile.default_version {
                section.row(Fact::DefaultVersion, phrase!(version, other_than_of_event(case, version)));
            }
        }
        Lookup::Missing => return section.row(Fact::Lookup, "the policy does not exist, or is not visible yet"),
        Lookup::Unavailable(_) => gaps.extend(policy.profile.gap("the policy's entry")),
    }
    match &policy.holders {
        Lookup::Found(holders) if holders.items.is_empty() => section.row(Fact::AttachedTo, "nothing yet"),
        Lookup::Found(holders) => {
            let mut all: Vec<_> = holders.items.iter().map(|(kind, name)| phrase!(kind.noun(), " ", name)).collect();
            if holders.more {
                all.push("and more".into());
            }
            section.rows(Fact::AttachedTo, first_of_many(&all));
        }
        Lookup::Missing | Lookup::Unavailable(_) => gaps.extend(policy.holders.gap("what it is attached to")),
    }
    if case.activity.policy_document.is_none() {
        gaps.extend(policy.document.gap("its document"));
    }
    not_known(section, gaps);
}
