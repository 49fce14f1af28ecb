//! The record as CloudTrail writes it, read so tolerantly that no record of a watched call is refused.
//!
//! Every field is optional and may be absent, null, empty, `{}` or of an unexpected type: all of these read
//! as `None`. What the fields mean is decided by [`identity`](super::identity) and
//! [`activity`](super::activity). See "CloudTrail record contents" and "CloudTrail userIdentity element"
//! in the CloudTrail user guide.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// One CloudTrail record: the `detail` of the EventBridge event.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct Record {
    #[serde(deserialize_with = "object")]
    pub user_identity: Option<UserIdentity>,
    #[serde(deserialize_with = "text")]
    pub event_time: Option<String>,
    #[serde(deserialize_with = "text")]
    pub event_source: Option<String>,
    #[serde(deserialize_with = "text")]
    pub event_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub aws_region: Option<String>,
    #[serde(rename = "sourceIPAddress", deserialize_with = "text")]
    pub source_ip_address: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_agent: Option<String>,
    #[serde(deserialize_with = "text")]
    pub error_code: Option<String>,
    #[serde(deserialize_with = "text")]
    pub error_message: Option<String>,
    pub request_parameters: Value,
    pub response_elements: Value,
    #[serde(rename = "requestID", deserialize_with = "text")]
    pub request_id: Option<String>,
    #[serde(rename = "eventID", deserialize_with = "text")]
    pub event_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub recipient_account_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub vpc_endpoint_id: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub session_credential_from_console: Option<bool>,
}

/// Who made the call, as CloudTrail writes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct UserIdentity {
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: Option<String>,
    #[serde(deserialize_with = "text")]
    pub principal_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub arn: Option<String>,
    #[serde(deserialize_with = "text")]
    pub account_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub access_key_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub invoked_by: Option<String>,
    #[serde(deserialize_with = "text")]
    pub identity_provider: Option<String>,
    #[serde(deserialize_with = "text")]
    pub credential_id: Option<String>,
    #[serde(deserialize_with = "object")]
    pub session_context: Option<SessionContext>,
    #[serde(deserialize_with = "object")]
    pub on_behalf_of: Option<OnBehalfOf>,
    #[serde(deserialize_with = "object")]
    pub in_scope_of: Option<InScopeOf>,
}

/// How temporary credentials came about.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct SessionContext {
    #[serde(deserialize_with = "object")]
    pub session_issuer: Option<SessionIssuer>,
    #[serde(deserialize_with = "object")]
    pub attributes: Option<SessionAttributes>,
    #[serde(deserialize_with = "object")]
    pub web_id_federation_data: Option<WebIdFederationData>,
    #[serde(deserialize_with = "text")]
    pub source_identity: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub assumed_root: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub ec2_role_delivery: Option<String>,
    #[serde(deserialize_with = "object")]
    pub in_scope_of: Option<InScopeOf>,
}

/// The role, user or root user whose credentials the session was made from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct SessionIssuer {
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: Option<String>,
    #[serde(deserialize_with = "text")]
    pub principal_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub arn: Option<String>,
    #[serde(deserialize_with = "text")]
    pub account_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub user_name: Option<String>,
}

/// When the session began, and whether with MFA.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct SessionAttributes {
    #[serde(deserialize_with = "text")]
    pub creation_date: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub mfa_authenticated: Option<bool>,
}

/// The web identity that a role was assumed with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct WebIdFederationData {
    #[serde(deserialize_with = "text")]
    pub federated_provider: Option<String>,
    pub attributes: Value,
}

/// The IAM Identity Center user for whom the call was made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct OnBehalfOf {
    #[serde(deserialize_with = "text")]
    pub user_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub identity_store_arn: Option<String>,
}

/// The workload that the credentials were handed to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct InScopeOf {
    #[serde(deserialize_with = "text")]
    pub issuer_type: Option<String>,
    #[serde(deserialize_with = "text")]
    pub credentials_issued_to: Option<String>,
}

/// Text; a number or a boolean in its place is written out, anything else and the empty text are `None`.
fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(as_text(Value::deserialize(from)?))
}

/// See [`text`].
pub(crate) fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A boolean, or the word for it: CloudTrail writes `mfaAuthenticated` as a string.
fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Bool(flag) => Some(flag),
        Value::String(word) => word.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    })
}

fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(match value {
        Value::Object(ref fields) if !fields.is_empty() => serde_json::from_value(value).ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn absent_null_empty_and_mistyped_all_read_as_none() {
        for odd in [json!(null), json!(""), json!({}), json!([]), json!([1])] {
            let record: Record = serde_json::from_value(json!({
                "userIdentity": {"type": "AssumedRole", "arn": odd, "sessionContext": {
                    "sessionIssuer": odd, "webIdFederationData": odd, "attributes": odd}},
                "eventTime": odd, "errorCode": odd, "requestParameters": odd,
            }))
            .unwrap();
            let identity = record.user_identity.unwrap();
            let session = identity.session_context.unwrap();
            assert!(identity.arn.is_none() && record.event_time.is_none() && record.error_code.is_none());
            assert!(session.session_issuer.is_none() && session.attributes.is_none());
            assert!(session.web_id_federation_data.is_none());
        }
    }

    #[test]
    fn booleans_are_read_from_words_too() {
        let record: Record = serde_json::from_value(json!({
            "sessionCredentialFromConsole": "true",
            "userIdentity": {"sessionContext": {"attributes": {"mfaAuthenticated": "false"}}},
        }))
        .unwrap();
        assert_eq!(record.session_credential_from_console, Some(true));
        let session = record.user_identity.and_then(|identity| identity.session_context);
        assert_eq!(session.and_then(|s| s.attributes).and_then(|a| a.mfa_authenticated), Some(false));
    }

    proptest! {
        #[test]
        fn a_record_of_any_types_is_read(json in any_json()) {
            let fields = ["userIdentity", "eventTime", "eventName", "requestParameters", "errorCode", "eventID"];
            for field in fields {
                let mut record = serde_json::Map::new();
                record.insert(field.to_owned(), json.clone());
                prop_assert!(serde_json::from_value::<Record>(Value::Object(record)).is_ok());
            }
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            let key = prop_oneof![
                Just("type".to_owned()),
                Just("sessionContext".to_owned()),
                Just("sessionIssuer".to_owned()),
                Just("attributes".to_owned()),
                Just("arn".to_owned()),
                "[a-z]{1,6}"
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(key, inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }
}
