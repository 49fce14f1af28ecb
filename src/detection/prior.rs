//! What happened before and around an event, as far as the history says.

use super::chains::Completed;
use crate::baseline::Former;
use crate::history::review::Reviews;
use crate::history::{HistoryError, Line, RelatedActivity};

/// What happened before and around an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriorActivity {
    pub related: RelatedActivity,
    /// The chains that the event completes.
    pub chains: Vec<Completed>,
    /// The call that this event is a consequence of, if one was recorded, see [`caused_by`](crate::history::caused_by).
    pub cause: Option<Line>,
    /// What people said about alerts.
    pub reviews: Reviews,
    /// What the target was before; `None` if the call changes nothing that a baseline has.
    pub former: Option<Result<Former, HistoryError>>,
    /// Whether an earlier attempt at this event did not finish.
    pub retried: bool,
    /// Whether the history says that the event was alerted on before, and nothing else does.
    pub recorded_as_alerted: bool,
}

impl PriorActivity {
    /// Whether the alert must not be suppressed in a burst: the alert names a chain, or an earlier attempt counted the
    /// event but sent no mail.
    #[must_use]
    pub fn must_be_mailed(&self) -> bool {
        self.retried || self.chains.iter().any(|completed| !completed.alerted_before)
    }
}
