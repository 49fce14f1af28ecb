//! The first reading of an account: what somebody should look at, in one mail. It is no alert.

use super::baseline::{Halted, Work};
use super::handler::Handler;
use super::scheduled::NotSent;
use crate::alert::first_reading;
use crate::baseline::{FirstFindings, named_by};
use crate::channel::email;
use crate::limits::OLD_KEY;
use crate::lookup::inventory::Entity;
use crate::lookup::snapshot::Snapshot;
use crate::lookup::{AttachedPolicies, Directory, GroupQuestion, RoleQuestion, UserProfile, UserQuestion};
use crate::policy::{AccessLevel, Holder, Home, Named, Reach, Trust};
use crate::telemetry::InvocationLog;
use crate::text::{TextKind, Untrusted};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::BTreeSet;
use tokio::time::Instant;

impl<D: Directory> Handler<D> {
    /// Looks at the entities of a page. The policies and groups that they name were read before them.
    pub(super) async fn look_at(
        &self,
        work: &mut Work<'_>,
        kind: &'static str,
        entities: &[Entity],
    ) -> Result<(), Halted> {
        let now = (self.clock)();
        let Some(mut findings) = work.progress.findings.take() else { return Ok(()) };
        let count = entities.len();
        match kind {
            "policy" => findings.policies += count,
            "group" => findings.groups += count,
            "user" => findings.users += count,
            "role" => findings.roles += count,
            "credentials" => {
                findings.credentials_known = true;
                for entity in entities {
                    look_at_credentials(entity, now, &mut findings);
                }
            }
            "saml-provider" | "oidc-provider" => findings.providers += count,
            _ => {}
        }
        if matches!(kind, "group" | "user" | "role") {
            let saved = Box::pin(with_what_they_name(work, entities, now)).await;
            let home = Home {
                account: Some(&work.account),
                organization: self.settings.organization.as_deref(),
                members: &[],
            };
            // What the history does not have, or IAM wrote in another way, was not evaluated.
            let saved = saved.unwrap_or_default();
            for entity in entities {
                match saved.iter().find(|(resource, _)| *resource == entity.resource) {
                    Some((_, saved)) => Box::pin(look_at_access(entity, saved, home, &mut findings)).await,
                    None => {
                        findings.not_evaluated.add(Untrusted::new(&entity.resource).shown(TextKind::Name));
                    }
                }
            }
        }
        work.progress.findings = Some(findings);
        Ok(())
    }

    /// Mails what the first reading found.
    pub(super) async fn report_first_reading(
        &self,
        work: &mut Work<'_>,
        log: &mut InvocationLog,
    ) -> Result<(), Halted> {
        let Some(findings) = &work.progress.findings else { return Ok(()) };
        let run = self.scheduled(work.timetable.left());
        let name = run.account_name(Some(&work.account)).await;
        let gaps: Vec<_> = work.progress.gaps.iter().map(|(_, why)| why.clone()).collect();
        let (from, to) = work.progress.last.unwrap_or_default();
        let report = first_reading(findings, &work.account, name.as_ref(), (from, to), &gaps);
        let sent = self.publisher.send(&email::digest(&report), work.timetable.publish).await;
        sent.map_err(|cause| Halted::NotSent(NotSent::NotPublished(cause)))?;
        log.channel_failures.extend(self.channels.digest(&report).await);
        work.progress.findings = None;
        Ok(())
    }
}

/// Each entity, with a saved account that has the policies and groups it names.
async fn with_what_they_name(
    work: &Work<'_>,
    entities: &[Entity],
    now: DateTime<Utc>,
) -> Result<Vec<(String, Snapshot)>, Halted> {
    let mut named = BTreeSet::new();
    for entity in entities {
        named.extend(named_by(&entity.content));
    }
    let groups: Vec<_> = named.iter().filter(|resource| resource.starts_with("group/")).cloned().collect();
    let groups = work.history.entities(&work.account, &groups, now).await?;
    named.extend(groups.iter().flat_map(|group| named_by(&group.content)));
    let policies: Vec<_> = named.into_iter().filter(|resource| resource.starts_with("policy/")).collect();
    let mut known = Vec::new();
    for some in policies.chunks(50) {
        known.extend(work.history.entities(&work.account, some, now).await?);
    }
    let saved = entities.iter().filter_map(|entity| {
        let mut of: BTreeSet<_> = named_by(&entity.content).collect();
        let its_groups: Vec<_> = groups.iter().filter(|group| of.contains(&group.resource)).collect();
        of.extend(its_groups.iter().flat_map(|group| named_by(&group.content)));
        let own = [(entity.resource.as_str(), &entity.content)];
        let known = groups.iter().chain(&known).filter(|one| of.contains(&one.resource));
        let all = own.into_iter().chain(known.map(|one| (one.resource.as_str(), &one.content)));
        Some((entity.resource.clone(), Snapshot::of_entities(all)?))
    });
    Ok(saved.collect())
}

/// What the entity may do, and whom it trusts.
async fn look_at_access(entity: &Entity, saved: &Snapshot, home: Home<'_>, findings: &mut FirstFindings) {
    let soon = Instant::now();
    let text = |name: &str| entity.content[name].as_str().unwrap_or_default().to_owned();
    let (attached, profile, what): (AttachedPolicies, Option<UserProfile>, String) =
        match entity.resource.split('/').next() {
            Some("user") => {
                let name = text("UserName");
                let question =
                    UserQuestion { account: None, name: name.clone(), id: None, key_in_use: None, password: false };
                let user = saved.known_user(&question, soon).await;
                (user.attached.clone(), user.profile.found().cloned(), format!("user {name}"))
            }
            Some("role") => {
                let name = text("RoleName");
                let role = saved.known_role(&RoleQuestion { account: None, name: name.clone(), id: None }, soon).await;
                let trust = role.profile.found().and_then(|profile| profile.trust.as_ref());
                if let Some(trust) = trust.map(|trust| Trust::of(trust, home)) {
                    let outside = trust.reach().is_some_and(|reach| reach >= Reach::Outside);
                    if outside || !trust.not_evaluated.is_empty() {
                        findings.trusts_outside.add(name.clone());
                    }
                }
                (role.attached.clone(), None, format!("role {name}"))
            }
            _ => {
                let name = text("GroupName");
                let group = saved.group(&GroupQuestion { account: None, name: name.clone() }, soon).await;
                (group.attached.clone(), None, format!("group {name}"))
            }
        };
    let holder = Holder {
        arn: profile.as_ref().map(|profile| &profile.arn),
        id: profile.as_ref().map(|profile| &profile.id),
        tags: profile.as_ref().map(|profile| profile.tags.as_slice()),
        ..Holder::default()
    };
    let access = attached.access(holder, &Named::default());
    let what = Untrusted::new(what).shown(TextKind::Name);
    match access.level {
        AccessLevel::Administrator => findings.administrators.add(what),
        AccessLevel::Escalation | AccessLevel::RoleEscalation => findings.escalation.add(what),
        _ if !access.is_complete() => findings.not_evaluated.add(what),
        _ => {}
    }
}

fn look_at_credentials(entity: &Entity, now: DateTime<Utc>, findings: &mut FirstFindings) {
    let content = &entity.content;
    let keys = content["Keys"].as_array().cloned().unwrap_or_default();
    let active = || keys.iter().filter(|key| key["Active"] == true);
    if entity.resource == "credentials/root" {
        findings.root_has_keys = active().next().is_some();
        findings.root_without_mfa = content["Mfa"] == false;
        return;
    }
    let name = Untrusted::new(content["UserName"].as_str().unwrap_or_default()).shown(TextKind::Name);
    let created = |key: &Value| DateTime::parse_from_rfc3339(key["Created"].as_str()?).ok();
    if active().any(|key| created(key).is_none_or(|created| now - created.to_utc() > OLD_KEY)) {
        findings.old_keys.add(name.clone());
    }
    if content["Password"] == true && content["Mfa"] != true {
        findings.without_mfa.add(name);
    }
}
