//! Activities from records of every form.

use super::*;
use crate::event::outcome::FailureKind;
use crate::limits::PARAMETERS;
use serde_json::json;

const EVENT_SOURCE: &str = "iam.amazonaws.com";

fn activity(change: impl Fn(&mut Value)) -> Activity {
    let mut record = json!({
        "eventSource": EVENT_SOURCE, "eventName": "CreateUser", "eventID": "e-1",
        "eventTime": "2026-11-22T05:59:57Z", "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "userName": "carol", "accountId": "111122223333",
            "arn": "arn:aws:iam::111122223333:user/carol", "accessKeyId": "AKIAEXAMPLE"},
        "requestParameters": {"userName": "deploy-bot"},
        "responseElements": {"user": {"userName": "deploy-bot", "userId": "AIDANEW", "path": "/ci/",
            "arn": "arn:aws:iam::111122223333:user/ci/deploy-bot"}},
    });
    change(&mut record);
    read(record)
}

fn read(record: Value) -> Activity {
    let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
    Activity::from_delivery(&delivery).unwrap().activity().unwrap()
}

fn denied(message: &str) -> Activity {
    activity(|record| {
        record["requestParameters"] = json!(null);
        record["responseElements"] = json!(null);
        record["errorCode"] = json!("AccessDenied");
        record["errorMessage"] = json!(message);
    })
}

#[test]
fn a_successful_call_names_its_target() {
    let activity = activity(|_| ());
    assert_eq!(activity.outcome, Outcome::Succeeded);
    assert_eq!(activity.target.name, Some("deploy-bot".into()));
    assert_eq!(activity.target.id, Some("AIDANEW".into()));
    assert!(activity.lacking.is_empty(), "{:?}", activity.lacking);
}

#[test]
fn the_error_message_of_a_denied_call_names_the_target() {
    let arn = "User: arn:aws:iam::111122223333:user/carol is not authorized to perform: iam:CreateUser on \
        resource: arn:aws:iam::111122223333:user/a/b/mallory because no identity-based policy allows the iam:CreateUser action";
    let by_arn = denied(arn);
    assert_eq!(by_arn.target.name, Some("mallory".into()));
    assert_eq!(by_arn.target.arn, Some("arn:aws:iam::111122223333:user/a/b/mallory".into()));
    assert_eq!(by_arn.outcome.word(), "denied");
    assert!(by_arn.lacking.is_empty(), "{:?}", by_arn.lacking);
    assert_eq!(denied("… on resource: user mallory").target.name, Some("mallory".into()));
    assert_eq!(denied("… on resource: user mallory because …").target.name, Some("mallory".into()));
}

#[test]
fn a_denied_call_without_a_name_in_its_message_lacks_the_user_name() {
    for message in ["", "no", "x on resource: ", "x on resource: *", "x on resource: user"] {
        let activity = denied(message);
        assert_eq!((activity.target.name, activity.lacking), (None, vec!["userName"]), "{message}");
    }
}

#[test]
fn error_codes_are_read_with_and_without_their_suffix() {
    let table = [
        ("AccessDenied", FailureKind::Denied),
        ("AccessDeniedException", FailureKind::Denied),
        ("Client.UnauthorizedOperation", FailureKind::Denied),
        ("EntityAlreadyExistsException", FailureKind::AlreadyExists),
        ("EntityAlreadyExists", FailureKind::AlreadyExists),
        ("LimitExceededException", FailureKind::LimitExceeded),
        ("InvalidInputException", FailureKind::Invalid),
    ];
    for (code, failure) in table {
        assert_eq!(FailureKind::from_code(code), failure, "{code}");
    }
}

#[test]
fn a_failure_without_a_code_is_still_a_failure() {
    let activity = activity(|record| record["errorMessage"] = json!("something"));
    assert_eq!(activity.outcome.word(), "failed");
}

#[test]
fn a_record_without_fields_becomes_an_activity_that_lists_the_lacking_fields() {
    let bare = json!({"eventSource": EVENT_SOURCE, "eventName": "CreateUser"});
    let delivery = Delivery::from_file(bare).unwrap().remove(0).unwrap();
    let activity = Activity::from_delivery(&delivery).unwrap().activity().unwrap();
    assert_eq!(
        activity.lacking,
        [
            "eventID",
            "eventTime",
            "awsRegion",
            "userIdentity",
            "sourceIPAddress",
            "recipientAccountId",
            "requestParameters",
            "responseElements",
            "userName"
        ]
    );
}

#[test]
fn omitted_parameters_are_reported() {
    let activity = activity(|record| {
        record["requestParameters"] = json!({"reason": "requestParameters too large", "omitted": true});
    });
    assert!(activity.omitted);
    assert_eq!(activity.target.name, Some("deploy-bot".into()), "the response still names it");
}

#[test]
fn another_service_is_refused_and_a_read_only_call_is_ignored() {
    let refuse = |source: Value, name: &str| {
        let record = json!({"eventSource": source, "eventName": name, "eventID": "e-1"});
        let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
        Activity::from_delivery(&delivery).unwrap_err()
    };
    assert_eq!(refuse(json!("workmail.amazonaws.com"), "CreateUser").kind(), "ForeignEventSource");
    assert_eq!(refuse(json!(null), "CreateUser").kind(), "ForeignEventSource");
    let read = json!({"eventSource": EVENT_SOURCE, "eventName": "ListUsers"});
    let delivery = Delivery::from_file(read).unwrap().remove(0).unwrap();
    let Ok(Reading::Ignored(why)) = Activity::from_delivery(&delivery) else { panic!("it only reads") };
    assert_eq!(why.plain(), "the catalogue does not have the action iam:ListUsers");
}

#[test]
fn the_partition_is_from_the_arn_or_else_from_the_region() {
    let by_arn = activity(|record| {
        record["responseElements"]["user"]["arn"] = json!("arn:aws-us-gov:iam::111122223333:user/x");
    });
    assert_eq!(by_arn.partition, Partition::GovCloud);
    let by_region = activity(|record| {
        record["responseElements"] = json!(null);
        record["userIdentity"] = json!({"type": "AWSService"});
        record["awsRegion"] = json!("cn-north-1");
    });
    assert_eq!(by_region.partition, Partition::China);
}

fn call(name: &str, request: &Value, identity: &Value) -> Activity {
    activity(|record| {
        record["eventName"] = json!(name);
        record["requestParameters"] = request.clone();
        record["responseElements"] = json!(null);
        if !identity.is_null() {
            record["userIdentity"] = identity.clone();
        }
    })
}

#[test]
fn a_call_that_names_no_user_is_about_the_caller() {
    let own = call("CreateAccessKey", &json!(null), &json!(null));
    assert_eq!(own.target.name, Some("carol".into()));
    assert!(own.is_self() && own.lacking.is_empty(), "{:?}", own.lacking);
    let root = json!({"type": "Root", "accountId": "111122223333"});
    let of_root = call("CreateAccessKey", &json!(null), &root);
    assert_eq!(of_root.target.kind, TargetKind::RootUser);
    assert!(of_root.is_self() && of_root.lacking.is_empty());
    let serial =
        json!({"serialNumber": "arn:aws:iam::111122223333:mfa/root-account-mfa-device", "userName": "AWS ROOT USER"});
    assert_eq!(call("DeactivateMFADevice", &serial, &root).target.kind, TargetKind::RootUser);
    // The record of a denied call does not show the target.
    let refused = activity(|record| {
        record["eventName"] = json!("AddUserToGroup");
        record["requestParameters"] = json!(null);
        record["responseElements"] = json!(null);
        record["errorCode"] = json!("AccessDenied");
        record["errorMessage"] = json!("x is not authorized to perform: iam:AddUserToGroup on resource: group Admins");
    });
    assert_eq!((refused.target.name, refused.object.name), (None, Some("Admins".into())));
}

#[test]
fn names_are_found_in_arns_urls_and_subscriptions() {
    let role = call(
        "AttachRolePolicy",
        &json!({"roleName": "ci", "policyArn": "arn:aws:iam::aws:policy/job/X"}),
        &json!(null),
    );
    assert_eq!((role.target.name, role.object.name), (Some("ci".into()), Some("X".into())));
    let provider = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A";
    let oidc =
        call("UpdateOpenIDConnectProviderThumbprint", &json!({"openIDConnectProviderArn": provider}), &json!(null));
    assert_eq!(oidc.target.name, Some("oidc.eks.eu-west-1.amazonaws.com/id/A".into()));
    let other = |source: &str, name: &str, request: Value| {
        activity(|record| {
            record["eventSource"] = json!(source);
            record["eventName"] = json!(name);
            record["requestParameters"] = request.clone();
        })
        .target
    };
    let subscription = json!({"subscriptionArn": "arn:aws:sns:us-east-1:111122223333:alerts:0a1b"});
    let topic = other("sns.amazonaws.com", "Unsubscribe", subscription);
    assert_eq!(
        (topic.name, topic.arn),
        (Some("alerts".into()), Some("arn:aws:sns:us-east-1:111122223333:alerts".into()))
    );
    let queue = json!({"queueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/failed"});
    assert_eq!(other("sqs.amazonaws.com", "DeleteQueue", queue).name, Some("failed".into()));
    let function = json!({"functionName": "arn:aws:lambda:us-east-1:111122223333:function:alerter:live"});
    assert_eq!(other("lambda.amazonaws.com", "DeleteFunction20150331", function).name, Some("alerter".into()));
}

#[test]
fn denied_calls_name_resources_in_every_form_that_iam_writes() {
    let named = |name: &str, resource: &str| {
        let refused = activity(|record| {
            record["eventName"] = json!(name);
            record["requestParameters"] = json!(null);
            record["responseElements"] = json!(null);
            record["errorCode"] = json!("AccessDenied");
            record["errorMessage"] = json!(format!("… on resource: {resource} with an explicit deny"));
        });
        let raw = |text: Option<Untrusted>| text.map(|text| text.raw().to_owned());
        (raw(refused.target.name), raw(refused.target.arn), raw(refused.object.name))
    };
    let some = |text: &str| Some(text.to_owned());
    let arn = "arn:aws:iam::111122223333:policy/team/tools";
    assert_eq!(named("CreatePolicyVersion", &format!("policy {arn}")), (some("tools"), some(arn), None));
    assert_eq!(named("CreatePolicyVersion", arn), (some("tools"), some(arn), None));
    assert_eq!(named("AddRoleToInstanceProfile", "instance profile web"), (None, None, some("web")));
    assert_eq!(named("CreateAccountAlias", "*"), (None, None, None));
    assert_eq!(named("UpdateAssumeRolePolicy", "role ci"), (some("ci"), None, None));
}

#[test]
fn other_parameters_are_kept_by_their_path_up_to_a_limit() {
    let many: Vec<_> = (0..99).map(|i| json!({"a": i})).collect();
    let unfamiliar = call("InventedLastYear", &json!({"b": {"c": true}, "list": many}), &json!(null));
    assert_eq!(unfamiliar.parameters.len(), PARAMETERS);
    assert_eq!(unfamiliar.parameters[0], ("b.c".into(), "true".into()));
    assert_eq!(unfamiliar.parameters[1].0, "list[0].a".into());
    let metadata = "<EntityDescriptor entityID='https://idp.example/é'><x/></EntityDescriptor>";
    let saml = call(
        "UpdateSAMLProvider",
        &json!({"sAMLProviderArn": "arn:aws:iam::1:saml-provider/p", "sAMLMetadataDocument": metadata}),
        &json!(null),
    );
    assert_eq!(saml.parameters, [("entityID".into(), "https://idp.example/é".into())]);
    let unquoted = call("UpdateSAMLProvider", &json!({"sAMLMetadataDocument": "entityID=é"}), &json!(null));
    assert!(unquoted.parameters.is_empty());
}

#[test]
fn a_call_of_the_root_user_that_names_no_user_is_about_the_root_user() {
    let root = json!({"type": "Root", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:root"});
    for named in ["Root", "acme-prod", "<root_account>"] {
        let record = json!({"eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey",
            "recipientAccountId": "111122223333", "userIdentity": root, "requestParameters": null,
            "responseElements": {"accessKey": {"userName": named, "accessKeyId": "AKIAEXAMPLE"}}});
        let activity = read(record);
        assert_eq!((activity.target.kind, &activity.target.name), (TargetKind::RootUser, &None), "{named}");
        assert!(activity.is_self());
    }
    let for_another = json!({"eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey",
        "recipientAccountId": "111122223333", "userIdentity": root, "requestParameters": {"userName": "bob"}});
    assert_eq!(read(for_another).target.name, Some("bob".into()));
}

#[test]
fn an_account_that_cannot_be_read_is_no_other_account() {
    let of = |theirs: &str, here: &str| {
        read(json!({"eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "recipientAccountId": here,
            "userIdentity": {"type": "IAMUser", "userName": "x", "accountId": theirs}}))
    };
    let is = |theirs, here, expected: fn(&CallersAccount<'_>) -> bool| expected(&of(theirs, here).callers_account());
    assert!(is("111122223333", "111122223333", |account| *account == CallersAccount::Same));
    assert!(is("999900001111", "111122223333", |account| matches!(account, CallersAccount::Other(_))));
    for masked in ["xxxxxxxxxxxx", "123456789", "1111XXXX3333", "REDACTED"] {
        assert!(is(masked, "111122223333", |account| matches!(account, CallersAccount::NotReadable(_))), "{masked}");
        assert!(is("111122223333", masked, |account| *account == CallersAccount::OfUnreadableEvent), "{masked}");
        assert!(is(masked, masked, |account| *account == CallersAccount::Same), "{masked}");
    }
    assert!(is("", "111122223333", |account| *account == CallersAccount::NotStated));
}

#[test]
fn the_console_is_no_service_that_acts_for_the_caller() {
    let by = |service: &str| {
        read(json!({"eventSource": "iam.amazonaws.com", "eventName": "CreateUser",
            "userIdentity": {"type": "IAMUser", "userName": "x", "invokedBy": service}}))
        .origin
    };
    let console = by("signin.amazonaws.com");
    assert!(console.console && console.invoked_by.is_none());
    let service = by("cloudformation.amazonaws.com");
    assert!(!service.console && service.invoked_by.is_some());
}

#[test]
fn a_denied_service_linked_role_names_its_service() {
    let record = json!({"eventSource": "iam.amazonaws.com", "eventName": "CreateServiceLinkedRole",
        "errorCode": "AccessDenied", "errorMessage": "User: arn:aws:iam::111122223333:user/x is not authorized to perform: \
            iam:CreateServiceLinkedRole on resource: arn:aws:iam::111122223333:role/aws-service-role/batch.amazonaws.com/\
            AWSServiceRoleForBatch because no identity-based policy allows it"});
    assert_eq!(read(record).object.name, Some("batch.amazonaws.com".into()));
}

#[test]
fn an_empty_text_clears_a_setting_and_is_shown() {
    let record = json!({"eventSource": "cloudtrail.amazonaws.com", "eventName": "UpdateTrail",
        "requestParameters": {"name": "t", "kmsKeyId": ""}});
    assert_eq!(read(record).parameters, [("kmsKeyId".into(), "(empty)".into())]);
}
