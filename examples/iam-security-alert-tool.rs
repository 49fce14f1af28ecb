//! What a release has besides the function: one binary with the examples that work without a clone, as subcommands.

#[path = "tool/asked.rs"]
mod asked;
#[path = "tool/command.rs"]
mod command;
#[path = "tool/doctor.rs"]
mod doctor;
#[path = "tool/expectations.rs"]
mod expectations;
#[path = "tool/history.rs"]
mod history;
#[path = "tool/preview.rs"]
mod preview;
#[path = "tool/principals.rs"]
mod principals;
#[path = "tool/reviews.rs"]
mod reviews;
#[path = "tool/suggest.rs"]
mod suggest;

use command::Called;
use iam_security_alert::VERSION;
use std::process::ExitCode;

const NAME: &str = "iam-security-alert-tool";

const HELP: &str = "\
For people who run iam-security-alert.

Usage: iam-security-alert-tool COMMAND [OPTIONS]

  doctor         checks a deployed stack, and says what to do
  preview        shows the alert that an event would make
  history        shows the audit history; mutes and acknowledges alerts; with --suggest, proposes expectations
  expectations   checks a file of expectations, or writes a row for it

  COMMAND --help  the options of a command
  --version       the version
  --help          this
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next().unwrap_or_default();
    let called = |name| Called::as_subcommand(NAME, name, arguments.collect());
    match command.to_str() {
        Some("doctor") => Box::pin(doctor::main(called("doctor"))).await,
        Some("preview") => Box::pin(preview::main(called("preview"))).await,
        Some("history") => Box::pin(history::main(called("history"))).await,
        Some("expectations") => Box::pin(expectations::main(called("expectations"))).await,
        Some("--version" | "-V") => {
            println!("{NAME} {VERSION}");
            ExitCode::SUCCESS
        }
        Some("--help" | "-h" | "help") => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        other => {
            if let Some(other) = other.filter(|other| !other.is_empty()) {
                eprintln!("{NAME}: there is no command {other:?}\n");
            }
            eprint!("{HELP}");
            ExitCode::from(2)
        }
    }
}
