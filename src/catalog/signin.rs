//! Sign-in to the AWS Management Console, and changes of the root user's sign-in on the sign-in page ("AWS Management
//! Console sign-in events", AWS `CloudTrail` User Guide).

use super::attack::{CLOUD_ACCOUNTS, MANIPULATION};
use super::patterns::SIGN_IN_ANOMALY;
use super::row::of;
use super::types::AccessEffect::{ChangesRootSignIn, SignsIn, SwitchesRole, WarnsOfSignIn};
use super::types::ObjectKind::{Itself, RootEmail, RootPassword, RootPasswordRecovery, UnusualSignIn};
use super::types::Operation::{Change, Complete, Detect, Request, SignIn, Switch};
use super::types::TargetKind::{Account, Role, RootUser, User};
use super::types::{Action, ChainStep, Containment, OnCaller, TargetLookup, When};
use crate::severity::Severity::{Critical, High, Low};

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    of("signin", "ConsoleLogin", SignIn, Itself, Account).when(When::ByRoot)
        .is(SignsIn, Critical, "The root user has full access, and is meant for the few tasks that require it.")
        .technique(CLOUD_ACCOUNTS).watched(),
    of("signin", "ConsoleLogin", SignIn, Itself, User).on_caller(OnCaller::Always)
        .is(SignsIn, Low, "People sign in to the console every day.").looks_up(TargetLookup::Current)
        .contained_by(Containment::DeletePassword).steps(&[ChainStep::SignedIn]).technique(CLOUD_ACCOUNTS).watched(),
    of("signin", "SwitchRole", Switch, Itself, Role)
        .is(SwitchesRole, Low, "People switch roles in the console every day.").looks_up(TargetLookup::Current)
        .technique(CLOUD_ACCOUNTS),
    of("signin", SIGN_IN_ANOMALY, Detect, UnusualSignIn, Account)
        .is(WarnsOfSignIn, High, "AWS itself found the sign-in unusual. What AWS says about it is in the request parameters.")
        .technique(CLOUD_ACCOUNTS).watched(),
    of("signin", "PasswordRecoveryRequested", Request, RootPasswordRecovery, RootUser)
        .is(ChangesRootSignIn, High, "Anybody who knows the e-mail address can ask for this. Whoever reads the mailbox of the root user can set a new password now.")
        .technique(MANIPULATION).watched(),
    of("signin", "PasswordRecoveryCompleted", Complete, RootPasswordRecovery, RootUser)
        .is(ChangesRootSignIn, Critical, "Somebody who reads the mailbox of the root user set a new password. The root user has full access.")
        .technique(MANIPULATION).watched(),
    of("signin", "PasswordUpdated", Change, RootPassword, RootUser)
        .is(ChangesRootSignIn, Critical, "The former password does not work any more. The root user has full access.")
        .technique(MANIPULATION).watched(),
    of("signin", "EmailUpdated", Change, RootEmail, RootUser)
        .is(ChangesRootSignIn, Critical, "Whoever reads the new mailbox can recover the password of the root user, and owns the account then.")
        .technique(MANIPULATION).watched(),
];
