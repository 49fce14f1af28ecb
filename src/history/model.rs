//! What is recorded of an event, and what the history answers.

use super::error::HistoryError;
use crate::catalog::ChainStep;
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, TextKind, Untrusted};
use chrono::{DateTime, Utc};

/// What the claim on an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The event is ours: nobody has alerted on it yet.
    Ours {
        /// Whether an earlier attempt did not come to an end.
        retried: bool,
    },
    AlreadyAlerted,
    /// Another invocation works on it, and may need longer than we can wait.
    InProgress,
    /// It is not known: the event is alerted on, perhaps twice.
    Unknown(HistoryError),
}

/// One line of the history: what happened, short enough for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When, to the second.
    pub time: DateTime<Utc>,
    pub event_id: Untrusted,
    /// The action, `iam:CreateUser`.
    pub call: Untrusted,
    /// `succeeded`, `denied` or `failed`.
    pub outcome: Untrusted,
    /// Who did it, for people.
    pub actor: Untrusted,
    /// Who did it, by [`actor_key`](super::actor_key).
    pub actor_key: Untrusted,
    /// To whom or what, for people.
    pub target: Untrusted,
    /// The object's name or id, where the call names one.
    pub object: Option<Untrusted>,
    /// What it may be a step of.
    pub steps: Vec<ChainStep>,
    /// `None` until the event is judged, and where it is not alerted on.
    pub severity: Option<Severity>,
    /// The subject of the alert; `None` as for the severity.
    pub subject: Option<Untrusted>,
}

impl From<&Line> for Phrase {
    /// The line as it stands in a list, but for its time: "HIGH  ops-carol  iam:CreateUser  IAM user x".
    fn from(line: &Line) -> Self {
        let severity = line.severity.map_or("", Severity::word);
        let outcome =
            if line.outcome.raw() == "succeeded" { Self::default() } else { phrase!(" (", &line.outcome, ")") };
        phrase!(
            Self::ours(format!("{severity:<8}  ")),
            &line.actor,
            "  ",
            Self::theirs(&line.call, TextKind::Name),
            outcome,
            "  ",
            &line.target
        )
    }
}

/// Lines of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// Newest first.
    pub lines: Vec<Line>,
    /// Whether there are older ones that were not read.
    pub unread: bool,
}

/// What happened within a day of the event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RelatedActivity {
    /// What else the actor did.
    pub by_actor: Lines,
    /// What else happened to the target, by anybody.
    pub to_target: Lines,
    /// Where nothing else of the actor is recorded: since when there is a history that could have it.
    pub never_seen_since: Option<DateTime<Utc>>,
    /// Why some of it is not known, if that is so.
    pub unknown: Option<HistoryError>,
    /// Whether it is not known if the event was alerted on before: then this alert may come twice.
    pub may_repeat: bool,
}

/// What became of the mail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MailStatus {
    /// It was printed: there is nowhere to publish it.
    #[default]
    Printed,
    Published,
    /// There is none, since the severity is below the minimum.
    BelowMinimum,
    /// It was suppressed, as one of a burst.
    Suppressed,
}

/// What is recorded of an alert.
#[derive(Debug)]
pub struct AlertRecord<'a> {
    pub severity: Severity,
    pub subject: &'a str,
    pub reasons: Vec<String>,
    /// The alert as it was sent.
    pub alert: &'a str,
    pub mail: MailStatus,
    /// The CloudTrail record, as JSON.
    pub record: &'a str,
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::event::{Activity, Delivery};
    use serde_json::{Value, json};

    pub(crate) fn activity(name: &str, request: &Value, identity: &Value) -> Activity {
        read(json!({"eventSource": "iam.amazonaws.com", "eventName": name, "recipientAccountId": "111122223333",
            "requestParameters": request, "userIdentity": identity}))
    }

    fn read(record: Value) -> Activity {
        let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
        Activity::from_delivery(&delivery).unwrap().activity().unwrap()
    }
}
