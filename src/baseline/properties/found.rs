//! The records of changes without an event.

use super::*;
use crate::arn::Partition;
use crate::event::{Delivery, Found};
use crate::text::Untrusted;
use std::collections::BTreeSet;

/// A trace without events.
fn silent(resource: &str, before: Option<&State>, after: Option<&State>) -> Trace {
    let trace = Trace::of(&if resource.starts_with("oidc") { resource.to_owned() } else { resource.to_lowercase() });
    let trace = match before {
        Some(before) => trace.read_content(minute(5), Some(content(resource, before))),
        None => trace,
    };
    match after {
        Some(after) => trace.read_content(minute(DAY + 5), Some(content(resource, after))),
        None if before.is_some() => trace.read_content(minute(DAY + 5), None),
        None => trace,
    }
}

fn of_window(trace: &Trace) -> (Vec<Unexplained>, Vec<Value>) {
    let found = unexplained(trace, &window());
    let records = records((&Partition::Aws, ACCOUNT), trace, &window(), &found);
    (found, records)
}

/// The event of a record, as the history has it: what it set of the entity.
fn recorded(trace: &Trace, record: &Value) -> Recorded {
    let found = Found { not_since: window().former.1, possible_since: window().former.1, read: window().run.1 };
    let activity = activity(&Delivery::without_event(record.clone(), found).unwrap());
    assert!(activity.outcome.succeeded());
    let (time, event_id) = (activity.time.unwrap(), activity.event_id.clone().unwrap());
    let all = changes(&activity);
    let sets = all.iter().find(|change| change.resource == trace.resource);
    let sets = sets.unwrap_or_else(|| panic!("{record} {all:?}")).sets.clone();
    assert_ne!(sets, Sets::Anything, "{record}");
    Recorded { time, event_id, sets: Sets::from_json(&sets.to_json()) }
}

/// What a difference says there is now: of the entity, or of a part.
fn is_said(difference: &Unexplained, all: &[Recorded], after: &State) -> bool {
    let sets = |aspect: &Aspect, is: Option<&str>| {
        let part = is.map_or(Part::Absent, |is| Part::Is(is.to_owned()));
        all.iter().any(|change| change.sets.parts().contains(&(aspect.clone(), part.clone())))
            || (is.is_none_or(|is| is == "false") && all.iter().any(|change| matches!(change.sets, Sets::Created(_))))
    };
    match difference {
        Unexplained::Gone => all.iter().any(|change| change.sets == Sets::Deleted),
        Unexplained::Part { aspect, is, .. } if *aspect != Aspect::Id => sets(aspect, is.as_deref()),
        _ => after.iter().all(|(aspect, is)| sets(aspect, Some(is))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_record_says_what_there_is_now_and_what_was_found_is_not_found_again((resource, before, after) in two_states()) {
        let mut trace = silent(resource, before.as_ref(), after.as_ref());
        let (found, records) = of_window(&trace);
        let of_credentials = resource.starts_with("credentials/");
        prop_assert_eq!(found.is_empty(), before == after || before.is_none() && after.is_none());
        let all: Vec<_> = records.iter().map(|record| recorded(&trace, record)).collect();
        for difference in &found {
            // Credentials come and go with their user, who is another entity.
            let with_user = of_credentials && matches!(difference, Unexplained::Gone);
            prop_assert!(with_user || is_said(difference, &all, &after.clone().unwrap_or_default()), "{difference:?} {records:?}");
        }
        prop_assert_eq!(of_window(&trace).1, records.clone(), "the same each time");
        let ids: BTreeSet<_> = records.iter().map(|record| record["eventID"].to_string()).collect();
        prop_assert_eq!(ids.len(), records.len(), "{:?}", records);

        // The next day.
        trace.changes.extend(all);
        let trace = trace.in_order();
        let next = Window { former: window().run, run: (minute(2 * DAY), minute(2 * DAY + 10)) };
        let credentials_alone = of_credentials && (before.is_none() || after.is_none());
        prop_assert!(credentials_alone || differences(&trace, &next).is_empty(), "{:?} {trace:#?}", differences(&trace, &next));
        // And what comes next has this before it.
        if let Some(after) = after.filter(|_| !found.is_empty() && !credentials_alone) {
            let former = trace.before(minute(DAY + 60), &Untrusted::new("next"));
            for (aspect, is) in after {
                let known = former.was(&aspect);
                prop_assert!(known == Was::Is(is.clone()), "{aspect:?} {is} {known:?}");
            }
        }
    }

    #[test]
    fn hostile_names_stay_names(name in "[A-Za-z0-9+=,.@_-]{1,64}|[^/:\\s][^/:]{0,20}|root|AWS ROOT USER", policy in "[^/:\\s][^/:]{0,20}") {
        for kind in ["user", "role", "group"] {
            let resource = format!("{kind}/{name}");
            let after = state([(Aspect::Id, "AIDAAAAAAAAAAAAAAAAAA"), (inline(&policy), &document("*"))]);
            let trace = silent(&resource, None, Some(&after));
            for record in of_window(&trace).1 {
                let found = Found { not_since: minute(0), possible_since: minute(0), read: minute(DAY) };
                let activity = activity(&Delivery::without_event(record, found).unwrap());
                let root = name == "AWS ROOT USER" && kind == "user";
                prop_assert!(root || changes(&activity)[0].resource == trace.resource, "{activity:?}");
            }
        }
    }
}

#[test]
fn each_of_two_new_keys_has_a_record_of_its_own() {
    let keys =
        ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"].map(|created| (Aspect::Key(created.to_owned()), "active"));
    let (none, inactive) = (State::new(), keys.clone().map(|(key, _)| (key, "inactive")));
    for (before, after) in
        [(none.clone(), state(keys.clone())), (state(keys.clone()), none), (state(keys), state(inactive))]
    {
        let records = of_window(&silent("credentials/bob", Some(&before), Some(&after))).1;
        assert_eq!(records.len(), 2);
        assert_ne!(records[0]["eventID"], records[1]["eventID"]);
    }
}

#[test]
fn credentials_that_are_gone_keep_the_name_of_their_user() {
    let (_, records) = of_window(
        &Trace::of("credentials/user/root")
            .read_content(minute(5), Some(json!({"Password": true})))
            .read_content(minute(DAY + 5), Some(json!({}))),
    );
    assert_eq!(records[0]["requestParameters"]["userName"], "root");
}
