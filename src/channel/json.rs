//! The alert as JSON: what the function returns, for on-success destinations and everything behind them.
//!
//! | field | what |
//! | --- | --- |
//! | `schemaVersion` | `"1.0"`; the first number changes when a reader of the old shape would break |
//! | `severity`, `unlessExpected` | `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`; the second only where the principal is expected |
//! | `eventId`, `eventName`, `time`, `outcome` | CloudTrail's id; its name of the call; RFC 3339; `succeeded`, `denied` or `failed` |
//! | `accountId` | where it happened |
//! | `headline`, `subject`, `summary` | text for people |
//! | `reasons` | `[{rule, text}]`, never empty |
//! | `who`, `what`, `reference` | facts by name; a list where there are several |
//! | `lately`, `flood` | the same, where there is a history, and where the event is one of a flood |
//! | `steps` | `[{text, commands}]` |
//! | `links` | `[{label, url}]` |
//! | `text` | the whole mail |
//! | `published` | whether it was published to the topic |
//!
//! Fields that the event does not tell are absent. Text from outside is shown as in a mail, with what
//! cannot be seen made visible.

use super::email::Email;
use crate::cloudtrail::Activity;
use crate::report::{Report, Section};
use crate::severity::Severity;
use crate::text::{Kind, Phrase, Untrusted};
use serde::Serialize;
use serde_json::{Map, Value};

/// The alert as JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are described in the table above")]
pub struct Alert {
    pub schema_version: &'static str,
    pub severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unless_expected: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    pub event_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    pub outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    pub headline: String,
    pub subject: String,
    pub summary: String,
    pub reasons: Vec<Reason>,
    #[serde(flatten)]
    pub sections: Map<String, Value>,
    pub steps: Vec<Step>,
    pub links: Vec<Link>,
    pub text: String,
    pub published: bool,
}

/// Why it is as grave as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields are described in the table above")]
pub struct Reason {
    pub rule: &'static str,
    pub text: String,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields are described in the table above")]
pub struct Step {
    pub text: String,
    pub commands: Vec<String>,
}

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields are described in the table above")]
pub struct Link {
    pub label: &'static str,
    pub url: String,
}

/// Renders a report, with the mail that was made of it.
#[must_use]
pub fn render(activity: &Activity, report: &Report, email: Email, published: bool) -> Alert {
    let shown = |text: &Option<Untrusted>| text.as_ref().map(|text| text.shown(Kind::Name));
    Alert {
        schema_version: "1.0",
        severity: report.severity,
        unless_expected: report.unless_expected,
        event_id: shown(&activity.event_id),
        event_name: activity.event_name.shown(Kind::Name),
        time: activity.time.map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        outcome: activity.outcome.word(),
        account_id: shown(&activity.account),
        headline: report.headline.plain(),
        subject: email.subject,
        summary: report.summary.plain().replace('\n', " "),
        reasons: report.reasons.iter().map(|reason| Reason { rule: reason.rule, text: reason.text.plain() }).collect(),
        sections: report.sections.iter().chain([&report.reference]).map(facts).collect(),
        steps: report
            .steps
            .iter()
            .map(|step| Step {
                text: step.text.plain(),
                commands: step.commands.iter().map(|command| command.as_str().to_owned()).collect(),
            })
            .collect(),
        links: report.links.iter().map(|link| Link { label: link.label, url: link.url.clone() }).collect(),
        text: email.body,
        published,
    }
}

fn facts(section: &Section) -> (String, Value) {
    let facts = section.rows.iter().map(|row| {
        let mut values: Vec<_> = row.values.iter().map(Phrase::plain).map(Value::String).collect();
        let value = if values.len() == 1 { values.remove(0) } else { Value::Array(values) };
        (row.key.to_owned(), value)
    });
    (section.key.to_owned(), Value::Object(facts.collect()))
}
