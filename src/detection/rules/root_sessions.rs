//! Sessions as root in a member account: for which task, and who opened them.

use super::opinions::context;
use crate::catalog::AccessEffect;
use crate::detection::{Case, Opinion};
use crate::event::Principal;
use crate::phrase;
use crate::severity::Severity::{self, Critical, High, Low, Medium};
use crate::text::Phrase;

/// The tasks ("AWS managed policies for `AssumeRoot`", IAM user guide): what each lets the session do.
const TASKS: [(&str, Severity, &str); 5] = [
    (
        "IAMAuditRootUserCredentials",
        Low,
        "The session can only read which credentials the root user of the account has.",
    ),
    (
        "IAMDeleteRootUserCredentials",
        Medium,
        "The session can only remove credentials of the root user of the account. That is the usual clean-up.",
    ),
    (
        "IAMCreateRootUserPassword",
        Critical,
        "The session can let the root user of the account set a new password: whoever reads its mailbox gets full access.",
    ),
    (
        "S3UnlockBucketPolicy",
        High,
        "The session can delete the policy of a bucket that denies everybody. Such a policy may also be what protects the data.",
    ),
    (
        "SQSUnlockQueuePolicy",
        High,
        "The session can delete the policy of a queue that denies everybody. Such a policy may also be what protects the data.",
    ),
];

/// The severity of the task, and why.
pub(super) fn judged(case: &Case<'_>) -> Option<(Severity, Phrase)> {
    let activity = case.activity;
    (activity.action.effect == AccessEffect::OpensRootSession).then_some(())?;
    let of_aws = activity.object.arn.as_ref().is_some_and(|arn| arn.raw().contains(":iam::aws:policy/root-task/"));
    let task = activity.object.name.as_ref().filter(|_| of_aws);
    let known = task.and_then(|task| TASKS.iter().find(|(name, ..)| *name == task.raw()));
    Some(known.map_or_else(
        || {
            (
                High,
                "The session can do one task as root in the member account. This version does not know the task."
                    .into(),
            )
        },
        |(_, severity, because)| (*severity, (*because).into()),
    ))
}

/// Who opened the session in which the call was made.
pub(super) fn opened_by(case: &Case<'_>) -> Option<Opinion> {
    let opened = case.prior?.cause.as_ref().filter(|_| matches!(case.activity.principal, Principal::Root(_)))?;
    let at = Phrase::ours(opened.time.format("%H:%M:%S UTC").to_string());
    let task = opened.object.as_ref().map_or(Phrase::default(), |task| phrase!(", for the task ", task));
    context(phrase!("The session was opened by ", &opened.actor, " at ", at, task, " (", &opened.event_id, ")."))
}
