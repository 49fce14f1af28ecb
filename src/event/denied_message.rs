//! The resource in the error message of a denied call: `… on resource: arn:…:user/path/name because …`, or
//! `… on resource: user name`. CloudTrail records no parameters of a denied call, so nothing else names the resource.

use super::outcome::Outcome;
use crate::arn::Arn;
use crate::catalog::TargetKind;

/// The resource that the message names. The message can leave parts out.
pub(super) struct DeniedResource<'a> {
    /// IAM's word for the type: `user`, `instance-profile`; empty if the message does not have it.
    pub(super) kind: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) arn: Option<&'a str>,
}

impl<'a> DeniedResource<'a> {
    pub(super) fn in_message(outcome: &'a Outcome) -> Option<Self> {
        let Outcome::Failed { message: Some(message), .. } = outcome else { return None };
        let (_, resource) = message.raw().split_once("on resource: ")?;
        let mut words = resource.split_whitespace();
        let first = words.next()?;
        if let Some(arn) = Arn::parse(first) {
            let kind = arn.resource.split(['/', ':']).next().unwrap_or_default();
            let name = match arn.service {
                "lambda" | "cloudwatch" | "logs" => arn.resource.split(':').nth(1),
                "cloudformation" | "dynamodb" => arn.resource.split('/').nth(1),
                _ => Some(arn.full_name()),
            };
            let name = name.filter(|name| !name.is_empty() && *name != "*");
            return Some(Self { kind, name, arn: Some(first) });
        }
        let name = |name: &&str| !matches!(*name, "because" | "with" | "*");
        let (kind, second) = match first {
            "user" | "group" | "role" | "policy" => (first, words.next()),
            "instance" => ("instance-profile", words.nth(1)),
            _ => ("", Some(first)),
        };
        let arn = second.and_then(Arn::parse);
        let second = arn.map_or(second, |arn| Some(arn.name()));
        let whole = arn.and_then(|_| resource.split_whitespace().nth(1));
        Some(Self { kind, name: second.filter(name), arn: whole })
    }

    /// The service of a service-linked role, by the path of the role.
    pub(super) fn linked_service(&self) -> Option<&'a str> {
        let (_, rest) = self.arn?.split_once(":role/aws-service-role/")?;
        rest.split('/').next()
    }

    /// Whether the resource can be of this kind.
    pub(super) fn is_a(&self, kind: TargetKind) -> bool {
        let (_, prefix) = kind.in_arns();
        self.kind.is_empty() || prefix.is_empty() || prefix.trim_end_matches(['/', ':']) == self.kind
    }
}
