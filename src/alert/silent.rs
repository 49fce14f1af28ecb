//! The alert that accounts have sent no heartbeat.

use super::containment::{Command, ContainmentStep};
use super::facts::{Fact, SectionKind};
use super::model::{Alert, Section};
use super::rows::{account, version};
use super::time;
use crate::detection::Reason;
use crate::history::heartbeat::Heartbeat;
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted, counted};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The most accounts that are listed one by one.
const LISTED: usize = 100;

/// The alert on accounts without a heartbeat; there is at least one. `names` are names of accounts by id, `own` is the
/// account of the function, `rules` the beginning of the names of the stack's rules in `region`.
#[must_use]
pub fn silent(
    heartbeats: &[&Heartbeat],
    names: &BTreeMap<Untrusted, Untrusted>,
    own: Option<&Untrusted>,
    (rules, region): (&str, Option<&str>),
    now: DateTime<Utc>,
) -> Alert {
    let shown = |id: &Untrusted| account(Some(id), names.get(id));
    let first = heartbeats.first().map(|heartbeat| &heartbeat.account);
    let only = first.filter(|_| heartbeats.len() == 1);
    let who = only.map_or_else(|| Phrase::ours(counted(heartbeats.len(), "account")), shown);
    let lines = heartbeats.iter().take(LISTED).map(|heartbeat| {
        let ago = time::ago(heartbeat.last, now).unwrap_or_default();
        phrase!(shown(&heartbeat.account), ": the last one arrived ", ago)
    });
    let mut lines: Vec<_> = lines.collect();
    if heartbeats.len() > LISTED {
        lines.push(phrase!("and ", heartbeats.len() - LISTED, " more"));
    }
    let mut section = Section::new(SectionKind::What, "WHAT IS MISSING");
    section.rows(Fact::Accounts, lines);
    let mut reference = Section::new(SectionKind::Reference, "REFERENCE");
    reference.row(Fact::LookedUp, time::at(now));
    version(&mut reference);
    Alert {
        severity: Severity::High,
        unless_expected: None,
        incomplete: false,
        subjects: vec![
            phrase!("No heartbeat from ", &who, " for two days"),
            phrase!("No heartbeat from ", Phrase::ours(counted(heartbeats.len(), "account")), " for two days"),
        ],
        headline: "Events do not arrive".into(),
        summary: phrase!(
            "No heartbeat from ",
            &who,
            " arrived for two days.\nEvery account makes one harmless call a day that must arrive here like any change of access. \
             Changes of access may go unnoticed there."
        ),
        reasons: vec![Reason::new(
            "silent",
            "If the heartbeat does not arrive, other events may not arrive either: somebody may have stopped the trail or \
             disabled the rules."
                .into(),
        )],
        steps: steps(only.is_some_and(|only| Some(only) == own), heartbeats.len() > 1, rules, region),
        account: only.map_or_else(|| "each of these accounts".into(), shown),
        accounts: heartbeats.iter().map(|heartbeat| heartbeat.account.clone()).collect(),
        account_name: only.and_then(|id| names.get(id)).cloned(),
        sections: vec![section],
        caller_access: None,
        target_access: None,
        actor: String::new(),
        resources: Vec::new(),
        if_expected: Vec::new(),
        links: Vec::new(),
        reference,
    }
}

fn steps(is_own: bool, several: bool, rules: &str, region: Option<&str>) -> Vec<ContainmentStep> {
    let rule = format!("{rules}{}", if is_own { "-iam" } else { "-forward" });
    let describe = |call, name: &str| Command::new(call).option_if_any("--region", region)?.option("--name", name);
    let bus = several.then(|| {
        ContainmentStep::new(
            "If many accounts are silent since the same time, check the bus and its rule first, in the account of the function:",
            vec![
                describe("aws events describe-event-bus", &format!("{rules}-organization")),
                describe("aws events describe-rule", &format!("{rules}-organization"))
                    .and_then(|command| command.option("--event-bus-name", &format!("{rules}-organization"))),
            ],
        )
    });
    let others = vec![
        ContainmentStep::new(
            "Check that a trail of the account logs management events. Without one, no event arrives:",
            vec![Some(Command::new("aws cloudtrail describe-trails"))],
        ),
        ContainmentStep::new(
            "Check that the rule exists and is enabled:",
            vec![describe("aws events describe-rule", &rule)],
        ),
        ContainmentStep::new(
            "Check that the schedule of the heartbeat exists and is enabled:",
            vec![describe("aws scheduler get-schedule", &format!("{rules}-heartbeat"))],
        ),
        ContainmentStep::by_hand(if is_own {
            "Restore what is missing: deploy a second stack under another name, with another AlertTopicName. Then search \
             CloudTrail's event history for changes of access since the last heartbeat."
        } else {
            "Restore what is missing: delete the stack of organization/member.yaml there and deploy it again (of the stack set: \
             delete and create its stack instance). Then search CloudTrail's event history there for changes of access since the \
             last heartbeat."
        }),
        ContainmentStep::by_hand(
            "If the account was closed or has left the organization, nothing is to be done. This alert does not come again.",
        ),
    ];
    bus.into_iter().chain(others).collect()
}
