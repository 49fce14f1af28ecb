//! AWS managed policies whose document could not be read: what is known of them by name, and those that only deny.

use super::document::Document;
use crate::arn::Arn;

/// The parts of the documents that decide a level (AWS Managed Policy Reference).
const DOCUMENTS: [(&str, &str); 4] = [
    ("AdministratorAccess", r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#),
    ("IAMFullAccess", r#"{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}"#),
    (
        "PowerUserAccess",
        r#"{"Statement":{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"}}"#,
    ),
    ("AWSDenyAll", r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#),
];

/// The start of the names of the policies that AWS attaches when an access key is found in public; the second is that of
/// earlier years.
const QUARANTINE: [&str; 2] = ["AWSCompromisedKeyQuarantine", "AWSExposedCredentialPolicy"];

/// The escalation paths of AWS managed policies, for those whose document could not be read. `tests/aws_managed.py`
/// writes the table and describes it.
const TABLE: &str = include_str!("aws_managed.tsv");

/// What is known of an AWS managed policy by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// The parts of its document that decide a level.
    Document(Document),
    /// The actions that open escalation paths on any resource. The rest of the document is not known.
    Escalates(Document),
    /// It opens paths only on certain resources or under a condition: their ids, separated by commas, or nothing.
    EscalatesInPart(&'static str),
}

pub(super) fn known(name: &str) -> Option<Known> {
    if let Some((_, document)) = DOCUMENTS.iter().find(|(known, _)| *known == name) {
        return Document::parse(document).map(Known::Document);
    }
    let (_, opens) = rows().find(|(known, _)| *known == name)?;
    Some(match opens.strip_prefix('~') {
        Some(ids) => Known::EscalatesInPart(ids),
        None => Known::Escalates(Document::allowing(actions(opens))),
    })
}

/// Whether a boundary of this name leaves no escalation path, by the documents that the table was written from.
pub(super) fn document_of_boundary(name: &str) -> Option<Document> {
    let reads = matches!(name, "ReadOnlyAccess" | "ViewOnlyAccess" | "SecurityAudit");
    reads.then(|| Document::allowing(["*:Get*", "*:List*", "*:Describe*"].map(str::to_owned).into()))
}

/// The day of the documents that the table was written from.
pub(super) fn table_date() -> &'static str {
    TABLE.split([' ', ',']).find(|word| word.starts_with("20")).unwrap_or_default()
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter_map(|line| line.split_once('\t'))
}

/// `ec2:A,B;lambda:C` as ec2:A, ec2:B and lambda:C.
fn actions(grouped: &str) -> Vec<String> {
    let services = grouped.split(';').filter_map(|group| group.split_once(':'));
    services.flat_map(|(service, names)| names.split(',').map(move |name| format!("{service}:{name}"))).collect()
}

pub(super) fn document_of(name: &str) -> Option<Document> {
    match known(name)? {
        Known::Document(document) | Known::Escalates(document) => Some(document),
        Known::EscalatesInPart(_) => None,
    }
}

/// The names of the AWS managed policies that are known to escalate on any resource.
pub(super) fn escalating_names() -> impl Iterator<Item = &'static str> {
    let whole = DOCUMENTS.iter().map(|(name, _)| *name).filter(|name| *name != "AWSDenyAll");
    whole.chain(rows().filter(|(_, opens)| !opens.starts_with('~')).map(|(name, _)| name))
}

/// Whether AWS manages the policy with this ARN.
#[must_use]
pub fn is_aws_managed(arn: &str) -> bool {
    Arn::parse(arn).is_some_and(|arn| arn.account == "aws")
}

/// Whether the whole content of an AWS managed policy is known for ever: AWS cannot change what these two mean.
#[must_use]
pub fn never_changes(arn: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    is_aws_managed(arn) && matches!(name, "AdministratorAccess" | "AWSDenyAll")
}

/// A policy that contains an identity, known by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownContainment {
    /// AWS's quarantine: AWS attaches it when it finds an access key in public. Some accounts get it as an inline policy.
    Quarantine,
    /// A policy that denies all actions, or all actions of earlier sessions.
    Denies,
}

/// The names of policies that contain an identity: AWS's, those of the IAM console, and those of the commands in the
/// alerts.
const DENIES: [&str; 4] = ["AWSDenyAll", "AWSRevokeOlderSessions", "incident-deny-all", "incident-revoke-sessions"];

/// The meaning of a policy that contains an identity, by its name. Anybody can give a policy such a name, so the name
/// lowers no severity.
#[must_use]
pub fn known_containment(name: &str) -> Option<KnownContainment> {
    if QUARANTINE.iter().any(|start| name.starts_with(start)) {
        return Some(KnownContainment::Quarantine);
    }
    DENIES.contains(&name).then_some(KnownContainment::Denies)
}

/// Whether this is the ARN of an AWS managed policy that restricts: the one that denies all actions, or a quarantine.
#[must_use]
pub fn is_deny_policy_of_aws(arn: &str) -> bool {
    is_aws_managed(arn) && known_containment(arn.rsplit('/').next().unwrap_or_default()).is_some()
}

/// Whether the AWS managed policy of this name has known content that only denies.
#[must_use]
pub fn is_known_deny_only(name: &str) -> bool {
    document_of(name).is_some_and(|document| document.is_deny_only())
}

#[cfg(test)]
mod tests {
    use super::super::escalation::{EscalationPath, escalation_paths};
    use super::*;
    use chrono::NaiveDate;

    #[test]
    fn an_aws_managed_policy_is_recognised_by_its_arn_and_not_by_its_name() {
        assert!(is_aws_managed("arn:aws:iam::aws:policy/AdministratorAccess"));
        assert!(!is_aws_managed("arn:aws:iam::111122223333:policy/AdministratorAccess"));
        assert!(is_deny_policy_of_aws("arn:aws:iam::aws:policy/AWSDenyAll"));
        assert!(is_deny_policy_of_aws("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"));
        assert!(!is_deny_policy_of_aws("arn:aws:iam::111122223333:policy/AWSDenyAll"));
        assert!(!is_deny_policy_of_aws("arn:aws:iam::aws:policy/ReadOnlyAccess"));
        for name in
            ["AWSCompromisedKeyQuarantine", "AWSCompromisedKeyQuarantineV2", "AWSExposedCredentialPolicy_DO_NOT_REMOVE"]
        {
            assert_eq!(known_containment(name), Some(KnownContainment::Quarantine));
        }
        assert_eq!(known_containment("AWSDenyAll"), Some(KnownContainment::Denies));
        assert_eq!(known_containment("MyAWSCompromisedKeyQuarantine"), None);
    }

    #[test]
    fn only_a_known_document_counts_as_deny_only() {
        assert!(is_known_deny_only("AWSDenyAll"));
        for other in ["PowerUserAccess", "AWSCompromisedKeyQuarantineV3", "ReadOnlyAccess"] {
            assert!(!is_known_deny_only(other), "{other}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_opens_the_paths_that_it_names() {
        let names: Vec<_> = rows().map(|(name, _)| name).collect();
        assert!(names.is_sorted() && names.len() > 200, "{}", names.len());
        assert!(NaiveDate::parse_from_str(table_date(), "%Y-%m-%d").is_ok(), "{}", table_date());
        let ids: Vec<_> = escalation_paths().map(|path| path.id).collect();
        for (name, opens) in rows() {
            match opens.strip_prefix('~') {
                Some("") => {}
                Some(listed) => assert!(listed.split(',').all(|id| ids.contains(&id)), "{name}"),
                None => {
                    let allowed = actions(opens);
                    let open = |path: &EscalationPath| path.all_actions().all(|a| allowed.iter().any(|b| b == a));
                    assert!(escalation_paths().any(open), "{name}");
                }
            }
        }
        assert_eq!(actions("ec2:A,B;lambda:C"), ["ec2:A", "ec2:B", "lambda:C"]);
        assert!(matches!(known("AmazonEC2FullAccess"), Some(Known::Escalates(_))));
        assert_eq!(known("ReadOnlyAccess"), None);
    }

    #[test]
    fn every_known_document_is_valid() {
        for (name, _) in DOCUMENTS {
            assert!(document_of(name).is_some_and(|document| document.identity_statements().is_some()), "{name}");
        }
    }
}
