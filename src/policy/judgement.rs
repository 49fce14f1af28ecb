//! The judgement: which escalation paths are open for a holder, and the access level that follows.

use super::access::{Access, AccessLevel, BoundaryEffect, BoundaryReading, OpenPath};
use super::aws_managed::{self, Known};
use super::document::Document;
use super::escalation::{ADMINISTRATOR_ACTIONS, EscalationPath, Means, PASS_ROLE, ResourceType, escalation_paths};
use super::evaluator::{Call, Evaluator, Witness};
use super::layer::Layer;
use super::paths::{Doubt, Judge};
use super::question::{PolicyInput, Question, Reading, Via};
use super::truth::Truth;
use crate::arn::Arn;
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use std::borrow::Cow;

/// The access of one set of layers: the policies, with or without a boundary.
struct Outcome {
    level: AccessLevel,
    at_most: AccessLevel,
    /// The policies that grant the level.
    by: Vec<Phrase>,
    open: Vec<OpenPath>,
    everything_but_iam: Option<Phrase>,
    perhaps: AccessLevel,
    not_evaluated: Vec<Phrase>,
    /// Whether the holder can write policies of its own.
    grants_itself: bool,
}

/// The access that policies grant to their holder.
#[must_use]
pub fn evaluate(question: &Question<'_>) -> Access {
    evaluate_by(&escalation_paths().collect::<Vec<_>>(), question)
}

/// Whether the policies allow one call, in the holder's favour: it chooses what a condition leaves open. Its tags are as
/// they are, even if it could change them.
#[must_use]
pub fn decide(question: &Question<'_>, action: &str, resource: &str) -> Truth {
    let Question { policies, holder, boundary, named, .. } = *question;
    let documents: Vec<_> = policies.iter().map(|policy| policy.reading.document()).collect();
    let identity = Layer::of_policies(policies, &documents);
    let document = boundary.and_then(|boundary| whole_document(boundary.reading));
    let limit = document.as_deref().map(Layer::of);
    let arn = boundary.and_then(|boundary| boundary.arn);
    let evaluator = Evaluator::new(identity, limit, arn, holder, named, policies);
    evaluator.keep_tags();
    let own = evaluator.own_arn() == resource;
    let witness = if own { Witness::Own(resource.to_owned()) } else { Witness::Named(resource.to_owned()) };
    // The call passes a role to some service, or attaches the policy that gives the most.
    let administrator = evaluator.policy_of_aws("AdministratorAccess");
    let services = escalation_paths().flat_map(|path| match path.means {
        Means::PassRole(services) if action.eq_ignore_ascii_case(PASS_ROLE) => services,
        _ => &[],
    });
    let calls = services.map(|service| Call { passed_to: Some(service), ..Call::default() });
    let calls = calls.chain(std::iter::once(Call { policy: Some(&administrator), ..Call::default() }));
    calls.map(|call| evaluator.allows(action, &witness, &call).truth).max().unwrap_or(Truth::No)
}

pub(super) fn evaluate_by(paths: &[&'static EscalationPath], question: &Question<'_>) -> Access {
    let Question { policies, cuts, unread, holder, boundary, named } = *question;
    let documents: Vec<Option<Cow<'_, Document>>> = policies.iter().map(|policy| policy.reading.document()).collect();
    let read = |document: &Option<Cow<'_, Document>>| {
        document.as_ref().is_some_and(|document| document.identity_statements().is_some())
    };
    let mut gaps = Gaps { not_evaluated: cuts.to_vec(), unread, ..Gaps::default() };
    for (policy, document) in policies.iter().zip(&documents) {
        if read(document) {
            gaps.evaluated += 1;
            gaps.note_list(policy);
        } else {
            gaps.note(policy);
        }
    }
    let layer = |dropped: &[Via]| Layer::of_policies(policies, &documents).without_denies(dropped);
    let allowed = layer(&[]);
    let somewhere = |action: &str| allowed.allows_somewhere(action);
    let has_part_of_path = paths.iter().any(|path| path.all_actions().any(somewhere));
    // Resources decide only about actions that are part of a path, and only if a policy names some.
    let unknown_holder = holder.arn.is_none_or(|arn| Arn::parse(arn.raw()).is_none());
    let compared = documents.iter().flatten().any(|document| document.names_resources());
    if unknown_holder && compared && gaps.evaluated > 0 && has_part_of_path {
        gaps.not_evaluated.push("the holder's ARN is not known, so resources were not compared exactly".into());
    }
    let limit = boundary.map(|boundary| (boundary, whole_document(boundary.reading)));
    let boundary_arn = boundary.and_then(|boundary| boundary.arn);
    let judge = |dropped: &[Via], bounded: bool| {
        let document = limit.as_ref().and_then(|(_, document)| document.as_deref()).filter(|_| bounded);
        let evaluator = Evaluator::new(layer(dropped), document.map(Layer::of), boundary_arn, holder, named, policies);
        Judge::new(paths, evaluator, policies, bounded)
    };
    let least = if gaps.all_read() && !layer(&[]).allows_anything() { AccessLevel::None } else { AccessLevel::Limited };
    let mut outcome = judge_with_removals(&judge, false, least);
    let mut effect = None;
    if let Some((boundary, document)) = &limit {
        let name = boundary.label.clone();
        let (without, without_by, without_paths) = (outcome.level, outcome.by.clone(), outcome.open.clone());
        let reading = if document.as_ref().is_some_and(|document| document.identity_statements().is_some()) {
            if let Some(how) = judge(&[], true).way_around_boundary() {
                BoundaryReading::Removable(how)
            } else {
                outcome = judge_with_removals(&judge, true, least);
                if outcome.grants_itself
                    && let Some(document) = document.as_deref()
                {
                    outcome.reach(&closure(paths, document, question), without);
                }
                BoundaryReading::Limits
            }
        } else {
            let why = " could not be read: the access is shown without it";
            gaps.not_evaluated.push(phrase!("the boundary ", &name, why));
            BoundaryReading::Unread
        };
        if let Reading::AwsManaged(name) = boundary.reading
            && aws_managed::document_of_boundary(name).is_some()
        {
            gaps.not_evaluated.push(phrase!("the boundary ", &boundary.label, ": ", by_list()));
        }
        effect = Some(BoundaryEffect { name, without, without_by, without_paths, effect: reading });
    }
    gaps.not_evaluated.extend(outcome.not_evaluated);
    Access {
        level: outcome.level,
        granted_by: outcome.by,
        paths: outcome.open,
        everything_but_iam: outcome.everything_but_iam,
        policies: policies.iter().map(|policy| policy.label.clone()).collect(),
        evaluated: gaps.evaluated,
        not_evaluated: without_repetition(gaps.not_evaluated),
        at_most: outcome.at_most.max(outcome.level),
        perhaps: outcome.perhaps.max(gaps.perhaps.unwrap_or(outcome.level)).max(outcome.level),
        boundary: effect,
        named_only: gaps.named_only,
        unread: gaps.unread,
        has_part_of_path,
        unreadable: gaps.unreadable,
    }
}

/// The document, if the whole of it is known: a boundary of which only a part is known must not limit.
fn whole_document(reading: Reading<'_>) -> Option<Cow<'_, Document>> {
    match reading {
        Reading::AwsManaged(name) => match aws_managed::known(name) {
            Some(Known::Document(document)) => Some(Cow::Owned(document)),
            Some(Known::Escalates(_) | Known::EscalatesInPart(_)) => None,
            None => aws_managed::document_of_boundary(name).map(Cow::Owned),
        },
        reading => reading.document(),
    }
}

/// From where an AWS managed policy is known that was not read.
fn by_list() -> Phrase {
    phrase!("not read, known by the list of ", aws_managed::table_date())
}

/// What could not be read.
#[derive(Default)]
struct Gaps {
    not_evaluated: Vec<Phrase>,
    evaluated: usize,
    named_only: bool,
    unread: bool,
    unreadable: bool,
    /// The level that a policy of AWS that was not read may lead to, on certain resources.
    perhaps: Option<AccessLevel>,
}

impl Gaps {
    fn note(&mut self, policy: &PolicyInput<'_>) {
        let label = &policy.label;
        match policy.reading {
            Reading::AwsManaged(name) => match aws_managed::known(name) {
                Some(Known::EscalatesInPart(ids)) => {
                    self.evaluated += 1;
                    self.perhaps = Some(AccessLevel::RoleEscalation);
                    let ids = if ids.is_empty() { Phrase::default() } else { phrase!(" (", ids, ")") };
                    let what = ", which can escalate on certain resources or under a condition";
                    self.not_evaluated.push(phrase!(label, what, ids, ": ", by_list()));
                }
                _ => self.named_only = true,
            },
            Reading::Unread => self.unread = true,
            Reading::Gone => {
                self.unreadable = true;
                self.not_evaluated.push(phrase!(label, " was gone when its document was read"));
            }
            Reading::Document(_) | Reading::NotUnderstood => {
                self.unreadable = true;
                self.not_evaluated.push(phrase!(label, " not understood: its document is not a valid policy"));
            }
        }
    }

    /// Notes that only a part of a document is known, from the list.
    fn note_list(&mut self, policy: &PolicyInput<'_>) {
        if let Reading::AwsManaged(name) = policy.reading
            && matches!(aws_managed::known(name), Some(Known::Escalates(_)))
        {
            self.not_evaluated.push(phrase!("the rest of ", &policy.label, ": ", by_list()));
        }
    }

    fn all_read(&self) -> bool {
        self.not_evaluated.is_empty() && !(self.unread || self.named_only || self.unreadable)
    }
}

/// The outcome; if the holder can remove policies that deny something, without these denies.
fn judge_with_removals<'a>(judge: &impl Fn(&[Via], bool) -> Judge<'a>, bounded: bool, least: AccessLevel) -> Outcome {
    let first = judge(&[], bounded);
    let removable = first.removable_denies();
    let outcome = first.outcome(least);
    if removable.is_empty() || outcome.level == AccessLevel::Administrator {
        return outcome;
    }
    let freed = judge(&removable, bounded).outcome(least);
    if freed.level > outcome.level { freed } else { outcome }
}

/// The access that a boundary allows to a holder who can write policies of its own.
fn closure(paths: &[&'static EscalationPath], document: &Document, question: &Question<'_>) -> Outcome {
    let arn = question.boundary.and_then(|boundary| boundary.arn);
    let policies = question.boundary.map(std::slice::from_ref).unwrap_or_default();
    let evaluator = Evaluator::new(Layer::of(document), None, arn, question.holder, question.named, &[]);
    Judge::new(paths, evaluator, policies, true).outcome(AccessLevel::Limited)
}

impl Outcome {
    /// Takes over what another outcome reaches, up to a level.
    fn reach(&mut self, other: &Self, most: AccessLevel) {
        let level = other.level.min(most);
        if level > self.level {
            self.level = level;
            self.by.clone_from(&other.by);
        }
        self.at_most = self.at_most.max(other.at_most.min(most));
        self.open.extend(other.open.iter().cloned());
        self.perhaps = self.perhaps.max(other.perhaps.min(most));
        self.not_evaluated.extend(other.not_evaluated.iter().cloned());
    }
}

impl Judge<'_> {
    fn outcome(&self, least: AccessLevel) -> Outcome {
        let (mut open, mut possible) = (Vec::new(), AccessLevel::Limited);
        let (mut allowed, mut through_iam) = (Vec::new(), Vec::new());
        let (mut doubts, mut perhaps, mut grants_itself) = (Vec::new(), AccessLevel::Limited, false);
        for path in self.paths.iter().copied() {
            let state = self.state(path);
            let level = if path.means.is_iam() { AccessLevel::Escalation } else { AccessLevel::RoleEscalation };
            grants_itself |= state.grants_itself;
            if state.certain {
                let by_aws = state.allowed.iter().all(|(_, policy)| self.is_by_aws(*policy));
                open.push(OpenPath { path, limited_to: state.limited_to, by_aws });
                let list = if path.means.is_iam() { &mut through_iam } else { &mut allowed };
                list.extend(state.allowed);
            } else if !state.doubts.is_empty() {
                if state.strong {
                    possible = possible.max(level);
                } else {
                    perhaps = perhaps.max(level);
                }
                doubts.extend(state.doubts);
            }
        }
        let certain = self.level(&open, &through_iam, &allowed, Truth::Yes, least);
        if possible > AccessLevel::Limited {
            let most = self.level(&open, &through_iam, &allowed, Truth::Depends, least).0;
            possible = possible.max(most);
        }
        let (level, by) = certain;
        let mut not_evaluated =
            if level >= AccessLevel::Escalation { Vec::new() } else { self.doubts_in_words(&doubts) };
        if level < AccessLevel::Administrator && self.evaluator.is_exhausted() {
            possible = AccessLevel::Administrator;
            not_evaluated.push("the policies: they have more patterns and conditions than are compared".into());
        }
        open.sort_by_key(|open| open.limited_to.is_some());
        Outcome {
            level,
            at_most: possible.max(level),
            by,
            open,
            everything_but_iam: self.evaluator.anything().map(|policy| self.label(policy)),
            perhaps: perhaps.max(possible).max(level),
            not_evaluated,
            grants_itself,
        }
    }

    /// The level, and the policies that grant it.
    fn level(
        &self,
        open: &[OpenPath],
        through_iam: &[(&'static str, usize)],
        through_roles: &[(&'static str, usize)],
        at_least: Truth,
        least: AccessLevel,
    ) -> (AccessLevel, Vec<Phrase>) {
        // All of IAM allows a way around denies, as long as one path is not denied.
        let has_way = || open.iter().any(|open| open.path.means.is_iam());
        if let Some(policy) = self.evaluator.all_of_iam(at_least).filter(|_| has_way()) {
            return (AccessLevel::Administrator, vec![self.label(policy)]);
        }
        let administrator: Option<Vec<_>> = ADMINISTRATOR_ACTIONS
            .iter()
            .map(|(action, kind)| {
                let answer = self.ask(action, &Witness::Any(*kind), None);
                answer.policy.filter(|_| answer.truth >= at_least).map(|policy| (*action, policy))
            })
            .collect();
        if let Some(allowed) = administrator {
            return (AccessLevel::Administrator, self.by_policy(&allowed));
        }
        if !through_iam.is_empty() {
            return (AccessLevel::Escalation, self.by_policy(through_iam));
        }
        if !through_roles.is_empty() {
            return (AccessLevel::RoleEscalation, self.by_policy(through_roles));
        }
        match self.evaluator.anything() {
            Some(policy) => (AccessLevel::Broad, vec![self.label(policy)]),
            None => (least, Vec::new()),
        }
    }

    fn label(&self, policy: usize) -> Phrase {
        self.policies.get(policy).map_or(Phrase::default(), |policy| policy.label.clone())
    }

    fn own(&self) -> (Witness, bool) {
        let arn = self.evaluator.own_arn();
        let is_role = arn.contains(":role/");
        (Witness::Own(arn), is_role)
    }

    /// How the holder can get around the boundary, if it can.
    fn way_around_boundary(&self) -> Option<&'static str> {
        let (own, is_role) = self.own();
        let allows = |action: &'static str, witness: &Witness, call: &Call<'_>| {
            self.evaluator.allows(action, witness, call).truth == Truth::Yes
        };
        let (delete, put) = if is_role {
            ("iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary")
        } else {
            ("iam:DeleteUserPermissionsBoundary", "iam:PutUserPermissionsBoundary")
        };
        if allows(delete, &own, &Call::default()) {
            return Some("can remove the boundary");
        }
        let others = [self.evaluator.policy_of_aws("AdministratorAccess"), self.evaluator.some_policy()];
        let replaces = |arn: &String| allows(put, &own, &Call { sets_boundary: Some(arn), ..Call::default() });
        if others.iter().any(replaces) {
            return Some("can replace the boundary");
        }
        let arn = self.evaluator.boundary_arn.filter(|arn| !aws_managed::is_aws_managed(arn))?;
        let boundary = Witness::Named(arn.to_owned());
        let rewrites = ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"];
        rewrites
            .into_iter()
            .any(|action| allows(action, &boundary, &Call::default()))
            .then_some("can rewrite the boundary's policy")
    }

    /// How the holder has those policies with a deny that it can remove from itself.
    fn removable_denies(&self) -> Vec<Via> {
        let ways = self.evaluator.identity.denying_ways();
        if ways.is_empty() {
            return Vec::new();
        }
        let (own, is_role) = self.own();
        let allows = |action: &str, witness: &Witness| {
            self.evaluator.allows(action, witness, &Call::default()).truth == Truth::Yes
        };
        let removes = |via: &Via| match via {
            Via::Inline => allows(if is_role { "iam:DeleteRolePolicy" } else { "iam:DeleteUserPolicy" }, &own),
            Via::Attached => allows(if is_role { "iam:DetachRolePolicy" } else { "iam:DetachUserPolicy" }, &own),
            Via::Group => {
                ["iam:RemoveUserFromGroup", "iam:DetachGroupPolicy", "iam:DeleteGroupPolicy"].iter().any(|action| {
                    let groups = self.evaluator.witnesses(action, ResourceType::Group);
                    groups
                        .iter()
                        .any(|group| !matches!(group, Witness::Named(_) | Witness::Some(..)) && allows(action, group))
                })
            }
        };
        ways.into_iter().filter(removes).collect()
    }

    /// One line for each policy and reason: "P (inline) allows iam:A, iam:B if …".
    fn doubts_in_words(&self, doubts: &[Doubt]) -> Vec<Phrase> {
        self.in_words(doubts.iter().map(|doubt| (doubt.policy, doubt.action, doubt.why.clone())))
    }

    /// One line for each policy: "P (inline) allows iam:A, iam:B".
    fn by_policy(&self, allowed: &[(&'static str, usize)]) -> Vec<Phrase> {
        self.in_words(allowed.iter().map(|(action, policy)| (*policy, *action, Phrase::default())))
    }

    /// One line for each policy and end of the sentence, with all its actions.
    fn in_words(&self, all: impl Iterator<Item = (usize, &'static str, Phrase)>) -> Vec<Phrase> {
        let mut lines: Vec<(usize, Phrase, Vec<&'static str>)> = Vec::new();
        for (policy, action, end) in all {
            match lines.iter_mut().find(|(of, known, _)| *of == policy && *known == end) {
                Some((_, _, actions)) if actions.contains(&action) => {}
                Some((_, _, actions)) => actions.push(action),
                None => lines.push((policy, end, vec![action])),
            }
        }
        let line = |(policy, end, actions): (usize, Phrase, Vec<&'static str>)| {
            phrase!(self.label(policy), " allows ", first_few(&actions), end)
        };
        lines.into_iter().map(line).collect()
    }
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

/// The users, roles, groups and policies that policies name, without wildcards, and that decide whether a path to more
/// access is open: at most `most`, in the order of the policies.
#[must_use]
pub fn named_entities(policies: &[PolicyInput<'_>], holder: Option<&Untrusted>, most: usize) -> Vec<String> {
    use ResourceType::{Group, Role, User};
    let documents: Vec<_> = policies.iter().map(|policy| policy.reading.document()).collect();
    let layer = Layer::of_policies(policies, &documents);
    let nothing = super::question::Named::default();
    let holder = super::question::Holder { arn: holder, ..super::question::Holder::default() };
    let evaluator = Evaluator::new(layer, None, None, holder, &nothing, policies);
    let mut all: Vec<String> = Vec::new();
    let mut add = |arn: String| {
        if all.len() < most && !all.contains(&arn) {
            all.push(arn);
        }
    };
    for (action, kind) in [
        ("iam:PassRole", Role),
        ("sts:AssumeRole", Role),
        ("iam:UpdateAssumeRolePolicy", Role),
        ("iam:CreateAccessKey", User),
        ("iam:CreateLoginProfile", User),
        ("iam:UpdateLoginProfile", User),
        ("iam:AddUserToGroup", Group),
    ] {
        for witness in evaluator.witnesses(action, kind).iter() {
            if let Witness::Named(arn) = witness {
                add(arn.clone());
            }
        }
    }
    let literal = |arn: &String| !arn.contains(['*', '?', '$']) && !aws_managed::is_aws_managed(arn);
    for path in escalation_paths().filter(|path| path.means.is_iam()) {
        for action in path.actions {
            for key in ["iam:PolicyARN", "iam:PermissionsBoundary"] {
                evaluator.condition_values(action, key).into_iter().filter(literal).for_each(&mut add);
            }
        }
    }
    all
}
