//! The account as a whole: alias, password policy, root access of the organization. Also certificates, and tags of
//! resources that have no rows elsewhere.

use crate::catalog::attack::{AUTHENTICATION, CLOUD_ACCOUNTS, ROLES, TRUST};
use crate::catalog::row::iam;
use crate::catalog::types::AccessEffect::{
    ChangesFederation, ChangesPasswordPolicy, ChangesRootAccess, DelegatesAccess, None as NoEffect,
};
use crate::catalog::types::ObjectKind::{
    AccountAlias, AccountProperties, DelegationRequest, DelegationToken, Itself, OutboundFederation, PasswordPolicy,
    RootCredentialsManagement, RootSessions, StsPreferences,
};
use crate::catalog::types::Operation::{
    Accept, Associate, Change, Create, Delete, Disable, Enable, Reject, Rename, Send, Set, Tag, Untag, Upload,
};
use crate::catalog::types::TargetKind::{Account, MfaDevice, ServerCertificate};
use crate::catalog::types::{AccountContainment, Action, Containment};
use crate::severity::Severity::{High, Low, Medium};

const CERTIFICATE: &str = "Certificates for web servers grant nothing in AWS.";
const ROOT_ACCESS: &str = "The organization's management account can act as root in member accounts now.";
const NO_ROOT_ACCESS: &str =
    "Root users of member accounts are managed centrally no longer: each can have its own password and access keys.";

/// Another company's account asks for temporary access ("Temporary delegation", IAM user guide): the request is created
/// there, then associated with an identity of this account and accepted here, and the token is sent last.
#[rustfmt::skip] // A row is read across.
pub const DELEGATION: &[Action] = &[
    iam("CreateDelegationRequest", Create, DelegationRequest, Account).named(&["delegationRequestId"])
        .is(NoEffect, Medium, "The request asks for temporary access to an account. It grants nothing until somebody there accepts it.")
        .contained_by(Containment::OfAccount(AccountContainment::RejectDelegation)).watched(),
    iam("AssociateDelegationRequest", Associate, DelegationRequest, Account).named(&["delegationRequestId"])
        .is(NoEffect, Medium, "An account outside asks for temporary access to this one. The request grants nothing until somebody accepts it.")
        .contained_by(Containment::OfAccount(AccountContainment::RejectDelegation)).technique(ROLES).watched(),
    iam("UpdateDelegationRequest", Change, DelegationRequest, Account).named(&["delegationRequestId"])
        .is(NoEffect, Low, "A note was added to the request, and the request waits for approval. It grants nothing until somebody accepts it."),
    iam("AcceptDelegationRequest", Accept, DelegationRequest, Account).named(&["delegationRequestId"])
        .is(DelegatesAccess, High, "An account outside gets temporary access to this one, with the permissions in the request, as the principal who accepted it. The access begins when the token is sent; until then the request can be rejected.")
        .contained_by(Containment::OfAccount(AccountContainment::RejectDelegation)).technique(ROLES).watched(),
    iam("SendDelegationToken", Send, DelegationToken, Account).named(&["delegationRequestId"])
        .is(DelegatesAccess, High, "An account outside has temporary access to this one now, with the permissions in the request, as the principal who accepted it. This cannot be rolled back.")
        .contained_by(Containment::OfAccount(AccountContainment::ReviewDelegation)).technique(ROLES).watched(),
    iam("RejectDelegationRequest", Reject, DelegationRequest, Account).named(&["delegationRequestId"]).revokes(),
];

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
    iam("EnableOutboundWebIdentityFederation", Enable, OutboundFederation, Account)
        .is(ChangesFederation, Medium, "Principals of this account can get tokens with which services outside of AWS recognise them. Whoever may call sts:GetWebIdentityToken can use this.")
        .contained_by(Containment::OfAccount(AccountContainment::DisableOutboundFederation)).technique(TRUST).watched(),
    iam("DisableOutboundWebIdentityFederation", Disable, OutboundFederation, Account)
        .is(NoEffect, Low, "Principals of this account get no tokens for services outside of AWS any more."),
    iam("PutAccountProperties", Set, AccountProperties, Account)
        .is(NoEffect, Medium, "The properties turn features of IAM on or off for the whole account; review the request parameters.").watched(),
    iam("TagMFADevice", Tag, Itself, MfaDevice).tags(),
    iam("UntagMFADevice", Untag, Itself, MfaDevice).tags(),
    iam("TagServerCertificate", Tag, Itself, ServerCertificate).tags(),
    iam("UntagServerCertificate", Untag, Itself, ServerCertificate).tags(),
];
