//! What no event explains.

use super::*;

const NOON: i64 = 12 * 60;
const OWN: &str = "arn:aws:iam::111122223333:role/own";
const APP: &str = "arn:aws:iam::111122223333:role/app";
const UNIQUE: &str = "AROAABCDEFGHIJKLMNOPQ";

#[track_caller]
fn assert_found(trace: &Trace, expected: &[&str]) {
    assert_eq!(differences(trace, &window()), expected, "{trace:#?}");
}

/// A role whose inline policy P was read as `a`, and a day later as `b`.
fn changed() -> Trace {
    Trace::of("role/r").read(minute(5), [(inline("P"), "a")]).read(minute(DAY + 5), [(inline("P"), "b")])
}

/// A role that was read with one trust policy, and a day later with another one.
fn trusts(before: &str, after: &str) -> Vec<String> {
    let trace = Trace::of("role/r").read(minute(5), [(Aspect::Trust, before)]);
    differences(&trace.read(minute(DAY + 5), [(Aspect::Trust, after)]), &window())
}

#[test]
fn a_change_with_its_event_is_explained_and_one_without_is_not() {
    assert_found(&changed().set(minute(NOON), "e1", [(inline("P"), is("b"))]), &[]);
    assert_found(&changed().set(minute(NOON), "e1", [(inline("p"), Part::NotKnown)]), &[]);
    assert_found(&changed().call(minute(NOON), "e1", Sets::Anything), &[]);
    assert_found(&changed(), &["inline/P b"]);
    assert_found(&changed().set(minute(NOON), "e1", [(inline("P"), is("c"))]), &["inline/P b"]);
    // What was found before, and could not be mailed, is found again.
    let found = "without-event-0123456789abcdef0123456789abcdef";
    assert_found(&changed().set(minute(DAY + 15), found, [(inline("P"), is("b"))]), &["inline/P b"]);
    // An event after the reading does not matter.
    assert_found(&changed().set(minute(DAY + 60), "e1", [(inline("P"), is("b"))]), &["inline/P b"]);
}

#[test]
fn an_entity_needs_an_event_to_come_and_to_go() {
    let new = Trace::of("role/r").read(minute(DAY + 5), [(Aspect::Trust, "t")]);
    assert_found(&new, &["exists"]);
    assert_found(&new.call(minute(NOON), "e1", Sets::Created(vec![(Aspect::Trust, is("t"))])), &[]);
    let gone = Trace::of("role/r").read(minute(5), [(Aspect::Trust, "t")]).read_content(minute(DAY + 5), None);
    assert_found(&gone, &["gone"]);
    assert_found(&gone.call(minute(NOON), "e1", Sets::Deleted), &[]);
    // Between two readings.
    let never = Trace::of("role/r").call(minute(NOON), "e1", Sets::Created(Vec::new()));
    assert_found(&never, &["gone"]);
    assert_found(&never.call(minute(NOON + 1), "e2", Sets::Deleted), &[]);
    assert_found(&Trace::of("role/r"), &[]);
    let again = Trace::of("user/u").read(minute(5), [(Aspect::Id, "AIDA1")]);
    assert_found(&again.read(minute(DAY + 5), [(Aspect::Id, "AIDA2")]), &["id AIDA2"]);
}

#[test]
fn a_call_shortly_before_or_during_the_reading_may_be_visible_or_not() {
    for at in [-5, 0, 5, 10, 14] {
        for seen in ["a", "b"] {
            let trace = Trace::of("role/r").read(minute(5), [(inline("P"), "a")]);
            let trace = trace.read(minute(DAY + 5), [(inline("P"), seen)]);
            assert_found(&trace.set(minute(DAY + at), "e1", [(inline("P"), is("b"))]), &[]);
        }
    }
    assert_found(&changed().set(minute(DAY), "e1", [(inline("P"), is("c"))]), &["inline/P b"]);
}

#[test]
fn a_change_that_was_undone_without_an_event_is_found_though_the_readings_are_the_same() {
    let trace = Trace::of("role/r").read(minute(5), [(inline("P"), "a")]);
    assert_found(&trace.set(minute(NOON), "e1", [(inline("P"), is("b"))]), &["inline/P a"]);
}

#[test]
fn calls_of_the_second_in_which_the_entity_was_created_explain_their_parts() {
    for (create, put) in [("e1", "e2"), ("e2", "e1")] {
        let trace = Trace::of("role/r").read(minute(DAY + 5), [(inline("P"), "a")]);
        let trace = trace.call(minute(NOON), create, Sets::Created(Vec::new()));
        assert_found(&trace.set(minute(NOON), put, [(inline("P"), is("a"))]), &[]);
    }
}

#[test]
fn a_document_that_is_only_written_differently_is_no_difference() {
    let before = document("s3:*");
    let after =
        r#"{ "Statement": {"Resource": ["*"], "Action": ["s3:*"], "Effect": "Allow"}, "Version": "2012-10-17" }"#;
    let trace = |after: &str| {
        let trace = Trace::of("role/r").read(minute(5), [(inline("P"), &before)]);
        differences(&trace.read(minute(DAY + 5), [(inline("P"), after)]), &window())
    };
    assert_eq!(trace(after), [""; 0]);
    assert_eq!(trace(&document("s3:Get*")).len(), 1);
    let (id, arn) = (trust(&[ACCOUNT]), trust(&["arn:aws:iam::111122223333:root"]));
    assert_eq!(trusts(&id, &arn), [""; 0]);
}

#[test]
fn a_name_in_other_case_is_no_difference() {
    let of = |case: fn(&str) -> String| {
        let arn = |name: &str| Aspect::Attached(Name::new(format!("arn:aws:iam::111122223333:policy/{}", case(name))));
        [(inline(&case("Policy")), "p"), (Aspect::Group(Name::new(case("Admins"))), "yes"), (arn("Boundary"), "yes")]
    };
    let trace = Trace::of("user/u").read(minute(5), of(str::to_lowercase));
    assert_found(&trace.read(minute(DAY + 5), of(str::to_uppercase)), &[]);
}

#[test]
fn a_trusted_principal_that_was_deleted_is_no_difference() {
    assert_eq!(trusts(&trust(&[OWN]), &trust(&[UNIQUE])), [""; 0]);
    assert_eq!(trusts(&trust(&[OWN, APP]), &trust(&[APP, UNIQUE])), [""; 0]);
    let user = "arn:aws:iam::111122223333:user/team/bob";
    assert_eq!(trusts(&trust(&[user, APP]), &trust(&["AIDAABCDEFGHIJKLMNOPQ", APP])), [""; 0]);
    let two = |first: &str, second: &str| {
        let statement = |action: &str, principal: &str| json!({"Effect": "Allow", "Action": action, "Principal": {"AWS": principal}});
        json!({"Statement": [statement("sts:AssumeRole", first), statement("sts:TagSession", second)]}).to_string()
    };
    assert_eq!(trusts(&two(OWN, OWN), &two(UNIQUE, UNIQUE)), [""; 0]);
}

#[test]
fn another_trusted_principal_or_statement_is_a_difference() {
    let other = "AROAZZZZZZZZZZZZZZZZZ";
    let root = "arn:aws:iam::111122223333:root";
    for (before, after) in [
        (trust(&[OWN]), trust(&[OWN, UNIQUE])),
        (trust(&[OWN]), trust(&[UNIQUE, other])),
        (trust(&[OWN, APP]), trust(&[UNIQUE])),
        (trust(&[OWN, UNIQUE]), trust(&[other, UNIQUE, "arn:aws:iam::999900001111:root"])),
        (trust(&[OWN]), trust(&["AROA"])),
        (trust(&[OWN]), trust(&["arn:aws:iam::999900001111:role/x"])),
        // Neither can be deleted, or become that.
        (trust(&[root]), trust(&[UNIQUE])),
        (trust(&[OWN]), trust(&["AIDAABCDEFGHIJKLMNOPQ"])),
        (trust(&["*"]), trust(&[UNIQUE])),
        (trust(&[OWN]), trust(&[UNIQUE]).replace("sts:AssumeRole", "sts:*")),
        (trust(&[OWN]), trust(&[UNIQUE]).replace("\"Principal\"", "\"Condition\":{},\"NotPrincipal\"")),
    ] {
        assert_eq!(trusts(&before, &after).len(), 1, "{before} {after}");
    }
}

#[test]
fn of_an_entity_that_is_too_large_only_its_existence_is_known() {
    let too_large = |mut trace: Trace, since| {
        trace.reads.push(Read { since, content: None, too_large: true });
        trace
    };
    let read = |since| Trace::of("role/r").read(since, [(inline("P"), "a")]);
    assert_found(&too_large(read(minute(5)), minute(DAY + 5)), &[]);
    let mut trace = too_large(Trace::of("role/r"), minute(5));
    assert_found(&trace.clone().read(minute(DAY + 5), [(inline("P"), "a")]), &[]);
    trace = trace.set(minute(NOON), "e1", [(inline("P"), is("b"))]);
    assert_found(&trace.read(minute(DAY + 5), [(inline("P"), "a")]), &["inline/P a"]);
    assert_found(&too_large(Trace::of("role/r"), minute(DAY + 5)), &["exists"]);
}

fn key(time: DateTime<Utc>) -> Aspect {
    Aspect::Key(rfc3339(time))
}

/// One of the keys, whichever it is.
fn a_key() -> Aspect {
    Aspect::Key(String::new())
}

#[test]
fn a_credential_report_can_be_four_hours_and_a_half_old() {
    let none = Trace::of("credentials/u").read(minute(5), []);
    let event = |hours: i64| none.clone().set(minute(DAY - 60 * hours), "e1", [(Aspect::Password, is("yes"))]);
    assert_found(&event(4), &[]);
    assert_found(&event(5), &["password absent"]);
    // It is visible the next day.
    let before = none.clone().set(minute(-4 * 60), "e1", [(Aspect::Password, is("yes"))]);
    assert_found(&before, &["password absent"]);
    assert_found(&before.read(minute(DAY + 5), [(Aspect::Password, "yes")]), &[]);
}

#[test]
fn a_key_is_known_by_its_time_within_two_minutes() {
    let none = || Trace::of("credentials/u").read(minute(5), []);
    let new = |created| none().set(minute(NOON), "e1", [(key(created), is("active"))]);
    let read = |trace: Trace| trace.read(minute(DAY + 5), [(key(minute(NOON)), "active")]);
    let here = rfc3339(minute(NOON));
    for seconds in [-120, -1, 0, 1, 120] {
        assert_found(&read(new(second(NOON * 60 + seconds))), &[]);
    }
    let lost = rfc3339(second(NOON * 60 - 121));
    assert_found(&read(new(second(NOON * 60 - 121))), &[&format!("key/{here} active"), &format!("key/{lost} absent")]);
    assert_found(&read(none()), &[&format!("key/{here} active")]);
    // An event that a reading with the key shows already.
    let known = none().read(minute(DAY + 5), [(key(second(-60)), "active")]);
    let known = Trace { reads: vec![Read { since: minute(5), ..known.reads[1].clone() }], ..known };
    assert_found(&known.set(second(-59), "e1", [(key(second(-59)), is("active"))]), &[]);
}

#[test]
fn the_status_and_the_deletion_of_a_key_need_an_event() {
    let (one, other) = (key(minute(-9000)), key(minute(-8000)));
    let name = one.text();
    let trace = |after: Option<&str>| {
        let trace = Trace::of("credentials/u").read(minute(5), [(one.clone(), "active")]);
        let state = after.map(|status| (one.clone(), status.to_owned())).into_iter().collect();
        trace.read_content(minute(DAY + 5), Some(content("credentials/u", &state)))
    };
    let set = |trace: Trace, part| trace.set(minute(NOON), "e1", [(a_key(), part)]);
    assert_found(&trace(Some("inactive")), &[&format!("{name} inactive")]);
    assert_found(&set(trace(Some("inactive")), is("inactive")), &[]);
    assert_found(&set(trace(Some("active")), is("inactive")), &[&format!("{name} active")]);
    assert_found(&trace(None), &[&format!("{name} absent")]);
    assert_found(&set(trace(None), Part::Absent), &[]);
    // Of two keys, each may be the one.
    let two = |first: &str, second: &str| {
        let trace = Trace::of("credentials/u").read(minute(5), [(one.clone(), "active"), (other.clone(), "active")]);
        trace.read(minute(DAY + 5), [(one.clone(), first), (other.clone(), second)])
    };
    for (first, second) in [("inactive", "active"), ("active", "inactive")] {
        assert_found(&set(two(first, second), is("inactive")), &[]);
    }
    assert_eq!(differences(&two("inactive", "inactive"), &window()).len(), 2);
    let deleted = set(two("active", "active"), Part::Absent);
    let left = deleted.read(minute(DAY + 6), [(other.clone(), "active")]);
    assert_found(&left, &[]);
}

#[test]
fn a_call_on_a_key_that_the_reading_shows_already_is_not_about_the_other_one() {
    // One key was deleted an hour before the reading.
    let one = key(minute(-9000));
    let trace = Trace::of("credentials/u").set(minute(-60), "e1", [(a_key(), Part::Absent)]);
    let kept = trace.clone().read(minute(5), [(one.clone(), "active")]);
    assert_found(&kept.clone(), &[]);
    assert_found(&kept.set(minute(-59), "e2", [(a_key(), is("inactive"))]), &[]);
    // The only one was.
    let none = trace.read(minute(5), []).read(minute(DAY + 5), [(key(minute(NOON)), "active")]);
    assert_found(&none, &[&format!("{} active", key(minute(NOON)).text())]);
}

#[test]
fn a_call_of_the_second_in_which_a_key_was_made_may_be_about_that_key() {
    let (old, new) = (key(minute(-9000)), key(minute(NOON)));
    for (create, update) in [("e1", "e2"), ("e2", "e1")] {
        let trace = Trace::of("credentials/u").read(minute(5), [(old.clone(), "active")]);
        let trace = trace.set(minute(NOON), create, [(new.clone(), is("active"))]);
        let trace = trace.set(minute(NOON), update, [(a_key(), is("inactive"))]);
        assert_found(&trace.read(minute(DAY + 5), [(old.clone(), "active"), (new.clone(), "inactive")]), &[]);
    }
}

#[test]
fn of_two_keys_made_within_two_minutes_each_is_compared_with_itself() {
    let (one, other) = (key(second(-9000)), key(second(-8940)));
    let trace = Trace::of("credentials/u").read(minute(5), [(one.clone(), "inactive"), (other.clone(), "active")]);
    let trace = trace.set(minute(NOON), "e1", [(a_key(), Part::Absent)]);
    assert_found(&trace.read(minute(DAY + 5), [(other, "active")]), &[]);
}

#[test]
fn a_password_policy_is_compared_with_its_defaults() {
    let setting = |name: &str| Aspect::Setting(name.to_owned());
    let event = changes_in(record(
        "UpdateAccountPasswordPolicy",
        &json!({"minimumPasswordLength": 14, "hardExpiry": false}),
        &Value::Null,
        minute(NOON),
    ));
    let trace = |more: &[(&str, &str)]| {
        let mut state = state([(setting("MinimumPasswordLength"), "14"), (setting("ExpirePasswords"), "false")]);
        for name in [
            "RequireSymbols",
            "RequireNumbers",
            "RequireUppercaseCharacters",
            "RequireLowercaseCharacters",
            "AllowUsersToChangePassword",
        ] {
            state.insert(setting(name), "false".to_owned());
        }
        state.extend(more.iter().map(|(name, value)| (setting(name), (*value).to_owned())));
        let trace = Trace::of("password-policy").call(minute(NOON), "e1", event[0].sets.clone());
        trace.read_content(minute(DAY + 5), Some(content("password-policy", &state)))
    };
    assert_found(&trace(&[]), &[]);
    assert_found(&trace(&[("HardExpiry", "false"), ("PasswordReusePrevention", "0")]), &[]);
    assert_found(&trace(&[("RequireSymbols", "true")]), &["setting/RequireSymbols true"]);
    assert_found(&trace(&[("MaxPasswordAge", "90")]), &["setting/MaxPasswordAge 90"]);
    assert_found(&trace(&[("MinimumPasswordLength", "6")]), &["setting/MinimumPasswordLength 6"]);
}

#[test]
fn thumbprints_in_other_case_are_no_difference() {
    assert!(same(&Aspect::Thumbprints, "AA,bb", "BB,aa") && !same(&Aspect::Thumbprints, "aa", "aa,bb"));
}

#[test]
fn a_trust_policy_that_is_no_object_is_compared_as_text() {
    for odd in ["[]", "1", "\"x\"", "null", "{\"Statement\": 1}", "{\"Statement\": [1, {\"Principal\": 2}]}"] {
        assert!(same(&Aspect::Trust, odd, odd) && !same(&Aspect::Trust, odd, &trust(&[UNIQUE])));
    }
}
