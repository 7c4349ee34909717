//! A process that must not outlive the one that started it.

use std::io;

use crate::system;

/// Has the system kill this process when the thread that started it ends, or ends it now if its
/// parent is gone already.
///
/// Where the system cannot do that (macOS), a pipe from the parent has to tell of its end.
///
/// # Errors
/// What the system said when it refused.
pub fn die_with_it() -> io::Result<()> {
    system::die_with_parent()
}
