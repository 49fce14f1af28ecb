//! A policy of AWS Organizations. Those that limit access are read; those that manage something else are only named.

use super::service;
use crate::arn::Partition;
use crate::lookup::answer::{Lookup, Provenance, Unavailable};
use crate::lookup::question::AccountId;
use crate::lookup::service::{NoAnswer, not_understood};
use crate::policy::Parsed;
use crate::text::Untrusted;
use aws_config::SdkConfig;
use chrono::Utc;
use serde_json::{Value, json};
use tokio::time::Instant;

pub(super) const DESCRIBE_POLICY: &str = "organizations:DescribePolicy";

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrganizationsPolicyQuestion {
    /// The account of the event: the management account or a delegated administrator.
    pub account: AccountId,
    /// `p-…`
    pub id: String,
}

/// A policy of AWS Organizations.
#[derive(Debug, Clone)]
pub struct OrganizationsPolicy {
    pub name: Lookup<Untrusted>,
    /// `SERVICE_CONTROL_POLICY`, …
    pub kind: Lookup<Untrusted>,
    /// Whether AWS Organizations says that AWS manages it.
    pub aws_managed: bool,
    /// The document of a policy that limits access.
    pub document: Lookup<Parsed>,
    pub provenance: Provenance,
}

/// The kinds whose content is an IAM policy.
const LIMIT_ACCESS: [&str; 2] = ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"];

impl OrganizationsPolicy {
    /// A policy that was read.
    pub(in crate::lookup) fn of(
        name: Lookup<Untrusted>,
        kind: Lookup<Untrusted>,
        aws_managed: bool,
        content: Lookup<Parsed>,
        provenance: Provenance,
    ) -> Self {
        let document = match &kind {
            Lookup::Found(kind) if LIMIT_ACCESS.contains(&kind.raw()) => content,
            Lookup::Found(_) => Lookup::not_asked("it is no policy that limits access"),
            Lookup::Missing => Lookup::Missing,
            Lookup::Unavailable(why) => Lookup::Unavailable(why.clone()),
        };
        Self { name, kind, aws_managed, document, provenance }
    }

    /// A policy of which nothing could be read, and why.
    pub(in crate::lookup) fn unread(why: &Unavailable, provenance: Provenance) -> Self {
        let fact = || Lookup::Unavailable(why.clone());
        Self::of(fact(), fact(), false, Lookup::Unavailable(why.clone()), provenance)
    }

    pub(in crate::lookup) fn missing(provenance: Provenance) -> Self {
        Self::of(Lookup::Missing, Lookup::Missing, false, Lookup::Missing, provenance)
    }

    /// Asks AWS Organizations, with the credentials of the configuration.
    pub(in crate::lookup) async fn read(config: &SdkConfig, id: &str, deadline: Instant) -> Self {
        let region = config.region().map_or("", AsRef::as_ref);
        let service = match service(config, &Partition::of_region(region)) {
            Ok(service) => service,
            Err(why) => return Self::unread(&Unavailable::NotAsked(why), Provenance::Nowhere),
        };
        let live = Provenance::Live(Utc::now());
        match Box::pin(service.call(DESCRIBE_POLICY, &json!({"PolicyId": id}), deadline)).await {
            Ok(answer) => Self::understood(&answer["Policy"], live),
            Err(NoAnswer::Refused(code)) if code == "PolicyNotFoundException" => Self::missing(live),
            Err(no_answer) => Self::unread(&no_answer.why(DESCRIBE_POLICY), live),
        }
    }

    fn understood(policy: &Value, provenance: Provenance) -> Self {
        let text = |value: &Value| match value.as_str() {
            Some(text) if !text.is_empty() => Lookup::Found(text.to_owned()),
            _ => Lookup::Unavailable(not_understood()),
        };
        let summary = &policy["PolicySummary"];
        let (name, kind) = (text(&summary["Name"]).map(Into::into), text(&summary["Type"]).map(Into::into));
        let content = text(&policy["Content"]).map(|content| Parsed::of(&content));
        Self::of(name, kind, summary["AwsManaged"] == true, content, provenance)
    }

    /// The number of failed lookups.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        let facts = [self.name.unavailable(), self.kind.unavailable(), self.document.unavailable()];
        facts.into_iter().flatten().filter(|reason| reason.is_failure()).count()
    }
}
