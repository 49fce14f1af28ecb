//! How each channel says it. Every renderer is pure, and shows the same [`Report`](crate::report::Report);
//! senders know the SDK.

pub mod chat;
pub mod email;
pub mod json;
pub mod security_hub;
pub mod sns;

use crate::report::Report;
use crate::text::Phrase;

/// The subject of a report as a line of at most `limit` characters of printable ASCII that begins so. Names are cut
/// further and further until the whole fits; before they become unreadable, the shorter subject is taken.
fn line(report: &Report, begin: &str, limit: usize) -> String {
    let with = |subject: &Phrase, each| format!("{begin}{}", subject.ascii(each));
    let whole = (16..=64).rev().map(|each| with(&report.subject, each));
    let short = (8..=64).rev().map(|each| with(&report.short_subject, each));
    let mut line = whole.chain(short).find(|line| line.len() <= limit);
    line.get_or_insert_with(|| with(&report.short_subject, 8)).truncate(limit);
    line.unwrap_or_default().trim_end().to_owned()
}
