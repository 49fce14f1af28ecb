//! Text from outside, and the only ways to show it.
//!
//! Other people wrote the user names, tags, error messages and ARNs, perhaps to deceive the reader of the alert. Such
//! text is an [`Untrusted`], which cannot be printed by accident. A [`Phrase`] puts this text into our own sentences.
//! Each channel formats a phrase at the very end.

mod phrase;
mod sanitize;
mod untrusted;

pub use phrase::Phrase;
pub use untrusted::{TextKind, Untrusted};

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A replacement for a text that cannot be used itself: half of its SHA-256, in 32 hexadecimal digits.
#[must_use]
pub fn fingerprint(text: &str) -> String {
    Sha256::digest(text).iter().take(16).fold(String::new(), |mut digits, byte| {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// A number with its noun: `1 day`, `2 days`.
#[must_use]
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// The text with the three characters escaped that begin markup in HTML and in Slack's messages.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
