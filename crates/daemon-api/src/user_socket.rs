//! The user's socket within the async runtime: what differs between a Unix socket and a named pipe.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{LendingStream, UserConnection, Watch, accept, watch_of, watch_of_tcp};
#[cfg(unix)]
pub use unix::{UserListener, user_listener};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{LendingStream, UserConnection, Watch, accept, watch_of, watch_of_tcp};
#[cfg(windows)]
pub use windows::{UserListener, user_listener};

use std::io;

/// What a watch says of bytes that others read.
pub(crate) fn no_bytes_for_me() -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}
