//! The user's socket in the file system.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;

pub use std::os::unix::net::{UnixListener as UserListener, UnixStream as UserStream};

use crate::socket::{BindError, failed};

pub(crate) fn bind(path: &Path) -> Result<UserListener, BindError> {
    remove_stale(path)?;
    let listener = UserListener::bind(path).map_err(failed("bind", path))?;
    fs::set_permissions(path, Permissions::from_mode(0o600))
        .map_err(failed("close to other users", path))?;
    Ok(listener)
}

pub(crate) fn connect_to(path: &Path) -> io::Result<UserStream> {
    UserStream::connect(path)
}

pub(crate) fn remove_stale(path: &Path) -> Result<(), BindError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {
            fs::remove_file(path).map_err(failed("remove", path))
        }
        Ok(_) => Err(BindError::Occupied { path: path.into() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("inspect", path)(error)),
    }
}
