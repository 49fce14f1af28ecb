//! Links into the consoles of AWS, right in every partition whose console we know.

use crate::arn::Partition;
use crate::cloudtrail::{Activity, Change, Principal, Thing};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A link: what it leads to, and its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it leads to.
    pub label: &'static str,
    /// Its address; what is from outside in it is percent-encoded.
    pub url: String,
}

/// All but what RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The links that help to look into an activity; none in a partition whose console we do not know.
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
    if let Some(id) = &activity.event_id {
        link("This event in CloudTrail", format!("{trail}/{}", encoded(id.raw())));
    }
    if let Some(name) = username(&activity.principal) {
        link("All that the caller did, in CloudTrail", format!("{trail}?Username={}", encoded(name)));
    }
    links
}

/// Where the console shows the target, if it is there and the console has a place for it.
fn target(activity: &Activity, region: &str) -> Option<(&'static str, String)> {
    let (action, target) = (activity.action, &activity.target);
    let gone = matches!(action.done, "deleted") && action.tail.is_none();
    if !activity.outcome.succeeded() || gone {
        return None;
    }
    let name = encoded(activity.name_now().map(crate::text::Untrusted::raw).unwrap_or_default());
    let arn = target.arn.as_ref().map(|arn| encoded(arn.raw()));
    let found = match target.thing {
        Thing::Account | Thing::RootUser if action.service == "iam" && action.change != Change::Unfamiliar => {
            return Some(("The account's settings in IAM", "iam/home#/account_settings".to_owned()));
        }
        _ if activity.target.name.is_none() => return None,
        Thing::User if action.change == Change::Creates => {
            ("The new user in IAM", format!("iam/home#/users/details/{name}"))
        }
        Thing::User => ("The user in IAM", format!("iam/home#/users/details/{name}")),
        Thing::Role => ("The role in IAM", format!("iam/home#/roles/details/{name}")),
        Thing::Group => ("The group in IAM", format!("iam/home#/groups/details/{name}")),
        Thing::Policy => ("The policy in IAM", format!("iam/home#/policies/details/{}", arn?)),
        Thing::SamlProvider | Thing::OidcProvider => {
            ("The identity providers in IAM", "iam/home#/identity_providers".to_owned())
        }
        Thing::Trail => ("The trails", format!("cloudtrailv2/home?region={region}#/trails")),
        Thing::Rule => ("The rules", format!("events/home?region={region}#/rules")),
        Thing::Topic => ("The topic", format!("sns/v3/home?region={region}#/topic/{}", arn?)),
        Thing::Function => ("The function", format!("lambda/home?region={region}#/functions/{name}")),
        _ => return None,
    };
    Some(found)
}

/// What CloudTrail's event history calls `Username`: a user's name, a role session's name.
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
        | Principal::AwsService(_)
        | Principal::Unrecognized(_) => None,
    };
    name.map(crate::text::Untrusted::raw)
}
