//! Which call an event follows from. IAM Identity Center writes roles in the accounts because somebody assigned or
//! changed a permission set; a session as root in a member was opened by somebody in the management account.
//!
//! The event does not say so. A name connects the two: that of the permission set, which is part of the role's name, and
//! the id of the session's access key. Nobody but AWS can write events of such a role or session.

use crate::catalog::managed_by_aws::is_identity_centers_provider;
use crate::catalog::{AccessEffect, ObjectKind, TargetKind};
use crate::event::Activity;
use crate::event::principal::{Operator, Principal};
use crate::text::Untrusted;
use chrono::TimeDelta;

/// IAM Identity Center, as a service that acts for somebody.
const SSO: &str = "sso.amazonaws.com";

/// How long before an event its cause is looked for: a roll-out to many accounts takes its time.
pub const CAUSED_WITHIN: TimeDelta = TimeDelta::hours(1);

/// Whether IAM Identity Center made the call, on one of its own roles or providers.
#[must_use]
pub fn is_provisioning(activity: &Activity) -> bool {
    let by_its_role = matches!(&activity.principal, Principal::AssumedRole(session)
        if matches!(&session.operator, Operator::Service(service) if service.raw() == SSO));
    // In the management account, it acts as the person who called it.
    let for_somebody = activity.origin.invoked_by.as_ref().is_some_and(|service| service.raw() == SSO);
    let name = activity.target.name.as_ref().map_or("", |name| name.raw());
    let on_its_own = match activity.target.kind {
        TargetKind::Role => permission_set(name).is_some(),
        TargetKind::SamlProvider => is_identity_centers_provider(name),
        _ => false,
    };
    (by_its_role || for_somebody) && on_its_own && activity.action.service == "iam"
}

/// The permission set of a role: `AWSReservedSSO_NAME_0123456789abcdef`.
fn permission_set(role: &str) -> Option<&str> {
    let (name, id) = role.strip_prefix("AWSReservedSSO_")?.rsplit_once('_')?;
    (id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(name)
}

/// The key under which the cause of an event is recorded, if an event of this kind has one.
#[must_use]
pub fn caused_by(activity: &Activity) -> Option<String> {
    if is_provisioning(activity) {
        let name = activity.target.name.as_ref()?.raw();
        return permission_set(name).map(of_permission_set);
    }
    match &activity.principal {
        Principal::Root(root) => root.session.access_key_id.as_ref().and_then(of_session),
        _ => None,
    }
}

/// The key under which later events find this one as their cause. The names that belong to ids must be known.
#[must_use]
pub fn causes(activity: &Activity) -> Option<String> {
    if !activity.outcome.succeeded() {
        return None;
    }
    if activity.action.effect == AccessEffect::OpensRootSession {
        let key = activity.response.pointer("/credentials/accessKeyId")?.as_str()?;
        return of_session(&key.into());
    }
    let set = if activity.action.object == ObjectKind::PermissionSet {
        activity.object.name.as_ref()
    } else {
        // A name that was not looked up is an id.
        let target = &activity.target;
        target.name.as_ref().filter(|_| target.kind == TargetKind::PermissionSet)
    };
    set.filter(|_| activity.action.service == "sso").map(|set| of_permission_set(set.raw()))
}

fn of_permission_set(name: &str) -> String {
    format!("permission-set:{name}")
}

/// Only temporary credentials belong to a session.
fn of_session(key: &Untrusted) -> Option<String> {
    key.raw().starts_with("ASIA").then(|| format!("session:{}", key.raw()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permission_set_is_part_of_the_name_of_its_role() {
        assert_eq!(permission_set("AWSReservedSSO_Admin_0a1b2c3d4e5f6071"), Some("Admin"));
        assert_eq!(permission_set("AWSReservedSSO_Read_Only_0a1b2c3d4e5f6071"), Some("Read_Only"));
        for other in ["AWSReservedSSO_Admin", "AWSReservedSSO_Admin_0a1b", "Admin_0a1b2c3d4e5f6071", ""] {
            assert_eq!(permission_set(other), None, "{other}");
        }
    }
}
