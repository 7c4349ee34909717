//! The processes that have a module in their memory.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use cpxd_tests::programs::test_module;
use tempfile::TempDir;

/// A name of the test module that no other test has, by which its hosts are known.
pub(crate) struct OwnName(TempDir);

impl OwnName {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        symlink(test_module(), folder.path().join(FILE)).unwrap();
        Self(folder)
    }

    pub(crate) fn module(&self) -> PathBuf {
        self.0.path().join(FILE)
    }

    /// Ids of all hosts, and of what their module made of copies of them; one that has ended and was not asked for it
    /// is none.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let ids = processes.map(|process| process.file_name().to_string_lossy().into_owned());
        ids.filter(|id| is_host(id, self.0.path())).collect()
    }

    /// Those whose parent is this process.
    pub(crate) fn hosts_of(&self, parent: u32) -> Vec<String> {
        let mut hosts = self.hosts();
        hosts.retain(|id| parent_of(id) == Some(parent));
        hosts
    }
}

fn is_host(id: &str, folder: &Path) -> bool {
    let line = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
    line.contains("pkcs11-host") && line.contains(&folder.display().to_string())
}

/// proc(5): the fourth word, the second after the name in brackets.
fn parent_of(id: &str) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

const FILE: &str = "module.so";
