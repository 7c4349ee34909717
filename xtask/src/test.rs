//! `cargo xtask test`: what runs on every change.

use std::env::consts::OS;
use std::fs;

use anyhow::{Context, Result};

use crate::browser;
use crate::commands::{cargo, run as run_command, target_folder};
use crate::soak;
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
    steps.run("build the SDK for web pages", browser::build)?;
    steps.run("run every test", || {
        // Tests that run our programs would build them again, with other features.
        let mut tests = cargo(["test", "--workspace"]);
        run_command(tests.env("CPXD_PROGRAMS_ARE_BUILT", "1"))
    })?;
    if OS == "linux" {
        steps.run("pull the card and restart pcscd, shortly", || {
            soak::run_built("soak", &["--pulls", "5", "--restarts", "2"])
        })?;
        steps.run("kill the agent, shortly", || {
            soak::run_built("kill-soak", &["--kills", "10"])
        })?;
    }
    println!("{}", table("fault-matrix.txt")?);
    if OS == "linux" {
        println!("{}", table("hostile-module-matrix.txt")?);
    }
    steps.print_summary();
    println!("    Try next: `cargo xtask demo`, an agent with a virtual TEST card.");
    Ok(())
}

/// A table that a test leaves: what callers were told on every bad day.
fn table(file: &str) -> Result<String> {
    let table = target_folder()?.join(file);
    fs::read_to_string(table).with_context(|| format!("no test left {file}"))
}
