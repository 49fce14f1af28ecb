//! Limits: those that AWS sets, and those that keep an alert readable and an invocation short, each with its reason. A
//! limit of one channel only (the size of a card or a block) is in that channel.

use chrono::TimeDelta;
use std::time::Duration;

// --- The event ---

/// The most request parameters that are kept. A hostile request can have thousands.
pub const PARAMETERS: usize = 30;

// --- Time ---

/// The part of an invocation's time that nothing uses: the last answer must reach Lambda in time.
pub const MARGIN: Duration = Duration::from_secs(1);
/// The longest time that Lambda gives an invocation ("Lambda quotas"). A claim that lasts longer is forged, and void.
pub const LONGEST_INVOCATION: TimeDelta = TimeDelta::minutes(15);
/// The part of an invocation's time that is reserved for what comes after the mail: first the chat and Security Hub at the
/// same time, then the history.
pub const TIME_AFTER_THE_MAIL: Duration = Duration::from_millis(4_500);
/// The part of an invocation's time that is reserved for publishing. Lookups cannot use this part.
pub const TIME_TO_PUBLISH: Duration = Duration::from_secs(8);
/// How long SNS has for one mail. SNS answers within a tenth of a second; an attempt that is given up may be a mail, so
/// the next one may be the second.
pub const PATIENCE_WITH_SNS: Duration = Duration::from_secs(10);
/// The most attempts in one invocation of which it is not clear whether SNS took the mail.
pub const ATTEMPTS_TO_PUBLISH: usize = 2;
/// An attempt to publish is begun only if there is this much time for it.
pub const WORTH_AN_ATTEMPT: Duration = Duration::from_secs(1);
/// The timeout of one call to the history's table. The table answers quickly or not at all.
pub const HISTORY_TIMEOUT: Duration = Duration::from_secs(2);
/// The timeout of the call to the chat. The e-mail is sent before this call.
pub const CHAT_TIMEOUT: Duration = Duration::from_secs(2);
/// The timeout of the call to Security Hub. The e-mail is sent before this call.
pub const SECURITY_HUB_TIMEOUT: Duration = Duration::from_secs(2);

// --- The judgement of policies ---

/// The most resource patterns that are compared for one action. A hostile policy can have hundreds.
pub const RESOURCES_COMPARED: usize = 20;
/// The most characters that are compared for one set of policies: a hundredth of a second or so on a whole core, and
/// some ten times as long with the processor time that Lambda gives to 256 MB. Real policies need less than a hundredth
/// of this; the worst that IAM's quotas allow would need minutes.
pub const CHARACTERS_COMPARED: u64 = 30_000_000;
/// What the evaluation of one condition counts as, in characters compared.
pub const CONDITION_COMPARED: u64 = 300;

// --- Lookups ---

/// The most entities that are looked up because policies name them.
pub const NAMED_LOOKED_UP: usize = 6;

/// The most accounts of a trust policy of which is asked whether they are of the own organization.
pub const ACCOUNTS_ASKED: usize = 10;
/// How long the account's name may take.
pub const TIME_FOR_THE_NAME: Duration = Duration::from_secs(1);
/// The most accounts whose readers an instance keeps. An account that is dropped costs one call to STS when it is heard
/// of again.
pub const ACCOUNTS_READ: usize = 64;
/// A reader role is assumed again so long before its session ends.
pub const RENEWED_BEFORE: Duration = Duration::from_mins(5);
/// How long a refused reader role is not asked for again.
pub const READER_REFUSED_FOR: Duration = Duration::from_mins(1);
/// The most accounts whose names an instance keeps: more than an organization has without an agreement with AWS.
pub const ACCOUNTS_NAMED: usize = 5_000;
/// The most accounts whose names one summary asks for.
pub const ACCOUNTS_NAMED_AT_ONCE: usize = 40;
/// How long an account's name and its place in the organization are kept.
pub const NAMED_FOR: Duration = Duration::from_hours(1);
/// The most organizational units above an account: they nest five deep below the root ("Quotas for AWS Organizations").
pub const UNITS_READ: usize = 6;
/// How long callers and policy documents are cached. The data of a warm function is at most this old.
pub const CACHED_FOR: Duration = Duration::from_mins(5);
/// The most entries in a cache.
pub const CACHED: usize = 200;
/// The most items that are read from a list. IAM's own quotas are lower, except for inline policies.
pub const LISTED: usize = 100;
/// The same limit for a list that one call reads.
pub const LISTED_AT_ONCE: i32 = 100;
/// The most accounts or assignments of IAM Identity Center that are read from one list: ten calls, one after another.
pub const ACCOUNTS_LISTED: usize = 1_000;
/// The most pages that are read from one list. A page can be empty though there is another one.
pub const PAGES_READ: usize = 12;
/// The most policy documents that are read from one list.
pub const DOCUMENTS_READ: usize = 25;
/// The most policies in one page of an inventory: each can have five versions of 6 KB.
pub const INVENTORY_POLICIES: i32 = 50;
/// The most users, groups or roles in one page of an inventory.
pub const INVENTORY_ENTITIES: i32 = 100;
/// The most `OpenID` Connect providers in one page of an inventory: one call each, one after another.
pub const INVENTORY_OIDC_PROVIDERS: usize = 20;
/// The most SAML providers in one page of an inventory: the metadata of one can have 10 MB.
pub const INVENTORY_SAML_PROVIDERS: usize = 4;
/// The pauses before further lookups of a user that was just created and is not visible yet. IAM is eventually
/// consistent, usually within seconds.
pub const VISIBILITY_PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1_200)];

// --- The history ---

/// How far related activity reaches back and forward in time. Forward, because events arrive in any order.
pub const RELATED: TimeDelta = TimeDelta::days(1);
/// The most lines that are read from one list of the history.
pub const LINES_READ: i32 = 60;
/// The most suppressed alerts that one run of the summaries reads; the next run reads on.
pub const SUPPRESSED_READ: usize = 12_000;
/// The most days of accounts that a digest reads at the same time.
pub const DAYS_READ_AT_ONCE: usize = 8;
/// The pause between two mails of the summaries.
pub const BETWEEN_SUMMARIES: Duration = Duration::from_secs(1);
/// The longest wait for a place in the budget of the topic.
pub const WAIT_FOR_A_PLACE: Duration = Duration::from_secs(6);
/// The shortest time between two mails of one instance, if nothing is known of the mails of other instances.
pub const BETWEEN_MAILS: Duration = Duration::from_secs(1);
/// The most bytes of a record or an alert that are kept: an item has at most 400 KB ("Quotas", `DynamoDB` developer
/// guide).
pub const KEPT: usize = 120_000;
/// The most bytes of a key that are kept: a partition key has at most 2,048 bytes, a sort key 1,024. IAM names are much
/// shorter.
pub const KEY: usize = 900;

/// The most parts of an entity's trace that are read for an alert, the newest first.
pub const TRACE_READ: i32 = 20;
/// The most pages of an entity's trace that a comparison reads: a page has a megabyte at most.
pub const TRACE_PAGES: usize = 12;
/// The longest time that one page of an account's reading takes.
pub const PAGE_PATIENCE: Duration = Duration::from_secs(8);
/// How often IAM is asked whether the credential report is ready: once a run.
pub const REPORT_ASKED_FOR: u32 = 10;
/// So many runs in a row may read nothing because IAM is busy, before that is a failure.
pub const RUNS_WITHOUT_A_PAGE: u32 = 5;
/// The longest pause before an account that could not be read is tried again.
pub const LONGEST_PAUSE_OF_A_READING: TimeDelta = TimeDelta::hours(4);
/// After so many failed runs, the rest of a kind is left out: then a page of one entity cannot be read.
pub const GIVES_UP_A_KIND: u32 = 14;
/// How soon accounts are looked for again that were not heard of before.
pub const ACCOUNTS_LOOKED_FOR_AGAIN: TimeDelta = TimeDelta::minutes(5);
/// Events so long before a reading count in its comparison: the credential report is up to four hours old.
pub const COMPARED_BEFORE: TimeDelta = TimeDelta::minutes(5 * 60);
/// A comparison goes on only if there is this much time for the lookups of an alert.
pub const TIME_FOR_AN_ALERT: Duration = Duration::from_secs(5);
/// A key that is active for longer than this should be replaced (CIS AWS Foundations Benchmark).
pub const OLD_KEY: TimeDelta = TimeDelta::days(90);
/// The longest mute.
pub const LONGEST_MUTE: TimeDelta = TimeDelta::days(30);
/// How far the clock of whoever writes a review may be ahead.
pub const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

/// The most accounts in a message's attribute: it counts as a part of the message. A mail lists no more than this.
pub const ACCOUNTS_IN_AN_ATTRIBUTE: usize = 1_000;

// --- What is shown ---

/// The most values of one fact that are shown; the others are counted. Two thousand statements must not push the
/// commands out of the alert.
pub const VALUES_SHOWN: usize = 12;
/// The most lines that are shown of each list of related activity.
pub const RELATED_SHOWN: usize = 10;
/// The commands in an alert search for other calls from this time before the event.
pub const LOOK_BACK: TimeDelta = TimeDelta::hours(1);
/// A group of IAM Identity Center can be assigned to many permission sets; this many are read.
pub const PERMISSION_SETS_READ: usize = 30;
/// The pauses before the history is asked again for the cause of an event.
pub const CAUSE_PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
