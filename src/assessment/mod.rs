//! How bad it is, and why: every rule is asked, the highest answer counts, and every reason is told.
//!
//! Pure: what is judged is handed in as a [`Case`].

mod rules;

pub use rules::RULES;

use crate::cloudtrail::Activity;
use crate::directory::{Dossier, Power, Subject};
use crate::phrase;
use crate::settings::ExpectedPrincipals;
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
    /// Whose doings are expected.
    pub expected: &'a ExpectedPrincipals,
}

impl<'a> Case<'a> {
    /// Puts a case together.
    #[must_use]
    pub fn new(activity: &'a Activity, dossier: &'a Dossier, expected: &'a ExpectedPrincipals) -> Self {
        let target_power = match &dossier.target {
            Subject::User(user) => Some(user.power(activity.target.arn.as_ref())),
            Subject::NotAsked(_) => None,
        };
        let caller_power = dossier.caller.power(activity.principal.lasting_arn());
        Self { activity, dossier, caller_power, target_power, expected }
    }

    /// Whether who has the target's name now is not the one of the event: then it was deleted and made again.
    #[must_use]
    pub fn target_is_replaced(&self) -> bool {
        self.dossier.target_is_replaced(self.activity)
    }
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
    /// It is one step graver than all else makes it.
    OneStepUp,
    /// Somebody said beforehand that it is expected: LOW.
    Expected,
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

/// Judges a case by all rules. The first rule always has an opinion, so there is always a reason.
#[must_use]
pub fn assess(case: &Case<'_>) -> Assessment {
    let mut severity = Severity::Low;
    let (mut steps, mut expected) = (0, None);
    let mut reasons = Vec::new();
    for rule in RULES {
        let Some(Opinion { effect, reason }) = (rule.judge)(case) else { continue };
        let reason = Reason { rule: rule.name, text: reason };
        match effect {
            Effect::AtLeast(level) => {
                severity = severity.max(level);
                reasons.push((level, reason));
            }
            Effect::OneStepUp => {
                steps += 1;
                reasons.push((Severity::High, reason));
            }
            Effect::Expected => expected = Some(reason),
        }
    }
    for _ in 0..steps {
        severity = severity.raised();
    }
    // The gravest reason first; rules of one gravity stay in the order of the table.
    reasons.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    let mut reasons: Vec<_> = reasons.into_iter().map(|(_, reason)| reason).collect();
    match expected {
        Some(reason) => {
            let text = phrase!(reason.text, " Otherwise it would be ", severity, ".");
            reasons.insert(0, Reason { rule: reason.rule, text });
            Assessment { severity: Severity::Low, reasons, unless_expected: Some(severity) }
        }
        None => Assessment { severity, reasons, unless_expected: None },
    }
}
