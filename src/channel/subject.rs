//! The subject of an alert, where there is room for one line only.

use crate::alert::Alert;
use crate::text::Phrase;

/// The subject of an alert as a line of at most `limit` characters of printable ASCII which begins with `begin`. Names
/// are cut more and more until the line fits; before they become unreadable, the short subject is used.
pub(super) fn line(alert: &Alert, begin: &str, limit: usize) -> String {
    let with = |subject: &Phrase, each| format!("{begin}{}", subject.ascii(each));
    let whole = (16..=64).rev().map(|each| with(&alert.subject, each));
    let short = (8..=64).rev().map(|each| with(&alert.short_subject, each));
    let mut line = whole.chain(short).find(|line| line.len() <= limit);
    line.get_or_insert_with(|| with(&alert.short_subject, 8)).truncate(limit);
    line.unwrap_or_default().trim_end().to_owned()
}
