//! The baseline of each account: which entities it has, how far its reading has come, and what is to be compared.
//!
//! The index has a small item for each entity, so that a reading need not ask for what did not change.

use super::answers::{each_item, if_accepted, patient, unless_refused, why_not};
use super::keys::{BASELINES, Item, NOW, SEEN, at, check_list, entity_list, index_list, keys};
use super::table::History;
use super::traces::{entity_key, read_item, read_of, read_place};
use super::values::{millis, number, text, time, untrusted};
use crate::baseline::{Progress, Read, Reading};
use crate::history::HistoryError;
use crate::limits::{HISTORY_TIMEOUT, LONGEST_INVOCATION};
use crate::text::{Untrusted, fingerprint};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, TransactWriteItem};
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use std::collections::{BTreeSet, HashMap};
use tokio::time::{Instant, timeout_at};

/// A transaction has at most a hundred writes, and four megabytes.
const WRITES_AT_ONCE: usize = 96;
const BYTES_AT_ONCE: usize = 2_000_000;

/// The hash of each entity of the baseline, by the fingerprint of its key.
#[derive(Debug, Default)]
pub struct Index(HashMap<u64, [u8; 16]>);

/// An entity that was read, and is not as it was.
#[derive(Debug)]
pub struct Renewed {
    pub resource: String,
    pub read: Read,
    /// What was read before.
    pub former: Option<Read>,
}

impl Index {
    /// Whether the entity was like this when it was last read.
    #[must_use]
    pub fn has(&self, resource: &str, content: &str) -> bool {
        self.0.get(&short(resource)) == Some(&hash(content))
    }

    #[must_use]
    pub fn knows(&self, resource: &str) -> bool {
        self.0.contains_key(&short(resource))
    }

    pub fn note(&mut self, resource: &str, content: &str) {
        self.0.insert(short(resource), hash(content));
    }
}

/// A number for a key: of the few ten thousand entities of an account, no two have the same by chance.
#[must_use]
pub fn short(resource: &str) -> u64 {
    u64::from_str_radix(&fingerprint(resource)[..16], 16).unwrap_or_default()
}

fn hash(content: &str) -> [u8; 16] {
    u128::from_str_radix(&fingerprint(content), 16).unwrap_or_default().to_be_bytes()
}

impl History {
    /// How far the baselines of all accounts have come.
    ///
    /// # Errors
    /// If that could not be read.
    pub async fn baselines(&self) -> Result<HashMap<Untrusted, Progress>, HistoryError> {
        let mut all = HashMap::new();
        each_item("baselines", &self.of(BASELINES), |item| {
            all.extend(untrusted(item, "sk").map(|account| (account, progress(item))));
        })
        .await?;
        Ok(all)
    }

    /// When the last reading of an account ended; `None` if it was never read to the end.
    ///
    /// # Errors
    /// If that could not be read.
    pub async fn last_reading(&self, account: &Untrusted) -> Result<Option<DateTime<Utc>>, HistoryError> {
        let answer = patient("last reading", self.one(BASELINES, account.raw()).send()).await?;
        Ok(answer.items().first().and_then(|item| progress(item).last).map(|(_, ended)| ended))
    }

    /// Takes the baseline of an account for this invocation, until a time; `None` if another invocation has it.
    ///
    /// # Errors
    /// If that is not known.
    pub async fn take_baseline(
        &self,
        account: &Untrusted,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<Progress>, HistoryError> {
        let call = self
            .update(keys(BASELINES, account.raw()))
            .update_expression("SET claimedUntil = :until")
            .condition_expression("attribute_not_exists(claimedUntil) OR claimedUntil < :now OR claimedUntil > :forged")
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":until", millis(until))
            .expression_attribute_values(":forged", millis(now + LONGEST_INVOCATION))
            .return_values(ReturnValue::AllNew)
            .send();
        let answer = if_accepted("take baseline", call).await?;
        Ok(answer.map(|answer| answer.attributes.as_ref().map(progress).unwrap_or_default()))
    }

    /// Notes how far the baseline of an account has come, and gives it back.
    ///
    /// # Errors
    /// If that could not be noted: then the same part is read again.
    pub async fn note_baseline(
        &self,
        account: &Untrusted,
        progress: &Progress,
        until: DateTime<Utc>,
    ) -> Result<(), HistoryError> {
        let state = serde_json::to_string(progress).map_err(|_| HistoryError::NotBuilt)?;
        let call = self
            .update(keys(BASELINES, account.raw()))
            .update_expression("SET claimedUntil = :over, progress = :progress")
            .condition_expression("claimedUntil = :until")
            .expression_attribute_values(":until", millis(until))
            .expression_attribute_values(":over", number(0))
            .expression_attribute_values(":progress", text(&state))
            .send();
        if unless_refused("note baseline", call).await? { Ok(()) } else { Err(HistoryError::Contended) }
    }

    /// The entities of an account that a reading which goes on has seen before; `None` if they were not noted.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn seen(&self, account: &Untrusted, run: DateTime<Utc>) -> Result<Option<BTreeSet<u64>>, HistoryError> {
        let answer = patient("seen", self.of(&format!("{SEEN}{}", account.raw())).send()).await?;
        let item = answer.items().first().filter(|item| item.get("run") == Some(&text(&at(run))));
        let seen = item.and_then(|item| item.get("seen")?.as_b().ok());
        Ok(seen.map(|seen| {
            let numbers = seen.as_ref().chunks_exact(8);
            numbers.filter_map(|chunk| Some(u64::from_be_bytes(chunk.try_into().ok()?))).collect()
        }))
    }

    /// Notes which entities a reading has seen, for the invocation that goes on.
    ///
    /// # Errors
    /// If that could not be noted.
    pub async fn note_seen(
        &self,
        account: &Untrusted,
        run: DateTime<Utc>,
        seen: &BTreeSet<u64>,
    ) -> Result<(), HistoryError> {
        let bytes: Vec<u8> = seen.iter().flat_map(|number| number.to_be_bytes()).collect();
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(keys(&format!("{SEEN}{}", account.raw()), "SEEN")))
            .item("run", text(&at(run)))
            .item("seen", AttributeValue::B(Blob::new(bytes)))
            .send();
        patient("note seen", call).await.map(|_| ())
    }

    /// The index of an account.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn index(&self, account: &Untrusted) -> Result<Index, HistoryError> {
        let mut index = Index::default();
        self.each_entity(account, |resource, hash| {
            let hash = u128::from_str_radix(hash, 16).unwrap_or_default();
            index.0.insert(short(resource), hash.to_be_bytes());
        })
        .await?;
        Ok(index)
    }

    /// Calls a function with the key and the hash of each entity of an account.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn each_entity(
        &self,
        account: &Untrusted,
        mut found: impl FnMut(&str, &str),
    ) -> Result<(), HistoryError> {
        each_item("index", &self.of(&index_list(account.raw())), |item| {
            let field = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
            // An entity that is gone has no hash.
            if let Some((resource, hash)) = field("sk").zip(field("hash")) {
                found(resource, hash);
            }
        })
        .await
    }

    /// Writes what was read of entities: all of one transaction, or nothing. `compare`: whether differences are compared
    /// with the events later, which a first reading has nothing for.
    ///
    /// # Errors
    /// If they could not be written. What was written before need not be written again.
    pub async fn renew(&self, account: &Untrusted, renewed: &[Renewed], compare: bool) -> Result<(), HistoryError> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for one in renewed {
            let writes = self.writes_of(account, one, compare)?;
            let size = one.size();
            if batch.len() + writes.len() > WRITES_AT_ONCE || bytes + size > BYTES_AT_ONCE {
                self.write_all(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
            batch.extend(writes);
            bytes += size;
        }
        self.write_all(batch).await
    }

    fn writes_of(
        &self,
        account: &Untrusted,
        one: &Renewed,
        compare: bool,
    ) -> Result<Vec<TransactWriteItem>, HistoryError> {
        let list = entity_list(&entity_key(account, &one.resource));
        let hash = one.read.content.as_ref().map(|content| fingerprint(&content.to_string())).unwrap_or_default();
        let mut entity = read_item(&one.read, &hash);
        entity.extend(read_place(&list, &one.read, true));
        let mut index = keys(&index_list(account.raw()), &one.resource);
        let expiring = || self.expiring_after(one.read.since);
        if one.read.content.is_some() {
            index.insert("hash".into(), text(&hash));
        } else {
            // Nobody asks for it again; its trace is kept as long as the events.
            index.extend(expiring());
            entity.extend(expiring());
        }
        let former = one.former.as_ref().map(|former| {
            let mut item = read_item(former, "");
            item.extend(read_place(&list, former, false));
            item.extend(expiring());
            item
        });
        let check = compare.then(|| {
            let place = format!("{}#{}", at(one.read.since), one.resource);
            let mut item = keys(&check_list(account.raw()), &place);
            item.insert("resource".into(), text(&one.resource));
            item.extend(expiring());
            item
        });
        let items = [Some(entity), Some(index), former, check].into_iter().flatten();
        items.map(|item| self.put(item)).collect()
    }

    async fn write_all(&self, writes: Vec<TransactWriteItem>) -> Result<(), HistoryError> {
        if writes.is_empty() {
            return Ok(());
        }
        let call = Box::pin(self.client.transact_write_items().set_transact_items(Some(writes)).send());
        match timeout_at(Instant::now() + 2 * HISTORY_TIMEOUT, call).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(why_not("renew", &error)),
            Err(_) => Err(HistoryError::TimedOut),
        }
    }

    /// The entities of an account that a reading found changed, or that events changed, between two times; each once,
    /// and sorted.
    ///
    /// # Errors
    /// If they could not be read.
    pub async fn to_compare(
        &self,
        account: &Untrusted,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<BTreeSet<String>, HistoryError> {
        let mut all = BTreeSet::new();
        let query = self.within(&check_list(account.raw()), &(at(from), format!("{}~", at(to))));
        each_item("to compare", &query, |item| {
            all.extend(item.get("resource").and_then(|resource| resource.as_s().ok()).cloned());
        })
        .await?;
        Ok(all)
    }

    /// What was last read of an entity, if it is in the baseline.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn newest(&self, account: &Untrusted, resource: &str) -> Result<Option<Read>, HistoryError> {
        let list = entity_list(&entity_key(account, resource));
        let answer = patient("entity", self.one(&list, NOW).send()).await?;
        let item = answer.items().first();
        Ok(item.and_then(|item| Some(read_of(item, time(item, "since")?))))
    }

    /// What some entities are by now, as far as the baseline has them, with what the events say since.
    ///
    /// # Errors
    /// If it could not be read.
    pub async fn entities(
        &self,
        account: &Untrusted,
        resources: &[String],
        until: DateTime<Utc>,
    ) -> Result<Vec<Reading>, HistoryError> {
        let reads = resources.iter().map(async |resource| {
            let trace = Box::pin(self.trace(account, resource, until)).await?;
            let current = trace.current();
            Ok(current.map(|(since, content)| Reading { resource: resource.clone(), since, content }))
        });
        let all: Result<Vec<_>, _> = join_all(reads).await.into_iter().collect();
        all.map(|all| all.into_iter().flatten().collect())
    }
}

impl Renewed {
    fn size(&self) -> usize {
        let size = |read: &Read| read.content.as_ref().map_or(0, |content| content.to_string().len());
        size(&self.read) + self.former.as_ref().map_or(0, size) + 1_000
    }
}

fn progress(item: &Item) -> Progress {
    let written = item.get("progress").and_then(|progress| serde_json::from_str(progress.as_s().ok()?).ok());
    written.unwrap_or_default()
}
