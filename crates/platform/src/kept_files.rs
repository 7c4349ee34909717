//! A folder of small private files that only save time: any of them may be lost at any moment.

use std::fs::{self, DirEntry};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::private_files::{
    Opening, PrivateFileError, ensure_private_folder, failed, is_our_folder, open_private,
    remove_if_there, write_private,
};

/// The folder (0700) and its files (0600), of which the oldest go when there are too many.
#[derive(Clone, Debug)]
pub struct KeptFiles {
    folder: PathBuf,
    limits: KeptFilesLimits,
}

/// How much a folder may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptFilesLimits {
    /// Files.
    pub files: usize,
    /// Bytes of a file.
    pub bytes: u64,
}

impl KeptFiles {
    /// Makes sure of the folder.
    ///
    /// # Errors
    /// [`PrivateFileError`] when it is another user's, a symbolic link, or cannot be made.
    pub fn open(folder: &Path, limits: KeptFilesLimits) -> Result<Self, PrivateFileError> {
        ensure_private_folder(folder)?;
        let folder = folder.to_owned();
        Ok(Self { folder, limits })
    }

    /// The content of a file; `None` when there is none of this name.
    ///
    /// # Errors
    /// [`PrivateFileError`] when it is not this user's alone, no regular file, too large, or cannot
    /// be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, PrivateFileError> {
        let path = self.folder.join(name);
        let file = match open_private(&path, Opening::ToRead) {
            Err(PrivateFileError::Io { source, .. }) if is_absent(&source) => return Ok(None),
            opened => opened?,
        };
        let mut bytes = Vec::new();
        let mut limited = file.take(self.limits.bytes + 1);
        limited
            .read_to_end(&mut bytes)
            .map_err(failed("read", &path))?;
        if limited.limit() == 0 {
            return Err(PrivateFileError::TooLarge { path });
        }
        Ok(Some(bytes))
    }

    /// Writes a file at once and whole, in the place of whatever has its name, then drops the
    /// oldest files beyond the limit.
    ///
    /// # Errors
    /// [`PrivateFileError`] with the step that the system refused.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), PrivateFileError> {
        write_private(&self.folder.join(name), bytes)?;
        let mut files = self.by_age()?;
        let too_many = files.len().saturating_sub(self.limits.files);
        for (_, path) in files.drain(..too_many) {
            remove_if_there(&path)?;
        }
        Ok(())
    }

    /// Drops a file; being absent is no failure.
    ///
    /// # Errors
    /// [`PrivateFileError::Io`] when the system refuses.
    pub fn remove(&self, name: &str) -> Result<(), PrivateFileError> {
        remove_if_there(&self.folder.join(name))
    }

    /// Drops the files that were written before `then`, and what a write that never ended left.
    ///
    /// # Errors
    /// [`PrivateFileError::Io`] when the system refuses.
    pub fn remove_older_than(&self, then: SystemTime) -> Result<(), PrivateFileError> {
        for (written, path) in self.by_age()? {
            if written < then {
                remove_if_there(&path)?;
            }
        }
        Ok(())
    }

    /// Oldest first; a folder that somebody put among them is none of ours and ends no eviction.
    fn by_age(&self) -> Result<Vec<(SystemTime, PathBuf)>, PrivateFileError> {
        let entries = entries(&self.folder)?.into_iter();
        let mut files: Vec<_> = entries
            .filter_map(|entry| {
                let metadata = fs::symlink_metadata(entry.path()).ok()?;
                let is_removable = !metadata.is_dir();
                is_removable.then_some((metadata.modified().ok()?, entry.path()))
            })
            .collect();
        files.sort();
        Ok(files)
    }
}

/// Removes such a folder with all that is in it; being absent is no failure.
///
/// # Errors
/// [`PrivateFileError`] when something of it is left.
pub fn remove_kept_files(folder: &Path) -> Result<(), PrivateFileError> {
    if fs::symlink_metadata(folder).is_err_and(|error| is_absent(&error)) {
        return Ok(());
    }
    if !is_our_folder(folder) {
        let path = folder.to_owned();
        return Err(PrivateFileError::NotAFolder { path });
    }
    for entry in entries(folder)? {
        remove_if_there(&entry.path())?;
    }
    fs::remove_dir(folder).map_err(failed("remove the folder", folder))
}

fn entries(folder: &Path) -> Result<Vec<DirEntry>, PrivateFileError> {
    fs::read_dir(folder)
        .and_then(Iterator::collect)
        .map_err(failed("list the folder", folder))
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs::{File, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
    use std::time::Duration;

    use tempfile::TempDir;

    const LIMITS: KeptFilesLimits = KeptFilesLimits {
        files: 3,
        bytes: 16,
    };

    fn kept() -> (TempDir, KeptFiles) {
        let root = tempfile::tempdir().unwrap();
        let kept = KeptFiles::open(&root.path().join("kept"), LIMITS).unwrap();
        (root, kept)
    }

    fn age(kept: &KeptFiles, name: &str, seconds: u64) {
        let file = File::open(kept.folder.join(name)).unwrap();
        let then = SystemTime::now() - Duration::from_secs(seconds);
        file.set_modified(then).unwrap();
    }

    fn mode_of(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_was_written_is_read_and_belongs_to_its_user_alone() {
        let (_root, kept) = kept();
        assert_eq!(kept.read("a").unwrap(), None);
        kept.write("a", b"first").unwrap();
        kept.write("a", b"second").unwrap();
        assert_eq!(kept.read("a").unwrap().unwrap(), b"second");
        assert_eq!(mode_of(&kept.folder), 0o700);
        assert_eq!(mode_of(&kept.folder.join("a")), 0o600);
        kept.remove("a").unwrap();
        kept.remove("a").unwrap();
        assert_eq!(kept.read("a").unwrap(), None);
    }

    #[test]
    fn the_oldest_files_go_when_there_are_too_many() {
        let (_root, kept) = kept();
        for (name, seconds) in [("b", 20), ("a", 30), ("c", 10)] {
            kept.write(name, b"x").unwrap();
            age(&kept, name, seconds);
        }
        kept.write("d", b"x").unwrap();
        assert_eq!(kept.read("a").unwrap(), None);
        for name in ["b", "c", "d"] {
            assert!(kept.read(name).unwrap().is_some(), "{name}");
        }
    }

    #[test]
    fn a_folder_among_the_files_keeps_none_of_them_from_going() {
        let (_root, kept) = kept();
        fs::create_dir(kept.folder.join("older")).unwrap();
        for name in ["a", "b", "c", "d"] {
            kept.write(name, b"x").unwrap();
        }
        assert_eq!(entries(&kept.folder).unwrap().len(), 1 + LIMITS.files);
    }

    #[test]
    fn files_from_before_a_moment_are_dropped() {
        let (_root, kept) = kept();
        for (name, seconds) in [("old", 100), ("new", 10)] {
            kept.write(name, b"x").unwrap();
            age(&kept, name, seconds);
        }
        let then = SystemTime::now() - Duration::from_secs(50);
        kept.remove_older_than(then).unwrap();
        assert_eq!(kept.read("old").unwrap(), None);
        assert!(kept.read("new").unwrap().is_some());
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let (_root, kept) = kept();
        kept.write("fits", &[0; 16]).unwrap();
        kept.write("large", &[0; 17]).unwrap();
        assert!(kept.read("fits").unwrap().is_some());
        let error = kept.read("large").unwrap_err();
        assert!(matches!(error, PrivateFileError::TooLarge { .. }));
    }

    #[test]
    fn a_link_an_open_file_and_a_file_of_another_user_are_refused_and_replaced() {
        let (root, kept) = kept();
        let victim = root.path().join("victim");
        fs::write(&victim, "untouched").unwrap();
        symlink(&victim, kept.folder.join("link")).unwrap();
        kept.write("open", b"x").unwrap();
        let open = Permissions::from_mode(0o644);
        fs::set_permissions(kept.folder.join("open"), open).unwrap();
        kept.write("foreign", b"x").unwrap();
        let mut names = vec!["link", "open"];
        if crate::current_user() == 0 {
            chown(kept.folder.join("foreign"), Some(4242), None).unwrap();
            names.push("foreign");
        }
        for name in names {
            assert!(kept.read(name).is_err(), "{name}");
            kept.write(name, b"ours").unwrap();
            assert_eq!(kept.read(name).unwrap().unwrap(), b"ours", "{name}");
        }
        assert_eq!(fs::read(&victim).unwrap(), b"untouched");
    }

    #[test]
    fn the_folder_goes_with_all_that_is_in_it_but_not_what_a_link_leads_to() {
        let (root, kept) = kept();
        let victim = root.path().join("victim");
        fs::write(&victim, "untouched").unwrap();
        symlink(&victim, kept.folder.join("link")).unwrap();
        kept.write("a", b"x").unwrap();
        remove_kept_files(&kept.folder).unwrap();
        remove_kept_files(&kept.folder).unwrap();
        assert!(!kept.folder.exists());
        assert_eq!(fs::read(&victim).unwrap(), b"untouched");
        symlink(root.path(), &kept.folder).unwrap();
        assert!(remove_kept_files(&kept.folder).is_err());
        assert!(victim.exists());
    }
}
