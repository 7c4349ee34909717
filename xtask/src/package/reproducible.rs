//! Two builds, one hash.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::linux::strip;
use super::make_folder;
use super::programs::{all_that_run, build};
use crate::commands::{run, target_folder, workspace_root};
use crate::steps::Steps;

/// Builds the programs as a package has them, and from a copy of the last commit in a folder of another name,
/// and compares them; prints their hashes.
pub(super) fn show(steps: &mut Steps) -> Result<()> {
    let root = workspace_root();
    let one = steps.run("the build of the package", || {
        ensure_is_committed()?;
        build(&root, &target_folder()?.join("dist"))
    })?;
    let folder = target_folder()?.join("reproducible");
    let sources = folder.join("another-place");
    let other = steps.run("another build, elsewhere", || {
        copy_of_last_commit(&sources)?;
        // Generated sources lie below the target folder, and have its place in their names.
        build(&sources, &sources.join("target/dist"))
    })?;
    steps.run("compare", || {
        all_that_run().try_for_each(|program| compare(&one.join(program), &other.join(program)))
    })?;
    fs::remove_dir_all(&folder).with_context(|| format!("{} stays", folder.display()))
}

/// What is not in the last commit would make the one and not the other.
fn ensure_is_committed() -> Result<()> {
    let output = Command::new("git")
        .args([
            "status",
            "--porcelain",
            "--",
            "Cargo.lock",
            "Cargo.toml",
            "crates",
            "daemon",
        ])
        .current_dir(workspace_root())
        .output()
        .context("git did not start")?;
    let changed = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success() && changed.is_empty(),
        "commit first what was changed:\n{changed}"
    );
    Ok(())
}

fn copy_of_last_commit(sources: &Path) -> Result<()> {
    if sources.exists() {
        fs::remove_dir_all(sources)
            .with_context(|| format!("{} cannot be removed", sources.display()))?;
    }
    make_folder(sources)?;
    let archive = sources.with_extension("tar");
    run(Command::new("git")
        .args(["archive", "--format=tar", "HEAD", "--output"])
        .arg(&archive)
        .current_dir(workspace_root()))?;
    run(Command::new("tar")
        .arg("--extract")
        .arg("--file")
        .arg(&archive)
        .arg("--directory")
        .arg(sources))
}

/// As the packages bring them.
fn compare(one: &Path, other: &Path) -> Result<()> {
    let stripped = |program: &Path| {
        let copy = program.with_extension("stripped");
        fs::copy(program, &copy)?;
        strip(&copy)?;
        anyhow::Ok(copy)
    };
    let (one, other) = (&stripped(one)?, &stripped(other)?);
    let (first, second) = (fs::read(one)?, fs::read(other)?);
    let differing = first.iter().zip(&second).filter(|(a, b)| a != b).count();
    if first.len() != second.len() || differing > 0 {
        bail!(
            "{} ({} bytes) and {} ({} bytes) differ in {differing} bytes of their common length",
            one.display(),
            first.len(),
            other.display(),
            second.len()
        );
    }
    run(Command::new("sha256sum").args([one, other]))
}
