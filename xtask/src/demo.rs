//! `cargo xtask demo`: from a fresh clone to an agent with a virtual card.

use std::ffi::{OsStr, OsString};
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
    println!("{}", what_to_try_next(arguments));
    steps.run("start the agent", || {
        become_the_agent(&mut agent(arguments))
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

fn what_to_try_next(arguments: &[OsString]) -> String {
    let (folder, meaning) = match state_folder(arguments) {
        Some(folder) => (folder.to_string_lossy().into_owned(), ""),
        None => (
            "DIR".to_owned(),
            "\n    DIR is the state folder that the agent names.",
        ),
    };
    format!(
        "==> demo: the agent starts with a virtual TEST card. Ctrl-C ends it.
    Try next, in another terminal:
        cat {folder}/endpoint.json      # the address, should it not be the one below
        curl --cacert {folder}/ca.pem -H \"Authorization: Bearer $(cat {folder}/demo-token)\" https://127.0.0.1:27900/v1/cards
    The README goes on from there: a token for a téléservice, a signature, and openssl as judge.{meaning}"
    )
}

fn state_folder(arguments: &[OsString]) -> Option<&OsStr> {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--state-dir" {
            return words.next().map(OsString::as_os_str);
        }
        if let Some(folder) = word
            .to_str()
            .and_then(|word| word.strip_prefix("--state-dir="))
        {
            return Some(OsStr::new(folder));
        }
    }
    None
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
    fn starts_the_release_build_of_the_agent_with_the_arguments_given() {
        let shown = shown(&agent(&words("--headless --port 0")));
        assert!(
            shown.ends_with("run --release --quiet --package cpxd -- demo --headless --port 0")
        );
    }

    #[test]
    fn finds_the_state_folder_in_both_spellings() {
        for line in [
            "--headless --state-dir /tmp/x",
            "--state-dir=/tmp/x --headless",
        ] {
            assert_eq!(state_folder(&words(line)), Some(OsStr::new("/tmp/x")));
        }
        assert_eq!(state_folder(&words("--headless")), None);
        assert_eq!(state_folder(&words("--state-dir")), None);
    }

    #[test]
    fn says_commands_that_name_the_state_folder() {
        let text = what_to_try_next(&words("--state-dir /tmp/x"));
        assert!(text.contains("curl --cacert /tmp/x/ca.pem"));
        assert!(!text.contains("DIR"));
        assert!(what_to_try_next(&[]).contains("DIR is the state folder"));
    }
}
