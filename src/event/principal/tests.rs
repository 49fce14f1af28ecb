//! Principals of every type, and their names.

use super::*;
use crate::event::Record;
use serde_json::{Value, json};

#[allow(clippy::needless_pass_by_value, reason = "the callers make the value")]
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
        "deploy (GitHubActions by token.actions.githubusercontent[.]com)"
    );

    let sso = json!({"sessionIssuer": issuer("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Power_User_0123456789abcdef")});
    let person = role(&sso, "alice@example[.]com", &json!({}));
    assert_eq!(person.short_name().plain(), "alice@example[.]com");
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

#[test]
fn a_delegate_is_the_actor_and_not_the_principal_who_approved() {
    let mut identity = json!({
        "type": "AssumedRole", "principalId": "AROAEXAMPLE:alice", "accountId": "111122223333",
        "arn": "arn:aws:sts::111122223333:assumed-role/deploy/alice", "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {"sessionIssuer": issuer("arn:aws:iam::111122223333:role/deploy")},
        "invokedByDelegate": {"accountId": "999900001111"},
    });
    let delegate = principal(identity.clone());
    assert_eq!(delegate.short_name().plain(), "account 999900001111 (temporary delegation)");
    assert_eq!(delegate.account().map(Untrusted::raw), Some("999900001111"));
    assert_eq!(delegate.lasting_arn(), None, "no allowlist of the employee applies");
    assert_eq!(delegate.acting_as().short_name().plain(), "deploy (alice)");
    assert!(delegate.is_identified());
    identity["invokedByDelegate"] = json!({});
    assert_eq!(principal(identity.clone()).short_name().plain(), "deploy (alice)");
    identity["invokedByDelegate"] = json!({"accountId": "", "other": 1});
    assert!(!principal(identity.clone()).is_identified(), "somebody else acted, but the record does not say who");
    identity["invokedByDelegate"] = json!("999900001111");
    assert_eq!(principal(identity.clone()).account().map(Untrusted::raw), Some("999900001111"));
    identity["invokedByDelegate"] = json!("somebody");
    assert!(!principal(identity).is_identified());
}

#[test]
fn a_service_linked_role_is_its_service_and_is_known_by_its_path_alone() {
    let linked = "arn:aws:iam::111122223333:role/aws-service-role/sso.amazonaws.com/AWSServiceRoleForSSO";
    let service = role(&json!({"sessionIssuer": issuer(linked)}), "AWS-SSO", &json!({}));
    assert_eq!(service.service().flatten().map(Untrusted::raw), Some("sso.amazonaws.com"));
    let named_alike = issuer("arn:aws:iam::111122223333:role/AWSServiceRoleForSSO");
    assert_eq!(role(&json!({"sessionIssuer": named_alike}), "AWS-SSO", &json!({})).service(), None);
}

#[test]
fn the_arn_is_the_name_where_the_record_contradicts_itself() {
    let odd = json!({"type": "IAMUser", "userName": "bob", "arn": "arn:aws:iam::1:user/carol"});
    let Principal::IamUser(user) = principal(odd) else { panic!() };
    assert_eq!((user.name, user.other_name), (Some("carol".into()), Some("bob".into())));
    let odd = json!({"type": "AssumedRole", "principalId": "AROA1:alice",
        "arn": "arn:aws:sts::111122223333:assumed-role/deploy/mallory"});
    let Principal::AssumedRole(session) = principal(odd) else { panic!() };
    assert_eq!((session.session_name, session.other_session_name), (Some("mallory".into()), Some("alice".into())));
    let odd =
        json!({"type": "FederatedUser", "principalId": "1:alice", "arn": "arn:aws:sts::1:federated-user/mallory"});
    assert_eq!(principal(odd).short_name().plain(), "a federated user called mallory");
}

#[test]
fn an_identity_without_a_type_is_known_by_its_arn_or_issuer() {
    let issuer = json!({"sessionIssuer": issuer("arn:aws:iam::111122223333:role/ci/deploy")});
    for (identity, name) in [
        (json!({"type": "", "sessionContext": issuer, "principalId": "AROA1:alice"}), "deploy (alice)"),
        (json!({"arn": "arn:aws:sts::111122223333:assumed-role/deploy/alice"}), "deploy (alice)"),
        (json!({"arn": "arn:aws:iam::111122223333:user/ops/carol"}), "carol"),
        (json!({"arn": "arn:aws:iam::111122223333:root"}), "the root user"),
        (json!({"arn": "arn:aws:iam::111122223333:group/x", "userName": "x"}), "x"),
    ] {
        assert_eq!(principal(identity.clone()).short_name().plain(), name, "{identity}");
    }
}

#[test]
fn a_key_is_long_term_only_if_nothing_contradicts_its_prefix() {
    let kind = |record: Value| {
        Principal::of(&serde_json::from_value(record).unwrap()).session().map(|session| session.key_kind)
    };
    let of = |kind: &str, key: &str| json!({"userIdentity": {"type": kind, "userName": "x", "accessKeyId": key}});
    for (record, expected) in [
        (of("IAMUser", "AKIAEXAMPLE"), KeyKind::LongTerm),
        (of("Root", "AKIAEXAMPLE"), KeyKind::LongTerm),
        (of("IAMUser", "ASIAEXAMPLE"), KeyKind::Temporary),
        (of("AssumedRole", "ASIAEXAMPLE"), KeyKind::Temporary),
        (of("AssumedRole", "AKIAEXAMPLE"), KeyKind::Unknown),
        (of("FederatedUser", "AKIAEXAMPLE"), KeyKind::Unknown),
        (of("IAMUser", "xxxxxxxxxxxx"), KeyKind::Unknown),
        (of("IAMUser", ""), KeyKind::Unknown),
    ] {
        assert_eq!(kind(record.clone()), Some(expected), "{record}");
    }
    let mut console = of("IAMUser", "AKIAEXAMPLE");
    console["sessionCredentialFromConsole"] = json!("true");
    assert_eq!(kind(console), Some(KeyKind::Unknown));
}

#[test]
fn an_unnamed_service_is_identified_and_takes_its_name_from_the_source() {
    let service = principal(json!({"type": "AWSService"}));
    assert!(service.is_identified() && service.service() == Some(None));
    let record = json!({"sourceIPAddress": "autoscaling.amazonaws.com", "userIdentity": {"type": "AWSService"}});
    let named = Principal::of(&serde_json::from_value(record).unwrap());
    assert_eq!(named.short_name().plain(), "autoscaling.amazonaws.com");
}

#[test]
fn an_identity_center_user_keeps_arn_key_and_mfa() {
    let user = principal(json!({
        "type": "IdentityCenterUser", "arn": "arn:aws:identitystore::111122223333:user/94-1", "accessKeyId": "ASIAEXAMPLE",
        "onBehalfOf": {"userId": "94-1"}, "sessionContext": {"attributes": {"mfaAuthenticated": "true"}},
    }));
    assert!(user.arn().is_some());
    let session = user.session().unwrap();
    assert_eq!((session.key_kind, session.mfa), (KeyKind::Temporary, Some(true)));
}
