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
use serde::Deserialize;
use serde::de::DeserializeOwned;
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
            Via::Group(group) => phrase!(&self.name, " (through the group ", group, ")"),
        }
    }

    /// Whether AWS manages it: then its account is `aws`.
    #[must_use]
    pub fn is_aws_managed(&self) -> bool {
        self.arn.as_ref().is_some_and(|arn| is_aws_managed(arn.raw()))
    }
}

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
    /// What could not be read.
    pub unread: Vec<Gap>,
}

impl Power {
    /// The level and its grounds, as one line.
    #[must_use]
    pub fn words(&self) -> Phrase {
        let grounds = || Phrase::joined(self.grounds.iter().map(Phrase::from), "; ");
        match self.level {
            Level::Administrator => phrase!("administrator: ", grounds()),
            Level::IamCapable => phrase!("can change IAM, and so grant itself the rest: ", grounds()),
            Level::Broad => phrase!("everything but changing IAM: ", grounds()),
            Level::Limited if !self.unread.is_empty() && self.policies.is_empty() => "not known".into(),
            Level::Limited if self.policies.is_empty() => "none: no policies".into(),
            Level::Limited if !(self.doubts.is_empty() && self.unread.is_empty()) => {
                "no administrator, as far as could be told".into()
            }
            Level::Limited => "no administrator, cannot change IAM".into(),
        }
    }
}

/// The policies of AWS that decide our questions, with as much of their documents as decides them.
/// From the AWS Managed Policy Reference. Other AWS managed policies are shown by name and not weighed.
const AWS_MANAGED: [(&str, &str); 3] = [
    ("AdministratorAccess", r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#),
    ("IAMFullAccess", r#"{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}"#),
    (
        "PowerUserAccess",
        r#"{"Statement":{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"}}"#,
    ),
];

/// The calls by which one who may make them on any user, group, role or policy becomes an administrator.
const ESCALATIONS: [(&str, &str); 13] = [
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

/// The calls that are an escalation even if they may be made on oneself only.
const ON_ONESELF: [&str; 4] =
    ["iam:AttachUserPolicy", "iam:PutUserPolicy", "iam:AttachRolePolicy", "iam:PutRolePolicy"];

/// A name that no policy means in particular: who may touch it may touch any.
const ANY_NAME: &str = "zz-any-name";

/// Weighs the policies of the holder with this ARN.
#[must_use]
pub fn weigh(holdings: &Holdings, holder: Option<&Untrusted>) -> Power {
    let mut doubts = holdings.cuts.clone();
    let mut statements = Vec::new();
    for policy in &holdings.policies {
        match read(policy) {
            Ok(read) => statements.extend(read.into_iter().map(|statement| (policy, statement))),
            Err(doubt) => doubts.extend(doubt),
        }
    }
    let holder = holder.and_then(|arn| Arn::parse(arn.raw()));
    if holder.is_none() && !statements.is_empty() {
        doubts.push("its ARN is not known, so resources in its policies were not compared exactly".into());
    }
    let mut court = Court { statements, holder, doubts };

    let anything_in_iam = court.allows("iam:ZzAnyAction", &court.any("user"));
    let anything_else = court.allows("zz:ZzAnyAction", "*");
    let escalations: Vec<_> = ESCALATIONS
        .iter()
        .filter_map(|(action, kind)| {
            let on_oneself = || {
                let own = court.own_arn().filter(|_| ON_ONESELF.contains(action))?;
                court.allows(action, &own).map(|policy| (*action, policy))
            };
            court.allows(action, &court.any(kind)).map(|policy| (*action, policy)).or_else(on_oneself)
        })
        .collect();

    let (level, grounds) = match (anything_in_iam, anything_else) {
        (Some(policy), _) if escalations.len() == ESCALATIONS.len() => (Level::Administrator, vec![policy.label()]),
        _ if !escalations.is_empty() => (Level::IamCapable, by_policy(&escalations)),
        (_, Some(policy)) => (Level::Broad, vec![policy.label()]),
        _ => (Level::Limited, Vec::new()),
    };
    court.doubt(level);
    Power {
        level,
        grounds,
        policies: holdings.policies.iter().map(Policy::label).collect(),
        doubts: court.doubts,
        unread: holdings.unread(),
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
    const SHOWN: usize = 2;
    let mut few = Phrase::joined(actions.iter().take(SHOWN).map(|action| (*action).into()), ", ");
    if actions.len() > SHOWN {
        few.push(phrase!(" and ", actions.len() - SHOWN, " more"));
    }
    few
}

/// Where the questions are put.
struct Court<'a> {
    statements: Vec<(&'a Policy, Statement)>,
    holder: Option<Arn<'a>>,
    doubts: Vec<Phrase>,
}

impl<'a> Court<'a> {
    /// The ARN of some thing of this kind in the holder's account.
    fn any(&self, kind: &str) -> String {
        let (partition, account) = self.holder.map_or(("aws", "*"), |arn| (arn.partition, arn.account));
        format!("arn:{partition}:iam::{account}:{kind}/{ANY_NAME}")
    }

    fn own_arn(&self) -> Option<String> {
        self.holder.map(|arn| format!("arn:{}:iam::{}:{}", arn.partition, arn.account, arn.resource))
    }

    /// The policy by which the action may surely be done on the resource, conditions aside on the deny side.
    fn allows(&self, action: &str, resource: &str) -> Option<&'a Policy> {
        let matching = |effect: Effect| {
            self.statements.iter().filter(move |(_, statement)| {
                statement.effect == effect
                    && !statement.conditional
                    && statement.covers_action(action)
                    && statement.covers_resource(resource, self.holder.as_ref())
            })
        };
        if matching(Effect::Deny).next().is_some() {
            return None;
        }
        matching(Effect::Allow).next().map(|(policy, _)| *policy)
    }

    /// Adds what the answers leave open.
    fn doubt(&mut self, level: Level) {
        let own = self.own_arn();
        let mut doubts = Vec::new();
        for (policy, statement) in &self.statements {
            let touched: Vec<_> = ESCALATIONS
                .iter()
                .filter(|(action, _)| statement.covers_action(action))
                .filter(|(action, _)| {
                    // To manage one's own keys and password is what IAM's user guide recommends to allow.
                    ON_ONESELF.contains(action) || !statement.is_for_oneself(own.as_deref(), self.holder.as_ref())
                })
                .map(|(action, _)| *action)
                .collect();
            if touched.is_empty() {
                continue;
            }
            let actions = first_few(&touched);
            match statement.effect {
                Effect::Allow if level >= Level::IamCapable => {}
                Effect::Allow if statement.conditional => {
                    doubts.push(phrase!(policy.label(), " allows ", actions, " under a condition"));
                }
                Effect::Allow
                    if !ESCALATIONS.iter().any(|(action, kind)| {
                        statement.covers_action(action)
                            && statement.covers_resource(&self.any(kind), self.holder.as_ref())
                    }) =>
                {
                    doubts.push(phrase!(policy.label(), " allows ", actions, " on certain resources"));
                }
                Effect::Deny if statement.conditional && level >= Level::IamCapable => {
                    doubts.push(phrase!(policy.label(), " denies ", actions, " under a condition"));
                }
                Effect::Allow | Effect::Deny => {}
            }
        }
        self.doubts.extend(doubts);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
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

    fn covers_resource(&self, resource: &str, holder: Option<&Arn<'_>>) -> bool {
        self.resources.covers(|pattern| {
            let pattern = filled_in(pattern, holder);
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

/// A document as it is written: almost everything may be one or many.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    statement: OneOrMany<Written>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T: DeserializeOwned> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
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

/// The statements of a policy; the error is a doubt, but for what [`Holdings::unread`] tells already.
fn read(policy: &Policy) -> Result<Vec<Statement>, Option<Phrase>> {
    if policy.is_aws_managed() {
        let known = AWS_MANAGED.iter().find(|(name, _)| *name == policy.name.raw());
        return known.map_or(Ok(Vec::new()), |(_, document)| parse(policy, document).map_err(Some));
    }
    match &policy.document {
        Lookup::Found(document) => parse(policy, document).map_err(Some),
        Lookup::Missing => Err(Some(phrase!(policy.label(), " was gone when its document was read"))),
        Lookup::Unavailable(_) => Err(None),
    }
}

fn parse(policy: &Policy, document: &str) -> Result<Vec<Statement>, Phrase> {
    let not_understood = || phrase!(policy.label(), " not understood: its document is no policy that we know");
    let document: Document = serde_json::from_str(document).map_err(|_| not_understood())?;
    document
        .statement
        .into_vec()
        .into_iter()
        .map(|written| {
            let either = |these: Option<OneOrMany<String>>, all_but: Option<OneOrMany<String>>| match (these, all_but) {
                (Some(these), None) => Ok(Match::These(these.into_vec())),
                (None, Some(all_but)) => Ok(Match::AllBut(all_but.into_vec())),
                _ => Err(not_understood()),
            };
            let resources = either(written.resource, written.not_resource)?;
            // A policy variable other than the user's name is filled in at the time of the call only.
            let variable = match &resources {
                Match::These(patterns) | Match::AllBut(patterns) => {
                    patterns.iter().any(|pattern| pattern.replace("${aws:username}", "").contains("${"))
                }
            };
            Ok(Statement {
                effect: match written.effect.as_str() {
                    "Allow" => Effect::Allow,
                    "Deny" => Effect::Deny,
                    _ => return Err(not_understood()),
                },
                actions: either(written.action, written.not_action)?,
                resources,
                conditional: variable || !written.condition.is_empty(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

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
        let deny_one = json!([allow("*", "*"), {"Effect": "Deny", "Action": "iam:attachuserpolicy", "Resource": "*"}]);
        assert_eq!(level(&deny_one), Level::IamCapable);
        let deny_all_but = json!([allow("*", "*"), {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}]);
        assert_eq!(level(&deny_all_but), Level::Limited);
        let across = weighed(vec![
            managed("AdministratorAccess"),
            inline("stop", &json!({"Effect": "Deny", "Action": "*", "Resource": "*"})),
        ]);
        assert_eq!(across.level, Level::Limited);
        assert_eq!(
            weighed(vec![managed("PowerUserAccess")]).words().plain(),
            "everything but changing IAM: PowerUserAccess (attached)"
        );
    }

    #[test]
    fn what_cannot_be_told_is_a_doubt() {
        let condition = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
        let if_mfa = weighed(vec![inline(
            "p",
            &json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}),
        )]);
        assert_eq!(if_mfa.level, Level::Limited);
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

        let variable = weighed(vec![inline("p", &allow("iam:*", "arn:aws:iam::*:user/${aws:PrincipalTag/team}/*"))]);
        assert_eq!((variable.level, variable.doubts.len()), (Level::Limited, 1));

        let mut unread = inline("p", &json!([]));
        unread.document = Lookup::Unavailable(Unavailable::Denied("iam:GetUserPolicy"));
        let unread = weighed(vec![unread]);
        assert_eq!(unread.unread[0].what.plain(), "the policy p (inline)");
        assert_eq!(unread.words().plain(), "no administrator, as far as could be told");
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

    proptest! {
        #[test]
        fn any_document_is_weighed_without_a_panic(document in ".{0,200}") {
            let mut policy = inline("p", &json!([]));
            policy.document = Lookup::Found(document.into());
            let power = weighed(vec![policy]);
            prop_assert!(power.level == Level::Limited && power.doubts.len() == 1);
        }

        #[test]
        fn a_deny_never_adds_power(actions in prop::collection::vec("(iam|s3|\\*):[A-Za-z*]{0,12}", 1..4)) {
            let allowed = weighed(vec![inline("a", &json!({"Effect": "Allow", "Action": actions, "Resource": "*"}))]);
            let denied = weighed(vec![
                inline("a", &json!({"Effect": "Allow", "Action": actions, "Resource": "*"})),
                inline("d", &json!({"Effect": "Deny", "Action": actions, "Resource": "*"})),
            ]);
            prop_assert!(denied.level <= allowed.level && denied.level == Level::Limited);
        }
    }
}
