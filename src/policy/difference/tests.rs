use super::*;
use crate::text::Phrase;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const BOB: &str = "arn:aws:iam::111122223333:user/bob";
const OKTA: &str = "arn:aws:iam::111122223333:saml-provider/okta";

pub(super) fn document(statements: &Value) -> Document {
    Document::parse(&json!({"Version": "2012-10-17", "Statement": statements}).to_string()).unwrap()
}

fn between(before: &Value, after: &Value) -> Difference {
    let difference = Difference::between(&document(before), &document(after));
    super::properties::assert_applies(&difference, &document(before), &document(after));
    difference
}

fn widens(before: &Value, after: &Value) -> bool {
    between(before, after).may_widen()
}

fn words(of: DifferenceOf, before: &Value, after: &Value) -> Vec<String> {
    between(before, after).words(of).iter().map(Phrase::plain).collect()
}

fn same(a: &Value, b: &Value) -> bool {
    let texts = [a, b].map(|statements| json!({"Version": "2012-10-17", "Statement": statements}).to_string());
    assert_eq!(same_documents(&texts[0], &texts[1]), same_documents(&texts[1], &texts[0]));
    assert_eq!(same_documents(&texts[0], &texts[1]), between(a, b).is_empty());
    same_documents(&texts[0], &texts[1])
}

fn trust(principal: &Value) -> Value {
    json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})
}

fn trust_if(principal: &Value, condition: &Value) -> Value {
    with(trust(principal), "Condition", condition.clone())
}

fn allow(action: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": "*"})
}

fn with(mut statement: Value, element: &str, value: Value) -> Value {
    statement[element] = value;
    statement
}

fn deny(action: &str) -> Value {
    with(allow(action), "Effect", "Deny".into())
}

fn mfa() -> Value {
    json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}})
}

#[test]
fn how_a_document_is_written_is_no_difference() {
    let one = json!([
        {"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["*"]},
        {"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": false}}},
    ]);
    let other = json!([
        {"Sid": "X", "Effect": "Deny", "Action": ["IAM:*"], "Resource": "*", "Condition": {"bool": {"AWS:securetransport": ["false"]}}},
        {"Sid": "Y", "Effect": "Allow", "Action": "S3:putobject", "Resource": "*"},
        {"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObject"], "Resource": "*"},
    ]);
    assert!(same(&one, &other));
    assert_eq!(between(&one, &other), Difference::default());
}

#[test]
fn an_account_is_the_same_as_its_id_and_as_its_root() {
    for root in ["aws", "aws-cn", "aws-us-gov"].map(|partition| format!("arn:{partition}:iam::111122223333:root")) {
        assert!(same(&trust(&json!({"AWS": "111122223333"})), &trust(&json!({"AWS": [root, "111122223333"]}))));
    }
    for other in
        ["arn:aws:iam::111122223334:root", "arn:aws:iam::111122223333:user/root", "arn:aws:sts::111122223333:root"]
    {
        assert!(!same(&trust(&json!({"AWS": "111122223333"})), &trust(&json!({"AWS": other}))), "{other}");
    }
    assert!(!same(&trust(&json!({"AWS": "111122223333"})), &trust(&json!({"Service": "111122223333"}))));
}

#[test]
fn anyone_is_the_same_in_both_forms() {
    assert!(same(&trust(&json!("*")), &trust(&json!({"AWS": "*"}))));
    assert!(!same(&trust(&json!("*")), &trust(&json!({"Service": "*"}))));
}

#[test]
fn texts_that_are_no_documents_are_compared_as_texts() {
    assert!(same_documents("no json", "no json"));
    assert!(!same_documents("no json", "no JSON"));
    assert!(!same_documents("{}", r#"{"Statement": []}"#));
    assert!(same_documents("%7B%22Statement%22%3A%5B%5D%7D", r#"{"Id": "x", "Statement": []}"#));
}

#[test]
fn an_absent_version_is_the_older_one() {
    let of = |version: Option<&str>| {
        let mut document = json!({"Statement": allow("s3:*")});
        if let Some(version) = version {
            document["Version"] = version.into();
        }
        Document::parse(&document.to_string()).unwrap()
    };
    assert!(Difference::between(&of(None), &of(Some("2008-10-17"))).is_empty());
    let difference = Difference::between(&of(None), &of(Some("2012-10-17")));
    assert!(!difference.is_empty() && difference.may_widen());
    assert_eq!(
        difference.words(DifferenceOf::Identity).iter().map(Phrase::plain).collect::<Vec<_>>(),
        ["~ the version of the policy language is 2012-10-17, before: 2008-10-17"]
    );
}

#[test]
fn the_words_of_a_trust_policy_name_principals_and_conditions() {
    let before = json!([trust(&json!({"Service": "ec2.amazonaws.com"})), trust_if(&json!({"AWS": ALICE}), &mfa())]);
    let saml = json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML", "Principal": {"Federated": OKTA}});
    let after = json!([
        trust(&json!({"AWS": ["210987654321", ALICE]})),
        saml,
        with(trust(&json!("*")), "Effect", "Deny".into())
    ]);
    assert_eq!(
        words(DifferenceOf::Role, &before, &after),
        [
            "+ any principal that account 210987654321 authorizes can assume the role",
            "+ any user of the SAML provider okta can assume the role",
            "+ anyone, in any AWS account cannot assume the role",
            "- the AWS service ec2.amazonaws.com can assume the role",
            "~ arn:aws:iam::111122223333:user/alice can assume the role",
            "  - condition aws:MultiFactorAuthPresent is true",
        ]
    );
    let odd = with(trust(&json!({"AWS": BOB})), "Action", json!(["sts:AssumeRole", "sts:TagSession"]));
    assert_eq!(
        words(DifferenceOf::Role, &json!([]), &odd),
        ["+ arn:aws:iam::111122223333:user/bob: can sts:AssumeRole, sts:TagSession"]
    );
}

#[test]
fn the_words_of_an_identity_policy_are_those_of_its_statements() {
    let before = json!([deny("s3:*"), allow("s3:GetObject")]);
    let after = json!([allow("s3:GetObject"), with(allow("iam:PassRole"), "Condition", mfa())]);
    assert_eq!(
        words(DifferenceOf::Identity, &before, &after),
        ["+ allows iam:PassRole on *, if aws:MultiFactorAuthPresent is true", "- denies s3:* on *"]
    );
}

#[test]
fn the_words_of_a_resource_policy_say_what_and_on_what() {
    let before = json!([]);
    let after = json!([
        {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:*"], "Resource": "arn:aws:s3:::b/*", "Condition": mfa()},
        {"Effect": "Deny", "NotPrincipal": {"AWS": ALICE}, "NotAction": "s3:Get*", "NotResource": "arn:aws:s3:::b/c"},
    ]);
    assert_eq!(
        words(DifferenceOf::Resource, &before, &after),
        [
            "+ anyone, in any AWS account: can s3:*, s3:GetObject on arn:aws:s3:::b/*; only if aws:MultiFactorAuthPresent is true",
            "+ anyone, in any AWS account, except arn:aws:iam::111122223333:user/alice: cannot do anything except s3:Get* on all but arn:aws:s3:::b/c",
        ]
    );
}

#[test]
fn many_values_are_one_line_with_the_widest_first() {
    let all: Vec<_> = (1..=8).map(|i| format!("s3:Get{i}")).chain(["iam:*".into()]).collect();
    assert_eq!(
        words(DifferenceOf::Identity, &json!([]), &with(allow(""), "Action", json!(all))),
        ["+ allows iam:*, s3:Get1, s3:Get2, s3:Get3, s3:Get4, s3:Get5 and 3 more on *"]
    );
}

#[test]
fn a_value_that_is_added_to_a_condition_is_shown_with_all_others() {
    let ids: Vec<_> = (0..20).map(|i| format!("vpce-{i}")).collect();
    let with_ids = |ids: &[String]| trust_if(&json!({"AWS": ALICE}), &json!({"StringEquals": {"aws:SourceVpce": ids}}));
    let (before, after) = (with_ids(&ids[..19]), with_ids(&ids));
    assert!(widens(&before, &after) && !widens(&after, &before));
    let words = words(DifferenceOf::Role, &before, &after);
    assert_eq!(words.len(), 3);
    assert!(!words[1].contains("vpce-19") && words[2].contains("vpce-19"), "{words:?}");
}

#[test]
fn operators_with_the_same_words_are_named() {
    let of = |operator: &str| {
        trust_if(&json!({"AWS": ALICE}), &json!({operator: {"aws:TagKeys": "a"}, "Bool": {"x": "true"}}))
    };
    let (before, after) = (of("StringEquals"), of("ForAllValues:StringEquals"));
    assert!(widens(&before, &after));
    assert_eq!(
        words(DifferenceOf::Role, &before, &after),
        [
            "~ arn:aws:iam::111122223333:user/alice can assume the role; only if x is true",
            "  - condition aws:TagKeys is a (StringEquals)",
            "  + condition aws:TagKeys is a (ForAllValues:StringEquals)",
        ]
    );
}

#[test]
fn a_hostile_text_cannot_write_a_line_of_its_own() {
    let after = trust_if(
        &json!({"AWS": "x\n- the AWS service y\u{202e}"}),
        &json!({"StringEquals": {"k\n+ z": "https://evil.example\n~ v"}}),
    );
    for line in words(DifferenceOf::Role, &json!([]), &after) {
        assert!(!line.contains(['\n', '\u{202e}']) && !line.contains("https://"), "{line}");
    }
}

#[test]
fn less_is_not_wider() {
    let before = json!([allow("s3:*"), with(allow("iam:PassRole"), "Condition", mfa())]);
    for after in [
        json!([]),
        json!([allow("s3:*")]),
        json!([before[0], before[1], deny("ec2:*")]),
        json!([before[0], with(before[1].clone(), "Effect", "Deny".into())]),
        json!([before[1], with(allow("s3:*"), "Condition", json!({"ForAllValues:StringEquals": {"k": "v"}}))]),
        json!([
            before[0],
            with(before[1].clone(), "Condition", json!({"Bool": {"aws:MultiFactorAuthPresent": "true", "a": "true"}}))
        ]),
    ] {
        assert!(!widens(&before, &after), "{after}");
    }
}

#[test]
fn more_is_wider() {
    let before = json!([allow("s3:GetObject"), with(allow("iam:PassRole"), "Condition", mfa())]);
    for more in [
        allow("s3:*"),
        allow("iam:PassRole"),
        with(allow("iam:PassRole"), "Condition", json!({"Bool": {"aws:MultiFactorAuthPresent": ["true", "false"]}})),
        with(allow("iam:PassRole"), "Condition", json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}})),
        json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
        json!({"Effect": "Allow", "Action": "s3:PutObject", "NotResource": "*"}),
        json!({"Effect": "Allow", "Action": "s3:GetObject"}),
        with(allow("s3:GetObject"), "Principal", json!("*")),
    ] {
        assert!(widens(&before, &json!([before[0], before[1], more])), "{more}");
    }
}

#[test]
fn a_star_covers_all_that_is_named() {
    let before = json!([{"Effect": "Allow", "Action": "*", "Resource": ["*", "b"], "Principal": "*"}]);
    let more = |more: Value| widens(&before, &json!([before[0], more]));
    assert!(!more(json!({"Effect": "Allow", "NotAction": "s3:*", "NotResource": "a", "Principal": {"AWS": ALICE}})));
    assert!(!more(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "a", "Principal": {"CanonicalUser": "a"}})));
    // What AWS does not document, or what is unusual.
    assert!(more(json!({"Effect": "Allow", "Action": "s3:*", "Principal": {"AWS": ALICE}})));
    assert!(more(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "a"})));
    assert!(more(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "a", "Principal": {"Federated": OKTA}})));
    assert!(more(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "a", "Principal": {"Service": "a"}})));
    assert!(more(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "a", "NotPrincipal": {"AWS": ALICE}})));
}

#[test]
fn values_count_only_for_operators_that_require_one_of_them() {
    let of = |operator: &str, values: Value| with(allow("s3:*"), "Condition", json!({operator: {"k": values}}));
    let fewer = |operator: &str| widens(&of(operator, json!(["a", "b"])), &of(operator, json!("b")));
    for operator in ["StringEquals", "StringLikeIfExists", "ForAnyValue:StringLike", "ArnLike", "IpAddress", "Bool"] {
        assert!(!fewer(operator), "{operator}");
        assert!(widens(&of(operator, json!("b")), &of(operator, json!(["a", "b"]))), "{operator}");
    }
    for operator in ["StringNotEquals", "ForAllValues:StringEquals", "Null", "NotIpAddress", "MadeUp", "x:Bool"] {
        assert!(fewer(operator), "{operator}");
    }
}

#[test]
fn a_deny_can_only_go_if_another_covers_it() {
    let before = json!([allow("*"), with(deny("iam:PassRole"), "Condition", mfa())]);
    for (instead, wider) in [
        (deny("iam:PassRole"), false),
        (deny("IAM:passrole"), false),
        (deny("*"), false),
        (with(deny("*"), "Condition", mfa()), false),
        (
            with(deny("iam:PassRole"), "Condition", json!({"Bool": {"aws:MultiFactorAuthPresent": ["true", "false"]}})),
            false,
        ),
        (allow("iam:PassRole"), true),
        (deny("iam:*"), true),
        (with(deny("*"), "Resource", json!("arn:aws:iam::*:role/*")), true),
        (with(deny("*"), "Condition", json!({"Bool": {"aws:SecureTransport": "true"}})), true),
        (
            with(
                deny("iam:PassRole"),
                "Condition",
                json!({"Bool": {"aws:MultiFactorAuthPresent": "true", "a": "true"}}),
            ),
            true,
        ),
    ] {
        assert_eq!(widens(&before, &json!([before[0], instead])), wider, "{instead}");
    }
}

#[test]
fn a_changed_list_of_exceptions_is_another_statement() {
    let of = |but: Value| json!({"Effect": "Allow", "NotAction": but, "Resource": "*"});
    assert!(same(&of(json!(["iam:*", "s3:*"])), &of(json!(["S3:*", "iam:*", "s3:*"]))));
    assert!(widens(&of(json!(["iam:*", "s3:*"])), &of(json!("iam:*"))));
    assert_eq!(
        words(DifferenceOf::Identity, &of(json!(["iam:*", "s3:*"])), &of(json!("iam:*"))),
        ["+ allows all but iam:* on *", "- allows all but s3:*, iam:* on *"]
    );
}

#[test]
fn what_only_two_statements_can_say_stays_two_lines() {
    let but = |but: &str| json!({"Effect": "Allow", "NotAction": but, "Resource": "*"});
    assert_eq!(
        words(DifferenceOf::Identity, &json!([]), &json!([but("iam:*"), but("s3:*"), allow("a:b"), allow("a:c")])),
        ["+ allows all but iam:* on *", "+ allows all but s3:* on *", "+ allows a:b, a:c on *"]
    );
    let on = |resource: &str, action: &str| with(allow(action), "Resource", resource.into());
    let after = json!([on("a", "x:1"), on("b", "x:2"), on("a", "x:2"), on("b", "x:1"), on("c", "x:1")]);
    assert_eq!(words(DifferenceOf::Identity, &json!([]), &after), ["+ allows x:1 on c", "+ allows x:1, x:2 on a, b"]);
}

#[test]
fn a_part_that_is_not_valid_is_compared_as_it_is_and_counts_as_wider() {
    for odd in [
        json!({"Effect": "Perhaps", "Action": "s3:*", "Resource": "*"}),
        json!({"Effect": "Deny", "Action": "s3:*", "NotAction": "s3:*", "Resource": "*"}),
        json!({"Effect": "Deny", "Action": [], "Resource": "*"}),
        json!({"Effect": "Deny", "Resource": "*"}),
        json!({"Effect": "Deny", "Action": "s3:*", "Resource": [1]}),
        json!({"Effect": "Deny", "Action": "s3:*", "Principal": "alice"}),
        json!({"Effect": "Deny", "Action": "s3:*", "Principal": {"AWS": 1}}),
        json!({"Effect": "Deny", "Action": "s3:*", "NotPrincipal": "*"}),
        json!({"Effect": "Deny", "Action": "s3:*", "Principal": {}}),
    ] {
        let (without, with) = (json!([allow("a:b")]), json!([allow("a:b"), odd]));
        assert!(same(&with, &json!([odd, allow("A:B")])));
        assert!(widens(&without, &with) && widens(&with, &without), "{odd}");
        let words = words(DifferenceOf::Role, &without, &with);
        assert!(words.len() == 1 && words[0].starts_with("+ a statement that was not evaluated"), "{words:?}");
    }
}

#[test]
fn an_operator_without_a_key_is_shown() {
    let after = trust_if(&json!({"AWS": ALICE}), &json!({"Bool": {}}));
    assert_eq!(
        words(DifferenceOf::Role, &trust(&json!({"AWS": ALICE})), &after)[1],
        "  + condition Bool without a key"
    );
}

#[test]
fn a_hostile_product_is_compared_quickly() {
    let list = |name: &str, len: usize| json!((0..len).map(|i| format!("{name}:{i}")).collect::<Vec<_>>());
    let of = |actions: usize, resources: usize| json!([allow("a:b"), {"Effect": "Allow", "Action": list("s3", actions), "Resource": list("arn", resources)}]);
    let repeated = |prefix: &str, len: usize| {
        let one = |i| {
            with(
                with(allow(""), "Action", list("s3", 8)),
                "Condition",
                json!({"StringEquals": {"k": format!("{prefix}{i}")}}),
            )
        };
        json!((0..len).map(one).collect::<Vec<_>>())
    };
    let limit = Duration::from_secs(20);
    for (before, after, is_wider) in [
        (of(1, 1), of(5_000, 500), true),
        (of(5_000, 500), of(4_999, 500), true),
        (of(5_000, 500), json!([of(5_000, 500)[1]]), false),
        (of(140, 140), of(140, 141), true),
        (of(140, 141), of(140, 140), false),
        (json!([]), json!([of(5_000, 500)[1], of(4_000, 500)[1], of(4_000, 400)[1]]), true),
        (repeated("a", 2_000), repeated("b", 2_000), true),
    ] {
        let start = Instant::now();
        let difference = between(&before, &after);
        assert!(!difference.is_empty());
        assert!(!difference.words(DifferenceOf::Identity).is_empty());
        assert_eq!(difference.may_widen(), is_wider);
        assert!(start.elapsed() < limit, "{:?}", start.elapsed());
    }
    assert!(same(&of(5_000, 500), &json!([of(5_000, 500)[1], allow("A:b")])));
}
