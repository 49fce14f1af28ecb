//! Self-protection: calls of other services on the stack's own resources, or on a trail. They are alerted on only if they
//! concern one of those, see `config::watch`.
//!
//! Every call that changes such a resource is alerted on, by the resource and not by the call. A call without a row is
//! CRITICAL: the rows below the first table only say which calls are less. The names and the fields are those of the
//! services' models (botocore) and of CloudTrail's documentation of each service.

use super::attack::{CLOUD_LOGS, TOOLS};
use super::meaning::{FieldMeaning, FieldValue};
use super::row::{means, of};
use super::selectors::Logged;
use super::types::Action;
use super::types::ObjectKind::{
    EventSelectors, FunctionCode, FunctionConfiguration, InvokePermission, Itself, KeyDeletion, Logging,
    ReservedConcurrency, RuleTargets, StackAction, Subscription, TopicAttribute,
};
use super::types::Operation::{Call, Change, Delete, Disable, Enable, Remove, Replace, Schedule, Set, Start, Stop};
use super::types::Restore::{
    CancelKeyDeletion, DeploySecondStack, EnableAlarmActions, EnableKey, EnableRule, FormerValue, ListTrails,
    RemoveConcurrencyLimit, ReviewEventSelectors, StartLogging,
};
use super::types::TargetKind::{
    self, Alarm, Bucket, EventBus, Function, KmsKey, LogGroup, Parameter, Queue, Rule, Stack, Table, Topic, Trail,
};
use super::types::{AccessEffect, Containment};
use crate::severity::Severity::{self, Critical, High, Low, Medium};

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
    // The parameters with expectations: whoever writes them decides which alerts are not mailed.
    of("ssm", "PutParameter", Change, Itself, Parameter).impairs_alerting(FormerValue, TOOLS)
        .is(AccessEffect::ImpairsAlerting, High, "The expectations decide which alerts are not mailed. Read what they say now."),
    of("ssm", "DeleteParameter", Delete, Itself, Parameter).impairs_alerting(FormerValue, TOOLS)
        .is(AccessEffect::ImpairsAlerting, Medium, "The expectations are gone. Alerts that they kept back are mailed again."),
    of("ssm", "DeleteParameters", Delete, Itself, Parameter).impairs_alerting(FormerValue, TOOLS)
        .is(AccessEffect::ImpairsAlerting, Medium, "The expectations are gone. Alerts that they kept back are mailed again."),

    // CloudWatch is `monitoring` in CloudTrail.
    call("monitoring", "DisableAlarmActions", Alarm).contained_by(Containment::Restore(EnableAlarmActions)),
    spares("monitoring", "EnableAlarmActions", Alarm, "The call restores the actions of the alarm."),
    spares("monitoring", "TagResource", Alarm, TAGS),
    spares("monitoring", "UntagResource", Alarm, TAGS),
    spares("cloudtrail", "AddTags", Trail, TAGS),
    spares("cloudtrail", "RemoveTags", Trail, TAGS),
    spares("cloudtrail", "PutInsightSelectors", Trail, "Insights are beside the management events on which these alerts depend."),
    spares("events", "TagResource", Rule, TAGS),
    spares("events", "UntagResource", Rule, TAGS),
    less("sns", "Subscribe", Topic, Medium, "Whoever confirms the subscription gets the alerts, too. Check the endpoint in the request."),
    spares("sns", "ConfirmSubscription", Topic, "A reader confirmed a subscription."),
    spares("sns", "CreateTopic", Topic, "The topic exists already; the call returns its ARN and changes nothing."),
    spares("sns", "TagResource", Topic, TAGS),
    spares("sns", "UntagResource", Topic, TAGS),
    spares("lambda", "DeleteFunctionConcurrency", Function, "The function has no reserved concurrency any more: it can run as often as the account allows."),
    spares("lambda", "PublishVersion", Function, "A version is a copy; the rules invoke the function itself."),
    spares("lambda", "TagResource", Function, TAGS),
    spares("lambda", "UntagResource", Function, TAGS),
    spares("sqs", "CreateQueue", Queue, "The queue exists already; the call returns its URL and changes nothing."),
    spares("sqs", "TagQueue", Queue, TAGS),
    spares("sqs", "UntagQueue", Queue, TAGS),
    spares("dynamodb", "CreateBackup", Table, "A backup changes nothing of the table."),
    spares("dynamodb", "TagResource", Table, TAGS),
    spares("dynamodb", "UntagResource", Table, TAGS),
    less("logs", "PutRetentionPolicy", LogGroup, Medium, "A log of this stack is kept for another time. The log is evidence."),
    spares("logs", "CreateLogGroup", LogGroup, "The log group exists already, or is created again."),
    spares("logs", "PutQueryDefinition", LogGroup, "A saved query changes nothing of the log."),
    spares("logs", "TagResource", LogGroup, TAGS),
    spares("logs", "UntagResource", LogGroup, TAGS),
    spares("logs", "TagLogGroup", LogGroup, TAGS),
    spares("logs", "UntagLogGroup", LogGroup, TAGS),
    less("cloudformation", "UpdateStack", Stack, High, DEPLOYMENT),
    less("cloudformation", "ExecuteChangeSet", Stack, High, DEPLOYMENT),
    less("cloudformation", "CreateChangeSet", Stack, Medium, "A change set changes nothing until somebody executes it. Check whether somebody deploys the stack."),
    less("cloudformation", "CancelUpdateStack", Stack, Medium, "The update of the stack ends, and its changes are taken back."),
    less("cloudformation", "ContinueUpdateRollback", Stack, Medium, "The changes of an update that failed are taken back."),
    spares("cloudformation", "DeleteChangeSet", Stack, "A change set that is deleted changes nothing."),
    spares("cloudformation", "DetectStackDrift", Stack, "The call looks for changes that were made outside of CloudFormation, and changes nothing."),
    spares("cloudformation", "DetectStackResourceDrift", Stack, "The call looks for changes that were made outside of CloudFormation, and changes nothing."),
    call("cloudformation", "UpdateTerminationProtection", Stack).fields(TERMINATION).always_has(&["enableTerminationProtection"]),
    spares("s3", "PutBucketTagging", Bucket, TAGS),
    spares("s3", "DeleteBucketTagging", Bucket, TAGS),
    spares("kms", "EnableKey", KmsKey, "The call restores the key."),
    spares("kms", "CancelKeyDeletion", KmsKey, "The key is not deleted. It stays disabled until it is enabled."),
    spares("kms", "TagResource", KmsKey, TAGS),
    spares("kms", "UntagResource", KmsKey, TAGS),
];

/// For each service, any other call on one of the stack's own resources.
pub const UNFAMILIAR: &[Action] = &[
    call("cloudtrail", "", Trail),
    call("events", "", Rule),
    call("sns", "", Topic),
    call("lambda", "", Function),
    call("sqs", "", Queue),
    call("dynamodb", "", Table),
    call("kms", "", KmsKey),
    call("logs", "", LogGroup),
    call("monitoring", "", Alarm),
    call("cloudformation", "", Stack),
    call("s3", "", Bucket),
    call("scheduler", "", TargetKind::Schedule),
];

const TAGS: &str = "Tags change nothing of what these alerts depend on, unless a condition in a policy uses them.";
const DEPLOYMENT: &str = "CloudFormation changes the stack that sends these alerts. Check whether somebody deploys it.";

#[rustfmt::skip] // A row is read across.
const TERMINATION: &[FieldMeaning] = &[
    means("enableTerminationProtection", FieldValue::True, Low, "The stack cannot be deleted until somebody removes this protection."),
    means("enableTerminationProtection", FieldValue::False, Critical, "Now the stack that sends these alerts can be deleted."),
];

/// A call on one of the stack's own resources.
const fn call(service: &'static str, event_name: &'static str, target: TargetKind) -> Action {
    of(service, event_name, Call, StackAction, target).impairs_alerting(DeploySecondStack, TOOLS).is(
        AccessEffect::ImpairsAlerting,
        Critical,
        "These alerts depend on this resource. What the call changes is in the request parameters. Intruders disable \
         detection and alerting first.",
    )
}

/// A call that does less.
const fn less(
    service: &'static str,
    event_name: &'static str,
    target: TargetKind,
    base: Severity,
    because: &'static str,
) -> Action {
    call(service, event_name, target).is(AccessEffect::ImpairsAlerting, base, because)
}

/// A call that impairs nothing.
const fn spares(service: &'static str, event_name: &'static str, target: TargetKind, because: &'static str) -> Action {
    call(service, event_name, target)
        .is(AccessEffect::RestoresAlerting, Low, because)
        .contained_by(Containment::Nothing)
}
