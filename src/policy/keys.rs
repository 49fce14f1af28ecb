//! What is known of the condition keys of a holder's calls ("AWS global condition context keys" and "Condition keys for
//! IAM", IAM user guide).

use super::escalation::ResourceType;
use super::evaluator::{Call, Evaluator, Subject, UNKNOWN_NAME};
use super::question::NamedEntity;
use super::truth::Value;
use crate::text::Untrusted;

impl<'a> Evaluator<'a> {
    /// What is known of a condition key in a call.
    pub(super) fn value(&self, key: &str, call: &Call<'_>, subject: Subject<'_>) -> Value<'a> {
        let key = key.to_ascii_lowercase();
        let one = self.is_one();
        let known = |text: Option<&'a str>| text.map_or(Value::Unknown, Value::one);
        let later = |optional| Value::Later { than: self.holder.now, optional };
        match key.as_str() {
            "aws:username" if self.is(ResourceType::User) => known(self.arn.map(|arn| arn.name())),
            "aws:username" if self.is(ResourceType::Role) => Value::Absent,
            "aws:userid" if self.is(ResourceType::User) => known(self.holder.id.map(Untrusted::raw)),
            "aws:principalarn" if one => Value::one(self.own_arn()),
            "aws:principalaccount" | "aws:resourceaccount" => match self.arn {
                Some(arn) => Value::one(arn.account),
                None => Value::Chosen { optional: false },
            },
            "aws:principaltype" if self.is(ResourceType::User) => Value::one("User"),
            "aws:principaltype" if self.is(ResourceType::Role) => Value::one("AssumedRole"),
            "aws:principalorgid" | "aws:resourceorgid" => match self.holder.organization {
                Some(id) => Value::one(id),
                None => Value::Chosen { optional: true },
            },
            "aws:principalisawsservice" | "aws:assumedroot" => Value::one("false"),
            "aws:principalservicename"
            | "aws:principalservicenameslist"
            | "aws:sourcearn"
            | "aws:sourceaccount"
            | "aws:sourceorgid"
            | "aws:sourceorgpaths" => Value::Absent,
            "aws:viaawsservice" => Value::Usually(Some("false".into())),
            "aws:calledvia" | "aws:calledviafirst" | "aws:calledvialast" => Value::Usually(None),
            "aws:currenttime" | "aws:epochtime" => later(false),
            // A user signs with a key, or with a session that GetSessionToken returns.
            "aws:tokenissuetime" => later(!self.is(ResourceType::Role)),
            "aws:requestedregion" | "aws:securetransport" | "aws:useragent" => Value::Chosen { optional: false },
            "aws:multifactorauthpresent"
            | "aws:multifactorauthage"
            | "aws:sourceip"
            | "aws:referer"
            | "aws:principalorgpaths"
            | "aws:resourceorgpaths"
            | "aws:tagkeys"
            | "aws:sourceidentity"
            | "sts:sourceidentity"
            | "sts:externalid"
            | "sts:rolesessionname"
            | "sts:transitivetagkeys"
            | "sts:durationseconds"
            | "iam:associatedresourcearn" => Value::Chosen { optional: true },
            "iam:passedtoservice" => match call.passed_to {
                Some(service) => Value::one(service.to_owned()),
                None => Value::Absent,
            },
            "iam:policyarn" => match call.policy {
                Some(policy) => Value::one(policy.to_owned()),
                None => Value::Absent,
            },
            "iam:permissionsboundary" => match (call.sets_boundary, subject.entity, subject.own) {
                (Some(sets), _, _) => Value::one(sets.to_owned()),
                (None, _, true) => self.boundary_arn.map_or(Value::Absent, Value::one),
                (None, Some(NamedEntity { boundary: Some(boundary), .. }), _) => {
                    boundary.as_ref().map_or(Value::Absent, |arn| Value::one(arn.clone()))
                }
                // Entities without a boundary are the more useful ones. Those with one are asked for separately.
                (None, _, _) => Value::Absent,
            },
            key => self.other_value(key, call, subject),
        }
    }

    fn other_value(&self, key: &str, call: &Call<'_>, subject: Subject<'_>) -> Value<'a> {
        let (service, name) = key.split_once(':').unwrap_or(("", key));
        match name.split_once('/').map_or((name, ""), |(name, tag)| (name, tag)) {
            ("principaltag", tag) if service == "aws" => {
                self.own_tag(tag, self.is(ResourceType::User) || self.holder.tags_are_fixed)
            }
            ("resourcetag", tag) if subject.own && subject.kind != Some(ResourceType::Group) => self.own_tag(tag, true),
            ("resourcetag", tag) => match subject.entity.and_then(|entity| entity.tags.as_ref()) {
                Some(tags) => {
                    let found = tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(tag));
                    found.map_or(Value::Absent, |(_, value)| Value::one(value.clone()))
                }
                None => Value::Unknown,
            },
            ("requesttag", _) => Value::Chosen { optional: true },
            // A call that passes a role through an instance profile has this key.
            _ if call.creates && key == "ec2:instanceprofile" => Value::Chosen { optional: false },
            _ if call.creates && service != "aws" => Value::Chosen { optional: true },
            _ => Value::Unknown,
        }
    }

    /// A tag of the holder. A session of a role can have tags that the role does not have.
    fn own_tag(&self, tag: &str, fixed: bool) -> Value<'a> {
        // Whoever can tag itself has any tag.
        if self.is_one() && self.tags_itself() {
            return Value::Chosen { optional: true };
        }
        self.own_tag_now(tag, fixed)
    }

    fn own_tag_now(&self, tag: &str, fixed: bool) -> Value<'a> {
        let Some(tags) = self.holder.tags.filter(|_| self.is_one()) else { return Value::Unknown };
        match tags.iter().find(|(key, _)| key.raw().eq_ignore_ascii_case(tag)) {
            Some((_, value)) if fixed => Value::one(value.raw()),
            Some((_, value)) => Value::Usually(Some(value.raw().into())),
            None if fixed => Value::Absent,
            None => Value::Unknown,
        }
    }

    /// The values of policy variables in a resource. For a holder that is not known, `${aws:username}` is itself.
    pub(super) fn variable(&self, key: &str) -> Value<'a> {
        if key.eq_ignore_ascii_case("aws:username") && !self.is_one() {
            return Value::one(UNKNOWN_NAME);
        }
        let lower = key.to_ascii_lowercase();
        if let Some(tag) = lower.strip_prefix("aws:principaltag/") {
            return self.own_tag_now(tag, self.is(ResourceType::User) || self.holder.tags_are_fixed);
        }
        self.value(key, &Call::default(), Subject::default())
    }
}
