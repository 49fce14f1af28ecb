//! What is known of the condition keys of a group of callers: all values that a caller in the group can have.
//!
//! Follows "AWS global condition context keys" in the IAM user guide. A key that is not known here is as the caller
//! wants it.

use super::callers::{Home, PolicyOf};
use super::condition::Compared;
use super::document::Condition;
use super::groups::{Group, Who, filled, is_pattern};
use super::matching::{ANY, MARK, STAR};
use super::networks::are_everybodys;
use super::truth::{Truth, Value};
use crate::arn::Arn;
use crate::text::Untrusted;
use std::borrow::Cow;

/// Whether a text contains no character that stands for something else here.
pub(super) fn is_plain(text: &str) -> bool {
    ![ANY, STAR, MARK].iter().any(|mark| text.contains(mark))
}

impl Group {
    /// All that is known of the key: for each value that it can have, one.
    pub(super) fn values<'a>(&'a self, condition: &Condition, home: &Home<'a>) -> Vec<Value<'a>> {
        let key = condition.key.to_ascii_lowercase();
        let any = || vec![Value::Chosen { optional: true }];
        let known = |known: Option<&'a str>| known.map_or(Value::Unknown, Value::one);
        let is_service = matches!(self.who, Who::AnyService | Who::Service(_));
        let is_unsigned = matches!(self.who, Who::Anonymous | Who::Provider(_));
        let named =
            matches!(self.who, Who::Principals { named: true } | Who::Exact(_) | Who::Service(_) | Who::Provider(_));
        let all = |values: &'a [String]| -> Vec<_> {
            values
                .iter()
                .map(|value| if value.is_empty() { Value::Absent } else { Value::one(value.as_str()) })
                .collect()
        };
        let of_source = |values: &'a [String]| match self.who {
            Who::AnyService => all(values),
            _ if named => any(),
            _ => vec![Value::Absent],
        };
        let of_principal = |values: &'a [String]| {
            if is_service || is_unsigned { vec![Value::Absent] } else { all(values) }
        };
        match key.as_str() {
            "aws:principalarn" => of_principal(&self.arns),
            "aws:principalaccount" if is_unsigned => vec![Value::Absent, Value::one("anonymous")],
            "aws:principalaccount" => of_principal(&self.accounts),
            "aws:principalorgid" => of_principal(&self.organizations),
            "aws:principalorgpaths" => of_principal(&self.paths),
            "aws:sourcearn" => of_source(&self.arns),
            "aws:sourceaccount" => of_source(&self.accounts),
            "aws:sourceorgid" => of_source(&self.organizations),
            "aws:sourceorgpaths" => of_source(&self.paths),
            // The account of the caller, or of the resource for which a service calls. No call for a role has them.
            "aws:sourceowner" | "kms:calleraccount" if self.of == PolicyOf::Resource => match self.who {
                Who::Anonymous => vec![Value::Absent],
                Who::Service(_) => any(),
                _ => all(&self.accounts),
            },
            "aws:principalisawsservice" => match self.who {
                Who::Anonymous => vec![Value::Absent],
                Who::Provider(_) => any(),
                _ => vec![Value::one(if is_service { "true" } else { "false" })],
            },
            "aws:principalservicename" | "aws:principalservicenameslist" if !is_service && !named => {
                vec![Value::Absent]
            }
            // "For most service actions."
            "aws:resourceaccount" => vec![known(home.account.map(Untrusted::raw)), Value::Absent],
            "aws:resourceorgid" => vec![known(home.organization), Value::Absent],
            "aws:securetransport" | "aws:currenttime" | "aws:epochtime" => vec![Value::Chosen { optional: false }],
            key if FIXED.contains(&key) && !self.inside && !self.has_any_network(key) => {
                strangers_values(key, condition)
            }
            _ => any(),
        }
    }

    /// Whether a network narrows nothing: of a role, any network may be the caller's.
    fn has_any_network(&self, key: &str) -> bool {
        self.of == PolicyOf::Role && is_network(key)
    }

    /// For a key of which all values are known: whether the operator compares them in another way than as texts.
    pub(super) fn is_beyond_text(condition: &Condition) -> bool {
        match condition.compared_as() {
            Compared::Texts | Compared::Presence => false,
            // `ArnLike` with a pattern that is no ARN: AWS does not document what it matches.
            Compared::Arns => condition.texts().any(|value| Arn::parse(&value).is_none()),
            Compared::Addresses | Compared::Other => true,
        }
    }

    /// Whether a condition on the public IP address holds, for every address that a stranger can have.
    pub(super) fn addresses(&self, condition: &Condition) -> Option<Vec<Truth>> {
        let is_address = condition.key.eq_ignore_ascii_case("aws:SourceIp");
        if self.inside || !is_address || self.has_any_network(&condition.key) {
            return None;
        }
        let inside = are_everybodys(condition.texts()).then_some(Some(true));
        [Some(false), None].into_iter().chain(inside).map(|inside| condition.holds_for_address(inside)).collect()
    }
}

/// Keys whose exact values only certain callers have. `aws:VpcSourceIp` is not one: a private address can be in anyone's
/// VPC.
const FIXED: [&str; 10] = [
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourcevpcarn",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
    "aws:userid",
];

/// Whether the key is about the network or the access point of a caller.
pub(super) fn is_network(key: &str) -> bool {
    FIXED.iter().any(|fixed| *fixed != "aws:userid" && fixed.eq_ignore_ascii_case(key))
}

/// The values that a stranger can have: none, one that the condition does not name, and one for each open pattern.
fn strangers_values(key: &str, condition: &Condition) -> Vec<Value<'static>> {
    let mut all = vec![Value::Absent, Value::one(ANY), Value::one("anonymous")];
    let is_open = |value: &Cow<'_, str>| {
        let head = value.split(['*', '?']).next().unwrap_or_default();
        let is_closed = match key {
            // The unique ids of IAM have 21 letters; a session's name follows a colon.
            "aws:userid" => head.len() > 16 || head.contains(':'),
            "aws:vpceorgpaths" => head.contains('/'),
            _ => Arn::parse(value).is_some_and(|arn| !arn.account.is_empty() && !is_pattern(arn.account)),
        };
        is_pattern(value) && !is_closed
    };
    all.extend(condition.texts().filter(is_open).map(|value| Value::one(filled(&value))));
    all
}
