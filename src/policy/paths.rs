//! Which escalation paths are open for a holder, and what decides where that is not known.

use super::access::AccessLevel;
use super::aws_managed;
use super::escalation::{EscalationPath, Means, PASS_ROLE, ResourceType};
use super::evaluator::{Answer, Call, Evaluator, Witness};
use super::matching::ANY;
use super::question::{PolicyInput, TrustSummary};
use super::truth::Truth;
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The actions that run a document of Systems Manager, which decides what they do.
const RUN_DOCUMENTS: [&str; 3] = ["ssm:SendCommand", "ssm:CreateAssociation", "ssm:UpdateAssociation"];

/// The most doubts about one path that are put into words.
const DOUBTS: usize = 4;

/// Whether a path is open.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) certain: bool,
    pub(super) limited_to: Option<String>,
    /// Pairs of an action and the index of the policy that allows it.
    pub(super) allowed: Vec<(&'static str, usize)>,
    pub(super) doubts: Vec<Doubt>,
    /// Whether one way to open the path depends on nothing weak.
    pub(super) strong: bool,
    /// Whether the holder can write policies of its own, under a boundary.
    pub(super) grants_itself: bool,
}

/// Something that decides whether a path is open, and that is not known.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) policy: usize,
    pub(super) action: &'static str,
    /// The rest of the sentence "P allows A".
    pub(super) why: Phrase,
    /// Whether it only selects among existing resources.
    weak: bool,
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

/// Asks which paths are open.
pub(super) struct Judge<'a> {
    pub(super) paths: &'a [&'static EscalationPath],
    pub(super) evaluator: Evaluator<'a>,
    pub(super) policies: &'a [PolicyInput<'a>],
    /// Whether a boundary is in force: then policies that the holder gives to itself do not lead beyond it.
    pub(super) bounded: bool,
    /// Whether a role can be passed, by service.
    passed: RefCell<HashMap<&'static str, Rc<State>>>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        paths: &'a [&'static EscalationPath],
        evaluator: Evaluator<'a>,
        policies: &'a [PolicyInput<'a>],
        bounded: bool,
    ) -> Self {
        Self { paths, evaluator, policies, bounded, passed: RefCell::default() }
    }
}

impl Judge<'_> {
    /// What only AWS's own policies leave open is weak: nobody else can write their conditions.
    fn weighed(&self, mut doubts: Vec<Doubt>) -> Vec<Doubt> {
        for doubt in &mut doubts {
            doubt.weak |= self.is_by_aws(doubt.policy);
        }
        doubts
    }

    pub(super) fn is_by_aws(&self, policy: usize) -> bool {
        self.policies.get(policy).is_some_and(|policy| policy.arn.is_some_and(aws_managed::is_aws_managed))
    }

    pub(super) fn state(&self, path: &'static EscalationPath) -> State {
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
        for witness in self.evaluator.witnesses(path.actions[0], kind).iter() {
            let (own, named) = match witness {
                Witness::Own(_) => (true, None),
                Witness::Named(arn) => (false, Some(arn.as_str())),
                Witness::Any(_) | Witness::Some(..) => (false, None),
            };
            // Whoever can write its own policies needs no other identity.
            if own && !on_self {
                continue;
            }
            let answers: Vec<_> =
                path.actions.iter().map(|action| (*action, self.ask(action, witness, None))).collect();
            let all = answers.iter().map(|(_, answer)| *answer).reduce(Answer::and);
            let Some(all) = all.filter(|all| all.truth > Truth::No) else { continue };
            if let (Some(arn), Means::Grant(_), Some(policy)) = (named, path.means, all.policy) {
                let action = path.actions[0];
                let why = phrase!(" on ", Phrase::arn(&Untrusted::new(arn)), "; who can use it was not looked up");
                best.depends_on(vec![Doubt { policy, action, why, weak: true }]);
            } else if own && self.bounded {
                // What the holder gives to itself does not lead beyond the boundary.
                best.grants_itself |= all.truth == Truth::Yes;
            } else {
                let strong = named.map_or(Truth::Yes, &strength);
                self.one_way(&mut best, witness, &answers, strong, &Call::default());
                if best.certain && best.limited_to.is_none() {
                    return best;
                }
            }
        }
        self.note_too_many(&mut best, path.actions[0]);
        if !best.certain && matches!(path.means, Means::AssumeRole) {
            for (policy, pattern) in self.evaluator.elsewhere(path.actions[0]) {
                let why = phrase!(" on ", Phrase::arn(&Untrusted::new(&pattern)), ", in another account");
                best.depends_on(vec![Doubt { policy, action: path.actions[0], why, weak: true }]);
            }
        }
        best
    }

    /// Whether a role can be passed to one of the services, and the other actions are allowed.
    fn passing(&self, path: &'static EscalationPath, services: &[&'static str]) -> State {
        let rest = self.somewhere(path, true);
        if !rest.certain && rest.doubts.is_empty() {
            return State::default();
        }
        let mut pass = State::default();
        for service in services {
            let here = self.pass(service);
            if here.certain {
                if !pass.certain || (pass.limited_to.is_some() && here.limited_to.is_none()) {
                    pass = (*here).clone();
                }
            } else if !pass.certain && !here.doubts.is_empty() {
                pass.depends_on(here.doubts.clone());
            }
        }
        match (pass.certain, rest.certain) {
            _ if !pass.certain && pass.doubts.is_empty() => State::default(),
            (true, true) => State { allowed: [pass.allowed, rest.allowed].concat(), ..pass },
            _ => State {
                strong: (pass.certain || pass.strong) && (rest.certain || rest.strong),
                doubts: [pass.doubts, rest.doubts].concat(),
                ..State::default()
            },
        }
    }

    /// Whether a role can be passed to a service. Many paths ask for the same service.
    fn pass(&self, service: &'static str) -> Rc<State> {
        // Without such a condition, and if no policy names a role, all services are the same.
        let key = "iam:PassedToService";
        let layers = [Some(&self.evaluator.identity), self.evaluator.boundary.as_ref()];
        let witnesses = self.evaluator.witnesses(PASS_ROLE, ResourceType::Role);
        let matters = layers.into_iter().flatten().any(|layer| layer.has_condition_on(key))
            || witnesses.iter().any(|witness| matches!(witness, Witness::Named(_)));
        let of = if matters { service } else { "" };
        if let Some(known) = self.passed.borrow().get(of) {
            return known.clone();
        }
        let mut pass = State::default();
        for witness in witnesses.iter() {
            let strong = match witness {
                Witness::Any(_) | Witness::Some(..) => Truth::Yes,
                // A role cannot be passed by itself to gain more than itself.
                Witness::Own(_) => continue,
                Witness::Named(arn) => {
                    let own_strength = self.strength(arn).max(self.strengthens(witness));
                    let trusts = |trust: &TrustSummary| trust.services.iter().any(|trusted| trusted == service);
                    own_strength.min(self.trusted(arn, trusts))
                }
            };
            let answers = [(PASS_ROLE, self.ask(PASS_ROLE, witness, Some(service)))];
            let call = Call { passed_to: Some(service), ..Call::default() };
            self.one_way(&mut pass, witness, &answers, strong, &call);
        }
        self.note_too_many(&mut pass, PASS_ROLE);
        let pass = Rc::new(pass);
        self.passed.borrow_mut().insert(of, pass.clone());
        pass
    }

    /// Adds one way to open a path: the answers on one entity, which has more access if it is `strong`. The widest way
    /// that is certain counts; if none is, all that is not known.
    fn one_way(
        &self,
        state: &mut State,
        witness: &Witness,
        answers: &[(&'static str, Answer)],
        strong: Truth,
        call: &Call<'_>,
    ) {
        let all = answers.iter().map(|(_, answer)| *answer).reduce(Answer::and);
        let Some(all) = all.filter(|all| all.truth.min(strong) > Truth::No) else { return };
        let allowed: Vec<_> = answers.iter().filter_map(|(action, answer)| Some((*action, answer.policy?))).collect();
        if all.truth == Truth::Yes && strong == Truth::Yes {
            let limited_to = if let Witness::Some(_, pattern) = witness { Some(pattern.clone()) } else { None };
            if !state.certain || (state.limited_to.is_some() && limited_to.is_none()) {
                let grants_itself = state.grants_itself;
                *state = State { certain: true, limited_to, allowed, grants_itself, ..State::default() };
            }
        } else if !state.certain && state.doubts.len() >= DOUBTS {
            state.strong |= strong == Truth::Depends || !all.by_tag;
        } else if !state.certain {
            let mut doubts = self.doubts(answers, call);
            if let (Witness::Named(arn), Truth::Depends, Some((action, policy))) = (witness, strong, allowed.first()) {
                let why = phrase!(" on ", Phrase::arn(&Untrusted::new(arn)), ", whose access is not known");
                doubts.push(Doubt { policy: *policy, action, why, weak: false });
            }
            state.depends_on(self.weighed(doubts));
        }
    }

    /// Whether all actions of a path are allowed on some resource. Unless the call `creates` it, the resource must be
    /// any one of its type: what a certain one has is not looked up.
    fn somewhere(&self, path: &'static EscalationPath, creates: bool) -> State {
        let mut state = State { certain: true, ..State::default() };
        for action in path.actions {
            let call = Call { creates, ..Call::default() };
            let (answer, limited_to) = self.evaluator.allows_somewhere(action, creates);
            let Some(policy) = answer.policy.filter(|_| answer.truth > Truth::No) else {
                let Some(policy) = self.evaluator.names_too_many(action) else { return State::default() };
                state.and_depends_on(vec![too_many(policy, action)]);
                continue;
            };
            state.allowed.push((action, policy));
            if answer.truth == Truth::Depends && answer.by_tag && self.tags_resources(action) {
                continue;
            }
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

    /// Whether the holder can tag the resources of an action's service, and so meet a condition on their tags.
    fn tags_resources(&self, action: &str) -> bool {
        let service = action.split(':').next().unwrap_or_default();
        ["TagResource", "CreateTags", "AddTags", "AddTagsToResource"]
            .iter()
            .any(|tag| self.evaluator.allows_somewhere(&format!("{service}:{tag}"), false).0.truth == Truth::Yes)
    }

    /// The resources that are not compared can open the path.
    fn note_too_many(&self, state: &mut State, action: &'static str) {
        if let Some(policy) = self.evaluator.names_too_many(action).filter(|_| !state.certain) {
            state.depends_on(vec![too_many(policy, action)]);
        }
    }

    /// Whether a call can use a document of Systems Manager that runs any command.
    fn runs_any_document(&self, action: &str) -> bool {
        let partition = self.evaluator.partition();
        ["AWS-RunShellScript", ANY].iter().any(|name| {
            let document = Witness::Named(format!("arn:{partition}:ssm:us-east-1::document/{name}"));
            self.evaluator.allows(action, &document, &Call::default()).truth == Truth::Yes
        })
    }

    /// Whether a call is allowed on an entity, in the most useful way: with the policy that gives the most access, and
    /// without a boundary that would limit it.
    pub(super) fn ask(&self, action: &'static str, witness: &Witness, passed_to: Option<&str>) -> Answer {
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
        let of_aws = |name: &str| Some(self.evaluator.policy_of_aws(name));
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
        all.push((Some(self.evaluator.some_policy()), Truth::Yes));
        all
    }

    /// Whether an entity that a policy names has access that makes a path through it an escalation.
    pub(super) fn strength(&self, arn: &str) -> Truth {
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

    /// What decides about calls that are allowed only under a condition that was not evaluated.
    fn doubts(&self, answers: &[(&'static str, Answer)], call: &Call<'_>) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        for (action, answer) in answers.iter().filter(|(_, answer)| answer.truth == Truth::Depends) {
            let policy = answer.policy.unwrap_or_default();
            let open = self.evaluator.open_conditions(action, call);
            let words = open.iter().find(|(of, _)| *of == policy).map(|(_, words)| words.clone());
            let why = words.unwrap_or_else(|| self.unknown_policies(action));
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
}

fn too_many(policy: usize, action: &'static str) -> Doubt {
    Doubt { policy, action, why: " on more resources than are compared".into(), weak: false }
}
