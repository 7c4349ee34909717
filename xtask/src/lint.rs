//! `cargo xtask lint`: what a reviewer should not have to look for.

use anyhow::Result;

use crate::commands::{cargo, run as run_command};
use crate::steps::Steps;
use crate::system_packages::{self, BUILDING};
use crate::{cargo_deny, tidy};

/// Runs every lint, the quick ones first; stops at the first that fails.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::of("lint");
    steps.run("tidy", tidy::run)?;
    steps.run("formatting", || {
        run_command(&mut cargo(["fmt", "--all", "--check"]))
    })?;
    // Clippy runs the build scripts, one of which looks for the PC/SC library.
    steps.run("system packages", || {
        system_packages::install_missing(BUILDING)
    })?;
    steps.run("clippy", || {
        run_command(&mut cargo([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    let deny = steps.run("install cargo-deny", cargo_deny::install)?;
    steps.run("bans, licences, sources", || deny.check_graph())?;
    steps.run("advisories", || deny.check_advisories())?;
    steps.print_summary();
    Ok(())
}
