//! cargo-deny, installed for this workspace alone in `target/tools`, and its checks. `deny.toml` holds the rules.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::commands::{cargo, run, succeeds, target_folder, workspace_root};

/// One version for everyone, so that a verdict depends on the change and not on the machine.
const VERSION: &str = "0.20.2";

/// An installed cargo-deny.
#[derive(Debug)]
pub(crate) struct CargoDeny {
    program: PathBuf,
}

/// Builds cargo-deny unless it is there already.
pub(crate) fn install() -> Result<CargoDeny> {
    let tools = target_folder()?.join("tools");
    let program = tools
        .join("bin")
        .join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if is_of_our_version(&program) {
        println!("    cargo-deny {VERSION} is there");
        return Ok(CargoDeny { program });
    }
    println!("    cargo-deny {VERSION} is built once, in about a minute");
    build(&tools)?;
    Ok(CargoDeny { program })
}

impl CargoDeny {
    /// What needs only the registry: banned crates, licences, and where crates come from.
    pub(crate) fn check_graph(&self) -> Result<()> {
        run(&mut self.command(&[
            "check",
            "--hide-inclusion-graph",
            "bans",
            "licenses",
            "sources",
        ]))
    }

    /// Known vulnerabilities. Their database is a git repository that some networks do not reach;
    /// then this says so and is no error. An advisory that is found is one.
    pub(crate) fn check_advisories(&self) -> Result<()> {
        if !succeeds(&mut self.command(&["fetch", "db"])) {
            println!("!!! advisories: database not reachable, NOT CHECKED");
            return Ok(());
        }
        run(&mut self.command(&["check", "advisories"]))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(workspace_root());
        command
    }
}

fn is_of_our_version(program: &Path) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii_end().ends_with(VERSION.as_bytes()))
}

/// Without optimisation: the checks take seconds either way, the optimised build many minutes.
fn build(tools: &Path) -> Result<()> {
    let build_folder = tools.join("build");
    run(
        cargo(["install", "cargo-deny", "--version", VERSION, "--locked"])
            .args(["--debug", "--force", "--quiet", "--root"])
            .arg(tools)
            .arg("--target-dir")
            .arg(&build_folder)
            .env("CARGO_PROFILE_DEV_DEBUG", "false"),
    )?;
    std::fs::remove_dir_all(&build_folder)
        .with_context(|| format!("{} cannot be removed", build_folder.display()))
}
