//! A service-specific credential: the service that it is for, and when it expires.

use super::Activity;
use super::record::text_of;
use crate::catalog::ObjectKind;
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use serde_json::Value;

/// The credential that a call created, reset or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCredential {
    /// The service principal, `bedrock.amazonaws.com`.
    pub service: Option<Untrusted>,
    pub expiry: Expiry,
    /// The days that the request asked for.
    pub days: Option<u64>,
}

/// When a credential expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expiry {
    /// The call set no expiry ("`credentialAgeDays`", IAM API reference).
    Never,
    /// After this number of days.
    Days(Untrusted),
    /// The date in the response.
    At(Untrusted),
    NotStated,
}

impl ServiceCredential {
    /// The credential of the call; `None` if the call is about no such credential.
    #[must_use]
    pub fn of(activity: &Activity) -> Option<Self> {
        let kind = activity.action.object;
        (kind == ObjectKind::ServiceSpecificCredential).then_some(())?;
        let answer = &activity.response["serviceSpecificCredential"];
        let text = |place: &Value, field: &str| place.get(field).and_then(text_of).map(Untrusted::new);
        let either = |field: &str| text(&activity.request, field).or_else(|| text(answer, field));
        let service = either("serviceName");
        let days = activity.request["credentialAgeDays"].as_u64().or_else(|| {
            let days = activity.request["credentialAgeDays"].as_str()?;
            days.trim().parse().ok()
        });
        let expiry = match (text(answer, "expirationDate"), text(&activity.request, "credentialAgeDays")) {
            // Java writes a narrow blank before AM and PM.
            (Some(date), _) => Expiry::At(date.raw().replace('\u{202f}', " ").into()),
            (None, Some(days)) => Expiry::Days(days),
            // Only a whole request shows that it set no expiry.
            (None, None) if activity.request.get("serviceName").is_some() => Expiry::Never,
            (None, None) => Expiry::NotStated,
        };
        (service.is_some() || expiry != Expiry::NotStated).then_some(Self { service, expiry, days })
    }

    /// Whether the credential is an API key of Amazon Bedrock. IAM gives only these an expiry.
    #[must_use]
    pub fn is_bedrock_key(&self) -> bool {
        self.service.as_ref().is_some_and(|service| service.raw() == "bedrock.amazonaws.com")
    }
}

impl Expiry {
    /// "never", "90 days after its creation"; `None` if that is not known.
    #[must_use]
    pub fn words(&self) -> Option<Phrase> {
        match self {
            Self::Never => Some("never".into()),
            Self::Days(days) => Some(phrase!(days, " days after its creation")),
            Self::At(date) => Some(phrase!(Phrase::free(date))),
            Self::NotStated => None,
        }
    }
}
