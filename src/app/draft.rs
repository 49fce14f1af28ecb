//! An alert between assessment and delivery.

use super::history_session::HistorySession;
use super::timetable::Timetable;
use crate::alert::Alert;
use crate::channel::email::Email;
use crate::channel::json::{self, AlertJson};
use crate::config::{Limit, WebhookFormat};
use crate::event::Activity;
use crate::history::burst::BurstPosition;
use crate::history::{AlertRecord, Handling, MailStatus};
use crate::text::{Phrase, Untrusted};
use std::collections::BTreeSet;

/// Whether an event is alerted on.
#[derive(Debug)]
pub enum Decision<'a> {
    Alert(Box<Draft<'a>>),
    /// The event is not alerted on, and why.
    NotAlerted(Phrase),
}

/// An alert that is not sent yet.
#[derive(Debug)]
pub struct Draft<'a> {
    pub activity: Activity,
    pub alert: Alert,
    pub email: Email,
    /// What identifies the event, also if the event has no id.
    pub event_key: Untrusted,
    /// The history of this event, if a history is configured.
    pub session: Option<HistorySession<'a>>,
    /// The event's position among those of its actor, if it was counted.
    pub position: Option<BurstPosition>,
    /// What no expectation covers unless it says so by name.
    pub limits: BTreeSet<Limit>,
    /// Why the alert gets no mail; `None` if it is due.
    pub kept_back: Option<KeptBack>,
    /// Whether the event could not be claimed, since the history did not answer.
    pub may_repeat: bool,
    pub timetable: Timetable,
}

/// Why an alert gets no mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptBack {
    BelowMinimum,
    /// By the mute with this id.
    Muted(Untrusted),
    Observed,
}

impl KeptBack {
    #[must_use]
    pub const fn status(&self) -> MailStatus {
        match self {
            Self::BelowMinimum => MailStatus::BelowMinimum,
            Self::Muted(_) => MailStatus::Muted,
            Self::Observed => MailStatus::Observed,
        }
    }

    /// The mute that keeps it back, if one does.
    #[must_use]
    pub const fn mute(&self) -> Option<&Untrusted> {
        match self {
            Self::Muted(mute) => Some(mute),
            Self::BelowMinimum | Self::Observed => None,
        }
    }
}

impl Draft<'_> {
    /// What is recorded of the alert; the session adds the CloudTrail record.
    pub(super) fn record(&self, mail: MailStatus) -> AlertRecord<'_> {
        AlertRecord {
            severity: self.alert.severity,
            subject: &self.email.subject,
            reasons: self.alert.reasons.iter().map(|reason| reason.text.plain()).collect(),
            alert: &self.email.body,
            handling: Handling {
                mail: Some(mail),
                unless_expected: self.alert.unless_expected,
                incomplete: self.alert.incomplete,
                limits: self.limits.iter().map(|limit| Untrusted::new(limit.word())).collect(),
                mute: self.kept_back.as_ref().and_then(KeptBack::mute).cloned(),
            },
            record: "",
        }
    }

    /// The alert as JSON, with the webhook's message if the alert was published.
    #[must_use]
    pub fn into_json(self, mail: MailStatus, webhook: Option<WebhookFormat>) -> AlertJson {
        json::render(&self.activity, &self.alert, self.email, mail, webhook)
    }
}
