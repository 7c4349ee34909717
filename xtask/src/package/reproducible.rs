//! Two builds, one hash.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::make_folder;
use super::programs::{PROGRAMS, build};
use crate::commands::{run, target_folder, workspace_root};
use crate::steps::Steps;

/// Builds the programs from two copies of the last commit, in folders of names of different length, and
/// compares them; prints their hashes.
pub(super) fn show(steps: &mut Steps) -> Result<()> {
    let folder = target_folder()?.join("reproducible");
    let mut built = Vec::new();
    for (step, name) in [
        ("the first build", "one"),
        ("the second build, elsewhere", "another-place"),
    ] {
        let sources = folder.join(name);
        built.push(steps.run(step, || {
            copy_of_last_commit(&sources)?;
            build(&sources, &sources.join("target"))
        })?);
    }
    steps.run("compare", || {
        let [one, other] = built.as_slice() else {
            bail!("there are not two builds");
        };
        PROGRAMS
            .iter()
            .try_for_each(|program| compare(&one.join(program), &other.join(program)))
    })?;
    fs::remove_dir_all(&folder).with_context(|| format!("{} stays", folder.display()))
}

fn copy_of_last_commit(sources: &Path) -> Result<()> {
    if sources.exists() {
        fs::remove_dir_all(sources)
            .with_context(|| format!("{} cannot be removed", sources.display()))?;
    }
    make_folder(sources)?;
    let archive = sources.with_extension("tar");
    run(std::process::Command::new("git")
        .args(["archive", "--format=tar", "HEAD", "--output"])
        .arg(&archive)
        .current_dir(workspace_root()))?;
    run(std::process::Command::new("tar")
        .arg("--extract")
        .arg("--file")
        .arg(&archive)
        .arg("--directory")
        .arg(sources))
}

fn compare(one: &Path, other: &Path) -> Result<()> {
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
    run(std::process::Command::new("sha256sum").args([one, other]))
}
