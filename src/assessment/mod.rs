//! How bad it is, and why: every rule is asked, the highest answer counts, and every reason is told.
//!
//! Pure: what is judged is handed in as a [`Case`].

pub mod chains;
mod rules;

pub use rules::RULES;

use crate::cloudtrail::{Activity, Change, Thing};
use crate::directory::{Dossier, Holdings, Lookup, Policy, Power, Subject, Trust, Via, decoded, power};
use crate::history::Lately;
use crate::phrase;
use crate::settings::Settings;
use crate::severity::Severity;
use crate::text::Phrase;

/// All that is judged.
#[derive(Debug)]
pub struct Case<'a> {
    /// What happened.
    pub activity: &'a Activity,
    /// What IAM knows of it.
    pub dossier: &'a Dossier,
    /// What the caller's policies amount to, where they were read.
    pub caller_power: Option<Power>,
    /// What the target's policies amount to, where they were read.
    pub target_power: Option<Power>,
    /// What the call granted, where it granted by a policy.
    pub granted: Option<Granted>,
    /// Who may assume the role, where the call says so.
    pub trust: Option<Trust>,
    /// What was set: whose doings are expected, and what the alerter itself consists of.
    pub settings: &'a Settings,
    /// What happened before, where that is remembered.
    pub story: Option<&'a Story>,
}

/// What happened before an event, and around it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    /// What was remembered.
    pub lately: Lately,
    /// The chains that the event completes.
    pub chains: Vec<chains::Completed>,
    /// Whether somebody had begun to tell it, and did not come to an end.
    pub again: bool,
}

impl Story {
    /// Whether the alert may not be left out of a flood: it names a chain, or was counted before and not mailed.
    #[must_use]
    pub fn has_to_be_mailed(&self) -> bool {
        self.again || self.chains.iter().any(|completed| !completed.told_before)
    }
}

/// What a call granted, or a policy that it wrote would grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// What the policy amounts to by itself.
    pub power: Power,
    /// What it says, a line a statement; empty where its document is not known.
    pub says: Vec<Phrase>,
    /// What the target's other policies amount to: what it can do without this one. `None` where that is not known.
    pub before: Option<Power>,
    /// Whether IAM shows the target with the policy.
    pub shown: bool,
    /// Whether it is known to deny only: then it takes power away, and gives none.
    pub only_denies: bool,
}

impl<'a> Case<'a> {
    /// Puts a case together.
    #[must_use]
    pub fn new(activity: &'a Activity, dossier: &'a Dossier, settings: &'a Settings) -> Self {
        let arn = activity.target.arn.as_ref();
        let target_power = match &dossier.target {
            Subject::User(user) => Some(user.power(arn)),
            Subject::Role(role) => Some(role.power(arn)),
            Subject::Group(group) => Some(group.power(arn)),
            Subject::Policy(_) | Subject::NotAsked(_) => None,
        };
        let caller_power = dossier.caller.power(activity.principal.lasting_arn());
        let granted = Granted::of(activity, dossier);
        let trust = trust(activity, dossier);
        Self { activity, dossier, caller_power, target_power, granted, trust, settings, story: None }
    }

    /// The case with what happened before.
    #[must_use]
    pub fn after(self, story: Option<&'a Story>) -> Self {
        Self { story, ..self }
    }

    /// Whether who has the target's name now is not the one of the event: then it was deleted and made again.
    #[must_use]
    pub fn target_is_replaced(&self) -> bool {
        self.dossier.target_is_replaced(self.activity)
    }
}

impl Granted {
    /// Judges the policy that the call carried, named, or brought along with a group.
    fn of(activity: &Activity, dossier: &Dossier) -> Option<Self> {
        let object = &activity.object;
        let name = || object.name.clone().unwrap_or_else(|| "the policy".into());
        let carried = activity.policy_document.as_deref().map(|document| Lookup::Found(decoded(document)));
        let given: Box<dyn Fn(&Policy) -> bool> = match activity.action.change {
            Change::Attaches | Change::Bounds | Change::Frees => {
                let arn = object.arn.clone()?;
                Box::new(move |policy| policy.via == Via::Attached && policy.arn.as_ref() == Some(&arn))
            }
            Change::Embeds => {
                let name = object.name.clone();
                Box::new(move |policy| policy.via == Via::Inline && Some(&policy.name) == name.as_ref())
            }
            Change::Joins => {
                let group = object.name.clone()?;
                Box::new(move |policy| policy.via == Via::Group(group.clone()))
            }
            Change::Rewrites | Change::Drafts | Change::Creates if activity.target.thing == Thing::Policy => {
                Box::new(|_| false)
            }
            _ => return None,
        };
        let held = dossier.target.holdings();
        let found = held.map(|held| held.only(&given).policies).unwrap_or_default();
        let shown = !found.is_empty();
        let policies = match (carried, activity.action.change) {
            (Some(document), _) => {
                let itself = activity.target.thing == Thing::Policy;
                let name = if itself { activity.target.name.clone()? } else { name() };
                vec![Policy { name, via: if itself { Via::Itself } else { Via::Inline }, arn: None, document }]
            }
            // Of a denied call nobody knows which version it named.
            (None, Change::Rewrites) => {
                object.name.as_ref()?;
                let Subject::Policy(policy) = &dossier.target else { return None };
                let name = activity.target.name.clone()?;
                vec![Policy {
                    name,
                    via: Via::Itself,
                    arn: activity.target.arn.clone(),
                    document: policy.document.clone(),
                }]
            }
            (None, _) if !found.is_empty() => found,
            (None, _) => dossier.given.policies.clone(),
        };
        if policies.is_empty() && dossier.given.gaps.is_empty() {
            return None;
        }
        let holder = dossier.target.arn().or(activity.target.arn.as_ref());
        let says = match policies.as_slice() {
            [Policy { document: Lookup::Found(document), .. }] => power::says(document),
            _ => Vec::new(),
        };
        let before = held.filter(|_| activity.outcome.succeeded() && activity.action.grants_by_policy());
        let before = before.map(|held| power::weigh(&held.only(|policy| !given(policy)), holder));
        let granted = Holdings { policies, ..dossier.given.clone() };
        let only_denies = power::only_deny(&granted);
        Some(Self { power: power::weigh(&granted, holder), says, before, shown, only_denies })
    }
}

/// The trust policy that the call carried; where CloudTrail left it out, the one that IAM has now.
fn trust(activity: &Activity, dossier: &Dossier) -> Option<Trust> {
    let about_trust = activity.action.change == Change::Trusts
        || (activity.action.change == Change::Creates && activity.target.thing == Thing::Role);
    let now = || match &dossier.target {
        Subject::Role(role) => role.profile.found()?.trust.clone(),
        _ => None,
    };
    let carried = activity.trust_document.as_deref().map(decoded);
    let document = carried.or_else(|| now().filter(|_| activity.outcome.succeeded()))?;
    about_trust.then(|| Trust::read(&document, activity.account.as_ref()))
}

/// A question put to every case.
#[derive(Debug)]
pub struct Rule {
    /// A stable name, for machines.
    pub name: &'static str,
    /// What it says of a case; `None` where it does not concern it.
    pub judge: fn(&Case<'_>) -> Option<Opinion>,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// What follows for the severity.
    pub effect: Effect,
    /// Why, as a sentence.
    pub reason: Phrase,
}

/// What follows from a rule for the severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is at least this grave.
    AtLeast(Severity),
    /// It is one step graver than all else makes it. What is LOW stays LOW: nothing about it is grave.
    OneStepUp,
    /// It is worth knowing, and decides nothing.
    Context,
    /// Somebody said beforehand that it is expected: LOW.
    Expected,
    /// It is at least this grave, and nobody can have said beforehand that it is expected.
    Never(Severity),
}

/// The judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// How grave it is.
    pub severity: Severity,
    /// Why; never empty.
    pub reasons: Vec<Reason>,
    /// How grave it would be if it were not expected.
    pub unless_expected: Option<Severity>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The rule that gave it.
    pub rule: &'static str,
    /// The reason, as a sentence.
    pub text: Phrase,
}

/// Judges a case by all rules and chains. The first rule always has an opinion, so there is always a reason.
#[must_use]
pub fn assess(case: &Case<'_>) -> Assessment {
    let mut severity = Severity::Low;
    let (mut steps, mut expected, mut never) = (Vec::new(), None, false);
    let mut reasons = Vec::new();
    for rule in RULES {
        let Some(Opinion { effect, reason }) = (rule.judge)(case) else { continue };
        let reason = Reason { rule: rule.name, text: reason };
        match effect {
            Effect::AtLeast(level) => {
                severity = severity.max(level);
                reasons.push((level, reason));
            }
            Effect::Never(level) => {
                severity = severity.max(level);
                reasons.push((level, reason));
                never = true;
            }
            Effect::Context => reasons.push((Severity::Low, reason)),
            Effect::OneStepUp => steps.push(reason),
            Effect::Expected => expected = Some(reason),
        }
    }
    for completed in case.story.iter().flat_map(|story| &story.chains) {
        severity = severity.max(completed.chain.severity);
        reasons.push((completed.chain.severity, Reason { rule: completed.rule(), text: completed.reason() }));
    }
    if severity > Severity::Low {
        for step in steps {
            severity = severity.raised();
            reasons.push((Severity::High, step));
        }
    }
    // The gravest reason first; rules of one gravity stay in the order of the table.
    reasons.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    let mut reasons: Vec<_> = reasons.into_iter().map(|(_, reason)| reason).collect();
    match expected {
        Some(reason) if never => {
            let text = phrase!(reason.text, " That does not count for this.");
            reasons.push(Reason { rule: reason.rule, text });
            Assessment { severity, reasons, unless_expected: None }
        }
        Some(reason) => {
            let text = phrase!(reason.text, " Otherwise it would be ", severity, ".");
            reasons.insert(0, Reason { rule: reason.rule, text });
            Assessment { severity: Severity::Low, reasons, unless_expected: Some(severity) }
        }
        None => Assessment { severity, reasons, unless_expected: None },
    }
}
