//! Cargo's tools from elsewhere, installed for this workspace alone in `target/tools`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::commands::{cargo, run, target_folder};

/// A tool in one version for everyone, so that what it says depends on the change and not on the machine.
#[derive(Debug)]
pub(crate) struct CargoTool {
    name: &'static str,
    version: &'static str,
    /// Without which it has no program.
    feature: Option<&'static str>,
}

/// Judges what comes into the dependency graph.
pub(crate) const CARGO_DENY: CargoTool = CargoTool {
    name: "cargo-deny",
    version: "0.20.2",
    feature: None,
};
/// Writes into a program which crates are in it.
pub(crate) const CARGO_AUDITABLE: CargoTool = CargoTool {
    name: "cargo-auditable",
    version: "0.7.7",
    feature: None,
};
/// Reads back what cargo-auditable wrote.
pub(crate) const RUST_AUDIT_INFO: CargoTool = CargoTool {
    name: "rust-audit-info",
    version: "0.5.4",
    feature: None,
};
/// Lists the crates of a program, as a CycloneDX document.
pub(crate) const CARGO_CYCLONEDX: CargoTool = CargoTool {
    name: "cargo-cyclonedx",
    version: "0.5.9",
    feature: None,
};
/// Collects the licences of the crates, with their texts.
pub(crate) const CARGO_ABOUT: CargoTool = CargoTool {
    name: "cargo-about",
    version: "0.9.3",
    feature: Some("cli"),
};

impl CargoTool {
    /// Builds it unless it is there already; says where it is.
    ///
    /// # Errors
    /// When it does not build.
    pub(crate) fn install(&self) -> Result<PathBuf> {
        let (name, version) = (self.name, self.version);
        let tools = target_folder()?.join("tools");
        let program = tools
            .join("bin")
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        if self.is_of_our_version(&tools) && program.is_file() {
            println!("    {name} {version} is there");
            return Ok(program);
        }
        println!("    {name} {version} is built once, in a minute or two");
        self.build(&tools)?;
        Ok(program)
    }

    /// Cargo keeps a list of what it installed.
    fn is_of_our_version(&self, tools: &Path) -> bool {
        let line = format!("{} v{}:", self.name, self.version);
        cargo(["install", "--list", "--root"])
            .arg(tools)
            .output()
            .is_ok_and(|output| {
                let list = String::from_utf8_lossy(&output.stdout);
                list.lines().any(|listed| listed == line)
            })
    }

    /// Without optimisation: what they do takes seconds either way, the optimised build many minutes.
    fn build(&self, tools: &Path) -> Result<()> {
        let build_folder = tools.join("build");
        run(
            cargo(["install", self.name, "--version", self.version, "--locked"])
                .args(self.feature.map(|feature| format!("--features={feature}")))
                .args(["--debug", "--force", "--quiet", "--root"])
                .arg(tools)
                .arg("--target-dir")
                .arg(&build_folder)
                .env("CARGO_PROFILE_DEV_DEBUG", "false"),
        )?;
        std::fs::remove_dir_all(&build_folder)
            .with_context(|| format!("{} cannot be removed", build_folder.display()))
    }
}
