//! What is recorded of an event, and the answers of the history.

use super::error::HistoryError;
use crate::catalog::ChainStep;
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, TextKind, Untrusted};
use chrono::{DateTime, Utc};

/// The result of a claim on an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// This invocation handles the event: it was not alerted on yet.
    Ours {
        /// Whether an earlier attempt did not finish.
        retried: bool,
    },
    /// The history says that the event was alerted on.
    AlreadyAlerted {
        /// Whether this instance saw that happen: it sent the mail itself, or waited for the invocation that did.
        witnessed: bool,
    },
    /// Another invocation works on the event, and may need longer than this one can wait.
    InProgress,
    /// The history did not answer: the event is alerted on, perhaps twice.
    Unknown(HistoryError),
}

/// One line of the history: what happened, short enough for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// To the second.
    pub time: DateTime<Utc>,
    pub event_id: Untrusted,
    /// The action, `iam:CreateUser`.
    pub call: Untrusted,
    /// `succeeded`, `denied` or `failed`.
    pub outcome: Untrusted,
    /// The actor, for people.
    pub actor: Untrusted,
    /// The actor, by [`actor_key`](super::actor_key).
    pub actor_key: Untrusted,
    /// The target, for people.
    pub target: Untrusted,
    /// The id of the account in which it happened.
    pub account: Option<Untrusted>,
    /// The object's name or id, where the call names one.
    pub object: Option<Untrusted>,
    /// The chain steps that the event may be.
    pub steps: Vec<ChainStep>,
    /// `None` until the event is assessed, and if it is not alerted on.
    pub severity: Option<Severity>,
    /// The subject of the alert; `None` as for the severity.
    pub subject: Option<Untrusted>,
    pub handling: Handling,
    /// Whether it is recorded that the event is not alerted on. An earlier version did not record that in lines.
    pub not_alerted: bool,
}

/// What became of an alert. Of alerts that an earlier version recorded, nothing of this is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handling {
    /// `None` if that is not known.
    pub mail: Option<MailStatus>,
    /// The severity that the alert would have if it was not expected.
    pub unless_expected: Option<Severity>,
    /// Whether something could not be read that could make the severity higher.
    pub incomplete: bool,
    /// What no expectation covers unless it says so by name.
    pub limits: Vec<Untrusted>,
    /// The mute that kept the mail back, by its id.
    pub mute: Option<Untrusted>,
}

impl Line {
    /// Whether somebody was alerted: by a mail, or by a line in a summary.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        use MailStatus::{Printed, Published, Suppressed};
        matches!(self.handling.mail, Some(Published | Printed | Suppressed))
    }

    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.outcome.raw() == "succeeded"
    }
}

impl From<&Line> for Phrase {
    /// The line as it stands in a list, without its time: "HIGH  ops-carol  iam:CreateUser  IAM user x".
    fn from(line: &Line) -> Self {
        let severity = line.severity.map_or("", Severity::word);
        let outcome = if line.succeeded() { Self::default() } else { phrase!(" (", &line.outcome, ")") };
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
    /// Whether there are older lines that were not read.
    pub unread: bool,
}

/// What happened within a day of the event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RelatedActivity {
    /// Other activity of the actor, in the same account.
    pub by_actor: Lines,
    /// Activity of the actor in other accounts of the organization.
    pub elsewhere: Lines,
    /// Other activity on the target, by any actor.
    pub to_target: Lines,
    /// Other activity on the policy that the event attaches, by any actor.
    pub to_object: Lines,
    /// Set if no other activity of the actor is recorded: the time since which activity would be recorded.
    pub never_seen_since: Option<DateTime<Utc>>,
    /// Why some of this is not known.
    pub unknown: Option<HistoryError>,
    /// Whether the event may have been alerted on before: then this alert may be a repetition.
    pub may_repeat: bool,
}

/// The status of the mail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MailStatus {
    /// Printed: there is no topic.
    #[default]
    Printed,
    Published,
    /// There is no mail, since the severity is below the minimum.
    BelowMinimum,
    /// Suppressed as part of a burst.
    Suppressed,
    /// Kept back by a mute.
    Muted,
    /// Not mailed, since the mode is `observe`.
    Observed,
}

impl MailStatus {
    const ALL: [Self; 6] =
        [Self::Printed, Self::Published, Self::BelowMinimum, Self::Suppressed, Self::Muted, Self::Observed];

    /// The word for machines and for the history.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::Published => "mailed",
            Self::BelowMinimum => "belowMinimum",
            Self::Suppressed => "suppressed",
            Self::Muted => "muted",
            Self::Observed => "observed",
        }
    }

    /// The status from its word; `None` for any other text.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// What is recorded of an alert.
#[derive(Debug)]
pub struct AlertRecord<'a> {
    pub severity: Severity,
    pub subject: &'a str,
    pub reasons: Vec<String>,
    /// The alert as it was sent.
    pub alert: &'a str,
    pub handling: Handling,
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
