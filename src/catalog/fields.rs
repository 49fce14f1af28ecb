//! What the fields of a request mean, for actions that can narrow, widen or restore something, depending on the fields.

use super::meaning::{FieldMeaning, FieldValue};
use super::selectors::logged;
use super::types::Action;
use super::{patterns, types::TargetKind};
use crate::severity::Severity;
use serde_json::{Map, Value};

/// How the fields of a request were understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldReading {
    /// The event does not contain the request.
    Unread,
    /// The meanings of the fields, the most severe first, and whether there are fields without a meaning.
    Read { meanings: Vec<&'static FieldMeaning>, others: bool },
}

impl FieldReading {
    /// The severity; `base` is that of a request, or of a field, that is not understood.
    #[must_use]
    pub fn severity(&self, base: Severity) -> Severity {
        match self {
            Self::Unread => base,
            Self::Read { meanings, others } => {
                let known = meanings.iter().map(|meaning| meaning.severity);
                known.chain(others.then_some(base)).max().unwrap_or(Severity::Low)
            }
        }
    }

    /// Reads a request in an account by the row's meanings. Fields that only name things have none. Of a row without
    /// meanings, nothing is read.
    #[must_use]
    pub fn of(action: &Action, request: &Value, account: Option<&str>) -> Self {
        if action.fields.is_empty() {
            return Self::Unread;
        }
        let Some(fields) = request.as_object().filter(|fields| fields.get("omitted") != Some(&Value::Bool(true)))
        else {
            return Self::Unread;
        };
        let has = |field: &&str| fields.get(*field).is_some_and(|value| !value.is_null());
        if !action.always_has.is_empty() && !action.always_has.iter().any(has) {
            return Self::Unread;
        }
        let naming = |field: &str| {
            action.target.fields().contains(&field)
                || action.object_at.contains(&field)
                || ["eventBusName", "description", "tags"].contains(&field)
        };
        let (mut meanings, mut others) = (Vec::new(), false);
        for (field, value) in settings(fields).filter(|(field, value)| !value.is_null() && !naming(field)) {
            let means = |meaning: &&FieldMeaning| meaning.field == field && meaning.value.fits(value, fields, account);
            match action.fields.iter().find(means) {
                Some(meaning) => meanings.push(meaning),
                None => others = true,
            }
        }
        meanings.sort_by_key(|meaning| std::cmp::Reverse(meaning.severity));
        Self::Read { meanings, others }
    }
}

/// The fields with their values. A call that sets one attribute has the name of the attribute and its value in two
/// fields.
fn settings(fields: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    let name = fields.get("attributeName").and_then(Value::as_str);
    let absent = &Value::Bool(false);
    let attribute = name.map(|name| (name, fields.get("attributeValue").unwrap_or(absent)));
    let plain = fields.iter().map(|(field, value)| (field.as_str(), value));
    plain.filter(move |(field, _)| name.is_none() || !field.starts_with("attribute")).chain(attribute)
}

impl FieldValue {
    fn fits(self, value: &Value, request: &Map<String, Value>, account: Option<&str>) -> bool {
        let flag = || match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(word) => word.trim().to_ascii_lowercase().parse().ok(),
            _ => None,
        };
        let number = || value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        match self {
            Self::True => flag() == Some(true),
            Self::False => flag() == Some(false),
            Self::Empty => is_empty(value),
            Self::Given => !is_empty(value),
            Self::Is(wanted) => value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(wanted)),
            Self::Zero => number() == Some(0.0),
            Self::Positive => number().is_some_and(|number| number > 0.0),
            Self::Logs(wanted) => logged(value) == wanted,
            Self::StacksPattern(wanted) => is_stacks_pattern(value, request, account) == wanted,
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => matches!(text.trim(), "" | "{}" | "[]"),
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn is_stacks_pattern(value: &Value, request: &Map<String, Value>, account: Option<&str>) -> bool {
    let names = TargetKind::Rule.fields();
    let Some(rule) = names.iter().find_map(|name| request.get(*name)?.as_str()) else { return false };
    let Some(Ok(mut given)) = value.as_str().map(serde_json::from_str::<Value>) else { return false };
    // The template's patterns name the account of the stack.
    let of_account = given.as_object_mut().and_then(|given| given.remove("account"));
    if of_account.is_some_and(|given| account.is_none_or(|account| given != patterns::accounts_of_rule(rule, account)))
    {
        return false;
    }
    patterns::of_rule(rule).is_some_and(|pattern| patterns::sorted(&given) == patterns::sorted(&pattern))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;
    use serde_json::json;

    fn severities(service: &str, name: &str, request: &Value) -> (Vec<Severity>, bool) {
        match FieldReading::of(catalog::find(service, name, request, false).unwrap(), request, Some("111122223333")) {
            FieldReading::Unread => (Vec::new(), true),
            FieldReading::Read { meanings, others } => {
                (meanings.iter().map(|meaning| meaning.severity).collect(), others)
            }
        }
    }

    #[test]
    fn a_trail_is_judged_field_by_field() {
        use Severity::{Critical, High, Low, Medium};
        let of = |request| severities("cloudtrail", "UpdateTrail", &request);
        assert_eq!(of(json!({"name": "t", "isMultiRegionTrail": true})), (vec![Low], false));
        assert_eq!(of(json!({"name": "t", "isMultiRegionTrail": false})), (vec![Critical], false));
        assert_eq!(of(json!({"name": "t", "includeGlobalServiceEvents": "false"})), (vec![Critical], false));
        assert_eq!(
            of(json!({"name": "t", "s3BucketName": "b", "enableLogFileValidation": true})),
            (vec![High, Low], false)
        );
        assert_eq!(of(json!({"name": "t", "kmsKeyId": ""})), (vec![Medium], false));
        assert_eq!(of(json!({"name": "t", "snsTopicName": ""})), (vec![Medium], false));
        assert_eq!(of(json!({"name": "t"})), (vec![], false));
        assert_eq!(of(json!({"name": "t", "inventedLastYear": 1})), (vec![], true));
        assert_eq!(of(json!(null)), (vec![], true));
        assert_eq!(of(json!({"omitted": true})), (vec![], true));
    }

    #[test]
    fn an_attribute_is_judged_by_its_name_and_value() {
        let of = |name: &str, value: &str| {
            let request = json!({"subscriptionArn": "a", "attributeName": name, "attributeValue": value});
            severities("sns", "SetSubscriptionAttributes", &request)
        };
        assert_eq!(of("FilterPolicy", r#"{"severity": ["LOW"]}"#), (vec![Severity::Critical], false));
        assert_eq!(of("FilterPolicy", "{}"), (vec![Severity::Low], false));
        assert_eq!(of("FilterPolicy", ""), (vec![Severity::Low], false));
        assert_eq!(of("SomethingNew", "x"), (vec![], true));
        let nothing = json!({"subscriptionArn": "a"});
        assert_eq!(
            severities("sns", "SetSubscriptionAttributes", &nothing),
            (vec![], true),
            "the call always sets one"
        );
        assert_eq!(severities("cloudtrail", "PutEventSelectors", &json!({"trailName": "t"})), (vec![], true));
        let absent = json!({"subscriptionArn": "a", "attributeName": "FilterPolicy"});
        assert_eq!(severities("sns", "SetSubscriptionAttributes", &absent).0, [Severity::Critical]);
    }

    #[test]
    fn a_rule_is_restored_only_by_its_own_pattern() {
        use Severity::{Critical, Low};
        let put = |name: &str, pattern: &Value, state: &str| {
            let request = json!({"name": name, "eventPattern": pattern.to_string(), "state": state});
            severities("events", "PutRule", &request).0
        };
        let patterns = patterns::event_patterns();
        let (_, iam) = &patterns[0];
        assert_eq!(put("alerts-iam", iam, "ENABLED"), [Low, Low]);
        assert_eq!(put("alerts-iam", iam, "DISABLED"), [Critical, Low]);
        assert_eq!(put("alerts-self-protection", iam, "ENABLED"), [Critical, Low]);
        assert_eq!(
            put("alerts-iam", &json!({"source": ["aws.iam"], "detail": {"eventName": ["X"]}}), "ENABLED"),
            [Critical, Low]
        );
    }
}
