//! The metadata of a SAML provider, as far as a person can compare it: who signs, with which certificates, and where
//! people sign in ("Metadata for the OASIS SAML V2.0").
//!
//! The document is not validated: IAM has done that. What is not found is not compared, and the documents are different
//! all the same.

use crate::phrase;
use crate::text::{Phrase, TextKind, Untrusted, fingerprint};
use std::collections::BTreeSet;

/// What is in one document only: "+ …", "- …".
pub(super) fn difference(before: &str, after: &str) -> Vec<Phrase> {
    let (old, new) = (parts(before), parts(after));
    let line = |sign: &'static str, (what, value): &(&'static str, String)| {
        phrase!(sign, *what, " ", Phrase::theirs(&Untrusted::new(value), TextKind::Arn))
    };
    let added = new.difference(&old).map(|part| line("+ ", part));
    let mut lines: Vec<_> = added.chain(old.difference(&new).map(|part| line("- ", part))).collect();
    if lines.is_empty() {
        lines.push(
            "the issuer, the certificates and the addresses are the same; other parts of the metadata differ".into(),
        );
    }
    lines
}

/// What is in a document.
pub(super) fn described(metadata: &str) -> Vec<Phrase> {
    let all = parts(metadata);
    all.iter().map(|(what, value)| phrase!(*what, " ", Phrase::theirs(&Untrusted::new(value), TextKind::Arn))).collect()
}

fn parts(metadata: &str) -> BTreeSet<(&'static str, String)> {
    let issuers = attributes(metadata, "entityID").into_iter().map(|value| ("issuer", value));
    let addresses = attributes(metadata, "Location").into_iter().map(|value| ("address", value));
    let certificates = metadata.split("X509Certificate>").skip(1).step_by(2).map(|text| {
        let text: String = text.split('<').next().unwrap_or_default().split_whitespace().collect();
        ("certificate", format!("{} (fingerprint of its text)", &fingerprint(&text)[..16]))
    });
    issuers.chain(addresses).chain(certificates).collect()
}

/// The values of an attribute, wherever it stands.
fn attributes(metadata: &str, name: &str) -> Vec<String> {
    let values = metadata.split(name).skip(1).filter_map(|rest| {
        let rest = rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        rest[1..].split(quote).next().map(str::to_owned)
    });
    values.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_certificate_and_another_address_are_lines_and_the_same_metadata_have_none() {
        let metadata = |certificate: &str, address: &str| {
            format!(
                "<md:EntityDescriptor entityID=\"https://idp.example.com\"><ds:X509Certificate>{certificate}\
                 </ds:X509Certificate><md:SingleSignOnService Location='{address}'/></md:EntityDescriptor>"
            )
        };
        let (before, after) =
            (metadata("MIIC A\nB", "https://idp.example.com/a"), metadata("MIICC", "https://evil.example/a"));
        let lines: Vec<_> = difference(&before, &after).iter().map(Phrase::plain).collect();
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(lines[0].starts_with("+ address hxxps://evil[.]example/a"), "{lines:?}");
        assert!(lines[1].starts_with("+ certificate "), "{lines:?}");
        let other = format!("{before}<!-- -->");
        assert_eq!(difference(&before, &other).len(), 1);
        assert_eq!(described(&before).len(), 3);
        // Whatever it is, it is no panic.
        for text in ["", "entityID", "entityID=", "entityID=\"", "X509Certificate>", "Location='é", "entityID=é"] {
            described(text);
        }
    }
}
