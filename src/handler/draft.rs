//! An alert between the judging and the sending.

use crate::channel::chat::Webhook;
use crate::channel::email::Email;
use crate::channel::json::{self, Alert};
use crate::cloudtrail::Activity;
use crate::history::Entry;
use crate::history::dynamodb::Told as Remembered;
use crate::history::flood::Place;
use crate::report::Report;
use crate::telemetry::Mail;
use crate::text::{Phrase, Untrusted};
use tokio::time::Instant;

/// Whether an event is told.
#[derive(Debug)]
pub enum Told {
    /// It is.
    Draft(Box<Draft>),
    /// It is not, and why.
    Not(Phrase),
}

/// An alert that was not sent yet.
#[derive(Debug)]
pub struct Draft {
    /// What happened.
    pub activity: Activity,
    /// What to tell.
    pub report: Report,
    /// The mail that tells it.
    pub email: Email,
    /// What identifies the event, with an id or without.
    pub event_key: Untrusted,
    /// What is remembered of it, where anything is.
    pub entry: Option<Entry>,
    /// Its place among those like it, where it may belong to a flood.
    pub place: Option<Place>,
    /// The record, as JSON, where it is to be remembered.
    pub record: String,
    /// From when on there is only time to publish it.
    pub deadline: Instant,
}

impl Draft {
    /// What is remembered of it.
    pub(super) fn told(&self, mail: Mail) -> Remembered<'_> {
        Remembered {
            severity: self.report.severity,
            subject: &self.email.subject,
            reasons: self.report.reasons.iter().map(|reason| reason.text.plain()).collect(),
            alert: &self.email.body,
            mail,
            record: &self.record,
        }
    }

    /// The alert as JSON, with what a webhook is sent if it was published.
    #[must_use]
    pub fn into_alert(self, published: bool, webhook: Option<Webhook>) -> Alert {
        json::render(&self.activity, &self.report, self.email, published, webhook)
    }
}
