//! AWS Account Management: how the owner of an account is reached, and which regions it uses ("AWS Account Management
//! Reference Guide"). `accountId` is there if the management account changes a member.

use super::attack::{MANIPULATION, UNUSED_REGIONS};
use super::row::of;
use super::types::AccessEffect::{ChangesContact, None as NoEffect};
use super::types::Containment::InOrganization;
use super::types::ObjectKind::{AccountName, AlternateContact, ContactInformation, Itself, RootEmail, RootEmailChange};
use super::types::Operation::{Change, Delete, Disable, Enable, Request, Set};
use super::types::OrganizationContainment::{DisableRegion, ReviewContact, ReviewEmail};
use super::types::TargetKind::{Account, Region};
use super::types::{Action, ObjectKind, Operation, TargetKind, When};
use crate::severity::Severity::{Critical, High, Low, Medium};

const fn call(event_name: &'static str, operation: Operation, object: ObjectKind, target: TargetKind) -> Action {
    of("account", event_name, operation, object, target).about_account(&["accountId"])
}

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    call("StartPrimaryEmailUpdate", Request, RootEmailChange, Account)
        .is(ChangesContact, High, "Once the code that was sent to the new address is entered, whoever reads that mailbox can recover the password of the root user.")
        .contained_by(InOrganization(ReviewEmail)).technique(MANIPULATION).watched(),
    call("AcceptPrimaryEmailUpdate", Change, RootEmail, Account)
        .is(ChangesContact, Critical, "Whoever reads the new mailbox can recover the password of the root user, and owns the account then.")
        .contained_by(InOrganization(ReviewEmail)).technique(MANIPULATION).watched(),
    call("PutAlternateContact", Set, AlternateContact, Account).when(When::Is("alternateContactType", "SECURITY"))
        .is(ChangesContact, High, "AWS sends its security notices to this contact: exposed keys, abuse, compromised resources.")
        .contained_by(InOrganization(ReviewContact)).technique(MANIPULATION).watched(),
    call("PutAlternateContact", Set, AlternateContact, Account)
        .is(ChangesContact, Medium, "AWS sends its notices about billing or operations to this contact.")
        .contained_by(InOrganization(ReviewContact)).technique(MANIPULATION).watched(),
    call("DeleteAlternateContact", Delete, AlternateContact, Account).when(When::Is("alternateContactType", "SECURITY"))
        .is(ChangesContact, Medium, "AWS sends its security notices only to the mailbox of the root user now.")
        .contained_by(InOrganization(ReviewContact)).technique(MANIPULATION).watched(),
    call("DeleteAlternateContact", Delete, AlternateContact, Account)
        .is(ChangesContact, Low, "AWS sends its notices only to the mailbox of the root user now.").watched(),
    call("PutContactInformation", Set, ContactInformation, Account)
        .is(ChangesContact, Medium, "AWS uses the address and the telephone number to find out who owns the account.")
        .contained_by(InOrganization(ReviewContact)).technique(MANIPULATION).watched(),
    call("PutAccountName", Set, AccountName, Account)
        .is(NoEffect, Low, "The account has another name now, in these alerts and at sign-in."),
    call("EnableRegion", Enable, Itself, Region)
        .is(NoEffect, Medium, "Resources can run in the region now. Intruders use regions that nobody watches.")
        .contained_by(InOrganization(DisableRegion)).technique(UNUSED_REGIONS).watched(),
    call("DisableRegion", Disable, Itself, Region)
        .is(NoEffect, Low, "Nobody can use the region any more; its resources stay, and cost."),
];
