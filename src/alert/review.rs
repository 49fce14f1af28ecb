//! What an alert says about its reviews, and how to review it: mutes, acknowledgements, expectations.

use super::containment::{Command, ContainmentStep};
use super::model::Alert;
use crate::catalog::AccessEffect;
use crate::config::expectations::{action_of, target_of};
use crate::detection::{Assessment, Case};
use crate::event::Principal;
use crate::history::review::{Acknowledgement, Candidate, InCommon, Lapse, Mute, Reviewer, Reviews};
use crate::history::store::Table;
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted};
use chrono::{DateTime, Utc};

/// An alert, and the reviews that it is held against.
#[derive(Debug)]
pub struct Review<'a> {
    pub alert: Candidate<'a>,
    pub reviews: &'a Reviews,
    /// The table with the reviews.
    pub table: Table<'a>,
    /// The account of the table, if it is another one than the event's.
    pub elsewhere: Option<Untrusted>,
    pub now: DateTime<Utc>,
}

const REASON_TO_FILL_IN: &str = "--reason \"...\"";
const VERDICT_TO_CHOOSE: &str = "--verdict expected --note \"...\"";
const WHY_TO_FILL_IN: &str = "--why \"...\"";

impl Review<'_> {
    /// The mute that keeps the alert back.
    #[must_use]
    pub fn mute(&self) -> Option<&Mute> {
        self.reviews.covering(&self.alert, self.now)
    }

    /// The alert with what the reviews say, and with the commands to review it.
    #[must_use]
    pub fn note(&self, mut alert: Alert) -> Alert {
        let sentences = [self.acknowledged(), self.muted(), self.lapsed()];
        for sentence in sentences.into_iter().flatten() {
            alert.summary.push(phrase!("\n", sentence));
        }
        alert.if_expected.splice(0..0, self.steps());
        alert
    }

    fn acknowledged(&self) -> Option<Phrase> {
        let (latest, in_common, more) = self.reviews.acknowledged(self.alert.entry, self.now)?;
        let Acknowledgement { event_id, at, by, verdict, note, .. } = latest;
        let note = note.as_ref().map_or_else(Phrase::default, |note| phrase!(" (", quoted(note), ")"));
        let of = match in_common {
            InCommon::Event => "for this event".into(),
            InCommon::Actor => phrase!("for an alert on the same actor (event ", event_id, ")"),
            InCommon::Target => phrase!("for an alert on the same target (event ", event_id, ")"),
        };
        let more = match more {
            0 => Phrase::default(),
            1 => " There is 1 earlier one within the last 24 hours.".into(),
            more => phrase!(" There are ", more, " earlier ones within the last 24 hours."),
        };
        let day = if at.date_naive() == self.now.date_naive() { " today" } else { " yesterday" };
        let at = Phrase::ours(at.format("%H:%M UTC").to_string());
        Some(phrase!("Acknowledged by ", by, " at ", at, day, ": ", verdict.word(), note, ", ", of, ".", more))
    }

    fn muted(&self) -> Option<Phrase> {
        let mute = self.mute()?;
        Some(phrase!("Not mailed: a mute by ", terms(mute), " keeps it back (mute ", &mute.id, ")."))
    }

    /// Why a mute of this kind of alert does not keep this one back.
    fn lapsed(&self) -> Option<Phrase> {
        let (mute, lapse) = self.reviews.lapsed(&self.alert, self.now)?;
        let this_one = match lapse {
            Lapse::Severity => phrase!("this one is ", self.alert.severity),
            Lapse::UnlessExpected => "this one would be CRITICAL if the principal were not expected".into(),
            Lapse::Incomplete => "of this one, something could not be read that could make it more severe".into(),
            Lapse::Chain => "this one completes a chain".into(),
            Lapse::AlwaysWatched => "no alert about the alerting itself, a sign-in or the root user is muted".into(),
            Lapse::Retried => "an earlier attempt to send this one did not finish".into(),
        };
        let levels = if mute.up_to == Severity::Low { "LOW".into() } else { phrase!("LOW to ", mute.up_to) };
        Some(phrase!("A mute by ", terms(mute), " covers ", levels, " alerts of this kind; ", this_one, "."))
    }

    /// The commands that mute the alert and acknowledge it.
    fn steps(&self) -> Vec<ContainmentStep> {
        let line = &self.alert.entry.line;
        let [mute, acknowledge] = ["--mute", "--acknowledge"]
            .map(|verb| self.on_table().and_then(|command| command.option(verb, line.event_id.raw())));
        let look = "Record that you looked, and what you found: expected, suspicious, malicious or false-positive";
        let with_verdict = acknowledge.map(|command| command.flag(VERDICT_TO_CHOOSE));
        let whole = |text: Phrase, command| {
            let whose = self.elsewhere.as_ref();
            let whose = whose.map_or_else(Phrase::default, |account| phrase!(", in account ", account));
            let needs = " (needs the parameter Reviewers of the stack, and dynamodb:PutItem and Query on the table";
            ContainmentStep::new(phrase!(text, needs, whose, "):"), vec![command])
        };
        let never = match (self.alert.never_muted(), self.alert.chains) {
            (Some(Lapse::Severity), _) => Some("A CRITICAL alert cannot be muted. "),
            (Some(Lapse::UnlessExpected), _) => {
                Some("An alert that would be CRITICAL if the principal were not expected cannot be muted. ")
            }
            (Some(Lapse::AlwaysWatched), _) => {
                Some("An alert about the alerting itself, a sign-in or the root user cannot be muted. ")
            }
            (_, [_, _, ..]) => Some("An alert that completes several chains cannot be muted. "),
            _ => None,
        };
        if let Some(never) = never {
            return vec![whole(phrase!(never, look), with_verdict)];
        }
        let chain = self.alert.chains.first().copied();
        let mute = mute.and_then(|command| command.option_if_any("--chain", chain));
        let mute = mute.map(|command| command.flag("--hours 24").flag(REASON_TO_FILL_IN));
        vec![whole("Mute this for 24 hours".into(), mute), ContainmentStep::new(phrase!(look, ":"), vec![with_verdict])]
    }

    fn on_table(&self) -> Option<Command> {
        Command::new("iam-security-alert-tool history")
            .option_if_any("--region", self.table.region)?
            .option("--table", self.table.name)
    }
}

/// The command that makes the activity an expectation; `None` if it is one, or if no expectation can name the principal.
pub(super) fn expectation(case: &Case<'_>, assessment: &Assessment) -> Option<ContainmentStep> {
    let activity = case.activity;
    // A call that this version does not know cannot be expected.
    if assessment.unless_expected.is_some() || activity.action.effect == AccessEffect::Unfamiliar {
        return None;
    }
    let who = activity.principal.lasting_arn().filter(|_| !matches!(activity.principal, Principal::Root(_)))?;
    let elsewhere = activity.account.as_ref().filter(|account| activity.principal.account() != Some(account));
    let target = target_of(activity);
    let command = || {
        let command = Command::new("iam-security-alert-tool expectations row")
            .option("--who", who.raw())?
            .option("--what", &action_of(activity))?
            .option_if_any("--target", target.as_deref())?
            .option_if_any("--where", elsewhere.map(Untrusted::raw))?;
        Some(command.flag(WHY_TO_FILL_IN))
    };
    // Not in the command: nobody should say by accident that administrators are made.
    let up_to = (assessment.severity > Severity::Medium).then(|| phrase!("--up-to ", assessment.severity));
    let beyond = assessment.limits.iter().map(|limit| phrase!("--including ", limit.word()));
    let beyond: Vec<_> = up_to.into_iter().chain(beyond).collect();
    let text = if beyond.is_empty() {
        "Make it an expectation:".into()
    } else {
        let options = Phrase::joined(beyond, " ");
        phrase!("Make it an expectation. To cover this alert, it needs ", options, ". Add that only if you mean it:")
    };
    Some(ContainmentStep::new(text, vec![command()]))
}

/// Who muted, until when, and why.
fn terms(mute: &Mute) -> Phrase {
    let until = Phrase::ours(mute.until.format("%Y-%m-%d %H:%M UTC").to_string());
    phrase!(&mute.by, ", until ", until, " (", quoted(&mute.reason), "),")
}

fn quoted(text: &Untrusted) -> Phrase {
    phrase!("\"", Phrase::free(text), "\"")
}

impl From<&Reviewer> for Phrase {
    /// The name that the person gave, and the ARN of the credentials.
    fn from(reviewer: &Reviewer) -> Self {
        let arn = Self::arn(&reviewer.arn);
        match &reviewer.name {
            Some(name) => phrase!(name, " (", arn, ")"),
            None => arn,
        }
    }
}
