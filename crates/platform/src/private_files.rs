//! Folders and files that only this user may read.
//!
//! Rights are checked and changed on the opened file, never on its name, and
//! no symbolic link is followed at the last step of a path: what was checked
//! is what is used.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::{UserId, system};
pub(crate) use system::{is_our_folder, open_private};

/// Why a folder or file is not as private as it must be.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// Another user owns it, so he could change what is in it.
    #[error("{} belongs to another user (uid {owner})", path.display())]
    OwnedByAnother {
        /// What was looked at.
        path: PathBuf,
        /// Its owner.
        owner: UserId,
    },
    /// There is something else than a folder, perhaps a symbolic link.
    #[error("{} is not a folder, or is a symbolic link", path.display())]
    NotAFolder {
        /// What was looked at.
        path: PathBuf,
    },
    /// There is something else than a regular file, perhaps a symbolic link.
    #[error("{} is not a regular file, or is a symbolic link", path.display())]
    NotAFile {
        /// What was looked at.
        path: PathBuf,
    },
    /// Others than its owner may read or write it.
    #[error("{} is open to other users (mode {mode:03o}, must be 600)", path.display())]
    OpenToOthers {
        /// What was looked at.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// An access list gives rights to somebody else (Windows).
    #[error("{} is open to {other}", path.display())]
    SharedWith {
        /// What was looked at.
        path: PathBuf,
        /// The security identifier of one of them, or what is wrong with the list.
        other: String,
    },
    /// It holds more than it may.
    #[error("{} is too large", path.display())]
    TooLarge {
        /// What was looked at.
        path: PathBuf,
    },
    /// The system refused one step.
    #[error("cannot {step} {}", path.display())]
    Io {
        /// What was being done.
        step: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// For what a private file is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Opening {
    ToRead,
    /// In place; it is made where it is missing.
    ToWriteOrMake,
}

/// Makes sure that `path` is a folder that belongs to this user and is closed to all others.
///
/// It is created (0700, parents too) when it is missing, and tightened when it is ours but
/// open to others.
///
/// # Errors
/// [`PrivateFileError`] when it belongs to another user, is no folder, is a symbolic link, or
/// the system refuses.
pub fn ensure_private_folder(path: &Path) -> Result<(), PrivateFileError> {
    system::ensure_private_folder(path)
}

/// Closes every file and folder that this process makes from now on to all others, those included that
/// other people's code makes. On Windows they inherit that from the folder that they are made in.
pub fn keep_new_files_private() {
    system::keep_new_files_private();
}

/// Writes a file that only this user may read (0600), so that a reader sees the old content or
/// the new one and never a part, even after a power cut.
///
/// # Errors
/// [`PrivateFileError::Io`] with the step that the system refused; the old content is then intact.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), PrivateFileError> {
    // The parent of a bare file name is the empty path, which no system opens.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let mut file =
        system::fresh_private_file(folder).map_err(failed("create a file beside", path))?;
    file.write_all(bytes).map_err(failed("write", path))?;
    file.as_file()
        .sync_all()
        .map_err(failed("bring to the disk", path))?;
    file.persist(path)
        .map_err(|error| failed("replace", path)(error.error))?;
    sync_folder(folder)
}

/// Reads a file that only this user could have written and read.
///
/// # Errors
/// [`PrivateFileError`] when it belongs to another user, is open to others, is no regular file,
/// is a symbolic link, or cannot be read.
pub fn read_private(path: &Path) -> Result<Vec<u8>, PrivateFileError> {
    let mut file = open_private(path, Opening::ToRead)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed("read", path))?;
    Ok(bytes)
}

/// Opens a file that only this user could have written and read, to read it piece by piece.
///
/// # Errors
/// [`PrivateFileError`] as for [`read_private`].
pub fn open_private_for_reading(path: &Path) -> Result<File, PrivateFileError> {
    open_private(path, Opening::ToRead)
}

/// Opens a private file to read and write it in place; it is created (0600) when it is missing.
///
/// # Errors
/// [`PrivateFileError`] as for [`read_private`].
pub fn open_private_for_writing(path: &Path) -> Result<File, PrivateFileError> {
    open_private(path, Opening::ToWriteOrMake)
}

/// Brings to the disk which files a folder holds: a new file is safe only after that.
///
/// # Errors
/// [`PrivateFileError::Io`] when the system refuses.
pub fn sync_folder(path: &Path) -> Result<(), PrivateFileError> {
    system::sync_folder(path)
}

/// Writes bytes at a place of a file, all of them.
///
/// # Errors
/// What the system says; some of them may be written then.
pub fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    system::write_all_at(file, bytes, offset)
}

/// Removes a file, or the link in its place; being absent is no failure.
pub(crate) fn remove_if_there(path: &Path) -> Result<(), PrivateFileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

pub(crate) fn failed(
    step: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> PrivateFileError + use<> {
    let path = path.to_owned();
    move |source| PrivateFileError::Io { step, path, source }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::current_user;
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
    use std::process::Command;

    fn mode_of(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_missing_folder_is_created_closed_to_others() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b/c");
        ensure_private_folder(&folder).unwrap();
        assert_eq!(mode_of(&folder), 0o700);
        assert_eq!(mode_of(&root.path().join("a")), 0o700);
    }

    #[test]
    fn a_folder_open_to_others_is_tightened() {
        let root = tempfile::tempdir().unwrap();
        for loose in [0o755, 0o777, 0o750, 0o500] {
            fs::set_permissions(root.path(), Permissions::from_mode(loose)).unwrap();
            ensure_private_folder(root.path()).unwrap();
            assert_eq!(mode_of(root.path()), 0o700);
        }
    }

    #[test]
    fn a_link_in_place_of_the_folder_is_refused_and_its_target_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let victim = root.path().join("victim");
        fs::create_dir(&victim).unwrap();
        fs::set_permissions(&victim, Permissions::from_mode(0o755)).unwrap();
        let link = root.path().join("link");
        symlink(&victim, &link).unwrap();
        assert!(matches!(
            ensure_private_folder(&link),
            Err(PrivateFileError::NotAFolder { path }) if path == link
        ));
        assert_eq!(mode_of(&victim), 0o755);
    }

    #[test]
    fn a_dangling_link_in_place_of_the_folder_creates_nothing() {
        let root = tempfile::tempdir().unwrap();
        let link = root.path().join("link");
        symlink(root.path().join("nowhere"), &link).unwrap();
        assert!(matches!(
            ensure_private_folder(&link),
            Err(PrivateFileError::NotAFolder { .. })
        ));
        assert!(!root.path().join("nowhere").exists());
    }

    #[test]
    fn a_folder_of_another_user_is_refused_and_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let foreign = foreign_folder(root.path());
        let before = mode_of(&foreign);
        let error = ensure_private_folder(&foreign).unwrap_err();
        assert!(matches!(error, PrivateFileError::OwnedByAnother { .. }));
        assert_eq!(mode_of(&foreign), before);
    }

    /// Root can give a folder away; anybody else finds one that is root's.
    fn foreign_folder(root: &Path) -> PathBuf {
        if current_user() != 0 {
            return PathBuf::from("/usr");
        }
        let folder = root.join("foreign");
        fs::create_dir(&folder).unwrap();
        chown(&folder, Some(4242), None).unwrap();
        folder
    }

    #[test]
    fn a_file_is_written_for_its_owner_alone_and_replaced_whole() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("token");
        fs::write(&path, "a longer old content").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        write_private(&path, b"new").unwrap();
        assert_eq!(mode_of(&path), 0o600);
        assert_eq!(read_private(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn writing_replaces_a_link_and_not_what_it_leads_to() {
        let root = tempfile::tempdir().unwrap();
        let victim = root.path().join("victim");
        fs::write(&victim, "untouched").unwrap();
        let path = root.path().join("token");
        symlink(&victim, &path).unwrap();
        write_private(&path, b"secret").unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"untouched");
        assert_eq!(read_private(&path).unwrap(), b"secret");
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("folder");
        fs::create_dir(&path).unwrap();
        assert!(write_private(&path, b"bytes").is_err());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_open_to_others_is_not_read() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("key");
        fs::write(&path, "key").unwrap();
        for open in [0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
            assert!(matches!(
                read_private(&path),
                Err(PrivateFileError::OpenToOthers { mode, .. }) if mode == open
            ));
        }
    }

    #[test]
    fn a_link_a_folder_or_a_fifo_in_place_of_the_file_is_not_read() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("target");
        write_private(&target, b"bytes").unwrap();
        let link = root.path().join("link");
        symlink(&target, &link).unwrap();
        let fifo = root.path().join("fifo");
        let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
        assert!(made.success());
        for path in [&link, &fifo, &root.path().to_owned()] {
            assert!(
                matches!(read_private(path), Err(PrivateFileError::NotAFile { .. })),
                "{}",
                path.display()
            );
        }
    }

    #[test]
    fn a_file_opened_for_writing_is_created_for_its_owner_alone_and_kept_when_it_is_there() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("journal");
        let mut file = open_private_for_writing(&path).unwrap();
        file.write_all(b"kept").unwrap();
        assert_eq!(mode_of(&path), 0o600);
        drop(open_private_for_writing(&path).unwrap());
        let mut text = String::new();
        let mut file = open_private_for_reading(&path).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "kept");
    }

    #[test]
    fn a_missing_file_names_the_step_and_the_path() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("absent");
        let error = read_private(&path).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot open {}", path.display()));
    }
}
