//! The history's table in DynamoDB: the only place that knows its keys and attributes. Stored names never change, so that
//! a newer version reads what an older one wrote.
//!
//! | item | `pk` | `sk` |
//! | --- | --- | --- |
//! | the event, with the alert and the record | `EVENT#<eventID>` | `EVENT` |
//! | a line of what an actor did | `ACTOR#<key>` | `<time>#<eventID>` |
//! | a line of what happened to a target | `TARGET#<key>` | `<time>#<eventID>` |
//! | a line of what happened in an account on a day | `DAY#<account>#<date>` | `<time>#<eventID>` |
//! | how often an actor made a call on a day, see [`burst`](super::burst) | `FLOOD#<date>` | `<actor key>#<call>` |
//! | which event's alert names a chain | `CHAIN#<chain>#<eventID of its last first step>` | `CHAIN` |
//! | since when there is a history | `HISTORY` | `BEGIN` |
//!
//! What other services did that is not alerted on stands under its day only: nobody's access changed. The lines stand in
//! the table itself, and not in an index, so that a read sees what was written a moment ago.

mod answers;
mod bursts;
mod dynamodb;
mod items;
pub mod keys;
mod table;
mod values;

pub use keys::{Table, TableQuery};
pub use table::History;
