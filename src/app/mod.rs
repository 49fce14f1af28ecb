//! The journey of one event: [`Handler`] is the story, read it first. `history_session` is what it has to do with the
//! history, `deliver` the channels beside the mail, `bursts` what the schedule calls the function for.

mod bursts;
mod deliver;
mod draft;
mod handler;
mod history_session;
mod result;

pub use deliver::Channels;
pub use draft::{Decision, Draft};
pub use handler::Handler;
pub use result::{InvocationError, InvocationResult};

#[cfg(test)]
mod vocabulary;
