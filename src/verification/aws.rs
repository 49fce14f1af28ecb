//! Reads from AWS how the parts of the stack are now.

use super::{Alarm, Expected, Observed, Rule, Subscription, Target, Trail};
use crate::arn::{Arn, Partition};
use crate::aws::json_api::{Call, JsonApi};
use crate::text::Untrusted;
use aws_config::SdkConfig;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// How long all reads may take.
const PATIENCE: Duration = Duration::from_secs(6);
/// The most subscriptions of which the filter is read: whoever has more readers has other means.
const SUBSCRIPTIONS_READ: usize = 20;

pub(crate) const AMZ_JSON: &str = "application/x-amz-json-1.1";
pub(crate) const AMZ_JSON_1_0: &str = "application/x-amz-json-1.0";

/// The IAM actions of the reads.
pub const ACTIONS: [&str; 8] = [
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetTrailStatus",
    "cloudwatch:DescribeAlarms",
    "events:DescribeRule",
    "events:ListTargetsByRule",
    "lambda:GetFunctionConcurrency",
    "sns:GetSubscriptionAttributes",
    "sns:ListSubscriptionsByTopic",
];

/// The IAM actions of the reads in a member account.
pub const MEMBER_ACTIONS: [&str; 2] = ["events:DescribeRule", "events:ListTargetsByRule"];

/// The services that are asked, in the account and region of the function.
#[derive(Debug)]
pub struct Stack {
    config: SdkConfig,
    /// The ARN of the alert topic.
    topic: String,
}

impl Stack {
    #[must_use]
    pub const fn new(config: SdkConfig, topic: String) -> Self {
        Self { config, topic }
    }

    /// An API. It is made for each check: the start of the function is no place for it.
    pub(crate) fn api(&self, service: &'static str) -> Result<JsonApi, String> {
        let arn = Arn::parse(&self.topic).ok_or("the topic is no ARN")?;
        JsonApi::new(&self.config, service, &Partition::from_name(arn.partition), arn.region).map_err(str::to_owned)
    }

    /// Reads everything at the same time.
    pub async fn observe(&self, expected: &Expected<'_>) -> Observed {
        let events = self.api("events");
        let (rules, subscriptions, trails, alarms, concurrency) = tokio::join!(
            join_all(expected.rules.iter().map(async |name| (name.clone(), in_time(rule(&events, name)).await))),
            in_time(self.subscriptions()),
            in_time(self.trails()),
            in_time(self.alarms(expected.alarms.as_deref())),
            in_time(self.concurrency(expected.function.as_deref())),
        );
        Observed { rules, subscriptions, trails, alarms, concurrency }
    }

    /// The rules of a member account, with the configuration of its reader role.
    ///
    /// # Errors
    /// The first rule that could not be read, and why.
    pub async fn rules_of_member(&self, member: &SdkConfig, names: &[String]) -> Result<Vec<Option<Rule>>, String> {
        let arn = Arn::parse(&self.topic).ok_or("the topic is no ARN")?;
        let events = JsonApi::new(member, "events", &Partition::from_name(arn.partition), arn.region);
        let events = events.map_err(str::to_owned);
        let read = join_all(names.iter().map(async |name| in_time(rule(&events, name)).await)).await;
        read.into_iter().collect()
    }

    pub(crate) async fn subscriptions(&self) -> Result<Vec<Subscription>, String> {
        let sns = crate::aws::sns(&self.config);
        let answer = sns.list_subscriptions_by_topic().topic_arn(&self.topic).send().await;
        let answer = answer.map_err(|error| crate::aws::why(&error))?;
        let of = answer.subscriptions.unwrap_or_default();
        join_all(of.into_iter().take(SUBSCRIPTIONS_READ).map(async |subscription| {
            let endpoint = subscription.endpoint.unwrap_or_default();
            let arn = subscription.subscription_arn.filter(|arn| arn.starts_with("arn:"));
            let Some(arn) = arn else { return Ok(Subscription { endpoint, confirmed: false, filtered: false }) };
            let answer = sns.get_subscription_attributes().subscription_arn(arn).send().await;
            let answer = answer.map_err(|error| crate::aws::why(&error))?;
            let attributes = answer.attributes.unwrap_or_default();
            let filter = attributes.get("FilterPolicy").map(String::as_str).unwrap_or_default();
            let pending = attributes.get("PendingConfirmation").is_some_and(|pending| pending == "true");
            Ok(Subscription { endpoint, confirmed: !pending, filtered: !matches!(filter.trim(), "" | "{}") })
        }))
        .await
        .into_iter()
        .collect()
    }

    /// The trails of this region, also those of other regions and of the organization that log here.
    async fn trails(&self) -> Result<Vec<Trail>, String> {
        let api = self.api("cloudtrail");
        let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DescribeTrails";
        let answer = call(&api, target, AMZ_JSON, &json!({})).await?;
        join_all(list(&answer["trailList"])?.iter().map(async |trail| {
            let arn = text(&trail["TrailARN"])?;
            let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.GetTrailStatus";
            let status = call(&api, target, AMZ_JSON, &json!({"Name": arn})).await?;
            Ok(Trail {
                arn: arn.to_owned(),
                logging: status["IsLogging"].as_bool().unwrap_or_default(),
                global: trail["IncludeGlobalServiceEvents"].as_bool().unwrap_or_default(),
            })
        }))
        .await
        .into_iter()
        .collect()
    }

    async fn alarms(&self, beginning: Option<&str>) -> Result<Vec<Alarm>, String> {
        let beginning = beginning.ok_or("the settings do not name the alarms")?;
        let request = json!({"AlarmNamePrefix": beginning, "MaxRecords": 100});
        let target = "GraniteServiceVersion20100801.DescribeAlarms";
        let answer = call(&self.api("monitoring"), target, AMZ_JSON_1_0, &request).await?;
        let alarm = |alarm: &Value| {
            let actions = alarm["AlarmActions"].as_array().into_iter().flatten().filter_map(Value::as_str);
            Ok(Alarm {
                name: text(&alarm["AlarmName"])?.to_owned(),
                actions_enabled: alarm["ActionsEnabled"].as_bool().unwrap_or_default(),
                actions: actions.map(str::to_owned).collect(),
                ringing: alarm["StateValue"] == "ALARM",
                description: Untrusted::new(alarm["AlarmDescription"].as_str().unwrap_or_default()),
            })
        };
        list(&answer["MetricAlarms"])?.iter().map(alarm).collect()
    }

    async fn concurrency(&self, function: Option<&str>) -> Result<Option<u64>, String> {
        let function =
            function.and_then(|arn| arn.rsplit(':').next()).ok_or("the settings do not name the function")?;
        let path = format!("/2019-09-30/functions/{function}/concurrency");
        let call = Call { method: "GET", path: &path, target: None, content_type: AMZ_JSON, body: String::new() };
        let answer = self.api("lambda")?.call(call).await.map_err(|error| error.to_string())?;
        Ok(answer["ReservedConcurrentExecutions"].as_u64())
    }
}

pub(crate) async fn rule(events: &Result<JsonApi, String>, name: &str) -> Result<Option<Rule>, String> {
    let (bus, name) = name.split_once('/').unwrap_or(("default", name));
    let request = json!({"Name": name, "EventBusName": bus});
    let rule = match call(events, "AWSEvents.DescribeRule", AMZ_JSON, &request).await {
        Err(why) if why.starts_with("ResourceNotFoundException") => return Ok(None),
        rule => rule?,
    };
    let targets =
        call(events, "AWSEvents.ListTargetsByRule", AMZ_JSON, &json!({"Rule": name, "EventBusName": bus})).await?;
    let target = |target: &Value| {
        let transformed = ["Input", "InputPath", "InputTransformer"].iter().any(|field| !target[field].is_null());
        Some(Target {
            arn: target["Arn"].as_str()?.to_owned(),
            transformed,
            input: target["Input"].as_str().map(str::to_owned),
        })
    };
    Ok(Some(Rule {
        enabled: text(&rule["State"])?.starts_with("ENABLED"),
        pattern: rule["EventPattern"].as_str().and_then(|pattern| serde_json::from_str(pattern).ok()),
        targets: list(&targets["Targets"])?.iter().filter_map(target).collect(),
    }))
}

pub(crate) async fn in_time<T>(read: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    timeout(PATIENCE, Box::pin(read)).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

pub(crate) async fn call(
    api: &Result<JsonApi, String>,
    target: &'static str,
    content_type: &'static str,
    request: &Value,
) -> Result<Value, String> {
    let api = api.as_ref().map_err(Clone::clone)?;
    let call = Call { method: "POST", path: "/", target: Some(target), content_type, body: request.to_string() };
    api.call(call).await.map_err(|error| error.to_string())
}

const NOT_UNDERSTOOD: &str = "the answer was not understood";

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| NOT_UNDERSTOOD.to_owned())
}

fn list(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| NOT_UNDERSTOOD.to_owned())
}
