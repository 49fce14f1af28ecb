//! What IAM kept of an account when it was last read, and what the events say since: what was before a change, and what
//! changed without an event.
//!
//! IAM is read once a day. An [`Entity`](State) is what was read of a user, a role, a policy: its parts are [`Aspect`]s,
//! each of which a call can change by itself. The event of a call says what its call [`Change`]d. A [`Trace`] has both of
//! one entity, and answers two questions: what was before this event ([`Former`])? And is what IAM has now what the
//! baseline and the events lead to ([`Unexplained`])?
//!
//! Everything here is pure. The history keeps the traces, `lookup` reads the account, `app` compares once a day.

mod aspect;
mod change;
mod compare;
mod findings;
mod found;
mod progress;
mod state;
mod trace;

pub use aspect::{Aspect, Name};
pub use change::{Change, Part, Sets, changes};
pub use compare::{Unexplained, Window, renamed_from, same, unexplained};
pub use findings::{FirstFindings, Names};
pub use found::records;
pub use progress::{Due, EVENTS_ARRIVE_WITHIN, Progress, Reading};
pub use state::{State, named_by, state_of};
pub use trace::{Former, Read, Recorded, Source, Trace, Was, late};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
