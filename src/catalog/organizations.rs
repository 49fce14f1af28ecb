//! AWS Organizations: the policies that limit all accounts, who has power over the organization, and which accounts are
//! in it ("AWS Organizations API Reference").

use super::attack::{CREATE_ACCOUNT, HIERARCHY, ROLES, TENANT_POLICY, TOOLS};
use super::row::of;
use super::types::AccessEffect::{ChangesGuardrail, ChangesOrganization, None as NoEffect};
use super::types::Containment::InOrganization;
use super::types::ObjectKind::{
    AllFeatures, BillingTransfer, DelegatedService, DelegationPolicy, Handshake, Itself, OrganizationsPolicy as Policy,
    OwnOrganization, PolicyType, TrustedService,
};
use super::types::Operation::{
    Accept, Attach, Change, Close, Create, Delete, Detach, Disable, Enable, Invite, Move, Put, Register, Remove,
    Request,
};
use super::types::OrganizationContainment::{
    AskSupport, AttachPolicy, CancelInvitation, DeregisterAdministrator, DetachPolicy, DisableServiceAccess,
    EnablePolicyType, EnableServiceAccess, InviteAgain, LeaveAgain, MoveBack, ReviewDelegation, ReviewPolicy,
};
use super::types::TargetKind::{
    Account, MemberAccount, Organization, OrganizationPart, OrganizationRoot, OrganizationalUnit, OrganizationsPolicy,
};
use super::types::{Action, ObjectKind, Operation, PolicyLookup, TargetKind, When};
use crate::severity::Severity::{Critical, High, Low, Medium};

/// A call to AWS Organizations.
const fn call(event_name: &'static str, operation: Operation, object: ObjectKind, target: TargetKind) -> Action {
    of("organizations", event_name, operation, object, target)
}

/// A policy type is disabled: every policy of this type is detached everywhere.
const fn disables(when: When) -> Action {
    call("DisablePolicyType", Disable, PolicyType, OrganizationRoot)
        .when(when)
        .named(&["policyType"])
        .is(
            ChangesGuardrail,
            Critical,
            "All policies of this type are detached from the root, all organizational units and all accounts. What they \
             denied is allowed now.",
        )
        .contained_by(InOrganization(EnablePolicyType))
        .technique(HIERARCHY)
        .watched()
}

#[rustfmt::skip] // A row is read across.
pub const ACTIONS: &[Action] = &[
    call("AttachPolicy", Attach, Policy, OrganizationPart).named(&["policyId"])
        .is(ChangesGuardrail, Medium, "The policy is in effect for the accounts below. A policy that denies can lock people and pipelines out.")
        .reads_policy(PolicyLookup::OrganizationsPolicy).contained_by(InOrganization(DetachPolicy)).technique(HIERARCHY).watched(),
    call("DetachPolicy", Detach, Policy, OrganizationPart).named(&["policyId"])
        .is(ChangesGuardrail, High, "What the policy denied is allowed now in the accounts below, unless another policy denies it.")
        .reads_policy(PolicyLookup::OrganizationsPolicy).contained_by(InOrganization(AttachPolicy)).technique(HIERARCHY).watched(),
    call("UpdatePolicy", Change, Itself, OrganizationsPolicy).document(&["content", "policy.content"])
        .is(ChangesGuardrail, High, "The policy is in effect in its new form wherever it is attached. AWS Organizations does not keep the former policy.")
        .reads_policy(PolicyLookup::OrganizationsPolicy).contained_by(InOrganization(ReviewPolicy)).technique(HIERARCHY).watched(),
    call("CreatePolicy", Create, Itself, OrganizationsPolicy).document(&["content", "policy.content"])
        .is(NoEffect, Low, "A new policy has no effect until it is attached."),
    call("DeletePolicy", Delete, Itself, OrganizationsPolicy)
        .is(NoEffect, Low, "Only a policy that is attached nowhere can be deleted."),
    call("EnablePolicyType", Enable, PolicyType, OrganizationRoot).named(&["policyType"])
        .is(NoEffect, Low, "Policies of this type can be attached now."),
    disables(When::Unread).is(ChangesGuardrail, Critical, "Which type of policies it was is not in the event. If these are service control policies, what they denied is allowed now."),
    disables(When::Is("policyType", "SERVICE_CONTROL_POLICY")),
    disables(When::Is("policyType", "RESOURCE_CONTROL_POLICY")),
    disables(When::Always).is(ChangesGuardrail, Medium, "All policies of this type are detached from the root, all organizational units and all accounts."),
    call("RegisterDelegatedAdministrator", Register, DelegatedService, MemberAccount).named(&["servicePrincipal"])
        .is(ChangesOrganization, High, "The account can administer the service for the whole organization now, and read much about the organization.")
        .contained_by(InOrganization(DeregisterAdministrator)).technique(ROLES).watched(),
    call("DeregisterDelegatedAdministrator", Remove, DelegatedService, MemberAccount).named(&["servicePrincipal"])
        .is(ChangesOrganization, Medium, "The account cannot administer the service for the organization any more. If the service detects or logs, check that it still does.")
        .watched(),
    call("EnableAWSServiceAccess", Enable, TrustedService, Organization).named(&["servicePrincipal"])
        .is(ChangesOrganization, Medium, "The service can create its role in every account of the organization, and act there.")
        .contained_by(InOrganization(DisableServiceAccess)).technique(TENANT_POLICY).watched(),
    call("DisableAWSServiceAccess", Disable, TrustedService, Organization).named(&["servicePrincipal"])
        .is(ChangesOrganization, High, "The service does not work for the whole organization any more. If it detects or logs, accounts are unwatched now.")
        .contained_by(InOrganization(EnableServiceAccess)).technique(TOOLS).watched(),
    call("PutResourcePolicy", Put, DelegationPolicy, Organization)
        .is(ChangesOrganization, High, "The policy decides which accounts can change the organization's policies. CloudTrail does not show its content.")
        .contained_by(InOrganization(ReviewDelegation)).technique(ROLES).watched(),
    call("DeleteResourcePolicy", Delete, DelegationPolicy, Organization)
        .is(NoEffect, Low, "Only the management account can change the organization's policies now."),
    call("EnableAllFeatures", Enable, AllFeatures, Organization)
        .is(NoEffect, Low, "The organization can limit its accounts by policies, once each account has approved."),
    call("InviteAccountToOrganization", Invite, OwnOrganization, MemberAccount)
        .is(ChangesOrganization, Medium, "An account outside of the organization may join it. It belongs to somebody else until it accepts.")
        .contained_by(InOrganization(CancelInvitation)).technique(HIERARCHY).watched(),
    call("AcceptHandshake", Accept, Handshake, Account).named(&["handshakeId"])
        .is(ChangesOrganization, High, "If this is an invitation, the account belongs to another organization now: its management account can limit the account by policies, act as root there, and sees what it costs.")
        .contained_by(InOrganization(LeaveAgain)).technique(HIERARCHY).watched(),
    call("LeaveOrganization", Remove, OwnOrganization, Account)
        .is(ChangesOrganization, Critical, "The account is out of reach: no policy of the organization limits it, and organization-wide trails and detectors do not see it any more.")
        .contained_by(InOrganization(InviteAgain)).technique(HIERARCHY).watched(),
    call("RemoveAccountFromOrganization", Remove, OwnOrganization, MemberAccount)
        .is(ChangesOrganization, High, "No policy of the organization limits the account any more, and organization-wide trails and detectors do not see it.")
        .contained_by(InOrganization(InviteAgain)).technique(HIERARCHY).watched(),
    call("MoveAccount", Move, Itself, MemberAccount)
        .is(ChangesOrganization, Medium, "Other policies limit the account now: those of its new organizational unit and above.")
        .contained_by(InOrganization(MoveBack)).technique(HIERARCHY).watched(),
    call("CreateAccount", Create, Itself, MemberAccount)
        .is(ChangesOrganization, Medium, "Whoever can assume the account's first role is an administrator there. New accounts are also used to run up costs.")
        .technique(CREATE_ACCOUNT).watched(),
    call("CreateGovCloudAccount", Create, Itself, MemberAccount)
        .is(ChangesOrganization, Medium, "Two new accounts, one of them in AWS GovCloud (US).").technique(CREATE_ACCOUNT).watched(),
    call("CloseAccount", Close, Itself, MemberAccount)
        .is(ChangesOrganization, High, "Everything in the account stops, and is deleted after 90 days.")
        .contained_by(InOrganization(AskSupport)).technique(super::attack::REMOVAL).watched(),
    call("DeleteOrganization", Delete, Itself, Organization)
        .is(ChangesOrganization, Critical, "All policies, trusted access and consolidated billing are gone.")
        .contained_by(InOrganization(AskSupport)).technique(HIERARCHY).watched(),
    call("DeleteOrganizationalUnit", Delete, Itself, OrganizationalUnit)
        .is(NoEffect, Low, "Only an organizational unit without accounts can be deleted."),
    call("InviteOrganizationToTransferResponsibility", Request, BillingTransfer, Organization)
        .is(ChangesOrganization, Medium, "Another organization is to pay, or is to be paid for. Ownership of the accounts does not change.").watched(),
];
