//! `cargo xtask package`: the files that are given away.
//!
//! So far that is the extension for Chromium (zip) and Firefox (xpi), in the order of its files' names and
//! without times, so that two builds of one commit are the same bytes. Of the two ways to say what runs in
//! the background each manifest keeps the one that its browser knows: stores complain of the other.

mod windows;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::commands::{target_folder, workspace_root};
use crate::steps::Steps;

/// The packages, each with what its browser does not know of the manifest's `background`.
const PACKAGES: [(&str, &str); 2] = [
    ("cpxd-extension.zip", "scripts"),
    ("cpxd-extension.xpi", "service_worker"),
];

/// A system whose package is made.
#[derive(Debug, Subcommand)]
pub(crate) enum System {
    /// The MSI of Windows: agent, service, window, native host
    Windows(windows::WindowsOptions),
}

/// Packs the extension, or what a system installs, into a folder.
pub(crate) fn run(out: Option<PathBuf>, system: Option<System>) -> Result<()> {
    if let Some(System::Windows(options)) = system {
        return windows::package(out, &options);
    }
    let mut steps = Steps::of("package");
    steps.run("the extension", || {
        let out = match out {
            Some(out) => out,
            None => target_folder()?.join("package"),
        };
        fs::create_dir_all(&out).with_context(|| format!("{} cannot be made", out.display()))?;
        let source = workspace_root().join("browser/extension");
        for (package, unknown) in PACKAGES {
            let file = out.join(package);
            pack(&source, &file, unknown)
                .with_context(|| format!("{} is not made", file.display()))?;
            println!("    {}", file.display());
        }
        Ok(())
    })?;
    steps.print_summary();
    Ok(())
}

fn pack(source: &Path, file: &Path, unknown: &str) -> Result<()> {
    let mut package = ZipWriter::new(File::create(file)?);
    let mut files = Vec::new();
    find_files(source, &mut files)?;
    files.sort();
    for path in files {
        let name = path
            .strip_prefix(source)?
            .to_string_lossy()
            .replace('\\', "/");
        let mut content = fs::read(&path)?;
        if name == "manifest.json" {
            content = manifest_without(&content, unknown)?;
        }
        package.start_file(name, SimpleFileOptions::default())?;
        package.write_all(&content)?;
    }
    package.finish()?;
    Ok(())
}

fn manifest_without(manifest: &[u8], unknown: &str) -> Result<Vec<u8>> {
    let mut manifest: Value = serde_json::from_slice(manifest)?;
    let background = manifest
        .get_mut("background")
        .and_then(Value::as_object_mut);
    background
        .and_then(|background| background.remove(unknown))
        .with_context(|| format!("the manifest has no background.{unknown}"))?;
    Ok(serde_json::to_vec_pretty(&manifest)?)
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
        let packed = || {
            let folder = tempfile::tempdir().unwrap();
            run(Some(folder.path().to_owned()), None).unwrap();
            PACKAGES.map(|(name, _)| fs::read(folder.path().join(name)).unwrap())
        };
        let once = packed();
        assert_eq!(once, packed());
        assert!(once.iter().all(|package| package.len() > 10_000));
    }

    #[test]
    fn each_manifest_says_what_runs_in_the_background_as_its_browser_knows_it() {
        let source = r#"{ "background": { "service_worker": "a.js", "scripts": ["a.js"] } }"#;
        for (_, unknown) in PACKAGES {
            let manifest = manifest_without(source.as_bytes(), unknown).unwrap();
            let manifest: Value = serde_json::from_slice(&manifest).unwrap();
            let background = manifest["background"].as_object().unwrap();
            assert_eq!(background.len(), 1);
            assert!(!background.contains_key(unknown));
        }
        assert!(manifest_without(b"{}", "scripts").is_err());
    }
}
