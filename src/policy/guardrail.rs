//! What a service control policy or a resource control policy keeps the accounts of an organization from doing.
//!
//! Such a policy grants nothing ("Service control policies", AWS Organizations user guide). What matters is what it
//! denies: without it, that is allowed, unless another policy denies it.

use super::document::{Document, Effect, Patterns};
use super::parsed::Parsed;
use crate::text::Phrase;

/// A policy of AWS Organizations that limits accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrail {
    /// Its statements, one line each.
    pub statements: Vec<Phrase>,
    /// Whether it denies something.
    pub denies: bool,
    /// Whether it denies every action, whoever calls and on whatever.
    pub denies_everything: bool,
    /// What it protects, of what intruders attack first.
    pub protects: Vec<&'static str>,
}

/// Actions that end a protection, and what they end. The first of each group stands for it.
const PROTECTED: [(&str, &str); 12] = [
    ("cloudtrail:StopLogging", "the trails of CloudTrail"),
    ("cloudtrail:DeleteTrail", "the trails of CloudTrail"),
    ("guardduty:DeleteDetector", "GuardDuty"),
    ("guardduty:UpdateDetector", "GuardDuty"),
    ("securityhub:DisableSecurityHub", "Security Hub"),
    ("config:StopConfigurationRecorder", "AWS Config"),
    ("access-analyzer:DeleteAnalyzer", "IAM Access Analyzer"),
    ("organizations:LeaveOrganization", "the membership in the organization"),
    ("account:EnableRegion", "the choice of regions"),
    ("iam:CreateAccessKey", "the creation of access keys"),
    ("s3:PutAccountPublicAccessBlock", "the block of public access to S3"),
    ("kms:ScheduleKeyDeletion", "KMS keys"),
];

impl Guardrail {
    /// Reads a policy; `None` if it cannot be read as one.
    #[must_use]
    pub fn of(parsed: &Parsed) -> Option<Self> {
        let document = parsed.policy()?;
        let statements = document.identity_statements()?;
        let is_deny = |effect| effect == Effect::Deny;
        let denies_everything = statements.iter().any(|statement| {
            let all =
                |patterns: &Patterns| matches!(patterns, Patterns::AnyOf(all) if all.iter().any(|one| one == "*"));
            is_deny(statement.effect)
                && statement.conditions.is_empty()
                && all(statement.actions)
                && all(statement.resources)
        });
        Some(Self {
            statements: document.describe(),
            denies: statements.iter().any(|statement| is_deny(statement.effect)),
            denies_everything,
            protects: protects(document),
        })
    }
}

fn protects(document: &Document) -> Vec<&'static str> {
    let mut protected: Vec<_> =
        PROTECTED.iter().filter(|(action, _)| document.denies_somewhere(action)).map(|(_, what)| *what).collect();
    protected.dedup();
    protected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guardrail(text: &str) -> Option<Guardrail> {
        Guardrail::of(&Parsed::of(text))
    }

    #[test]
    fn a_guardrail_says_what_it_protects() {
        let trails = guardrail(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["cloudtrail:StopLogging","cloudtrail:DeleteTrail",
            "organizations:LeaveOrganization"],"Resource":"*"}]}"#,
        );
        let trails = trails.unwrap();
        assert_eq!(trails.protects, ["the trails of CloudTrail", "the membership in the organization"]);
        assert!(trails.denies && !trails.denies_everything && trails.statements.len() == 1);
    }

    #[test]
    fn a_policy_that_allows_everything_limits_nothing() {
        let full = guardrail(r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#).unwrap();
        assert!(!full.denies && full.protects.is_empty());
    }

    #[test]
    fn only_a_deny_without_condition_denies_everything() {
        let all = r#"{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
        assert!(guardrail(all).unwrap().denies_everything);
        let some = r#"{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*",
            "Condition":{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:root"}}}]}"#;
        let some = guardrail(some).unwrap();
        assert!(some.denies && !some.denies_everything);
        let other = r#"{"Statement":[{"Effect":"Deny","NotAction":["iam:*"],"Resource":"*"}]}"#;
        assert!(!guardrail(other).unwrap().denies_everything);
    }

    #[test]
    fn what_is_no_policy_is_no_guardrail() {
        for odd in ["", "{}", "x", r#"{"Statement":[{"Effect":"Perhaps","Action":"*","Resource":"*"}]}"#] {
            assert_eq!(guardrail(odd), None, "{odd}");
        }
    }
}
