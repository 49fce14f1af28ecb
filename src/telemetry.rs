//! The function's own logs and metrics: JSON logs, and one line for each event that is also the event's metrics.
//!
//! The metrics use the CloudWatch embedded metric format ("Embedded metric format specification", CloudWatch user
//! guide): they need no API call, no permission and no waiting. Secrets and policies are not logged.

use crate::baseline::Progress;
use crate::channel::FailureNames;
use crate::channel::sns::Readers;
use crate::history::review::Reviews;
use crate::history::{HistoryError, MailStatus};
use crate::severity::Severity;
use crate::text::{TextKind, Untrusted};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::time::Duration;
use tracing::Level;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;

/// The CloudWatch namespace of the metrics.
pub const NAMESPACE: &str = "IamSecurityAlert";

/// Starts the JSON logs on standard output. Lambda sets `AWS_LAMBDA_LOG_LEVEL` to the level in the function's logging
/// configuration; an unknown value means INFO.
pub fn start() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| match level.as_str() {
        // Lambda has the level FATAL, tracing does not.
        "FATAL" => Some(Level::ERROR),
        level => level.parse().ok(),
    });
    let level = level.unwrap_or(Level::INFO);
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
    // Below WARN, the SDK logs whole requests and responses, and these contain policies.
    let ours = filter_fn(move |line| {
        *line.level() <= if line.target().starts_with("iam_security_alert") { level } else { level.min(Level::WARN) }
    });
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}

/// The result of handling one event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InvocationLog {
    /// CloudTrail's `eventID`.
    pub event_id: Option<String>,
    pub action: Option<String>,
    /// `succeeded`, `denied` or `failed`.
    pub outcome: Option<&'static str>,
    pub severity: Option<Severity>,
    /// The severity if the principal were not expected.
    pub unless_expected: Option<Severity>,
    pub event_time: Option<DateTime<Utc>>,
    /// The duration of the lookups.
    pub lookups: Duration,
    pub lookup_failures: usize,
    /// The duration of publishing.
    pub publish: Duration,
    pub mail: MailStatus,
    /// Whether this invocation is not for an event, but for the schedule.
    pub summarizing: bool,
    /// How many suppressed alerts were listed in summaries.
    pub listed: usize,
    /// Why a summary could not be sent.
    pub summary_failure: Option<String>,
    /// Why the baseline of an account could not be read, or not as a whole.
    pub baseline_failure: Option<String>,
    /// The changes without an event that this invocation alerted on: each has a line of its own.
    pub found: Vec<InvocationLog>,
    /// The subscriptions of the topic, or why they are not known. `None` if they were not asked for.
    pub readers: Option<Result<Readers, String>>,
    /// How many accounts have sent no heartbeat for two days, since a day at most; if this invocation looked.
    pub silent_accounts: Option<usize>,
    /// What differs from what was deployed, if this invocation checked it.
    pub differences: Option<Vec<String>>,
    /// What could not be checked, and why.
    pub not_verified: Vec<String>,
    /// What is wrong with the expectations, if this invocation read them.
    pub expectations_failure: Option<String>,
    /// Why the history could not be read or written.
    pub history_failure: Option<String>,
    /// How many reviews in the history were not understood.
    pub malformed_reviews: usize,
    /// The channels other than the e-mail that failed, and why.
    pub channel_failures: Vec<(FailureNames, String)>,
    /// Why the event is not alerted on.
    pub not_alerted: Option<String>,
    /// Why an alert that was due could not be sent.
    pub error: Option<String>,
}

impl InvocationLog {
    /// Records why the history could not be read or written. Only the first reason is kept.
    pub fn history_failed(&mut self, why: &HistoryError) {
        self.history_failure.get_or_insert_with(|| why.to_string());
    }

    /// Records why the baseline could not be read.
    pub fn baseline_failed(&mut self, why: &str) {
        self.baseline_failure.get_or_insert_with(|| why.to_owned());
    }

    /// Records which kinds of entities could not be read as a whole.
    pub fn baseline_gaps(&mut self, account: &Untrusted, progress: &Progress) {
        if !progress.gaps.is_empty() {
            let gaps: Vec<_> = progress.gaps.iter().map(|(_, why)| why.as_str()).collect();
            let account = account.shown(TextKind::Name);
            self.baseline_failed(&format!("account {account} was not read as a whole: {}", gaps.join("; ")));
        }
    }

    /// Records what was wrong with the reviews.
    pub fn reviews_read(&mut self, reviews: &Reviews) {
        self.malformed_reviews = reviews.malformed;
        if let Some(why) = &reviews.unknown {
            self.history_failed(why);
        }
    }

    /// Why the alert got no mail of its own, as a dimension of the metric that counts these.
    fn not_mailed(&self) -> Option<&'static str> {
        match self.mail {
            MailStatus::Muted | MailStatus::Observed | MailStatus::Suppressed => Some(self.mail.word()),
            MailStatus::BelowMinimum => self.unless_expected.map(|_| "expected"),
            MailStatus::Printed | MailStatus::Published => None,
        }
    }

    /// Adds what the check of the stack found, if there was one.
    fn stack_check(&self, line: &mut Value, metrics: &mut Vec<Value>) {
        let Some(differences) = &self.differences else { return };
        line["StackDifferences"] = json!(differences.len());
        line["StackChecksFailed"] = json!(self.not_verified.len());
        for metric in ["StackDifferences", "StackChecksFailed"] {
            metrics.push(json!({"Name": metric, "Unit": "Count"}));
        }
        if !differences.is_empty() {
            line["differences"] = json!(differences);
        }
        if !self.not_verified.is_empty() {
            line["notVerified"] = json!(self.not_verified);
        }
    }

    /// Records what is wrong with the expectations, if something is.
    pub fn expectations_failed(&mut self, wrong: &[String]) {
        if !wrong.is_empty() {
            self.expectations_failure = Some(wrong.join("\n"));
        }
    }

    /// What failed beside the mail, and why. A metric that is not sent costs nothing.
    fn failures(&self) -> impl Iterator<Item = (FailureNames, &String)> {
        let history = FailureNames { field: "historyFailure", metric: "HistoryFailures" };
        let history = self.history_failure.iter().map(move |why| (history, why));
        let summary = FailureNames { field: "summaryFailure", metric: "SummaryFailures" };
        let summary = self.summary_failure.iter().map(move |why| (summary, why));
        let expectations = FailureNames { field: "expectationsFailure", metric: "ExpectationsFailures" };
        let expectations = self.expectations_failure.iter().map(move |why| (expectations, why));
        let baseline = FailureNames { field: "baselineFailure", metric: "BaselineFailures" };
        let baseline = self.baseline_failure.iter().map(move |why| (baseline, why));
        let channels = self.channel_failures.iter().map(|(names, why)| (*names, why));
        history.chain(expectations).chain(baseline).chain(channels).chain(summary)
    }

    /// The log line, with the metrics of this event. `function` is the function's name: it separates the metrics of two
    /// stacks in one account.
    #[must_use]
    pub fn line(&self, function: &str, now: DateTime<Utc>) -> Value {
        let mut line = json!({
            "timestamp": now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            "level": if self.error.is_some() || self.summary_failure.is_some() { "ERROR" } else { "INFO" },
            "message": match (&self.error, &self.not_alerted) {
                _ if self.summarizing => "schedule",
                (Some(_), _) => "no alert",
                (None, Some(_)) => "not alerted",
                (None, None) => match self.mail {
                    MailStatus::Printed => "alert printed",
                    MailStatus::Published => "alert published",
                    MailStatus::BelowMinimum => "alert below the minimum severity",
                    MailStatus::Suppressed => "alert suppressed",
                    MailStatus::Muted => "alert muted",
                    MailStatus::Observed => "alert observed",
                },
            },
            "version": crate::VERSION,
            "eventID": self.event_id,
            "action": self.action,
            "outcome": self.outcome,
            "lookup_ms": millis(self.lookups),
            "lookup_failures": self.lookup_failures,
            "publish_ms": millis(self.publish),
        });
        if let Some(error) = &self.error {
            line["error"] = json!(error);
        }
        let mut metrics = Vec::new();
        for (FailureNames { field, metric }, why) in self.failures() {
            line[field] = json!(why);
            line[metric] = json!(1);
            metrics.push(json!({"Name": metric, "Unit": "Count"}));
        }
        if self.summarizing {
            line["listed"] = json!(self.listed);
            line["ScheduledRuns"] = json!(1);
            metrics.push(json!({"Name": "ScheduledRuns", "Unit": "Count"}));
        }
        if let Some(silent) = self.silent_accounts {
            line["SilentAccounts"] = json!(silent);
            metrics.push(json!({"Name": "SilentAccounts", "Unit": "Count"}));
        }
        self.stack_check(&mut line, &mut metrics);
        match &self.readers {
            Some(Ok(readers)) => {
                for (metric, count) in
                    [("SubscriptionsConfirmed", readers.confirmed), ("SubscriptionsPending", readers.pending)]
                {
                    line[metric] = json!(count);
                    metrics.push(json!({"Name": metric, "Unit": "Count"}));
                }
            }
            Some(Err(why)) => line["subscriptionsNotKnown"] = json!(why),
            None => {}
        }
        if (self.severity, self.mail) == (Some(Severity::Critical), MailStatus::Suppressed) {
            line["CriticalSuppressed"] = json!(1);
            metrics.push(json!({"Name": "CriticalSuppressed", "Unit": "Count"}));
        }
        if self.malformed_reviews > 0 {
            line["malformedReviews"] = json!(self.malformed_reviews);
        }
        if let Some(why) = &self.not_alerted {
            line["notAlerted"] = json!(why);
        }
        if let Some(severity) = self.severity {
            line["severity"] = json!(severity);
        }
        let mut directives = Vec::new();
        if let (None, Some(severity)) = (&self.error, self.severity) {
            metrics.push(json!({"Name": "LookupFailures", "Unit": "Count"}));
            if let Some(time) = self.event_time {
                line["EventAge"] = json!((now - time).num_milliseconds().max(0));
                metrics.push(json!({"Name": "EventAge", "Unit": "Milliseconds"}));
            }
            line["Severity"] = json!(severity);
            line["Alerts"] = json!(1);
            line["LookupFailures"] = json!(self.lookup_failures);
            directives.push(json!({"Namespace": NAMESPACE, "Dimensions": [["Function", "Severity"]],
                "Metrics": [{"Name": "Alerts", "Unit": "Count"}]}));
            if let Some(reason) = self.not_mailed() {
                line["Reason"] = json!(reason);
                line["AlertsNotMailed"] = json!(1);
                directives.push(json!({"Namespace": NAMESPACE, "Dimensions": [["Function", "Reason"]],
                    "Metrics": [{"Name": "AlertsNotMailed", "Unit": "Count"}]}));
            }
        }
        if !metrics.is_empty() {
            line["Function"] = json!(function);
            directives.push(json!({"Namespace": NAMESPACE, "Dimensions": [["Function"]], "Metrics": metrics}));
            line["_aws"] = json!({"Timestamp": now.timestamp_millis(), "CloudWatchMetrics": directives});
        }
        line
    }
}

/// Milliseconds, rounded to one decimal.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> InvocationLog {
        InvocationLog {
            event_id: Some("e-1".into()),
            action: Some("CreateUser".into()),
            outcome: Some("succeeded"),
            severity: Some(Severity::High),
            event_time: DateTime::from_timestamp(1_790_000_000, 0),
            lookups: Duration::from_micros(75_240),
            lookup_failures: 2,
            publish: Duration::from_millis(25),
            mail: MailStatus::Published,
            ..InvocationLog::default()
        }
    }

    #[test]
    fn an_alert_is_one_line_with_its_metrics() {
        let now = DateTime::from_timestamp(1_790_000_014, 0).unwrap();
        let line = log().line("alerter", now);
        assert_eq!((&line["level"], &line["eventID"]), (&json!("INFO"), &json!("e-1")));
        assert_eq!(line["lookup_ms"], json!(75.2));
        // Every declared metric and every declared dimension has a value.
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            for metric in directive["Metrics"].as_array().unwrap() {
                assert!(line[metric["Name"].as_str().unwrap()].is_number());
            }
            for dimension in directive["Dimensions"][0].as_array().unwrap() {
                assert!(line[dimension.as_str().unwrap()].is_string());
            }
        }
        assert_eq!(line["EventAge"], json!(14_000));
    }

    #[test]
    fn a_history_failure_is_counted_with_and_without_an_alert() {
        let failed = |log: InvocationLog| {
            let line = InvocationLog { history_failure: Some("away".into()), ..log }.line("alerter", Utc::now());
            let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
            let mut metrics = directives.iter().flat_map(|directive| directive["Metrics"].as_array().unwrap());
            line["HistoryFailures"] == json!(1) && metrics.any(|metric| metric["Name"] == "HistoryFailures")
        };
        assert!(failed(log()) && failed(InvocationLog { summarizing: true, ..InvocationLog::default() }));
        assert!(log().line("alerter", Utc::now()).get("HistoryFailures").is_none());
    }

    #[test]
    fn a_failure_is_an_error_line_and_counts_as_no_alert() {
        let line = InvocationLog { error: Some("SNS is away".into()), ..log() }.line("alerter", Utc::now());
        assert_eq!((&line["level"], &line["error"]), (&json!("ERROR"), &json!("SNS is away")));
        assert!(line.get("_aws").is_none());
    }
}
