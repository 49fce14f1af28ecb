//! The path of one event. Read [`Handler`] first. `history_session` contains what the path needs of the history,
//! `quiet` which alerts get no mail, `sending` how an alert goes out, `deliver` the channels beside the mail,
//! `schedule` what the schedule calls the function for.

mod baseline;
mod comparing;
mod deliver;
mod digest;
mod draft;
mod expecting;
mod first_reading;
mod handler;
mod heartbeats;
mod history_session;
mod quiet;
mod remembered;
mod result;
mod schedule;
mod scheduled;
mod sending;
mod summaries;
mod timetable;
mod watchdog;

pub use deliver::Channels;
pub use draft::{Decision, Draft, KeptBack};
pub use expecting::Expecting;
pub use handler::Handler;
pub use result::{InvocationError, InvocationResult};
pub use timetable::Timetable;
pub use watchdog::Watchdog;

#[cfg(test)]
mod vocabulary;
