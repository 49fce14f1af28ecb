//! Text from outside. This text cannot be printed by accident.

use super::sanitize;
use std::fmt::Write as _;

/// The kind of a text from outside. The kind decides how the text is shown, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// The name of a user, role or policy. IAM names have at most 128 characters.
    Name,
    /// The same where many names share a screen.
    Short,
    /// An ARN: a path can have 512 characters, followed by a name.
    Arn,
    /// Text with any content: a user agent, a tag, a description.
    Free,
    /// An error message. CloudTrail cuts it at 1 KB; the end says which policy denied the call.
    Message,
}

impl TextKind {
    /// The most characters that are shown.
    #[must_use]
    pub const fn limit(self) -> usize {
        match self {
            Self::Name => 160,
            Self::Short => 48,
            Self::Arn => 720,
            Self::Free => 300,
            Self::Message => 1_100,
        }
    }
}

/// Text from outside. This type has no `Display`: the code that shows the text must say how.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Untrusted(String);

impl Untrusted {
    /// Marks a text as text from outside.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The unchanged text: for comparison, lookups and quotes, never for display.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// For plain text on a screen.
    #[must_use]
    pub fn shown(&self, kind: TextKind) -> String {
        self.seen(kind.limit())
    }

    /// For a machine that compares names, not for clickable text: the text does not change, except that hidden
    /// characters become visible and the length is limited.
    #[must_use]
    pub fn identifier(&self, kind: TextKind) -> String {
        self.visible(kind.limit()).0
    }

    /// At most `limit` characters, and a mark if more were cut. Hidden characters are made [`visible`](Self::visible),
    /// and links unclickable (`hxxps://evil[.]example`).
    pub(super) fn seen(&self, limit: usize) -> String {
        let (seen, cut) = self.visible(limit);
        let mut seen = sanitize::hosts_defanged(&sanitize::defanged(&seen));
        if cut > 0 {
            let _ = write!(seen, "... [{cut} more characters]");
        }
        seen
    }

    /// The first `limit` characters, and the number of the others.
    ///
    /// Characters that a reader cannot see, or that move other text (control characters, line and paragraph separators,
    /// bidirectional controls, invisible characters, unusual blanks and long runs of plain blanks), become a visible
    /// escape.
    fn visible(&self, limit: usize) -> (String, usize) {
        let mut seen = String::with_capacity(self.0.len().min(limit) + 16);
        let mut rest = self.0.chars();
        let mut blanks = 0;
        for character in rest.by_ref().take(limit) {
            if character == ' ' {
                blanks += 1;
                continue;
            }
            sanitize::push_blanks(&mut seen, std::mem::take(&mut blanks));
            match character {
                '\n' => seen.push_str("\\n"),
                '\r' => seen.push_str("\\r"),
                '\t' => seen.push_str("\\t"),
                hidden if sanitize::is_deceptive(hidden) => {
                    // Writing to a String cannot fail.
                    let _ = write!(seen, "\\u{{{:x}}}", u32::from(hidden));
                }
                plain => seen.push(plain),
            }
        }
        sanitize::push_blanks(&mut seen, blanks);
        (seen, rest.count())
    }

    /// For an SNS subject: as [`shown`](Self::shown), in printable ASCII, of at most `limit` characters.
    #[must_use]
    pub fn ascii(&self, limit: usize) -> String {
        const CUT: &str = "..";
        let seen: String = self
            .seen(limit.saturating_add(1))
            .chars()
            .map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' })
            .collect();
        if seen.len() <= limit {
            return seen;
        }
        let kept = limit.saturating_sub(CUT.len());
        format!("{}{}", &seen[..kept], &CUT[..CUT.len().min(limit)])
    }
}

impl<T: Into<String>> From<T> for Untrusted {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}
