use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const CAROL: &str = "arn:aws:iam::111122223333:user/ops/carol";

/// A policy that owns the data that a [`PolicyInput`] borrows.
#[derive(Clone)]
enum Given {
    Inline(&'static str, Document),
    Managed(&'static str),
    Other(Reading<'static>),
}

fn inline(name: &'static str, statement: &Value) -> Given {
    let text = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    Given::Inline(name, Document::parse(&text).unwrap())
}

fn managed(name: &'static str) -> Given {
    Given::Managed(name)
}

fn inputs(given: &[Given]) -> Vec<PolicyInput<'_>> {
    let input = |given| match given {
        &Given::Managed(name) => {
            PolicyInput { label: phrase!(name, " (attached)"), reading: Reading::AwsManaged(name) }
        }
        Given::Inline(name, document) => {
            PolicyInput { label: phrase!(*name, " (inline)"), reading: Reading::Document(document) }
        }
        &Given::Other(reading) => PolicyInput { label: "p (inline)".into(), reading },
    };
    given.iter().map(input).collect()
}

fn access(given: &[Given]) -> Access {
    evaluate(&inputs(given), &[], false, Some(&CAROL.into()))
}

fn words(given: &[Given]) -> String {
    access(given).words().plain()
}

fn level(statement: &Value) -> AccessLevel {
    access(&[inline("p", statement)]).level
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn deny(action: &str, resource: &str) -> Value {
    json!({"Effect": "Deny", "Action": action, "Resource": resource})
}

#[test]
fn administrators_are_recognised_in_every_form_of_policy() {
    for statement in [
        allow("*", "*"),
        allow("*:*", "*"),
        allow("iam:*", "*"),
        allow("IAM:*", "arn:aws:iam::*"),
        json!([{"Effect": "Allow", "Action": ["s3:Get*", "i?m:*"], "Resource": ["*"]}]),
        json!({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}),
        json!({"Effect": "Allow", "NotAction": ["s3:*"], "NotResource": "arn:aws:s3:::secret"}),
    ] {
        assert_eq!(level(&statement), AccessLevel::Administrator, "{statement}");
    }
    for name in ["AdministratorAccess", "IAMFullAccess"] {
        assert_eq!(words(&[managed(name)]), format!("administrator: {name} (attached)"));
    }
}

#[test]
fn a_customer_policy_with_the_name_of_an_aws_managed_policy_is_evaluated() {
    let own = inline("AdministratorAccess", &allow("s3:GetObject", "*"));
    assert_eq!(access(&[own]).level, AccessLevel::Limited);
}

#[test]
fn paths_to_administrator_are_recognised() {
    for statement in [
        allow("iam:AttachUserPolicy", "*"),
        allow("iam:put*policy", "arn:aws:iam::111122223333:user/*"),
        allow("iam:PutUserPolicy", "arn:aws:iam::111122223333:user/ops/${aws:username}"),
        allow("iam:CreateAccessKey", "arn:aws:iam::*:user/*"),
        allow("iam:CreatePolicyVersion", "arn:aws:iam::111122223333:policy/*"),
    ] {
        assert_eq!(level(&statement), AccessLevel::Escalation, "{statement}");
    }
    assert_eq!(
        words(&[inline("p", &allow("iam:Put*", "*"))]),
        "can escalate to administrator through IAM: p (inline) allows iam:PutUserPolicy, iam:PutRolePolicy and 1 more"
    );
}

#[test]
fn harmless_policies_grant_limited_access() {
    for statement in [
        allow("s3:*", "*"),
        allow("iam:Get*", "*"),
        allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}"),
        allow("iam:AttachUserPolicy", "arn:aws:iam::999999999999:user/*"),
        allow("iam:AttachUserPolicy", "arn:aws:iam::111122223333:role/*"),
    ] {
        assert_eq!(level(&statement), AccessLevel::Limited, "{statement}");
    }
    let own_key = access(&[inline("self", &allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}"))]);
    assert!(own_key.is_complete(), "{:?}", own_key.not_evaluated);
    assert_eq!(own_key.words().plain(), "not an administrator; no escalation path found");
    assert_eq!(access(&[managed("ReadOnlyAccess")]).level, AccessLevel::Limited);
}

#[test]
fn an_explicit_deny_wins() {
    assert_eq!(level(&json!([allow("*", "*"), deny("iam:*", "*")])), AccessLevel::Broad);
    let deny_all_but = json!([allow("*", "*"), {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}]);
    assert_eq!(level(&deny_all_but), AccessLevel::Limited);
    for stop in [inline("stop", &deny("*", "*")), managed("AWSDenyAll")] {
        assert_eq!(access(&[managed("AdministratorAccess"), stop]).level, AccessLevel::Limited);
    }
    assert_eq!(words(&[managed("PowerUserAccess")]), "full access except IAM: PowerUserAccess (attached)");
}

#[test]
fn a_deny_that_can_be_bypassed_does_not_lower_the_level_and_is_reported() {
    let own = json!([CAROL, "arn:aws:iam::*:*/zz-any-name", "arn:aws:iam::*:user/?"]);
    let every_path: Vec<_> = ESCALATION_PATHS.iter().map(|path| path.requires[0].action).collect();
    for (deny, reported) in [
        (deny("iam:UpdateLoginProfile", "*"), "denies iam:UpdateLoginProfile"),
        (json!({"Effect": "Deny", "Action": "iam:*", "Resource": own}), "on certain resources"),
        (
            json!({"Effect": "Deny", "Action": every_path, "Resource": "*"}),
            "denies iam:AttachUserPolicy, iam:PutUserPolicy and 11 more",
        ),
    ] {
        let access = access(&[managed("AdministratorAccess"), inline("p", &deny)]);
        assert_eq!(access.level, AccessLevel::Administrator, "{deny}");
        let open = &access.not_evaluated;
        assert!(open.iter().any(|sentence| sentence.plain().contains(reported)), "{open:?}");
    }
    let spread: Vec<_> = ["A", "C", "P", "S", "U", "D"].iter().map(|letter| format!("iam:{letter}*")).collect();
    assert_eq!(level(&json!({"Effect": "Allow", "Action": spread, "Resource": "*"})), AccessLevel::Administrator);
    let no_name = json!({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:iam::111122223333:user/zz*"});
    assert_eq!(level(&no_name), AccessLevel::Administrator);
}

#[test]
fn statements_with_a_condition_or_certain_resources_are_not_evaluated() {
    let condition = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
    let conditional = |effect: &str| json!({"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition});
    let first = |access: &Access| access.not_evaluated[0].plain();
    let if_mfa = access(&[inline("p", &conditional("Allow"))]);
    assert_eq!((if_mfa.level, if_mfa.at_most), (AccessLevel::Limited, AccessLevel::Administrator));
    assert_eq!(
        first(&if_mfa),
        "p (inline) allows iam:AttachUserPolicy, iam:PutUserPolicy and 11 more under a condition"
    );

    let unless_mfa = access(&[managed("AdministratorAccess"), inline("mfa", &conditional("Deny"))]);
    assert_eq!(unless_mfa.level, AccessLevel::Administrator);
    assert!(first(&unless_mfa).starts_with("mfa (inline) denies"), "{unless_mfa:?}");

    let some = access(&[inline("p", &allow("iam:AttachRolePolicy", "arn:aws:iam::111122223333:role/ci/*"))]);
    assert_eq!(first(&some), "p (inline) allows iam:AttachRolePolicy on certain resources");
    assert_eq!(some.words().plain(), "not an administrator as far as evaluated");

    let variable = access(&[inline("p", &allow("iam:*", "arn:aws:iam::*:user/${aws:PrincipalTag/team}/*"))]);
    assert_eq!((variable.level, variable.not_evaluated.len()), (AccessLevel::Limited, 1));
    let beside = json!({"Effect": "Allow", "Action": "*", "Resource": ["*", "arn:aws:s3:::b/${aws:userid}"]});
    assert_eq!(level(&beside), AccessLevel::Administrator);

    let removal = access(&[inline("p", &allow("iam:DetachUserPolicy", "*"))]);
    assert_eq!(first(&removal), "p (inline) allows iam:DetachUserPolicy, which can remove denies and boundaries");
    let pass = access(&[inline("p", &allow("iam:PassRole", "*"))]);
    assert_eq!(first(&pass), "p (inline) allows iam:PassRole on any role: it can act through more powerful roles");
    for open in [&if_mfa, &some, &removal, &pass] {
        assert!(!open.is_complete() && open.level_word() == "limited");
    }
}

#[test]
fn nothing_is_claimed_about_policies_that_were_not_read() {
    let s3 = || inline("s3", &allow("s3:*", "*"));
    for (reading, unreadable, reported) in [
        (Reading::Unread, false, None),
        (Reading::NotUnderstood, true, Some("p (inline) not understood: its document is not a valid policy")),
        (Reading::Gone, true, Some("p (inline) was gone when its document was read")),
    ] {
        let alone = access(&[Given::Other(reading)]);
        assert_eq!((alone.unread, alone.unreadable), (!unreadable, unreadable));
        assert_eq!(alone.not_evaluated.first().map(Phrase::plain).as_deref(), reported);
        assert_eq!((alone.words().plain().as_str(), alone.level_word()), ("not known", "unknown"));
        let beside = access(&[Given::Other(reading), s3()]);
        assert_eq!(beside.words().plain(), "not an administrator as far as evaluated");
        assert_eq!((beside.level_word(), beside.is_complete()), ("limited", false));
    }
    let named = access(&[managed("ReadOnlyAccess")]);
    assert_eq!(named.words().plain(), "not known: AWS managed policies are only named");
    assert_eq!((named.level_word(), named.is_complete()), ("unknown", false));
    assert_eq!(
        words(&[managed("ReadOnlyAccess"), s3()]),
        "not an administrator by the policies that were read; AWS managed policies are only named"
    );
    assert_eq!(
        words(&[managed("PowerUserAccess"), managed("ReadOnlyAccess")]),
        "full access except IAM: PowerUserAccess (attached); some policies were not evaluated"
    );
}

#[test]
fn the_level_is_none_only_if_nothing_can_be_allowed() {
    let of = |given: &[Given]| (access(given).level_word(), words(given));
    assert_eq!(of(&[]), ("none", "none: no policies".into()));
    let denied = ("none", "none: the policies allow nothing".into());
    assert_eq!(of(&[managed("AWSDenyAll")]), denied);
    assert_eq!(of(&[inline("p", &deny("s3:*", "*")), inline("empty", &json!([]))]), denied);
    assert_eq!(of(&[managed("AWSDenyAll"), managed("ReadOnlyAccess")]).0, "limited");

    let unread = evaluate(&[], &[], true, None);
    let limited = evaluate(&[], &["only the first 10 groups were read".into()], false, None);
    for open in [unread, limited] {
        assert_eq!((open.level, open.level_word()), (AccessLevel::Limited, "unknown"));
        assert_eq!(open.words().plain(), "not known");
    }
}

#[test]
fn without_an_arn_a_pattern_with_an_account_still_matches() {
    let given = [inline("p", &allow("iam:AttachUserPolicy", "arn:aws:iam::111122223333:user/*"))];
    let access = evaluate(&inputs(&given), &[], false, None);
    assert_eq!(access.level, AccessLevel::Escalation);
    assert_eq!(
        access.not_evaluated[0].plain(),
        "the holder's ARN is not known, so resources were not compared exactly"
    );
}

#[test]
fn every_administrator_action_is_a_path_of_its_own() {
    for permission in ADMINISTRATOR_ACTIONS {
        assert!(ESCALATION_PATHS.iter().any(|path| path.requires == [permission]), "{}", permission.action);
    }
    let mut ids: Vec<_> = ESCALATION_PATHS.iter().map(|path| path.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), ESCALATION_PATHS.len());
}

#[test]
fn a_path_of_several_actions_needs_all_of_them() {
    const PAIR: EscalationPath =
        EscalationPath { id: "test", requires: &[RESTRICTION_REMOVALS[0], RESTRICTION_REMOVALS[4]] };
    let level = |statement: &Value| {
        evaluate_by(&[PAIR], &inputs(&[inline("p", statement)]), &[], false, Some(&CAROL.into())).level
    };
    assert_eq!(level(&allow("iam:Detach*", "*")), AccessLevel::Escalation);
    assert_eq!(level(&allow("iam:DetachUserPolicy", "*")), AccessLevel::Limited);
    assert_eq!(level(&json!([allow("iam:Detach*", "*"), deny("iam:DetachRolePolicy", "*")])), AccessLevel::Limited);
}

fn any_statement() -> impl Strategy<Value = Value> {
    let some = |these: &'static [&'static str]| prop::collection::vec(prop::sample::select(these), 1..3);
    let actions = some(&[
        "*",
        "iam:*",
        "iam:Attach*",
        "iam:putuserpolicy",
        "iam:Create*",
        "iam:PassRole",
        "s3:*",
        "sts:?ssumeRole",
    ]);
    let resources = some(&[
        "*",
        "arn:aws:iam::111122223333:user/*",
        CAROL,
        "arn:aws:iam::*:role/ci/*",
        "arn:aws:iam::*:user/${aws:username}",
        "arn:aws:s3:::b/${aws:userid}",
    ]);
    (actions, resources, any::<(bool, bool, bool)>()).prop_map(|(actions, resources, (not_a, not_r, condition))| {
        let mut statement = serde_json::Map::new();
        statement.insert(if not_a { "NotAction" } else { "Action" }.into(), json!(actions));
        statement.insert(if not_r { "NotResource" } else { "Resource" }.into(), json!(resources));
        if condition {
            statement.insert("Condition".into(), json!({"Bool": {"aws:SecureTransport": "true"}}));
        }
        Value::Object(statement)
    })
}

fn with_effect(statements: &[Value], effect: &str) -> Value {
    let mut statements = statements.to_vec();
    for statement in &mut statements {
        statement["Effect"] = json!(effect);
    }
    json!(statements)
}

/// Some of the administrator actions, each in its own statement.
fn some_administrator_actions() -> impl Strategy<Value = Value> {
    prop::collection::vec(prop::bool::weighted(0.95), ADMINISTRATOR_ACTIONS.len()).prop_map(|chosen| {
        let actions = ADMINISTRATOR_ACTIONS.iter().zip(chosen).filter(|(_, chosen)| *chosen);
        json!(actions.map(|(permission, _)| allow(permission.action, "*")).collect::<Vec<_>>())
    })
}

proptest! {
    #[test]
    fn an_allow_never_lowers_access_and_a_deny_never_raises_access(
        base in prop::collection::vec(any_statement(), 0..3), more in any_statement(),
    ) {
        let base = inline("a", &with_effect(&base, "Allow"));
        let more = |effect| inline("b", &with_effect(std::slice::from_ref(&more), effect));
        let before = access(std::slice::from_ref(&base));
        let allowed = access(&[base.clone(), more("Allow")]);
        let denied = access(&[base, more("Deny")]);
        prop_assert!(allowed.level >= before.level && denied.level <= before.level);
        prop_assert!(allowed.at_most >= before.at_most && denied.at_most <= before.at_most);
        prop_assert!(before.at_most >= before.level);
    }

    #[test]
    fn a_deny_never_raises_a_level(more in any_statement()) {
        let deny = || inline("b", &with_effect(std::slice::from_ref(&more), "Deny"));
        prop_assert_eq!(access(&[deny()]).level, AccessLevel::None);
        prop_assert!(access(&[managed("PowerUserAccess"), deny()]).level <= AccessLevel::Broad);
        prop_assert!(access(&[managed("ReadOnlyAccess"), deny()]).level <= AccessLevel::Limited);
    }

    #[test]
    fn adding_a_path_never_lowers_a_level(
        allowed in prop::collection::vec(any_statement(), 0..3),
        denied in prop::collection::vec(any_statement(), 0..2),
        administrator in some_administrator_actions(),
        use_administrator in any::<bool>(),
    ) {
        const NEW: [EscalationPath; 3] = [
            EscalationPath { id: "test-1", requires: &[PASS_ROLE] },
            EscalationPath { id: "test-2", requires: &[RESTRICTION_REMOVALS[0], PASS_ROLE] },
            EscalationPath { id: "test-3", requires: &[RESTRICTION_REMOVALS[3]] },
        ];
        let mut given = vec![inline("a", &with_effect(&allowed, "Allow")), inline("d", &with_effect(&denied, "Deny"))];
        if use_administrator {
            given.push(inline("admin", &administrator));
        }
        let by = |paths: &[EscalationPath]| evaluate_by(paths, &inputs(&given), &[], false, Some(&CAROL.into()));
        let before = by(&ESCALATION_PATHS);
        for new in NEW {
            let mut more = ESCALATION_PATHS.to_vec();
            more.push(new);
            let after = by(&more);
            prop_assert!(after.level >= before.level && after.at_most >= before.at_most, "{}", new.id);
        }
    }
}

#[test]
fn an_administrator_by_thirteen_actions_stays_administrator_with_a_new_path() {
    let statements: Vec<_> = ADMINISTRATOR_ACTIONS.iter().map(|permission| allow(permission.action, "*")).collect();
    let given = [inline("p", &json!(statements))];
    let mut more = ESCALATION_PATHS.to_vec();
    more.push(EscalationPath { id: "test", requires: &[PASS_ROLE] });
    let after = evaluate_by(&more, &inputs(&given), &[], false, Some(&CAROL.into()));
    assert_eq!(after.level, AccessLevel::Administrator);
    assert_eq!(after.why().plain(), "p (inline) allows iam:AttachUserPolicy, iam:PutUserPolicy and 11 more");
}
