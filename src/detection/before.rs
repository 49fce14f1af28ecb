//! What is different after a call: the part that it changed, before and after.

use super::prior::PriorActivity;
use crate::baseline::{Aspect, Change, Former, Part, Source, State, Was, changes, same};
use crate::catalog::{ObjectKind, Operation};
use crate::event::Activity;
use crate::history::HistoryError;
use crate::lookup::{Dossier, KnownTarget};
use crate::phrase;
use crate::policy::{Difference, DifferenceOf, Document, Home, Parsed, Trust};
use crate::text::{Phrase, TextKind, Untrusted};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// What the call changed, before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// What the part was before, in the documents' own form.
    pub was: Was,
    /// Since when, and from where that is known.
    pub since: Option<(DateTime<Utc>, Source)>,
    /// Why it is not known, if it is not.
    pub unknown: Option<Phrase>,
    /// Another call of the same second changed the entity, too: what was before is what was before both.
    pub same_second: bool,
    /// What is different, one line each: "+ …", "- …". Empty if nothing is, or if that is not known.
    pub lines: Vec<Phrase>,
    /// What the deleted entity had, one line each.
    pub last_known: Vec<Phrase>,
    /// The settings of the former password policy.
    pub settings: State,
    /// The policy that the call rewrote, as it was before: an inline policy, or the default version of a managed policy.
    rewritten: Option<String>,
    /// Whether the change may let somebody do more than before. `None` if that is not known, or the change is no matter of
    /// more or less.
    pub widens: Option<bool>,
}

impl Before {
    /// What is known of the state before the call; `None` if the call changes nothing that a baseline has, or nothing
    /// that had another value before.
    pub(super) fn of(activity: &Activity, dossier: &Dossier, prior: Option<&PriorActivity>) -> Option<Self> {
        let change = changes(activity).into_iter().next()?;
        let deletes = activity.action.operation == Operation::Delete && activity.action.object == ObjectKind::Itself;
        let part = part(activity, &change);
        if part.is_none() && !deletes {
            return None;
        }
        let former = match prior.map(|prior| prior.former.as_ref()) {
            None => return part.map(|_| Self::unknown("there is no history".into())),
            // The history was not asked in time, or did not answer.
            Some(None) => return part.map(|_| Self::unknown((&HistoryError::NoTimeLeft).into())),
            Some(Some(Err(why))) => return part.map(|_| Self::unknown(why.into())),
            Some(Some(Ok(former))) => former,
        };
        if !former.is_known() {
            return part.map(|_| Self::unknown("neither the baseline nor an earlier event has it".into()));
        }
        match part {
            Some(aspect) => Some(Self::of_part((activity, &change), dossier, former, &aspect)),
            None => former.whole().map(|state| Self::of_deleted(former, &change, &state, activity.account.as_ref())),
        }
    }

    fn unknown(why: Phrase) -> Self {
        Self {
            was: Was::NotKnown,
            since: None,
            unknown: Some(why),
            same_second: false,
            lines: Vec::new(),
            last_known: Vec::new(),
            settings: State::new(),
            rewritten: None,
            widens: None,
        }
    }

    fn of_deleted(former: &Former, change: &Change, state: &State, account: Option<&Untrusted>) -> Self {
        let since = former.since(&Aspect::Id).map(|(time, source)| (time, source.clone()));
        let last_known = described(&change.resource, state, account);
        Self { since, same_second: former.same_second, last_known, unknown: None, ..Self::unknown(Phrase::default()) }
    }

    fn of_part((activity, change): (&Activity, &Change), dossier: &Dossier, former: &Former, aspect: &Aspect) -> Self {
        let since = former.since(aspect).map(|(time, source)| (time, source.clone()));
        let (was, same_second) = (former.was(aspect), former.same_second);
        let mut found = Self { was, since, same_second, ..Self::unknown("".into()) };
        if matches!(aspect, Aspect::Inline(_)) && !removes(activity) {
            found.rewritten = found.document().map(str::to_owned);
        }
        if *aspect == Aspect::DefaultVersion {
            return found.of_versions(activity, dossier, former);
        }
        if matches!(aspect, Aspect::Setting(_)) {
            return found.of_settings(change, former);
        }
        let after = after(change, aspect);
        let found = match found.was {
            Was::NotKnown => return Self { unknown: Some(NO_VALUE.into()), ..found },
            Was::Is(_) | Was::Absent => Self { unknown: None, ..found },
        };
        match (&found.was, after) {
            (Was::Is(before), Some(after)) => found.clone().compared(aspect, before, &after),
            // What it was is what the call removed.
            (Was::Is(before), None) if removes(activity) => {
                let lines = removed(aspect, before);
                Self { lines, ..found }
            }
            (Was::Absent, Some(after)) if *aspect == Aspect::Boundary => {
                let lines = vec![phrase!("+ boundary ", Phrase::arn(&Untrusted::new(after)))];
                // A boundary only restricts.
                Self { lines, widens: Some(false), ..found }
            }
            _ => found,
        }
    }

    /// Compares two values of a part.
    fn compared(self, aspect: &Aspect, before: &str, after: &str) -> Self {
        let of = if *aspect == Aspect::Trust { DifferenceOf::Role } else { DifferenceOf::Identity };
        if aspect.is_document() {
            let documents = Document::parse(before).zip(Document::parse(after));
            let Some((before, after)) = documents else { return self };
            let difference = Difference::between(&before, &after);
            return Self { lines: difference.words(of), widens: Some(difference.may_widen()), ..self };
        }
        let is_same = same(aspect, before, after);
        match aspect {
            Aspect::Metadata if is_same => Self { widens: Some(false), ..self },
            Aspect::Metadata => Self { lines: super::metadata::difference(before, after), widens: Some(true), ..self },
            Aspect::Thumbprints => {
                let lines = lists(before.split(','), after.split(','));
                Self { widens: Some(lines.iter().any(|(added, _)| *added)), lines: words(lines), ..self }
            }
            Aspect::Boundary if !is_same => {
                let boundary = |arn: &str| Phrase::arn(&Untrusted::new(arn));
                let lines = vec![phrase!("+ boundary ", boundary(after)), phrase!("- boundary ", boundary(before))];
                Self { lines, ..self }
            }
            Aspect::Boundary => Self { widens: Some(false), ..self },
            _ => self,
        }
    }

    /// Compares the default version of a managed policy with the former one.
    fn of_versions(self, activity: &Activity, dossier: &Dossier, former: &Former) -> Self {
        let of_event = activity.policy_document.as_ref().and_then(Parsed::policy);
        let known = match &dossier.target {
            KnownTarget::Policy(policy) => policy.document.found().and_then(Parsed::policy),
            _ => None,
        };
        let Was::Is(version) = &self.was else { return Self { unknown: Some(NO_VALUE.into()), ..self } };
        let rewritten = match former.was(&Aspect::Version(version.clone())) {
            Was::Is(document) => Some(document),
            Was::Absent | Was::NotKnown => None,
        };
        let before = rewritten.as_deref().and_then(Document::parse);
        let Some((before, after)) = before.as_ref().zip(of_event.or(known)) else {
            let version = Untrusted::new(version);
            let why = phrase!("the document of the former default version, ", &version, ", or of the new one");
            return Self { unknown: Some(why), ..self };
        };
        let difference = Difference::between(before, after);
        let (lines, widens) = (difference.words(DifferenceOf::Identity), Some(difference.may_widen()));
        Self { unknown: None, rewritten, lines, widens, ..self }
    }

    /// Compares the settings of the password policy.
    fn of_settings(self, change: &Change, former: &Former) -> Self {
        let Some(before) = former.whole() else {
            let none = former.was(&Aspect::Setting("MinimumPasswordLength".to_owned())) == Was::Absent;
            let unknown = (!none).then(|| NO_VALUE.into());
            return Self { unknown, ..self };
        };
        let after: State = change
            .sets
            .parts()
            .iter()
            .filter_map(|(aspect, part)| match part {
                Part::Is(value) => Some((aspect.clone(), value.clone())),
                _ => None,
            })
            .collect();
        let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        let (mut lines, mut weaker) = (Vec::new(), false);
        for aspect in names {
            let Aspect::Setting(name) = aspect else { continue };
            let (was, is) = (before.get(aspect), after.get(aspect));
            // It follows from the age.
            if was == is || name == "ExpirePasswords" {
                continue;
            }
            let shown =
                |value: Option<&String>| value.map_or("not set".into(), |value| phrase!(&Untrusted::new(value)));
            lines.push(phrase!(&Untrusted::new(name), ": ", shown(was), ", now ", shown(is)));
            weaker |= is_weaker(name, was, is);
        }
        Self { unknown: None, lines, widens: Some(weaker), was: Was::Is(String::new()), settings: before, ..self }
    }

    pub(super) fn rewritten(&self) -> Option<&str> {
        self.rewritten.as_deref()
    }

    /// Whether the policy that the call rewrote denied something.
    #[must_use]
    pub fn denied(&self) -> bool {
        let document = self.rewritten().or_else(|| self.document()).and_then(Document::parse);
        document.is_some_and(|document| document.denies_anything())
    }

    /// Whether it is known that the call lets nobody do anything that was not possible before.
    #[must_use]
    pub fn adds_nothing(&self) -> bool {
        self.widens == Some(false)
    }

    /// The document that was there before, if it is known.
    #[must_use]
    pub fn document(&self) -> Option<&str> {
        match &self.was {
            Was::Is(document) if document.trim_start().starts_with('{') => Some(document),
            _ => None,
        }
    }
}

const NO_VALUE: &str = "neither the baseline nor an earlier event has its value";

/// The part that a call changes and that had another value before.
fn part(activity: &Activity, change: &Change) -> Option<Aspect> {
    let (action, mut parts) = (activity.action, change.sets.parts().iter().map(|(aspect, _)| aspect));
    let replaces = matches!(
        action.object,
        ObjectKind::TrustPolicy
            | ObjectKind::InlinePolicy
            | ObjectKind::PermissionsBoundary
            | ObjectKind::NewDefaultVersion
            | ObjectKind::DefaultVersion
            | ObjectKind::Thumbprints
    );
    let metadata = |aspect: &&Aspect| **aspect == Aspect::Metadata;
    match (action.operation, action.object) {
        (_, ObjectKind::PasswordPolicy) => Some(Aspect::Setting("MinimumPasswordLength".to_owned())),
        (Operation::Change, ObjectKind::Itself) => parts.find(metadata).cloned(),
        (_, ObjectKind::NewDefaultVersion) => Some(Aspect::DefaultVersion),
        (Operation::Attach | Operation::Add, ObjectKind::ManagedPolicy | ObjectKind::Group | ObjectKind::ClientId) => {
            None
        }
        _ if replaces => parts.next().cloned(),
        _ => None,
    }
}

/// The value after the call, if the event has it.
fn after(change: &Change, aspect: &Aspect) -> Option<String> {
    change.sets.parts().iter().find(|(set, _)| set == aspect).and_then(|(_, part)| match part {
        Part::Is(value) => Some(value.clone()),
        _ => None,
    })
}

fn removes(activity: &Activity) -> bool {
    matches!(activity.action.operation, Operation::Delete | Operation::Remove)
}

/// What a call removed.
fn removed(aspect: &Aspect, before: &str) -> Vec<Phrase> {
    match (aspect, Document::parse(before)) {
        (Aspect::Boundary, _) => vec![phrase!("- boundary ", Phrase::arn(&Untrusted::new(before)))],
        (_, Some(document)) => document.describe().into_iter().map(|statement| phrase!("- ", statement)).collect(),
        (_, None) => Vec::new(),
    }
}

/// What an entity had, one line each.
fn described(resource: &str, state: &State, account: Option<&Untrusted>) -> Vec<Phrase> {
    let named = |name: &str| Untrusted::new(name);
    let statements = |document: &str| Document::parse(document).map(|document| document.describe()).unwrap_or_default();
    let default = state.get(&Aspect::DefaultVersion);
    let mut lines = Vec::new();
    for (aspect, value) in state {
        match aspect {
            Aspect::Trust => {
                let home = Home { account, organization: None, members: &[] };
                let trust = Trust::of(&Parsed::of(value), home);
                lines.extend(trust.words().into_iter().map(|line| phrase!("trusted: ", line)));
            }
            Aspect::Inline(name) => {
                let all = statements(value);
                lines.extend(all.into_iter().map(|line| phrase!("inline policy ", &named(name.as_str()), ": ", line)));
            }
            Aspect::Version(id) if Some(id) == default => {
                lines.extend(
                    statements(value).into_iter().map(|line| phrase!("default version ", &named(id), ": ", line)),
                );
            }
            Aspect::Id
            | Aspect::DefaultVersion
            | Aspect::Version(_)
            | Aspect::Password
            | Aspect::Mfa
            | Aspect::Key(_) => {}
            Aspect::Attached(arn) => lines.push(phrase!("attached policy ", Phrase::arn(&named(arn.as_str())))),
            Aspect::Group(name) => lines.push(phrase!("member of the group ", &named(name.as_str()))),
            Aspect::Boundary => lines.push(phrase!("boundary ", Phrase::arn(&named(value)))),
            Aspect::Metadata => lines.extend(super::metadata::described(value)),
            Aspect::ClientId(id) => lines.push(phrase!("audience ", &named(id))),
            Aspect::Thumbprints => lines.push(phrase!("thumbprints ", &named(value))),
            Aspect::Setting(name) => lines.push(phrase!(&named(name), ": ", &named(value))),
        }
    }
    if lines.is_empty() && !resource.starts_with("credentials/") {
        lines.push("no policies".into());
    }
    lines
}

/// What two lists do not have in common: whether it was added, and what.
fn lists<'a>(before: impl Iterator<Item = &'a str>, after: impl Iterator<Item = &'a str>) -> Vec<(bool, &'a str)> {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (before.collect(), after.collect());
    let added = after.difference(&before).map(|value| (true, *value));
    added.chain(before.difference(&after).map(|value| (false, *value))).filter(|(_, value)| !value.is_empty()).collect()
}

fn words(lines: Vec<(bool, &str)>) -> Vec<Phrase> {
    let line = |(added, value): (bool, &str)| {
        phrase!(if added { "+ " } else { "- " }, Phrase::theirs(&Untrusted::new(value), TextKind::Name))
    };
    lines.into_iter().map(line).collect()
}

/// Whether a setting of the password policy makes passwords weaker than before, or may do so.
fn is_weaker(name: &str, was: Option<&String>, is: Option<&String>) -> bool {
    let number = |value: Option<&String>| value.and_then(|value| value.parse::<u64>().ok()).unwrap_or_default();
    match name {
        "MinimumPasswordLength" | "PasswordReusePrevention" => number(is) < number(was),
        // No age means that passwords never expire.
        "MaxPasswordAge" => number(is) == 0 || (number(was) != 0 && number(is) > number(was)),
        "RequireSymbols" | "RequireNumbers" | "RequireUppercaseCharacters" | "RequireLowercaseCharacters" => {
            is.is_none_or(|is| is != "true")
        }
        // Whoever waits too long needs an administrator.
        "HardExpiry" => was.is_some_and(|was| was == "true") && is.is_none_or(|is| is != "true"),
        _ => true,
    }
}
