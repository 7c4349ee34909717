//! `cargo xtask VERB`: what one does with this project, one module per verb.
//!
//! A stranger needs two of them: `cargo xtask demo` to see a card work, `cargo xtask test` to see that everything does.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "showing progress on the terminal is the job of this program"
)]

mod bench;
mod browser;
mod cargo_deny;
mod commands;
mod demo;
mod fuzz;
mod lint;
mod package;
mod soak;
mod steps;
mod system_packages;
mod test;
mod tidy;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// What one does with this project.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Build the agent and start it with a virtual TEST card: no reader needed
    Demo {
        /// Passed to `cpxd demo`, for example `--headless --state-dir DIR`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Install what the tests need, then build everything and run every test
    Test,
    /// Count commands and bytes beside OpenSC on the same virtual card, and take times and memory
    Bench {
        /// Passed to the bench, for example `--signatures 10000`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Let libFuzzer look for inputs that make a parser panic
    Fuzz(fuzz::Options),
    /// Bad luck again and again while clients sign
    #[command(subcommand)]
    Soak(soak::Soak),
    /// Formatting, clippy, tidy and cargo-deny, warnings being errors
    Lint,
    /// Pack what is given away: the extension for Chromium (zip) and Firefox (xpi), or a system's package
    Package {
        /// Folder that they go to (default: `package` beside what cargo builds)
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        #[command(subcommand)]
        system: Option<package::System>,
    },
    /// The rules of this project that no other tool knows: floors, fixtures, files, manifests
    Tidy,
}

fn main() -> ExitCode {
    match run(CommandLine::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("==> {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> Result<()> {
    match verb {
        Verb::Demo { arguments } => demo::run(&arguments),
        Verb::Test => test::run(),
        Verb::Bench { arguments } => bench::run(&arguments),
        Verb::Fuzz(options) => fuzz::run(&options),
        Verb::Soak(soak) => soak::run(&soak),
        Verb::Lint => lint::run(),
        Verb::Package { out, system } => package::run(out, system),
        Verb::Tidy => tidy::run(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo_arguments(line: &[&str]) -> Vec<OsString> {
        let verb = CommandLine::try_parse_from(line).unwrap().verb;
        let Verb::Demo { arguments } = verb else {
            panic!("not the demo: {verb:?}")
        };
        arguments
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        CommandLine::command().debug_assert();
    }

    #[test]
    fn passes_arguments_to_the_agent_with_and_without_two_dashes() {
        let expected = ["--headless", "--state-dir", "DIR"];
        let with = demo_arguments(&["xtask", "demo", "--", "--headless", "--state-dir", "DIR"]);
        let without = demo_arguments(&["xtask", "demo", "--headless", "--state-dir", "DIR"]);
        assert_eq!(with, expected);
        assert_eq!(without, expected);
    }

    #[test]
    fn starts_the_demo_without_arguments() {
        assert!(demo_arguments(&["xtask", "demo"]).is_empty());
    }

    #[test]
    fn refuses_an_unknown_verb() {
        assert!(CommandLine::try_parse_from(["xtask", "dance"]).is_err());
    }
}
