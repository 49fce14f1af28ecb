//! How a row is written, and what many rows share. A row states every value as data; no value is derived from another.

use super::attack::{CREDENTIALS, ROLES, Technique};
use super::meaning::{FieldMeaning, FieldValue};
use super::types::{
    AccessEffect, Action, ChainStep, Containment, CredentialKind, ObjectKind, OnCaller, Operation, PolicyLookup,
    Restore, TargetKind, TargetLookup, When,
};
use crate::severity::Severity::{self, Critical, Low, Medium};

/// Begins a row of IAM: the operation, its object and the kind of target.
pub(super) const fn iam(
    event_name: &'static str,
    operation: Operation,
    object: ObjectKind,
    target: TargetKind,
) -> Action {
    of("iam", event_name, operation, object, target)
}

/// Begins a row of any service.
pub(super) const fn of(
    service: &'static str,
    event_name: &'static str,
    operation: Operation,
    object: ObjectKind,
    target: TargetKind,
) -> Action {
    Action {
        service,
        event_name,
        when: When::Always,
        operation,
        object,
        object_at: &[],
        target,
        account_at: &[],
        document_at: &[],
        on_caller: OnCaller::Never,
        effect: AccessEffect::None,
        lookup: TargetLookup::Nothing,
        policy_lookup: PolicyLookup::Nothing,
        containment: Containment::Nothing,
        steps: &[],
        base: Low,
        because: "",
        fields: &[],
        always_has: &[],
        technique: None,
        watched_by_default: false,
    }
}

impl Action {
    pub(super) const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    /// The fields of the object's name.
    pub(super) const fn named(self, object_at: &'static [&'static str]) -> Self {
        Self { object_at, ..self }
    }

    /// The fields of the account that the call is about.
    pub(super) const fn about_account(self, account_at: &'static [&'static str]) -> Self {
        Self { account_at, ..self }
    }

    /// The fields of the policy.
    pub(super) const fn document(self, document_at: &'static [&'static str]) -> Self {
        Self { document_at, ..self }
    }

    pub(super) const fn on_caller(self, on_caller: OnCaller) -> Self {
        Self { on_caller, ..self }
    }

    /// The effect of the action on access, its base severity, and the reason for that severity.
    pub(super) const fn is(self, effect: AccessEffect, base: Severity, because: &'static str) -> Self {
        Self { effect, base, because, ..self }
    }

    pub(super) const fn looks_up(self, lookup: TargetLookup) -> Self {
        Self { lookup, ..self }
    }

    pub(super) const fn reads_policy(self, policy_lookup: PolicyLookup) -> Self {
        Self { policy_lookup, ..self }
    }

    pub(super) const fn contained_by(self, containment: Containment) -> Self {
        Self { containment, ..self }
    }

    pub(super) const fn steps(self, steps: &'static [ChainStep]) -> Self {
        Self { steps, ..self }
    }

    /// The fields that decide the severity.
    pub(super) const fn fields(self, fields: &'static [FieldMeaning]) -> Self {
        Self { fields, ..self }
    }

    /// Fields of which a request always has one.
    pub(super) const fn always_has(self, always_has: &'static [&'static str]) -> Self {
        Self { always_has, ..self }
    }

    pub(super) const fn technique(self, technique: Technique) -> Self {
        Self { technique: Some(technique), ..self }
    }

    pub(super) const fn watched(self) -> Self {
        Self { watched_by_default: true, ..self }
    }

    // --- Shared by many rows ---

    pub(super) const fn attaches_policy(self, steps: &'static [ChainStep]) -> Self {
        self.named(&["policyArn"])
            .is(AccessEffect::AttachesPolicy, Medium, IN_EFFECT)
            .looks_up(TargetLookup::Current)
            .reads_policy(PolicyLookup::GivenPolicy)
            .contained_by(Containment::DetachPolicy)
            .steps(steps)
            .technique(ROLES)
            .watched()
    }

    pub(super) const fn puts_inline_policy(self, steps: &'static [ChainStep]) -> Self {
        self.named(&["policyName"])
            .is(AccessEffect::PutsInlinePolicy, Medium, IN_EFFECT)
            .looks_up(TargetLookup::Current)
            .contained_by(Containment::DeleteInlinePolicy)
            .steps(steps)
            .technique(ROLES)
            .watched()
    }

    pub(super) const fn detaches_policy(self) -> Self {
        self.named(&["policyArn"])
            .is(AccessEffect::DetachesPolicy, Low, POLICY_REMOVED)
            .looks_up(TargetLookup::Current)
            .reads_policy(PolicyLookup::RemovedPolicy)
            .contained_by(Containment::AttachPolicyAgain)
            .watched()
    }

    pub(super) const fn deletes_inline_policy(self) -> Self {
        self.named(&["policyName"])
            .is(AccessEffect::DetachesPolicy, Low, POLICY_REMOVED)
            .looks_up(TargetLookup::Current)
            .contained_by(Containment::BlockIfUnrestricted)
            .watched()
    }

    pub(super) const fn sets_boundary(self) -> Self {
        self.named(&["permissionsBoundary"])
            .is(
                AccessEffect::SetsBoundary,
                Low,
                "A boundary restricts access; but a stricter boundary may have been replaced.",
            )
            .looks_up(TargetLookup::Current)
            .reads_policy(PolicyLookup::GivenPolicy)
            .contained_by(Containment::BlockUntilBoundary)
            .technique(ROLES)
            .watched()
    }

    pub(super) const fn removes_boundary(self) -> Self {
        self.is(
            AccessEffect::RemovesBoundary,
            Medium,
            "A permissions boundary limits what policies grant; the boundary is removed.",
        )
        .looks_up(TargetLookup::Current)
        .contained_by(Containment::BlockUntilBoundary)
        .steps(&[ChainStep::BoundaryRemoved])
        .technique(ROLES)
        .watched()
    }

    /// A user gets a credential.
    pub(super) const fn grants_credential(self, containment: Containment) -> Self {
        self.on_caller(OnCaller::IfUnnamed)
            .is(AccessEffect::GrantsCredential, Medium, "The credential is valid until revoked.")
            .looks_up(TargetLookup::Current)
            .contained_by(containment)
            .steps(&[ChainStep::UserEquipped])
            .technique(CREDENTIALS)
            .watched()
    }

    /// As [`grants_credential`](Self::grants_credential), for a credential that can have an expiry.
    pub(super) const fn grants_service_credential(self) -> Self {
        self.grants_credential(Containment::DeactivateCredential(CredentialKind::ServiceSpecific)).is(
            AccessEffect::GrantsCredential,
            Medium,
            "The credential works until it expires or is revoked.",
        )
    }

    /// A credential of a user is removed or deactivated.
    pub(super) const fn revokes_credential(self) -> Self {
        self.on_caller(OnCaller::IfUnnamed).revokes().looks_up(TargetLookup::Current)
    }

    /// Renames or deletes something, so that it is harder to find.
    pub(super) const fn conceals(self, base: Severity, because: &'static str) -> Self {
        self.is(AccessEffect::Conceals, base, because).watched()
    }

    pub(super) const fn revokes(self) -> Self {
        self.is(AccessEffect::Revokes, Low, "The call removes access and grants none.")
    }

    /// The target is deleted.
    pub(super) const fn gone(self) -> Self {
        self.looks_up(TargetLookup::UnlessGone)
    }

    pub(super) const fn tags(self) -> Self {
        self.is(AccessEffect::None, Low, "Tags change no access, unless a condition in a policy uses them.")
    }

    /// Restores something that these alerts depend on.
    pub(super) const fn restores_alerting(self) -> Self {
        self.is(AccessEffect::RestoresAlerting, Low, "These alerts depend on this resource. The call restores it.")
            .watched()
    }

    /// Changes something that these alerts depend on.
    pub(super) const fn impairs_alerting(self, restore: Restore, technique: Technique) -> Self {
        self.is(
            AccessEffect::ImpairsAlerting,
            Critical,
            "These alerts depend on this resource. Intruders disable detection and alerting first.",
        )
        .looks_up(TargetLookup::Current)
        .contained_by(Containment::Restore(restore))
        .technique(technique)
        .watched()
    }
}

/// The meaning of a value of a field.
pub(super) const fn means(
    field: &'static str,
    value: FieldValue,
    severity: Severity,
    because: &'static str,
) -> FieldMeaning {
    FieldMeaning { field, value, severity, because }
}

pub(super) const IN_EFFECT: &str = "The policy is in effect.";
const POLICY_REMOVED: &str = "A policy was removed. That grants nothing, unless the policy denied something.";
pub(super) const RENAMED: &str =
    "CloudTrail has earlier events under the old name, and policies may still use the old name.";
pub(super) const MOVED: &str = "Policies that name the old ARN no longer apply.";
pub(super) const DELETED: &str =
    "What could be looked up about the deleted entity is gone. Somebody may be covering their tracks.";
