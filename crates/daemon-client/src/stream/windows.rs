//! A named pipe. There is no terminal to be lent.

use std::io;
use std::time::Duration;

use platform::socket::UserStream;
use platform::terminal::Terminal;

pub(crate) fn send(
    stream: &UserStream,
    bytes: &[u8],
    terminal: Option<&Terminal>,
    time: Option<Duration>,
) -> io::Result<usize> {
    match terminal {
        Some(terminal) => match *terminal {},
        None => stream.write_within(bytes, time),
    }
}

pub(crate) fn receive(
    stream: &UserStream,
    buffer: &mut [u8],
    time: Option<Duration>,
) -> io::Result<usize> {
    stream.read_within(buffer, time)
}

/// Ends a wait in another thread; the connection ends with the call that waits.
pub(crate) fn shut(stream: &UserStream) {
    stream.hang_up();
}
