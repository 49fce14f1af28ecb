//! Credentials of IAM users, and MFA devices.

use crate::catalog::attack::{DEVICE, MFA, REMOVAL};
use crate::catalog::row::{DELETED, iam};
use crate::catalog::types::AccessEffect::{Creates, None as NoEffect, RegistersMfa, WeakensMfa};
use crate::catalog::types::ObjectKind::{
    self, AccessKey, ConsolePassword, Itself, MfaDevice, ServiceSpecificCredential, SigningCertificate, SshPublicKey,
};
use crate::catalog::types::Operation::{
    Activate, Change, Create, Deactivate, Delete, Register, Reset, Resynchronize, Upload,
};
use crate::catalog::types::TargetKind::{MfaDevice as Device, User};
use crate::catalog::types::{Action, ChainStep, Containment, CredentialKind, OnCaller, TargetLookup, When};
use crate::severity::Severity::{Low, Medium};

/// The three meanings of an action that changes the status of a credential. A denied call does not say which one.
const fn status(
    event_name: &'static str,
    object: ObjectKind,
    object_at: &'static [&'static str],
    containment: Containment,
) -> [Action; 3] {
    [
        iam(event_name, Activate, object, User)
            .named(object_at)
            .when(When::Is("status", "Active"))
            .grants_credential(containment),
        iam(event_name, Deactivate, object, User)
            .named(object_at)
            .when(When::Is("status", "Inactive"))
            .revokes_credential(),
        iam(event_name, Change, object, User).named(object_at).grants_credential(containment),
    ]
}

const ACCESS_KEY: [Action; 3] = status(
    "UpdateAccessKey",
    AccessKey,
    &["accessKeyId"],
    Containment::DeactivateCredential(CredentialKind::AccessKey),
);
const SERVICE_CREDENTIAL: [Action; 3] = status(
    "UpdateServiceSpecificCredential",
    ServiceSpecificCredential,
    &["serviceSpecificCredentialId"],
    Containment::DeactivateCredential(CredentialKind::ServiceSpecific),
);
const SSH_KEY: [Action; 3] = status(
    "UpdateSSHPublicKey",
    SshPublicKey,
    &["sSHPublicKeyId"],
    Containment::DeactivateCredential(CredentialKind::SshPublicKey),
);
const CERTIFICATE: [Action; 3] = status(
    "UpdateSigningCertificate",
    SigningCertificate,
    &["certificateId"],
    Containment::DeactivateCredential(CredentialKind::SigningCertificate),
);

const PASSWORD: &[ChainStep] = &[ChainStep::UserEquipped, ChainStep::PasswordSet];

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    iam("CreateAccessKey", Create, AccessKey, User).named(&["accessKeyId"])
        .grants_credential(Containment::DeactivateCredential(CredentialKind::AccessKey)),
    ACCESS_KEY[0],
    ACCESS_KEY[1],
    ACCESS_KEY[2],
    iam("DeleteAccessKey", Delete, AccessKey, User).named(&["accessKeyId"]).on_caller(OnCaller::IfUnnamed)
        .conceals(Low, DELETED).looks_up(TargetLookup::Current).technique(REMOVAL),
    iam("CreateLoginProfile", Create, ConsolePassword, User)
        .grants_credential(Containment::DeletePassword).steps(PASSWORD),
    iam("UpdateLoginProfile", Change, ConsolePassword, User)
        .grants_credential(Containment::DeletePassword).steps(PASSWORD),
    iam("DeleteLoginProfile", Delete, ConsolePassword, User).on_caller(OnCaller::IfUnnamed)
        .conceals(Low, "The user can no longer sign in to the console.").looks_up(TargetLookup::Current).technique(REMOVAL),
    iam("ChangePassword", Change, ConsolePassword, User).on_caller(OnCaller::Always)
        .is(NoEffect, Low, "Users can change only their own password this way, and must know the old one.")
        .steps(&[ChainStep::PasswordSet]).watched(),
    iam("CreateServiceSpecificCredential", Create, ServiceSpecificCredential, User)
        .named(&["serviceSpecificCredentialId", "serviceName"])
        .grants_service_credential(),
    SERVICE_CREDENTIAL[0],
    SERVICE_CREDENTIAL[1],
    SERVICE_CREDENTIAL[2],
    iam("ResetServiceSpecificCredential", Reset, ServiceSpecificCredential, User).named(&["serviceSpecificCredentialId"])
        .grants_service_credential(),
    iam("DeleteServiceSpecificCredential", Delete, ServiceSpecificCredential, User)
        .named(&["serviceSpecificCredentialId"]).revokes_credential(),
    iam("UploadSSHPublicKey", Upload, SshPublicKey, User).named(&["sSHPublicKeyId"])
        .grants_credential(Containment::DeactivateCredential(CredentialKind::SshPublicKey)),
    SSH_KEY[0],
    SSH_KEY[1],
    SSH_KEY[2],
    iam("DeleteSSHPublicKey", Delete, SshPublicKey, User).named(&["sSHPublicKeyId"]).revokes_credential(),
    iam("UploadSigningCertificate", Upload, SigningCertificate, User).named(&["certificateId"])
        .grants_credential(Containment::DeactivateCredential(CredentialKind::SigningCertificate)),
    CERTIFICATE[0],
    CERTIFICATE[1],
    CERTIFICATE[2],
    iam("DeleteSigningCertificate", Delete, SigningCertificate, User).named(&["certificateId"]).revokes_credential(),

    iam("CreateVirtualMFADevice", Create, Itself, Device)
        .is(Creates, Low, "The device has no effect until it is registered for a user.").technique(DEVICE).watched(),
    iam("DeleteVirtualMFADevice", Delete, Itself, Device)
        .conceals(Low, "A device must be deactivated before it can be deleted.").technique(MFA),
    iam("EnableMFADevice", Register, MfaDevice, User).named(&["serialNumber"]).on_caller(OnCaller::IfUnnamed)
        .is(RegistersMfa, Low, "The owner of the device can pass MFA as this user.")
        .looks_up(TargetLookup::Current).contained_by(Containment::DeactivateMfaDevice).technique(DEVICE).watched(),
    iam("DeactivateMFADevice", Deactivate, MfaDevice, User).named(&["serialNumber"]).on_caller(OnCaller::IfUnnamed)
        .is(WeakensMfa, Medium, "Without MFA, the password alone is enough to sign in.")
        .looks_up(TargetLookup::Current).contained_by(Containment::BlockUntilMfa)
        .steps(&[ChainStep::MfaRemoved]).technique(MFA).watched(),
    iam("ResyncMFADevice", Resynchronize, MfaDevice, User).named(&["serialNumber"]).on_caller(OnCaller::IfUnnamed)
        .is(NoEffect, Low, "Resynchronization corrects the counter of a device; the device stays the same."),
];
