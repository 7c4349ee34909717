//! A person with a home folder of their own, so that no test touches the one of whoever runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::agent::Agent;
use crate::ended::Ended;
use crate::programs::program;

/// A fresh home folder.
#[derive(Debug)]
pub struct Person {
    home: TempDir,
}

impl Person {
    /// Somebody who has started nothing yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each one is another person")]
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(home.path().join("tmp")).expect("a folder for what is temporary");
        Self { home }
    }

    /// Their home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A program that this person starts: nothing of the surroundings leads out of their home.
    #[must_use]
    pub fn starts(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("XDG_") {
                command.env_remove(name);
            }
        }
        command
            .env("HOME", self.home())
            .env("TMPDIR", self.home().join("tmp"))
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .env("LC_ALL", "en_US.UTF-8")
            .stdin(Stdio::null());
        command
    }

    /// `cpxd` with these arguments, about their own installation.
    #[must_use]
    pub fn cpxd(&self, arguments: &[&str]) -> Ended {
        let output = self.starts(program("cpxd")).args(arguments).output();
        output.expect("cpxd starts").into()
    }

    /// `cpxd` with these arguments, about the installation of an agent; fails when it fails.
    pub fn cpxd_of(&self, agent: &Agent, arguments: &[&str]) -> String {
        let state_dir = agent.state_dir().to_str().expect("a path in UTF-8");
        let ended = self.cpxd(&[arguments, &["--state-dir", state_dir]].concat());
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.output
    }

    /// All NSS databases below their home.
    #[must_use]
    pub fn nss_databases(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        find_databases(self.home(), &mut found);
        found.sort();
        found
    }

    /// What NSS's own program lists in all of them.
    #[must_use]
    pub fn nss_lists(&self) -> String {
        let list = |folder: PathBuf| {
            let database = format!("sql:{}", folder.display());
            let listed = Command::new("certutil")
                .args(["-L", "-d", &database])
                .output()
                .expect("certutil is installed (cargo xtask test installs it)");
            assert!(listed.status.success(), "{database}: {listed:?}");
            String::from_utf8_lossy(&listed.stdout).into_owned()
        };
        self.nss_databases().into_iter().map(list).collect()
    }
}

fn find_databases(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            find_databases(&entry.path(), found);
        } else if entry.file_name() == "cert9.db" {
            found.push(folder.to_owned());
        }
    }
}
