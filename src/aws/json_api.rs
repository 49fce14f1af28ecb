//! Calls with a JSON body or, for `CloudFormation`, with a query, by the SDK's HTTP and signing code but without the SDK's client for the service. The clients
//! for Security Hub, EventBridge, `CloudTrail`, `CloudWatch` and Lambda would make the package a half larger, and take
//! longer to compile than everything else, for one or two calls each.

use super::xml;
use crate::arn::Partition;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sns::config::http::{HttpRequest, HttpResponse};
use aws_sdk_sns::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sns::error::{BoxError, SdkError};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// A call is tried once more after these answers.
const BUSY: &[u16] = &[429, 500, 502, 503, 504];

/// An API of one service in one region.
#[derive(Debug)]
pub struct JsonApi {
    /// The name of the service in its host name and in signatures.
    service: &'static str,
    region: String,
    credentials: SharedCredentialsProvider,
    operation: Operation<Signed, Value, Refused>,
    endpoint: String,
}

/// A call.
#[derive(Debug)]
pub struct Call<'a> {
    pub method: &'static str,
    /// The path, ready for a URL.
    pub path: &'a str,
    /// The value of `X-Amz-Target`, if the protocol has one.
    pub target: Option<&'a str>,
    pub content_type: &'static str,
    pub body: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The service refused the call.
    #[error(transparent)]
    Refused(Refused),
    /// The call could not be made.
    #[error("{0}")]
    NotMade(String),
}

/// The answer if the service refused the call.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refused {
    pub code: String,
    pub message: String,
}

/// A request with its headers.
#[derive(Debug)]
struct Signed {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl JsonApi {
    /// # Errors
    /// What is missing for a connection.
    pub fn new(
        config: &SdkConfig,
        service: &'static str,
        partition: &Partition,
        region: &str,
    ) -> Result<Self, &'static str> {
        let host = if config.use_fips() == Some(true) { format!("{service}-fips") } else { service.to_owned() };
        let host = |domain| format!("https://{host}.{region}.{domain}");
        let endpoint = config.endpoint_url().map(str::to_owned).or_else(|| partition.domain().map(host));
        let endpoint = endpoint.ok_or("the domain of this partition is not known")?;
        let retries = RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(200));
        let operation = Operation::builder()
            .service_name(service)
            .operation_name("Call")
            .http_client(config.http_client().ok_or("there is no HTTP client")?)
            .endpoint_url(&endpoint)
            .no_auth()
            .standard_retry(&retries)
            .retry_classifier(TransientErrorClassifier::<Refused>::new())
            .retry_classifier(HttpStatusCodeClassifier::new_from_codes(BUSY))
            .timeout_config(config.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled))
            .serializer(Signed::request)
            .deserializer(|response| read(response).map_err(OrchestratorError::operation))
            .build();
        let credentials = config.credentials_provider().ok_or("there are no credentials")?;
        Ok(Self { service, region: region.to_owned(), credentials, operation, endpoint })
    }

    /// The address of a path.
    #[must_use]
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.endpoint)
    }

    /// Makes a call, and returns the body of the answer: a text if it is XML.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn call(&self, call: Call<'_>) -> Result<Value, CallError> {
        let credentials = self.credentials.provide_credentials().await;
        let credentials = credentials.map_err(|error| CallError::NotMade(super::with_causes(&error)))?;
        let signed = self.sign(credentials, call).map_err(|error| CallError::NotMade(error.to_string()))?;
        self.operation.invoke(signed).await.map_err(|error| match error {
            SdkError::ServiceError(error) => CallError::Refused(error.into_err()),
            error => CallError::NotMade(super::with_causes(&error)),
        })
    }

    /// Signs a call with Signature Version 4 ("AWS Signature Version 4 for API requests" in the IAM user guide).
    fn sign(&self, credentials: Credentials, call: Call<'_>) -> Result<Signed, BoxError> {
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let Call { method, path, target, content_type, body } = call;
        // Without a body there is no type of one: moto takes a call with it for another protocol.
        let content_type = (!body.is_empty()).then_some(("content-type", content_type));
        let headers: Vec<_> = content_type.into_iter().chain(target.map(|target| ("x-amz-target", target))).collect();
        let address = self.address(path);
        let signable = SignableBody::Bytes(body.as_bytes());
        let request = SignableRequest::new(method, &address, headers.iter().copied(), signable)?;
        let (instructions, _) = sign(request, &parameters)?.into_parts();
        let headers = headers.into_iter().chain(instructions.headers());
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Signed { method, path: path.to_owned(), headers, body })
    }
}

impl Signed {
    fn request(self) -> Result<HttpRequest, BoxError> {
        let mut request = HttpRequest::new(self.body.into());
        request.set_method(self.method)?;
        request.set_uri(self.path)?;
        for (name, value) in self.headers {
            request.headers_mut().try_insert(name, value)?;
        }
        Ok(request)
    }
}

fn read(response: &HttpResponse) -> Result<Value, Refused> {
    let body = response.body().bytes().unwrap_or_default();
    let body: Value = match body.first() {
        Some(b'<') => String::from_utf8_lossy(body).into(),
        _ => serde_json::from_slice(body).unwrap_or_default(),
    };
    if response.status().is_success() {
        return Ok(body);
    }
    if let Some(body) = body.as_str() {
        let text = |element| xml::text(body, element);
        let code = text("Code").unwrap_or_else(|| format!("HTTP {}", response.status().as_u16()));
        return Err(Refused { code, message: text("Message").unwrap_or_default() });
    }
    let text = |field: &str| body[field].as_str();
    // The code may stand behind a name space, or be followed by a colon and an address.
    let code = response.headers().get("x-amzn-errortype").or_else(|| text("__type"));
    let code = code.map(|code| code.rsplit('#').next().unwrap_or(code).split(':').next().unwrap_or(code));
    let code = code.map_or_else(|| format!("HTTP {}", response.status().as_u16()), str::to_owned);
    let message = text("Message").or_else(|| text("message")).unwrap_or_default().to_owned();
    Err(Refused { code, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_follows_region_and_partition() {
        let address = |partition, region: &str, fips| {
            let mut config = SdkConfig::builder()
                .http_client(aws_smithy_http_client::test_util::NeverClient::new())
                .credentials_provider(SharedCredentialsProvider::new(Credentials::new("a", "b", None, None, "test")));
            config.set_use_fips(Some(fips));
            JsonApi::new(&config.build(), "securityhub", &partition, region).map(|api| api.address("/findings/import"))
        };
        let at = |host: &str| Ok(format!("https://{host}/findings/import"));
        assert_eq!(address(Partition::Aws, "us-east-1", false), at("securityhub.us-east-1.amazonaws.com"));
        assert_eq!(
            address(Partition::GovCloud, "us-gov-west-1", true),
            at("securityhub-fips.us-gov-west-1.amazonaws.com")
        );
        assert_eq!(address(Partition::China, "cn-north-1", false), at("securityhub.cn-north-1.amazonaws.com.cn"));
        let elsewhere = Partition::Other("aws-iso".to_owned());
        assert_eq!(address(elsewhere, "us-iso-east-1", false), Err("the domain of this partition is not known"));
    }
}
