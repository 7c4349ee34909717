//! `cargo xtask bench`: what the agent costs, beside what a user has today.

use std::env::consts::OS;
use std::ffi::OsString;

use anyhow::{Result, bail};

use crate::commands::{cargo, run as run_command};
use crate::steps::Steps;
use crate::system_packages::{self, TESTING};

/// Installs what is missing, builds with optimisation, measures. A broken budget of card commands is an error.
pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    if OS != "linux" {
        bail!("the bench needs pcscd with the virtual reader vpcd, which is there on Linux alone");
    }
    let mut steps = Steps::of("bench");
    steps.run("system packages", || {
        system_packages::install_missing(TESTING)
    })?;
    steps.run("build with optimisation (minutes the first time)", || {
        run_command(&mut cargo([
            "build",
            "--release",
            "--package",
            "cpxd",
            "--package",
            "card-emulator",
            "--package",
            "cpxd-tests",
            "--bins",
            "--example",
            "bench",
        ]))
    })?;
    steps.run("measure (a minute)", || {
        let mut bench = cargo([
            "run",
            "--release",
            "--quiet",
            "--package",
            "cpxd-tests",
            "--example",
            "bench",
            "--",
        ]);
        run_command(bench.args(arguments))
    })?;
    steps.print_summary();
    Ok(())
}
