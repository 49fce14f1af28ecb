//! Sign-in to the AWS Management Console.

use super::attack::CLOUD_ACCOUNTS;
use super::row::of;
use super::types::{AccessEffect, Action, ObjectKind, Operation, TargetKind};
use crate::severity::Severity;

pub const ACTIONS: &[Action] =
    &[of("signin", "ConsoleLogin", Operation::SignIn, ObjectKind::Itself, TargetKind::Account)
        .is(
            AccessEffect::SignsIn,
            Severity::Critical,
            "The root user has full access, and is meant for the few tasks that require it.",
        )
        .technique(CLOUD_ACCOUNTS)
        .watched()];
