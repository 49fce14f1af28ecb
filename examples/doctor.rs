//! Checks a deployed stack with the credentials at hand, and says what to do.

#[path = "tool/command.rs"]
mod command;
#[path = "tool/doctor.rs"]
mod doctor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    doctor::main(command::Called::as_example("doctor")).await
}
