//! Which calls are told: those of IAM that were chosen, those of other services that touch what the alerts
//! are made with, and sign-ins as root. EventBridge brings more than that, since its patterns cannot know what
//! belongs to this stack.

use crate::arn::Arn;
use crate::cloudtrail::catalogue::{self, Change, Thing};
use crate::cloudtrail::{Activity, Principal};
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use std::collections::BTreeSet;

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// Which calls of IAM.
    pub calls: WatchedCalls,
    /// What the alerter consists of.
    pub own: OwnResources,
    /// The trails that feed it; none means that every trail of the account does.
    pub feeding_trails: OwnResources,
}

/// The calls of IAM that are told. Those that the catalogue does not know are told besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchedCalls {
    /// All.
    All,
    /// These, by their `eventName`.
    These(BTreeSet<String>),
}

impl Default for WatchedCalls {
    /// Those that give, widen or hide access.
    fn default() -> Self {
        Self::These(catalogue::iam_calls(true).map(str::to_owned).collect())
    }
}

impl WatchedCalls {
    /// Reads names separated by commas, or `*`.
    ///
    /// # Errors
    /// The first name that is no call of IAM in the catalogue: it would never match.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim() == "*" {
            return Ok(Self::All);
        }
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let known = |name: &str| catalogue::iam_calls(false).any(|call| call == name);
        names
            .map(|name| if known(name) { Ok(name.to_owned()) } else { Err(name.to_owned()) })
            .collect::<Result<_, _>>()
            .map(Self::These)
    }

    fn has(&self, event_name: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(event_name),
        }
    }
}

/// Resources of the alerter, by their ARNs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnResources(Vec<String>);

impl OwnResources {
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

    /// Adds one more.
    pub fn add(&mut self, arn: String) {
        self.0.push(arn);
    }

    /// Whether the target of the activity is one of them: by its ARN, or by its kind, name, account and region.
    #[must_use]
    pub fn have(&self, activity: &Activity) -> bool {
        let target = &activity.target;
        let Some(name) = &target.name else { return false };
        let of_target = target.arn.as_ref().and_then(|arn| Arn::parse(arn.raw()));
        let account = of_target.map(|arn| arn.account).or_else(|| activity.account.as_ref().map(Untrusted::raw));
        let region = of_target.map(|arn| arn.region).or_else(|| activity.region.as_ref().map(Untrusted::raw));
        let (service, kind) = target.thing.in_arns();
        self.0.iter().filter_map(|arn| Arn::parse(arn)).any(|own| {
            let own_name = own.resource.strip_prefix(kind).unwrap_or_default();
            // IAM's resources have a path before their name; the bus of a rule stands before its name.
            let own_name = own_name.rsplit('/').next().unwrap_or_default();
            let near = own.region.is_empty() || target.thing == Thing::Trail || region == Some(own.region);
            // IAM's names are told apart without regard to case.
            let same = own_name == name.raw() || (service == "iam" && own_name.eq_ignore_ascii_case(name.raw()));
            own.service == service && same && account == Some(own.account) && near
        })
    }
}

impl Watch {
    /// Whether the activity is about something that belongs to the alerter or feeds it.
    #[must_use]
    pub fn is_own(&self, activity: &Activity) -> bool {
        match activity.target.thing {
            Thing::Trail if self.feeding_trails.0.is_empty() => true,
            Thing::Trail => {
                // A denied attempt may not tell which trail.
                activity.target.name.is_none() || self.feeding_trails.have(activity) || self.own.have(activity)
            }
            _ => self.own.have(activity),
        }
    }

    /// Why an activity is not told; `None` where it is.
    #[must_use]
    pub fn why_not(&self, activity: &Activity) -> Option<Phrase> {
        let action = activity.action;
        match action.change {
            Change::Unfamiliar => None,
            Change::SignsIn if matches!(activity.principal, Principal::Root(_)) => None,
            Change::SignsIn => Some("only sign-ins of the root user are told".into()),
            Change::Silences if self.is_own(activity) => None,
            Change::Silences => {
                let name = activity.target.name.as_ref().map_or("which it does not name".into(), Phrase::from);
                Some(phrase!("the ", action.thing.words(), ", ", name, ", is none of the alerter's own"))
            }
            _ if self.calls.has(action.event_name) || self.own.have(activity) => None,
            _ => Some(phrase!("WatchedEventNames does not have ", action.event_name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudtrail::Delivery;
    use serde_json::{Value, json};

    fn watch(own: &str, trails: &str) -> Watch {
        Watch {
            calls: WatchedCalls::default(),
            own: OwnResources::parse(own).unwrap(),
            feeding_trails: OwnResources::parse(trails).unwrap(),
        }
    }

    fn activity(service: &str, name: &str, request: &Value, identity: &str) -> Activity {
        let record = json!({"eventSource": format!("{service}.amazonaws.com"), "eventName": name, "awsRegion": "us-east-1",
            "recipientAccountId": "111122223333", "requestParameters": request, "userIdentity": {"type": identity}});
        Activity::from_delivery(&Delivery::from_file(record).unwrap().remove(0).unwrap()).unwrap()
    }

    fn told(watch: &Watch, service: &str, name: &str, request: &Value) -> bool {
        watch.why_not(&activity(service, name, request, "IAMUser")).is_none()
    }

    #[test]
    fn calls_of_iam_are_told_if_they_were_chosen_or_are_unfamiliar() {
        let default = watch("", "");
        assert!(told(&default, "iam", "CreateUser", &json!(null)));
        assert!(!told(&default, "iam", "TagUser", &json!({"userName": "x"})));
        assert!(told(&default, "iam", "InventedLastYear", &json!({})));
        let all = Watch { calls: WatchedCalls::parse("*").unwrap(), ..default.clone() };
        assert!(told(&all, "iam", "TagUser", &json!({"userName": "x"})));
        let one = Watch { calls: WatchedCalls::parse("TagUser, CreateRole").unwrap(), ..default };
        assert!(told(&one, "iam", "TagUser", &json!({})) && !told(&one, "iam", "CreateUser", &json!({})));
        assert_eq!(WatchedCalls::parse("CreateUser,CreateUsr"), Err("CreateUsr".to_owned()));
        assert_eq!(WatchedCalls::parse("StopLogging"), Err("StopLogging".to_owned()));
    }

    #[test]
    fn other_services_are_told_only_of_what_is_the_alerters_own() {
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
            assert!(told(&watch, service, call, &own), "{call} {own}");
            assert!(!told(&watch, service, call, &foreign), "{call} {foreign}");
        }
    }

    #[test]
    fn a_function_is_known_by_every_form_of_its_name_that_lambda_takes() {
        let watch = watch("arn:aws:lambda:us-east-1:111122223333:function:alerter", "");
        for name in [
            "alerter",
            "alerter:$LATEST",
            "111122223333:function:alerter",
            "function:alerter",
            "arn:aws:lambda:us-east-1:111122223333:function:alerter:live",
        ] {
            assert!(told(&watch, "lambda", "DeleteFunction20150331", &json!({"functionName": name})), "{name}");
        }
    }

    #[test]
    fn what_is_done_to_the_alerters_own_role_is_told_whatever_was_chosen() {
        let watch = Watch {
            calls: WatchedCalls::parse("CreateUser").unwrap(),
            ..watch("arn:aws:iam::111122223333:role/alerts-AlertRole", "")
        };
        assert!(told(
            &watch,
            "iam",
            "DeleteRolePolicy",
            &json!({"roleName": "ALERTS-AlertRole", "policyName": "alert"})
        ));
        assert!(!told(&watch, "iam", "DeleteRolePolicy", &json!({"roleName": "other", "policyName": "alert"})));
    }

    #[test]
    fn a_trail_is_told_if_it_feeds_and_when_in_doubt() {
        let stop = |trails, name: Value| told(&watch("", trails), "cloudtrail", "StopLogging", &json!({"name": name}));
        assert!(stop("", json!("any")));
        let feeding = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/management";
        assert!(stop(feeding, json!("management")) && stop(feeding, json!(feeding)) && stop(feeding, json!(null)));
        assert!(!stop(feeding, json!("data-events")));
    }

    #[test]
    fn only_the_root_user_is_told_of_when_somebody_signs_in() {
        let sign_in = |who| watch("", "").why_not(&activity("signin", "ConsoleLogin", &json!(null), who)).is_none();
        assert!(sign_in("Root") && !sign_in("IAMUser"));
    }
}
