//! `cargo xtask package`: the files that are given away.
//!
//! So far that is the extension: the same files for Chromium (zip) and Firefox (xpi), in the order of their
//! names and without times, so that two builds of one commit are the same bytes.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::commands::{target_folder, workspace_root};
use crate::steps::Steps;

const PACKAGES: [&str; 2] = ["cpxd-extension.zip", "cpxd-extension.xpi"];

/// Packs the extension into a folder.
pub(crate) fn run(out: Option<PathBuf>) -> Result<()> {
    let mut steps = Steps::of("package");
    steps.run("the extension", || {
        let out = match out {
            Some(out) => out,
            None => target_folder()?.join("package"),
        };
        fs::create_dir_all(&out).with_context(|| format!("{} cannot be made", out.display()))?;
        let source = workspace_root().join("browser/extension");
        for package in PACKAGES {
            let file = out.join(package);
            pack(&source, &file).with_context(|| format!("{} is not made", file.display()))?;
            println!("    {}", file.display());
        }
        Ok(())
    })?;
    steps.print_summary();
    Ok(())
}

fn pack(source: &Path, file: &Path) -> Result<()> {
    let mut package = ZipWriter::new(File::create(file)?);
    let mut files = Vec::new();
    find_files(source, &mut files)?;
    files.sort();
    for path in files {
        let name = path
            .strip_prefix(source)?
            .to_string_lossy()
            .replace('\\', "/");
        package.start_file(name, SimpleFileOptions::default())?;
        package.write_all(&fs::read(&path)?)?;
    }
    package.finish()?;
    Ok(())
}

fn find_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_files(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_packages_of_one_source_are_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        run(Some(folder.path().to_owned())).unwrap();
        let [chromium, firefox] = PACKAGES.map(|name| fs::read(folder.path().join(name)).unwrap());
        assert_eq!(chromium, firefox);
        assert!(chromium.len() > 10_000);
    }
}
