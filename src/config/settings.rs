//! The settings: environment variables, read once at start-up.
//!
//! | variable | what | default |
//! | --- | --- | --- |
//! | `ALERT_TOPIC_ARN` | the SNS topic that alerts are published to | required |
//! | `CHAT_TOPIC_ARN` | the SNS topic that Amazon Q Developer forwards to a chat | none |
//! | `CHAT_WEBHOOK_FORMAT` | `slack` or `teams`: the returned alert contains the webhook's message | none |
//! | `SECURITY_HUB_MINIMUM_SEVERITY` | the least severity that becomes a finding in Security Hub | no findings |
//! | `LOOKUP_BUDGET_SECONDS` | the time for all lookups of one alert together | 5 |
//! | `EXPECTED_PRINCIPALS` | ARNs and ARN patterns whose usual changes are LOW, separated by commas | none |
//! | `ORGANIZATION_ID` | the id of the account's organization, `o-…`: other organizations are strangers | none |
//! | `READER_ROLE` | the role with which IAM is read in the organization's other accounts | none: one account only |
//! | `HEARTBEAT_ROLE` | the role whose daily call proves that the events of an account arrive | none |
//! | `ACCOUNT_NAMES` | `123456789012=production,…`: names of accounts, before their alias | none |
//! | `WATCHED_EVENT_NAMES` | the actions that are alerted on, see [`WatchedActions`] | `default` |
//! | `MINIMUM_SEVERITY` | the least severity that is mailed, with exceptions, see [`MinimumSeverity`] | MEDIUM |
//! | `OWN_RESOURCES` | ARNs of the stack's own resources, separated by commas | its topic and function |
//! | `FEEDING_TRAILS` | ARNs of the trails that the alerts depend on, separated by commas | every trail |
//! | `MODE` | `alert`, or `observe`: only CRITICAL alerts are mailed | `alert` |
//! | `DIGEST` | `weekly`, `daily` or `none` | `weekly` |
//! | `HISTORY_TABLE` | the DynamoDB table of the history | none: nothing is recorded |
//! | `HISTORY_RETENTION_DAYS` | how long the history is kept; 0 for ever | 365 |
//! | `AWS_LAMBDA_FUNCTION_NAME`, `AWS_REGION` | set by Lambda: the function's own name and region | |
//! | `AWS_ACCESS_KEY_ID`, `AWS_LAMBDA_LOG_STREAM_NAME` | set by Lambda, and nobody else can: see [`is_deployed`] | |
//! | `AWS_SAM_LOCAL` | set by `sam local invoke`: a topic that is no ARN means "print only" | |
//! | `EMULATOR_ENDPOINT_URL` | another endpoint for AWS, under `sam local invoke` only | AWS itself |
//! | `AWS_ENDPOINT_URL` | another endpoint for AWS, but not for a deployed function | AWS itself |
//! | `SSL_CERT_FILE`, `SSL_CERT_DIR` | must not be set on a deployed function: another root of trust | |

use super::error::BadSetting;
use super::expectations::Expectations;
use super::expected_principals::expected_principals;
use super::places::MinimumSeverity;
use super::watch::{ProtectedResources, Watch, WatchedActions};
use crate::arn::{Arn, is_account_id};
use crate::catalog::patterns;
use crate::severity::Severity;
use chrono::TimeDelta;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub topic: Topic,
    /// The topic of the chat, if there is one.
    pub chat_topic: Option<String>,
    pub webhook: Option<WebhookFormat>,
    /// The least severity that becomes a finding in Security Hub; `None` means no findings.
    pub security_hub: Option<Severity>,
    /// The time for all lookups of one alert together.
    pub lookup_budget: Duration,
    /// What `EXPECTED_PRINCIPALS` says; more stands in the parameters.
    pub expectations: Expectations,
    /// The path of the parameters that contain expectations, if there are some.
    pub expectations_path: Option<String>,
    /// What is alerted on.
    pub watch: Watch,
    /// The least severity that is mailed.
    pub minimum_severity: MinimumSeverity,
    pub mode: Mode,
    /// How often the digest is mailed; `None` means never. It needs the history.
    pub digest: Option<Period>,
    /// The table of the history, if there is one.
    pub history_table: Option<String>,
    /// How long the history is kept; `None` means for ever.
    pub history_retention: Option<TimeDelta>,
    /// The id of the account's organization.
    pub organization: Option<String>,
    /// The name of the role with which IAM is read in the organization's other accounts. `None`: there are no events of
    /// other accounts.
    pub reader_role: Option<String>,
    /// The name of the role whose daily call proves that events arrive.
    pub heartbeat_role: Option<String>,
    /// Names of accounts, by id.
    pub account_names: BTreeMap<String, String>,
    /// Whether the function runs locally under SAM.
    pub local: bool,
    /// Another endpoint for AWS. Always `None` for a deployed function.
    pub endpoint: Option<String>,
    /// The variables that were read and are not blank.
    pub variables: BTreeMap<String, String>,
}

/// The webhook that gets messages; it decides their format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFormat {
    /// An incoming webhook of Slack, which accepts Block Kit.
    Slack,
    /// A webhook of a workflow in Microsoft Teams, which accepts an Adaptive Card.
    Teams,
}

impl WebhookFormat {
    /// Reads `slack` or `teams`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "slack" => Some(Self::Slack),
            "teams" => Some(Self::Teams),
            _ => None,
        }
    }
}

/// What is mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Every alert of at least the minimum severity.
    Alert,
    /// Only CRITICAL alerts. All others are judged, recorded and counted, and the digest says what would have been mailed.
    Observe,
}

/// The time that a digest is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    Day,
    Week,
}

/// Where alerts are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// An SNS topic, by its ARN.
    Arn(String),
    /// No topic: if the function runs locally, the alert is printed.
    Print,
}

impl Topic {
    /// The topic's ARN, if there is one.
    #[must_use]
    pub fn arn(&self) -> Option<&str> {
        match self {
            Self::Arn(arn) => Some(arn),
            Self::Print => None,
        }
    }

    /// The account that owns the topic. The function runs in this account.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.arn().and_then(Arn::parse).map(|arn| arn.account)
    }
}

impl Settings {
    /// Reads the settings from the environment.
    ///
    /// # Errors
    /// Names the first variable that cannot be used, and what is expected.
    pub fn from_env() -> Result<Self, BadSetting> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads the settings with the function `variable`. A blank variable counts as not set.
    ///
    /// Whoever can change the configuration of a deployed function can set any variable that Lambda does not reserve.
    /// None of them redirects its calls or makes the function believe that it runs locally.
    ///
    /// # Errors
    /// Names the first variable that cannot be used, and what is expected.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BadSetting> {
        let variables = RefCell::new(BTreeMap::new());
        let set = |name: &str| {
            let text = variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())?;
            variables.borrow_mut().insert(name.to_owned(), text.clone());
            Some(text)
        };
        let deployed = is_deployed(&variable);
        let local = !deployed && set("AWS_SAM_LOCAL").as_deref() == Some("true");
        for trust in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            if deployed && set(trust).is_some() {
                return Err(BadSetting {
                    variable: trust,
                    found: "set".to_owned(),
                    wanted: "not set: a deployed function trusts the certificates of its runtime only",
                });
            }
        }
        let account_names = set("ACCOUNT_NAMES").map_or(Ok(BTreeMap::new()), |text| account_names(&text))?;
        let topic = set("ALERT_TOPIC_ARN");
        let topic = match topic {
            Some(arn) if Arn::parse(&arn).is_some_and(|arn| arn.service == "sns") => Topic::Arn(arn),
            // SAM sets the topic's logical name. Any other value with a colon was meant as an ARN.
            ref other if local && !other.as_ref().is_some_and(|text| text.contains(':')) => Topic::Print,
            other => {
                return Err(BadSetting {
                    variable: "ALERT_TOPIC_ARN",
                    found: other.map_or_else(|| "not set".to_owned(), |text| format!("{text:?}")),
                    wanted: "the ARN of an SNS topic, arn:aws:sns:us-east-1:123456789012:name",
                });
            }
        };
        // Under SAM there is no other account.
        let reader_role = set("READER_ROLE").filter(|_| !local);
        let own = set("OWN_RESOURCES").map(|text| if local { only_arns(&text) } else { text });
        let own = own.map_or(Ok(ProtectedResources::default()), |text| own_resources("OWN_RESOURCES", &text))?;
        let watch = Watch {
            actions: set("WATCHED_EVENT_NAMES").map_or(Ok(WatchedActions::default()), |text| watched_actions(&text))?,
            own: with_members(
                with_itself(own, &topic, set("AWS_LAMBDA_FUNCTION_NAME"), set("AWS_REGION")),
                &topic,
                reader_role.as_deref(),
            ),
            account: topic.account().map(str::to_owned),
            feeding_trails: set("FEEDING_TRAILS")
                .map_or(Ok(ProtectedResources::default()), |text| own_resources("FEEDING_TRAILS", &text))?,
        };
        let chat_topic = set("CHAT_TOPIC_ARN").filter(|arn| !(local && Arn::parse(arn).is_none()));
        if let Some(arn) = chat_topic.as_ref().filter(|arn| Arn::parse(arn).is_none_or(|arn| arn.service != "sns")) {
            return Err(BadSetting {
                variable: "CHAT_TOPIC_ARN",
                found: format!("{arn:?}"),
                wanted: "nothing, or the ARN of an SNS topic",
            });
        }
        let emulator = set("EMULATOR_ENDPOINT_URL").filter(|_| local);
        let history_table = set("HISTORY_TABLE").filter(|name| !(local && name == "HistoryTable"));
        // Named after the topic, as the rules are: the environment has 4 KB. Under SAM there is nobody to ask.
        let expectations_path = topic.arn().and_then(expectations_path).filter(|_| !local);
        Ok(Self {
            topic,
            chat_topic,
            webhook: set("CHAT_WEBHOOK_FORMAT").map(|text| webhook(&text)).transpose()?,
            security_hub: set("SECURITY_HUB_MINIMUM_SEVERITY")
                .map(|text| severity("SECURITY_HUB_MINIMUM_SEVERITY", &text))
                .transpose()?,
            watch,
            // Under SAM the name of the table is its logical name, and there is no such table.
            history_table,
            history_retention: set("HISTORY_RETENTION_DAYS")
                .map_or(Ok(Some(TimeDelta::days(365))), |text| retention(&text))?,
            minimum_severity: set("MINIMUM_SEVERITY")
                .map_or(Ok(MinimumSeverity::default()), |text| minimum_severity(&text, &account_names))?,
            mode: set("MODE").map_or(Ok(Mode::Alert), |text| mode(&text))?,
            digest: set("DIGEST").map_or(Ok(Some(Period::Week)), |text| digest(&text))?,
            lookup_budget: set("LOOKUP_BUDGET_SECONDS").map_or(Ok(Duration::from_secs(5)), |text| budget(&text))?,
            expectations: set("EXPECTED_PRINCIPALS")
                .map_or(Ok(Expectations::default()), |text| expected_principals(&text, &account_names))?,
            expectations_path,
            account_names,
            organization: set("ORGANIZATION_ID").map(organization).transpose()?,
            reader_role,
            heartbeat_role: set("HEARTBEAT_ROLE"),
            endpoint: emulator.or_else(|| set("AWS_ENDPOINT_URL")).filter(|_| !deployed),
            local,
            variables: variables.into_inner(),
        })
    }
}

impl Settings {
    /// Whether a setting needs to know the organizational units of accounts.
    #[must_use]
    pub fn names_units(&self) -> bool {
        self.minimum_severity.names_units() || self.expectations.names_units()
    }
}

/// Whether the function runs in Lambda. Lambda sets these two variables and lets nobody else set them ("Defined runtime
/// environment variables", Lambda developer guide): the key of a role session, and a log stream named by its date. Under
/// `sam local invoke` the log stream is `$LATEST`; emulators have keys of their own.
fn is_deployed(variable: &impl Fn(&str) -> Option<String>) -> bool {
    let of_role = variable("AWS_ACCESS_KEY_ID").is_some_and(|key| key.starts_with("ASIA"));
    let stream = variable("AWS_LAMBDA_LOG_STREAM_NAME").unwrap_or_default();
    let year = stream.split('/').next().unwrap_or_default();
    of_role && year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit())
}

fn budget(text: &str) -> Result<Duration, BadSetting> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds| (0.1..=20.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| BadSetting {
        variable: "LOOKUP_BUDGET_SECONDS",
        found: format!("{text:?}"),
        wanted: "a number of seconds from 0.1 to 20",
    })
}

fn watched_actions(text: &str) -> Result<WatchedActions, BadSetting> {
    WatchedActions::parse(text).map_err(|part| BadSetting {
        variable: "WATCHED_EVENT_NAMES",
        found: format!("{part:?} in one place"),
        wanted: "default, * or names of actions in the catalogue, separated by commas; behind default or *, -NAME leaves \
                 an action out and +NAME adds one",
    })
}

fn own_resources(variable: &'static str, text: &str) -> Result<ProtectedResources, BadSetting> {
    ProtectedResources::parse(text).map_err(|part| BadSetting {
        variable,
        found: format!("{part:?} in one place"),
        wanted: "ARNs separated by commas",
    })
}

fn retention(text: &str) -> Result<Option<TimeDelta>, BadSetting> {
    let days: Option<i64> = text.parse().ok().filter(|days| (0..=36_500).contains(days));
    let days = days.ok_or_else(|| BadSetting {
        variable: "HISTORY_RETENTION_DAYS",
        found: format!("{text:?}"),
        wanted: "a number of days from 0, for ever, to 36500",
    })?;
    Ok(Some(TimeDelta::days(days)).filter(|_| days > 0))
}

fn mode(text: &str) -> Result<Mode, BadSetting> {
    match text {
        "alert" => Ok(Mode::Alert),
        "observe" => Ok(Mode::Observe),
        _ => Err(BadSetting { variable: "MODE", found: format!("{text:?}"), wanted: "alert or observe" }),
    }
}

fn digest(text: &str) -> Result<Option<Period>, BadSetting> {
    match text {
        "weekly" => Ok(Some(Period::Week)),
        "daily" => Ok(Some(Period::Day)),
        "none" => Ok(None),
        _ => Err(BadSetting { variable: "DIGEST", found: format!("{text:?}"), wanted: "weekly, daily or none" }),
    }
}

fn webhook(text: &str) -> Result<WebhookFormat, BadSetting> {
    WebhookFormat::from_word(text).ok_or_else(|| BadSetting {
        variable: "CHAT_WEBHOOK_FORMAT",
        found: format!("{text:?}"),
        wanted: "nothing, slack or teams",
    })
}

fn severity(variable: &'static str, text: &str) -> Result<Severity, BadSetting> {
    Severity::from_word(text).ok_or_else(|| BadSetting {
        variable,
        found: format!("{text:?}"),
        wanted: "LOW, MEDIUM, HIGH or CRITICAL",
    })
}

/// Keeps only ARNs. SAM sets logical names where the deployed stack has ARNs, and a logical name cannot be compared.
fn only_arns(text: &str) -> String {
    text.split(',').filter(|part| Arn::parse(part.trim()).is_some()).collect::<Vec<_>>().join(",")
}

/// The path of the parameters with expectations.
fn expectations_path(topic: &str) -> Option<String> {
    Some(format!("/{}/expectations", Arn::parse(topic)?.resource))
}

/// Adds the parameters with expectations and the function itself: a template cannot contain the function's ARN in the function's own settings, since that
/// reference is circular.
fn with_itself(
    mut own: ProtectedResources,
    topic: &Topic,
    function: Option<String>,
    region: Option<String>,
) -> ProtectedResources {
    if let Topic::Arn(arn) = topic {
        if let (Some(topic), Some(function), Some(region)) = (Arn::parse(arn), function, region) {
            own.add(format!("arn:{}:lambda:{region}:{}:function:{function}", topic.partition, topic.account));
        }
        if let Some((topic, path)) = Arn::parse(arn).zip(expectations_path(arn)) {
            own.add(format!("arn:{}:ssm:{}:{}:parameter{path}*", topic.partition, topic.region, topic.account));
        }
        own.add(arn.clone());
    }
    own
}

/// Adds what the members and the other regions have: their names are the same everywhere, and all together they are too
/// long for a variable.
fn with_members(mut own: ProtectedResources, topic: &Topic, reader_role: Option<&str>) -> ProtectedResources {
    if let Some(arn) = topic.arn().and_then(Arn::parse) {
        let (of_members, account) = reader_role.map_or((false, arn.account), |_| (true, "*"));
        if of_members {
            patterns::member_resources(arn.partition, arn.region, arn.resource).for_each(|arn| own.add(arn));
        }
        patterns::region_resources(arn.partition, account, arn.resource).for_each(|arn| own.add(arn));
    }
    own
}

fn minimum_severity(text: &str, names: &BTreeMap<String, String>) -> Result<MinimumSeverity, BadSetting> {
    MinimumSeverity::parse(text, names).map_err(|part| BadSetting {
        variable: "MINIMUM_SEVERITY",
        found: format!("{part:?} in one place"),
        wanted: "LOW, MEDIUM, HIGH or CRITICAL, then perhaps exceptions for accounts by id or by their name in ACCOUNT_NAMES, \
                 and for organizational units by id: MEDIUM,sandbox=HIGH",
    })
}

fn organization(text: String) -> Result<String, BadSetting> {
    let id = text.strip_prefix("o-").unwrap_or_default();
    let valid =
        (10..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if valid {
        return Ok(text);
    }
    let wanted = "nothing, or the id of an organization, o-a1b2c3d4e5";
    Err(BadSetting { variable: "ORGANIZATION_ID", found: format!("{text:?}"), wanted })
}

fn account_names(text: &str) -> Result<BTreeMap<String, String>, BadSetting> {
    text.split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (id, name) = pair.split_once('=').map(|(id, name)| (id.trim(), name.trim())).unwrap_or_default();
            if is_account_id(id) && !name.is_empty() {
                Ok((id.to_owned(), name.to_owned()))
            } else {
                Err(BadSetting {
                    variable: "ACCOUNT_NAMES",
                    found: format!("{pair:?} in one place"),
                    wanted: "123456789012=name pairs, separated by commas",
                })
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alerts";

    fn read(variables: &[(&str, &str)]) -> Result<Settings, BadSetting> {
        Settings::read(|name| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned()))
    }

    fn error(variables: &[(&str, &str)]) -> String {
        read(&[&[("ALERT_TOPIC_ARN", TOPIC)], variables].concat()).unwrap_err().to_string()
    }

    #[test]
    fn the_chat_has_a_topic_or_none() {
        let chat = |set: &str, local: &str| {
            let settings = [("ALERT_TOPIC_ARN", TOPIC), ("CHAT_TOPIC_ARN", set), ("AWS_SAM_LOCAL", local)];
            read(&settings).unwrap().chat_topic
        };
        assert_eq!(chat(TOPIC, "false").as_deref(), Some(TOPIC));
        assert_eq!(chat(" ", "false"), None);
        assert_eq!(chat("ChatTopic", "true"), None, "SAM's logical name");
        for wrong in ["ChatTopic", "arn:aws:sqs:us-east-1:111122223333:queue"] {
            let error = error(&[("CHAT_TOPIC_ARN", wrong)]);
            assert_eq!(error, format!("CHAT_TOPIC_ARN is {wrong:?}, but must be nothing, or the ARN of an SNS topic"));
        }
    }

    #[test]
    fn only_the_topic_is_required() {
        let settings =
            read(&[("ALERT_TOPIC_ARN", TOPIC), ("ACCOUNT_NAMES", " "), ("LOOKUP_BUDGET_SECONDS", "")]).unwrap();
        assert_eq!(settings.topic.account(), Some("111122223333"));
        assert_eq!(settings.lookup_budget, Duration::from_secs(5));
        assert_eq!(
            read(&[]).unwrap_err().to_string(),
            "ALERT_TOPIC_ARN is not set, but must be the ARN of an SNS topic, arn:aws:sns:us-east-1:123456789012:name"
        );
    }

    #[test]
    fn a_bad_setting_is_named_with_what_is_expected() {
        assert!(
            error(&[("LOOKUP_BUDGET_SECONDS", "soon")])
                .starts_with("LOOKUP_BUDGET_SECONDS is \"soon\", but must be a number")
        );
        assert!(error(&[("LOOKUP_BUDGET_SECONDS", "0")]).contains("0.1 to 20"));
        assert!(error(&[("ACCOUNT_NAMES", "12=x")]).starts_with("ACCOUNT_NAMES is \"12=x\""));
        assert!(error(&[("WATCHED_EVENT_NAMES", "CreateUser,Foo")]).starts_with("WATCHED_EVENT_NAMES is \"Foo\" in"));
        assert!(error(&[("HISTORY_RETENTION_DAYS", "-1")]).starts_with("HISTORY_RETENTION_DAYS is \"-1\""));
        assert!(error(&[("MINIMUM_SEVERITY", "medium")]).starts_with("MINIMUM_SEVERITY is \"medium\" in one place"));
        assert!(error(&[("SECURITY_HUB_MINIMUM_SEVERITY", "3")]).starts_with("SECURITY_HUB_MINIMUM_SEVERITY is \"3\""));
        assert_eq!(
            error(&[("CHAT_WEBHOOK_FORMAT", "Slack")]),
            "CHAT_WEBHOOK_FORMAT is \"Slack\", but must be nothing, slack or teams"
        );
        assert_eq!(error(&[("MODE", "quiet")]), "MODE is \"quiet\", but must be alert or observe");
        assert_eq!(error(&[("DIGEST", "off")]), "DIGEST is \"off\", but must be weekly, daily or none");
        assert!(error(&[("ORGANIZATION_ID", "acme")]).starts_with("ORGANIZATION_ID is \"acme\", but must be"));
        assert!(error(&[("OWN_RESOURCES", "alerts")]).starts_with("OWN_RESOURCES is \"alerts\""));
        assert!(error(&[("FEEDING_TRAILS", "arn")]).starts_with("FEEDING_TRAILS is \"arn\""));
        for wrong in [
            "*",
            "arn:*",
            "deploy",
            "arn:aws:sts::111122223333:assumed-role/deploy/*",
            "arn:aws:iam::111122223333:*",
            "arn:aws:iam::*:role/deploy",
            "arn:aws:iam::1:role/",
        ] {
            assert!(error(&[("EXPECTED_PRINCIPALS", wrong)]).starts_with("EXPECTED_PRINCIPALS is "), "{wrong}");
        }
    }

    #[test]
    fn only_sam_local_accepts_a_topic_that_is_no_arn_and_another_endpoint() {
        let local = read(&[
            ("AWS_SAM_LOCAL", "true"),
            ("ALERT_TOPIC_ARN", "AlertTopic"),
            ("EMULATOR_ENDPOINT_URL", "http://e"),
        ])
        .unwrap();
        assert_eq!((local.topic, local.endpoint.as_deref()), (Topic::Print, Some("http://e")));
        let wrong = read(&[("AWS_SAM_LOCAL", "true"), ("ALERT_TOPIC_ARN", "arn:aws:sqs:us-east-1:111122223333:q")]);
        assert!(wrong.unwrap_err().to_string().starts_with("ALERT_TOPIC_ARN is \"arn:aws:sqs"));
        let deployed = read(&[("ALERT_TOPIC_ARN", TOPIC), ("EMULATOR_ENDPOINT_URL", "http://e")]).unwrap();
        assert_eq!(deployed.endpoint, None);
        assert!(error(&[("ALERT_TOPIC_ARN", "x"), ("LOOKUP_BUDGET_SECONDS", "x")]).contains("LOOKUP"));
    }

    /// As `sam local invoke` sets them: logical names of resources that are not deployed.
    #[test]
    fn logical_names_that_sam_sets_are_ignored() {
        let own = "AlertTopic,HealthTopic,UndeliveredQueue,arn:aws:events:us-east-1:123456789012:rule/alerts-iam,HistoryTable";
        let names = [("OWN_RESOURCES", own), ("HISTORY_TABLE", "HistoryTable"), ("ALERT_TOPIC_ARN", "AlertTopic")];
        let local = read(&[&[("AWS_SAM_LOCAL", "true")], &names[..]].concat()).unwrap();
        assert_eq!((local.topic, local.history_table), (Topic::Print, None));
        assert!(
            error(&[("OWN_RESOURCES", own)]).starts_with("OWN_RESOURCES is \"AlertTopic\""),
            "deployed, it is a mistake"
        );
        let table = read(&[("ALERT_TOPIC_ARN", TOPIC), ("HISTORY_TABLE", "stack-HistoryTable-1A2B")]).unwrap();
        assert_eq!(table.history_table.as_deref(), Some("stack-HistoryTable-1A2B"));
    }

    #[test]
    fn a_deployed_function_heeds_no_switch_of_its_environment() {
        let deployed = [
            ("ALERT_TOPIC_ARN", TOPIC),
            ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLEFUNCTION1"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/26/alerter[$LATEST]0a1b2c"),
        ];
        let switches = [
            ("AWS_SAM_LOCAL", "true"),
            ("EMULATOR_ENDPOINT_URL", "http://evil.example"),
            ("AWS_ENDPOINT_URL", "http://evil.example"),
            ("AWS_ENDPOINT_URL_SNS", "http://evil.example"),
        ];
        let settings = read(&[&deployed[..], &switches].concat()).unwrap();
        assert_eq!((settings.endpoint, settings.local), (None, false));
        let nowhere = [&deployed[1..], &[("ALERT_TOPIC_ARN", "AlertTopic")], &switches].concat();
        assert!(read(&nowhere).unwrap_err().to_string().starts_with("ALERT_TOPIC_ARN is \"AlertTopic\""));
        let trust = read(&[&deployed[..], &[("SSL_CERT_FILE", "/opt/ca.pem")]].concat());
        assert!(trust.unwrap_err().to_string().starts_with("SSL_CERT_FILE is set, but must be not set"));
        // Neither `sam local invoke` nor an emulator is taken for a deployed function.
        for (name, value) in [("AWS_LAMBDA_LOG_STREAM_NAME", "$LATEST"), ("AWS_ACCESS_KEY_ID", "FSIAEXAMPLE")] {
            let mut elsewhere = [&deployed[..], &switches].concat();
            elsewhere.retain(|(set, _)| *set != name);
            elsewhere.push((name, value));
            assert_eq!(read(&elsewhere).unwrap().endpoint.as_deref(), Some("http://evil.example"));
        }
    }

    #[test]
    fn accounts_have_names() {
        let settings =
            read(&[("ALERT_TOPIC_ARN", TOPIC), ("ACCOUNT_NAMES", "111122223333=acme-prod, 444455556666 = dev")])
                .unwrap();
        assert_eq!(settings.account_names["444455556666"], "dev");
    }
}
