//! Answers for one holder: is an action allowed, on which resources, and which escalation paths are open?
//!
//! Follows "Policy evaluation logic" in the IAM user guide: an explicit `Deny` overrides an `Allow`, and a permissions
//! boundary limits the identity's policies. Everything is asked in the holder's favour: whoever has the access chooses
//! the values that a condition leaves open, such as the source IP or MFA.

use super::condition::Wish;
use super::document::{Condition, Effect};
use super::escalation::ResourceType;
use super::layer::{Compiled, Layer};
use super::matching::{ANY, MARK, Pattern, STAR, Variables, any_names, home, is_general, some_resource};
use super::question::{Holder, Named, NamedEntity, PolicyInput};
use super::truth::Truth;
use crate::arn::{Arn, wildcard};
use crate::limits::{CONDITION_COMPARED, RESOURCES_COMPARED};
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// The name of a user, role or group that is not known. No policy can contain it.
pub(super) const UNKNOWN_NAME: &str = "\u{4}";

/// A resource for which a question is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Witness {
    /// Any resource of a type: only patterns that cover every name cover it.
    Any(ResourceType),
    /// The identity itself, a group that it is in, or a policy that it has.
    Own(String),
    /// A resource that a policy names.
    Named(String),
    /// Some resource of a pattern with a wildcard; and the pattern.
    Some(String, String),
}

/// One call, as far as conditions need it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Call<'q> {
    /// The service principal that a role is passed to.
    pub(super) passed_to: Option<&'q str>,
    /// The policy that is attached.
    pub(super) policy: Option<&'q str>,
    /// Whether the call creates its resource: then the caller chooses what the request says about it.
    pub(super) creates: bool,
    /// The boundary that the call sets.
    pub(super) sets_boundary: Option<&'q str>,
}

/// A resource pattern, and some resource that it covers.
struct ResourcePattern {
    pattern: String,
    resource: String,
    /// Whether the pattern covers every resource of some type.
    general: bool,
}

struct ResourcePatterns {
    patterns: Vec<ResourcePattern>,
    /// The policy of a pattern that is not compared any more, if there is one.
    more_of: Option<usize>,
}

/// Whether an action is allowed on some resource; and the pattern, if it does not cover all resources.
type Somewhere = (Answer, Option<String>);

/// The statements of both layers that cover an action, and whether the call creates the resource.
type SomewhereOf = (Rc<[usize]>, Option<Rc<[usize]>>, bool);

/// The statements that cover an action, and the service that a role is passed to.
type OpenOf = (Rc<[usize]>, Option<String>);

/// Pairs of a policy and its conditions in words.
type OpenConditions = Rc<[(usize, Phrase)]>;

/// The statements that cover an action, and the type of its resources.
type WitnessesOf = (Rc<[usize]>, ResourceType);

/// Whether a call is allowed, and by which policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) truth: Truth,
    /// The index of the policy that allows the call.
    pub(super) policy: Option<usize>,
    /// Whether what is not known only selects among existing resources, by their tags.
    pub(super) by_tag: bool,
}

impl Answer {
    const NO: Self = Self { truth: Truth::No, policy: None, by_tag: false };

    fn or(self, other: Self) -> Self {
        if (other.truth, !other.by_tag) > (self.truth, !self.by_tag) { other } else { self }
    }

    /// Of two calls that are both needed.
    pub(super) fn and(self, other: Self) -> Self {
        let by_tag = match (self.truth, other.truth) {
            (Truth::Depends, Truth::Depends) => self.by_tag || other.by_tag,
            (Truth::Depends, _) => self.by_tag,
            _ => other.by_tag,
        };
        Self { truth: self.truth.min(other.truth), policy: self.policy.or(other.policy), by_tag }
    }
}

/// The entity that a call changes, as conditions see it.
#[derive(Clone, Copy, Default)]
pub(super) struct Subject<'q> {
    pub(super) entity: Option<&'q NamedEntity>,
    pub(super) kind: Option<ResourceType>,
    pub(super) own: bool,
}

pub(super) struct Evaluator<'a> {
    pub(super) identity: Layer<'a>,
    pub(super) boundary: Option<Layer<'a>>,
    /// The ARN of the boundary.
    pub(super) boundary_arn: Option<&'a str>,
    pub(super) holder: Holder<'a>,
    pub(super) named: &'a Named,
    pub(super) arn: Option<Arn<'a>>,
    /// The ARNs of the customer managed policies that the holder has.
    own_policies: Vec<&'a str>,
    /// Whether the holder can set its own tags, once this is known.
    tags_itself: Cell<Option<bool>>,
    /// ARNs that stand for any resource, by type.
    any: [[String; 2]; 4],
    /// The resource patterns of some statements: many actions are covered by the same ones.
    resources: RefCell<HashMap<Rc<[usize]>, Rc<ResourcePatterns>>>,
    /// By the statements of both layers, and whether the call creates the resource.
    somewhere: RefCell<HashMap<SomewhereOf, Somewhere>>,
    /// By statements, and the service that a role is passed to.
    open: RefCell<HashMap<OpenOf, OpenConditions>>,
    /// By statements and type: several paths ask for the same.
    witnesses: RefCell<HashMap<WitnessesOf, Rc<[Witness]>>>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        identity: Layer<'a>,
        boundary: Option<Layer<'a>>,
        boundary_arn: Option<&'a str>,
        holder: Holder<'a>,
        named: &'a Named,
        policies: &'a [PolicyInput<'a>],
    ) -> Self {
        let arn = holder.arn.and_then(|arn| Arn::parse(arn.raw()));
        let own = policies.iter().filter_map(|policy| policy.arn);
        let own_policies = own.filter(|arn| !super::aws_managed::is_aws_managed(arn)).collect();
        let prefix = prefix(arn.as_ref());
        let any = ResourceType::ALL.map(|kind| any_names().map(|name| format!("{prefix}{}/{name}", kind.word())));
        let (resources, somewhere, open, witnesses) = Default::default();
        Self {
            identity,
            boundary,
            boundary_arn,
            holder,
            named,
            arn,
            own_policies,
            tags_itself: Cell::new(None),
            any,
            resources,
            somewhere,
            open,
            witnesses,
        }
    }

    pub(super) fn is(&self, kind: ResourceType) -> bool {
        self.arn.is_some_and(|arn| arn.resource.split('/').next() == Some(kind.word()))
    }

    /// Whether the holder is one user or one role, and not the members of a group or whoever has a policy.
    pub(super) fn is_one(&self) -> bool {
        self.is(ResourceType::User) || self.is(ResourceType::Role)
    }

    pub(super) fn own_arn(&self) -> String {
        match self.arn.filter(|_| self.is_one()) {
            Some(arn) => format!("arn:{}:iam::{}:{}", arn.partition, arn.account, arn.resource),
            None => format!("{}user/{UNKNOWN_NAME}", self.prefix()),
        }
    }

    fn prefix(&self) -> String {
        prefix(self.arn.as_ref())
    }

    /// The partition of the holder's account.
    pub(super) fn partition(&self) -> &'a str {
        home(self.arn.as_ref()).0
    }

    /// The ARN of an AWS managed policy.
    pub(super) fn policy_of_aws(&self, name: &str) -> String {
        format!("arn:{}:iam::aws:policy/{name}", self.partition())
    }

    /// The ARN of a policy that nothing is known about.
    pub(super) fn some_policy(&self) -> String {
        format!("arn:{}:iam::000000000000:policy/{ANY}", self.partition())
    }

    /// Takes the holder's tags as they are.
    pub(super) fn keep_tags(&self) {
        self.tags_itself.set(Some(false));
    }

    /// Whether the holder can set its own tags, with the tags that it has now.
    pub(super) fn tags_itself(&self) -> bool {
        if let Some(known) = self.tags_itself.get() {
            return known;
        }
        // While this is asked, the tags are as they are.
        self.tags_itself.set(Some(false));
        let action = if self.is(ResourceType::Role) { "iam:TagRole" } else { "iam:TagUser" };
        let call = Call { creates: true, ..Call::default() };
        let tags = self.allows(action, &Witness::Own(self.own_arn()), &call).truth == Truth::Yes;
        self.tags_itself.set(Some(tags));
        tags
    }

    /// Whether there was more to compare than is compared: then no answer is certain.
    pub(super) fn is_exhausted(&self) -> bool {
        self.identity.is_exhausted() || self.boundary.as_ref().is_some_and(Layer::is_exhausted)
    }

    /// Whether an ARN is one of the holder's own: itself, a group that it is in, a policy that it has.
    fn is_own(&self, arn: &str) -> bool {
        let group = || {
            let name = Arn::parse(arn).filter(|arn| arn.resource.starts_with("group/")).map(|arn| arn.name());
            name.is_some_and(|name| self.holder.groups.iter().any(|group| group.raw() == name))
                || (self.is(ResourceType::Group) && self.holder.arn.is_some_and(|own| own.raw() == arn))
        };
        arn == self.own_arn() || self.own_policies.contains(&arn) || group()
    }

    /// Whether the user in an ARN has the holder's name, but another path. Names are unique: there is no such user.
    fn has_own_name(&self, arn: &str) -> bool {
        let own = self.arn.filter(|_| self.is(ResourceType::User));
        own.zip(Arn::parse(arn)).is_some_and(|(own, arn)| own.name() == arn.name())
    }

    fn conditions(
        &self,
        layer: &Layer<'a>,
        statement: &Compiled<'_>,
        wish: Wish,
        call: &Call<'_>,
        subject: Subject<'_>,
    ) -> (Truth, bool) {
        let (mut all, mut by_tag) = (Truth::Yes, true);
        for condition in statement.conditions {
            layer.count(CONDITION_COMPARED);
            if layer.is_exhausted() {
                return (Truth::No, false);
            }
            let value = |key: &str| self.value(key, call, subject);
            let variables = Variables { enabled: statement.variables, value: &value };
            let holds = condition.holds(&self.value(&condition.key, call, subject), wish, &variables);
            if holds == Truth::Depends && !is_resource_tag(&condition.key) {
                by_tag = false;
            }
            all = all.min(holds);
        }
        (all, all == Truth::Depends && by_tag)
    }

    /// The resource patterns of a statement, without those that match nothing.
    fn patterns<'s>(&self, statement: &'s Compiled<'a>) -> &'s [Pattern<'a>] {
        statement.patterns.get_or_init(|| {
            let value = |key: &str| self.variable(key);
            let variables = Variables { enabled: statement.variables, value: &value };
            statement.resources.iter().filter_map(|pattern| Pattern::new(pattern, &variables)).collect()
        })
    }

    /// Whether the patterns of each statement of a layer cover a resource.
    fn covered(&self, layer: &Layer<'a>, resource: &str) -> Rc<[Truth]> {
        let matches = |pattern: &Pattern<'_>| {
            let (truth, compared) = pattern.matches_in_steps(resource);
            layer.count(compared);
            // Without the holder's ARN the account is not known: a pattern with any account can be the right one.
            if truth == Truth::No && self.arn.is_none() && in_some_account(pattern.text(), resource) {
                return Truth::Yes;
            }
            truth
        };
        layer.covered(resource, |statement| {
            let mut best = Truth::No;
            for pattern in self.patterns(statement) {
                best = best.max(matches(pattern));
                if best == Truth::Yes {
                    break;
                }
            }
            best
        })
    }

    /// Whether a statement covers a resource, from whether its patterns do.
    fn covers(statement: &Compiled<'_>, covered: Truth, any: bool) -> Truth {
        match (statement.not_resources, covered) {
            (false, covered) => covered,
            // `NotResource` with an unknown variable leaves other resources.
            (true, Truth::No) => Truth::Yes,
            (true, Truth::Depends) => {
                if any {
                    Truth::Yes
                } else {
                    Truth::Depends
                }
            }
            (true, Truth::Yes) => Truth::No,
        }
    }

    /// Whether a layer allows a call on one resource.
    fn layer_allows(
        &self,
        layer: &Layer<'a>,
        action: &str,
        resource: &str,
        any: bool,
        call: &Call<'_>,
        subject: Subject<'_>,
    ) -> Answer {
        let (covering, covered) = (layer.covering(action), self.covered(layer, resource));
        let mut best = Answer::NO;
        for i in covering.iter().copied() {
            let statement = &layer.statements[i];
            if statement.effect == Effect::Deny || best.truth == Truth::Yes {
                continue;
            }
            let covers = Self::covers(statement, covered[i], any);
            if covers == Truth::No {
                continue;
            }
            let (holds, by_tag) = self.conditions(layer, statement, Wish::Met, call, subject);
            let by_tag = by_tag && covers == Truth::Yes;
            best = best.or(Answer { truth: covers.min(holds), policy: Some(statement.policy), by_tag });
        }
        if best.truth == Truth::No {
            return best;
        }
        let denied = covering.iter().copied().any(|i| {
            let statement = &layer.statements[i];
            statement.effect == Effect::Deny
                // A deny with `NotResource` leaves some resources, so it is certain only for one that is known.
                && !(any && statement.not_resources)
                && Self::covers(statement, covered[i], any) == Truth::Yes
                && self.conditions(layer, statement, Wish::Unmet, call, subject).0 == Truth::Yes
        });
        if denied { Answer::NO } else { best }
    }

    /// Whether a call is allowed on a resource, by the policies and by the boundary.
    pub(super) fn allows(&self, action: &str, witness: &Witness, call: &Call<'_>) -> Answer {
        let (resources, any, kind) = match witness {
            Witness::Any(kind) => (self.any[*kind as usize].as_slice(), true, Some(*kind)),
            Witness::Own(arn) | Witness::Named(arn) | Witness::Some(arn, _) => (std::slice::from_ref(arn), false, None),
        };
        let entity = match witness {
            Witness::Named(arn) => self.named.0.get(arn),
            _ => None,
        };
        let subject = Subject { entity, kind, own: matches!(witness, Witness::Own(_)) };
        let mut answer: Option<Answer> = None;
        for resource in resources {
            let here = self.layers(action, resource, any, call, subject);
            answer = Some(answer.map_or(here, |before| before.and(here)));
        }
        answer.unwrap_or(Answer::NO)
    }

    fn layers(&self, action: &str, resource: &str, any: bool, call: &Call<'_>, subject: Subject<'_>) -> Answer {
        let identity = self.layer_allows(&self.identity, action, resource, any, call, subject);
        match &self.boundary {
            Some(boundary) if identity.truth > Truth::No => {
                let limit = self.layer_allows(boundary, action, resource, any, call, subject);
                Answer { policy: identity.policy, ..identity.and(limit) }
            }
            _ => identity,
        }
    }

    /// Whether an action is allowed on some resource, of any service; and the pattern, if it does not cover all.
    pub(super) fn allows_somewhere(&self, action: &str, creates: bool) -> Somewhere {
        let boundary = self.boundary.as_ref().map(|boundary| boundary.covering(action));
        let key = (self.identity.covering(action), boundary, creates);
        if let Some(known) = self.somewhere.borrow().get(&key) {
            return known.clone();
        }
        let found = self.find_somewhere(action, &Call { creates, ..Call::default() });
        self.somewhere.borrow_mut().insert(key, found.clone());
        found
    }

    fn find_somewhere(&self, action: &str, call: &Call<'_>) -> Somewhere {
        let mut best = (Answer::NO, None);
        for found in &self.resource_patterns(action).patterns {
            let answer = self.layers(action, &found.resource, found.general, call, Subject::default());
            let limited = (!found.general).then_some(&found.pattern);
            let better =
                (answer.truth, !answer.by_tag, limited.is_none()) > (best.0.truth, !best.0.by_tag, best.1.is_none());
            if better && answer.truth > Truth::No {
                best = (answer, limited.cloned());
                if answer.truth == Truth::Yes {
                    break;
                }
            }
        }
        best
    }

    /// Whether the policies allow an action on more resources than are compared.
    pub(super) fn names_too_many(&self, action: &str) -> Option<usize> {
        self.resource_patterns(action).more_of
    }

    /// The resource patterns of the statements that allow an action: the widest first, and not more than are compared.
    fn resource_patterns(&self, action: &str) -> Rc<ResourcePatterns> {
        let covering = self.identity.covering(action);
        if let Some(known) = self.resources.borrow().get(&covering) {
            return known.clone();
        }
        let mut all: Vec<(&str, usize)> = Vec::new();
        for statement in covering.iter().map(|i| &self.identity.statements[*i]) {
            if statement.effect == Effect::Deny {
                continue;
            }
            if statement.not_resources {
                all.push(("*", statement.policy));
            } else {
                all.extend(self.patterns(statement).iter().map(|pattern| (pattern.text(), statement.policy)));
            }
        }
        all.sort_by_cached_key(|(text, _)| (!is_general(text), !text.contains(['*', '?']), *text));
        all.dedup_by_key(|(text, _)| *text);
        let more_of = all.get(RESOURCES_COMPARED).map(|(_, policy)| *policy);
        let patterns = all.into_iter().take(RESOURCES_COMPARED).map(|(text, _)| ResourcePattern {
            pattern: text.to_owned(),
            resource: some_resource(text, self.arn.as_ref()),
            general: is_general(text),
        });
        let found = Rc::new(ResourcePatterns { patterns: patterns.collect(), more_of });
        self.resources.borrow_mut().insert(covering, found.clone());
        found
    }

    /// The resources of a type for which it matters whether an action is allowed.
    pub(super) fn witnesses(&self, action: &str, kind: ResourceType) -> Rc<[Witness]> {
        let key = (self.identity.covering(action), kind);
        if let Some(known) = self.witnesses.borrow().get(&key) {
            return known.clone();
        }
        let found: Rc<[Witness]> = self.find_witnesses(action, kind).into();
        self.witnesses.borrow_mut().insert(key, found.clone());
        found
    }

    fn find_witnesses(&self, action: &str, kind: ResourceType) -> Vec<Witness> {
        let mut all = vec![Witness::Any(kind)];
        match kind {
            ResourceType::User | ResourceType::Role => {
                // A member of a group is a user; whoever has a policy can be a role, too.
                if self.is(kind) || (!self.is_one() && kind == ResourceType::User) {
                    all.push(Witness::Own(self.own_arn()));
                }
            }
            ResourceType::Group => {
                let group = self.holder.arn.filter(|_| self.is(ResourceType::Group));
                all.extend(group.map(|arn| Witness::Own(arn.raw().to_owned())));
                let prefix = self.prefix();
                let own = self.holder.groups.iter().map(|name| format!("{prefix}group/{}", name.raw()));
                all.extend(own.map(Witness::Own));
            }
            ResourceType::Policy => all.extend(self.own_policies.iter().map(|arn| Witness::Own((*arn).to_owned()))),
        }
        let marker = format!(":{}/", kind.word());
        for found in &self.resource_patterns(action).patterns {
            let pattern = found.pattern.as_str();
            // IAM changes no role of a service, and no name contains a literal wildcard.
            let impossible = ["/aws-service-role/", STAR, MARK, "{"].iter().any(|part| pattern.contains(part));
            if !pattern.contains(&marker) || impossible {
                continue;
            }
            let arn = found.resource.clone();
            if self.arn.is_some_and(|own| Arn::parse(&arn).is_none_or(|arn| arn.account != own.account)) {
                continue;
            }
            let witness = if self.is_own(&arn) {
                Witness::Own(arn)
            } else if pattern.contains(['*', '?']) && arn.contains(ANY) {
                Witness::Some(arn, pattern.to_owned())
            } else if kind == ResourceType::User && self.has_own_name(&arn) {
                continue;
            } else {
                Witness::Named(arn)
            };
            if !all.contains(&witness) {
                all.push(witness);
            }
        }
        all
    }

    /// The policies that allow an action on roles of other accounts, and the patterns of these roles.
    pub(super) fn elsewhere(&self, action: &str) -> Vec<(usize, String)> {
        let covering = self.identity.covering(action);
        let allows = covering.iter().map(|i| &self.identity.statements[*i]).filter(|of| of.effect == Effect::Allow);
        let mut all = Vec::new();
        for statement in allows.filter(|statement| !statement.not_resources) {
            for pattern in self.patterns(statement).iter().take(RESOURCES_COMPARED) {
                let other = |arn: Arn<'_>| self.arn.is_some_and(|own| !wildcard(arn.account, own.account));
                if Arn::parse(pattern.text()).is_some_and(other) {
                    all.push((statement.policy, pattern.text().to_owned()));
                }
            }
        }
        all
    }

    /// The values of a condition key in the statements that allow an action.
    pub(super) fn condition_values(&self, action: &str, key: &str) -> Vec<String> {
        if !self.identity.has_condition_on(key) {
            return Vec::new();
        }
        let covering = self.identity.covering(action);
        let statements = covering.iter().map(|i| &self.identity.statements[*i]);
        let conditions = statements.flat_map(|statement| statement.conditions);
        let about = conditions.filter(|condition| condition.key.eq_ignore_ascii_case(key));
        about.flat_map(Condition::values).filter_map(|value| Some(value.as_str()?.to_owned())).collect()
    }

    /// The conditions of the statements that allow an action and that are not evaluated: for each policy, " if A and B".
    pub(super) fn open_conditions(&self, action: &str, call: &Call<'_>) -> OpenConditions {
        let key = (self.identity.covering(action), call.passed_to.map(str::to_owned));
        if let Some(known) = self.open.borrow().get(&key) {
            return known.clone();
        }
        let mut of_policies: Vec<(usize, Vec<Phrase>)> = Vec::new();
        for (policy, words) in self.find_open_conditions(action, call) {
            match of_policies.iter_mut().find(|(of, _)| *of == policy) {
                Some((_, all)) if all.contains(&words) => {}
                Some((_, all)) => all.push(words),
                None => of_policies.push((policy, vec![words])),
            }
        }
        let in_words = |(policy, words)| (policy, phrase!(" if ", Phrase::few(words, 3, " and ")));
        let found: Rc<[_]> = of_policies.into_iter().map(in_words).collect();
        self.open.borrow_mut().insert(key, found.clone());
        found
    }

    fn find_open_conditions(&self, action: &str, call: &Call<'_>) -> Vec<(usize, Phrase)> {
        let layers = [Some(&self.identity), self.boundary.as_ref()];
        let mut open = Vec::new();
        for layer in layers.into_iter().flatten() {
            for statement in layer.covering(action).iter().map(|i| &layer.statements[*i]) {
                if statement.effect == Effect::Deny {
                    continue;
                }
                let value = |key: &str| self.value(key, call, Subject::default());
                let variables = Variables { enabled: statement.variables, value: &value };
                for condition in statement.conditions {
                    if condition.holds(&value(&condition.key), Wish::Met, &variables) == Truth::Depends {
                        open.push((statement.policy, condition.words()));
                    }
                }
                let own = |key: &str| self.variable(key);
                let variables = Variables { enabled: statement.variables, value: &own };
                let uncertain = |pattern: &&String| Pattern::new(pattern, &variables).is_some_and(|p| !p.certain);
                for pattern in statement.resources.iter().filter(uncertain) {
                    open.push((statement.policy, phrase!("the resource is ", Phrase::arn(&Untrusted::new(pattern)))));
                }
            }
        }
        open
    }

    /// The policy whose statements allow all actions of IAM on any user, not considering denies.
    pub(super) fn all_of_iam(&self, at_least: Truth) -> Option<usize> {
        let covers = |layer: &Layer<'a>, action: &str| {
            let mut by = None;
            for resource in &self.any[ResourceType::User as usize] {
                let covered = self.covered(layer, resource);
                let found = layer.covering(action).iter().copied().find(|i| {
                    let statement = &layer.statements[*i];
                    statement.effect == Effect::Allow
                        && Self::covers(statement, covered[*i], true) >= at_least
                        && self.conditions(layer, statement, Wish::Met, &Call::default(), Subject::default()).0
                            >= at_least
                })?;
                by = by.or(Some(layer.statements[found].policy));
            }
            by
        };
        let mut by = None;
        for action in any_names().map(|name| format!("iam:{name}")) {
            by = by.or(Some(covers(&self.identity, &action)?));
            if let Some(boundary) = &self.boundary {
                covers(boundary, &action)?;
            }
        }
        by
    }

    /// The policy that allows every action on every resource, except what a deny takes away.
    pub(super) fn anything(&self) -> Option<usize> {
        let mut by = None;
        for name in any_names() {
            let action = format!("{name}:{name}");
            let answer = self.layers(&action, &name, true, &Call::default(), Subject::default());
            by = by.or(Some(answer.policy.filter(|_| answer.truth == Truth::Yes)?));
        }
        by
    }
}

/// The start of the ARNs of the holder's account.
fn prefix(holder: Option<&Arn<'_>>) -> String {
    let (partition, account) = home(holder);
    format!("arn:{partition}:iam::{account}:")
}

fn is_resource_tag(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.split_once(':').is_some_and(|(_, name)| name.starts_with("resourcetag/"))
}

fn in_some_account(pattern: &str, resource: &str) -> bool {
    match (Arn::parse(pattern), Arn::parse(resource)) {
        (Some(pattern), Some(resource)) => {
            wildcard(pattern.service, resource.service) && wildcard(pattern.resource, resource.resource)
        }
        _ => false,
    }
}
