//! Checks a file of expectations, and writes rows for it.

#[path = "tool/command.rs"]
mod command;
#[path = "tool/expectations.rs"]
mod expectations;
#[path = "tool/principals.rs"]
mod principals;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    expectations::main(command::Called::as_example("expectations")).await
}
