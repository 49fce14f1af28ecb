//! The readers of IAM, one an account: the own account's, and those of the other accounts of the organization. Theirs
//! use the credentials of a role in that account.
//!
//! A role is assumed once, and again before its session ends. Accounts that were not heard of for the longest time are
//! dropped, so memory does not grow with the organization.

use super::calls::Calls;
use super::read::{Documents, IamReader};
use crate::arn::is_account_id;
use crate::aws;
use crate::limits::{ACCOUNTS_READ, READER_REFUSED_FOR, RENEWED_BEFORE};
use crate::lookup::answer::{Lookup, Unavailable};
use crate::lookup::question::AccountId;
use crate::lookup::recent::Recent;
use aws_config::SdkConfig;
use aws_sdk_iam::Client;
use aws_sdk_iam::config::Credentials;
use std::rc::Rc;
use std::time::{Duration, SystemTime};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep, timeout_at};

/// The name of the function's sessions in the other accounts.
const SESSION: &str = "iam-security-alert";
const ELSEWHERE: Unavailable = Unavailable::NotAsked("it belongs to another account");
/// The pause before a role is assumed again that could not be assumed for the moment.
const AGAIN: Duration = Duration::from_millis(150);

#[derive(Debug)]
pub(super) struct Readers {
    own: Rc<IamReader>,
    /// The own account, if it is known.
    account: Option<String>,
    /// The configuration with the own account's credentials.
    config: Option<SdkConfig>,
    members: Option<Rc<Members>>,
}

/// How the other accounts of the organization are read.
#[derive(Debug)]
pub struct Members {
    config: SdkConfig,
    sts: aws_sdk_sts::Client,
    calls: Calls,
    partition: String,
    role: String,
    documents: Rc<Documents>,
    readers: Recent<String, Rc<OnceCell<Assumed>>>,
}

/// A reader, or why there is none, and until when that is so.
#[derive(Debug)]
struct Assumed {
    reader: Result<Reader, Unavailable>,
    until: Instant,
}

/// What reads in an account: IAM, and other services with the same credentials.
#[derive(Debug, Clone)]
struct Reader {
    iam: Rc<IamReader>,
    config: SdkConfig,
}

impl Assumed {
    fn is_good(&self, now: Instant) -> bool {
        self.until > now && !self.reader.as_ref().is_ok_and(|reader| reader.iam.calls.is_locked_out())
    }
}

impl Members {
    /// The members are read with the role of this name, in the partition with this name.
    #[must_use]
    pub fn new(config: SdkConfig, partition: &str, role: String) -> Self {
        Self {
            sts: aws::sts(&config),
            config,
            calls: Calls::default(),
            partition: partition.to_owned(),
            role,
            documents: Rc::default(),
            readers: Recent::new(ACCOUNTS_READ),
        }
    }

    /// A configuration with the credentials of the reader role in an account.
    ///
    /// # Errors
    /// Why the role could not be assumed.
    pub async fn config(&self, account: &str, deadline: Instant) -> Result<SdkConfig, Unavailable> {
        Ok(self.reader(account, deadline).await?.config)
    }

    /// Takes note of why a lookup with an account's configuration failed: a session that AWS does not accept any more is
    /// not used again.
    pub(super) fn heed(&self, account: &str, reason: &Unavailable) {
        let assumed = self.readers.get_or(&account.to_owned(), |_| true, Rc::default);
        if let Some(Ok(reader)) = assumed.get().map(|assumed| &assumed.reader) {
            reader.iam.calls.heed(reason);
        }
    }

    fn are_busy(&self, account: &str) -> bool {
        let assumed = self.readers.get_or(&account.to_owned(), |_| true, Rc::default);
        assumed
            .get()
            .is_some_and(|assumed| assumed.reader.as_ref().is_ok_and(|reader| reader.iam.calls.were_throttled()))
    }

    async fn reader(&self, account: &str, deadline: Instant) -> Result<Reader, Unavailable> {
        loop {
            let now = Instant::now();
            let good = |assumed: &Rc<OnceCell<Assumed>>| assumed.get().is_none_or(|assumed| assumed.is_good(now));
            let assumed = self.readers.get_or(&account.to_owned(), good, Rc::default);
            let assume = assumed.get_or_init(async || self.assume(account, deadline).await);
            let Ok(assumed) = timeout_at(deadline, Box::pin(assume)).await else { return Err(Unavailable::TimedOut) };
            // Whoever asked first may have had less time.
            let over = assumed.reader.is_ok() || matches!(assumed.reader, Err(Unavailable::NoReader(_)));
            if over || Instant::now() + AGAIN >= deadline {
                return assumed.reader.clone();
            }
            sleep(AGAIN).await;
        }
    }

    async fn assume(&self, account: &str, deadline: Instant) -> Assumed {
        let role = format!("arn:{}:iam::{account}:role/{}", self.partition, self.role);
        let call = || self.sts.assume_role().role_arn(&role).role_session_name(SESSION).send();
        let now = Instant::now();
        match self.calls.ask(deadline, "sts:AssumeRole", call).await.map(|answer| answer.credentials) {
            Lookup::Found(Some(given)) => {
                let ends = SystemTime::try_from(given.expiration).unwrap_or(SystemTime::UNIX_EPOCH);
                let left = ends.duration_since(SystemTime::now()).unwrap_or_default();
                let token = Some(given.session_token);
                let credentials = Credentials::new(given.access_key_id, given.secret_access_key, token, None, "reader");
                let config = aws::with_credentials(&self.config, credentials);
                let iam = Rc::new(IamReader::new(aws::iam(&config), self.documents.clone()));
                tracing::debug!(account, "reader role assumed");
                Assumed {
                    reader: Ok(Reader { iam, config }),
                    until: now + left.saturating_sub(RENEWED_BEFORE).max(Duration::from_secs(1)),
                }
            }
            // Asked again from time to time: the role may be deployed meanwhile.
            Lookup::Unavailable(Unavailable::Denied(_)) => {
                Assumed { reader: Err(Unavailable::NoReader("AccessDenied".into())), until: now + READER_REFUSED_FOR }
            }
            // A region that the account has switched off, for example.
            Lookup::Unavailable(Unavailable::Failed(code))
                if !code.raw().starts_with("Service") && !code.raw().starts_with("Internal") =>
            {
                Assumed { reader: Err(Unavailable::NoReader(code)), until: now + READER_REFUSED_FOR }
            }
            Lookup::Unavailable(why) => Assumed { reader: Err(why), until: now },
            Lookup::Found(None) | Lookup::Missing => {
                let why = Unavailable::NoReader("an answer without credentials".into());
                Assumed { reader: Err(why), until: now + READER_REFUSED_FOR }
            }
        }
    }
}

impl Readers {
    /// The readers of the account with this id, which the credentials belong to, and of the members.
    pub(super) fn new(
        client: Client,
        account: Option<String>,
        config: Option<SdkConfig>,
        members: Option<Rc<Members>>,
    ) -> Self {
        // One cache of documents for all accounts.
        let documents = members.as_ref().map(|members| members.documents.clone()).unwrap_or_default();
        Self { own: Rc::new(IamReader::new(client, documents)), account, config, members }
    }

    /// The reader of the own account.
    pub(super) fn own(&self) -> &IamReader {
        &self.own
    }

    /// Whether this is the own account, or may be.
    pub(super) fn is_own(&self, account: Option<&str>) -> bool {
        account.zip(self.account.as_deref()).is_none_or(|(account, own)| account == own)
    }

    /// The account, unless it is the own one.
    pub(super) fn other(&self, account: &AccountId) -> AccountId {
        account.clone().filter(|account| !self.is_own(Some(account)))
    }

    /// Whether the account is the own one, or may be a member.
    pub(super) fn know(&self, account: Option<&str>) -> bool {
        self.is_own(account) || (self.members.is_some() && account.is_some_and(is_account_id))
    }

    /// Whether IAM of the account throttled a moment ago.
    pub(super) fn are_busy(&self, account: Option<&str>) -> bool {
        match (account, &self.members) {
            _ if self.is_own(account) => self.own.calls.were_throttled(),
            (Some(account), Some(members)) => members.are_busy(account),
            _ => false,
        }
    }

    /// The reader of an account.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn of(&self, account: Option<&str>, deadline: Instant) -> Result<Rc<IamReader>, Unavailable> {
        match (account, &self.members) {
            _ if self.is_own(account) => Ok(self.own.clone()),
            (Some(account), Some(members)) if is_account_id(account) => {
                Ok(Box::pin(members.reader(account, deadline)).await?.iam)
            }
            _ => Err(ELSEWHERE),
        }
    }

    /// A configuration with the credentials for an account.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn config(&self, account: Option<&str>, deadline: Instant) -> Result<SdkConfig, Unavailable> {
        match (account, &self.members) {
            _ if self.is_own(account) => self.config.clone().ok_or(Unavailable::NotAsked("only IAM is asked here")),
            (Some(account), Some(members)) if is_account_id(account) => {
                Box::pin(members.config(account, deadline)).await
            }
            _ => Err(ELSEWHERE),
        }
    }

    /// Takes note of why a lookup with [`config`](Self::config) failed.
    pub(super) fn heed<T>(&self, account: Option<&str>, fact: &Lookup<T>) {
        let other = account.filter(|account| !self.is_own(Some(account)));
        if let (Some(account), Some(members), Some(reason)) = (other, &self.members, fact.unavailable()) {
            members.heed(account, reason);
        }
    }
}
