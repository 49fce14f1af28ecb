//! What happened before: every event that reaches the function, in a table that is the audit history too.
//!
//! Five things are asked of it. [`History::claim`]: has this event been told already? (EventBridge and Lambda both
//! deliver at least once.) [`History::lately`]: what did this actor do within a day, what happened to this target, and
//! was this actor ever seen before? [`History::count`]: how many like it came just now? [`History::names`]: did another
//! alert name this chain? [`History::keep`]: remember what was told. None can cost an alert: what cannot be had is said.
//!
//! | item | `pk` | `sk` |
//! | --- | --- | --- |
//! | the event, with the alert and the record | `EVENT#<eventID>` | `EVENT` |
//! | a line of what an actor did | `ACTOR#<key>` | `<time>#<eventID>` |
//! | a line of what happened to a target | `TARGET#<key>` | `<time>#<eventID>` |
//! | a line of what happened in an account on a day | `DAY#<account>#<date>` | `<time>#<eventID>` |
//!
//! What other services did that is not told stands under its day only: it is no change of access by anybody.
//!
//! | item | `pk` | `sk` |
//! | --- | --- | --- |
//! | how often an actor made a call on a day, see [`flood`] | `FLOOD#<date>` | `<actor key>#<call>` |
//! | which event's alert names a chain | `CHAIN#<chain>#<eventID of its last first step>` | `CHAIN` |
//! | since when there is a history | `HISTORY` | `BEGIN` |
//!
//! The lines stand in the table itself, and not in an index, so that a read sees what was written a moment ago.

pub mod dynamodb;
pub mod entry;
pub mod flood;
pub mod step;

pub use dynamodb::History;
pub use entry::{Entry, actor_key, target_key};
pub use step::Step;

use crate::phrase;
use crate::severity::Severity;
use crate::text::{Kind, Phrase, Untrusted};
use chrono::{DateTime, Utc};

/// What the claim on an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is ours: nobody has told it yet.
    Ours {
        /// Whether somebody had begun to, and did not come to an end.
        again: bool,
    },
    /// It was told before.
    ToldBefore,
    /// Somebody else is telling it, and may need longer than we can wait.
    Elsewhere,
    /// It is not known, and why not: it is told, perhaps twice.
    Unknown(Phrase),
}

/// One line of the history: what happened, short enough for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When, to the second.
    pub time: DateTime<Utc>,
    /// CloudTrail's id of the event.
    pub event_id: Untrusted,
    /// The call, `iam:CreateUser`.
    pub call: Untrusted,
    /// `succeeded`, `denied` or `failed`.
    pub outcome: Untrusted,
    /// Who did it, for people.
    pub actor: Untrusted,
    /// Who did it, by [`actor_key`].
    pub actor_key: Untrusted,
    /// To whom or what, for people.
    pub target: Untrusted,
    /// What was given or taken, by its name or id, where the call says so.
    pub object: Option<Untrusted>,
    /// What it may be a step of.
    pub steps: Vec<Step>,
    /// How grave it was; `None` while it is being told, and where it is not told.
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
            Self::theirs(&line.call, Kind::Name),
            outcome,
            "  ",
            &line.target
        )
    }
}

/// Lines of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// Newest first.
    pub lines: Vec<Line>,
    /// Whether there are older ones that were not read.
    pub unread: bool,
}

/// What happened within a day of the event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lately {
    /// What the actor did besides.
    pub by_actor: List,
    /// What else happened to the target, by whomever.
    pub to_target: List,
    /// Where nothing else is remembered of the actor: since when there is a history that could.
    pub first_sight_since: Option<DateTime<Utc>>,
    /// Why some of it is not known, if that is so.
    pub unknown: Option<Phrase>,
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::cloudtrail::{Activity, Delivery};
    use serde_json::{Value, json};

    pub(crate) fn activity(name: &str, request: &Value, identity: &Value) -> Activity {
        read(json!({"eventSource": "iam.amazonaws.com", "eventName": name, "recipientAccountId": "111122223333",
            "requestParameters": request, "userIdentity": identity}))
    }

    pub(crate) fn denied(name: &str) -> Activity {
        read(json!({"eventSource": "iam.amazonaws.com", "eventName": name, "errorCode": "AccessDenied"}))
    }

    fn read(record: Value) -> Activity {
        Activity::from_delivery(&Delivery::from_file(record).unwrap().remove(0).unwrap()).unwrap()
    }
}
