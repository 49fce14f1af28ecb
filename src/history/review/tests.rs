use super::*;
use crate::history::model::tests::activity;
use proptest::prelude::*;
use serde_json::json;

const ACTOR: &str = "arn:aws:iam::111122223333:user/carol";

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-22T06:00:00Z".parse().unwrap()
}

fn reviewer() -> Reviewer {
    Reviewer { arn: "arn:aws:sts::111122223333:assumed-role/Soc/dana".into(), name: Some("dana".into()) }
}

/// A mute of what [`entry`] is about.
pub(crate) fn mute() -> Mute {
    Mute {
        id: "0a1b2c3d".into(),
        actor: Some(ACTOR.into()),
        action: Some("iam:CreateUser".into()),
        target: Some("111122223333:iam:user/bob".into()),
        chain: None,
        account: None,
        outcome: None,
        up_to: Severity::Medium,
        incomplete: false,
        from: now(),
        until: now() + TimeDelta::hours(24),
        reason: "OPS-12".into(),
        by: reviewer(),
        held: 0,
        ended_by: None,
    }
}

pub(crate) fn acknowledgement() -> Acknowledgement {
    Acknowledgement {
        event_id: "e-1".into(),
        at: now(),
        by: reviewer(),
        verdict: Verdict::Expected,
        note: Some("OPS-12".into()),
        actor: ACTOR.into(),
        target: Some("111122223333:iam:user/eve".into()),
    }
}

fn entry() -> Entry {
    let identity = json!({"type": "IAMUser", "userName": "carol", "arn": ACTOR});
    let activity = activity("CreateUser", &json!({"userName": "bob"}), &identity);
    Entry::new(&activity, Vec::new(), &json!({}), now())
}

fn alert(entry: &Entry) -> Candidate<'_> {
    Candidate {
        entry,
        severity: Severity::Medium,
        unless_expected: None,
        incomplete: false,
        chains: &[],
        always_watched: false,
        retried: false,
    }
}

/// Whether a mute keeps an alert back at a time; otherwise, why not.
fn held_at(mute: Mute, alert: &Candidate<'_>, time: DateTime<Utc>) -> Result<(), Option<Lapse>> {
    let reviews = Reviews { mutes: vec![mute], ..Reviews::default() };
    let lapse = reviews.lapsed(alert, time).map(|(_, lapse)| lapse);
    if reviews.covering(alert, time).is_some() { Ok(()) } else { Err(lapse) }
}

fn held(mute: Mute, alert: &Candidate<'_>) -> Result<(), Option<Lapse>> {
    held_at(mute, alert, now())
}

#[test]
fn a_mute_is_about_everything_that_it_names() {
    let entry = entry();
    let alert = alert(&entry);
    let other = Some(Untrusted::new("other"));
    assert_eq!(held(mute(), &alert), Ok(()));
    assert_eq!(held(Mute { actor: None, target: None, ..mute() }, &alert), Ok(()));
    assert_eq!(held(Mute { account: Some("111122223333".into()), ..mute() }, &alert), Ok(()));
    for mute in [
        Mute { actor: other.clone(), ..mute() },
        Mute { action: other.clone(), ..mute() },
        Mute { target: other.clone(), ..mute() },
        Mute { account: other.clone(), ..mute() },
        Mute { chain: other, ..mute() },
        Mute { actor: None, action: None, target: None, ..mute() },
    ] {
        assert_eq!(held(mute, &alert), Err(None));
    }
}

#[test]
fn a_mute_lapses_if_there_is_more_than_was_muted() {
    let entry = entry();
    let alert = alert(&entry);
    let high = Candidate { severity: Severity::High, ..alert };
    assert_eq!(held(mute(), &high), Err(Some(Lapse::Severity)));
    assert_eq!(held(Mute { up_to: Severity::High, ..mute() }, &high), Ok(()));
    let stolen = Candidate { unless_expected: Some(Severity::Critical), ..alert };
    assert_eq!(held(mute(), &stolen), Err(Some(Lapse::UnlessExpected)));
    let incomplete = Candidate { incomplete: true, ..alert };
    assert_eq!(held(mute(), &incomplete), Err(Some(Lapse::Incomplete)));
    assert_eq!(held(Mute { incomplete: true, ..mute() }, &incomplete), Ok(()));
    assert_eq!(held(mute(), &Candidate { always_watched: true, ..alert }), Err(Some(Lapse::AlwaysWatched)));
    assert_eq!(held(mute(), &Candidate { retried: true, ..alert }), Err(Some(Lapse::Retried)));
}

#[test]
fn only_a_mute_of_the_one_chain_keeps_back_what_completes_it() {
    let entry = entry();
    let completes = |chains| Candidate { chains, ..alert(&entry) };
    let of_chain = || Mute { chain: Some("denied_then_succeeded".into()), ..mute() };
    assert_eq!(held(mute(), &completes(&["denied_then_succeeded"])), Err(Some(Lapse::Chain)));
    assert_eq!(held(of_chain(), &completes(&["denied_then_succeeded"])), Ok(()));
    assert_eq!(held(of_chain(), &completes(&["new_user_with_access"])), Err(None));
    let two = ["denied_then_succeeded", "new_user_with_access"];
    assert_eq!(held(of_chain(), &completes(&two)), Err(Some(Lapse::Chain)));
    let high = Candidate { severity: Severity::High, ..completes(&["denied_then_succeeded"]) };
    assert_eq!(held(of_chain(), &high), Err(Some(Lapse::Severity)));
}

#[test]
fn a_mute_ends_by_itself_and_a_forged_one_is_void() {
    let entry = entry();
    let alert = alert(&entry);
    let day = TimeDelta::hours(24);
    assert_eq!(held_at(mute(), &alert, now() + day - TimeDelta::seconds(1)), Ok(()));
    assert_eq!(held_at(mute(), &alert, now() + day), Err(None));
    let long = |days| Mute { until: now() + TimeDelta::days(days), ..mute() };
    assert_eq!(held(long(30), &alert), Ok(()));
    assert_eq!(held(long(31), &alert), Err(None));
    // It is no better if it begins later.
    let later = Mute { from: now() + TimeDelta::days(40), ..long(60) };
    assert_eq!(held(later, &alert), Err(None));
}

#[test]
fn of_two_mutes_one_is_enough_and_the_other_says_nothing() {
    let entry = entry();
    let alert = alert(&entry);
    let low = Mute { up_to: Severity::Low, ..mute() };
    let reviews = Reviews { mutes: vec![low.clone(), mute()], ..Reviews::default() };
    assert_eq!(reviews.covering(&alert, now()), Some(&mute()));
    assert_eq!(reviews.lapsed(&alert, now()), None);
    let reviews = Reviews { mutes: vec![low.clone()], ..Reviews::default() };
    assert_eq!(reviews.lapsed(&alert, now()), Some((&low, Lapse::Severity)));
}

#[test]
fn an_acknowledgement_is_mentioned_for_a_day_on_the_same_actor_or_target() {
    let entry = entry();
    let found = |all: &[Acknowledgement], time| {
        let reviews = Reviews { acknowledgements: all.to_vec(), ..Reviews::default() };
        reviews.acknowledged(&entry, time).map(|(one, common, more)| (one.event_id.raw().to_owned(), common, more))
    };
    let day = TimeDelta::days(1);
    let of_actor = acknowledgement();
    let target = Some("111122223333:iam:user/bob".into());
    let of_target = Acknowledgement {
        actor: "x".into(),
        target,
        event_id: "e-2".into(),
        at: now() + TimeDelta::hours(1),
        ..of_actor.clone()
    };
    let of_other = Acknowledgement { actor: "x".into(), ..of_actor.clone() };
    let one = std::slice::from_ref;
    assert_eq!(found(one(&of_actor), now() + day), Some(("e-1".into(), InCommon::Actor, 0)));
    assert_eq!(found(one(&of_actor), now() + day + TimeDelta::seconds(1)), None);
    assert_eq!(found(one(&of_actor), now() - day), None, "forged");
    assert_eq!(found(one(&of_other), now()), None);
    let both = [of_target, of_actor, of_other];
    assert_eq!(found(&both, now() + TimeDelta::hours(2)), Some(("e-2".into(), InCommon::Target, 1)));
}

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

fn some_of(values: &'static [&'static str]) -> impl Strategy<Value = Option<Untrusted>> {
    prop::option::of(prop::sample::select(values)).prop_map(|value| value.map(Untrusted::new))
}

const CHAINS: &[&str] = &["denied_then_succeeded", "new_user_with_access"];

prop_compose! {
    fn any_mute()(
        actor in some_of(&[ACTOR, "other"]), action in some_of(&["iam:CreateUser", "iam:DeleteUser"]),
        target in some_of(&["111122223333:iam:user/bob", ""]), chain in some_of(CHAINS),
        account in some_of(&["111122223333"]), up_to in severity(), incomplete: bool,
        from in -40_i64 * 24..40 * 24, hours in -10_i64..40 * 24, reason in some_of(&["why", " "]),
    ) -> Mute {
        let from = now() + TimeDelta::hours(from);
        let reason = reason.unwrap_or_else(|| "why".into());
        Mute { actor, action, target, chain, account, up_to, incomplete, from, until: from + TimeDelta::hours(hours), reason, ..mute() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_mute_keeps_back_what_must_be_mailed(
        mutes in prop::collection::vec(any_mute(), 1..5), severity in severity(), unless in prop::option::of(severity()),
        incomplete: bool, always_watched in prop::bool::weighted(0.2), retried in prop::bool::weighted(0.2), chains in 0..=2_usize,
    ) {
        let entry = entry();
        let alert = Candidate { severity, unless_expected: unless, incomplete, always_watched, retried, chains: &CHAINS[..chains], entry: &entry };
        let reviews = Reviews { mutes, ..Reviews::default() };
        let Some(mute) = reviews.covering(&alert, now()) else { return Ok(()) };
        prop_assert!(severity < Severity::Critical && unless < Some(Severity::Critical) && severity <= mute.up_to);
        prop_assert!(!always_watched && !retried && (!incomplete || mute.incomplete));
        prop_assert!(now() < mute.until && mute.until <= now() + LONGEST_MUTE + CLOCKS_DIFFER);
        prop_assert!(chains == 0 || (chains == 1 && mute.chain.as_ref().map(Untrusted::raw) == Some(CHAINS[0])));
        prop_assert!(mute.actor.as_ref().is_none_or(|actor| actor.raw() == ACTOR));
        prop_assert!(mute.action.as_ref().is_none_or(|action| action.raw() == "iam:CreateUser"));
        prop_assert!(!mute.reason.raw().trim().is_empty());
        prop_assert!(reviews.lapsed(&alert, now()).is_none());
    }
}
