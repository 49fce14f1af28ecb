//! How mutes and acknowledgements are written and listed.

use super::asked::{Kind, Terms, Verb};
use super::history::Format;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use iam_security_alert::aws;
use iam_security_alert::catalog;
use iam_security_alert::history::review::{Acknowledgement, Mute, Reviewer, Reviews, Verdict};
use iam_security_alert::history::store::Reviewed;
use iam_security_alert::phrase;
use iam_security_alert::severity::Severity;
use iam_security_alert::text::{Phrase, TextKind, Untrusted, fingerprint};
use serde_json::json;
use std::error::Error;
use std::io::Write;

/// Ended mutes and acknowledgements are listed for so long.
const LISTED: TimeDelta = TimeDelta::days(7);

/// Does what is asked for. Returns whether all is well.
pub async fn run(verb: &Verb, table: &str, format: Format, config: &SdkConfig) -> Result<bool, Box<dyn Error>> {
    let store = Store { client: aws::dynamodb(config), table, config, now: Utc::now().trunc_subsecs(0) };
    match verb {
        Verb::MuteEvent { event_id, chain, terms } => {
            store.mute(store.kind_of(event_id, chain.as_deref()).await?, terms).await
        }
        Verb::Mute { kind, terms } => store.mute((kind.clone(), false), terms).await,
        Verb::Mutes => store.list_mutes(format).await,
        Verb::Unmute(id) => store.unmute(id).await,
        Verb::Acknowledge { event_id, verdict, note, by } => {
            let (note, by) = (note.as_deref(), by.as_deref());
            store.acknowledge(event_id, *verdict, note, by).await
        }
        Verb::Acknowledgements => store.list_acknowledgements(format).await,
    }
}

struct Store<'a> {
    client: Client,
    table: &'a str,
    config: &'a SdkConfig,
    now: DateTime<Utc>,
}

impl Store<'_> {
    /// The alert on an event.
    async fn alert(&self, event_id: &str) -> Result<(Reviewed, Severity), Box<dyn Error>> {
        let query = Reviewed::query(&self.client, self.table, &event_id.into());
        let answer = query.send().await.map_err(|error| not_done(&error))?;
        let alert = answer.items().iter().find_map(Reviewed::read);
        let alert = alert.ok_or_else(|| format!("no event {event_id:?} is recorded"))?;
        let severity = alert.line.severity.ok_or("the event was not alerted on, or the alert is not recorded yet")?;
        Ok((alert, severity))
    }

    /// The alerts like that on an event, and whether something could not be read for it.
    async fn kind_of(&self, event_id: &str, chain: Option<&str>) -> Result<(Kind, bool), Box<dyn Error>> {
        let (Reviewed { line, target }, up_to) = self.alert(event_id).await?;
        if up_to == Severity::Critical {
            return Err("a CRITICAL alert cannot be muted; record with --acknowledge that you looked".into());
        }
        if line.handling.unless_expected == Some(Severity::Critical) {
            return Err("the alert would be CRITICAL if the principal were not expected, and cannot be muted".into());
        }
        let is_of_call =
            |action: &&catalog::Action| line.call.raw() == format!("{}:{}", action.service, action.event_name);
        let mut rows = catalog::rows().filter(is_of_call).peekable();
        if rows.peek().is_some() && rows.all(|action| action.effect.is_always_watched()) {
            return Err("an alert about the alerting itself, a sign-in or the root user cannot be muted".into());
        }
        let Some(target) = &target else {
            return Err(
                "the event names no target, so the mute would be about every target; give --actor and --action \
                        instead if that is meant"
                    .into(),
            );
        };
        let owned = |text: &Untrusted| text.raw().to_owned();
        let kind = Kind {
            outcome: Some(owned(&line.outcome)),
            actor: Some(owned(&line.actor_key)),
            action: Some(owned(&line.call)),
            target: Some(owned(target)),
            chain: chain.map(str::to_owned),
            account: line.account.as_ref().map(owned),
            up_to,
        };
        Ok((kind, line.handling.incomplete))
    }

    async fn mute(&self, (kind, incomplete): (Kind, bool), terms: &Terms) -> Result<bool, Box<dyn Error>> {
        let by = self.reviewer(terms.by.as_deref()).await?;
        let id = fingerprint(&format!("{kind:?}{terms:?}{by:?}{}", self.now))[..8].to_owned();
        let given = |text: Option<String>| text.map(Untrusted::from);
        let mute = Mute {
            id: id.into(),
            actor: given(kind.actor),
            action: given(kind.action),
            target: given(kind.target),
            chain: given(kind.chain),
            account: given(kind.account),
            outcome: given(kind.outcome),
            up_to: kind.up_to,
            incomplete,
            from: self.now,
            until: self.now + terms.lasts,
            reason: terms.reason.as_str().into(),
            by,
            held: 0,
            ended_by: None,
        };
        let put = self.client.put_item().table_name(self.table).set_item(Some(mute.item()));
        put.condition_expression("attribute_not_exists(pk)").send().await.map_err(|error| not_done(&error))?;
        writeln!(std::io::stdout(), "Muted:\n{}", self.shown(&mute).plain())?;
        Ok(true)
    }

    async fn unmute(&self, id: &str) -> Result<bool, Box<dyn Error>> {
        let by = self.reviewer(None).await?;
        match Mute::ending(&self.client, self.table, id, &by, self.now).send().await {
            Ok(_) => writeln!(std::io::stdout(), "The mute {id} ended.")?,
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => {
                return Err(format!("no mute {id:?} is in effect").into());
            }
            Err(error) => return Err(not_done(&error).into()),
        }
        Ok(true)
    }

    async fn acknowledge(
        &self,
        event_id: &str,
        verdict: Verdict,
        note: Option<&str>,
        by: Option<&str>,
    ) -> Result<bool, Box<dyn Error>> {
        let (Reviewed { line, target }, _) = self.alert(event_id).await?;
        let acknowledgement = Acknowledgement {
            event_id: line.event_id,
            at: self.now,
            by: self.reviewer(by).await?,
            verdict,
            note: note.map(Untrusted::new),
            actor: line.actor_key,
            target,
        };
        let put = self.client.put_item().table_name(self.table).set_item(Some(acknowledgement.item()));
        put.send().await.map_err(|error| not_done(&error))?;
        writeln!(std::io::stdout(), "Acknowledged:\n{}", shown(&acknowledgement).plain())?;
        Ok(true)
    }

    async fn list_mutes(&self, format: Format) -> Result<bool, Box<dyn Error>> {
        let mut mutes = self.reviews().await?.mutes;
        mutes.retain(|mute| mute.until > self.now - LISTED);
        mutes.sort_by_key(|mute| mute.until);
        let mut out = std::io::stdout().lock();
        for mute in &mutes {
            match format {
                Format::Json => writeln!(out, "{}", json_of_mute(mute, mute.is_in_effect(self.now)))?,
                Format::Text | Format::Csv => writeln!(out, "{}", self.shown(mute).plain())?,
            }
        }
        if mutes.is_empty() && format == Format::Text {
            writeln!(out, "Nothing is muted, and no mute ended within seven days.")?;
        }
        Ok(true)
    }

    async fn list_acknowledgements(&self, format: Format) -> Result<bool, Box<dyn Error>> {
        let mut all = self.reviews().await?.acknowledgements;
        all.retain(|acknowledgement| acknowledgement.at > self.now - LISTED);
        all.sort_by_key(|acknowledgement| acknowledgement.at);
        let mut out = std::io::stdout().lock();
        for acknowledgement in &all {
            match format {
                Format::Json => writeln!(out, "{}", json_of(acknowledgement))?,
                Format::Text | Format::Csv => writeln!(out, "{}", shown(acknowledgement).plain())?,
            }
        }
        if all.is_empty() && format == Format::Text {
            writeln!(out, "Nobody acknowledged an alert within seven days.")?;
        }
        Ok(true)
    }

    async fn reviews(&self) -> Result<Reviews, Box<dyn Error>> {
        let mut pages = Reviews::query(&self.client, self.table).into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| not_done(&error))?);
        }
        let reviews = Reviews::read(&items);
        if reviews.malformed > 0 {
            eprintln!("history: {} reviews in the table were not understood, and have no effect", reviews.malformed);
        }
        Ok(reviews)
    }

    /// Who asks: the ARN of the credentials, and the name that was given.
    async fn reviewer(&self, name: Option<&str>) -> Result<Reviewer, Box<dyn Error>> {
        let identity = aws::sts(self.config).get_caller_identity().send().await.map_err(|error| not_done(&error))?;
        let arn = identity.arn().ok_or("STS does not say whose credentials these are")?;
        Ok(Reviewer { arn: arn.into(), name: name.map(Untrusted::new) })
    }

    fn shown(&self, mute: &Mute) -> Phrase {
        let about = [("actor", &mute.actor), ("action", &mute.action), ("target", &mute.target)];
        let about =
            about.into_iter().chain([("chain", &mute.chain), ("account", &mute.account), ("outcome", &mute.outcome)]);
        let about = about.filter_map(|(what, text)| Some(phrase!(what, " ", Phrase::arn(text.as_ref()?))));
        let end = match &mute.ended_by {
            _ if mute.is_in_effect(self.now) => phrase!("until ", minute(mute.until)),
            Some(by) => phrase!("ended ", minute(mute.until), " by ", Phrase::arn(by)),
            None => phrase!("ended ", minute(mute.until)),
        };
        let held = Phrase::ours(format!("{} kept back", mute.held));
        let incomplete = if mute.incomplete { ", also incomplete ones" } else { "" };
        phrase!(
            &mute.id,
            "  ",
            end,
            "  ",
            held,
            "\n    alerts up to ",
            mute.up_to,
            incomplete,
            ": ",
            Phrase::joined(about, ", "),
            "\n    by ",
            &mute.by,
            ": ",
            Phrase::free(&mute.reason)
        )
    }
}

fn shown(acknowledgement: &Acknowledgement) -> Phrase {
    let Acknowledgement { event_id, at, by, verdict, note, actor, .. } = acknowledgement;
    let note = note.as_ref().map_or_else(Phrase::default, |note| phrase!(": ", Phrase::free(note)));
    phrase!(
        minute(*at),
        "  ",
        verdict.word(),
        "  ",
        event_id,
        "\n    actor ",
        Phrase::arn(actor),
        "\n    by ",
        by,
        note
    )
}

fn json_of_mute(mute: &Mute, in_effect: bool) -> serde_json::Value {
    let text = |text: &Option<Untrusted>| text.as_ref().map(|text| text.shown(TextKind::Free));
    json!({"id": mute.id.shown(TextKind::Name), "inEffect": in_effect, "from": mute.from, "until": mute.until,
        "held": mute.held, "upTo": mute.up_to, "incomplete": mute.incomplete, "actor": text(&mute.actor),
        "action": text(&mute.action), "target": text(&mute.target), "chain": text(&mute.chain),
        "account": text(&mute.account), "reason": mute.reason.shown(TextKind::Free),
        "by": mute.by.arn.shown(TextKind::Free), "name": text(&mute.by.name), "endedBy": text(&mute.ended_by)})
}

fn json_of(acknowledgement: &Acknowledgement) -> serde_json::Value {
    let text = |text: &Option<Untrusted>| text.as_ref().map(|text| text.shown(TextKind::Free));
    json!({"eventId": acknowledgement.event_id.shown(TextKind::Name), "time": acknowledgement.at,
        "verdict": acknowledgement.verdict.word(), "note": text(&acknowledgement.note),
        "actor": acknowledgement.actor.shown(TextKind::Free), "target": text(&acknowledgement.target),
        "by": acknowledgement.by.arn.shown(TextKind::Free), "name": text(&acknowledgement.by.name)})
}

fn minute(time: DateTime<Utc>) -> Phrase {
    Phrase::ours(time.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// Why a call was not made. Who may write reviews is a parameter of the stack.
fn not_done<E, R>(error: &SdkError<E, R>) -> String
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    match error.code() {
        Some("AccessDeniedException") => format!(
            "AWS denied it: {}. Writing needs dynamodb:PutItem and UpdateItem on the table, and the parameter Reviewers of the \
             stack must have your ARN",
            error.message().unwrap_or("no reason is given")
        ),
        _ => DisplayErrorContext(error).to_string(),
    }
}
