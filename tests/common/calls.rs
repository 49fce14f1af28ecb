//! The calls of `tests/calls.json` as events. Pure JSON, so that tests inside the crate can use this file, too.

use serde_json::{Map, Value, json};

/// Every action of the catalogue, with what CloudTrail writes for the call.
pub fn calls() -> Map<String, Value> {
    serde_json::from_str(include_str!("../calls.json")).unwrap()
}

/// The event of a call by dana, a user with MFA in account.json.
pub fn event(name: &str, call: &Value) -> Value {
    let by_dana = json!({
        "version": "0", "detail-type": "AWS API Call via CloudTrail",
        "account": "123456789012", "time": "2026-11-22T06:00:00Z", "region": "us-east-1",
        "detail": {
            "eventVersion": "1.11", "eventTime": "2026-11-22T05:59:57Z", "awsRegion": "us-east-1",
            "eventID": "0b0c1d1e-0000-4000-8000-000000000000", "recipientAccountId": "123456789012",
            "sourceIPAddress": "203.0.113.24", "readOnly": false,
            "userIdentity": {"type": "IAMUser", "userName": "dana", "principalId": "AIDAEXAMPLEDANA000001",
                "arn": "arn:aws:iam::123456789012:user/dana", "accountId": "123456789012",
                "accessKeyId": "ASIAEXAMPLEDANA00001",
                "sessionContext": {"attributes": {"mfaAuthenticated": "true", "creationDate": "2026-11-22T05:41:10Z"}}},
        },
    });
    with_call(by_dana, name, call)
}

/// This event, but of another call.
pub fn with_call(mut event: Value, name: &str, call: &Value) -> Value {
    let service = call.get("source").and_then(Value::as_str).unwrap_or("iam");
    event["source"] = json!(format!("aws.{service}"));
    let record = &mut event["detail"];
    record["eventSource"] = json!(format!("{service}.amazonaws.com"));
    record["eventName"] = name.split(' ').next().into();
    record["requestParameters"] = call["request"].clone();
    record["responseElements"] = call["response"].clone();
    event
}

/// The same call, denied.
pub fn denied(name: &str, call: &Value) -> Value {
    let mut event = event(name, call);
    let (service, action) =
        (call.get("source").and_then(Value::as_str).unwrap_or("iam"), name.split(' ').next().unwrap());
    let resource = call["denied"].as_str().unwrap();
    let record = &mut event["detail"];
    record["requestParameters"] = json!(null);
    record["responseElements"] = json!(null);
    record["errorCode"] = json!("AccessDenied");
    record["errorMessage"] = json!(format!(
        "User: arn:aws:iam::123456789012:user/dana is not authorized to perform: {service}:{action} on resource: \
         {resource} because no identity-based policy allows the {service}:{action} action"
    ));
    event
}
