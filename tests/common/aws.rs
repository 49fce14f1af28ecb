//! A function in place of AWS: how clients reach it, and what they ask.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_iam::config::{Credentials, HttpClient, SharedCredentialsProvider};
use aws_smithy_types::body::SdkBody;
use http::Request;

/// The configuration of the function in its own account, with this client.
pub fn config(http: impl HttpClient + 'static) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("AKIDOWN", "s", None, None, "test")))
        .http_client(http)
        .build()
}

/// A request, and who signed it.
pub struct Asked {
    /// The id of the access key.
    pub key: String,
    /// The account of the session: sessions of other accounts have keys of the form `ASIA<account>N<number>`.
    pub account: String,
    /// The region and the service of the signature.
    pub region: String,
    pub service: String,
    /// What is called, in the JSON protocols.
    pub target: Option<String>,
    pub host: String,
    pub body: String,
}

impl Asked {
    /// `own`: the account of the function's own credentials.
    pub fn of(request: &Request<SdkBody>, own: &str) -> Self {
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let authorization = header("authorization").unwrap();
        let mut scope = authorization.split("Credential=").nth(1).unwrap().split('/').map(str::to_owned);
        let (key, _day) = (scope.next().unwrap(), scope.next());
        let (region, service) = (scope.next().unwrap(), scope.next().unwrap());
        Self {
            account: key.strip_prefix("ASIA").map_or(own, |rest| &rest[..12]).to_owned(),
            key,
            region,
            service,
            target: header("x-amz-target"),
            host: request.uri().host().unwrap().to_owned(),
            body: std::str::from_utf8(request.body().bytes().unwrap()).unwrap().to_owned(),
        }
    }
}
