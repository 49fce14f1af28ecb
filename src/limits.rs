//! How much of everything: bounds that AWS sets, and bounds that keep an alert readable and a run short. Each with its
//! reason. What only one channel knows (the size of a card, of a block) stands in that channel.

use chrono::TimeDelta;
use std::time::Duration;

// --- The event ---

/// How many parameters of a request are kept. A hostile request can have thousands.
pub const PARAMETERS: usize = 30;

// --- Time ---

/// How much of an invocation's time is kept for publishing, whatever the lookups do.
pub const TIME_TO_PUBLISH: Duration = Duration::from_secs(6);
/// How long one call to the history's table may take. The table answers quickly or not at all.
pub const HISTORY_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the chat may take: the e-mail is sent by then.
pub const CHAT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long Security Hub may take: the e-mail is sent by then.
pub const SECURITY_HUB_TIMEOUT: Duration = Duration::from_secs(2);

// --- Lookups ---

/// How long callers and policy documents are cached. A warm function is behind by at most that.
pub const CACHED_FOR: Duration = Duration::from_mins(5);
/// How many entries a cache has.
pub const CACHED: usize = 200;
/// How much of a list is read. IAM's own quotas are lower for all but inline policies.
pub const LISTED: usize = 100;
/// The same, where one call reads the list.
pub const LISTED_AT_ONCE: i32 = 100;
/// How many policy documents of one list are read.
pub const DOCUMENTS_READ: usize = 25;
/// How often a user that was just created, and is not visible yet, is asked for, and the pause before each further time.
/// IAM is eventually consistent, within seconds as a rule.
pub const VISIBILITY_PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1_200)];

// --- The history ---

/// How far related activity reaches back, and forward: events arrive in any order.
pub const RELATED: TimeDelta = TimeDelta::days(1);
/// How many lines of a list are read.
pub const LINES_READ: i32 = 60;
/// How much of a record or an alert is kept, in bytes: an item has at most 400 KB ("Quotas", `DynamoDB` developer guide).
pub const KEPT: usize = 120_000;
/// How much of a key is kept, in bytes: a partition key has at most 2,048 bytes, a sort key 1,024. Names of IAM are far
/// shorter.
pub const KEY: usize = 900;

// --- What is shown ---

/// How many values of one fact are shown; the rest is counted. Two thousand statements must not push the commands out.
pub const VALUES_SHOWN: usize = 12;
/// How many lines of related activity are shown of each list.
pub const RELATED_SHOWN: usize = 10;
/// How many suppressed alerts a summary shows.
pub const SUPPRESSED_SHOWN: usize = 10;
/// How long before the event the commands in an alert look for other calls.
pub const LOOK_BACK: TimeDelta = TimeDelta::hours(1);
