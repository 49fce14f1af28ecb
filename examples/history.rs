//! Shows the audit history as a timeline: the activity of an actor, the activity on a target, or a day of an account.
//! Mutes and acknowledges alerts.

#[path = "tool/asked.rs"]
mod asked;
#[path = "tool/command.rs"]
mod command;
#[path = "tool/history.rs"]
mod history;
#[path = "tool/reviews.rs"]
mod reviews;
#[path = "tool/suggest.rs"]
mod suggest;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    history::main(command::Called::as_example("history")).await
}
