//! AWS managed policies: the few whose content is known, and those that only deny.
//!
//! Their documents are not read from IAM: a few decide a level, the others are shown by name.

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

/// The start of the names of the policies that AWS attaches when an access key is found in public.
const QUARANTINE: &str = "AWSCompromisedKeyQuarantine";

pub(super) fn document_of(name: &str) -> Option<Document> {
    let (_, document) = DOCUMENTS.iter().find(|(known, _)| *known == name)?;
    Document::parse(document)
}

/// The names of the AWS managed policies that are known to escalate.
pub(super) fn escalating_names() -> impl Iterator<Item = &'static str> {
    DOCUMENTS.iter().map(|(name, _)| *name).filter(|name| *name != "AWSDenyAll")
}

/// The paths that an AWS managed policy opens on certain resources, or under a condition.
pub(super) fn limited_paths(_name: &str) -> Option<&'static str> {
    None
}

/// Whether AWS manages the policy with this ARN.
#[must_use]
pub fn is_aws_managed(arn: &str) -> bool {
    Arn::parse(arn).is_some_and(|arn| arn.account == "aws")
}

/// Whether an AWS managed policy of this name is AWS's quarantine for an exposed access key.
#[must_use]
pub fn is_quarantine_policy(name: &str) -> bool {
    name.starts_with(QUARANTINE)
}

/// Whether this is the ARN of an AWS managed policy that restricts: the one that denies all actions, or a quarantine.
#[must_use]
pub fn is_deny_policy_of_aws(arn: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    is_aws_managed(arn) && (name == "AWSDenyAll" || is_quarantine_policy(name))
}

/// Whether the AWS managed policy of this name has known content that only denies.
#[must_use]
pub fn is_known_deny_only(name: &str) -> bool {
    document_of(name).is_some_and(|document| document.is_deny_only())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aws_managed_policy_is_recognised_by_its_arn_and_not_by_its_name() {
        assert!(is_aws_managed("arn:aws:iam::aws:policy/AdministratorAccess"));
        assert!(!is_aws_managed("arn:aws:iam::111122223333:policy/AdministratorAccess"));
        assert!(is_deny_policy_of_aws("arn:aws:iam::aws:policy/AWSDenyAll"));
        assert!(is_deny_policy_of_aws("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"));
        assert!(!is_deny_policy_of_aws("arn:aws:iam::111122223333:policy/AWSDenyAll"));
        assert!(!is_deny_policy_of_aws("arn:aws:iam::aws:policy/ReadOnlyAccess"));
        assert!(is_quarantine_policy("AWSCompromisedKeyQuarantineV2") && !is_quarantine_policy("AWSDenyAll"));
    }

    #[test]
    fn only_a_known_document_counts_as_deny_only() {
        assert!(is_known_deny_only("AWSDenyAll"));
        for other in ["PowerUserAccess", "AWSCompromisedKeyQuarantineV3", "ReadOnlyAccess"] {
            assert!(!is_known_deny_only(other), "{other}");
        }
    }

    #[test]
    fn every_known_document_is_valid() {
        for (name, _) in DOCUMENTS {
            assert!(document_of(name).is_some_and(|document| document.identity_statements().is_some()), "{name}");
        }
    }
}
