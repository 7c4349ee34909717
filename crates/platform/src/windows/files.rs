//! Opened files: which one it is, its lock, and writing at a place.

use std::fs::File;
use std::io;
use std::os::windows::fs::FileExt as _;
use std::os::windows::io::AsRawHandle as _;
use std::path::Path;

use windows_sys::Win32::Foundation::ERROR_LOCK_VIOLATION;
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle, LOCKFILE_EXCLUSIVE_LOCK,
    LOCKFILE_FAIL_IMMEDIATELY, LockFileEx, UnlockFile,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

use super::succeeded;
use crate::peer::FileId;

/// The regular file that `path` leads to now.
pub(crate) fn file_id(path: &Path) -> Option<FileId> {
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut found = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, and `found` takes one value.
    succeeded(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut found) }).ok()?;
    Some(FileId {
        device: found.dwVolumeSerialNumber.into(),
        inode: u64::from(found.nFileIndexHigh) << 32 | u64::from(found.nFileIndexLow),
    })
}

/// There is no limit that a process could raise.
pub(crate) fn allow_open_files(_enough: u64) -> io::Result<()> {
    Ok(())
}

/// Locks the file for this process; says whether that is new.
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    let flags = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
    let mut place = OVERLAPPED::default();
    place.Anonymous.Anonymous.OffsetHigh = BEYOND_THE_TEXT;
    // SAFETY: the handle is open and not overlapped, so the place is not used any more afterwards.
    match succeeded(unsafe { LockFileEx(file.as_raw_handle(), flags, 0, 1, 0, &raw mut place) }) {
        Ok(()) => Ok(true),
        Err(error)
            if error.raw_os_error().map(i32::cast_unsigned) == Some(ERROR_LOCK_VIOLATION) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

pub(crate) fn unlock(file: &File) -> io::Result<()> {
    // SAFETY: the handle is open.
    succeeded(unsafe { UnlockFile(file.as_raw_handle(), 0, BEYOND_THE_TEXT, 1, 0) })
}

pub(crate) fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.seek_write(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                offset += u64::try_from(written).map_err(io::Error::other)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The locked byte is one that nobody reads: locks of this system keep readers out.
const BEYOND_THE_TEXT: u32 = 1;
