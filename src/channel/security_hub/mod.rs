//! A finding for Security Hub CSPM, in the AWS Security Finding Format ("ASFF" in its user guide; bounds as in
//! `AwsSecurityFinding` in its API reference).
//!
//! The same event makes the same finding, by its `Id`: if the event is delivered again, the finding is updated. Text
//! from outside is shown as in a mail.

pub mod import;

use super::subject::line;
use crate::alert::{Alert, Command, Fact, Resource, ResourceKind, Row, Section};
use crate::arn::{Arn, Partition};
use crate::catalog::TargetKind;
use crate::catalog::attack::Tactic;
use crate::event::Activity;
use crate::text::{Phrase, TextKind, Untrusted};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use std::net::Ipv4Addr;

/// The limits of ASFF, in characters and pairs.
const TITLE: usize = 256;
const DESCRIPTION: usize = 1_024;
const RECOMMENDATION: usize = 512;
const ID: usize = 512;
const FIELDS: usize = 50;
const FIELD: usize = 2_048;
const CALL: usize = 128;
const TYPES: usize = 50;

/// The type of a finding if no other type says more.
const UNUSUAL: &str = "Unusual Behaviors/User";

/// The product of the findings: the account and region that the function runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The partition of the account.
    pub partition: Partition,
    /// The region that the function runs in.
    pub region: String,
    /// The account's id.
    pub account: String,
}

impl Product {
    /// The product of the account and region of a topic.
    #[must_use]
    pub fn of_topic(arn: &str) -> Option<Self> {
        let arn = Arn::parse(arn)?;
        Some(Self {
            partition: Partition::from_name(arn.partition),
            region: arn.region.to_owned(),
            account: arn.account.to_owned(),
        })
    }

    /// The ARN that every account has for its own findings.
    fn arn(&self) -> String {
        let Self { region, account, .. } = self;
        let partition = self.partition.name();
        format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default")
    }
}

/// Renders an alert as a finding. `event` is the id of the event. `now` is used where the event has no time.
#[must_use]
pub fn render(activity: &Activity, alert: &Alert, event: &Untrusted, product: &Product, now: DateTime<Utc>) -> Value {
    let happened = time(activity.time.unwrap_or(now));
    let types = types(activity);
    let severity = json!({"Label": alert.severity.word(), "Original": alert.severity.word()});
    let mut finding = json!({
        "SchemaVersion": "2018-10-08",
        "Id": bounded(&format!("iam-security-alert/{}", event.shown(TextKind::Name)), ID),
        "ProductArn": product.arn(),
        "CompanyName": "iam-security-alert",
        "ProductName": "iam-security-alert",
        "AwsAccountId": product.account,
        "GeneratorId": format!("iam-security-alert/{}", alert.reasons.first().map_or("alert", |reason| reason.rule)),
        "Types": types,
        "FirstObservedAt": happened,
        "LastObservedAt": happened,
        "CreatedAt": happened,
        // Security Hub accepts an update only if it is newer than the stored finding.
        "UpdatedAt": time(now.max(activity.time.unwrap_or(now))),
        "Severity": severity,
        // A later import can change severity and types only in this field.
        "FindingProviderFields": {"Severity": severity, "Types": types},
        "Title": line(alert, "", TITLE),
        "Description": bounded(&description(alert), DESCRIPTION),
        "Remediation": {"Recommendation": recommendation(alert)},
        "ProductFields": product_fields(activity, alert),
        "Resources": resources(activity, alert, product),
        "RecordState": "ACTIVE",
    });
    if let Some(action) = action(activity, &happened) {
        finding["Action"] = action;
    }
    finding
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The categories of the technique's tactics, each once and with the technique as classifier.
fn types(activity: &Activity) -> Vec<String> {
    let Some(technique) = &activity.action.technique else { return vec![UNUSUAL.to_owned()] };
    let mut categories: Vec<String> = Vec::new();
    for category in technique.tactics.iter().copied().map(category) {
        if !categories.contains(&category) {
            categories.push(category);
        }
    }
    // A slash begins a part of the path, and a path has three.
    let name = technique.name.replace('/', "-");
    categories.into_iter().take(TYPES).map(|category| format!("{category}/{} {name}", technique.id)).collect()
}

/// Namespace and category of a tactic, as in AWS's list "Types taxonomy for ASFF". The list follows an ATT&CK that had
/// "Defense Evasion", now split in two; and it does not have all tactics.
fn category(tactic: Tactic) -> String {
    match tactic {
        Tactic::InitialAccess
        | Tactic::Execution
        | Tactic::Persistence
        | Tactic::PrivilegeEscalation
        | Tactic::CredentialAccess
        | Tactic::Discovery
        | Tactic::LateralMovement
        | Tactic::Collection
        | Tactic::CommandAndControl => format!("TTPs/{}", tactic.name()),
        Tactic::Stealth | Tactic::DefenseImpairment => "TTPs/Defense Evasion".to_owned(),
        Tactic::Exfiltration => "Effects/Data Exfiltration".to_owned(),
        Tactic::Reconnaissance | Tactic::ResourceDevelopment | Tactic::Impact => UNUSUAL.to_owned(),
    }
}

fn description(alert: &Alert) -> String {
    let mut text = alert.summary.plain().replace('\n', " ");
    for reason in &alert.reasons {
        text.push_str(" - ");
        text.push_str(&reason.text.plain());
    }
    text
}

fn recommendation(alert: &Alert) -> Value {
    let ended = |text: String| text.strip_suffix(':').map_or(text.clone(), |text| format!("{text}."));
    let steps = alert.steps.iter().enumerate().map(|(i, step)| format!("{}. {}", i + 1, ended(step.text.plain())));
    let steps = steps.collect::<Vec<_>>().join(" ");
    let text = format!("If this was not expected (the commands are in the product fields steps/1 and so on): {steps}");
    let mut recommendation = json!({"Text": bounded(&text, RECOMMENDATION)});
    if let Some(link) = alert.links.iter().find(|link| link.url.len() <= ID) {
        recommendation["Url"] = link.url.as_str().into();
    }
    recommendation
}

/// Everything that has no ASFF field: reference, rules, commands, and the facts of each section by key, "who/mfa". The
/// least important facts are last. If there are too many, a field says how many more there are.
fn product_fields(activity: &Activity, alert: &Alert) -> Map<String, Value> {
    const SAY_LITTLE: [Fact; 6] =
        [Fact::Kind, Fact::UserAgent, Fact::RawUserAgent, Fact::LookedUp, Fact::RequestId, Fact::Version];
    let rules: Vec<_> = alert.reasons.iter().map(|reason| reason.rule).collect();
    let ours = [("outcome".to_owned(), activity.outcome.word().to_owned()), ("rules".to_owned(), rules.join(", "))];
    let commands = alert.steps.iter().enumerate().map(|(i, step)| {
        let commands = step.commands.iter().map(Command::as_str).collect::<Vec<_>>().join("\n");
        // A partial command is worse than none.
        let commands = if commands.len() > FIELD { "(the e-mail has the commands)".to_owned() } else { commands };
        (format!("steps/{}", i + 1), commands)
    });
    let fact = |section: &Section, row: &Row| {
        let values = row.values.iter().map(Phrase::plain).collect::<Vec<_>>();
        (format!("{}/{}", section.kind.key(), row.fact.key()), values.join("; "))
    };
    let sections = [&alert.reference].into_iter().chain(&alert.sections);
    let rows: Vec<_> = sections.flat_map(|section| section.rows.iter().map(move |row| (section, row))).collect();
    let (last, first): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, row)| SAY_LITTLE.contains(&row.fact));
    let facts = first.into_iter().chain(last).map(|(section, row)| fact(section, row));
    let all: Vec<_> = ours.into_iter().chain(commands).chain(facts).filter(|(_, it)| !it.trim().is_empty()).collect();
    let shown = if all.len() > FIELDS { FIELDS - 1 } else { FIELDS };
    let more = all.len().saturating_sub(shown);
    let more = (more > 0).then(|| ("more".to_owned(), format!("{more} more facts: see the e-mail")));
    all.into_iter().take(shown).chain(more).map(|(key, value)| (key, bounded(&value, FIELD).into())).collect()
}

/// The resources that the alert is about, with the details that ASFF has for them, and the account of the event: first
/// if the account was changed, last otherwise.
fn resources(activity: &Activity, alert: &Alert, product: &Product) -> Vec<Value> {
    let base = |kind: &str, id: String| json!({"Type": kind, "Id": id, "Partition": activity.partition.name(), "Region": product.region});
    let resource = |resource: &Resource| {
        let id = bounded(&resource.identifier()?.identifier(TextKind::Arn), ID);
        let kind = kind(&resource.kind);
        let mut json = base(kind, id);
        let details = details(resource);
        if !details.is_empty() {
            json["Details"] = json!({kind: details});
        }
        Some(json)
    };
    let account = activity.account.as_ref().map_or_else(|| product.account.clone(), |id| id.identifier(TextKind::Name));
    let account = base("AwsAccount", bounded(&format!("AWS::::Account:{account}"), ID));
    let mut resources: Vec<_> = alert.resources.iter().filter_map(resource).collect();
    let place = if activity.target.kind == TargetKind::Account { 0 } else { resources.len() };
    resources.insert(place, account);
    resources
}

/// ASFF's name of a resource type; `Other` if it has none.
fn kind(what: &ResourceKind) -> &'static str {
    match what {
        ResourceKind::AccessKey { .. } => "AwsIamAccessKey",
        ResourceKind::Unknown => "Other",
        ResourceKind::Target(kind) => match kind {
            TargetKind::User => "AwsIamUser",
            TargetKind::Role => "AwsIamRole",
            TargetKind::Group => "AwsIamGroup",
            TargetKind::Policy => "AwsIamPolicy",
            TargetKind::Trail => "AwsCloudTrailTrail",
            TargetKind::EventBus => "AwsEventsEventbus",
            TargetKind::Topic => "AwsSnsTopic",
            TargetKind::Function => "AwsLambdaFunction",
            TargetKind::Queue => "AwsSqsQueue",
            TargetKind::Table => "AwsDynamoDbTable",
            TargetKind::KmsKey => "AwsKmsKey",
            TargetKind::Alarm => "AwsCloudWatchAlarm",
            TargetKind::Stack => "AwsCloudFormationStack",
            TargetKind::Bucket => "AwsS3Bucket",
            TargetKind::Cluster => "AwsEksCluster",
            TargetKind::Instance => "AwsEc2Instance",
            TargetKind::Secret => "AwsSecretsManagerSecret",
            TargetKind::Repository => "AwsEcrRepository",
            TargetKind::RootUser
            | TargetKind::Schedule
            | TargetKind::IdentityCenter
            | TargetKind::TokenIssuer
            | TargetKind::Organization
            | TargetKind::OrganizationPart
            | TargetKind::OrganizationRoot
            | TargetKind::OrganizationalUnit
            | TargetKind::MemberAccount
            | TargetKind::OrganizationsPolicy
            | TargetKind::Region
            | TargetKind::Layer
            | TargetKind::TrustAnchor
            | TargetKind::RolesAnywhereProfile
            | TargetKind::IdentityPool
            | TargetKind::PermissionSet
            | TargetKind::DirectoryIdentity
            | TargetKind::DirectoryUser
            | TargetKind::DirectoryGroup
            | TargetKind::LogGroup
            | TargetKind::Parameter
            | TargetKind::InstanceProfile
            | TargetKind::MfaDevice
            | TargetKind::SamlProvider
            | TargetKind::OidcProvider
            | TargetKind::ServerCertificate
            | TargetKind::Account
            | TargetKind::Rule => "Other",
        },
    }
}

/// The details of IAM resources; empty for others.
fn details(resource: &Resource) -> Map<String, Value> {
    let text = |text: &Option<Untrusted>, kind| text.as_ref().map(|text| Value::from(text.identifier(kind)));
    let name = |it: &Option<Untrusted>| text(it, TextKind::Name);
    let created = resource.created.map(|created| Value::from(time(created)));
    let fields = match &resource.kind {
        ResourceKind::AccessKey { owner, active } => vec![
            ("AccessKeyId", name(&resource.id)),
            ("PrincipalName", owner.as_ref().and_then(|(_, owner)| name(owner))),
            (
                "PrincipalType",
                owner.as_ref().map(|(of, _)| if *of == TargetKind::User { "IAMUser" } else { "Root" }.into()),
            ),
            ("AccountId", name(&resource.account)),
            ("CreatedAt", created),
            ("Status", active.map(|active| if active { "Active" } else { "Inactive" }.into())),
        ],
        ResourceKind::Target(kind @ (TargetKind::User | TargetKind::Role | TargetKind::Group | TargetKind::Policy)) => {
            let (name_at, id_at) = match kind {
                TargetKind::User => ("UserName", "UserId"),
                TargetKind::Role => ("RoleName", "RoleId"),
                TargetKind::Group => ("GroupName", "GroupId"),
                _ => ("PolicyName", "PolicyId"),
            };
            let boundary = resource.boundary.as_ref().filter(|_| matches!(kind, TargetKind::User | TargetKind::Role));
            let boundary = boundary.map(|arn| json!({"PermissionsBoundaryArn": arn.identifier(TextKind::Arn)}));
            vec![
                (name_at, name(&resource.name)),
                (id_at, name(&resource.id)),
                ("Path", text(&resource.path, TextKind::Arn)),
                ("CreateDate", created),
                ("PermissionsBoundary", boundary),
            ]
        }
        ResourceKind::Target(_) | ResourceKind::Unknown => Vec::new(),
    };
    let there = fields.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?)));
    there.filter(|(_, value)| value.as_str().is_none_or(|text| !text.trim().is_empty())).collect()
}

/// The call as Security Hub shows it; `None` for a sign-in.
fn action(activity: &Activity, happened: &str) -> Option<Value> {
    if activity.action.service == "signin" {
        return None;
    }
    let mut call = json!({
        "Api": bounded(&activity.event_name.shown(TextKind::Name), CALL),
        "ServiceName": format!("{}.amazonaws.com", activity.service.identifier(TextKind::Name)),
        "FirstSeen": happened,
        "LastSeen": happened,
    });
    if let Some(address) = &activity.origin.address {
        if address.raw().parse::<Ipv4Addr>().is_ok() {
            call["CallerType"] = "remoteIp".into();
            call["RemoteIpDetails"] = json!({"IpAddressV4": address.raw()});
        } else if address.raw().ends_with(".amazonaws.com") {
            call["CallerType"] = "domain".into();
            call["DomainDetails"] = json!({"Domain": bounded(&address.shown(TextKind::Name), CALL)});
        }
    }
    Some(json!({"ActionType": "AWS_API_CALL", "AwsApiCallAction": call}))
}

/// At most `limit` characters, with a mark if text was cut.
fn bounded(text: &str, limit: usize) -> String {
    const CUT: &str = " ... (cut: the e-mail has all of it)";
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit - CUT.len()).collect::<String>() + CUT
}
