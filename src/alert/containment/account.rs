//! Contains a call about the account as a whole.

use super::command::{Command, ContainmentStep};
use crate::catalog::AccountContainment;
use crate::event::Activity;

pub(super) fn of_account(what: AccountContainment, activity: &Activity, steps: &mut Vec<ContainmentStep>) {
    let management = "Undo the change, with credentials of the organization's management account:";
    let request = |call| {
        let id = activity.object.name.as_ref();
        id.and_then(|id| Command::new(call).option("--delegation-request-id", id.raw()))
    };
    let look = "Look at the request: who asked, and for which permissions:";
    match what {
        AccountContainment::RestorePasswordPolicy => steps.push(ContainmentStep::new(
            "Require strong passwords again. These are the values of the CIS AWS Foundations Benchmark; yours may differ:",
            vec![Some(Command::new(
                "aws iam update-account-password-policy --minimum-password-length 14 --password-reuse-prevention 24 \
                 --require-symbols --require-numbers --require-uppercase-characters --require-lowercase-characters \
                 --allow-users-to-change-password",
            ))],
        )),
        AccountContainment::DisableRootSessions => steps.push(ContainmentStep::new(
            management,
            vec![Some(Command::new("aws iam disable-organizations-root-sessions"))],
        )),
        AccountContainment::DisableRootCredentialsManagement => steps.push(ContainmentStep::new(
            management,
            vec![Some(Command::new("aws iam disable-organizations-root-credentials-management"))],
        )),
        AccountContainment::DisableOutboundFederation => steps.push(ContainmentStep::new(
            "Disable it again. Services outside of AWS then refuse the tokens of this account:",
            vec![Some(Command::new("aws iam disable-outbound-web-identity-federation"))],
        )),
        AccountContainment::RejectDelegation => {
            steps.push(ContainmentStep::new(look, vec![request("aws iam get-delegation-request")]));
            steps.push(ContainmentStep::new(
                "Reject the request. This works until its token is sent:",
                vec![request("aws iam reject-delegation-request")],
            ));
        }
        AccountContainment::ReviewDelegation => {
            steps.push(ContainmentStep::new(look, vec![request("aws iam get-delegation-request")]));
            steps.push(ContainmentStep::by_hand(
                "Revoke the sessions of the principal who accepted the request: the account outside acts as that principal. \
                 Its calls have the field invokedByDelegate in CloudTrail.",
            ));
        }
    }
}
