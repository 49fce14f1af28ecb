//! Who is expected to change which access.

mod subject;

pub use subject::{action_of, target_of};
