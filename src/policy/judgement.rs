//! The judgement: which escalation paths are open for a holder, and the access level that follows.

use super::access::{Access, AccessLevel, BoundaryEffect, BoundaryReading, OpenPath};
use super::aws_managed::{self, Known};
use super::condition::Truth;
use super::document::Document;
use super::escalation::{ADMINISTRATOR_ACTIONS, EscalationPath, Means, PASS_ROLE, ResourceType, escalation_paths};
use super::evaluator::{Answer, Call, Evaluator, Layer, Witness};
use super::matching::ANY;
use super::question::{PolicyInput, Question, Reading, TrustSummary, Via};
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

/// The actions that run a document of Systems Manager, which decides what they do.
const RUN_DOCUMENTS: [&str; 3] = ["ssm:SendCommand", "ssm:CreateAssociation", "ssm:UpdateAssociation"];

/// Whether a path is open.
#[derive(Default)]
struct State {
    certain: bool,
    limited_to: Option<String>,
    /// Pairs of an action and the index of the policy that allows it.
    allowed: Vec<(&'static str, usize)>,
    doubts: Vec<Doubt>,
    /// Whether one way to open the path depends on nothing weak.
    strong: bool,
    /// Whether the path is only open on the holder itself.
    own_only: bool,
}

/// Something that decides whether a path is open, and that is not known.
#[derive(Clone, PartialEq, Eq)]
struct Doubt {
    policy: usize,
    action: &'static str,
    /// The rest of the sentence "P allows A".
    why: Phrase,
    /// Whether it only selects among existing resources.
    weak: bool,
}

/// The access that policies grant to their holder.
#[must_use]
pub fn evaluate(question: &Question<'_>) -> Access {
    evaluate_by(&escalation_paths().collect::<Vec<_>>(), question)
}

/// Whether the policies allow one call, in the holder's favour: it chooses what a condition leaves open.
#[must_use]
pub fn decide(question: &Question<'_>, action: &str, resource: &str) -> Truth {
    let Question { policies, holder, boundary, named, .. } = *question;
    let documents: Vec<_> = policies.iter().map(|policy| policy.reading.document()).collect();
    let documents = policies.iter().zip(&documents).enumerate();
    let identity = Layer::new(documents.map(|(i, (policy, document))| (i, policy.via, document.as_deref())));
    let document = boundary.and_then(|boundary| boundary.reading.document());
    let limit = boundary.map(|_| Layer::new(std::iter::once((0, Via::Attached, document.as_deref()))));
    let arn = boundary.and_then(|boundary| boundary.arn);
    let evaluator = Evaluator::new(identity, limit, arn, holder, named, policies);
    let own = evaluator.own_arn() == resource;
    let witness = if own { Witness::Own(resource.to_owned()) } else { Witness::Named(resource.to_owned()) };
    evaluator.allows(action, &witness, &Call::default()).truth
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
    let layer = |dropped: &[Via]| {
        let documents = policies.iter().zip(&documents).enumerate();
        Layer::new(documents.map(|(i, (policy, document))| (i, policy.via, document.as_deref())))
            .without_denies(dropped)
    };
    if holder.arn.is_none_or(|arn| Arn::parse(arn.raw()).is_none()) && gaps.evaluated > 0 {
        gaps.not_evaluated.push("the holder's ARN is not known, so resources were not compared exactly".into());
    }
    let limit = boundary.map(|boundary| (boundary, boundary.reading.document()));
    let boundary_arn = boundary.and_then(|boundary| boundary.arn);
    let judge = |dropped: &[Via], bounded: bool| {
        let document = limit.as_ref().and_then(|(_, document)| document.as_deref()).filter(|_| bounded);
        let boundary = document.map(|document| Layer::new(std::iter::once((0, Via::Attached, Some(document)))));
        let evaluator = Evaluator::new(layer(dropped), boundary, boundary_arn, holder, named, policies);
        Judge { paths, evaluator, policies, bounded }
    };
    let least = if gaps.all_read() && !layer(&[]).allows_anything() { AccessLevel::None } else { AccessLevel::Limited };
    let without = judge_with_removals(&judge, false, least);
    let mut effect = None;
    let mut outcome = without;
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
        unreadable: gaps.unreadable,
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
    let boundary = Layer::new(std::iter::once((0, Via::Attached, Some(document))));
    let arn = question.boundary.and_then(|boundary| boundary.arn);
    let policies = question.boundary.map(std::slice::from_ref).unwrap_or_default();
    let evaluator = Evaluator::new(boundary, None, arn, question.holder, question.named, &[]);
    Judge { paths, evaluator, policies, bounded: true }.outcome(AccessLevel::Limited)
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

impl State {
    /// One more way to open the path, which depends on all of these.
    fn depends_on(&mut self, doubts: Vec<Doubt>) {
        self.strong |= doubts.iter().all(|doubt| !doubt.weak);
        self.doubts.extend(doubts);
    }

    /// The path also depends on all of these.
    fn and_depends_on(&mut self, doubts: Vec<Doubt>) {
        self.strong = (self.certain || self.strong) && doubts.iter().all(|doubt| !doubt.weak);
        self.certain = false;
        self.doubts.extend(doubts);
    }
}

struct Judge<'a> {
    paths: &'a [&'static EscalationPath],
    evaluator: Evaluator<'a>,
    policies: &'a [PolicyInput<'a>],
    /// Whether a boundary is in force: then policies that the holder gives to itself do not lead beyond it.
    bounded: bool,
}

impl Judge<'_> {
    fn outcome(&self, least: AccessLevel) -> Outcome {
        let (mut open, mut possible) = (Vec::new(), AccessLevel::Limited);
        let (mut allowed, mut through_iam) = (Vec::new(), Vec::new());
        let (mut doubts, mut perhaps, mut grants_itself) = (Vec::new(), AccessLevel::Limited, false);
        for path in self.paths.iter().copied() {
            let state = self.state(path);
            let level = if path.means.is_iam() { AccessLevel::Escalation } else { AccessLevel::RoleEscalation };
            if state.own_only && self.bounded {
                grants_itself |= state.certain;
                continue;
            }
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
        let not_evaluated = if level >= AccessLevel::Escalation { Vec::new() } else { self.doubts_in_words(&doubts) };
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

    /// What only AWS's own policies leave open is weak: nobody else can write their conditions.
    fn weighed(&self, mut doubts: Vec<Doubt>) -> Vec<Doubt> {
        for doubt in &mut doubts {
            doubt.weak |= self.is_by_aws(doubt.policy);
        }
        doubts
    }

    fn label(&self, policy: usize) -> Phrase {
        self.policies.get(policy).map_or(Phrase::default(), |policy| policy.label.clone())
    }

    fn is_by_aws(&self, policy: usize) -> bool {
        self.policies.get(policy).is_some_and(|policy| policy.arn.is_some_and(aws_managed::is_aws_managed))
    }

    fn state(&self, path: &'static EscalationPath) -> State {
        match path.means {
            Means::Grant(kind) => self.on_one(path, kind, |_| Truth::Yes, true),
            Means::GrantAndUse(kind) => self.on_one(path, kind, |_| Truth::Yes, false),
            Means::TakeOver(kind) => self.on_one(path, kind, |arn| self.strength(arn), false),
            Means::AssumeRole => {
                let strength = |arn: &str| self.trusted(arn, |trust| trust.account).min(self.strength(arn));
                self.on_one(path, ResourceType::Role, strength, false)
            }
            Means::PassRole(services) => self.passing(path, services),
            Means::ExistingResource => self.somewhere(path, false),
            Means::Elsewhere => self.somewhere(path, true),
        }
    }

    /// Whether all actions of a path are allowed on the same entity of a type. `strength` says whether an entity that a
    /// policy names has more access.
    fn on_one(
        &self,
        path: &'static EscalationPath,
        kind: ResourceType,
        strength: impl Fn(&str) -> Truth,
        on_self: bool,
    ) -> State {
        let mut best = State::default();
        for witness in self.evaluator.witnesses(path.actions[0], kind) {
            let (own, named) = match &witness {
                Witness::Own(_) => (true, None),
                Witness::Named(arn) => (false, Some(arn.as_str())),
                Witness::Any(_) | Witness::Some(..) => (false, None),
            };
            // Own policies need no use of another identity; another identity is not the holder itself.
            if (own && !on_self) || (named.is_some() && matches!(path.means, Means::Grant(_))) {
                continue;
            }
            let answers: Vec<_> =
                path.actions.iter().map(|action| (*action, self.ask(action, &witness, None))).collect();
            let all = answers.iter().map(|(_, answer)| *answer).reduce(Answer::and);
            let Some(all) = all.filter(|all| all.truth > Truth::No) else { continue };
            let strong = named.map_or(Truth::Yes, &strength);
            let allowed: Vec<_> =
                answers.iter().filter_map(|(action, answer)| Some((*action, answer.policy?))).collect();
            if all.truth == Truth::Yes && strong == Truth::Yes {
                let limited_to = if let Witness::Some(_, pattern) = &witness { Some(pattern.clone()) } else { None };
                if best.certain && (limited_to.is_some() || best.limited_to.is_none()) {
                    continue;
                }
                best = State { certain: true, limited_to, allowed, own_only: own, ..State::default() };
                if best.limited_to.is_none() {
                    return best;
                }
            } else if !best.certain && strong > Truth::No {
                let mut doubts = self.doubts(&answers, &Call::default());
                if let Some(arn) = named.filter(|_| strong == Truth::Depends) {
                    let why = phrase!(" on ", Phrase::arn(&Untrusted::new(arn)), ", whose access is not known");
                    let (action, policy) = allowed.first().copied().unwrap_or((path.actions[0], 0));
                    doubts.push(Doubt { policy, action, why, weak: false });
                }
                best.depends_on(self.weighed(doubts));
            }
        }
        best
    }

    /// Whether a role can be passed to one of the services, and the other actions are allowed.
    fn passing(&self, path: &'static EscalationPath, services: &[&str]) -> State {
        let mut pass = State::default();
        for service in services {
            for witness in self.evaluator.witnesses(PASS_ROLE, ResourceType::Role) {
                let strong = match &witness {
                    Witness::Any(_) | Witness::Some(..) => Truth::Yes,
                    // A role cannot be passed by itself to gain more than itself.
                    Witness::Own(_) => continue,
                    Witness::Named(arn) => {
                        let own_strength = self.strength(arn).max(self.strengthens(&witness));
                        let trusts = |trust: &TrustSummary| trust.services.iter().any(|trusted| trusted == service);
                        own_strength.min(self.trusted(arn, trusts))
                    }
                };
                if strong == Truth::No {
                    continue;
                }
                let answer = self.ask(PASS_ROLE, &witness, Some(service));
                let Some(policy) = answer.policy.filter(|_| answer.truth > Truth::No) else { continue };
                if answer.truth == Truth::Yes && strong == Truth::Yes {
                    let limited_to =
                        if let Witness::Some(_, pattern) = &witness { Some(pattern.clone()) } else { None };
                    if !pass.certain || (pass.limited_to.is_some() && limited_to.is_none()) {
                        let allowed = vec![(PASS_ROLE, policy)];
                        pass = State { certain: true, limited_to, allowed, ..State::default() };
                    }
                } else if !pass.certain {
                    let call = Call { passed_to: Some(service), ..Call::default() };
                    let mut doubts = self.doubts(&[(PASS_ROLE, answer)], &call);
                    if let Witness::Named(arn) = &witness
                        && strong == Truth::Depends
                    {
                        let why = phrase!(" on ", Phrase::arn(&Untrusted::new(arn)), ", whose access is not known");
                        doubts.push(Doubt { policy, action: PASS_ROLE, why, weak: false });
                    }
                    pass.depends_on(self.weighed(doubts));
                }
            }
        }
        if !pass.certain && pass.doubts.is_empty() {
            return State::default();
        }
        let rest = self.somewhere(path, true);
        match (pass.certain, rest.certain) {
            _ if !rest.certain && rest.doubts.is_empty() => State::default(),
            (true, true) => State { allowed: [pass.allowed, rest.allowed].concat(), ..pass },
            _ => State {
                strong: (pass.certain || pass.strong) && (rest.certain || rest.strong),
                doubts: [pass.doubts, rest.doubts].concat(),
                ..State::default()
            },
        }
    }

    /// Whether all actions of a path are allowed on some resource. Unless the call `creates` it, the resource must be
    /// any one of its type: what a certain one has is not looked up.
    fn somewhere(&self, path: &'static EscalationPath, creates: bool) -> State {
        let mut state = State { certain: true, ..State::default() };
        for action in path.actions {
            let call = Call { creates, ..Call::default() };
            let (answer, limited_to) = self.evaluator.allows_somewhere(action, &call);
            let Some(policy) = answer.policy.filter(|_| answer.truth > Truth::No) else { return State::default() };
            state.allowed.push((action, policy));
            if answer.truth == Truth::Depends {
                let doubts = self.doubts(&[(*action, answer)], &call);
                state.and_depends_on(self.weighed(doubts));
            } else if RUN_DOCUMENTS.contains(action) && !self.runs_any_document(action) {
                let why = phrase!(" with certain documents; what these run was not looked up");
                state.and_depends_on(vec![Doubt { policy, action, why, weak: true }]);
            } else if let Some(pattern) = limited_to.filter(|_| !creates) {
                let why =
                    phrase!(" on ", Phrase::arn(&Untrusted::new(&pattern)), "; what this can do was not looked up");
                state.and_depends_on(vec![Doubt { policy, action, why, weak: true }]);
            }
        }
        state
    }

    /// Whether a call can use a document of Systems Manager that runs any command.
    fn runs_any_document(&self, action: &str) -> bool {
        let arns = ["arn:aws:ssm:us-east-1::document/AWS-RunShellScript", "arn:aws:ssm:us-east-1::document/\u{1}"];
        arns.iter().any(|arn| {
            let document = Witness::Named((*arn).to_owned());
            self.evaluator.allows(action, &document, &Call::default()).truth == Truth::Yes
        })
    }

    /// Whether a call is allowed on an entity, in the most useful way: with the policy that gives the most access, and
    /// without a boundary that would limit it.
    fn ask(&self, action: &'static str, witness: &Witness, passed_to: Option<&str>) -> Answer {
        let mut best = Answer { truth: Truth::No, policy: None, by_tag: false };
        let mut better = |answer: Answer, limit: Truth| {
            let answer = Answer { truth: answer.truth.min(limit), ..answer };
            if answer.truth > best.truth {
                best = answer;
            }
            best.truth == Truth::Yes
        };
        let policies =
            if action.starts_with("iam:Attach") { self.attachable(action) } else { vec![(None, Truth::Yes)] };
        let boundaries = self.evaluator.condition_values(action, "iam:PermissionsBoundary");
        'found: for (policy, strength) in &policies {
            let call = Call { passed_to, policy: policy.as_deref(), ..Call::default() };
            if better(self.evaluator.allows(action, witness, &call), *strength) {
                break;
            }
            for boundary in &boundaries {
                let limit = self.strength(boundary).min(*strength);
                let call = Call { sets_boundary: Some(boundary), ..call };
                if limit > Truth::No && better(self.evaluator.allows(action, witness, &call), limit) {
                    break 'found;
                }
            }
        }
        // Whoever can tag the entity can meet a condition on its tags.
        if best.truth == Truth::Depends && best.by_tag && self.tags(witness) {
            best.truth = Truth::Yes;
        }
        best
    }

    fn tags(&self, witness: &Witness) -> bool {
        let kinds = [ResourceType::User, ResourceType::Role, ResourceType::Policy];
        let mut tagging = kinds.iter().filter_map(|kind| kind.tagging());
        tagging.any(|action| self.evaluator.allows(action, witness, &Call::default()).truth == Truth::Yes)
    }

    /// The policies that could be attached, and whether each gives more access.
    fn attachable(&self, action: &'static str) -> Vec<(Option<String>, Truth)> {
        let partition =
            self.evaluator.holder.arn.and_then(|arn| Arn::parse(arn.raw())).map_or("aws", |arn| arn.partition);
        let of_aws = |name: &str| Some(format!("arn:{partition}:iam::aws:policy/{name}"));
        let mut all = vec![(of_aws("AdministratorAccess"), Truth::Yes), (of_aws("IAMFullAccess"), Truth::Yes)];
        for value in self.evaluator.condition_values(action, "iam:PolicyARN") {
            if !value.contains(['*', '?', '$']) {
                let strength = self.strength(&value);
                all.push((Some(value), strength));
            } else if aws_managed::is_aws_managed(&value) {
                let names = aws_managed::escalating_names()
                    .filter(|name| of_aws(name).is_some_and(|arn| crate::arn::wildcard(&value, &arn)));
                all.extend(names.map(|name| (of_aws(name), Truth::Yes)));
            } else {
                // What the pattern covers was not looked up, and the holder may be able to create one.
                all.push((Some(value.replace(['*', '?'], ANY)), Truth::Yes));
            }
        }
        all.push((Some(format!("arn:{partition}:iam::000000000000:policy/{ANY}")), Truth::Yes));
        all
    }

    /// Whether an entity that a policy names has access that makes a path through it an escalation.
    fn strength(&self, arn: &str) -> Truth {
        if aws_managed::is_aws_managed(arn) {
            let name = arn.rsplit('/').next().unwrap_or_default();
            return Truth::of(aws_managed::escalating_names().any(|known| known == name));
        }
        match self.evaluator.named.0.get(arn).and_then(|entity| entity.level) {
            Some(level) => Truth::of(level >= AccessLevel::RoleEscalation),
            None => Truth::Depends,
        }
    }

    fn trusted(&self, arn: &str, trusts: impl Fn(&TrustSummary) -> bool) -> Truth {
        let trust = self.evaluator.named.0.get(arn).and_then(|entity| entity.trust.as_ref());
        trust.map_or(Truth::Depends, |trust| Truth::of(trusts(trust)))
    }

    /// Whether the holder can give policies to a role.
    fn strengthens(&self, role: &Witness) -> Truth {
        ["iam:AttachRolePolicy", "iam:PutRolePolicy"]
            .iter()
            .map(|action| self.ask(action, role, None).truth)
            .max()
            .unwrap_or(Truth::No)
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
        let others = [
            "arn:aws:iam::aws:policy/AdministratorAccess".to_owned(),
            format!("arn:aws:iam::000000000000:policy/{ANY}"),
        ];
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

    /// What decides about calls that are allowed only under a condition that was not evaluated.
    fn doubts(&self, answers: &[(&'static str, Answer)], call: &Call<'_>) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        for (action, answer) in answers.iter().filter(|(_, answer)| answer.truth == Truth::Depends) {
            let policy = answer.policy.unwrap_or_default();
            let open = self.evaluator.open_conditions(action, call);
            let words = open.into_iter().filter(|(of, _)| *of == policy).map(|(_, words)| words);
            let words = without_repetition(words.collect());
            let why = if words.is_empty() {
                self.unknown_policies(action)
            } else {
                phrase!(" if ", Phrase::few(words, 3, " and "))
            };
            doubts.push(Doubt { policy, action, why, weak: answer.by_tag });
        }
        doubts
    }

    /// The boundaries and policies that a condition requires, and that were not read.
    fn unknown_policies(&self, action: &str) -> Phrase {
        let of = |key: &'static str, verb: &'static str| {
            let values = self.evaluator.condition_values(action, key);
            let unknown = values.into_iter().filter(|value| self.strength(value) == Truth::Depends);
            unknown.map(move |value| phrase!(verb, Phrase::arn(&Untrusted::new(&value)))).collect::<Vec<_>>()
        };
        let mut all = of("iam:PermissionsBoundary", " under the boundary ");
        all.extend(of("iam:PolicyARN", " of the policy "));
        phrase!(Phrase::few(all, 2, " or"), ", whose content is not known")
    }

    /// One line for each policy and reason: "P (inline) allows iam:A, iam:B if …".
    fn doubts_in_words(&self, doubts: &[Doubt]) -> Vec<Phrase> {
        let mut lines: Vec<(usize, Phrase, Vec<&'static str>)> = Vec::new();
        for doubt in doubts {
            match lines.iter_mut().find(|(policy, why, _)| *policy == doubt.policy && *why == doubt.why) {
                Some((_, _, actions)) if actions.contains(&doubt.action) => {}
                Some((_, _, actions)) => actions.push(doubt.action),
                None => lines.push((doubt.policy, doubt.why.clone(), vec![doubt.action])),
            }
        }
        let line = |(policy, why, actions): (usize, Phrase, Vec<&'static str>)| {
            phrase!(self.label(policy), " allows ", first_few(&actions), why)
        };
        lines.into_iter().map(line).collect()
    }

    /// "P (inline) allows iam:A, iam:B", one line for each policy.
    fn by_policy(&self, allowed: &[(&'static str, usize)]) -> Vec<Phrase> {
        let mut policies: Vec<(usize, Vec<&'static str>)> = Vec::new();
        for (action, policy) in allowed {
            match policies.iter_mut().find(|(known, _)| known == policy) {
                Some((_, actions)) if actions.contains(action) => {}
                Some((_, actions)) => actions.push(action),
                None => policies.push((*policy, vec![action])),
            }
        }
        let line = |(policy, actions): (usize, Vec<&'static str>)| {
            phrase!(self.label(policy), " allows ", first_few(&actions))
        };
        policies.into_iter().map(line).collect()
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
    let layer = Layer::new(
        policies.iter().zip(&documents).enumerate().map(|(i, (policy, document))| (i, policy.via, document.as_deref())),
    );
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
        for witness in evaluator.witnesses(action, kind) {
            if let Witness::Named(arn) = witness {
                add(arn);
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
