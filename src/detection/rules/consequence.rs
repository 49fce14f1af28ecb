//! What IAM Identity Center writes in the accounts, because somebody assigned or changed a permission set.
//!
//! The person stands in the call to IAM Identity Center, which has an alert of its own. What follows in each account is
//! the same story.

use super::opinions::{context, opinion};
use crate::detection::{Case, Opinion, Weight};
use crate::history::{caused_by, is_provisioning};
use crate::phrase;
use crate::severity::Severity;
use crate::text::Phrase;

/// What the call is a consequence of. Its severity is that of the cause, which was alerted on, if that is not less.
pub(super) fn consequence(case: &Case<'_>) -> Option<Opinion> {
    let activity = case.activity;
    (is_provisioning(activity) && caused_by(activity).is_some() && activity.outcome.succeeded()).then_some(())?;
    let Some(call) = case.prior.and_then(|prior| prior.cause.as_ref()) else {
        return context(
            "IAM Identity Center wrote this for somebody who assigned or changed a permission set. That call is not \
             recorded here: it is an event of sso in the management account or in a delegated administrator account, and \
             it names the person."
                .into(),
        );
    };
    let severity = call.severity.unwrap_or(Severity::Low);
    let at = Phrase::ours(call.time.format("%H:%M:%S UTC").to_string());
    let what = phrase!("IAM Identity Center wrote this because ", &call.actor, " called ", &call.call, " at ", at);
    let reason = phrase!(what, " (", &call.event_id, "), which was judged ", severity, ".");
    Some(opinion(Weight::Consequence(severity), reason))
}
