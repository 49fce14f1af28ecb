//! An alert between the judging and the sending.

use super::history_session::HistorySession;
use crate::alert::Alert;
use crate::channel::email::Email;
use crate::channel::json::{self, AlertJson};
use crate::config::WebhookFormat;
use crate::event::Activity;
use crate::history::burst::BurstPosition;
use crate::history::{AlertRecord, MailStatus};
use crate::text::{Phrase, Untrusted};
use tokio::time::Instant;

/// Whether an event is alerted on.
#[derive(Debug)]
pub enum Decision<'a> {
    Alert(Box<Draft<'a>>),
    /// It is not, and why.
    NotAlerted(Phrase),
}

/// An alert that was not sent yet.
#[derive(Debug)]
pub struct Draft<'a> {
    pub activity: Activity,
    pub alert: Alert,
    pub email: Email,
    /// What identifies the event, with an id or without.
    pub event_key: Untrusted,
    /// The history of this event, where there is one.
    pub session: Option<HistorySession<'a>>,
    /// Its position among those like it, where it may belong to a burst.
    pub position: Option<BurstPosition>,
    /// From when on there is only time to publish it.
    pub deadline: Instant,
}

impl Draft<'_> {
    /// What is recorded of it; the session adds the record itself.
    pub(super) fn record(&self, mail: MailStatus) -> AlertRecord<'_> {
        AlertRecord {
            severity: self.alert.severity,
            subject: &self.email.subject,
            reasons: self.alert.reasons.iter().map(|reason| reason.text.plain()).collect(),
            alert: &self.email.body,
            mail,
            record: "",
        }
    }

    /// The alert as JSON, with the webhook's message if it was published.
    #[must_use]
    pub fn into_json(self, published: bool, webhook: Option<WebhookFormat>) -> AlertJson {
        json::render(&self.activity, &self.alert, self.email, published, webhook)
    }
}
