//! What policies amount to: administrator, able to change IAM, or just their names.
//!
//! It is no policy simulator. It puts a handful of questions to the documents, "may it attach a policy to
//! any user?", the way that "Policy evaluation logic" in the IAM user guide says: an explicit `Deny` beats
//! an `Allow`, actions are compared without case, `NotAction` and `NotResource` turn the match around.
//! Permissions boundaries, service control policies and session policies are not counted in; whatever it
//! could not read or tell is a doubt, and is shown as one.

use super::{List, Lookup, Unavailable};
use crate::arn::{Arn, wildcard, wildcard_ignoring_case};
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::rc::Rc;

/// The policies that a user or a role holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Those that were found.
    pub policies: Vec<Policy>,
    /// What could not be listed, and why.
    pub gaps: Vec<Gap>,
    /// Lists that were not read to their end: complete sentences without a stop.
    pub cuts: Vec<Phrase>,
}

/// Something that could not be had: what, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What was asked for: "groups".
    pub what: Phrase,
    /// Why it could not be had.
    pub reason: Unavailable,
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: Untrusted,
    /// How it is held.
    pub via: Via,
    /// Its ARN, if it is a managed one.
    pub arn: Option<Untrusted>,
    /// Its document, as JSON.
    pub document: Lookup<Rc<str>>,
}

/// How a policy is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// A managed policy attached to the user or role itself.
    Attached,
    /// An inline policy of the user or role itself.
    Inline,
    /// A managed or inline policy of a group that the user is in.
    Group(Untrusted),
    /// It is not held: the policy itself is what is looked at.
    Itself,
}

impl Holdings {
    /// Joins what two questions found.
    pub fn extend(&mut self, more: Self) {
        self.policies.extend(more.policies);
        self.gaps.extend(more.gaps);
        self.cuts.extend(more.cuts);
    }

    /// Holdings of which nothing could be listed.
    #[must_use]
    pub fn gap(what: &Phrase, reason: &Unavailable) -> Self {
        let gap = Gap { what: what.clone(), reason: reason.clone() };
        Self { gaps: vec![gap], ..Self::default() }
    }

    /// Says so where a list was not read to its end.
    #[must_use]
    pub fn told_if_cut<T>(mut self, what: &Phrase, list: &List<T>) -> Self {
        if list.more {
            self.cuts.push(phrase!("only the first ", list.items.len(), " ", what, " were read"));
        }
        self
    }

    /// All that could not be listed or read.
    #[must_use]
    pub fn unread(&self) -> Vec<Gap> {
        let documents = self.policies.iter().filter(|policy| !policy.is_aws_managed()).filter_map(|policy| {
            let reason = policy.document.unavailable()?.clone();
            Some(Gap { what: phrase!("the policy ", policy.label()), reason })
        });
        self.gaps.iter().cloned().chain(documents).collect()
    }

    /// How many questions about policies went without an answer.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.unread().iter().filter(|gap| gap.reason.is_failure()).count()
    }
}

impl Policy {
    /// Its name and how it is held.
    #[must_use]
    pub fn label(&self) -> Phrase {
        match &self.via {
            Via::Attached => phrase!(&self.name, " (attached)"),
            Via::Inline => phrase!(&self.name, " (inline)"),
            Via::Itself => phrase!(&self.name),
            Via::Group(group) => phrase!(&self.name, " (through the group ", group, ")"),
        }
    }

    /// Whether AWS manages it: then its account is `aws`.
    #[must_use]
    pub fn is_aws_managed(&self) -> bool {
        self.arn.as_ref().is_some_and(|arn| is_aws_managed(arn.raw()))
    }
}

impl Holdings {
    /// Those of them for which `keep` holds, with all that could not be had.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&Policy) -> bool) -> Self {
        Self { policies: self.policies.iter().filter(|policy| keep(policy)).cloned().collect(), ..self.clone() }
    }

    /// Holdings of this one policy.
    #[must_use]
    pub fn of(policy: Policy) -> Self {
        Self { policies: vec![policy], ..Self::default() }
    }

    /// The policy by which AWS has put the holder under quarantine, because it found one of its keys where
    /// everybody can read it (`AWSCompromisedKeyQuarantine` and its successors).
    #[must_use]
    pub fn quarantine(&self) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.is_aws_managed() && policy.name.raw().starts_with(QUARANTINE))
    }
}

/// How the names of the policies begin by which AWS puts somebody under quarantine.
const QUARANTINE: &str = "AWSCompromisedKeyQuarantine";

/// Whether AWS manages the policy with this ARN.
#[must_use]
pub fn is_aws_managed(arn: &str) -> bool {
    Arn::parse(arn).is_some_and(|arn| arn.account == "aws")
}

/// How far policies reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What their names say.
    Limited,
    /// Everything in AWS but changing IAM.
    Broad,
    /// May change IAM in a way that grants itself the rest.
    IamCapable,
    /// Everything, or all of IAM, which is the same.
    Administrator,
}

/// What policies amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Power {
    /// How far they reach, at least.
    pub level: Level,
    /// What gives it that level.
    pub grounds: Vec<Phrase>,
    /// Every policy, with how it is held.
    pub policies: Vec<Phrase>,
    /// What could not be told from what was read: it may reach further, or less far.
    pub doubts: Vec<Phrase>,
    /// How far they would reach if all their conditions held.
    pub at_most: Level,
    /// Whether there are policies of AWS that we know by name only.
    pub named_only: bool,
    /// What could not be read.
    pub unread: Vec<Gap>,
    /// Whether a document was gone when it was to be read, or could not be understood.
    pub unreadable: bool,
}

impl Power {
    /// What gives it its level, in a line.
    #[must_use]
    pub fn why(&self) -> Phrase {
        Phrase::few(self.grounds.iter().map(Phrase::from), 3, "; ")
    }

    /// The level and its grounds, as one line.
    #[must_use]
    pub fn words(&self) -> Phrase {
        let open = !(self.doubts.is_empty() && self.unread.is_empty());
        match self.level {
            Level::Administrator => phrase!("administrator: ", self.why()),
            Level::IamCapable => phrase!("can change IAM, and so grant itself the rest: ", self.why()),
            Level::Broad if open => phrase!("everything but changing IAM, as far as could be told: ", self.why()),
            Level::Broad => phrase!("everything but changing IAM: ", self.why()),
            Level::Limited if !self.unread.is_empty() && self.policies.is_empty() => "not known".into(),
            Level::Limited if self.policies.is_empty() => "none: no policies".into(),
            Level::Limited if open => "not an administrator, as far as could be told".into(),
            Level::Limited if self.named_only => {
                "not an administrator by the policies that were read; AWS's own are only named".into()
            }
            Level::Limited => "not an administrator, and cannot make itself one".into(),
        }
    }
}

/// The policies of AWS that decide our questions, with as much of their documents as decides them.
/// From the AWS Managed Policy Reference. Other AWS managed policies are shown by name and not weighed.
const AWS_MANAGED: [(&str, &str); 4] = [
    ("AdministratorAccess", r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#),
    ("IAMFullAccess", r#"{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}"#),
    (
        "PowerUserAccess",
        r#"{"Statement":{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"}}"#,
    ),
    ("AWSDenyAll", r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#),
];

/// A call of IAM, and what kind of thing it changes.
type Call = (&'static str, &'static str);

/// The calls by which one who may make them on any user, group, role or policy becomes an administrator.
const ESCALATIONS: [Call; 13] = [
    ("iam:AttachUserPolicy", "user"),
    ("iam:PutUserPolicy", "user"),
    ("iam:AttachRolePolicy", "role"),
    ("iam:PutRolePolicy", "role"),
    ("iam:AttachGroupPolicy", "group"),
    ("iam:PutGroupPolicy", "group"),
    ("iam:AddUserToGroup", "group"),
    ("iam:UpdateAssumeRolePolicy", "role"),
    ("iam:CreatePolicyVersion", "policy"),
    ("iam:SetDefaultPolicyVersion", "policy"),
    ("iam:CreateAccessKey", "user"),
    ("iam:CreateLoginProfile", "user"),
    ("iam:UpdateLoginProfile", "user"),
];

/// The calls by which one takes denies and boundaries off: they grant nothing, but free what was granted.
const WAYS_OUT: [Call; 8] = [
    ("iam:DetachUserPolicy", "user"),
    ("iam:DeleteUserPolicy", "user"),
    ("iam:DeleteUserPermissionsBoundary", "user"),
    ("iam:RemoveUserFromGroup", "group"),
    ("iam:DetachRolePolicy", "role"),
    ("iam:DeleteRolePolicy", "role"),
    ("iam:DeleteRolePermissionsBoundary", "role"),
    ("iam:DeleteGroupPolicy", "group"),
];

/// The calls that lead somewhere even if they may be made on oneself only. To manage one's own keys and
/// password, on the other hand, is what the IAM user guide recommends to allow.
const ON_ONESELF: [&str; 14] = [
    "iam:AttachGroupPolicy",
    "iam:PutGroupPolicy",
    "iam:CreatePolicyVersion",
    "iam:SetDefaultPolicyVersion",
    "iam:AttachUserPolicy",
    "iam:PutUserPolicy",
    "iam:AttachRolePolicy",
    "iam:PutRolePolicy",
    "iam:DetachUserPolicy",
    "iam:DeleteUserPolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DetachRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
];

/// Names that stand for any: shorter and longer than IAM's, of a character that no policy can hold, so that
/// only a wildcard covers both.
fn any_names() -> [String; 2] {
    ["\u{1}".to_owned(), "\u{1}".repeat(200)]
}

/// Weighs the policies of the holder with this ARN.
#[must_use]
pub fn weigh(holdings: &Holdings, holder: Option<&Untrusted>) -> Power {
    let mut doubts = holdings.cuts.clone();
    let mut statements = Vec::new();
    let (mut named_only, mut unreadable) = (false, false);
    for policy in &holdings.policies {
        match read(policy) {
            Read::Statements(read) => statements.extend(read.into_iter().map(|statement| (policy, statement))),
            Read::NamedOnly => named_only = true,
            Read::Doubt(doubt) => {
                unreadable = true;
                doubts.push(doubt);
            }
            Read::Unavailable => {}
        }
    }
    let holder = holder.and_then(|arn| Arn::parse(arn.raw()));
    if holder.is_none() && !statements.is_empty() {
        doubts.push("the holder's ARN is not known, so resources in the policies were not compared exactly".into());
    }
    let court = Court { statements, holder };
    let (level, grounds) = court.level(false);
    let (at_most, _) = court.level(true);
    doubts.extend(court.doubts(level, at_most));
    let mut seen = Vec::new();
    doubts.retain(|doubt| {
        let new = !seen.contains(doubt);
        seen.extend(new.then(|| doubt.clone()));
        new
    });
    Power {
        level,
        grounds,
        policies: holdings.policies.iter().map(Policy::label).collect(),
        doubts,
        at_most: at_most.max(level),
        named_only,
        unread: holdings.unread(),
        unreadable,
    }
}

/// "P (inline) allows iam:A, iam:B", a line a policy.
fn by_policy(allowed: &[(&'static str, &Policy)]) -> Vec<Phrase> {
    let mut seen: Vec<&Policy> = Vec::new();
    for (_, policy) in allowed {
        if !seen.contains(policy) {
            seen.push(policy);
        }
    }
    seen.into_iter()
        .map(|policy| {
            let actions: Vec<_> = allowed.iter().filter(|(_, by)| *by == policy).map(|(action, _)| *action).collect();
            phrase!(policy.label(), " allows ", first_few(&actions))
        })
        .collect()
}

/// "iam:A, iam:B and 7 more".
fn first_few(actions: &[&'static str]) -> Phrase {
    Phrase::few(actions.iter().map(|action| (*action).into()), 2, ", ")
}

/// Where the questions are put.
struct Court<'a> {
    statements: Vec<(&'a Policy, Statement)>,
    holder: Option<Arn<'a>>,
}

impl<'a> Court<'a> {
    /// How far the statements reach, and what gives them that reach; with `conditions_hold`, if all
    /// conditions under which something is allowed were fulfilled.
    fn level(&self, conditions_hold: bool) -> (Level, Vec<Phrase>) {
        let may = |calls: &[Call]| -> Vec<_> {
            calls.iter().filter_map(|call| Some((call.0, self.may_make(*call, conditions_hold)?))).collect()
        };
        let (escalations, ways_out) = (may(&ESCALATIONS), may(&WAYS_OUT));
        // Whoever is allowed all of IAM gets around a deny with any one of these that is left.
        let any_actions = any_names().map(|name| format!("iam:{name}"));
        let all_of_iam = self.covered(Effect::Allow, &any_actions, &self.any("user"), conditions_hold);
        let by_all = all_of_iam.filter(|_| !escalations.is_empty() || !ways_out.is_empty());
        if let Some(policy) = by_all {
            return (Level::Administrator, vec![policy.label()]);
        }
        if escalations.len() == ESCALATIONS.len() {
            return (Level::Administrator, by_policy(&escalations));
        }
        if !escalations.is_empty() {
            return (Level::IamCapable, by_policy(&escalations));
        }
        let anything = any_names().map(|name| format!("{name}:{name}"));
        match self.allowed(&anything, &any_names(), conditions_hold) {
            Some(policy) => (Level::Broad, vec![policy.label()]),
            None => (Level::Limited, Vec::new()),
        }
    }

    /// Whether a call may be made on anything of its kind, or on oneself where that is enough; and by what.
    fn may_make(&self, (action, kind): Call, conditions_hold: bool) -> Option<&'a Policy> {
        let action_names = [action.to_owned()];
        self.allowed(&action_names, &self.any(kind), conditions_hold).or_else(|| {
            let own = self.own_arn().filter(|_| ON_ONESELF.contains(&action))?;
            self.allowed(&action_names, &[own], conditions_hold)
        })
    }

    /// The policy that allows all these actions on all these resources, unless they are denied for sure.
    fn allowed(&self, actions: &[String], resources: &[String], conditions_hold: bool) -> Option<&'a Policy> {
        if self.covered(Effect::Deny, actions, resources, false).is_some() {
            return None;
        }
        self.covered(Effect::Allow, actions, resources, conditions_hold)
    }

    /// The policy with statements of this effect on all these actions and all these resources.
    fn covered(
        &self,
        effect: Effect,
        actions: &[String],
        resources: &[String],
        conditions_hold: bool,
    ) -> Option<&'a Policy> {
        let mut by = None;
        for action in actions {
            for resource in resources {
                let (policy, _) = self.statements.iter().find(|(_, statement)| {
                    statement.effect == effect
                        // What denies all but something leaves that: it is not denied for sure.
                        && (effect == Effect::Allow || matches!(statement.resources, Match::These(_)))
                        && (conditions_hold || !statement.conditional)
                        && statement.covers_action(action)
                        && statement.covers_resource(resource, self.holder.as_ref(), conditions_hold)
                })?;
                by = by.or(Some(*policy));
            }
        }
        by
    }

    /// ARNs that stand for any thing of this kind in the holder's account.
    fn any(&self, kind: &str) -> [String; 2] {
        let (partition, account) = self.holder.map_or(("aws", "*"), |arn| (arn.partition, arn.account));
        any_names().map(|name| format!("arn:{partition}:iam::{account}:{kind}/{name}"))
    }

    fn own_arn(&self) -> Option<String> {
        self.holder.map(|arn| format!("arn:{}:iam::{}:{}", arn.partition, arn.account, arn.resource))
    }

    /// What the answers leave open.
    fn doubts(&self, level: Level, at_most: Level) -> Vec<Phrase> {
        let mut doubts = Vec::new();
        for (policy, statement) in &self.statements {
            let actions = self.touched(statement, &ESCALATIONS);
            if actions.is_empty() {
                continue;
            }
            let named = first_few(&actions);
            match (statement.effect, statement.conditional) {
                (Effect::Allow, true) if at_most > level => {
                    doubts.push(phrase!(policy.label(), " allows ", named, " under a condition"));
                }
                (Effect::Allow, false) if level < Level::IamCapable && !self.is_general(statement) => {
                    doubts.push(phrase!(policy.label(), " allows ", named, " on certain resources"));
                }
                (Effect::Deny, true) if level >= Level::Broad => {
                    doubts.push(phrase!(policy.label(), " denies ", named, " under a condition"));
                }
                (Effect::Deny, false) if level >= Level::IamCapable => {
                    let where_ = if self.is_general(statement) { "" } else { " on certain resources" };
                    doubts.push(phrase!(policy.label(), " denies ", named, where_));
                }
                (Effect::Allow | Effect::Deny, _) => {}
            }
        }
        if level < Level::IamCapable {
            let ways_out: Vec<_> =
                WAYS_OUT.iter().filter_map(|call| Some((call.0, self.may_make(*call, false)?))).collect();
            doubts.extend(
                by_policy(&ways_out).into_iter().map(|by| phrase!(by, ": it may take denies and boundaries away")),
            );
            if let Some(policy) = self.may_make(("iam:PassRole", "role"), false) {
                doubts.push(phrase!(policy.label(), " allows iam:PassRole on any role: it may act by stronger ones"));
            }
        }
        doubts
    }

    /// The calls that a statement is about, but for those on oneself that lead nowhere.
    fn touched(&self, statement: &Statement, calls: &[Call]) -> Vec<&'static str> {
        let own = self.own_arn();
        let for_oneself = statement.is_for_oneself(own.as_deref(), self.holder.as_ref());
        calls
            .iter()
            .map(|(action, _)| *action)
            .filter(|action| statement.covers_action(action) && (!for_oneself || ON_ONESELF.contains(action)))
            .collect()
    }

    /// Whether a statement is about all things of some kind that its actions change.
    fn is_general(&self, statement: &Statement) -> bool {
        ESCALATIONS.iter().any(|(action, kind)| {
            statement.covers_action(action)
                && self.any(kind).iter().all(|arn| statement.covers_resource(arn, self.holder.as_ref(), false))
        })
    }
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

impl Effect {
    pub(super) fn from_word(word: &str) -> Option<Self> {
        match word {
            "Allow" => Some(Self::Allow),
            "Deny" => Some(Self::Deny),
            _ => None,
        }
    }
}

/// One statement of a policy document, see "IAM JSON policy element reference".
#[derive(Debug)]
struct Statement {
    effect: Effect,
    actions: Match,
    resources: Match,
    conditional: bool,
}

/// An element, or its `Not` form.
#[derive(Debug)]
enum Match {
    These(Vec<String>),
    AllBut(Vec<String>),
}

impl Match {
    fn covers(&self, mut pattern_covers: impl FnMut(&str) -> bool) -> bool {
        match self {
            Self::These(patterns) => patterns.iter().any(|pattern| pattern_covers(pattern)),
            Self::AllBut(patterns) => !patterns.iter().any(|pattern| pattern_covers(pattern)),
        }
    }
}

impl Statement {
    fn covers_action(&self, action: &str) -> bool {
        self.actions.covers(|pattern| wildcard_ignoring_case(pattern, action))
    }

    /// A pattern with a policy variable that is only known at the time of the call counts if `loosely`.
    fn covers_resource(&self, resource: &str, holder: Option<&Arn<'_>>, loosely: bool) -> bool {
        self.resources.covers(|pattern| {
            let mut pattern = filled_in(pattern, holder);
            if let (Some(variable), true) = (pattern.find("${"), loosely) {
                pattern.replace_range(variable.., "*");
            }
            wildcard(&pattern, resource)
                // With the account unknown, a pattern that names one may well be the right one.
                || (holder.is_none() && arn_of_any_account(&pattern, resource))
        })
    }

    /// Whether it is about the holder alone.
    fn is_for_oneself(&self, own: Option<&str>, holder: Option<&Arn<'_>>) -> bool {
        match (&self.resources, own) {
            (Match::These(patterns), Some(own)) => patterns
                .iter()
                .all(|pattern| filled_in(pattern, holder) == own || pattern.ends_with("/${aws:username}")),
            _ => false,
        }
    }
}

fn arn_of_any_account(pattern: &str, resource: &str) -> bool {
    match (Arn::parse(pattern), Arn::parse(resource)) {
        (Some(pattern), Some(resource)) => {
            wildcard(pattern.service, resource.service) && wildcard(pattern.resource, resource.resource)
        }
        _ => false,
    }
}

/// The pattern with the policy variable `${aws:username}` filled in.
fn filled_in(pattern: &str, holder: Option<&Arn<'_>>) -> String {
    match holder.filter(|arn| arn.resource.starts_with("user/")) {
        Some(arn) => pattern.replace("${aws:username}", arn.name()),
        None => pattern.to_owned(),
    }
}

/// A document as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    statement: OneOrMany<Written>,
}

/// In a policy, almost everything may be one or many.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T: DeserializeOwned> OneOrMany<T> {
    pub(super) fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(many) => many,
            Self::One(one) => vec![one],
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    effect: String,
    action: Option<OneOrMany<String>>,
    not_action: Option<OneOrMany<String>>,
    resource: Option<OneOrMany<String>>,
    not_resource: Option<OneOrMany<String>>,
    #[serde(default)]
    condition: serde_json::Map<String, serde_json::Value>,
}

/// What reading a policy gave.
enum Read {
    Statements(Vec<Statement>),
    /// AWS manages it, and it is none that we know.
    NamedOnly,
    /// There is a document, but it could not be understood.
    Doubt(Phrase),
    /// There is no document: [`Holdings::unread`] tells.
    Unavailable,
}

fn read(policy: &Policy) -> Read {
    let known = |document| {
        parse(document).map_or_else(
            || Read::Doubt(phrase!(policy.label(), " not understood: its document is no policy that we know")),
            Read::Statements,
        )
    };
    if policy.is_aws_managed() {
        let document = AWS_MANAGED.iter().find(|(name, _)| *name == policy.name.raw());
        return document.map_or(Read::NamedOnly, |(_, document)| known(document));
    }
    match &policy.document {
        Lookup::Found(document) => known(document),
        Lookup::Missing => Read::Doubt(phrase!(policy.label(), " was gone when its document was read")),
        Lookup::Unavailable(_) => Read::Unavailable,
    }
}

/// What a document says, a line a statement: "allows s3:GetObject on *". Nothing where it is not understood.
#[must_use]
pub fn says(document: &str) -> Vec<Phrase> {
    let few = |of: &Match| {
        let (but, patterns) = match of {
            Match::These(patterns) => ("", patterns),
            Match::AllBut(patterns) => ("all but ", patterns),
        };
        let patterns = patterns.iter().map(|pattern| Phrase::arn(&Untrusted::new(pattern)));
        phrase!(but, Phrase::few(patterns, 4, ", "))
    };
    let line = |statement: &Statement| {
        let verb = if statement.effect == Effect::Allow { "allows " } else { "denies " };
        let condition = if statement.conditional { ", under a condition" } else { "" };
        phrase!(verb, few(&statement.actions), " on ", few(&statement.resources), condition)
    };
    parse(document).iter().flatten().map(line).collect()
}

/// Whether policies are known to deny only: then they take power away, and give none.
#[must_use]
pub fn only_deny(holdings: &Holdings) -> bool {
    let denies = |policy: &Policy| match read(policy) {
        Read::Statements(statements) => statements.iter().all(|statement| statement.effect == Effect::Deny),
        Read::NamedOnly | Read::Doubt(_) | Read::Unavailable => false,
    };
    !holdings.policies.is_empty() && holdings.gaps.is_empty() && holdings.policies.iter().all(denies)
}

/// Whether a document is known to deny only.
#[must_use]
pub fn only_denies(document: &str) -> bool {
    parse(document).is_some_and(|statements| statements.iter().all(|statement| statement.effect == Effect::Deny))
}

/// Whether the policy with this ARN is one by which AWS, or somebody with AWS's help, only forbids.
#[must_use]
pub fn is_containment(arn: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    is_aws_managed(arn) && (name == "AWSDenyAll" || name.starts_with(QUARANTINE))
}

/// Whether a document denies everything: at once, or to all sessions that were opened before some time after `since`.
#[must_use]
pub fn denies_everything(document: &str, since: Option<DateTime<Utc>>) -> bool {
    let everything = |of: &Match| matches!(of, Match::These(patterns) if patterns.iter().any(|pattern| pattern == "*"));
    let Ok(Value::Object(fields)) = serde_json::from_str(document) else { return false };
    let written = match fields.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(statement) => vec![statement.clone()],
        None => return false,
    };
    let revokes = |statement: &Value| {
        let condition = statement.get("Condition").and_then(Value::as_object).filter(|condition| !condition.is_empty());
        condition.is_none_or(|condition| {
            let time = condition.get("DateLessThan").and_then(|keys| keys.get("aws:TokenIssueTime")?.as_str());
            let time = time.and_then(|time| DateTime::parse_from_rfc3339(time).ok());
            condition.len() == 1 && time.zip(since).is_some_and(|(time, since)| time >= since)
        })
    };
    parse(document).is_some_and(|statements| {
        statements.iter().zip(&written).any(|(statement, written)| {
            statement.effect == Effect::Deny
                && everything(&statement.actions)
                && everything(&statement.resources)
                && revokes(written)
        }) && statements.iter().all(|statement| statement.effect == Effect::Deny)
    })
}

/// Whether a document denies anything, and not only allows.
#[must_use]
pub fn denies(document: &str) -> bool {
    parse(document).iter().flatten().any(|statement| statement.effect == Effect::Deny)
}

/// The statements of a document; `None` where it is no policy that we understand.
fn parse(document: &str) -> Option<Vec<Statement>> {
    let document: Document = serde_json::from_str(document).ok()?;
    let either = |these: Option<OneOrMany<String>>, all_but: Option<OneOrMany<String>>| match (these, all_but) {
        (Some(these), None) => Some(Match::These(these.into_vec())),
        (None, Some(all_but)) => Some(Match::AllBut(all_but.into_vec())),
        _ => None,
    };
    let statement = |written: Written| {
        let resources = either(written.resource, written.not_resource)?;
        // All but what is only known at the time of the call: that cannot be told.
        let unknowable = matches!(&resources, Match::AllBut(patterns)
            if patterns.iter().any(|pattern| pattern.contains("${")));
        Some(Statement {
            effect: Effect::from_word(&written.effect)?,
            actions: either(written.action, written.not_action)?,
            resources,
            conditional: unknowable || !written.condition.is_empty(),
        })
    };
    document.statement.into_vec().into_iter().map(statement).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const CAROL: &str = "arn:aws:iam::111122223333:user/ops/carol";

    fn inline(name: &str, statement: &Value) -> Policy {
        let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        Policy { name: name.into(), via: Via::Inline, arn: None, document: Lookup::Found(document.into()) }
    }

    fn managed(name: &str) -> Policy {
        Policy {
            name: name.into(),
            via: Via::Attached,
            arn: Some(format!("arn:aws:iam::aws:policy/{name}").into()),
            document: Lookup::not_asked("AWS manages it"),
        }
    }

    fn weighed(policies: Vec<Policy>) -> Power {
        let holdings = Holdings { policies, ..Holdings::default() };
        weigh(&holdings, Some(&CAROL.into()))
    }

    fn level(statement: &Value) -> Level {
        weighed(vec![inline("p", statement)]).level
    }

    fn allow(action: &str, resource: &str) -> Value {
        json!({"Effect": "Allow", "Action": action, "Resource": resource})
    }

    #[test]
    fn administrators_are_recognised_however_their_policy_is_written() {
        for statement in [
            allow("*", "*"),
            allow("*:*", "*"),
            allow("iam:*", "*"),
            allow("IAM:*", "arn:aws:iam::*"),
            json!([{"Effect": "Allow", "Action": ["s3:Get*", "i?m:*"], "Resource": ["*"]}]),
            json!({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}),
            json!({"Effect": "Allow", "NotAction": ["s3:*"], "NotResource": "arn:aws:s3:::secret"}),
        ] {
            assert_eq!(level(&statement), Level::Administrator, "{statement}");
        }
        for name in ["AdministratorAccess", "IAMFullAccess"] {
            let power = weighed(vec![managed(name)]);
            assert_eq!(power.words().plain(), format!("administrator: {name} (attached)"));
        }
    }

    #[test]
    fn an_aws_policy_is_known_by_its_arn_not_by_its_name() {
        let mut fake = managed("AdministratorAccess");
        fake.arn = Some("arn:aws:iam::111122223333:policy/AdministratorAccess".into());
        fake.document = Lookup::Found(json!({"Statement": allow("s3:GetObject", "*")}).to_string().into());
        assert_eq!(weighed(vec![fake]).level, Level::Limited);
    }

    #[test]
    fn those_who_can_grant_themselves_the_rest_are_recognised() {
        for statement in [
            allow("iam:AttachUserPolicy", "*"),
            allow("iam:put*policy", "arn:aws:iam::111122223333:user/*"),
            allow("iam:PutUserPolicy", "arn:aws:iam::111122223333:user/ops/${aws:username}"),
            allow("iam:CreateAccessKey", "arn:aws:iam::*:user/*"),
            allow("iam:CreatePolicyVersion", "arn:aws:iam::111122223333:policy/*"),
        ] {
            assert_eq!(level(&statement), Level::IamCapable, "{statement}");
        }
    }

    #[test]
    fn what_is_harmless_is_not_called_power() {
        for statement in [
            allow("s3:*", "*"),
            allow("iam:Get*", "*"),
            allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}"),
            allow("iam:AttachUserPolicy", "arn:aws:iam::999999999999:user/*"),
            allow("iam:AttachUserPolicy", "arn:aws:iam::111122223333:role/*"),
            json!([]),
        ] {
            assert_eq!(level(&statement), Level::Limited, "{statement}");
        }
        let own_key =
            weighed(vec![inline("self", &allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}"))]);
        assert!(own_key.doubts.is_empty(), "{:?}", own_key.doubts);
        assert_eq!(weighed(vec![managed("ReadOnlyAccess")]).level, Level::Limited);
    }

    #[test]
    fn an_explicit_deny_wins() {
        let deny_iam = json!([allow("*", "*"), {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]);
        assert_eq!(level(&deny_iam), Level::Broad);
        let deny_all_but = json!([allow("*", "*"), {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}]);
        assert_eq!(level(&deny_all_but), Level::Limited);
        for stop in [inline("stop", &json!({"Effect": "Deny", "Action": "*", "Resource": "*"})), managed("AWSDenyAll")]
        {
            assert_eq!(weighed(vec![managed("AdministratorAccess"), stop]).level, Level::Limited);
        }
        assert_eq!(
            weighed(vec![managed("PowerUserAccess")]).words().plain(),
            "everything but changing IAM: PowerUserAccess (attached)"
        );
    }

    #[test]
    fn a_deny_that_leaves_a_way_around_it_takes_no_power_and_is_told() {
        let own = json!([CAROL, "arn:aws:iam::*:*/zz-any-name", "arn:aws:iam::*:user/?"]);
        let thirteen: Vec<_> = ESCALATIONS.iter().map(|(action, _)| *action).collect();
        for (deny, told) in [
            (
                json!({"Effect": "Deny", "Action": "iam:UpdateLoginProfile", "Resource": "*"}),
                "denies iam:UpdateLoginProfile",
            ),
            (json!({"Effect": "Deny", "Action": "iam:*", "Resource": own}), "on certain resources"),
            (
                json!({"Effect": "Deny", "Action": thirteen, "Resource": "*"}),
                "denies iam:AttachUserPolicy, iam:PutUserPolicy and 11 more",
            ),
        ] {
            let power = weighed(vec![managed("AdministratorAccess"), inline("p", &deny)]);
            assert_eq!(power.level, Level::Administrator, "{deny}");
            assert!(power.doubts.iter().any(|doubt| doubt.plain().contains(told)), "{:?}", power.doubts);
        }
        let spread: Vec<_> = ["A", "C", "P", "S", "U", "D"].iter().map(|letter| format!("iam:{letter}*")).collect();
        assert_eq!(level(&json!({"Effect": "Allow", "Action": spread, "Resource": "*"})), Level::Administrator);
        let no_name = json!({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:iam::111122223333:user/zz*"});
        assert_eq!(level(&no_name), Level::Administrator);
    }

    #[test]
    fn what_cannot_be_told_is_a_doubt() {
        let condition = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
        let if_mfa = weighed(vec![inline(
            "p",
            &json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}),
        )]);
        assert_eq!((if_mfa.level, if_mfa.at_most), (Level::Limited, Level::Administrator));
        assert_eq!(
            if_mfa.doubts[0].plain(),
            "p (inline) allows iam:AttachUserPolicy, iam:PutUserPolicy and 11 more under a condition"
        );

        let unless_mfa = weighed(vec![
            managed("AdministratorAccess"),
            inline("mfa", &json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition})),
        ]);
        assert_eq!(unless_mfa.level, Level::Administrator);
        assert!(unless_mfa.doubts[0].plain().starts_with("mfa (inline) denies"), "{:?}", unless_mfa.doubts);

        let some = weighed(vec![inline("p", &allow("iam:AttachRolePolicy", "arn:aws:iam::111122223333:role/ci/*"))]);
        assert_eq!(some.doubts[0].plain(), "p (inline) allows iam:AttachRolePolicy on certain resources");
        assert_eq!(some.words().plain(), "not an administrator, as far as could be told");

        let variable = weighed(vec![inline("p", &allow("iam:*", "arn:aws:iam::*:user/${aws:PrincipalTag/team}/*"))]);
        assert_eq!((variable.level, variable.doubts.len()), (Level::Limited, 1));
        let beside = json!({"Effect": "Allow", "Action": "*", "Resource": ["*", "arn:aws:s3:::b/${aws:userid}"]});
        assert_eq!(level(&beside), Level::Administrator);

        let way_out = weighed(vec![inline("p", &allow("iam:DetachUserPolicy", "*"))]);
        assert!(way_out.doubts[0].plain().ends_with("it may take denies and boundaries away"), "{:?}", way_out.doubts);

        let mut unread = inline("p", &json!([]));
        unread.document = Lookup::Unavailable(Unavailable::Denied("iam:GetUserPolicy"));
        let unread = weighed(vec![unread]);
        assert_eq!(unread.unread[0].what.plain(), "the policy p (inline)");
        assert_eq!(unread.words().plain(), "not an administrator, as far as could be told");

        assert!(weighed(vec![managed("ReadOnlyAccess")]).words().plain().ends_with("AWS's own are only named"));
    }

    #[test]
    fn nothing_listed_is_not_the_same_as_nothing_held() {
        assert_eq!(weighed(vec![]).words().plain(), "none: no policies");
        let gap = Holdings::gap(&"attached policies".into(), &Unavailable::TimedOut);
        assert_eq!(weigh(&gap, None).words().plain(), "not known");
    }

    #[test]
    fn without_an_arn_a_pattern_that_names_an_account_still_counts() {
        let holdings = Holdings {
            policies: vec![inline("p", &allow("iam:AttachUserPolicy", "arn:aws:iam::111122223333:user/*"))],
            ..Holdings::default()
        };
        assert_eq!(weigh(&holdings, None).level, Level::IamCapable);
    }

    fn any_statement() -> impl Strategy<Value = Value> {
        let some = |these: &'static [&'static str]| prop::collection::vec(prop::sample::select(these), 1..3);
        let actions =
            some(&["*", "iam:*", "iam:Attach*", "iam:putuserpolicy", "iam:Create*", "s3:*", "sts:?ssumeRole"]);
        let resources = some(&[
            "*",
            "arn:aws:iam::111122223333:user/*",
            CAROL,
            "arn:aws:iam::*:role/ci/*",
            "arn:aws:iam::*:user/${aws:username}",
            "arn:aws:s3:::b/${aws:userid}",
        ]);
        (actions, resources, any::<(bool, bool, bool)>()).prop_map(|(actions, resources, (not_a, not_r, condition))| {
            let mut statement = serde_json::Map::new();
            statement.insert(if not_a { "NotAction" } else { "Action" }.into(), json!(actions));
            statement.insert(if not_r { "NotResource" } else { "Resource" }.into(), json!(resources));
            if condition {
                statement.insert("Condition".into(), json!({"Bool": {"aws:SecureTransport": "true"}}));
            }
            Value::Object(statement)
        })
    }

    fn with_effect(statements: &[Value], effect: &str) -> Vec<Value> {
        let mut statements = statements.to_vec();
        for statement in &mut statements {
            statement["Effect"] = json!(effect);
        }
        statements
    }

    proptest! {
        #[test]
        fn any_text_in_place_of_a_document_is_a_doubt(document in ".{0,200}") {
            let mut policy = inline("p", &json!([]));
            policy.document = Lookup::Found(document.into());
            let power = weighed(vec![policy]);
            prop_assert!(power.level == Level::Limited && power.doubts.len() == 1);
        }

        #[test]
        fn more_allowed_is_never_less_power_and_more_denied_never_more(
            base in prop::collection::vec(any_statement(), 0..3), more in any_statement(),
        ) {
            let base = with_effect(&base, "Allow");
            let before = weighed(vec![inline("a", &json!(base))]);
            let allowed = weighed(vec![inline("a", &json!(base)), inline("b", &json!(with_effect(std::slice::from_ref(&more), "Allow")))]);
            let denied = weighed(vec![inline("a", &json!(base)), inline("b", &json!(with_effect(&[more], "Deny")))]);
            prop_assert!(allowed.level >= before.level && denied.level <= before.level);
            prop_assert!(before.at_most >= before.level);
        }
    }
}
