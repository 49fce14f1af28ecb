//! The assessment: how severe an activity is, and why. All rules are applied, the highest severity is used, and all
//! reasons are given.
//!
//! Pure: the input is a [`Case`].

pub mod chains;
mod context;
mod rules;

pub use context::{Case, Granted, PriorActivity, evaluate};
pub use rules::RULES;

use crate::phrase;
use crate::severity::Severity;
use crate::text::Phrase;

/// One rule. It is applied to every case.
#[derive(Debug)]
pub struct Rule {
    /// A stable name, for machines.
    pub name: &'static str,
    /// The opinion of the rule on a case; `None` if the rule does not apply.
    pub judge: fn(&Case<'_>) -> Option<Opinion>,
}

/// The opinion of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    pub weight: Weight,
    /// The reason, as a sentence.
    pub reason: Phrase,
    /// Whether the reason only repeats the headline. Then it is shown only if there is no stronger reason.
    pub restates: bool,
}

/// The effect of an opinion on the severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The severity is at least this level.
    AtLeast(Severity),
    /// The severity is at least this level, also if the principal is expected.
    Always(Severity),
    /// The severity is raised one level. LOW stays LOW: such an activity is not severe.
    RaiseOneLevel,
    /// Useful information; does not change the severity.
    Context,
    /// The settings say that the activity is expected: LOW.
    Expected,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    pub severity: Severity,
    /// The reasons, the most severe first; never empty.
    pub reasons: Vec<Reason>,
    /// The severity if the principal were not expected.
    pub unless_expected: Option<Severity>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The rule of the reason.
    pub rule: &'static str,
    /// The reason, as a sentence.
    pub text: Phrase,
    /// [`Opinion::restates`], and there is a stronger reason.
    pub redundant: bool,
}

impl Reason {
    /// A reason that is not redundant.
    #[must_use]
    pub const fn new(rule: &'static str, text: Phrase) -> Self {
        Self { rule, text, redundant: false }
    }
}

/// Assesses a case with all rules and chains. The first rule always has an opinion, so there is always a reason.
#[must_use]
pub fn assess(case: &Case<'_>) -> Assessment {
    let mut severity = Severity::Low;
    let (mut raises, mut expected, mut always) = (Vec::new(), None, false);
    let mut reasons = Vec::new();
    for rule in RULES {
        let Some(Opinion { weight, reason, restates }) = (rule.judge)(case) else { continue };
        let reason = Reason { redundant: restates, ..Reason::new(rule.name, reason) };
        match weight {
            Weight::AtLeast(level) => {
                severity = severity.max(level);
                reasons.push((level, reason));
            }
            Weight::Always(level) => {
                severity = severity.max(level);
                reasons.push((level, reason));
                always = true;
            }
            Weight::Context => reasons.push((Severity::Low, reason)),
            Weight::RaiseOneLevel => raises.push(reason),
            Weight::Expected => expected = Some(reason),
        }
    }
    for completed in case.prior.iter().flat_map(|prior| &prior.chains) {
        severity = severity.max(completed.chain.severity);
        reasons.push((completed.chain.severity, Reason::new(completed.rule(), completed.reason())));
    }
    // A reason that only repeats the headline is redundant if there is a stronger one.
    let strongest = reasons.iter().filter(|(_, reason)| !reason.redundant).map(|(level, _)| *level).max();
    for (level, reason) in &mut reasons {
        reason.redundant = reason.redundant && strongest.is_some_and(|strongest| strongest > *level);
    }
    if severity > Severity::Low {
        for raise in raises {
            severity = severity.raised();
            reasons.push((Severity::High, raise));
        }
    }
    // The most severe reason first; reasons of the same severity keep the order of the table.
    reasons.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    let mut reasons: Vec<_> = reasons.into_iter().map(|(_, reason)| reason).collect();
    match expected {
        Some(reason) if always => {
            let text = phrase!(reason.text, " The setting does not apply to this.");
            reasons.push(Reason::new(reason.rule, text));
            Assessment { severity, reasons, unless_expected: None }
        }
        Some(reason) => {
            let text = phrase!(reason.text, " Otherwise the severity would be ", severity, ".");
            reasons.insert(0, Reason::new(reason.rule, text));
            Assessment { severity: Severity::Low, reasons, unless_expected: Some(severity) }
        }
        None => Assessment { severity, reasons, unless_expected: None },
    }
}
