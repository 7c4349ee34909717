//! `cpxd-prompt-window`: started by the agent, for one question.

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(word) = env::args_os()
        .nth(1)
        .filter(|word| ABOUT.iter().any(|about| word == about))
    {
        return tell_a_person(word == "--version");
    }
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

/// What a person may ask of it; the agent starts it without a word.
const ABOUT: [&str; 2] = ["--help", "--version"];

fn tell_a_person(version_alone: bool) -> ExitCode {
    let version = concat!("cpxd-prompt-window ", env!("CARGO_PKG_VERSION"));
    let told = if version_alone {
        writeln!(io::stdout(), "{version}")
    } else {
        writeln!(
            io::stdout(),
            "{version} is started by the agent for one question to the holder of a card, and not by hand."
        )
    };
    if told.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
