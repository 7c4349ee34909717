//! No picture of this process's memory on a disk.

use std::io;

use crate::system;

/// Forbids core dumps of this process for good, for a code may be in its memory.
///
/// On Linux other processes of this user then no longer see which program this one is, and
/// cannot trace it.
///
/// # Errors
/// What the system said when it refused.
pub fn forbid() -> io::Result<()> {
    system::forbid_core_files()?;
    system::make_undumpable()
}
