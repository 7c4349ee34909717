//! Private files whose bytes the system protects besides, where it can do that for one user (DPAPI of
//! Windows): a copy of the disk, or an administrator who opens the file, then has nothing of use.
//! Elsewhere they are private files and no more.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::private_files::{PrivateFileError, failed, read_private, write_private};
use crate::system;

/// Writes a file that only this user may read, and only this user's account may understand.
///
/// # Errors
/// [`PrivateFileError::Io`] with the step that the system refused; the old content is then intact.
pub fn write_sealed(path: &Path, bytes: &[u8]) -> Result<(), PrivateFileError> {
    let sealed = system::seal(bytes).map_err(failed("seal", path))?;
    write_private(path, &sealed)
}

/// Reads such a file. One that was written before it was sealed is sealed now.
///
/// # Errors
/// [`PrivateFileError`] as for [`read_private`]; [`io::ErrorKind::InvalidData`] where this account
/// cannot open the seal.
pub fn read_sealed(path: &Path) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let kept = Zeroizing::new(read_private(path)?);
    // The system's own kinds would have a seal that it cannot open taken for a file that is missing.
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let opened = system::unseal(&kept).map_err(invalid);
    match opened.map_err(failed("open the seal of", path))? {
        Some(bytes) => Ok(bytes),
        None => {
            write_sealed(path, &kept)?;
            Ok(kept)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::private_files::ensure_private_folder;
    use std::path::PathBuf;

    fn key_file() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let private = folder.path().join("private");
        ensure_private_folder(&private).unwrap();
        let path = private.join("key");
        (folder, path)
    }

    #[test]
    fn what_was_sealed_is_read_again() {
        let (_folder, path) = key_file();
        write_sealed(&path, b"-----BEGIN PRIVATE KEY-----").unwrap();
        assert_eq!(*read_sealed(&path).unwrap(), b"-----BEGIN PRIVATE KEY-----");
    }

    #[cfg(windows)]
    #[test]
    fn what_lies_on_the_disk_shows_nothing_of_it() {
        let (_folder, path) = key_file();
        write_sealed(&path, b"-----BEGIN PRIVATE KEY-----").unwrap();
        let kept = std::fs::read(&path).unwrap();
        assert!(!kept.windows(7).any(|part| part == b"PRIVATE"), "{kept:?}");
    }

    #[cfg(windows)]
    #[test]
    fn a_file_from_before_is_taken_and_sealed() {
        let (_folder, path) = key_file();
        write_private(&path, b"plain").unwrap();
        assert_eq!(*read_sealed(&path).unwrap(), b"plain");
        assert_ne!(std::fs::read(&path).unwrap(), b"plain");
        assert_eq!(*read_sealed(&path).unwrap(), b"plain");
    }

    #[cfg(windows)]
    #[test]
    fn a_seal_that_cannot_be_opened_is_no_missing_file() {
        let (_folder, path) = key_file();
        write_sealed(&path, b"plain").unwrap();
        let mut kept = std::fs::read(&path).unwrap();
        kept.truncate(kept.len() / 4);
        write_private(&path, &kept).unwrap();
        let Err(PrivateFileError::Io { source, .. }) = read_sealed(&path) else {
            panic!("it was read");
        };
        assert_eq!(source.kind(), io::ErrorKind::InvalidData);
    }
}
