//! The markdown that Slack calls mrkdwn ("Formatting text for app surfaces"), and of which Amazon Q Developer hands the
//! part on that is used here: code spans, bold between asterisks.

use super::{CUT, NOTHING};
use crate::alert::Alert;
use crate::text::{Phrase, TextKind, Untrusted};

/// A phrase with what is from outside in code spans: there it is no markup, and nobody is mentioned by it.
pub(super) fn dressed(phrase: &Phrase) -> String {
    phrase.rendered(code)
}

fn code(text: &Untrusted, kind: TextKind) -> String {
    // A span cannot hold its own mark.
    let shown = text.shown(kind).replace('`', "'");
    if shown.trim().is_empty() { NOTHING.to_owned() } else { format!("`{}`", escaped(&shown)) }
}

/// What happened, in one line.
pub(super) fn summary(alert: &Alert) -> String {
    dressed(&alert.summary).replace('\n', " ")
}

/// Why it is as grave as it is, a line each below a title.
pub(super) fn why(alert: &Alert) -> String {
    let reasons = alert.reasons_to_read().map(|reason| format!("• {}", dressed(&reason.text)));
    [format!("*Why {}*", alert.severity)].into_iter().chain(reasons).collect::<Vec<_>>().join("\n")
}

/// Text that stands outside of a code span, and may not open one.
pub(super) fn plain(text: &str, limit: usize) -> String {
    bounded(&escaped(&text.replace('`', "'")), limit)
}

/// The three characters that Slack takes for its own.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// At most `limit` characters, with no half of an escape and no open code span.
pub(super) fn bounded(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(limit - CUT.chars().count() - 1).collect();
    if let Some(open) = kept.rfind('&').filter(|open| !kept[*open..].contains(';')) {
        kept.truncate(open);
    }
    // A line with an odd number of marks has an open span.
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
    fn text_from_outside_is_no_markup_and_mentions_nobody() {
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
