//! Asks IAM Identity Center and its identity store ("IAM Identity Center API reference", "Identity Store API reference").
//!
//! Permission sets belong to an instance of Identity Center, users and groups to its identity store. Where a question does
//! not name them, the instances of the account are listed once.

use super::{Assignment, Identity, IdentityKind, IdentityQuestion, InstanceQuestion, Parts, PermissionSet};
use super::{PermissionSetQuestion, customer_managed, gone, instance_of};
use crate::arn::Partition;
use crate::limits::{ACCOUNTS_LISTED, ACCOUNTS_READ, LISTED, LISTED_AT_ONCE, PAGES_READ};
use crate::lookup::answer::{Listing, Lookup, Provenance, Unavailable};
use crate::lookup::attached::{AttachedPolicies, AttachedPolicy, Attachment};
use crate::lookup::question::AccountId;
use crate::lookup::recent::Recent;
use crate::lookup::service::{NoAnswer, Service, not_understood};
use crate::policy::Parsed;
use crate::text::Untrusted;
use aws_config::SdkConfig;
use chrono::Utc;
use serde_json::{Value, json};
use std::rc::Rc;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

/// Reads the documents of AWS managed policies, which are the same in every account.
#[allow(async_fn_in_trait, reason = "used only within this crate's single-threaded runtime")]
pub(in crate::lookup) trait AwsManaged {
    /// Attached policies, from their names and ARNs.
    async fn policies(&self, found: Lookup<Listing<(Untrusted, Untrusted)>>, deadline: Instant) -> AttachedPolicies;
    async fn document(&self, arn: &str, deadline: Instant) -> Lookup<Parsed>;
}

/// An account and a region.
type Place = (AccountId, String);

/// What asks IAM Identity Center.
#[derive(Debug)]
pub(in crate::lookup) struct IdentityCenter {
    /// Requests at the same time share one lookup.
    instances: Recent<Place, Rc<OnceCell<Vec<Instance>>>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Instance {
    arn: String,
    identity_store: String,
}

/// IAM Identity Center in one account and region.
#[derive(Debug)]
struct Api {
    place: Place,
    sso: Service,
    identity_store: Service,
}

/// What `CloudTrail` writes in place of a name or an id.
pub(super) const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

impl Default for IdentityCenter {
    fn default() -> Self {
        Self { instances: Recent::new(ACCOUNTS_READ) }
    }
}

impl IdentityCenter {
    /// A permission set. The configuration has the credentials for this account; `None` is the own account.
    pub(in crate::lookup) async fn permission_set(
        &self,
        (config, account): (&SdkConfig, AccountId),
        question: &PermissionSetQuestion,
        aws_managed: &impl AwsManaged,
        deadline: Instant,
    ) -> PermissionSet {
        let live = Provenance::Live(Utc::now());
        let instance = async {
            let api = Api::new(config, account, question.of.region.as_deref())?;
            let known = known(question.of.instance.as_ref()).map(str::to_owned).or_else(|| instance_of(&question.arn));
            let instance = match known {
                Some(instance) => instance,
                None => self.instance(&api, &question.of, deadline).await?.arn,
            };
            Ok((api, instance))
        };
        let (api, instance) = match instance.await {
            Ok(found) => found,
            Err(why) => return PermissionSet::unread(&why, Provenance::Nowhere),
        };
        let of = json!({"InstanceArn": instance, "PermissionSetArn": question.arn});
        let (name, parts, accounts) = Box::pin(async {
            tokio::join!(api.name(&of, deadline), api.parts(&of, aws_managed, deadline), api.accounts(&of, deadline))
        })
        .await;
        if name == Lookup::Missing {
            return PermissionSet::missing(live);
        }
        let accounts = if accounts == Lookup::Missing { Lookup::Unavailable(gone()) } else { accounts };
        PermissionSet { name, attached: parts.attached(), accounts, provenance: live }
    }

    /// A user or group. The configuration has the credentials for this account; `None` is the own account.
    pub(in crate::lookup) async fn identity(
        &self,
        (config, account): (&SdkConfig, AccountId),
        question: &IdentityQuestion,
        deadline: Instant,
    ) -> Identity {
        let live = Provenance::Live(Utc::now());
        if question.id == HIDDEN {
            return Identity::unread(&Unavailable::NotAsked("CloudTrail hides its id"), Provenance::Nowhere);
        }
        let api = match Api::new(config, account, question.of.region.as_deref()) {
            Ok(api) => api,
            Err(why) => return Identity::unread(&why, Provenance::Nowhere),
        };
        let name = async {
            let store = match known(question.of.identity_store.as_ref()) {
                Some(store) => store.to_owned(),
                None => self.instance(&api, &question.of, deadline).await?.identity_store,
            };
            Ok(api.name_of(question, &store, deadline).await)
        };
        let assignments = async {
            if !question.assignments {
                return Ok(Lookup::not_asked("not needed for this event"));
            }
            let instance = match known(question.of.instance.as_ref()) {
                Some(instance) => instance.to_owned(),
                None => self.instance(&api, &question.of, deadline).await?.arn,
            };
            Ok(api.assignments(question, &instance, deadline).await)
        };
        let (name, assignments) = Box::pin(async { tokio::join!(name, assignments) }).await;
        let (name, assignments) =
            (name.unwrap_or_else(Lookup::Unavailable), assignments.unwrap_or_else(Lookup::Unavailable));
        Identity { name, assignments, provenance: live }
    }

    /// The instance that the question names; else the only one.
    async fn instance(&self, api: &Api, of: &InstanceQuestion, deadline: Instant) -> Result<Instance, Unavailable> {
        let fits = |instance: &&Instance| {
            known(of.instance.as_ref()).is_none_or(|arn| instance.arn == arn)
                && known(of.identity_store.as_ref()).is_none_or(|store| instance.identity_store == store)
        };
        // An instance that is not in the list may have been created since.
        let good = |listed: &Rc<OnceCell<Vec<Instance>>>| {
            listed.get().is_none_or(|listed| listed.iter().any(|instance| fits(&instance)))
        };
        let listed = self.instances.get_or(&api.place, good, Rc::default);
        let list = Box::pin(listed.get_or_try_init(|| api.instances(deadline)));
        let list = timeout_at(deadline, list).await.map_err(|_| Unavailable::TimedOut)??;
        let mut fitting = list.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(instance), None) => Ok(instance.clone()),
            (Some(_), Some(_)) => {
                Err(Unavailable::NotAsked("the event does not say which instance of IAM Identity Center"))
            }
            (None, _) => Err(Unavailable::NotAsked("this account does not show the instance of IAM Identity Center")),
        }
    }
}

impl Api {
    fn new(config: &SdkConfig, account: AccountId, region: Option<&str>) -> Result<Self, Unavailable> {
        let region = region.or_else(|| config.region().map(AsRef::as_ref));
        let region = region.ok_or(Unavailable::NotAsked("the region is not known"))?;
        // A region of an event becomes a part of a host name.
        if region.is_empty()
            || !region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            return Err(Unavailable::NotAsked("the event's region is none"));
        }
        let partition = Partition::of_region(region);
        let service =
            |name, prefix| Service::new(config, name, prefix, &partition, region).map_err(Unavailable::NotAsked);
        Ok(Self {
            sso: service("sso", "SWBExternalService")?,
            identity_store: service("identitystore", "AWSIdentityStore")?,
            place: (account, region.to_owned()),
        })
    }

    async fn instances(&self, deadline: Instant) -> Result<Vec<Instance>, Unavailable> {
        // An instance that is being created or deleted, or has no identity store, is none that can be asked.
        let instance = |value: &Value| {
            let active = value["Status"].as_str().is_none_or(|status| status == "ACTIVE");
            let instance = active.then(|| {
                let [arn, identity_store] = ["InstanceArn", "IdentityStoreId"].map(|field| value[field].as_str());
                Some(Instance { arn: arn?.to_owned(), identity_store: identity_store?.to_owned() })
            });
            Some(instance.flatten())
        };
        let list = self.list("sso:ListInstances", &json!({}), "Instances", LISTED, instance, deadline).await;
        match list {
            Lookup::Found(list) if !list.more => Ok(list.items.into_iter().flatten().collect()),
            Lookup::Found(_) | Lookup::Missing => Err(not_understood()),
            Lookup::Unavailable(why) => Err(why),
        }
    }

    /// The name of a permission set.
    async fn name(&self, of: &Value, deadline: Instant) -> Lookup<Untrusted> {
        let answer = ask(&self.sso, "sso:DescribePermissionSet", of, deadline).await;
        required(answer, |answer| text(&answer["PermissionSet"]["Name"]))
    }

    async fn parts(&self, of: &Value, aws_managed: &impl AwsManaged, deadline: Instant) -> Parts {
        let managed = async {
            let policy = |value: &Value| Some((text(&value["Name"])?, text(&value["Arn"])?));
            let (action, field) = ("sso:ListManagedPoliciesInPermissionSet", "AttachedManagedPolicies");
            let found = self.list(action, of, field, LISTED, policy, deadline).await;
            let found = if found == Lookup::Missing { Lookup::Unavailable(gone()) } else { found };
            aws_managed.policies(found, deadline).await
        };
        let references = async {
            let name = |value: &Value| text(&value["Name"]);
            let action = "sso:ListCustomerManagedPolicyReferencesInPermissionSet";
            self.list(action, of, "CustomerManagedPolicyReferences", LISTED, name, deadline).await
        };
        let inline = async {
            let answer = ask(&self.sso, "sso:GetInlinePolicyForPermissionSet", of, deadline).await;
            match &answer {
                // An empty text is no policy.
                Lookup::Found(answer) => match (&answer["InlinePolicy"], answer["InlinePolicy"].as_str()) {
                    (Value::Null, _) | (_, Some("")) => Lookup::Missing,
                    (_, Some(document)) => Lookup::Found(Parsed::of(document)),
                    _ => Lookup::Unavailable(not_understood()),
                },
                Lookup::Missing => Lookup::Unavailable(gone()),
                Lookup::Unavailable(why) => Lookup::Unavailable(why.clone()),
            }
        };
        let boundary = self.boundary(of, aws_managed, deadline);
        let (managed, references, inline, boundary) =
            Box::pin(async { tokio::join!(managed, references, inline, boundary) }).await;
        Parts { managed, references, inline, boundary }
    }

    /// The permissions boundary. A permission set without one is answered as if the set were missing.
    async fn boundary(&self, of: &Value, aws_managed: &impl AwsManaged, deadline: Instant) -> Lookup<AttachedPolicy> {
        let answer = match ask(&self.sso, "sso:GetPermissionsBoundaryForPermissionSet", of, deadline).await {
            Lookup::Found(answer) => answer,
            Lookup::Missing => return Lookup::Missing,
            Lookup::Unavailable(why) => return Lookup::Unavailable(why),
        };
        let boundary = &answer["PermissionsBoundary"];
        let arn = text(&boundary["ManagedPolicyArn"]);
        let name = text(&boundary["CustomerManagedPolicyReference"]["Name"]);
        match (arn, name) {
            _ if boundary.is_null() => Lookup::Missing,
            (Some(arn), _) => {
                let document = aws_managed.document(arn.raw(), deadline).await;
                Lookup::Found(AttachedPolicy::boundary(arn, document))
            }
            (None, Some(name)) => Lookup::Found(customer_managed(&name, Attachment::Itself)),
            (None, None) => Lookup::Unavailable(not_understood()),
        }
    }

    async fn accounts(&self, of: &Value, deadline: Instant) -> Lookup<Listing<Untrusted>> {
        let action = "sso:ListAccountsForProvisionedPermissionSet";
        self.list(action, of, "AccountIds", ACCOUNTS_LISTED, text, deadline).await
    }

    /// The name of a user or group.
    async fn name_of(&self, question: &IdentityQuestion, store: &str, deadline: Instant) -> Lookup<Untrusted> {
        let (action, id, name) = match question.kind {
            IdentityKind::User => ("identitystore:DescribeUser", "UserId", "UserName"),
            IdentityKind::Group => ("identitystore:DescribeGroup", "GroupId", "DisplayName"),
        };
        let body = json!({"IdentityStoreId": store, id: question.id});
        required(ask(&self.identity_store, action, &body, deadline).await, |answer| text(&answer[name]))
    }

    async fn assignments(
        &self,
        question: &IdentityQuestion,
        instance: &str,
        deadline: Instant,
    ) -> Lookup<Listing<Assignment>> {
        let of = json!({"InstanceArn": instance, "PrincipalId": question.id, "PrincipalType": question.kind});
        let assignment = |value: &Value| {
            let (account, permission_set) = (text(&value["AccountId"])?, text(&value["PermissionSetArn"])?);
            Some(Assignment { account, permission_set })
        };
        let (action, field) = ("sso:ListAccountAssignmentsForPrincipal", "AccountAssignments");
        self.list(action, &of, field, ACCOUNTS_LISTED, assignment, deadline).await
    }

    /// Reads a list until its end or its limit. A list with an item that is not understood is not read.
    async fn list<T>(
        &self,
        action: &'static str,
        of: &Value,
        field: &str,
        at_most: usize,
        make: impl Fn(&Value) -> Option<T>,
        deadline: Instant,
    ) -> Lookup<Listing<T>> {
        let (mut body, mut list) = (of.clone(), Listing { items: Vec::new(), more: true });
        body["MaxResults"] = LISTED_AT_ONCE.into();
        for _ in 0..PAGES_READ {
            let answer = match ask(&self.sso, action, &body, deadline).await {
                Lookup::Found(answer) => answer,
                Lookup::Missing => return Lookup::Missing,
                Lookup::Unavailable(why) => return Lookup::Unavailable(why),
            };
            let items = answer[field].as_array().map(|items| items.iter().map(&make).collect::<Option<Vec<_>>>());
            let Some(Some(items)) = items else { return Lookup::Unavailable(not_understood()) };
            list.items.extend(items);
            let next = answer["NextToken"].as_str().filter(|next| !next.is_empty());
            list.more = next.is_some() || list.items.len() > at_most;
            list.items.truncate(at_most);
            match next {
                Some(next) if list.items.len() < at_most => body["NextToken"] = next.into(),
                _ => break,
            }
        }
        Lookup::Found(list)
    }
}

async fn ask(service: &Service, action: &'static str, body: &Value, deadline: Instant) -> Lookup<Value> {
    match Box::pin(service.call(action, body, deadline)).await {
        Ok(answer) if answer.is_object() => Lookup::Found(answer),
        Ok(_) => Lookup::Unavailable(not_understood()),
        Err(NoAnswer::Refused(code)) if code == "ResourceNotFoundException" => Lookup::Missing,
        Err(no_answer) => Lookup::Unavailable(no_answer.why(action)),
    }
}

/// The required part of an answer.
fn required<T>(answer: Lookup<Value>, part: impl FnOnce(&Value) -> Option<T>) -> Lookup<T> {
    match answer.map(|answer| part(&answer)) {
        Lookup::Found(Some(part)) => Lookup::Found(part),
        Lookup::Found(None) => Lookup::Unavailable(Unavailable::Failed("without what was asked for".into())),
        Lookup::Missing => Lookup::Missing,
        Lookup::Unavailable(why) => Lookup::Unavailable(why),
    }
}

fn text(value: &Value) -> Option<Untrusted> {
    value.as_str().filter(|text| !text.is_empty() && *text != HIDDEN).map(Into::into)
}

/// What the event says, unless `CloudTrail` hides it.
fn known(said: Option<&String>) -> Option<&str> {
    said.map(String::as_str).filter(|said| !said.is_empty() && *said != HIDDEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_that_is_none_is_not_asked() {
        let config = SdkConfig::builder().build();
        for region in ["", "evil.example/", "us-east-1.evil.example#", "us east"] {
            let api = Api::new(&config, None, Some(region));
            assert_eq!(api.unwrap_err(), Unavailable::NotAsked("the event's region is none"), "{region}");
        }
        assert!(Api::new(&config, None, None).is_err());
    }
}
