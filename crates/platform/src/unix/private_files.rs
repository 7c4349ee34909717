//! Private by owner and permission bits.

use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use tempfile::NamedTempFile;

use super::current_user;
use crate::private_files::{Opening, PrivateFileError, failed};

/// Rights of a private folder: everything for its owner, nothing for others.
const FOLDER_MODE: u32 = 0o700;
/// The bits of a mode that give rights to group and others.
const OTHERS: u32 = 0o077;

pub(crate) fn keep_new_files_private() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

pub(crate) fn ensure_private_folder(path: &Path) -> Result<(), PrivateFileError> {
    let created = DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(path);
    let folder = match (open_folder(path), created) {
        (Err(PrivateFileError::Io { .. }), Err(source)) => {
            return Err(failed("create the folder", path)(source));
        }
        (opened, _) => opened?,
    };
    let metadata = folder.metadata().map_err(failed("inspect", path))?;
    require_ours(path, metadata.uid())?;
    if metadata.mode() & 0o777 != FOLDER_MODE {
        folder
            .set_permissions(Permissions::from_mode(FOLDER_MODE))
            .map_err(failed("close to other users", path))?;
    }
    Ok(())
}

pub(crate) fn sync_folder(path: &Path) -> Result<(), PrivateFileError> {
    open_folder(path)?
        .sync_all()
        .map_err(failed("bring to the disk the folder", path))
}

/// Opens a private file (which may create it, 0600) and checks it.
pub(crate) fn open_private(path: &Path, opening: Opening) -> Result<File, PrivateFileError> {
    // NONBLOCK, or a FIFO put at this place would make the open wait for ever.
    let flags = match opening {
        Opening::ToRead => OFlags::RDONLY,
        Opening::ToWriteOrMake => OFlags::RDWR | OFlags::CREATE,
    };
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file: File = match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(opened) => opened.into(),
        Err(rustix::io::Errno::LOOP | rustix::io::Errno::ISDIR | rustix::io::Errno::NXIO) => {
            return Err(PrivateFileError::NotAFile { path: path.into() });
        }
        Err(errno) => return Err(failed("open", path)(errno.into())),
    };
    let metadata = file.metadata().map_err(failed("inspect", path))?;
    if !metadata.is_file() {
        return Err(PrivateFileError::NotAFile { path: path.into() });
    }
    require_ours(path, metadata.uid())?;
    let mode = metadata.mode() & 0o777;
    if mode & OTHERS != 0 {
        let path = path.into();
        return Err(PrivateFileError::OpenToOthers { path, mode });
    }
    Ok(file)
}

/// Whether `path` is a folder of this user, and no symbolic link.
pub(crate) fn is_our_folder(path: &Path) -> bool {
    open_folder(path)
        .and_then(|folder| folder.metadata().map_err(failed("inspect", path)))
        .is_ok_and(|metadata| metadata.uid() == current_user())
}

fn open_folder(path: &Path) -> Result<File, PrivateFileError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(folder) => Ok(folder.into()),
        Err(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR) => {
            Err(PrivateFileError::NotAFolder { path: path.into() })
        }
        Err(errno) => Err(failed("open the folder", path)(errno.into())),
    }
}

fn require_ours(path: &Path, owner: u32) -> Result<(), PrivateFileError> {
    if owner == current_user() {
        return Ok(());
    }
    let path = path.into();
    Err(PrivateFileError::OwnedByAnother { path, owner })
}

/// A file beside the one that it is to replace, for its owner alone.
pub(crate) fn fresh_private_file(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".")
        .suffix(".new")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)
}

pub(crate) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}
