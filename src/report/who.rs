//! Who did it: the section on the caller.

use super::compose::{looked_up, note, tags, unknown_row};
use super::{Section, when};
use crate::assessment::Case;
use crate::cloudtrail::Change;
use crate::cloudtrail::identity::{Operator, Principal, RoleSession};
use crate::directory::{Caller, Gap, KeyUse, Lookup, Power, Role, User};
use crate::phrase;
use crate::text::{Phrase, Untrusted, counted};
use chrono::{DateTime, Utc};

pub(super) fn section(case: &Case<'_>, now: DateTime<Utc>) -> Section {
    let principal = &case.activity.principal;
    let mut section = Section::new("who", "WHO DID IT");
    let signs_in = case.activity.action.change == Change::SignsIn;
    // Whoever fails to sign in has not shown to be anybody.
    let name = if signs_in && !case.activity.outcome.succeeded() {
        "somebody, as the root user".into()
    } else {
        principal.short_name()
    };
    section.row("name", "Name", name);
    section.row("kind", "Kind", principal.kind());
    if let Principal::AssumedRole(session) = principal {
        role_session(&mut section, session);
    }
    particulars(&mut section, principal);
    if let Some(arn) = principal.arn() {
        section.row("arn", "ARN", Phrase::arn(arn));
    }
    if let Some(account) = principal.account().filter(|account| Some(*account) != case.activity.account.as_ref()) {
        section.row("account", "Account", phrase!(account, ", another one"));
    }
    // A sign-in has a section of its own.
    if !signs_in {
        credential(&mut section, case, now);
        mfa(&mut section, case);
    }
    if let Some(power) = &case.caller_power
        && !matches!(&case.dossier.caller, Caller::User(user) if user.profile == Lookup::Missing)
        && !matches!(&case.dossier.caller, Caller::Role(role) if role.profile == Lookup::Missing)
    {
        self::power(&mut section, power);
    }
    match &case.dossier.caller {
        Caller::User(user) => known_user(&mut section, case, user),
        Caller::Role(role) => {
            let id = match principal {
                Principal::AssumedRole(session) => session.role_id.as_ref(),
                _ => None,
            };
            known_role(&mut section, role, id, "no role of this name exists any more", now);
        }
        Caller::NotAsked(_) if signs_in => {}
        Caller::NotAsked(why) => section.row("lookup", "In IAM", phrase!("not looked up: ", *why)),
    }
    origin(&mut section, case);
    match &case.dossier.caller {
        Caller::User(user) => looked_up(&mut section, &user.provenance),
        Caller::Role(role) => looked_up(&mut section, &role.provenance),
        Caller::NotAsked(_) => {}
    }
    section
}

fn role_session(section: &mut Section, session: &RoleSession) {
    if let Some(arn) = &session.role_arn {
        section.row("role", "Role", Phrase::arn(arn));
    }
    if let Some(name) = &session.session_name {
        let chosen = match session.operator {
            Operator::IdentityCenter { .. } | Operator::Ec2Instance(_) | Operator::LambdaFunction(_) => "",
            _ => " (chosen by whoever assumed the role)",
        };
        section.row("session", "Session", phrase!(name, chosen));
    }
    if let Some(identity) = &session.source_identity {
        section.row(
            "sourceIdentity",
            "Source identity",
            phrase!(identity, " (chosen when the first session was opened)"),
        );
    }
    match &session.operator {
        Operator::IdentityCenter { permission_set, user_id } => {
            if let Some(set) = permission_set {
                section.row("permissionSet", "Permission set", phrase!(set));
            }
            if let Some(id) = user_id {
                section.row("identityCenterUserId", "User id", phrase!(id));
            }
        }
        Operator::WebIdentity { provider, claims } => {
            section.row("provider", "Provider", Phrase::arn(provider));
            let claims = claims.iter().map(|(name, value)| phrase!(Phrase::free(name), " = ", Phrase::free(value)));
            section.rows("claims", "Token says", claims.collect());
        }
        Operator::Ec2Instance(Some(instance)) => section.row("instance", "EC2 instance", phrase!(instance)),
        Operator::LambdaFunction(Some(function)) => section.row("function", "Function", Phrase::arn(function)),
        Operator::Workload(kind, target) => {
            let parts = [kind, target].into_iter().flatten().map(Phrase::arn);
            section.row("workload", "Workload", Phrase::joined(parts, " "));
        }
        Operator::Ec2Instance(None) | Operator::LambdaFunction(None) | Operator::Unstated => {}
    }
}

/// What only some kinds of principals have.
fn particulars(section: &mut Section, principal: &Principal) {
    let mut row = |key, label, value: Option<&Untrusted>| {
        if let Some(value) = value {
            section.row(key, label, Phrase::arn(value));
        }
    };
    match principal {
        Principal::FederatedUser(user) => {
            row("issuer", "Issued by", user.issuer_arn.as_ref().or(user.issuer.as_ref()));
        }
        Principal::SamlUser(user) | Principal::WebIdentityUser(user) => {
            row("provider", "Provider", user.provider.as_ref());
            row("principalId", "Principal id", user.principal_id.as_ref());
        }
        Principal::IdentityCenterUser(user) => {
            row("identityStore", "Identity store", user.identity_store.as_ref());
            row("credentialId", "Credential", user.credential_id.as_ref());
        }
        Principal::AwsAccount(other) => row("principalId", "Principal id", other.principal_id.as_ref()),
        Principal::Unrecognized(other) => row("principalId", "Principal id", other.principal_id.as_ref()),
        Principal::Root(_) | Principal::IamUser(_) | Principal::AssumedRole(_) | Principal::AwsService(_) => {}
    }
}

fn credential(section: &mut Section, case: &Case<'_>, now: DateTime<Utc>) {
    let Some(session) = case.activity.principal.session() else {
        return;
    };
    let console = if case.activity.origin.console { ", of a console session" } else { "" };
    let mut words = match &session.access_key_id {
        Some(key) if session.has_long_lived_key() => phrase!("access key ", key),
        Some(key) => phrase!("temporary credentials ", key, console),
        None if case.activity.origin.console => "those of a console session".into(),
        None => "not in the event".into(),
    };
    if let (Caller::User(user), Some(key)) = (&case.dossier.caller, &session.access_key_id) {
        let known = user.access_keys.found().and_then(|keys| keys.items.iter().find(|known| known.id == *key));
        if let Some(age) = known.and_then(|known| when::between(known.created?, now)) {
            words.push(phrase!(", created ", age, " ago"));
        }
        if known.is_some_and(|known| !known.active) {
            words.push(", deactivated since");
        }
        if known.is_none() && session.has_long_lived_key() && user.access_keys.found().is_some() {
            words.push(", not among the user's keys any more");
        }
        match &user.key_last_used {
            Lookup::Found(KeyUse { at: Some(at), service, region }) => {
                let place: Vec<_> = [service, region].into_iter().flatten().map(Phrase::from).collect();
                words.push(phrase!(", last used ", when::day(*at)));
                if !place.is_empty() {
                    words.push(phrase!(" (", Phrase::joined(place, ", "), ")"));
                }
            }
            Lookup::Found(KeyUse { at: None, .. }) => words.push(", no use noted before"),
            Lookup::Missing | Lookup::Unavailable(_) => {}
        }
    }
    section.row("credential", "Credential", words);
    if let Some(created) = session.created {
        section.row("sessionCreated", "Session since", when::at(created));
    }
}

fn mfa(section: &mut Section, case: &Case<'_>) {
    let principal = &case.activity.principal;
    let Some(session) = principal.session() else {
        return;
    };
    let by_identity_center = matches!(principal, Principal::AssumedRole(role)
        if matches!(role.operator, Operator::IdentityCenter { .. }));
    let mut words: Phrase = match session.mfa {
        _ if by_identity_center => "the event cannot tell: IAM Identity Center asks for it itself".into(),
        Some(true) => "used in this session".into(),
        // An identity provider may have asked for it: STS knows only of its own.
        Some(false) if matches!(principal, Principal::AssumedRole(_)) => {
            "not used in this session, as far as AWS knows".into()
        }
        Some(false) => "not used in this session".into(),
        None if session.has_long_lived_key() => "not used: the access key signed alone".into(),
        None => "the event does not say".into(),
    };
    if let Caller::User(user) = &case.dossier.caller
        && let Some(devices) = user.mfa_devices.found()
    {
        words.push(Phrase::ours(format!("; {} registered", counted(devices.items.len(), "device"))));
    }
    section.row("mfa", "MFA", words);
}

/// What policies amount to, which they are, and what is open about it.
pub(super) fn power(section: &mut Section, power: &Power) {
    section.row("power", "Power", power.words());
    // The grounds name a policy already: once is enough.
    if power.policies != power.grounds {
        section.rows("policies", "Policies", first_of_many(&power.policies));
    }
    section.rows("doubts", "Not certain", first_of_many(&power.doubts));
}

/// So many are shown one by one; of more, the rest is counted. Whoever holds two thousand statements must
/// not push the commands out of the mail.
pub(super) fn first_of_many(all: &[Phrase]) -> Vec<Phrase> {
    const SHOWN: usize = 12;
    let mut shown: Vec<_> = all.iter().take(SHOWN).cloned().collect();
    if all.len() > SHOWN {
        shown.push(Phrase::ours(format!("and {} more", all.len() - SHOWN)));
    }
    shown
}

fn known_user(section: &mut Section, case: &Case<'_>, user: &User) {
    let mut gaps = Vec::new();
    match &user.profile {
        Lookup::Found(profile) => {
            if let Principal::IamUser(caller) = &case.activity.principal {
                replaced(section, caller.id.as_ref(), &profile.id);
            }
            boundary(section, profile.boundary.as_ref());
            groups(section, user);
            if !profile.tags.is_empty() {
                section.row("tags", "Tags", tags(&profile.tags));
            }
        }
        Lookup::Missing => section.row("lookup", "In IAM", "no user of this name exists any more"),
        Lookup::Unavailable(_) => {
            note(&mut gaps, "the user's entry", &user.profile);
            groups(section, user);
        }
    }
    note(&mut gaps, "MFA devices", &user.mfa_devices);
    note(&mut gaps, "access keys", &user.access_keys);
    if user.key_last_used.unavailable().is_some_and(super::super::directory::Unavailable::is_failure) {
        note(&mut gaps, "last use of the key", &user.key_last_used);
    }
    gaps.extend(user.holdings.unread());
    unknown_row(section, gaps);
}

/// Says so where the user or role of this name is no longer that of the event.
pub(super) fn replaced(section: &mut Section, event: Option<&Untrusted>, found: &Untrusted) {
    if let Some(event) = event.filter(|event| *event != found) {
        section.row(
            "replaced",
            "Replaced",
            phrase!(
                "it was deleted and made again: the one that has this name now has the id ",
                found,
                ", the one of the event had ",
                event
            ),
        );
    }
}

pub(super) fn boundary(section: &mut Section, boundary: Option<&Untrusted>) {
    if let Some(arn) = boundary {
        section.row("boundary", "Boundary", phrase!(Phrase::arn(arn), " limits it; the power above is without that"));
    }
}

pub(super) fn groups(section: &mut Section, user: &User) {
    if let Lookup::Found(groups) = &user.groups {
        let all: Vec<_> = groups.items.iter().map(Phrase::from).collect();
        let mut names = Phrase::joined(first_of_many(&all), ", ");
        if groups.items.is_empty() {
            names = "none".into();
        } else if groups.more {
            names.push(", and more");
        }
        section.row("groups", "Groups", names);
    }
}

/// What IAM knows of a role; `id` is the one that the event gives it, `missing` what it means if there is none.
pub(super) fn known_role(
    section: &mut Section,
    role: &Role,
    id: Option<&Untrusted>,
    missing: &'static str,
    now: DateTime<Utc>,
) {
    let mut gaps: Vec<Gap> = Vec::new();
    match &role.profile {
        Lookup::Found(profile) => {
            replaced(section, id, &profile.id);
            boundary(section, profile.boundary.as_ref());
            if let Some(description) = &profile.description {
                section.row("description", "Description", Phrase::free(description));
            }
            if let Some(age) = profile.created.and_then(|created| when::between(created, now)) {
                section.row("created", "Role made", phrase!(age, " ago"));
            }
            if let Some((at, region)) = &profile.last_used {
                let place = region.as_ref().map_or(Phrase::default(), |region| phrase!(" (", region, ")"));
                section.row("lastUsed", "Last used", phrase!(when::day(*at), place));
            }
            if !profile.tags.is_empty() {
                section.row("tags", "Tags", tags(&profile.tags));
            }
        }
        Lookup::Missing => section.row("lookup", "In IAM", missing),
        Lookup::Unavailable(_) => note(&mut gaps, "the role's entry", &role.profile),
    }
    gaps.extend(role.holdings.unread());
    unknown_row(section, gaps);
}

fn origin(section: &mut Section, case: &Case<'_>) {
    let origin = &case.activity.origin;
    section.row("from", "From", origin.address.as_ref().map_or("not in the event".into(), Phrase::free));
    if let Some(agent) = &origin.user_agent {
        section.row("program", "Program", Phrase::free(agent));
    }
    if let (Some(service), false) = (&origin.invoked_by, matches!(case.activity.principal, Principal::AwsService(_))) {
        section.row("invokedBy", "Through", phrase!(service, ", which made the call for the caller"));
    }
    if let Some(endpoint) = &origin.vpc_endpoint {
        section.row("vpcEndpoint", "VPC endpoint", phrase!(endpoint));
    }
}
