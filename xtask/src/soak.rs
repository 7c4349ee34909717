//! `cargo xtask soak`: the card pulled and pcscd restarted, again and again, while clients sign.

use std::env::consts::OS;
use std::ffi::{OsStr, OsString};
use std::process::Command;

use anyhow::{Result, bail};

use crate::commands::{cargo, run as run_command, target_folder, workspace_root};
use crate::steps::Steps;
use crate::system_packages::{self, TESTING};

/// Installs what is missing, builds, and runs; a request without a typed answer or an agent that has grown is an error.
pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
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
            "soak",
        ]))
    })?;
    steps.run("pull and restart (minutes)", || run_built(arguments))?;
    steps.print_summary();
    Ok(())
}

/// Runs what was built: by cargo, it would be built again with other features, and so would the agent.
pub(crate) fn run_built(arguments: &[impl AsRef<OsStr>]) -> Result<()> {
    let mut soak = Command::new(target_folder()?.join("debug/examples/soak"));
    soak.args(arguments).current_dir(workspace_root());
    run_command(soak.env("CPXD_PROGRAMS_ARE_BUILT", "1"))
}
