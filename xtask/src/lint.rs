//! `cargo xtask lint`: what a reviewer should not have to look for.

use std::process::Command;

use anyhow::Result;

use crate::commands::{cargo, run as run_command};
use crate::steps::Steps;
use crate::system_packages::{self, LINTING};
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
        system_packages::install_missing(LINTING)
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
    // Code that is not built rots in silence.
    if cfg!(target_os = "linux") {
        steps.run("clippy for Windows", clippy_for_windows)?;
        steps.run("compile check for macOS", check_for_macos)?;
    }
    let deny = steps.run("install cargo-deny", cargo_deny::install)?;
    steps.run("bans, licences, sources", || deny.check_graph())?;
    steps.run("advisories", || deny.check_advisories())?;
    steps.print_summary();
    Ok(())
}

fn clippy_for_windows() -> Result<()> {
    if !has_target(WINDOWS) {
        return Ok(());
    }
    let mut clippy = cargo(["clippy", "--target", WINDOWS]);
    clippy.args(OF_ALL_SYSTEMS).args(["--", "-D", "warnings"]);
    run_command(&mut clippy)
}

/// The compiler alone: clippy finds needless what only the types of this other system make so.
fn check_for_macos() -> Result<()> {
    if !has_target(MACOS) {
        return Ok(());
    }
    let mut check = cargo(["check", "--target", MACOS]);
    check.args(OF_ALL_SYSTEMS);
    // Nothing is linked, so the C code of others needs no compiler for macOS, which Linux has not.
    check.env("CC_x86_64_apple_darwin", "true");
    check.env("AR_x86_64_apple_darwin", "true");
    run_command(&mut check)
}

/// Fetches a target's standard library; says loudly that nothing was looked at where it cannot be had, such as
/// on a machine without network or rustup.
fn has_target(target: &str) -> bool {
    let added = run_command(Command::new("rustup").args(["target", "add", target]));
    if let Err(error) = &added {
        eprintln!(
            "!!! NOT LOOKED AT: the code for {target}, whose standard library is not here ({error:#})"
        );
    }
    added.is_ok()
}

const WINDOWS: &str = "x86_64-pc-windows-gnu";
const MACOS: &str = "x86_64-apple-darwin";
const OF_ALL_SYSTEMS: [&str; 10] = [
    "-p",
    "cpxd",
    "-p",
    "native-host",
    "-p",
    "pkcs11-module",
    "-p",
    "platform",
    "--lib",
    "--bins",
];
