//! Principals of every type, and their names.

use super::*;
use crate::event::Record;
use serde_json::{Value, json};

fn principal(identity: Value) -> Principal {
    Principal::of(&serde_json::from_value(json!({"userIdentity": identity})).unwrap())
}

fn role(context: &Value, session: &str, more: &Value) -> Principal {
    let mut identity = json!({
        "type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{session}"),
        "arn": format!("arn:aws:sts::111122223333:assumed-role/deploy/{session}"),
        "accountId": "111122223333", "accessKeyId": "ASIAEXAMPLE", "sessionContext": context,
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        identity[key] = value.clone();
    }
    principal(identity)
}

fn issuer(arn: &str) -> Value {
    json!({"type": "Role", "principalId": "AROAEXAMPLE", "arn": arn, "accountId": "111122223333"})
}

#[test]
fn every_type_has_a_name_that_a_person_would_use() {
    let table = [
        (json!({"type": "Root", "principalId": "111122223333", "userName": "acme-prod"}), "the root user"),
        (json!({"type": "IAMUser", "userName": "carol"}), "carol"),
        (json!({"type": "IAMUser", "arn": "arn:aws:iam::1:user/ops/carol"}), "carol"),
        (json!({"type": "IAMUser"}), "an IAM user without a name"),
        (json!({"type": "FederatedUser", "principalId": "1:visitor"}), "a federated user called visitor"),
        (json!({"type": "SAMLUser", "userName": "dave@corp"}), "dave@corp"),
        (json!({"type": "WebIdentityUser", "userName": "u-1"}), "u-1"),
        (
            json!({"type": "IdentityCenterUser", "arn": "", "onBehalfOf": {"userId": "94-1"}}),
            "Identity Center user 94-1",
        ),
        (json!({"type": "AWSAccount", "accountId": "999900001111"}), "account 999900001111"),
        (json!({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}), "autoscaling.amazonaws.com"),
        (json!({"type": "Directory", "principalId": "d-1"}), "d-1"),
        (json!({"type": "Unknown"}), "an unknown principal"),
        (json!({}), "an unknown principal"),
    ];
    for (identity, name) in table {
        assert_eq!(principal(identity.clone()).short_name().plain(), name, "{identity}");
    }
    assert_eq!(Principal::of(&Record::default()).short_name().plain(), "an unknown principal");
}

#[test]
fn a_role_session_is_named_after_its_role_and_its_user() {
    let plain = json!({"sessionIssuer": issuer("arn:aws:iam::111122223333:role/ci/deploy")});
    assert_eq!(role(&plain, "alice", &json!({})).short_name().plain(), "deploy (alice)");

    let mut with_source = plain.clone();
    with_source["sourceIdentity"] = json!("alice@corp");
    assert_eq!(role(&with_source, "s1", &json!({})).short_name().plain(), "deploy (s1, source identity alice@corp)");

    let mut ec2 = plain.clone();
    ec2["ec2RoleDelivery"] = json!("2.0");
    assert_eq!(role(&ec2, "i-0abc", &json!({})).short_name().plain(), "deploy (EC2 instance i-0abc)");

    let lambda = json!({"inScopeOf": {"issuerType": "AWS::Lambda::Function",
        "credentialsIssuedTo": "arn:aws:lambda:us-east-1:111122223333:function:sync"}});
    assert_eq!(role(&plain, "sync", &lambda).short_name().plain(), "deploy (Lambda function sync)");

    let mut web = plain.clone();
    web["webIdFederationData"] = json!({"federatedProvider":
        "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", "attributes": {}});
    assert_eq!(
        role(&web, "GitHubActions", &json!({})).short_name().plain(),
        "deploy (GitHubActions by token.actions.githubusercontent.com)"
    );

    let sso = json!({"sessionIssuer": issuer("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Power_User_0123456789abcdef")});
    let person = role(&sso, "alice@example.com", &json!({}));
    assert_eq!(person.short_name().plain(), "alice@example.com");
    let Principal::AssumedRole(session) = person else { panic!() };
    let Operator::IdentityCenter { permission_set, .. } = session.operator else { panic!() };
    assert_eq!(permission_set, Some("Power_User".into()));
}

#[test]
fn without_a_session_issuer_the_role_is_known_but_not_its_lasting_arn() {
    for empty in [json!({}), json!({"sessionIssuer": {}, "webIdFederationData": {}}), json!(null)] {
        let Principal::AssumedRole(session) = role(&empty, "alice", &json!({"inScopeOf": {}})) else { panic!() };
        assert_eq!((session.role.clone(), session.session_name.clone()), (Some("deploy".into()), Some("alice".into())));
        assert_eq!(session.role_arn, None);
        assert_eq!(session.operator, Operator::Unstated);
    }
}

#[test]
fn a_session_named_like_a_user_is_not_that_user() {
    let session = role(&json!({"sessionIssuer": issuer("arn:aws:iam::111122223333:role/deploy")}), "root", &json!({}));
    assert!(matches!(session, Principal::AssumedRole(_)));
    assert_eq!(session.lasting_arn().unwrap().raw(), "arn:aws:iam::111122223333:role/deploy");
}
