//! Links to the AWS consoles, for every partition with a known console.

use crate::arn::Partition;
use crate::catalog::{AccessEffect, ObjectKind, Operation, TargetKind};
use crate::event::{Activity, Principal};
use crate::text::Untrusted;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A link: its label and its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub label: &'static str,
    /// Text from outside in the address is percent-encoded.
    pub url: String,
}

/// Everything except the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Links for the investigation; empty in a partition without a known console.
#[must_use]
pub fn links(activity: &Activity) -> Vec<Link> {
    let Some((console, home)) = activity.partition.console() else {
        return Vec::new();
    };
    let region = activity
        .region
        .as_ref()
        .filter(|region| Partition::of_region(region.raw()) == activity.partition)
        .map_or_else(|| home.to_owned(), |region| encoded(region.raw()));
    let mut links = Vec::new();
    let mut link = |label, url| links.push(Link { label, url });
    if let Some((label, place)) = target(activity, &region) {
        link(label, format!("https://{console}/{place}"));
    }
    match &activity.principal {
        Principal::IamUser(user) if user.account == activity.account => {
            if let Some(name) = &user.name {
                link("The caller in IAM", format!("https://{console}/iam/home#/users/details/{}", encoded(name.raw())));
            }
        }
        Principal::AssumedRole(session) if session.account == activity.account => {
            if let Some(role) = &session.role {
                link(
                    "The caller's role in IAM",
                    format!("https://{console}/iam/home#/roles/details/{}", encoded(role.raw())),
                );
            }
        }
        _ => {}
    }
    let trail = format!("https://{console}/cloudtrailv2/home?region={region}#/events");
    if let Some(id) = activity.event_id.as_ref().filter(|_| activity.found.is_none()) {
        link("This event in CloudTrail", format!("{trail}/{}", encoded(id.raw())));
    }
    if let Some(name) = username(&activity.principal) {
        link("All events of the caller in CloudTrail", format!("{trail}?Username={}", encoded(name)));
    }
    links
}

/// Where the console shows the target, if the target exists and the console has a page for it.
fn target(activity: &Activity, region: &str) -> Option<(&'static str, String)> {
    let (action, target) = (activity.action, &activity.target);
    let gone = action.operation == Operation::Delete && action.object == ObjectKind::Itself;
    if !activity.outcome.succeeded() || gone {
        return None;
    }
    let name = encoded(activity.name_now().map(Untrusted::raw).unwrap_or_default());
    let arn = target.arn.as_ref().map(|arn| encoded(arn.raw()));
    let found = match target.kind {
        TargetKind::Account | TargetKind::RootUser
            if action.service == "iam" && action.effect != AccessEffect::Unfamiliar =>
        {
            return Some(("The account's settings in IAM", "iam/home#/account_settings".to_owned()));
        }
        TargetKind::IdentityCenter => {
            return Some(("IAM Identity Center", format!("singlesignon/home?region={region}")));
        }
        TargetKind::Organization => {
            return Some(("The organization", "organizations/v2/home".to_owned()));
        }
        _ if activity.target.name.is_none() => return None,
        TargetKind::User if action.effect == AccessEffect::Creates => {
            ("The new user in IAM", format!("iam/home#/users/details/{name}"))
        }
        TargetKind::User => ("The user in IAM", format!("iam/home#/users/details/{name}")),
        TargetKind::Role => ("The role in IAM", format!("iam/home#/roles/details/{name}")),
        TargetKind::Group => ("The group in IAM", format!("iam/home#/groups/details/{name}")),
        TargetKind::Policy => ("The policy in IAM", format!("iam/home#/policies/details/{}", arn?)),
        TargetKind::SamlProvider | TargetKind::OidcProvider => {
            ("The identity providers in IAM", "iam/home#/identity_providers".to_owned())
        }
        TargetKind::Trail => ("The trails", format!("cloudtrailv2/home?region={region}#/trails")),
        TargetKind::Rule => ("The rules", format!("events/home?region={region}#/rules")),
        TargetKind::Topic => ("The topic", format!("sns/v3/home?region={region}#/topic/{}", arn?)),
        TargetKind::Function => ("The function", format!("lambda/home?region={region}#/functions/{name}")),
        TargetKind::PermissionSet
        | TargetKind::DirectoryIdentity
        | TargetKind::DirectoryUser
        | TargetKind::DirectoryGroup
        | TargetKind::TokenIssuer => ("IAM Identity Center", format!("singlesignon/home?region={region}")),
        TargetKind::OrganizationPart
        | TargetKind::OrganizationRoot
        | TargetKind::OrganizationalUnit
        | TargetKind::MemberAccount => {
            ("The accounts of the organization", "organizations/v2/home/accounts".to_owned())
        }
        TargetKind::OrganizationsPolicy => {
            ("The policies of the organization", "organizations/v2/home/policies".to_owned())
        }
        TargetKind::Account
        | TargetKind::RootUser
        | TargetKind::Region
        | TargetKind::TrustAnchor
        | TargetKind::RolesAnywhereProfile
        | TargetKind::Cluster
        | TargetKind::Instance
        | TargetKind::IdentityPool
        | TargetKind::Secret
        | TargetKind::Repository
        | TargetKind::Layer
        | TargetKind::InstanceProfile
        | TargetKind::MfaDevice
        | TargetKind::ServerCertificate
        | TargetKind::EventBus
        | TargetKind::Queue
        | TargetKind::Table
        | TargetKind::KmsKey
        | TargetKind::LogGroup
        | TargetKind::Parameter
        | TargetKind::Alarm
        | TargetKind::Stack
        | TargetKind::Bucket
        | TargetKind::Schedule => return None,
    };
    Some(found)
}

/// The `Username` in CloudTrail's event history: the name of a user or of a role session.
#[must_use]
pub fn username(principal: &Principal) -> Option<&str> {
    let name = match principal {
        Principal::Root(_) => return Some("root"),
        Principal::IamUser(user) => user.name.as_ref(),
        Principal::AssumedRole(session) => session.session_name.as_ref(),
        Principal::FederatedUser(user) => user.name.as_ref(),
        Principal::SamlUser(_)
        | Principal::WebIdentityUser(_)
        | Principal::IdentityCenterUser(_)
        | Principal::AwsAccount(_)
        | Principal::Delegate(_)
        | Principal::AwsService(_)
        | Principal::Unrecognized(_) => None,
    };
    name.map(Untrusted::raw)
}
