//! Links into the consoles of AWS, right in every partition whose console we know.

use crate::arn::Partition;
use crate::cloudtrail::{Activity, Principal};
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
    if let (Some(name), true) = (&activity.target.name, activity.outcome.succeeded()) {
        link("The new user in IAM", format!("https://{console}/iam/home#/users/details/{}", encoded(name.raw())));
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
