//! IAM Identity Center: assignments and permission sets, its directory, and where its users come from.
//!
//! The calls are those of the "IAM Identity Center API Reference" and of the "Identity Store API Reference". The console
//! has calls of its own, which the service authorization references name; their parameters are not documented.

use super::attack::{CREATE_ACCOUNT, DEVICE, MANIPULATION, MFA, ROLES, TRUST};
use super::row::of;
use super::types::AccessEffect::{
    AddsToGroup, AssignsAccess, ChangesWorkforceSignIn, Creates, GrantsCredential, None as NoEffect, Provisions,
    PutsInlinePolicy, RegistersMfa, WeakensMfa,
};
use super::types::CenterContainment::{
    AssignAgain, DeleteInlinePolicy, DetachCustomerManagedPolicy, DetachManagedPolicy, DisableUser, RemoveAssignment,
    RemoveMember, ReviewPermissionSet, ReviewSettings, ReviewTokenIssuer,
};
use super::types::Containment::InIdentityCenter;
use super::types::ObjectKind::{
    Application, CustomerManagedPolicy, EmailVerification, ExternalProvider, Group as InGroup, GroupMembership,
    IdentityCenterSettings, IdentitySource, Itself, ManagedPolicy, MfaDevice, MfaRegistration, MfaSettings, Password,
    PermissionSet as Set, PermissionsBoundary, ProviderCertificate, ProvisioningAccess, SetPolicy,
};
use super::types::Operation::{
    Activate, Add, Assign, Attach, Change, Create, Deactivate, Delete, Detach, Disable, Enable, Provision, Put,
    Register, Remove, Set as SetTo, Start, Unassign, Upload,
};
use super::types::TargetKind::{
    self, DirectoryGroup, DirectoryIdentity, DirectoryUser, IdentityCenter, PermissionSet, TokenIssuer,
};
use super::types::{Action, ChainStep, ObjectKind, Operation, PolicyLookup, TargetLookup, When};
use crate::severity::Severity::{self, Critical, High, Low, Medium};

const SSO: &str = "sso";
const STORE: &str = "identitystore";
/// The calls of the console to the directory.
const DIRECTORY_SERVICE: &str = "sso-directory";

const ASSIGNED: &str = "The user or group can use the permission set in the account, as soon as IAM Identity Center has written its role there.";
const SIGN_IN: &str = "Whoever controls this can decide who signs in to the accounts, and as whom.";
const EQUIPPED: &[ChainStep] = &[ChainStep::UserEquipped];

/// An assignment. A denied call does not say whose.
const fn assigns(when: When, target: TargetKind) -> Action {
    of(SSO, "CreateAccountAssignment", Assign, Set, target)
        .when(when)
        .named(&["permissionSetArn"])
        .about_account(&["targetId"])
        .is(AssignsAccess, Medium, ASSIGNED)
        .looks_up(TargetLookup::Name)
        .reads_policy(PolicyLookup::GivenPermissionSet)
        .contained_by(InIdentityCenter(RemoveAssignment))
        .steps(EQUIPPED)
        .technique(ROLES)
        .watched()
}

const fn unassigns(when: When, target: TargetKind) -> Action {
    of(SSO, "DeleteAccountAssignment", Unassign, Set, target)
        .when(when)
        .named(&["permissionSetArn"])
        .about_account(&["targetId"])
        .revokes()
        .looks_up(TargetLookup::Name)
        .contained_by(InIdentityCenter(AssignAgain))
}

/// A call on a permission set.
const fn set(event_name: &'static str, operation: Operation, object: ObjectKind) -> Action {
    of(SSO, event_name, operation, object, PermissionSet).looks_up(TargetLookup::Current)
}

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    assigns(When::Is("principalType", "USER"), DirectoryUser),
    assigns(When::Is("principalType", "GROUP"), DirectoryGroup),
    assigns(When::Always, DirectoryIdentity),
    unassigns(When::Is("principalType", "USER"), DirectoryUser),
    unassigns(When::Is("principalType", "GROUP"), DirectoryGroup),
    unassigns(When::Always, DirectoryIdentity),
    set("CreatePermissionSet", Create, Itself)
        .is(Creates, Low, "A new permission set has no policies, and nobody is assigned to it.")
        .contained_by(InIdentityCenter(ReviewPermissionSet)).technique(ROLES).watched(),
    set("UpdatePermissionSet", Change, Itself)
        .is(NoEffect, Low, "The policies of the permission set do not change."),
    set("DeletePermissionSet", Delete, Itself).gone().revokes(),
    set("PutInlinePolicyToPermissionSet", Put, SetPolicy).document(&["inlinePolicy"])
        .is(PutsInlinePolicy, Medium, IN_ALL_ACCOUNTS)
        .contained_by(InIdentityCenter(DeleteInlinePolicy)).technique(ROLES).watched(),
    set("DeleteInlinePolicyFromPermissionSet", Delete, SetPolicy).deletes_inline_policy()
        .contained_by(InIdentityCenter(ReviewPermissionSet)),
    set("AttachManagedPolicyToPermissionSet", Attach, ManagedPolicy).attaches_policy(&[]).named(&["managedPolicyArn"])
        .contained_by(InIdentityCenter(DetachManagedPolicy)),
    set("DetachManagedPolicyFromPermissionSet", Detach, ManagedPolicy).detaches_policy().named(&["managedPolicyArn"])
        .contained_by(InIdentityCenter(ReviewPermissionSet)),
    set("AttachCustomerManagedPolicyReferenceToPermissionSet", Attach, CustomerManagedPolicy)
        .named(&["customerManagedPolicyReference.name"])
        .is(NoEffect, High, "Each account has its own policy of this name. What these policies grant was not read; they can grant full access.")
        .contained_by(InIdentityCenter(DetachCustomerManagedPolicy)).technique(ROLES).watched(),
    set("DetachCustomerManagedPolicyReferenceFromPermissionSet", Detach, CustomerManagedPolicy)
        .named(&["customerManagedPolicyReference.name"])
        .is(NoEffect, Medium, "Each account has its own policy of this name. If it denied something, that is allowed now.")
        .contained_by(InIdentityCenter(ReviewPermissionSet)).watched(),
    set("PutPermissionsBoundaryToPermissionSet", SetTo, PermissionsBoundary).sets_boundary()
        .named(&["permissionsBoundary.managedPolicyArn", "permissionsBoundary.customerManagedPolicyReference.name"])
        .contained_by(InIdentityCenter(ReviewPermissionSet)),
    set("DeletePermissionsBoundaryFromPermissionSet", Remove, PermissionsBoundary).removes_boundary()
        .contained_by(InIdentityCenter(ReviewPermissionSet)).steps(&[]),
    set("ProvisionPermissionSet", Provision, Itself).about_account(&["targetId"])
        .is(Provisions, Low, "IAM Identity Center writes the role of the permission set again in its accounts. What changed in the permission set before is in effect there then.")
        .watched(),
    of(SSO, "CreateTrustedTokenIssuer", Create, Itself, TokenIssuer)
        .is(ChangesWorkforceSignIn, High, "Applications can exchange tokens of this issuer for access as users of IAM Identity Center.")
        .contained_by(InIdentityCenter(ReviewTokenIssuer)).technique(TRUST).watched(),
    of(SSO, "UpdateTrustedTokenIssuer", Change, Itself, TokenIssuer)
        .is(ChangesWorkforceSignIn, High, "The mapping decides as which user a token is accepted.")
        .contained_by(InIdentityCenter(ReviewTokenIssuer)).technique(TRUST).watched(),
    of(SSO, "DeleteTrustedTokenIssuer", Delete, Itself, TokenIssuer).revokes(),
    of(SSO, "CreateInstance", Create, Itself, IdentityCenter)
        .is(NoEffect, Medium, "The account has an instance of IAM Identity Center of its own now, for applications. It assigns no access to accounts.")
        .watched(),
    of(SSO, "DeleteInstance", Delete, Itself, IdentityCenter)
        .is(ChangesWorkforceSignIn, High, "Everybody who signs in through this instance is locked out, and its assignments are gone.")
        .contained_by(InIdentityCenter(ReviewSettings)).watched(),
    of(SSO, "UpdateInstance", Change, IdentityCenterSettings, IdentityCenter).is(NoEffect, Low, "Name or encryption of the instance; nobody gets access by them."),
    of(SSO, "AddRegion", Add, Itself, TargetKind::Region)
        .is(NoEffect, Medium, "People can sign in through one more region. Its events are seen here only if a rule there forwards them.")
        .watched(),
    of(SSO, "RemoveRegion", Remove, Itself, TargetKind::Region).is(NoEffect, Low, "People cannot sign in through the region any more."),
];

const IN_ALL_ACCOUNTS: &str =
    "The policy is in effect in each account of the permission set, once the permission set is provisioned there.";

/// A call on the directory by the public API, or by the console.
const fn user(service: &'static str, event_name: &'static str, operation: Operation, object: ObjectKind) -> Action {
    of(service, event_name, operation, object, DirectoryUser)
}

const fn creates_user(service: &'static str) -> Action {
    user(service, "CreateUser", Create, Itself)
        .is(Creates, Low, "A new user has no access until it is assigned, or is in a group that is.")
        .looks_up(TargetLookup::Name)
        .contained_by(InIdentityCenter(DisableUser))
        .steps(&[ChainStep::UserCreated])
        .technique(CREATE_ACCOUNT)
        .watched()
}

const fn adds_member(service: &'static str, event_name: &'static str) -> Action {
    user(service, event_name, Add, InGroup)
        .named(&["groupId"])
        .is(AddsToGroup, Medium, "The user can use what the group is assigned to, in all accounts.")
        .looks_up(TargetLookup::Name)
        .reads_policy(PolicyLookup::GivenAssignments)
        .contained_by(InIdentityCenter(RemoveMember))
        .steps(EQUIPPED)
        .technique(ROLES)
        .watched()
}

/// The user is gone, or cannot sign in any more.
const fn stops_user(service: &'static str, event_name: &'static str, operation: Operation) -> Action {
    user(service, event_name, operation, Itself).revokes().looks_up(TargetLookup::Name)
}

const fn changes_user(service: &'static str, event_name: &'static str) -> Action {
    user(service, event_name, Change, Itself)
        .is(
            NoEffect,
            Medium,
            "Whoever changes the name or the e-mail address of a user can receive what is sent to the user: the link to \
             set a new password, or the sign-in of another person.",
        )
        .looks_up(TargetLookup::Name)
        .contained_by(InIdentityCenter(DisableUser))
        .technique(MANIPULATION)
}

#[rustfmt::skip] // A row is read across.
pub const DIRECTORY: &[Action] = &[
    creates_user(STORE),
    creates_user(DIRECTORY_SERVICE),
    adds_member(STORE, "CreateGroupMembership"),
    adds_member(DIRECTORY_SERVICE, "AddMemberToGroup"),
    of(STORE, "DeleteGroupMembership", Delete, GroupMembership, IdentityCenter).named(&["membershipId"]).revokes(),
    user(DIRECTORY_SERVICE, "RemoveMemberFromGroup", Remove, InGroup).named(&["groupId"]).revokes().looks_up(TargetLookup::Name),
    stops_user(STORE, "DeleteUser", Delete),
    stops_user(DIRECTORY_SERVICE, "DeleteUser", Delete),
    stops_user(DIRECTORY_SERVICE, "DisableUser", Deactivate),
    user(DIRECTORY_SERVICE, "EnableUser", Activate, Itself)
        .is(NoEffect, Low, "The user can sign in again.").looks_up(TargetLookup::Name),
    changes_user(STORE, "UpdateUser"),
    changes_user(DIRECTORY_SERVICE, "UpdateUser"),
    changes_user(DIRECTORY_SERVICE, "UpdateUserName"),
    user(DIRECTORY_SERVICE, "VerifyEmail", Register, EmailVerification)
        .is(NoEffect, Low, "The owner of the mailbox confirmed the address.").looks_up(TargetLookup::Name),
    user(DIRECTORY_SERVICE, "UpdatePassword", Change, Password)
        .is(GrantsCredential, Medium, "Whoever knows the new password can sign in as this user, if no MFA device is asked for.")
        .looks_up(TargetLookup::Current).contained_by(InIdentityCenter(DisableUser)).technique(MANIPULATION).watched(),
    user(DIRECTORY_SERVICE, "DeleteMfaDeviceForUser", Remove, MfaDevice)
        .is(WeakensMfa, Medium, "If the settings allow it, the user signs in without MFA now, or registers a device at the next sign-in.")
        .looks_up(TargetLookup::Current).contained_by(InIdentityCenter(DisableUser)).technique(MFA).watched(),
    user(DIRECTORY_SERVICE, "UpdateMfaDeviceForUser", Change, MfaDevice).is(NoEffect, Low, "The device has another name."),
    user(DIRECTORY_SERVICE, "StartVirtualMfaDeviceRegistration", Start, MfaRegistration).is(NoEffect, Low, "The device has no effect until its registration is complete."),
    user(DIRECTORY_SERVICE, "StartWebAuthnDeviceRegistration", Start, MfaRegistration).is(NoEffect, Low, "The device has no effect until its registration is complete."),
    user(DIRECTORY_SERVICE, "CompleteVirtualMfaDeviceRegistration", Register, MfaDevice)
        .is(RegistersMfa, Low, "The owner of the device can pass MFA as this user.")
        .looks_up(TargetLookup::Name).contained_by(InIdentityCenter(DisableUser)).technique(DEVICE).watched(),
    user(DIRECTORY_SERVICE, "CompleteWebAuthnDeviceRegistration", Register, MfaDevice)
        .is(RegistersMfa, Low, "The owner of the device can pass MFA as this user.")
        .looks_up(TargetLookup::Name).contained_by(InIdentityCenter(DisableUser)).technique(DEVICE).watched(),
    of(STORE, "CreateGroup", Create, Itself, DirectoryGroup).is(Creates, Low, "A new group is assigned to nothing.").looks_up(TargetLookup::Name),
    of(DIRECTORY_SERVICE, "CreateGroup", Create, Itself, DirectoryGroup).is(Creates, Low, "A new group is assigned to nothing.").looks_up(TargetLookup::Name),
    of(STORE, "UpdateGroup", Change, Itself, DirectoryGroup).is(NoEffect, Low, "The name of a group grants nothing.").looks_up(TargetLookup::Name),
    of(STORE, "DeleteGroup", Delete, Itself, DirectoryGroup).revokes(),
    of(DIRECTORY_SERVICE, "DeleteGroup", Delete, Itself, DirectoryGroup).revokes(),
];

/// A change of where the users come from, or of what is demanded of them.
const fn center(
    service: &'static str,
    event_name: &'static str,
    operation: Operation,
    object: ObjectKind,
    base: Severity,
    because: &'static str,
) -> Action {
    of(service, event_name, operation, object, IdentityCenter)
        .is(ChangesWorkforceSignIn, base, because)
        .contained_by(InIdentityCenter(ReviewSettings))
        .technique(TRUST)
        .watched()
}

const SOURCE: &str =
    "Another directory decides who the users are. Whoever controls the directory can sign in as each of them.";
const SOURCE_OFF: &str = "The users of this directory are locked out, and another source of users can take its place.";
const PROVIDER: &str =
    "Whoever controls the external identity provider can sign in as every user, with all that the user is assigned to.";
const PROVIDER_READY: &str =
    "The provider has no effect until it is enabled. Then whoever controls it can sign in as every user.";
const PROVIDER_OFF: &str =
    "The users of the external identity provider are locked out, or sign in with passwords of IAM Identity Center.";
const CERTIFICATE: &str = "Whoever has the key of this certificate can sign in as every user.";
const SCIM: &str = "Whoever has the token can create users and change who is in which group, and so who has access.";

#[rustfmt::skip] // A row is read across.
pub const CONSOLE: &[Action] = &[
    center(SSO, "AssociateDirectory", Change, IdentitySource, High, SOURCE),
    center(DIRECTORY_SERVICE, "AssociateDirectory", Change, IdentitySource, High, SOURCE),
    center(SSO, "DisassociateDirectory", Remove, IdentitySource, High, SOURCE_OFF),
    center(DIRECTORY_SERVICE, "DisassociateDirectory", Remove, IdentitySource, High, SOURCE_OFF),
    center(SSO, "EnableExternalIdPConfigurationForDirectory", Enable, ExternalProvider, Critical, PROVIDER),
    center(DIRECTORY_SERVICE, "EnableExternalIdPConfigurationForDirectory", Enable, ExternalProvider, Critical, PROVIDER),
    center(SSO, "DisableExternalIdPConfigurationForDirectory", Disable, ExternalProvider, High, PROVIDER_OFF),
    center(DIRECTORY_SERVICE, "DisableExternalIdPConfigurationForDirectory", Disable, ExternalProvider, High, PROVIDER_OFF),
    center(DIRECTORY_SERVICE, "CreateExternalIdPConfigurationForDirectory", Create, ExternalProvider, High, PROVIDER_READY),
    center(DIRECTORY_SERVICE, "UpdateExternalIdPConfigurationForDirectory", Change, ExternalProvider, Critical, PROVIDER),
    center(DIRECTORY_SERVICE, "DeleteExternalIdPConfigurationForDirectory", Delete, ExternalProvider, High, PROVIDER_OFF),
    center(DIRECTORY_SERVICE, "ImportExternalIdPCertificate", Upload, ProviderCertificate, Critical, CERTIFICATE),
    center(DIRECTORY_SERVICE, "DeleteExternalIdPCertificate", Delete, ProviderCertificate, Medium, PROVIDER_OFF),
    center(DIRECTORY_SERVICE, "CreateBearerToken", Create, ProvisioningAccess, High, SCIM),
    center(DIRECTORY_SERVICE, "CreateProvisioningTenant", Enable, ProvisioningAccess, Medium, SCIM),
    of(DIRECTORY_SERVICE, "DeleteBearerToken", Delete, ProvisioningAccess, IdentityCenter).revokes(),
    of(DIRECTORY_SERVICE, "DeleteProvisioningTenant", Disable, ProvisioningAccess, IdentityCenter).revokes(),
    center(DIRECTORY_SERVICE, "PutMfaDeviceManagementForDirectory", Change, MfaSettings, High, MFA_SETTINGS).technique(MFA),
    center(DIRECTORY_SERVICE, "UpdateMfaDeviceManagementForDirectory", Change, MfaSettings, High, MFA_SETTINGS).technique(MFA),
    center(SSO, "PutMfaDeviceManagementForDirectory", Change, MfaSettings, High, MFA_SETTINGS).technique(MFA),
    center(SSO, "UpdateSSOConfiguration", Change, IdentityCenterSettings, Medium, "The settings decide how long sessions last, and how people sign in."),
    center(SSO, "StartSSO", Enable, IdentityCenterSettings, High, SIGN_IN),
    of(SSO, "AssociateProfile", Assign, Application, IdentityCenter)
        .is(NoEffect, Low, "A user or group was assigned to an application. Access to accounts is assigned by other calls."),
    of(SSO, "DisassociateProfile", Unassign, Application, IdentityCenter).revokes(),
];

const MFA_SETTINGS: &str = "The settings decide whether people are asked for MFA, and who can register devices.";
