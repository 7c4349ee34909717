//! `cargo xtask soak [pulls|kills|idle]`: bad luck, again and again, while clients sign, and minutes of nothing.

use std::env::consts::OS;
use std::ffi::{OsStr, OsString};
use std::process::Command;

use anyhow::{Result, bail};
use clap::Subcommand;

use crate::commands::{cargo, run as run_command, target_folder, workspace_root};
use crate::steps::Steps;
use crate::system_packages::{self, TESTING};

/// Which one.
#[derive(Debug, Subcommand)]
pub(crate) enum Soak {
    /// Pull the card and restart pcscd: every answer typed, nothing left behind
    Pulls {
        /// Passed to the soak, for example `--pulls 5 --restarts 2`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Kill the agent and start it again: everything that was acknowledged in the journal, nothing without an intent
    Kills {
        /// Passed to the soak, for example `--kills 10`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Ask agents nothing: no wake-up that is not named, no socket beyond the user's and loopback, memory stated
    Idle {
        /// Passed to the soak, for example `--minutes 1`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

impl Soak {
    /// The program that does it, an example of the package of the tests.
    fn program(&self) -> &'static str {
        match self {
            Self::Pulls { .. } => "soak",
            Self::Kills { .. } => "kill-soak",
            Self::Idle { .. } => "idle-soak",
        }
    }

    fn arguments(&self) -> &[OsString] {
        match self {
            Self::Pulls { arguments } | Self::Kills { arguments } | Self::Idle { arguments } => {
                arguments
            }
        }
    }
}

/// Installs what is missing, builds, and runs; what is not as it should be in the end is an error.
pub(crate) fn run(soak: &Soak) -> Result<()> {
    if OS != "linux" {
        bail!("the soak needs pcscd with the virtual reader vpcd, which is there on Linux alone");
    }
    let mut steps = Steps::of("soak");
    steps.run("system packages", || {
        system_packages::install_missing(TESTING)
    })?;
    steps.run("build", || {
        run_command(&mut cargo([
            "build",
            "--package",
            "cpxd",
            "--package",
            "card-emulator",
            "--package",
            "cpxd-tests",
            "--bins",
            "--example",
            soak.program(),
        ]))
    })?;
    steps.run("soak (minutes)", || {
        run_built(soak.program(), soak.arguments())
    })?;
    steps.print_summary();
    Ok(())
}

/// Runs what was built: by cargo, it would be built again with other features, and so would the agent.
pub(crate) fn run_built(program: &str, arguments: &[impl AsRef<OsStr>]) -> Result<()> {
    let examples = target_folder()?.join("debug/examples");
    let mut soak = Command::new(examples.join(program));
    soak.args(arguments).current_dir(workspace_root());
    run_command(soak.env("CPXD_PROGRAMS_ARE_BUILT", "1"))
}
