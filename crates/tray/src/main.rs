//! `cpxd-tray`: what the agent and its cards are doing, at a glance, where a desktop has a place for it.
//!
//! It is one more program of the user on the user's socket: it knows the API, never a card, and the
//! command line does whatever it does.

mod error;
#[cfg(target_os = "linux")]
mod tray;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use texts::Language;

use crate::error::TrayError;

/// The icon of cpxd beside the clock: cards, sessions, who is let in.
#[derive(Debug, Parser)]
#[command(name = "cpxd-tray", version)]
struct CommandLine {
    /// State folder of the agent that is asked (default: this user's)
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    let line = CommandLine::parse();
    match run(&line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error.sentence(language_of_system()));
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
fn run(line: &CommandLine) -> Result<(), TrayError> {
    tray::run(line.state_dir.as_deref())
}

#[cfg(not(target_os = "linux"))]
fn run(_line: &CommandLine) -> Result<(), TrayError> {
    Err(TrayError::OtherSystem)
}

/// The language of whoever started this.
fn language_of_system() -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    Language::of_environment(locale.as_deref())
}

#[expect(
    clippy::print_stderr,
    reason = "whoever started the tray by hand looks there, and a session's log has it otherwise"
)]
fn report(sentence: &str) {
    eprintln!("{sentence}");
}
