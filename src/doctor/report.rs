//! What the doctor found, as lines for a terminal and as JSON for scripts.

use crate::alert::Command;
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What was found about one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub check: &'static str,
    pub status: Status,
    pub text: Phrase,
    /// What to do, in this order.
    pub todo: Vec<Todo>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It was read, evaluated, and works.
    Ok,
    /// It works, and the reader should know this.
    Note,
    /// It could not be checked.
    Unknown,
    /// Alerts may be missing.
    Broken,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Todo {
    Say(Phrase),
    /// A command for a shell.
    Run(Command),
}

impl Status {
    /// In front of a line.
    #[must_use]
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Note => "--",
            Self::Unknown => "??",
            Self::Broken => "!!",
        }
    }

    /// In JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Unknown => "unknown",
            Self::Broken => "broken",
        }
    }
}

impl Finding {
    fn new(status: Status, check: &'static str, text: impl Into<Phrase>) -> Self {
        Self { check, status, text: text.into(), todo: Vec::new() }
    }

    pub(super) fn ok(check: &'static str, text: impl Into<Phrase>) -> Self {
        Self::new(Status::Ok, check, text)
    }

    pub(super) fn note(check: &'static str, text: impl Into<Phrase>) -> Self {
        Self::new(Status::Note, check, text)
    }

    pub(super) fn broken(check: &'static str, text: impl Into<Phrase>) -> Self {
        Self::new(Status::Broken, check, text)
    }

    pub(super) fn unknown(check: &'static str, text: impl Into<Phrase>) -> Self {
        Self::new(Status::Unknown, check, text)
    }

    /// What could not be read, why, and which IAM actions the reading needs.
    pub(super) fn unread(check: &'static str, what: impl Into<Phrase>, why: &str, actions: &'static str) -> Self {
        let why = Untrusted::new(why.trim_end_matches([':', '.', ' ']));
        let text = phrase!(what.into(), " could not be read: ", Phrase::free(&why), ".");
        let finding = Self::unknown(check, text);
        if is_denied(why.raw()) {
            let lacks = phrase!("Your credentials lack ", actions, ". What the doctor needs: --policy");
            return finding.say(lacks);
        }
        finding
    }

    pub(super) fn say(mut self, text: impl Into<Phrase>) -> Self {
        self.todo.push(Todo::Say(text.into()));
        self
    }

    /// Adds a command, if it could be built safely.
    pub(super) fn run(mut self, command: Option<Command>) -> Self {
        self.todo.extend(command.map(Todo::Run));
        self
    }
}

/// Whether AWS refused for want of a permission. Each service has its own words for that.
fn is_denied(why: &str) -> bool {
    ["AccessDenied", "access denied", "AuthorizationError", "UnauthorizedOperation", "not authorized"]
        .iter()
        .any(|word| why.contains(word))
}

impl Todo {
    /// As lines. Hidden characters of texts from outside are made visible.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::Say(text) => plain(text),
            Self::Run(command) => command.as_str().to_owned(),
        }
    }
}

/// Names and addresses as they are, so that they can be compared and copied; hidden characters are made visible.
fn plain(text: &Phrase) -> String {
    text.rendered(Untrusted::identifier)
}

/// All findings, in the order of the checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report(pub Vec<Finding>);

impl Report {
    /// 0 if nothing is broken, 1 if something is, 3 if nothing is, but something could not be checked. 2 is for a wrong
    /// command line.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match self.0.iter().map(|finding| finding.status).max() {
            Some(Status::Broken) => 1,
            Some(Status::Unknown) => 3,
            Some(Status::Ok | Status::Note) | None => 0,
        }
    }

    /// One line a finding, and below it what to do.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for Finding { check, status, text: found, todo } in &self.0 {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}  {check:<13} {}", status.mark(), plain(found));
            for todo in todo {
                let _ = writeln!(text, "{:18}{}", "", todo.plain());
            }
        }
        let count = |wanted| self.0.iter().filter(|finding| finding.status == wanted).count();
        let (broken, unknown) = (count(Status::Broken), count(Status::Unknown));
        let verdict = match (broken, unknown) {
            _ if count(Status::Ok) == 0 => "Nothing could be checked.".to_owned(),
            (0, 0) => "Everything that was checked works.".to_owned(),
            (0, _) => format!("Nothing is broken as far as it could be checked; {unknown} could not."),
            (_, 0) => format!("Broken: {broken}."),
            _ => format!("Broken: {broken}. Could not be checked: {unknown}."),
        };
        let _ = writeln!(text, "\n{verdict}");
        text
    }

    /// One object a finding.
    #[must_use]
    pub fn json(&self) -> Value {
        let finding = |finding: &Finding| {
            let todo: Vec<_> = finding.todo.iter().map(Todo::plain).collect();
            json!({"name": finding.check, "status": finding.status.word(), "text": plain(&finding.text), "action": todo.join("\n")})
        };
        self.0.iter().map(finding).collect()
    }
}
