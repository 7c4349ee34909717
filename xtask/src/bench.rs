//! `cargo xtask bench`: what the agent costs, beside what a user has today.

use std::env::consts::OS;
use std::ffi::OsString;
use std::process::Command;

use anyhow::{Result, bail};

use crate::commands::{cargo, run as run_command, target_folder, workspace_root};
use crate::steps::Steps;
use crate::system_packages::{self, TESTING};

/// Installs what is missing, builds with optimisation, measures. A broken budget of card commands or bytes is an error.
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
    steps.run("build the window with optimisation", || {
        run_command(&mut cargo([
            "build",
            "--release",
            "--package",
            "prompt-window",
        ]))
    })?;
    steps.run("build the PKCS#11 module with optimisation", || {
        run_command(&mut cargo([
            "build",
            "--release",
            "--package",
            "pkcs11-module",
            "--lib",
        ]))
    })?;
    steps.run("measure", || {
        // Run by cargo, it would be built again with other features, and so would the programs that it measures.
        let mut bench = Command::new(target_folder()?.join("release/examples/bench"));
        bench.args(arguments).current_dir(workspace_root());
        run_command(bench.env("CPXD_PROGRAMS_ARE_BUILT", "1"))
    })?;
    steps.print_summary();
    Ok(())
}
