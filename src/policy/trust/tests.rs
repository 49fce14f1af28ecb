use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const GITHUB: &str = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
const EKS: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A";

fn read(text: &str, account: Option<&Untrusted>) -> Trust {
    Trust::of(&Parsed::of(text), Home { account, organization: Some("o-own1234567"), members: &[] })
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
            "anyone, in any AWS account; only if aws:PrincipalOrgID is o-1",
        ),
        (
            json!({"AWS": "*"}),
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-own1234567"}}),
            Reach::Organization,
            "any principal of this organization; only if aws:PrincipalOrgID is o-own1234567",
        ),
        (
            json!({"AWS": "*"}),
            json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-ab12/ou-1/*"}}),
            Reach::Outside,
            "anyone, in any AWS account; only if aws:PrincipalOrgPaths is like o-1/r-ab12/ou-1/*",
        ),
        (
            json!({"AWS": "*"}),
            json!({"StringLike": {"aws:userid": "AROAEXAMPLE:*"}}),
            Reach::Outside,
            "anyone, in any AWS account; only if aws:userid is like AROAEXAMPLE:*",
        ),
        (
            json!({"AWS": "*"}),
            json!({"StringEquals": {"aws:PrincipalAccount": ["111122223333", "999900001111"]}}),
            Reach::Outside,
            "anyone, in any AWS account; only if aws:PrincipalAccount is 111122223333 or 999900001111",
        ),
        (
            json!({"AWS": "*"}),
            json!({"Bool": {"aws:SecureTransport": "true"}}),
            Reach::Anyone,
            "anyone, in any AWS account; only if aws:SecureTransport is true; anyone can meet this",
        ),
        (
            json!({"AWS": "*"}),
            json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}),
            Reach::Anyone,
            "anyone, in any AWS account; only if aws:PrincipalArn is like arn:aws:iam::*:role/x; anyone can meet this",
        ),
        (
            json!({"AWS": "*"}),
            json!({"StringEquals": {"sts:ExternalId": "x"}}),
            Reach::Anyone,
            "anyone, in any AWS account; only if sts:ExternalId is x; anyone can meet this",
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
            "any principal that account 999900001111 authorizes; only if sts:ExternalId is x and \
             aws:MultiFactorAuthPresent is true",
        ),
        (json!({"AWS": ["arn:aws:iam::111122223333:role/a"]}), none(), Reach::Own, "arn:aws:iam::111122223333:role/a"),
        (json!({"AWS": "AROAEXAMPLEELSEWHERE"}), none(), Reach::Outside, "AROAEXAMPLEELSEWHERE, without a condition"),
        (
            json!({"AWS": "arn:aws:iam::999900001111:user/eve"}),
            json!({"StringEquals": {"sts:ExternalId": "x"}}),
            Reach::Outside,
            "arn:aws:iam::999900001111:user/eve; only if sts:ExternalId is x",
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
            "any identity from token.actions.githubusercontent[.]com; only if token.actions.githubusercontent[.]com:aud is \
             sts.amazonaws.com; every customer of the provider can meet this",
        ),
        (
            json!({"Federated": GITHUB}),
            sub("repo:acme/*"),
            Reach::Outside,
            "any identity from token.actions.githubusercontent[.]com; only if token.actions.githubusercontent[.]com:sub is \
             like repo:acme/*",
        ),
        (
            json!({"Federated": GITHUB}),
            sub("repo:*"),
            Reach::Anyone,
            "any identity from token.actions.githubusercontent[.]com; only if token.actions.githubusercontent[.]com:sub is \
             like repo:*; every customer of the provider can meet this",
        ),
        (
            json!({"Federated": EKS}),
            none(),
            Reach::Outside,
            "any identity from oidc.eks.eu-west-1.amazonaws[.]com/id/A, without a condition",
        ),
        (
            json!({"Federated": EKS}),
            json!({"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/A:sub": "system:serviceaccount:shop:web"}}),
            Reach::Own,
            "any identity from oidc.eks.eu-west-1.amazonaws[.]com/id/A; only if \
             oidc.eks.eu-west-1.amazonaws[.]com/id/A:sub is system:serviceaccount:shop:web",
        ),
        (
            json!({"Federated": EKS}),
            json!({"StringLike": {"oidc.eks.eu-west-1.amazonaws.com/id/A:sub": "system:serviceaccount:*:web"}}),
            Reach::Outside,
            "any identity from oidc.eks.eu-west-1.amazonaws[.]com/id/A; only if \
             oidc.eks.eu-west-1.amazonaws[.]com/id/A:sub is like system:serviceaccount:*:web",
        ),
        (
            json!({"Federated": GITHUB}),
            json!({"StringLike": {"token.actions.githubusercontent.com:sub": ["repo:acme/infra:*", "repo:evil/x:*", "repo:*"]}}),
            Reach::Anyone,
            "any identity from token.actions.githubusercontent[.]com; only if token.actions.githubusercontent[.]com:sub is \
             like repo:* or repo:evil/x:* or repo:acme/infra:*; every customer of the provider can meet this",
        ),
        (
            json!({"Federated": GITHUB}),
            json!({"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:*"}}),
            Reach::Nobody,
            "any identity from token.actions.githubusercontent[.]com; only if token.actions.githubusercontent[.]com:sub is \
             repo:*; this lets nobody in",
        ),
        (
            json!({"Federated": "cognito-identity.amazonaws.com"}),
            json!({"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:1"},
                "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}}),
            Reach::Outside,
            "any identity from cognito-identity.amazonaws.com; only if cognito-identity.amazonaws.com:aud is \
             eu-west-1:1 and cognito-identity.amazonaws.com:amr is like authenticated",
        ),
        (
            json!({"Federated": "cognito-identity.amazonaws.com"}),
            json!({"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:1"}}),
            Reach::Anyone,
            "any identity from cognito-identity.amazonaws.com; only if cognito-identity.amazonaws.com:aud is \
             eu-west-1:1; every customer of the provider can meet this",
        ),
        (
            json!({"Service": "rolesanywhere.amazonaws.com"}),
            json!({"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "build-1"},
                "ArnEquals": {"aws:SourceArn": "arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/a"}}),
            Reach::Own,
            "the AWS service rolesanywhere.amazonaws.com; only if aws:PrincipalTag/x509Subject/CN is \
             build-1 and aws:SourceArn is like arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/a",
        ),
        (
            json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/gitlab.com"}),
            json!({"StringLike": {"gitlab.com:sub": "project_path:acme*"}}),
            Reach::Anyone,
            "any identity from gitlab[.]com; only if gitlab[.]com:sub is like project_path:acme*; every customer of the \
             provider can meet this",
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
    assert_eq!(lines(&deny), "nobody; the policy also denies some principals: they are not counted above");
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
fn a_back_door_behind_many_values_is_found() {
    let mut arns: Vec<_> = (0..100).map(|i| format!("arn:aws:iam::111122223333:role/ci-{i}")).collect();
    let reach = |arns: &[String]| {
        let condition = json!({"ArnLike": {"aws:PrincipalArn": arns}});
        trust(&json!({"AWS": "*"}), &condition).reach()
    };
    assert_eq!(reach(&arns), Some(Reach::Own));
    arns.push("arn:aws:iam::999900001111:role/x".into());
    assert_eq!(reach(&arns), Some(Reach::Outside));
    arns.push("arn:aws:iam::*:role/x".into());
    assert_eq!(reach(&arns), Some(Reach::Anyone));
}

#[test]
fn a_deny_can_keep_strangers_of_a_shared_provider_out() {
    let with_deny = |condition: Value| {
        let document = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": GITHUB}},
            {"Effect": "Deny", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": GITHUB},
                "Condition": condition}]});
        read(&document.to_string(), Some(&"111122223333".into())).reach()
    };
    let sub = "token.actions.githubusercontent.com:sub";
    assert_eq!(with_deny(json!({"StringNotLike": {sub: "repo:acme/*"}})), Some(Reach::Outside));
    assert_eq!(with_deny(json!({"StringNotLike": {sub: ["repo:acme/*", "repo:*/x"]}})), Some(Reach::Anyone));
    assert_eq!(with_deny(json!({"StringLike": {sub: "repo:evil/*"}})), Some(Reach::Anyone));
    assert_eq!(with_deny(json!({})), Some(Reach::Nobody));
}

#[test]
fn a_deny_takes_callers_away() {
    let with_deny = |deny: Value| {
        let document = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}, deny]});
        read(&document.to_string(), Some(&"111122223333".into())).reach()
    };
    let others = json!({"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}});
    let deny = |principal: Value, condition: Value| json!({"Effect": "Deny", "Action": "sts:*", "Principal": principal, "Condition": condition});
    assert_eq!(with_deny(deny(json!("*"), others)), Some(Reach::Own));
    let organization = json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-own1234567"}});
    assert_eq!(with_deny(deny(json!("*"), organization)), Some(Reach::Organization));
    assert_eq!(with_deny(deny(json!("*"), json!({}))), Some(Reach::Nobody));
    let no_mfa = json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}});
    assert_eq!(with_deny(deny(json!("*"), no_mfa)), Some(Reach::Anyone), "a stranger can have MFA");
    assert_eq!(with_deny(deny(json!({"AWS": "999900001111"}), json!({}))), Some(Reach::Anyone));
    let all_but = json!({"Effect": "Deny", "Action": "sts:*", "NotPrincipal": {"AWS": "111122223333"}});
    assert_eq!(with_deny(all_but), Some(Reach::Own));
    for odd in [json!("*"), json!({"AWS": "*"}), json!({"AWS": 7}), json!(7)] {
        let nobody = json!({"Effect": "Deny", "Action": "sts:*", "NotPrincipal": odd});
        assert_eq!(with_deny(nobody), Some(Reach::Anyone), "a deny that is not understood keeps nobody out: {odd}");
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
