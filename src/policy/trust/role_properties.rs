use super::resource_properties::{conditions, never_wider_by_less, principals};
use super::role_tests::role;
use crate::policy::Reach::{self, Nobody};
use proptest::prelude::*;
use serde_json::{Value, json};

const GITHUB: &str = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
const EKS: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A";
const OKTA: &str = "arn:aws:iam::111122223333:saml-provider/okta";

fn trusted() -> impl Strategy<Value = Value> {
    let of_roles = vec![
        json!({"Federated": GITHUB}),
        json!({"Federated": EKS}),
        json!({"Federated": OKTA}),
        json!({"Federated": "*"}),
        json!({"Service": "rolesanywhere.amazonaws.com"}),
    ];
    prop_oneof![3 => principals(), 1 => prop::sample::select(of_roles)]
}

fn condition() -> impl Strategy<Value = (String, String, Value)> {
    let operators = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringNotLikeIfExists"];
    let keys = [
        "token.actions.githubusercontent.com:sub",
        "token.actions.githubusercontent.com:environment",
        "oidc.eks.eu-west-1.amazonaws.com/id/A:sub",
        "cognito-identity.amazonaws.com:sub",
        "cognito-identity.amazonaws.com:amr",
    ];
    let values = [
        "repo:acme/*",
        "repo:*",
        "system:serviceaccount:shop:web",
        "authenticated",
        "*",
        "repo:${token.actions.githubusercontent.com:repository}:*",
    ];
    let claims = (
        prop::sample::select(operators.to_vec()),
        prop::sample::select(keys.to_vec()),
        prop::collection::vec(prop::sample::select(values.to_vec()), 1..3),
    );
    let claims = claims.prop_map(|(operator, key, values)| (operator.to_owned(), key.to_owned(), json!(values)));
    prop_oneof![3 => conditions(), 1 => claims]
}

fn actions() -> impl Strategy<Value = (&'static str, Value)> {
    let actions = [
        json!("*"),
        json!("sts:*"),
        json!("sts:AssumeRole"),
        json!(["sts:AssumeRole", "sts:TagSession"]),
        json!("sts:AssumeRoleWithSAML"),
        json!("sts:AssumeRoleWith*"),
        json!("sts:AssumeRoleWithWebIdentity"),
    ];
    let some = prop::sample::select(actions.to_vec());
    let but =
        prop::sample::select(vec![json!("sts:AssumeRole"), json!("sts:TagSession"), json!("sts:AssumeRoleWith*")]);
    prop_oneof![6 => some.prop_map(|some| ("Action", some)), 1 => but.prop_map(|but| ("NotAction", but))]
}

fn statement(effect: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let keyed = |key: &'static str| move |value: Value| (key, value);
    let named =
        prop_oneof![5 => trusted().prop_map(keyed("Principal")), 1 => trusted().prop_map(keyed("NotPrincipal"))];
    (prop::sample::select(effect), named, actions(), prop::collection::vec(condition(), 0..3)).prop_map(
        |(effect, (principal, name), (action, actions), conditions)| {
            let mut statement = json!({"Effect": effect, "Condition": {}});
            statement[principal] = name;
            statement[action] = actions;
            for (operator, key, value) in conditions {
                statement["Condition"][operator][key] = value;
            }
            statement
        },
    )
}

fn some() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(statement(&["Allow", "Deny"]), 1..4)
}

fn widest(statements: &[Value]) -> Reach {
    role(&json!(statements)).reach().unwrap_or(Nobody)
}

/// Denies that do not certainly cover a call of `sts:AssumeRole` by any principal of AWS.
fn uncertain() -> impl Strategy<Value = Value> {
    let conditions = prop::collection::vec(condition(), 0..2);
    let what = prop::sample::select(vec![
        json!({"Principal": "*", "Action": "sts:AssumeRoleWithSAML"}),
        json!({"Principal": "*", "Action": ["sts:AssumeRoleWithWebIdentity", "sts:AssumeRoot", "sts:TagSession"]}),
        json!({"Principal": "*", "NotAction": "sts:AssumeRole"}),
        json!({"Principal": "*", "NotAction": ["s3:*", "sts:Assume*"]}),
        json!({"Principal": {"Federated": "*"}, "Action": "*"}),
        json!({"Principal": {"Federated": GITHUB}, "Action": "*"}),
        json!({"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "*"}),
        json!({"NotPrincipal": "*", "Action": "*"}),
        json!({"NotPrincipal": {"AWS": "*"}, "Action": "*"}),
        json!({"NotPrincipal": {"CanonicalUser": "79a5"}, "Action": "*"}),
        json!({"NotPrincipal": {"AWS": []}, "Action": "*"}),
    ]);
    (what, conditions).prop_map(|(mut deny, conditions)| {
        deny["Effect"] = "Deny".into();
        for (operator, key, value) in conditions {
            deny["Condition"][operator][key] = value;
        }
        deny
    })
}

never_wider_by_less!(150, some(), statement(&["Allow"]), statement(&["Deny"]), condition());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_deny_that_does_not_certainly_cover_never_lowers_the_reach(
        principal in prop::sample::select(vec![json!("*"), json!({"AWS": "*"}), json!({"AWS": ["111122223333", "999900001111"]})]),
        condition in conditions(),
        deny in uncertain(),
    ) {
        let (operator, key, value) = condition;
        let allow = json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": {operator: {key: value}}});
        prop_assert!(widest(&[allow.clone(), deny]) >= widest(&[allow]));
    }
}
