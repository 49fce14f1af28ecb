//! Self-protection: calls of other services that impair the stack's own resources, or a trail. They are alerted on only
//! if they concern one of those, see `config::watch`.

use super::attack::{CLOUD_LOGS, TOOLS};
use super::fields::{FieldMeaning, FieldValue};
use super::row::{means, of};
use super::selectors::Logged;
use super::types::Action;
use super::types::ObjectKind::{
    EventSelectors, FunctionCode, FunctionConfiguration, InvokePermission, Itself, KeyDeletion, Logging,
    ReservedConcurrency, RuleTargets, Subscription, TopicAttribute,
};
use super::types::Operation::{Change, Delete, Disable, Enable, Remove, Replace, Schedule, Set, Start, Stop};
use super::types::Restore::{
    CancelKeyDeletion, DeploySecondStack, EnableKey, EnableRule, ListTrails, RemoveConcurrencyLimit,
    ReviewEventSelectors, StartLogging,
};
use super::types::TargetKind::{EventBus, Function, KmsKey, Queue, Rule, Table, Topic, Trail};
use crate::severity::Severity::{Critical, High, Low, Medium};

/// `UpdateTrail`: what is absent does not change (`CloudTrail` API reference).
#[rustfmt::skip] // A row is read across.
const TRAIL: &[FieldMeaning] = &[
    means("includeGlobalServiceEvents", FieldValue::False, Critical, "The trail does not log the events of IAM any more. These alerts depend on them."),
    means("includeGlobalServiceEvents", FieldValue::True, Low, "The trail logs the events of IAM."),
    means("isMultiRegionTrail", FieldValue::False, Critical, "The trail logs only one region now. These alerts depend on the events of the others."),
    means("isMultiRegionTrail", FieldValue::True, Low, "The trail logs all regions."),
    means("isOrganizationTrail", FieldValue::False, Critical, "The trail does not log the other accounts of the organization any more."),
    means("isOrganizationTrail", FieldValue::True, Low, "The trail logs all accounts of the organization."),
    means("s3BucketName", FieldValue::Given, High, "The log files go to the bucket in the request: check that the bucket is yours."),
    means("s3KeyPrefix", FieldValue::Given, Medium, "The log files have another prefix, so tools may not find them."),
    means("s3KeyPrefix", FieldValue::Empty, Medium, "The log files have no prefix any more, so tools may not find them."),
    means("enableLogFileValidation", FieldValue::False, High, "Changes of the log files cannot be noticed any more."),
    means("enableLogFileValidation", FieldValue::True, Low, "Changes of the log files can be noticed."),
    means("kmsKeyId", FieldValue::Given, High, "The log files can be read only with the KMS key in the request: check that the key is yours."),
    means("kmsKeyId", FieldValue::Empty, Medium, "The log files are not encrypted with a KMS key of yours any more."),
    means("snsTopicName", FieldValue::Empty, Medium, "Nobody is notified of new log files any more."),
    means("snsTopicName", FieldValue::Given, Low, "Notifications of new log files go to the topic in the request."),
    means("cloudWatchLogsLogGroupArn", FieldValue::Empty, High, "CloudWatch Logs gets no events any more: alarms there are silent."),
    means("cloudWatchLogsLogGroupArn", FieldValue::Given, Medium, "CloudWatch Logs gets the events in the log group in the request."),
    means("cloudWatchLogsRoleArn", FieldValue::Empty, High, "CloudTrail has no role to write to CloudWatch Logs any more: alarms there are silent."),
    means("cloudWatchLogsRoleArn", FieldValue::Given, Low, "CloudTrail writes to CloudWatch Logs with the role in the request."),
];

/// The selectors replace the former ones (`CloudTrail` API reference, `PutEventSelectors`).
const SELECTORS: &[FieldMeaning] = &[
    means("eventSelectors", FieldValue::Logs(Logged::All), Medium, ALL),
    means("eventSelectors", FieldValue::Logs(Logged::AllButBusySources), Medium, BUSY),
    means("eventSelectors", FieldValue::Logs(Logged::WritesOnly), Medium, WRITES_ONLY),
    means("eventSelectors", FieldValue::Logs(Logged::WritesOff), Critical, WRITES_OFF),
    means("advancedEventSelectors", FieldValue::Logs(Logged::All), Medium, ALL),
    means("advancedEventSelectors", FieldValue::Logs(Logged::AllButBusySources), Medium, BUSY),
    means("advancedEventSelectors", FieldValue::Logs(Logged::WritesOnly), Medium, WRITES_ONLY),
    means("advancedEventSelectors", FieldValue::Logs(Logged::WritesOff), Critical, WRITES_OFF),
];
const ALL: &str = "The trail logs all management events. Data events may be logged less than before.";
const BUSY: &str = "The trail logs all management events but those of the sources that the request leaves out. Data events may be logged less than before.";
const WRITES_ONLY: &str = "The trail logs write management events. It does not log all read events: an investigation \
     cannot see what was read.";
const WRITES_OFF: &str = "The trail does not log all write management events any more. These alerts depend on them.";

/// The state is ENABLED if it is absent (EventBridge API reference, `PutRule`).
#[rustfmt::skip] // A row is read across.
const RULE: &[FieldMeaning] = &[
    means("state", FieldValue::Is("DISABLED"), Critical, "The rule is disabled. These alerts depend on it."),
    means("state", FieldValue::Given, Low, "The rule is enabled."),
    means("eventPattern", FieldValue::StacksPattern(true), Low, "The event pattern is that of this stack."),
    means("eventPattern", FieldValue::StacksPattern(false), Critical, "The event pattern is not that of this stack: events can be missing."),
];

#[rustfmt::skip] // A row is read across.
const TOPIC: &[FieldMeaning] = &[
    means("Policy", FieldValue::Given, Critical, "The access policy in the request decides who can publish to the topic. Without that right, there are no alerts."),
    means("KmsMasterKeyId", FieldValue::Given, Critical, "The topic is encrypted with the KMS key in the request. Without the right to use the key, there are no alerts."),
    means("KmsMasterKeyId", FieldValue::Empty, Medium, "The topic is not encrypted with a KMS key any more."),
    means("DisplayName", FieldValue::Given, Low, "The display name is only the name of the sender in the mails."),
    means("DisplayName", FieldValue::Empty, Low, "The display name is only the name of the sender in the mails."),
];

#[rustfmt::skip] // A row is read across.
const SUBSCRIPTION: &[FieldMeaning] = &[
    means("FilterPolicy", FieldValue::Empty, Low, "The subscription has no filter: it gets all alerts."),
    means("FilterPolicy", FieldValue::Given, Critical, "The subscription gets only the alerts that pass the filter in the request."),
];

#[rustfmt::skip] // A row is read across.
const CONCURRENCY: &[FieldMeaning] = &[
    means("reservedConcurrentExecutions", FieldValue::Zero, Critical, "The function cannot run any more. There are no alerts."),
    means("reservedConcurrentExecutions", FieldValue::Positive, Medium, "The function still runs, but only so often at the same time: many alerts at once are late."),
];

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    of("cloudtrail", "StartLogging", Start, Logging, Trail).restores_alerting(),
    of("cloudtrail", "StopLogging", Stop, Logging, Trail).impairs_alerting(StartLogging, CLOUD_LOGS),
    of("cloudtrail", "DeleteTrail", Delete, Itself, Trail).impairs_alerting(ListTrails, CLOUD_LOGS),
    of("cloudtrail", "UpdateTrail", Change, Itself, Trail).impairs_alerting(ListTrails, CLOUD_LOGS).fields(TRAIL),
    of("cloudtrail", "PutEventSelectors", Change, EventSelectors, Trail)
        .impairs_alerting(ReviewEventSelectors, CLOUD_LOGS).fields(SELECTORS).always_has(&["eventSelectors", "advancedEventSelectors"]),
    of("events", "EnableRule", Enable, Itself, Rule).restores_alerting(),
    of("events", "DisableRule", Disable, Itself, Rule).impairs_alerting(EnableRule, TOOLS),
    of("events", "DeleteRule", Delete, Itself, Rule).impairs_alerting(DeploySecondStack, TOOLS),
    of("events", "PutTargets", Change, RuleTargets, Rule).impairs_alerting(DeploySecondStack, TOOLS),
    of("events", "RemoveTargets", Remove, RuleTargets, Rule).impairs_alerting(DeploySecondStack, TOOLS),
    of("events", "PutRule", Change, Itself, Rule).impairs_alerting(DeploySecondStack, TOOLS).fields(RULE).always_has(&["eventPattern", "scheduleExpression"]),
    of("events", "DeleteEventBus", Delete, Itself, EventBus).impairs_alerting(DeploySecondStack, TOOLS),
    of("sns", "DeleteTopic", Delete, Itself, Topic).impairs_alerting(DeploySecondStack, TOOLS),
    of("sns", "Unsubscribe", Remove, Subscription, Topic).named(&["subscriptionArn"])
        .impairs_alerting(DeploySecondStack, TOOLS),
    of("sns", "SetTopicAttributes", Change, TopicAttribute, Topic).named(&["attributeName"])
        .impairs_alerting(DeploySecondStack, TOOLS).fields(TOPIC).always_has(&["attributeName"]),
    of("sns", "SetSubscriptionAttributes", Change, Subscription, Topic).named(&["subscriptionArn"])
        .impairs_alerting(DeploySecondStack, TOOLS).fields(SUBSCRIPTION).always_has(&["attributeName"]),
    of("lambda", "UpdateFunctionCode", Replace, FunctionCode, Function).impairs_alerting(DeploySecondStack, TOOLS),
    of("lambda", "UpdateFunctionConfiguration", Change, FunctionConfiguration, Function)
        .impairs_alerting(DeploySecondStack, TOOLS),
    of("lambda", "DeleteFunction", Delete, Itself, Function).impairs_alerting(DeploySecondStack, TOOLS),
    of("lambda", "PutFunctionConcurrency", Set, ReservedConcurrency, Function)
        .impairs_alerting(RemoveConcurrencyLimit, TOOLS).fields(CONCURRENCY).always_has(&["reservedConcurrentExecutions"]),
    of("lambda", "RemovePermission", Remove, InvokePermission, Function).named(&["statementId"])
        .impairs_alerting(DeploySecondStack, TOOLS),
    of("sqs", "DeleteQueue", Delete, Itself, Queue).impairs_alerting(DeploySecondStack, TOOLS),
    of("dynamodb", "DeleteTable", Delete, Itself, Table).impairs_alerting(DeploySecondStack, TOOLS),
    // Only if the stack has its own key, which OWN_RESOURCES names.
    of("kms", "DisableKey", Disable, Itself, KmsKey).impairs_alerting(EnableKey, TOOLS),
    of("kms", "ScheduleKeyDeletion", Schedule, KeyDeletion, KmsKey).impairs_alerting(CancelKeyDeletion, TOOLS),
];
