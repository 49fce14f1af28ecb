//! Text from outside, and the only ways to show it.
//!
//! User names, tags, error messages, ARNs: somebody else wrote them, perhaps to deceive the reader of the
//! alert. Such text travels as [`Untrusted`], which cannot be printed by accident, and is put into our own
//! sentences by a [`Phrase`]. Each channel turns a phrase into its own dress at the very end.

mod phrase;
mod sanitize;
mod untrusted;

pub use phrase::Phrase;
pub use untrusted::{TextKind, Untrusted};

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// What stands for a text where the text itself cannot: half of its SHA-256, in 32 hexadecimal digits.
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

#[cfg(test)]
mod tests;
