//! The inputs of each target: those committed, and those found on this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};

use super::{folder, libfuzzer};
use crate::commands::run as run_command;

/// The targets, by the folders of the committed corpora.
pub(super) fn names() -> Result<Vec<String>> {
    let corpora = folder("corpus");
    let entries =
        fs::read_dir(&corpora).with_context(|| format!("{} cannot be read", corpora.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// The committed inputs of a target.
pub(super) fn folder_of(target: &str) -> PathBuf {
    folder("corpus").join(target)
}

/// Where a fuzzer puts what it finds interesting; made if it is not there.
pub(super) fn found_folder(target: &str) -> Result<PathBuf> {
    let found = folder("found").join(target);
    fs::create_dir_all(&found)?;
    Ok(found)
}

/// Replaces the committed inputs by the smallest set that reaches as much code as they and those found do.
pub(super) fn merge(fuzzer: &Path, target: &str) -> Result<()> {
    let (committed, found) = (folder_of(target), found_folder(target)?);
    let merged = folder("found").join(format!("{target}.merged"));
    if merged.exists() {
        fs::remove_dir_all(&merged)?;
    }
    fs::create_dir_all(&merged)?;
    run_command(
        libfuzzer(fuzzer, target)
            // Edges alone: how often each was taken would keep ten times as many inputs.
            .args(["-set_cover_merge=1", "-use_counters=0"])
            .args([&merged, &committed, &found])
            .stderr(Stdio::null()),
    )?;
    fs::remove_dir_all(&committed)?;
    fs::create_dir_all(&committed)?;
    let mut count = 0;
    for input in fs::read_dir(&merged)? {
        let input = input?;
        fs::copy(input.path(), committed.join(input.file_name()))?;
        count += 1;
    }
    fs::remove_dir_all(&merged)?;
    println!("    {target}: {count} inputs");
    Ok(())
}
