//! Commands for a POSIX shell, and the steps that contain them.

use crate::phrase;
use crate::text::{Phrase, Untrusted};
use std::borrow::Cow;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainmentStep {
    /// What to do, and the effect.
    pub text: Phrase,
    /// The commands of the step.
    pub commands: Vec<Command>,
}

const UNQUOTABLE: &str = " (No command is shown: the name is not in the event, or contains characters that a shell or the AWS CLI may not take.)";

impl ContainmentStep {
    /// A step with commands; with no commands if one of them cannot be built safely.
    pub(in crate::alert) fn new(text: impl Into<Phrase>, commands: Vec<Option<Command>>) -> Self {
        let text = text.into();
        match commands.into_iter().collect::<Option<Vec<_>>>() {
            Some(commands) => Self { text, commands },
            None => Self { text: phrase!(text, UNQUOTABLE), commands: Vec::new() },
        }
    }

    /// A step without a command.
    pub(in crate::alert) fn by_hand(text: impl Into<Phrase>) -> Self {
        Self { text: text.into(), commands: Vec::new() }
    }
}

/// A command for a POSIX shell. Everything from outside is quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command(String);

impl Command {
    /// Begins a command with our own words.
    pub(crate) fn new(words: &'static str) -> Self {
        Self(words.to_owned())
    }

    /// Adds an option with a value from outside; `None` if the value is not safe for a shell or for the AWS CLI.
    ///
    /// Only printable ASCII is safe: other characters may look like something else, or change when they are copied. The
    /// CLI replaces a value that begins with `file://` or similar by the content of that file or address. The form
    /// `--option=value` prevents that a name which begins with a dash is read as an option.
    pub(crate) fn option(mut self, option: &'static str, value: &str) -> Option<Self> {
        let printable = !value.is_empty() && value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        // AWS writes this in the place of a name.
        let hidden = value.contains("HIDDEN_DUE_TO_SECURITY_REASONS");
        if !printable || hidden || value.contains("://") || value.len() > 1_024 {
            return None;
        }
        let argument = if value.starts_with('-') { format!("{option}={value}") } else { value.to_owned() };
        let quoted: Cow<'_, str> = shlex::try_quote(&argument).ok()?;
        self.0.push(' ');
        if !value.starts_with('-') && !option.is_empty() {
            self.0.push_str(option);
            self.0.push(' ');
        }
        self.0.push_str(&quoted);
        Some(self)
    }

    /// Adds a value from outside without an option; `None` if it is not safe.
    pub(crate) fn argument(self, value: &str) -> Option<Self> {
        if value.starts_with('-') { None } else { self.option("", value) }
    }

    /// Adds an option if it has a value; `None` if the value is not safe.
    pub(in crate::alert) fn option_if_any(self, option: &'static str, value: Option<&str>) -> Option<Self> {
        match value {
            Some(value) => self.option(option, value),
            None => Some(self),
        }
    }

    /// Adds an option with a JSON document of our own. Text from outside in the document is escaped as JSON.
    pub(in crate::alert) fn json(mut self, option: &'static str, document: &serde_json::Value) -> Option<Self> {
        let document = document.to_string();
        let quoted = shlex::try_quote(&document).ok()?.into_owned();
        if document.bytes().any(|byte| !(0x20..0x7f).contains(&byte)) {
            return None;
        }
        self.0.push(' ');
        self.0.push_str(option);
        self.0.push(' ');
        self.0.push_str(&quoted);
        Some(self)
    }

    /// Adds an option with a JSON document of our own in two parts. The time when the command runs stands between them: a
    /// session that was opened between the alert and the command must be revoked, too. No text from outside can be in the
    /// document, so none is taken for the place of the time.
    fn json_around_now(mut self, option: &'static str, [before, after]: [&'static str; 2]) -> Self {
        for part in [" ", option, " '", before, "'\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"'", after, "'"] {
            self.0.push_str(part);
        }
        self
    }

    /// Adds our own words.
    pub(crate) fn flag(mut self, words: &'static str) -> Self {
        self.0.push(' ');
        self.0.push_str(words);
        self
    }

    /// Appends the output of this command to a file as evidence, and runs the next command only if that succeeded.
    pub(super) fn save_and_then(self, next: &Self) -> Self {
        Self(format!("{} --output json >> evidence.json && {}", self.0, next.0))
    }

    /// The command, ready to run.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) const PUT_USER_POLICY: &str = "aws iam put-user-policy";
pub(super) const PUT_ROLE_POLICY: &str = "aws iam put-role-policy";

/// Denies all actions to sessions that are older than the time between the two parts.
const DENY_OLDER_SESSIONS: [&str; 2] = [
    r#"{"Statement":[{"Action":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":""#,
    r#""}},"Effect":"Deny","Resource":"*"}],"Version":"2012-10-17"}"#,
];

pub(super) fn deactivate(user: &str, key: &str) -> Option<Command> {
    inactive("aws iam update-access-key", user, "--access-key-id", key)
}

/// Deactivates a credential of a user; it can be activated again.
pub(super) fn inactive(call: &'static str, user: &str, option: &'static str, id: &str) -> Option<Command> {
    let command = Command::new(call).option("--user-name", user)?.option(option, id)?;
    Some(command.flag("--status Inactive"))
}

pub(super) fn list_keys(user: &Untrusted) -> ContainmentStep {
    list_keys_of(user, "Check whether the user has access keys, and deactivate them with update-access-key:")
}

pub(super) fn list_keys_of(user: &Untrusted, text: &'static str) -> ContainmentStep {
    ContainmentStep::new(text, vec![Command::new("aws iam list-access-keys").option("--user-name", user.raw())])
}

/// Denies all actions. This policy and that of `revoke_sessions` have different names, so that one does not overwrite
/// the other.
pub(super) fn deny_all(call: &'static str, option: &'static str, name: &str) -> Option<Command> {
    let document = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    });
    Command::new(call)
        .option(option, name)?
        .option("--policy-name", "incident-deny-all")?
        .json("--policy-document", &document)
}

/// Denies all actions to sessions that were opened before the command runs.
pub(super) fn revoke_sessions(call: &'static str, option: &'static str, name: &str) -> Option<Command> {
    let command = Command::new(call).option(option, name)?.option("--policy-name", "incident-revoke-sessions")?;
    Some(command.json_around_now("--policy-document", DENY_OLDER_SESSIONS))
}
