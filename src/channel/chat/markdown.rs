//! The markdown that Slack calls mrkdwn ("Formatting text for app surfaces"). Amazon Q Developer passes on the part
//! that is used here: code spans, bold between asterisks.

use super::content::{CUT, NOTHING};
use crate::alert::{Alert, Section};
use crate::text::{Phrase, TextKind, Untrusted, escaped};

/// A phrase with text from outside in code spans, where the text is no markup and cannot mention a user.
pub(super) fn dressed(phrase: &Phrase) -> String {
    phrase.rendered(code)
}

fn code(text: &Untrusted, kind: TextKind) -> String {
    // A code span cannot contain a backtick.
    let shown = text.shown(kind).replace('`', "'");
    if shown.trim().is_empty() { NOTHING.to_owned() } else { format!("`{}`", escaped(&shown)) }
}

/// What happened, in one line.
pub(super) fn summary(alert: &Alert) -> String {
    dressed(&alert.summary).replace('\n', " ")
}

/// The reasons for the severity, one per line below a title.
pub(super) fn why(alert: &Alert) -> String {
    let reasons = alert.reasons_to_read().map(|reason| format!("• {}", dressed(&reason.text)));
    [format!("*Why {}*", alert.severity)].into_iter().chain(reasons).collect::<Vec<_>>().join("\n")
}

/// A section of a digest: its title, and one line for each value.
pub(super) fn section(section: &Section) -> String {
    let rows = section.rows.iter().flat_map(|row| {
        let line = |(i, value): (usize, &Phrase)| {
            let value = dressed(value);
            if i == 0 { format!("{}: {value}", row.label) } else { format!("• {value}") }
        };
        row.values.iter().enumerate().map(line)
    });
    [format!("*{}*", dressed(&section.title))].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// Text outside of a code span, which must not open one.
pub(super) fn plain(text: &str, limit: usize) -> String {
    bounded(&escaped(&text.replace('`', "'")), limit)
}

/// At most `limit` characters, with no partial escape and no open code span.
pub(super) fn bounded(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(limit - CUT.chars().count() - 1).collect();
    if let Some(open) = kept.rfind('&').filter(|open| !kept[*open..].contains(';')) {
        kept.truncate(open);
    }
    // A line with an odd number of backticks has an open span.
    let line = kept.rfind('\n').map_or(0, |end| end + 1);
    if kept[line..].matches('`').count() % 2 == 1 {
        kept.push('`');
    }
    kept + CUT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrase;

    #[test]
    fn text_from_outside_is_no_markup_and_mentions_no_user() {
        let name = Untrusted::new("x` *bold* <!here> @channel <https://evil.example|here> &");
        assert_eq!(
            dressed(&phrase!("user ", &name)),
            "user `x' *bold* &lt;!here&gt; @channel &lt;hxxps://evil[.]example|here&gt; &amp;`"
        );
        assert_eq!(dressed(&phrase!(&Untrusted::new(""))), "(nothing)");
    }

    #[test]
    fn what_is_cut_is_whole_again() {
        let long = format!("`{}&amp;{}`", "a".repeat(58), "b".repeat(400));
        for limit in 90..110 {
            let cut = bounded(&long, limit);
            assert!(cut.chars().count() <= limit && cut.matches('`').count() == 2 && cut.ends_with(CUT), "{cut}");
            assert!(!cut.contains('&') || cut.contains("&amp;"), "{cut}");
        }
        assert_eq!(bounded("short", 5), "short");
    }
}
