//! What runs in browsers, and is built by Node's tools: their versions are pinned in `browser/package-lock.json`.

use std::process::Command;

use anyhow::Result;

use crate::commands::{run as run_command, workspace_root};

/// Installs the tools as they are pinned, builds the SDK, and has the type checker judge it and the extension.
pub(crate) fn build() -> Result<()> {
    run_command(&mut npm(&["ci", "--no-audit", "--no-fund"]))?;
    run_command(&mut npm(&["run", "build"]))?;
    run_command(&mut npm(&["run", "check"]))
}

fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command
        .args(arguments)
        .current_dir(workspace_root().join("browser"));
    command
}
