//! Whether a trail delivers what the alerts need: management events, also those that change something, also of global
//! services.

use super::Deployed;
use super::report::Finding;
use crate::alert::Command;
use crate::arn::Arn;
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use crate::verification::Trail;
use serde_json::Value;

/// Which management events a trail logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Management {
    All,
    /// Those that change something: all that the alerts need.
    Writes,
    /// Only those that change nothing.
    Reads,
    None,
    /// Some, by a condition that is not evaluated here.
    Some,
}

/// Services whose management events a trail may leave out ("Logging management events", `CloudTrail` user guide): the alerts
/// need those of KMS only for the keys of the stack's queues and topics.
const LEFT_OUT: [&str; 2] = ["kms.amazonaws.com", "rdsdata.amazonaws.com"];

impl Management {
    /// Reads an answer of `GetEventSelectors`; `None` if it has no selectors.
    #[must_use]
    pub fn read(answer: &Value) -> Option<Self> {
        let list = |field: &str| answer[field].as_array().filter(|list| !list.is_empty());
        if let Some(selectors) = list("AdvancedEventSelectors") {
            return Some(selectors.iter().map(Self::of_advanced).fold(Self::None, Self::and));
        }
        let basic = |selector: &Value| {
            if selector["IncludeManagementEvents"] == false {
                return Self::None;
            }
            match selector["ReadWriteType"].as_str() {
                None | Some("All") => Self::All,
                Some("WriteOnly") => Self::Writes,
                Some("ReadOnly") => Self::Reads,
                Some(_) => Self::Some,
            }
        };
        Some(list("EventSelectors")?.iter().map(basic).fold(Self::None, Self::and))
    }

    fn of_advanced(selector: &Value) -> Self {
        let fields = selector["FieldSelectors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of = |name: &'static str| fields.iter().filter(move |field| field["Field"] == name);
        let equals = |field: &Value, value: &str| {
            field["Equals"].as_array().is_some_and(|values| matches!(values.as_slice(), [only] if only == value))
        };
        if !of("eventCategory").any(|field| equals(field, "Management")) {
            return Self::None;
        }
        // Anything else in the selector leaves events out.
        let leaves_out_little = |field: &Value| {
            let values = field["NotEquals"].as_array().map(Vec::as_slice).unwrap_or_default();
            let harmless = |value: &Value| value.as_str().is_some_and(|value| LEFT_OUT.contains(&value));
            !values.is_empty() && values.iter().all(harmless) && field.as_object().is_some_and(|field| field.len() == 2)
        };
        let evaluated = fields.iter().all(|field| match field["Field"].as_str() {
            Some("eventCategory" | "readOnly") => true,
            Some("eventSource") => leaves_out_little(field),
            _ => false,
        });
        match of("readOnly").next() {
            Some(field) if equals(field, "true") => Self::Reads,
            _ if !evaluated => Self::Some,
            Some(field) if equals(field, "false") => Self::Writes,
            Some(_) => Self::Some,
            None => Self::All,
        }
    }

    /// Both together.
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) | (Self::Writes, Self::Reads) | (Self::Reads, Self::Writes) => Self::All,
            (Self::Writes, _) | (_, Self::Writes) => Self::Writes,
            (Self::Some, _) | (_, Self::Some) => Self::Some,
            (Self::Reads, _) | (_, Self::Reads) => Self::Reads,
            (Self::None, Self::None) => Self::None,
        }
    }
}

const CHECK: &str = "trail";

/// One trail that works is enough, unless the settings name those that feed the alerts.
pub(super) fn judge(
    deployed: &Deployed<'_>,
    trails: &Result<Vec<Trail>, String>,
    management: &[(String, Result<Management, String>)],
) -> Vec<Finding> {
    let trails = match trails {
        Ok(trails) => trails,
        Err(why) => {
            let actions = "cloudtrail:DescribeTrails and cloudtrail:GetTrailStatus";
            return vec![Finding::unread(CHECK, "The trails", why, actions)];
        }
    };
    let read = |arn: &str| management.iter().find(|(of, _)| of == arn).map(|(_, read)| read);
    let judged = |trail: &Trail| of_trail(trail, read(&trail.arn));
    let feeding: Vec<_> = deployed.settings.watch.feeding_trails.arns().collect();
    if !feeding.is_empty() {
        return feeding
            .into_iter()
            .map(|arn| match trails.iter().find(|trail| trail.arn == arn) {
                Some(trail) => judged(trail),
                None => Finding::broken(
                    CHECK,
                    phrase!("The trail ", Phrase::arn(&Untrusted::new(arn)), " of FeedingTrails does not exist or logs nothing in ",
                        &Untrusted::new(&deployed.place.region), "."),
                )
                .say("Deploy the stack again with the trails that there are, or with FeedingTrails empty for all of them."),
            })
            .collect();
    }
    let mut all: Vec<_> = trails.iter().map(judged).collect();
    if let Some(works) = all.iter().position(|finding| finding.status == super::Status::Ok) {
        return vec![all.swap_remove(works)];
    }
    // A trail that could not be read may be the one.
    let unread: Vec<_> = all.iter().filter(|finding| finding.status == super::Status::Unknown).cloned().collect();
    if !unread.is_empty() {
        return unread;
    }
    if all.is_empty() {
        all.push(
            Finding::broken(CHECK, "The account has no trail: EventBridge gets no events of IAM, and there are no alerts.")
                .say("Deploy the stack again with CreateTrail=true, or create a trail for all regions that logs management events."),
        );
    }
    all
}

fn of_trail(trail: &Trail, management: Option<&Result<Management, String>>) -> Finding {
    let untrusted = Untrusted::new(&trail.arn);
    let the_trail = || phrase!("The trail ", Phrase::arn(&untrusted));
    let region = Arn::parse(&trail.arn).map(|arn| arn.region.to_owned()).unwrap_or_default();
    let command = |call, option| Command::new(call).option("--region", &region)?.option(option, &trail.arn);
    let console =
        "In the CloudTrail console, open the trail; under Management events choose Edit, and select Read and Write.";
    if !trail.logging {
        return Finding::broken(CHECK, phrase!(the_trail(), " is stopped: there are no alerts."))
            .run(command("aws cloudtrail start-logging", "--name"));
    }
    if !trail.global {
        return Finding::broken(CHECK, phrase!(the_trail(), " leaves out the events of global services, such as IAM."))
            .run(
                command("aws cloudtrail update-trail", "--name")
                    .map(|command| command.flag("--include-global-service-events")),
            );
    }
    let read = match management {
        Some(Ok(read)) => *read,
        other => {
            let why = other.and_then(|read| read.as_ref().err()).map_or("it was not read", String::as_str);
            let what = phrase!("What the trail ", Phrase::arn(&untrusted), " logs");
            // The trail of an organization belongs to another account.
            return Finding::unread(CHECK, what, why, "cloudtrail:GetEventSelectors")
                .say("A trail of your organization can be read in the account that owns it only.");
        }
    };
    match read {
        Management::All => {
            Finding::ok(CHECK, phrase!(Phrase::arn(&untrusted), " logs management events, reads and writes"))
        }
        Management::Writes => {
            Finding::ok(CHECK, phrase!(Phrase::arn(&untrusted), " logs management events that change something"))
        }
        Management::Reads => Finding::broken(
            CHECK,
            phrase!(the_trail(), " logs only management events that read: calls that change access make no alerts."),
        )
        .say(console),
        Management::None => {
            Finding::broken(CHECK, phrase!(the_trail(), " logs no management events: there are no alerts."))
                .say(console)
        }
        Management::Some => Finding::unknown(
            CHECK,
            phrase!(
                the_trail(),
                " leaves out some management events, by conditions that the doctor does not evaluate."
            ),
        )
        .say("Check that events of IAM that change something are logged:")
        .run(command("aws cloudtrail get-event-selectors", "--trail-name")),
    }
}
