//! What is known: whether something holds, and which value a condition key has.

use chrono::{DateTime, Utc};
use std::borrow::Cow;

/// Whether something holds. Ordered: `and` is the minimum, `or` is the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    No,
    /// Depends on something that is not known.
    Depends,
    Yes,
}

impl Truth {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Depends => "depends",
            Self::Yes => "yes",
        }
    }

    pub(super) const fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    pub(super) const fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Depends => Self::Depends,
            Self::Yes => Self::No,
        }
    }
}

/// What is known of the value of a condition key in a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    /// The values: one, or several of a multivalued key.
    Is(Vec<Cow<'a, str>>),
    Absent,
    /// Whoever makes the call chooses the value; with `optional`, also whether there is one.
    Chosen {
        optional: bool,
    },
    /// A time: now or later. With `optional`, also no time.
    Later {
        than: Option<DateTime<Utc>>,
        optional: bool,
    },
    /// Usually this (`None` for absent): in direct calls, or in sessions without tags of their own.
    Usually(Option<Cow<'a, str>>),
    Unknown,
}

impl<'a> Value<'a> {
    pub(super) fn one(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Is(vec![text.into()])
    }
}
