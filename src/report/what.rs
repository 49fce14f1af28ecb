//! What was changed, or was to be: the section on the target and on what it was given.

use super::compose::{looked_up, note, tags, unknown_row};
use super::who::{boundary, first_of_many, groups, known_role, power, replaced};
use super::{Section, when};
use crate::assessment::Case;
use crate::cloudtrail::catalogue::Noun;
use crate::cloudtrail::{Change, Outcome, Thing};
use crate::directory::power::Level;
use crate::directory::{Group, Lookup, ManagedPolicy, Role, Subject, User};
use crate::phrase;
use crate::text::{Kind, Phrase, Untrusted};
use chrono::{DateTime, Utc};

pub(super) fn section(case: &Case<'_>, now: DateTime<Utc>) -> Section {
    let (activity, action) = (case.activity, case.activity.action);
    let title = match action.change {
        _ if !activity.outcome.succeeded() => "WHAT WAS ATTEMPTED".into(),
        Change::SignsIn => "THE SIGN-IN".into(),
        _ if action.what == Noun::Target && action.tail.is_none() => {
            Phrase::ours(format!("WHAT WAS {}", action.done.to_uppercase()))
        }
        _ => "WHAT WAS CHANGED".into(),
    };
    let mut section = Section::new("what", title);
    object(&mut section, case);
    target(&mut section, case);
    if let Some(used) = activity.mfa_used {
        section.row("mfaUsed", "MFA", if used { "used" } else { "not used" });
    }
    if activity.omitted {
        section.row("omitted", "Parameters", "left out by CloudTrail as too large");
    }
    let parameters = activity.parameters.iter().map(|(path, value)| phrase!(path, " = ", Phrase::free(value)));
    section.rows("parameters", "Asked for", first_of_many(&parameters.collect::<Vec<_>>()));
    if let Outcome::Failed { code, message, .. } = &activity.outcome {
        if code.is_some() || message.is_none() {
            section.row("error", "Error", code.as_ref().map_or("without a code".into(), Phrase::from));
        }
        if let Some(message) = message {
            section.row("errorMessage", "Message", Phrase::theirs(message, Kind::Message));
        }
    }
    match &case.dossier.target {
        Subject::User(user) => known_user(&mut section, case, user, now),
        Subject::Role(role) => known_target_role(&mut section, case, role, now),
        Subject::Group(group) => known_group(&mut section, case, group),
        Subject::Policy(policy) => known_policy(&mut section, case, policy, now),
        Subject::NotAsked(why) => {
            as_asked_for(&mut section, case);
            // Of what IAM keeps no entry of, or what nobody would look for, there is nothing to miss.
            if matches!(activity.target.thing, Thing::User | Thing::Role | Thing::Group | Thing::Policy) {
                section.row("lookup", "In IAM", phrase!("not looked up: ", *why));
            }
        }
    }
    section
}

/// What was given or taken, and what it amounts to.
fn object(section: &mut Section, case: &Case<'_>) {
    let (activity, action) = (case.activity, case.activity.action);
    let words = match (action.what, action.tail) {
        (Noun::Object(words) | Noun::An(words) | Noun::The(words), _) | (_, Some((_, Noun::Object(words)))) => words,
        _ => "",
    };
    if let Some(name) = activity.object.name.as_ref().filter(|_| action.change != Change::Unfamiliar) {
        let value = activity.object.arn.as_ref().map_or_else(|| Phrase::arn(name), Phrase::arn);
        section.row("object", label(words), value);
    }
    if let Some(granted) = &case.granted {
        let power = &granted.power;
        let open = !(power.doubts.is_empty() && power.unread.is_empty());
        let words = match power.level {
            Level::Limited if power.named_only => "a policy of AWS that is named here, and not read".into(),
            Level::Limited if open => "nothing that leads to all power, as far as could be told".into(),
            Level::Limited => "nothing that leads to all power".into(),
            _ => power.words(),
        };
        if action.change != Change::Frees {
            section.row("amountsTo", "Amounts to", words);
        }
        section.rows("says", "It says", first_of_many(&granted.says));
        // Otherwise they stand with the power of the target.
        if case.target_power.is_none() || !granted.shown {
            section.rows("doubts", "Not certain", first_of_many(&power.doubts));
        }
    }
    if let Some(trust) = &case.trust {
        section.rows("trust", "May assume it", first_of_many(&trust.words()));
    }
}

/// What the object of a call is called in a row.
fn label(words: &str) -> &'static str {
    match words {
        "policy" | "inline policy" => "Policy",
        "access key" => "Access key",
        "SSH public key" => "SSH key",
        "signing certificate" => "Certificate",
        "service-specific credential" => "Credential",
        "MFA device" => "Device",
        "group" => "Group",
        "instance profile" => "Profile",
        "service" => "Service",
        "client ID" => "Client id",
        "account alias" => "Alias",
        "permissions boundary" => "Boundary",
        "new version" | "old version" | "default version" => "Version",
        "attribute" => "Attribute",
        "subscription" => "Subscription",
        "invoke permission" => "Statement",
        _ => "New name",
    }
}

fn target(section: &mut Section, case: &Case<'_>) {
    let target = &case.activity.target;
    if target.thing == Thing::Account {
        return;
    }
    let name = match (&target.name, target.thing) {
        (_, Thing::RootUser) => "the root user".into(),
        (Some(name), _) => phrase!(name),
        (None, _) => "not in the event".into(),
    };
    section.row("name", "Name", name);
    section.row("kind", "Kind", target.thing.words());
    if let Some(arn) = target.arn.as_ref().or_else(|| case.dossier.target.arn()) {
        section.row("arn", "ARN", Phrase::arn(arn));
    }
    if let Some(id) = &target.id {
        section.row("id", "Id", phrase!(id));
    }
    if let Some(path) = target.path.as_ref().filter(|path| path.raw() != "/") {
        section.row("path", "Path", Phrase::arn(path));
    }
}

/// The boundary and tags that the call itself carried: all there is where IAM does not tell.
fn as_asked_for(section: &mut Section, case: &Case<'_>) {
    let target = &case.activity.target;
    if let Some(arn) = target.boundary.as_ref().filter(|_| case.activity.action.change != Change::Bounds) {
        section.row("boundary", "Boundary", phrase!(Phrase::arn(arn), ", as the call asked for"));
    }
    if !target.tags.is_empty() {
        section.row("tags", "Tags", tags(&target.tags));
    }
}

/// Whether the call made the target, so that it is as old as the event.
fn is_new(case: &Case<'_>) -> bool {
    case.activity.outcome.succeeded() && case.activity.action.change == Change::Creates
}

fn known_user(section: &mut Section, case: &Case<'_>, user: &User, now: DateTime<Utc>) {
    let (succeeded, new) = (case.activity.outcome.succeeded(), is_new(case));
    let mut gaps = Vec::new();
    match &user.profile {
        Lookup::Missing => {
            as_asked_for(section, case);
            let words = match (new, succeeded) {
                (true, _) => "not visible yet. IAM can take some seconds to show a new user; or it was deleted since",
                (false, true) => "no user of this name exists any more",
                (false, false) => "no user of this name exists",
            };
            section.row("lookup", "In IAM", words);
            return looked_up(section, &user.provenance);
        }
        Lookup::Found(profile) => {
            let age = profile.created.and_then(|created| when::between(created, now));
            if succeeded {
                replaced(section, case.activity.target.id.as_ref(), &profile.id);
            }
            if !succeeded {
                let age = age.map_or(Phrase::default(), |age| phrase!(", made ", age, " ago"));
                section.row(
                    "lookup",
                    "In IAM",
                    phrase!("a user of this name exists", age, ". The call did not change it"),
                );
            } else if let Some(age) = age.filter(|_| !new) {
                section.row("made", "Made", phrase!(age, " ago"));
            }
        }
        Lookup::Unavailable(_) => note(&mut gaps, "the user's entry", &user.profile),
    }
    target_power(section, case, "none yet: no policies. They are often attached by a later call");
    match user.profile.found() {
        Some(profile) => {
            boundary(section, profile.boundary.as_ref());
            if !profile.tags.is_empty() {
                section.row("tags", "Tags", tags(&profile.tags));
            }
        }
        None => as_asked_for(section, case),
    }
    groups(section, user);
    let since = |made: Option<DateTime<Utc>>| {
        let made = made?;
        if new {
            return when::between(case.activity.time?, made).map(|age| phrase!(", made ", age, " after the user"));
        }
        when::between(made, now).map(|age| phrase!(", made ", age, " ago"))
    };
    match &user.password {
        Lookup::Found(made) => {
            section.row("console", "Console", phrase!("has a password", since(Some(*made)).unwrap_or_default()));
        }
        Lookup::Missing => section.row("console", "Console", "no password"),
        Lookup::Unavailable(_) => note(&mut gaps, "console password", &user.password),
    }
    match &user.access_keys {
        Lookup::Found(keys) if keys.items.is_empty() => section.row("accessKeys", "Access keys", "none"),
        Lookup::Found(keys) => {
            let keys = keys.items.iter().map(|key| {
                let state = if key.active { "active" } else { "inactive" };
                phrase!(&key.id, ", ", state, since(key.created).unwrap_or_default())
            });
            section.rows("accessKeys", "Access keys", keys.collect());
        }
        Lookup::Missing | Lookup::Unavailable(_) => note(&mut gaps, "access keys", &user.access_keys),
    }
    match &user.mfa_devices {
        Lookup::Found(devices) if devices.items.is_empty() => section.row("mfa", "MFA", "none"),
        Lookup::Found(devices) => {
            section.rows("mfa", "MFA", devices.items.iter().map(Phrase::arn).collect());
        }
        Lookup::Missing | Lookup::Unavailable(_) => note(&mut gaps, "MFA devices", &user.mfa_devices),
    }
    gaps.extend(user.holdings.unread());
    unknown_row(section, gaps);
    looked_up(section, &user.provenance);
}

/// What the target may do now, and what it could do before where the call changed that.
fn target_power(section: &mut Section, case: &Case<'_>, none_yet: &'static str) {
    let Some(weighed) = &case.target_power else { return };
    if is_new(case) && weighed.policies.is_empty() && weighed.unread.is_empty() {
        return section.row("power", "Power", none_yet);
    }
    power(section, weighed);
    let granted = case.granted.as_ref().filter(|_| case.activity.outcome.succeeded());
    if granted.is_some_and(|granted| !granted.shown) && case.activity.action.grants_by_policy() {
        section.row(
            "notShown",
            "Not shown yet",
            "IAM does not show the policy here yet: the power above is without it",
        );
    }
    if let Some(before) = case.granted.as_ref().and_then(|granted| granted.before.as_ref())
        && before.level != weighed.level
    {
        section.row("powerBefore", "Before", before.words());
    }
}

fn known_target_role(section: &mut Section, case: &Case<'_>, role: &Role, now: DateTime<Utc>) {
    let missing = if is_new(case) {
        "not visible yet. IAM can take some seconds to show a new role; or it was deleted since"
    } else if case.activity.outcome.succeeded() {
        "no role of this name exists any more"
    } else {
        "no role of this name exists"
    };
    if role.profile != Lookup::Missing {
        target_power(section, case, "none yet: no policies. They are often attached by a later call");
    }
    if let (Some(profile), None) = (role.profile.found(), &case.trust)
        && let Some(trust) = &profile.trust
    {
        let trust = crate::directory::Trust::read(trust, case.activity.account.as_ref());
        section.rows("trust", "May assume it", first_of_many(&trust.words()));
    }
    let id = case.activity.target.id.as_ref().filter(|_| case.activity.outcome.succeeded());
    known_role(section, role, id, missing, now);
    if role.profile.found().is_none() {
        as_asked_for(section, case);
    }
    looked_up(section, &role.provenance);
}

fn known_group(section: &mut Section, case: &Case<'_>, group: &Group) {
    let mut gaps = Vec::new();
    match &group.members {
        Lookup::Found(members) => {
            let users: Vec<_> = members.users.items.iter().map(Phrase::from).collect();
            let mut names = Phrase::joined(first_of_many(&users), ", ");
            if users.is_empty() {
                names = "none".into();
            } else if members.users.more {
                names.push(", and more");
            }
            section.row("members", "Members", names);
        }
        Lookup::Missing if is_new(case) => section.row("lookup", "In IAM", "not visible yet"),
        Lookup::Missing => section.row("lookup", "In IAM", "no group of this name exists"),
        Lookup::Unavailable(_) => note(&mut gaps, "members", &group.members),
    }
    if group.members != Lookup::Missing {
        target_power(section, case, "none yet: no policies");
    }
    gaps.extend(group.holdings.unread());
    unknown_row(section, gaps);
    looked_up(section, &group.provenance);
}

/// Somebody may set a version, use it, and set it back before anybody looks.
fn other_than_of_event(case: &Case<'_>, default: &Untrusted) -> &'static str {
    let set = case.activity.outcome.succeeded() && case.activity.action.change == Change::Rewrites;
    let other = case.activity.object.name.as_ref().is_some_and(|version| version != default);
    if set && other {
        ", and not the one that this call set: it was changed again, or IAM does not show it yet"
    } else {
        ""
    }
}

fn known_policy(section: &mut Section, case: &Case<'_>, policy: &ManagedPolicy, now: DateTime<Utc>) {
    let mut gaps = Vec::new();
    match &policy.profile {
        Lookup::Found(profile) => {
            if let Some(age) = profile.created.and_then(|created| when::between(created, now)) {
                section.row("made", "Made", phrase!(age, " ago"));
            }
            if let Some(version) = &profile.default_version {
                section.row("defaultVersion", "Default now", phrase!(version, other_than_of_event(case, version)));
            }
        }
        Lookup::Missing => {
            section.row("lookup", "In IAM", "not there, or not visible yet");
            return looked_up(section, &policy.provenance);
        }
        Lookup::Unavailable(_) => note(&mut gaps, "the policy's entry", &policy.profile),
    }
    match &policy.holders {
        Lookup::Found(holders) if holders.items.is_empty() => section.row("holders", "Held by", "nobody yet"),
        Lookup::Found(holders) => {
            let mut all: Vec<_> = holders.items.iter().map(|(thing, name)| phrase!(thing.words(), " ", name)).collect();
            if holders.more {
                all.push("and more".into());
            }
            section.rows("holders", "Held by", first_of_many(&all));
        }
        Lookup::Missing | Lookup::Unavailable(_) => note(&mut gaps, "who holds it", &policy.holders),
    }
    if case.activity.policy_document.is_none() {
        note(&mut gaps, "its document", &policy.document);
    }
    unknown_row(section, gaps);
    looked_up(section, &policy.provenance);
}
