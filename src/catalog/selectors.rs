//! What the event selectors of a trail log ("Logging management events", AWS `CloudTrail` User Guide). The alerts depend
//! on write management events of the services in the catalogue.

use super::services;
use serde_json::Value;

/// What selectors log, as far as these alerts are concerned. What is not understood counts as off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logged {
    /// All management events.
    All,
    /// All management events except those of AWS KMS or of the RDS Data API, which AWS offers to leave out.
    AllButBusySources,
    /// All write management events, but not all read events.
    WritesOnly,
    /// Not all write management events of the services that are alerted on.
    WritesOff,
}

/// What one selector adds.
#[derive(Debug, Default, Clone, Copy)]
struct Adds {
    writes: bool,
    reads: bool,
    /// Whether it leaves out only sources that AWS offers to leave out.
    leaves_out: bool,
}

/// What the selectors of a request log: `eventSelectors` or `advancedEventSelectors`.
pub(super) fn logged(selectors: &Value) -> Logged {
    let (mut whole, mut part) = (Adds::default(), Adds::default());
    for one in selectors.as_array().into_iter().flatten().map(adds) {
        let of = if one.leaves_out { &mut part } else { &mut whole };
        of.writes |= one.writes;
        of.reads |= one.reads;
    }
    let (writes, reads) = (whole.writes || part.writes, whole.reads || part.reads);
    match (writes, reads) {
        (true, true) if whole.writes && whole.reads => Logged::All,
        (true, true) => Logged::AllButBusySources,
        (true, false) => Logged::WritesOnly,
        (false, _) => Logged::WritesOff,
    }
}

fn adds(selector: &Value) -> Adds {
    match selector.get("fieldSelectors").and_then(Value::as_array) {
        Some(fields) => advanced(fields),
        None => basic(selector),
    }
}

/// `readWriteType` is `All` and `includeManagementEvents` is true if they are absent (`CloudTrail` API reference,
/// `EventSelector`).
fn basic(selector: &Value) -> Adds {
    let management = selector.get("includeManagementEvents").is_none_or(|on| on == true || on == "true");
    let excluded = texts(selector.get("excludeManagementEventSources"));
    if !management || excluded.iter().any(|source| !may_be_left_out(source)) {
        return Adds::default();
    }
    let kind = selector.get("readWriteType").map_or(Some("All"), Value::as_str);
    Adds {
        writes: matches!(kind, Some("All" | "WriteOnly")),
        reads: matches!(kind, Some("All" | "ReadOnly")),
        leaves_out: !excluded.is_empty(),
    }
}

/// Every field selector narrows. Only those on the category, on `readOnly`, and on sources that may be left out are
/// understood.
fn advanced(fields: &[Value]) -> Adds {
    let mut adds = Adds { writes: false, reads: false, leaves_out: false };
    let (mut read_only, mut management) = (None, false);
    for field in fields {
        let conditions: Vec<_> = field
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, value)| *name != "field" && !texts(Some(value)).is_empty())
            .map(|(name, value)| (name.as_str(), texts(Some(value))))
            .collect();
        match (field.get("field").and_then(Value::as_str), conditions.as_slice()) {
            (Some("eventCategory"), [("equals", values)]) => management = *values == ["Management"],
            (Some("readOnly"), [("equals", values)]) if values.len() == 1 => read_only = Some(values[0] == "true"),
            (Some("eventSource"), [("notEquals", sources)]) if sources.iter().all(|source| may_be_left_out(source)) => {
                adds.leaves_out = true;
            }
            _ => return Adds::default(),
        }
    }
    Adds { writes: management && read_only != Some(true), reads: management && read_only != Some(false), ..adds }
}

/// AWS KMS is in the catalogue only for a key of the stack's own.
fn may_be_left_out(source: &str) -> bool {
    let service = source.strip_suffix(".amazonaws.com").unwrap_or(source);
    service == "kms" || !services().contains(service)
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn basic_selectors_are_read() {
        for (selectors, expected) in [
            (json!([{"readWriteType": "All", "includeManagementEvents": true, "dataResources": []}]), Logged::All),
            (json!([{}]), Logged::All),
            (json!([{"readWriteType": "WriteOnly"}]), Logged::WritesOnly),
            (json!([{"readWriteType": "ReadOnly"}]), Logged::WritesOff),
            (json!([{"readWriteType": "ReadOnly"}, {"readWriteType": "WriteOnly"}]), Logged::All),
            (json!([{"includeManagementEvents": false}]), Logged::WritesOff),
            (json!([{"includeManagementEvents": "false"}]), Logged::WritesOff),
            (json!([{"excludeManagementEventSources": ["kms.amazonaws.com"]}]), Logged::AllButBusySources),
            (json!([{"excludeManagementEventSources": ["iam.amazonaws.com"]}]), Logged::WritesOff),
            (json!([{"readWriteType": 7}]), Logged::WritesOff),
            (json!([]), Logged::WritesOff),
            (json!(null), Logged::WritesOff),
        ] {
            assert_eq!(logged(&selectors), expected, "{selectors}");
        }
    }

    #[test]
    fn advanced_selectors_are_read_and_every_unknown_restriction_counts() {
        let management = json!({"field": "eventCategory", "equals": ["Management"]});
        let with = |more: &[Value]| {
            let mut fields = vec![management.clone()];
            fields.extend_from_slice(more);
            logged(&json!([{"name": "x", "fieldSelectors": fields}]))
        };
        assert_eq!(with(&[]), Logged::All);
        assert_eq!(with(&[json!({"field": "readOnly", "equals": ["false"]})]), Logged::WritesOnly);
        assert_eq!(with(&[json!({"field": "readOnly", "equals": ["true"]})]), Logged::WritesOff);
        assert_eq!(
            with(&[json!({"field": "eventSource", "notEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]})]),
            Logged::AllButBusySources
        );
        assert_eq!(with(&[json!({"field": "eventSource", "notEquals": ["sns.amazonaws.com"]})]), Logged::WritesOff);
        assert_eq!(with(&[json!({"field": "eventName", "notStartsWith": ["Delete"]})]), Logged::WritesOff);
        assert_eq!(
            with(&[json!({"field": "readOnly", "equals": ["false"], "notEquals": ["false"]})]),
            Logged::WritesOff,
            "two conditions on one field"
        );
        let data = json!([{"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}]}]);
        assert_eq!(logged(&data), Logged::WritesOff);
    }
}
