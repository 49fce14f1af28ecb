//! AWS clients: one TLS stack, short timeouts, and for each service the retries that suit its calls.

pub mod json_api;
mod whole_answer;
pub mod xml;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_sdk_sns::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;
use whole_answer::WholeAnswer;

/// The configuration of the Lambda function. Lambda puts the credentials and the region into the environment. No other
/// source is used: the code for other sources would make the package larger.
///
/// `endpoint` replaces the default endpoints of AWS. Nothing else does: the loader of the SDK, which reads
/// `AWS_ENDPOINT_URL` and the like, is not used, and there is no proxy.
#[must_use]
pub fn of_function(endpoint: Option<&str>) -> SdkConfig {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut config = SdkConfig::builder()
        .behavior_version(behavior())
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .http_client(http())
        .timeout_config(timeouts())
        .retry_config(retries());
    config.set_region(set("AWS_REGION").map(Region::new));
    config.set_endpoint_url(endpoint.map(str::to_owned));
    config.set_use_fips(set("AWS_USE_FIPS_ENDPOINT").map(|value| value == "true"));
    config.build()
}

/// The configuration on a person's own machine: credentials and region come from the environment or a profile.
#[must_use]
pub fn of_person() -> ConfigLoader {
    aws_config::defaults(behavior()).http_client(http()).timeout_config(timeouts()).retry_config(retries())
}

/// An error with what caused it, for a person. Unlike the SDK's own `DisplayErrorContext`, without the insides of the error.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let (mut words, mut cause) = (vec![error.to_string()], error.source());
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.dedup();
    words.join(": ")
}

/// Code and message of an error of AWS; if there was no answer, what caused that.
pub fn why<E: ProvideErrorMetadata + Error + 'static, R: Debug + 'static>(error: &SdkError<E, R>) -> String {
    match error.code() {
        Some(code) => format!("{code}: {}", error.message().unwrap_or_default()),
        None => with_causes(error),
    }
}

/// A client of IAM, without retries: [`IamDirectory`](crate::lookup::iam::IamDirectory) repeats a call until the time for
/// lookups is over. The SDK's own quota of retries would end that after a moment, for all lookups together.
#[must_use]
pub fn iam(config: &SdkConfig) -> aws_sdk_iam::Client {
    aws_sdk_iam::Client::from_conf(
        aws_sdk_iam::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .interceptor(WholeAnswer)
            .build(),
    )
}

/// The same configuration with other credentials.
#[must_use]
pub fn with_credentials(config: &SdkConfig, credentials: Credentials) -> SdkConfig {
    config.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}

/// A client of STS in the function's own region, without retries, as for [`iam`].
#[must_use]
pub fn sts(config: &SdkConfig) -> aws_sdk_sts::Client {
    aws_sdk_sts::Client::from_conf(
        aws_sdk_sts::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .interceptor(WholeAnswer)
            .build(),
    )
}

/// A client of SNS, without retries: a message must not be published twice without saying so. See
/// [`Publisher`](crate::channel::sns::Publisher).
#[must_use]
pub fn sns(config: &SdkConfig) -> aws_sdk_sns::Client {
    let patient = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .disable_operation_attempt_timeout()
        .disable_operation_timeout()
        .build();
    aws_sdk_sns::Client::from_conf(
        aws_sdk_sns::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(patient)
            .interceptor(WholeAnswer)
            .build(),
    )
}

/// A client of `DynamoDB`.
#[must_use]
pub fn dynamodb(config: &SdkConfig) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::from_conf(
        aws_sdk_dynamodb::config::Builder::from(config).interceptor(WholeAnswer).build(),
    )
}

fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

fn http() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

const CONNECT: Duration = Duration::from_millis(1_500);

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(Duration::from_millis(2_500))
        .operation_timeout(Duration::from_secs(6))
        .build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3)
}
