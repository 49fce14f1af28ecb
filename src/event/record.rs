//! A CloudTrail record, read so leniently that no record of a watched call is refused.
//!
//! Every field is optional: absent, null, empty, `{}` and values of an unexpected type all become `None`. The meaning
//! of the fields is decided in [`principal`](super::principal) and [`activity`](super::activity). See "CloudTrail
//! record contents" and "CloudTrail userIdentity element" in the CloudTrail user guide.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::ops::Deref;

/// One CloudTrail record: the `detail` of the EventBridge event.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct Record {
    pub user_identity: Object<UserIdentity>,
    pub event_time: Text,
    pub event_source: Text,
    pub event_name: Text,
    pub aws_region: Text,
    #[serde(rename = "sourceIPAddress")]
    pub source_ip_address: Text,
    pub user_agent: Text,
    pub error_code: Text,
    pub error_message: Text,
    pub request_parameters: Value,
    pub response_elements: Value,
    pub additional_event_data: Value,
    #[serde(rename = "requestID")]
    pub request_id: Text,
    #[serde(rename = "eventID")]
    pub event_id: Text,
    pub read_only: Flag,
    pub recipient_account_id: Text,
    pub vpc_endpoint_id: Text,
    pub session_credential_from_console: Flag,
}

/// The caller, as in the record.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct UserIdentity {
    #[serde(rename = "type")]
    pub kind: Text,
    pub principal_id: Text,
    pub arn: Text,
    pub account_id: Text,
    pub access_key_id: Text,
    pub user_name: Text,
    pub invoked_by: Text,
    pub identity_provider: Text,
    pub credential_id: Text,
    pub session_context: Object<SessionContext>,
    pub on_behalf_of: Object<OnBehalfOf>,
    pub in_scope_of: Object<InScopeOf>,
    pub invoked_by_delegate: Value,
}

/// How temporary credentials were issued.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct SessionContext {
    pub session_issuer: Object<SessionIssuer>,
    pub attributes: Object<SessionAttributes>,
    pub web_id_federation_data: Object<WebIdFederationData>,
    pub source_identity: Text,
    pub assumed_root: Flag,
    pub ec2_role_delivery: Text,
    pub in_scope_of: Object<InScopeOf>,
}

/// The role, user or root user that the session's credentials were created from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct SessionIssuer {
    #[serde(rename = "type")]
    pub kind: Text,
    pub principal_id: Text,
    pub arn: Text,
    pub account_id: Text,
    pub user_name: Text,
}

/// When the session was created, and whether with MFA.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct SessionAttributes {
    pub creation_date: Text,
    pub mfa_authenticated: Flag,
}

/// The web identity that assumed the role.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct WebIdFederationData {
    pub federated_provider: Text,
    pub attributes: Value,
}

/// The IAM Identity Center user that the call was made for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct OnBehalfOf {
    pub user_id: Text,
    pub identity_store_arn: Text,
}

/// The workload that the credentials were issued to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the fields are CloudTrail's own, named as in its user guide")]
pub struct InScopeOf {
    pub issuer_type: Text,
    pub credentials_issued_to: Text,
}

/// The value of a field, or `None` if the field is absent, null, empty or of another type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lenient<T>(Option<T>);

/// Text; a number or a boolean is converted to text.
pub type Text = Lenient<String>;
/// A boolean, or its word: CloudTrail writes `mfaAuthenticated` as a string.
pub type Flag = Lenient<bool>;
/// An object that is not empty.
pub type Object<T> = Lenient<T>;

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for Lenient<T> {
    type Target = Option<T>;

    fn deref(&self) -> &Option<T> {
        &self.0
    }
}

impl<'de, T: FromLoose> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Value::deserialize(from).map(|value| Self(T::from_loose(value)))
    }
}

/// Reads a type from a JSON value of any type.
pub trait FromLoose: Sized {
    /// The value; `None` if it is empty or of another type.
    fn from_loose(value: Value) -> Option<Self>;
}

/// What `CloudTrail` and AWS Organizations write for a value that they do not show.
const HIDDEN: [&str; 2] = ["HIDDEN_DUE_TO_SECURITY_REASONS", "****"];

/// Whether this stands for a value that the record does not show.
fn is_hidden(text: &str) -> bool {
    HIDDEN.contains(&text)
}

impl FromLoose for String {
    fn from_loose(value: Value) -> Option<Self> {
        match value {
            Value::String(text) if !text.trim().is_empty() && !is_hidden(&text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }
}

impl FromLoose for bool {
    fn from_loose(value: Value) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(flag),
            Value::String(word) => word.trim().to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }
}

/// The text of a value, read as leniently as a [`Text`] field.
pub(super) fn text_of(value: &Value) -> Option<String> {
    String::from_loose(value.clone())
}

/// The nested elements of a record.
trait Element: DeserializeOwned {}
impl Element for UserIdentity {}
impl Element for SessionContext {}
impl Element for SessionIssuer {}
impl Element for SessionAttributes {}
impl Element for WebIdFederationData {}
impl Element for OnBehalfOf {}
impl Element for InScopeOf {}

impl<T: Element> FromLoose for T {
    fn from_loose(value: Value) -> Option<Self> {
        match value {
            Value::Object(ref fields) if !fields.is_empty() => serde_json::from_value(value).ok(),
            _ => None,
        }
    }
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
            let identity = record.user_identity.as_ref().unwrap();
            let session = identity.session_context.as_ref().unwrap();
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
        assert_eq!(*record.session_credential_from_console, Some(true));
        let session = record.user_identity.as_ref().and_then(|identity| identity.session_context.as_ref());
        assert_eq!(session.and_then(|s| *s.attributes.as_ref()?.mfa_authenticated), Some(false));
    }

    proptest! {
        #[test]
        fn a_record_with_fields_of_any_type_is_read(json in any_json()) {
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
