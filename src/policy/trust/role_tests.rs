use super::resource_tests::{HOME, OWN};
use super::*;
use Reach::{Anyone, Nobody, Organization, Outside, Own, Service};
use serde_json::{Value, json};

const GITHUB: &str = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
const OKTA: &str = "arn:aws:iam::111122223333:saml-provider/okta";

pub(super) fn role(statements: &Value) -> Trust {
    let (own, members) = (OWN.into(), ["444455556666".into()]);
    let home = Home { account: Some(&own), organization: Some(HOME), members: &members };
    Trust::of(&Parsed::of(&json!({"Version": "2012-10-17", "Statement": statements}).to_string()), home)
}

fn reach(statements: &Value) -> Reach {
    let trust = role(statements);
    assert_eq!(trust.not_evaluated, [], "{statements}");
    trust.reach().unwrap_or(Nobody)
}

fn statement(effect: &str, action: &str, principal: &Value, condition: &Value) -> Value {
    json!({"Effect": effect, "Action": action, "Principal": principal, "Condition": condition})
}

fn allow(principal: &Value, condition: &Value) -> Value {
    statement("Allow", "sts:AssumeRole", principal, condition)
}

/// Everyone, and a deny.
fn with(deny: &Value) -> Reach {
    reach(&json!([allow(&json!({"AWS": "*"}), &json!({})), deny]))
}

#[test]
fn a_deny_keeps_out_only_whom_it_certainly_names_and_covers() {
    let none = json!({});
    let everyone = json!("*");
    for keeps_nobody_out in [
        statement("Deny", "sts:AssumeRoleWithSAML", &everyone, &none),
        statement("Deny", "sts:AssumeRoleWith*", &everyone, &none),
        statement("Deny", "sts:TagSession", &everyone, &none),
        json!({"Effect": "Deny", "Principal": "*", "NotAction": "sts:AssumeRole"}),
        json!({"Effect": "Deny", "Principal": "*", "NotAction": "sts:Assume*"}),
        json!({"Effect": "Deny", "Principal": "*", "NotAction": []}),
        json!({"Effect": "Deny", "Principal": "*", "Action": []}),
        json!({"Effect": "Deny", "Principal": "*"}),
        json!({"Effect": "Deny", "Principal": "*", "Action": "*", "NotAction": "s3:*"}),
        json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "arn:aws:iam::111122223333:role/other"}),
        statement("Deny", "*", &json!({"Federated": "*"}), &none),
        statement("Deny", "*", &json!({"AWS": "arn:aws:iam::*:root"}), &none),
        statement("Deny", "*", &json!({"AWS": "000000000000"}), &none),
        statement("Deny", "*", &json!({"AWS": []}), &none),
        statement("Deny", "*", &json!("everyone"), &none),
        statement("Deny", "*", &everyone, &json!({"StringEquals": {"aws:PrincipalAccount": "000000000000"}})),
        statement("Deny", "*", &everyone, &json!({"StringEquals": {"aws:PrincipalAccount": ["000000000000", OWN]}})),
        statement("Deny", "*", &everyone, &json!({"StringEquals": {"aws:PrincipalAccount": OWN}})),
        statement("Deny", "*", &everyone, &json!({"StringNotLike": {"aws:PrincipalAccount": "9*"}})),
        statement("Deny", "*", &everyone, &json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::000000000000:*"}})),
        statement("Deny", "*", &everyone, &json!({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}})),
        statement("Deny", "*", &everyone, &json!({"StringNotLike": {"aws:PrincipalOrgPaths": "????????????????????"}})),
        statement("Deny", "*", &everyone, &json!({"StringNotLike": {"aws:PrincipalAccount": "????????????"}})),
        statement("Deny", "*", &everyone, &json!({"StringLike": {"aws:userid": "AIDA*"}})),
        statement("Deny", "*", &everyone, &json!({"StringLike": {"aws:UserAgent": "*"}})),
        statement("Deny", "*", &everyone, &json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})),
        statement("Deny", "*", &everyone, &json!({"StringEquals": {}})),
        json!({"Effect": "Deny", "NotPrincipal": {"CanonicalUser": "1"}, "Action": "*"}),
    ] {
        assert_eq!(with(&keeps_nobody_out), Anyone, "{keeps_nobody_out}");
    }
    let certain = [
        (statement("Deny", "STS:assumerole", &everyone, &none), Nobody),
        (statement("Deny", "sts:AssumeRole", &json!({"AWS": "*"}), &none), Nobody),
        (json!({"Effect": "Deny", "Principal": "*", "NotAction": "sts:TagSession"}), Nobody),
        (json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}), Nobody),
        (json!({"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "*"}), Own),
        (json!({"Effect": "Deny", "NotPrincipal": {"AWS": "444455556666"}, "Action": "*"}), Organization),
        (json!({"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::999900001111:root"}, "Action": "*"}), Outside),
        (json!({"Effect": "Deny", "NotPrincipal": {"AWS": [OWN, "999900001111"]}, "Action": "*"}), Outside),
    ];
    for (deny, expected) in certain {
        assert_eq!(with(&deny), expected, "{deny}");
    }
    for everyone in [json!("*"), json!({"AWS": "*"})] {
        let others = json!({"StringNotEquals": {"aws:PrincipalAccount": OWN}});
        assert_eq!(with(&statement("Deny", "sts:AssumeRole", &everyone, &others)), Own, "{everyone}");
    }
}

#[test]
fn conditions_narrow_everyone_only_as_far_as_is_certain() {
    let table = [
        (json!({"StringLike": {"aws:PrincipalAccount": "9*"}}), Anyone),
        (json!({"StringLike": {"aws:PrincipalArn": "*:role/x"}}), Anyone),
        (json!({"StringLike": {"aws:PrincipalArn": "a*"}, "StringLikeIfExists": {"aws:PrincipalArn": "*z"}}), Anyone),
        (
            json!({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a*"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:*z"}}),
            Anyone,
        ),
        (json!({"NumericGreaterThan": {"aws:PrincipalAccount": "5"}}), Anyone),
        (json!({"StringNotEquals": {"aws:PrincipalAccount": OWN}}), Anyone),
        (json!({"StringEquals": {"aws:PrincipalAccount": "000000000000"}}), Outside),
        (json!({"StringEquals": {"aws:PrincipalAccount": OWN}}), Own),
        (json!({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}), Own),
        (json!({"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}}), Anyone),
        (json!({"StringEquals": {"aws:PrincipalAccount": "444455556666"}}), Organization),
        (json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}}), Anyone),
        (json!({"StringNotEquals": {"aws:ResourceAccount": OWN}}), Anyone),
        (json!({"StringEqualsIfExists": {"kms:CallerAccount": OWN, "aws:SourceOwner": OWN}}), Anyone),
        (json!({"Bool": {"aws:PrincipalIsAWSService": "no"}}), Anyone),
        (json!({"StringLike": {"aws:userid": "AROA*"}}), Anyone),
        (json!({"StringLike": {"aws:userid": "*:session"}}), Anyone),
        (json!({"StringLike": {"aws:userid": "AROAEXAMPLEEXAMPLE123:*"}}), Outside),
        // Services that act for somebody: some give sessions to people outside.
        (json!({"StringEquals": {"aws:SourceAccount": OWN}}), Outside),
        (json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:t"}}), Outside),
        (json!({"Bool": {"aws:PrincipalIsAWSService": "true"}}), Outside),
        // Networks do not narrow who can assume a role.
        (json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), Anyone),
        (json!({"StringEquals": {"aws:SourceVpce": "vpce-1a2b"}}), Anyone),
    ];
    for (condition, expected) in table {
        for everyone in [json!("*"), json!({"AWS": "*"})] {
            assert_eq!(reach(&json!(allow(&everyone, &condition))), expected, "{condition}");
        }
    }
    let unsigned = |condition: Value| reach(&json!(statement("Allow", "sts:*", &json!("*"), &condition)));
    assert_eq!(unsigned(json!({"Null": {"aws:PrincipalArn": "true"}})), Anyone, "AssumeRoleWithWebIdentity");
    assert_eq!(unsigned(json!({"StringEquals": {"aws:PrincipalAccount": "anonymous"}})), Anyone);
}

#[test]
fn hostile_principals_are_not_taken_for_harmless_ones() {
    for (principal, expected) in [
        (json!({"AWS": "arn:aws:iam::11112222????:root"}), Anyone),
        (json!({"AWS": "1111*"}), Anyone),
        (json!({"Federated": "*"}), Anyone),
        (json!({"*": "*"}), Anyone),
        (json!({"AWS": "127311923021"}), Outside),
        (json!({"AWS": "１１１１２２２２３３３３"}), Outside),
        (json!({"Service": "*"}), Outside),
        (json!({"Service": "RolesAnywhere.amazonaws.com"}), Outside),
        (json!({"CanonicalUser": "79a5"}), Outside),
        (json!({"AWS": "444455556666"}), Organization),
    ] {
        assert_eq!(reach(&json!(allow(&principal, &json!({})))), expected, "{principal}");
    }
    let odd = allow(&json!("*"), &json!({"StringEquals": {"aws:PrincipalAccount": "\u{1}"}}));
    assert_eq!(role(&odd).not_evaluated.len(), 1);
}

#[test]
fn a_deny_of_a_provider_or_service_must_cover_its_action_and_name_it() {
    let web = |condition: Value| {
        statement("Allow", "sts:AssumeRoleWithWebIdentity", &json!({"Federated": GITHUB}), &condition)
    };
    let saml = statement("Allow", "sts:AssumeRoleWithSAML", &json!({"Federated": OKTA}), &json!({}));
    let ec2 = allow(&json!({"Service": "ec2.amazonaws.com"}), &json!({}));
    let others = json!({"StringNotLike": {"token.actions.githubusercontent.com:sub": "repo:acme/*"}});
    let deny = |action: &str, principal: Value, condition: &Value| statement("Deny", action, &principal, condition);
    let none = json!({});
    for (allow, deny, expected) in [
        (web(json!({})), deny("sts:AssumeRoleWithWebIdentity", json!("*"), &none), Nobody),
        (web(json!({})), deny("sts:*", json!({"Federated": GITHUB}), &none), Nobody),
        (web(json!({})), deny("sts:AssumeRole", json!("*"), &none), Anyone),
        (web(json!({})), deny("sts:AssumeRoleWithSAML", json!("*"), &none), Anyone),
        (web(json!({})), deny("sts:*", json!({"Federated": OKTA}), &none), Anyone),
        (web(json!({})), deny("sts:*", json!({"Federated": "*"}), &none), Anyone),
        (
            web(json!({})),
            json!({"Effect": "Deny", "Principal": "*", "NotAction": "sts:AssumeRoleWithWebIdentity"}),
            Anyone,
        ),
        (web(json!({})), json!({"Effect": "Deny", "NotPrincipal": {"AWS": OWN}, "Action": "*"}), Anyone),
        (web(json!({})), json!({"Effect": "Deny", "NotPrincipal": {"Federated": GITHUB}, "Action": "*"}), Anyone),
        (web(json!({})), deny("sts:*", json!("*"), &others), Outside),
        (web(json!({})), deny("sts:AssumeRole", json!("*"), &others), Anyone),
        (web(json!({})), deny("sts:*", json!({"Federated": OKTA}), &others), Anyone),
        (web(json!({})), deny("sts:*", json!("*"), &json!({"StringNotEquals": {"aws:PrincipalOrgID": HOME}})), Nobody),
        (saml.clone(), deny("sts:AssumeRoleWithSAML", json!({"Federated": OKTA}), &none), Nobody),
        (saml.clone(), deny("sts:AssumeRoleWithWebIdentity", json!("*"), &none), Own),
        (saml, deny("sts:*", json!("*"), &json!({"StringEquals": {"SAML:aud": "x"}})), Own),
        (ec2.clone(), deny("sts:AssumeRole", json!("*"), &none), Nobody),
        (ec2.clone(), deny("sts:AssumeRole", json!({"AWS": "*"}), &none), Service),
        (ec2, deny("sts:AssumeRole", json!({"Service": "lambda.amazonaws.com"}), &none), Service),
    ] {
        assert_eq!(reach(&json!([allow, deny])), expected, "{allow} {deny}");
    }
}

#[test]
fn a_claim_that_is_compared_with_itself_identifies_nobody() {
    let of = |provider: &str, operator: &str, key: &str, value: &str| {
        let principal = json!({"Federated": provider});
        let condition = json!({operator: {key: value}});
        reach(&json!(statement("Allow", "sts:AssumeRoleWithWebIdentity", &principal, &condition)))
    };
    let sub = "token.actions.githubusercontent.com:sub";
    let itself = "repo:${token.actions.githubusercontent.com:repository_owner}/*";
    assert_eq!(of(GITHUB, "StringLike", sub, itself), Anyone);
    assert_eq!(of(GITHUB, "StringEquals", "token.actions.githubusercontent.com:environment", "*"), Anyone);
    assert_eq!(
        of(GITHUB, "StringEquals", sub, "repo:evil/x:environment:*"),
        Outside,
        "an environment can have this name"
    );
    let own = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com";
    assert_eq!(of(own, "StringEquals", "oidc.example.com:sub", "${oidc.example.com:sub}"), Outside);
    assert_eq!(of(own, "StringEquals", "oidc.example.com:sub", "build"), Own);
    let cognito = "cognito-identity.amazonaws.com";
    let guests = |sub: &str| {
        let condition = json!({"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:1"},
            "StringLike": {"cognito-identity.amazonaws.com:sub": sub}});
        let principal = json!({"Federated": cognito});
        reach(&json!(statement("Allow", "sts:AssumeRoleWithWebIdentity", &principal, &condition)))
    };
    assert_eq!((guests("eu-west-1:*"), guests("eu-west-1:2")), (Anyone, Outside));
}

#[test]
fn a_hostile_policy_takes_little_time_and_does_not_look_narrower() {
    let (mut accounts, mut organizations) = (Vec::new(), Vec::new());
    for i in 0..50 {
        accounts.push(format!("9999000011{i:02}"));
        organizations.push(format!("o-other123{i:02}"));
    }
    let names = json!({"StringNotEquals": {"aws:PrincipalAccount": accounts, "aws:PrincipalOrgID": organizations}});
    let deny = statement("Deny", "*", &json!("*"), &names);
    let allow = statement("Allow", "*", &json!({"AWS": accounts}), &json!({}));
    assert_eq!(reach(&json!([allow, deny, deny, deny])), Outside);
    assert_eq!(with(&deny), Outside);
}
