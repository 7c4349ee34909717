//! `cargo xtask package`: the files that are given away.

mod documents;
mod extension;
mod installed;
mod judges;
mod linux;
mod programs;
mod reproducible;
mod windows;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use crate::commands::target_folder;
use crate::steps::Steps;
use crate::system_packages::{self, PACKING};

/// What is packed, and where it goes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Folder that it goes to (default: `package` beside what cargo builds)
    #[arg(long, global = true, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// deb and rpm for Linux, of this machine's kind of processor
    Linux(LinuxOptions),
    /// The MSI of Windows, cross-compiled: agent, service, window, native host
    Windows(windows::WindowsOptions),
    /// Build the programs for Linux again, in another folder, and compare them byte by byte
    Reproducible,
    /// Install deb and rpm in a clean Debian, use, upgrade and remove them there, and print what was seen (as root)
    Installed(InstalledOptions),
    #[command(hide = true)]
    Life(installed::Life),
}

/// What is installed in a clean Debian.
#[derive(Debug, Args)]
struct InstalledOptions {
    /// Take programs that are built already
    #[arg(long, value_name = "DIR")]
    programs_for_tests: Option<PathBuf>,
}

/// How the packages for Linux are made.
#[derive(Debug, Args)]
struct LinuxOptions {
    /// Take programs that are built already, and leave out the list of crates and the licences: for tests
    /// alone, never to be given away
    #[arg(long, value_name = "DIR")]
    programs_for_tests: Option<PathBuf>,
    /// Call it another version than the workspace's
    #[arg(long, value_name = "VERSION")]
    package_version: Option<String>,
}

/// Packs what was asked for.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut steps = Steps::of("package");
    let out = match &options.out {
        Some(out) => out.clone(),
        None => target_folder()?.join("package"),
    };
    make_folder(&out)?;
    match &options.what {
        None => steps.run("the extension", || extension::pack_into(&out))?,
        Some(What::Linux(options)) => pack_for_linux(options, &out, &mut steps).map(drop)?,
        Some(What::Windows(options)) => return windows::package(&out, options),
        Some(What::Reproducible) => reproducible::show(&mut steps)?,
        Some(What::Installed(options)) => live_installed(options, &out, &mut steps)?,
        Some(What::Life(life)) => life.live(&mut steps)?,
    }
    steps.print_summary();
    Ok(())
}

/// Packs the version before, by its name alone, and this one, and has them live.
fn live_installed(options: &InstalledOptions, out: &Path, steps: &mut Steps) -> Result<()> {
    let mut pack = |version: Option<&str>| {
        let options = LinuxOptions {
            programs_for_tests: options.programs_for_tests.clone(),
            package_version: version.map(str::to_owned),
        };
        let out = out.join("installed");
        make_folder(&out)?;
        pack_for_linux(&options, &out, steps)
    };
    let packages = installed::Packages {
        older: pack(Some(installed::OLDER))?,
        newer: pack(None)?,
    };
    installed::show(&packages, steps)
}

fn pack_for_linux(options: &LinuxOptions, out: &Path, steps: &mut Steps) -> Result<linux::Made> {
    steps.run("system packages", || {
        system_packages::install_missing(PACKING)
    })?;
    let root = crate::commands::workspace_root();
    let (programs, documents) = match &options.programs_for_tests {
        Some(folder) => (folder.clone(), None),
        None => {
            let target = target_folder()?.join("dist");
            let build = || programs::build(&root, &target);
            let programs = steps.run("the programs", build)?;
            let documents = target.join("documents");
            steps.run("lists of crates, and licences", || {
                documents::write(&documents)
            })?;
            steps.run("judges of both", || judges::judge(&programs, &documents))?;
            (programs, Some(documents))
        }
    };
    let package = linux::Package {
        version: options.package_version.as_deref(),
        programs: &programs,
        documents: documents.as_deref(),
    };
    steps.run("deb and rpm", || package.make(out))
}

fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))
}
