//! The alert as JSON: what the function returns, for on-success destinations and the services after them.
//!
//! The format is described in `schema/alert.json`, a JSON Schema that a test makes of the types below.
//!
//! Fields that the event does not have are absent. Text from outside is shown as in a mail: invisible characters are
//! made visible.

use super::email::Email;
use crate::alert::{Alert, ContainmentStep, Section, SectionKind};
use crate::channel::chat;
use crate::config::WebhookFormat;
use crate::event::Activity;
use crate::history::MailStatus;
use crate::severity::Severity;
use crate::text::{Phrase, TextKind, Untrusted};
use serde::Serialize;
use serde_json::{Map, Value};

/// The version of the format. The first number changes if a reader of the old format would break.
const VERSION: &str = "2.5";

/// The alert as JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "Alert of iam-security-alert, version 2.5"))]
#[serde(rename_all = "camelCase")]
pub struct AlertJson {
    /// `"2.5"`; the first number changes when a reader of the old shape would break.
    #[cfg_attr(test, schemars(extend("const" = VERSION)))]
    pub schema_version: &'static str,
    /// How severe it is.
    pub severity: Severity,
    /// How severe it would be, if the principal were not one of those that are expected to do this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unless_expected: Option<Severity>,
    /// CloudTrail's id of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// CloudTrail's name of the call.
    pub event_name: String,
    /// When it happened, as in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// `succeeded`, `denied` or `failed`.
    pub outcome: &'static str,
    /// The account in which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Its name: from the setting `AccountNames`, from AWS Organizations, or its alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// What happened, in three words.
    pub headline: String,
    /// The subject of the mail, with the severity.
    pub subject: String,
    /// What happened, in a sentence.
    pub summary: String,
    /// The reasons for the severity; never empty.
    pub reasons: Vec<ReasonJson>,
    /// The facts by section and name, each a text or a list of texts: `who`, `what`, `reference`; `relatedActivity` if
    /// there is a history, and `burst` if the event is part of a burst. `who.accessLevel` says what the caller can do,
    /// `what.accessLevel` what the target can do or what a policy grants: `administrator`, `escalation` (can become one),
    /// `broad` (full access except IAM), `limited`, `none` or `unknown`.
    #[serde(flatten)]
    pub sections: Map<String, Value>,
    /// What to do if it was not expected.
    pub steps: Vec<StepJson>,
    /// What to do if it was expected: mute it, acknowledge it, make it an expectation.
    pub if_expected: Vec<StepJson>,
    /// Where to look.
    pub links: Vec<LinkJson>,
    /// The whole mail.
    pub text: String,
    /// Whether it was published to the topic.
    pub published: bool,
    /// What became of the mail: `mailed`, `belowMinimum` (less severe than `MinimumSeverity`), `suppressed` (a summary lists
    /// it), `muted`, `observed` (with `Mode=observe`), or `printed` (the function runs locally).
    pub mail: &'static str,
    /// What the webhook of the chat is sent of a published alert, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Value>,
}

/// A reason for the severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Reason"))]
pub struct ReasonJson {
    /// A stable name, for machines.
    pub rule: &'static str,
    /// A sentence.
    pub text: String,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Step"))]
pub struct StepJson {
    /// What to do, and what it will do.
    pub text: String,
    /// Commands for a POSIX shell that do it.
    pub commands: Vec<String>,
}

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Link"))]
pub struct LinkJson {
    /// What it leads to.
    pub label: &'static str,
    /// Its address.
    pub url: String,
}

/// Renders an alert, with the mail and the webhook's message.
#[must_use]
pub fn render(
    activity: &Activity,
    alert: &Alert,
    email: Email,
    mail: MailStatus,
    webhook: Option<WebhookFormat>,
) -> AlertJson {
    let published = mail == MailStatus::Published;
    let shown = |text: &Option<Untrusted>| text.as_ref().map(|text| text.shown(TextKind::Name));
    AlertJson {
        schema_version: VERSION,
        severity: alert.severity,
        unless_expected: alert.unless_expected,
        event_id: shown(&activity.event_id),
        event_name: activity.event_name.shown(TextKind::Name),
        time: activity.time.map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        outcome: activity.outcome.word(),
        account_id: shown(&activity.account),
        account_name: shown(&alert.account_name),
        headline: alert.headline.plain(),
        subject: email.subject,
        summary: alert.summary.plain().replace('\n', " "),
        reasons: alert
            .reasons
            .iter()
            .map(|reason| ReasonJson { rule: reason.rule, text: reason.text.plain() })
            .collect(),
        sections: alert.sections.iter().chain([&alert.reference]).map(|section| facts(alert, section)).collect(),
        steps: steps(&alert.steps),
        if_expected: steps(&alert.if_expected),
        links: alert.links.iter().map(|link| LinkJson { label: link.label, url: link.url.clone() }).collect(),
        text: email.body,
        published,
        mail: mail.word(),
        webhook: webhook.filter(|_| published).map(|webhook| chat::render(webhook, alert, &[])),
    }
}

fn steps(steps: &[ContainmentStep]) -> Vec<StepJson> {
    let commands = |step: &ContainmentStep| step.commands.iter().map(|command| command.as_str().to_owned()).collect();
    steps.iter().map(|step| StepJson { text: step.text.plain(), commands: commands(step) }).collect()
}

fn facts(alert: &Alert, section: &Section) -> (String, Value) {
    let facts = section.rows.iter().map(|row| {
        let mut values: Vec<_> = row.values.iter().map(Phrase::plain).map(Value::String).collect();
        let value = if values.len() == 1 { values.remove(0) } else { Value::Array(values) };
        (row.fact.key().to_owned(), value)
    });
    let access = match section.kind {
        SectionKind::Who => alert.caller_access,
        SectionKind::What => alert.target_access,
        SectionKind::RelatedActivity
        | SectionKind::Burst
        | SectionKind::Suppressed
        | SectionKind::Digest
        | SectionKind::Reference => None,
    };
    let access = access.map(|level| ("accessLevel".to_owned(), level.into()));
    (section.kind.key().to_owned(), Value::Object(facts.chain(access).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With `INSTA_UPDATE=always` this test writes the schema, as insta writes snapshots.
    #[test]
    fn the_schema_is_that_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/alert.json");
        let schema = serde_json::to_string_pretty(&schemars::schema_for!(AlertJson)).unwrap() + "\n";
        if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            std::fs::write(path, &schema).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), schema, "the types changed: is it another version?");
    }
}
