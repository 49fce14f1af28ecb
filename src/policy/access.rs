//! The access that identity policies grant: administrator, a path to administrator, everything except IAM, or less.
//!
//! This is no policy simulator. A few questions are answered from the documents ("is attaching a policy to any user
//! allowed?"), by the rules of "Policy evaluation logic" in the IAM user guide: an explicit `Deny` overrides an
//! `Allow`. Permissions boundaries, service control policies and session policies are not evaluated. Everything that
//! could not be read or evaluated is listed, so that nothing is claimed about it.

use super::aws_managed;
use super::document::{Document, Effect, IdentityStatement};
use super::escalation::{
    ADMINISTRATOR_ACTIONS, ESCALATION_PATHS, EscalationPath, PASS_ROLE, Permission, RESTRICTION_REMOVALS, ResourceType,
};
use super::matching::{any_names, any_of};
use crate::arn::Arn;
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use std::borrow::Cow;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessLevel {
    /// Nothing is allowed, and everything that could allow something was read.
    None,
    /// Less than the levels below.
    Limited,
    /// Everything in AWS except IAM.
    Broad,
    /// Can change IAM in a way that leads to administrator.
    Escalation,
    /// Everything; or all of IAM, which leads to everything.
    Administrator,
}

impl AccessLevel {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Limited => "limited",
            Self::Broad => "broad",
            Self::Escalation => "escalation",
            Self::Administrator => "administrator",
        }
    }
}

#[derive(Debug, Clone)]
pub struct PolicyInput<'a> {
    /// The policy's name and how it is attached, as the alert shows them.
    pub label: Phrase,
    pub reading: Reading<'a>,
}

/// What is known about the document of a policy.
#[derive(Debug, Clone, Copy)]
pub enum Reading<'a> {
    Document(&'a Document),
    /// An AWS managed policy, by its name. The content of a few is known; the others are only named.
    AwsManaged(&'a str),
    /// The text is not a policy document.
    NotUnderstood,
    /// The policy was deleted before its document was read.
    Gone,
    /// The document could not be read; the caller reports why.
    Unread,
}

impl<'a> Reading<'a> {
    fn document(self) -> Option<Cow<'a, Document>> {
        match self {
            Self::Document(document) => Some(Cow::Borrowed(document)),
            Self::AwsManaged(name) => aws_managed::document_of(name).map(Cow::Owned),
            Self::NotUnderstood | Self::Gone | Self::Unread => None,
        }
    }
}

/// The access that policies grant, as far as they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The level that is certain.
    pub level: AccessLevel,
    /// The policies that grant this level.
    pub granted_by: Vec<Phrase>,
    /// All policies, with how they are attached.
    pub policies: Vec<Phrase>,
    /// The number of policies that were read and evaluated.
    pub evaluated: usize,
    /// What was read but not evaluated, or not read to its end: the access can be more or less.
    pub not_evaluated: Vec<Phrase>,
    /// The level if the conditions of all `Allow` statements are met.
    pub at_most: AccessLevel,
    /// Whether there are AWS managed policies of which only the name is known.
    pub named_only: bool,
    /// Whether something could not be listed or read; the caller reports what, and why.
    pub unread: bool,
    /// Whether a document was deleted before it was read, or was not understood.
    pub unreadable: bool,
}

impl Access {
    /// The policies that grant the level, in one line.
    #[must_use]
    pub fn why(&self) -> Phrase {
        Phrase::few(self.granted_by.iter().map(Phrase::from), 3, "; ")
    }

    /// Whether everything that could contradict the level was read and evaluated.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.not_evaluated.is_empty() && !self.unread && !self.named_only
    }

    /// The level as a word for machines; "unknown" if no policy was evaluated although there may be some.
    #[must_use]
    pub const fn level_word(&self) -> &'static str {
        match self.level {
            AccessLevel::Limited if self.evaluated == 0 => "unknown",
            level => level.word(),
        }
    }

    /// The level and the policies that grant it, as one line for a person.
    #[must_use]
    pub fn words(&self) -> Phrase {
        let open = !self.not_evaluated.is_empty() || self.unread;
        match self.level {
            AccessLevel::Administrator => phrase!("administrator: ", self.why()),
            AccessLevel::Escalation => phrase!("can escalate to administrator through IAM: ", self.why()),
            AccessLevel::Broad if self.is_complete() => phrase!("full access except IAM: ", self.why()),
            AccessLevel::Broad => {
                phrase!("full access except IAM: ", self.why(), "; some policies were not evaluated")
            }
            AccessLevel::None if self.policies.is_empty() => "none: no policies".into(),
            AccessLevel::None => "none: the policies allow nothing".into(),
            AccessLevel::Limited if self.evaluated == 0 && open => "not known".into(),
            AccessLevel::Limited if self.evaluated == 0 => "not known: AWS managed policies are only named".into(),
            AccessLevel::Limited if open => "not an administrator as far as evaluated".into(),
            AccessLevel::Limited if self.named_only => {
                "not an administrator by the policies that were read; AWS managed policies are only named".into()
            }
            AccessLevel::Limited => "not an administrator; no escalation path found".into(),
        }
    }
}

/// The access that these policies grant to the identity with the ARN `holder`. `limits` names the lists that were not
/// read to their end; `unread` says whether something could not be listed or read at all.
#[must_use]
pub fn evaluate(policies: &[PolicyInput<'_>], limits: &[Phrase], unread: bool, holder: Option<&Untrusted>) -> Access {
    evaluate_by(&ESCALATION_PATHS, policies, limits, unread, holder)
}

fn evaluate_by(
    paths: &[EscalationPath],
    policies: &[PolicyInput<'_>],
    limits: &[Phrase],
    unread: bool,
    holder: Option<&Untrusted>,
) -> Access {
    let documents: Vec<_> = policies.iter().map(|policy| policy.reading.document()).collect();
    let mut not_evaluated = limits.to_vec();
    let mut statements = Vec::new();
    let (mut named_only, mut unread, mut unreadable, mut evaluated) = (false, unread, false, 0);
    for (policy, document) in policies.iter().zip(&documents) {
        let label = &policy.label;
        match (policy.reading, document.as_ref().and_then(|document| document.identity_statements())) {
            (_, Some(read)) => {
                evaluated += 1;
                statements.extend(read.into_iter().map(|statement| (label, statement)));
            }
            (Reading::AwsManaged(_), None) => named_only = true,
            (Reading::Unread, None) => unread = true,
            (Reading::Gone, None) => {
                unreadable = true;
                not_evaluated.push(phrase!(label, " was gone when its document was read"));
            }
            (Reading::Document(_) | Reading::NotUnderstood, None) => {
                unreadable = true;
                not_evaluated.push(phrase!(label, " not understood: its document is not a valid policy"));
            }
        }
    }
    let holder = holder.and_then(|arn| Arn::parse(arn.raw()));
    if holder.is_none() && !statements.is_empty() {
        not_evaluated.push("the holder's ARN is not known, so resources were not compared exactly".into());
    }
    let all_read = limits.is_empty() && !(unread || named_only || unreadable);
    let nothing_allowed = statements.iter().all(|(_, statement)| statement.effect == Effect::Deny);
    let least = if all_read && nothing_allowed { AccessLevel::None } else { AccessLevel::Limited };
    let evaluator = Evaluator { paths, statements, holder, least };
    let (level, granted_by) = evaluator.level(false);
    let (at_most, _) = evaluator.level(true);
    not_evaluated.extend(evaluator.not_evaluated(level, at_most));
    Access {
        level,
        granted_by,
        policies: policies.iter().map(|policy| policy.label.clone()).collect(),
        evaluated,
        not_evaluated: without_repetition(not_evaluated),
        at_most: at_most.max(level),
        named_only,
        unread,
        unreadable,
    }
}

struct Evaluator<'a> {
    paths: &'a [EscalationPath],
    /// Each with the label of its policy.
    statements: Vec<(&'a Phrase, IdentityStatement<'a>)>,
    holder: Option<Arn<'a>>,
    /// The level if no question is answered with yes.
    least: AccessLevel,
}

/// Actions that are allowed, each with the label of the policy that allows it.
type Allowed<'a> = Vec<(&'static str, &'a Phrase)>;

impl<'a> Evaluator<'a> {
    /// The level, and the policies that grant it. With `conditions_met`, the conditions of all `Allow` statements count
    /// as met.
    fn level(&self, conditions_met: bool) -> (AccessLevel, Vec<Phrase>) {
        let escalations: Vec<_> =
            self.paths.iter().filter_map(|path| self.all_allowed(path.requires, conditions_met)).flatten().collect();
        // All of IAM allows a way around denies, as long as one path or one removal of a restriction is not denied.
        let any_actions = any_names().map(|name| format!("iam:{name}"));
        let any_user = any_of(ResourceType::User, self.holder.as_ref());
        let all_of_iam = self.covered(Effect::Allow, &any_actions, &any_user, conditions_met);
        let has_way = || !escalations.is_empty() || !self.allowed_of(&RESTRICTION_REMOVALS, conditions_met).is_empty();
        if let Some(policy) = all_of_iam.filter(|_| has_way()) {
            return (AccessLevel::Administrator, vec![policy.clone()]);
        }
        if let Some(allowed) = self.all_allowed(&ADMINISTRATOR_ACTIONS, conditions_met) {
            return (AccessLevel::Administrator, by_policy(&allowed));
        }
        if !escalations.is_empty() {
            return (AccessLevel::Escalation, by_policy(&escalations));
        }
        let anything = any_names().map(|name| format!("{name}:{name}"));
        match self.allowed(&anything, &any_names(), conditions_met) {
            Some(policy) => (AccessLevel::Broad, vec![policy.clone()]),
            None => (self.least, Vec::new()),
        }
    }

    /// The permissions among these that are granted.
    fn allowed_of(&self, permissions: &[Permission], conditions_met: bool) -> Allowed<'a> {
        let granted = |permission: &Permission| Some((permission.action, self.granted(permission, conditions_met)?));
        permissions.iter().filter_map(granted).collect()
    }

    /// The permissions, if all of them are granted.
    fn all_allowed(&self, permissions: &[Permission], conditions_met: bool) -> Option<Allowed<'a>> {
        let granted = |permission: &Permission| Some((permission.action, self.granted(permission, conditions_met)?));
        permissions.iter().map(granted).collect()
    }

    /// The policy that allows an action on any resource of its type, or on the identity itself if that is enough.
    fn granted(&self, permission: &Permission, conditions_met: bool) -> Option<&'a Phrase> {
        let action = [permission.action.to_owned()];
        self.allowed(&action, &any_of(permission.resource, self.holder.as_ref()), conditions_met).or_else(|| {
            let own = self.own_arn().filter(|_| permission.on_self)?;
            self.allowed(&action, &[own], conditions_met)
        })
    }

    /// The policy that allows all these actions on all these resources, unless a deny is certain.
    fn allowed(&self, actions: &[String], resources: &[String], conditions_met: bool) -> Option<&'a Phrase> {
        if self.covered(Effect::Deny, actions, resources, false).is_some() {
            return None;
        }
        self.covered(Effect::Allow, actions, resources, conditions_met)
    }

    /// The policy with statements of this effect on all these actions and all these resources.
    fn covered(
        &self,
        effect: Effect,
        actions: &[String],
        resources: &[String],
        conditions_met: bool,
    ) -> Option<&'a Phrase> {
        let mut by = None;
        for action in actions {
            for resource in resources {
                let (policy, _) = self.statements.iter().find(|(_, statement)| {
                    statement.effect == effect
                        // A deny with `NotResource` leaves some resources, so this deny is not certain.
                        && (effect == Effect::Allow || statement.names_resources())
                        && (conditions_met || !statement.conditional)
                        && statement.covers_action(action)
                        && statement.covers_resource(resource, self.holder.as_ref(), conditions_met)
                })?;
                by = by.or(Some(*policy));
            }
        }
        by
    }

    fn own_arn(&self) -> Option<String> {
        self.holder.map(|arn| format!("arn:{}:iam::{}:{}", arn.partition, arn.account, arn.resource))
    }

    fn permissions(&self) -> impl Iterator<Item = &'static Permission> {
        self.paths.iter().flat_map(|path| path.requires)
    }

    /// The statements that were not evaluated and could change the level.
    fn not_evaluated(&self, level: AccessLevel, at_most: AccessLevel) -> Vec<Phrase> {
        let mut open = Vec::new();
        for (policy, statement) in &self.statements {
            let actions = self.escalating_actions(statement);
            if actions.is_empty() {
                continue;
            }
            let named = first_few(&actions);
            match (statement.effect, statement.conditional) {
                (Effect::Allow, true) if at_most > level => {
                    open.push(phrase!(*policy, " allows ", named, " under a condition"));
                }
                (Effect::Allow, false) if level < AccessLevel::Escalation && !self.is_general(statement) => {
                    open.push(phrase!(*policy, " allows ", named, " on certain resources"));
                }
                (Effect::Deny, true) if level >= AccessLevel::Broad => {
                    open.push(phrase!(*policy, " denies ", named, " under a condition"));
                }
                (Effect::Deny, false) if level >= AccessLevel::Escalation => {
                    let where_ = if self.is_general(statement) { "" } else { " on certain resources" };
                    open.push(phrase!(*policy, " denies ", named, where_));
                }
                (Effect::Allow | Effect::Deny, _) => {}
            }
        }
        if level < AccessLevel::Escalation {
            let removals = by_policy(&self.allowed_of(&RESTRICTION_REMOVALS, false));
            open.extend(removals.into_iter().map(|by| phrase!(by, ", which can remove denies and boundaries")));
            if let Some(policy) = self.granted(&PASS_ROLE, false) {
                let role = " allows iam:PassRole on any role: it can act through more powerful roles";
                open.push(phrase!(policy, role));
            }
        }
        open
    }

    /// The escalation actions that a statement covers, without those that lead nowhere on the identity itself.
    fn escalating_actions(&self, statement: &IdentityStatement<'_>) -> Vec<&'static str> {
        let own = self.own_arn();
        let on_self = statement.is_about_self(own.as_deref(), self.holder.as_ref());
        let mut actions: Vec<&'static str> = Vec::new();
        for permission in self.permissions() {
            let covered = statement.covers_action(permission.action) && (!on_self || permission.on_self);
            if covered && !actions.contains(&permission.action) {
                actions.push(permission.action);
            }
        }
        actions
    }

    /// Whether a statement covers all resources of some type that its actions change.
    fn is_general(&self, statement: &IdentityStatement<'_>) -> bool {
        let holder = self.holder.as_ref();
        self.permissions().any(|permission| {
            statement.covers_action(permission.action)
                && any_of(permission.resource, holder).iter().all(|arn| statement.covers_resource(arn, holder, false))
        })
    }
}

/// "P (inline) allows iam:A, iam:B", one line for each policy.
fn by_policy(allowed: &[(&'static str, &Phrase)]) -> Vec<Phrase> {
    let mut policies: Vec<(&Phrase, Vec<&'static str>)> = Vec::new();
    for (action, policy) in allowed {
        match policies.iter_mut().find(|(known, _)| std::ptr::eq(*known, *policy)) {
            Some((_, actions)) if actions.contains(action) => {}
            Some((_, actions)) => actions.push(action),
            None => policies.push((policy, vec![action])),
        }
    }
    policies.into_iter().map(|(policy, actions)| phrase!(policy, " allows ", first_few(&actions))).collect()
}

/// "iam:A, iam:B and 7 more".
fn first_few(actions: &[&'static str]) -> Phrase {
    Phrase::few(actions.iter().map(|action| (*action).into()), 2, ", ")
}

fn without_repetition(phrases: Vec<Phrase>) -> Vec<Phrase> {
    let mut once = Vec::new();
    for phrase in phrases {
        if !once.contains(&phrase) {
            once.push(phrase);
        }
    }
    once
}

#[cfg(test)]
mod tests;
