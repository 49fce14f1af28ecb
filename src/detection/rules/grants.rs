//! Rules about access that a call grants, or lets a principal use.

use super::opinions::{at_least, context, not_known, target_name};
use crate::catalog::{AccessEffect, ObjectKind, TargetKind};
use crate::detection::{Case, Opinion};
use crate::history::is_provisioning;
use crate::lookup::KnownTarget;
use crate::phrase;
use crate::policy::{Access, AccessLevel, BoundaryReading, OpenPath, Reach, Trust};
use crate::severity::Severity;
use crate::text::{Phrase, counted};

/// Access that makes a change severe.
struct SevereAccess {
    level: AccessLevel,
    severity: Severity,
    /// For an identity that has the access: "is an administrator".
    is: &'static str,
    /// For an identity that gets the access: "becomes an administrator".
    becomes: &'static str,
    /// The policy that grants the access, if it is one policy.
    why: Phrase,
    /// Whether the policy was read.
    known: bool,
}

const CONDITIONAL: &str =
    "can escalate to administrator under a condition that was not evaluated (see \"Not evaluated\")";

const PERHAPS: &str =
    "can perhaps escalate: certain resources, which were not looked up, decide this (see \"Not evaluated\")";

/// The widest path, and how many more there are.
fn widest(access: &Access) -> Phrase {
    let Some(first) = access.paths.first() else { return access.why() };
    match access.paths.len() - 1 {
        0 => first.words(),
        more => phrase!(first.words(), Phrase::ours(format!("; and {}", counted(more, "more path")))),
    }
}

impl SevereAccess {
    fn of(access: &Access) -> Option<Self> {
        let (severity, is, becomes) = match access.level {
            AccessLevel::Administrator => (Severity::Critical, "is an administrator", "becomes an administrator"),
            AccessLevel::Escalation => {
                let can = "can escalate to administrator through IAM";
                (Severity::High, can, can)
            }
            AccessLevel::RoleEscalation => {
                let can = "can escalate through a role or resource";
                // The policies of AWS for a service are attached every day, and their paths are known.
                let usual = access.paths.iter().all(OpenPath::is_usual_of_aws);
                (if usual { Severity::Medium } else { Severity::High }, can, can)
            }
            // A condition that is not evaluated must not make a policy look harmless: an attacker can write a condition
            // that is always true.
            AccessLevel::None | AccessLevel::Limited | AccessLevel::Broad
                if access.at_most >= AccessLevel::RoleEscalation =>
            {
                (Severity::High, CONDITIONAL, CONDITIONAL)
            }
            AccessLevel::None | AccessLevel::Limited | AccessLevel::Broad
                if access.perhaps >= AccessLevel::RoleEscalation =>
            {
                (Severity::Medium, PERHAPS, PERHAPS)
            }
            AccessLevel::None | AccessLevel::Limited | AccessLevel::Broad => return None,
        };
        let why = match access.level {
            AccessLevel::Administrator => phrase!(": ", access.why()),
            AccessLevel::Escalation | AccessLevel::RoleEscalation => phrase!(": ", widest(access)),
            AccessLevel::None | AccessLevel::Limited | AccessLevel::Broad => Phrase::default(),
        };
        Some(Self { level: access.level, severity, is, becomes, why, known: true })
    }

    /// For a policy that could not be read: unknown access must not look harmless. A policy that was not looked up is
    /// no such case.
    fn unknown(access: &Access, read_failed: bool) -> Option<Self> {
        const UNKNOWN: &str = "may get full access: the policy could not be read";
        read_failed.then(|| Self {
            level: access.level,
            severity: Severity::High,
            is: UNKNOWN,
            becomes: UNKNOWN,
            why: Phrase::default(),
            known: false,
        })
    }

    fn at_most(self, severity: Severity) -> Self {
        Self { severity: self.severity.min(severity), ..self }
    }
}

/// Whether an identity with this boundary can still escalate its access through IAM.
pub(super) fn is_severe(access: &Access) -> bool {
    access.level.max(access.at_most) >= AccessLevel::Escalation
}

/// Who gets the access: the target, the members of a group, or the identities that a policy is attached to.
fn gainer(case: &Case<'_>) -> Phrase {
    let name = target_name(case);
    let few = |names: Vec<Phrase>, unread: bool| {
        phrase!(Phrase::few(names, 3, ", "), if unread { " and others" } else { "" })
    };
    match &case.dossier.target {
        KnownTarget::Group(group) => match group.members.found() {
            Some(members) if members.users.items.is_empty() => phrase!("every member of ", name, " (none yet)"),
            Some(members) => {
                let users = members.users.items.iter().map(Phrase::from).collect();
                phrase!("every member of ", name, " (", few(users, members.users.more), ")")
            }
            None => phrase!("every member of ", name),
        },
        KnownTarget::Policy(policy) => match policy.holders.found() {
            Some(holders) if holders.items.is_empty() => {
                phrase!("every identity with the policy ", name, " (none yet)")
            }
            Some(holders) => {
                let all = holders.items.iter().map(|(kind, name)| phrase!(kind.noun(), " ", name)).collect();
                phrase!("every identity with the policy ", name, " (", few(all, holders.more), ")")
            }
            None => phrase!("every identity with the policy ", name),
        },
        _ if case.activity.target.kind == TargetKind::Policy => phrase!("every identity with the policy ", name),
        KnownTarget::PermissionSet(set) => match set.accounts.found() {
            Some(accounts) if accounts.items.is_empty() => {
                phrase!("everybody assigned to the permission set ", name, " (nobody yet)")
            }
            Some(accounts) => {
                let more = if accounts.more { "at least " } else { "" };
                let count = Phrase::ours(counted(accounts.items.len(), "account"));
                phrase!("everybody assigned to the permission set ", name, " (in ", more, count, ")")
            }
            None => phrase!("everybody assigned to the permission set ", name),
        },
        _ => {
            let who = if case.activity.target.kind == TargetKind::DirectoryGroup {
                phrase!("every member of the group ", name)
            } else {
                name
            };
            match case.about_account() {
                Some(account) => phrase!(who, ", in the account ", account, ","),
                None => who,
            }
        }
    }
}

/// The granted access, if it is severe, and the reason.
fn grant(case: &Case<'_>) -> Option<(SevereAccess, Phrase)> {
    let granted = case.granted.as_ref()?;
    let effect = case.activity.action.effect;
    let gives_nothing = matches!(effect, AccessEffect::DetachesPolicy | AccessEffect::SetsBoundary);
    if !case.activity.outcome.succeeded() || gives_nothing || case.adds_nothing() {
        return None;
    }
    // The new policy may grant the access only together with the existing ones, or less because of them.
    let before = granted.before.as_ref().map_or(AccessLevel::None, |access| access.level);
    let alone = granted.access.level;
    let whole = granted.whole.as_ref();
    let whole =
        whole.filter(|whole| whole.level > alone.max(before) || whole.level < alone || granted.lifts_boundary());
    let severe = SevereAccess::of(whole.unwrap_or(&granted.access))
        .or_else(|| SevereAccess::unknown(&granted.access, granted.read_failed))?;
    let unattached = matches!(&case.dossier.target, KnownTarget::Policy(policy)
        if policy.holders.found().is_some_and(|holders| holders.items.is_empty()));
    // The assignment that lets somebody use it is judged by itself.
    let unassigned = matches!(&case.dossier.target, KnownTarget::PermissionSet(set)
        if set.accounts.found().is_some_and(|accounts| accounts.items.is_empty() && !accounts.more));
    let becomes = severe.becomes;
    let sentence = |start: &'static str, who: Phrase| phrase!(start, who, " ", becomes, &severe.why, ".");
    Some(match effect {
        AccessEffect::DraftsPolicyVersion => {
            let reason = sentence("Once this version is the default, ", gainer(case));
            (severe.at_most(Severity::High), reason)
        }
        AccessEffect::Creates => {
            let reason = sentence("", "Any identity that the policy is attached to".into());
            (severe.at_most(Severity::Medium), reason)
        }
        AccessEffect::RewritesPolicy if unattached => {
            let reason = sentence("", gainer(case).capitalized());
            (severe.at_most(Severity::High), reason)
        }
        _ if unassigned => {
            let reason = sentence("", gainer(case).capitalized());
            (severe.at_most(Severity::Medium), reason)
        }
        _ => {
            let reason = sentence("", gainer(case).capitalized());
            (severe, reason)
        }
    })
}

/// A user was added to a group of IAM Identity Center that is assigned to nothing.
pub(super) fn assigned_to_nothing(case: &Case<'_>) -> Option<Opinion> {
    let group = case.dossier.central.group.as_ref().filter(|_| case.activity.outcome.succeeded())?;
    let none = group.assignments.found().is_some_and(|assignments| assignments.items.is_empty() && !assignments.more);
    (none && case.activity.action.effect == AccessEffect::AddsToGroup).then_some(())?;
    context("The group is assigned to no account. Applications may use the group, too.".into())
}

/// That the policy is harmless, if that is certain: pipelines grant such policies all day.
pub(super) fn harmless(case: &Case<'_>) -> Option<Phrase> {
    let effect = case.activity.action.effect;
    let gives = effect.grants_policy() || matches!(effect, AccessEffect::RewritesPolicy);
    let granted = case.granted.as_ref().filter(|granted| gives && !granted.deny_only && granted.is_harmless())?;
    let part = granted.access.has_part_of_path;
    // Of a target that IAM does not show, the other policies are not known.
    let known = !part || !case.dossier.target.is_gone();
    (known && !case.activity.lacks_document()).then(|| {
        if part && granted.is_all {
            "The policies of the permission set were read and evaluated: limited access, no escalation path found.".into()
        } else if part {
            "The policy and the target's other policies were read and evaluated: limited access, no escalation path found."
                .into()
        } else {
            "The policy was read and evaluated: limited access, and no action that is part of an escalation path.".into()
        }
    })
}

/// The policy lets its holder silence these alerts.
pub(super) fn can_silence_alerts(case: &Case<'_>) -> Option<Opinion> {
    let effect = case.activity.action.effect;
    let gives = effect.grants_policy() || effect == AccessEffect::RewritesPolicy;
    let gives = gives && case.activity.outcome.succeeded() && !case.adds_nothing();
    let granted = case.granted.as_ref().filter(|_| gives)?;
    // Whoever has more access can do this in any case.
    let action = granted.can_silence.filter(|_| granted.access.level <= AccessLevel::Limited)?.iam_action();
    at_least(
        Severity::Medium,
        phrase!("The policy allows ", Phrase::ours(action), " on all resources: its holder can silence these alerts."),
    )
}

/// Whether somebody gained access by the call that is worth an alert.
pub(super) fn gains_access(case: &Case<'_>) -> bool {
    let (activity, effect) = (case.activity, case.activity.action.effect);
    if !activity.outcome.succeeded() {
        return false;
    }
    let reach = case.trust.as_ref().and_then(Trust::reach);
    let trusts_outsiders = reach.is_some_and(|reach| reach >= Reach::Outside);
    match effect {
        AccessEffect::GrantsCredential => true,
        AccessEffect::Creates if activity.target.kind == TargetKind::User => true,
        // What is not known is HIGH already, and is no gain that is known.
        _ => trusts_outsiders || grant(case).is_some_and(|(severe, _)| severe.known) || passed_on(case).is_some(),
    }
}

pub(super) fn grants_administrator(case: &Case<'_>) -> Option<Opinion> {
    let (severe, reason) = grant(case).filter(|(severe, _)| severe.level == AccessLevel::Administrator)?;
    at_least(severe.severity, reason)
}

pub(super) fn grants_escalation(case: &Case<'_>) -> Option<Opinion> {
    let (severe, reason) = grant(case).filter(|(severe, _)| severe.level != AccessLevel::Administrator)?;
    at_least(severe.severity, reason)
}

/// The target's access that a principal can use afterwards: by a new credential, a trust policy, a removed boundary.
fn passed_on(case: &Case<'_>) -> Option<(SevereAccess, Phrase)> {
    let (activity, effect) = (case.activity, case.activity.action.effect);
    if !activity.outcome.succeeded() || !effect.passes_on_access() || case.adds_nothing() {
        return None;
    }
    // The policies that follow are events of their own.
    if effect == AccessEffect::Creates && is_provisioning(activity) {
        return None;
    }
    // Users cannot do more with a new key of their own than before.
    if (activity.is_self() && effect == AccessEffect::GrantsCredential) || activity.action.object.is_for_one_service() {
        return None;
    }
    // Trust in a service does not let a principal in: to use the service in this way, the principal needs a permission.
    let to_services =
        case.trust.as_ref().is_some_and(|trust| trust.reach().is_some_and(|reach| reach <= Reach::Service));
    let access = case.target_access.as_ref()?;
    // IAM may still show the boundary that the call removed.
    let without = (effect == AccessEffect::RemovesBoundary).then(|| access.without_boundary());
    let severe = SevereAccess::of(without.as_ref().unwrap_or(access))?;
    let name = target_name(case);
    let is = severe.is;
    let reason = match effect {
        AccessEffect::GrantsCredential => phrase!("The credential gives access as ", name, ", which ", is),
        AccessEffect::ChangesTrust => phrase!("Trusted principals can act as ", name, ", which ", is),
        AccessEffect::AddsRoleToInstanceProfile => {
            phrase!("Instances with this profile can act as ", name, ", which ", is)
        }
        AccessEffect::RemovesBoundary => phrase!("Without the boundary, ", name, " ", is),
        AccessEffect::SwitchesRole => phrase!("The role ", name, " ", is),
        _ => phrase!(name.capitalized(), " ", is),
    };
    let reason = phrase!(reason, &severe.why, ".");
    let milder = activity.is_self() || (effect == AccessEffect::ChangesTrust && to_services);
    let severe = if milder { severe.at_most(Severity::High) } else { severe };
    // Administrators do this every day.
    let switches = effect == AccessEffect::SwitchesRole;
    let severe = if switches { severe.at_most(Severity::Medium) } else { severe };
    Some((severe, reason))
}

pub(super) fn target_is_administrator(case: &Case<'_>) -> Option<Opinion> {
    let (severe, reason) = passed_on(case).filter(|(severe, _)| severe.level == AccessLevel::Administrator)?;
    at_least(severe.severity, reason)
}

pub(super) fn target_can_escalate(case: &Case<'_>) -> Option<Opinion> {
    let (severe, reason) = passed_on(case)
        .filter(|(severe, _)| matches!(severe.level, AccessLevel::Escalation | AccessLevel::RoleEscalation))?;
    at_least(severe.severity, reason)
}

pub(super) fn target_may_escalate(case: &Case<'_>) -> Option<Opinion> {
    let (severe, reason) = passed_on(case).filter(|(severe, _)| severe.level < AccessLevel::RoleEscalation)?;
    at_least(severe.severity, reason)
}

/// A policy that denies something was removed, and the target has more access without it.
pub(super) fn deny_lifted(case: &Case<'_>) -> Option<Opinion> {
    let lifted = case.lifted.as_ref()?;
    let severe = SevereAccess::of(&lifted.after)?;
    let name = target_name(case);
    if lifted.before.level < lifted.after.level {
        let reason = phrase!("Without the removed policy, ", name, " ", severe.is, &severe.why, ".");
        return at_least(severe.severity, reason);
    }
    // Whoever deletes an inline policy deletes what it said.
    let unknown = !lifted.known && case.activity.action.object != ObjectKind::Group;
    (unknown && severe.level == AccessLevel::Administrator).then_some(())?;
    let reason = phrase!("What the removed policy denied is not known, and ", name, " ", severe.is, &severe.why, ".");
    at_least(Severity::High, reason)
}

/// The policy alone grants more than the target has with it: a deny or a boundary limits it.
pub(super) fn grant_is_limited(case: &Case<'_>) -> Option<Opinion> {
    let granted = case.granted.as_ref().filter(|_| case.activity.outcome.succeeded())?;
    let whole = granted.whole.as_ref().filter(|whole| whole.level < granted.access.level)?;
    (granted.access.level >= AccessLevel::RoleEscalation).then_some(())?;
    let by = match &whole.boundary {
        Some(boundary) if boundary.effect == BoundaryReading::Limits && boundary.without > whole.level => {
            phrase!("the boundary ", &boundary.name, " limits ", target_name(case))
        }
        _ => "another policy denies it".into(),
    };
    let alone = match granted.access.level {
        AccessLevel::Administrator => "administrator access",
        _ => "a way to more access",
    };
    context(phrase!("Alone, the policy grants ", alone, ", but ", by, "."))
}

/// A policy that only denies removes access: containment of an intruder, or a lockout of a legitimate user.
pub(super) fn deny_only(case: &Case<'_>) -> Option<Opinion> {
    let gives = matches!(case.activity.action.effect, AccessEffect::AttachesPolicy | AccessEffect::PutsInlinePolicy);
    (gives && case.granted.as_ref()?.deny_only).then_some(())?;
    context("The policy only denies. Somebody is being contained, or locked out.".into())
}

/// A policy that allows something can lock somebody out, too.
pub(super) fn also_denies(case: &Case<'_>) -> Option<Opinion> {
    let gives = case.activity.action.effect.grants_policy() && case.activity.outcome.succeeded();
    case.granted.as_ref().filter(|granted| gives && granted.denies && !granted.deny_only)?;
    context("The policy also denies something. Somebody may be contained, or locked out.".into())
}

/// To write another policy in its place is a way to remove a deny.
pub(super) fn may_replace_deny(case: &Case<'_>) -> Option<Opinion> {
    let granted = case.granted.as_ref().filter(|granted| granted.replaces && case.activity.outcome.succeeded())?;
    let known = case.before.as_ref().filter(|before| before.unknown.is_none());
    if case.adds_nothing() || known.is_some_and(|before| !before.denied()) {
        return None;
    }
    let has_more = granted.whole.as_ref().is_some_and(|whole| whole.level > AccessLevel::Limited);
    (has_more && granted.access.level <= AccessLevel::Limited && !granted.deny_only).then_some(())?;
    let reason = if known.is_some() {
        phrase!("The policy before denied something: ", target_name(case), " may be able to do that now.")
    } else {
        phrase!("If there was a policy of this name before, ", target_name(case), " can do now what it denied.")
    };
    at_least(Severity::Medium, reason)
}

/// An administrator cannot gain more access. But IAM does not say since when an identity is an administrator: if two
/// policies were attached one after the other, each of them is found when the other is assessed.
pub(super) fn already_administrator(case: &Case<'_>) -> Option<Opinion> {
    let granted = case.granted.as_ref().filter(|granted| !granted.deny_only)?;
    let before = granted.before.as_ref().filter(|access| access.level == AccessLevel::Administrator)?;
    case.activity.outcome.succeeded().then_some(())?;
    context(phrase!(
        target_name(case).capitalized(),
        " is an administrator without this, too: ",
        before.why(),
        ". IAM does not record since when."
    ))
}

/// Padding a request can hide its parameters: CloudTrail omits what is too large.
pub(super) fn parameters_omitted(case: &Case<'_>) -> Option<Opinion> {
    let activity = case.activity;
    let hides_policy = activity.lacks_document();
    if activity.omitted {
        return not_known(
            if hides_policy { Severity::High } else { Severity::Medium },
            "CloudTrail omitted the request parameters as too large. Padding can hide a policy.".into(),
        );
    }
    let names_what_counts = activity.action.effect.grants_policy()
        || activity.action.effect == AccessEffect::SetsBoundary
        || activity.action.object == ObjectKind::DefaultVersion;
    if activity.outcome.succeeded() && names_what_counts && activity.object.name.is_none() {
        return not_known(
            Severity::High,
            "The event does not say which policy, version, boundary or group it was.".into(),
        );
    }
    hides_policy.then_some(())?;
    not_known(
        Severity::High,
        "The event does not contain the policy that the call wrote: what it allows is not known.".into(),
    )
}
