//! Removing what an agent keeps, and nothing else.

use std::fs;
use std::io;
use std::path::Path;

use crate::instance::InstanceLock;
use crate::paths::AgentPaths;
use crate::private_files::{PrivateFileError, failed, is_our_folder, remove_if_there};

/// Whether this is the state folder of an agent that has run at least once, and this user's.
#[must_use]
pub fn is_state_folder(paths: &AgentPaths) -> bool {
    is_our_folder(paths.state_dir())
        && fs::symlink_metadata(paths.lock_file()).is_ok_and(|lock| lock.is_file())
}

/// Removes all that an agent keeps in its state folder, file by file under the names that it gives
/// them, and the folder itself if nothing else is in it; says whether it is gone. The lock proves
/// that no agent runs.
///
/// # Errors
/// [`PrivateFileError::Io`] with the step that the system refused.
pub fn remove_state(paths: &AgentPaths, lock: InstanceLock) -> Result<bool, PrivateFileError> {
    paths.withdraw_endpoint()?;
    for folder in [
        paths.tls_dir(),
        paths.seen_cards_dir(),
        paths.journal_dir(),
        paths.log_dir(),
    ] {
        remove_folder(&folder)?;
    }
    if let Some(folder) = paths.journal_anchor_file().parent() {
        remove_folder(folder)?;
    }
    for file in [
        paths.socket_path(),
        paths.format_file(),
        paths.update_check_file(),
        paths.ca_file(),
        paths.trusted_authorities_file(),
        paths.demo_token_file(),
        paths.card_id_salt_file(),
        paths.grants_file(),
        paths.test_grants_file(),
        paths.tray_file(),
        paths.tray_lock_file(),
    ] {
        remove_if_there(&file)?;
    }
    remove_grants_put_aside(paths)?;
    remove_if_there(&paths.lock_file())?;
    drop(lock);
    remove_if_empty(paths.runtime_dir())?;
    remove_if_empty(paths.state_dir())
}

/// What was found damaged is kept beside under a longer name, and is as private.
fn remove_grants_put_aside(paths: &AgentPaths) -> Result<(), PrivateFileError> {
    let folder = paths.state_dir();
    for entry in fs::read_dir(folder).map_err(failed("read", folder))? {
        let path = entry.map_err(failed("read", folder))?.path();
        let is_put_aside = path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            name.starts_with("grants") && name.contains(".unusable-")
        });
        if is_put_aside {
            remove_if_there(&path)?;
        }
    }
    Ok(())
}

fn remove_folder(path: &Path) -> Result<(), PrivateFileError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

fn remove_if_empty(path: &Path) -> Result<bool, PrivateFileError> {
    match fs::remove_dir(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(false),
        Err(error) => Err(failed("remove", path)(error)),
    }
}
