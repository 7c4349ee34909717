//! Systems whose package manager this program does not drive.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::SystemPackage;
use crate::commands::succeeds;

/// How one sees that a package is there.
#[derive(Debug)]
pub(super) enum Sign {
    /// A program in one of the folders for programs.
    Program(&'static str),
    /// A program in the search path, which many people have from elsewhere than their system's packages:
    /// a second one beside it would be in its way.
    ProgramOfAnyOrigin(&'static str),
    /// A library that pkg-config knows by this name.
    Library(&'static str),
    /// Any of these files.
    AnyFile(&'static [&'static str]),
}

/// Services live where not every user's `PATH` leads.
const FOLDERS_OF_SERVICES: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/// Fails with the list of what is missing and why.
pub(super) fn require(packages: &[SystemPackage]) -> Result<()> {
    let missing: Vec<String> = packages
        .iter()
        .filter(|package| !is_there(&package.sign))
        .map(|package| format!("    {} ({})", package.what, package.why))
        .collect();
    if missing.is_empty() {
        println!("    nothing is missing");
        return Ok(());
    }
    bail!(
        "please install with the package manager of this system, then run the same command again:\n{}",
        missing.join("\n")
    )
}

pub(super) fn is_there(sign: &Sign) -> bool {
    match sign {
        Sign::Program(name) | Sign::ProgramOfAnyOrigin(name) => is_program(name),
        Sign::Library(name) => succeeds(Command::new("pkg-config").args(["--exists", name])),
        Sign::AnyFile(paths) => paths.iter().any(|path| Path::new(path).is_file()),
    }
}

fn is_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(FOLDERS_OF_SERVICES.iter().map(Into::into))
        .any(|folder| folder.join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: SystemPackage = SystemPackage {
        debian: "unused",
        what: "the absent program",
        why: "a test looks for it",
        sign: Sign::Program("no-such-program-anywhere"),
    };

    #[test]
    fn says_what_is_missing_and_why() {
        let error = require(&[ABSENT]).unwrap_err().to_string();
        assert!(error.contains("the absent program (a test looks for it)"));
    }

    #[test]
    fn is_content_when_nothing_is_missing() {
        require(&[]).unwrap();
    }

    #[test]
    fn sees_what_is_there_and_what_is_not() {
        assert!(is_there(&Sign::AnyFile(&[concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/Cargo.toml"
        )])));
        assert!(!is_there(&Sign::AnyFile(&["/no/such/file"])));
        assert!(!is_there(&Sign::Library("no-such-library-anywhere")));
        assert!(!is_there(&ABSENT.sign));
    }
}
