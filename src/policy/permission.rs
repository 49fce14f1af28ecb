//! Policies of calls that grant a permission without a document, such as `AddPermission` and `CreateGrant`.
//!
//! The statement is built as a value: no text of the call is read as JSON.

use super::document::{Condition, Document, Effect, Patterns, Principals, Statement};
use super::parsed::Parsed;
use serde_json::Value;
use std::rc::Rc;

/// A resource policy with the one statement that the call adds.
///
/// `principals`: pairs of a type (`AWS`, `Service`) and a principal: an account id, an ARN, a service or `*`.
/// `actions`: with their service (`sqs:SendMessage`; the calls of SNS, SQS and KMS name them without).
/// `conditions`: an operator, a key and a value each; all must hold.
#[must_use]
pub fn granting(principals: &[(&str, &str)], actions: &[&str], conditions: &[(&str, &str, &str)]) -> Parsed {
    let mut principals: Vec<_> =
        principals.iter().map(|(kind, name)| ((*kind).to_owned(), (*name).to_owned())).collect();
    principals.sort_by(|(one, _), (other, _)| one.cmp(other));
    let condition = |(operator, key, value): &(&str, &str, &str)| Condition {
        operator: (*operator).to_owned(),
        key: (*key).to_owned(),
        value: Value::String((*value).to_owned()),
    };
    let statement = Statement {
        effect: Some(Effect::Allow),
        actions: Some(Patterns::AnyOf(actions.iter().map(|action| (*action).to_owned()).collect())),
        resources: None,
        principals: Some(Principals::AnyOf(principals)),
        conditions: conditions.iter().map(condition).collect(),
    };
    Parsed::Policy(Rc::new(Document { version: Some("2012-10-17".into()), statements: vec![statement] }))
}
