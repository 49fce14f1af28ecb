//! Summaries: mails that list suppressed alerts. Every suppressed alert is listed in one, within two minutes.
//!
//! Alerts on one actor are one mail, in whatever accounts. If there are too many actors for that, the most severe ones keep a mail of their
//! own, and the rest is grouped by severity. The grouping depends on nothing but the alerts, so an interrupted run can go
//! on where it stopped.

use super::{Line, across_accounts};
use crate::severity::Severity;
use crate::text::{TextKind, Untrusted};
use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A suppressed alert is listed only after this time: until then, an alert that was suppressed earlier may still be on
/// its way to the table.
pub const SETTLED: TimeDelta = TimeDelta::seconds(20);
/// The version of the grouping. After a change, a run that another version began cannot go on: it begins again.
pub const GROUPING: i64 = 2;
/// The most groups of one run, if they are grouped by actor only.
const GROUPS: usize = 8;
/// How many actors keep a mail of their own if there are more.
const OWN_MAILS: usize = 4;
/// The most bytes of the lines of one mail.
const LINES: usize = 180_000;
/// What a mail adds to each line: time, severity, id, label.
const AROUND_A_LINE: usize = 100;

/// A suppressed alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    pub line: Line,
    /// When it was suppressed.
    pub at: DateTime<Utc>,
    /// Its place in the store's list, which is in the order of time.
    pub place: String,
}

/// Suppressed alerts that one mail lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What the alerts have in common.
    pub by: GroupedBy,
    /// The alerts of this mail, the most severe first; never empty.
    pub alerts: Vec<Suppressed>,
    /// The number of the mail and how many there are, if the alerts are too many for one.
    pub part: Option<(usize, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupedBy {
    Actor,
    Severity,
}

impl Suppressed {
    fn severity(&self) -> Severity {
        self.line.severity.unwrap_or(Severity::Low)
    }

    /// The bytes of its line in the mail.
    fn length(&self) -> usize {
        let line = &self.line;
        let free = |text: &Untrusted| text.shown(TextKind::Free).len();
        let what = match &line.subject {
            Some(subject) => free(subject),
            None => [&line.actor, &line.call, &line.target].into_iter().map(free).sum(),
        };
        AROUND_A_LINE + what + free(&line.event_id)
    }
}

impl Group {
    /// The severity of the most severe alert.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.alerts.first().map_or(Severity::Low, Suppressed::severity)
    }
}

/// Groups suppressed alerts, the most severe group first.
#[must_use]
pub fn groups(alerts: Vec<Suppressed>) -> Vec<Group> {
    let mut by_actor: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for alert in alerts {
        by_actor.entry(across_accounts(alert.line.actor_key.raw())).or_default().push(alert);
    }
    let mut by_actor: Vec<_> = by_actor.into_iter().collect();
    by_actor.sort_by_key(|(_, alerts)| (Reverse(alerts.iter().map(Suppressed::severity).max()), Reverse(alerts.len())));
    let own = if by_actor.len() > GROUPS { OWN_MAILS } else { GROUPS };
    let mut by_severity: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for alert in by_actor.split_off(own.min(by_actor.len())).into_iter().flat_map(|(_, alerts)| alerts) {
        by_severity.entry(Reverse(alert.severity())).or_default().push(alert);
    }
    let by_actor = by_actor.into_iter().map(|(_, alerts)| (GroupedBy::Actor, alerts));
    let by_severity = by_severity.into_values().map(|alerts| (GroupedBy::Severity, alerts));
    let mut groups: Vec<_> = by_actor.chain(by_severity).flat_map(|(by, alerts)| parts(by, alerts)).collect();
    groups.sort_by_key(|group| Reverse(group.severity()));
    groups
}

/// The mails for the alerts of one group.
fn parts(by: GroupedBy, mut alerts: Vec<Suppressed>) -> Vec<Group> {
    alerts.sort_by_cached_key(|alert| (Reverse(alert.severity()), alert.line.time, alert.place.clone()));
    let mut parts: Vec<Vec<Suppressed>> = Vec::new();
    let mut room = 0;
    for alert in alerts {
        let length = alert.length();
        if let Some(part) = parts.last_mut().filter(|_| length <= room) {
            part.push(alert);
        } else {
            parts.push(vec![alert]);
            room = LINES;
        }
        room = room.saturating_sub(length);
    }
    let of = parts.len();
    let numbered = parts.into_iter().enumerate();
    numbered.map(|(i, alerts)| Group { by, alerts, part: (of > 1).then_some((i + 1, of)) }).collect()
}

/// How far the summaries have come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// All suppressed alerts up to this place are listed.
    pub listed: String,
    /// The place up to which the groups are being mailed; empty if none are.
    pub mailing: String,
    /// How many of these groups were mailed.
    pub done: usize,
    /// Whether the mail of the next group may have been sent, because an attempt did not finish.
    pub begun: bool,
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::activity;
    use super::super::{Entry, summary};
    use super::*;
    use serde_json::json;

    /// A suppressed alert of an actor.
    fn alert(actor: usize, number: usize, severity: Severity) -> Suppressed {
        let now: DateTime<Utc> = "2026-11-22T06:00:11Z".parse().unwrap();
        let identity =
            json!({"type": "IAMUser", "userName": "u", "arn": format!("arn:aws:iam::111122223333:user/u{actor}")});
        let activity = activity("CreateUser", &json!({"userName": format!("n{number}")}), &identity);
        let mut line = Entry::new(&activity, Vec::new(), &json!({"number": number, "actor": actor}), now).line;
        (line.severity, line.subject) = (Some(severity), Some("[HIGH] somebody created something".into()));
        Suppressed { place: format!("2026-11-22T06:00:11.{number:06}#{actor}"), line, at: now }
    }

    fn sizes(groups: &[Group]) -> Vec<(GroupedBy, Severity, usize)> {
        groups.iter().map(|group| (group.by, group.severity(), group.alerts.len())).collect()
    }

    #[test]
    fn each_actor_has_a_mail_and_the_most_severe_alert_comes_first() {
        let groups = summary::groups(vec![
            alert(1, 1, Severity::Medium),
            alert(2, 2, Severity::Medium),
            alert(2, 3, Severity::Critical),
            alert(1, 4, Severity::Medium),
            alert(2, 5, Severity::High),
        ]);
        let by = GroupedBy::Actor;
        assert_eq!(sizes(&groups), [(by, Severity::Critical, 3), (by, Severity::Medium, 2)]);
        let severities = groups[0].alerts.iter().map(|alert| alert.line.severity);
        assert!(severities.rev().is_sorted());
    }

    #[test]
    fn many_actors_are_grouped_by_severity_and_none_is_left_out() {
        let alerts: Vec<_> =
            (0..300).map(|n| alert(n, n, if n % 10 == 0 { Severity::High } else { Severity::Medium })).collect();
        let groups = summary::groups(alerts);
        let own = (GroupedBy::Actor, Severity::High, 1);
        let high = (GroupedBy::Severity, Severity::High, 26);
        assert_eq!(sizes(&groups), [own, own, own, own, high, (GroupedBy::Severity, Severity::Medium, 270)]);
    }

    #[test]
    fn too_many_alerts_for_one_mail_are_several_mails() {
        let groups = summary::groups((0..5_000).map(|n| alert(1, n, Severity::Medium)).collect());
        assert!(groups.len() > 3);
        assert_eq!(groups.iter().map(|group| group.alerts.len()).sum::<usize>(), 5_000);
        assert_eq!(groups[1].part, Some((2, groups.len())));
        for group in groups {
            assert!(group.alerts.iter().map(Suppressed::length).sum::<usize>() <= LINES);
        }
    }

    #[test]
    fn the_order_of_arrival_does_not_change_the_groups() {
        let mut alerts: Vec<_> = (0..40).map(|n| alert(n % 11, n, Severity::Medium)).collect();
        let groups = summary::groups(alerts.clone());
        alerts.reverse();
        let again = summary::groups(alerts);
        assert_eq!(groups, again);
    }
}
