use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const GITHUB: &str = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
const EKS: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A";

fn read(text: &str, account: Option<&Untrusted>) -> Trust {
    Trust::of(&Parsed::of(text), account)
}

fn trust(principal: &Value, condition: &Value) -> Trust {
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": principal, "Condition": condition}]});
    read(&document.to_string(), Some(&"111122223333".into()))
}

fn lines(trust: &Trust) -> String {
    trust.words().iter().map(Phrase::plain).collect::<Vec<_>>().join("; ")
}

#[test]
fn trusted_principals_are_named_with_their_conditions() {
    let none = || json!({});
    let sub = |value: &str| json!({"StringLike": {"token.actions.githubusercontent.com:sub": value}});
    let table = [
        (json!("*"), none(), Reach::Anyone, "anyone, in any AWS account, without a condition"),
        (
            json!({"AWS": "*"}),
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
            Reach::Outside,
            "anyone, in any AWS account; requires aws:PrincipalOrgID",
        ),
        (
            json!({"AWS": "*"}),
            json!({"Bool": {"aws:SecureTransport": "true"}}),
            Reach::Anyone,
            "anyone, in any AWS account; requires aws:SecureTransport; no condition restricts who",
        ),
        (
            json!({"AWS": "*"}),
            json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}),
            Reach::Anyone,
            "anyone, in any AWS account; requires aws:PrincipalArn; no condition restricts who",
        ),
        (
            json!({"AWS": "*"}),
            json!({"StringEquals": {"sts:ExternalId": "x"}}),
            Reach::Anyone,
            "anyone, in any AWS account; requires sts:ExternalId; no condition restricts who",
        ),
        (
            json!({"AWS": "111122223333"}),
            none(),
            Reach::Own,
            "any principal of this account (111122223333) that its own policies authorize",
        ),
        (
            json!({"AWS": "arn:aws:iam::999900001111:root"}),
            none(),
            Reach::Outside,
            "any principal that account 999900001111 authorizes, without a condition",
        ),
        (
            json!({"AWS": "999900001111"}),
            json!({"StringEquals": {"sts:ExternalId": "x"}, "Bool": {"aws:MultiFactorAuthPresent": "true"}}),
            Reach::Outside,
            "any principal that account 999900001111 authorizes; requires sts:ExternalId, aws:MultiFactorAuthPresent",
        ),
        (json!({"AWS": ["arn:aws:iam::111122223333:role/a"]}), none(), Reach::Own, "arn:aws:iam::111122223333:role/a"),
        (json!({"AWS": "AROAEXAMPLEELSEWHERE"}), none(), Reach::Outside, "AROAEXAMPLEELSEWHERE, without a condition"),
        (
            json!({"AWS": "arn:aws:iam::999900001111:user/eve"}),
            json!({"StringEquals": {"sts:ExternalId": "x"}}),
            Reach::Outside,
            "arn:aws:iam::999900001111:user/eve; requires sts:ExternalId",
        ),
        (json!({"Service": "ec2.amazonaws.com"}), none(), Reach::Service, "the AWS service ec2.amazonaws.com"),
        (
            json!({"Service": "rolesanywhere.amazonaws.com"}),
            none(),
            Reach::Outside,
            "the AWS service rolesanywhere.amazonaws.com, without a condition",
        ),
        (
            json!({"Federated": "arn:aws:iam::111122223333:saml-provider/okta"}),
            none(),
            Reach::Own,
            "any user of the SAML provider okta",
        ),
        (
            json!({"Federated": "arn:aws:iam::999900001111:saml-provider/okta"}),
            none(),
            Reach::Outside,
            "any user of the SAML provider okta, without a condition",
        ),
        (
            json!({"Federated": GITHUB}),
            json!({"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}),
            Reach::Anyone,
            "any identity from token.actions.githubusercontent.com; requires \
             token.actions.githubusercontent.com:aud; no condition restricts `sub`",
        ),
        (
            json!({"Federated": GITHUB}),
            sub("repo:acme/*"),
            Reach::Outside,
            "any identity from token.actions.githubusercontent.com; requires \
             token.actions.githubusercontent.com:sub (repo:acme/*)",
        ),
        (
            json!({"Federated": GITHUB}),
            sub("repo:*"),
            Reach::Anyone,
            "any identity from token.actions.githubusercontent.com; requires \
             token.actions.githubusercontent.com:sub (repo:*); no condition restricts `sub`",
        ),
        (
            json!({"Federated": EKS}),
            none(),
            Reach::Outside,
            "any identity from oidc.eks.eu-west-1.amazonaws.com/id/A, without a condition",
        ),
        (
            json!({"Federated": EKS}),
            json!({"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/A:sub": "system:serviceaccount:shop:web"}}),
            Reach::Own,
            "any identity from oidc.eks.eu-west-1.amazonaws.com/id/A; requires \
             oidc.eks.eu-west-1.amazonaws.com/id/A:sub (system:serviceaccount:shop:web)",
        ),
        (
            json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/gitlab.com"}),
            json!({"StringLike": {"gitlab.com:sub": "project_path:acme*"}}),
            Reach::Anyone,
            "any identity from gitlab.com; requires gitlab.com:sub (project_path:acme*); no condition restricts `sub`",
        ),
    ];
    for (principal, condition, reach, expected) in table {
        let trust = trust(&principal, &condition);
        assert_eq!((trust.reach(), lines(&trust)), (Some(reach), expected.to_owned()));
    }
}

#[test]
fn a_policy_that_trusts_no_principal_or_is_not_understood_is_reported() {
    let of = |statement: Value| read(&json!({"Statement": statement}).to_string(), None);
    let tag = of(json!({"Effect": "Allow", "Action": "sts:TagSession", "Principal": "*"}));
    assert_eq!(lines(&tag), "nobody");
    let deny = of(json!({"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*"}));
    assert!(deny.trusted.is_empty() && deny.denies && deny.not_evaluated.is_empty());
    assert_eq!(lines(&deny), "nobody; the policy also denies some principals; denies are not evaluated");
    let but = of(json!({"Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": "1"}}));
    assert_eq!(but.reach(), Some(Reach::Anyone));
    assert_eq!(lines(&read("no json", None)), "not evaluated: the trust policy is not a valid policy");
    for (odd, expected) in [
        (json!({"Effect": "Perhaps", "Principal": "*"}), "has an unknown Effect"),
        (json!({"Effect": "Allow", "Principal": "me"}), "has an unknown Principal"),
        (json!({"Effect": "Allow", "Principal": {"Planet": "Mars"}}), "has an unknown type of principal"),
        (json!({"Effect": "Allow", "Action": "sts:AssumeRole"}), "has no Principal"),
        (json!([{"Effect": "Allow", "Principal": "*"}, {"Effect": "Deny", "Principal": 1}]), "is not a valid policy"),
    ] {
        let trust = of(odd);
        assert!(trust.trusted.is_empty() && lines(&trust).ends_with(expected), "{trust:?}");
    }
}

#[test]
fn wildcards_in_the_action_also_grant_trust() {
    for action in ["*", "sts:*", "sts:Assume*", "sts:?ssumeRole", "STS:assumerole"] {
        let document = json!({"Statement": {"Effect": "Allow", "Action": action, "Principal": "*"}});
        assert_eq!(read(&document.to_string(), None).reach(), Some(Reach::Anyone), "{action}");
    }
}

#[test]
fn a_condition_that_a_missing_key_meets_restricts_no_principal() {
    for operator in ["StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringLike", "Null"] {
        let condition = json!({operator: {"token.actions.githubusercontent.com:sub": "repo:acme/x"}});
        assert_eq!(trust(&json!({"Federated": GITHUB}), &condition).reach(), Some(Reach::Anyone), "{operator}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read(document in ".{0,60}", account in "[0-9]{0,12}") {
        let _ = read(&document, Some(&account.into()));
    }
}
