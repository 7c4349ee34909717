//! How many files and connections this process may have open at once.

use std::io;

use crate::system;

/// Raises the soft limit to what all connections to the agent take, as far as the hard one allows; it is never
/// lowered. Windows has none.
///
/// # Errors
/// What the system said when it refused.
pub fn allow_enough() -> io::Result<()> {
    system::allow_open_files(ENOUGH)
}

/// Four for each of 256 connections (the stream, its watch, its process, and a terminal that was lent) are the usual
/// soft limit already, and readers, files and windows come on top.
const ENOUGH: u64 = 4096;
