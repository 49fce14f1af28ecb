use super::*;
use crate::event::Delivery;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn names() -> BTreeMap<String, String> {
    [("444455556666".to_owned(), "sandbox".to_owned())].into()
}

fn rows(text: &str) -> Expectations {
    Expectations(super::read(text, "expectations.yaml", &names()).unwrap())
}

fn problems(text: &str) -> Vec<String> {
    let problems = super::read(text, "expectations.yaml", &names()).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

/// A row with these lines behind its principal and its reason.
fn row(more: &str) -> String {
    format!("expectations:\n  - who: arn:aws:iam::111122223333:role/ci/deploy\n    why: OPS-12\n{more}")
}

fn activity(name: &str, request: &Value, account: &str) -> Activity {
    let record = json!({"eventSource": "iam.amazonaws.com", "eventName": name, "recipientAccountId": account,
        "eventTime": "2026-11-22T06:00:00Z", "requestParameters": request,
        "userIdentity": {"type": "AssumedRole", "accountId": "111122223333",
            "arn": "arn:aws:sts::111122223333:assumed-role/deploy/any-name",
            "sessionContext": {"sessionIssuer": {"type": "Role", "accountId": "111122223333", "userName": "deploy",
                "arn": "arn:aws:iam::111122223333:role/ci/deploy"}}}});
    let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
    Activity::from_delivery(&delivery).unwrap().activity().unwrap()
}

fn attach(role: &str) -> Activity {
    let request = json!({"roleName": role, "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"});
    activity("AttachRolePolicy", &request, "111122223333")
}

fn said<'a>(rows: &'a Expectations, activity: &Activity, severity: Severity, limits: &[Limit]) -> Option<Verdict<'a>> {
    let limits = limits.iter().copied().collect();
    let occasion = Occasion { activity, units_of_principal: &[], units_of_event: &[] };
    rows.verdict(occasion, Judgement { severity, limits: &limits, complete: true })
}

fn covers(rows: &Expectations, activity: &Activity) -> bool {
    matches!(said(rows, activity, Severity::Medium, &[]), Some(Verdict::Covered(_)))
}

#[test]
fn who_and_why_are_enough() {
    let rows = rows(&row(""));
    assert!(covers(&rows, &attach("app-web")));
    let only = &rows.0[0];
    assert_eq!((only.line, only.up_to, only.why.as_str()), (2, Severity::Medium, "OPS-12"));
}

#[test]
fn json_is_read_too_and_accounts_stay_texts() {
    let text = "{\"$schema\": \"x\",\n\t\"expectations\": [\n\t{\"who\": [\"arn:aws:iam::sandbox:role/a\"], \"why\": \"b\",\n \"where\": [\"012345678901\"]}]}";
    let rows = rows(text);
    assert_eq!((rows.0[0].line, &rows.0[0].accounts), (3, &vec![Place::Accounts(vec!["012345678901".to_owned()])]));
    let plain = self::rows(&row("    where: [012345678901, sandbox]\n"));
    assert_eq!(plain.0[0].accounts[0], Place::Accounts(vec!["012345678901".to_owned()]));
    assert_eq!(self::rows("expectations:\n").0, []);
    assert_eq!(self::rows("expectations: []\n").0, []);
}

#[test]
fn a_row_is_about_its_actions_targets_and_accounts_only() {
    for (more, covered) in [
        ("    what: AttachRolePolicy\n", true),
        ("    what: [\"iam:Attach*\", iam:CreateRole]\n", true),
        ("    what: grants\n", true),
        ("    what: removes\n", false),
        ("    what: iam:CreateUser\n", false),
        ("    target: role/app-*\n", true),
        ("    target: ROLE/APP-web\n", true),
        ("    target: [user/app-web, role/other]\n", false),
        ("    where: 111122223333\n", true),
        ("    where: sandbox\n", false),
        ("    until: 2026-11-22\n", true),
        ("    until: 2026-11-22T06:00:01Z\n", true),
    ] {
        assert_eq!(covers(&rows(&row(more)), &attach("app-web")), covered, "{more}");
    }
    let elsewhere = activity("AttachRolePolicy", &json!({"roleName": "app-web"}), "444455556666");
    assert!(!covers(&rows(&row("")), &elsewhere), "another account than the principal's must be named");
    assert!(covers(&rows(&row("    where: sandbox\n")), &elsewhere));
    let without_target = activity("AttachRolePolicy", &json!({}), "111122223333");
    assert!(!covers(&rows(&row("    target: role/app-*\n")), &without_target));
}

#[test]
fn what_is_beyond_a_row_is_named() {
    let text = row("    including: escalation\n    up_to: HIGH\n");
    let rows = rows(&text);
    let said = |severity, limits: &[Limit]| match said(&rows, &attach("x"), severity, limits) {
        Some(Verdict::Exceeded(_, beyond)) => beyond,
        other => panic!("{other:?}"),
    };
    assert_eq!(said(Severity::Critical, &[]), [Beyond::Severity(Severity::Critical)]);
    let both = [Limit::Escalation, Limit::OutsideTrust];
    assert_eq!(said(Severity::High, &both), [Beyond::Limit(Limit::OutsideTrust)]);
    let judgement = Judgement { severity: Severity::Low, limits: &BTreeSet::new(), complete: false };
    let activity = attach("x");
    let occasion = Occasion { activity: &activity, units_of_principal: &[], units_of_event: &[] };
    assert!(
        matches!(rows.verdict(occasion, judgement), Some(Verdict::Exceeded(_, gap)) if gap == [Beyond::NotEvaluated])
    );
    let ended = self::rows(&row("    until: 2026-11-21\n"));
    assert!(matches!(self::said(&ended, &activity, Severity::Medium, &[]), Some(Verdict::Ended(_))));
}

#[test]
fn everything_that_is_wrong_is_named_with_its_line() {
    for (text, problem) in [
        ("", "line 1: the file must begin with \"expectations:\""),
        ("- who: x", "line 1: the file must begin with"),
        ("expectation:\n", "line 1: \"expectation\" is not known here"),
        ("expectations: all\n", "line 1: the file must begin with"),
        ("expectations:\n  - arn:aws:iam::1:role/x\n", "line 2: an expectation has the fields who, why, what"),
        ("expectations:\n  - why: x\n", "line 2: the expectation has no \"who\""),
        ("expectations:\n  - who: arn:aws:iam::111122223333:role/x\n", "line 2: the expectation has no \"why\""),
        (&row("    why: again\n"), "line 4: why stands here twice"),
        (&row("    wat: x\n"), "line 4: \"wat\" is no field of an expectation"),
        (&row("    what: CreateUsr\n"), "line 4: \"what\": \"CreateUsr\" is no action that is alerted on"),
        (&row("    what: []\n"), "line 4: \"what\" is empty"),
        (
            &row("    what:\n      - iam:CreateUser\n      - [x]\n"),
            "line 6: \"what\" must be a text or a list of texts",
        ),
        (&row("    target: \"*\"\n"), "line 4: \"target\": \"*\" covers every target"),
        (&row("    target: app\n"), "line 4: \"target\": \"app\" is no target"),
        (&row("    where: prod\n"), "line 4: \"where\": \"prod\" is no account"),
        (&row("    up_to: high\n"), "line 4: \"up_to\": \"high\" must be MEDIUM, HIGH or CRITICAL"),
        (
            &row("    including: everything\n"),
            "line 4: \"including\": \"everything\" is not known; the words are administrator",
        ),
        (&row("    until: soon\n"), "line 4: \"until\": \"soon\" must be a day"),
        (&row("    until: 2026-02-30\n"), "line 4: \"until\": \"2026-02-30\" must be a day"),
        (&row("\tx: y\n"), "line 3: this is no YAML: while scanning a plain scalar, found a tab"),
        (&row("    what: [iam:CreateUser\n"), "line 4: this is no YAML: unclosed bracket"),
        (&row("    what: &a iam:CreateUser\n    target: *a\n"), "line 4: anchors and aliases are not supported"),
        (&row("    what: !!str iam:CreateUser\n"), "line 4: tags are not supported"),
        ("expectations: []\n---\nexpectations: []\n", "line 3: the file must have one document only"),
        ("expectations: [[[[[[[[[x]]]]]]]]]\n", "line 1: this is nested too deep"),
    ] {
        let found = problems(text);
        assert!(found[0].starts_with(problem), "{text}\n{found:?}");
    }
}

#[test]
fn principals_that_would_cover_too_much_or_nothing_are_refused() {
    for (who, why) in [
        ("*", "is no principal; give the ARN"),
        ("arn:aws:iam::111122223333:*", "is no user and no role"),
        ("arn:aws:iam::111122223333:role/*", "covers every principal of its kind"),
        ("arn:aws:iam::111122223333:user/*/*", "covers every principal of its kind"),
        ("arn:aws:iam::*:role/deploy", "has no account"),
        ("arn:aws:iam::prod:role/deploy", "has no account"),
        ("arn:aws:sts::111122223333:assumed-role/deploy/dana", "is a session, and whoever assumes a role chooses"),
        ("arn:aws:iam::111122223333:group/ops", "is no user and no role"),
    ] {
        let found = problems(&format!("expectations:\n  - why: x\n    who:\n      - {who:?}\n"));
        assert!(found[0].starts_with("line 4: \"who\": ") && found[0].contains(why), "{who}\n{found:?}");
    }
}

#[test]
fn a_reason_is_one_that_a_person_gave() {
    for why in ["\"\"", "\"...\"", "\"  \"", "\"TODO: who decided this?\"", "todo"] {
        let found = problems(&format!("expectations:\n  - who: arn:aws:iam::111122223333:role/x\n    why: {why}\n"));
        assert!(found[0].contains("is no reason; say who decided this"), "{found:?}");
    }
}

#[test]
fn two_rows_about_the_same_are_one_too_many() {
    let twice = |more: &str| {
        let one = "  - who: [arn:aws:iam::111122223333:role/a, arn:aws:iam::111122223333:role/b]\n    why: x\n";
        let other = "  - who: [arn:aws:iam::111122223333:role/b, arn:aws:iam::111122223333:role/a]\n    why: y\n";
        problems(&format!("expectations:\n{one}{other}{more}"))
    };
    assert_eq!(twice(""), ["line 4: says the same as line 2: remove one of the two"]);
    assert!(twice("    up_to: HIGH\n")[0].starts_with("line 4: contradicts line 2"));
}

#[test]
fn rows_without_effect_are_found() {
    let text = "expectations:\n  - who: arn:aws:iam::111122223333:root\n    why: x\n    until: 2026-11-21\n  - who: arn:aws:iam::111122223333:role/x\n    why: x\n    including: [administrator]\n  - who: arn:aws:iam::111122223333:role/x/*\n    why: x\n    up_to: HIGH\n  - who: arn:aws:iam::111122223333:role/x/a*\n    why: x\n    what: iam:Attach*\n";
    let found = findings(&rows(text).0, "2026-11-22T06:00:00Z".parse().unwrap());
    let found: Vec<_> = found.iter().map(|found| format!("{} {}", found.line, found.text)).collect();
    assert_eq!(
        found,
        [
            "2 ended at 2026-11-22 00:00 UTC: remove it, or decide again",
            "2 names the root user, but has no effect without \"including: root\"",
            "5 includes administrator access, which is CRITICAL, but ends at a lower up_to",
            "11 has no effect, since line 8 covers all of it",
        ]
    );
}

fn limit() -> impl Strategy<Value = Limit> {
    proptest::sample::select(Limit::ALL.to_vec())
}

proptest! {
    /// Whatever the rows say: what they do not name is not covered, nor is a higher severity, nor what was not evaluated.
    #[test]
    fn nothing_beyond_a_row_is_covered(
        including in proptest::collection::btree_set(limit(), 0..4),
        limits in proptest::collection::btree_set(limit(), 0..4),
        up_to in proptest::sample::select(vec![Severity::Medium, Severity::High, Severity::Critical]),
        severity in proptest::sample::select(Severity::ALL.to_vec()),
        complete in any::<bool>(),
    ) {
        let mut rows = rows(&row(""));
        rows.0[0].including.clone_from(&including);
        rows.0[0].up_to = up_to;
        let activity = attach("app-web");
        let occasion = Occasion { activity: &activity, units_of_principal: &[], units_of_event: &[] };
        let verdict = rows.verdict(occasion, Judgement { severity, limits: &limits, complete });
        let covered = limits.is_subset(&including) && severity <= up_to && complete;
        prop_assert_eq!(matches!(verdict, Some(Verdict::Covered(_))), covered);
    }

    /// Any text is either read or refused with lines that the file has.
    #[test]
    fn any_text_is_read_or_refused(text in "(expectations:\n)?[ \\-a-z:\\[\\]{}\"'&*!#\n\t]{0,80}") {
        if let Err(problems) = super::read(&text, "x", &names()) {
            prop_assert!(!problems.is_empty());
            let lines = text.split('\n').count() + 1;
            prop_assert!(problems.iter().all(|problem| (1..=lines).contains(&problem.line)), "{problems:?}");
        }
    }
}

#[test]
fn a_file_at_its_limit_is_read() {
    let rows = (0..=MAX_ROWS)
        .map(|n| format!("  - who: arn:aws:iam::111122223333:role/ci/deploy-{n}\n    why: OPS-{n}"))
        .collect::<Vec<_>>();
    let found = problems(&format!("expectations:\n{}\n", rows.join("\n")));
    assert_eq!(found, [format!("line {}: a file has at most {MAX_ROWS} expectations", 2 + 2 * MAX_ROWS)]);
}

/// An editor completes what the function reads.
#[test]
fn the_schema_has_the_words_of_the_code() {
    let schema: Value = serde_json::from_str(include_str!("../../../schema/expectations.json")).unwrap();
    let row = &schema["$defs"]["expectation"];
    let limits: Vec<_> = Limit::ALL.into_iter().map(Limit::word).collect();
    assert_eq!(schema["$defs"]["limit"]["enum"], json!(limits));
    assert_eq!(row["properties"]["up_to"]["enum"], json!(["MEDIUM", "HIGH", "CRITICAL"]));
    assert_eq!(row["required"], json!(["who", "why"]));
    assert_eq!(schema["properties"]["expectations"]["maxItems"], json!(MAX_ROWS));
    let effects = row["properties"]["what"]["description"].as_str().unwrap();
    assert!(EFFECTS.iter().all(|effect| effects.contains(effect)));
    let mut fields: Vec<_> = row["properties"].as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["including", "target", "until", "up_to", "what", "where", "who", "why"]);
}
