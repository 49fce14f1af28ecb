//! The account as a whole: alias, password policy, root access of the organization. Also certificates, and tags of
//! resources that have no rows elsewhere.

use crate::catalog::attack::{AUTHENTICATION, CLOUD_ACCOUNTS};
use crate::catalog::row::iam;
use crate::catalog::types::AccessEffect::{ChangesPasswordPolicy, ChangesRootAccess, None as NoEffect};
use crate::catalog::types::ObjectKind::{
    AccountAlias, Itself, PasswordPolicy, RootCredentialsManagement, RootSessions, StsPreferences,
};
use crate::catalog::types::Operation::{Change, Create, Delete, Disable, Enable, Rename, Tag, Untag, Upload};
use crate::catalog::types::TargetKind::{Account, MfaDevice, ServerCertificate};
use crate::catalog::types::{AccountContainment, Action, Containment};
use crate::severity::Severity::{High, Low, Medium};

const CERTIFICATE: &str = "Certificates for web servers grant nothing in AWS.";
const ROOT_ACCESS: &str = "The organization's management account can act as root in member accounts now.";
const NO_ROOT_ACCESS: &str =
    "Root users of member accounts are managed centrally no longer: each can have its own password and access keys.";

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    iam("CreateAccountAlias", Create, AccountAlias, Account).named(&["accountAlias"])
        .conceals(Low, "The account has another name now, in these alerts and at sign-in."),
    iam("DeleteAccountAlias", Delete, AccountAlias, Account).named(&["accountAlias"])
        .conceals(Low, "The sign-in address with this name no longer works; another account can take the name."),
    iam("UpdateAccountPasswordPolicy", Change, PasswordPolicy, Account)
        .is(ChangesPasswordPolicy, Medium, "The policy decides how weak passwords of this account can be.")
        .contained_by(Containment::OfAccount(AccountContainment::RestorePasswordPolicy)).technique(AUTHENTICATION).watched(),
    iam("DeleteAccountPasswordPolicy", Delete, PasswordPolicy, Account)
        .is(ChangesPasswordPolicy, Medium, "AWS's default decides now how weak passwords can be.")
        .contained_by(Containment::OfAccount(AccountContainment::RestorePasswordPolicy)).technique(AUTHENTICATION).watched(),
    iam("UploadServerCertificate", Upload, Itself, ServerCertificate).is(NoEffect, Low, CERTIFICATE),
    iam("UpdateServerCertificate", Rename, Itself, ServerCertificate).is(NoEffect, Low, CERTIFICATE),
    iam("DeleteServerCertificate", Delete, Itself, ServerCertificate).revokes(),
    iam("SetSecurityTokenServicePreferences", Change, StsPreferences, Account)
        .is(NoEffect, Low, "The preferences decide in which regions tokens of the global endpoint work, not who gets tokens."),
    iam("EnableOrganizationsRootCredentialsManagement", Enable, RootCredentialsManagement, Account)
        .is(ChangesRootAccess, High, ROOT_ACCESS)
        .contained_by(Containment::OfAccount(AccountContainment::DisableRootCredentialsManagement)).technique(CLOUD_ACCOUNTS).watched(),
    iam("DisableOrganizationsRootCredentialsManagement", Disable, RootCredentialsManagement, Account)
        .is(ChangesRootAccess, Medium, NO_ROOT_ACCESS).watched(),
    iam("EnableOrganizationsRootSessions", Enable, RootSessions, Account)
        .is(ChangesRootAccess, High, ROOT_ACCESS)
        .contained_by(Containment::OfAccount(AccountContainment::DisableRootSessions)).technique(CLOUD_ACCOUNTS).watched(),
    iam("DisableOrganizationsRootSessions", Disable, RootSessions, Account)
        .is(ChangesRootAccess, Medium, NO_ROOT_ACCESS).watched(),
    iam("TagMFADevice", Tag, Itself, MfaDevice).tags(),
    iam("UntagMFADevice", Untag, Itself, MfaDevice).tags(),
    iam("TagServerCertificate", Tag, Itself, ServerCertificate).tags(),
    iam("UntagServerCertificate", Untag, Itself, ServerCertificate).tags(),
];
