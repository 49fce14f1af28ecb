//! What IAM Identity Center and AWS Organizations say about a call, and about its target.

use super::facts::Fact;
use super::model::Section;
use super::rows::{
    NO_POLICIES_YET, access, and_more, boundary, first_of_many, is_new, names, not_known, target_access,
};
use crate::catalog::{ObjectKind, TargetKind};
use crate::detection::Case;
use crate::lookup::{Assignment, AttachedPolicies, Gap, Identity, Lookup, PermissionSet};
use crate::phrase;
use crate::policy::{Document, Parsed};
use crate::text::{Phrase, Untrusted};

/// What IAM Identity Center and AWS Organizations say about the call.
pub(super) fn of_call(section: &mut Section, case: &Case<'_>) {
    if let Some(account) = case.about_account() {
        section.row(Fact::AboutAccount, account);
    }
    let known = case.dossier.central.about_account.as_ref();
    let member = case.activity.target.name.as_ref().filter(|_| case.activity.target.kind == TargetKind::MemberAccount);
    if let Some(id) = member {
        let named = known.is_some_and(|account| account.name.found().is_some());
        if named || case.settings.account_names.contains_key(id.raw()) {
            section.labelled(Fact::AboutAccount, "Account", case.account(id, known));
        }
    }
    if let Some(shared) = &case.shared {
        section.rows_labelled(Fact::Trust, "Can use it", first_of_many(&shared.words()));
        let policy = case.activity.resource_document.as_ref().and_then(Parsed::policy);
        let written = policy.filter(|_| case.activity.action.object == ObjectKind::ResourcePolicy);
        section.rows(Fact::Statements, first_of_many(&written.map(Document::describe).unwrap_or_default()));
    }
    if let Some(guardrail) = &case.guardrail {
        section.rows(Fact::Statements, first_of_many(&guardrail.statements));
    }
    let central = &case.dossier.central;
    let mut gaps = Vec::new();
    if let Some(group) = &central.group {
        assignments(section, case, group);
        gaps.extend(group.name.gap("the group's name"));
    }
    if let Some(set) = &central.permission_set {
        gaps.extend(set.name.gap("the permission set's name"));
    }
    if let Some(policy) = &central.policy {
        gaps.extend(policy.document.gap("the policy"));
    }
    not_known(section, gaps.into_iter().filter(Gap::is_failure).collect());
}

/// What a user or group can use, and where.
fn assignments(section: &mut Section, case: &Case<'_>, identity: &Identity) {
    let Some(assignments) = identity.assignments.found() else { return };
    let sets = &case.dossier.central.assigned;
    let name =
        |arn: &Untrusted| sets.iter().find(|(known, _)| known == arn).and_then(|(_, set)| set.name.found().cloned());
    let line = |assignment: &Assignment| {
        let set = name(&assignment.permission_set);
        let set = set.map_or_else(|| Phrase::arn(&assignment.permission_set), |set| phrase!(&set));
        phrase!(set, " in ", case.account(&assignment.account, None))
    };
    let mut lines: Vec<_> = assignments.items.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("no account".into());
    }
    let mut shown = first_of_many(&lines);
    shown.extend(and_more(0, assignments.more.then_some("the list is long and was not read to its end")));
    section.rows(Fact::Assignments, shown);
}

pub(super) fn identity(section: &mut Section, case: &Case<'_>, identity: &Identity) {
    if identity.name == Lookup::Missing && case.activity.outcome.succeeded() {
        section.labelled(Fact::Lookup, IN_CENTER, not_there(case));
    }
    if case.dossier.target.attached().is_some() {
        if let Some(evaluated) = &case.target_access {
            access(section, evaluated);
        }
        assignments(section, case, identity);
    }
    let mut gaps: Vec<_> = identity.name.gap("the name").into_iter().collect();
    gaps.extend(case.dossier.target.attached().map(AttachedPolicies::unread).unwrap_or_default());
    not_known(section, gaps.into_iter().filter(Gap::is_failure).collect());
}

pub(super) fn permission_set(section: &mut Section, case: &Case<'_>, set: &PermissionSet) {
    let mut gaps: Vec<_> = set.name.gap("the name").into_iter().collect();
    if set.name == Lookup::Missing {
        section.labelled(Fact::Lookup, IN_CENTER, not_there(case));
    } else {
        target_access(section, case, NO_POLICIES_YET);
        boundary(
            section,
            set.attached.boundary.as_ref().and_then(|boundary| boundary.arn.as_ref()),
            case.target_access.as_ref(),
        );
    }
    match &set.accounts {
        Lookup::Found(accounts) if accounts.items.is_empty() => {
            section.row(Fact::InAccounts, "none: nobody is assigned to it");
        }
        Lookup::Found(accounts) => section.row(Fact::InAccounts, names(&accounts.items, accounts.more)),
        Lookup::Missing | Lookup::Unavailable(_) => gaps.extend(set.accounts.gap("its accounts")),
    }
    gaps.extend(set.attached.unread());
    not_known(section, gaps);
}

const IN_CENTER: &str = "In Identity Center";

fn not_there(case: &Case<'_>) -> &'static str {
    if is_new(case) { "not visible yet" } else { "not there any more, or not visible yet" }
}
