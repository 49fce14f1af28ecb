use super::resource_tests::{HOME, OWN, policy, read};
use crate::policy::Parsed;
use crate::policy::Reach::{self, Nobody};
use proptest::prelude::*;
use serde_json::{Value, json};

pub(super) fn principals() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("*"),
        json!({"AWS": "*"}),
        json!({"AWS": OWN}),
        json!({"AWS": "999900001111"}),
        json!({"AWS": ["arn:aws:iam::999900001111:role/x", "444455556666"]}),
        json!({"AWS": "AIDAEXAMPLEEXAMPLE123"}),
        json!({"Service": "sns.amazonaws.com"}),
        json!({"Service": "*"}),
        json!({"CanonicalUser": "79a5"}),
        json!({"Federated": "cognito-identity.amazonaws.com"}),
    ])
}

pub(super) fn conditions() -> impl Strategy<Value = (String, String, Value)> {
    let operators = [
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLike",
        "ArnLike",
        "ArnNotLike",
        "StringEqualsIfExists",
        "ForAllValues:StringLike",
        "ForAnyValue:StringNotLike",
        "Null",
        "Bool",
        "IpAddress",
        "NotIpAddress",
        "NumericLessThan",
        "MadeUp",
    ];
    let keys = [
        "aws:PrincipalArn",
        "aws:PrincipalAccount",
        "aws:PrincipalOrgID",
        "aws:PrincipalOrgPaths",
        "aws:SourceArn",
        "aws:SourceAccount",
        "aws:SourceOwner",
        "aws:SourceOrgID",
        "kms:CallerAccount",
        "aws:SourceIp",
        "aws:SourceVpce",
        "aws:userid",
        "aws:PrincipalIsAWSService",
        "aws:SecureTransport",
        "aws:PrincipalTag/a",
        "aws:ResourceAccount",
    ];
    let values = [
        "*",
        OWN,
        "999900001111",
        "888800001111",
        "9*",
        "?",
        "*x",
        "???????????",
        HOME,
        "o-other12345",
        "o-third12345",
        "o-*",
        "o-own1234567/r-1/*",
        "arn:aws:iam::999900001111:role/x",
        "arn:aws:iam::*:role/*x",
        "arn:aws:s3:::logs",
        "arn:aws:s3:::data",
        "arn:aws:sns:*:999900001111:*",
        "203.0.113.0/24",
        "0.0.0.0/0",
        "vpce-1",
        "AROAEXAMPLEEXAMPLE123:*",
        "true",
        "false",
        "${aws:PrincipalAccount}",
        "${aws:ResourceAccount}",
    ];
    let values = prop::collection::vec(prop::sample::select(values.to_vec()), 1..3);
    (prop::sample::select(operators.to_vec()), prop::sample::select(keys.to_vec()), values)
        .prop_map(|(operator, key, values)| (operator.to_owned(), key.to_owned(), json!(values)))
}

fn statements(effects: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let actions = prop::sample::select(vec!["*", "s3:*", "s3:Get*", "s3:GetObject", "s3:PutObject"]);
    let resources = prop::sample::select(vec!["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/c*"]);
    let conditions = prop::collection::vec(conditions(), 0..3);
    let keyed = |key: &'static str| move |value: Value| (key, value);
    let named =
        prop_oneof![4 => principals().prop_map(keyed("Principal")), 1 => principals().prop_map(keyed("NotPrincipal"))];
    (prop::sample::select(effects), named, actions, resources, conditions).prop_map(
        |(effect, (principal, name), action, resource, conditions)| {
            let mut statement = json!({"Effect": effect, "Action": action, "Resource": resource, "Condition": {}});
            statement[principal] = name;
            for (operator, key, value) in conditions {
                statement["Condition"][operator][key] = value;
            }
            statement
        },
    )
}

fn widest(statements: &[Value]) -> Reach {
    policy(&json!(statements)).reach().unwrap_or(Nobody)
}

fn some(effects: &'static [&'static str]) -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(statements(effects), 1..4)
}

#[test]
fn a_text_that_no_organization_or_principal_can_have_adds_nobody() {
    let on = |effect: &str, condition: Value| json!({"Effect": effect, "Principal": "*", "Action": "*", "Resource": "*", "Condition": condition});
    for (allowed, denied) in [
        (json!({"StringEquals": {"aws:PrincipalArn": "x"}}), json!({"StringEquals": {"aws:SourceAccount": "y"}})),
        (
            json!({"ForAnyValue:StringNotLike": {"aws:PrincipalOrgID": "o-*"}}),
            json!({"StringEquals": {"aws:PrincipalOrgID": "y"}}),
        ),
    ] {
        assert_eq!(widest(&[on("Allow", allowed), on("Deny", denied)]), Nobody);
    }
}

/// What holds of every policy: an allow never lowers the reach, a deny and a condition never raise it. `$some` makes policies,
/// `$allow` and `$deny` statements, `$condition` conditions; `widest` says the reach.
macro_rules! never_wider_by_less {
    ($cases:expr, $some:expr, $allow:expr, $deny:expr, $condition:expr) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases($cases))]

            #[test]
            fn an_allow_never_lowers_the_reach(mut all in $some, more in $allow) {
                let before = widest(&all);
                all.push(more);
                prop_assert!(widest(&all) >= before);
            }

            #[test]
            fn a_deny_never_raises_the_reach(mut all in $some, deny in $deny) {
                let before = widest(&all);
                all.push(deny);
                prop_assert!(widest(&all) <= before);
            }

            #[test]
            fn a_condition_never_raises_the_reach(all in $some, mut one in $allow, condition in $condition) {
                let with = |one: &Value, all: &[Value]| widest(&[std::slice::from_ref(one), all].concat());
                let before = with(&one, &all);
                let (operator, key, value) = condition;
                // The same operator and key again would replace the condition.
                prop_assume!(one["Condition"][&operator].get(&key).is_none());
                one["Condition"][operator][key] = value;
                prop_assert!(with(&one, &all) <= before);
            }
        }
    };
}
pub(super) use never_wider_by_less;

never_wider_by_less!(200, some(&["Allow", "Deny"]), statements(&["Allow"]), statements(&["Deny"]), conditions());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_read(document in ".{0,60}") {
        let _ = read(&Parsed::of(&document));
    }
}
