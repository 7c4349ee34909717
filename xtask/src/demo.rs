//! `cargo xtask demo`: from a fresh clone to an agent with a virtual card.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::commands::{cargo, run as run_command};
use crate::steps::Steps;
use crate::system_packages::{self, BUILDING};

/// Installs what building needs, builds the agent, and becomes it: `cpxd demo` with the arguments given.
pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    let mut steps = Steps::of("demo");
    steps.run("system packages", || {
        system_packages::install_missing(BUILDING)
    })?;
    steps.run("build the agent (a few minutes the first time)", || {
        run_command(&mut cargo(["build", "--release", "--package", "cpxd"]))
    })?;
    if needs_the_window(arguments) {
        steps.run("build its window (some minutes the first time)", || {
            run_command(&mut cargo([
                "build",
                "--release",
                "--package",
                "prompt-window",
            ]))
        })?;
    }
    steps.run("start the agent, which says what to try next", || {
        become_the_agent(&mut agent(arguments))
    })
}

/// Nobody looks at a demo that is headless or has a file for its holder, or at one that says what it takes.
fn needs_the_window(arguments: &[OsString]) -> bool {
    const WITHOUT: [&str; 4] = ["--headless", "--scripted-holder", "--help", "-h"];
    !arguments.iter().any(|argument| {
        let argument = argument.to_string_lossy();
        let name = argument
            .split_once('=')
            .map_or(&*argument, |(name, _)| name);
        WITHOUT.contains(&name)
    })
}

fn agent(arguments: &[OsString]) -> Command {
    let mut command = cargo([
        "run",
        "--release",
        "--quiet",
        "--package",
        "cpxd",
        "--",
        "demo",
    ]);
    // Relative paths among the arguments mean the folder where the person stands.
    command.args(arguments).current_dir(".");
    command
}

/// Replaces this process, so that Ctrl-C and SIGTERM sent to it reach the agent (cargo does the same once more).
#[cfg(unix)]
fn become_the_agent(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec().into())
}

/// Windows cannot replace a process, but its console sends Ctrl-C to every process that it shows.
#[cfg(not(unix))]
fn become_the_agent(command: &mut Command) -> Result<()> {
    run_command(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::shown;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn a_demo_that_asks_nobody_waits_for_no_window_to_be_built() {
        assert!(needs_the_window(&words("--port 0")));
        for line in [
            "--port 0 --headless",
            "--scripted-holder holder.toml",
            "--scripted-holder=holder.toml",
            "--help",
        ] {
            assert!(!needs_the_window(&words(line)), "{line}");
        }
    }

    #[test]
    fn starts_the_release_build_of_the_agent_with_the_arguments_given() {
        let shown = shown(&agent(&words("--headless --port 0")));
        assert!(
            shown.ends_with("run --release --quiet --package cpxd -- demo --headless --port 0")
        );
    }
}
