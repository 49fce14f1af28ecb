//! Reads what the doctor judges, with the credentials at hand. Nothing is changed.

use super::report::{Finding, Report, Status};
use super::start::{self, Caller, FunctionState, StackState};
use super::trail::Management;
use super::{Deployed, Parameter, Place, Readings, Runs, judge};
use crate::arn::{Arn, Partition};
use crate::aws::json_api::{Call, CallError, JsonApi};
use crate::aws::{self, xml};
use crate::config::Settings;
use crate::config::expectations::read;
use crate::history::History;
use crate::history::heartbeat::Heartbeat;
use crate::lookup::parameters::Parameters;
use crate::verification::aws::{self as verification, AMZ_JSON, AMZ_JSON_1_0, Stack, call, in_time, rule};
use crate::verification::{Expected, Observed, Rule};
use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// The IAM actions of the doctor besides those of the [`verification`]. `sts:GetCallerIdentity` needs no permission.
const MORE_ACTIONS: [&str; 8] = [
    "cloudformation:DescribeStacks",
    "cloudtrail:GetEventSelectors",
    "cloudwatch:GetMetricData",
    "dynamodb:DescribeTable",
    "dynamodb:Query",
    "lambda:GetFunctionConfiguration",
    "securityhub:DescribeHub",
    "sqs:GetQueueAttributes",
];
/// What reads the parameters with expectations.
const PARAMETERS: &str = "ssm:GetParametersByPath";

const PATIENCE: Duration = Duration::from_secs(6);
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// What is escaped in a path or a form: all but the unreserved characters (RFC 3986).
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The most queues that are read.
const QUEUES: usize = 10;

/// All IAM actions of the doctor, sorted.
#[must_use]
pub fn actions() -> Vec<&'static str> {
    let mut all = [&MORE_ACTIONS[..], &verification::ACTIONS, &[PARAMETERS]].concat();
    all.sort_unstable();
    all
}

/// A policy that allows what the doctor does.
#[must_use]
pub fn policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Doctor", "Effect": "Allow", "Action": actions(), "Resource": "*"}],
    })
}

/// Looks at a stack. The configuration has the region of the place.
pub async fn examine(config: &SdkConfig, place: &Place, now: DateTime<Utc>) -> Report {
    let reader = Reader { config, place, now };
    let mut report = Report::default();
    Box::pin(reader.examine(&mut report.0)).await;
    report
}

struct Reader<'a> {
    config: &'a SdkConfig,
    place: &'a Place,
    now: DateTime<Utc>,
}

impl Reader<'_> {
    async fn examine(&self, all: &mut Vec<Finding>) {
        let caller = in_time(self.caller()).await;
        all.push(start::credentials(&caller));
        let Ok(caller) = caller else { return };
        let account = Some(caller.account.as_str());
        all.push(start::region(self.place));
        let (mut created, mut named) = (None, self.place.function.clone());
        if let Some(name) = &self.place.stack {
            let stack = in_time(self.stack(name)).await;
            all.extend(start::stack(self.place, name, &stack, account));
            if let Ok(Some(stack)) = &stack {
                created = stack.created;
                named = named.or_else(|| stack.outputs.get("AlertFunctionName").cloned());
            }
        }
        let Some(named) = named else {
            // What is wrong with the stack has a line already; if nothing is, it is another stack.
            if all.iter().all(|finding| finding.status < Status::Unknown) {
                all.push(start::no_function());
            }
            return;
        };
        let function = in_time(self.function(&named)).await;
        all.push(start::function(self.place, &function, account));
        let Ok(Some(function)) = function else { return };
        let settings = match start::settings(self.place, &function) {
            Ok(settings) => settings,
            Err(error) => return all.push(start::bad_setting(&error)),
        };
        let (place, now) = (self.place, self.now);
        let deployed = Deployed { place, settings: &settings, expected: Expected::of(&settings), created, now };
        let readings = Box::pin(self.readings(&deployed, &function.name)).await;
        all.extend(judge(&deployed, &readings));
    }

    fn api(&self, service: &'static str) -> Result<JsonApi, String> {
        self.api_in(service, &self.place.region)
    }

    fn api_in(&self, service: &'static str, region: &str) -> Result<JsonApi, String> {
        JsonApi::new(self.config, service, &Partition::of_region(region), region).map_err(str::to_owned)
    }

    async fn caller(&self) -> Result<Caller, String> {
        let answer = aws::sts(self.config).get_caller_identity().send().await;
        let answer = answer.map_err(|error| aws::why(&error))?;
        Ok(Caller { arn: answer.arn.unwrap_or_default(), account: answer.account.unwrap_or_default() })
    }

    async fn stack(&self, name: &str) -> Result<Option<StackState>, String> {
        let name = utf8_percent_encode(name, &RESERVED);
        let body = format!("Action=DescribeStacks&Version=2010-05-15&StackName={name}");
        let call = Call { method: "POST", path: "/", target: None, content_type: FORM, body };
        match self.api("cloudformation")?.call(call).await {
            Ok(answer) => StackState::read(answer.as_str().unwrap_or_default()).map(Some),
            Err(CallError::Refused(refused)) if refused.message.contains("does not exist") => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn function(&self, name: &str) -> Result<Option<FunctionState>, String> {
        let path = format!("/2015-03-31/functions/{}/configuration", utf8_percent_encode(name, &RESERVED));
        let call = Call { method: "GET", path: &path, target: None, content_type: AMZ_JSON, body: String::new() };
        match self.api("lambda")?.call(call).await {
            Ok(answer) => FunctionState::read(&answer).map(Some),
            Err(CallError::Refused(refused)) if refused.code == "ResourceNotFoundException" => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Reads everything at the same time.
    async fn readings(&self, deployed: &Deployed<'_>, function: &str) -> Readings {
        let settings = deployed.settings;
        let topic = settings.topic.arn().unwrap_or_default().to_owned();
        let stack = Stack::new(self.config.clone(), topic);
        let of_topic = async |topic: Option<String>| {
            let stack = Stack::new(self.config.clone(), topic?);
            Some(in_time(stack.subscriptions()).await)
        };
        let (
            (observed, management),
            health,
            chat,
            webhook,
            security_hub,
            queues,
            runs,
            last_event,
            table,
            heartbeats,
            expectations,
        ) = tokio::join!(
            Box::pin(self.observed(&stack, &deployed.expected)),
            Box::pin(of_topic(deployed.expected.health_topic.clone())),
            Box::pin(of_topic(settings.chat_topic.clone())),
            Box::pin(self.webhook(settings)),
            Box::pin(async { Some(in_time(self.security_hub()).await).filter(|_| settings.security_hub.is_some()) }),
            Box::pin(self.queues(settings)),
            in_time(self.runs(function)),
            in_time(self.last_event(deployed)),
            Box::pin(self.table(settings)),
            Box::pin(self.heartbeats(settings)),
            Box::pin(self.expectations(settings)),
        );
        Readings {
            observed,
            management,
            health,
            chat,
            webhook,
            security_hub,
            queues,
            runs,
            last_event,
            table,
            heartbeats,
            expectations,
        }
    }

    /// What the function itself checks, and what each trail logs.
    async fn observed(
        &self,
        stack: &Stack,
        expected: &Expected<'_>,
    ) -> (Observed, Vec<(String, Result<Management, String>)>) {
        let observed = Box::pin(stack.observe(expected)).await;
        let trails = observed.trails.as_deref().unwrap_or_default().iter();
        let management = trails.map(async |trail| (trail.arn.clone(), in_time(self.management(&trail.arn)).await));
        let management = join_all(management).await;
        (observed, management)
    }

    async fn management(&self, trail: &str) -> Result<Management, String> {
        // The region to which the trail belongs knows its selectors.
        let region = Arn::parse(trail).map_or(self.place.region.as_str(), |arn| arn.region);
        let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.GetEventSelectors";
        let answer = call(&self.api_in("cloudtrail", region), target, AMZ_JSON, &json!({"TrailName": trail})).await?;
        Management::read(&answer).ok_or_else(|| "the answer has no selectors".to_owned())
    }

    async fn webhook(&self, settings: &Settings) -> Option<(String, Result<Option<Rule>, String>)> {
        settings.webhook?;
        let rules = settings.watch.own.arns().filter_map(|arn| Arn::parse(arn)?.resource.strip_prefix("rule/"));
        let name = rules.into_iter().find(|name| name.ends_with("-webhook"))?;
        Some((name.to_owned(), in_time(rule(&self.api("events"), name)).await))
    }

    async fn security_hub(&self) -> Result<bool, String> {
        let call = Call { method: "GET", path: "/accounts", target: None, content_type: AMZ_JSON, body: String::new() };
        match self.api("securityhub")?.call(call).await {
            Ok(_) => Ok(true),
            Err(CallError::Refused(refused))
                if ["InvalidAccessException", "ResourceNotFoundException"].contains(&refused.code.as_str()) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.to_string()),
        }
    }

    async fn queues(&self, settings: &Settings) -> Vec<(String, Result<u64, String>)> {
        let arns = settings.watch.own.arns().filter_map(Arn::parse).filter(|arn| arn.service == "sqs");
        // Those of the members and of other regions are not read: they are many.
        let arns = arns.filter(|arn| arn.account != "*" && arn.region != "*");
        join_all(arns.take(QUEUES).map(async |arn| (arn.resource.to_owned(), in_time(self.queue(&arn)).await))).await
    }

    async fn queue(&self, queue: &Arn<'_>) -> Result<u64, String> {
        const COUNTS: [&str; 2] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let api = self.api_in("sqs", queue.region);
        let url = api.as_ref().map_err(Clone::clone)?.address(&format!("/{}/{}", queue.account, queue.resource));
        let request = json!({"QueueUrl": url, "AttributeNames": COUNTS});
        let answer = call(&api, "AmazonSQS.GetQueueAttributes", AMZ_JSON_1_0, &request).await?;
        let count = |name| answer["Attributes"][name].as_str().and_then(|number| number.parse::<u64>().ok());
        COUNTS.into_iter().map(count).sum::<Option<u64>>().ok_or_else(|| "the answer has no counts".to_owned())
    }

    async fn runs(&self, function: &str) -> Result<Runs, String> {
        let metric = |name| ("AWS/Lambda", name, "FunctionName", function);
        let since = self.now - TimeDelta::hours(1);
        let runs = self.values(metric("Invocations"), since, 60).await?;
        let last = runs.first().map(|(time, _)| *time);
        // An endpoint other than AWS is an emulator.
        if last.is_none() && self.config.endpoint_url().is_some() {
            return Err("this endpoint has no metrics of the function".to_owned());
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
        let sum = |values: Vec<(DateTime<Utc>, f64)>| values.iter().map(|(_, value)| *value as usize).sum();
        let failed = sum(self.values(metric("Errors"), since, 60).await?);
        Ok(Runs { last, number: sum(runs), failed })
    }

    async fn last_event(&self, deployed: &Deployed<'_>) -> Result<Option<DateTime<Utc>>, String> {
        let rule = deployed.expected.rules.iter().find(|name| name.ends_with("-iam"));
        let rule = rule.ok_or("the settings name no rule of IAM")?;
        let matched = ("AWS/Events", "MatchedEvents", "RuleName", rule.as_str());
        let values = self.values(matched, self.now - TimeDelta::days(14), 3600).await?;
        if values.is_empty() && self.config.endpoint_url().is_some() {
            return Err("this endpoint has no metrics of the rule".to_owned());
        }
        // The value is that of an hour, named by its begin.
        Ok(values.first().map(|(hour, _)| *hour))
    }

    /// The sums of a metric that are more than zero, the newest first.
    async fn values(
        &self,
        (namespace, metric, dimension, value): (&str, &str, &str, &str),
        since: DateTime<Utc>,
        period: u32,
    ) -> Result<Vec<(DateTime<Utc>, f64)>, String> {
        let metric =
            json!({"Namespace": namespace, "MetricName": metric, "Dimensions": [{"Name": dimension, "Value": value}]});
        let query =
            json!({"Id": "m", "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}, "ReturnData": true});
        let request = json!({
            "StartTime": since.timestamp(), "EndTime": self.now.timestamp(),
            "ScanBy": "TimestampDescending", "MetricDataQueries": [query],
        });
        let target = "GraniteServiceVersion20100801.GetMetricData";
        let answer = call(&self.api("monitoring"), target, AMZ_JSON_1_0, &request).await?;
        let list = |field: &str| answer["MetricDataResults"][0][field].as_array().cloned().unwrap_or_default();
        let times = list("Timestamps");
        let pairs =
            times.iter().zip(list("Values")).filter_map(|(time, value)| Some((time_of(time)?, value.as_f64()?)));
        let mut values: Vec<_> = pairs.filter(|(_, value)| *value > 0.0).collect();
        values.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        Ok(values)
    }

    async fn table(&self, settings: &Settings) -> Option<Result<String, String>> {
        let client = aws::dynamodb(self.config);
        let answer = client.describe_table().table_name(settings.history_table.as_ref()?).send().await;
        Some(match answer {
            Ok(answer) => {
                let status = answer.table.and_then(|table| table.table_status);
                status.map(|status| status.as_str().to_owned()).ok_or_else(|| "the answer has no status".to_owned())
            }
            Err(error) => Err(aws::why(&error)),
        })
    }

    async fn heartbeats(&self, settings: &Settings) -> Option<Result<Vec<Heartbeat>, String>> {
        let history = History::new(aws::dynamodb(self.config), settings.history_table.clone()?, None);
        Some(history.heartbeats().await.map_err(|error| error.to_string()))
    }

    async fn expectations(&self, settings: &Settings) -> Option<Result<Vec<Parameter>, String>> {
        let path = settings.expectations_path.clone()?;
        let parameters = match Parameters::new(self.config, &Partition::of_region(&self.place.region), path) {
            Ok(parameters) => parameters,
            Err(why) => return Some(Err(why.to_owned())),
        };
        Some(match Box::pin(parameters.all(Instant::now() + PATIENCE)).await {
            Ok(all) => Ok(all
                .into_iter()
                .map(|parameter| {
                    let rows = read(&parameter.value, &parameter.name, &settings.account_names);
                    (parameter.name, rows.map(|rows| rows.len()))
                })
                .collect()),
            Err(why) => Err(why.words().plain()),
        })
    }
}

/// A time in JSON: seconds since 1970, or a text.
fn time_of(time: &Value) -> Option<DateTime<Utc>> {
    #[allow(clippy::cast_possible_truncation, reason = "seconds")]
    match time.as_f64() {
        Some(seconds) => DateTime::from_timestamp(seconds as i64, 0),
        None => time.as_str()?.parse().ok(),
    }
}

impl StackState {
    /// Reads an answer of `DescribeStacks` about one stack.
    fn read(answer: &str) -> Result<Self, String> {
        // No parameter, tag or output has elements of these names.
        let status = xml::text(answer, "StackStatus").ok_or("the answer was not understood")?;
        let output = |member| Some((xml::text(member, "OutputKey")?, xml::text(member, "OutputValue")?));
        let outputs = xml::parts(answer, "Outputs").flat_map(|outputs| xml::parts(outputs, "member"));
        Ok(Self {
            status,
            reason: xml::text(answer, "StackStatusReason").filter(|reason| !reason.is_empty()),
            protected: xml::text(answer, "EnableTerminationProtection").as_deref() == Some("true"),
            created: xml::text(answer, "CreationTime").and_then(|time| time.parse().ok()),
            outputs: outputs.filter_map(output).collect(),
        })
    }
}

impl FunctionState {
    /// Reads an answer of `GetFunctionConfiguration`.
    fn read(answer: &Value) -> Result<Self, String> {
        let text = |field: &str| answer[field].as_str().map(str::to_owned);
        // The variables can be encrypted with a key that the reader may not use.
        if let Some(code) = answer["Environment"]["Error"]["ErrorCode"].as_str() {
            return Err(format!("its variables: {code}"));
        }
        let variables = answer["Environment"]["Variables"].as_object().into_iter().flatten();
        let state = text("State").unwrap_or_else(|| "Active".to_owned());
        Ok(Self {
            name: text("FunctionName").ok_or("the answer was not understood")?,
            reason: if state == "Active" { text("LastUpdateStatusReason") } else { text("StateReason") },
            state,
            last_update: text("LastUpdateStatus").unwrap_or_else(|| "Successful".to_owned()),
            variables: variables.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect(),
        })
    }
}
