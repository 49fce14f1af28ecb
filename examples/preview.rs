//! Shows the alert for an event. Publishes nothing, and needs no AWS account.

#[path = "tool/command.rs"]
mod command;
#[path = "tool/preview.rs"]
mod preview;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    preview::main(command::Called::as_example("preview")).await
}
