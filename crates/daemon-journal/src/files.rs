//! The files of a journal: their names, their order, and how many are kept.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use platform::private_files::{PrivateFileError, open_private_for_reading};
use time::Duration;

/// How large files grow, and how long they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes after which a new file begins.
    pub maximum_file_len: u64,
    /// Files kept, the one that is written included; at least one is.
    pub maximum_files: usize,
    /// Age of the newest entry of a file after which the file is removed.
    pub maximum_age: Duration,
}

impl Default for Limits {
    /// 32 files of 1 MiB, which hold some 40,000 uses of a card, for three years.
    fn default() -> Self {
        Self {
            maximum_file_len: 1024 * 1024,
            maximum_files: 32,
            maximum_age: Duration::days(3 * 365),
        }
    }
}

/// A file of a journal, by the sequence number of its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileName(pub(crate) u64);

impl FileName {
    const PREFIX: &str = "journal-";
    const SUFFIX: &str = ".jsonl";

    /// The name in its folder; as many digits as the longest number has, so that names sort.
    pub(crate) fn text(self) -> String {
        format!("{}{:020}{}", Self::PREFIX, self.0, Self::SUFFIX)
    }

    pub(crate) fn in_folder(self, folder: &Path) -> PathBuf {
        folder.join(self.text())
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text
            .strip_prefix(Self::PREFIX)?
            .strip_suffix(Self::SUFFIX)?;
        let name = Self(digits.parse().ok()?);
        (name.text() == text).then_some(name)
    }

    /// Opens the file to read it.
    pub(crate) fn open(self, folder: &Path) -> Result<File, PrivateFileError> {
        open_private_for_reading(&self.in_folder(folder))
    }
}

/// The files in `folder`, oldest first. A folder that is absent has none.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<FileName>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().to_str().and_then(FileName::parse));
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_in_their_one_form() {
        let name = FileName(12);
        assert_eq!(name.text(), "journal-00000000000000000012.jsonl");
        assert_eq!(FileName::parse(&name.text()), Some(name));
        for other in ["journal-12.jsonl", "lock", "journal-.jsonl", "journal-x"] {
            assert_eq!(FileName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn files_are_listed_oldest_first_and_others_are_passed_over() {
        let root = tempfile::tempdir().unwrap();
        for name in [FileName(100).text(), FileName(9).text(), "lock".into()] {
            fs::write(root.path().join(name), "").unwrap();
        }
        assert_eq!(list(root.path()).unwrap(), [FileName(9), FileName(100)]);
        assert_eq!(list(&root.path().join("absent")).unwrap(), []);
    }
}
