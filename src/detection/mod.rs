//! How severe it is, and why: every rule is asked, the highest answer counts, and every reason is given.
//!
//! Pure: what is judged is handed in as a [`Case`].

pub mod chains;
mod context;
mod rules;

pub use context::{Case, Granted, PriorActivity, evaluate};
pub use rules::RULES;

use crate::phrase;
use crate::severity::Severity;
use crate::text::Phrase;

/// A question that is put to every case.
#[derive(Debug)]
pub struct Rule {
    /// A stable name, for machines.
    pub name: &'static str,
    /// What the rule says of a case; `None` where it does not apply.
    pub judge: fn(&Case<'_>) -> Option<Opinion>,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    pub weight: Weight,
    /// Why, as a sentence.
    pub reason: Phrase,
    /// Whether the reason says little more than the headline: people need it only where no stronger reason stands.
    pub restates: bool,
}

/// What follows from a rule for the severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The severity is at least this.
    AtLeast(Severity),
    /// The severity is at least this, and no expectation lowers it.
    Always(Severity),
    /// The severity is raised one level. LOW stays LOW: nothing about it is severe.
    RaiseOneLevel,
    /// Worth knowing; decides nothing.
    Context,
    /// Somebody declared it as expected: LOW.
    Expected,
}

/// The judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    pub severity: Severity,
    /// Why; never empty. The most severe first.
    pub reasons: Vec<Reason>,
    /// What the severity would be if it were not expected.
    pub unless_expected: Option<Severity>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The rule that gave it.
    pub rule: &'static str,
    /// The reason, as a sentence.
    pub text: Phrase,
    /// As [`Opinion::restates`], and a stronger reason stands.
    pub redundant: bool,
}

impl Reason {
    /// A reason that is worth reading.
    #[must_use]
    pub const fn new(rule: &'static str, text: Phrase) -> Self {
        Self { rule, text, redundant: false }
    }
}

/// Judges a case by all rules and chains. The first rule always has an opinion, so there is always a reason.
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
    // A reason that restates the headline is redundant beside one that is stronger.
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
    // The most severe reason first; rules of one severity stay in the order of the table.
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
