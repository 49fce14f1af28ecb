//! What the first reading of an account found: one mail, and no alarm.

use super::digest::Digest;
use super::facts::{Fact, SectionKind};
use super::model::Section;
use super::rows::{account, and_more};
use super::time;
use crate::baseline::{FirstFindings, Names};
use crate::phrase;
use crate::text::{Phrase, TextKind, Untrusted, counted};
use chrono::{DateTime, Utc};

/// How many names of each list are shown.
const SHOWN: usize = 12;

/// Puts the report together. `gaps` are what could not be read, and why.
#[must_use]
pub fn first_reading(
    findings: &FirstFindings,
    id: &Untrusted,
    name: Option<&Untrusted>,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    gaps: &[String],
) -> Digest {
    let place = name.unwrap_or(id);
    let headline: Phrase = "The baseline of the account was read for the first time".into();
    let counts = [
        (findings.users, "user"),
        (findings.roles, "role"),
        (findings.groups, "group"),
        (findings.policies, "customer managed policy"),
        (findings.providers, "identity provider"),
    ];
    let counts = counts.map(|(count, noun)| match (count, noun) {
        (1, _) => Phrase::ours(counted(1, noun)),
        (_, "customer managed policy") => Phrase::ours(format!("{count} customer managed policies")),
        _ => Phrase::ours(counted(count, noun)),
    });
    let summary = phrase!(
        "IAM in ",
        account(Some(id), name),
        " was read from ",
        time::at(from),
        " to ",
        time::at(to),
        ": ",
        Phrase::joined(counts, ", "),
        ". From now on, alerts show what was before a change, and a daily reading finds changes of which no event arrived. Nobody \
         did anything now: this is what was there. Look at it once."
    );
    Digest {
        subjects: vec![phrase!("First reading of IAM: what to look at - ", place), "First reading of IAM".into()],
        headline,
        summary,
        sections: vec![section(findings, gaps)],
        accounts: vec![id.clone()],
    }
}

fn section(findings: &FirstFindings, gaps: &[String]) -> Section {
    let mut section = Section::new(SectionKind::Digest, "WHAT TO LOOK AT");
    section.rows(Fact::Administrators, names(&findings.administrators, "none was found"));
    section.rows(Fact::CanEscalate, names(&findings.escalation, "none was found"));
    section.rows(Fact::OutsideTrust, names(&findings.trusts_outside, "no role was found that trusts others"));
    let root = [
        (findings.root_has_keys, "the root user has an active access key: delete it"),
        (findings.root_without_mfa, "the root user has no MFA: register a device"),
    ];
    section.rows(Fact::RootUser, root.into_iter().filter(|(found, _)| *found).map(|(_, words)| words.into()).collect());
    if findings.credentials_known {
        section.rows(Fact::WithoutMfa, names(&findings.without_mfa, "none"));
        section.rows(Fact::OldKeys, names(&findings.old_keys, "none"));
    } else {
        section.row(Fact::WithoutMfa, "not known: the credential report could not be read");
    }
    if findings.not_evaluated.count > 0 {
        section.rows(Fact::NotEvaluated, names(&findings.not_evaluated, ""));
    }
    let gaps = gaps.iter().map(|gap| Phrase::theirs(&Untrusted::new(gap), TextKind::Free));
    section.rows(Fact::NotKnown, gaps.collect());
    section
}

fn names(all: &Names, none: &'static str) -> Vec<Phrase> {
    if all.count == 0 {
        return vec![none.into()];
    }
    let mut lines: Vec<Phrase> = all.names.iter().take(SHOWN).map(|name| phrase!(&Untrusted::new(name))).collect();
    lines.extend(and_more(all.count.saturating_sub(lines.len()), None));
    lines
}
