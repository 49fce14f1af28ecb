//! The section about the caller.

use super::facts::{Fact, SectionKind};
use super::model::Section;
use super::rows::{access, boundary, groups, known_role, not_known, replaced, tags};
use super::{found, time, user_agent};
use crate::catalog::AccessEffect;
use crate::detection::Case;
use crate::event::principal::{KeyKind, Operator, RoleSession};
use crate::event::{CallersAccount, Principal};
use crate::lookup::{Gap, KeyUse, KnownCaller, Lookup, Membership, User};
use crate::phrase;
use crate::text::{Phrase, Untrusted, counted};
use chrono::{DateTime, Utc};

pub(super) fn section(case: &Case<'_>, now: DateTime<Utc>) -> Section {
    if let Some(found) = case.activity.found {
        return found::who(found);
    }
    let principal = &case.activity.principal;
    let mut section = Section::new(SectionKind::Who, "WHO DID IT");
    let effect = case.activity.action.effect;
    let signs_in = effect.concerns_sign_in();
    // Before a sign-in, the identity is not verified.
    let name = if signs_in && (effect == AccessEffect::ChangesRootSignIn || !case.activity.outcome.succeeded()) {
        phrase!("somebody, as ", principal.short_name())
    } else {
        principal.short_name()
    };
    section.row(Fact::Name, name);
    section.row(Fact::Kind, principal.kind());
    if let Principal::Delegate(delegate) = principal {
        section.row(Fact::AccessOf, phrase!(delegate.approved_by.short_name(), ", who approved the delegation"));
    }
    if let Principal::AssumedRole(session) = principal.acting_as() {
        role_session(&mut section, session);
    }
    particulars(&mut section, principal.acting_as());
    if let Some(arn) = principal.arn() {
        section.row(Fact::Arn, Phrase::arn(arn));
    }
    match case.activity.callers_account() {
        CallersAccount::Other(account) => {
            let whose = match case.dossier.callers_account.as_ref().map(|account| account.membership) {
                Some(Membership::Member) => ", an account of your organization",
                Some(Membership::Stranger) => ", no account of your organization",
                Some(Membership::NotKnown) | None => ", another account",
            };
            section.row(Fact::Account, phrase!(case.callers_account(account), whose));
        }
        CallersAccount::NotReadable(account) => section.row(Fact::Account, phrase!(account, ", not readable")),
        CallersAccount::OfUnreadableEvent => {
            if let Some(account) = principal.account() {
                section.row(Fact::Account, phrase!(account));
            }
        }
        CallersAccount::Same | CallersAccount::NotStated => {}
    }
    origin(&mut section, case);
    // A sign-in has its own section.
    if !signs_in {
        credential(&mut section, case, now);
        mfa(&mut section, case);
    }
    // Who signs in has a section of their own.
    let signs_in_as_user = signs_in && matches!(principal, Principal::IamUser(_));
    if signs_in_as_user {
        return section;
    }
    if let Some(caller_access) = &case.caller_access
        && !is_gone(&case.dossier.caller)
    {
        access(&mut section, caller_access);
    }
    match &case.dossier.caller {
        KnownCaller::User(user) => known_user(&mut section, case, user),
        KnownCaller::Role(role) => {
            let id = match principal.acting_as() {
                Principal::AssumedRole(session) => session.role_id.as_ref(),
                _ => None,
            };
            known_role(
                &mut section,
                role,
                id,
                "no role of this name exists any more",
                case.caller_access.as_ref(),
                Vec::new(),
                now,
            );
        }
        KnownCaller::NotAsked(_) if signs_in => {}
        KnownCaller::NotAsked(why) => section.row(Fact::Lookup, phrase!("not looked up: ", *why)),
    }
    section
}

fn is_gone(caller: &KnownCaller) -> bool {
    match caller {
        KnownCaller::User(user) => user.profile == Lookup::Missing,
        KnownCaller::Role(role) => role.profile == Lookup::Missing,
        KnownCaller::NotAsked(_) => false,
    }
}

/// The caller's access level, in one word for machines.
pub(super) fn access_level(case: &Case<'_>) -> &'static str {
    match (&case.activity.principal, &case.caller_access) {
        (Principal::Root(root), _) if !root.assumed => "administrator",
        (_, Some(access)) if !is_gone(&case.dossier.caller) => access.level_word(),
        _ => "unknown",
    }
}

fn role_session(section: &mut Section, session: &RoleSession) {
    if let Some(arn) = &session.role_arn {
        section.row(Fact::Role, Phrase::arn(arn));
    }
    if let Some(name) = &session.session_name {
        let chosen = match session.operator {
            Operator::Service(_)
            | Operator::IdentityCenter { .. }
            | Operator::Ec2Instance(_)
            | Operator::LambdaFunction(_) => "",
            Operator::WebIdentity { .. } | Operator::Workload(..) | Operator::Unstated => {
                " (chosen by the principal that assumed the role)"
            }
        };
        section.row(Fact::Session, phrase!(name, chosen));
    }
    if let Some(name) = &session.other_session_name {
        section.row(Fact::PrincipalId, phrase!("names another session: ", name));
    }
    if let Some(identity) = &session.source_identity {
        section.row(Fact::SourceIdentity, phrase!(identity, " (chosen when the first session was opened)"));
    }
    match &session.operator {
        Operator::IdentityCenter { permission_set, user_id } => {
            if let Some(set) = permission_set {
                section.row(Fact::PermissionSet, phrase!(set));
            }
            if let Some(id) = user_id {
                section.row(Fact::IdentityCenterUserId, phrase!(id));
            }
        }
        Operator::WebIdentity { provider, claims } => {
            section.row(Fact::Provider, Phrase::arn(provider));
            let claims = claims.iter().map(|(name, value)| phrase!(Phrase::free(name), " = ", Phrase::free(value)));
            section.rows(Fact::Claims, claims.collect());
        }
        Operator::Ec2Instance(Some(instance)) => section.row(Fact::Instance, Phrase::arn(instance)),
        Operator::LambdaFunction(Some(function)) => section.row(Fact::Function, Phrase::arn(function)),
        Operator::Workload(kind, target) => {
            let parts = [kind, target].into_iter().flatten().map(Phrase::arn);
            section.row(Fact::Workload, Phrase::joined(parts, " "));
        }
        Operator::Service(service) => section.row(Fact::Service, phrase!(service)),
        Operator::Ec2Instance(None) | Operator::LambdaFunction(None) | Operator::Unstated => {}
    }
}

/// Facts that only some types of principals have.
fn particulars(section: &mut Section, principal: &Principal) {
    if let Principal::IamUser(user) = principal
        && let Some(name) = &user.other_name
    {
        section.row(Fact::UserName, phrase!(name, ", not the name in the ARN"));
    }
    let mut row = |fact, value: Option<&Untrusted>| {
        if let Some(value) = value {
            section.row(fact, Phrase::arn(value));
        }
    };
    match principal {
        Principal::FederatedUser(user) => row(Fact::Issuer, user.issuer_arn.as_ref().or(user.issuer.as_ref())),
        Principal::SamlUser(user) | Principal::WebIdentityUser(user) => {
            row(Fact::Provider, user.provider.as_ref());
            row(Fact::PrincipalId, user.principal_id.as_ref());
        }
        Principal::IdentityCenterUser(user) => {
            row(Fact::IdentityStore, user.identity_store.as_ref());
            row(Fact::CredentialId, user.credential_id.as_ref());
        }
        Principal::AwsAccount(other) => row(Fact::PrincipalId, other.principal_id.as_ref()),
        Principal::Unrecognized(other) => row(Fact::PrincipalId, other.principal_id.as_ref()),
        Principal::Root(_)
        | Principal::IamUser(_)
        | Principal::AssumedRole(_)
        | Principal::AwsService(_)
        | Principal::Delegate(_) => {}
    }
}

fn origin(section: &mut Section, case: &Case<'_>) {
    let origin = &case.activity.origin;
    section.row(Fact::SourceIp, origin.address.as_ref().map_or("not in the event".into(), Phrase::free));
    if let Some(agent) = &origin.user_agent {
        section.row(Fact::UserAgent, user_agent::readable(agent).unwrap_or_else(|| Phrase::free(agent)));
    }
    if let (Some(service), false) = (&origin.invoked_by, case.activity.principal.service().is_some()) {
        section.row(Fact::CalledVia, phrase!(service, ", which made the call for the caller"));
    }
    if let Some(endpoint) = &origin.vpc_endpoint {
        section.row(Fact::VpcEndpoint, phrase!(endpoint));
    }
}

fn credential(section: &mut Section, case: &Case<'_>, now: DateTime<Utc>) {
    let Some(session) = case.activity.principal.session() else {
        return;
    };
    let console = case.activity.origin.console;
    let mut words = match &session.access_key_id {
        Some(key) => match session.key_kind {
            KeyKind::LongTerm => phrase!("access key ", key),
            KeyKind::Temporary if console => phrase!("temporary credentials ", key, " of a console session"),
            KeyKind::Temporary => phrase!("temporary credentials ", key),
            KeyKind::Unknown if console => phrase!(key, ", in a console session"),
            KeyKind::Unknown => phrase!(key, "; the event does not show whether it is long-term or temporary"),
        },
        None if console => "credentials of a console session".into(),
        None => "not in the event".into(),
    };
    if let (KnownCaller::User(user), Some(key)) = (&case.dossier.caller, &session.access_key_id) {
        let known = user.access_keys.found().and_then(|keys| keys.items.iter().find(|known| known.id == *key));
        if let Some(age) = known.and_then(|known| time::ago(known.created?, now)) {
            words.push(phrase!(", created ", age));
        }
        if known.is_some_and(|known| !known.active) {
            words.push(", inactive now");
        }
        if known.is_none() && session.has_long_lived_key() && user.access_keys.found().is_some() {
            words.push(", no longer among the user's keys");
        }
        match &user.key_last_used {
            Lookup::Found(KeyUse { at: Some(at), service, region }) => {
                let place: Vec<_> = [service, region].into_iter().flatten().map(Phrase::from).collect();
                words.push(phrase!(", last used ", time::day(*at)));
                if !place.is_empty() {
                    words.push(phrase!(" (", Phrase::joined(place, ", "), ")"));
                }
            }
            Lookup::Found(KeyUse { at: None, .. }) => words.push(", no earlier use recorded"),
            Lookup::Missing | Lookup::Unavailable(_) => {}
        }
    }
    section.row(Fact::Credential, words);
    if let Some(created) = session.created {
        section.row(Fact::SessionCreated, time::at(created));
    }
}

fn mfa(section: &mut Section, case: &Case<'_>) {
    let principal = case.activity.principal.acting_as();
    // MFA is for people.
    let Some(session) = principal.session().filter(|_| principal.service().is_none()) else {
        return;
    };
    let by_identity_center = matches!(principal, Principal::AssumedRole(role)
        if matches!(role.operator, Operator::IdentityCenter { .. }));
    let mut words: Phrase = match session.mfa {
        _ if by_identity_center => "not in the event: IAM Identity Center handles MFA itself".into(),
        Some(true) => "used in this session".into(),
        // An identity provider may have required MFA: STS knows only about its own MFA.
        Some(false) if matches!(principal, Principal::AssumedRole(_)) => {
            "not used in this session, as far as AWS knows".into()
        }
        Some(false) => "not used in this session".into(),
        None if session.has_long_lived_key() => "not used: the access key alone signed the call".into(),
        None => "the event does not say".into(),
    };
    if let KnownCaller::User(user) = &case.dossier.caller
        && let Some(devices) = user.mfa_devices.found()
    {
        words.push(Phrase::ours(format!("; {} registered", counted(devices.items.len(), "device"))));
    }
    section.row(Fact::Mfa, words);
}

fn known_user(section: &mut Section, case: &Case<'_>, user: &User) {
    let mut gaps = Vec::new();
    match &user.profile {
        Lookup::Found(profile) => {
            if let Principal::IamUser(caller) = case.activity.principal.acting_as() {
                replaced(section, caller.id.as_ref(), &profile.id);
            }
            boundary(section, profile.boundary.as_ref(), case.caller_access.as_ref());
            groups(section, user);
            tags(section, &profile.tags);
        }
        Lookup::Missing => section.row(Fact::Lookup, "no user of this name exists any more"),
        Lookup::Unavailable(_) => {
            gaps.extend(user.profile.gap("the user's entry"));
            groups(section, user);
        }
    }
    gaps.extend(user.mfa_devices.gap("MFA devices"));
    gaps.extend(user.access_keys.gap("access keys"));
    gaps.extend(user.key_last_used.gap("last use of the key").filter(Gap::is_failure));
    gaps.extend(user.attached.unread());
    not_known(section, gaps);
}
