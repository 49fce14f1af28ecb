//! The reading of a whole account, page by page: what the baseline of the account is made of.
//!
//! First the policies, groups, users and roles: without one of these, nothing can be said of the account, so a failure
//! ends the reading. Then the credential report, the identity providers and the password policy: a failure there is a
//! gap, and the reading goes on at the next place. [`content`] has the form in which an entity is kept, [`report`] reads
//! the credential report.

mod content;
mod report;
#[cfg(test)]
mod tests;

use super::IamDirectory;
use super::read::IamReader;
use crate::limits::{INVENTORY_ENTITIES, INVENTORY_OIDC_PROVIDERS, INVENTORY_POLICIES, INVENTORY_SAML_PROVIDERS};
use crate::lookup::answer::{Lookup, Unavailable};
use crate::lookup::inventory::{Entity, Page, Part, Place};
use crate::lookup::question::AccountId;
use aws_sdk_iam::operation::get_account_authorization_details::GetAccountAuthorizationDetailsOutput;
use aws_sdk_iam::types::{EntityType, ReportStateType};
use tokio::time::Instant;

/// The IAM actions that the reading of an account uses, beside those of the lookups. A test records the calls.
pub const INVENTORY_ACTIONS: [&str; 8] = [
    "iam:GenerateCredentialReport",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetAccountPasswordPolicy",
    "iam:GetCredentialReport",
    "iam:GetOpenIDConnectProvider",
    "iam:GetSAMLProvider",
    "iam:ListOpenIDConnectProviders",
    "iam:ListSAMLProviders",
];

/// What `GetCredentialReport` answers while there is no report that can be read.
const NO_REPORT_YET: [&str; 3] = ["ReportExpired", "ReportInProgress", "ReportNotPresent"];

impl IamDirectory {
    /// One page of an account. It never waits for the credential report. The report can be four hours old: IAM makes no
    /// other one within this time.
    ///
    /// The deadline is that of the page. While IAM is busy, the calls of the page may wait almost until then.
    ///
    /// # Errors
    /// Why the account could not be read.
    pub(super) async fn page(
        &self,
        account: &AccountId,
        place: &Place,
        deadline: Instant,
    ) -> Result<Page, Unavailable> {
        let reader = self.readers.of(account.as_deref(), deadline).await?;
        Box::pin(reader.inventory(place, deadline)).await
    }
}

impl IamReader {
    async fn inventory(&self, place: &Place, deadline: Instant) -> Result<Page, Unavailable> {
        Ok(match place.part {
            Part::Policies => self.details(place, EntityType::LocalManagedPolicy, deadline).await?,
            Part::Groups => self.details(place, EntityType::Group, deadline).await?,
            Part::Users => self.details(place, EntityType::User, deadline).await?,
            Part::Roles => self.details(place, EntityType::Role, deadline).await?,
            Part::Credentials => self.credentials(place, deadline).await,
            Part::SamlProviders => self.saml_providers(place, deadline).await,
            Part::OidcProviders => self.oidc_providers(place, deadline).await,
            Part::PasswordPolicy => self.password_policy(place, deadline).await,
        })
    }

    async fn details(&self, place: &Place, of: EntityType, deadline: Instant) -> Result<Page, Unavailable> {
        let at_most = if place.part == Part::Policies { INVENTORY_POLICIES } else { INVENTORY_ENTITIES };
        let call = || {
            let call = self
                .client
                .get_account_authorization_details()
                .filter(of.clone())
                .max_items((at_most >> place.halved).max(1));
            call.set_marker(place.marker.clone()).send()
        };
        let answer = match self.calls.ask(deadline, "iam:GetAccountAuthorizationDetails", call).await {
            Lookup::Found(answer) => answer,
            Lookup::Missing => return Err(incomplete()),
            Lookup::Unavailable(reason) => return Err(reason),
        };
        let marker = answer.marker.clone().filter(|_| answer.is_truncated);
        let stuck = answer.is_truncated && (marker.is_none() || marker == place.marker);
        let made = entities(place.part, answer);
        let nameless = made.iter().any(Option::is_none);
        let entities = made.into_iter().flatten().collect();
        let mut page = match marker.filter(|_| !stuck) {
            Some(marker) => Page { entities, next: Some(place.at(marker)), gaps: Vec::new() },
            // A marker that does not change would lead to the same page for ever.
            None => place.last_page(entities, stuck.then(|| Unavailable::Failed("without a new marker".into()))),
        };
        page.gaps.extend(nameless.then(|| place.part.gap(incomplete())));
        Ok(page)
    }

    async fn credentials(&self, place: &Place, deadline: Instant) -> Page {
        let call = || self.client.generate_credential_report().send();
        match self.calls.ask(deadline, "iam:GenerateCredentialReport", call).await {
            Lookup::Found(answer) if answer.state == Some(ReportStateType::Complete) => {}
            Lookup::Found(_) => return place.again(),
            Lookup::Missing => return place.last_page(Vec::new(), Some(incomplete())),
            Lookup::Unavailable(reason) => return place.last_page(Vec::new(), Some(reason)),
        }
        let call = || self.client.get_credential_report().send();
        let content = match self.calls.ask(deadline, "iam:GetCredentialReport", call).await {
            Lookup::Found(answer) => answer.content,
            Lookup::Missing => None,
            Lookup::Unavailable(Unavailable::Failed(code)) if NO_REPORT_YET.contains(&code.raw()) => {
                return place.again();
            }
            Lookup::Unavailable(reason) => return place.last_page(Vec::new(), Some(reason)),
        };
        let Some(content) = content else { return place.last_page(Vec::new(), Some(incomplete())) };
        match report::read(&String::from_utf8_lossy(content.as_ref())) {
            Some(report) => {
                let unread = (report.unread > 0).then(|| Unavailable::Failed("a row that is not understood".into()));
                place.last_page(report.entities, unread)
            }
            None => place.last_page(Vec::new(), Some(incomplete())),
        }
    }

    async fn saml_providers(&self, place: &Place, deadline: Instant) -> Page {
        let call = || self.client.list_saml_providers().send();
        let listed = self.calls.ask(deadline, "iam:ListSAMLProviders", call).await;
        let arns = listed.map(|list| list.saml_provider_list.into_iter().flatten().map(|it| it.arn).collect());
        let read = async |arn: &str| {
            let call = || self.client.get_saml_provider().saml_provider_arn(arn).send();
            let answer = self.calls.ask(deadline, "iam:GetSAMLProvider", call).await;
            answer.map(|provider| content::saml_provider(arn, &provider))
        };
        providers(place, arns, INVENTORY_SAML_PROVIDERS, read).await
    }

    async fn oidc_providers(&self, place: &Place, deadline: Instant) -> Page {
        let call = || self.client.list_open_id_connect_providers().send();
        let listed = self.calls.ask(deadline, "iam:ListOpenIDConnectProviders", call).await;
        let arns =
            listed.map(|list| list.open_id_connect_provider_list.into_iter().flatten().map(|it| it.arn).collect());
        let read = async |arn: &str| {
            let call = || self.client.get_open_id_connect_provider().open_id_connect_provider_arn(arn).send();
            let answer = self.calls.ask(deadline, "iam:GetOpenIDConnectProvider", call).await;
            answer.map(|provider| content::oidc_provider(arn, provider))
        };
        providers(place, arns, INVENTORY_OIDC_PROVIDERS, read).await
    }

    async fn password_policy(&self, place: &Place, deadline: Instant) -> Page {
        let call = || self.client.get_account_password_policy().send();
        match self.calls.ask(deadline, "iam:GetAccountPasswordPolicy", call).await.map(|answer| answer.password_policy)
        {
            Lookup::Found(Some(policy)) => place.last_page(vec![content::password_policy(&policy)], None),
            Lookup::Found(None) => place.last_page(Vec::new(), Some(incomplete())),
            // The account has the default policy.
            Lookup::Missing => place.last_page(Vec::new(), None),
            Lookup::Unavailable(reason) => place.last_page(Vec::new(), Some(reason)),
        }
    }
}

/// The entities of an answer; `None` for one without the fields that every entity has.
fn entities(part: Part, answer: GetAccountAuthorizationDetailsOutput) -> Vec<Option<Entity>> {
    match part {
        Part::Policies => answer.policies.into_iter().flatten().map(content::policy).collect(),
        Part::Groups => answer.group_detail_list.into_iter().flatten().map(content::group).collect(),
        Part::Users => answer.user_detail_list.into_iter().flatten().map(content::user).collect(),
        Part::Roles => answer.role_detail_list.into_iter().flatten().map(content::role).collect(),
        Part::Credentials | Part::SamlProviders | Part::OidcProviders | Part::PasswordPolicy => Vec::new(),
    }
}

/// A page of providers, in the order of their ARNs. IAM lists them at once and has no markers.
async fn providers(
    place: &Place,
    listed: Lookup<Vec<Option<String>>>,
    at_most: usize,
    read: impl AsyncFn(&str) -> Lookup<Option<Entity>>,
) -> Page {
    let mut arns: Vec<String> = match listed {
        Lookup::Found(listed) => listed.into_iter().map(Option::unwrap_or_default).collect(),
        Lookup::Missing => Vec::new(),
        Lookup::Unavailable(reason) => return place.last_page(Vec::new(), Some(reason)),
    };
    arns.sort_unstable();
    let done = place.marker.as_ref().map_or(0, |marker| arns.partition_point(|arn| arn <= marker));
    let mut entities = Vec::new();
    for arn in arns[done..].iter().take(at_most) {
        match read(arn).await {
            Lookup::Found(Some(entity)) => entities.push(entity),
            // The provider was deleted since the list was made.
            Lookup::Missing => {}
            Lookup::Found(None) => return place.last_page(entities, Some(incomplete())),
            Lookup::Unavailable(reason) => return place.last_page(entities, Some(reason)),
        }
    }
    match arns.get(done + at_most) {
        Some(_) => {
            let next = place.at(arns[done + at_most - 1].clone());
            Page { entities, next: Some(next), gaps: Vec::new() }
        }
        None => place.last_page(entities, None),
    }
}

/// IAM said yes, and left out what it always says.
fn incomplete() -> Unavailable {
    Unavailable::Failed("without what was asked for".into())
}
