//! Self-protection: calls of other services that impair the stack's own resources, or a trail. They are alerted on only
//! if they concern one of those, see `config::watch`.

use super::attack::{CLOUD_LOGS, TOOLS};
use super::row::iam;
use super::types::Action;
use super::types::Containment::{
    CancelKeyDeletion, DeploySecondStack, EnableKey, EnableRule, ListTrails, RemoveConcurrencyLimit,
    ReviewEventSelectors, StartLogging,
};
use super::types::ObjectKind::{
    EventSelectors, FunctionCode, FunctionConfiguration, InvokePermission, Itself, KeyDeletion, ReservedConcurrency,
    RuleTargets, Subscription, TopicAttribute,
};
use super::types::Operation::{Change, Delete, Disable, Remove, Replace, Schedule, Set, Stop};
use super::types::TargetKind::{EventBus, Function, KmsKey, Queue, Rule, Table, Topic, Trail};

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    iam("StopLogging", Stop, Itself, Trail).impairs_alerting("cloudtrail", StartLogging, CLOUD_LOGS),
    iam("DeleteTrail", Delete, Itself, Trail).impairs_alerting("cloudtrail", ListTrails, CLOUD_LOGS),
    iam("UpdateTrail", Change, Itself, Trail).impairs_alerting("cloudtrail", ListTrails, CLOUD_LOGS),
    iam("PutEventSelectors", Change, EventSelectors, Trail)
        .impairs_alerting("cloudtrail", ReviewEventSelectors, CLOUD_LOGS),
    iam("DisableRule", Disable, Itself, Rule).impairs_alerting("events", EnableRule, TOOLS),
    iam("DeleteRule", Delete, Itself, Rule).impairs_alerting("events", DeploySecondStack, TOOLS),
    iam("PutTargets", Change, RuleTargets, Rule).impairs_alerting("events", DeploySecondStack, TOOLS),
    iam("RemoveTargets", Remove, RuleTargets, Rule).impairs_alerting("events", DeploySecondStack, TOOLS),
    iam("PutRule", Change, Itself, Rule).impairs_alerting("events", DeploySecondStack, TOOLS),
    iam("DeleteEventBus", Delete, Itself, EventBus).impairs_alerting("events", DeploySecondStack, TOOLS),
    iam("DeleteTopic", Delete, Itself, Topic).impairs_alerting("sns", DeploySecondStack, TOOLS),
    iam("Unsubscribe", Remove, Subscription, Topic).named(&["subscriptionArn"])
        .impairs_alerting("sns", DeploySecondStack, TOOLS),
    iam("SetTopicAttributes", Change, TopicAttribute, Topic).named(&["attributeName"])
        .impairs_alerting("sns", DeploySecondStack, TOOLS),
    iam("SetSubscriptionAttributes", Change, Subscription, Topic).named(&["subscriptionArn"])
        .impairs_alerting("sns", DeploySecondStack, TOOLS),
    iam("UpdateFunctionCode", Replace, FunctionCode, Function).impairs_alerting("lambda", DeploySecondStack, TOOLS),
    iam("UpdateFunctionConfiguration", Change, FunctionConfiguration, Function)
        .impairs_alerting("lambda", DeploySecondStack, TOOLS),
    iam("DeleteFunction", Delete, Itself, Function).impairs_alerting("lambda", DeploySecondStack, TOOLS),
    iam("PutFunctionConcurrency", Set, ReservedConcurrency, Function)
        .impairs_alerting("lambda", RemoveConcurrencyLimit, TOOLS),
    iam("RemovePermission", Remove, InvokePermission, Function).named(&["statementId"])
        .impairs_alerting("lambda", DeploySecondStack, TOOLS),
    iam("DeleteQueue", Delete, Itself, Queue).impairs_alerting("sqs", DeploySecondStack, TOOLS),
    iam("DeleteTable", Delete, Itself, Table).impairs_alerting("dynamodb", DeploySecondStack, TOOLS),
    // Only if the stack has its own key, which OWN_RESOURCES names.
    iam("DisableKey", Disable, Itself, KmsKey).impairs_alerting("kms", EnableKey, TOOLS),
    iam("ScheduleKeyDeletion", Schedule, KeyDeletion, KmsKey).impairs_alerting("kms", CancelKeyDeletion, TOOLS),
];
