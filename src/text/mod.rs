//! Text from outside, and the only ways to show it.
//!
//! User names, tags, error messages, ARNs: somebody else wrote them, perhaps to deceive the reader of the
//! alert. Such text travels as [`Untrusted`], which cannot be printed by accident, and is put into our own
//! sentences by a [`Phrase`]. Each channel turns a phrase into its own dress at the very end.

use crate::phrase;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
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
            TextKind::Free | TextKind::Message => hosts_defanged(&seen),
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
    fn seen(&self, limit: usize) -> String {
        let (seen, cut) = self.visible(limit);
        let mut seen = defanged(&seen);
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
            push_blanks(&mut seen, std::mem::take(&mut blanks));
            match character {
                '\n' => seen.push_str("\\n"),
                '\r' => seen.push_str("\\r"),
                '\t' => seen.push_str("\\t"),
                hidden if is_deceptive(hidden) => {
                    // Writing to a String cannot fail.
                    let _ = write!(seen, "\\u{{{:x}}}", u32::from(hidden));
                }
                plain => seen.push(plain),
            }
        }
        push_blanks(&mut seen, blanks);
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

/// A run of blanks can push forged text to where a line seems to begin.
fn push_blanks(seen: &mut String, blanks: usize) {
    if blanks > 2 {
        let _ = write!(seen, "[{blanks} blanks]");
    } else {
        seen.push_str(&"  "[..blanks]);
    }
}

/// What a reader would not see, or what would change how the rest is read.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c,
            // Braille blank
            '\u{2800}' |
            // soft hyphen, Arabic letter mark, Hangul fillers, Mongolian vowel separator, Khmer vowels
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{3164}'
            // zero width, direction marks, line and paragraph separators, embeddings, isolates, joiners
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            // variation selectors, byte order mark, half-width filler, annotation, object replacement, tags
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffc}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Makes links unclickable. Names such as `first.last` are left alone: only what a mail program would take
/// for a link (a scheme before `://`, or a leading `www.`) is touched.
fn defanged(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://").or_else(|| rest.find(":\\\\")) {
        let (before, after) = (&rest[..at], &rest[at + 3..]);
        let scheme_at = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
            .map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
        let (lead, scheme) = before.split_at(scheme_at);
        safe.push_str(&without_www(lead));
        match scheme.to_ascii_lowercase().as_str() {
            "http" => safe.push_str("hxxp://"),
            "https" => safe.push_str("hxxps://"),
            _ => {
                safe.push_str(scheme);
                safe.push_str("[:]//");
            }
        }
        let host = after.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | ':')).unwrap_or(after.len());
        safe.push_str(&after[..host].replace('.', "[.]"));
        rest = &after[host..];
    }
    safe.push_str(&without_www(rest));
    safe
}

/// Makes unclickable what mail programs take for a link in running text: `host.example/path`, `mailto:`.
fn hosts_defanged(text: &str) -> String {
    let host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('/') {
        let begin =
            rest[..at].rfind(|c| !host(c)).map_or(0, |i| i + rest[i..].chars().next().map_or(1, char::len_utf8));
        let name = &rest[begin..at];
        let top = name.rsplit_once('.').map_or("", |(_, top)| top);
        safe.push_str(&rest[..begin]);
        if top.len() > 1 && top.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            safe.push_str(&name.replace('.', "[.]"));
        } else {
            safe.push_str(name);
        }
        safe.push('/');
        rest = &rest[at + 1..];
    }
    safe.push_str(rest);
    safe.replace("mailto:", "mailto[:]")
}

fn without_www(text: &str) -> Cow<'_, str> {
    let at: Vec<usize> = text.to_ascii_lowercase().match_indices("www.").map(|(i, _)| i + 3).collect();
    if at.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 2 * at.len());
    let mut from = 0;
    for dot in at {
        safe.push_str(&text[from..dot]);
        safe.push_str("[.]");
        from = dot + 1;
    }
    safe.push_str(&text[from..]);
    Cow::Owned(safe)
}

/// A stretch of text in which our own words and words from outside are kept apart until a channel shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phrase(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Ours(Cow<'static, str>),
    Theirs(Untrusted, TextKind),
}

impl Phrase {
    /// Text that we made ourselves, out of numbers, times and fixed words.
    #[must_use]
    pub fn ours(text: String) -> Self {
        Self(vec![Piece::Ours(Cow::Owned(text))])
    }

    /// Text from outside.
    #[must_use]
    pub fn theirs(text: &Untrusted, kind: TextKind) -> Self {
        Self(vec![Piece::Theirs(text.clone(), kind)])
    }

    /// An ARN.
    #[must_use]
    pub fn arn(text: &Untrusted) -> Self {
        Self::theirs(text, TextKind::Arn)
    }

    /// Text in which anything may stand.
    #[must_use]
    pub fn free(text: &Untrusted) -> Self {
        Self::theirs(text, TextKind::Free)
    }

    /// Adds to the end.
    pub fn push(&mut self, more: impl Into<Self>) {
        self.0.extend(more.into().0);
    }

    /// Several, with `between` between them.
    #[must_use]
    pub fn joined(phrases: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let mut all = Self::default();
        for (i, phrase) in phrases.into_iter().enumerate() {
            if i > 0 {
                all.push(between);
            }
            all.push(phrase);
        }
        all
    }

    /// The first so many, with `between` between them, and how many more there are: "a, b and 3 more".
    #[must_use]
    pub fn few(all: impl IntoIterator<Item = Self>, shown: usize, between: &'static str) -> Self {
        let mut all = all.into_iter();
        let mut few = Self::joined(all.by_ref().take(shown), between);
        let more = all.count();
        if more > 0 {
            few.push(phrase!(" and ", more, " more"));
        }
        few
    }

    /// As the beginning of a sentence: our own first word with a capital; names stay as they are.
    #[must_use]
    pub fn capitalized(mut self) -> Self {
        if let Some(Piece::Ours(first)) = self.0.first_mut() {
            let mut letters = first.chars();
            if let Some(letter) = letters.next() {
                *first = Cow::Owned(letter.to_uppercase().chain(letters).collect());
            }
        }
        self
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As plain text, with what is not ours made safe to look at.
    #[must_use]
    pub fn plain(&self) -> String {
        self.rendered(Untrusted::shown)
    }

    /// As printable ASCII, with each stretch from outside cut to `each` characters.
    #[must_use]
    pub fn ascii(&self, each: usize) -> String {
        self.rendered(|text, kind| text.ascii(each.min(kind.limit())))
    }

    /// Its stretches one after another, each fit for plain text, and whether it is from outside.
    pub fn stretches(&self) -> impl Iterator<Item = (Cow<'_, str>, bool)> {
        self.0.iter().map(|piece| match piece {
            Piece::Ours(ours) => (Cow::Borrowed(ours.as_ref()), false),
            Piece::Theirs(theirs, kind) => (Cow::Owned(theirs.shown(*kind)), true),
        })
    }

    /// In the dress of a channel: `dress` is given each stretch from outside and what it is.
    pub fn rendered(&self, mut dress: impl FnMut(&Untrusted, TextKind) -> String) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Ours(ours) => text.push_str(ours),
                Piece::Theirs(theirs, kind) => text.push_str(&dress(theirs, *kind)),
            }
        }
        text
    }
}

impl From<&'static str> for Phrase {
    fn from(text: &'static str) -> Self {
        Self(vec![Piece::Ours(Cow::Borrowed(text))])
    }
}

impl From<&Untrusted> for Phrase {
    fn from(name: &Untrusted) -> Self {
        Self::theirs(name, TextKind::Name)
    }
}

impl From<&Self> for Phrase {
    fn from(phrase: &Self) -> Self {
        phrase.clone()
    }
}

impl From<usize> for Phrase {
    fn from(number: usize) -> Self {
        Self::ours(number.to_string())
    }
}

impl From<crate::severity::Severity> for Phrase {
    fn from(severity: crate::severity::Severity) -> Self {
        severity.word().into()
    }
}

/// Puts a [`Phrase`] together from our words, names from outside, numbers and other phrases.
#[macro_export]
macro_rules! phrase {
    ($($part:expr),+ $(,)?) => {{
        let mut phrase = $crate::text::Phrase::default();
        $( phrase.push($part); )+
        phrase
    }};
}

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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        Untrusted::new(text).shown(TextKind::Free)
    }

    #[test]
    fn what_cannot_be_seen_becomes_visible() {
        assert_eq!(shown("a\nHIGH\r\n\tb"), "a\\nHIGH\\r\\n\\tb");
        assert_eq!(shown("x\u{202e}gnp.exe"), "x\\u{202e}gnp.exe");
        assert_eq!(shown("a\u{2028}b\u{200b}c\u{7f}"), "a\\u{2028}b\\u{200b}c\\u{7f}");
        assert_eq!(shown("Zoë Ω 山田  x"), "Zoë Ω 山田  x");
        assert_eq!(shown("curl/8      MFA\u{a0}\u{3000}used"), "curl/8[6 blanks]MFA\\u{a0}\\u{3000}used");
    }

    #[test]
    fn links_cannot_be_clicked_and_names_stay_as_they_are() {
        assert_eq!(shown("see HTTPS://evil.example.com/a.b now"), "see hxxps://evil[.]example[.]com/a.b now");
        assert_eq!(shown("ftp://x.y"), "ftp[:]//x[.]y");
        assert_eq!(shown("WWW.evil.example"), "WWW[.]evil.example");
        assert_eq!(shown("first.last@example.com"), "first.last@example.com");
        assert_eq!(shown("é://a.b"), "é[:]//a[.]b");
        assert_eq!(
            shown("go to reset.example.com/now aws-sdk-go/1.44.20"),
            "go to reset[.]example[.]com/now aws-sdk-go/1.44.20"
        );
        assert_eq!(shown("mailto:help@evil.example"), "mailto[:]help@evil.example");
        let arn = Untrusted::new("arn:aws:iam::1:role/aws-reserved/sso.amazonaws.com/x");
        assert_eq!(arn.shown(TextKind::Arn), arn.raw(), "an ARN can be copied");
    }

    #[test]
    fn an_identifier_can_be_compared_and_hides_nothing() {
        let identifier = |text: &str| Untrusted::new(text).identifier(TextKind::Name);
        assert_eq!(identifier("www.example.com"), "www.example.com");
        assert_eq!(identifier("a\u{202e}b\n"), "a\\u{202e}b\\n");
        assert_eq!(identifier(&"a".repeat(200)).len(), 160);
    }

    #[test]
    fn what_is_cut_is_counted() {
        assert_eq!(Untrusted::new("abcdef").seen(4), "abcd... [2 more characters]");
        assert_eq!(Untrusted::new("abcd").seen(4), "abcd");
        assert_eq!(Untrusted::new("abcdef").ascii(4), "ab..");
        assert_eq!(Untrusted::new("añb").ascii(4), "a?b");
        assert_eq!(Untrusted::new("abc").ascii(1), ".");
    }

    proptest! {
        #[test]
        fn nothing_from_outside_breaks_a_line_hides_or_links(text in any::<String>()) {
            let shown = shown(&text);
            prop_assert!(!shown.chars().any(is_deceptive), "{shown:?}");
            let lower = shown.to_ascii_lowercase();
            prop_assert!(!lower.contains("http://") && !lower.contains("https://") && !lower.contains("www."));
        }

        #[test]
        fn links_planted_anywhere_are_defanged(before in ".{0,9}", after in "[a-z.:/@]{0,30}") {
            let lower = shown(&format!("{before}https://{after}http://www.{after}")).to_ascii_lowercase();
            prop_assert!(!lower.contains("http://") && !lower.contains("https://") && !lower.contains("www."), "{lower}");
        }

        #[test]
        fn a_subject_is_ascii_and_short(text in any::<String>(), limit in 0_usize..120) {
            let ascii = Untrusted::new(text).ascii(limit);
            prop_assert!(ascii.len() <= limit && ascii.bytes().all(|b| (32..127).contains(&b)), "{ascii:?}");
        }
    }
}
