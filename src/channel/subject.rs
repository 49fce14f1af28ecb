//! The subject of an alert, where there is room for one line only.

use crate::alert::Alert;
use crate::text::Phrase;

/// No name is longer than this in a subject.
const WHOLE: usize = 64;
/// A name that is cut more than this is not readable any more.
const SHORTEST: usize = 8;

/// The subject of an alert as a line of at most `limit` characters of printable ASCII which begins with `begin`: the
/// first of the alert's subjects that fits. If none fits, the names in the last one are cut, more and more, all to the
/// same length.
pub(super) fn line(alert: &Alert, begin: &str, limit: usize) -> String {
    line_of(&alert.subjects, begin, limit)
}

/// The same, of one of these subjects.
pub(super) fn line_of(subjects: &[Phrase], begin: &str, limit: usize) -> String {
    let whole = subjects.iter().map(|subject| subject.ascii(WHOLE));
    let cut = subjects.last().into_iter().flat_map(|last| (SHORTEST..WHOLE).rev().map(|each| last.ascii(each)));
    let mut shortest = String::new();
    for subject in whole.chain(cut) {
        shortest = format!("{begin}{subject}");
        if shortest.len() <= limit {
            break;
        }
    }
    shortest.truncate(limit);
    shortest.trim_end().to_owned()
}
