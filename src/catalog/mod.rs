//! The catalogue of known actions: what each action does, the target, the effect on access, what is looked up and which
//! commands contain the action. There is one file for each service, or for a part of it. [`words`] has the words for
//! people.
//!
//! To add an action, add its row to the file of its service and an example to `tests/calls.json`. If an action has
//! several meanings (a key is activated or deactivated), it has several rows; the first row whose [`When`] matches is
//! used. Names of actions are those of the API references and of the "Service Authorization Reference".

mod account;
pub mod attack;
mod fields;
mod iam;
mod identity_center;
pub mod managed_by_aws;
mod meaning;
mod organizations;
pub mod patterns;
mod root;
mod row;
mod selectors;
mod self_protection;
mod sharing;
mod signin;
mod types;
pub mod words;

pub use fields::FieldReading;
pub use meaning::{FieldMeaning, FieldValue};
pub use types::{
    AccessEffect, AccountContainment, Action, CenterContainment, ChainStep, Containment, CredentialKind, ObjectKind,
    OnCaller, Operation, OrganizationContainment, PolicyLookup, Restore, Sharing, TargetKind, TargetLookup, When, at,
};

use crate::severity::Severity;
use serde_json::Value;
use std::collections::BTreeSet;

/// All rows, by file. Within a file, the rows of one action stand together; the last of them has no condition.
const FILES: &[&[Action]] = &[
    iam::users::ACTIONS,
    iam::credentials::ACTIONS,
    iam::groups::ACTIONS,
    iam::roles::ACTIONS,
    iam::policies::ACTIONS,
    iam::federation::ACTIONS,
    iam::account::ACTIONS,
    iam::account::DELEGATION,
    identity_center::ACTIONS,
    identity_center::DIRECTORY,
    identity_center::CONSOLE,
    organizations::ACTIONS,
    root::ACTIONS,
    account::ACTIONS,
    signin::ACTIONS,
    self_protection::ACTIONS,
];

/// An action of IAM that the catalogue does not have: AWS adds new actions every year.
pub const UNFAMILIAR: Action = row::iam("", Operation::Call, ObjectKind::UnfamiliarAction, TargetKind::Account).is(
    AccessEffect::Unfamiliar,
    Severity::Medium,
    "This version does not know the action. It changes IAM; review its request parameters.",
);

/// The row for an action that the catalogue does not have: of IAM, or of a service that the stack's own resources belong
/// to. `None` for other services.
#[must_use]
pub fn unfamiliar(service: &str) -> Option<&'static Action> {
    if service == "iam" {
        return Some(&UNFAMILIAR);
    }
    self_protection::UNFAMILIAR.iter().find(|action| action.service == service)
}

/// A call of the root user that changes something, of any service.
pub const BY_ROOT: Action = root::ANY_CALL;

/// The key of an action: service and name. `iam:CreateUser` and `identitystore:CreateUser` are two actions.
pub type ActionKey = (&'static str, &'static str);

/// All rows.
pub fn rows() -> impl Iterator<Item = &'static Action> {
    FILES.iter().copied().chain([sharing::ACTIONS]).flatten()
}

/// The row for this call, if there is one. `by_root`: the root user made it.
#[must_use]
pub fn find(service: &str, event_name: &str, request: &Value, by_root: bool) -> Option<&'static Action> {
    // Whether a call is on one of the stack's own resources is known only later, see `config::watch`.
    let of_stack = self_protection::UNFAMILIAR.iter().any(|action| action.service == service);
    let all = FILES.iter().copied().flatten();
    found(all, service, event_name, request, by_root)
        .or_else(|| find_for_others(service, event_name, request).filter(|_| !of_stack))
}

/// The row for a call on a resource that is not one of the stack's own.
#[must_use]
pub fn find_for_others(service: &str, event_name: &str, request: &Value) -> Option<&'static Action> {
    found(sharing::ACTIONS.iter(), service, event_name, request, false)
}

fn found(
    rows: impl Iterator<Item = &'static Action>,
    service: &str,
    event_name: &str,
    request: &Value,
    by_root: bool,
) -> Option<&'static Action> {
    rows.filter(|action| action.service == service && action.is_called(event_name))
        .find(|action| action.when.fits(request, by_root))
}

/// The services that have rows, or of which any call on the stack's own resources is known.
#[must_use]
pub fn services() -> BTreeSet<&'static str> {
    rows().chain(self_protection::UNFAMILIAR).map(|action| action.service).collect()
}

/// The key of every action that the settings can choose. Actions on the stack's own resources, and sign-ins, are always
/// watched, see `config::watch`.
#[must_use]
pub fn selectable() -> BTreeSet<ActionKey> {
    keys(|_| true)
}

/// The actions that are watched by default.
#[must_use]
pub fn watched_by_default() -> BTreeSet<ActionKey> {
    keys(|action| action.watched_by_default)
}

fn keys(keep: impl Fn(&Action) -> bool) -> BTreeSet<ActionKey> {
    let always = |action: &Action| action.effect.is_always_watched();
    rows().filter(|action| !always(action) && keep(action)).map(|action| (action.service, action.event_name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_row_of_each_action_speaks_of_all_that_the_others_do_not() {
        for action in rows() {
            let same = |other: &&Action| (other.service, other.event_name) == (action.service, action.event_name);
            assert_eq!(rows().filter(same).last().unwrap().when, When::Always, "{}", action.event_name);
            assert!(!action.because.is_empty() && action.because.ends_with('.'), "{}", action.event_name);
        }
    }

    #[test]
    fn the_pattern_of_self_protection_has_every_service_of_the_stack() {
        let mut services: Vec<_> = self_protection::UNFAMILIAR.iter().map(|action| action.service).collect();
        services.sort_unstable();
        assert_eq!(services, patterns::OWN_SERVICES);
    }

    #[test]
    fn an_action_with_several_meanings_is_understood_by_its_parameters() {
        let key = |request| find("iam", "UpdateAccessKey", &request, false).unwrap().operation;
        assert_eq!(key(json!({"status": "Active"})), Operation::Activate);
        assert_eq!(key(json!({"status": "Inactive"})), Operation::Deactivate);
        assert_eq!(key(Value::Null), Operation::Change);
    }

    #[test]
    fn the_version_behind_a_name_of_lambda_is_no_part_of_it() {
        let found = |name| find("lambda", name, &Value::Null, false).map(|action| action.event_name);
        assert_eq!(found("UpdateFunctionCode20150331v2"), Some("UpdateFunctionCode"));
        assert_eq!(found("DeleteFunction20150331"), Some("DeleteFunction"));
        assert_eq!(found("DeleteFunctionUrlConfig"), None);
        assert_eq!(find("iam", "CreateUser2", &Value::Null, false), None);
        let user = |service| find(service, "CreateUser", &Value::Null, false).map(|action| action.target);
        assert_eq!((user("iam"), user("identitystore")), (Some(TargetKind::User), Some(TargetKind::DirectoryUser)));
        assert_eq!(user("workmail"), None, "another service's action");
        let configured = find("sso", "UpdateSsoConfiguration", &Value::Null, false);
        assert_eq!(configured.map(|action| action.event_name), Some("UpdateSSOConfiguration"));
    }

    #[test]
    fn what_only_revokes_or_changes_no_access_is_not_watched_by_default() {
        let (watched, all) = (watched_by_default(), selectable());
        assert!(watched.contains(&("iam", "CreateUser")) && watched.contains(&("iam", "UpdateAccessKey")));
        assert!(!watched.contains(&("iam", "TagUser")) && !watched.contains(&("iam", "DeleteGroup")));
        assert!(all.contains(&("iam", "TagUser")) && !all.contains(&("cloudtrail", "StopLogging")));
        for action in rows().filter(|action| action.watched_by_default) {
            let quiet = matches!(action.effect, AccessEffect::None | AccessEffect::Revokes);
            let idle = quiet && action.base == Severity::Low && action.steps.is_empty();
            assert!(!idle, "{}", action.event_name);
        }
    }

    #[test]
    fn a_row_that_grants_says_what_to_look_up_and_how_to_contain_it() {
        for action in rows() {
            let grants = action.effect.grants_policy() || action.effect == AccessEffect::GrantsCredential;
            assert!(!grants || action.containment != Containment::Nothing, "{}", action.event_name);
            assert!(!grants || action.lookup != TargetLookup::Nothing, "{}", action.event_name);
        }
    }
}
