//! Sends findings to Security Hub CSPM: `BatchImportFindings`, one at a time.
//!
//! This is one call with a body of our own, see [`JsonApi`].

use super::Product;
use crate::aws::json_api::{Call, CallError, JsonApi, Refused};
use crate::channel::{Channel, FailureNames, Outgoing};
use crate::config::Settings;
use crate::limits::SECURITY_HUB_TIMEOUT;
use crate::severity::Severity;
use crate::text::{TextKind, Untrusted};
use aws_config::SdkConfig;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::Duration;
use tokio::time::Instant;

/// How long no call is made after Security Hub answered that the account is not subscribed.
const PAUSE: Duration = Duration::from_hours(1);
const PATH: &str = "/findings/import";
const JSON: &str = "application/json";

/// Security Hub CSPM, in the account and region of the function.
#[derive(Debug)]
pub struct SecurityHub {
    product: Product,
    minimum: Severity,
    /// The connection, or what is missing for one: then the import fails, but not the start of the function.
    api: Result<JsonApi, &'static str>,
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

impl SecurityHub {
    /// Security Hub with the client configuration of the SDK. It gets alerts of `minimum` severity or more severe.
    #[must_use]
    pub fn new(config: &SdkConfig, product: Product, minimum: Severity) -> Self {
        let api = JsonApi::new(config, "securityhub", &product.partition, &product.region);
        Self { api, product, minimum, not_subscribed: Cell::new(None) }
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
        let api = self.api.as_ref().map_err(|why| not_asked((*why).to_owned()))?;
        let body = json!({"Findings": [finding]}).to_string();
        let call = Call { method: "POST", path: PATH, target: None, content_type: JSON, body };
        let refused = match api.call(call).await {
            Ok(body) => accepted(&body).err(),
            Err(CallError::Refused(refused)) => Some(refused),
            Err(CallError::NotMade(why)) => return Err(not_asked(why)),
        };
        match refused {
            None => Ok(()),
            // For the whole call, the code can also mean that the function has no permission; only the message
            // distinguishes the two. For a single finding, the code means only this.
            Some(Refused { code, message })
                if code == "InvalidAccess"
                    || code == "InvalidAccessException" && message.to_lowercase().contains("not subscribed") =>
            {
                Err(NotImported::NotSubscribed { region: self.product.region.clone() })
            }
            Some(refused) => Err(NotImported::Refused(Untrusted::new(refused.to_string()).shown(TextKind::Free))),
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

/// Whether a finding was accepted: a finding can be refused although the call succeeded.
fn accepted(body: &Value) -> Result<(), Refused> {
    let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
    match &body["FailedFindings"][0] {
        Value::Null if body["SuccessCount"].as_u64().is_some_and(|count| count > 0) => Ok(()),
        Value::Null => Err(Refused { code: "an answer that is none".into(), message: "it counts no finding".into() }),
        failed => Err(Refused { code: text(&failed["ErrorCode"]), message: text(&failed["ErrorMessage"]) }),
    }
}
