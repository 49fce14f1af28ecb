use super::super::escalation::{ADMINISTRATOR_ACTIONS, escalation_paths};
use super::super::{Document, Holder, Named, NamedEntity, PolicyInput, Question, Reading, TrustSummary, Via, evaluate};
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
            let arn = Some("arn:aws:iam::aws:policy/P");
            PolicyInput {
                label: phrase!(name, " (attached)"),
                arn,
                via: Via::Attached,
                reading: Reading::AwsManaged(name),
            }
        }
        Given::Inline(name, document) => {
            let reading = Reading::Document(document);
            PolicyInput { label: phrase!(*name, " (inline)"), arn: None, via: Via::Inline, reading }
        }
        &Given::Other(reading) => PolicyInput { label: "p (inline)".into(), arn: None, via: Via::Inline, reading },
    };
    given.iter().map(input).collect()
}

fn access(given: &[Given]) -> Access {
    access_of(given, None, &Named::default())
}

fn access_of(given: &[Given], boundary: Option<&PolicyInput<'_>>, named: &Named) -> Access {
    let (arn, id, tags) = (CAROL.into(), "AIDACAROL".into(), [("team".into(), "ops".into())]);
    let groups = ["devs".into()];
    let now = Some("2026-11-22T06:00:00Z".parse().unwrap());
    let holder =
        Holder { arn: Some(&arn), id: Some(&id), tags: Some(&tags), groups: &groups, now, ..Holder::default() };
    evaluate(&Question { policies: &inputs(given), cuts: &[], unread: false, holder, boundary, named })
}

/// Without anything that is known of the holder.
fn access_of_unknown(given: &[Given], cuts: &[Phrase], unread: bool) -> Access {
    let named = Named::default();
    let holder = Holder::default();
    evaluate(&Question { policies: &inputs(given), cuts, unread, holder, boundary: None, named: &named })
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
        allow("iam:PutUserPolicy", "arn:aws:iam::111122223333:user/${aws:PrincipalTag/team}/*"),
        allow("iam:PutGroupPolicy", "arn:aws:iam::111122223333:group/devs"),
        allow("iam:CreateAccessKey", "arn:aws:iam::*:user/*"),
        allow("iam:CreateAccessKey", "arn:aws:iam::111122223333:user/service/*"),
        allow("iam:CreatePolicyVersion", "arn:aws:iam::111122223333:policy/*"),
    ] {
        assert_eq!(level(&statement), AccessLevel::Escalation, "{statement}");
    }
    let put = access(&[inline("p", &allow("iam:Put*", "*"))]);
    assert_eq!(
        put.words().plain(),
        "can escalate to administrator through IAM: p (inline) allows iam:PutUserPolicy, iam:PutRolePolicy and 1 more"
    );
    let paths: Vec<_> = put.path_words().iter().map(Phrase::plain).collect();
    assert_eq!(
        paths,
        [
            "iam:PutUserPolicy (iam-007): gives any policy to users",
            "iam:PutRolePolicy (iam-005): gives any policy to roles",
            "iam:PutGroupPolicy (iam-011): gives any policy to the members of groups",
        ]
    );
}

#[test]
fn a_path_names_its_actions_and_what_it_leads_to() {
    let lambda = access(&[
        inline("a", &allow("iam:PassRole", "*")),
        inline("b", &allow("lambda:CreateFunction", "arn:aws:lambda:eu-west-1:111122223333:function:x")),
        inline("c", &allow("lambda:InvokeFunction", "*")),
    ]);
    assert_eq!(lambda.level, AccessLevel::RoleEscalation);
    assert_eq!(
        lambda.path_words()[0].plain(),
        "iam:PassRole with lambda:CreateFunction and lambda:InvokeFunction (lambda-001): runs code with any role that \
         Lambda can assume"
    );
    assert_eq!(
        lambda.words().plain(),
        "can escalate through a role or resource: a (inline) allows iam:PassRole; b (inline) allows \
         lambda:CreateFunction; c (inline) allows lambda:InvokeFunction"
    );
    let some = access(&[inline("p", &allow("iam:CreateAccessKey", "arn:aws:iam::111122223333:user/service/*"))]);
    assert_eq!(
        some.path_words()[0].plain(),
        "iam:CreateAccessKey (iam-002): creates access keys of other users; only on \
         arn:aws:iam::111122223333:user/service/*, and what this covers was not looked up"
    );
    let many = access(&[inline("p", &allow("codebuild:*", "*")), inline("q", &allow("ssm:*", "*"))]);
    assert_eq!(many.path_words().last().unwrap().plain(), "and 7 more paths");
}

#[test]
fn harmless_policies_grant_limited_access() {
    for statement in [
        allow("s3:*", "*"),
        allow("iam:Get*", "*"),
        allow("iam:PassRole", "*"),
        allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}"),
        allow("iam:CreateAccessKey", "arn:aws:iam::*:user/ops/${aws:username}"),
        allow("iam:AttachUserPolicy", "arn:aws:iam::999999999999:user/*"),
        allow("iam:AttachUserPolicy", "arn:aws:iam::111122223333:role/*"),
        allow("iam:PutUserPolicy", "arn:aws:iam::111122223333:user/${*}"),
        json!([
            allow("iam:PassRole", "arn:aws:iam::111122223333:role/aws-service-role/*"),
            allow("lambda:*", "*"),
            deny("lambda:Update*", "*")
        ]),
    ] {
        let access = access(&[inline("p", &statement)]);
        assert_eq!((access.level, access.is_complete()), (AccessLevel::Limited, true), "{statement} {access:?}");
        assert_eq!(access.words().plain(), "not an administrator; no escalation path found");
    }
    assert_eq!(access(&[managed("ReadOnlyAccess")]).level, AccessLevel::Limited);
}

#[test]
fn an_explicit_deny_wins() {
    assert_eq!(level(&json!([allow("*", "*"), deny("iam:*", "*")])), AccessLevel::RoleEscalation);
    let deny_all_but = json!([allow("*", "*"), {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}]);
    assert_eq!(level(&deny_all_but), AccessLevel::Limited);
    for stop in [inline("stop", &deny("*", "*")), managed("AWSDenyAll")] {
        assert_eq!(access(&[managed("AdministratorAccess"), stop]).level, AccessLevel::Limited);
    }
    assert!(words(&[managed("PowerUserAccess")]).starts_with(
        "full access except IAM, and with it escalation through roles and resources: PowerUserAccess (attached)"
    ));
}

#[test]
fn a_deny_that_can_be_bypassed_does_not_lower_the_level() {
    let own = json!([CAROL, "arn:aws:iam::*:*/zz-any-name", "arn:aws:iam::*:user/?"]);
    for deny in [
        deny("iam:UpdateLoginProfile", "*"),
        json!({"Effect": "Deny", "Action": "iam:*", "Resource": own}),
        deny("iam:*", "arn:aws:iam::111122223333:user/*"),
        json!({"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}),
        json!({"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2026-11-01T00:00:00Z"}}}),
    ] {
        let access = access(&[managed("AdministratorAccess"), inline("p", &deny)]);
        assert_eq!(access.level, AccessLevel::Administrator, "{deny}");
    }
    let spread: Vec<_> = ["A", "C", "P", "S", "U", "D"].iter().map(|letter| format!("iam:{letter}*")).collect();
    assert_eq!(level(&json!({"Effect": "Allow", "Action": spread, "Resource": "*"})), AccessLevel::Administrator);
    let no_name = json!({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:iam::111122223333:user/zz*"});
    assert_eq!(level(&no_name), AccessLevel::Administrator);
}

#[test]
fn a_deny_that_the_holder_can_remove_is_no_limit() {
    let allowed = inline("a", &allow("*", "*"));
    let removable =
        inline("d", &json!({"Effect": "Deny", "NotAction": ["s3:*", "iam:DeleteUserPolicy"], "Resource": "*"}));
    assert_eq!(access(&[allowed.clone(), removable]).level, AccessLevel::Administrator);
    let fixed = inline("d", &json!({"Effect": "Deny", "NotAction": ["s3:*", "iam:DetachUserPolicy"], "Resource": "*"}));
    assert_eq!(access(&[allowed, fixed]).level, AccessLevel::Limited, "the deny is inline");
}

#[test]
fn only_what_is_not_known_is_not_evaluated() {
    let under = |condition: Value| {
        let mut statement = allow("iam:PutUserPolicy", "*");
        statement["Condition"] = condition;
        access(&[inline("p", &statement)])
    };
    let tag = under(json!({"StringEquals": {"aws:ResourceTag/team": ["shop", "web"]}}));
    assert_eq!(
        (tag.level, tag.at_most, tag.perhaps),
        (AccessLevel::Limited, AccessLevel::Limited, AccessLevel::Escalation)
    );
    assert_eq!(
        tag.not_evaluated[0].plain(),
        "p (inline) allows iam:PutUserPolicy if aws:ResourceTag/team is shop or web"
    );
    assert_eq!(tag.words().plain(), "not an administrator as far as evaluated");
    let vpc = under(json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}));
    assert_eq!(
        (vpc.level, vpc.at_most, vpc.perhaps),
        (AccessLevel::Limited, AccessLevel::Escalation, AccessLevel::Escalation)
    );
    let tagging = json!([
        allow("iam:TagUser", "*"),
        {"Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": "*",
            "Condition": {"StringEquals": {"iam:ResourceTag/team": "ops"}}},
    ]);
    assert_eq!(level(&tagging), AccessLevel::Escalation, "the holder can tag the user");
    let by_own_tag = |tagging: Value| {
        level(&json!([tagging, {"Effect": "Allow", "Action": "iam:PutUserPolicy", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/admin": "true"}}}]))
    };
    assert_eq!(by_own_tag(allow("iam:TagUser", CAROL)), AccessLevel::Escalation, "the holder can tag itself");
    assert_eq!(by_own_tag(allow("iam:TagUser", "arn:aws:iam::111122223333:user/dave")), AccessLevel::Limited);
    let locked = json!({"Effect": "Allow", "Action": "iam:TagUser", "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/admin": "true"}}});
    assert_eq!(by_own_tag(locked), AccessLevel::Limited, "the tag is needed to set the tag");
    let function = access(&[inline("p", &allow("lambda:UpdateFunctionCode", "arn:aws:lambda:*:*:function:shop-*"))]);
    assert_eq!((function.level, function.perhaps), (AccessLevel::Limited, AccessLevel::RoleEscalation));
    assert_eq!(
        function.not_evaluated[0].plain(),
        "p (inline) allows lambda:UpdateFunctionCode on arn:aws:lambda:*:*:function:shop-*; what this can do was not \
         looked up"
    );
}

#[test]
fn an_entity_that_a_policy_names_decides() {
    const ROLE: &str = "arn:aws:iam::111122223333:role/web";
    let pass = inline("p", &json!([allow("iam:PassRole", ROLE), allow("ec2:RunInstances", "*")]));
    let role = |level, service: &str| {
        let trust = TrustSummary { services: vec![service.into()], ..TrustSummary::default() };
        let entity = NamedEntity { level, trust: Some(trust), ..NamedEntity::default() };
        Named([(ROLE.to_owned(), entity)].into())
    };
    let of = |named: &Named| access_of(std::slice::from_ref(&pass), None, named);
    let strong = of(&role(Some(AccessLevel::Administrator), "ec2.amazonaws.com"));
    assert_eq!(strong.level, AccessLevel::RoleEscalation);
    let harmless = of(&role(Some(AccessLevel::Limited), "ec2.amazonaws.com"));
    assert_eq!((harmless.level, harmless.is_complete()), (AccessLevel::Limited, true));
    let other = of(&role(Some(AccessLevel::Administrator), "lambda.amazonaws.com"));
    assert_eq!((other.level, other.is_complete()), (AccessLevel::Limited, true));
    for unknown in [of(&Named::default()), of(&role(None, "ec2.amazonaws.com"))] {
        assert_eq!((unknown.level, unknown.at_most), (AccessLevel::Limited, AccessLevel::RoleEscalation));
        assert_eq!(
            unknown.not_evaluated[0].plain(),
            "p (inline) allows iam:PassRole on arn:aws:iam::111122223333:role/web, whose access is not known"
        );
    }
}

#[test]
fn a_boundary_limits_unless_the_holder_can_get_around_it() {
    const ARN: &str = "arn:aws:iam::111122223333:policy/dev-boundary";
    let under = |given: &[Given], statement: &Value| {
        let Given::Inline(_, document) = inline("b", statement) else { unreachable!() };
        let reading = Reading::Document(&document);
        let boundary = PolicyInput { label: "dev-boundary".into(), arn: Some(ARN), via: Via::Attached, reading };
        access_of(given, Some(&boundary), &Named::default())
    };
    let admin = [managed("AdministratorAccess")];
    let limited = under(&admin, &allow("s3:*", "*"));
    assert_eq!(limited.level, AccessLevel::Limited);
    assert_eq!(
        limited.words().plain(),
        "administrator: AdministratorAccess (attached), limited by the boundary dev-boundary to: limited access; no \
         escalation path found"
    );
    for (way, how) in [
        (allow("iam:DeleteUserPermissionsBoundary", "*"), "can remove the boundary"),
        (allow("iam:PutUserPermissionsBoundary", CAROL), "can replace the boundary"),
        (allow("iam:CreatePolicyVersion", ARN), "can rewrite the boundary's policy"),
    ] {
        let access = under(&admin, &json!([allow("s3:*", "*"), way]));
        assert_eq!(access.level, AccessLevel::Administrator);
        assert!(access.words().plain().ends_with(&format!("is no limit: the identity {how}")), "{access:?}");
    }
    let same = json!([allow("s3:*", "*"), {"Effect": "Allow", "Action": "iam:PutUserPermissionsBoundary",
        "Resource": "*", "Condition": {"StringEquals": {"iam:PermissionsBoundary": ARN}}}]);
    assert_eq!(under(&admin, &same).level, AccessLevel::Limited, "the same boundary again");
    let own = json!([allow("s3:*", "*"), allow("iam:PutUserPolicy", CAROL)]);
    assert_eq!(under(&admin, &own).level, AccessLevel::Limited, "its own policies do not lead beyond the boundary");
    let wide = json!([allow("lambda:*", "*"), allow("iam:PutUserPolicy", CAROL)]);
    let writes = [inline("p", &allow("iam:PutUserPolicy", CAROL))];
    assert_eq!(
        under(&writes, &wide).level,
        AccessLevel::RoleEscalation,
        "it can give itself all that the boundary allows"
    );
    let unread =
        PolicyInput { label: "dev-boundary".into(), arn: Some(ARN), via: Via::Attached, reading: Reading::Unread };
    let unread = access_of(&admin, Some(&unread), &Named::default());
    assert_eq!(
        unread.words().plain(),
        "administrator: AdministratorAccess (attached); the boundary dev-boundary could not be read"
    );
}

#[test]
fn policies_can_be_attached_or_written_only_under_conditions() {
    const READER: &str = "arn:aws:iam::111122223333:policy/reader";
    let attach = |condition: Value| {
        let mut statement = allow("iam:AttachUserPolicy", "*");
        statement["Condition"] = condition;
        statement
    };
    let named =
        |level| Named([(READER.to_owned(), NamedEntity { level: Some(level), ..NamedEntity::default() })].into());
    let only_reader = inline("p", &attach(json!({"ArnEquals": {"iam:PolicyARN": READER}})));
    let of = |given: &Given, named: &Named| access_of(std::slice::from_ref(given), None, named).level;
    assert_eq!(of(&only_reader, &named(AccessLevel::Limited)), AccessLevel::Limited);
    assert_eq!(of(&only_reader, &named(AccessLevel::Administrator)), AccessLevel::Escalation);
    for condition in [
        json!({"ArnLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/*"}}),
        json!({"ArnNotEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}}),
        json!({"ArnLike": {"iam:PolicyARN": "arn:aws:iam::111122223333:policy/*"}}),
    ] {
        assert_eq!(level(&attach(condition.clone())), AccessLevel::Escalation, "{condition}");
    }
    assert_eq!(
        level(&attach(json!({"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}))),
        AccessLevel::Limited
    );
    let below = inline("p", &attach(json!({"StringEquals": {"iam:PermissionsBoundary": READER}})));
    assert_eq!(of(&below, &named(AccessLevel::Limited)), AccessLevel::Limited);
    assert_eq!(of(&below, &named(AccessLevel::Administrator)), AccessLevel::Escalation);
}

#[test]
fn variables_have_a_meaning_only_with_the_version_of_2012() {
    let text = |version: &str| json!({"Version": version, "Statement": allow("iam:PutUserPolicy", "arn:aws:iam::*:user/ops/${aws:username}")});
    for (version, expected) in [("2012-10-17", AccessLevel::Escalation), ("2008-10-17", AccessLevel::Limited)] {
        let document = Document::parse(&text(version).to_string()).unwrap();
        assert_eq!(access(&[Given::Inline("p", document)]).level, expected, "{version}");
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
}

#[test]
fn the_level_is_none_only_if_nothing_can_be_allowed() {
    let of = |given: &[Given]| (access(given).level_word(), words(given));
    assert_eq!(of(&[]), ("none", "none: no policies".into()));
    let denied = ("none", "none: the policies allow nothing".into());
    assert_eq!(of(&[managed("AWSDenyAll")]), denied);
    assert_eq!(of(&[inline("p", &deny("s3:*", "*")), inline("empty", &json!([]))]), denied);
    assert_eq!(of(&[managed("AWSDenyAll"), managed("ReadOnlyAccess")]).0, "limited");

    let unread = access_of_unknown(&[], &[], true);
    let cut = access_of_unknown(&[], &["only the first 10 groups were read".into()], false);
    for open in [unread, cut] {
        assert_eq!((open.level, open.level_word()), (AccessLevel::Limited, "unknown"));
        assert_eq!(open.words().plain(), "not known");
    }
}

#[test]
fn without_an_arn_a_pattern_with_an_account_still_matches() {
    let given = [inline("p", &allow("iam:AttachUserPolicy", "arn:aws:iam::111122223333:user/*"))];
    let access = access_of_unknown(&given, &[], false);
    assert_eq!(access.level, AccessLevel::Escalation);
    assert_eq!(
        access.not_evaluated[0].plain(),
        "the holder's ARN is not known, so resources were not compared exactly"
    );
}

#[test]
fn every_administrator_action_is_a_path_of_its_own_and_no_path_contains_another() {
    for (action, _) in ADMINISTRATOR_ACTIONS {
        assert!(escalation_paths().any(|path| path.actions == [action]), "{action}");
    }
    let mut ids: Vec<_> = escalation_paths().map(|path| path.id).collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all);
    for path in escalation_paths() {
        let contains = |other: &&EscalationPath| {
            other.id != path.id && other.means == path.means && other.actions.iter().all(|a| path.actions.contains(a))
        };
        let smaller = escalation_paths().find(contains);
        assert!(smaller.is_none(), "{} contains {:?}", path.id, smaller.map(|path| path.id));
    }
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
        "iam:TagUser",
        "lambda:*",
    ]);
    let resources = some(&[
        "*",
        "arn:aws:iam::111122223333:user/*",
        CAROL,
        "arn:aws:iam::*:role/ci/*",
        "arn:aws:iam::*:user/${aws:username}",
        "arn:aws:s3:::b/${aws:userid}",
        "arn:aws:iam::*:user/${aws:PrincipalTag/team}/*",
        "arn:aws:iam::111122223333:role/web",
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

fn any_condition() -> impl Strategy<Value = Value> {
    let operators = [
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "ArnLike",
        "ArnNotEquals",
        "Bool",
        "Null",
        "DateLessThan",
        "DateGreaterThan",
        "NumericLessThan",
        "IpAddress",
        "ForAllValues:StringLike",
        "ForAnyValue:StringEquals",
        "StringEqualsIfExists",
        "ForAnyValue:StringNotLikeIfExists",
    ];
    let keys = [
        "aws:PrincipalTag/team",
        "aws:PrincipalTag/none",
        "aws:ResourceTag/team",
        "aws:username",
        "aws:PrincipalArn",
        "iam:PolicyARN",
        "iam:PermissionsBoundary",
        "iam:PassedToService",
        "aws:CurrentTime",
        "aws:TokenIssueTime",
        "aws:SourceIp",
        "aws:MultiFactorAuthPresent",
        "aws:ViaAWSService",
        "aws:SourceVpce",
        "aws:RequestTag/team",
    ];
    let values = [
        "ops",
        "*",
        "carol",
        "true",
        "false",
        CAROL,
        "arn:aws:iam::aws:policy/*",
        "lambda.amazonaws.com",
        "2020-01-01",
        "${aws:username}",
        "${aws:PrincipalTag/team}",
        "${aws:PrincipalTag/none, 'x'}",
        "",
    ];
    let one = (
        prop::sample::select(operators.to_vec()),
        prop::sample::select(keys.to_vec()),
        prop::collection::vec(prop::sample::select(values.to_vec()), 0..3),
    );
    let one = one.prop_map(|(operator, key, values)| (operator.to_owned(), json!({key: values})));
    prop::collection::btree_map(any::<u8>(), one, 0..3).prop_map(|all| Value::Object(all.into_values().collect()))
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
        json!(actions.map(|((action, _), _)| allow(action, "*")).collect::<Vec<_>>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

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
        prop_assert!(access(&[managed("PowerUserAccess"), deny()]).level <= AccessLevel::RoleEscalation);
        prop_assert!(access(&[managed("ReadOnlyAccess"), deny()]).level <= AccessLevel::Limited);
    }

    #[test]
    fn adding_a_path_never_lowers_a_level(
        allowed in prop::collection::vec(any_statement(), 0..3),
        denied in prop::collection::vec(any_statement(), 0..2),
        administrator in some_administrator_actions(),
        kept in prop::collection::vec(any::<bool>(), 16),
    ) {
        let given = [
            inline("a", &with_effect(&allowed, "Allow")),
            inline("d", &with_effect(&denied, "Deny")),
            inline("admin", &administrator),
        ];
        let all: Vec<_> = escalation_paths().collect();
        let fewer: Vec<_> = all.iter().copied().enumerate().filter(|(i, _)| kept[i % 16]).map(|(_, path)| path).collect();
        let by = |paths: &[&'static EscalationPath]| {
            let (arn, named) = (CAROL.into(), Named::default());
            let holder = Holder { arn: Some(&arn), ..Holder::default() };
            let policies = inputs(&given);
            let question =
                Question { policies: &policies, cuts: &[], unread: false, holder, boundary: None, named: &named };
            super::super::judgement::evaluate_by(paths, &question)
        };
        let (before, after) = (by(&fewer), by(&all));
        prop_assert!(after.level >= before.level && after.at_most >= before.at_most);
    }

    #[test]
    fn a_boundary_never_raises_access(
        allowed in prop::collection::vec(any_statement(), 0..3), limit in prop::collection::vec(any_statement(), 0..3),
    ) {
        let given = [inline("a", &with_effect(&allowed, "Allow"))];
        let Given::Inline(_, document) = inline("b", &with_effect(&limit, "Allow")) else { unreachable!() };
        let reading = Reading::Document(&document);
        let arn = Some("arn:aws:iam::111122223333:policy/b");
        let boundary = PolicyInput { label: "b".into(), arn, via: Via::Attached, reading };
        let (free, bounded) = (access(&given), access_of(&given, Some(&boundary), &Named::default()));
        prop_assert!(bounded.level <= free.level, "{:?} {:?}", bounded, free);
    }

    #[test]
    fn any_conditions_are_judged_and_an_assurance_is_complete(
        statements in prop::collection::vec((any_statement(), any_condition(), any::<bool>()), 1..5),
        limit in prop::collection::vec((any_statement(), any_condition()), 0..3),
    ) {
        let with = |(statement, condition): (&Value, &Value)| {
            let mut statement = statement.clone();
            statement["Condition"] = condition.clone();
            statement
        };
        let written: Vec<_> = statements.iter().map(|(statement, condition, denies)| {
            let mut statement = with((statement, condition));
            statement["Effect"] = json!(if *denies { "Deny" } else { "Allow" });
            statement
        }).collect();
        let limit: Vec<_> = limit.iter().map(|(statement, condition)| with((statement, condition))).collect();
        let Given::Inline(_, document) = inline("b", &with_effect(&limit, "Allow")) else { unreachable!() };
        let reading = Reading::Document(&document);
        let boundary = PolicyInput { label: "b".into(), arn: Some("arn:aws:iam::111122223333:policy/b"), via: Via::Attached, reading };
        let given = [inline("a", &json!(written))];
        for access in [access(&given), access_of(&given, Some(&boundary), &Named::default()), access_of_unknown(&given, &[], false)] {
            prop_assert!(access.level <= access.at_most && access.at_most <= access.perhaps.max(access.at_most));
            let assures = access.words().plain().contains("no escalation path found");
            prop_assert!(!assures || (access.is_complete() && access.at_most <= AccessLevel::Limited), "{:?}", access);
        }
    }

    #[test]
    fn order_form_and_case_do_not_matter(statements in prop::collection::vec(any_statement(), 1..4)) {
        let plain = access(&[inline("a", &with_effect(&statements, "Allow"))]);
        let mut other = statements.clone();
        other.reverse();
        for statement in &mut other {
            for key in ["Action", "NotAction"] {
                if let Some(actions) = statement.get_mut(key) {
                    let upper: Vec<_> = actions.as_array().unwrap().iter()
                        .map(|action| action.as_str().unwrap().to_uppercase()).collect();
                    *actions = if upper.len() == 1 { json!(upper[0]) } else { json!(upper) };
                }
            }
        }
        let changed = access(&[inline("a", &with_effect(&other, "Allow"))]);
        prop_assert_eq!(changed.level, plain.level);
        prop_assert_eq!(changed.at_most, plain.at_most);
        prop_assert_eq!(changed.paths.len(), plain.paths.len());
    }
}
