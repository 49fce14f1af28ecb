//! Commands for a POSIX shell, and the steps that they belong to.

use crate::phrase;
use crate::text::Phrase;
use std::borrow::Cow;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainmentStep {
    /// What to do, and what it will do.
    pub text: Phrase,
    /// The commands that do it.
    pub commands: Vec<Command>,
}

const UNQUOTABLE: &str =
    " (No command is shown: the name contains characters that a shell or the AWS CLI may not take as they stand.)";

impl ContainmentStep {
    /// A step with commands; without any where one of them could not be put together safely.
    pub(in crate::alert) fn new(text: impl Into<Phrase>, commands: Vec<Option<Command>>) -> Self {
        let text = text.into();
        match commands.into_iter().collect::<Option<Vec<_>>>() {
            Some(commands) => Self { text, commands },
            None => Self { text: phrase!(text, UNQUOTABLE), commands: Vec::new() },
        }
    }

    /// A step that a person does without a command.
    pub(super) fn by_hand(text: impl Into<Phrase>) -> Self {
        Self { text: text.into(), commands: Vec::new() }
    }
}

/// A command for a POSIX shell, with all that came from outside quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command(String);

impl Command {
    /// Begins a command with words of our own.
    pub(in crate::alert) fn new(words: &'static str) -> Self {
        Self(words.to_owned())
    }

    /// Adds an option of our own with a value that came from outside; `None` where the value cannot be put
    /// into a shell and the AWS CLI safely.
    ///
    /// Only printable ASCII can: anything else may look different from what it is, or be changed when it is
    /// copied. The CLI replaces a value that begins with `file://` and the like by what it points to. The
    /// form `--option=value` keeps a name that begins with a dash from being taken for an option.
    pub(in crate::alert) fn option(mut self, option: &'static str, value: &str) -> Option<Self> {
        let printable = !value.is_empty() && value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if !printable || value.contains("://") || value.len() > 1_024 {
            return None;
        }
        let argument = if value.starts_with('-') { format!("{option}={value}") } else { value.to_owned() };
        let quoted: Cow<'_, str> = shlex::try_quote(&argument).ok()?;
        if value.starts_with('-') {
            self.0.push(' ');
        } else {
            self.0.push(' ');
            self.0.push_str(option);
            self.0.push(' ');
        }
        self.0.push_str(&quoted);
        Some(self)
    }

    /// Adds an option of our own if there is a value for it; `None` where there is one that cannot be put in safely.
    pub(in crate::alert) fn option_if_any(self, option: &'static str, value: Option<&str>) -> Option<Self> {
        match value {
            Some(value) => self.option(option, value),
            None => Some(self),
        }
    }

    /// Adds an option with a JSON document of ours. What is from outside in it was escaped as JSON.
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

    /// Adds an option with a JSON document of ours in which [`NOW`] stands for the time at which the command
    /// is run: a session that was opened between the alert and the command must not slip through.
    pub(super) fn json_at_run_time(self, option: &'static str, document: &serde_json::Value) -> Option<Self> {
        let mut command = self.json(option, document)?;
        // The document is within single quotes: end them, let the shell put the time in, begin them again.
        command.0 = command.0.replace(NOW, "'\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"'");
        Some(command)
    }

    /// Adds words of our own.
    pub(super) fn flag(mut self, words: &'static str) -> Self {
        self.0.push(' ');
        self.0.push_str(words);
        self
    }

    /// Saves what this command prints as evidence, added to what other alerts have saved, and only then runs the next.
    pub(super) fn save_and_then(self, next: &Self) -> Self {
        Self(format!("{} --output json >> evidence.json && {}", self.0, next.0))
    }

    /// The command, to be run as it is.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Stands for the time in a document, see [`Command::json_at_run_time`].
const NOW: &str = "@NOW@";

pub(super) fn deactivate(user: &str, key: &str) -> Option<Command> {
    inactive("aws iam update-access-key", user, "--access-key-id", key)
}

/// Makes a credential of a user inactive; it can be activated again.
pub(super) fn inactive(call: &'static str, user: &str, option: &'static str, id: &str) -> Option<Command> {
    let command = Command::new(call).option("--user-name", user)?.option(option, id)?;
    Some(command.flag("--status Inactive"))
}

/// Denies all actions. The two policies have names of their own: one alert's containment must not undo another's.
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

/// Denies every session that was opened before the command is run.
pub(super) fn revoke_sessions(call: &'static str, option: &'static str, name: &str) -> Option<Command> {
    let document = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"DateLessThan": {"aws:TokenIssueTime": NOW}}}],
    });
    Command::new(call)
        .option(option, name)?
        .option("--policy-name", "incident-revoke-sessions")?
        .json_at_run_time("--policy-document", &document)
}
