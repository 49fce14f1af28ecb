//! Which alerts get no mail, although nothing is wrong: those below the minimum severity, muted ones, and all but CRITICAL
//! ones where the stack only observes.

use super::draft::KeptBack;
use super::handler::Handler;
use super::history_session::HistorySession;
use crate::alert::Review;
use crate::config::Mode;
use crate::detection::{Assessment, Case, PriorActivity};
use crate::history::review::Candidate;
use crate::lookup::Directory;
use crate::severity::Severity;

impl<D: Directory> Handler<D> {
    /// Why an alert gets no mail; `None` if it is due.
    pub(super) fn kept_back(
        &self,
        case: &Case<'_>,
        assessment: &Assessment,
        review: Option<&Review<'_>>,
    ) -> Option<KeptBack> {
        if !self.is_mailed(case.activity, &case.dossier.account, assessment) {
            return Some(KeptBack::BelowMinimum);
        }
        if let Some(mute) = review.and_then(Review::mute) {
            return Some(KeptBack::Muted(mute.id.clone()));
        }
        let observes = self.settings.mode == Mode::Observe && assessment.severity < Severity::Critical;
        observes.then_some(KeptBack::Observed)
    }

    /// The alert before the reviews.
    pub(super) fn review<'a>(
        &'a self,
        session: &'a HistorySession<'_>,
        prior: &'a PriorActivity,
        (case, assessment, chains): (&Case<'_>, &Assessment, &'a [&'static str]),
    ) -> Review<'a> {
        let effect = case.activity.action.effect;
        let alert = Candidate {
            entry: &session.entry,
            severity: assessment.severity,
            unless_expected: assessment.unless_expected,
            // It may complete a chain.
            incomplete: assessment.incomplete || prior.related.unknown.is_some(),
            chains,
            always_watched: effect.is_always_watched() || case.is_self_protected(),
            retried: prior.retried,
        };
        Review {
            alert,
            reviews: &prior.reviews,
            table: session.history.table(),
            elsewhere: session.elsewhere(self.settings.topic.account()),
            now: (self.clock)(),
        }
    }
}
