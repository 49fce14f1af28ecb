//! What AWS Organizations says about an account: its name, whether it is a member, and its organizational units.
//! [`policy`] has what it says about a policy.
//!
//! Only the management account and delegated administrators can ask (`DescribeAccount`, AWS Organizations API
//! reference). Where the function cannot, accounts are named by their aliases, and a caller's account is known as a
//! member only if its reader role can be assumed.

mod policy;

use super::answer::Membership;
use super::answer::{Lookup, Unavailable};
use super::recent::Recent;
use super::service::{FIRST_PAUSE, NoAnswer, Service, not_understood};
use crate::arn::{Arn, Partition};
use crate::limits::{ACCOUNTS_NAMED, NAMED_FOR, UNITS_READ};
use crate::text::Untrusted;
use aws_config::SdkConfig;
use serde_json::json;
use std::cell::Cell;
use std::rc::Rc;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep, timeout_at};

pub use policy::{OrganizationsPolicy, OrganizationsPolicyQuestion};

/// The actions of AWS Organizations that the function uses.
pub const ACTIONS: [&str; 3] = [DESCRIBE_ACCOUNT, policy::DESCRIBE_POLICY, LIST_PARENTS];

const DESCRIBE_ACCOUNT: &str = "organizations:DescribeAccount";
const LIST_PARENTS: &str = "organizations:ListParents";

/// The own organization.
#[derive(Debug)]
pub struct Organization {
    /// `o-…`
    id: String,
    service: Service,
    /// Whether something needs to know the organizational units of accounts; the expectations may, once they are read.
    asks_units: Rc<Cell<bool>>,
    /// By account; requests at the same time share one lookup.
    accounts: Recent<String, Rc<OnceCell<Asked>>>,
    /// Until when it is not asked again, because it may not be asked.
    denied_until: Cell<Option<Instant>>,
}

/// What AWS Organizations says about an account.
#[derive(Debug, Clone)]
pub struct Listed {
    pub name: Lookup<Untrusted>,
    pub membership: Membership,
    /// The ids of its organizational units and of the root, the nearest first.
    pub units: Lookup<Vec<Untrusted>>,
}

/// An answer, and until when it is used.
#[derive(Debug)]
struct Asked {
    listed: Listed,
    until: Instant,
}

const NOT_NEEDED: &str = "no setting needs it";

impl Listed {
    pub(super) fn nothing(why: &Unavailable) -> Self {
        Self {
            name: Lookup::Unavailable(why.clone()),
            membership: Membership::NotKnown,
            units: Lookup::Unavailable(why.clone()),
        }
    }
}

impl Organization {
    /// # Errors
    /// What is missing for a connection.
    pub fn new(
        config: &SdkConfig,
        partition: &Partition,
        id: String,
        asks_units: Rc<Cell<bool>>,
    ) -> Result<Self, &'static str> {
        let service = service(config, partition)?;
        Ok(Self { id, service, asks_units, accounts: Recent::new(ACCOUNTS_NAMED), denied_until: Cell::new(None) })
    }

    /// What it says about an account. An answer is used for an hour.
    pub(super) async fn account(&self, id: &str, deadline: Instant) -> Listed {
        loop {
            let now = Instant::now();
            let lacks_units =
                |asked: &Asked| self.asks_units.get() && asked.listed.units == Lookup::not_asked(NOT_NEEDED);
            let good =
                |asked: &Rc<OnceCell<Asked>>| asked.get().is_none_or(|asked| asked.until > now && !lacks_units(asked));
            let asked = self.accounts.get_or(&id.to_owned(), good, Rc::default);
            let Ok(asked) = timeout_at(deadline, Box::pin(asked.get_or_init(|| self.ask(id, deadline)))).await else {
                return Listed::nothing(&Unavailable::TimedOut);
            };
            // Whoever asked first may have had less time.
            let for_now = |why: &Unavailable| {
                matches!(why, Unavailable::Throttled | Unavailable::TimedOut | Unavailable::Unreachable)
            };
            let failed = asked.listed.name.unavailable().is_some_and(for_now);
            if !failed || Instant::now() + FIRST_PAUSE >= deadline {
                return asked.listed.clone();
            }
            sleep(FIRST_PAUSE).await;
        }
    }

    async fn ask(&self, id: &str, deadline: Instant) -> Asked {
        if self.denied_until.get().is_some_and(|until| until > Instant::now()) {
            return Asked { listed: Listed::nothing(&NOT_ALLOWED), until: Instant::now() };
        }
        let (account, units) = tokio::join!(Box::pin(self.describe(id, deadline)), Box::pin(self.units(id, deadline)));
        let (name, membership) = match account {
            Ok(Some(name)) => (Lookup::Found(name), Membership::Member),
            Ok(None) => (Lookup::Missing, Membership::Stranger),
            Err(why) => {
                let until = Instant::now();
                return Asked { listed: Listed::nothing(&why), until };
            }
        };
        // What failed for the moment is asked for again with the next event.
        let failed = units.unavailable().is_some_and(Unavailable::is_failure);
        let until = if failed { Instant::now() } else { Instant::now() + NAMED_FOR };
        Asked { listed: Listed { name, membership, units }, until }
    }

    /// The name of an account of the organization; `None` if it is no account of the organization.
    async fn describe(&self, id: &str, deadline: Instant) -> Result<Option<Untrusted>, Unavailable> {
        match self.service.call(DESCRIBE_ACCOUNT, &json!({"AccountId": id}), deadline).await {
            Ok(answer) => {
                let account = &answer["Account"];
                // `account/o-…/123456789012`: the answer is about this organization.
                let arn = account["Arn"].as_str().and_then(Arn::parse);
                let own = arn.is_some_and(|arn| arn.resource.split('/').nth(1) == Some(&self.id));
                let name = account["Name"].as_str().filter(|_| own && account["Id"] == id);
                name.map(|name| Some(name.into())).ok_or_else(not_understood)
            }
            Err(NoAnswer::Refused(code)) if code == "AccountNotFoundException" => Ok(None),
            Err(no_answer) => Err(self.why(no_answer, DESCRIBE_ACCOUNT)),
        }
    }

    /// From the nearest organizational unit to the root.
    async fn units(&self, id: &str, deadline: Instant) -> Lookup<Vec<Untrusted>> {
        if !self.asks_units.get() {
            return Lookup::not_asked(NOT_NEEDED);
        }
        let (mut units, mut child) = (Vec::new(), id.to_owned());
        while units.len() < UNITS_READ {
            match self.service.call(LIST_PARENTS, &json!({"ChildId": child}), deadline).await {
                Ok(answer) => {
                    // A child has one parent ("ListParents": "Currently, a child can have only a single parent").
                    let parent = &answer["Parents"][0];
                    let Some(id) = parent["Id"].as_str() else { return Lookup::Unavailable(not_understood()) };
                    units.push(id.into());
                    if parent["Type"] == "ROOT" {
                        break;
                    }
                    id.clone_into(&mut child);
                }
                Err(no_answer) => return Lookup::Unavailable(self.why(no_answer, LIST_PARENTS)),
            }
        }
        Lookup::Found(units)
    }

    fn why(&self, no_answer: NoAnswer, action: &'static str) -> Unavailable {
        match no_answer {
            NoAnswer::Refused(code) if DENIED.contains(&code.as_str()) => {
                self.denied_until.set(Some(Instant::now() + NAMED_FOR));
                tracing::info!(action, code, "AWS Organizations does not answer this account");
                NOT_ALLOWED
            }
            no_answer => no_answer.why(action),
        }
    }
}

/// AWS Organizations, with these credentials.
fn service(config: &SdkConfig, partition: &Partition) -> Result<Service, &'static str> {
    // The one region in which the service is ("AWS Organizations endpoints and quotas").
    let region = match partition {
        Partition::China => "cn-northwest-1",
        Partition::GovCloud => "us-gov-west-1",
        Partition::Aws | Partition::Other(_) => "us-east-1",
    };
    Service::new(config, "organizations", "AWSOrganizationsV20161128", partition, region)
}

/// The answers of AWS Organizations to an account that may not ask.
const DENIED: [&str; 2] = ["AccessDeniedException", "AWSOrganizationsNotInUseException"];
/// No failure: only the management account and delegated administrators can ask.
const NOT_ALLOWED: Unavailable = Unavailable::NotAsked("AWS Organizations answers only to some accounts");
