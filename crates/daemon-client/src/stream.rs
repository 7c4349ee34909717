//! The bytes of a connection: what differs between a Unix socket and a named pipe.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{receive, send, shut};
#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{receive, send, shut};
