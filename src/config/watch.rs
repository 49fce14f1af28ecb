//! What is alerted on: the chosen actions, actions of other services on the stack's own resources, and sign-ins as
//! root. EventBridge delivers more events, since event patterns cannot know which resources belong to this stack.

use crate::arn::Arn;
use crate::catalog::{self, AccessEffect, ObjectKind, TargetKind};
use crate::event::{Activity, Delivery, Principal};
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is alerted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    pub actions: WatchedActions,
    /// The stack's own resources.
    pub own: ProtectedResources,
    /// The trails that the alerts depend on in the function's account. If the list is empty, every trail.
    pub feeding_trails: ProtectedResources,
    /// The account of the function. In the other accounts of an organization, every trail counts.
    pub account: Option<String>,
}

/// The actions that are alerted on, by service and name. Actions of IAM that the catalogue does not have are alerted
/// on, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedActions(BTreeSet<catalog::ActionKey>);

impl Default for WatchedActions {
    /// The actions that the catalogue watches by default.
    fn default() -> Self {
        Self(catalog::watched_by_default())
    }
}

impl WatchedActions {
    /// Reads parts separated by commas: `default`, `*` for all, and names. `-NAME` after `default` or `*` removes an
    /// action, `+NAME` adds one. A name without a service is an action of IAM; others are `service:Name`.
    ///
    /// # Errors
    /// The first part that is not valid: a name that is not in the catalogue would never match.
    pub fn parse(text: &str) -> Result<Self, String> {
        let all = catalog::selectable();
        let mut chosen = BTreeSet::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part {
                "default" => chosen.extend(catalog::watched_by_default()),
                "*" => chosen.extend(&all),
                _ => match part.strip_prefix('-') {
                    // There must be a list to remove the action from.
                    Some(_) if chosen.is_empty() => return Err(part.to_owned()),
                    Some(name) => {
                        chosen.remove(&key(&all, name).ok_or_else(|| part.to_owned())?);
                    }
                    None => {
                        chosen
                            .insert(key(&all, part.strip_prefix('+').unwrap_or(part)).ok_or_else(|| part.to_owned())?);
                    }
                },
            }
        }
        Ok(Self(chosen))
    }

    fn has(&self, service: &str, event_name: &str) -> bool {
        self.0.contains(&(service, event_name))
    }
}

/// The key of a name in a setting, if the catalogue has it.
fn key(all: &BTreeSet<catalog::ActionKey>, name: &str) -> Option<catalog::ActionKey> {
    let (service, name) = name.split_once(':').unwrap_or(("iam", name));
    all.iter().find(|key| **key == (service, name)).copied()
}

/// Resources that the alerts depend on, by their ARNs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProtectedResources(Vec<String>);

impl ProtectedResources {
    /// Reads ARNs separated by commas.
    ///
    /// # Errors
    /// The first part that is no ARN.
    pub fn parse(text: &str) -> Result<Self, String> {
        let arns = text.split(',').map(str::trim).filter(|arn| !arn.is_empty());
        arns.map(|arn| if Arn::parse(arn).is_some() { Ok(arn.to_owned()) } else { Err(arn.to_owned()) })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Their ARNs; some end with `*`.
    pub fn arns(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn add(&mut self, arn: String) {
        self.0.push(arn);
    }

    /// Whether the target of the activity is one of these resources: by its ARN, or by its kind, name, account and
    /// region.
    #[must_use]
    pub fn include(&self, activity: &Activity) -> bool {
        let target = &activity.target;
        let Some(name) = &target.name else { return false };
        let of_target = target.arn.as_ref().and_then(|arn| Arn::parse(arn.raw()));
        let account = of_target.map(|arn| arn.account).or_else(|| activity.account.as_ref().map(Untrusted::raw));
        let region = of_target.map(|arn| arn.region).or_else(|| activity.region.as_ref().map(Untrusted::raw));
        let (service, prefix) = target.kind.in_arns();
        self.0.iter().filter_map(|arn| Arn::parse(arn)).any(|own| {
            let own_name = own.resource.strip_prefix(prefix).unwrap_or_default();
            // Names of IAM resources follow a path; the name of a rule follows its event bus.
            let own_name = own_name.rsplit('/').next().unwrap_or_default();
            let near = own.region.is_empty() || target.kind == TargetKind::Trail || region == Some(own.region);
            // Names in IAM are not case-sensitive.
            let same = own_name == name.raw() || (service == "iam" && own_name.eq_ignore_ascii_case(name.raw()));
            own.service == service && same && is_account(own, account) && near
        })
    }

    /// Whether the request of an activity names one of these resources in any field, or the message of a failed call
    /// does. A call of a service that this version does not know may name the resource in a field that it does not know.
    #[must_use]
    pub fn are_named_by(&self, activity: &Activity) -> bool {
        let own: Vec<_> = self.0.iter().filter_map(|arn| Some((arn.as_str(), Arn::parse(arn)?))).collect();
        let (service, account) = (activity.action.service, activity.account.as_ref().map(Untrusted::raw));
        // A name without an ARN is one of the event's account.
        let here = |own: &Arn<'_>| account.is_none() || own.account.is_empty() || is_account(*own, account);
        let is_named = |field: &str, text: &str| {
            own.iter()
                .any(|(whole, arn)| is_arn_of(whole, arn, text) || (here(arn) && is_name_of(arn, service, field, text)))
        };
        let in_message = activity.outcome.message().is_some_and(|message| {
            let words = message.raw().split(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ',' | '(' | ')'));
            words.filter(|word| word.starts_with("arn:")).any(|word| is_named("", word.trim_end_matches('.')))
        });
        in_message || named_in("", &activity.request, MOST_NESTED, &is_named)
    }
}

/// How deep a request is searched.
const MOST_NESTED: usize = 8;

/// The fields that contain the name of a resource without its ARN, in lower case.
const NAME_FIELDS: [&str; 22] = [
    "alarmname",
    "alarmnames",
    "bucketname",
    "dashboardname",
    "dashboardnames",
    "eventbusname",
    "functionname",
    "globaltablename",
    "keyid",
    "loggroupidentifier",
    "loggroupname",
    "loggroupnames",
    "name",
    "names",
    "policyname",
    "queuename",
    "queueurl",
    "rule",
    "sourcetablename",
    "stackname",
    "stacksetname",
    "tablename",
];

/// Whether a resource is of this account. The resources in the organization's other accounts are listed once, with `*`.
fn is_account(own: Arn<'_>, account: Option<&str>) -> bool {
    own.account == "*" || account == Some(own.account)
}

/// Whether a text is the ARN of a resource, or of something that belongs to it: a version, a subscription, an index.
fn is_arn_of(own: &str, parsed: &Arn<'_>, text: &str) -> bool {
    if parsed.account == "*" {
        let account = Arn::parse(text).map(|arn| arn.account).filter(|account| *account != "*");
        let here = account.map(|account| own.replacen(":*:", &format!(":{account}:"), 1));
        return here.is_some_and(|here| Arn::parse(&here).is_some_and(|parsed| is_arn_of(&here, &parsed, text)));
    }
    let beginning = own.trim_end_matches('*');
    text == own
        || (own.ends_with('*') && text.starts_with(beginning))
        || text.strip_prefix(own).is_some_and(|rest| rest.starts_with([':', '/']))
}

/// Whether a field contains the name of a resource of the service.
fn is_name_of(own: &Arn<'_>, service: &str, field: &str, text: &str) -> bool {
    let service = if service == "monitoring" { "cloudwatch" } else { service };
    let field = field.to_ascii_lowercase();
    if own.service != service || !NAME_FIELDS.contains(&field.as_str()) {
        return false;
    }
    let text = if field == "queueurl" { text.rsplit('/').next().unwrap_or(text) } else { text };
    let behind_type = own.resource.split_once([':', '/']).map_or(own.resource, |(_, rest)| rest);
    let name = match service {
        // `rule/bus/name`, `schedule/group/name`
        "events" | "scheduler" => behind_type.rsplit('/').next().unwrap_or(behind_type),
        // `stack/name/id`
        "cloudformation" => behind_type.split('/').next().unwrap_or(behind_type),
        // `parameter/path/name`, which is called `/path/name`.
        "ssm" => own.resource.strip_prefix("parameter").unwrap_or(behind_type),
        _ => behind_type,
    };
    // The policy that lets EventBridge write to a log has the last part of the log's name.
    let of_log = field == "policyname" && service == "logs" && name.rsplit('/').next() == Some(text);
    of_log || name == text || name.strip_suffix('*').is_some_and(|beginning| text.starts_with(beginning))
}

/// Whether a text in a JSON value names a resource; lists have the name of their field.
fn named_in(field: &str, value: &Value, nested: usize, is_named: &dyn Fn(&str, &str) -> bool) -> bool {
    match value {
        Value::String(text) => is_named(field, text),
        Value::Array(items) if nested > 0 => items.iter().any(|item| named_in(field, item, nested - 1, is_named)),
        Value::Object(fields) if nested > 0 => {
            fields.iter().any(|(field, value)| named_in(field, value, nested - 1, is_named))
        }
        _ => false,
    }
}

impl Watch {
    /// Whether the activity concerns the stack's own resources or a trail that feeds the alerts.
    #[must_use]
    pub fn is_protected(&self, activity: &Activity) -> bool {
        let by_request = activity.action.effect.concerns_alerting()
            && (self.own.are_named_by(activity) || self.feeding_trails.are_named_by(activity));
        by_request
            || match activity.target.kind {
                // CloudTrail has other resources than trails, and calls that this version does not know.
                TargetKind::Trail if activity.action.object == ObjectKind::StackAction => names_a_trail(activity),
                TargetKind::Trail if self.feeding_trails.0.is_empty() || self.is_of_member(activity) => true,
                TargetKind::Trail => {
                    // A denied attempt may not name the trail.
                    activity.target.name.is_none()
                        || self.feeding_trails.include(activity)
                        || self.own.include(activity)
                }
                _ => self.own.include(activity),
            }
    }

    /// Whether the activity is of another account than the function's.
    #[must_use]
    pub fn is_of_member(&self, activity: &Activity) -> bool {
        let accounts = self.account.as_deref().zip(activity.account.as_ref());
        accounts.is_some_and(|(own, account)| own != account.raw())
    }

    /// The activity; a call that does not concern the alerting, as what it is for others: it may let somebody in.
    #[must_use]
    pub fn as_concerned(&self, activity: Activity, delivery: &Delivery) -> Activity {
        if !activity.action.effect.concerns_alerting() || self.is_protected(&activity) {
            return activity;
        }
        Activity::for_others(delivery).unwrap_or(activity)
    }

    /// Why an activity is not alerted on; `None` if it is alerted on.
    #[must_use]
    pub fn why_not(&self, activity: &Activity) -> Option<Phrase> {
        let action = activity.action;
        match action.effect {
            AccessEffect::Unfamiliar | AccessEffect::ByRoot | AccessEffect::WarnsOfSignIn => None,
            effect
                if effect.concerns_sign_in()
                    && matches!(activity.principal, Principal::Root(_) | Principal::IamUser(_)) =>
            {
                None
            }
            // Before a sign-in, CloudTrail may not know who it is.
            AccessEffect::ChangesRootSignIn if !activity.principal.is_identified() => None,
            effect if effect.concerns_sign_in() => {
                Some("only sign-ins of root users and of IAM users are alerted on".into())
            }
            effect if effect.concerns_alerting() && self.is_protected(activity) => None,
            effect if effect.concerns_alerting() => {
                let kind = action.target.noun();
                let name = activity.target.name.as_ref().map_or("(name not in the event)".into(), Phrase::from);
                Some(phrase!("these alerts do not depend on the ", kind, " ", name))
            }
            _ if self.actions.has(action.service, action.event_name) || self.own.include(activity) => None,
            _ => Some(phrase!("WatchedEventNames does not include ", action.service, ":", action.event_name)),
        }
    }
}

/// Whether a call that this version does not know is about a trail. Which one does not matter: it may feed the alerts.
fn names_a_trail(activity: &Activity) -> bool {
    let is_named = |field: &str, text: &str| field == "trailName" || text.contains(":trail/");
    let denied = activity.outcome.message().is_some_and(|message| message.raw().contains(":trail/"));
    denied || named_in("", &activity.request, MOST_NESTED, &is_named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn watch(own: &str, trails: &str) -> Watch {
        Watch {
            actions: WatchedActions::default(),
            own: ProtectedResources::parse(own).unwrap(),
            feeding_trails: ProtectedResources::parse(trails).unwrap(),
            account: Some("111122223333".to_owned()),
        }
    }

    fn activity(service: &str, name: &str, request: &Value, identity: &str) -> Activity {
        let record = json!({"eventSource": format!("{service}.amazonaws.com"), "eventName": name, "awsRegion": "us-east-1",
            "recipientAccountId": "111122223333", "requestParameters": request, "userIdentity": {"type": identity}});
        let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
        Activity::from_delivery(&delivery).unwrap().activity().unwrap()
    }

    fn alerted(watch: &Watch, service: &str, name: &str, request: &Value) -> bool {
        watch.why_not(&activity(service, name, request, "IAMUser")).is_none()
    }

    #[test]
    fn actions_of_iam_are_alerted_on_if_they_were_chosen_or_are_unfamiliar() {
        let default = watch("", "");
        let user = json!({"userName": "x"});
        assert!(alerted(&default, "iam", "CreateUser", &json!(null)));
        assert!(!alerted(&default, "iam", "TagUser", &user));
        assert!(alerted(&default, "iam", "InventedLastYear", &json!({})));
        let with = |text: &str| Watch { actions: WatchedActions::parse(text).unwrap(), ..default.clone() };
        assert!(alerted(&with("*"), "iam", "TagUser", &user));
        let one = with("TagUser, iam:CreateRole");
        assert!(alerted(&one, "iam", "TagUser", &json!({})) && !alerted(&one, "iam", "CreateUser", &json!({})));
        let changed = with("default,-DeleteUser,+TagRole");
        assert!(alerted(&changed, "iam", "CreateUser", &user) && alerted(&changed, "iam", "TagRole", &json!({})));
        assert!(!alerted(&changed, "iam", "DeleteUser", &user));
    }

    #[test]
    fn a_choice_that_would_never_match_is_an_error_with_the_part() {
        for (text, part) in [
            ("CreateUser,CreateUsr", "CreateUsr"),
            ("StopLogging", "StopLogging"),
            ("workmail:CreateUser", "workmail:CreateUser"),
            ("default,-CreateUsr", "-CreateUsr"),
            ("-DeleteUser", "-DeleteUser"),
            ("default,*User", "*User"),
        ] {
            assert_eq!(WatchedActions::parse(text), Err(part.to_owned()));
        }
        assert_eq!(WatchedActions::parse("default").unwrap(), WatchedActions::default());
    }

    #[test]
    fn other_services_are_alerted_on_only_for_the_stacks_own_resources() {
        let own = "arn:aws:sns:us-east-1:111122223333:alerts,arn:aws:events:us-east-1:111122223333:rule/alerts-iam,\
                   arn:aws:lambda:us-east-1:111122223333:function:alerter,arn:aws:sqs:us-east-1:111122223333:failed";
        let watch = watch(own, "");
        for (service, call, own, foreign) in [
            ("events", "DisableRule", json!({"name": "alerts-iam"}), json!({"name": "backup"})),
            (
                "sns",
                "DeleteTopic",
                json!({"topicArn": "arn:aws:sns:us-east-1:111122223333:alerts"}),
                json!({"topicArn": "arn:aws:sns:eu-west-1:111122223333:alerts"}),
            ),
            (
                "sns",
                "Unsubscribe",
                json!({"subscriptionArn": "arn:aws:sns:us-east-1:111122223333:alerts:0a1b"}),
                json!({"subscriptionArn": "arn:aws:sns:us-east-1:111122223333:alerts-test:0a1b"}),
            ),
            (
                "lambda",
                "UpdateFunctionCode20150331v2",
                json!({"functionName": "arn:aws:lambda:us-east-1:111122223333:function:alerter"}),
                json!({"functionName": "alerter2"}),
            ),
            (
                "sqs",
                "DeleteQueue",
                json!({"queueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/failed"}),
                json!(null),
            ),
        ] {
            assert!(alerted(&watch, service, call, &own), "{call} {own}");
            assert!(!alerted(&watch, service, call, &foreign), "{call} {foreign}");
        }
    }

    #[test]
    fn a_function_is_known_by_every_form_of_its_name_that_lambda_accepts() {
        let watch = watch("arn:aws:lambda:us-east-1:111122223333:function:alerter", "");
        for name in [
            "alerter",
            "alerter:$LATEST",
            "111122223333:function:alerter",
            "function:alerter",
            "arn:aws:lambda:us-east-1:111122223333:function:alerter:live",
        ] {
            assert!(alerted(&watch, "lambda", "DeleteFunction20150331", &json!({"functionName": name})), "{name}");
        }
    }

    #[test]
    fn changes_to_the_stacks_own_role_are_always_alerted_on() {
        let watch = Watch {
            actions: WatchedActions::parse("CreateUser").unwrap(),
            ..watch("arn:aws:iam::111122223333:role/alerts-AlertRole", "")
        };
        assert!(alerted(
            &watch,
            "iam",
            "DeleteRolePolicy",
            &json!({"roleName": "ALERTS-AlertRole", "policyName": "alert"})
        ));
        assert!(!alerted(&watch, "iam", "DeleteRolePolicy", &json!({"roleName": "other", "policyName": "alert"})));
    }

    #[test]
    fn a_trail_is_alerted_on_if_it_feeds_the_alerts_or_is_not_known() {
        let stop =
            |trails, name: Value| alerted(&watch("", trails), "cloudtrail", "StopLogging", &json!({"name": name}));
        assert!(stop("", json!("any")));
        let feeding = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/management";
        assert!(stop(feeding, json!("management")) && stop(feeding, json!(feeding)) && stop(feeding, json!(null)));
        assert!(!stop(feeding, json!("data-events")));
        // The list is about the function's account.
        let member = Watch { account: Some("999900001111".to_owned()), ..watch("", feeding) };
        assert!(alerted(&member, "cloudtrail", "StopLogging", &json!({"name": "data-events"})));
    }

    #[test]
    fn sign_ins_of_root_users_and_of_iam_users_are_alerted_on_and_those_by_a_provider_are_not() {
        let sign_in = |who| watch("", "").why_not(&activity("signin", "ConsoleLogin", &json!(null), who)).is_none();
        assert!(sign_in("Root") && sign_in("IAMUser") && !sign_in("AssumedRole"));
    }

    #[test]
    fn a_call_on_a_resource_that_is_not_of_the_stack_is_read_for_what_it_lets_in() {
        let own = "arn:aws:s3:::alerts-trail";
        let concerned = |name: &str, bucket: &str, identity: &str| {
            let request = json!({"bucketName": bucket, "bucketPolicy": {"Statement": []}});
            let record = json!({"eventSource": "s3.amazonaws.com", "eventName": name, "awsRegion": "us-east-1",
                "recipientAccountId": "111122223333", "requestParameters": request, "userIdentity": {"type": identity}});
            let delivery = Delivery::from_file(record).unwrap().remove(0).unwrap();
            let activity = Activity::from_delivery(&delivery).unwrap().activity().unwrap();
            let watch = watch(own, "");
            let activity = watch.as_concerned(activity, &delivery);
            (activity.action.effect, watch.why_not(&activity).is_none())
        };
        assert_eq!(concerned("PutBucketPolicy", "alerts-trail", "IAMUser"), (AccessEffect::ImpairsAlerting, true));
        assert_eq!(concerned("PutBucketPolicy", "reports", "IAMUser"), (AccessEffect::SharesResource, true));
        assert_eq!(concerned("DeleteBucket", "reports", "IAMUser"), (AccessEffect::ImpairsAlerting, false));
        assert_eq!(concerned("DeleteBucket", "reports", "Root"), (AccessEffect::ByRoot, true));
        assert_eq!(concerned("DeleteBucket", "alerts-trail", "Root"), (AccessEffect::ImpairsAlerting, true));
    }
}
