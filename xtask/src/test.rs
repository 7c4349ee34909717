//! `cargo xtask test`: what runs on every change.

use anyhow::Result;

use crate::commands::{cargo, run as run_command};
use crate::steps::Steps;
use crate::system_packages::{self, TESTING};

/// Installs what is missing, builds everything, runs every test; stops at the first step that fails.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::of("test");
    steps.run("system packages", || {
        system_packages::install_missing(TESTING)
    })?;
    steps.run("build everything", || {
        run_command(&mut cargo(["build", "--workspace", "--all-targets"]))
    })?;
    steps.run("run every test", || {
        // Tests that run our programs would build them again, with other features.
        let mut tests = cargo(["test", "--workspace"]);
        run_command(tests.env("CPXD_PROGRAMS_ARE_BUILT", "1"))
    })?;
    steps.print_summary();
    println!("    Try next: `cargo xtask demo`, an agent with a virtual TEST card.");
    Ok(())
}
