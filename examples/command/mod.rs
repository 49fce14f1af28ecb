//! What the examples have in common as commands: help, errors, and what they exit with.

use std::error::Error;
use std::process::ExitCode;

/// Runs the command of that name with its options: none where help was asked for. Exits with 0 if all is well, 1 if
/// not, 2 if the command line is wrong.
pub async fn run<O>(
    name: &str,
    help: &str,
    options: Result<Option<O>, lexopt::Error>,
    command: impl AsyncFnOnce(&O) -> Result<bool, Box<dyn Error>>,
) -> ExitCode {
    let options = match options {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{help}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{name}: {error}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    match Box::pin(command(&options)).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
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
