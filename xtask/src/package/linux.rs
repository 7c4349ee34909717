//! deb and rpm: one tree of files, handed to Debian's own tools.
//!
//! Nothing runs while a package is installed: what has to be linked is a link in the package. Once it is removed
//! for good, one sentence is printed, and nothing else is done.

mod deb;
mod rpm;
mod tree;

pub(super) use tree::strip;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use super::make_folder;
use super::programs::source_date;
use crate::commands::{target_folder, workspace_root};

/// What the packages are made of.
#[derive(Debug)]
pub(super) struct Package<'a> {
    /// Their version, where it is not the workspace's.
    pub(super) version: Option<&'a str>,
    /// Folder of the programs.
    pub(super) programs: &'a Path,
    /// Folder of the lists of crates and of the licences; absent in tests.
    pub(super) documents: Option<&'a Path>,
}

/// The files that were made.
#[derive(Debug)]
pub(super) struct Made {
    /// For Debian and Ubuntu.
    pub(super) deb: PathBuf,
    /// For Fedora, RHEL and openSUSE.
    pub(super) rpm: PathBuf,
}

/// What both kinds of package say of themselves.
#[derive(Debug)]
struct Label {
    version: String,
    /// Seconds since 1970.
    date: String,
    /// Packed quickly, for a test.
    is_for_tests: bool,
}

const SUMMARY: &str = "local agent for French health-professional smart cards";
const DESCRIPTION: [&str; 3] = [
    "cpxd reads the card of a health professional (CPS, CPF, CPE, CPA) in a",
    "PC/SC reader, asks its holder for the code in a window of its own, and",
    "gives web sites and practice software log-in tokens and signatures.",
];

/// What a removal says in the end, in both languages: nobody else could know where the rest is.
const FAREWELL: [&str; 2] = [
    "cpxd: what people and administrators have of it stays, to be removed by hand: ~/.local/state/cpxd \
     (journal, grants, keys) and ~/.config/cpxd of each user, and a policy in /etc/cpxd.",
    "cpxd\u{a0}: ce que chacun et les administrateurs en ont reste, à effacer à la main\u{a0}: \
     ~/.local/state/cpxd (journal, autorisations, clés) et ~/.config/cpxd de chaque utilisateur, \
     et une politique dans /etc/cpxd.",
];

impl Package<'_> {
    /// Makes both in a folder, and says their names.
    pub(super) fn make(&self, out: &Path) -> Result<Made> {
        let label = Label {
            version: match self.version {
                Some(version) => version.to_owned(),
                None => version_of_workspace()?,
            },
            date: source_date()?,
            is_for_tests: self.documents.is_none(),
        };
        if label.is_for_tests {
            println!("!!! for tests alone: no list of crates, no licences, not to be given away");
        }
        let work = target_folder()?
            .join("linux-package")
            .join(std::process::id().to_string());
        make_folder(&work)?;
        tree::lay(self, tree::Flavour::Debian, &work.join("deb"))?;
        let deb = deb::pack(&label, &work, &work.join("deb"), out)?;
        tree::lay(self, tree::Flavour::Rpm, &work.join("rpm"))?;
        let rpm = rpm::pack(&label, &work, &work.join("rpm"), out)?;
        fs::remove_dir_all(&work).with_context(|| format!("{} stays", work.display()))?;
        Ok(Made { deb, rpm })
    }
}

fn version_of_workspace() -> Result<String> {
    let metadata = MetadataCommand::new()
        .current_dir(workspace_root())
        .no_deps()
        .exec()?;
    let agent = metadata.packages.iter().find(|one| one.name == "cpxd");
    Ok(agent
        .context("there is no package cpxd")?
        .version
        .to_string())
}
