//! Makes text from outside safe to read: hidden characters become visible, and links cannot be clicked.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Replaces a long run of blanks: it can push forged text to a place that looks like the start of a line.
pub(super) fn push_blanks(seen: &mut String, blanks: usize) {
    if blanks > 2 {
        let _ = write!(seen, "[{blanks} blanks]");
    } else {
        seen.push_str(&"  "[..blanks]);
    }
}

/// Whether a reader cannot see the character, or the character changes how the rest is displayed.
pub(super) fn is_deceptive(c: char) -> bool {
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

/// Makes links unclickable. Names such as `first.last` do not change: only text that a mail program takes for a link (a
/// scheme before `://`, or a leading `www.`) is changed.
pub(super) fn defanged(text: &str) -> String {
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

/// Makes text unclickable that mail programs take for a link in running text: `host.example/path`, `mailto:`.
pub(super) fn hosts_defanged(text: &str) -> String {
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
