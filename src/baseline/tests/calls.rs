//! What each call sets.

use super::*;
use crate::catalog::{self, When};
use std::collections::BTreeSet;

const POLICY: &str = "arn:aws:iam::111122223333:policy/team/Deploy";
const SAML: &str = "arn:aws:iam::111122223333:saml-provider/Okta";
const OIDC: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12";

/// The resources and what the call set of them, as in the history.
#[allow(clippy::needless_pass_by_value, reason = "so that a call is one line")]
fn sets(name: &str, request: Value, response: Value) -> Vec<(String, Value)> {
    let changes = changes_in(record(name, &request, &response, minute(0)));
    changes.into_iter().map(|change| (change.resource, change.sets.to_json())).collect()
}

#[track_caller]
fn assert_sets(name: &str, request: Value, response: Value, resource: &str, expected: Value) {
    assert_eq!(sets(name, request, response), [(resource.to_owned(), expected)], "{name}");
}

#[test]
fn each_call_sets_its_part_of_a_user_a_role_or_a_group() {
    let allow = document("s3:*");
    for (kind, field, resource) in
        [("User", "userName", "user/app"), ("Role", "roleName", "role/app"), ("Group", "groupName", "group/app")]
    {
        let call = |name: &str, more: Value, expected: Value| {
            let mut request = json!({field: "App"});
            request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert_sets(&name.replace('*', kind), request, Value::Null, resource, json!({"changed": expected}));
        };
        call("Attach*Policy", json!({"policyArn": POLICY}), json!({format!("attached/{POLICY}"): "yes"}));
        call("Detach*Policy", json!({"policyArn": POLICY}), json!({format!("attached/{POLICY}"): null}));
        let put = json!({"policyName": "P", "policyDocument": allow});
        call("Put*Policy", put, json!({"inline/P": allow}));
        call("Delete*Policy", json!({"policyName": "P"}), json!({"inline/P": null}));
        if kind != "Group" {
            let boundary = json!({"permissionsBoundary": POLICY});
            call("Put*PermissionsBoundary", boundary, json!({"boundary": POLICY}));
            call("Delete*PermissionsBoundary", json!({}), json!({"boundary": null}));
        }
    }
    let trust = trust(&["*"]);
    let encoded = trust.replace('{', "%7B").replace('"', "%22");
    for document in [json!(trust), json!(encoded), serde_json::from_str(&trust).unwrap()] {
        let request = json!({"roleName": "App", "policyDocument": document});
        let found = sets("UpdateAssumeRolePolicy", request, Value::Null);
        assert!(same(&Aspect::Trust, found[0].1["changed"]["trust"].as_str().unwrap(), &trust));
    }
    let membership = json!({"userName": "App", "groupName": "Admins"});
    let member = |is: Value| json!({"changed": {"group/Admins": is}});
    assert_sets("AddUserToGroup", membership.clone(), Value::Null, "user/app", member(json!("yes")));
    assert_sets("RemoveUserFromGroup", membership, Value::Null, "user/app", member(Value::Null));
}

#[test]
fn an_entity_is_created_with_the_parts_of_its_request_and_deleted_with_all() {
    let (request, response) = (
        json!({"userName": "Bob", "permissionsBoundary": POLICY}),
        json!({"user": {
        "userName": "Bob", "userId": "AIDAX", "arn": "arn:aws:iam::111122223333:user/Bob"}}),
    );
    let user = [
        ("user/bob".to_owned(), json!({"created": {"id": "AIDAX", "boundary": POLICY}})),
        ("credentials/bob".to_owned(), json!({"created": {}})),
    ];
    assert_eq!(sets("CreateUser", request, response), user);
    let gone = ["user/bob", "credentials/bob"].map(|resource| (resource.to_owned(), json!({"deleted": {}})));
    assert_eq!(sets("DeleteUser", json!({"userName": "Bob"}), Value::Null), gone);

    let trust = trust(&["*"]);
    let (request, response) =
        (json!({"roleName": "R", "assumeRolePolicyDocument": trust}), json!({"role": {"roleId": "AROAX"}}));
    assert_sets("CreateRole", request, response, "role/r", json!({"created": {"id": "AROAX", "trust": trust}}));
    let response = json!({"group": {"groupId": "AGPAX"}});
    assert_sets("CreateGroup", json!({"groupName": "G"}), response, "group/g", json!({"created": {"id": "AGPAX"}}));
    let deny = document("s3:*");
    let (request, response) =
        (json!({"policyName": "Deploy", "policyDocument": deny}), json!({"policy": {"policyId": "ANPAX"}}));
    let created = json!({"created": {"id": "ANPAX", "default": "v1", "version/v1": deny}});
    assert_sets("CreatePolicy", request, response, "policy/deploy", created);
    for (name, request, resource) in [
        ("DeleteRole", json!({"roleName": "R"}), "role/r"),
        ("DeleteGroup", json!({"groupName": "G"}), "group/g"),
        ("DeletePolicy", json!({"policyArn": POLICY}), "policy/deploy"),
        ("DeleteSAMLProvider", json!({"sAMLProviderArn": SAML}), "saml-provider/okta"),
        (
            "DeleteOpenIDConnectProvider",
            json!({"openIDConnectProviderArn": OIDC}),
            "oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12",
        ),
        ("DeleteAccountPasswordPolicy", Value::Null, "password-policy"),
    ] {
        assert_sets(name, request, Value::Null, resource, json!({"deleted": {}}));
    }
    // IAM deletes it later, or not.
    let later = json!({"anything": {}});
    assert_sets("DeleteServiceLinkedRole", json!({"roleName": "R"}), Value::Null, "role/r", later);
}

#[test]
fn versions_of_a_policy_and_providers_are_parts_too() {
    let allow = document("s3:*");
    let version = |default: bool, expected: Value| {
        let request = json!({"policyArn": POLICY, "policyDocument": allow, "setAsDefault": default});
        let response = json!({"policyVersion": {"versionId": "v2"}});
        assert_sets("CreatePolicyVersion", request, response, "policy/deploy", json!({"changed": expected}));
    };
    version(false, json!({"version/v2": allow}));
    version(true, json!({"version/v2": allow, "default": "v2"}));
    let v2 = json!({"policyArn": POLICY, "versionId": "v2"});
    let changed = |parts: Value| json!({"changed": parts});
    let default = changed(json!({"default": "v2"}));
    assert_sets("SetDefaultPolicyVersion", v2.clone(), Value::Null, "policy/deploy", default);
    assert_sets("DeletePolicyVersion", v2, Value::Null, "policy/deploy", changed(json!({"version/v2": null})));

    let (request, response) =
        (json!({"name": "Okta", "sAMLMetadataDocument": "<a/>"}), json!({"sAMLProviderArn": SAML}));
    let created = json!({"created": {"metadata": "<a/>"}});
    assert_sets("CreateSAMLProvider", request, response, "saml-provider/okta", created);
    let request = json!({"sAMLProviderArn": SAML, "sAMLMetadataDocument": "<b/>"});
    let metadata = changed(json!({"metadata": "<b/>"}));
    assert_sets("UpdateSAMLProvider", request, Value::Null, "saml-provider/okta", metadata);

    let oidc = "oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12";
    let request = json!({"url": "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12", "clientIDList": ["sts"],
        "thumbprintList": ["bb", "aa"]});
    let created = json!({"created": {"thumbprints": "aa,bb", "client/sts": "yes"}});
    let response = json!({"openIDConnectProviderArn": OIDC});
    assert_sets("CreateOpenIDConnectProvider", request, response, oidc, created);
    // An application may have any id.
    for id in ["sts", "arn:aws:iam::111122223333:role/sts"] {
        for (name, is) in [("AddClientIDTo", json!("yes")), ("RemoveClientIDFrom", Value::Null)] {
            let request = json!({"openIDConnectProviderArn": OIDC, "clientID": id});
            let expected = changed(json!({format!("client/{id}"): is}));
            assert_sets(&format!("{name}OpenIDConnectProvider"), request, Value::Null, oidc, expected);
        }
    }
    let request = json!({"openIDConnectProviderArn": OIDC, "thumbprintList": ["c", "b"]});
    let thumbprints = changed(json!({"thumbprints": "b,c"}));
    assert_sets("UpdateOpenIDConnectProviderThumbprint", request, Value::Null, oidc, thumbprints);
}

#[test]
fn credentials_are_an_entity_of_their_own() {
    let key = format!("key/{}", rfc3339(minute(0)));
    for (name, more, expected) in [
        ("CreateAccessKey", json!({}), json!({key: "active"})),
        ("UpdateAccessKey", json!({"status": "Active"}), json!({"key/": "active"})),
        ("UpdateAccessKey", json!({"status": "Inactive"}), json!({"key/": "inactive"})),
        ("UpdateAccessKey", json!({"status": "Expired"}), json!({"key/": false})),
        ("DeleteAccessKey", json!({}), json!({"key/": null})),
        ("CreateLoginProfile", json!({}), json!({"password": "yes"})),
        ("UpdateLoginProfile", json!({}), json!({"password": "yes"})),
        ("DeleteLoginProfile", json!({}), json!({"password": null})),
        ("EnableMFADevice", json!({"serialNumber": "s"}), json!({"mfa": "yes"})),
        // There may be another one.
        ("DeactivateMFADevice", json!({"serialNumber": "s"}), json!({"mfa": false})),
    ] {
        for (user, resource) in
            [("Bob", "credentials/bob"), ("Root", "credentials/user/root"), ("AWS ROOT USER", "credentials/root")]
        {
            let of_root = resource == "credentials/root";
            let mut request = json!({"userName": user});
            request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            // The report does not always have the password of the root user.
            let expected = if of_root && expected.get("password").is_some() {
                json!({"password": false})
            } else {
                expected.clone()
            };
            assert_sets(name, request, Value::Null, resource, json!({"changed": expected}));
        }
    }
    let mut own = record("EnableMFADevice", &json!({"serialNumber": "s"}), &Value::Null, minute(0));
    own["userIdentity"] = json!({"type": "Root", "accountId": ACCOUNT, "arn": "arn:aws:iam::111122223333:root"});
    assert_eq!(changes_in(own)[0].resource, "credentials/root");
}

#[test]
fn a_password_policy_has_the_defaults_of_what_its_request_leaves_out() {
    let request = json!({"minimumPasswordLength": 14, "maxPasswordAge": 90, "requireSymbols": true});
    let found = sets("UpdateAccountPasswordPolicy", request, Value::Null);
    let mut expected = json!({"setting/MinimumPasswordLength": "14", "setting/MaxPasswordAge": "90",
        "setting/RequireSymbols": "true", "setting/ExpirePasswords": false, "setting/PasswordReusePrevention": null,
        "setting/HardExpiry": null});
    for name in
        ["RequireNumbers", "RequireUppercaseCharacters", "RequireLowercaseCharacters", "AllowUsersToChangePassword"]
    {
        expected[format!("setting/{name}")] = json!("false");
    }
    assert_eq!(found, [("password-policy".to_owned(), json!({"created": expected}))]);
}

#[test]
fn a_renamed_entity_is_what_stood_under_its_former_name() {
    let names = |name: &str, field: &str, new: &str, to: &str| {
        let renamed = sets(name, json!({field: "Old", new: to}), Value::Null);
        renamed.iter().map(|(resource, sets)| format!("{resource} {sets}")).collect::<Vec<_>>()
    };
    let group = ["group/old {\"deleted\":{}}", "group/new {\"renamed\":\"group/old\"}"];
    assert_eq!(names("UpdateGroup", "groupName", "newGroupName", "New"), group);
    let user = [
        "user/old {\"deleted\":{}}",
        "user/new {\"renamed\":\"user/old\"}",
        "credentials/old {\"deleted\":{}}",
        "credentials/new {\"renamed\":\"credentials/old\"}",
    ];
    assert_eq!(names("UpdateUser", "userName", "newUserName", "New"), user);
    // In other case, it is the same entity, as it was.
    assert!(names("UpdateUser", "userName", "newUserName", "OLD").is_empty());
}

#[test]
fn a_failed_call_sets_nothing() {
    let mut failed = record("DeleteUser", &json!({"userName": "bob"}), &Value::Null, minute(0));
    failed["errorCode"] = json!("AccessDenied");
    assert!(changes_in(failed).is_empty());
}

/// Every row of IAM with a request that has each field of its target and object.
#[test]
fn each_row_of_iam_changes_something_of_the_baseline_or_is_known_not_to() {
    let (mut changing, mut others) = (BTreeSet::new(), BTreeSet::new());
    for row in catalog::rows().filter(|row| row.service == "iam") {
        let fields = row.target.fields().iter().chain(row.object_at.iter().take(1));
        let mut request: serde_json::Map<_, _> =
            fields.map(|field| ((*field).to_owned(), json!("arn:aws:iam::1:a/b"))).collect();
        match row.when {
            When::Has(field) => request.insert(field.to_owned(), json!("new")),
            When::Is(field, value) => request.insert(field.to_owned(), json!(value)),
            When::True(field) => request.insert(field.to_owned(), json!(true)),
            _ => None,
        };
        let found = changes_in(record(row.event_name, &Value::Object(request), &Value::Null, minute(0)));
        let list = if found.is_empty() { &mut others } else { &mut changing };
        list.insert(row.event_name);
    }
    let nothing = |name: &&&str| {
        let of = ["Tag", "Untag", "ServerCertificate", "InstanceProfile", "ServiceSpecificCredential", "SSHPublicKey"];
        let more = ["SigningCertificate", "VirtualMFADevice", "Delegation", "Organizations", "AccountAlias"];
        let last = ["OutboundWebIdentity", "AccountProperties", "SecurityTokenService", "Description", "ResyncMFA"];
        !of.iter().chain(&more).chain(&last).any(|word| name.contains(word))
    };
    // The path of an entity, settings of a role that grant nothing, and the encryption of assertions.
    assert_eq!(
        others.iter().filter(nothing).collect::<Vec<_>>(),
        [&"UpdateGroup", &"UpdateRole", &"UpdateSAMLProvider", &"UpdateUser"]
    );
    let both: Vec<_> = changing.intersection(&others).collect();
    assert_eq!(both, [&"UpdateGroup", &"UpdateUser"], "only a new name is a change");
}

#[test]
fn omitted_parameters_are_not_known_and_never_absent() {
    let omitted = json!({"omitted": true, "originalSize": 200_000, "reason": "too large", "roleName": "R",
        "userName": "R", "groupName": "R", "policyArn": POLICY, "sAMLProviderArn": SAML,
        "openIDConnectProviderArn": OIDC});
    for row in catalog::rows().filter(|row| row.service == "iam") {
        use crate::catalog::Operation::{Delete, Detach, Remove, Rename};
        // What is removed is known by its name.
        if matches!(row.operation, Delete | Detach | Remove | Rename) {
            continue;
        }
        for change in changes_in(record(row.event_name, &omitted, &Value::Null, minute(0))) {
            for (aspect, part) in change.sets.parts() {
                let said = matches!(aspect, Aspect::Trust | Aspect::Inline(_) | Aspect::Version(_) | Aspect::Metadata);
                assert!(!(said && *part != Part::NotKnown), "{}: {aspect:?} {part:?}", row.event_name);
                assert_ne!(*part, Part::Absent, "{}: {aspect:?}", row.event_name);
            }
        }
    }
    // Metadata can be that large.
    let request = json!({"omitted": true, "originalSize": 200_000, "reason": "too large"});
    let not_known = json!({"changed": {"metadata": false}});
    assert_sets("UpdateSAMLProvider", request, json!({"sAMLProviderArn": SAML}), "saml-provider/okta", not_known);
}
