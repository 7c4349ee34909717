//! What tells the crates in the programs: an SBOM (CycloneDX) for each, and their licences on one page.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use super::make_folder;
use super::programs::{source_date, with_folder_of};
use crate::cargo_tools::{CARGO_ABOUT, CARGO_CYCLONEDX};
use crate::commands::{cargo, run, workspace_root};

/// Each program with its package.
const PACKAGES: [(&str, &str); 5] = [
    ("cpxd", "cpxd"),
    ("cpxd-native-host", "native-host"),
    ("cpxd-prompt-window", "prompt-window"),
    ("cpxd-tray", "tray"),
    ("libcpxd_pkcs11.so", "pkcs11-module"),
];

/// What cargo-cyclonedx calls its file beside the manifest of every package of the workspace.
const LIST: &str = "crates-of-package.cdx";

/// Writes `PROGRAM.cdx.json` for each program, and `licences.html`.
pub(super) fn write(folder: &Path) -> Result<()> {
    make_folder(folder)?;
    list_crates(folder)?;
    let about = CARGO_ABOUT.install()?;
    run(std::process::Command::new(about)
        .args(["generate", "--workspace", "--locked", "--fail"])
        .args(["--config", "packaging/licences/about.toml"])
        .arg("--output-file")
        .arg(folder.join("licences.html"))
        .arg("packaging/licences/licences.hbs")
        .current_dir(workspace_root()))
}

fn list_crates(folder: &Path) -> Result<()> {
    let tool = CARGO_CYCLONEDX.install()?;
    run(
        cargo(["cyclonedx", "--format", "json", "--spec-version", "1.5"])
            .args(["--target", &target_triple(), "--override-filename", LIST])
            .env("PATH", with_folder_of(&tool)?)
            .env("SOURCE_DATE_EPOCH", source_date()?),
    )?;
    let metadata = MetadataCommand::new()
        .current_dir(workspace_root())
        .no_deps()
        .exec()?;
    let here = format!("file://{}", workspace_root().display());
    for package in &metadata.packages {
        let made = package.manifest_path.with_file_name(format!("{LIST}.json"));
        if let Some((program, _)) = PACKAGES.iter().find(|(_, name)| package.name == name) {
            // Where the sources lay on this machine is nobody's business.
            let list = fs::read_to_string(&made)
                .with_context(|| format!("{made} was not made"))?
                .replace(&here, "file:///cpxd");
            fs::write(folder.join(format!("{program}.cdx.json")), list)?;
        }
        if made.exists() {
            fs::remove_file(&made).with_context(|| format!("{made} stays"))?;
        }
    }
    Ok(())
}

fn target_triple() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}
