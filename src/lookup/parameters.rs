//! Parameters of AWS Systems Manager, with their former values.

use super::answer::Unavailable;
use super::service::{NoAnswer, Service, not_understood};
use crate::arn::Partition;
use aws_config::SdkConfig;
use serde_json::{Value, json};
use tokio::time::Instant;

/// The actions of Systems Manager that the function uses.
pub const ACTIONS: [&str; 2] = [BY_PATH, HISTORY];

const BY_PATH: &str = "ssm:GetParametersByPath";
const HISTORY: &str = "ssm:GetParameterHistory";

/// The most parameters under one path.
const MOST: usize = 60;

/// The parameters under one path.
#[derive(Debug)]
pub struct Parameters {
    service: Service,
    path: String,
}

/// A parameter as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub value: String,
    pub version: i64,
}

impl Parameters {
    /// The parameters under a path, `/name/name`, in the function's own region.
    ///
    /// # Errors
    /// What is missing for a connection.
    pub fn new(config: &SdkConfig, partition: &Partition, path: String) -> Result<Self, &'static str> {
        let region = config.region().ok_or("there is no region")?.as_ref().to_owned();
        Ok(Self { service: Service::new(config, "ssm", "AmazonSSM", partition, &region)?, path })
    }

    /// The parameters as they are now, in the order of their names.
    ///
    /// # Errors
    /// Why they could not be read.
    pub async fn all(&self, deadline: Instant) -> Result<Vec<Parameter>, Unavailable> {
        let (mut all, mut next) = (Vec::new(), Value::Null);
        loop {
            let mut request = json!({"Path": self.path, "WithDecryption": true});
            if !next.is_null() {
                request["NextToken"] = next.take();
            }
            let answer = self.call(BY_PATH, &request, deadline).await?;
            let page = answer["Parameters"].as_array().ok_or_else(not_understood)?;
            all.extend(page.iter().filter_map(parameter));
            next = answer["NextToken"].clone();
            if next.is_null() || all.len() >= MOST {
                all.sort_by(|one: &Parameter, other| one.name.cmp(&other.name));
                return Ok(all);
            }
        }
    }

    /// The former values of a parameter, the newest first: Systems Manager keeps a hundred versions.
    ///
    /// # Errors
    /// Why they could not be read.
    pub async fn former(&self, parameter: &Parameter, deadline: Instant) -> Result<Vec<Parameter>, Unavailable> {
        let (mut all, mut next) = (Vec::new(), Value::Null);
        loop {
            let mut request = json!({"Name": parameter.name, "WithDecryption": true, "MaxResults": 50});
            if !next.is_null() {
                request["NextToken"] = next.take();
            }
            let answer = self.call(HISTORY, &request, deadline).await?;
            let page = answer["Parameters"].as_array().ok_or_else(not_understood)?;
            all.extend(page.iter().filter_map(self::parameter));
            next = answer["NextToken"].clone();
            if next.is_null() {
                all.retain(|former: &Parameter| former.version < parameter.version);
                all.sort_by_key(|former| std::cmp::Reverse(former.version));
                return Ok(all);
            }
        }
    }

    async fn call(&self, action: &'static str, request: &Value, deadline: Instant) -> Result<Value, Unavailable> {
        let answer = self.service.call(action, request, deadline).await;
        answer.map_err(|why: NoAnswer| why.why(action))
    }
}

fn parameter(item: &Value) -> Option<Parameter> {
    Some(Parameter {
        name: item["Name"].as_str()?.to_owned(),
        value: item["Value"].as_str()?.to_owned(),
        version: item["Version"].as_i64()?,
    })
}
