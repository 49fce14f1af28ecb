//! The alert that the stack itself is not as it was deployed.

use super::containment::ContainmentStep;
use super::facts::{Fact, SectionKind};
use super::model::{Alert, Section};
use super::rows::{account, version};
use crate::detection::Reason;
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted, counted};
use chrono::{DateTime, Utc};

/// The alert on these differences; there is at least one. `of_member`: what forwards the events of another account.
#[must_use]
pub fn impaired(
    differences: &[Phrase],
    account_id: Option<&Untrusted>,
    account_name: Option<&Untrusted>,
    of_member: bool,
    now: DateTime<Utc>,
) -> Alert {
    let account = account(account_id, account_name);
    let place = account_name.or(account_id).map_or_else(Phrase::default, |place| phrase!(" in ", place));
    let number = Phrase::ours(counted(differences.len(), "difference"));
    let mut reference = Section::new(SectionKind::Reference, "REFERENCE");
    reference.row(Fact::LookedUp, super::time::at(now));
    version(&mut reference);
    Alert {
        severity: Severity::Critical,
        unless_expected: None,
        incomplete: false,
        subjects: vec![
            phrase!("These alerts are impaired: ", &number, &place),
            phrase!("These alerts are impaired: ", &number),
        ],
        headline: "What these alerts depend on was changed".into(),
        summary: phrase!(
            "A check compared what these alerts depend on in ",
            &account,
            "\nwith what was deployed, and found ",
            &number,
            ". Somebody may be disabling the alerting, or has changed it by hand."
        ),
        reasons: differences.iter().map(|difference| Reason::new("impaired", difference.clone())).collect(),
        steps: vec![
            ContainmentStep::by_hand(
                "Find out who changed it, in CloudTrail's event history, and whether that was agreed. Alerts may be missing since \
                 then.",
            ),
            super::containment::deploy_again(of_member),
        ],
        account,
        accounts: account_id.cloned().into_iter().collect(),
        account_name: account_name.cloned(),
        sections: Vec::new(),
        caller_access: None,
        target_access: None,
        actor: String::new(),
        resources: Vec::new(),
        if_expected: Vec::new(),
        links: Vec::new(),
        reference,
    }
}
