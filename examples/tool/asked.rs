//! What is asked for about mutes and acknowledgements on the command line.

use chrono::TimeDelta;
use iam_security_alert::detection::chains::CHAINS;
use iam_security_alert::history::review::Verdict;
use iam_security_alert::limits::LONGEST_MUTE;
use iam_security_alert::severity::Severity;
use lexopt::ValueExt;
use std::ffi::OsString;

/// The longest text that a person can give, in characters: it stands in a mail.
const LONGEST_TEXT: usize = 300;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Mute alerts like that on an event.
    MuteEvent {
        event_id: String,
        chain: Option<String>,
        terms: Terms,
    },
    /// Mute alerts of a kind.
    Mute {
        kind: Kind,
        terms: Terms,
    },
    Mutes,
    Unmute(String),
    Acknowledge {
        event_id: String,
        verdict: Verdict,
        note: Option<String>,
        by: Option<String>,
    },
    Acknowledgements,
}

/// For how long, why, and the name of who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub lasts: TimeDelta,
    pub reason: String,
    pub by: Option<String>,
}

/// Which alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub target: Option<String>,
    pub chain: Option<String>,
    pub account: Option<String>,
    /// `succeeded`, `denied` or `failed`; all of them if it is not given.
    pub outcome: Option<String>,
    pub up_to: Severity,
}

/// The options about reviews, as they are given.
#[derive(Debug, Default)]
pub struct Given {
    mute: bool,
    /// The event, if `--mute` has one.
    muted_event: Option<String>,
    mutes: bool,
    unmute: Option<String>,
    acknowledge: Option<String>,
    acknowledgements: bool,
    action: Option<String>,
    chain: Option<String>,
    account: Option<String>,
    up_to: Option<Severity>,
    lasts: Option<TimeDelta>,
    reason: Option<String>,
    by: Option<String>,
    verdict: Option<Verdict>,
    note: Option<String>,
}

impl Given {
    /// Reads the value of an option, if the option is about reviews.
    pub fn take(&mut self, option: &str, arguments: &mut lexopt::Parser) -> Result<bool, lexopt::Error> {
        match option {
            "mute" => {
                self.mute = true;
                self.muted_event = optional(arguments)?;
            }
            "mutes" => self.mutes = true,
            "unmute" => self.unmute = Some(arguments.value()?.string()?),
            "acknowledge" => self.acknowledge = Some(arguments.value()?.string()?),
            "acknowledgements" => self.acknowledgements = true,
            "action" => {
                let is_action = |text: &str| {
                    text.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty())
                };
                self.action = Some(arguments.value()?.parse_with(|text| {
                    if is_action(text) {
                        Ok(text.to_owned())
                    } else {
                        Err("an action is a service and a name, iam:CreateUser")
                    }
                })?);
            }
            "chain" => {
                self.chain = Some(arguments.value()?.parse_with(|name| {
                    let known = CHAINS.iter().any(|chain| chain.name == name);
                    if known { Ok(name.to_owned()) } else { Err(format!("a chain is one of {}", chain_names())) }
                })?);
            }
            "account" => {
                self.account = Some(arguments.value()?.parse_with(|id| {
                    let is_id = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
                    if is_id { Ok(id.to_owned()) } else { Err("an account is an ID of 12 digits") }
                })?);
            }
            "up-to" => {
                self.up_to = Some(arguments.value()?.parse_with(|word| {
                    let muted = Severity::from_word(word).filter(|severity| *severity < Severity::Critical);
                    muted.ok_or("a mute is up to LOW, MEDIUM or HIGH: no CRITICAL alert is muted")
                })?);
            }
            "hours" => self.lasts = Some(duration(arguments, TimeDelta::hours(1))?),
            "days" => self.lasts = Some(duration(arguments, TimeDelta::days(1))?),
            "reason" => self.reason = Some(written(arguments)?),
            "by" => self.by = Some(written(arguments)?),
            "note" => self.note = Some(written(arguments)?),
            "verdict" => {
                let words = Verdict::ALL.map(Verdict::word).join(", ");
                self.verdict = Some(arguments.value()?.parse_with(|word| {
                    Verdict::from_word(word).ok_or_else(|| format!("a verdict is one of {words}"))
                })?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What is asked for; `None` if it is not about reviews. `actor` and `target` are keys.
    pub fn verb(self, actor: Option<String>, target: Option<String>) -> Result<Option<Verb>, lexopt::Error> {
        let asked = [self.mute, self.mutes, self.unmute.is_some(), self.acknowledge.is_some(), self.acknowledgements];
        let number = asked.iter().filter(|asked| **asked).count();
        let names_kind = self.action.is_some() || self.account.is_some() || self.up_to.is_some();
        let is_mute = self.mute;
        let rest = [self.lasts.is_some(), self.reason.is_some(), self.chain.is_some(), names_kind];
        if number > 1 {
            return Err("give one of --mute, --mutes, --unmute, --acknowledge and --acknowledgements".into());
        }
        if !is_mute && rest.contains(&true) {
            return Err("--action, --chain, --account, --up-to, --hours, --days and --reason are about --mute".into());
        }
        if self.acknowledge.is_none() && (self.verdict.is_some() || self.note.is_some()) {
            return Err("--verdict and --note are about --acknowledge".into());
        }
        if self.by.is_some() && !is_mute && self.acknowledge.is_none() {
            return Err("--by is about --mute and --acknowledge".into());
        }
        let names_list = actor.is_some() || target.is_some();
        if number > 0 && names_list && (!is_mute || self.muted_event.is_some()) {
            return Err("--actor and --target are about a timeline, or about --mute without an event".into());
        }
        if is_mute {
            let terms = Terms {
                lasts: self.lasts.unwrap_or(TimeDelta::hours(24)),
                reason: self.reason.ok_or("why is it muted? Give --reason")?,
                by: self.by,
            };
            if let Some(event_id) = self.muted_event {
                if names_kind {
                    return Err("the event says which alerts are muted: give only --chain, --hours or --days, --reason and --by".into());
                }
                return Ok(Some(Verb::MuteEvent { event_id, chain: self.chain, terms }));
            }
            if actor.is_none() && target.is_none() && self.action.is_none() && self.chain.is_none() {
                return Err(
                    "what is muted? Give an event, or at least one of --actor, --action, --target and --chain".into()
                );
            }
            let up_to = self.up_to.ok_or("up to which severity? Give --up-to LOW, MEDIUM or HIGH")?;
            let kind = Kind {
                actor,
                action: self.action,
                target,
                chain: self.chain,
                account: self.account,
                outcome: None,
                up_to,
            };
            return Ok(Some(Verb::Mute { kind, terms }));
        }
        if let Some(event_id) = self.acknowledge {
            let verdict = self.verdict.ok_or("what did you find? Give --verdict")?;
            return Ok(Some(Verb::Acknowledge { event_id, verdict, note: self.note, by: self.by }));
        }
        let lists = [(self.mutes, Verb::Mutes), (self.acknowledgements, Verb::Acknowledgements)];
        let list = lists.into_iter().find_map(|(asked, verb)| asked.then_some(verb));
        Ok(self.unmute.map(Verb::Unmute).or(list))
    }
}

fn chain_names() -> String {
    CHAINS.iter().map(|chain| chain.name).collect::<Vec<_>>().join(", ")
}

/// The value behind an option, if the next argument is no option.
fn optional(arguments: &mut lexopt::Parser) -> Result<Option<String>, lexopt::Error> {
    let value = match arguments.optional_value() {
        Some(value) => Some(value),
        None => arguments.raw_args()?.next_if(|next: &_| !OsString::from(next).to_string_lossy().starts_with('-')),
    };
    value.map(ValueExt::string).transpose()
}

fn duration(arguments: &mut lexopt::Parser, unit: TimeDelta) -> Result<TimeDelta, lexopt::Error> {
    arguments.value()?.parse_with(|number| {
        let number: Option<i32> = number.parse().ok().filter(|number| *number >= 1);
        let lasts = number.and_then(|number| unit.checked_mul(number)).filter(|lasts| *lasts <= LONGEST_MUTE);
        lasts.ok_or("a mute lasts from 1 hour to 30 days")
    })
}

fn written(arguments: &mut lexopt::Parser) -> Result<String, lexopt::Error> {
    arguments.value()?.parse_with(|text| {
        let text = text.trim();
        let is_written = !text.is_empty() && text != "..." && text.chars().count() <= LONGEST_TEXT;
        if is_written { Ok(text.to_owned()) } else { Err("a text is needed, of 300 characters at most") }
    })
}
