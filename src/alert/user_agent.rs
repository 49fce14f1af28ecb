//! The user agent in readable form: "AWS CLI 2.31.9, Linux". Callers can write any user agent, so only the exact form
//! of a known program is read; all others are shown unchanged. The raw text is in the reference.

use crate::phrase;
use crate::text::{Phrase, Untrusted};

/// Programs and their names in a user agent. The first match in this list is used: a user agent names the SDK after the
/// program.
const PROGRAMS: [(&str, &str); 14] = [
    ("aws-cli/", "AWS CLI"),
    ("Terraform/", "Terraform"),
    ("terraform-provider-aws/", "Terraform AWS provider"),
    ("Pulumi/", "Pulumi"),
    ("aws-cdk/", "AWS CDK"),
    ("Boto3/", "Boto3"),
    ("Botocore/", "Botocore"),
    ("aws-sdk-go-v2/", "AWS SDK for Go"),
    ("aws-sdk-go/", "AWS SDK for Go"),
    ("aws-sdk-java/", "AWS SDK for Java"),
    ("aws-sdk-js/", "AWS SDK for JavaScript"),
    ("aws-sdk-rust/", "AWS SDK for Rust"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
];

/// Operating systems and their names in a user agent.
const SYSTEMS: [(&str, &str); 8] = [
    ("os/linux", "Linux"),
    ("os/macos", "macOS"),
    ("os/windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Darwin/", "macOS"),
    ("Windows", "Windows"),
    ("Linux", "Linux"),
    ("exec-env/CloudShell", "CloudShell"),
];

/// The program and its system; `None` if the text has no known form.
pub(super) fn readable(agent: &Untrusted) -> Option<Phrase> {
    let text = agent.raw();
    // A text that imitates several agents, or hides something, is shown unchanged.
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') && !text.contains("  ");
    if !plain || text.len() > 400 || text.contains("://") || text.to_ascii_lowercase().contains("www.") {
        return None;
    }
    let words = || text.split([' ', '[', ']', '(', ')', ';']);
    let (name, version) = PROGRAMS.iter().find_map(|(prefix, name)| {
        let version = words().find_map(|word| word.strip_prefix(prefix))?;
        Some((*name, version))
    })?;
    let version = version.split(['#', '+', '-']).next().unwrap_or_default();
    let is_version = (1..=16).contains(&version.len()) && version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_version.then_some(())?;
    let system = SYSTEMS.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| phrase!(", ", *name));
    Some(phrase!(name, " ", Phrase::ours(version.to_owned()), system.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        readable(&text.into()).map(|phrase| phrase.plain())
    }

    #[test]
    fn known_programs_are_read() {
        for (agent, expected) in [
            (
                "aws-cli/2.31.9 md/awscrt#0.28.1 ua/2.1 os/linux#6.12 md/arch#x86_64 lang/python#3.13.7 cfg/retry-mode#standard",
                "AWS CLI 2.31.9, Linux",
            ),
            ("aws-cli/2.31.9", "AWS CLI 2.31.9"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox 145.0, Linux"),
            ("APN/1.0 HashiCorp/1.0 Terraform/1.9.0 (+https%3A//x) aws-sdk-go/1.44.20", "Terraform 1.9.0"),
            ("Boto3/1.43.1 md/Botocore#1.43.1 ua/2.1 os/macos#24.0", "Boto3 1.43.1, macOS"),
        ] {
            assert_eq!(read(agent).as_deref(), Some(expected), "{agent}");
        }
    }

    #[test]
    fn other_forms_are_not_read() {
        for agent in [
            "",
            "my-tool/1.0",
            "aws-cli/call-support-at-555",
            "aws-cli/2.31.9  MFA used",
            "aws-cli/2.31.9\nWHY LOW",
            "aws-cli/2.31.9 https://evil.example",
            "xaws-cli/2.1",
        ] {
            assert_eq!(read(agent), None, "{agent:?}");
        }
    }
}
