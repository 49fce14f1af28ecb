//! What an expectation is compared with: the texts of an activity that patterns are about.

use crate::catalog::TargetKind;
use crate::event::Activity;
use crate::text::Untrusted;

/// The action as an expectation names it: `iam:AttachRolePolicy`.
#[must_use]
pub fn action_of(activity: &Activity) -> String {
    format!("{}:{}", activity.action.service, activity.action.event_name)
}

/// The target as an expectation names it: `role/NAME`, `user/NAME` and so on for IAM, `SERVICE:KIND/NAME` for others.
/// `None` if the event does not name the target.
#[must_use]
pub fn target_of(activity: &Activity) -> Option<String> {
    let (service, kind) = activity.target.kind.in_arns();
    let of_service = |resource: &str| match service {
        "iam" => resource.to_owned(),
        _ => format!("{service}:{resource}"),
    };
    match activity.target.kind {
        TargetKind::RootUser | TargetKind::Account => Some(of_service("root")),
        TargetKind::IdentityCenter | TargetKind::Organization => Some(of_service(kind)),
        _ => {
            let name = activity.target.name.as_ref().map(Untrusted::raw)?;
            Some(of_service(&format!("{kind}{name}")))
        }
    }
}
