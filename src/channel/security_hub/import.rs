//! Sends findings to Security Hub CSPM: `BatchImportFindings`, one at a time.
//!
//! This is one call with a body of our own. It uses the SDK's HTTP and signing code, but not the SDK's client for
//! Security Hub. That client has types for every resource of every service: it makes the package a tenth larger, and
//! takes longer to compile than anything else here.

use super::Product;
use crate::channel::{Channel, FailureNames, Outgoing};
use crate::config::Settings;
use crate::limits::SECURITY_HUB_TIMEOUT;
use crate::severity::Severity;
use crate::text::{TextKind, Untrusted};
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sns::config::http::{HttpRequest, HttpResponse};
use aws_sdk_sns::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sns::error::{BoxError, DisplayErrorContext, SdkError};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// How long no call is made after Security Hub answered that the account is not subscribed.
const PAUSE: Duration = Duration::from_hours(1);
/// The call is tried once more after these answers.
const BUSY: &[u16] = &[429, 500, 502, 503, 504];
const PATH: &str = "/findings/import";
const JSON: &str = "application/json";

/// Security Hub CSPM, in the account and region of the function.
#[derive(Debug)]
pub struct SecurityHub {
    product: Product,
    minimum: Severity,
    /// The connection, or what is missing for one: then the import fails, but not the start of the function.
    line: Result<Line, &'static str>,
    /// When Security Hub answered that the account is not subscribed.
    not_subscribed: Cell<Option<Instant>>,
}

/// Why a finding was not imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotImported {
    /// The account does not use Security Hub.
    #[error(
        "the account is not subscribed to Security Hub CSPM in {region}: enable it there, or deploy with \
         EnableSecurityHub=false"
    )]
    NotSubscribed {
        /// The region.
        region: String,
    },
    /// Security Hub refused the finding.
    #[error("Security Hub did not take the finding: {0}")]
    Refused(String),
    /// The call could not be made.
    #[error("Security Hub could not be asked: {0}")]
    NotAsked(String),
    /// Security Hub did not answer in time.
    #[error("Security Hub did not answer in time")]
    TimedOut,
}

#[derive(Debug)]
struct Line {
    credentials: SharedCredentialsProvider,
    operation: Operation<Signed, (), Refused>,
    address: String,
}

/// A body with its headers.
#[derive(Debug)]
struct Signed {
    headers: Vec<(String, String)>,
    body: String,
}

/// The answer if Security Hub refused the finding.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
struct Refused {
    code: String,
    message: String,
}

impl SecurityHub {
    /// Security Hub with the client configuration of the SDK. It gets alerts of `minimum` severity or more severe.
    #[must_use]
    pub fn new(config: &SdkConfig, product: Product, minimum: Severity) -> Self {
        Self { line: Line::new(config, &product), product, minimum, not_subscribed: Cell::new(None) }
    }

    /// The channel, if the setting is set.
    #[must_use]
    pub fn channel(settings: &Settings, config: &SdkConfig) -> Option<Box<dyn Channel>> {
        let product = settings.topic.arn().and_then(Product::of_topic)?;
        Some(Box::new(Self::new(config, product, settings.security_hub?)))
    }

    /// Imports a finding. Takes two seconds at most: the mail is sent already and contains everything.
    ///
    /// If the account is not subscribed, this is an error once, and again after a finding was accepted. After that
    /// error, one call is made every hour, and no error is returned.
    ///
    /// # Errors
    /// If the finding was not accepted.
    pub async fn import(&self, finding: &Value) -> Result<(), NotImported> {
        let known = self.not_subscribed.get();
        if known.is_some_and(|since| since.elapsed() < PAUSE) {
            return Ok(());
        }
        let imported = tokio::time::timeout(SECURITY_HUB_TIMEOUT, self.call(finding)).await;
        match imported.unwrap_or(Err(NotImported::TimedOut)) {
            Err(NotImported::NotSubscribed { region }) => {
                self.not_subscribed.set(Some(Instant::now()));
                known.map(|_| ()).ok_or(NotImported::NotSubscribed { region })
            }
            Ok(()) => {
                self.not_subscribed.set(None);
                Ok(())
            }
            other => other,
        }
    }

    async fn call(&self, finding: &Value) -> Result<(), NotImported> {
        let not_asked = |why: String| NotImported::NotAsked(Untrusted::new(why).shown(TextKind::Free));
        let line = self.line.as_ref().map_err(|why| not_asked((*why).to_owned()))?;
        let credentials = line.credentials.provide_credentials().await;
        let credentials = credentials.map_err(|error| not_asked(DisplayErrorContext(error).to_string()))?;
        let body = json!({"Findings": [finding]}).to_string();
        let signed =
            line.sign(credentials, body, &self.product.region).map_err(|error| not_asked(error.to_string()))?;
        match line.operation.invoke(signed).await {
            Ok(()) => Ok(()),
            Err(SdkError::ServiceError(error)) => Err(match error.into_err() {
                // For the whole call, the code can also mean that the function has no permission; only the message
                // distinguishes the two. For a single finding, the code means only this.
                Refused { code, message }
                    if code == "InvalidAccess"
                        || code == "InvalidAccessException" && message.to_lowercase().contains("not subscribed") =>
                {
                    NotImported::NotSubscribed { region: self.product.region.clone() }
                }
                refused => NotImported::Refused(Untrusted::new(refused.to_string()).shown(TextKind::Free)),
            }),
            Err(error) => Err(not_asked(DisplayErrorContext(error).to_string())),
        }
    }
}

impl Channel for SecurityHub {
    fn names(&self) -> FailureNames {
        FailureNames { field: "securityHubFailure", metric: "SecurityHubFailures" }
    }

    /// Security Hub is a list: it also gets the alerts that were suppressed in a burst, but not the summary.
    fn wants(&self, outgoing: &Outgoing<'_>) -> bool {
        outgoing.event.is_some() && outgoing.alert.severity >= self.minimum
    }

    fn deliver<'a>(&'a self, outgoing: &'a Outgoing<'_>) -> LocalBoxFuture<'a, Result<(), String>> {
        Box::pin(async {
            let Some((activity, event)) = outgoing.event else { return Ok(()) };
            let finding = super::render(activity, outgoing.alert, event, &self.product, outgoing.now);
            self.import(&finding).await.map_err(|why| why.to_string())
        })
    }
}

impl Line {
    fn new(config: &SdkConfig, product: &Product) -> Result<Self, &'static str> {
        let service = if config.use_fips() == Some(true) { "securityhub-fips" } else { "securityhub" };
        let host = |domain| format!("https://{service}.{}.{domain}", product.region);
        let endpoint = config.endpoint_url().map(str::to_owned).or_else(|| product.partition.domain().map(host));
        let endpoint = endpoint.ok_or("the domain of this partition is not known")?;
        let retries = RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(200));
        let operation = Operation::builder()
            .service_name("SecurityHub")
            .operation_name("BatchImportFindings")
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
        let address = format!("{endpoint}{PATH}");
        Ok(Self { credentials, operation, address })
    }

    /// Signs a body with Signature Version 4 ("AWS Signature Version 4 for API requests" in the IAM user guide).
    fn sign(&self, credentials: Credentials, body: String, region: &str) -> Result<Signed, BoxError> {
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("securityhub")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers = [("content-type", JSON)].into_iter();
        let request = SignableRequest::new("POST", &self.address, headers, SignableBody::Bytes(body.as_bytes()))?;
        let (instructions, _) = sign(request, &parameters)?.into_parts();
        let headers = instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Signed { headers, body })
    }
}

impl Signed {
    fn request(self) -> Result<HttpRequest, BoxError> {
        let mut request = HttpRequest::new(self.body.into());
        request.set_method("POST")?;
        request.set_uri(PATH)?;
        request.headers_mut().insert("content-type", JSON);
        for (name, value) in self.headers {
            request.headers_mut().try_insert(name, value)?;
        }
        Ok(request)
    }
}

/// Reads an answer. A finding can be refused although the call succeeded.
fn read(response: &HttpResponse) -> Result<(), Refused> {
    let body = response.body().bytes().unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
    if response.status().is_success() {
        return match &body["FailedFindings"][0] {
            Value::Null if body["SuccessCount"].as_u64().is_some_and(|count| count > 0) => Ok(()),
            Value::Null => {
                Err(Refused { code: "an answer that is none".into(), message: "it counts no finding".into() })
            }
            failed => Err(Refused { code: text(&failed["ErrorCode"]), message: text(&failed["ErrorMessage"]) }),
        };
    }
    // The code may be followed by a colon and an address.
    let code = response.headers().get("x-amzn-errortype").and_then(|code| code.split(':').next());
    let code = code.map_or_else(|| format!("HTTP {}", response.status().as_u16()), str::to_owned);
    let message = if body["Message"].is_string() { &body["Message"] } else { &body["message"] };
    Err(Refused { code, message: text(message) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arn::Partition;

    #[test]
    fn the_address_follows_region_and_partition() {
        let address = |partition, region: &str, fips| {
            let mut config = SdkConfig::builder()
                .http_client(aws_smithy_http_client::test_util::NeverClient::new())
                .credentials_provider(SharedCredentialsProvider::new(Credentials::new("a", "b", None, None, "test")));
            config.set_use_fips(Some(fips));
            let product = Product { partition, region: region.to_owned(), account: "123456789012".to_owned() };
            Line::new(&config.build(), &product).map(|line| line.address)
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
