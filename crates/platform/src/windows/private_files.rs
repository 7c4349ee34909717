//! Private by owner and access list.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::windows::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use tempfile::NamedTempFile;
use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ATTRIBUTE_REPARSE_POINT, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
    READ_CONTROL, WRITE_DAC,
};

use super::UserId;
use super::access_list::{close_to_others, make_private_folder, may_own, rights_to};
use crate::private_files::{Opening, PrivateFileError, failed};

pub(crate) fn ensure_private_folder(path: &Path) -> Result<(), PrivateFileError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed("create the folder", parent))?;
    }
    match make_private_folder(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(failed("create the folder", path)(error));
        }
        _ => {}
    }
    let folder = open_folder(path, READ_CONTROL | WRITE_DAC)?;
    if other_than_its_owner(path, &folder)?.is_some() {
        close_to_others(&folder).map_err(failed("close to other users", path))?;
    }
    Ok(())
}

/// New files have the rights of the folder that they are made in, and those of the agent are private.
pub(crate) fn keep_new_files_private() {}

/// The system itself brings to the disk which files a folder holds.
pub(crate) fn sync_folder(path: &Path) -> Result<(), PrivateFileError> {
    open_folder(path, READ_CONTROL).map(drop)
}

/// Opens a private file (which may make it, for this user alone) and checks it.
pub(crate) fn open_private(path: &Path, opening: Opening) -> Result<File, PrivateFileError> {
    let mut options = OpenOptions::new();
    options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS);
    if let Opening::ToWriteOrMake = opening {
        options
            .read(true)
            .write(true)
            .access_mode(GENERIC_READ | GENERIC_WRITE | WRITE_DAC);
        match options.clone().create_new(true).open(path) {
            Ok(file) => close_to_others(&file).map_err(failed("close to other users", path))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("open", path)(error)),
        }
    }
    let file = options
        .read(true)
        .open(path)
        .map_err(failed("open", path))?;
    let metadata = file.metadata().map_err(failed("inspect", path))?;
    if !metadata.is_file() || is_link(&metadata) {
        return Err(PrivateFileError::NotAFile { path: path.into() });
    }
    match other_than_its_owner(path, &file)? {
        None => Ok(file),
        Some(other) => {
            let path = path.into();
            Err(PrivateFileError::SharedWith { path, other })
        }
    }
}

/// Whether `path` is a folder of this user, and no link.
pub(crate) fn is_our_folder(path: &Path) -> bool {
    open_folder(path, READ_CONTROL)
        .and_then(|folder| other_than_its_owner(path, &folder))
        .is_ok()
}

/// A file beside the one that it is to replace, for its owner alone.
pub(crate) fn fresh_private_file(folder: &Path) -> io::Result<NamedTempFile> {
    let file = tempfile::Builder::new()
        .prefix(".")
        .suffix(".new")
        .tempfile_in(folder)?;
    let mut to_close = OpenOptions::new();
    to_close.access_mode(READ_CONTROL | WRITE_DAC);
    close_to_others(&to_close.open(file.path())?)?;
    Ok(file)
}

fn open_folder(path: &Path, rights: u32) -> Result<File, PrivateFileError> {
    let folder = OpenOptions::new()
        .access_mode(rights)
        .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS)
        .open(path)
        .map_err(failed("open the folder", path))?;
    let metadata = folder.metadata().map_err(failed("inspect", path))?;
    if !metadata.is_dir() || is_link(&metadata) {
        return Err(PrivateFileError::NotAFolder { path: path.into() });
    }
    Ok(folder)
}

/// Somebody else who has rights to it; nobody else may own it.
fn other_than_its_owner(path: &Path, file: &File) -> Result<Option<String>, PrivateFileError> {
    let rights = rights_to(file).map_err(failed("inspect", path))?;
    if may_own(&rights.owner) {
        return Ok(rights.other);
    }
    Err(PrivateFileError::OwnedByAnother {
        path: path.into(),
        owner: UserId::outside_sessions(rights.owner),
    })
}

/// Symbolic links, junctions, and all else that leads elsewhere.
fn is_link(metadata: &fs::Metadata) -> bool {
    metadata.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0
}
