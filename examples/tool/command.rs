//! What the examples have in common as commands: help, errors, and what they exit with. Some are also subcommands of
//! `iam-security-alert-tool`, which is what a release has.

use iam_security_alert::config::expectations::{Expectation, read};
use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

/// A command, as somebody called it.
pub struct Called {
    name: &'static str,
    /// How it is called, for the help.
    usage: String,
    arguments: Vec<OsString>,
}

#[allow(dead_code, reason = "an example is one of both")]
impl Called {
    /// The example of this name.
    pub fn as_example(name: &'static str) -> Self {
        let usage = format!("cargo run --example {name} --");
        Self { name, usage, arguments: std::env::args_os().skip(1).collect() }
    }

    /// The subcommand of this name, with what stands behind it.
    pub fn as_subcommand(tool: &str, name: &'static str, arguments: Vec<OsString>) -> Self {
        Self { name, usage: format!("{tool} {name}"), arguments }
    }

    pub fn arguments(&self) -> lexopt::Parser {
        lexopt::Parser::from_args(self.arguments.clone())
    }

    /// Whether this option is given.
    pub fn has(&self, option: &str) -> bool {
        self.arguments.iter().any(|argument| argument == option)
    }
}

#[allow(dead_code, reason = "doctor has a status of its own")]
/// Runs a command with its options: none where help was asked for, which names the command `{command}`. Exits with 0 if
/// all is well, 1 if not, 2 if the command line is wrong.
pub async fn run<O>(
    called: &Called,
    help: &str,
    options: Result<Option<O>, lexopt::Error>,
    command: impl AsyncFnOnce(&O) -> Result<bool, Box<dyn Error>>,
) -> ExitCode {
    run_for_status(called, help, options, async |options: &O| {
        Box::pin(command(options)).await.map(|well| u8::from(!well))
    })
    .await
}

/// The same of a command that knows what to exit with.
#[allow(dead_code, reason = "most commands go well or not")]
pub async fn run_for_status<O>(
    called: &Called,
    help: &str,
    options: Result<Option<O>, lexopt::Error>,
    command: impl AsyncFnOnce(&O) -> Result<u8, Box<dyn Error>>,
) -> ExitCode {
    let name = called.name;
    let options = match options {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{}", help.replace("{command}", &called.usage));
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{name}: {error}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    match Box::pin(command(&options)).await {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The text of a file; of standard input for `-`.
#[allow(dead_code, reason = "not every command reads a file")]
pub fn text_of(file: &str) -> std::io::Result<String> {
    if file == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(file) }
}

/// The expectations in a file. `names` are the names of accounts, by id.
///
/// # Errors
/// Everything that is wrong, with its line.
#[allow(dead_code, reason = "not every command has expectations")]
pub fn expectations_of(file: &str, names: &BTreeMap<String, String>) -> Result<Vec<Expectation>, Box<dyn Error>> {
    let text = text_of(file).map_err(|error| format!("{file}: {error}"))?;
    read(&text, file, names).map_err(|problems| {
        let all: Vec<_> = problems.iter().map(|problem| format!("{file}: {problem}")).collect();
        all.join("\n").into()
    })
}
