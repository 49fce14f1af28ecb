//! Amazon Resource Names: their partition, their parts, and patterns over them.
//!
//! See "Amazon Resource Names" in the IAM user guide (`reference-arns`).

use std::borrow::Cow;

/// The set of regions that an account lives in. Consoles and ARNs differ between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partition {
    /// The commercial regions, `aws`.
    Aws,
    /// The regions in China, `aws-cn`.
    China,
    /// AWS GovCloud (US), `aws-us-gov`.
    GovCloud,
    /// A partition whose consoles we do not know.
    Other(String),
}

impl Partition {
    /// The partition with this name in an ARN.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "aws" => Self::Aws,
            "aws-cn" => Self::China,
            "aws-us-gov" => Self::GovCloud,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The partition that a region belongs to, by its prefix.
    #[must_use]
    pub fn of_region(region: &str) -> Self {
        const PREFIXES: [(&str, &str); 6] = [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("us-isob-", "aws-iso-b"),
            ("us-iso-", "aws-iso"),
            ("eu-isoe-", "aws-iso-e"),
            ("eusc-", "aws-eusc"),
        ];
        let known = PREFIXES.iter().find(|(prefix, _)| region.starts_with(prefix));
        Self::from_name(known.map_or("aws", |(_, name)| name))
    }

    /// Its name in an ARN.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Aws => "aws",
            Self::China => "aws-cn",
            Self::GovCloud => "aws-us-gov",
            Self::Other(name) => name,
        }
    }

    /// The domain of its services, if we know.
    #[must_use]
    pub const fn domain(&self) -> Option<&'static str> {
        match self {
            Self::Aws | Self::GovCloud => Some("amazonaws.com"),
            Self::China => Some("amazonaws.com.cn"),
            Self::Other(_) => None,
        }
    }

    /// Where its console is, if we know; and the region that IAM's events belong to.
    #[must_use]
    pub const fn console(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Aws => Some(("console.aws.amazon.com", "us-east-1")),
            Self::China => Some(("console.amazonaws.cn", "cn-north-1")),
            Self::GovCloud => Some(("console.amazonaws-us-gov.com", "us-gov-west-1")),
            Self::Other(_) => None,
        }
    }
}

/// An ARN taken apart, `arn:partition:service:region:account:resource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, …
    pub partition: &'a str,
    /// `iam`, `sts`, …
    pub service: &'a str,
    /// Empty for IAM.
    pub region: &'a str,
    /// Twelve digits; `aws` for policies that AWS manages.
    pub account: &'a str,
    /// What follows, with its type: `user/path/name`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Takes an ARN apart; `None` where it is not one.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let [partition, service, region, account, resource] = std::array::from_fn(|_| parts.next());
        Some(Self {
            partition: partition?,
            service: service?,
            region: region?,
            account: account?,
            resource: resource.filter(|resource| !resource.is_empty())?,
        })
    }

    /// The last part of the resource: the name of a user, role, group or policy.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.resource.rsplit_once('/').map_or(self.resource, |(_, name)| name)
    }

    /// The same, but for OpenID Connect providers, whose name is a URL with slashes.
    #[must_use]
    pub fn full_name(&self) -> &'a str {
        self.resource.strip_prefix("oidc-provider/").unwrap_or_else(|| self.name())
    }
}

/// Whether `pattern` covers `arn`, part by part, as the condition operator `ArnLike` does: `*` and `?` do
/// not cross a colon, except in the resource.
#[must_use]
pub fn arn_like(pattern: &str, arn: &str) -> bool {
    let (Some(pattern), Some(arn)) = (Arn::parse(pattern), Arn::parse(arn)) else {
        return false;
    };
    wildcard(pattern.partition, arn.partition)
        && wildcard(pattern.service, arn.service)
        && wildcard(pattern.region, arn.region)
        && wildcard(pattern.account, arn.account)
        && wildcard(pattern.resource, arn.resource)
}

/// Whether `pattern`, in which `*` is any text and `?` any one character, covers the whole of `text`.
///
/// Takes time in proportion to the product of both lengths at worst, never more: policies are hostile text.
#[must_use]
pub fn wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut here) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while here < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                last_star = Some((at, here));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[here] => {
                at += 1;
                here += 1;
            }
            _ => match last_star {
                // Let the last star take one character more, and go on from behind it.
                Some((star, taken)) => {
                    at = star + 1;
                    here = taken + 1;
                    last_star = Some((star, taken + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// The same, without regard to case, as IAM compares actions.
#[must_use]
pub fn wildcard_ignoring_case(pattern: &str, text: &str) -> bool {
    wildcard(&lower(pattern), &lower(text))
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_arn_comes_apart_and_its_resource_may_hold_colons() {
        let arn = Arn::parse("arn:aws-cn:iam::123456789012:user/a:b/carol").unwrap();
        assert_eq!((arn.partition, arn.account), ("aws-cn", "123456789012"));
        assert_eq!((arn.resource, arn.name()), ("user/a:b/carol", "carol"));
        for not_one in ["", "arn:aws:iam::1", "arn:aws:iam::1:", "urn:aws:iam::1:root"] {
            assert_eq!(Arn::parse(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn a_star_in_one_part_of_a_pattern_does_not_reach_into_the_next() {
        let arn = "arn:aws:iam::123456789012:role/ci/deploy";
        assert!(arn_like("arn:aws:iam::123456789012:role/ci/*", arn));
        assert!(arn_like("arn:*:iam::*:role/*/deploy", arn));
        assert!(!arn_like("arn:aws:*:role/ci/deploy", arn));
        assert!(!arn_like("arn:aws:iam::999999999999:role/ci/*", arn));
        assert!(!arn_like("*", arn));
    }

    #[test]
    fn partitions_are_told_by_region() {
        assert_eq!(Partition::of_region("cn-north-1"), Partition::China);
        assert_eq!(Partition::of_region("us-gov-west-1"), Partition::GovCloud);
        assert_eq!(Partition::of_region("us-east-1"), Partition::Aws);
        assert_eq!(Partition::of_region("eusc-de-east-1").console(), None);
    }

    /// The definition, word for word and slow, to hold the quick one against.
    fn by_definition(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => {
                by_definition(rest, text) || (!text.is_empty() && by_definition(pattern, &text[1..]))
            }
            (Some((b'?', rest)), Some((_, after))) => by_definition(rest, after),
            (Some((byte, rest)), Some((found, after))) => byte == found && by_definition(rest, after),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn wildcards_mean_what_their_definition_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            prop_assert_eq!(wildcard(&pattern, &text), by_definition(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
