//! Text from outside, which cannot be printed by accident.

use super::sanitize;
use std::fmt::Write as _;

/// What a stretch of text from outside is, which decides how much of it is shown and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// The name of a user, a role, a policy. IAM's have at most 128 characters.
    Name,
    /// An ARN: a path may have 512 characters, and a name stands behind it.
    Arn,
    /// Text in which anything may stand: a user agent, a tag, a description.
    Free,
    /// An error message, which CloudTrail cuts at 1 KB; its end says which policy denied.
    Message,
}

impl TextKind {
    /// The most characters that are shown.
    #[must_use]
    pub const fn limit(self) -> usize {
        match self {
            Self::Name => 160,
            Self::Arn => 720,
            Self::Free => 300,
            Self::Message => 1_100,
        }
    }
}

/// Text that came from outside. It has no `Display`: whoever shows it says how.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Untrusted(String);

impl Untrusted {
    /// Marks text as not ours.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as it came: to compare it, to look it up, to quote it; never to show it.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Fit for plain text that is read on a screen.
    #[must_use]
    pub fn shown(&self, kind: TextKind) -> String {
        let seen = self.seen(kind.limit());
        match kind {
            TextKind::Free | TextKind::Message => sanitize::hosts_defanged(&seen),
            TextKind::Name | TextKind::Arn => seen,
        }
    }

    /// Fit for a machine that compares it with other names, and for nobody to click: as it is, but that what cannot be
    /// seen is made visible, and that it is bounded.
    #[must_use]
    pub fn identifier(&self, kind: TextKind) -> String {
        self.visible(kind.limit()).0
    }

    /// At most `limit` characters, and a mark of what was cut: made [`visible`](Self::visible), and links made
    /// unclickable (`hxxps://evil[.]example`).
    pub(super) fn seen(&self, limit: usize) -> String {
        let (seen, cut) = self.visible(limit);
        let mut seen = sanitize::defanged(&seen);
        if cut > 0 {
            let _ = write!(seen, "... [{cut} more characters]");
        }
        seen
    }

    /// The first `limit` characters, and how many more there are.
    ///
    /// Whatever would not be seen, or would move what is seen (control characters, line and paragraph
    /// separators, bidirectional controls, invisible characters, odd blanks and long runs of plain ones),
    /// becomes a visible escape.
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

    /// Fit for an SNS subject: as [`shown`](Self::shown), in printable ASCII, of at most `limit` characters.
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
