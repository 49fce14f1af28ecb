//! What was before an event.

use super::*;

const A: &str = "arn:aws:iam::aws:policy/A";

fn before(trace: &Trace, time: DateTime<Utc>, event_id: &str) -> Former {
    trace.before(time, &Untrusted::new(event_id))
}

/// What the inline policy P was before an event, and from where that is known.
#[track_caller]
fn assert_before(trace: &Trace, time: DateTime<Utc>, id: &str, was: Was, since: DateTime<Utc>, event: Option<&str>) {
    let former = before(trace, time, id);
    let source = event.map_or(Source::Baseline, |event| Source::Event(Untrusted::new(event)));
    assert_eq!((former.was(&inline("P")), former.since(&inline("P"))), (was, Some((since, &source))), "{id}");
}

fn was(value: &str) -> Was {
    Was::Is(value.to_owned())
}

#[test]
fn the_reading_counts_and_then_each_event() {
    let trace = Trace::of("role/r")
        .read(minute(0), [(inline("P"), "a")])
        .set(minute(60), "e1", [(inline("p"), is("b"))])
        .set(second(3603), "e2", [(inline("P"), is("c"))])
        .set(minute(90), "e3", [(Aspect::Attached(Name::new(A)), is("yes"))])
        .set(minute(120), "e4", [(inline("P"), Part::Absent)]);
    assert_before(&trace, minute(60), "e1", was("a"), minute(0), None);
    assert_before(&trace, second(3603), "e2", was("b"), minute(60), Some("e1"));
    assert_before(&trace, minute(120), "e4", was("c"), second(3603), Some("e2"));
    assert_before(&trace, minute(130), "new", Was::Absent, minute(120), Some("e4"));
    // An event that arrives late, and is recorded or not.
    assert_before(&trace, minute(30), "late", was("a"), minute(0), None);
    assert_before(&trace, minute(61), "late", was("c"), second(3603), Some("e2"));
    assert!(!before(&trace, minute(61), "late").same_second);
}

#[test]
fn a_part_that_was_never_there_is_absent_since_the_reading() {
    let trace =
        Trace::of("role/r").read(minute(0), []).set(minute(9), "e1", [(Aspect::Attached(Name::new(A)), is("yes"))]);
    assert_before(&trace, minute(60), "new", Was::Absent, minute(0), None);
}

#[test]
fn of_two_calls_of_one_second_each_has_what_was_before_both() {
    let trace = Trace::of("role/r")
        .read(minute(0), [(inline("P"), "a")])
        .set(minute(60), "e1", [(inline("P"), is("b"))])
        .set(minute(60), "e2", [(inline("P"), is("c"))]);
    for id in ["e1", "e2"] {
        assert_before(&trace, minute(60), id, was("a"), minute(0), None);
        assert!(before(&trace, minute(60), id).same_second);
    }
    // Which one was the last is not known.
    assert_eq!(before(&trace, minute(61), "e3").was(&inline("P")), Was::NotKnown);
    let twice = Trace::of("role/r").set(minute(60), "e1", [(inline("P"), is("b"))]);
    assert!(!before(&twice, minute(60), "e1").same_second, "an event is no other call");
}

#[test]
fn a_reading_that_may_show_the_change_does_not_count() {
    let trace = Trace::of("role/r")
        .read(minute(0), [(inline("P"), "a")])
        .read(minute(60), [(inline("P"), "b")])
        .read(minute(70), [(inline("P"), "c")]);
    for time in [minute(60), minute(59)] {
        assert_before(&trace, time, "e1", was("a"), minute(0), None);
    }
    assert_before(&trace, minute(61), "e1", was("b"), minute(60), None);
    // A call just before a reading may not be visible in the reading yet.
    let late = trace.set(minute(68), "e1", [(inline("P"), is("d"))]);
    assert_before(&late, minute(80), "e2", was("d"), minute(68), Some("e1"));
}

#[test]
fn without_a_reading_only_what_the_events_said_is_known() {
    let nothing = Trace::of("role/r");
    assert!(!before(&nothing, minute(1), "e").is_known());
    assert_eq!(before(&nothing, minute(1), "e").was(&inline("P")), Was::NotKnown);
    let trace = nothing.set(minute(0), "e1", [(inline("P"), is("a"))]);
    let former = before(&trace, minute(1), "e2");
    assert_eq!((former.was(&inline("P")), former.was(&inline("Q"))), (was("a"), Was::NotKnown));
    assert_eq!(former.whole(), None);
    let not_said = trace.set(minute(1), "e2", [(inline("P"), Part::NotKnown)]);
    assert_eq!(before(&not_said, minute(2), "e3").was(&inline("P")), Was::NotKnown);
    let anything = not_said.call(minute(2), "e3", Sets::Anything);
    assert_eq!(before(&anything, minute(3), "e4").was(&inline("Q")), Was::NotKnown);
}

#[test]
fn an_entity_that_was_deleted_and_created_again_has_nothing_of_the_former_one() {
    let trace = Trace::of("user/u")
        .read(minute(0), [(Aspect::Id, "AIDAOLD"), (inline("P"), "a"), (inline("Q"), "q")])
        .call(minute(60), "e1", Sets::Deleted)
        .call(minute(61), "e2", Sets::Created(vec![(Aspect::Id, is("AIDANEW"))]))
        .set(minute(62), "e3", [(inline("P"), is("b"))]);
    assert_eq!(before(&trace, minute(60), "e1").whole().unwrap().len(), 3);
    assert_eq!(before(&trace, minute(61), "e2").whole(), None);
    assert_before(&trace, minute(61), "e2", Was::Absent, minute(60), Some("e1"));
    assert_before(&trace, minute(62), "e3", Was::Absent, minute(61), Some("e2"));
    let whole = before(&trace, minute(63), "e4").whole().unwrap();
    assert_eq!(whole, state([(Aspect::Id, "AIDANEW"), (inline("P"), "b")]));
}

#[test]
fn calls_of_the_second_in_which_the_entity_was_created_are_not_lost() {
    // The history has the events of one second in the order of their ids.
    for (create, put) in [("e1", "e2"), ("e2", "e1")] {
        let trace = Trace::of("role/r").call(minute(60), create, Sets::Created(vec![(Aspect::Trust, is("t"))])).set(
            minute(60),
            put,
            [(inline("P"), is("a"))],
        );
        let whole = before(&trace, minute(61), "e3").whole();
        assert_eq!(whole, Some(state([(Aspect::Trust, "t"), (inline("P"), "a")])));
    }
}

#[test]
fn a_content_that_was_too_large_to_keep_is_not_known() {
    let mut trace = Trace::of("role/r");
    trace.reads.push(Read { since: minute(0), content: None, too_large: true });
    let former = before(&trace, minute(1), "e1");
    assert!(former.is_known());
    assert_eq!((former.was(&inline("P")), former.whole()), (Was::NotKnown, None));
}

#[test]
fn a_change_without_an_event_has_what_the_reading_before_and_the_events_had() {
    let found = crate::event::Found { not_since: minute(10), possible_since: minute(10), read: minute(DAY + 10) };
    let trace = Trace::of("role/r")
        .read(minute(5), [(inline("P"), "a")])
        .set(minute(60), "e1", [(inline("P"), is("b"))])
        .read(minute(DAY + 5), [(inline("P"), "c")])
        .set(found.read, "found", [(inline("P"), is("c"))]);
    assert_eq!(trace.before_found(&found).was(&inline("P")), was("b"));
    let created = Trace::of("role/r").read(minute(DAY + 5), []);
    assert_eq!(created.before_found(&found).was(&inline("P")), Was::Absent);
}
