//! `cpxd-prompt-window`: started by the agent, for one question.

use std::process::ExitCode;

fn main() -> ExitCode {
    match prompt_window::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the agent's log is where a person looks"
)]
fn report(error: &prompt_window::WindowError) {
    eprintln!(
        "cpxd-prompt-window: {error}: {:?}",
        std::error::Error::source(error)
    );
}
