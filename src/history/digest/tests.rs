use super::super::model::tests::activity;
use super::super::{Entry, Handling};
use super::*;
use proptest::prelude::*;
use serde_json::json;

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

fn due_at(period: Period, sent_to: &str, now: &str) -> Option<(String, String)> {
    let day = |time: DateTime<Utc>| time.format("%m-%d %H:%M").to_string();
    due(period, at(sent_to), at(now)).map(|span| (day(span.from), day(span.to)))
}

#[test]
fn a_digest_is_due_a_quarter_of_an_hour_after_its_period() {
    let span = |from: &str, to: &str| Some((format!("{from} 08:00"), format!("{to} 08:00")));
    let (day, week) = (Period::Day, Period::Week);
    let monday = "2026-11-23T08:00:00Z";
    // 2026-11-23 is a Monday.
    for (period, sent_to, now, is_due) in [
        (week, "2026-11-16T08:00:00Z", "2026-11-23T08:14:59Z", None),
        (week, "2026-11-16T08:00:00Z", "2026-11-23T08:15:00Z", span("11-16", "11-23")),
        (week, monday, "2026-11-23T08:16:00Z", None),
        (week, monday, "2026-11-29T23:00:00Z", None),
        // The digests began within the week: the first one is due at its end.
        (
            week,
            "2026-11-20T10:00:00Z",
            "2026-11-23T08:15:00Z",
            Some(("11-20 10:00".to_owned(), "11-23 08:00".to_owned())),
        ),
        (week, "2026-11-23T08:00:01Z", "2026-11-23T08:15:00Z", None),
        // Of those that were missed, the last one.
        (week, "2026-10-05T08:00:00Z", "2026-11-26T12:00:00Z", span("11-16", "11-23")),
        (day, monday, "2026-11-24T08:14:00Z", None),
        (day, monday, "2026-11-24T08:15:00Z", span("11-23", "11-24")),
        (day, monday, "2026-11-30T03:00:00Z", span("11-28", "11-29")),
        // After a change of the setting.
        (day, monday, "2026-11-25T09:00:00Z", span("11-24", "11-25")),
        (week, "2026-11-25T08:00:00Z", "2026-11-26T09:00:00Z", None),
        // Nobody can send what is in the future.
        (week, "2099-01-01T00:00:00Z", "2026-11-26T09:00:00Z", span("11-16", "11-23")),
    ] {
        assert_eq!(due_at(period, sent_to, now), is_due, "{period:?} {sent_to} {now}");
    }
}

/// Where a run ends: before the mail, between the mail and the record, or properly.
fn run() -> impl Strategy<Value = (i64, u8)> {
    (1_i64..60 * 24 * 10, 0_u8..3)
}

proptest! {
    /// Whenever runs come, and wherever they end: the digest of a period is recorded once, a second mail about it says so,
    /// and the last period before a run is never left out.
    #[test]
    fn each_period_has_one_digest(
        runs in prop::collection::vec(run(), 1..60), weekly in any::<bool>(), begun in 0_i64..60 * 24 * 7,
    ) {
        let period = if weekly { Period::Week } else { Period::Day };
        let mut now = at("2026-11-16T08:00:00Z") + TimeDelta::minutes(begun);
        let mut progress = Progress { sent_to: now, begun: None };
        let mut mails: Vec<(DateTime<Utc>, bool)> = Vec::new();
        for (minutes, ends) in runs {
            now += TimeDelta::minutes(minutes);
            if let Some(span) = due(period, progress.sent_to, now) {
                prop_assert!(span.to <= now - ARRIVED_AFTER && span.to > progress.sent_to);
                if ends == 0 {
                    continue;
                }
                mails.push((span.to, progress.begun == Some(span.to)));
                progress.begun = Some(span.to);
                if ends == 2 {
                    progress = Progress { sent_to: span.to, begun: None };
                }
            }
            if ends == 2 {
                prop_assert_eq!(due(period, progress.sent_to, now), None);
            }
        }
        for (i, (to, said)) in mails.iter().enumerate() {
            prop_assert_eq!(*said, mails[..i].iter().any(|(other, _)| other == to));
        }
    }
}

fn line(name: &str, request: &serde_json::Value, number: u32, severity: Option<Severity>) -> Line {
    let identity = json!({"type": "IAMUser", "userName": "carol", "arn": "arn:aws:iam::111122223333:user/carol"});
    let now = at("2026-11-20T10:00:00Z") + TimeDelta::seconds(number.into());
    let activity = activity(name, request, &identity);
    Line { severity, ..Entry::new(&activity, Vec::new(), &json!({ "number": number }), now).line }
}

fn tally(lines: &[Line]) -> Tally {
    let mut tally = Tally::default();
    for line in lines {
        tally.add(line, &BTreeSet::new());
    }
    tally
}

fn handled(line: Line, mail: MailStatus, unless_expected: Option<Severity>) -> Line {
    Line { handling: Handling { mail: Some(mail), unless_expected, ..Handling::default() }, ..line }
}

#[test]
fn each_alert_counts_once_by_what_became_of_it() {
    let user =
        |number: u32| line("CreateUser", &json!({"userName": format!("u{number}")}), number, Some(Severity::Medium));
    let low = Some(Severity::Medium);
    let tally = tally(&[
        handled(user(1), MailStatus::Published, None),
        handled(user(2), MailStatus::BelowMinimum, low),
        handled(user(3), MailStatus::BelowMinimum, None),
        handled(user(4), MailStatus::Published, low),
        handled(user(5), MailStatus::Muted, None),
        user(6),
        Line { severity: None, not_alerted: true, ..user(7) },
        Line { severity: None, ..user(8) },
    ]);
    let fates =
        [(Fate::Mailed, 2), (Fate::Muted, 1), (Fate::Expected, 1), (Fate::BelowMinimum, 1), (Fate::NotRecorded, 1)];
    assert_eq!(tally.fates, fates.into());
    assert_eq!((tally.events, tally.alerts(), tally.not_alerted, tally.unfinished), (8, 6, 1, 1));
    assert_eq!(tally.expected.most(3), [(&"carol".into(), 1)]);
}

#[test]
fn what_was_created_and_deleted_again_is_not_listed() {
    let bob = json!({"userName": "bob"});
    let key = |id: &str| json!({"userName": "bob", "accessKeyId": id});
    let gone = tally(&[line("CreateUser", &bob, 1, None), line("DeleteUser", &bob, 9, None)]);
    assert_eq!((gone.new_access(Grant::User).0, gone.taken_back(Grant::User)), (0, 1));
    // In whatever order they are read; but not if the order of the calls is not known.
    let again = tally(&[line("DeleteUser", &bob, 9, None), line("CreateUser", &bob, 10, None)]);
    assert_eq!((again.new_access(Grant::User).0, again.taken_back(Grant::User)), (1, 0));
    let unclear = tally(&[line("CreateUser", &bob, 9, None), line("DeleteUser", &bob, 9, None)]);
    assert_eq!(unclear.new_access(Grant::User).0, 1);
    // Another key of the same user, or one whose id is not known, is not this key.
    let keys = tally(&[line("CreateAccessKey", &bob, 1, None), line("DeleteAccessKey", &key("AKIA1"), 2, None)]);
    assert_eq!(keys.new_access(Grant::Credential).0, 1);
    let denied = Line { outcome: "denied".into(), ..line("CreateUser", &bob, 1, None) };
    assert_eq!(tally(&[denied]).new_access(Grant::User).0, 0);
}

#[test]
fn the_most_severe_alerts_without_an_owner_come_first_and_memory_is_bounded() {
    let mut tally = Tally::default();
    let owned = line("CreateUser", &json!({"userName": "u0"}), 0, Some(Severity::Critical));
    let owners = [owned.event_id.clone()].into();
    tally.add(&owned, &owners);
    for number in 1..4_000_u32 {
        let severity = if number == 3_999 { Severity::Critical } else { Severity::High };
        let mut line = line("CreateUser", &json!({"userName": format!("u{number}")}), number, Some(severity));
        line.actor_key = format!("arn:aws:iam::111122223333:user/c{number}").into();
        tally.add(&handled(line, MailStatus::Published, None), &owners);
    }
    assert_eq!(tally.unowned, 3_999);
    let first = &tally.most_severe_unowned;
    assert_eq!(
        (first.len(), first[0].severity, first[1].severity),
        (5, Some(Severity::Critical), Some(Severity::High))
    );
    assert!(first[1].time < first[2].time);
    let (users, kept) = tally.new_access(Grant::User);
    assert_eq!((users, kept.len(), tally.mailed.number()), (4_000, KEPT, KEPT));
}
