//! The assessment: how severe an activity is, and why. All rules are applied, the highest severity is used, and all
//! reasons are given.
//!
//! Pure: the input is a [`Case`].

mod before;
pub mod chains;
mod context;
mod expected;
mod holder;
mod metadata;
mod model;
mod prior;
mod rules;

pub use before::Before;
pub use context::{Case, Granted};
pub use model::{Assessment, Opinion, Reason, Rule, Weight};
pub use prior::PriorActivity;
pub use rules::RULES;

use crate::severity::Severity;
use std::collections::BTreeSet;

/// Assesses a case with all rules and chains. The first rule always has an opinion, so there is always a reason.
#[must_use]
pub fn assess(case: &Case<'_>) -> Assessment {
    expected::unless_expected(case, judged(case))
}

/// The assessment by the rules and chains alone.
fn judged(case: &Case<'_>) -> Assessment {
    let mut severity = Severity::Low;
    let (mut raises, mut limits) = (Vec::new(), BTreeSet::new());
    let (mut consequence, mut incomplete) = (None, false);
    let mut reasons = Vec::new();
    for rule in RULES {
        let Some(opinion) = (rule.judge)(case) else { continue };
        let Opinion { weight, reason, restates, .. } = opinion;
        incomplete |= opinion.incomplete;
        let reason = Reason { redundant: restates, ..Reason::new(rule.name, reason) };
        match weight {
            Weight::AtLeast(level) => {
                severity = severity.max(level);
                limits.extend(rule.beyond.filter(|_| level >= Severity::Medium).map(|limit| limit(case)));
                reasons.push((level, reason));
            }
            Weight::Context => reasons.push((Severity::Low, reason)),
            Weight::RaiseOneLevel => raises.push(reason),
            Weight::Consequence(level) => consequence = Some((level, reason)),
        }
    }
    for completed in case.prior.iter().flat_map(|prior| &prior.chains) {
        let little = rules::equips_with_little(case, completed.chain);
        let level = if little { Severity::Low } else { completed.chain.severity };
        severity = severity.max(level);
        reasons.push((level, Reason::new(completed.rule(), completed.reason())));
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
    let limits = expected::limits(case, severity, limits);
    // Nobody but AWS writes these roles, and what made AWS do so was alerted on by itself.
    if let Some((level, reason)) = consequence {
        reasons.insert(0, reason);
        if level >= severity {
            severity = Severity::Low;
            incomplete = false;
        }
    }
    Assessment { severity, reasons, unless_expected: None, limits, incomplete }
}
