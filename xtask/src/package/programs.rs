//! The programs that packages bring, built so that another folder or another day makes the same bytes.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo_tools::CARGO_AUDITABLE;
use crate::commands::{cargo, run, workspace_root};

/// What a package puts into the search path.
pub(super) const PROGRAMS: [&str; 4] = [
    "cpxd",
    "cpxd-native-host",
    "cpxd-prompt-window",
    "cpxd-tray",
];

/// What other programs load: the PKCS#11 module.
pub(super) const MODULE: &str = "libcpxd_pkcs11.so";

/// Everything of ours that runs.
pub(super) fn all_that_run() -> impl Iterator<Item = &'static str> {
    PROGRAMS.into_iter().chain([MODULE])
}

/// The packages that they come from; the window and the module apart: built together, the features of a crate for one
/// of them would be those of all.
const BUILDS: [(&str, &[&str]); 3] = [
    ("--bins", &["cpxd", "native-host", "tray"]),
    ("--bins", &["prompt-window"]),
    ("--lib", &["pkcs11-module"]),
];

/// Builds them with the list of their crates inside (cargo-auditable), from the sources of this folder; says
/// where they are.
pub(super) fn build(sources: &Path, target: &Path) -> Result<PathBuf> {
    let auditable = CARGO_AUDITABLE.install()?;
    for (kind, packages) in BUILDS {
        let mut command = cargo(["auditable", "build", "--release", "--locked", kind]);
        command
            .args(packages.iter().flat_map(|package| ["-p", package]))
            .arg("--target-dir")
            .arg(target)
            .current_dir(sources)
            .env("PATH", with_folder_of(&auditable)?);
        name_no_folder(&mut command, sources)?;
        run(&mut command)?;
    }
    Ok(target.join("release"))
}

/// Seconds since 1970 that stand for "now" in packages: those of the last commit, unless
/// `SOURCE_DATE_EPOCH` says others.
pub(super) fn source_date() -> Result<String> {
    if let Ok(date) = std::env::var("SOURCE_DATE_EPOCH") {
        return Ok(date);
    }
    let output = Command::new("git")
        .args(["log", "-1", "--format=%ct"])
        .current_dir(workspace_root())
        .output()
        .context("git did not start")?;
    let date = String::from_utf8(output.stdout)?.trim().to_owned();
    anyhow::ensure!(
        !date.is_empty(),
        "git tells no date of the last commit: set SOURCE_DATE_EPOCH"
    );
    Ok(date)
}

/// Folders of this machine stand in a program where it names a line of source; here they have names that
/// are the same everywhere, in what rustc and in what the C compiler makes.
fn name_no_folder(command: &mut Command, sources: &Path) -> Result<()> {
    let home = match std::env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => std::env::home_dir()
            .context("there is no home folder: set CARGO_HOME")?
            .join(".cargo"),
    };
    let renamed = [(sources, "/cpxd"), (&home, "/cargo")];
    let rust: Vec<String> = renamed
        .iter()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .collect();
    let c: Vec<String> = renamed
        .iter()
        .map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display()))
        .collect();
    command
        .env("CARGO_ENCODED_RUSTFLAGS", rust.join("\u{1f}"))
        .env("CFLAGS", c.join(" "))
        .env("CARGO_INCREMENTAL", "0")
        .env("SOURCE_DATE_EPOCH", source_date()?);
    Ok(())
}

/// Cargo looks for its tools in the search path.
pub(super) fn with_folder_of(tool: &Path) -> Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = tool.parent().map(Path::to_path_buf);
    let folders = folders.into_iter().chain(std::env::split_paths(&path));
    Ok(std::env::join_paths(folders)?)
}
