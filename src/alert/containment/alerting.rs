//! Restores the stack's own resources and the trails.

use super::command::{Command, ContainmentStep};
use crate::catalog::Restore;
use crate::detection::Case;
use crate::lookup::{KnownAccount, Membership, Unavailable};
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted};

/// What restores the alerting; or, in a member account, the forwarding.
pub(in crate::alert) fn deploy_again(in_member: bool) -> ContainmentStep {
    if in_member {
        return ContainmentStep::by_hand(
            "Delete the stack of organization/member.yaml in that account, and deploy it again (of the stack set: delete and create \
             its stack instance). CloudFormation does not see changes that were made outside of it.",
        );
    }
    // CloudFormation does not see changes that were made outside of it, so deploying the stack again would change
    // nothing.
    ContainmentStep::by_hand(
        "Deploy a second stack under another name, with another AlertTopicName. It alerts at once, and the first stack stays \
         as evidence.",
    )
}

/// How the function can look up accounts again in which it could read nothing. `account` is the event's.
pub(in crate::alert) fn open_accounts(case: &Case<'_>, account: &Phrase) -> Option<ContainmentStep> {
    let role = case.settings.reader_role.as_deref()?;
    let is_closed = |account: &&KnownAccount| matches!(account.closed, Some(Unavailable::NoReader(_)));
    let own = Some(&case.dossier.account).filter(is_closed).map(|_| account.clone());
    let theirs = case.dossier.callers_account.as_ref().filter(is_closed);
    let theirs = theirs.filter(|account| account.membership == Membership::Member);
    let theirs = theirs.and_then(|_| case.activity.principal.account()).map(|id| case.callers_account(id));
    let accounts: Vec<_> = own.into_iter().chain(theirs).collect();
    if accounts.is_empty() {
        return None;
    }
    let text = phrase!(
        "Let the alerts look up ",
        Phrase::joined(accounts, " and "),
        " again. The role ",
        &Untrusted::new(role),
        " is missing there, or does not trust this function; this command, run there, says which. If the account has no stack of \
         organization/member.yaml, deploy one (see docs/organization.md). If it has one, delete that stack first, since \
         CloudFormation does not see that the role is gone; for one of the stack set, delete and create its stack instance:"
    );
    Some(ContainmentStep::new(text, vec![Command::new("aws iam get-role").option("--role-name", role)]))
}

/// `severity` is that of the change by itself: below CRITICAL, the alerts go on.
pub(super) fn restore(
    what: Restore,
    severity: Severity,
    case: &Case<'_>,
    name: &Untrusted,
    steps: &mut Vec<ContainmentStep>,
) {
    let activity = case.activity;
    let goes_on = severity < Severity::Critical;
    if severity == Severity::Low || (goes_on && what == Restore::DeploySecondStack) {
        return;
    }
    let whole = activity.target.arn.as_ref().unwrap_or(name);
    let of = |call, option, value: &Untrusted| {
        let region = activity.region.as_ref().map(Untrusted::raw);
        Command::new(call).option(option, value.raw())?.option_if_any("--region", region)
    };
    steps.push(match what {
        Restore::StartLogging => {
            ContainmentStep::new("Start logging again:", vec![of("aws cloudtrail start-logging", "--name", whole)])
        }
        Restore::ListTrails => ContainmentStep::new(
            "List the trails of this account with their settings. Without a trail that logs management events, there are no alerts:",
            vec![Some(Command::new("aws cloudtrail describe-trails"))],
        ),
        Restore::ReviewEventSelectors => ContainmentStep::new(
            "Check what the trail still logs. Write management events must be included:",
            vec![of("aws cloudtrail get-event-selectors", "--trail-name", whole)],
        ),
        Restore::EnableRule => {
            let bus = activity.parameters.iter().find(|(name, _)| name.raw() == "eventBusName");
            let bus = bus.map(|(_, bus)| bus.raw()).filter(|bus| *bus != "default");
            let enable = of("aws events enable-rule", "--name", name);
            let enable = enable.and_then(|command| command.option_if_any("--event-bus-name", bus));
            ContainmentStep::new("Enable the rule again:", vec![enable])
        }
        Restore::RemoveConcurrencyLimit => ContainmentStep::new(
            "Remove the concurrency limit of the function:",
            vec![of("aws lambda delete-function-concurrency", "--function-name", name)],
        ),
        Restore::EnableKey => {
            ContainmentStep::new("Enable the key again:", vec![of("aws kms enable-key", "--key-id", whole)])
        }
        Restore::CancelKeyDeletion => ContainmentStep::new(
            "Cancel the deletion of the key, and enable the key again:",
            vec![of("aws kms cancel-key-deletion", "--key-id", whole), of("aws kms enable-key", "--key-id", whole)],
        ),
        Restore::EnableAlarmActions => ContainmentStep::new(
            "Enable the actions of the alarm again; of several alarms in the request, each one:",
            vec![of("aws cloudwatch enable-alarm-actions", "--alarm-names", name)],
        ),
        Restore::DeploySecondStack => deploy_again(case.is_of_member()),
        Restore::FormerValue => {
            let history = of("aws ssm get-parameter-history", "--name", name);
            let shown = "Parameters[-3:].[Version,LastModifiedDate,LastModifiedUser,Value]";
            let history = history.and_then(|command| command.option("--query", shown)?.option("--output", "text"));
            ContainmentStep::new(
                "Show the last versions of the expectations, and who wrote them. Write a former version again with aws ssm \
                 put-parameter --overwrite; of a deleted parameter, there is no former version:",
                vec![history],
            )
        }
    });
    if goes_on {
        return;
    }
    steps.push(ContainmentStep::by_hand(
        "Until this is restored, alerts may be missing: search CloudTrail's event history for what happened since.",
    ));
}
