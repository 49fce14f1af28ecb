//! Customer managed policies and their versions.

use crate::catalog::attack::ROLES;
use crate::catalog::row::iam;
use crate::catalog::types::AccessEffect::{Creates, DraftsPolicyVersion, RewritesPolicy};
use crate::catalog::types::ObjectKind::{DefaultVersion, Itself, NewDefaultVersion, NewVersion, OldVersion};
use crate::catalog::types::Operation::{Create, Delete, Set, Tag, Untag};
use crate::catalog::types::TargetKind::Policy;
use crate::catalog::types::{Action, ChainStep, Containment, TargetLookup, When};
use crate::severity::Severity::{Low, Medium};

const IN_EFFECT: &str = "The version is in effect for all identities that the policy is attached to.";

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    iam("CreatePolicy", Create, Itself, Policy)
        .is(Creates, Low, "A policy grants nothing until it is attached.").looks_up(TargetLookup::Current).watched(),
    iam("DeletePolicy", Delete, Itself, Policy).revokes().gone(),
    iam("CreatePolicyVersion", Create, NewDefaultVersion, Policy).named(&["versionId"]).when(When::True("setAsDefault"))
        .is(RewritesPolicy, Medium, IN_EFFECT)
        .looks_up(TargetLookup::Current).contained_by(Containment::RestoreDefaultVersion).technique(ROLES).watched(),
    iam("CreatePolicyVersion", Create, NewVersion, Policy).named(&["versionId"])
        .is(DraftsPolicyVersion, Low, "The new version is not in effect until somebody makes it the default.")
        .looks_up(TargetLookup::Current).contained_by(Containment::CheckDefaultVersion)
        .steps(&[ChainStep::VersionWritten]).technique(ROLES).watched(),
    iam("DeletePolicyVersion", Delete, OldVersion, Policy).named(&["versionId"]).revokes().looks_up(TargetLookup::Current),
    iam("SetDefaultPolicyVersion", Set, DefaultVersion, Policy).named(&["versionId"])
        .is(RewritesPolicy, Medium, IN_EFFECT)
        .looks_up(TargetLookup::Current).contained_by(Containment::RestoreDefaultVersion)
        .steps(&[ChainStep::DefaultVersionSet]).technique(ROLES).watched(),
    iam("TagPolicy", Tag, Itself, Policy).tags(),
    iam("UntagPolicy", Untag, Itself, Policy).tags(),
];
