//! Self-protection: calls of other services that impair the stack's own resources, or a trail. They are alerted on only
//! if they concern one of those, see `config::watch`.

use super::attack::{CLOUD_LOGS, TOOLS};
use super::row::of;
use super::types::Action;
use super::types::ObjectKind::{
    EventSelectors, FunctionCode, FunctionConfiguration, InvokePermission, Itself, KeyDeletion, Logging,
    ReservedConcurrency, RuleTargets, Subscription, TopicAttribute,
};
use super::types::Operation::{Change, Delete, Disable, Remove, Replace, Schedule, Set, Stop};
use super::types::Restore::{
    CancelKeyDeletion, DeploySecondStack, EnableKey, EnableRule, ListTrails, RemoveConcurrencyLimit,
    ReviewEventSelectors, StartLogging,
};
use super::types::TargetKind::{EventBus, Function, KmsKey, Queue, Rule, Table, Topic, Trail};

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    of("cloudtrail", "StopLogging", Stop, Logging, Trail).impairs_alerting(StartLogging, CLOUD_LOGS),
    of("cloudtrail", "DeleteTrail", Delete, Itself, Trail).impairs_alerting(ListTrails, CLOUD_LOGS),
    of("cloudtrail", "UpdateTrail", Change, Itself, Trail).impairs_alerting(ListTrails, CLOUD_LOGS),
    of("cloudtrail", "PutEventSelectors", Change, EventSelectors, Trail)
        .impairs_alerting(ReviewEventSelectors, CLOUD_LOGS),
    of("events", "DisableRule", Disable, Itself, Rule).impairs_alerting(EnableRule, TOOLS),
    of("events", "DeleteRule", Delete, Itself, Rule).impairs_alerting(DeploySecondStack, TOOLS),
    of("events", "PutTargets", Change, RuleTargets, Rule).impairs_alerting(DeploySecondStack, TOOLS),
    of("events", "RemoveTargets", Remove, RuleTargets, Rule).impairs_alerting(DeploySecondStack, TOOLS),
    of("events", "PutRule", Change, Itself, Rule).impairs_alerting(DeploySecondStack, TOOLS),
    of("events", "DeleteEventBus", Delete, Itself, EventBus).impairs_alerting(DeploySecondStack, TOOLS),
    of("sns", "DeleteTopic", Delete, Itself, Topic).impairs_alerting(DeploySecondStack, TOOLS),
    of("sns", "Unsubscribe", Remove, Subscription, Topic).named(&["subscriptionArn"])
        .impairs_alerting(DeploySecondStack, TOOLS),
    of("sns", "SetTopicAttributes", Change, TopicAttribute, Topic).named(&["attributeName"])
        .impairs_alerting(DeploySecondStack, TOOLS),
    of("sns", "SetSubscriptionAttributes", Change, Subscription, Topic).named(&["subscriptionArn"])
        .impairs_alerting(DeploySecondStack, TOOLS),
    of("lambda", "UpdateFunctionCode", Replace, FunctionCode, Function).impairs_alerting(DeploySecondStack, TOOLS),
    of("lambda", "UpdateFunctionConfiguration", Change, FunctionConfiguration, Function)
        .impairs_alerting(DeploySecondStack, TOOLS),
    of("lambda", "DeleteFunction", Delete, Itself, Function).impairs_alerting(DeploySecondStack, TOOLS),
    of("lambda", "PutFunctionConcurrency", Set, ReservedConcurrency, Function)
        .impairs_alerting(RemoveConcurrencyLimit, TOOLS),
    of("lambda", "RemovePermission", Remove, InvokePermission, Function).named(&["statementId"])
        .impairs_alerting(DeploySecondStack, TOOLS),
    of("sqs", "DeleteQueue", Delete, Itself, Queue).impairs_alerting(DeploySecondStack, TOOLS),
    of("dynamodb", "DeleteTable", Delete, Itself, Table).impairs_alerting(DeploySecondStack, TOOLS),
    // Only if the stack has its own key, which OWN_RESOURCES names.
    of("kms", "DisableKey", Disable, Itself, KmsKey).impairs_alerting(EnableKey, TOOLS),
    of("kms", "ScheduleKeyDeletion", Schedule, KeyDeletion, KmsKey).impairs_alerting(CancelKeyDeletion, TOOLS),
];
