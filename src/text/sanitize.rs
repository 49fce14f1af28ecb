//! Makes text from outside safe to read: hidden characters become visible, and links cannot be clicked.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

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

/// Makes links with a scheme or with `www.` unclickable; [`hosts_defanged`] does the rest.
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

/// Makes host names unclickable: `evil.example.com` has its last dot in brackets, and so has an e-mail address. Mail
/// programs make a link of a name that ends with a top-level domain, also without a scheme and a path. Names such as
/// `first.last` do not change, and neither do the names of AWS's services, which belong to AWS.
pub(super) fn hosts_defanged(text: &str) -> String {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut safe = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(begin) = rest.find(part) {
        let end = rest[begin..].find(|c| !part(c)).map_or(rest.len(), |length| begin + length);
        safe.push_str(&rest[..begin]);
        push_host(&mut safe, &rest[begin..end]);
        rest = &rest[end..];
    }
    safe.push_str(rest);
    safe.replace("mailto:", "mailto[:]")
}

/// A word, with brackets around each dot before a top-level domain.
fn push_host(safe: &mut String, word: &str) {
    let of_aws = word.strip_suffix(".amazonaws.com").or_else(|| word.strip_suffix(".amazonaws.com.cn"));
    if of_aws.is_some_and(|service| !service.is_empty() && !service.contains('.')) {
        safe.push_str(word);
        return;
    }
    for (i, label) in word.split('.').enumerate() {
        if i > 0 {
            let links = !safe.is_empty() && is_top_level_domain(label);
            safe.push_str(if links { "[.]" } else { "." });
        }
        safe.push_str(label);
    }
}

/// Whether a text is one of the top-level domains of the Internet, by the Public Suffix List; other
/// scripts than Latin count as one.
fn is_top_level_domain(label: &str) -> bool {
    static KNOWN: LazyLock<HashSet<&str>> =
        LazyLock::new(|| include_str!("top_level_domains.txt").split_whitespace().collect());
    let label = label.trim_end_matches(['-', '_']).to_lowercase();
    KNOWN.contains(label.as_str()) || label.starts_with("xn--") || !label.is_ascii()
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
