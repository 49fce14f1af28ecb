//! The history's table in DynamoDB. Only this module knows the keys and attributes. Stored names never change, so that
//! a newer version can read what an older one wrote.
//!
//! | item | `pk` | `sk` |
//! | --- | --- | --- |
//! | the event, with the alert and the record | `EVENT#<eventID>` | `EVENT` |
//! | a line of what an actor did | `ACTOR#<key>` | `<time>#<eventID>` |
//! | the same of an actor in all accounts, see [`across_accounts`](super::across_accounts) | `ACTOR#<key>` | `<time>#<eventID>` |
//! | a line of what happened to a target | `TARGET#<key>` | `<time>#<eventID>` |
//! | a line of what happened in an account on a day | `DAY#<account>#<date>` | `<time>#<eventID>` |
//! | how often an actor made a call on a day, see [`burst`](super::burst) | `FLOOD#<date>` | `<actor key>#<call>` |
//! | a line of what an event may follow from, see [`caused_by`](super::caused_by) | `CAUSE#<key>` | `<time>#<eventID>` |
//! | the first account in which an actor made a change | `SAME#<actor key>#<change>` | `FIRST` |
//! | when an account last proved that its events arrive | `HEARTBEAT` | `<account>` |
//! | how many mails took a place in a minute, see [`budget`](super::budget) | `FLOOD#mails` | `<minute>` |
//! | a suppressed alert, see [`summary`](super::summary) | `FLOOD#suppressed` | `<time>#<eventID>` |
//! | how far the summaries have come | `FLOOD#summaries` | `PROGRESS` |
//! | which event's alert names a chain | `CHAIN#<chain>#<eventID of its last first step>` | `CHAIN` |
//! | a mute, see [`review`](super::review) | `REVIEW` | `MUTE#<id>` |
//! | an acknowledgement | `REVIEW` | `ACK#<time>#<eventID>` |
//! | how far the digests have come, see [`digest`](super::digest) | `DIGEST` | `PROGRESS` |
//! | what was last read of an entity of IAM, see [`baseline`](crate::baseline) | `ENTITY#<account>:iam:<kind>/<name>` | `NOW` |
//! | what was read of it before | the same | `<time>#BASELINE` |
//! | what a call changed of it | the same | `<time>#<eventID>` |
//! | which entities the baseline of an account has | `BASELINE#<account>` | `<kind>/<name>` |
//! | an entity that is to be compared with the events | `CHECK#<account>` | `<time>#<kind>/<name>` |
//! | how far the baseline of an account has come | `BASELINES` | `<account>` |
//! | which entities a reading has seen so far | `SEEN#<account>` | `SEEN` |
//! | since when there is a history | `HISTORY` | `BEGIN` |
//!
//! Activity of other services that is not alerted on is listed by day only: it does not change access. The lines are
//! items of the table and not of an index, so that a read finds what was written a moment ago.

mod answers;
mod baselines;
mod bursts;
mod causes;
mod digest;
mod dynamodb;
mod former;
mod heartbeats;
mod items;
pub mod keys;
mod repeats;
mod reviews;
mod suppressed;
mod table;
mod traces;
mod values;

pub use baselines::{Index, Renewed, short};
pub use keys::{Table, TableQuery};
pub use reviews::Reviewed;
pub use table::History;
