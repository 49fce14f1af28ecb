//! Our own sentences, with text from outside in them.

use super::untrusted::{TextKind, Untrusted};
use crate::phrase;
use std::borrow::Cow;

/// A text that keeps our own words and text from outside apart until a channel shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phrase(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Ours(Cow<'static, str>),
    Theirs(Untrusted, TextKind),
}

impl Phrase {
    /// Our own text, from numbers, times and fixed words.
    #[must_use]
    pub fn ours(text: String) -> Self {
        Self(vec![Piece::Ours(Cow::Owned(text))])
    }

    /// Text from outside.
    #[must_use]
    pub fn theirs(text: &Untrusted, kind: TextKind) -> Self {
        Self(vec![Piece::Theirs(text.clone(), kind)])
    }

    #[must_use]
    pub fn arn(text: &Untrusted) -> Self {
        Self::theirs(text, TextKind::Arn)
    }

    /// Text with any content, such as a user agent.
    #[must_use]
    pub fn free(text: &Untrusted) -> Self {
        Self::theirs(text, TextKind::Free)
    }

    pub fn push(&mut self, more: impl Into<Self>) {
        self.0.extend(more.into().0);
    }

    /// All phrases, with `between` between them.
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

    /// The first `shown` phrases, with `between` between them, and the number of the others: "a, b and 3 more".
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

    /// As the start of a sentence: our own first word gets a capital letter; names do not change.
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

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As plain text. Text from outside is made safe to read.
    #[must_use]
    pub fn plain(&self) -> String {
        self.rendered(Untrusted::shown)
    }

    /// As printable ASCII. Each text from outside is cut to `each` characters.
    #[must_use]
    pub fn ascii(&self, each: usize) -> String {
        self.rendered(|text, kind| text.ascii(each.min(kind.limit())))
    }

    /// The parts in order, each as plain text, and whether the part is from outside.
    pub fn stretches(&self) -> impl Iterator<Item = (Cow<'_, str>, bool)> {
        self.0.iter().map(|piece| match piece {
            Piece::Ours(ours) => (Cow::Borrowed(ours.as_ref()), false),
            Piece::Theirs(theirs, kind) => (Cow::Owned(theirs.shown(*kind)), true),
        })
    }

    /// In the format of a channel: `dress` formats each text from outside, depending on its kind.
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

/// Builds a [`Phrase`] from our own words, names from outside, numbers and other phrases.
#[macro_export]
macro_rules! phrase {
    ($($part:expr),+ $(,)?) => {{
        let mut phrase = $crate::text::Phrase::default();
        $( phrase.push($part); )+
        phrase
    }};
}
