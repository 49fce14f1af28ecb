//! The lookups of an event, with the baseline where IAM does not answer: it is throttled in a storm of events, or denies.

use super::handler::Handler;
use crate::baseline::{Reading, named_by};
use crate::event::principal::Principal;
use crate::event::{Activity, CallersAccount};
use crate::history::{History, HistoryError};
use crate::limits::TIME_FOR_THE_NAME;
use crate::lookup::snapshot::Snapshot;
use crate::lookup::{Directory, Dossier, Unavailable, enrich};
use crate::text::Untrusted;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use tokio::time::{Instant, timeout_at};

impl<D: Directory> Handler<D> {
    /// Looks up what matters for an activity. `until`: how long IAM is asked; `latest`: how long the baseline is.
    pub(super) async fn look_up(&self, activity: &Activity, until: Instant, latest: Instant) -> Dossier {
        let account = activity.account.as_ref();
        // While IAM throttles, asking it would only make it worse.
        if self.directory.is_busy(account.map(Untrusted::raw))
            && let Some(dossier) = Box::pin(self.of_baseline(activity, until)).await
        {
            return dossier;
        }
        let dossier = enrich(&self.directory, activity, until).await;
        if !dossier.lacks_answers() {
            return dossier;
        }
        match Box::pin(self.remembered(activity, latest)).await {
            Some((remembered, read)) => dossier.completed(&remembered, read),
            None => dossier,
        }
    }

    /// The dossier of the baseline alone, if it has all that matters most.
    async fn of_baseline(&self, activity: &Activity, until: Instant) -> Option<Dossier> {
        let (remembered, read) = Box::pin(self.remembered(activity, until)).await?;
        let dossier = remembered.of_baseline(read, &Unavailable::Throttled)?;
        let id = activity.account.as_ref().map(|account| account.raw().to_owned());
        // The name is known from before, most of the time.
        let soon = until.min(Instant::now() + TIME_FOR_THE_NAME);
        let account = self.directory.account(&id, soon).await;
        Some(Dossier { account, ..dossier })
    }

    /// What the baseline says about caller and target, and when the account was last read.
    async fn remembered(&self, activity: &Activity, until: Instant) -> Option<(Dossier, DateTime<Utc>)> {
        let (history, account) = self.history.as_ref().zip(activity.account.as_ref())?;
        // The caller of another account has a baseline there.
        if matches!(activity.callers_account(), CallersAccount::Other(_)) {
            return None;
        }
        let wanted: Vec<_> = wanted(activity).collect();
        let read = async {
            let last = history.last_reading(account).await?;
            let entities = entities(history, account, wanted, (self.clock)()).await?;
            Ok::<_, HistoryError>(last.map(|last| (last, entities)))
        };
        let (read, entities) = timeout_at(until, Box::pin(read)).await.ok()?.ok()??;
        let snapshot = Snapshot::of_entities(entities.iter().map(|one| (one.resource.as_str(), &one.content)))?;
        Some((enrich(&snapshot, activity, until).await, read))
    }
}

/// The entities of an activity: the caller, the target, and what the call attached.
fn wanted(activity: &Activity) -> impl Iterator<Item = String> {
    let caller = match activity.principal.acting_as() {
        Principal::IamUser(user) => user.name.as_ref().map(|name| format!("user/{}", name.raw())),
        Principal::AssumedRole(session) => session.role.as_ref().map(|role| format!("role/{}", role.raw())),
        _ => None,
    };
    let target = activity.target.in_arns().filter(|(service, _)| *service == "iam").map(|(_, resource)| resource);
    let policy = activity.object.arn.as_ref().and_then(|arn| arn.raw().rsplit_once(":policy/"));
    let policy = policy.and_then(|(_, path)| path.rsplit('/').next()).map(|name| format!("policy/{name}"));
    let group = activity.object.name.as_ref().map(|name| format!("group/{}", name.raw()));
    [caller, target, policy, group].into_iter().flatten().map(|resource| resource.to_lowercase())
}

/// These entities, with the groups and policies that they name.
async fn entities(
    history: &History,
    account: &Untrusted,
    wanted: Vec<String>,
    now: DateTime<Utc>,
) -> Result<Vec<Reading>, HistoryError> {
    let mut asked: BTreeSet<_> = wanted.iter().cloned().collect();
    let (mut all, mut next) = (Vec::new(), wanted);
    // The user, the user's groups, and their policies.
    for _ in 0..3 {
        let found = Box::pin(history.entities(account, &next, now)).await?;
        next = found.iter().flat_map(|one| named_by(&one.content)).filter(|name| asked.insert(name.clone())).collect();
        all.extend(found);
        if next.is_empty() {
            break;
        }
    }
    Ok(all)
}
