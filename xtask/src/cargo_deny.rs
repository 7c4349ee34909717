//! cargo-deny and its checks. `deny.toml` holds the rules.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::cargo_tools::CARGO_DENY;
use crate::commands::{run, succeeds, workspace_root};

/// An installed cargo-deny.
#[derive(Debug)]
pub(crate) struct CargoDeny {
    program: PathBuf,
}

/// Builds cargo-deny unless it is there already.
pub(crate) fn install() -> Result<CargoDeny> {
    let program = CARGO_DENY.install()?;
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
