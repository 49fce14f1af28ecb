//! Amazon Resource Names (ARNs): partitions, parts and patterns.
//!
//! See "Amazon Resource Names" in the IAM user guide (`reference-arns`).

use std::borrow::Cow;

/// A partition: a group of AWS regions. Consoles and ARNs differ between partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partition {
    /// The commercial regions, `aws`.
    Aws,
    /// The regions in China, `aws-cn`.
    China,
    /// AWS GovCloud (US), `aws-us-gov`.
    GovCloud,
    /// A partition whose console is not known.
    Other(String),
}

impl Partition {
    /// The partition from its name in an ARN.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "aws" => Self::Aws,
            "aws-cn" => Self::China,
            "aws-us-gov" => Self::GovCloud,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The partition of a region, from the prefix of the region's name.
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

    /// The partition's name in an ARN.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Aws => "aws",
            Self::China => "aws-cn",
            Self::GovCloud => "aws-us-gov",
            Self::Other(name) => name,
        }
    }

    /// The DNS domain of the partition's services, if known.
    #[must_use]
    pub const fn domain(&self) -> Option<&'static str> {
        match self {
            Self::Aws | Self::GovCloud => Some("amazonaws.com"),
            Self::China => Some("amazonaws.com.cn"),
            Self::Other(_) => None,
        }
    }

    /// The host name of the console, and the region of IAM's events, if known.
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

/// The parts of an ARN, `arn:partition:service:region:account:resource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, …
    pub partition: &'a str,
    /// `iam`, `sts`, …
    pub service: &'a str,
    /// Empty for IAM.
    pub region: &'a str,
    /// Twelve digits; `aws` for AWS managed policies.
    pub account: &'a str,
    /// The rest, with the resource type: `user/path/name`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Parses an ARN; `None` if the text is not an ARN.
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

    /// As [`name`](Self::name), but complete for OpenID Connect providers: their name is a URL that contains slashes.
    #[must_use]
    pub fn full_name(&self) -> &'a str {
        self.resource.strip_prefix("oidc-provider/").unwrap_or_else(|| self.name())
    }

    /// Whether the parts of `pattern` match, as [`arn_like`] says.
    #[must_use]
    pub fn is_like(&self, pattern: &Arn<'_>) -> bool {
        wildcard(pattern.partition, self.partition)
            && wildcard(pattern.service, self.service)
            && wildcard(pattern.region, self.region)
            && wildcard(pattern.account, self.account)
            && wildcard(pattern.resource, self.resource)
    }
}

/// Whether `pattern` matches `arn`, part by part, as the condition operator `ArnLike` does: `*` and `?` do not match a
/// colon, except in the resource.
#[must_use]
pub fn arn_like(pattern: &str, arn: &str) -> bool {
    Arn::parse(pattern).zip(Arn::parse(arn)).is_some_and(|(pattern, arn)| arn.is_like(&pattern))
}

/// Whether `pattern` matches the whole of `text`. `*` matches any text, `?` matches any one character.
#[must_use]
pub fn wildcard(pattern: &str, text: &str) -> bool {
    wildcard_in_steps(pattern, text).0
}

/// As [`wildcard`], and how many characters were compared: at most the product of both lengths. An attacker can write
/// the pattern, so whoever compares many of them has to count.
#[must_use]
pub fn wildcard_in_steps(pattern: &str, text: &str) -> (bool, u64) {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut here, mut steps) = (0, 0, 1_u64);
    let mut last_star: Option<(usize, usize)> = None;
    while here < text.len() {
        steps += 1;
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
                // The last star matches one more character; the comparison continues after the star.
                Some((star, taken)) => {
                    at = star + 1;
                    here = taken + 1;
                    // The text up to the next place where the rest of the pattern can match belongs to the star.
                    if let Some(&next) = pattern.get(at).filter(|next| !matches!(next, b'*' | b'?')) {
                        match text[here..].iter().position(|&byte| byte == next) {
                            Some(skipped) => here += skipped,
                            None => return (false, steps),
                        }
                    }
                    last_star = Some((star, here));
                }
                None => return (false, steps),
            },
        }
    }
    (pattern[at..].iter().all(|&byte| byte == b'*'), steps)
}

/// As [`wildcard`], but not case-sensitive, as IAM compares actions.
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

/// Whether the text is an account id: 12 digits.
#[must_use]
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_arn_is_parsed_and_its_resource_can_contain_colons() {
        let arn = Arn::parse("arn:aws-cn:iam::123456789012:user/a:b/carol").unwrap();
        assert_eq!((arn.partition, arn.account), ("aws-cn", "123456789012"));
        assert_eq!((arn.resource, arn.name()), ("user/a:b/carol", "carol"));
        for not_one in ["", "arn:aws:iam::1", "arn:aws:iam::1:", "urn:aws:iam::1:root"] {
            assert_eq!(Arn::parse(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn a_star_in_one_part_of_a_pattern_does_not_match_the_next_part() {
        let arn = "arn:aws:iam::123456789012:role/ci/deploy";
        assert!(arn_like("arn:aws:iam::123456789012:role/ci/*", arn));
        assert!(arn_like("arn:*:iam::*:role/*/deploy", arn));
        assert!(!arn_like("arn:aws:*:role/ci/deploy", arn));
        assert!(!arn_like("arn:aws:iam::999999999999:role/ci/*", arn));
        assert!(!arn_like("*", arn));
    }

    #[test]
    fn a_region_determines_its_partition() {
        assert_eq!(Partition::of_region("cn-north-1"), Partition::China);
        assert_eq!(Partition::of_region("us-gov-west-1"), Partition::GovCloud);
        assert_eq!(Partition::of_region("us-east-1"), Partition::Aws);
        assert_eq!(Partition::of_region("eusc-de-east-1").console(), None);
    }

    /// The definition itself, slow: the reference for the fast function.
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
        fn wildcards_match_as_their_definition_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            prop_assert_eq!(wildcard(&pattern, &text), by_definition(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
