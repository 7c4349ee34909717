//! What this installation put into trust stores: a list of certificates in its state folder, so
//! that each is found again by its bytes, those of former authorities included.

use std::fs;
use std::io;

use platform::paths::AgentPaths;
use platform::private_files::{PrivateFileError, read_private, write_private};
use platform::trust_stores::TrustAnchor;

/// The authorities that some store may trust because of this installation.
///
/// # Errors
/// [`PrivateFileError`] when the list is not this user's alone, or cannot be read.
pub(crate) fn read(paths: &AgentPaths) -> Result<Vec<TrustAnchor>, PrivateFileError> {
    match read_private(&paths.trusted_authorities_file()) {
        Ok(bytes) => Ok(TrustAnchor::all_in(&String::from_utf8_lossy(&bytes))),
        Err(PrivateFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

/// Removes the list, when no store trusts anything of it any more.
///
/// # Errors
/// [`io::Error`] when the system refuses; being absent is no failure.
pub(crate) fn forget(paths: &AgentPaths) -> io::Result<()> {
    match fs::remove_file(paths.trusted_authorities_file()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes the list anew. It is written before a store is changed: a command that is interrupted
/// leaves nothing that the next one does not find.
///
/// # Errors
/// [`PrivateFileError::Io`] with the step that the system refused.
pub(crate) fn write(paths: &AgentPaths, anchors: &[TrustAnchor]) -> Result<(), PrivateFileError> {
    let text: String = anchors.iter().map(TrustAnchor::pem).collect();
    write_private(&paths.trusted_authorities_file(), text.as_bytes())
}
