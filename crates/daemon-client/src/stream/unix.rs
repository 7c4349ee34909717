//! A Unix socket, along with whose bytes a terminal may be lent.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::time::Duration;

use platform::lent_descriptors;
use platform::socket::UserStream;
use platform::terminal::Terminal;

/// Writes bytes, and lends the terminal with the first of them.
pub(crate) fn send(
    mut stream: &UserStream,
    bytes: &[u8],
    terminal: Option<&Terminal>,
    time: Option<Duration>,
) -> io::Result<usize> {
    stream.set_write_timeout(time)?;
    match terminal {
        Some(terminal) => lent_descriptors::send(stream, bytes, terminal.as_fd()),
        None => stream.write(bytes),
    }
}

pub(crate) fn receive(
    mut stream: &UserStream,
    buffer: &mut [u8],
    time: Option<Duration>,
) -> io::Result<usize> {
    stream.set_read_timeout(time)?;
    stream.read(buffer)
}

/// Ends a wait in another thread, and the connection.
pub(crate) fn shut(stream: &UserStream) {
    // One that has ended already needs no end.
    let _ = stream.shutdown(Shutdown::Both);
}
